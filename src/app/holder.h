/* SPDX-License-Identifier: Apache-2.0
 * The process of the key holder: a child of the program that opens the key folder, answers the program's keyring over
 * a socket, and ends when that socket has no other end. It has the folder, the socket and standard error, nothing
 * else. */
#ifndef APP_HOLDER_H
#define APP_HOLDER_H

#include "app/node.h"

/* node_options.open_keys: starts the process, before the program has any thread, and opens node->keyring on it. Fails
 * as keyring_connect(), INTERNAL key.process. */
err holder_start(struct node *node, const char *folder, bool create) MUST_CHECK;
/* The same with a holder for a move of the keys (crypto/key_carry.h). Besides fails UNAVAILABLE key.moving. */
err holder_start_to_move(struct node *node, const char *folder, bool create) MUST_CHECK;

#endif
