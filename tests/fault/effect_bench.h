/* SPDX-License-Identifier: Apache-2.0
 * One node for all scenes, on which everything that a use case needs is ready, and who acts on it. It is made once;
 * each run has a copy of its folder. */
#ifndef TESTS_FAULT_EFFECT_BENCH_H
#define TESTS_FAULT_EFFECT_BENCH_H

#include "app/node.h"
#include "domain/entrance/system_key.h"
#include "domain/entrance/passkey.h"
#include "fault/effect_plan.h"
#include "support/web_client.h"
#include "support/world.h"

/* What a system signs with (RFC 8037 appendix A.2). */
#define BENCH_KEYS \
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

/* How much there is to see; of a list that failed half-way it would be less. */
struct sight {
    size_t values, versions, relationships, requests, grants, reads, receipts, records;
    size_t departments, systems, purposes;
};

struct bench {
    struct world        world; /* its node is the one below, with an arena of its own */
    struct node         node;
    struct arena       *founding; /* what the members below borrow from */
    char                root[96];
    struct purpose      draft;
    struct purpose      parcel; /* published, as world.delivery is, for the next two grants */
    struct purpose      season;
    struct relationship relationship; /* of Ada, with grants, requests and records */
    struct grant        grant;
    struct grant        counted;  /* for three reads */
    struct grant        eventful; /* until an event */
    struct request      request;
    struct request      countered;
    struct relationship quiet;    /* of Bob, with a grant: nothing happens to it but reads */
    struct relationship paused;   /* of Gil */
    struct relationship proposed; /* by Fay */
    struct actor        eve;  /* is here, and has no relationship */
    struct actor        till; /* a system that may go */
    struct text         code; /* that nobody has claimed */
    struct relationship brought; /* of somebody whom a file has brought, with records … */
    struct text         brought_code; /* … and the code */
    struct text         link; /* by which nobody has signed in */
    struct text         session; /* Eve's */
    struct actor        eve_elsewhere; /* in another session */
    struct text         key;  /* of the till */
    struct actor        signer; /* a system that signs */
    struct passkey      passkey; /* Eve's */
    struct text         paper;   /* a printed code of hers */
    int64_t             member_id; /* of one who may leave */
    struct text         badge;     /* the code of one who may join */
    struct actor        web;      /* a client with a browser before it */
    struct tokens       tokens;   /* what it has of Ada */
    int64_t             authorization_id;
    int64_t             web_grant_id; /* what it may read by */
    struct kept         pushed;   /* what Ada has not answered yet */
    struct kept         answered; /* a code that nobody has redeemed */
    struct sight        of_ada;
    struct sight        of_shipping;
    int                 backups;
};

/* A node in an empty folder, filled and closed again. */
void bench_found(struct bench *bench, const char *root);
/* Opens the node in `root`/node as the program does; its clock and its numbers are effects. */
err bench_open(struct bench *bench, const char *root) MUST_CHECK;
void bench_close(struct bench *bench);

/* Runs a store_write_fn as `actor`. */
err bench_write(struct bench *bench, struct actor actor, store_write_fn run, void *arg) MUST_CHECK;
/* A read of the address as Shipping, wholly given; CONFLICT scene.wrong when it is refused. */
err bench_read(struct bench *bench, const struct relationship *relationship, const struct purpose *purpose) MUST_CHECK;
/* What a person and a system find in their lists. */
err bench_look_as_person(struct bench *bench, struct sight *out) MUST_CHECK;
err bench_look_as_system(struct bench *bench, struct sight *out) MUST_CHECK;

#endif
