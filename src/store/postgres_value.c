/* SPDX-License-Identifier: Apache-2.0
 * Values in and out, by the descriptor's offsets: int8, text and bytea in PostgreSQL's binary form, which is in network
 * byte order. */
#include <libpq-fe.h>
#include <string.h>

#include "base/text.h"
#include "store/postgres_value.h"

/* Object ids of types, fixed in PostgreSQL's catalogue (pg_type.dat). */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_INT4 23
#define OID_TEXT 25

void postgres_types_of(const struct statement *statement, unsigned out[LIMIT_STATEMENT_COLUMNS])
{
    static const Oid OIDS[] = {[FIELD_INT64] = OID_INT8, [FIELD_TEXT] = OID_TEXT, [FIELD_BYTES] = OID_BYTEA};
    for (size_t i = 0; i < statement->in_count; i++)
        out[i] = OIDS[statement->in[i].type];
}

bool postgres_agrees(const struct pg_result *described, const struct statement *statement)
{
    bool is_counted = statement->meets == MEETS_ONE || statement->meets == MEETS_ALL; /* by the server */
    bool agrees = (size_t)PQnparams(described) == statement->in_count &&
                  (is_counted || (size_t)PQnfields(described) == statement->out_count);
    for (size_t i = 0; agrees && i < statement->out_count; i++) {
        Oid type = PQftype(described, (int)i);
        field_type wanted = statement->out[i].type;
        agrees = wanted == FIELD_INT64 ? type == OID_INT8 || type == OID_INT4
                                       : type == (wanted == FIELD_TEXT ? OID_TEXT : OID_BYTEA);
    }
    return agrees;
}

static void put_value(struct postgres_values *values, size_t i, field_type type, const void *at)
{
    const struct text *text = at;
    const struct bytes *bytes = at;
    values->formats[i] = 1;
    if (type == FIELD_INT64) {
        uint64_t number = (uint64_t) * (const int64_t *)at;
        for (int byte = 7; byte >= 0; byte--, number >>= 8)
            values->numbers[i][byte] = (uint8_t)(number & 0xFF);
        values->at[i] = (const char *)values->numbers[i];
        values->sizes[i] = 8;
    } else {
        struct bytes value = type == FIELD_TEXT ? bytes_of_text(*text) : *bytes;
        values->at[i] = value.size == 0 ? "" : (const char *)value.at; /* a NULL pointer would be NULL: none is "" */
        values->sizes[i] = (int)value.size;
    }
}

void postgres_put(const struct statement *statement, const void *in, struct postgres_values *out)
{
    for (size_t i = 0; i < statement->in_count; i++)
        put_value(out, i, statement->in[i].type, (const uint8_t *)in + statement->in[i].offset);
}

size_t postgres_pack_size(const struct postgres_values *values, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += 4 + (size_t)values->sizes[i];
    return size;
}

void postgres_pack(const struct postgres_values *values, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = (size_t)values->sizes[i];
        for (int byte = 0; byte < 4; byte++)
            *out++ = (uint8_t)(size >> (24 - 8 * byte) & 0xFF);
        memcpy(out, values->at[i], size);
        out += size;
    }
}

static size_t read_size(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

const uint8_t *postgres_packed(const uint8_t *pack, size_t column, size_t *out_size)
{
    for (; column > 0; column--)
        pack += 4 + read_size(pack);
    *out_size = read_size(pack);
    return pack + 4;
}

void postgres_unpack(const uint8_t *pack, size_t count, struct postgres_values *out)
{
    for (size_t i = 0; i < count; i++) {
        out->sizes[i] = (int)read_size(pack);
        out->formats[i] = 1;
        out->at[i] = (const char *)pack + 4;
        pack += 4 + read_size(pack);
    }
}

static bool read_number(const char *at, int size, int64_t *out)
{
    uint64_t number = size > 0 && (*at & 0x80) != 0 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++)
        number = number << 8 | (uint8_t)at[i];
    *out = (int64_t)number;
    return size == 8 || size == 4 || size == 0;
}

bool postgres_get(const struct pg_result *rows, int row, int column, const struct field *field, void *out)
{
    const char *at = PQgetvalue(rows, row, column);
    int size = PQgetlength(rows, row, column);
    struct bytes view = {(const uint8_t *)at, (size_t)size};
    if (field->type == FIELD_INT64)
        return read_number(at, size, out);
    if (field->type == FIELD_TEXT)
        *(struct text *)out = text_of_bytes(view);
    else
        *(struct bytes *)out = view;
    return true;
}
