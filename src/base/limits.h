/* SPDX-License-Identifier: Apache-2.0
 * Every maximum, with unit in the name and reason beside it; of each that the outside can reach, + 1 is tested. Those
 * of an import: base/limits_import.h. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H
/* ---- HTTP (docs of the outside contract; RFC 9112 leaves these to the server) */
#define LIMIT_REQUEST_LINE_BYTES (8 * 1024)
#define LIMIT_HEAD_BYTES (32 * 1024)      /* all field lines together */
#define LIMIT_FIELDS 64                   /* field lines of one head */
#define LIMIT_BODY_BYTES (1024 * 1024)    /* the most; http/limit_class.def says which door takes what */
#define LIMIT_BODY_OWN_BYTES (8 * 1024)   /* of each body, beside the memory that bodies share: connections bound it */
#define LIMIT_HEAD_MS 10000               /* whole head, not per read */
#define LIMIT_BODY_MS 30000               /* whole body, not per read */
#define LIMIT_IDLE_MS 60000               /* keep-alive connection without a request */
#define LIMIT_WRITE_MS 30000              /* a reply that the client does not take */
#define LIMIT_DRAIN_MS 10000              /* SIGTERM to exit */
#define LIMIT_DRAIN_CALLS_MS 10000        /* beyond it, for calls whose change waits for the store: two waits of it */
#define LIMIT_CONNECTIONS 8192            /* per server; beyond it a silent one makes room, or accepting pauses */
#define LIMIT_SILENT_MS 1000              /* so long nobody's connection is taken for a newcomer */
#define LIMIT_OUTPUT_BYTES (8 * 1024 * 1024) /* queued output of one connection */
#define LIMIT_LOOP_BODIES_BYTES (128u * 1024 * 1024) /* longer bodies under way on one loop; beyond it 503 */
#define LIMIT_LOOP_UNSENT_BYTES (256u * 1024 * 1024) /* replies not yet taken on one loop; beyond it the slow are cut */
#define LIMIT_PATH_PARTS 10
#define LIMIT_PICTURES 6000               /* of codes to scan, a minute, on one loop: a fiftieth of its time */
#define LIMIT_PICTURES_OF_ADDRESS 600     /* of them, for one address */
#define LIMIT_PICTURES_AT_ONCE 100        /* the same; and so many again for all others */

/* ---- the process that holds the keys */
#define LIMIT_KEYS_MS 5000                /* its answer to one question; beyond it the process counts as lost */
#define LIMIT_KEYS_SILENT_MS 1000         /* the same until the node says that it is not ready */
#define LIMIT_KEYS_DESTROYED 256          /* bucket keys at once, which erasing never wants, and … */
#define LIMIT_KEYS_DESTROYED_EVERY_MS 250 /* … one more in each such time: all at once takes long */
#define LIMIT_BUCKETS_EMPTIED 32          /* at once, then as above: erasing stays clear of the bound of the holder */
#define LIMIT_KEYS_LOCK_MS 300            /* whoever rewrites keys in a database makes readers wait for that long */
#define LIMIT_KEYS_REWRITTEN_BYTES (16 * 1024 * 1024) /* of wrapped keys there, rewritten in an erasure; more: not */

/* ---- what the node tells of itself */
#define LIMIT_LOG_LINES 20                /* of one event in a second, short of errors; then how many were left out */

/* ---- one request */
#define LIMIT_REQUEST_ARENA_BYTES (8u * 1024 * 1024)
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_MEMBERS 1000           /* members or items of one container */
#define LIMIT_PAGE_DEFAULT 50
#define LIMIT_PAGE_MAX 200
#define LIMIT_PAGE_VALUE_BYTES (256 * 1024) /* of versions of a value; the one that reaches it is the page's last */
#define LIMIT_REQUEST_ID_BYTES 128        /* X-Request-ID of a caller, which goes back at the doors of AuthZEN */
#define LIMIT_IDEMPOTENCY_KEY_BYTES 255
#define LIMIT_IDEMPOTENCY_MS (24LL * 3600 * 1000)
#define LIMIT_CLAIM_ANSWER_MS (10LL * 60 * 1000) /* the answer to a claim by somebody new: it signs in */

