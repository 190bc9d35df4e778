/* SPDX-License-Identifier: Apache-2.0
 * See power_check.h. */
#include "fault/power_check.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

#include "crypto/key_folder.h"
#include "domain/parties/record.h"
#include "domain/people/erasure.h"
#include "domain/people/person_key.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "ledger/receipt_check.h"
#include "store/queries.h"

/* One node that has come up, and the facts that it is held against. */
struct looker {
    struct power_check *check;
    struct power        power; /* a driver of its own, over the folder of the check */
    struct text         verifier_key;
};

static bool complain(struct looker *looker, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(struct looker *looker, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(looker->check->out_why, sizeof looker->check->out_why, format, args); /* a cut one still tells */
    va_end(args);
    return false;
}

static bool complain_of(struct looker *looker, const char *what, const struct failure *failure)
{
    return complain(looker, "%s: %s: %s (%s)", what, failure->reason, failure->detail, failure->where);
}

/* Whether `result` is OK; tells when it is not. */
static bool went(struct looker *looker, const char *what, err result)
{
    return result == OK || complain_of(looker, what, &looker->power.world.node.cx.failure);
}

static struct ctx *as(struct looker *looker, struct actor actor)
{
    arena_reset(looker->power.world.node.cx.arena);
    return world_as(&looker->power.world, actor);
}

static struct ctx *as_person(struct looker *looker, int64_t person_id)
{
    return as(looker, (struct actor){.kind = ACTOR_PERSON, .person_id = person_id});
}

static struct ctx *as_operator(struct looker *looker)
{
    return as(looker, (struct actor){.kind = ACTOR_OPERATOR});
}

/* ---- audits */

static void keep_first(void *self, struct text sentence)
{
    struct looker *looker = self;
    if (looker->check->out_why[0] == '\0')
        (void)complain(looker, "audit: %.*s", TEXT_ARGS(sentence));
}

static bool audits_find_nothing(struct looker *looker)
{
    struct audit_report report = {.found = keep_first, .self = looker};
    struct ledger_audit audit = {.found = keep_first, .self = looker};
    if (!went(looker, "integrity", store_check(as_operator(looker), looker->power.node.store)) ||
        !went(looker, "keys", person_keys_check(as_operator(looker))) ||
        !went(looker, "audit", domain_audit(as_operator(looker), &report)) ||
        !went(looker, "audit of the log", ledger_audit(as_operator(looker), &audit)))
        return false;
    return report.findings + audit.findings == 0;
}

/* ---- facts */

static bool counts(const struct looker *looker, const struct fact *fact)
{
    return fact->at <= looker->check->at;
}

/* Something of this kind by the time of the crash, behind the fact `after`. */
static bool is_known(const struct looker *looker, const struct fact *after, fact_kind kind, bool of_item)
{
    const struct book *book = &looker->check->power->book;
    const struct fact *end = book->facts + book->count;
    for (const struct fact *fact = after + 1; fact < end; fact++)
        if (fact->kind == kind && counts(looker, fact) && fact->person_id == after->person_id &&
            (!of_item || fact->item == after->item))
            return true;
    return false;
}

static bool may_be_erased(const struct looker *looker, const struct fact *fact)
{
    return is_known(looker, fact, FACT_ERASING, false);
}

static bool person_stands(struct looker *looker, const struct fact *fact)
{
    struct person person;
    if (!went(looker, "a person is gone", person_load(as_operator(looker), fact->person_id, &person)))
        return false;
    PERSON_KEY key;
    return may_be_erased(looker, fact) ||
           went(looker, "a key is gone", person_key_open(&looker->power.world.node.cx, fact->person_id, &key));
}

static bool value_stands(struct looker *looker, const struct fact *fact)
{
    struct vault_item item;
    if (may_be_erased(looker, fact) || is_known(looker, fact, FACT_VALUE, false))
        return true; /* a later one is held instead */
    struct ctx *cx = as_person(looker, fact->person_id);
    if (!went(looker, "a value is gone", vault_get(cx, attribute_find(TEXT("pd:PhysicalAddress")), &item)))
        return false;
    if (item.version < fact->item || (item.version == fact->item && !text_is(item.value, fact->text)))
        return complain(looker, "version %lld of a value was acknowledged, version %lld is there, or another text",
                        (long long)fact->item, (long long)item.version);
    return true;
}

static bool grant_stands(struct looker *looker, const struct fact *fact)
{
    struct grant grant;
    if (!went(looker, "a grant is gone", grant_load(as_operator(looker), fact->person_id, fact->item, &grant)))
        return false;
    if (grant.state != GRANT_ACTIVE && !may_be_erased(looker, fact) && !is_known(looker, fact, FACT_STOPPING, true))
        return complain(looker, "a grant that nobody stopped is in state %d", (int)grant.state);
    return true;
}

static bool stop_stands(struct looker *looker, const struct fact *fact)
{
    struct grant grant;
    if (!went(looker, "a stopped grant is gone", grant_load(as_operator(looker), fact->person_id, fact->item, &grant)))
        return false;
    return grant.state == GRANT_WITHDRAWN || complain(looker, "a stop that was acknowledged is undone");
}

static bool read_stands(struct looker *looker, const struct fact *fact)
{
    struct sql_disclosure_load_in in = {fact->person_id, fact->item};
    struct sql_disclosure_load_row row;
    bool found = false;
    if (!went(looker, "reading the ledger", sql_disclosure_load(as_operator(looker), &in, &row, &found)))
        return false;
    return found || complain(looker, "a read that was answered is not in the ledger");
}

static bool import_stands(struct looker *looker, const struct fact *fact)
{
    struct relationship relationship;
    struct record *records = NULL;
    size_t count = 0;
    struct ctx *cx = as(looker, looker->check->power->world.shipping);
    if (!went(looker, "an import is gone", relationship_open(cx, text_of(fact->text), &relationship)) ||
        !went(looker, "records", record_list(cx, &relationship, &records, &count)))
        return false;
    return count == 3 || complain(looker, "%zu of 3 imported records are there", count);
}

static bool head_stands(struct looker *looker, const struct fact *fact)
{
    struct ledger_head head;
    struct ctx *cx = as_operator(looker);
    if (!went(looker, "the log", ledger_head(cx, &head)))
        return false;
    if (head.tree.size < fact->item)
        return complain(looker, "the log had %lld published entries and has %lld", (long long)fact->item,
                        (long long)head.tree.size);
    if (is_known(looker, fact, FACT_HEAD, false))
        return true; /* a later one is held instead */
    return went(looker, "an old checkpoint", ledger_check_extends(cx, text_of(fact->text)));
}

/* The old proof holds against the log, and the node gives out the same receipt with a proof that holds. */
static bool proof_stands(struct looker *looker, const struct fact *fact)
{
    struct receipt receipt;
    struct proof old;
    struct proof fresh;
    struct text file;
    struct ctx *cx = as_person(looker, fact->person_id);
    if (may_be_erased(looker, fact))
        return true;
    if (!went(looker, "an old proof", proof_parse(cx, text_of(fact->more), &old)) ||
        !went(looker, "an old proof", ledger_check_extends(cx, old.note)) ||
        !went(looker, "a receipt", receipt_load(cx, fact->person_id, fact->item, &receipt)) ||
        !went(looker, "a proof", receipt_proof(cx, &receipt, &file)) ||
        !went(looker, "the key of the log", ledger_verifier_key(cx, &looker->verifier_key)) ||
        !went(looker, "a proof", proof_verify(cx, file, looker->verifier_key, receipt.payload, &fresh)))
        return false;
    return (fresh.index == old.index && text_is(receipt.jws, fact->text)) ||
           complain(looker, "a receipt that was handed out is another one now");
}

static bool is_whole(struct looker *looker, const char *path, const char *sql, int64_t at_least)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *prepared = NULL;
    const char *check = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
    bool whole = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
    whole = whole && sqlite3_prepare_v2(db, check, -1, &prepared, NULL) == SQLITE_OK &&
            sqlite3_step(prepared) == SQLITE_ROW && sqlite3_column_int64(prepared, 0) == 1;
    (void)sqlite3_finalize(prepared); /* repeats the code of the step */
    prepared = NULL;
    whole = whole && sqlite3_prepare_v2(db, sql, -1, &prepared, NULL) == SQLITE_OK &&
            sqlite3_step(prepared) == SQLITE_ROW && sqlite3_column_int64(prepared, 0) >= at_least;
    (void)sqlite3_finalize(prepared);
    (void)sqlite3_close(db); /* it was only read */
    return whole || complain(looker, "a backup is gone or not whole: %s", path);
}

