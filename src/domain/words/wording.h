/* SPDX-License-Identifier: Apache-2.0
 * The checks that a purpose passes before people ever see it: plain words (readability, no pressure, no vagueness),
 * no more data than the stated purpose can need, sensible times. Pure: no clock, no store. All findings come at once,
 * each with the place and a stable reason; a purpose with one finding is not published. The rules and their numbers
 * stand in docs/manual/wording.md. */
#ifndef DOMAIN_WORDING_H
#define DOMAIN_WORDING_H

#include "base/ctx.h"
#include "domain/words/attribute_set.h"
#include "domain/words/finding.h"

/* What nobody has said yet: silence is not a "no". */
struct purpose_unsaid {
    bool passed_on;
    bool scored;
    bool leaves_eea;
    bool trains_ai;
    bool retention;
};
#define PURPOSE_ALL_UNSAID                                                                                             \
    ((struct purpose_unsaid){                                                                                          \
        .passed_on = true, .scored = true, .leaves_eea = true, .trains_ai = true, .retention = true})

/* What people will read and what they would give. Views; the caller keeps the bytes. */
struct purpose_text {
    struct text          name;
    struct text          sentence;    /* why, in one sentence */
    struct text          example;
    struct text          benefit;     /* what the person gets */
    struct text          if_no;       /* what happens on "no" */
    struct text          language;    /* "en", "de", "fr", "nl", also with a region: "de-CH" */
    struct text          term;        /* "dpv:DeliveryOfGoods" */
    struct text          legal_basis; /* "consent" */
    struct attribute_set needed;
    struct attribute_set optional;
    int64_t              longest_ms;
    int64_t              shortest_useful_ms;
    int64_t              retention_ms; /* kept after the end of the grant */
    const struct text   *passed_on;    /* names of recipients */
    size_t               passed_on_count;
    bool                 scored;
    bool                 leaves_eea;
    bool                 trains_ai;
    struct purpose_unsaid unsaid;
};

/* Fails only for memory (TOO_LARGE limit.memory): bad wording is a finding, not a failure. */
err wording_check(struct ctx *cx, const struct purpose_text *purpose, struct findings *out) MUST_CHECK;

/* LIX of a text in that language, rounded, for showing while somebody writes; 0 without words or memory. */
int64_t wording_lix(struct arena *arena, struct text text, struct text language);

#endif
