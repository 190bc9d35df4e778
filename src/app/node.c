/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing of a node. */
#include "app/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/mark.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "domain/people/key_return.h"
#include "domain/people/key_rows.h"
#include "domain/people/leftover.h"
#include "domain/people/person_key.h"
#include "domain/proof/act.h"
#include "ledger/ledger.h"
#include "store/data_age.h"
#include "store/move.h"
#include "store/queries.h"

#define OPERATOR_ARENA_BYTES (256u * 1024 * 1024) /* the command line works on whole files and chunks of them */
#define AGAIN_NS 100000000L                       /* between two tries to reach a database that has gone */

void node_begin(struct node *node, bool json_log)
{
    *node = (struct node){.clock = clock_system(), .randomness = randomness_system()};
    node->log_share = (struct log_share){.lock = PTHREAD_MUTEX_INITIALIZER};
    node->log = (struct log){.fd = STDERR_FILENO, .json = json_log, .least = LOG_INFO, .clock = &node->clock,
                             .share = &node->log_share};
    node->cx = (struct ctx){
        .arena = arena_open(OPERATOR_ARENA_BYTES),
        .clock = &node->clock,
        .randomness = &node->randomness,
        .numbers = &node->numbers,
        .now_ms = clock_wall_ms(&node->clock),
        .actor = {.kind = ACTOR_OPERATOR},
    };
}

static err fail_missing(struct ctx *cx, const char *path)
{
    return FAIL(cx, NOT_FOUND, "node.missing",
                "there is no node in %s; --data names its folder, `symbolon org create NAME` makes one", path);
}

static err fail_unseen(struct ctx *cx, const char *path)
{
    return FAIL(cx, INTERNAL, "node.folder", "the folder %s cannot be looked at", path);
}

bool node_sync_name(struct ctx *cx, const char *path)
{
    struct text above = text_format(cx->arena, "%s/..", path);
    int fd = above.at == NULL ? -1 : open(above.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd); /* nothing was written through it */
    return synced;
}

static err is_folder(struct ctx *cx, const char *path, bool *out)
{
    struct stat found;
    bool stands = stat(path, &found) == 0;
    if (!stands && errno != ENOENT && errno != ENOTDIR)
        return fail_unseen(cx, path);
    *out = stands && S_ISDIR(found.st_mode);
    return OK;
}

static err make_folder(struct ctx *cx, const char *path)
{
    bool there = false;
    TRY(is_folder(cx, path, &there));
    bool made = !there && mkdir(path, 0700) == 0;
    if (!there && !made && errno == EEXIST) /* another process was faster, or it is a file */
        TRY(is_folder(cx, path, &there));
    if (!there && !made)
        return FAIL(cx, INTERNAL, "node.folder", "the folder %s cannot be made", path);
    /* one that was there was perhaps made by somebody who was killed before this; it may stand where we may not read */
    if (!node_sync_name(cx, path) && !there)
        return FAIL(cx, INTERNAL, "node.folder", "the folder %s cannot be made", path);
    return OK;
}

/* Those of a node that is there already. */
static err find_folders(struct ctx *cx, const char *path, const char *keys)
{
    bool there = false;
    TRY(is_folder(cx, path, &there));
    if (there)
        TRY(is_folder(cx, keys, &there));
    return there ? OK : fail_missing(cx, path);
}

/* The name of the log tells nothing of the operator and is unlike that of any other node: it comes from its key. */
static err name_of_log(struct ctx *cx, struct text *out)
{
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t hash[HASH_BYTES];
    keyring_log_public(cx->keyring, public_key);
    sha256((struct bytes){public_key, sizeof public_key}, hash);
    struct text hex = hex_encode(cx->arena, (struct bytes){hash, 8});
    if (hex.at == NULL)
        return FAIL_MEMORY(cx);
    *out = text_format(cx->arena, "symbolon.node/%.*s", TEXT_ARGS(hex));
    return out->at == NULL ? FAIL_MEMORY(cx) : OK;
}

/* store_write_fn */
static err name_log(struct ctx *cx, void *arg)
{
    (void)arg; /* the name comes from the node's own key */
    struct text name = TEXT_NONE;
    TRY(name_of_log(cx, &name));
    return ledger_set_origin(cx, name);
}

/* A refused write to the disk ends the process: nothing may be tried again after a failed fsync. */
static void stop_at_once(void *arg, const char *why)
{
    const struct node *node = arg;
    LOG(&node->log, LOG_ERROR, "store.fatal", LOG_TEXT("why", why));
    abort();
}

