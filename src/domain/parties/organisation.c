/* SPDX-License-Identifier: Apache-2.0
 * Set-up and look-up of organisations, departments and systems. */
#include "domain/parties/organisation.h"

#include <string.h>

#include "base/letters.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/token.h"
#include "domain/entrance/system_key.h"
#include "domain/policy.h"
#include "domain/proof/deed.h"
#include "domain/proof/row_tag.h"
#include "store/queries.h"

#define KEY_PREFIX "key"

static err check_name(struct ctx *cx, struct text name, const char *reason)
{
    if (text_trim(name).size != name.size || !text_shows(name) || name.size > LIMIT_NAME_BYTES ||
        !text_is_overt(name, false))
        return FAIL_AT(cx, INVALID, reason, "/name", "a name is 1 to %d bytes of plain text", LIMIT_NAME_BYTES);
    return OK;
}

/* Letters and digits stay, as they are spelled without marks ("Bäckerei" gives "baeckerei"); everything between becomes
 * one dash. A name without any gets one from the number of the organisation. */
static struct text slug_of_name(struct arena *arena, struct text name, int64_t organisation_id)
{
    struct builder slug = builder_open(arena, 63);
    struct text letters = letters_fold(arena, name, LETTERS_SPELLED);
    for (size_t i = 0; i < letters.size && slug.size < 60; i++) {
        char c = letters.at[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            build_byte(&slug, (uint8_t)c);
        else if (slug.size > 0 && slug.at[slug.size - 1] != '-')
            build_byte(&slug, '-');
    }
    struct text text = builder_text(&slug);
    while (text.size > 0 && text.at[text.size - 1] == '-')
        text.size--;
    return text.size > 0 ? text : text_format(arena, "org-%llx", (long long)organisation_id);
}

static bool slug_is(struct text slug)
{
    if (slug.size == 0 || slug.size > 63)
        return false;
    for (size_t i = 0; i < slug.size; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", slug.at[i]) == NULL || slug.at[i] == '\0')
            return false;
    return true;
}

static err make_signing_key(struct ctx *cx, int64_t organisation_id)
{
    struct signing_key key = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = organisation_id};
    TRY(keyring_signing_key_make(cx, &key));
    struct sql_organisation_key_insert_in row = {organisation_id, key.sealed, key.public_jwk};
    return sql_organisation_key_insert(cx, &row, NULL);
}

err organisation_create(struct ctx *cx, void *arg)
{
    struct organisation_create *create = arg;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(check_name(cx, create->name, "organisation.name"));
    int64_t organisation_id = ctx_number(cx);
    struct text slug = create->slug.size > 0 ? create->slug : slug_of_name(cx->arena, create->name, organisation_id);
    if (arena_is_exhausted(cx->arena)) /* then it is of a part of the name, or of none of it */
        return FAIL_MEMORY(cx);
    if (!slug_is(slug))
        return FAIL_AT(cx, INVALID, "organisation.slug", "/id", "a short id is 1 to 63 of a-z, 0-9 and -");
    struct sql_organisation_find_in find = {slug};
    struct sql_organisation_row *rows = NULL;
    size_t count = 0;
    TRY(sql_organisation_find(cx, &find, &rows, &count));
    if (count > 0)
        return FAIL(cx, CONFLICT, "organisation.exists",
                    "an organisation of the short id %.*s is here already; --id gives this one another",
                    TEXT_ARGS(slug));
    create->out = (struct organisation){organisation_id, slug, create->name};
    TRY(make_signing_key(cx, create->out.organisation_id));
    struct sql_organisation_insert_in row = {create->out.organisation_id, slug, create->name, cx->now_ms};
    struct row_tag tag = row_tag_of_organisation(cx->arena, &row);
    TRY(row_tag_keep(cx, &tag));
    TRY(sql_organisation_insert(cx, &row, NULL));
    return deed_add(cx, organisation_id, "organisation.created", organisation_id);
}

/* People tell two names apart neither by capitals nor by how an accent is stored. */
static bool reads_alike(struct arena *arena, struct text a, struct text b)
{
    struct text plain_a = letters_fold(arena, a, LETTERS_PLAIN);
    struct text plain_b = letters_fold(arena, b, LETTERS_PLAIN);
    return plain_a.at == NULL || plain_b.at == NULL || text_equals(plain_a, plain_b);
}

err department_create(struct ctx *cx, void *arg)
{
    struct department_create *create = arg;
    struct policy_object object = {.organisation_id = create->organisation_id};
    TRY(policy_require(cx, POLICY_ORGANISATION_CHANGE, &object));
    TRY(check_name(cx, create->name, "department.name"));
    struct department *others = NULL;
    size_t count = 0;
    TRY(department_list(cx, create->organisation_id, &others, &count));
    if (count >= LIMIT_DEPARTMENTS)
        return FAIL(cx, TOO_LARGE, "department.too_many", "an organisation has at most %d departments",
                    LIMIT_DEPARTMENTS);
    for (size_t i = 0; i < count; i++)
        if (reads_alike(cx->arena, others[i].name, create->name))
            return FAIL(cx, CONFLICT, "department.exists", "a department of this name is here already");
    create->out = (struct department){
        .organisation_id = create->organisation_id,
        .department_id = ctx_number(cx),
        .bit = INT64_C(1) << count,
        .name = create->name,
        .created_at_ms = cx->now_ms,
    };
    struct sql_department_insert_in row = {create->organisation_id, create->out.department_id, (int64_t)count,
                                           create->name, cx->now_ms};
    struct row_tag tag = row_tag_of_department(cx->arena, &row);
    TRY(row_tag_keep(cx, &tag));
    TRY(sql_department_insert(cx, &row, NULL));
    return deed_add(cx, create->organisation_id, "department.created", create->out.department_id);
}

static err insert_key(struct ctx *cx, const struct system *system, int64_t department_bit, struct text *out_secret)
{
    struct token token;
    TRY(token_make(cx, KEY_PREFIX, &token));
    struct sql_api_key_insert_in row = {
        .public_id = {token.public_id, sizeof token.public_id},
        .hash = {token.hash, sizeof token.hash},
        .organisation_id = system->organisation_id,
        .department_id = system->department_id,
        .department_bit = department_bit,
        .system_id = system->system_id,
        .scopes = system->scopes,
        .created_at_ms = cx->now_ms,
    };
    struct row_tag tag = row_tag_of_key(cx->arena, &row);
    TRY(row_tag_keep(cx, &tag));
    TRY(sql_api_key_insert(cx, &row, NULL));
    *out_secret = token.text;
    return OK;
}

err key_create(struct ctx *cx, void *arg)
{
    struct key_create *create = arg;
    struct policy_object object = {.organisation_id = create->organisation_id};
    TRY(policy_require(cx, POLICY_ORGANISATION_CHANGE, &object));
    TRY(check_name(cx, create->name, "system.name"));
    struct department department;
    TRY(department_load(cx, create->organisation_id, create->department_id, &department));
    create->out = (struct system){
        .organisation_id = create->organisation_id,
        .system_id = ctx_number(cx),
        .department_id = create->department_id,
        .name = create->name,
        .scopes = create->scopes,
        .created_at_ms = cx->now_ms,
        .jwks = create->signing == NULL ? TEXT_NONE : create->signing->jwks,
        .redirect_uris = create->signing == NULL ? TEXT_NONE : create->signing->redirect_uris,
    };
    create->out_secret = TEXT_NONE;
    struct sql_system_insert_in row = {create->organisation_id, create->out.system_id, create->department_id,
                                       create->name, create->scopes, cx->now_ms};
    TRY(sql_system_insert(cx, &row, NULL));
    TRY(deed_add(cx, create->organisation_id, "system.created", create->out.system_id));
    if (create->signing != NULL)
        return signing_insert(cx, &create->out, department.bit, create->signing);
    return insert_key(cx, &create->out, department.bit, &create->out_secret);
}

err key_revoke(struct ctx *cx, void *arg)
{
    const struct key_revoke *revoke = arg;
    struct policy_object object = {.organisation_id = revoke->organisation_id};
    TRY(policy_require(cx, POLICY_ORGANISATION_CHANGE, &object));
    struct sql_system_revoke_in system = {revoke->organisation_id, revoke->system_id, cx->now_ms};
    int64_t changed = 0;
    TRY(sql_system_revoke(cx, &system, &changed));
    if (changed == 0)
        return FAIL_NOT_FOUND(cx);
    TRY(deed_add(cx, revoke->organisation_id, "system.ended", revoke->system_id));
    struct sql_system_key_revoke_in signing = {revoke->organisation_id, revoke->system_id, cx->now_ms};
    TRY(sql_system_key_revoke(cx, &signing, NULL));
    struct sql_api_key_revoke_in keys = {revoke->organisation_id, revoke->system_id, cx->now_ms};
    return sql_api_key_revoke(cx, &keys, NULL);
}

err organisation_authenticate(struct ctx *cx, struct text key, struct actor *out)
{
    struct token token;
    struct sql_api_key_load_row row = {0};
    bool found = false;
    if (token_parse(key, KEY_PREFIX, &token)) {
        struct sql_api_key_load_in in = {{token.public_id, sizeof token.public_id}};
        TRY(sql_api_key_load(cx, &in, &row, &found));
    }
    if (!found || row.hash.size != HASH_BYTES || !token_matches(&token, row.hash.at) || row.revoked_at_ms != 0)
        return FAIL(cx, UNAUTHENTICATED, "key.unknown", "this key is not known here");
    *out = (struct actor){
        .kind = ACTOR_SYSTEM,
        .organisation_id = row.organisation_id,
        .department_id = row.department_id,
        .department_bit = row.department_bit,
        .system_id = row.system_id,
        .scopes = (uint32_t)row.scopes,
    };
    return OK;
}

/* ---- rows */

static struct organisation organisation_of_row(const struct sql_organisation_row *row)
{
    return (struct organisation){row->organisation_id, row->slug, row->name};
}

void organisation_ahead(struct ctx *cx, int64_t organisation_id)
{
    sql_organisation_load_ahead(cx, &(struct sql_organisation_load_in){organisation_id});
    sql_department_list_ahead(cx, &(struct sql_department_list_in){organisation_id});
    sql_organisation_key_load_ahead(cx, &(struct sql_organisation_key_load_in){organisation_id});
}

err organisation_load(struct ctx *cx, int64_t organisation_id, struct organisation *out)
{
    struct sql_organisation_load_in in = {organisation_id};
    struct sql_organisation_row row;
    bool found = false;
    TRY(sql_organisation_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out = organisation_of_row(&row);
    return OK;
}

err organisation_find(struct ctx *cx, struct text words, struct organisation *out)
{
    struct id id;
    if (id_open(cx, words, ID_ORGANISATION, &id) == OK)
        return organisation_load(cx, id.owner, out);
    failure_clear(&cx->failure);
    struct sql_organisation_find_in in = {words};
    struct sql_organisation_row *rows = NULL;
    size_t count = 0;
    TRY(sql_organisation_find(cx, &in, &rows, &count));
    if (count == 0)
        return FAIL(cx, NOT_FOUND, "organisation.unknown", "no organisation has this short id, id or name");
    if (count > 1)
        return FAIL(cx, CONFLICT, "organisation.ambiguous", "several organisations have this name: use the short id");
    *out = organisation_of_row(&rows[0]);
    return OK;
}

err organisation_list(struct ctx *cx, struct organisation **out, size_t *out_count)
{
    struct sql_organisation_row *rows = NULL;
    size_t count = 0;
    TRY(sql_organisation_list(cx, &rows, &count));
    struct organisation *organisations = ARENA_ARRAY(cx->arena, struct organisation, count);
    if (organisations == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        organisations[i] = organisation_of_row(&rows[i]);
    *out = organisations;
    *out_count = count;
    return OK;
}

/* No bit for an ordinal that no department can have: a damaged row then covers nothing. */
static int64_t bit_of(int64_t ordinal)
{
    return ordinal >= 0 && ordinal < LIMIT_DEPARTMENTS ? INT64_C(1) << ordinal : 0;
}

static struct department department_of_row(const struct sql_department_row *row)
{
    return (struct department){row->organisation_id, row->department_id, bit_of(row->ordinal), row->name,
                               row->created_at_ms};
}

err department_load(struct ctx *cx, int64_t organisation_id, int64_t department_id, struct department *out)
{
    struct sql_department_load_in in = {organisation_id, department_id};
    struct sql_department_row row;
    bool found = false;
    TRY(sql_department_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out = department_of_row(&row);
    return OK;
}

err department_find(struct ctx *cx, int64_t organisation_id, struct text words, struct department *out)
{
    struct id id;
    if (id_open(cx, words, ID_DEPARTMENT, &id) == OK && id.owner == organisation_id)
        return department_load(cx, organisation_id, id.item, out);
    failure_clear(&cx->failure);
    struct department *departments = NULL;
    size_t count = 0;
    TRY(department_list(cx, organisation_id, &departments, &count));
    for (size_t i = 0; i < count; i++) {
        if (text_equals(departments[i].name, words)) {
            *out = departments[i];
            return OK;
        }
    }
    return FAIL(cx, NOT_FOUND, "department.unknown", "the organisation has no department of this name or id");
}

err department_list(struct ctx *cx, int64_t organisation_id, struct department **out, size_t *out_count)
{
    struct sql_department_list_in in = {organisation_id};
    struct sql_department_row *rows = NULL;
    size_t count = 0;
    TRY(sql_department_list(cx, &in, &rows, &count));
    struct department *departments = ARENA_ARRAY(cx->arena, struct department, count);
    if (departments == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        departments[i] = department_of_row(&rows[i]);
    *out = departments;
    *out_count = count;
    return OK;
}

err system_list(struct ctx *cx, int64_t organisation_id, struct system **out, size_t *out_count)
{
    struct sql_system_list_in in = {organisation_id};
    struct sql_system_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_system_list(cx, &in, &rows, &count));
    struct system *systems = ARENA_ARRAY(cx->arena, struct system, count);
    if (systems == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        systems[i] = (struct system){rows[i].organisation_id, rows[i].system_id, rows[i].department_id, rows[i].name,
                                     (uint32_t)rows[i].scopes, rows[i].created_at_ms, rows[i].revoked_at_ms,
                                     rows[i].jwks, rows[i].redirect_uris};
    *out = systems;
    *out_count = count;
    return OK;
}

err system_name(struct ctx *cx, int64_t organisation_id, int64_t system_id, struct text *out)
{
    struct sql_system_load_in in = {organisation_id, system_id};
    struct sql_system_load_row row;
    bool found = false;
    TRY(sql_system_load(cx, &in, &row, &found));
    *out = found ? row.name : TEXT_NONE;
    return OK;
}

static err load_signing_key(struct ctx *cx, int64_t organisation_id, struct sql_organisation_key_load_row *out)
{
    struct sql_organisation_key_load_in in = {organisation_id};
    bool found = false;
    TRY(sql_organisation_key_load(cx, &in, out, &found));
    return found ? OK : FAIL(cx, CORRUPT, "organisation.no_key", "the organisation has no signing key");
}

err organisation_public_key(struct ctx *cx, int64_t organisation_id, struct text *out_jwk)
{
    struct sql_organisation_key_load_row row;
    TRY(load_signing_key(cx, organisation_id, &row));
    *out_jwk = row.public_jwk;
    return OK;
}

err organisation_signing_key(struct ctx *cx, int64_t organisation_id, struct signing_key *out)
{
    struct sql_organisation_key_load_row row;
    TRY(load_signing_key(cx, organisation_id, &row));
    *out = (struct signing_key){SIGNING_KEY_OF_ORGANISATION, organisation_id, row.sealed, row.public_jwk};
    return OK;
}

static err check_key(struct ctx *cx, int64_t organisation_id)
{
    struct signing_key key;
    struct text derived = TEXT_NONE;
    err result = organisation_signing_key(cx, organisation_id, &key);
    if (result == OK)
        result = keyring_signing_key_public(cx, &key, &derived);
    if (result == OK && text_equals(key.public_jwk, derived))
        return OK;
    if (result != OK && result != NOT_FOUND && result != CORRUPT)
        return result;
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "organisation.key_lost", "the key of an organisation is missing, broken or another's");
}

static err take_to_check(struct ctx *cx, const struct sql_audit_organisation_list_row *row, void *arg)
{
    struct arena_mark before = arena_mark(cx->arena);
    (void)arg; /* the failure says all */
    TRY(check_key(cx, row->organisation_id));
    arena_go_back(cx->arena, &before);
    return OK;
}

err organisation_keys_check_all(struct ctx *cx)
{
    return sql_audit_organisation_list_each(cx, take_to_check, NULL);
}
