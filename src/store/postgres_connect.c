/* SPDX-License-Identifier: Apache-2.0
 * How a connection is made: the URL, the server looked at, the settings of the house, and who tries again when the
 * server is away. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/postgres.h"

#define RECONNECT_ARENA_BYTES (64u * 1024)
#define LEAST_VERSION 140000 /* the first with a pipeline that libpq 15 speaks to and all words that the schema uses */
#define PATIENCE_TRIES 5     /* of the words that end somebody else's impatience */
#define TRY_AGAIN_MS 500     /* an attempt that fails sooner is made once more */
#define IDLE_MS 10000        /* in a transaction: whoever stands still so long holds up the other servers no longer */
#define GONE_IDLE_S 10       /* the server asks a machine that says nothing whether it is there, by TCP, */
#define GONE_ASK_S 5         /* again after that, */
#define GONE_TRIES 3         /* so often: then its connections end */
#define WAY_SHUT_MS 250      /* after attempts in vain */
#define READER_MS 4000       /* a statement of who reads, at the server; */
#define READER_WAIT_MS 4500  /* its answer, here: who asks hears within five seconds that there is none */
#define DOUBTFUL_WAIT_MS 1000
#define PATIENT_WAIT_MS (24 * 3600 * 1000)

/* ---- the URL */

/* A password that is not written as a URL wants it moves into the host, the port or the path, and so into sentences.
 * It shows as a second @, or as a / before the first. */
static bool is_ambiguous(const char *url)
{
    const char *begin = strstr(url, "://");
    const char *at = begin == NULL ? NULL : strchr(begin + 3, '@');
    const char *slash = begin == NULL ? NULL : strchr(begin + 3, '/');
    const char *query = strchr(url, '?');
    if (at == NULL || (query != NULL && query < at))
        return false;
    const char *second = strchr(at + 1, '@');
    return (slash != NULL && slash < at) || (second != NULL && (query == NULL || second < query));
}

static bool ports_are_numbers(const PQconninfoOption *parts)
{
    for (; parts->keyword != NULL; parts++)
        if (strcmp(parts->keyword, "port") == 0 && parts->val != NULL)
            return strspn(parts->val, "0123456789,") == strlen(parts->val);
    return true;
}

/* What libpq takes and would pass over, or a server takes and would never serve us with. */
static bool will_never_do(const PQconninfoOption *part)
{
    static const char DIGITS[] = "0123456789";
    static const struct {
        const char *option;
        const char *of;  /* the characters that its value may have; NULL: any */
        const char *not; /* a value that cannot be, or NULL */
    } RULES[] = {
        {"connect_timeout", DIGITS, NULL}, {"keepalives", DIGITS, NULL}, {"keepalives_idle", DIGITS, NULL},
        {"keepalives_interval", DIGITS, NULL}, {"keepalives_count", DIGITS, NULL}, {"tcp_user_timeout", DIGITS, NULL},
        {"replication", "", NULL}, {"target_session_attrs", NULL, "standby"},
        {"target_session_attrs", NULL, "read-only"},
    };
    for (size_t i = 0; part->val != NULL && i < sizeof RULES / sizeof *RULES; i++)
        if (strcmp(part->keyword, RULES[i].option) == 0 &&
            ((RULES[i].of != NULL && strspn(part->val, RULES[i].of) != strlen(part->val)) ||
             (RULES[i].not != NULL && strcmp(part->val, RULES[i].not) == 0)))
            return true;
    return false;
}

static err check_options(struct ctx *cx, const PQconninfoOption *parts)
{
    for (; parts->keyword != NULL; parts++)
        if (will_never_do(parts))
            return FAIL(cx, USAGE, "store.option", "an option in the URL of the database cannot be: %s with this value",
                        parts->keyword);
    return OK;
}

err postgres_url_check(struct ctx *cx, const char *url)
{
    PQconninfoOption *parts = PQconninfoParse(url, NULL);
    bool reads = parts != NULL && !is_ambiguous(url) && ports_are_numbers(parts);
    err result = reads ? check_options(cx, parts)
                       : FAIL(cx, INVALID, "store.url", "the URL of the database cannot be read; in a password, "
                                                        "@ / ? and %% are written as %%40 %%2F %%3F and %%25");
    PQconninfoFree(parts);
    return result;
}

