/* SPDX-License-Identifier: Apache-2.0
 * What the doors of AuthZEN's Authorization API 1.0 share: its entities, which ignore members that they do not know,
 * and how it wants to be answered. Bad input is 400 whatever is wrong with it, with our problem as the message; a
 * denial is 200; the request id that came goes back. */
#ifndef HTTP_AUTHZEN_H
#define HTTP_AUTHZEN_H

#include "domain/sharing/evaluation.h"
#include "http/gate/call.h"

#define AUTHZEN_PATH "/access/v1/"

bool authzen_is_spoken(const struct call *call); /* by the address alone */
/* X-Request-ID as it came, at the doors of AuthZEN, when it is one of visible characters; else the node's own. */
struct text authzen_request_id(struct call *call);
/* The failure in call->cx gets the status by which AuthZEN tells it. Elsewhere it stays. */
void authzen_tell_status(struct call *call);

/* ---- entities, as they come in */
struct authzen_subject {
    struct text type;
    struct text id;
    char       *properties; /* an object; nothing in it is read */
};
struct authzen_purpose {
    struct text purpose; /* empty: none */
};
struct authzen_action {
    struct text             name;
    struct authzen_purpose *properties; /* NULL: none, as below */
};
struct authzen_kinds {
    struct attribute_set attributes;
};
struct authzen_resource {
    struct text           type;
    struct text           id;
    struct authzen_kinds *properties;
};
extern const struct shape SHAPE_AUTHZEN_SUBJECT, SHAPE_AUTHZEN_SUBJECT_TYPE; /* struct authzen_subject */
extern const struct shape SHAPE_AUTHZEN_ACTION;                              /* struct authzen_action */
extern const struct shape SHAPE_AUTHZEN_CONTEXT;                             /* struct authzen_purpose */
/* struct authzen_resource: with id and kinds; with a type, and kinds perhaps. */
extern const struct shape SHAPE_AUTHZEN_RESOURCE, SHAPE_AUTHZEN_RESOURCE_TYPE;

/* All four of them; NULL: not there. */
struct authzen_question {
    struct authzen_subject  *subject;
    struct authzen_action   *action;
    struct authzen_resource *resource;
    struct authzen_purpose  *context;
};
/* The purpose stands with the action or in the context. MALFORMED request.missing_member |
 * evaluation.two_purposes, INVALID disclosure.empty; `needs_purpose` false: none is none. */
err authzen_question(struct ctx *cx, const struct authzen_question *question, bool needs_purpose,
                     struct evaluation *out) MUST_CHECK;

#endif