/* ---- store */
#define LIMIT_WRITE_QUEUE 4096            /* writes waiting for the writer; beyond it 503 at admission */
#define LIMIT_WRITE_RESERVE 1024          /* more of them, kept for what stops something */
#define LIMIT_WRITES_OF_A_PERSON 1024     /* a quarter of them: one session does not fill the queue for all others */
#define LIMIT_STOPS_AT_ONCE 64            /* of one person that go first and use what is kept; then they wait in turn */
#define LIMIT_STOPS_A_MINUTE 6            /* and how soon there may be more of them */
#define LIMIT_STORE_RESERVE_BYTES (16 * 1024 * 1024) /* of the disk, kept for the same: 500 stops, one by one */
#define LIMIT_WRITE_BATCH 512             /* writes of one group commit */
#define LIMIT_WRITE_BATCH_MS 100          /* of running them: then it commits, and the rest are the next batch */
#define LIMIT_STORE_BUSY_MS 5000          /* waiting for another process that writes the same files */
#define LIMIT_POOL_QUEUE 256              /* calls waiting for a thread that may wait for the store */
#define LIMIT_POOL_RESERVE 256            /* more of them, kept for what stops something */
#define LIMIT_POOL_STRANGERS 128          /* of either, those that nobody known has sent */
#define LIMIT_ROWS 10000                  /* rows that one query may bring into an arena */
#define LIMIT_MOVE_PEOPLE 131072          /* changed while their store was copied: one of 1 MiB of numbers; then all */
#define LIMIT_STATEMENT_PARAMETERS 40
#define LIMIT_STATEMENT_COLUMNS 40

/* ---- the domain */
#define LIMIT_BUCKET_PEOPLE 1024          /* people whose keys share a bucket key (cost of one erasure) */
#define LIMIT_ERASURES 256                /* people of the list who are read together */
#define LIMIT_ERASURES_KEYS 2048          /* keys that go together: they share the work on their buckets */
#define LIMIT_DEPARTMENTS 62              /* per organisation: a grant keeps them as bits of one int64 */
#define LIMIT_MEMBERS 1000                /* of an organisation, the invited among them */
#define LIMIT_MEMBERS_A_DAY 200           /* invited into one, but by the operator: each is a row for ever */
#define LIMIT_MEMBER_CODE_MS (7LL * 24 * 3600 * 1000) /* from an invitation of a member to its end */
#define LIMIT_NAME_BYTES 200              /* names of organisations, departments, purposes … */
#define LIMIT_SENTENCE_BYTES 600          /* one plain sentence of a purpose */
#define LIMIT_NOTE_BYTES 500              /* free text of a disclosure or an act */
#define LIMIT_ATTRIBUTE_BYTES (16 * 1024) /* one vault value as JSON */
#define LIMIT_GRANT_MS (366LL * 24 * 3600 * 1000)  /* a grant lasts at most twelve months */
#define LIMIT_USES 1000000
#define LIMIT_GRANTS_OF_PURPOSE 100       /* live ones of one relationship: each read of the purpose looks at all */
#define LIMIT_GRANTS_OF_RELATIONSHIP 256  /* live ones: its end stops all of them in one write */
#define LIMIT_GRANTS 5000                 /* live ones of one person: giving meets it, so no stop meets LIMIT_ROWS */
#define LIMIT_CHANGES_A_DAY 1000          /* of one relationship: each leaves a receipt for ever; no stop meets it */
#define LIMIT_PROPOSALS_A_DAY 100         /* of one person: each leaves a relationship for ever */
#define LIMIT_REFUSED_READS_A_DAY 200     /* of a department, in a relationship; never more: the audit asks for them */
#define LIMIT_QUESTIONS_A_DAY 20          /* entries of a department that only asks whether it may; as above */
#define LIMIT_EVALUATIONS 50              /* questions of one request, and what one page of a search looks at */
#define LIMIT_ACCESS_REQUEST_MS (10LL * 60 * 1000) /* so long a denial's hint holds where to ask the person */
#define LIMIT_REQUESTS_OPEN 100           /* of one department that wait for one person's answer */
#define LIMIT_REQUESTS_A_DAY 200          /* of one department to one person */
#define LIMIT_INVITATIONS 10000           /* claims of one open invitation */
#define LIMIT_INVITATION_MS (90LL * 24 * 3600 * 1000)
#define LIMIT_FINDINGS 1000               /* of an audit that are told; all are counted */
#define LIMIT_STRAY_MS (24LL * 3600 * 1000) /* what a broken write left waits so long for second thoughts */
#define LIMIT_SIGN_IN_LINK_MS (15LL * 60 * 1000)
#define LIMIT_SESSION_MS (14LL * 24 * 3600 * 1000) /* from sign-in to the next one, used or not … */
#define LIMIT_SESSION_IDLE_MS (3LL * 24 * 3600 * 1000) /* … and so long without use */
#define LIMIT_SESSION_NOTE_MS (5LL * 60 * 1000) /* a use is noted once in that time: one write, not one a request */
#define LIMIT_SESSIONS_SHOWN 200          /* of one person, the last used first; ending all others ends more */

