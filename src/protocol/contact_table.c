/* SPDX-License-Identifier: Apache-2.0
 * Rows of a CSV file, column by column, into contacts. */
#include "protocol/contact_table.h"

#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "protocol/contact_draft.h"

#define GOOGLE_SEPARATOR " ::: "

/* The parts of one address while its row is read. */
struct address_slot {
    struct contact_address address;
    struct text            whole; /* all of it in one cell */
};

/* One row on its way into a contact. */
struct row_work {
    struct contact_table *table;
    const struct csv_row *row;
    struct contact_draft  draft;
    struct address_slot  *slots;
    bool                  is_1252;
};

/* ---- opening */

static bool has_birthdate(const struct contact_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].field == CONTACT_BIRTHDATE)
            return true;
    return false;
}

/* Reads to the end for the order of day and month. Bad rows are passed over here: the reading proper reports them. */
static err learn_order(struct ctx *cx, struct contact_table *table)
{
    struct csv_row row;
    struct contact_problem problem;
    for (;;) {
        TRY(csv_next(cx, &table->csv, &row, &problem));
        if (row.count == 0 && problem.reason == CONTACT_FINE)
            return OK;
        for (size_t i = 0; i < table->count && i < row.count; i++)
            if (table->columns[i].field == CONTACT_BIRTHDATE)
                table->order = date_order_learn(table->order, text_of_bytes(row.fields[i].raw));
    }
}

static err survey(struct ctx *cx, struct contact_table *table)
{
    size_t rescan_bytes = table->csv.rescan_bytes_left;
    if (table->input->ended) { /* all of it stands in the window */
        struct contact_input before = *table->input;
        TRY(learn_order(cx, table));
        *table->input = before;
    } else if (table->source->rewind != NULL) {
        TRY(learn_order(cx, table));
        TRY(contact_input_rewind(cx, table->input));
        TRY(contact_header_skip(cx, table));
    }
    table->csv.rescan_bytes_left = rescan_bytes;
    return OK;
}

err contact_table_open(struct ctx *cx, struct arena *arena, struct arena *scratch, struct contact_input *input,
                       struct contact_table *out)
{
    *out = (struct contact_table){.arena = arena, .scratch = scratch, .source = input->source, .input = input};
    TRY(csv_reader_open(cx, arena, input, &out->csv));
    TRY(contact_header_read(cx, out));
    return has_birthdate(out) ? survey(cx, out) : OK;
}

/* ---- cells */

static bool is_ascii(struct bytes bytes)
{
    uint8_t all = 0;
    for (size_t i = 0; i < bytes.size; i++)
        all |= bytes.at[i];
    return all < 0x80;
}

/* Whether the row is in the encoding of the file; the first row that is not ASCII may settle which one that is. */
static bool fits_encoding(struct contact_table *table, struct bytes raw, bool *is_1252)
{
    *is_1252 = false;
    if (is_ascii(raw))
        return true;
    bool is_utf8 = text_is_utf8(text_of_bytes(raw));
    if (table->input->declared)
        return is_utf8;
    if (table->encoding == TABLE_ENCODING_OPEN)
        table->encoding = is_utf8 ? TABLE_ENCODING_UTF8 : TABLE_ENCODING_WINDOWS_1252;
    *is_1252 = !is_utf8;
    return is_utf8 == (table->encoding == TABLE_ENCODING_UTF8);
}

static struct text with_plain_breaks(struct arena *arena, struct text text)
{
    if (text.size == 0 || memchr(text.at, '\r', text.size) == NULL)
        return text;
    char *plain = arena_take(arena, text.size, 1);
    size_t size = 0;
    for (size_t i = 0; plain != NULL && i < text.size; i++) {
        bool is_return = text.at[i] == '\r';
        plain[size++] = is_return ? '\n' : text.at[i];
        i += is_return && i + 1 < text.size && text.at[i + 1] == '\n';
    }
    return (struct text){plain, size};
}

/* The text of a cell, trimmed; empty with a notice when it cannot be read. */
static struct text cell(struct row_work *work, size_t column)
{
    struct arena *scratch = work->table->scratch;
    struct bytes value = csv_field_value(scratch, &work->row->fields[column]);
    struct text text = text_of_bytes(value);
    if (work->is_1252 && !is_ascii(value) && !charset_decode(scratch, CHARSET_WINDOWS_1252, value, &text)) {
        draft_notice(&work->draft, contact_field_word(work->table->columns[column].field), CONTACT_NOT_IN_CHARSET);
        return TEXT_NONE;
    }
    return text_trim(with_plain_breaks(scratch, text));
}

/* ---- values */

static void put_birthdate(struct row_work *work, struct text value)
{
    struct text date = TEXT_NONE;
    contact_reason reason = birthdate_of_cell(work->table->scratch, value, work->table->order, &date);
    if (reason == CONTACT_FINE)
        draft_put(&work->draft, CONTACT_BIRTHDATE, date);
    else
        draft_notice(&work->draft, contact_field_word(CONTACT_BIRTHDATE), reason);
}

/* Cuts the piece before the next separator off the front of `rest`. */
static struct text cut_piece(struct text *rest, contact_field field)
{
    size_t wide = strlen(GOOGLE_SEPARATOR);
    for (size_t i = 0; i < rest->size; i++) {
        bool google = rest->size - i >= wide && memcmp(rest->at + i, GOOGLE_SEPARATOR, wide) == 0;
        bool semicolon = rest->at[i] == ';' && (field == CONTACT_CATEGORY || field == CONTACT_EMAIL);
        if (!google && !semicolon)
            continue;
        struct text piece = {rest->at, i};
        size_t taken = i + (google ? wide : 1);
        *rest = (struct text){rest->at + taken, rest->size - taken};
        return piece;
    }
    struct text piece = *rest;
    *rest = TEXT_NONE;
    return piece;
}

