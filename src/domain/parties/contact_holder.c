/* SPDX-License-Identifier: Apache-2.0
 * Keys to holders. A shared key is followed from place to place until a free one; households are small, and beyond
 * LIMIT_IMPORT_HOUSEHOLD only the same name in the same words finds itself again. */
#include "domain/parties/contact_holder.h"

#include "base/json.h"
#include "base/letters.h"
#include "base/limits_import.h"
#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "domain/people/person.h"
#include "store/queries.h"

#define LAST_PLACE (LIMIT_IMPORT_HOUSEHOLD + 1)

struct key_hash {
    uint8_t at[HASH_BYTES];
};

/* Nobody else can try e-mail addresses against it. */
static err hash_key(struct ctx *cx, int64_t organisation_id, struct text key, struct key_hash *out)
{
    struct secret_key lookup;
    keyring_node_key(cx->keyring, KEYRING_LOOKUP, &lookup);
    struct builder plain = builder_open(cx->arena, key.size + 64);
    build_bytes(&plain, (struct bytes){lookup.at, sizeof lookup.at});
    build_format(&plain, "%lld:", (long long)organisation_id);
    build_text(&plain, key);
    if (!plain.overflowed)
        blake2b_256(builder_bytes(&plain), out->at);
    secret_wipe(&lookup, sizeof lookup);
    secret_wipe(plain.at, plain.at == NULL ? 0 : sizeof lookup.at);
    return plain.overflowed ? FAIL_MEMORY(cx) : OK;
}

/* The n-th place of a key, from 1; behind the last of a household the one of this very name. */
static err place_of_key(struct ctx *cx, const struct import_contact *contact, size_t key, size_t place,
                        struct text *out)
{
    struct text text = contact->match_keys[key];
    const struct contact_traits *traits = &contact->traits;
    if (place > 1 && place < LAST_PLACE)
        text = text_format(cx->arena, "%.*s #%zu", TEXT_ARGS(text), place);
    if (place == LAST_PLACE) {
        struct text name = traits->given_name.size > 0 ? traits->given_name : traits->full_name;
        name = letters_fold(cx->arena, name, LETTERS_PLAIN);
        text = text_format(cx->arena, "%.*s =%.*s|%.*s", TEXT_ARGS(text), TEXT_ARGS(name),
                           TEXT_ARGS(traits->birthdate));
    }
    *out = text;
    return text.at == NULL ? FAIL_MEMORY(cx) : OK;
}

/* ---- memory of a dry run */

struct import_traits {
    struct contact_traits       traits;
    const struct import_traits *next;
};

struct import_place {
    struct relationship         relationship; /* as it was; relationship_id 0: not kept anywhere */
    const struct import_traits *traits;
};

struct import_memory import_memory_open(struct arena *arena)
{
    return (struct import_memory){
        .arena = arena, .keys = seen_table_open(arena), .fields = seen_table_open(arena)};
}

static err name_of_relationship(struct ctx *cx, int64_t relationship_id, struct text *out)
{
    *out = text_format(cx->arena, "relationship:%lld", (long long)relationship_id);
    return out->at == NULL ? FAIL_MEMORY(cx) : OK;
}

static err fail_full(struct ctx *cx)
{
    return FAIL(cx, TOO_LARGE, "import.too_many", "the file holds more than fits in memory: import it in parts");
}

static err add_place(struct ctx *cx, struct import_memory *memory, const struct relationship *relationship,
                     int64_t *out_number)
{
    if (memory->count == memory->room) {
        size_t room = memory->room == 0 ? 256 : memory->room * 2;
        struct import_place *grown = ARENA_ARRAY(memory->arena, struct import_place, room);
        if (grown == NULL)
            return fail_full(cx);
        for (size_t i = 0; i < memory->count; i++)
            grown[i] = memory->at[i];
        memory->at = grown;
        memory->room = room;
    }
    memory->at[memory->count] = (struct import_place){.relationship = *relationship};
    *out_number = (int64_t)++memory->count;
    return OK;
}