/* A store without a name is a new one. Beside keys under which data was sealed it is what is left of an old one: a
 * fresh log under the old name would contradict every checkpoint that is out there. */
static err name_new_log(struct node *node, const struct mark *mark)
{
    struct ctx *cx = &node->cx;
    struct text origin;
    bool used = false;
    TRY(keyring_has_buckets(cx, node->keyring, &used));
    used |= mark->log.size > 0 || mark->shared.size > 0 || mark->store.kept;
    if (!used)
        return node_write(node, name_log, NULL);
    err named = ledger_origin(cx, &origin); /* by another process, which has used the keys then */
    if (named != NOT_FOUND)
        return named;
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "node.store_lost", "the keys are of a node whose data is not in the store");
}

/* Time and numbers go on behind everything that is stored, also where a file is older than the mark, or newer. */
static err settle_moment(struct node *node)
{
    struct ctx *cx = &node->cx;
    struct sql_node_newest_of_people_row people = {0};
    struct sql_node_newest_of_ledger_row ledger = {0};
    struct sql_node_newest_of_keys_row keys = {0};
    bool found = false;
    if (!store_waits(node->store)) { /* a server keeps the newest number of each writer, and would look for it long */
        TRY(sql_node_newest_of_people(cx, &people, &found));
        TRY(sql_node_newest_of_ledger(cx, &ledger, &found));
    }
    TRY(sql_node_newest_of_keys(cx, &keys, &found));
    const int64_t numbers[] = {people.act_id,    people.receipt_id,    people.event_id,
                               people.person_id, ledger.disclosure_id, keys.person_id,
                               keys.organisation_id};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        number_lift(&node->numbers, numbers[i]);
        store_lift_time(node->store, number_made_at_ms(numbers[i]));
    }
    store_lift_time(node->store, people.act_at_ms);
    store_lift_time(node->store, ledger.at_ms);
    store_set_moment(node->store, cx);
    number_lift(&node->numbers, number_first_of_ms(cx->now_ms + 1)); /* all that were given are of earlier moments */
    return OK;
}

static bool is_server(const char *place)
{
    return place != NULL && text_starts_with(text_of(place), "postgresql://");
}

/* Data on a server leaves the keys of people here, or in a database of their own: no backup of it holds them. */
err node_find_place(struct ctx *cx, const struct node_options *options, struct node_place *out)
{
    static const char SCHEME[] = "sqlite:";
    struct text own = text_format(cx->arena, "sqlite:%s/store", options->data);
    if (own.at == NULL)
        return FAIL_MEMORY(cx);
    bool is_own = options->store == NULL || text_starts_with(text_of(options->store), SCHEME);
    *out = (struct node_place){.url = options->store == NULL ? own.at : options->store, .keys = is_own ? NULL : own.at};
    out->folder = (is_own ? out->url : out->keys) + sizeof SCHEME - 1;
    if (!is_own && is_server(options->keys)) {
        *out = (struct node_place){.url = options->store, .keys = options->keys};
        TRY(store_url_files(cx, out->keys, &out->key_files));
    }
    return store_url_files(cx, out->url, &out->files);
}

/* What is opened, and from where. */
struct opening {
    const struct node_options *options;
    struct node_place          place;
    const char                *keys; /* the key folder */
};

/* Before anything is made. Keys that were made beside data which is there would be the wrong ones. */
static err look_at_store(struct node *node, void *arg)
{
    const struct opening *opening = arg;
    const struct node_options *options = opening->options;
    const struct node_place *place = &opening->place;
    const char *keys = opening->keys;
    struct ctx *cx = &node->cx;
    struct store_options store = {.url = place->url, .keys_url = place->keys, .create = options->create,
                                  .moves_keys = options->moves_keys};
    bool begun = false;
    bool has_keys = false;
    TRY(store_look(cx, &store, &begun));
    TRY(is_folder(cx, keys, &has_keys));
    if (begun && !has_keys)
        return FAIL(cx, CORRUPT, "node.other_keys",
                    "the data in the database was made with keys that are not in %s: bring its keys first", keys);
    return OK;
}

/* Bucket keys lie with the wrapped ones, under the root that this folder holds, or under none that is here. */
static err share_keys(struct node *node, bool moves)
{
    struct ctx *cx = &node->cx;
    struct key_rows rows = key_rows_of(node->store);
    struct text name = TEXT_NONE;
    if (store_is_local(node->store, STORE_KEYS))
        return OK;
    TRY(name_of_log(cx, &name));
    keyring_use_rows(node->keyring, &rows);
    TRY(key_owner_claim(cx, node->store, name));
    if (moves) /* nothing may be written meanwhile */
        return OK;
    return mark_note(cx, node->store, TEXT("keys_shared")); /* for who forgets to say where they lie (store/look.c) */
}

