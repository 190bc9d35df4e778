/* SPDX-License-Identifier: Apache-2.0
 * The operator makes a person: key, row, first value of the vault, one-time link. */
#include "base/json.h"
#include "base/limits.h"
#include "domain/people/person.h"
#include "domain/people/vault.h"
#include "domain/policy.h"

/* What the operator or an admin gave is a person's own to change. */
err person_put_name(struct ctx *cx, int64_t person_id, struct text name)
{
    struct json_writer json = json_writer_open(cx->arena, LIMIT_ATTRIBUTE_BYTES);
    json_open_object(&json);
    json_member_text(&json, "name", name);
    json_close_object(&json);
    struct vault_put put = {.kind = attribute_find(TEXT("pd:Name")), .source = SOURCE_IMPORTED};
    TRY(json_writer_finish(cx, &json, &put.value));
    const json_t *value = NULL;
    TRY(json_parse(cx, put.value, &value));
    TRY(attribute_value_check(cx, put.kind, value, &put.value));
    return vault_put_for(cx, person_id, &put);
}

err person_create(struct ctx *cx, void *arg)
{
    struct person_create *create = arg;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(person_make(cx, PERSON_ACTIVE, &create->out_person_id));
    if (create->name.size > 0)
        TRY(person_put_name(cx, create->out_person_id, create->name));
    return person_make_link(cx, create->out_person_id, &create->out_link_token);
}
