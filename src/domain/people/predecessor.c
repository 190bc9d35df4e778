/* SPDX-License-Identifier: Apache-2.0
 * Rows of predecessors in and out, and their keys. What becomes of records and requests stands in invitation.c, how the
 * list of disclosures leads through the chains in disclosure_list.c. */
#include "domain/people/predecessor.h"

#include <string.h>

#include "crypto/seal.h"
#include "domain/people/person.h"
#include "domain/people/person_key.h"
#include "domain/sharing/disclosure_store.h"
#include "store/queries.h"

static struct seal_place place_of(int64_t person_id, int64_t predecessor_id)
{
    return (struct seal_place){.person_id = person_id, .kind = SEAL_PREDECESSOR_KEY, .item = predecessor_id};
}

err predecessor_add(struct ctx *cx, int64_t person_id, int64_t predecessor_id)
{
    struct disclosure_head head;
    PERSON_KEY key;
    PERSON_KEY theirs;
    TRY(disclosure_head_load(cx, person_id, &head));
    TRY(person_key_open(cx, person_id, &key));
    TRY(person_key_open(cx, predecessor_id, &theirs));
    struct sql_predecessor_insert_in row = {
        .person_id = person_id,
        .predecessor_id = predecessor_id,
        .claimed_at_ms = cx->now_ms,
        .after_id = head.last_id,
    };
    struct seal_place place = place_of(person_id, predecessor_id);
    TRY(seal(cx, &key, &place, (struct bytes){theirs.at, sizeof theirs.at}, &row.sealed));
    return sql_predecessor_insert(cx, &row, NULL);
}

err predecessor_list(struct ctx *cx, int64_t person_id, struct predecessor **out, size_t *out_count)
{
    struct sql_predecessor_list_in in = {person_id};
    struct sql_predecessor_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_predecessor_list(cx, &in, &rows, &count));
    struct predecessor *predecessors = ARENA_ARRAY(cx->arena, struct predecessor, count);
    if (predecessors == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        predecessors[i] = (struct predecessor){rows[i].predecessor_id, rows[i].after_id, rows[i].sealed};
    *out = predecessors;
    *out_count = count;
    return OK;
}

err predecessor_key_open(struct ctx *cx, int64_t person_id, const struct secret_key *key,
                         const struct predecessor *predecessor, struct secret_key *out)
{
    struct seal_place place = place_of(person_id, predecessor->person_id);
    struct bytes plain;
    TRY(seal_open(cx, key, &place, predecessor->sealed_key, &plain));
    if (plain.size != sizeof out->at)
        return FAIL(cx, CORRUPT, "person.key_lost", "the key of a predecessor has another size");
    memcpy(out->at, plain.at, sizeof out->at);
    secret_wipe((void *)(uintptr_t)plain.at, plain.size); /* the arena's, not the caller's */
    return OK;
}

/* As their successor holds it, when somebody has taken their place. */
static err open_inherited(struct ctx *cx, int64_t person_id, struct secret_key *out)
{
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    int64_t claimer_id = 0;
    PERSON_KEY key;
    TRY(person_resolve(cx, person_id, &claimer_id));
    TRY(person_key_open(cx, claimer_id, &key)); /* nobody's successor: their own, which is destroyed */
    TRY(predecessor_list(cx, claimer_id, &predecessors, &count));
    for (size_t i = 0; i < count; i++)
        if (predecessors[i].person_id == person_id && predecessors[i].sealed_key.size > 0)
            return predecessor_key_open(cx, claimer_id, &key, &predecessors[i], out);
    return person_key_open(cx, person_id, out);
}

err predecessor_or_person_key_open(struct ctx *cx, int64_t person_id, struct secret_key *out)
{
    err result = person_key_open(cx, person_id, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    return open_inherited(cx, person_id, out);
}