static void tell_returned(const struct node *node, const struct key_return *found)
{
    if (found->is_older)
        LOG(&node->log, LOG_WARNING, "keys.went_back", LOG_INT("people", found->out_people),
            LOG_TEXT("meaning", "the keys were put back from an older copy: those of people who were erased since are "
                                "destroyed again, and people who came since cannot be opened"));
    else if (found->out_people > 0)
        LOG(&node->log, LOG_WARNING, "keys.returned", LOG_INT("people", found->out_people),
            LOG_TEXT("meaning", "keys of erased people were there again, and are destroyed again"));
}

err node_check_keys(struct node *node, struct ctx *cx, bool is_thorough)
{
    struct key_return found;
    TRY(key_return_look(cx, node->store, &found));
    if (!found.is_older && !is_thorough)
        return OK;
    err result = key_return_undo(cx, node->store, &found);
    node->returned += found.out_people;
    tell_returned(node, &found);
    return result;
}

static void tell_left(struct node *node, int64_t left)
{
    if (left > 0 && left != node->left_beside)
        LOG(&node->log, LOG_WARNING, "keys.left_beside", LOG_INT("buckets", left),
            LOG_TEXT("meaning", "bucket keys that had been destroyed lie among the keys again, from an older copy, and "
                                "are destroyed again when those are back that are missing"));
    node->left_beside = left;
}

err node_sweep_buckets(struct node *node, struct ctx *cx, struct key_return_sweep *sweep)
{
    TRY(key_return_sweep(cx, node->store, sweep));
    if (sweep->at_end)
        tell_left(node, sweep->left);
    if (sweep->out_with_rows)
        TRY(node_check_keys(node, cx, true));
    if (sweep->out_found == 0)
        return OK;
    node->returned_buckets += sweep->out_found;
    LOG(&node->log, LOG_WARNING, "keys.laid_beside", LOG_INT("buckets", sweep->out_found),
        LOG_TEXT("meaning", "bucket keys that had been destroyed lay among the keys again, from an older copy, and are "
                            "destroyed again"));
    err result = person_buckets_destroy(cx, node->store);
    if (result != UNAVAILABLE)
        return result;
    failure_clear(&cx->failure); /* not at once: they are on the list */
    return OK;
}

static err sweep_all_buckets(struct node *node)
{
    struct key_return_sweep sweep = {.after = 0};
    while (!sweep.at_end && !sweep.out_waits)
        TRY(node_sweep_buckets(node, &node->cx, &sweep));
    node->more_beside = sweep.out_waits; /* a running node goes on */
    return OK;
}

static void tell_lost(const struct node *node, const struct person_keys_lost *lost)
{
    if (lost->buckets > 0)
        LOG(&node->log, LOG_ERROR, "keys.lost", LOG_INT("buckets", lost->buckets), LOG_INT("people", lost->people),
            LOG_TEXT("meaning", "bucket keys that nobody has destroyed are missing: nothing of these people can be "
                                "read, given or stopped until the newest copy of them is put back"));
    else
        LOG(&node->log, LOG_INFO, "keys.found", LOG_INT("buckets", lost->of));
}

err node_look_for_lost(struct node *node, struct ctx *cx, struct person_keys_lost *out)
{
    TRY(person_keys_find_lost(cx, out));
    if (out->buckets != keyring_lost(node->keyring))
        tell_lost(node, out);
    keyring_note_lost(node->keyring, out->buckets);
    return OK;
}

/* Where none is left the folder is another one, or half of one. */
static err check_keys(struct node *node)
{
    struct person_keys_lost lost;
    TRY(node_check_keys(node, &node->cx, false));
    TRY(node_look_for_lost(node, &node->cx, &lost));
    if (lost.buckets > 0 && lost.buckets == lost.of)
        return FAIL(&node->cx, CORRUPT, "person.key_lost",
                    "the keys of all people are missing: put the newest copy of all keys back, see docs/operations");
    return sweep_all_buckets(node);
}

