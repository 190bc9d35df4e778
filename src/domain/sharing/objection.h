/* SPDX-License-Identifier: Apache-2.0
 * A person's objection to the sale of his data and to advertising by it, in one relationship: by a signal of his
 * browser (W3C Global Privacy Control) or by his own word. While it stands, no grant that is older lets data leave for
 * such a purpose; one that he gives later is his newer word. An act makes it what it is; a signal speaks only where he
 * has said nothing yet. */
#ifndef DOMAIN_OBJECTION_H
#define DOMAIN_OBJECTION_H

#include "base/ctx.h"
#include "domain/words/vocabulary.h"

/* Stored, never reused. */
typedef enum objection_state {
    OBJECTION_NONE = 0,      /* nothing was said */
    OBJECTION_SIGNALLED = 1, /* the person's browser objects */
    OBJECTION_MADE = 2,      /* the person does */
    OBJECTION_LIFTED = 3,    /* the person does not, whatever a browser says */
} objection_state;

struct objection {
    objection_state state;
    int64_t         act_id; /* that made it so; 0: none */
};

/* ---- pure rules */
bool objection_stands(const struct objection *objection);
bool objection_outweighs(const struct objection *objection, int64_t grant_id); /* it stands, and is the newer word */
int64_t objection_since_ms(const struct objection *objection); /* 0: nothing was said */

/* Whether an objection is against a purpose with this term, of which these pass the data on. */
bool objection_is_against(dpv_purpose term, bool passed_on);
/* The broader terms of such purposes, one after the other; `out_passed_on`: only when the data is passed on. False
 * behind the last. */
bool objection_term(size_t at, dpv_purpose *out, bool *out_passed_on);
/* The same of one version of a purpose: NOT_FOUND when it is not there. */
err objection_is_against_version(struct ctx *cx, const struct id *purpose, int64_t version, bool *out) MUST_CHECK;

struct relationship;
struct grant;

/* Marks those of these grants of one purpose that it outweighs: they permit nothing while it stands. */
err objection_mark(struct ctx *cx, const struct relationship *relationship, struct grant *grants,
                   size_t count) MUST_CHECK;

#endif
