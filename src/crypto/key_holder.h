/* SPDX-License-Identifier: Apache-2.0
 * Who holds the keys of a node: the only one that reads and writes the key folder, and the only one that knows the
 * root, the key of the log and the key that seals signing keys. Answers the questions of a keyring (crypto/keyring.h):
 * in the program from a process of its own, in tests by a plain call. Nothing in it changes after opening, so it is
 * safe for many threads, and for several holders on one folder. */
#ifndef CRYPTO_KEY_HOLDER_H
#define CRYPTO_KEY_HOLDER_H

#include "base/ctx.h"
#include "crypto/keyring.h"

struct key_holder;
struct key_question; /* crypto/key_message.h */
struct key_answer;

/* Fails as keyring_open(). */
err key_holder_open(struct ctx *cx, const char *folder, bool create, struct key_holder **out) MUST_CHECK;
void key_holder_close(struct key_holder *holder); /* wipes every key; takes NULL */

/* For who moves the keys elsewhere: nobody else may at the same time. UNAVAILABLE key.moving when somebody does. */
err key_holder_lock(struct ctx *cx, const struct key_holder *holder) MUST_CHECK;

/* Takes any question. Fails as the calls of keyring.h say, INTERNAL key.question for one that none of them asks; the
 * caller wipes `out`. */
err key_holder_answer(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                      struct key_answer *out) MUST_CHECK;

/* What stands between a socket and a holder. */
struct key_service {
    struct key_holder *holder; /* NULL: it could not be opened, as cx->failure says */
    int64_t            lacks;  /* told in the greeting, for the server's log */
    bool               moves;  /* answers what only a move of the keys asks (crypto/key_carry.h) */
    void (*destroyed)(void *self, int64_t bucket); /* hears of each key that was destroyed; may be NULL */
    void              *self;
};
/* Answers what comes out of the socket, one question at a time, until its other end is gone, or until it has told that
 * the holder could not be opened. Resets the arena of `cx` behind each. Destroys LIMIT_KEYS_DESTROYED keys at once, and
 * one more in each LIMIT_KEYS_DESTROYED_EVERY_MS, whoever asks: further ones fail UNAVAILABLE key.destroy_rate. */
void key_service_run(struct ctx *cx, const struct key_service *service, int socket);

/* BLAKE2b, libsodium's crypto_kdf: the key of the node that has this number. */
void key_derive(const struct secret_key *root, node_key which, struct secret_key *out);

#endif
