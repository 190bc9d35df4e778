/* SPDX-License-Identifier: Apache-2.0
 * The shapes that routes.def names; each is defined beside the handlers of its topic, those that several topics share
 * in api_shape.c. */
#ifndef HTTP_SHAPES_H
#define HTTP_SHAPES_H

#include "http/gate/call.h"

/* Defines the shape of one page of `item`: it describes struct page of call.h. */
#define SHAPE_PAGE(shape_name, schema_name, item)                                                                      \
    static const struct shape_member shape_name##_MEMBERS[] = {                                                        \
        MEMBER("items", OBJECTS, SHAPE_REQUIRED, struct page, items, .count = offsetof(struct page, count),           \
         .shape = (item), .sentence = "In a stable order; the next page is where Link: rel=\"next\" leads.")};         \
    const struct shape shape_name = {.name = (schema_name), .sentence = "One page of a list.",                         \
        SHAPE_MEMBERS(shape_name##_MEMBERS), .size = sizeof(struct page)}

/* queries */
extern const struct shape SHAPE_PAGE_QUERY; /* struct page_query */
extern const struct shape SHAPE_DISCLOSURE_QUERY, SHAPE_GRANT_QUERY, SHAPE_REQUEST_QUERY;

/* shared by several topics */
extern const struct shape SHAPE_NAMED;     /* struct named: an organisation … */
extern const struct shape SHAPE_NAMED_DEPARTMENT, SHAPE_NAMED_SYSTEM; /* … and these */
extern const struct shape SHAPE_USES;      /* struct uses */
extern const struct shape SHAPE_OBJECTION; /* struct objection_view */
extern const struct shape SHAPE_NOTHING;   /* an object without members */
extern const struct choice NATURE_WORDS[]; /* relationship_nature */

/* the node */
extern const struct shape SHAPE_HEALTH, SHAPE_NODE, SHAPE_PRIVACY_CONTROL;

/* tokens */
extern const struct shape SHAPE_TOKEN_ASK, SHAPE_TOKEN, SHAPE_TOKEN_LOOK, SHAPE_TOKEN_STATE;
extern const struct shape SHAPE_PUSH_ASK, SHAPE_PUSHED, SHAPE_AUTHORIZE_FORM, SHAPE_MANAGED_GRANT;
extern const struct shape SHAPE_CONSENT_QUERY, SHAPE_CONSENT, SHAPE_CONSENT_ANSWER, SHAPE_CONSENT_ANSWERED;
extern const struct shape SHAPE_AUTHORIZATION_PAGE;
extern const struct shape SHAPE_AUTHORIZATION_SERVER, SHAPE_PROTECTED_RESOURCE;

/* the person's side */
extern const struct shape SHAPE_ME, SHAPE_EXPORT, SHAPE_EXPORT_QUERY;
extern const struct shape SHAPE_ATTRIBUTE_PUT, SHAPE_ATTRIBUTE_SET, SHAPE_ATTRIBUTE_PAGE, SHAPE_ATTRIBUTE_HISTORY;
extern const struct shape SHAPE_KIND_PAGE;
extern const struct shape SHAPE_RELATIONSHIP, SHAPE_RELATIONSHIP_PAGE, SHAPE_RELATIONSHIP_START,
    SHAPE_RELATIONSHIP_CHANGE, SHAPE_RELATIONSHIP_END, SHAPE_RELATIONSHIP_ENDED, SHAPE_OBJECTION_CHANGE,
    SHAPE_ORGANISATION_PAGE;
extern const struct shape SHAPE_REQUEST, SHAPE_REQUEST_PAGE, SHAPE_ANSWER, SHAPE_ANSWERED;
extern const struct shape SHAPE_GRANT, SHAPE_GRANT_PAGE, SHAPE_GRANT_GIVE, SHAPE_GRANT_NARROW;
extern const struct shape SHAPE_DISCLOSURE_PAGE;
extern const struct shape SHAPE_RECORD_PAGE;
extern const struct shape SHAPE_RECEIPT, SHAPE_RECEIPT_PAGE;
extern const struct shape SHAPE_CLAIM;
extern const struct shape SHAPE_ERASE, SHAPE_ERASED;
extern const struct shape SHAPE_PASSKEY, SHAPE_PASSKEY_PAGE, SHAPE_PASSKEY_NEW, SHAPE_PASSKEY_NAME, SHAPE_ALERT_PAGE,
    SHAPE_SESSION_PAGE;
extern const struct shape SHAPE_PASSKEY_CREATION, SHAPE_PASSKEY_REQUEST, SHAPE_PASSKEY_WHO, SHAPE_PASSKEY_PROOF,
    SHAPE_SIGNED_IN;
extern const struct shape SHAPE_RECOVERY, SHAPE_RECOVERY_CODES, SHAPE_RECOVERY_CODE, SHAPE_RECOVERY_COMING;

/* the organisation's side */
extern const struct shape SHAPE_PURPOSE, SHAPE_PURPOSE_PAGE;
extern const struct shape SHAPE_DEPARTMENT, SHAPE_DEPARTMENT_PAGE, SHAPE_SYSTEM, SHAPE_SYSTEM_PAGE;
extern const struct shape SHAPE_INVITATION;
extern const struct shape SHAPE_MEMBER, SHAPE_MEMBER_PAGE, SHAPE_MEMBER_CLAIM, SHAPE_DEED_PAGE;
extern const struct shape SHAPE_PROPOSAL_ANSWER;
extern const struct shape SHAPE_ASK, SHAPE_REVISE;
extern const struct shape SHAPE_DISCLOSURE_ASK, SHAPE_DISCLOSURE;

/* whether a read would be given */
extern const struct shape SHAPE_AUTHZEN, SHAPE_EVALUATION, SHAPE_EVALUATIONS, SHAPE_DECISION, SHAPE_DECISIONS;
extern const struct shape SHAPE_SUBJECT_SEARCH, SHAPE_RESOURCE_SEARCH, SHAPE_ACTION_SEARCH, SHAPE_SEARCH_PAGE;

#endif
