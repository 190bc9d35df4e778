/* SPDX-License-Identifier: Apache-2.0
 * Where cards begin and end. */
#include "protocol/vcard.h"

#include "base/limits_import.h"
#include "base/text.h"
#include "protocol/vcard_property.h"

struct vcard_reader vcard_reader_open(struct arena *arena, struct arena *scratch, struct contact_input *input)
{
    return (struct vcard_reader){.scratch = scratch, .lines = vcard_lines_open(arena, scratch, input)};
}

/* Reads up to the next BEGIN. Without one, there is a problem to report or the file has ended. */
static err find_begin(struct ctx *cx, struct vcard_reader *reader, struct contact_problem *problem)
{
    struct vcard_line line;
    bool found = true;
    while (reader->begun_line == 0) {
        TRY(vcard_lines_next(cx, &reader->lines, VCARD_VERSION_UNKNOWN, &line, &found));
        if (!found)
            return OK;
        if (vcard_line_is_mark(&line, "BEGIN")) {
            reader->begun_line = line.number;
            reader->is_outside_reported = false;
        } else if (vcard_line_is_mark(&line, "END")) {
            *problem = (struct contact_problem){line.number, CONTACT_NO_BEGIN};
            return OK;
        } else if (!line.is_blank && !reader->is_outside_reported) {
            reader->is_outside_reported = true; /* once for all lines up to the next card */
            *problem = (struct contact_problem){line.number, CONTACT_OUTSIDE};
            return OK;
        }
    }
    return OK;
}

/* Where the reading of one card stands. */
struct nesting {
    size_t depth;        /* of cards inside it */
    bool   is_agent_due; /* an AGENT without a value: the next BEGIN is that of a card inside */
    bool   is_over;
};

static void begin_inside(struct vcard_reader *reader, struct vcard_card *card, struct nesting *nesting, int64_t line)
{
    if (!nesting->is_agent_due) {
        vcard_card_refuse(card, card->draft.contact->line, CONTACT_NO_END);
        reader->begun_line = line;
        nesting->is_over = true;
        return;
    }
    nesting->is_agent_due = false;
    if (++nesting->depth > LIMIT_IMPORT_CARD_DEPTH)
        vcard_card_refuse(card, line, CONTACT_TOO_DEEP);
}

static void take_line(struct vcard_reader *reader, struct vcard_card *card, struct nesting *nesting,
                      const struct vcard_line *line)
{
    if (vcard_line_is_mark(line, "BEGIN")) {
        begin_inside(reader, card, nesting, line->number);
        return;
    }
    if (line->is_blank)
        return;
    nesting->is_agent_due = vcard_line_is(line, "AGENT") && text_trim(line->value).size == 0;
    if (vcard_line_is_mark(line, "END") && nesting->depth == 0)
        nesting->is_over = true;
    else if (vcard_line_is_mark(line, "END"))
        nesting->depth--;
    else if (nesting->depth == 0)
        vcard_card_put(card, line);
}

static err read_card(struct ctx *cx, struct vcard_reader *reader, struct vcard_card *card)
{
    struct nesting nesting = {.depth = 0};
    struct vcard_line line;
    bool found = true;
    while (!nesting.is_over) {
        TRY(vcard_lines_next(cx, &reader->lines, card->version, &line, &found));
        if (!found) {
            vcard_card_refuse(card, card->draft.contact->line, CONTACT_TRUNCATED);
            return OK;
        }
        take_line(reader, card, &nesting, &line);
        if (arena_is_exhausted(reader->scratch))
            vcard_card_refuse(card, line.number, CONTACT_TOO_LARGE_ROW);
    }
    return OK;
}

err vcard_next(struct ctx *cx, struct vcard_reader *reader, struct contact **out, struct contact_problem *problem)
{
    *out = NULL;
    *problem = (struct contact_problem){0, CONTACT_FINE};
    TRY(find_begin(cx, reader, problem));
    if (reader->begun_line == 0)
        return OK;
    const struct contact_input *input = reader->lines.input;
    struct vcard_card card = {
        .scratch = reader->scratch,
        .is_declared = input->declared,
        .is_converted = input->converts,
    };
    TRY(draft_open(cx, reader->begun_line, &card.draft));
    reader->begun_line = 0;
    TRY(read_card(cx, reader, &card));
    if (card.refused != CONTACT_FINE) {
        *problem = (struct contact_problem){card.refused_line, card.refused};
        return OK;
    }
    vcard_card_finish(&card);
    return draft_close(&card.draft, out, problem);
}
