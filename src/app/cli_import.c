/* SPDX-License-Identifier: Apache-2.0
 * symbolon import: reads a file in chunks, writes each chunk in one write, reports bad rows by line, shows how far it
 * is. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/import_fields.h"
#include "app/import_notes.h"
#include "base/json.h"
#include "base/limits_import.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "domain/parties/organisation.h"
#include "protocol/contact_reader.h"

#define REPORT_BYTES_MAX (200u * 1024 * 1024)
#define CHUNK_ARENA_BYTES (64u * 1024 * 1024)
#define CHUNK_FULL_BYTES (40u * 1024 * 1024) /* end a chunk early when its contacts are large */

struct import {
    struct cli            *cli;
    FILE                  *file;
    int64_t                file_bytes;
    struct contact_source  source; /* the reader borrows it */
    struct contact_reader *reader;
    struct seen_table      counts; /* of keys that are not certain */
    struct import_memory   memory; /* dry run */
    struct import_chunk    chunk;
    struct import_contact *contacts;
    struct ctx             cx; /* its arena lives for one chunk */
    int64_t                rows, created, updated, unchanged, rejected_count;
    int64_t                apart, codes;
    struct import_notes    notes;
    struct json_writer     rejected;    /* grow over the whole file */
    struct json_writer     kept_apart;
    struct json_writer     invitations;
    bool                   said_codes;
    bool                   at_end;
    bool                   tty;
};

static ssize_t read_file(void *self, uint8_t *out, size_t size)
{
    FILE *file = self;
    size_t got = fread(out, 1, size, file);
    return got == 0 && ferror(file) != 0 ? -1 : (ssize_t)got;
}

static bool rewind_file(void *self)
{
    return fseek(self, 0, SEEK_SET) == 0;
}

static err open_file(struct import *import)
{
    const char *path = import->cli->arguments[2];
    struct stat found;
    import->file = fopen(path, "rb");
    if (import->file == NULL || fstat(fileno(import->file), &found) != 0 || S_ISDIR(found.st_mode))
        return FAIL(&import->cli->cx, USAGE, "import.file", "the file %s cannot be read", path);
    import->file_bytes = found.st_size;
    return OK;
}

static err open_reader(struct import *import)
{
    struct cli *cli = import->cli;
    struct contact_source *source = &import->source;
    struct contact_map *maps = ARENA_ARRAY(cli->node.cx.arena, struct contact_map, cli->maps_count);
    if (maps == NULL)
        return FAIL_MEMORY(&cli->cx);
    for (size_t i = 0; i < cli->maps_count; i++)
        TRY(contact_map_parse(&cli->node.cx, text_of(cli->maps[i]), &maps[i]));
    *source = (struct contact_source){.read = read_file,
                                      .rewind = rewind_file,
                                      .self = import->file,
                                      .charset = cli_value(cli, CLI_charset, NULL),
                                      .maps = maps,
                                      .map_count = cli->maps_count};
    if (!contact_format_of_word(text_of(cli_value(cli, CLI_format, "auto")), &source->format))
        return FAIL(&cli->cx, USAGE, "import.format", "the format is auto, vcard or csv");
    return contact_reader_open(&cli->node.cx, source, &import->reader);
}

/* A line of its own on standard error, where the progress may stand. */
static void say_line(const struct import *import, int64_t line, struct text sentence)
{
    if (!cli_has(import->cli, CLI_json))
        (void)fprintf(stderr, "%sline %lld: %.*s\n", import->tty ? "\r\033[K" : "", (long long)line,
                      TEXT_ARGS(sentence));
}

static void reject(struct import *import, const struct contact_problem *problem)
{
    json_open_object(&import->rejected);
    json_member_int(&import->rejected, "line", problem->line);
    json_member_text(&import->rejected, "reason", text_of(contact_reason_word(problem->reason)));
    json_close_object(&import->rejected);
    import->rejected_count++;
    import->rows++;
    say_line(import, problem->line, text_of(contact_reason_sentence(problem->reason)));
}

static void note(struct import *import, const struct contact *contact)
{
    for (size_t i = 0; i < contact->notices.count; i++) {
        struct text sentence;
        if (import_notes_take(&import->notes, import->cx.arena, &contact->notices.at[i], &sentence))
            say_line(import, contact->notices.at[i].line, sentence);
    }
}

