/* SPDX-License-Identifier: Apache-2.0
 * Names of events in and out of rows. A column of text holds them, so what is sealed is written in letters. */
#include "domain/sharing/uses_store.h"

#include "base/text.h"
#include "crypto/seal.h"
#include "domain/people/person_key.h"

#define MARK '\x01' /* no name begins with it: uses_check() takes plain words only */

static struct seal_place place_of(const struct uses_place *place)
{
    return (struct seal_place){.person_id = place->person_id, .kind = SEAL_USES_EVENT, .item = place->subject_id,
        .version = place->is_counter ? 2 : 1};
}

err uses_event_seal(struct ctx *cx, const struct uses_place *place, struct text event, struct text *out_stored)
{
    struct seal_place where = place_of(place);
    struct bytes sealed;
    PERSON_KEY key;
    if (event.size == 0) {
        *out_stored = TEXT_NONE;
        return OK;
    }
    TRY(person_key_open(cx, place->person_id, &key));
    TRY(seal(cx, &key, &where, bytes_of_text(event), &sealed));
    struct text letters = base64url_encode(cx->arena, sealed);
    struct text stored = text_format(cx->arena, "%c%.*s", MARK, TEXT_ARGS(letters));
    if (letters.at == NULL || stored.at == NULL)
        return FAIL_MEMORY(cx);
    *out_stored = stored;
    return OK;
}

static err fail_broken(struct ctx *cx)
{
    return FAIL(cx, CORRUPT, "seal.broken", "the name of an event is not what was sealed");
}

err uses_event_open(struct ctx *cx, const struct uses_place *place, struct text stored, struct text *out_event)
{
    struct seal_place where = place_of(place);
    struct bytes sealed;
    struct bytes plain;
    PERSON_KEY key;
    if (stored.size == 0 || stored.at[0] != MARK) {
        *out_event = stored;
        return OK;
    }
    if (!base64url_decode(cx->arena, (struct text){stored.at + 1, stored.size - 1}, &sealed))
        return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : fail_broken(cx);
    err result = person_key_open(cx, place->person_id, &key);
    if (result == NOT_FOUND) { /* destroyed; the row is emptied next */
        failure_clear(&cx->failure);
        *out_event = TEXT_NONE;
        return OK;
    }
    TRY(result);
    TRY(seal_open(cx, &key, &where, sealed, &plain));
    *out_event = text_of_bytes(plain);
    return OK;
}