static bool backup_stands(struct looker *looker, const struct fact *fact)
{
    static const char *const FILES[] = {"ledger", "records", "people"};
    static const char *const SQL[] = {"SELECT count(*) FROM disclosure", "SELECT count(*) FROM record",
                                      "SELECT count(*) FROM person"};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[200];
        (void)snprintf(path, sizeof path, "%s/%s/%s.db", looker->check->root, fact->text, FILES[i]);
        if (!is_whole(looker, path, SQL[i], i == 2 ? fact->item : 0))
            return false;
    }
    return true;
}

/* The bucket key that wrapped the person's key is no longer in the folder, whatever the databases say. */
static bool key_is_gone(struct looker *looker, const struct fact *fact)
{
    char path[200];
    uint8_t key[KEY_FILE_BYTES_MAX] = {0};
    (void)snprintf(path, sizeof path, "%s/node/keys/buckets/%lld.key", looker->check->root, (long long)fact->item);
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(key, 1, sizeof key, file);
    if (file != NULL)
        (void)fclose(file); /* it was only read */
    for (size_t i = 0; i < size; i++)
        if (key[i] != 0)
            return complain(looker, "a key that was destroyed is back");
    return true;
}

/* Before the node opens: it destroys such a key again. */
static bool destroyed_keys_are_gone(struct looker *looker)
{
    const struct book *book = &looker->check->power->book;
    for (size_t i = 0; i < book->count; i++) {
        const struct fact *fact = &book->facts[i];
        if (fact->kind == FACT_ERASED && counts(looker, fact) && !key_is_gone(looker, fact))
            return false;
    }
    return true;
}

