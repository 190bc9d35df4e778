/* SPDX-License-Identifier: Apache-2.0
 * What an objection is against, and which grants it outweighs. How it comes about stands in objection_change.c. */
#include "domain/sharing/objection.h"

#include "base/json.h"
#include "domain/parties/purpose.h"
#include "domain/sharing/grant.h"

/* The signal is against sale, sharing and advertising that follows people about. Marketing of one's own is none of
 * these until somebody else gets the data. */
static const struct {
    dpv_purpose broader;
    bool        passed_on;
} AGAINST[] = {
    {DPV_SellDataToThirdParties, false},
    {DPV_SellInsightsFromData, false},
    {DPV_PersonalisedAdvertising, false},
    {DPV_Marketing, true},
};

bool objection_stands(const struct objection *objection)
{
    return objection->state == OBJECTION_SIGNALLED || objection->state == OBJECTION_MADE;
}

/* Numbers rise, and each of both lifts them above the other: of two words the newer one has the greater number. */
bool objection_outweighs(const struct objection *objection, int64_t grant_id)
{
    return objection_stands(objection) && grant_id < objection->act_id;
}

int64_t objection_since_ms(const struct objection *objection)
{
    return objection->state == OBJECTION_NONE ? 0 : number_made_at_ms(objection->act_id);
}

bool objection_term(size_t at, dpv_purpose *out, bool *out_passed_on)
{
    if (at >= sizeof AGAINST / sizeof *AGAINST)
        return false;
    *out = AGAINST[at].broader;
    *out_passed_on = AGAINST[at].passed_on;
    return true;
}

bool objection_is_against(dpv_purpose term, bool passed_on)
{
    bool against = false;
    for (size_t i = 0; i < sizeof AGAINST / sizeof *AGAINST; i++)
        against = against || (dpv_purpose_is_within(term, AGAINST[i].broader) && (passed_on || !AGAINST[i].passed_on));
    return against;
}

err objection_is_against_version(struct ctx *cx, const struct id *id, int64_t version, bool *out)
{
    struct purpose purpose;
    const json_t *body = NULL;
    TRY(purpose_load(cx, id, version, &purpose));
    TRY(json_parse(cx, purpose.body, &body));
    const json_t *passed_on = json_object_get(json_object_get(body, "facts"), "passed_on");
    *out = objection_is_against(dpv_purpose_find(json_text(json_object_get(body, "term"))),
                                json_array_size(passed_on) > 0);
    return OK;
}

err objection_mark(struct ctx *cx, const struct relationship *relationship, struct grant *grants, size_t count)
{
    int64_t version = 0; /* the one at hand: grants come by age, and so do versions */
    bool against = false;
    for (size_t i = 0; i < count; i++) {
        const struct id purpose = {ID_PURPOSE, relationship->organisation_id, grants[i].purpose_id};
        if (!objection_outweighs(&relationship->objection, grants[i].grant_id))
            continue;
        if (grants[i].purpose_version != version)
            TRY(objection_is_against_version(cx, &purpose, grants[i].purpose_version, &against));
        version = grants[i].purpose_version;
        grants[i].is_objected = against;
    }
    return OK;
}