/* Reads up to one chunk of contacts into the chunk's arena. */
static err read_chunk(struct import *import)
{
    import->chunk.count = 0;
    import->contacts = ARENA_ARRAY(import->cx.arena, struct import_contact, LIMIT_IMPORT_CHUNK);
    import->chunk.out = ARENA_ARRAY(import->cx.arena, struct import_result, LIMIT_IMPORT_CHUNK);
    if (import->contacts == NULL || import->chunk.out == NULL)
        return FAIL_MEMORY(&import->cx);
    while (import->chunk.count < LIMIT_IMPORT_CHUNK && arena_used_bytes(import->cx.arena) < CHUNK_FULL_BYTES) {
        struct contact *contact = NULL;
        struct contact_problem problem = {0};
        TRY(contact_reader_next(import->reader, &import->cx, &contact, &problem));
        if (contact == NULL && problem.reason == CONTACT_FINE) {
            import->at_end = true;
            return OK;
        }
        if (contact == NULL) {
            reject(import, &problem);
            continue;
        }
        import->rows++;
        note(import, contact);
        TRY(import_contact_fill(&import->cx, &import->counts, contact, &import->contacts[import->chunk.count]));
        import->chunk.count++;
    }
    return OK;
}

/* Somebody should look at it: two people of one address, or one person under two names. */
static void report_apart(struct import *import, int64_t line)
{
    json_write_int(&import->kept_apart, line);
    import->apart++;
    say_line(import, line, TEXT("A customer of another name or birth date has this address or number: kept apart."));
}

static void report_chunk(struct import *import)
{
    for (size_t i = 0; i < import->chunk.count; i++) {
        const struct import_result *result = &import->chunk.out[i];
        import->created += result->outcome == IMPORT_CREATED;
        import->updated += result->outcome == IMPORT_UPDATED;
        import->unchanged += result->outcome == IMPORT_UNCHANGED;
        if (result->is_apart)
            report_apart(import, import->contacts[i].line);
        if (result->code.size == 0)
            continue;
        import->codes++;
        json_open_object(&import->invitations);
        json_member_text(&import->invitations, "relationship", result->relationship);
        json_member_text(&import->invitations, "name", import->contacts[i].name);
        json_member_text(&import->invitations, "code", result->code);
        json_close_object(&import->invitations);
        if (!import->said_codes)
            cli_say(import->cli, "%-19s  %-30s  %s\n", "Claim code", "Relationship", "Name");
        import->said_codes = true;
        struct text name = text_spell_out(import->cx.arena, import->contacts[i].name);
        cli_say(import->cli, "%.*s  %.*s  %.*s\n", TEXT_ARGS(result->code), TEXT_ARGS(result->relationship),
                TEXT_ARGS(name));
    }
    (void)fflush(import->cli->out); /* codes of what is written are out before more is; a failure shows at the end */
}

static void show_progress(const struct import *import)
{
    if (!import->tty || import->file_bytes == 0)
        return;
    int64_t percent = contact_reader_bytes_read(import->reader) * 100 / import->file_bytes;
    (void)fprintf(stderr, "\r\033[K%3lld %%  %lld rows", (long long)(percent > 100 ? 100 : percent),
                  (long long)import->rows);
}

/* A dry run is no write: it waits for nobody and holds nobody up. */
static err take_chunk(struct import *import)
{
    if (import->chunk.count == 0)
        return OK;
    if (!import->chunk.dry_run)
        return store_write_wait(import->cli->node.store, &import->cx, contact_import, &import->chunk);
    TRY(store_read_begin(&import->cx));
    err result = contact_import(&import->cx, &import->chunk);
    store_read_end(&import->cx);
    return result;
}

static err run_chunks(struct import *import)
{
    while (!import->at_end) {
        arena_reset(import->cx.arena);
        TRY(read_chunk(import));
        import->chunk.contacts = import->contacts;
        TRY(take_chunk(import));
        report_chunk(import);
        show_progress(import);
    }
    return OK;
}

static void write_columns(const struct import *import, struct json_writer *json)
{
    size_t count = 0;
    const struct text *columns = contact_reader_unmapped(import->reader, &count);
    json_write_key(json, "columns_not_read");
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        json_write_text(json, columns[i]);
    json_close_array(json);
}

static void report_columns(const struct import *import)
{
    size_t count = 0;
    const struct text *columns = contact_reader_unmapped(import->reader, &count);
    if (count == 0 || cli_has(import->cli, CLI_json))
        return;
    (void)fprintf(stderr, "Columns that were not read (name them with --map COLUMN=FIELD):");
    for (size_t i = 0; i < count; i++) {
        struct text column = text_spell_out(import->cx.arena, columns[i]);
        (void)fprintf(stderr, "%s %.*s", i == 0 ? "" : ",", TEXT_ARGS(column));
    }
    (void)fputc('\n', stderr);
}