static bool names_a_file(const PQconninfoOption *part)
{
    static const char *const FILES[STORE_URL_FILES_MAX] = {"sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir",
                                                           "passfile"};
    for (size_t i = 0; part->val != NULL && *part->val != '\0' && i < STORE_URL_FILES_MAX; i++)
        if (strcmp(part->keyword, FILES[i]) == 0)
            return true;
    return false;
}

err postgres_url_files(struct ctx *cx, const char *url, struct store_url_files *out)
{
    struct store_url_files files = {.count = 0};
    TRY(postgres_url_check(cx, url));
    PQconninfoOption *parts = PQconninfoParse(url, NULL);
    bool copied = parts != NULL;
    bool is_there = true; /* libpq would go on without it */
    for (const PQconninfoOption *part = parts; copied && part->keyword != NULL; part++) {
        if (!names_a_file(part))
            continue;
        is_there = strcmp(part->keyword, "passfile") != 0 || access(part->val, R_OK) == 0;
        files.at[files.count] = text_copy(cx->arena, text_of(part->val)).at;
        copied = files.at[files.count++] != NULL;
    }
    PQconninfoFree(parts);
    if (!copied)
        return FAIL_MEMORY(cx);
    if (!is_there)
        return FAIL(cx, USAGE, "store.option", "the passfile in the URL of the database cannot be read");
    *out = files;
    return OK;
}

err postgres_shown(struct ctx *cx, const struct postgres *pg, struct text *out)
{
    const char *host = pg->link == NULL ? "" : PQhost(pg->link);
    bool is_folder = host[0] == '/';
    struct text shown = text_format(cx->arena, "postgresql://%s%s%s/%s%s%s", is_folder ? "" : host,
                                    is_folder ? "" : ":", is_folder || pg->link == NULL ? "" : PQport(pg->link),
                                    pg->link == NULL ? "" : PQdb(pg->link), is_folder ? "?host=" : "",
                                    is_folder ? host : "");
    if (shown.at == NULL)
        return FAIL_MEMORY(cx);
    *out = shown;
    return OK;
}

/* ---- the server */

/* What a server must be to keep what we promise. A standby may not yet know of a stop that was acknowledged. */
static err check_server(struct ctx *cx, struct postgres *pg)
{
    const char *is[5];
    if (PQserverVersion(pg->link) < LEAST_VERSION)
        return FAIL(cx, CONFLICT, "store.version", "the database is PostgreSQL %d; this program wants 14 or later",
                    PQserverVersion(pg->link) / 10000);
    TRY(postgres_ask(cx, pg, "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
                             " current_setting('server_encoding'), pg_is_in_recovery()::text,"
                             " (to_regclass('pg_dist_partition') IS NOT NULL)::text", 5, is));
    pg->is_spread = strcmp(is[4], "true") == 0;
    if (strcmp(is[2], "UTF8") != 0)
        return FAIL(cx, CONFLICT, "store.setting", "the database keeps text as %s; make it with ENCODING 'UTF8'",
                    is[2]);
    if (strcmp(is[3], "true") == 0)
        return FAIL(cx, UNAVAILABLE, "store.read_only", "the database takes no changes: it is a standby");
    if (!pg->options.volatile_ && (strcmp(is[0], "on") != 0 || strcmp(is[1], "on") != 0))
        return FAIL(cx, CONFLICT, "store.setting",
                    "the database may lose what it has taken: set fsync and full_page_writes to on");
    return OK;
}

/* An administrator may have set for all sessions that a statement is ended before it gets through. So the first words
 * end that, and are tried again: they are a statement, too. */
static err apply_patience(struct ctx *cx, struct postgres *pg)
{
    err result = postgres_say(cx, pg, "SET statement_timeout = 0");
    for (int tries = 1; tries < PATIENCE_TRIES && result == UNAVAILABLE && pg->link != NULL; tries++) {
        failure_clear(&cx->failure);
        result = postgres_say(cx, pg, "SET statement_timeout = 0");
    }
    return result;
}

/* The settings of the house. The server ends what takes too long, before we give it up. What reads alone conflicts with
 * nobody; what writes waits for the disk, and for that of a standby where one is to be waited for. */
