/* SPDX-License-Identifier: Apache-2.0
 * A contact in the making: values are trimmed, checked, counted and copied into the arena of the caller on their way
 * in, and what does not pass leaves a notice instead. Both readers build their contacts through this alone. */
#ifndef PROTOCOL_CONTACT_DRAFT_H
#define PROTOCOL_CONTACT_DRAFT_H

#include "protocol/contact_reader.h"

struct contact_draft {
    struct ctx     *cx;
    struct contact *contact;
    int64_t         line; /* where the value that comes in stands; for notices */
    size_t          kept_bytes;
    bool            is_too_large;
};

/* `line` is where the contact begins. Fails TOO_LARGE limit.memory. */
err draft_open(struct ctx *cx, int64_t line, struct contact_draft *out) MUST_CHECK;

/* A single value. Empty: nothing happens. Set already: an equal one is nothing, another one a notice, and a note goes
 * under the note. */
void draft_put(struct contact_draft *draft, contact_field field, struct text value);

/* A value of a list; an e-mail address must be one that a vault would take. `value.type` is made a type word
 * (draft_type_word). False when it was left out. */
bool draft_add(struct contact_draft *draft, contact_field field, struct contact_value value);
bool draft_add_address(struct contact_draft *draft, struct contact_address address); /* false when it has no part */

void draft_notice(struct contact_draft *draft, const char *about, contact_reason reason);

/* Copies a text that passed from elsewhere, counted like the others. */
struct text draft_keep(struct contact_draft *draft, struct text text);

/* The words of a type in our spelling: lower case, "cell" is "mobile", "business" is "work"; words that say nothing
 * (internet, voice, smtp, *) go. */
struct text draft_type_word(struct arena *arena, struct text type);

/* The finished contact, or the reason why it is none (CONTACT_NOBODY, CONTACT_TOO_LARGE_ROW). Fails TOO_LARGE
 * limit.memory. */
err draft_close(struct contact_draft *draft, struct contact **out, struct contact_problem *problem) MUST_CHECK;

#endif
