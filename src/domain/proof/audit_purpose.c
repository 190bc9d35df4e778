/* SPDX-License-Identifier: Apache-2.0
 * Purposes: that their versions follow each other without a gap, that states and moments fit, and that the columns by
 * which requests are decided say what the body says, which people read. What a body leaves out is not compared. That
 * the body itself is the one that was shown is for audit_receipt.c. */
#include "base/json.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/proof/audit_walk.h"

/* The purpose at hand while its versions go by. */
struct versions {
    struct audit_walk *walk;
    int64_t            organisation_id;
    int64_t            purpose_id;
    int64_t            version;
    bool               has_published; /* one of them is open for requests */
    bool               has_draft;
};

static void tell(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row, const char *what)
{
    struct id id = {ID_PURPOSE, row->organisation_id, row->purpose_id};
    audit_found(walk, "Version %lld of %.*s %s.", (long long)row->version, TEXT_ARGS(audit_id_name(walk, id)), what);
}

/* ---- columns against the body */

static bool read_kinds(const json_t *terms, struct attribute_set *out)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < json_array_size(terms); i++) {
        const struct attribute_kind *kind = attribute_find(json_text(json_array_get(terms, i)));
        if (kind == NULL)
            return false;
        set = attribute_set_add(set, kind->number);
    }
    *out = set;
    return true;
}

static void compare_kinds(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row, const json_t *body)
{
    const json_t *attributes = json_object_get(body, "attributes");
    struct attribute_set needed = ATTRIBUTE_SET_EMPTY;
    struct attribute_set optional = ATTRIBUTE_SET_EMPTY;
    struct attribute_set needed_row = {(uint64_t)row->needed_low, (uint64_t)row->needed_high};
    struct attribute_set optional_row = {(uint64_t)row->optional_low, (uint64_t)row->optional_high};
    if (attributes == NULL)
        return;
    if (!read_kinds(json_object_get(attributes, "needed"), &needed) ||
        !read_kinds(json_object_get(attributes, "optional"), &optional))
        tell(walk, row, "names a kind of data that does not exist");
    else if (!attribute_set_equals(needed, needed_row) || !attribute_set_equals(optional, optional_row))
        tell(walk, row, "holds other kinds of data than its text names");
}

static err read_departments(struct audit_walk *walk, int64_t organisation_id, const json_t *ids, int64_t *out)
{
    int64_t bits = 0;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        struct id id = {ID_NONE, 0, 0};
        struct department department = {.bit = 0};
        err result = id_open(&walk->brief, json_text(json_array_get(ids, i)), ID_DEPARTMENT, &id);
        if (result == OK && id.owner == organisation_id)
            result = department_load(&walk->brief, organisation_id, id.item, &department);
        if (result != OK && result != NOT_FOUND)
            return result;
        failure_clear(&walk->brief.failure); /* a department that is not there has no bit */
        bits |= department.bit;
    }
    *out = bits;
    return OK;
}

static err compare_departments(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row,
                               const json_t *body)
{
    const json_t *departments = json_object_get(body, "departments");
    int64_t bits = 0;
    TRY(read_departments(walk, row->organisation_id, departments, &bits));
    if (row->departments <= 0 || (json_array_size(departments) > 0 && row->departments != bits))
        tell(walk, row, "is for other departments than its text names");
    return OK;
}

static void compare_words(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row, const json_t *body)
{
    const json_t *name = json_object_get(body, "name");
    const json_t *language = json_object_get(body, "language");
    const json_t *longest = json_object_get(body, "longest");
    int64_t longest_ms = 0;
    if ((name != NULL && !text_equals(json_text(name), row->name)) ||
        (language != NULL && !text_equals(json_text(language), row->language)))
        tell(walk, row, "has another name or language than its text");
    if (longest != NULL && (!duration_parse(json_text(longest), &longest_ms) || longest_ms != row->longest_ms))
        tell(walk, row, "may last longer or shorter than its text says");
}

static err compare_body(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row)
{
    const json_t *body = NULL;
    err result = json_parse(&walk->brief, row->body, &body);
    if (result == MALFORMED || result == INVALID) {
        failure_clear(&walk->brief.failure);
        tell(walk, row, "has a text that does not read");
        return OK;
    }
    TRY(result);
    compare_kinds(walk, row, body);
    compare_words(walk, row, body);
    return compare_departments(walk, row, body);
}

/* ---- states and versions */

static bool state_fits(const struct sql_audit_purpose_list_row *row)
{
    bool was_published = row->published_at_ms >= row->created_at_ms && row->published_at_ms > 0;
    switch (row->state) {
    case PURPOSE_DRAFT:
        return row->published_at_ms == 0 && row->retired_at_ms == 0;
    case PURPOSE_PUBLISHED:
        return was_published && row->retired_at_ms == 0;
    case PURPOSE_RETIRED:
        return was_published && row->retired_at_ms >= row->published_at_ms;
    default:
        return false;
    }
}

static void check_order(struct versions *versions, const struct sql_audit_purpose_list_row *row)
{
    struct audit_walk *walk = versions->walk;
    if (row->organisation_id != versions->organisation_id || row->purpose_id != versions->purpose_id)
        *versions = (struct versions){walk, row->organisation_id, row->purpose_id, 0, false, false};
    if (row->version != versions->version + 1)
        tell(walk, row, "comes where versions before it are missing");
    if (versions->has_draft || (versions->has_published && row->state != PURPOSE_DRAFT))
        tell(walk, row, "came while the version before it was still a draft or open for requests");
    versions->version = row->version;
    versions->has_draft = row->state == PURPOSE_DRAFT;
    versions->has_published = versions->has_published || row->state == PURPOSE_PUBLISHED;
}

/* A version is frozen when it is published. */
static err check_tag(struct audit_walk *walk, const struct sql_audit_purpose_list_row *row)
{
    struct sql_purpose_save_in columns = {
        row->organisation_id, row->purpose_id,    row->version,  row->needed_low, row->needed_high,
        row->optional_low,    row->optional_high, row->departments, row->longest_ms, row->name,
        row->body,            row->created_at_ms, row->language};
    struct row_tag tag = row_tag_of_purpose(walk->brief.arena, &columns, row->published_at_ms);
    struct id id = {ID_PURPOSE, row->organisation_id, row->purpose_id};
    return row->state == PURPOSE_DRAFT ? OK : audit_tag(walk, &tag, id);
}

static err take_version(struct ctx *cx, const struct sql_audit_purpose_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct versions *versions = arg;
    check_order(versions, row);
    if (!state_fits(row))
        tell(versions->walk, row, "has a state that its moments do not fit");
    TRY(compare_body(versions->walk, row));
    TRY(check_tag(versions->walk, row));
    arena_reset(versions->walk->brief.arena);
    return OK;
}

err audit_purposes(struct audit_walk *walk)
{
    struct versions versions = {.walk = walk};
    return sql_audit_purpose_list_each(&walk->cx, take_version, &versions);
}