/* ---- tokens of organisations' systems */
#define LIMIT_FORM_FIELDS 32              /* parameters of a form */
#define LIMIT_JWT_BYTES (6 * 1024)        /* what others have signed: RSA of 4,096 bits with its key takes 2 kB */
#define LIMIT_TOKEN_ID_BYTES 256          /* jti, nonce and the like */
#define LIMIT_CLIENT_ID_BYTES 64          /* ours have 30 */
#define LIMIT_CLOCK_AHEAD_MS 10000        /* others' clocks may go before ours by that much (FAPI 2.0) */
#define LIMIT_ASSERTION_MS (5LL * 60 * 1000) /* from now to the end of what a client says of itself */
#define LIMIT_PROOF_MS 60000              /* age of a proof of possession */
#define LIMIT_NONCE_MS 60000              /* a nonce is handed out for so long, and taken for as long again */
#define LIMIT_ACCESS_TOKEN_MS (10LL * 60 * 1000)
#define LIMIT_STATE_BYTES 1024            /* what a client gets back with the answer */
#define LIMIT_PUSHED_REQUEST_MS (5LL * 60 * 1000) /* within which a person answers what a client asks */
#define LIMIT_PUSHED_REQUESTS 5000        /* of one client that wait: then the oldest gives way */
#define LIMIT_AUTHORIZATIONS_OF_CLIENT 20 /* of one person with one client, the newest: signing in makes one */
#define LIMIT_AUTHORIZATIONS 2000         /* of one person with all: a list that a page or ten shows */
#define LIMIT_CODE_MS (60LL * 1000)
#define LIMIT_REFRESH_TOKEN_MS (90LL * 24 * 3600 * 1000)
#define LIMIT_ID_TOKEN_MS (10LL * 60 * 1000) /* who signed in is looked at then, not kept */
#define LIMIT_REDIRECT_URIS 10            /* of one system */
#define LIMIT_REDIRECT_URI_BYTES 500

/* ---- passkeys */
#define LIMIT_PASSKEYS 20                 /* of one person */
#define LIMIT_PASSKEY_CHANGES_A_DAY 100   /* of one person and kind: each is told for a year */
#define LIMIT_CHALLENGE_MS (5LL * 60 * 1000) /* from options to the answer of the device */
#define LIMIT_FRESH_MS (5LL * 60 * 1000)  /* from the proof to what wants one */
#define LIMIT_RECOVERY_WAIT_MS (24LL * 3600 * 1000) /* from a code to the door: so long the person may stop it */
#define LIMIT_RECOVERY_OPEN_MS (7LL * 24 * 3600 * 1000) /* and so long the door stays open */
#define LIMIT_HELP_CODE_MS (8LL * 24 * 3600 * 1000) /* a code of the operator: both of these, for one way back in */
#define LIMIT_RECOVERED_MS (24LL * 3600 * 1000) /* after it, a passkey may come; so long those from before stay */
#define LIMIT_ALERT_MS (365LL * 24 * 3600 * 1000) /* how long it is told that a way in has changed */
#define LIMIT_CBOR_BYTES (16 * 1024)      /* one attestation or authenticator data; those of a TPM have 6 KiB */
#define LIMIT_CBOR_DEPTH 4                /* lists and maps in one another, as CTAP2 has it */
#define LIMIT_USER_HANDLE_BYTES 64        /* WebAuthn's own bound */
#define LIMIT_TRANSPORT_BYTES 32          /* one word of how a browser reached a device */

/* ---- the log */
#define LIMIT_LOG_BATCH 4096              /* leaves of one sequencing pass */
#define LIMIT_LOG_DELAY_MS 1000           /* act acknowledged to proof available */
#define LIMIT_PROOF_HASHES 63             /* siblings of an inclusion proof (C2SP tlog-proof) */
#define LIMIT_PROOF_FILE_BYTES (64 * 1024)
#define LIMIT_CHECKPOINT_BYTES (32 * 1024) /* room for post-quantum cosignatures of 5 kB */
#define LIMIT_LOG_SIGNATURES 32           /* of one checkpoint; signed-note asks for at least 16 */
#define LIMIT_LOG_NAME_BYTES 255          /* name of a log, which is also the name of its key */
#define LIMIT_RECEIPT_FILE_BYTES (256 * 1024)
#endif
