/* SPDX-License-Identifier: Apache-2.0
 * A second, naive telling of the rules of relationships, requests, grants and reads: plain arrays, small numbers,
 * nothing shared with the code under test. What stands here is the state; what changes it stands in moves.h. */
#ifndef TESTS_SUPPORT_LIFE_MODEL_H
#define TESTS_SUPPORT_LIFE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define KINDS 4
#define ORGANISATIONS 2
#define DEPARTMENTS 2  /* of each organisation */
#define PURPOSES 2     /* of each organisation */
#define VERSIONS 100
#define PEOPLE_MAX 64
#define MANY 3000      /* of each thing below */
#define HISTORY 12

enum { S_NONE, S_INVITED, S_PROPOSED, S_ACTIVE, S_PAUSED, S_ENDED };               /* relationships */
enum { G_ACTIVE = 1, G_WITHDRAWN, G_EXPIRED, G_USED_UP, G_ENDED };                 /* grants */
enum { R_OPEN = 1, R_ACCEPTED, R_ADJUSTED, R_COUNTERED, R_REFUSED, R_CANCELLED, R_LAPSED };
enum { U_PERIOD, U_ONCE, U_TIMES, U_EVENT };

struct m_uses {
    int     kind;
    int64_t max;
    int     event; /* 0: none */
};

struct m_version {
    unsigned needed;
    unsigned optional;
    unsigned departments; /* bits by number inside the organisation */
    int64_t  longest;
    bool     published;
};

struct m_purpose {
    int              organisation;
    int              count; /* of versions; the newest is the last */
    struct m_version versions[VERSIONS];
    int64_t          real_id;
};

struct m_person {
    bool    is_here;
    bool    is_erased;
    int     values[KINDS]; /* 0: none; else the number in the value */
    int64_t given;         /* rows of the ledger */
    int64_t refused;
    int64_t real_id;
};

struct m_invitation {
    int     organisation;
    int     relationship; /* -1: for many */
    int     left;
    int64_t expires;
    char    code[80];
};

struct m_relationship {
    int     person; /* -1: nobody yet */
    int     organisation;
    int     state;
    int     nature;
    bool    was_started;
    int64_t ends;
    int64_t review;
    int64_t refused_early; /* reads before anybody had claimed it */
    int64_t real_id;
    int64_t real_person;
};

/* What a grant was from a moment on. */
struct m_past {
    int64_t       at;
    int           state;
    unsigned      kinds;
    unsigned      departments;
    int64_t       until;
    struct m_uses uses;
};

struct m_grant {
    int           relationship;
    int           purpose;
    int           version;
    int           state; /* as acts left it */
    unsigned      kinds;
    unsigned      departments;
    int64_t       until;
    struct m_uses uses;
    int64_t       used;
    struct m_past past[HISTORY];
    int           past_count;
    int64_t       real_id;
};

struct m_request {
    int           relationship;
    int           department;
    int           purpose;
    int           version;
    int           state;
    int           revision;
    unsigned      kinds;
    int64_t       duration;
    struct m_uses uses;
    unsigned      counter_kinds;
    int64_t       counter_duration;
    struct m_uses counter_uses;
    int64_t       expires;
    int           grant; /* -1: none */
    int64_t       real_id;
};

/* One use of a counted grant. */
struct m_use {
    int     grant;
    int64_t at;
};

struct model {
    int64_t               now;
    struct m_purpose      purposes[ORGANISATIONS * PURPOSES];
    struct m_person       people[PEOPLE_MAX];
    int                   people_count;
    struct m_invitation   invitations[MANY];
    int                   invitations_count;
    struct m_relationship relationships[MANY];
    int                   relationships_count;
    struct m_grant        grants[MANY];
    int                   grants_count;
    struct m_request      requests[MANY];
    int                   requests_count;
    struct m_use          uses[MANY * 8];
    int                   uses_count;
};

#endif
