/* SPDX-License-Identifier: Apache-2.0
 * Values in and out of the vault. A change moves the version before to the history; a removal leaves an empty current
 * version, so that versions never repeat. */
#include "domain/people/vault.h"

#include "base/limits.h"
#include "crypto/id_seal.h"
#include "crypto/seal.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"
#include "domain/proof/outbox.h"
#include "domain/sharing/grant.h"
#include "store/queries.h"

static const char *const SOURCES[] = {
    [SOURCE_SELF] = "self", [SOURCE_VERIFIED] = "verified", [SOURCE_IMPORTED] = "imported"};

const char *attribute_source_word(attribute_source source)
{
    return SOURCES[source];
}

static struct seal_place place_of(int64_t person_id, const struct attribute_kind *kind, int64_t version)
{
    return (struct seal_place){.person_id = person_id, .kind = SEAL_VAULT, .item = kind->number, .version = version};
}

/* Opens one stored version; an empty blob is a removal. */
static err open_item(struct ctx *cx, const struct vault_place *place, const struct sql_vault_load_row *row,
                     struct vault_item *out)
{
    struct vault_item item = {
        .kind = place->kind,
        .version = row->version,
        .source = (attribute_source)row->source,
        .confirmed_at_ms = row->confirmed_at_ms,
        .changed_at_ms = row->changed_at_ms,
        .removed = row->sealed.size == 0,
        .value = TEXT_NONE,
    };
    if (!item.removed) {
        struct seal_place sealed_at = place_of(place->person_id, place->kind, row->version);
        struct bytes plain;
        TRY(seal_open(cx, place->key, &sealed_at, row->sealed, &plain));
        item.value = text_of_bytes(plain);
    }
    *out = item;
    return OK;
}

err vault_open_value(struct ctx *cx, const struct vault_place *place, struct vault_item *out, bool *out_found)
{
    struct sql_vault_load_in in = {place->person_id, place->kind->number};
    struct sql_vault_load_row row = {0};
    bool found = false;
    TRY(sql_vault_load(cx, &in, &row, &found));
    found = found && row.sealed.size > 0;
    if (found)
        TRY(open_item(cx, place, &row, out));
    *out_found = found;
    return OK;
}

struct opening {
    const struct vault_wanted *wanted;
    struct vault_item         *items;
    size_t                     count;
};

/* The row's sealed bytes lie in the database's memory; what is opened of them does not. */
static err open_row(struct ctx *cx, const struct sql_vault_load_kinds_row *row, void *arg)
{
    struct opening *opening = arg;
    struct sql_vault_load_row version = {
        .version = row->version,
        .source = row->source,
        .confirmed_at_ms = row->confirmed_at_ms,
        .changed_at_ms = row->changed_at_ms,
        .sealed = row->sealed,
    };
    const struct attribute_kind *kind = attribute_by_number((attribute_number)row->kind);
    struct vault_place place = {opening->wanted->person_id, opening->wanted->key, kind};
    if (version.sealed.size == 0)
        return OK;
    TRY(open_item(cx, &place, &version, &opening->items[opening->count]));
    opening->count++;
    return OK;
}

static struct sql_vault_load_kinds_in kinds_of(int64_t person_id, struct attribute_set kinds)
{
    return (struct sql_vault_load_kinds_in){
        .person_id = person_id,
        .first = attribute_set_next(kinds, ATTRIBUTE_NONE),
        .last = attribute_set_last(kinds),
        .low = (int64_t)kinds.low,
        .high = (int64_t)kinds.high,
    };
}

void vault_open_values_ahead(struct ctx *cx, int64_t person_id, struct attribute_set kinds)
{
    struct sql_vault_load_kinds_in in = kinds_of(person_id, kinds);
    sql_vault_load_kinds_ahead(cx, &in);
}

err vault_open_values(struct ctx *cx, const struct vault_wanted *wanted, struct vault_item *out, size_t *out_count)
{
    struct opening opening = {.wanted = wanted, .items = out};
    struct sql_vault_load_kinds_in in = kinds_of(wanted->person_id, wanted->kinds);
    TRY(sql_vault_load_kinds_each(cx, &in, open_row, &opening));
    *out_count = opening.count;
    return OK;
}

