/* SPDX-License-Identifier: Apache-2.0
 * A client with a browser before it, for tests of the domain: it pushes a request, somebody of the world answers, it
 * redeems what came of that. Every helper fails the test when the domain does. */
#ifndef TESTS_SUPPORT_WEB_CLIENT_H
#define TESTS_SUPPORT_WEB_CLIENT_H

#include "domain/entrance/authorization.h"
#include "support/world.h"

#define BACK "https://shop.example/back"
#define THUMBPRINT_TEXT "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const uint8_t THUMBPRINT[HASH_BYTES] = {1, 2, 3};

/* A text that outlives the steps. */
struct kept {
    char   at[160];
    size_t size;
};

struct tokens {
    struct kept access, refresh;
};

void web_keep(struct kept *kept, struct text text);
struct text web_text_kept(const struct kept *kept);
struct actor web_make_client(struct world *world);
struct seen_token web_one_use(int64_t number, const char *reason);
int64_t web_next_number(struct world *world);
struct kept web_push(struct world *world, const struct actor *client, const char *thumbprint);
struct authorization_answer web_answer_of(struct world *world, const struct kept *name);
/* Ada lets the client have what it asks; what is left of it is the code. */
struct grant web_accept(struct world *world, const struct actor *client, struct kept *out_code);
struct authorization_redeem web_redeem_of(struct world *world, const struct actor *client, const struct kept *text);
struct tokens web_redeem(struct world *world, const struct actor *client, const struct kept *text);
void web_refuse(struct world *world, struct authorization_redeem *act);
bool web_lives(struct world *world, const struct kept *access, struct authorization_token *out);
err web_end_one(struct ctx *cx, void *arg);
err web_end_all(struct ctx *cx, void *arg);

#endif
