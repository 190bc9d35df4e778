/* SPDX-License-Identifier: Apache-2.0
 * Two lists of claims, of which each entry is null or an object. */
#include "protocol/claims_request.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "protocol/id_token.h"
#include "protocol/openid_claims.h"

static err fail(struct ctx *cx, const char *sentence)
{
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    failure_clear(&cx->failure); /* of the reader of JSON, which knows nothing of claims */
    return FAIL(cx, MALFORMED, "claims.invalid", "%s", sentence);
}

static bool is_essential(const json_t *entry)
{
    return json_is_true(json_object_get(entry, "essential"));
}

static bool is_entry(const json_t *entry)
{
    const json_t *essential = json_object_get(entry, "essential");
    return json_is_null(entry) ||
           (json_is_object(entry) && (essential == NULL || json_is_boolean(essential)));
}

/* One list, whose entries are looked at before they are read; absent or null is none. */
static err check_list(struct ctx *cx, const json_t *list)
{
    const char *name = NULL;
    json_t *entry = NULL;
    if (list == NULL || json_is_null(list))
        return OK;
    if (!json_is_object(list))
        return fail(cx, "userinfo and id_token are objects, whose members are claims");
    json_object_foreach((json_t *)(uintptr_t)list, name, entry)
        if (!is_entry(entry))
            return fail(cx, "what is said of a claim is null, or an object in which essential is true or false");
    return OK;
}

static struct attribute_set kinds_of(const json_t *list)
{
    struct attribute_set kinds = ATTRIBUTE_SET_EMPTY;
    const char *claim = NULL;
    for (size_t i = 0; (claim = openid_claim_at(i)) != NULL; i++)
        if (json_object_get(list, claim) != NULL)
            kinds = attribute_set_add(kinds, openid_claim_kind(text_of(claim))->number);
    if (attribute_set_has(kinds, ATTRIBUTE_NAME)) /* the first name is a part of it */
        kinds = attribute_set_minus(kinds, attribute_set_of(ATTRIBUTE_GIVEN_NAME));
    return kinds;
}

/* Whether an entry names this value, by "value" or among "values", or names none. */
static bool permits(const json_t *entry, const char *word)
{
    const json_t *value = json_object_get(entry, "value");
    const json_t *values = json_object_get(entry, "values");
    for (size_t i = 0; i < json_array_size(values); i++)
        if (text_is(json_text(json_array_get(values, i)), word))
            return true;
    return (value == NULL && values == NULL) || text_is(json_text(value), word);
}

static err read_way(struct ctx *cx, const json_t *entry, struct claims_request *out)
{
    out->needs_passkey = is_essential(entry);
    if (out->needs_passkey && !permits(entry, ID_TOKEN_ACR_PASSKEY))
        return FAIL(cx, MALFORMED, "claims.acr", "the one way of proving that is told is " ID_TOKEN_ACR_PASSKEY);
    return OK;
}

/* It may be named for the ID token, for UserInfo or for both, which then must agree. */
static err read_subject(struct ctx *cx, const json_t *all, struct claims_request *out)
{
    static const char *const LISTS[] = {"id_token", "userinfo"};
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        const json_t *value = json_object_get(json_object_get(json_object_get(all, LISTS[i]), "sub"), "value");
        struct text subject = json_text(value);
        if (value == NULL)
            continue;
        if (subject.size < 1 || subject.size > LIMIT_TOKEN_ID_BYTES ||
            (out->subject.size > 0 && !text_equals(out->subject, subject)))
            return fail(cx, "the value of sub is one short text");
        out->subject = subject;
    }
    return OK;
}

err claims_request_read(struct ctx *cx, struct text text, struct claims_request *out)
{
    struct claims_request claims = {.subject = TEXT_NONE};
    const json_t *all = NULL;
    if (text.size > CLAIMS_REQUEST_BYTES_MAX || json_parse(cx, text, &all) != OK || !json_is_object(all))
        return fail(cx, "claims is an object of JSON, of at most 8 KiB");
    const json_t *of_userinfo = json_object_get(all, "userinfo");
    const json_t *of_id_token = json_object_get(all, "id_token");
    TRY(check_list(cx, of_userinfo));
    TRY(check_list(cx, of_id_token));
    claims.kinds = kinds_of(of_userinfo);
    TRY(read_way(cx, json_object_get(of_id_token, "acr"), &claims));
    TRY(read_subject(cx, all, &claims));
    *out = claims;
    return OK;
}

err claims_request_merge(struct ctx *cx, const struct claims_request *claims, struct authorization_details *details)
{
    struct attribute_set named = ATTRIBUTE_SET_EMPTY;
    if (attribute_set_is_empty(claims->kinds))
        return OK;
    if (details->count == 0)
        return FAIL(cx, MALFORMED, "claims.no_purpose", "claims are asked for under a purpose: name it in "
                    "authorization_details");
    if (details->count == 1)
        details->at[0].datatypes = attribute_set_union(details->at[0].datatypes, claims->kinds);
    for (size_t i = 0; i < details->count; i++)
        named = attribute_set_union(named, details->at[i].datatypes);
    if (!attribute_set_is_subset(claims->kinds, named))
        return FAIL(cx, MALFORMED, "claims.which_purpose",
                    "with several purposes each claim must be of a kind that one of them names");
    return OK;
}