/* Which relationships may read the kind at this moment. */
static err list_reaches(struct ctx *cx, int64_t person_id, struct vault_put *put)
{
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(grant_list_live(cx, person_id, &grants, &count));
    put->out_reaches = ARENA_ARRAY(cx->arena, struct text, count);
    put->out_reaches_count = 0;
    if (put->out_reaches == NULL)
        return FAIL_MEMORY(cx);
    int64_t last_relationship_id = 0; /* grants come ordered by relationship */
    for (size_t i = 0; i < count; i++) {
        if (!attribute_set_has(grants[i].attributes, put->kind->number) ||
            grants[i].relationship_id == last_relationship_id)
            continue;
        struct relationship relationship;
        TRY(relationship_load(cx, person_id, grants[i].relationship_id, &relationship));
        last_relationship_id = grants[i].relationship_id;
        if (relationship_state_at(&relationship, cx->now_ms) != RELATIONSHIP_ACTIVE)
            continue;
        put->out_reaches[put->out_reaches_count++] = id_text(cx, relationship_id(&relationship));
    }
    return OK;
}

static err keep_history(struct ctx *cx, int64_t person_id, const struct attribute_kind *kind,
                        const struct sql_vault_load_row *row)
{
    struct sql_vault_history_insert_in old = {person_id,           kind->number,       row->version, row->source,
                                              row->confirmed_at_ms, row->changed_at_ms, row->sealed};
    return sql_vault_history_insert(cx, &old, NULL);
}

static err announce(struct ctx *cx, int64_t person_id, const struct attribute_kind *kind, const char *event_kind)
{
    struct outbox_event event = {
        .person_id = person_id,
        .kind = event_kind,
        .subject_id = kind->number,
        .attributes = attribute_set_of(kind->number),
    };
    return outbox_add(cx, &event);
}

static err save(struct ctx *cx, int64_t person_id, const struct vault_item *item, struct bytes sealed)
{
    struct sql_vault_save_in row = {person_id,           item->kind->number,  item->version, item->source,
                                    item->confirmed_at_ms, item->changed_at_ms, sealed};
    return sql_vault_save(cx, &row, NULL);
}

/* A new version, or only a renewed confirmation when the value is the one that stands there. */
static err put_value(struct ctx *cx, const struct vault_place *place, struct vault_put *put)
{
    struct sql_vault_load_in in = {place->person_id, put->kind->number};
    struct sql_vault_load_row row = {0};
    bool found = false;
    TRY(sql_vault_load(cx, &in, &row, &found));
    struct vault_item before = {.removed = true};
    if (found)
        TRY(open_item(cx, place, &row, &before));
    bool same = found && !before.removed && text_equals(before.value, put->value);
    struct vault_item item = {
        .kind = put->kind,
        .version = found ? row.version + !same : 1,
        .source = put->source,
        .confirmed_at_ms = cx->now_ms,
        .changed_at_ms = same ? row.changed_at_ms : cx->now_ms,
        .value = put->value,
    };
    struct bytes sealed = row.sealed;
    struct seal_place sealed_at = place_of(place->person_id, put->kind, item.version);
    if (!same)
        TRY(seal(cx, place->key, &sealed_at, bytes_of_text(put->value), &sealed));
    if (found && !same)
        TRY(keep_history(cx, place->person_id, put->kind, &row));
    TRY(save(cx, place->person_id, &item, sealed));
    put->out = item;
    return announce(cx, place->person_id, put->kind, same ? "attribute.confirmed" : "attribute.changed");
}

err vault_put_for(struct ctx *cx, int64_t person_id, struct vault_put *put)
{
    PERSON_KEY key;
    TRY(person_key_open(cx, person_id, &key));
    struct vault_place place = {person_id, &key, put->kind};
    TRY(put_value(cx, &place, put));
    return list_reaches(cx, person_id, put);
}

err vault_put(struct ctx *cx, void *arg)
{
    TRY(policy_require_own(cx, POLICY_VAULT_WRITE));
    return vault_put_for(cx, cx->actor.person_id, arg);
}

err vault_remove(struct ctx *cx, void *arg)
{
    const struct vault_remove *remove = arg;
    TRY(policy_require_own(cx, POLICY_VAULT_WRITE));
    struct sql_vault_load_in in = {cx->actor.person_id, remove->kind->number};
    struct sql_vault_load_row row = {0};
    bool found = false;
    TRY(sql_vault_load(cx, &in, &row, &found));
    if (!found || row.sealed.size == 0)
        return FAIL_NOT_FOUND(cx);
    TRY(keep_history(cx, cx->actor.person_id, remove->kind, &row));
    struct vault_item gone = {
        .kind = remove->kind,
        .version = row.version + 1,
        .source = SOURCE_SELF,
        .confirmed_at_ms = cx->now_ms,
        .changed_at_ms = cx->now_ms,
    };
    TRY(save(cx, cx->actor.person_id, &gone, (struct bytes){(const uint8_t *)"", 0}));
    return announce(cx, cx->actor.person_id, remove->kind, "attribute.removed");
}

