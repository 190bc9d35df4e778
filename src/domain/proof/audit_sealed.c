/* SPDX-License-Identifier: Apache-2.0
 * What is kept sealed for one person: that it opens under the person's key and lies where it belongs, that versions
 * follow each other without a gap, and that the person's state fits it all. Values are opened and
 * forgotten, never told. */
#include "crypto/id_seal.h"
#include "domain/entrance/passkey.h"
#include "domain/parties/record.h"
#include "domain/people/vault.h"
#include "domain/proof/audit_walk.h"

/* The versions of one kind, oldest first. */
struct versions {
    struct audit_walk *walk;
    int64_t            kind;
    int64_t            last;
    int64_t            event_id; /* of the last one */
};

static void tell_kind(struct audit_walk *walk, int64_t kind, const char *what)
{
    audit_found(walk, "In the vault of %.*s, kind %lld %s.", TEXT_ARGS(audit_person_name(walk)), (long long)kind, what);
}

static err check_value(struct audit_walk *walk, int64_t kind, int64_t version, struct bytes sealed)
{
    struct seal_place place = {
        .person_id = walk->person.person_id, .kind = SEAL_VAULT, .item = kind, .version = version};
    struct bytes plain;
    bool opened = true;
    if (walk->has_key && sealed.size > 0) /* an empty one is a removal */
        TRY(audit_open(walk, &place, sealed, &plain, &opened));
    if (!opened)
        tell_kind(walk, kind, "has a version that does not open");
    arena_reset(walk->brief.arena);
    return OK;
}

static err take_old_version(struct ctx *cx, const struct sql_audit_history_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct versions *versions = arg;
    if (row->kind != versions->kind || row->version != versions->last + 1)
        tell_kind(versions->walk, row->kind, "has a gap between its versions");
    versions->last = row->version;
    struct audit_version version = {row->kind, row->version, row->confirmed_at_ms, row->changed_at_ms,
                                    row->sealed.size == 0};
    TRY(audit_event_of_version(versions->walk, &version, &versions->event_id));
    return check_value(versions->walk, row->kind, row->version, row->sealed);
}

static err take_value(struct ctx *cx, const struct sql_vault_list_row *row, void *arg)
{
    struct audit_walk *walk = arg;
    struct versions versions = {walk, row->kind, 0, 0};
    struct audit_version version = {row->kind, row->version, row->confirmed_at_ms, row->changed_at_ms,
                                    row->sealed.size == 0};
    struct sql_audit_history_list_in in = {walk->person.person_id, row->kind};
    if (attribute_by_number(row->kind) == NULL)
        tell_kind(walk, row->kind, "is not in the table of kinds");
    TRY(sql_audit_history_list_each(cx, &in, take_old_version, &versions));
    if (row->version != versions.last + 1)
        tell_kind(walk, row->kind, "has a gap before its current version");
    if (row->source < SOURCE_SELF || row->source > SOURCE_IMPORTED || row->confirmed_at_ms < row->changed_at_ms)
        tell_kind(walk, row->kind, "has an unknown source or was confirmed before it changed");
    TRY(audit_event_of_version(walk, &version, &versions.event_id));
    return check_value(walk, row->kind, row->version, row->sealed);
}

