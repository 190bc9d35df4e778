/* SPDX-License-Identifier: Apache-2.0
 * What organisations have set up: that each signing key opens and fits its public half, that departments are numbered
 * without a gap, that an API key says what its system says, and that whatever facts and reads speak of is there. */
#include "domain/entrance/id_token_key.h"
#include "domain/parties/member.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/people/person.h"
#include "domain/proof/audit_walk.h"

/* A failure that says what is wrong with the rows becomes the caller's finding. */
static err forgive(struct audit_walk *walk, err result, bool *out_right)
{
    *out_right = result == OK;
    if (result != OK && result != NOT_FOUND && result != CORRUPT && result != MALFORMED && result != INVALID)
        return result;
    failure_clear(&walk->brief.failure);
    return OK;
}

/* ---- tags */

err audit_tag(struct audit_walk *walk, const struct row_tag *tag, struct id id)
{
    row_tag_verdict verdict = ROW_TAG_NONE;
    TRY(row_tag_check(&walk->brief, tag, &verdict));
    walk->counts.untagged += verdict == ROW_TAG_NONE;
    if (verdict == ROW_TAG_LOST)
        audit_found(walk, "The tag of %.*s is not there.", TEXT_ARGS(audit_id_name(walk, id)));
    if (verdict == ROW_TAG_DIFFERS)
        audit_found(walk, "%.*s is not as it was set up: its tag does not fit.", TEXT_ARGS(audit_id_name(walk, id)));
    return OK;
}

static err take_key(struct ctx *cx, const struct sql_audit_api_key_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct sql_api_key_insert_in columns = {row->public_id, row->hash, row->organisation_id, row->department_id,
                                            row->department_bit, row->system_id, row->scopes, row->created_at_ms};
    struct row_tag tag = row_tag_of_key(walk->brief.arena, &columns);
    TRY(audit_tag(walk, &tag, (struct id){ID_SYSTEM, row->organisation_id, row->system_id}));
    arena_reset(walk->brief.arena);
    return OK;
}

static err take_signing(struct ctx *cx, const struct sql_audit_system_key_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct sql_system_key_insert_in columns = {row->organisation_id, row->system_id, row->department_id,
                                               row->department_bit, row->scopes, row->jwks, row->redirect_uris,
                                               row->created_at_ms};
    struct row_tag tag = row_tag_of_signing(walk->brief.arena, &columns);
    TRY(audit_tag(walk, &tag, (struct id){ID_SYSTEM, row->organisation_id, row->system_id}));
    arena_reset(walk->brief.arena);
    return OK;
}

/* ---- members */

/* Somebody signs in for as long as the membership lasts, and is forgotten then. */
static err is_kept_well(struct audit_walk *walk, int64_t member_id, bool *out)
{
    struct sql_member_load_in in = {member_id};
    struct sql_member_row row = {0};
    struct person person = {.state = PERSON_UNCLAIMED};
    bool found = false;
    bool there = false;
    TRY(sql_member_load(&walk->brief, &in, &row, &found));
    TRY(forgive(walk, person_load(&walk->brief, member_id, &person), &there));
    *out = found && there && person.state == (row.ended_at_ms == 0 ? PERSON_MEMBER : PERSON_ERASED);
    return OK;
}

/* Twice: one that ends between the two looks of the first time has ended by the second. */
static err take_member(struct ctx *cx, const struct sql_member_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct id id = {ID_MEMBER, row->organisation_id, row->member_id};
    bool fits = false;
    bool well = false;
    TRY(member_row_fits(&walk->brief, row, &fits));
    for (int look = 0; look < 2 && !well; look++)
        TRY(is_kept_well(walk, row->member_id, &well));
    if (!fits)
        audit_found(walk, "%.*s is not as it was set up: its tag does not fit.", TEXT_ARGS(audit_id_name(walk, id)));
    if (!well)
        audit_found(walk, "%.*s is not there, or not forgotten, as the membership says.",
                    TEXT_ARGS(audit_id_name(walk, id)));
    arena_reset(walk->brief.arena);
    return OK;
}

/* ---- organisations and departments */

static err check_signing_key(struct audit_walk *walk, int64_t organisation_id)
{
    struct signing_key key = {.owner = organisation_id};
    struct text derived = TEXT_NONE;
    bool reads = false;
    bool fits = false;
    TRY(forgive(walk, organisation_signing_key(&walk->brief, organisation_id, &key), &reads));
    if (reads)
        TRY(forgive(walk, keyring_signing_key_public(&walk->brief, &key, &derived), &fits));
    if (!fits || !text_equals(key.public_jwk, derived))
        audit_found(walk, "The signing key of %.*s is missing, does not open or does not fit its public half.",
                    TEXT_ARGS(audit_id_name(walk, (struct id){ID_ORGANISATION, organisation_id, 0})));
    return OK;
}