/* Also after another process was faster; then its name must be ours. */
static err settle_name(struct node *node, const struct mark *mark)
{
    struct ctx *cx = &node->cx;
    struct text origin;
    err named = ledger_origin(cx, &origin);
    if (named == NOT_FOUND) {
        failure_clear(&cx->failure);
        TRY(name_new_log(node, mark));
        named = ledger_origin(cx, &origin);
    }
    TRY(named);
    struct text own = TEXT_NONE;
    TRY(name_of_log(cx, &own));
    if (!text_equals(origin, own))
        return FAIL(cx, CORRUPT, "node.other_keys", "the key folder is not the one that this data was made with");
    return OK;
}

static void tell_unknown(const struct node *node, const struct store_route *route)
{
    if (route->unknown != NULL)
        LOG(&node->log, LOG_WARNING, "store.no_address", LOG_TEXT("hosts", route->unknown),
            LOG_TEXT("meaning", "these hosts of the database have no address now: they are not asked before the node "
                                "is started again"));
}

/* Behind the walls no name is looked up, so it is done before. */
static err find_routes(struct node *node, struct node_place *place)
{
    TRY(store_url_route(&node->cx, place->url, &place->route));
    place->url = place->route.url;
    tell_unknown(node, &place->route);
    if (place->keys == NULL)
        return OK;
    TRY(store_url_route(&node->cx, place->keys, &place->key_route));
    place->keys = place->key_route.url;
    tell_unknown(node, &place->key_route);
    return OK;
}

static void close_store(struct node *node)
{
    store_conn_close(node->cx.db);
    store_close(node->store);
    node->cx.db = NULL;
    node->store = NULL;
    node->is_newest = false;
}

/* Also once more after it was cut off in its middle. */
static err open_store(struct node *node, void *arg)
{
    const struct opening *opening = arg;
    const struct node_options *options = opening->options;
    const struct node_place *place = &opening->place;
    struct ctx *cx = &node->cx;
    struct mark mark;
    close_store(node);
    struct store_options store = {.url = place->url, .keys_url = place->keys, .clock = &node->clock,
                                  .create = options->create, .moves = options->moves,
                                  .moves_keys = options->moves_keys, .fatal = stop_at_once,
                                  .fatal_arg = node, .newest_number = act_newest_number};
    TRY(mark_load(cx, &mark));
    TRY(store_open(cx, &store, &node->store));
    store_generations(node->store, node->found);
    TRY(store_conn_open(cx, node->store, &cx->db));
    TRY(settle_moment(node));
    TRY(share_keys(node, options->moves));
    TRY(mark_load_shared(cx, node->store, &mark));
    TRY(settle_name(node, &mark));
    node->marks_missing = !mark_is_whole(node->store, &mark);
    TRY(mark_check(cx, node->store, &mark, options->renew_marks || options->moves_keys)); /* one place has none yet */
    node->is_newest = true;
    return options->moves || options->moves_keys ? OK : check_keys(node);
}

/* It was reached a moment ago: as when it is started again, or its place goes to another machine. */
static bool is_passing(const struct ctx *cx, bool was_reached)
{
    const char *reason = cx->failure.reason;
    return strcmp(reason, "store.lost") == 0 || strcmp(reason, "store.unknown") == 0 ||
           (was_reached && strcmp(reason, "store.connect") == 0);
}

static err make_folders(struct ctx *cx, const struct opening *opening)
{
    struct store_options store = {.url = opening->place.url, .keys_url = opening->place.keys};
    TRY(make_folder(cx, opening->options->data));
    return store_make_folder(cx, &store);
}

static err try_for_a_while(struct node *node, bool was_reached, err (*step)(struct node *node, void *arg), void *arg)
{
    int64_t until_ns = clock_monotonic_ns(&node->clock) + LIMIT_STORE_BUSY_MS * INT64_C(1000000);
    err result = step(node, arg);
    while (result == UNAVAILABLE && is_passing(&node->cx, was_reached) && clock_monotonic_ns(&node->clock) < until_ns) {
        was_reached = true; /* what is lost was there */
        (void)nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL); /* a signal shortens it */
        failure_clear(&node->cx.failure);
        result = step(node, arg);
    }
    return result;
}

err node_patiently(struct node *node, err (*step)(struct node *node, void *arg), void *arg)
{
    return try_for_a_while(node, true, step, arg);
}

