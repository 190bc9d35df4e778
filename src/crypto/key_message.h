/* SPDX-License-Identifier: Apache-2.0
 * What a keyring asks the key holder, and what it is told: one datagram each way, of fixed members and at most
 * KEY_DATA_BYTES behind them, without pointers, both ends of one build. Inside crypto/ only. */
#ifndef CRYPTO_KEY_MESSAGE_H
#define CRYPTO_KEY_MESSAGE_H

#include <stddef.h>

#include "base/ctx.h"
#include "crypto/keyring.h"

typedef enum key_act {
    KEY_ACT_GREET = 1,      /* -> number: what its process lacks; data: struct key_greeting */
    KEY_ACT_HAS_BUCKETS,    /* -> number: 0 or 1 */
    KEY_ACT_BUCKET_OPEN,    /* number: bucket, data: nothing, or its sealed key, which is in no file -> data: its key */
    KEY_ACT_BUCKET_MAKE,    /* number: bucket -> number: 0 when it was there before, else 1 */
    KEY_ACT_BUCKET_DESTROY, /* number: bucket */
    KEY_ACT_LOG_SIGN,       /* data: message -> data: signature */
    KEY_ACT_SIGNING_MAKE,   /* kind, number: whose -> data: sealed key, number: its octets, then the public JWK */
    KEY_ACT_SIGNING_PUBLIC, /* kind, number, data: sealed key -> data: public JWK */
    KEY_ACT_SIGN,           /* kind, number, data: hash, sealed key -> data: signature */
    KEY_ACT_MARK_LOAD,      /* -> data: the mark, or nothing */
    KEY_ACT_MARK_KEEP,      /* data: the mark */
    KEY_ACT_GENERATIONS_LOAD, /* -> number: 0 when there is no whole mark, else 1; data: its numbers */
    KEY_ACT_GENERATIONS_KEEP, /* data: the numbers */
    KEY_ACT_BUCKET_SEAL,    /* number: bucket -> data: a fresh key for it, sealed; the holder keeps nothing of it */
    /* of a holder that was started for a move of the keys alone */
    KEY_ACT_BUCKET_SHOW,    /* number: bucket -> data: its key as it lies in its file */
    KEY_ACT_BUCKET_KEEP,    /* number: bucket, data: its sealed key -> number: 0 when it has a file already, else 1 */
    KEY_ACT_BUCKETS_CLEAR,  /* -> number: so many files were destroyed; 0: there are none left */
} key_act;

#define KEY_DATA_BYTES 4096

struct key_question {
    int32_t  act;
    uint32_t size; /* octets of data */
    int64_t  number;
    int64_t  kind; /* signing_kind */
    uint8_t  data[KEY_DATA_BYTES];
};

struct key_answer {
    int32_t  failure; /* 0: none; else the line in key_failure.def, and data is its sentence */
    uint32_t size;
    int64_t  number;
    uint8_t  data[KEY_DATA_BYTES];
};

/* What the server needs all the time: it gets it once. The keys that are not handed are zeros. */
struct key_greeting {
    uint8_t           log_public[SIGN_PUBLIC_BYTES];
    struct secret_key node_keys[KEYRING_NODE_KEYS]; /* by node_key */
};

#define KEY_QUESTION_HEAD_BYTES offsetof(struct key_question, data)
#define KEY_ANSWER_HEAD_BYTES offsetof(struct key_answer, data)

/* Over a socket of whole datagrams (SOCK_SEQPACKET). False when the other end is gone or said something else than a
 * whole message. */
bool key_question_send(int socket, struct key_question *question) MUST_CHECK;
bool key_question_receive(int socket, struct key_question *out) MUST_CHECK;
bool key_answer_send(int socket, struct key_answer *answer) MUST_CHECK;
bool key_answer_receive(int socket, struct key_answer *out) MUST_CHECK;

/* A failure goes through by its line in the table and comes out as what it was. */
void key_answer_of_failure(const struct failure *failure, struct key_answer *out);
err key_answer_failed(struct ctx *cx, const struct key_answer *answer) MUST_CHECK; /* OK when it has not */

/* False when it would not fit. */
bool key_question_add(struct key_question *question, struct bytes more) MUST_CHECK;
bool key_answer_add(struct key_answer *answer, struct bytes more) MUST_CHECK;

#endif
