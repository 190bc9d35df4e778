/* SPDX-License-Identifier: Apache-2.0
 * Notes, counted by reason. The last lines of a long report are what people read, so there each reason stands once. */
#include "app/import_notes.h"

#include "base/limits_import.h"
#include "base/text.h"

#define NOTES_BYTES_MAX (4u * 1024 * 1024)
#define TOLD_MAX 5 /* of one reason, by line: a thousand photos must not hide one name */

struct import_notes import_notes_open(struct arena *arena)
{
    struct import_notes notes = {.json = json_writer_open(arena, NOTES_BYTES_MAX)};
    json_open_array(&notes.json);
    return notes;
}

bool import_notes_take(struct import_notes *notes, struct arena *arena, const struct contact_notice *notice,
                       struct text *out)
{
    int64_t seen = ++notes->by_reason[notice->reason];
    if (notes->total++ < LIMIT_IMPORT_NOTES) {
        json_open_object(&notes->json);
        json_member_int(&notes->json, "line", notice->line);
        json_member_text(&notes->json, "reason", text_of(contact_reason_word(notice->reason)));
        json_member_text(&notes->json, "property", text_of(notice->about));
        json_close_object(&notes->json);
    }
    if (seen > TOLD_MAX)
        return false;
    *out = text_format(arena, "%s: %s%s", notice->about, contact_reason_sentence(notice->reason),
                       seen == TOLD_MAX ? " (More of these are only counted.)" : "");
    return out->at != NULL;
}

void import_notes_say(const struct import_notes *notes, const struct cli *cli)
{
    if (notes->total == 0)
        return;
    cli_say(cli, "Left out, or read with a doubt: %lld detail%s.\n", (long long)notes->total,
            text_plural(notes->total));
    for (int reason = CONTACT_FINE; reason < CONTACT_REASON_COUNT; reason++)
        if (notes->by_reason[reason] > 0)
            cli_say(cli, "  %lld %s: %s\n", (long long)notes->by_reason[reason],
                    contact_reason_word((contact_reason)reason), contact_reason_sentence((contact_reason)reason));
}