err node_open(struct node *node, const struct node_options *options)
{
    struct ctx *cx = &node->cx;
    struct opening opening = {.options = options};
    bool is_elsewhere = options->keys != NULL && !is_server(options->keys);
    struct text keys = is_elsewhere ? text_of(options->keys + sizeof "file:" - 1)
                                    : text_format(cx->arena, "%s/keys", options->data);
    if (keys.at == NULL)
        return FAIL_MEMORY(cx);
    opening.keys = keys.at;
    TRY(node_find_place(cx, options, &opening.place));
    if (!options->create)
        TRY(find_folders(cx, options->data, keys.at));
    TRY(try_for_a_while(node, false, look_at_store, &opening)); /* a wrong URL is told at once */
    if (options->create)
        TRY(make_folders(cx, &opening)); /* before the keys: who names a wrong place leaves none behind */
    TRY(options->open_keys != NULL ? options->open_keys(node, keys.at, options->create)
                                   : keyring_open(cx, keys.at, options->create, &node->keyring));
    cx->keyring = node->keyring;
    if (options->confine != NULL) {
        TRY(find_routes(node, &opening.place));
        TRY(options->confine(node, &opening.place));
    }
    return node_patiently(node, open_store, &opening);
}

/* It ends when the keyring is closed, unless it stands still: one that is lost is not waited for. */
static void wait_for_holder(const struct node *node, bool is_lost)
{
    pid_t ended = 0;
    do
        ended = node->holder == 0 ? 0 : waitpid((pid_t)node->holder, NULL, is_lost ? WNOHANG : 0);
    while (ended < 0 && errno == EINTR); /* a signal came between */
}

void node_close(struct node *node)
{
    close_store(node);
    bool is_lost = node->keyring != NULL && !keyring_is_held(node->keyring);
    keyring_close(node->keyring);
    wait_for_holder(node, is_lost);
    log_end(&node->log);
    arena_close(node->cx.arena);
    *node = (struct node){0};
}

err node_ctx_open(struct node *node, struct ctx *out)
{
    struct ctx cx = node->cx;
    cx.arena = arena_open(OPERATOR_ARENA_BYTES);
    cx.db = NULL;
    err result = cx.arena == NULL ? FAIL_MEMORY(&cx) : store_conn_open(&cx, node->store, &cx.db);
    if (result != OK) {
        node->cx.failure = cx.failure;
        arena_close(cx.arena);
        return result;
    }
    *out = cx;
    return OK;
}

void node_ctx_close(struct ctx *cx)
{
    store_conn_close(cx->db);
    arena_close(cx->arena);
}

err node_write(struct node *node, store_write_fn run, void *arg)
{
    return store_write_wait(node->store, &node->cx, run, arg);
}

static bool has_changed(const struct node *node)
{
    int64_t now[STORE_FILE_COUNT];
    store_generations(node->store, now);
    return memcmp(now, node->found, sizeof now) != 0 || store_changes(node->store) > 0;
}

/* What changes while the database of the keys is away is not to be lost with the data. */
static err keep_marks(struct node *node)
{
    struct ctx *cx = &node->cx;
    err kept = mark_keep(cx, node->store, &node->kept);
    struct failure away = cx->failure;
    if (kept != UNAVAILABLE || store_is_local(node->store, STORE_KEYS))
        return kept;
    failure_clear(&cx->failure);
    TRY(mark_keep_own(cx, node->store, &node->kept));
    cx->failure = away;
    return kept;
}

/* It is its own failure that is told. What has moved away meanwhile is marked where it lies now. */
static err keep_marks_of_failed(struct node *node, err result)
{
    struct failure why = node->cx.failure;
    failure_clear(&node->cx.failure);
    err place = store_place_check(&node->cx);
    failure_clear(&node->cx.failure);
    if (place != CONFLICT && keep_marks(node) != OK)
        LOG(&node->log, LOG_WARNING, "marks.not_kept", LOG_TEXT("reason", node->cx.failure.reason));
    node->cx.failure = why;
    return result;
}

err node_keep_marks(struct node *node, err result)
{
    if (node->store == NULL || !node->is_newest || node->is_older || !has_changed(node))
        return result;
    if (result == OK)
        return keep_marks(node);
    return node->marks_missing ? result : keep_marks_of_failed(node, result); /* lost ones want to be confirmed */
}

err node_settle(struct node *node)
{
    TRY(leftover_sweep(&node->cx, node->store));
    struct ledger_pass pass = {.left = 1};
    while (pass.left > 0) {
        err result = ledger_sequence(&node->cx, node->store, &pass);
        if (result == CONFLICT && text_is(text_of(node->cx.failure.reason), "log.contended")) {
            /* a server is at it: what waits is in good hands */
            failure_clear(&node->cx.failure);
            return OK;
        }
        TRY(result);
    }
    TRY(ledger_let_go(&node->cx, node->store));
    TRY(key_return_note(&node->cx, node->store));
    return mark_keep(&node->cx, node->store, &node->kept);
}