static err apply_settings(struct ctx *cx, struct postgres *pg)
{
    bool writes = pg->options.role == ROLE_WRITER;
    int most_ms = pg->options.moves ? 0 : writes ? LIMIT_STORE_BUSY_MS : READER_MS; /* 0: as long as it takes */
    struct text sql = text_format(cx->arena,
        "SELECT set_config('search_path', '%s', false), set_config('statement_timeout', '%d', false),"
        " set_config('idle_in_transaction_session_timeout', '%d', false), set_config('TimeZone', 'UTC', false),"
        " set_config('lock_timeout', '0', false), set_config('idle_session_timeout', '0', false),"
        " set_config('row_security', 'off', false),"
        " set_config('jit', 'off', false), set_config('default_transaction_isolation', '%s', false),"
        " set_config('default_transaction_read_only', '%s', false),"
        " set_config('tcp_keepalives_idle', '%d', false), set_config('tcp_keepalives_interval', '%d', false),"
        " set_config('tcp_keepalives_count', '%d', false), set_config('tcp_user_timeout', '%d', false),"
        " set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'remote_apply'"
        " THEN 'remote_apply' ELSE 'on' END, false)", pg->options.schema, most_ms,
        IDLE_MS, writes ? "serializable" : "repeatable read", writes ? "off" : "on", GONE_IDLE_S, GONE_ASK_S,
        GONE_TRIES, IDLE_MS);
    if (sql.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(postgres_say(cx, pg, sql.at));
    /* Whoever reads a whole small table relies on all of it, and so meets everybody who writes to it. */
    if (writes)
        TRY(postgres_say(cx, pg, "SET enable_seqscan = off"));
    return pg->options.volatile_ ? postgres_say(cx, pg, "SET synchronous_commit = off") : OK;
}

err postgres_settle(struct ctx *cx, struct postgres *pg)
{
    pg->options.is_bare = false;
    TRY(apply_patience(cx, pg));
    TRY(check_server(cx, pg));
    return apply_settings(cx, pg);
}

/* ---- connecting */

/* What the server remarks without refusing anything: it would go to standard error. */
static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* What begins so is about the URL: nobody need be asked to know that it will never do. It goes on without the value,
 * which might be a part of a password that went astray. */
static bool is_about_option(struct ctx *cx, struct text said, struct text *out)
{
    const char *number = strstr(said.at, "invalid integer value "); /* found once it connects: behind its first words */
    struct text words = number == NULL ? said : text_of(number);
    bool is = text_starts_with(words, "invalid ") || text_starts_with(words, "could not match ");
    size_t begin = strcspn(words.at, "\"");
    const char *end = begin < words.size ? strchr(words.at + begin + 1, '"') : NULL;
    if (is)
        *out = end == NULL ? words : text_trim(text_format(cx->arena, "%.*s%s", (int)begin, words.at, end + 1));
    return is;
}

/* The same in the words of the server: they begin with an option that it does not know, or not with that value. */
static bool is_about_setting(struct text said, struct text *out)
{
    static const char *const WORDS[] = {"unrecognized configuration parameter", "invalid value for parameter",
                                        "invalid command-line argument", "permission denied to set parameter",
                                        "parameter \""};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        const char *at = strstr(said.at, WORDS[i]);
        if (at == NULL)
            continue;
        *out = text_of(at);
        return true;
    }
    return false;
}

/* libpq explains itself on several lines; the first says what happened. About a file that cannot be read it may end in
 * octets of memory that nobody has written: what is not plain goes, and what led up to it. */
static struct text first_words(const char *said)
{
    struct text line = {said, strcspn(said, "\r\n")};
    struct text words = text_plain_part(line);
    const char *colon = words.size == line.size ? NULL : memrchr(words.at, ':', words.size);
    return colon == NULL ? words : (struct text){said, (size_t)(colon - said)};
}

static err fail_connect(struct ctx *cx, struct postgres *pg)
{
    struct text first = text_copy(cx->arena, first_words(PQerrorMessage(pg->link)));
    postgres_lose(pg);
    if (first.at == NULL)
        return FAIL_MEMORY(cx);
    struct text why = first;
    if (is_about_option(cx, first, &why) || is_about_setting(first, &why))
        return FAIL(cx, USAGE, "store.option", "an option in the URL of the database cannot be: %.*s", TEXT_ARGS(why));
    return FAIL(cx, UNAVAILABLE, "store.connect", "the database cannot be reached: %.*s", TEXT_ARGS(first));
}

