/* SPDX-License-Identifier: Apache-2.0
 * Purposes from draft to retirement. A published version is never written again but for its retirement. */
#include "domain/parties/purpose.h"

#include "base/limits.h"
#include "domain/policy.h"
#include "domain/proof/deed.h"
#include "domain/proof/row_tag.h"
#include "store/queries.h"

#define VERSION_MAX 1000000

static const char *const STATES[] = {
    [PURPOSE_DRAFT] = "draft", [PURPOSE_PUBLISHED] = "published", [PURPOSE_RETIRED] = "retired"};

const char *purpose_state_word(purpose_state state)
{
    return STATES[state];
}

static struct purpose purpose_of_row(const struct sql_purpose_list_row *row)
{
    return (struct purpose){
        .organisation_id = row->organisation_id,
        .purpose_id = row->purpose_id,
        .version = row->version,
        .state = (purpose_state)row->state,
        .needed = {(uint64_t)row->needed_low, (uint64_t)row->needed_high},
        .optional = {(uint64_t)row->optional_low, (uint64_t)row->optional_high},
        .departments = row->departments,
        .longest_ms = row->longest_ms,
        .name = row->name,
        .body = row->body,
        .language = row->language,
        .created_at_ms = row->created_at_ms,
        .published_at_ms = row->published_at_ms,
        .retired_at_ms = row->retired_at_ms,
    };
}

#define EVERY_DEPARTMENT (-1) /* all bits */

/* The newest version of one purpose whose state lies between the two, up to `most_version`. */
struct pick {
    purpose_state least_state;
    purpose_state most_state;
    int64_t       most_version;
    int64_t       draft_departments; /* bits: a draft counts when it names one of them */
};

static struct sql_purpose_list_in one_of(const struct id *id, const struct pick *pick)
{
    return (struct sql_purpose_list_in){
        .organisation_id = id->owner,
        .after = id->item - 1,
        .least_state = pick->least_state,
        .most_state = pick->most_state,
        .most_version = pick->most_version,
        .most = 1,
        .draft_departments = pick->draft_departments,
    };
}

static err load(struct ctx *cx, const struct id *id, const struct pick *pick, struct purpose *out)
{
    struct sql_purpose_list_in in = one_of(id, pick);
    struct sql_purpose_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_purpose_list(cx, &in, &rows, &count));
    if (count == 0 || rows[0].purpose_id != id->item)
        return FAIL_NOT_FOUND(cx);
    *out = purpose_of_row(&rows[0]);
    return OK;
}

static struct pick pick_version(int64_t version)
{
    return (struct pick){PURPOSE_DRAFT, PURPOSE_RETIRED, version == 0 ? VERSION_MAX : version, EVERY_DEPARTMENT};
}

void purpose_load_ahead(struct ctx *cx, const struct id *id, int64_t version)
{
    struct pick pick = pick_version(version);
    struct sql_purpose_list_in in = one_of(id, &pick);
    sql_purpose_list_ahead(cx, &in);
}

err purpose_load(struct ctx *cx, const struct id *id, int64_t version, struct purpose *out)
{
    struct pick pick = pick_version(version);
    struct purpose purpose;
    TRY(load(cx, id, &pick, &purpose));
    if (version != 0 && purpose.version != version)
        return FAIL_NOT_FOUND(cx);
    *out = purpose;
    return OK;
}

/* Whose drafts a system or member may know of: those that name its department. A person is never shown one. */
static int64_t drafts_seen(const struct ctx *cx, int64_t organisation_id)
{
    if (cx->actor.kind == ACTOR_PERSON)
        return 0;
    if (!actor_is_of_department(&cx->actor))
        return EVERY_DEPARTMENT;
    return cx->actor.organisation_id == organisation_id ? cx->actor.department_bit : 0;
}

err purpose_see(struct ctx *cx, const struct id *id, struct purpose *out)
{
    TRY(policy_require(cx, POLICY_PURPOSE_SEE, &(struct policy_object){.organisation_id = id->owner}));
    struct pick pick = {PURPOSE_DRAFT, PURPOSE_RETIRED, VERSION_MAX, drafts_seen(cx, id->owner)};
    return load(cx, id, &pick, out);
}

static err require_write(struct ctx *cx, const struct purpose *purpose)
{
    struct policy_object object = {.organisation_id = purpose->organisation_id, .departments = purpose->departments};
    return policy_require(cx, POLICY_PURPOSE_WRITE, &object);
}

