/* SPDX-License-Identifier: Apache-2.0
 * Most tags are kept among the texts of the node, each under the name of its row. Texts go into a tag with their
 * length, so that no two rows give the same columns. */
#include "domain/proof/row_tag.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"

#define TAG_BYTES 16
#define MARK TEXT("tags") /* since when every row has one */

static struct text joined(struct arena *arena, const struct text *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size + 24;
    struct builder out = builder_open(arena, size);
    for (size_t i = 0; i < count; i++) {
        build_format(&out, "%zu:", parts[i].size);
        build_text(&out, parts[i]);
    }
    return out.overflowed ? TEXT_NONE : builder_text(&out);
}

struct row_tag row_tag_of_organisation(struct arena *arena, const struct sql_organisation_insert_in *row)
{
    struct text parts[] = {text_format(arena, "%lld", (long long)row->created_at_ms), row->slug, row->name};
    return (struct row_tag){text_format(arena, "organisation/%lld", (long long)row->organisation_id),
                            joined(arena, parts, sizeof parts / sizeof *parts), row->created_at_ms};
}

struct row_tag row_tag_of_department(struct arena *arena, const struct sql_department_insert_in *row)
{
    struct text parts[] = {text_format(arena, "%lld %lld %lld", (long long)row->organisation_id,
                                       (long long)row->ordinal, (long long)row->created_at_ms), row->name};
    return (struct row_tag){text_format(arena, "department/%lld", (long long)row->department_id),
                            joined(arena, parts, sizeof parts / sizeof *parts), row->created_at_ms};
}

struct row_tag row_tag_of_key(struct arena *arena, const struct sql_api_key_insert_in *row)
{
    struct text parts[] = {
        text_format(arena, "%lld %lld %lld %lld %lld", (long long)row->organisation_id, (long long)row->department_id,
                    (long long)row->department_bit, (long long)row->scopes, (long long)row->created_at_ms),
        row->public_id,
        base64url_encode(arena, row->hash),
    };
    return (struct row_tag){text_format(arena, "key/%lld", (long long)row->system_id),
                            joined(arena, parts, sizeof parts / sizeof *parts), row->created_at_ms};
}

struct row_tag row_tag_of_signing(struct arena *arena, const struct sql_system_key_insert_in *row)
{
    struct text parts[] = {
        text_format(arena, "%lld %lld %lld %lld %lld", (long long)row->organisation_id, (long long)row->department_id,
                    (long long)row->department_bit, (long long)row->scopes, (long long)row->created_at_ms),
        row->jwks,
        row->redirect_uris,
    };
    return (struct row_tag){text_format(arena, "signing/%lld", (long long)row->system_id),
                            joined(arena, parts, sizeof parts / sizeof *parts), row->created_at_ms};
}

struct row_tag row_tag_of_purpose(struct arena *arena, const struct sql_purpose_save_in *row, int64_t published_at_ms)
{
    struct text parts[] = {
        text_format(arena, "%lld %lld %lld %lld %lld %lld %lld %lld %lld", (long long)row->organisation_id,
                    (long long)row->needed_low, (long long)row->needed_high, (long long)row->optional_low,
                    (long long)row->optional_high, (long long)row->departments, (long long)row->longest_ms,
                    (long long)row->created_at_ms, (long long)published_at_ms),
        row->name, row->language, row->body,
    };
    return (struct row_tag){text_format(arena, "purpose/%lld/%lld", (long long)row->purpose_id,
                                        (long long)row->version),
                            joined(arena, parts, sizeof parts / sizeof *parts), published_at_ms};
}

/* One that grows: its moment does not count. */
struct row_tag row_tag_of_further(struct arena *arena, const struct row_tag_day *day,
                                  const struct sql_refused_further_save_in *row)
{
    struct text columns = text_format(arena, "%lld %lld %lld %lld %lld %lld %lld", (long long)day->relationship_id,
                                      (long long)day->department_id, (long long)day->day, (long long)row->reads,
                                      (long long)row->last_at_ms, (long long)row->attributes_low,
                                      (long long)row->attributes_high);
    return (struct row_tag){text_format(arena, "refused/%lld/%lld", (long long)row->person_id,
                                        (long long)row->disclosure_id), columns, row->last_at_ms};
}