static err add_traits(struct ctx *cx, struct import_memory *memory, int64_t number, const struct contact_traits *traits)
{
    struct import_place *place = &memory->at[number - 1];
    struct import_traits *link = ARENA_NEW(memory->arena, struct import_traits);
    if (link == NULL)
        return fail_full(cx);
    *link = (struct import_traits){{text_copy(memory->arena, traits->given_name),
                                    text_copy(memory->arena, traits->full_name),
                                    text_copy(memory->arena, traits->birthdate),
                                    text_copy(memory->arena, traits->whole_name)}, place->traits};
    if (arena_is_exhausted(memory->arena))
        return fail_full(cx);
    place->traits = link;
    return OK;
}

/* Between two chunks somebody may have claimed it. */
static err load_again(struct ctx *cx, struct relationship *relationship)
{
    int64_t person_id = 0;
    err result = relationship_load(cx, relationship->person_id, relationship->relationship_id, relationship);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    TRY(person_resolve(cx, relationship->person_id, &person_id));
    return relationship_load(cx, person_id, relationship->relationship_id, relationship);
}

/* ---- from a key to its holder */

static err find_kept(struct ctx *cx, const struct contact_search *search, struct text key, struct contact_holder *out)
{
    struct key_hash hash;
    TRY(hash_key(cx, search->organisation_id, key, &hash));
    struct sql_contact_key_load_in in = {search->organisation_id, {hash.at, sizeof hash.at}};
    struct sql_contact_key_load_row row;
    TRY(sql_contact_key_load(cx, &in, &row, &out->found));
    return out->found ? relationship_load(cx, row.person_id, row.relationship_id, &out->relationship) : OK;
}

static err find_holder(struct ctx *cx, const struct contact_search *search, struct text key,
                       struct contact_holder *out)
{
    struct import_memory *memory = search->memory;
    struct text name = key;
    *out = (struct contact_holder){.found = false};
    TRY(find_kept(cx, search, key, out));
    if (memory == NULL)
        return OK;
    if (out->found)
        TRY(name_of_relationship(cx, out->relationship.relationship_id, &name));
    out->number = seen_find(&memory->keys, name);
    if (out->found || out->number == 0)
        return OK;
    out->found = true;
    out->relationship = memory->at[out->number - 1].relationship;
    return out->relationship.relationship_id == 0 ? OK : load_again(cx, &out->relationship);
}

/* What somebody has claimed and ended, or had erased, is not brought back by a file. */
static err load_holder(struct ctx *cx, struct contact_holder *holder)
{
    PERSON_KEY key;
    holder->is_open = true;
    if (holder->relationship.relationship_id == 0)
        return OK;
    err result = person_key_open(cx, holder->relationship.person_id, &key);
    if (result == NOT_FOUND)
        failure_clear(&cx->failure);
    else
        TRY(result);
    holder->is_open =
        result == OK && relationship_state_at(&holder->relationship, cx->now_ms) != RELATIONSHIP_ENDED;
    return holder->is_open
               ? record_list_open(cx, &key, &holder->relationship, &holder->records, &holder->records_count)
               : OK;
}

/* ---- is it the same person? */

/* What is known of one holder, added up: the same name once is enough, a clear difference once is too. */
struct comparison {
    const struct contact_traits *contact;
    bool                         same, other, differs;
    bool                         full_known, full_agrees;
};

static void compare(struct ctx *cx, struct comparison *comparison, const struct contact_traits *traits)
{
    contact_likeness likeness = contact_names_liken(cx->arena, comparison->contact, traits);
    comparison->same = comparison->same || likeness == LIKENESS_SAME;
    comparison->other = comparison->other || likeness == LIKENESS_OTHER;
    comparison->differs =
        comparison->differs || contact_birthdates_differ(comparison->contact->birthdate, traits->birthdate);
    comparison->full_known = comparison->full_known || traits->whole_name.size > 0;
    comparison->full_agrees =
        comparison->full_agrees || contact_full_names_agree(cx->arena, comparison->contact, traits);
}

static struct text member_text(const json_t *value, const char *name)
{
    return json_text(json_object_get(value, name));
}

