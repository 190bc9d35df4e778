/* SPDX-License-Identifier: Apache-2.0
 * An open connection to a database and the table of functions of its engine, inside this floor only: what handles,
 * statements and migrations need, and nothing else. A database belongs to one thread at a time and has at most one
 * transaction and one savepoint. Engines: sqlite.h, postgres.h. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "store/statement.h"

typedef enum database_role {
    ROLE_READER,      /* refuses writes */
    ROLE_WRITER,
    ROLE_CHECKPOINTER /* SQLite only: waits for nobody */
} database_role;

/* The words that move transactions. */
typedef enum database_move {
    MOVE_BEGIN_READ,  /* what follows sees one state */
    MOVE_BEGIN_WRITE, /* what is read stays true until the commit, or the commit fails */
    MOVE_COMMIT,
    MOVE_ROLLBACK,
    MOVE_SAVE,        /* opens the savepoint */
    MOVE_RELEASE,     /* keeps what came after it */
    MOVE_RESTORE,     /* undoes what came after it; the savepoint stays open */
    MOVE_COUNT
} database_move;

/* The columns of sql/dialect.def. */
typedef enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES, DIALECT_COUNT } dialect;

struct row_engine;

/* What a database server says about the time. */
struct database_moment {
    int64_t at_us;   /* of its clock */
    int64_t mark_ms; /* the latest time that a server of the node has kept; 0: none */
};

struct database {
    const struct engine *engine;
    bool                 io_failed; /* for good, once the disk refused anything */
    bool                 counts;    /* the batch that is committed now has changed something */
    bool                 is_late;   /* what was posted in this batch was not done, after whoever said it went on */
    int64_t              newest;    /* number that was made in this slot, by this writer or one before it */
};

/* A statement goes prepare (once), start, step until there is no row or nobody wants one, finish; `read` after a step
 * that gave a row. All fail as statement.h says; `move`, `start` and `run` also UNAVAILABLE store.conflict (another
 * transaction was faster: the same once more may do) and UNAVAILABLE store.lost. */
struct engine {
    /* Compares with the descriptor: parameters, columns, reading or writing. INTERNAL store.statement. */
    err (*prepare)(struct ctx *cx, struct database *db, const struct statement *statement);
    err (*move)(struct ctx *cx, struct database *db, database_move move);
    err (*start)(struct ctx *cx, struct database *db, const struct statement *statement, const void *in);
    err (*step)(struct ctx *cx, struct database *db, const struct statement *statement, bool *out_row);
    /* Text and bytes lie in the database's memory until the next step or finish. NULL reads as 0 or empty. CORRUPT
     * store.damaged when a column is not of its declared type. */
    err (*read)(struct ctx *cx, struct database *db, const struct statement *statement, void *row);
    void (*finish)(struct database *db, const struct statement *statement);
    /* The next three are of engines that are far away; NULL when asking costs no way. `ahead` is statement_ahead().
     * `post` starts, steps and finishes a statement without rows and does not wait for its end: when that is a failure,
     * or it has not met the one row that it is to meet, a later call on the database fails, and the database is
     * late. */
    void (*ahead)(struct database *db, const struct statement *statement, const void *in);
    err (*post)(struct ctx *cx, struct database *db, const struct statement *statement, const void *in);
    err (*settle)(struct ctx *cx, struct database *db); /* waits for the end of all that was posted */
    int64_t (*changed)(const struct database *db); /* rows, by the last statement that was stepped to its end */
    /* Several statements without parameters or rows: DDL, in the words of the engine. */
    err (*run)(struct ctx *cx, struct database *db, const char *sql);
    bool (*in_transaction)(const struct database *db); /* engines end one by themselves after some errors */
    /* Changes with every commit, our own and others'; of others' it knows once a transaction has begun. 0: the engine
     * does not know. */
    uint32_t (*version_of_data)(const struct database *db);
    /* The writer's among those who write to this database at the same time, of NUMBER_SLOTS; -1: it is alone, since
     * the engine lets nobody else write meanwhile. Known once a transaction has begun. */
    int64_t (*slot)(const struct database *db);
    /* Outside of a transaction, once the tables are there; NULL: it has no clock but the machine's. */
    err (*moment)(struct ctx *cx, struct database *db, struct database_moment *out);
    /* How many batches have counted; NULL: each file has a generation (generation.h). */
    err (*changes)(struct ctx *cx, struct database *db, int64_t *out);
    void (*close)(struct database *db);
    const struct row_engine *rows; /* table.h */
    dialect dialect;
};

static inline err database_move_to(struct ctx *cx, struct database *db, database_move move)
{
    return db->engine->move(cx, db, move);
}

static inline err database_run(struct ctx *cx, struct database *db, const char *sql)
{
    return db->engine->run(cx, db, sql);
}

static inline bool database_in_transaction(const struct database *db)
{
    return db->engine->in_transaction(db);
}

/* The end of a transaction: of one that went well a commit, else it is taken back, and `result` is why. */
static inline err database_finish(struct ctx *cx, struct database *db, err result)
{
    struct ctx own = {.arena = NULL};
    if (result == OK)
        return database_move_to(cx, db, MOVE_COMMIT);
    if (database_in_transaction(db) && database_move_to(&own, db, MOVE_ROLLBACK) != OK)
        return own.failure.code;
    return result;
}

static inline void database_close(struct database *db) /* takes NULL */
{
    if (db != NULL)
        db->engine->close(db);
}

#endif