/* ---- keeping and comparing */

static err make(struct ctx *cx, struct text name, struct text columns, struct text *out)
{
    struct secret_key key;
    uint8_t hash[HASH_BYTES];
    struct text parts[] = {name, columns};
    struct text row = joined(cx->arena, parts, sizeof parts / sizeof *parts);
    struct builder plain = builder_open(cx->arena, row.size + sizeof key.at);
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    build_bytes(&plain, (struct bytes){key.at, sizeof key.at});
    build_text(&plain, row);
    if (!plain.overflowed)
        blake2b_256(builder_bytes(&plain), hash);
    secret_wipe(&key, sizeof key);
    secret_wipe(plain.at, plain.at == NULL ? 0 : sizeof key.at);
    if (plain.overflowed || arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    *out = base64url_encode(cx->arena, (struct bytes){hash, TAG_BYTES});
    return out->at == NULL ? FAIL_MEMORY(cx) : OK;
}

err row_tag_make(struct ctx *cx, const struct row_tag *tag, struct text *out)
{
    return make(cx, tag->name, tag->columns, out);
}

static err load(struct ctx *cx, struct text name, struct text *out, bool *out_found)
{
    struct sql_node_text_load_in in = {name};
    struct sql_node_text_load_row row = {TEXT_NONE};
    TRY(sql_node_text_load(cx, &in, &row, out_found));
    *out = row.value;
    return OK;
}

/* "1795378258589 tag" */
static err mark_text(struct ctx *cx, int64_t at_ms, struct text *out)
{
    struct text moment = text_format(cx->arena, "%lld", (long long)at_ms);
    struct text tag;
    TRY(make(cx, MARK, moment, &tag));
    *out = text_format(cx->arena, "%.*s %.*s", TEXT_ARGS(moment), TEXT_ARGS(tag));
    return out->at == NULL ? FAIL_MEMORY(cx) : OK;
}

static err keep_mark(struct ctx *cx)
{
    struct text mark;
    bool found = false;
    TRY(load(cx, MARK, &mark, &found));
    if (found)
        return OK;
    TRY(mark_text(cx, cx->now_ms, &mark));
    struct sql_node_text_save_in in = {MARK, mark};
    return sql_node_text_save(cx, &in, NULL);
}

err row_tag_keep(struct ctx *cx, const struct row_tag *tag)
{
    struct sql_node_text_save_in in = {tag->name, TEXT_NONE};
    TRY(keep_mark(cx));
    TRY(make(cx, tag->name, tag->columns, &in.value));
    return sql_node_text_save(cx, &in, NULL);
}

/* A mark that somebody has changed excuses nobody. */
static err is_due(struct ctx *cx, int64_t at_ms, bool *out)
{
    struct text stored;
    struct text due;
    int64_t since_ms = INT64_MAX;
    bool found = false;
    TRY(load(cx, MARK, &stored, &found));
    *out = found;
    size_t digits = 0;
    while (digits < stored.size && stored.at[digits] != ' ')
        digits++;
    if (!found || !text_to_int64((struct text){stored.at, digits}, &since_ms))
        return OK;
    TRY(mark_text(cx, since_ms, &due));
    *out = !text_equals(stored, due) || at_ms >= since_ms;
    return OK;
}

err row_tag_check(struct ctx *cx, const struct row_tag *tag, row_tag_verdict *out)
{
    struct text stored;
    struct text due;
    bool found = false;
    bool lost = false;
    TRY(load(cx, tag->name, &stored, &found));
    TRY(make(cx, tag->name, tag->columns, &due));
    TRY(is_due(cx, tag->at_ms, &lost));
    *out = found  ? text_equals(stored, due) ? ROW_TAG_FITS : ROW_TAG_DIFFERS
           : lost ? ROW_TAG_LOST
                  : ROW_TAG_NONE;
    return OK;
}
