/* SPDX-License-Identifier: Apache-2.0
 * What holds for every address book, whatever its bytes: the readers end, in order, within their memory; each contact
 * is clean text and can be recognised; and it makes no difference in which pieces the bytes arrive. */
#ifndef TESTS_FUZZ_READ_CONTACTS_H
#define TESTS_FUZZ_READ_CONTACTS_H

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "protocol/contact_identity.h"
#include "protocol/contact_reader.h"

#define CONTACT_ARENA_BYTES ((size_t)8 << 20)
#define CONTACT_USED_BYTES_MAX ((size_t)2 << 20) /* what one call may take of it */

struct pieces {
    struct memory_source memory;
    size_t               piece_bytes;
};

/* What a reading gave, as one number. */
struct digest {
    uint64_t state;
    size_t   contacts;
    size_t   problems;
};

static inline void digest_bytes(struct digest *digest, const void *at, size_t size)
{
    const uint8_t *bytes = at;
    for (size_t i = 0; i < size; i++)
        digest->state = (digest->state ^ bytes[i]) * UINT64_C(0x100000001B3);
    digest->state = (digest->state ^ size) * UINT64_C(0x100000001B3);
}

static inline void check_text(struct digest *digest, struct text text)
{
    assert(text_is_plain(text, true));
    assert(text_equals(text, text_trim(text)));
    digest_bytes(digest, text.at, text.size);
}

static inline void check_contact(struct ctx *cx, struct contact *contact, struct digest *digest)
{
    struct contact_keys keys;
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++) {
        const struct text *single = contact_single(contact, field);
        const struct contact_values *list = contact_list(contact, field);
        if (single != NULL)
            check_text(digest, *single);
        for (size_t i = 0; list != NULL && i < list->count; i++) {
            assert(list->at[i].value.size > 0);
            check_text(digest, list->at[i].value);
            check_text(digest, list->at[i].type);
        }
    }
    for (size_t i = 0; i < contact->addresses.count; i++) {
        check_text(digest, contact->addresses.at[i].street_address);
        check_text(digest, contact->addresses.at[i].locality);
        check_text(digest, contact->addresses.at[i].country);
    }
    for (size_t i = 0; i < contact->notices.count; i++)
        digest_bytes(digest, &contact->notices.at[i].line, sizeof contact->notices.at[i].line);
    assert(contact_identity(cx, contact, &keys) == OK);
    assert(keys.count > 0);
    for (size_t i = 0; i < keys.count; i++)
        assert(keys.at[i].text.size > 0);
}

/* A contact that is merged with itself gains nothing. */
static inline void check_merge(struct ctx *cx, const struct contact *contact)
{
    struct contact twice = *contact;
    assert(contact_merge(cx, &twice, contact) == OK);
    assert(twice.emails.count == contact->emails.count && twice.phones.count == contact->phones.count);
    assert(twice.addresses.count == contact->addresses.count && text_equals(twice.note, contact->note));
}

static inline ssize_t read_pieces(void *self, uint8_t *out, size_t size)
{
    struct pieces *pieces = self;
    struct contact_source memory = contact_source_of_memory(&pieces->memory);
    return memory.read(memory.self, out, size < pieces->piece_bytes ? size : pieces->piece_bytes);
}

static inline bool rewind_pieces(void *self)
{
    ((struct pieces *)self)->memory.at = 0;
    return true;
}

static inline struct digest read_all(const uint8_t *data, size_t size, struct contact_source source, size_t piece_bytes)
{
    static struct arena *contact_arena;
    if (contact_arena == NULL)
        contact_arena = arena_open(CONTACT_ARENA_BYTES);
    struct ctx cx = {.arena = fuzz_arena((size_t)64 << 20)};
    struct ctx each = {.arena = contact_arena};
    struct pieces pieces = {{{data, size}, 0}, piece_bytes};
    struct digest digest = {.state = UINT64_C(0xCBF29CE484222325)};
    struct contact_reader *reader = NULL;
    struct contact *contact = NULL;
    struct contact_problem problem = {0, CONTACT_FINE};
    source.read = read_pieces;
    source.rewind = rewind_pieces;
    source.self = &pieces;
    err outcome = contact_reader_open(&cx, &source, &reader);
    assert(outcome == OK || outcome == INVALID || outcome == TOO_LARGE);
    for (bool more = outcome == OK; more; more = contact != NULL || problem.reason != CONTACT_FINE) {
        arena_reset(each.arena);
        assert(contact_reader_next(reader, &each, &contact, &problem) == OK);
        assert(arena_used_bytes(each.arena) < CONTACT_USED_BYTES_MAX);
        assert(contact == NULL || problem.reason == CONTACT_FINE);
        digest.contacts += contact != NULL;
        digest.problems += contact == NULL && problem.reason != CONTACT_FINE;
        digest_bytes(&digest, &problem, sizeof problem.line);
        if (contact != NULL) {
            check_contact(&each, contact, &digest);
            check_merge(&each, contact);
        }
        assert(digest.contacts + digest.problems <= size + 1);
    }
    digest_bytes(&digest, &outcome, sizeof outcome);
    return digest;
}

/* Reads in one piece or in small ones, every third size both ways. The last byte may declare an encoding. */
static inline void fuzz_contacts(const uint8_t *data, size_t size, contact_format format)
{
    static const char *const CHARSETS[] = {"windows-1252", "UTF-16LE", "Shift_JIS", "UTF-8"};
    struct contact_source source = {.format = format};
    if (size > 0 && data[size - 1] >= 0xF8 && data[size - 1] < 0xFC)
        source.charset = CHARSETS[data[--size] - 0xF8];
    struct digest first = read_all(data, size, source, size % 3 == 1 ? 1 + size % 61 : SIZE_MAX);
    if (size % 3 != 0)
        return;
    struct digest pieces = read_all(data, size, source, 1 + size % 61);
    assert(first.state == pieces.state);
    assert(first.contacts == pieces.contacts && first.problems == pieces.problems);
}

#endif
