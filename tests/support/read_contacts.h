/* SPDX-License-Identifier: Apache-2.0
 * For tests of the address book readers: reads a whole text or file at once and keeps what came out. Ends the test
 * when the reader breaks its own promises (neither contact nor problem nor end, a contact without a key). */
#ifndef TESTS_SUPPORT_READ_CONTACTS_H
#define TESTS_SUPPORT_READ_CONTACTS_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/contact_identity.h"
#include "protocol/contact_reader.h"
#include "support/cmocka.h"

#define READ_KEPT_MAX 64

struct reading {
    struct ctx             cx;
    struct contact_source  source; /* set format, charset and maps before the reading */
    struct memory_source   memory;
    size_t                 piece_bytes; /* how much the source gives at once; 0: all */
    struct contact_reader *reader;
    struct contact        *contacts[READ_KEPT_MAX];
    struct contact_problem problems[READ_KEPT_MAX];
    size_t                 contact_count; /* all of them, also those not kept */
    size_t                 problem_count;
    err                    outcome;
};

static inline void reading_open(struct reading *reading)
{
    *reading = (struct reading){.cx = {.arena = arena_open((size_t)256 << 20)}};
}

static inline void reading_close(struct reading *reading)
{
    arena_close(reading->cx.arena);
}

static inline ssize_t read_piece(void *self, uint8_t *out, size_t size)
{
    struct reading *reading = self;
    bool small = reading->piece_bytes > 0 && reading->piece_bytes < size;
    return contact_source_of_memory(&reading->memory).read(&reading->memory, out, small ? reading->piece_bytes : size);
}

static inline bool rewind_piece(void *self)
{
    ((struct reading *)self)->memory.at = 0;
    return true;
}

static inline void keep_one(struct reading *reading, struct contact *contact, struct contact_problem problem)
{
    struct contact_keys keys;
    if (contact == NULL) {
        if (reading->problem_count < READ_KEPT_MAX)
            reading->problems[reading->problem_count] = problem;
        reading->problem_count++;
        return;
    }
    assert_int_equal(problem.reason, CONTACT_FINE);
    assert_int_equal(contact_identity(&reading->cx, contact, &keys), OK);
    assert_true(keys.count > 0);
    if (reading->contact_count < READ_KEPT_MAX)
        reading->contacts[reading->contact_count] = contact;
    reading->contact_count++;
}

/* Reads from a source that gives up to `piece_bytes` and can rewind, or not. */
static inline void read_bytes(struct reading *reading, struct bytes bytes, bool rewinds)
{
    struct contact *contact = NULL;
    struct contact_problem problem = {0, CONTACT_FINE};
    reading->memory = (struct memory_source){bytes, 0};
    reading->source.read = read_piece;
    reading->source.rewind = rewinds ? rewind_piece : NULL;
    reading->source.self = reading;
    reading->contact_count = reading->problem_count = 0;
    failure_clear(&reading->cx.failure);
    reading->outcome = contact_reader_open(&reading->cx, &reading->source, &reading->reader);
    while (reading->outcome == OK) {
        reading->outcome = contact_reader_next(reading->reader, &reading->cx, &contact, &problem);
        if (reading->outcome != OK || (contact == NULL && problem.reason == CONTACT_FINE))
            return;
        keep_one(reading, contact, problem);
    }
}

static inline void read_text(struct reading *reading, const char *text)
{
    read_bytes(reading, bytes_of_text(text_of(text)), true);
}
static inline void reading_of(struct reading *reading, const char *text)
{
    reading_open(reading);
    read_text(reading, text);
    assert_int_equal(reading->outcome, OK);
}

/* False when there is no such file. */
static inline bool read_path(struct reading *reading, const char *folder, const char *name)
{
    struct stat status;
    struct text path = text_format(reading->cx.arena, "%s/%s", folder, name);
    int file = open(path.at, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0)
        return false;
    size_t size = (size_t)status.st_size;
    uint8_t *at = arena_take(reading->cx.arena, size + 1, 1);
    assert_int_equal(read(file, at, size), status.st_size);
    close(file);
    read_bytes(reading, (struct bytes){at, size}, true);
    return true;
}

static inline void assert_text(struct text text, const char *expected)
{
    if (!text_is(text, expected))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, TEXT_ARGS(text));
}

/* Two texts an item, value and type, ended by NULL. */
static inline void assert_values(const struct contact_values *values, const char *const *expected)
{
    size_t count = 0;
    for (; expected[2 * count] != NULL; count++) {
        assert_true(count < values->count);
        assert_text(values->at[count].value, expected[2 * count]);
        assert_text(values->at[count].type, expected[2 * count + 1]);
    }
    assert_int_equal(values->count, count);
}

#define ASSERT_VALUES(values, ...) assert_values(&(values), (const char *const[]){__VA_ARGS__, NULL})
static inline void assert_problem(const struct reading *reading, size_t at, int64_t line, const char *word)
{
    assert_true(at < reading->problem_count);
    assert_string_equal(contact_reason_word(reading->problems[at].reason), word);
    assert_int_equal(reading->problems[at].line, line);
}

static inline void assert_notice(const struct contact *contact, size_t at, const char *about, const char *word)
{
    assert_true(at < contact->notices.count);
    assert_string_equal(contact->notices.at[at].about, about);
    assert_string_equal(contact_reason_word(contact->notices.at[at].reason), word);
}

#endif