static bool erasure_stands(struct looker *looker, const struct fact *fact)
{
    if (!key_is_gone(looker, fact))
        return false;
    PERSON_KEY opened;
    err result = person_key_open(as_operator(looker), fact->person_id, &opened);
    return result == NOT_FOUND || complain(looker, "the key of an erased person opens");
}

static bool facts_stand(struct looker *looker)
{
    static bool (*const STANDS[])(struct looker *looker, const struct fact *fact) = {
        [FACT_PERSON] = person_stands, [FACT_VALUE] = value_stands,   [FACT_GRANT] = grant_stands,
        [FACT_STOPPED] = stop_stands,  [FACT_READ] = read_stands,     [FACT_IMPORTED] = import_stands,
        [FACT_PROOF] = proof_stands,   [FACT_HEAD] = head_stands,     [FACT_ERASED] = erasure_stands,
        [FACT_BACKUP] = backup_stands, [FACT_STOPPING] = NULL,        [FACT_ERASING] = NULL,
    };
    const struct book *book = &looker->check->power->book;
    for (size_t i = 0; i < book->count; i++) {
        const struct fact *fact = &book->facts[i];
        if (counts(looker, fact) && STANDS[fact->kind] != NULL && !STANDS[fact->kind](looker, fact))
            return false;
    }
    return true;
}

/* ---- erasures: one that was cut goes through by itself, or was not begun and goes through when it is asked for */

static bool works_off(struct looker *looker)
{
    struct erasure_work work = {.told = NULL};
    return went(looker, "the list of erasures",
                erasure_finish(as_operator(looker), looker->power.node.store, &work));
}

static bool goes_through(struct looker *looker, const struct fact *fact)
{
    struct erasure_begin begin = {.person_id = fact->person_id};
    struct actor operator_ = {.kind = ACTOR_OPERATOR};
    struct person person;
    if (!went(looker, "a person is gone", person_load(as_operator(looker), fact->person_id, &person)) ||
        (person.state == PERSON_ERASED && !erasure_stands(looker, fact)))
        return false;
    return went(looker, "an erasure that was cut",
                test_node_write(&looker->power.world.node, &operator_, erasure_begin, &begin)) &&
           works_off(looker) && erasure_stands(looker, fact);
}

static bool erasures_go_through(struct looker *looker)
{
    const struct book *book = &looker->check->power->book;
    if (!works_off(looker))
        return false;
    for (size_t i = 0; i < book->count; i++) {
        const struct fact *fact = &book->facts[i];
        bool is_open = fact->kind == FACT_ERASING && counts(looker, fact) &&
                       !is_known(looker, fact, FACT_ERASED, false);
        if (is_open && !goes_through(looker, fact))
            return false;
    }
    return true;
}

/* ---- going on */

static bool goes_on(struct looker *looker)
{
    struct person_create create = {.name = TEXT("Di")};
    struct actor operator_ = {.kind = ACTOR_OPERATOR};
    err written = test_node_write(&looker->power.world.node, &operator_, person_create, &create);
    if (!went(looker, "a write after the cut", written))
        return false;
    if (node_settle(&looker->power.node) != OK)
        return complain_of(looker, "the node's own work after the cut", &looker->power.node.cx.failure);
    return true;
}

bool power_check(struct power_check *check)
{
    struct looker looker = {.check = check};
    struct power *power = &looker.power;
    check->out_why[0] = '\0';
    (void)snprintf(power->root, sizeof power->root, "%s", check->root);
    power->node_dice.seeded.state = check->power->node_dice.seeded.state + 1;
    power->node_dice.randomness = randomness_seeded(&power->node_dice.seeded);
    power->world.node.time = check->power->world.node.time;
    if (!destroyed_keys_are_gone(&looker))
        return false;
    bool sound = power_open(power) == OK || complain_of(&looker, "the node does not open", &power->node.cx.failure);
    sound = sound && erasures_go_through(&looker) && audits_find_nothing(&looker) && facts_stand(&looker) &&
            (!check->goes_on || (goes_on(&looker) && audits_find_nothing(&looker)));
    power_close(power);
    return sound;
}