err purpose_load_writable(struct ctx *cx, const struct id *id, struct purpose *out)
{
    struct purpose purpose;
    TRY(policy_require_own(cx, POLICY_PURPOSE_WRITE));
    TRY(purpose_load(cx, id, 0, &purpose));
    TRY(require_write(cx, &purpose));
    *out = purpose;
    return OK;
}

static const struct pick PUBLISHED = {PURPOSE_PUBLISHED, PURPOSE_PUBLISHED, VERSION_MAX, 0};

void purpose_load_published_ahead(struct ctx *cx, const struct id *id)
{
    struct sql_purpose_list_in in = one_of(id, &PUBLISHED);
    sql_purpose_list_ahead(cx, &in);
}

err purpose_load_published(struct ctx *cx, const struct id *id, struct purpose *out)
{
    err result = load(cx, id, &PUBLISHED, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    struct pick any = {PURPOSE_DRAFT, PURPOSE_RETIRED, VERSION_MAX, drafts_seen(cx, id->owner)};
    struct purpose other;
    TRY(load(cx, id, &any, &other));
    return FAIL(cx, CONFLICT, "purpose.not_published", "the purpose is not published");
}

static struct pick pick_seen(const struct ctx *cx, const struct id *id)
{
    return (struct pick){PURPOSE_DRAFT, PURPOSE_RETIRED, VERSION_MAX, drafts_seen(cx, id->owner)};
}

void purpose_check_known_ahead(struct ctx *cx, const struct id *id)
{
    struct pick pick = pick_seen(cx, id);
    struct sql_purpose_list_in in = one_of(id, &pick);
    sql_purpose_list_ahead(cx, &in);
}

err purpose_check_known(struct ctx *cx, const struct id *id)
{
    struct pick pick = pick_seen(cx, id);
    struct purpose purpose;
    return load(cx, id, &pick, &purpose);
}

err purpose_list(struct ctx *cx, struct purpose_list *list)
{
    struct sql_purpose_list_in in = {
        .organisation_id = list->organisation_id,
        .after = list->after,
        .least_state = list->published_only ? PURPOSE_PUBLISHED : PURPOSE_DRAFT,
        .most_state = list->published_only ? PURPOSE_PUBLISHED : PURPOSE_RETIRED,
        .most_version = VERSION_MAX,
        .most = list->limit,
        .draft_departments = drafts_seen(cx, list->organisation_id),
    };
    struct sql_purpose_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_purpose_list(cx, &in, &rows, &count));
    struct purpose *purposes = ARENA_ARRAY(cx->arena, struct purpose, count);
    if (purposes == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        purposes[i] = purpose_of_row(&rows[i]);
    list->out = purposes;
    list->out_count = count;
    return OK;
}

static err check_draft(struct ctx *cx, const struct purpose_save *save)
{
    if (attribute_set_is_empty(attribute_set_union(save->text.needed, save->text.optional)))
        return FAIL_AT(cx, INVALID, "purpose.no_attributes", "/attributes",
                       "a purpose names at least one kind of data");
    if (save->text.longest_ms <= 0 || save->text.longest_ms > LIMIT_GRANT_MS)
        return FAIL_AT(cx, INVALID, "purpose.too_long", "/longest", "a grant lasts at most twelve months");
    return OK;
}

/* A new purpose begins at version 1; an open draft is changed in place; else the next version begins. */
static err next_version(struct ctx *cx, const struct purpose_save *save, struct purpose *purpose)
{
    *purpose =
        (struct purpose){.organisation_id = cx->actor.organisation_id, .created_at_ms = cx->now_ms, .version = 1};
    if (save->purpose_id == 0) {
        purpose->purpose_id = ctx_number(cx);
        return OK;
    }
    struct id id = {ID_PURPOSE, cx->actor.organisation_id, save->purpose_id};
    struct purpose latest;
    TRY(purpose_load_writable(cx, &id, &latest));
    purpose->purpose_id = latest.purpose_id;
    purpose->version = latest.state == PURPOSE_DRAFT ? latest.version : latest.version + 1;
    if (latest.state == PURPOSE_DRAFT)
        purpose->created_at_ms = latest.created_at_ms;
    return OK;
}

static struct sql_purpose_save_in row_of(const struct purpose *purpose)
{
    return (struct sql_purpose_save_in){
        .organisation_id = purpose->organisation_id,
        .purpose_id = purpose->purpose_id,
        .version = purpose->version,
        .needed_low = (int64_t)purpose->needed.low,
        .needed_high = (int64_t)purpose->needed.high,
        .optional_low = (int64_t)purpose->optional.low,
        .optional_high = (int64_t)purpose->optional.high,
        .departments = purpose->departments,
        .longest_ms = purpose->longest_ms,
        .name = purpose->name,
        .body = purpose->body,
        .language = purpose->language,
        .created_at_ms = purpose->created_at_ms,
    };
}

err purpose_save(struct ctx *cx, void *arg)
{
    struct purpose_save *save = arg;
    TRY(policy_require_own(cx, POLICY_PURPOSE_WRITE));
    TRY(check_draft(cx, save));
    struct purpose purpose;
    TRY(next_version(cx, save, &purpose));
    purpose.state = PURPOSE_DRAFT;
    purpose.needed = save->text.needed;
    purpose.optional = save->text.optional;
    purpose.departments = save->departments != 0 ? save->departments : cx->actor.department_bit;
    purpose.longest_ms = save->text.longest_ms;
    purpose.name = save->text.name;
    purpose.body = save->body;
    purpose.language = save->text.language;
    struct sql_purpose_save_in row = row_of(&purpose);
    row.created_at_ms = cx->now_ms; /* a draft that is there keeps its own */
    TRY(sql_purpose_save(cx, &row, NULL));
    save->out = purpose;
    return OK;
}

/* From here on nothing of the version changes but its state. */
static err freeze(struct ctx *cx, const struct purpose *purpose)
{
    struct sql_purpose_save_in row = row_of(purpose);
    struct row_tag tag = row_tag_of_purpose(cx->arena, &row, purpose->published_at_ms);
    return row_tag_keep(cx, &tag);
}

static err set_state(struct ctx *cx, struct purpose *purpose, purpose_state state)
{
    purpose->state = state;
    if (state == PURPOSE_PUBLISHED)
        purpose->published_at_ms = cx->now_ms;
    else
        purpose->retired_at_ms = cx->now_ms;
    struct sql_purpose_set_state_in row = {purpose->organisation_id, purpose->purpose_id,      purpose->version,
                                           state,                    purpose->published_at_ms, purpose->retired_at_ms};
    TRY(sql_purpose_set_state(cx, &row, NULL));
    return deed_add(cx, purpose->organisation_id, state == PURPOSE_PUBLISHED ? "purpose.published" : "purpose.retired",
                    purpose->purpose_id);
}

static err retire_published(struct ctx *cx, const struct id *id)
{
    struct purpose before;
    err result = purpose_load_published(cx, id, &before);
    if (result == CONFLICT) { /* none is published: nothing to retire */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    return set_state(cx, &before, PURPOSE_RETIRED);
}

err purpose_publish(struct ctx *cx, void *arg)
{
    struct purpose_publish *publish = arg;
    TRY(policy_require_own(cx, POLICY_PURPOSE_WRITE));
    struct id id = {ID_PURPOSE, cx->actor.organisation_id, publish->purpose_id};
    struct purpose purpose;
    TRY(purpose_load_writable(cx, &id, &purpose));
    if (purpose.state != PURPOSE_DRAFT)
        return FAIL(cx, CONFLICT, "purpose.not_draft", "only a draft can be published");
    if (!text_equals(purpose.body, publish->body))
        return FAIL(cx, CONFLICT, "purpose.changed", "the draft was changed meanwhile");
    struct findings findings = {0};
    TRY(wording_check(cx, &publish->text, &findings));
    if (findings.count > 0)
        return FAIL_AT(cx, INVALID, "purpose.findings", findings.items[0].pointer,
                       "%zu things to mend, the first: %.*s", findings.count, TEXT_ARGS(findings.items[0].message));
    TRY(retire_published(cx, &id));
    TRY(set_state(cx, &purpose, PURPOSE_PUBLISHED));
    TRY(freeze(cx, &purpose));
    publish->out = purpose;
    return OK;
}

err purpose_retire(struct ctx *cx, void *arg)
{
    struct purpose_retire *retire = arg;
    TRY(policy_require_own(cx, POLICY_PURPOSE_WRITE));
    struct id id = {ID_PURPOSE, cx->actor.organisation_id, retire->purpose_id};
    struct purpose purpose;
    err result = purpose_load_published(cx, &id, &purpose);
    if (result == CONFLICT) { /* that it is not published is told to those only who may write it */
        struct purpose latest;
        struct failure failure = cx->failure;
        failure_clear(&cx->failure);
        TRY(purpose_load_writable(cx, &id, &latest));
        cx->failure = failure;
    }
    TRY(result);
    TRY(require_write(cx, &purpose));
    TRY(set_state(cx, &purpose, PURPOSE_RETIRED));
    retire->out = purpose;
    return OK;
}
