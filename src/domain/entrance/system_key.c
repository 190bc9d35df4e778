/* SPDX-License-Identifier: Apache-2.0
 * What a system registers is read once, and stored as it was understood. */
#include "domain/entrance/system_key.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "domain/proof/row_tag.h"
#include "store/queries.h"

#define URIS_BYTES_MAX (LIMIT_REDIRECT_URIS * (LIMIT_REDIRECT_URI_BYTES + 8))

/* ---- addresses */

static err fail_uri(struct ctx *cx)
{
    return FAIL(cx, INVALID, "redirect.uri",
                "at most %d addresses, each https, of at most %d ASCII characters, without user, fragment, blank and "
                "what an answer adds (code, state, iss, error), none twice",
                LIMIT_REDIRECT_URIS, LIMIT_REDIRECT_URI_BYTES);
}

/* Host and port of an address behind its scheme. */
static struct text authority_of(struct text uri, size_t scheme_size)
{
    size_t end = scheme_size;
    while (end < uri.size && strchr("/?", uri.at[end]) == NULL)
        end++;
    return (struct text){uri.at + scheme_size, end - scheme_size};
}

/* RFC 8252 section 7.3: a program on the person's own machine. */
static bool is_loopback(struct text authority)
{
    static const char *const HOSTS[] = {"127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        size_t size = strlen(HOSTS[i]);
        if (text_starts_with(authority, HOSTS[i]) && (authority.size == size || authority.at[size] == ':'))
            return true;
    }
    return false;
}

/* RFC 3986 section 3.2, with letters, digits, dots and hyphens alone: nothing in it could be taken for its end by
 * whoever shows it to people. */
static bool is_authority(struct text authority)
{
    const struct text own = TEXT("[::1]");
    for (size_t i = text_starts_with(authority, own.at) ? own.size : 0; i < authority.size; i++) {
        char c = authority.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != ':')
            return false;
    }
    return authority.size > 0;
}

/* What the answer adds is there once: whoever reads the first of two would take a name of the registration's (RFC 6749
 * section 4.1.2, RFC 9207). In a name nothing is escaped, so none is spelt otherwise. */
static bool is_query(struct text query)
{
    static const char *const RESERVED[] = {"code", "state", "iss", "error", "error_description", "error_uri",
                                           "response"};
    while (query.size > 0) {
        size_t size = 0;
        size_t name_size = 0;
        while (size < query.size && query.at[size] != '&')
            size++;
        while (name_size < size && query.at[name_size] != '=')
            name_size++;
        struct text name = {query.at, name_size};
        for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
            if (text_is(name, RESERVED[i]))
                return false;
        if (name.size > 0 && memchr(name.at, '%', name.size) != NULL)
            return false;
        size_t step = size < query.size ? size + 1 : size;
        query = (struct text){query.at + step, query.size - step};
    }
    return true;
}

static struct text query_of(struct text uri)
{
    const char *mark = uri.size == 0 ? NULL : memchr(uri.at, '?', uri.size);
    return mark == NULL ? TEXT_NONE : (struct text){mark + 1, uri.size - (size_t)(mark + 1 - uri.at)};
}

static bool is_uri(struct text uri)
{
    const struct text https = TEXT("https://");
    const struct text http = TEXT("http://");
    if (uri.size > LIMIT_REDIRECT_URI_BYTES || !is_query(query_of(uri)))
        return false;
    for (size_t i = 0; i < uri.size; i++)
        if (uri.at[i] <= ' ' || uri.at[i] >= 0x7F || strchr("\"<>\\^`{|}#@", uri.at[i]) != NULL)
            return false;
    if (text_starts_with(uri, https.at))
        return is_authority(authority_of(uri, https.size));
    struct text authority = authority_of(uri, http.size);
    return text_starts_with(uri, http.at) && is_loopback(authority) && is_authority(authority);
}

static err write_uris(struct ctx *cx, const struct signing_draft *draft, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, URIS_BYTES_MAX);
    if (draft->redirect_uris_count > LIMIT_REDIRECT_URIS)
        return fail_uri(cx);
    json_open_array(&writer);
    for (size_t i = 0; i < draft->redirect_uris_count; i++) {
        bool good = is_uri(draft->redirect_uris[i]);
        for (size_t j = 0; j < i; j++)
            good = good && !text_equals(draft->redirect_uris[i], draft->redirect_uris[j]);
        if (!good)
            return fail_uri(cx);
        json_write_text(&writer, draft->redirect_uris[i]);
    }
    json_close_array(&writer);
    return json_writer_finish(cx, &writer, out);
}

err signing_redirect_uris(struct ctx *cx, struct text redirect_uris, const struct text **out, size_t *out_count)
{
    const json_t *list = NULL;
    TRY(json_parse(cx, redirect_uris, &list));
    size_t count = json_array_size(list);
    struct text *texts = ARENA_ARRAY(cx->arena, struct text, count);
    if (texts == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        texts[i] = json_text(json_array_get(list, i));
    *out = texts;
    *out_count = count;
    return OK;
}

/* ---- registering */

err signing_read(struct ctx *cx, const struct signing_draft *draft, struct signing *out)
{
    const json_t *json = NULL;
    struct jwk_set set;
    struct signing signing;
    TRY(json_parse(cx, draft->jwks, &json));
    TRY(jwk_set_read(cx, json, &set));
    TRY(jwk_set_check(cx, &set));
    TRY(jwk_set_write(cx, &set, &signing.jwks));
    TRY(write_uris(cx, draft, &signing.redirect_uris));
    *out = signing;
    return OK;
}

err signing_insert(struct ctx *cx, const struct system *system, int64_t department_bit, const struct signing *signing)
{
    struct sql_system_key_insert_in row = {
        .organisation_id = system->organisation_id,
        .system_id = system->system_id,
        .department_id = system->department_id,
        .department_bit = department_bit,
        .scopes = system->scopes,
        .jwks = signing->jwks,
        .redirect_uris = signing->redirect_uris,
        .created_at_ms = cx->now_ms,
    };
    struct row_tag tag = row_tag_of_signing(cx->arena, &row);
    TRY(row_tag_keep(cx, &tag));
    return sql_system_key_insert(cx, &row, NULL);
}

err signing_system_load(struct ctx *cx, int64_t organisation_id, int64_t system_id, struct signing_system *out,
                        bool *out_found)
{
    struct sql_system_key_load_in in = {organisation_id, system_id};
    struct sql_system_key_load_row row = {0};
    bool found = false;
    TRY(sql_system_key_load(cx, &in, &row, &found));
    *out_found = found && row.revoked_at_ms == 0;
    if (!*out_found)
        return OK;
    out->jwks = row.jwks;
    out->redirect_uris = row.redirect_uris;
    out->actor = (struct actor){
        .kind = ACTOR_SYSTEM,
        .organisation_id = organisation_id,
        .department_id = row.department_id,
        .department_bit = row.department_bit,
        .system_id = system_id,
        .scopes = (uint32_t)row.scopes,
    };
    return OK;
}
