/* SPDX-License-Identifier: Apache-2.0
 * Deeds in and out. */
#include "domain/proof/deed.h"

#include "base/text.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "domain/policy.h"
#include "domain/proof/outbox.h"
#include "domain/proof/row_tag.h"
#include "store/queries.h"

/* Nobody who can change rows and has no key of the node lays his deed at somebody else's door. */
static err tag_of(struct ctx *cx, const struct sql_deed_row *row, struct text *out)
{
    struct row_tag tag = {
        .name = text_format(cx->arena, "deed/%lld", (long long)row->deed_id),
        .columns = text_format(cx->arena, "%lld %.*s %lld %lld %lld %lld", (long long)row->organisation_id,
                               TEXT_ARGS(row->kind), (long long)row->subject_id, (long long)row->at_ms,
                               (long long)row->actor_kind, (long long)row->actor_id),
        .at_ms = row->at_ms,
    };
    if (tag.name.at == NULL || tag.columns.at == NULL)
        return FAIL_MEMORY(cx);
    return row_tag_make(cx, &tag, out);
}

err deed_row_fits(struct ctx *cx, const struct sql_deed_row *row, bool *out)
{
    struct text due = TEXT_NONE;
    TRY(tag_of(cx, row, &due));
    *out = due.size == row->tag.size &&
           secret_equals((const uint8_t *)due.at, (const uint8_t *)row->tag.at, due.size);
    return OK;
}

err deed_add(struct ctx *cx, int64_t organisation_id, const char *kind, int64_t subject_id)
{
    const struct sql_deed_row row = {
        .organisation_id = organisation_id,
        .deed_id = ctx_number(cx),
        .kind = text_of(kind),
        .subject_id = subject_id,
        .at_ms = cx->now_ms,
        .actor_kind = cx->actor.kind,
        .actor_id = actor_number(&cx->actor),
    };
    struct sql_deed_insert_in in = {organisation_id, row.deed_id, row.kind, subject_id, row.at_ms, row.actor_kind,
                                    row.actor_id, TEXT_NONE};
    TRY(tag_of(cx, &row, &in.tag));
    TRY(sql_deed_insert(cx, &in, NULL));
    const struct outbox_event event = {.organisation_id = organisation_id, .kind = kind, .subject_id = subject_id};
    return outbox_add(cx, &event);
}

err deed_list(struct ctx *cx, struct deed_list *list)
{
    struct sql_deed_list_in in = {cx->actor.organisation_id, list->before != 0 ? list->before : INT64_MAX,
                                  list->limit + 1};
    struct sql_deed_row *rows = NULL;
    size_t count = 0;
    TRY(policy_require_own(cx, POLICY_DEED_SEE));
    TRY(sql_deed_list(cx, &in, &rows, &count));
    list->out_more = count > (size_t)list->limit;
    list->out_count = list->out_more ? (size_t)list->limit : count;
    list->out = ARENA_ARRAY(cx->arena, struct deed, list->out_count);
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < list->out_count; i++)
        list->out[i] = (struct deed){rows[i].organisation_id, rows[i].deed_id, rows[i].kind, rows[i].subject_id,
                                     rows[i].at_ms, (actor_kind)rows[i].actor_kind, rows[i].actor_id};
    return OK;
}

struct id deed_subject(const struct deed *deed)
{
    static const struct {
        const char *noun;
        id_type     type;
    } NOUNS[] = {{"department.", ID_DEPARTMENT}, {"system.", ID_SYSTEM}, {"member.", ID_MEMBER},
                 {"purpose.", ID_PURPOSE}};
    for (size_t i = 0; i < sizeof NOUNS / sizeof *NOUNS; i++)
        if (text_starts_with(deed->kind, NOUNS[i].noun))
            return (struct id){NOUNS[i].type, deed->organisation_id, deed->subject_id};
    return (struct id){ID_ORGANISATION, deed->organisation_id, 0};
}

err deed_count_lately(struct ctx *cx, int64_t organisation_id, struct text kind, struct deed_lately *out)
{
    struct sql_deed_count_since_in in = {organisation_id, number_first_of_ms(cx->now_ms - TIME_DAY_MS), kind};
    struct sql_deed_count_since_row row = {0};
    bool found = false;
    TRY(sql_deed_count_since(cx, &in, &row, &found));
    *out = (struct deed_lately){row.deeds, number_made_at_ms(row.first_id)};
    return OK;
}
