/* SPDX-License-Identifier: Apache-2.0
 * A life of a node under a recording: people come, give, are read, stop and are forgotten, the log is numbered, proofs
 * are handed out, the files are checkpointed, closed and opened again. Whatever the node has acknowledged becomes a
 * fact that is true of every crash after it; what has only begun may have happened or not. */
#ifndef TESTS_FAULT_POWER_LOAD_H
#define TESTS_FAULT_POWER_LOAD_H

#include "app/node.h"
#include "fault/disk_journal.h"
#include "support/dice.h"
#include "support/world.h"

typedef enum fact_kind {
    FACT_PERSON,   /* is here and has a key */
    FACT_VALUE,    /* of the vault: item the version, text the value */
    FACT_GRANT,    /* stands, until it is being stopped */
    FACT_STOPPING, /* may be stopped from here on */
    FACT_STOPPED,
    FACT_READ,     /* item: the row of the ledger */
    FACT_IMPORTED, /* text: id of a relationship with records */
    FACT_PROOF,    /* item: the receipt, text: as signed, more: its proof */
    FACT_HEAD,     /* text: a published checkpoint */
    FACT_BACKUP,   /* text: a folder; item: how many people are in it at least */
    FACT_ERASING,  /* may be gone from here on */
    FACT_ERASED,   /* item: the bucket that held the key */
} fact_kind;

struct fact {
    fact_kind kind;
    size_t    at; /* ops of the journal by then */
    int64_t   person_id;
    int64_t   item;
    char     *text;
    char     *more;
};

struct book {
    size_t       count;
    size_t       capacity;
    struct fact *facts;
};

/* What the driver has to act with. */
struct customer {
    struct actor        actor;
    struct relationship relationship;
    struct grant        grant;
    bool                has_grant;
    bool                gone;
};

#define CUSTOMERS_MAX 64

/* Words of marks: the pass that numbers the log. */
enum { MARK_PASS_BEGINS = 1, MARK_PASS_ENDS };

struct power {
    struct world         world; /* its node is the one below, with an arena of its own */
    struct node          node;
    struct dice          dice;
    struct dice          node_dice; /* the node's own numbers */
    char                 root[80];
    struct disk_journal *journal; /* NULL: nothing is recorded */
    struct book          book;
    size_t               founded_at; /* ops by when the world stood; 0: before the recording */
    struct customer      customers[CUSTOMERS_MAX];
    int                  customers_count;
    int64_t              steps; /* of all lives */
    int64_t              acknowledged;
};

/* Opens the node in `root`/node, as the program does. The failure of a node that does not open is in node.cx. */
err power_open(struct power *power) MUST_CHECK;
void power_close(struct power *power);

void power_found(struct power *power);             /* a shop, its department, a purpose */
void power_run(struct power *power, int64_t steps); /* that many drawn steps; the node is open before and after */

/* Forgets what a cut at `at` has taken from what was under way; facts that stay are true from the beginning. */
void power_cut(struct power *power, size_t at);
void power_free(struct power *power);

/* ---- for the steps */
void power_fact(struct power *power, const struct fact *fact); /* copies the texts; fills `at` */
void power_group(struct power *power);                         /* several writes of one commit */
struct customer *power_customer(struct power *power);          /* one that is here, NULL: nobody */
void power_value(struct power *power, char *out, size_t out_size);

#endif