/* Departments are only ever added: the ordinal of each is how many were there before. */
static err check_departments(struct audit_walk *walk, int64_t organisation_id)
{
    struct sql_department_list_in in = {organisation_id};
    struct sql_department_row *rows = NULL;
    size_t count = 0;
    TRY(sql_department_list(&walk->brief, &in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct id id = {ID_DEPARTMENT, organisation_id, rows[i].department_id};
        struct sql_department_insert_in columns = {organisation_id, rows[i].department_id, rows[i].ordinal,
                                                   rows[i].name, rows[i].created_at_ms};
        struct row_tag tag = row_tag_of_department(walk->brief.arena, &columns);
        if (rows[i].ordinal != (int64_t)i)
            audit_found(walk, "The department %.*s is numbered %lld where it is number %zu.",
                        TEXT_ARGS(audit_id_name(walk, id)), (long long)rows[i].ordinal, i);
        TRY(audit_tag(walk, &tag, id));
    }
    return OK;
}

static err take_organisation(struct ctx *cx, const struct sql_audit_organisation_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct sql_organisation_insert_in columns = {row->organisation_id, row->slug, row->name, row->created_at_ms};
    struct row_tag tag = row_tag_of_organisation(walk->brief.arena, &columns);
    TRY(audit_tag(walk, &tag, (struct id){ID_ORGANISATION, row->organisation_id, 0}));
    TRY(check_signing_key(walk, row->organisation_id));
    TRY(check_departments(walk, row->organisation_id));
    arena_reset(walk->brief.arena);
    return OK;
}

/* ---- keys of systems */

static err take_odd_key(struct ctx *cx, const struct sql_audit_key_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct id id = {ID_SYSTEM, row->organisation_id, row->system_id};
    audit_found(arg, "The API key of %.*s, or what it signs with, is missing or holds other rights than its system.",
                TEXT_ARGS(audit_id_name(arg, id)));
    return OK;
}

/* ---- keys of the node */

static err check_id_token_keys(struct audit_walk *walk)
{
    bool fits = false;
    TRY(forgive(walk, id_token_keys_check_all(&walk->brief), &fits));
    if (!fits)
        audit_found(walk, "A key that signs ID tokens does not open or does not fit its public half.");
    arena_reset(walk->brief.arena);
    return OK;
}

/* ---- what facts and reads speak of */

static void tell_missing(struct audit_walk *walk, id_type type, int64_t organisation_id, int64_t item)
{
    struct id id = {type, organisation_id, item};
    audit_found(walk, "%.*s is spoken of and is not there, or not as it is spoken of.",
                TEXT_ARGS(audit_id_name(walk, id)));
}

static err take_dangling(struct ctx *cx, const struct sql_audit_dangling_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    static const id_type TYPES[] = {ID_NONE, ID_ORGANISATION, ID_DEPARTMENT, ID_SYSTEM};
    struct audit_walk *walk = arg;
    struct id purpose_id = {ID_PURPOSE, row->organisation_id, row->item_id};
    if ((size_t)row->kind < sizeof TYPES / sizeof *TYPES)
        tell_missing(walk, TYPES[row->kind], row->organisation_id, row->item_id);
    else
        audit_found(walk, "Acts rest on version %lld of %.*s, which is not there or was never published.",
                    (long long)row->version, TEXT_ARGS(audit_id_name(walk, purpose_id)));
    return OK;
}

static err check_read_purpose(struct audit_walk *walk, const struct sql_audit_reader_list_row *row)
{
    struct id id = {ID_PURPOSE, row->organisation_id, row->purpose_id};
    struct purpose purpose = {.state = PURPOSE_DRAFT};
    bool found = false;
    TRY(forgive(walk, purpose_load(&walk->brief, &id, row->purpose_version, &purpose), &found));
    if (!found || (row->purpose_version != 0 && purpose.state == PURPOSE_DRAFT))
        audit_found(walk, "Reads rest on version %lld of %.*s, which is not there or was never published.",
                    (long long)row->purpose_version, TEXT_ARGS(audit_id_name(walk, id)));
    return OK;
}

static err take_reader(struct ctx *cx, const struct sql_audit_reader_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct sql_audit_system_count_in in = {row->organisation_id, row->system_id, row->department_id};
    struct sql_audit_system_count_row systems = {0};
    struct department department;
    bool found = false;
    TRY(sql_audit_system_count(&walk->brief, &in, &systems, &found));
    if (systems.systems == 0)
        tell_missing(walk, ID_SYSTEM, row->organisation_id, row->system_id);
    TRY(forgive(walk, department_load(&walk->brief, row->organisation_id, row->department_id, &department), &found));
    if (!found)
        tell_missing(walk, ID_DEPARTMENT, row->organisation_id, row->department_id);
    TRY(check_read_purpose(walk, row));
    arena_reset(walk->brief.arena);
    return OK;
}

err audit_organisations(struct audit_walk *walk)
{
    TRY(sql_audit_organisation_list_each(&walk->cx, take_organisation, walk));
    TRY(sql_audit_api_key_list_each(&walk->cx, take_key, walk));
    TRY(sql_audit_system_key_list_each(&walk->cx, take_signing, walk));
    TRY(sql_audit_key_list_each(&walk->cx, take_odd_key, walk));
    TRY(sql_audit_member_list_each(&walk->cx, take_member, walk));
    TRY(check_id_token_keys(walk));
    TRY(sql_audit_reader_list_each(&walk->cx, take_reader, walk)); /* the ledger before what it speaks of */
    return sql_audit_dangling_list_each(&walk->cx, take_dangling, walk);
}