static err report(struct import *import)
{
    struct cli *cli = import->cli;
    struct json_writer json = json_writer_open(cli->node.cx.arena, REPORT_BYTES_MAX);
    json_close_array(&import->notes.json);
    json_close_array(&import->rejected);
    json_close_array(&import->kept_apart);
    json_close_array(&import->invitations);
    json_open_object(&json);
    json_member_int(&json, "rows", import->rows);
    json_member_int(&json, "created", import->created);
    json_member_int(&json, "updated", import->updated);
    json_member_int(&json, "unchanged", import->unchanged);
    json_write_key(&json, "rejected");
    json_write_raw(&json, builder_text(&import->rejected.out));
    json_write_key(&json, "kept_apart");
    json_write_raw(&json, builder_text(&import->kept_apart.out));
    json_write_key(&json, "notes");
    json_write_raw(&json, builder_text(&import->notes.json.out));
    json_member_int(&json, "notes_total", import->notes.total);
    write_columns(import, &json);
    json_write_key(&json, "invitations");
    json_write_raw(&json, builder_text(&import->invitations.out));
    json_close_object(&json);
    if (import->tty)
        (void)fprintf(stderr, "\r\033[K");
    report_columns(import);
    cli_say(cli, "%s%lld row%s: %lld created, %lld updated, %lld unchanged, %lld rejected.\n",
            cli_has(cli, CLI_dry_run) ? "Nothing was changed; this is what would happen.\n" : "",
            (long long)import->rows, text_plural(import->rows), (long long)import->created,
            (long long)import->updated, (long long)import->unchanged, (long long)import->rejected_count);
    if (import->apart > 0)
        cli_say(cli, "Kept apart, since another customer has the same address or number: %lld.\n",
                (long long)import->apart);
    import_notes_say(&import->notes, cli);
    return import->rejected.out.overflowed || import->invitations.out.overflowed ? FAIL_MEMORY(&cli->cx)
                                                                                 : cli_answer(cli, &json);
}

/* Codes are shown once: who did not get them must hear how to. */
static err check_said(struct import *import)
{
    struct cli *cli = import->cli;
    bool said = fflush(cli->out) == 0 && ferror(cli->out) == 0;
    if (said || import->codes == 0)
        return OK; /* the program tells of an answer that was not written */
    return FAIL(&cli->cx, INTERNAL, "import.codes_lost",
                "the customers are in, but not all of their claim codes could be written out: the same import with "
                "--new-codes gives fresh ones");
}

static err run_import(struct import *import)
{
    struct cli *cli = import->cli;
    struct organisation organisation;
    struct department department;
    TRY(organisation_find(&cli->node.cx, cli_argument(cli, 0), &organisation));
    TRY(department_find(&cli->node.cx, organisation.organisation_id, cli_argument(cli, 1), &department));
    import->chunk.organisation_id = organisation.organisation_id;
    import->chunk.department_id = department.department_id;
    import->chunk.dry_run = cli_has(cli, CLI_dry_run);
    import->chunk.renew = cli_has(cli, CLI_new_codes);
    import->rejected = json_writer_open(cli->node.cx.arena, REPORT_BYTES_MAX);
    import->kept_apart = json_writer_open(cli->node.cx.arena, REPORT_BYTES_MAX);
    import->invitations = json_writer_open(cli->node.cx.arena, REPORT_BYTES_MAX);
    import->notes = import_notes_open(cli->node.cx.arena);
    import->counts = seen_table_open(cli->node.cx.arena);
    import->memory = import_memory_open(cli->node.cx.arena);
    import->chunk.memory = &import->memory;
    json_open_array(&import->rejected);
    json_open_array(&import->kept_apart);
    json_open_array(&import->invitations);
    TRY(open_file(import));
    TRY(open_reader(import));
    err result = run_chunks(import);
    if (result != OK && cli->node.cx.failure.code == OK)
        cli->cx.failure = import->cx.failure;
    TRY(result);
    TRY(report(import));
    TRY(import->chunk.dry_run ? OK : node_settle(&cli->node));
    return check_said(import);
}

err cli_import(struct cli *cli)
{
    TRY(cli_open(cli, false));
    struct import import = {.cli = cli, .tty = isatty(STDERR_FILENO) == 1 && !cli_has(cli, CLI_json)};
    import.cx = cli->node.cx;
    import.cx.arena = arena_open(CHUNK_ARENA_BYTES);
    if (import.cx.arena == NULL)
        return FAIL_MEMORY(&cli->cx);
    err result = run_import(&import);
    if (import.file != NULL)
        (void)fclose(import.file); /* it was only read */
    arena_close(import.cx.arena);
    return result;
}
