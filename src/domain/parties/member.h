/* SPDX-License-Identifier: Apache-2.0
 * Members: the people who work in an organisation's departments. A member is a row of `person` of the state
 * PERSON_MEMBER, so key, name, passkeys, sessions, alerts and printed codes are those of whoever signs in, and an end
 * of the membership is an erasure of that row. What makes it a member is the row here: organisation, department and
 * role, bound by a tag under a key of the node. Nothing leads from a member to the person who he is as a customer. */
#ifndef DOMAIN_MEMBER_H
#define DOMAIN_MEMBER_H

#include "base/ctx.h"
#include "domain/entrance/session.h"

struct sql_member_row;

typedef enum member_state {
    MEMBER_INVITED = 1,
    MEMBER_ACTIVE,
    MEMBER_ENDED,
} member_state;

struct member {
    int64_t      organisation_id;
    int64_t      member_id; /* his number among all who sign in */
    int64_t      department_id;
    member_role  role;
    member_state state;
    int64_t      invited_at_ms;
    int64_t      expires_at_ms; /* of the invitation */
    int64_t      joined_at_ms;  /* 0: not yet */
    int64_t      ended_at_ms;   /* 0: not */
    struct text  name;          /* empty: ended, and forgotten */
};

/* store_write_fn. By the operator or an admin of the organisation. INVALID member.name, NOT_FOUND the department,
 * TOO_LARGE member.too_many, TOO_MANY member.too_many_a_day (never to the operator). */
struct member_invite {
    int64_t       organisation_id;
    int64_t       department_id;
    struct text   name;
    member_role   role;
    struct member out;
    struct text   out_code; /* shown once, good for LIMIT_MEMBER_CODE_MS */
};
err member_invite(struct ctx *cx, void *arg) MUST_CHECK;

/* Whether a code would be taken up now, or was within LIMIT_CLAIM_ANSWER_MS, and so may have an answer that is kept;
 * leaves it as it is. `out_number` stands for it. NOT_FOUND invitation.unknown. No policy decision: it tells nothing
 * that taking it up does not. */
err member_look(struct ctx *cx, struct text code, uint64_t *out_number) MUST_CHECK;

/* store_write_fn. Takes up an invitation once, and begins a session that has proved nothing yet: it makes a passkey and
 * opens no door of the organisation. NOT_FOUND invitation.unknown. */
struct member_claim {
    struct text            code;
    struct session_browser browser;
    struct member          out;
    struct text            out_session_token;
};
err member_claim(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. Ends a membership: sessions are over at once; key, name and passkeys go with the next erasure.
 * NOT_FOUND also when it has ended. */
struct member_end {
    int64_t organisation_id;
    int64_t member_id;
};
err member_end(struct ctx *cx, void *arg) MUST_CHECK;

/* The caller, who is one. */
err member_load_own(struct ctx *cx, struct member *out) MUST_CHECK;
/* The caller's organisation's, by number, those who left as well. */
struct member_list {
    int64_t        after;
    int64_t        limit;
    struct member *out;
    size_t         out_count;
    bool           out_more;
};
err member_list(struct ctx *cx, struct member_list *list) MUST_CHECK;

/* What a session of PERSON_MEMBER may, added to `actor`, who is filled otherwise. UNAUTHENTICATED session.unknown when
 * it is a member's no more, or the row is not as it was made. */
err member_fill_actor(struct ctx *cx, struct actor *actor) MUST_CHECK;

/* Who may sign in under a number: ID_PERSON, ID_MEMBER or, when nobody may, ID_NONE. */
err human_find(struct ctx *cx, int64_t person_id, struct id *out) MUST_CHECK;
/* Reads the id of either kind, "per_…" or "mem_…"; the number by which that one signs in. NOT_FOUND not_found. */
err human_read_id(struct ctx *cx, struct text text, int64_t *out_person_id) MUST_CHECK;

/* For the audit: whether a row is as it was made. */
err member_row_fits(struct ctx *cx, const struct sql_member_row *row, bool *out) MUST_CHECK;

#endif
