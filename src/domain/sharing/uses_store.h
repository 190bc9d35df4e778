/* SPDX-License-Identifier: Apache-2.0
 * The name of an event as it lies in the rows of acts, grants and requests: words of a person or an organisation, so
 * they are sealed under the person's key and go with it. A row says MARK and then base64url; what has no MARK is from
 * before names were sealed, and reads as it stands. Whoever asks for the name in a row of somebody whose key is
 * destroyed gets an empty one: the facts stay, the words do not. */
#ifndef DOMAIN_USES_STORE_H
#define DOMAIN_USES_STORE_H

#include "domain/sharing/uses.h"

/* Whose event it is, and of what: no name opens in another row. */
struct uses_place {
    int64_t person_id;
    int64_t subject_id; /* the grant or request */
    bool    is_counter; /* the person's counter-offer, in the row of a request */
};

/* Inside a write: `event` as a row holds it; empty stays empty. NOT_FOUND person.erased. */
err uses_event_seal(struct ctx *cx, const struct uses_place *place, struct text event,
                    struct text *out_stored) MUST_CHECK;
/* Borrows `stored` when there is nothing to open. Fails CORRUPT seal.broken. */
err uses_event_open(struct ctx *cx, const struct uses_place *place, struct text stored,
                    struct text *out_event) MUST_CHECK;

#endif