static void add_list(struct row_work *work, size_t at, struct text value)
{
    const struct table_column *column = &work->table->columns[at];
    struct text type = column->type_column == at ? column->type : cell(work, column->type_column);
    bool preferred = type.size > 0 && type.at[0] == '*'; /* Google marks the first choice so */
    while (value.size > 0) {
        struct text piece = text_trim(cut_piece(&value, column->field));
        if (column->field == CONTACT_CATEGORY && text_starts_with(piece, "* "))
            piece = (struct text){piece.at + 2, piece.size - 2};
        struct contact_value item = {piece, type, preferred};
        (void)draft_add(&work->draft, column->field, item); /* what it leaves out, it notes */
    }
}

static void put_street(struct row_work *work, struct contact_address *address, struct text value)
{
    address->street_address = address->street_address.size == 0
                                  ? value
                                  : text_format(work->table->scratch, "%.*s\n%.*s", TEXT_ARGS(address->street_address),
                                                TEXT_ARGS(value));
}

static void put_part(struct row_work *work, const struct table_column *column, struct text value)
{
    struct address_slot *slot = &work->slots[column->address];
    struct contact_address *address = &slot->address;
    if (column->field == CONTACT_STREET_ADDRESS)
        put_street(work, address, value);
    else if (column->field == CONTACT_LOCALITY)
        address->locality = value;
    else if (column->field == CONTACT_REGION)
        address->region = value;
    else if (column->field == CONTACT_POSTAL_CODE)
        address->postal_code = value;
    else if (column->field == CONTACT_COUNTRY)
        address->country = value;
    else if (column->field == CONTACT_ADDRESS_TYPE)
        address->type = value;
    else
        slot->whole = value;
    if (address->type.size == 0)
        address->type = column->type;
}

static void put_cell(struct row_work *work, size_t at)
{
    const struct table_column *column = &work->table->columns[at];
    if (column->field == CONTACT_IGNORED || column->field == CONTACT_EMAIL_TYPE ||
        column->field == CONTACT_PHONE_TYPE || column->field == CONTACT_URL_TYPE)
        return;
    struct text value = cell(work, at);
    if (value.size == 0)
        return;
    if (column->field == CONTACT_BIRTHDATE)
        put_birthdate(work, value);
    else if (contact_single(work->draft.contact, column->field) != NULL)
        draft_put(&work->draft, column->field, value);
    else if (contact_list(work->draft.contact, column->field) != NULL)
        add_list(work, at, value);
    else
        put_part(work, column, value);
}

static void put_addresses(struct row_work *work)
{
    for (size_t i = 0; i < work->table->address_count; i++) {
        struct address_slot *slot = &work->slots[i];
        slot->address.preferred = slot->address.type.size > 0 && slot->address.type.at[0] == '*';
        if (draft_add_address(&work->draft, slot->address) || slot->whole.size == 0)
            continue;
        slot->address.street_address = slot->whole;
        if (draft_add_address(&work->draft, slot->address))
            draft_notice(&work->draft, contact_field_word(CONTACT_ADDRESS), CONTACT_UNSTRUCTURED);
    }
}

/* ---- rows */

static bool is_blank(const struct csv_row *row, size_t from)
{
    for (size_t i = from; i < row->count; i++)
        if (text_trim(text_of_bytes(row->fields[i].raw)).size > 0)
            return false;
    return true;
}

static contact_reason check_row(struct contact_table *table, const struct csv_row *row, bool *is_1252)
{
    if (row->count < table->named_count || !is_blank(row, table->count))
        return CONTACT_RAGGED;
    return fits_encoding(table, row->raw, is_1252) ? CONTACT_FINE : CONTACT_ENCODING;
}

/* Columns that nobody reads may tell two people of one name apart. */
static struct text key_of_row(struct arena *arena, const struct csv_row *row)
{
    uint8_t hash[HASH_BYTES];
    blake2b_256(bytes_of_text(text_trim(text_of_bytes(row->raw))), hash);
    return hex_encode(arena, (struct bytes){hash, sizeof hash});
}

static err read_row(struct row_work *work, struct ctx *cx, struct contact **out, struct contact_problem *problem)
{
    TRY(draft_open(cx, work->row->line, &work->draft));
    work->slots = ARENA_ARRAY(work->table->scratch, struct address_slot, work->table->address_count);
    if (work->slots == NULL)
        return FAIL_MEMORY(cx);
    if (work->is_1252)
        draft_notice(&work->draft, "charset", CONTACT_ASSUMED_1252);
    for (size_t i = 0; i < work->table->count && i < work->row->count; i++)
        put_cell(work, i);
    put_addresses(work);
    work->draft.contact->row_key = key_of_row(cx->arena, work->row);
    work->draft.is_too_large = work->draft.is_too_large || arena_is_exhausted(work->table->scratch);
    return draft_close(&work->draft, out, problem);
}

err contact_table_next(struct ctx *cx, struct contact_table *table, struct contact **out,
                       struct contact_problem *problem)
{
    struct csv_row row;
    struct row_work work = {.table = table, .row = &row};
    *out = NULL;
    do {
        TRY(csv_next(cx, &table->csv, &row, problem));
        if (row.count == 0)
            return OK;
    } while (is_blank(&row, 0));
    arena_reset(table->scratch);
    problem->line = row.line;
    problem->reason = check_row(table, &row, &work.is_1252);
    return problem->reason == CONTACT_FINE ? read_row(&work, cx, out, problem) : OK;
}
