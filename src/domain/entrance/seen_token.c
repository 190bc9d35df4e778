/* SPDX-License-Identifier: Apache-2.0
 * Only a hash is stored, so that a row has one size whatever others choose for a name. */
#include "domain/entrance/seen_token.h"

#include "store/data_age.h"
#include "store/queries.h"

#define FORGET_MOST 500
#define FORGET_LATER_MS 60000 /* beyond the end: by no server's clock it may be good for a moment again */

static void add_part(struct sha256 *hash, struct bytes part)
{
    uint8_t size[8];
    for (size_t i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)((uint64_t)part.size >> (56 - 8 * i));
    sha256_add(hash, (struct bytes){size, sizeof size});
    sha256_add(hash, part);
}

void seen_token_of(seen_kind kind, struct bytes by, struct text token_id, struct seen_token *out)
{
    const uint8_t number = (uint8_t)kind;
    struct sha256 hash = sha256_begin();
    *out = (struct seen_token){.reason = NULL}; /* whoever calls says the rest: nothing of it may be left from before */
    add_part(&hash, (struct bytes){&number, 1});
    add_part(&hash, by);
    add_part(&hash, bytes_of_text(token_id));
    sha256_finish(&hash, out->hash);
}

err seen_token_use(struct ctx *cx, const struct seen_token *token)
{
    const struct bytes hash = {token->hash, HASH_BYTES};
    int64_t inserted = 0;
    if (token->in_ledger)
        TRY(sql_seen_read_token_insert(cx, &(struct sql_seen_read_token_insert_in){hash, token->expires_at_ms},
                                       &inserted));
    else
        TRY(sql_seen_token_insert(cx, &(struct sql_seen_token_insert_in){hash, token->expires_at_ms}, &inserted));
    if (inserted != 1)
        return FAIL(cx, UNAUTHENTICATED, token->reason, "this was used before: make a new one for each request");
    return OK;
}

err seen_token_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    const int64_t until_ms = cx->now_ms - FORGET_LATER_MS;
    int64_t of_reads = 0;
    int64_t of_others = 0;
    int64_t of_tokens = 0;
    store_keep_house(cx);
    TRY(sql_seen_read_token_forget(cx, &(struct sql_seen_read_token_forget_in){until_ms, FORGET_MOST}, &of_reads));
    TRY(sql_seen_token_forget(cx, &(struct sql_seen_token_forget_in){until_ms, FORGET_MOST}, &of_others));
    TRY(sql_access_token_forget(cx, &(struct sql_access_token_forget_in){until_ms, FORGET_MOST}, &of_tokens));
    *left = of_reads == FORGET_MOST || of_others == FORGET_MOST || of_tokens == FORGET_MOST;
    return OK;
}
