/* SPDX-License-Identifier: Apache-2.0
 * The checks that a purpose passes before people ever see it: plain words (readability, no pressure, no vagueness), no more
 * data than the stated purpose can need, sensible times. Pure: no clock, no store. All findings come at once, each with the
 * place and a stable reason; a purpose with one finding is not published. The rules and their numbers stand in
 * docs/manual/wording.md. */
#ifndef DOMAIN_WORDING_H
#define DOMAIN_WORDING_H

#include "base/ctx.h"
#include "domain/attribute_set.h"

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
};

struct finding {
    const char *pointer; /* JSON pointer into the draft: "/sentence", "/attributes/needed", "/facts/passed_on/0" */
    const char *reason;  /* stable word: "wording.too_long", "purpose.over_asking" */
    struct text message; /* one sentence that says what to change */
};

#define FINDINGS_MAX 100 /* beyond it the rest is not listed */

struct findings {
    struct finding *items; /* in the arena */
    size_t          count; /* 0: fit to be published */
};

/* Fails only for memory (TOO_LARGE limit.memory): bad wording is a finding, not a failure. */
err wording_check(struct ctx *cx, const struct purpose_text *purpose, struct findings *out) MUST_CHECK;

#endif
