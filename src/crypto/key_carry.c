/* SPDX-License-Identifier: Apache-2.0
 * Four questions. */
#include "crypto/key_carry.h"

#include "crypto/keyring_state.h"

err keyring_bucket_show(struct ctx *cx, int64_t bucket, struct bytes *out_sealed)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, KEY_ACT_BUCKET_SHOW, bucket);
    TRY(keyring_ask(cx, cx->keyring, &question, &answer));
    return keyring_keep_answer(cx, &answer, out_sealed);
}

err keyring_bucket_keep(struct ctx *cx, int64_t bucket, struct bytes sealed)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, KEY_ACT_BUCKET_KEEP, bucket);
    TRY(keyring_add(cx, &question, sealed));
    TRY(keyring_ask(cx, cx->keyring, &question, &answer));
    return answer.number != 0 ? OK : FAIL(cx, CONFLICT, "store.not_empty", "a bucket has a key in the folder already");
}

err keyring_buckets_clear(struct ctx *cx)
{
    int64_t count = 1;
    while (count > 0)
        TRY(keyring_ask_number(cx, cx->keyring, KEY_ACT_BUCKETS_CLEAR, &count));
    return OK;
}

err keyring_folder_has_buckets(struct ctx *cx, bool *out)
{
    int64_t found = 0;
    TRY(keyring_ask_number(cx, cx->keyring, KEY_ACT_HAS_BUCKETS, &found));
    *out = found != 0;
    return OK;
}