err vault_get(struct ctx *cx, const struct attribute_kind *kind, struct vault_item *out)
{
    TRY(policy_require_own(cx, POLICY_VAULT_READ));
    PERSON_KEY key;
    TRY(person_key_open(cx, cx->actor.person_id, &key));
    struct vault_place place = {cx->actor.person_id, &key, kind};
    bool found = false;
    TRY(vault_open_value(cx, &place, out, &found));
    return found ? OK : FAIL_NOT_FOUND(cx);
}

err vault_list(struct ctx *cx, struct vault_item **out, size_t *out_count)
{
    TRY(policy_require_own(cx, POLICY_VAULT_READ));
    PERSON_KEY key;
    TRY(person_key_open(cx, cx->actor.person_id, &key));
    struct sql_vault_list_in in = {cx->actor.person_id};
    struct sql_vault_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_vault_list(cx, &in, &rows, &count));
    struct vault_item *items = ARENA_ARRAY(cx->arena, struct vault_item, count);
    if (items == NULL)
        return FAIL_MEMORY(cx);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct attribute_kind *kind = attribute_by_number(rows[i].kind);
        if (kind == NULL)
            return FAIL(cx, CORRUPT, "vault.unknown_kind", "the vault holds a kind that is not in the table");
        struct vault_place place = {cx->actor.person_id, &key, kind};
        struct sql_vault_load_row row = {rows[i].version, rows[i].source, rows[i].confirmed_at_ms,
                                         rows[i].changed_at_ms, rows[i].sealed};
        if (row.sealed.size > 0)
            TRY(open_item(cx, &place, &row, &items[kept++]));
    }
    *out = items;
    *out_count = kept;
    return OK;
}

/* ---- history */

#define HISTORY_ROWS 32 /* of one step back: what is read and not shown is never much */

/* One page being filled. */
struct looking_back {
    struct vault_history    *history;
    const struct vault_place place;
    int64_t                  before;       /* versions older than this come next */
    size_t                   values_bytes;
};

static bool is_full(const struct looking_back *back)
{
    return back->history->out_count == (size_t)back->history->limit || back->values_bytes >= LIMIT_PAGE_VALUE_BYTES;
}

static err take_version(struct ctx *cx, struct looking_back *back, const struct sql_vault_load_row *row)
{
    struct vault_item *item = &back->history->out[back->history->out_count];
    TRY(open_item(cx, &back->place, row, item));
    back->history->out_count++;
    back->before = item->version;
    back->values_bytes += item->value.size;
    return OK;
}

/* The current version stands in a table of its own. One that became old since it was read is not told twice. */
static err take_current(struct ctx *cx, struct looking_back *back)
{
    struct sql_vault_load_in in = {back->place.person_id, back->place.kind->number};
    struct sql_vault_load_row row = {0};
    bool found = false;
    TRY(sql_vault_load(cx, &in, &row, &found));
    return found ? take_version(cx, back, &row) : OK;
}

/* One row more than there is room for tells whether there is another page. */
static int64_t rows_wanted(const struct looking_back *back)
{
    int64_t room = is_full(back) ? 0 : back->history->limit - (int64_t)back->history->out_count;
    return room < HISTORY_ROWS ? room + 1 : HISTORY_ROWS;
}

/* Takes the rows of one step; `out_done` when it is known whether there is more. */
static err step_back(struct ctx *cx, struct looking_back *back, bool *out_done)
{
    struct sql_vault_history_list_in in = {
        back->place.person_id, back->place.kind->number, back->before, rows_wanted(back)};
    struct sql_vault_history_list_row *rows = NULL;
    size_t count = 0;
    size_t i = 0;
    TRY(sql_vault_history_list(cx, &in, &rows, &count));
    for (; i < count && !is_full(back); i++) {
        struct sql_vault_load_row row = {rows[i].version, rows[i].source, rows[i].confirmed_at_ms,
                                         rows[i].changed_at_ms, rows[i].sealed};
        TRY(take_version(cx, back, &row));
    }
    back->history->out_more = i < count;
    *out_done = i < count || count < (size_t)in.most;
    return OK;
}

err vault_history(struct ctx *cx, struct vault_history *history)
{
    TRY(policy_require_own(cx, POLICY_VAULT_READ));
    PERSON_KEY key;
    TRY(person_key_open(cx, cx->actor.person_id, &key));
    struct looking_back back = {.history = history, .place = {cx->actor.person_id, &key, history->kind},
                                .before = history->after != 0 ? history->after : INT64_MAX};
    bool done = false;
    history->out_count = 0;
    history->out = ARENA_ARRAY(cx->arena, struct vault_item, (size_t)history->limit);
    if (history->out == NULL)
        return FAIL_MEMORY(cx);
    if (history->after == 0)
        TRY(take_current(cx, &back));
    while (!done)
        TRY(step_back(cx, &back, &done));
    return OK;
}