static err audit_vault(struct audit_walk *walk)
{
    struct sql_vault_list_in in = {walk->person.person_id};
    struct sql_audit_history_lost_in lost_in = {walk->person.person_id};
    struct sql_audit_history_lost_row lost = {0};
    bool found = false;
    TRY(sql_vault_list_each(&walk->cx, &in, take_value, walk));
    TRY(sql_audit_history_lost(&walk->cx, &lost_in, &lost, &found));
    if (lost.versions != 0)
        audit_found(walk, "The vault of %.*s has %lld old versions of kinds that have no current one.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)lost.versions);
    return OK;
}

/* A record of a relationship that is not there is no finding: the files commit one after the other, so a crash may
 * leave one, and nobody reads it. */
static err take_record(struct ctx *cx, const struct sql_record_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    const struct audit_subject *relationship = audit_subject_find(walk, AUDIT_RELATIONSHIP, row->relationship_id);
    struct record record = record_of_row(walk->person.person_id, row);
    int64_t owner = relationship == NULL ? walk->person.person_id : relationship->edge_person_id;
    struct text name = id_text(&walk->brief, (struct id){ID_RECORD, owner, row->record_id});
    struct bytes plain;
    bool opened = true;
    if (name.at == NULL)
        return FAIL_MEMORY(&walk->brief);
    if (walk->has_key)
        TRY(audit_opened(walk, record_open(&walk->brief, &walk->key, &record, row->sealed, &plain), &opened));
    if (!opened)
        audit_found(walk, "The record %.*s does not open.", TEXT_ARGS(name));
    arena_reset(walk->brief.arena);
    return OK;
}

static err check_public_half(struct audit_walk *walk, const struct audit_subject *subject, struct bytes opened,
                             struct text stored)
{
    struct text derived = TEXT_NONE;
    struct signing_key key = relationship_signing_key_of(subject->subject_id, opened, stored);
    err result = keyring_signing_key_public(&walk->brief, &key, &derived);
    if (result != OK && result != INVALID && result != MALFORMED && result != CORRUPT)
        return result;
    failure_clear(&walk->brief.failure);
    if (result != OK || !text_equals(derived, stored))
        audit_found(walk, "The public half of the signing key of %.*s does not fit.",
                    TEXT_ARGS(audit_name(walk, subject)));
    return OK;
}

/* A relationship that has started has a key of the person's own, and no other has one. */
static err check_signing_key(struct audit_walk *walk, const struct audit_subject *subject)
{
    struct sql_relationship_key_load_in in = {walk->person.person_id, subject->subject_id};
    struct sql_relationship_key_load_row row;
    struct seal_place place = {
        .person_id = walk->person.person_id, .kind = SEAL_RELATIONSHIP_KEY, .item = subject->subject_id};
    struct bytes plain;
    bool found = false;
    bool opened = true;
    bool due = false;
    for (size_t i = 0; i < subject->acts_count; i++)
        due = due || subject->acts[i].kind == ACT_RELATIONSHIP_STARTED;
    TRY(sql_relationship_key_load(&walk->brief, &in, &row, &found));
    if (found && walk->has_key)
        TRY(audit_open(walk, &place, row.sealed, &plain, &opened));
    bool went = due && !found && walk->person.state == PERSON_ERASED;
    if ((found != due && !went) || !opened)
        audit_found(walk, "The signing key of %.*s is missing, undue or does not open.",
                    TEXT_ARGS(audit_name(walk, subject)));
    if (found && walk->has_key && opened)
        TRY(check_public_half(walk, subject, plain, row.public_jwk));
    arena_reset(walk->brief.arena);
    return OK;
}

/* ---- passkeys */

static err take_passkey(struct ctx *cx, const struct sql_passkey_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct audit_walk *walk = arg;
    struct sql_passkey_credential_load_in in = {row->credential_hash};
    struct sql_passkey_credential_load_row owner = {0};
    struct passkey passkey;
    bool found = false;
    bool opened = true;
    if (walk->has_key)
        TRY(audit_opened(walk, passkey_open(&walk->brief, &walk->key, walk->person.person_id, row, &passkey), &opened));
    TRY(sql_passkey_credential_load(&walk->brief, &in, &owner, &found));
    if (!opened || !found || owner.person_id != walk->person.person_id)
        audit_found(walk, "A passkey of %.*s does not open, or is not known as theirs.",
                    TEXT_ARGS(audit_person_name(walk)));
    arena_reset(walk->brief.arena);
    return OK;
}

static err audit_passkeys(struct audit_walk *walk)
{
    struct sql_passkey_list_in in = {walk->person.person_id};
    struct sql_passkey_count_in count_in = {walk->person.person_id};
    struct sql_passkey_count_row count = {0};
    struct sql_passkey_credential_count_in known_in = {walk->person.person_id};
    struct sql_passkey_credential_count_row known = {0};
    bool found = false;
    TRY(sql_passkey_list_each(&walk->cx, &in, take_passkey, walk));
    TRY(sql_passkey_count(&walk->brief, &count_in, &count, &found));
    TRY(sql_passkey_credential_count(&walk->brief, &known_in, &known, &found));
    if (count.passkeys != known.credentials)
        audit_found(walk, "%.*s has %lld passkeys, and is known as the owner of %lld.",
                    TEXT_ARGS(audit_person_name(walk)), (long long)count.passkeys, (long long)known.credentials);
    return OK;
}

/* ---- who the person is */

static bool is_invited(const struct audit_subject *subject)
{
    struct relationship folded = {0};
    for (size_t i = 0; i < subject->acts_count; i++)
        relationship_fold(&folded, &subject->acts[i]);
    return folded.state == RELATIONSHIP_INVITED;
}

/* Whether the state is one that there is; a member is one of an organisation. */
static err is_known_state(struct audit_walk *walk, bool *out)
{
    struct sql_member_load_in in = {walk->person.person_id};
    struct sql_member_row row;
    bool found = true;
    if (walk->person.state == PERSON_MEMBER)
        TRY(sql_member_load(&walk->brief, &in, &row, &found));
    *out = found && walk->person.state >= PERSON_UNCLAIMED && walk->person.state <= PERSON_MEMBER;
    return OK;
}

/* Whom nobody has claimed yet was only invited and has said nothing; whoever is here was not only invited. */
static err check_state(struct audit_walk *walk)
{
    struct sql_vault_list_in in = {walk->person.person_id};
    struct sql_vault_list_row *values = NULL;
    size_t values_count = 0;
    bool unclaimed = walk->person.state == PERSON_UNCLAIMED;
    bool right = false;
    TRY(is_known_state(walk, &right));
    if (unclaimed)
        TRY(sql_vault_list(&walk->brief, &in, &values, &values_count));
    for (size_t i = 0; i < AUDIT_SUBJECT_LISTS; i++)
        for (const struct audit_subject *subject = walk->subjects[i]; subject != NULL; subject = subject->next)
            if (subject->topic == AUDIT_RELATIONSHIP && walk->person.state != PERSON_ERASED)
                right = right && is_invited(subject) == unclaimed;
    if (!right || values_count > 0)
        audit_found(walk, "The state of %.*s does not fit what is known of the relationships and the vault.",
                    TEXT_ARGS(audit_person_name(walk)));
    arena_reset(walk->brief.arena);
    return OK;
}

err audit_sealed(struct audit_walk *walk)
{
    struct sql_record_list_in records = {walk->person.person_id, INT64_MIN, INT64_MAX};
    TRY(check_state(walk));
    TRY(audit_vault(walk));
    TRY(audit_passkeys(walk));
    TRY(sql_record_list_each(&walk->cx, &records, take_record, walk));
    for (size_t i = 0; i < AUDIT_SUBJECT_LISTS; i++)
        for (const struct audit_subject *subject = walk->subjects[i]; subject != NULL; subject = subject->next)
            if (subject->topic == AUDIT_RELATIONSHIP)
                TRY(check_signing_key(walk, subject));
    return OK;
}
