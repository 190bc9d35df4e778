/* SPDX-License-Identifier: Apache-2.0
 * libpq, bare. */
#include "raw_link.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

#define BLOB_BYTES_MAX 4096
#define NAME_SIZE 24
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_TEXT 25

static void link_check(const struct raw_link *link, bool truth)
{
    if (truth)
        return;
    (void)fprintf(stderr, "bench: raw libpq: %s\n", PQerrorMessage(link->conn));
    exit(1);
}

/* ---- answers */

static void wait_for_answer(struct raw_link *link)
{
    while (PQisBusy(link->conn) != 0) {
        int unsent = PQflush(link->conn);
        struct pollfd at = {PQsocket(link->conn), (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
        link_check(link, unsent >= 0);
        (void)poll(&at, 1, -1); /* a signal only makes it look once more */
        link_check(link, PQconsumeInput(link->conn) == 1);
    }
}

/* Past the ends of answers and of groups. */
PGresult *raw_link_take(struct raw_link *link)
{
    for (;;) {
        wait_for_answer(link);
        PGresult *answer = PQgetResult(link->conn);
        ExecStatusType status = PQresultStatus(answer);
        if (answer != NULL && status != PGRES_PIPELINE_SYNC) {
            link_check(link, status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
            return answer;
        }
        link->syncs -= answer != NULL;
        PQclear(answer);
    }
}

void raw_link_free(PGresult *answer)
{
    PQclear(answer);
}

void raw_link_skip(struct raw_link *link, size_t count)
{
    for (size_t i = 0; i < count; i++)
        PQclear(raw_link_take(link));
}

void raw_link_settle(struct raw_link *link)
{
    while (link->syncs > 0) {
        wait_for_answer(link);
        PGresult *answer = PQgetResult(link->conn);
        ExecStatusType status = PQresultStatus(answer);
        link_check(link, answer == NULL || status == PGRES_PIPELINE_SYNC);
        link->syncs -= answer != NULL;
        PQclear(answer);
    }
}

size_t raw_rows(const PGresult *answer)
{
    return (size_t)PQntuples(answer);
}

int64_t raw_number(const PGresult *answer, size_t row, int column)
{
    const uint8_t *at = (const uint8_t *)PQgetvalue(answer, (int)row, column);
    uint64_t number = 0;
    must_be(PQgetlength(answer, (int)row, column) == 8, "a number is missing");
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return (int64_t)number;
}

struct bytes raw_bytes(const PGresult *answer, size_t row, int column)
{
    const uint8_t *at = (const uint8_t *)PQgetvalue(answer, (int)row, column);
    return (struct bytes){at, (size_t)PQgetlength(answer, (int)row, column)};
}

/* ---- statements */

static void name_of(size_t statement, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "raw%zu", statement);
}

static size_t prepare(struct raw_link *link, const char *sql, const Oid *types, size_t count)
{
    char name[NAME_SIZE];
    must_be(link->count < RAW_LINK_STATEMENTS_MAX, "too many raw statements");
    name_of(link->count, name);
    link_check(link, PQsendPrepare(link->conn, name, sql, (int)count, types) == 1);
    raw_link_sync(link);
    raw_link_skip(link, 1);
    raw_link_settle(link);
    return link->count++;
}

size_t raw_link_prepare(struct raw_link *link, const char *query)
{
    static const Oid OIDS[] = {[FIELD_INT64] = OID_INT8, [FIELD_TEXT] = OID_TEXT, [FIELD_BYTES] = OID_BYTEA};
    Oid types[RAW_LINK_PARAMETERS_MAX];
    const struct statement *found = NULL;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        if (strcmp(STATEMENTS[i].name, query) == 0)
            found = &STATEMENTS[i];
    must_be(found != NULL && found->in_count <= RAW_LINK_PARAMETERS_MAX, "a query has another name now");
    for (size_t i = 0; i < found->in_count; i++) {
        link->types[link->count][i] = found->in[i].type;
        types[i] = OIDS[found->in[i].type];
    }
    return prepare(link, found->sql, types, found->in_count);
}

size_t raw_link_prepare_sql(struct raw_link *link, const char *sql)
{
    Oid types[RAW_LINK_PARAMETERS_MAX];
    size_t count = 0;
    for (const char *at = strchr(sql, '$'); at != NULL; at = strchr(at + 1, '$'))
        if (at[1] - '0' > (int)count) /* at most nine */
            count = (size_t)(at[1] - '0');
    for (size_t i = 0; i < count; i++) {
        link->types[link->count][i] = FIELD_INT64;
        types[i] = OID_INT8;
    }
    return prepare(link, sql, types, count);
}

/* ---- sending */

struct parameters {
    uint8_t     numbers[RAW_LINK_PARAMETERS_MAX][8];
    uint8_t     blob[BLOB_BYTES_MAX];
    char        digits[24];
    const char *at[RAW_LINK_PARAMETERS_MAX];
    int         sizes[RAW_LINK_PARAMETERS_MAX];
    int         formats[RAW_LINK_PARAMETERS_MAX];
};

static void put_number(struct parameters *to, size_t i, int64_t number)
{
    for (size_t byte = 0; byte < 8; byte++)
        to->numbers[i][byte] = (uint8_t)((uint64_t)number >> (56 - 8 * byte));
    to->at[i] = (const char *)to->numbers[i];
    to->sizes[i] = 8;
}

static void put(struct parameters *to, size_t i, field_type type, int64_t number)
{
    to->formats[i] = 1;
    if (type == FIELD_INT64) {
        put_number(to, i, number);
    } else if (type == FIELD_TEXT) {
        to->sizes[i] = number == 0 ? 0 : snprintf(to->digits, sizeof to->digits, "%lld", (long long)number);
        to->at[i] = to->digits;
    } else {
        must_be(number < 0 && -number <= BLOB_BYTES_MAX, "a raw blob is too large");
        randombytes_buf(to->blob, (size_t)-number);
        to->at[i] = (const char *)to->blob; /* two of a row begin alike */
        to->sizes[i] = (int)-number;
    }
}

void raw_link_send(struct raw_link *link, size_t statement, const int64_t *numbers, size_t count)
{
    struct parameters of;
    char name[NAME_SIZE];
    name_of(statement, name);
    for (size_t i = 0; i < count; i++)
        put(&of, i, link->types[statement][i], numbers[i]);
    link_check(link, PQsendQueryPrepared(link->conn, name, (int)count, of.at, of.sizes, of.formats, 1) == 1);
}

void raw_link_sync(struct raw_link *link)
{
    link_check(link, PQpipelineSync(link->conn) == 1);
    link->syncs++;
}

int64_t raw_link_ask(struct raw_link *link, const char *sql)
{
    link_check(link, PQsendQueryParams(link->conn, sql, 0, NULL, NULL, NULL, NULL, 1) == 1);
    raw_link_sync(link);
    PGresult *answer = raw_link_take(link);
    int64_t number = raw_rows(answer) == 0 ? 0 : raw_number(answer, 0, 0);
    PQclear(answer);
    raw_link_settle(link);
    return number;
}

/* ---- life */

void raw_link_open(struct raw_link *link, const char *url)
{
    *link = (struct raw_link){.conn = PQconnectdb(url)};
    link_check(link, PQstatus(link->conn) == CONNECTION_OK);
    PQclear(PQexec(link->conn, "SET search_path = symbolon"));
    PQclear(PQexec(link->conn, "SET enable_seqscan = off")); /* tables that were empty when they were looked at grow */
    link_check(link, PQsetnonblocking(link->conn, 1) == 0 && PQenterPipelineMode(link->conn) == 1);
}

void raw_link_close(struct raw_link *link)
{
    PQfinish(link->conn);
}