/* The value of a record of this field; NULL when it is of another. */
static err read_field(struct ctx *cx, const struct record *record, const char *field, const json_t **out)
{
    const json_t *body = NULL;
    struct text start = text_format(cx->arena, "{\"field\":\"%s\"", field);
    *out = NULL;
    if (start.at == NULL)
        return FAIL_MEMORY(cx);
    if (!text_starts_with(record->body, start.at))
        return OK;
    TRY(json_parse(cx, record->body, &body));
    *out = json_object_get(body, "value");
    return OK;
}

static err compare_record(struct ctx *cx, struct comparison *comparison, const struct contact_holder *holder,
                          const struct record *record)
{
    const json_t *birthdate = NULL;
    const json_t *name = NULL;
    TRY(read_field(cx, record, "pd:BirthDate", &birthdate));
    TRY(read_field(cx, record, "pd:Name", &name));
    if (birthdate != NULL)
        compare(cx, comparison, &(struct contact_traits){.birthdate = json_text(birthdate)});
    if (name == NULL)
        return OK;
    struct contact_name parts = {member_text(name, "given_name"), member_text(name, "family_name"),
                                 member_text(name, "nickname"), member_text(name, "name"), TEXT_NONE};
    for (size_t i = 0; i < holder->records_count; i++) {
        const json_t *organisation = NULL;
        TRY(read_field(cx, &holder->records[i], "organisation", &organisation));
        if (organisation != NULL && text_equals(json_text(organisation), parts.name))
            parts.organisation = parts.name;
    }
    struct contact_traits traits = contact_traits_of(&parts);
    compare(cx, comparison, &traits);
    return OK;
}

static err compare_all(struct ctx *cx, const struct contact_search *search, const struct contact_holder *holder,
                       struct comparison *out)
{
    struct comparison comparison = {.contact = &search->contact->traits};
    for (size_t i = 0; i < holder->records_count; i++)
        TRY(compare_record(cx, &comparison, holder, &holder->records[i]));
    const struct import_traits *link = holder->number == 0 ? NULL : search->memory->at[holder->number - 1].traits;
    for (; link != NULL; link = link->next)
        compare(cx, &comparison, &link->traits);
    *out = comparison;
    return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : OK;
}

static contact_likeness likeness_of(const struct comparison *comparison)
{
    if (comparison->differs || (comparison->other && !comparison->same))
        return LIKENESS_OTHER;
    return comparison->same ? LIKENESS_SAME : LIKENESS_POSSIBLE;
}

/* ---- finding and keeping */

/* The best holder so far of one search. */
struct finding_holder {
    struct contact_holder best;
    bool                  is_same;    /* none can be better */
    bool                  place_free; /* the last place that was looked at is nobody's */
    bool                  is_named;   /* only who has the same full name is looked for */
};

static err try_place(struct ctx *cx, const struct contact_search *search, struct text key,
                     struct finding_holder *finding)
{
    struct contact_holder holder;
    struct comparison comparison;
    TRY(find_holder(cx, search, key, &holder));
    finding->place_free = !holder.found;
    if (!holder.found)
        return OK;
    TRY(load_holder(cx, &holder));
    TRY(compare_all(cx, search, &holder, &comparison));
    if (finding->is_named && comparison.full_known && !comparison.full_agrees)
        return OK; /* others of this number and these initials; there is nothing to tell of them */
    contact_likeness likeness = likeness_of(&comparison);
    finding->is_same = likeness == LIKENESS_SAME;
    if (likeness == LIKENESS_OTHER)
        finding->best.is_apart = true;
    else if (finding->is_same || !finding->best.found)
        finding->best = holder;
    return OK;
}

static err find_sharer(struct ctx *cx, const struct contact_search *search, size_t key,
                       struct finding_holder *finding)
{
    const struct import_contact *contact = search->contact;
    finding->place_free = false;
    finding->is_named =
        key >= contact->named_keys_from && key < contact->named_keys_from + contact->named_keys_count;
    for (size_t place = 1; place <= LAST_PLACE && !finding->place_free && !finding->is_same; place++) {
        struct text text;
        TRY(place_of_key(cx, contact, key, place, &text));
        TRY(try_place(cx, search, text, finding));
    }
    return OK;
}