/* The URL may say otherwise, but for the two behind it. */
err postgres_connect(struct ctx *cx, struct postgres *pg)
{
    static const char *const NAMES[] = {"connect_timeout", "tcp_user_timeout", "target_session_attrs", "dbname",
                                        "application_name", "client_encoding", NULL};
    const char *const values[] = {"4", "8000", "primary", pg->url, "symbolon", "UTF8", NULL};
    pg->link = PQconnectdbParams(NAMES, values, 1);
    if (pg->link == NULL)
        return FAIL_MEMORY(cx);
    (void)PQsetNoticeProcessor(pg->link, ignore_notice, NULL); /* gives the one before: the library's own */
    if (PQstatus(pg->link) != CONNECTION_OK || PQsetnonblocking(pg->link, 1) != 0 ||
        PQenterPipelineMode(pg->link) != 1)
        return fail_connect(cx, pg);
    return pg->options.is_bare ? OK : postgres_settle(cx, pg);
}

/* ---- and again */

/* The server gives up before us. A reader waits less for one that has just kept another of us waiting for nothing; what
 * became of a change is worth the whole wait. */
int64_t postgres_wait_ms(const struct postgres *pg)
{
    bool is_doubtful = pg->options.way != NULL && atomic_load(&pg->options.way->shut_until_ms) != 0;
    if (pg->is_patient || pg->options.moves)
        return PATIENT_WAIT_MS;
    if (pg->options.wait_ms > 0)
        return pg->options.wait_ms;
    if (pg->options.role != ROLE_READER)
        return LIMIT_STORE_BUSY_MS + LIMIT_STORE_BUSY_MS / 2;
    return is_doubtful ? DOUBTFUL_WAIT_MS : READER_WAIT_MS;
}

void postgres_note_way(struct postgres *pg, bool is_open)
{
    struct postgres_way *way = pg->options.way;
    if (way != NULL && (!is_open || atomic_load(&way->shut_until_ms) != 0)) /* mostly it is open: nothing to share */
        atomic_store(&way->shut_until_ms, is_open ? 0 : postgres_now_ms() + WAY_SHUT_MS);
}

/* `out_alone`: nobody else tries until it is said that the attempt is over. */
static bool may_try(struct postgres_way *way, bool *out_alone)
{
    bool not_yet = false;
    int64_t shut_until_ms = way == NULL ? 0 : atomic_load(&way->shut_until_ms);
    *out_alone = shut_until_ms != 0 && postgres_now_ms() >= shut_until_ms &&
                 atomic_compare_exchange_strong(&way->is_tried, &not_yet, true);
    return shut_until_ms == 0 || *out_alone;
}

/* What is said stays here: it names machines and users. */
static bool try_to_connect(struct postgres *pg)
{
    struct ctx own = {.arena = arena_open(RECONNECT_ARENA_BYTES)};
    bool connected = own.arena != NULL && postgres_connect(&own, pg) == OK;
    arena_close(own.arena);
    if (!connected)
        postgres_lose(pg);
    return connected;
}

/* Also notices, before anything depends on it, that the server has gone since the last word. */
err postgres_ready(struct ctx *cx, struct postgres *pg)
{
    if (pg->link != NULL && pg->owed_count == 0 && PQconsumeInput(pg->link) == 0)
        postgres_lose(pg);
    if (pg->was_cut)
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database went inside a transaction");
    if (pg->link != NULL)
        return OK;
    bool is_alone = false;
    if (!may_try(pg->options.way, &is_alone))
        return FAIL(cx, UNAVAILABLE, "store.lost", "the database could not be reached a moment ago");
    int64_t began_ms = postgres_now_ms();
    bool connected = try_to_connect(pg);
    if (!connected && postgres_now_ms() - began_ms < TRY_AGAIN_MS)
        connected = try_to_connect(pg); /* what has cut the connection may have met this one, too */
    postgres_note_way(pg, connected);
    if (is_alone)
        atomic_store(&pg->options.way->is_tried, false);
    return connected ? OK : FAIL(cx, UNAVAILABLE, "store.lost", "the database cannot be reached");
}