err contact_holder_find(struct ctx *cx, const struct contact_search *search, struct contact_holder *out)
{
    const struct import_contact *contact = search->contact;
    struct finding_holder finding = {.is_same = false};
    struct contact_holder holder = {.found = false};
    for (size_t i = 0; i < contact->own_keys_count && !holder.found; i++)
        TRY(find_holder(cx, search, contact->match_keys[i], &holder));
    if (holder.found) {
        TRY(load_holder(cx, &holder));
        *out = holder;
        return OK;
    }
    for (size_t i = contact->own_keys_count; i < contact->match_keys_count && !finding.is_same; i++)
        TRY(find_sharer(cx, search, i, &finding));
    *out = finding.best;
    return OK;
}

/* Puts a key at a place, unless it is taken; whether the place is the holder's now. */
typedef err (*key_put_fn)(struct ctx *cx, const struct contact_search *search, struct text key,
                          const struct contact_holder *holder, bool *out_is_ours);

/* Each key of the contact goes to the first of its places that is free or the holder's already. */
static err put_keys(struct ctx *cx, const struct contact_search *search, const struct contact_holder *holder,
                    key_put_fn put)
{
    const struct import_contact *contact = search->contact;
    for (size_t i = 0; i < contact->match_keys_count; i++) {
        size_t places = i < contact->own_keys_count ? 1 : LAST_PLACE;
        bool is_ours = false;
        for (size_t place = 1; place <= places && !is_ours; place++) {
            struct text key;
            TRY(place_of_key(cx, contact, i, place, &key));
            TRY(put(cx, search, key, holder, &is_ours));
        }
    }
    return OK;
}

/* key_put_fn */
static err keep_key(struct ctx *cx, const struct contact_search *search, struct text key,
                    const struct contact_holder *holder, bool *out_is_ours)
{
    (void)search; /* the relationship knows its organisation */
    const struct relationship *relationship = &holder->relationship;
    struct key_hash hash;
    TRY(hash_key(cx, relationship->organisation_id, key, &hash));
    struct sql_contact_key_insert_in row = {relationship->organisation_id,
                                            {hash.at, sizeof hash.at},
                                            relationship->person_id,
                                            relationship->relationship_id};
    int64_t inserted = 0;
    TRY(sql_contact_key_insert(cx, &row, &inserted));
    *out_is_ours = inserted == 1;
    if (*out_is_ours)
        return OK;
    struct sql_contact_key_load_in in = {row.organisation_id, row.key_hash};
    struct sql_contact_key_load_row kept;
    bool found = false;
    TRY(sql_contact_key_load(cx, &in, &kept, &found));
    *out_is_ours = found && kept.relationship_id == relationship->relationship_id;
    return OK;
}

err contact_holder_keep(struct ctx *cx, const struct contact_search *search, const struct relationship *relationship)
{
    const struct contact_holder holder = {.relationship = *relationship};
    return put_keys(cx, search, &holder, keep_key);
}

/* key_put_fn */
static err remember_key(struct ctx *cx, const struct contact_search *search, struct text key,
                        const struct contact_holder *holder, bool *out_is_ours)
{
    struct contact_holder other;
    TRY(find_holder(cx, search, key, &other));
    *out_is_ours = !other.found || other.number == holder->number;
    return other.found ? OK : seen_put(cx, &search->memory->keys, key, holder->number);
}

err contact_holder_remember(struct ctx *cx, const struct contact_search *search, struct contact_holder *holder)
{
    struct import_memory *memory = search->memory;
    if (holder->number == 0)
        TRY(add_place(cx, memory, &holder->relationship, &holder->number));
    if (holder->relationship.relationship_id != 0) {
        struct text name;
        TRY(name_of_relationship(cx, holder->relationship.relationship_id, &name));
        TRY(seen_put(cx, &memory->keys, name, holder->number));
    }
    TRY(add_traits(cx, memory, holder->number, &search->contact->traits));
    return put_keys(cx, search, holder, remember_key);
}
