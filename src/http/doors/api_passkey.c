/* SPDX-License-Identifier: Apache-2.0
 * A person's passkeys: options, keeping, names, taking away, and what was told of them. */
#include "http/doors/api_passkey.h"
#include "http/doors/api_view.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/parties/member.h"
#include "domain/people/vault.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

/* ---- shared */

struct text passkey_origin(struct call *call)
{
    const struct text address = TEXT("http://127.0.0.1");
    struct text origin = text_of(call_origin(call));
    if (!text_starts_with(origin, address.at))
        return origin;
    return text_format(call->arena, "http://localhost%.*s", (int)(origin.size - address.size),
                       origin.at + address.size);
}

static const struct shape_member DESCRIPTOR[] = {
    MEMBER("type", TEXT, 0, struct passkey_descriptor, type),
    MEMBER("id", TEXT, 0, struct passkey_descriptor, id),
};
const struct shape SHAPE_PASSKEY_DESCRIPTOR = {.name = "PasskeyDescriptor", .sentence = "A credential by its id.",
    SHAPE_MEMBERS(DESCRIPTOR), .size = sizeof(struct passkey_descriptor)};

err passkey_describe(struct call *call, const struct bytes *ids, size_t count, const struct passkey_descriptor **out)
{
    struct passkey_descriptor *descriptors = ARENA_ARRAY(call->arena, struct passkey_descriptor, count);
    if (descriptors == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++) {
        descriptors[i] = (struct passkey_descriptor){base64url_encode(call->arena, ids[i]), TEXT("public-key")};
        if (descriptors[i].id.at == NULL)
            return FAIL_MEMORY(&call->cx);
    }
    *out = descriptors;
    return OK;
}

err passkey_challenge_text(struct call *call, const struct passkey_asker *asker, struct text *out)
{
    struct bytes challenge;
    TRY(passkey_challenge_make(&call->cx, asker, &challenge));
    *out = base64url_encode(call->arena, challenge);
    return out->at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

err passkey_expect(struct call *call, const struct passkey_asker *asker, struct bytes client_data,
                   struct webauthn_expected *out)
{
    struct webauthn_expected expected = {.origin = passkey_origin(call), .user_verified = true};
    if (expected.origin.at == NULL)
        return FAIL_MEMORY(&call->cx);
    expected.relying_party = webauthn_relying_party(expected.origin);
    TRY(webauthn_challenge(&call->cx, client_data, &expected.challenge));
    TRY(passkey_challenge_check(&call->cx, asker, expected.challenge));
    *out = expected;
    return OK;
}

/* ---- options for another passkey */

struct parameter {
    struct text type;
    int64_t     algorithm;
};
static const struct shape_member PARAMETER[] = {
    MEMBER("type", TEXT, 0, struct parameter, type),
    MEMBER("alg", INT, 0, struct parameter, algorithm),
};
static const struct shape SHAPE_PARAMETER = {.name = "PasskeyParameter", .sentence = "An algorithm that is taken.",
    SHAPE_MEMBERS(PARAMETER), .size = sizeof(struct parameter)};

struct selection {
    struct text resident_key;
    bool        requires_resident_key;
    struct text user_verification;
};
static const struct shape_member SELECTION[] = {
    MEMBER("residentKey", TEXT, 0, struct selection, resident_key),
    MEMBER("requireResidentKey", BOOL, 0, struct selection, requires_resident_key),
    MEMBER("userVerification", TEXT, 0, struct selection, user_verification),
};
static const struct shape SHAPE_SELECTION = {.name = "PasskeySelection", .sentence = "What the device must be able to.",
    SHAPE_MEMBERS(SELECTION), .size = sizeof(struct selection)};

struct relying_party {
    struct text id;
    struct text name;
};
static const struct shape_member RELYING_PARTY[] = {
    MEMBER("id", TEXT, 0, struct relying_party, id),
    MEMBER("name", TEXT, 0, struct relying_party, name),
};
static const struct shape SHAPE_RELYING_PARTY = {.name = "PasskeyRelyingParty", .sentence = "This node.",
    SHAPE_MEMBERS(RELYING_PARTY), .size = sizeof(struct relying_party)};

struct account {
    struct text id;
    struct text name;
    struct text display_name;
};
static const struct shape_member ACCOUNT[] = {
    MEMBER("id", TEXT, 0, struct account, id,
           .sentence = "The id of the person or member in base64url: the user handle."),
    MEMBER("name", TEXT, 0, struct account, name),
    MEMBER("displayName", TEXT, 0, struct account, display_name),
};
static const struct shape SHAPE_ACCOUNT = {.name = "PasskeyAccount", .sentence = "What the device shows of the person.",
    SHAPE_MEMBERS(ACCOUNT), .size = sizeof(struct account)};

struct creation {
    struct relying_party             relying_party;
    struct account                   account;
    struct text                      challenge;
    const struct parameter          *parameters;
    size_t                           parameters_count;
    int64_t                          timeout_ms;
    const struct passkey_descriptor *known;
    size_t                           known_count;
    struct selection                 selection;
    struct text                      attestation;
};
static const struct shape_member CREATION[] = {
    MEMBER("rp", OBJECT, 0, struct creation, relying_party, .shape = &SHAPE_RELYING_PARTY),
    MEMBER("user", OBJECT, 0, struct creation, account, .shape = &SHAPE_ACCOUNT),
    MEMBER("challenge", TEXT, 0, struct creation, challenge, .sentence = "Serves once, for five minutes."),
    LIST("pubKeyCredParams", OBJECTS, 0, struct creation, parameters, .shape = &SHAPE_PARAMETER),
    MEMBER("timeout", INT, 0, struct creation, timeout_ms, .sentence = "Milliseconds."),
    LIST("excludeCredentials", OBJECTS, 0, struct creation, known, .shape = &SHAPE_PASSKEY_DESCRIPTOR),
    MEMBER("authenticatorSelection", OBJECT, 0, struct creation, selection, .shape = &SHAPE_SELECTION),
    MEMBER("attestation", TEXT, 0, struct creation, attestation),
};
const struct shape SHAPE_PASSKEY_CREATION = {.name = "PasskeyCreation",
    .sentence = "PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3.", SHAPE_MEMBERS(CREATION),
    .size = sizeof(struct creation)};

/* The name that a person goes by in the vault. */
static err name_person(struct call *call, struct text *out)
{
    struct vault_item item = {.value = TEXT_NONE};
    const json_t *json = NULL;
    err result = vault_get(&call->cx, attribute_find(TEXT("pd:Name")), &item);
    if (result != OK && result != NOT_FOUND)
        return result;
    failure_clear(&call->cx.failure); /* who has no name has an id */
    if (result == OK)
        TRY(json_parse(&call->cx, item.value, &json));
    *out = json_text(json_object_get(json, "name"));
    return OK;
}

static err name_member(struct call *call, struct text *out)
{
    struct member member;
    TRY(member_load_own(&call->cx, &member));
    *out = member.name;
    return OK;
}

err passkey_account(struct call *call, struct text *out_id, struct text *out_name)
{
    const struct actor *actor = &call->cx.actor;
    bool is_member = actor->kind == ACTOR_MEMBER;
    struct id id = {ID_PERSON, actor->person_id, 0};
    if (is_member)
        id = (struct id){ID_MEMBER, actor->organisation_id, actor->person_id};
    *out_id = id_text(&call->cx, id);
    if (out_id->at == NULL)
        return FAIL_MEMORY(&call->cx);
    return is_member ? name_member(call, out_name) : name_person(call, out_name);
}

static err fill_account(struct call *call, struct account *out)
{
    struct text id;
    TRY(passkey_account(call, &id, &out->name));
    if (out->name.size == 0)
        out->name = id;
    out->display_name = out->name;
    out->id = base64url_encode(call->arena, bytes_of_text(id));
    return out->id.at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

static err describe_own(struct call *call, struct creation *creation)
{
    struct passkey *passkeys = NULL;
    TRY(passkey_list(&call->cx, &passkeys, &creation->known_count));
    struct bytes *ids = ARENA_ARRAY(call->arena, struct bytes, creation->known_count);
    if (ids == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < creation->known_count; i++)
        ids[i] = passkeys[i].secret.credential_id;
    return passkey_describe(call, ids, creation->known_count, &creation->known);
}

err post_passkey_options(struct call *call)
{
    const struct parameter parameters[] = {
        {TEXT("public-key"), PUBLIC_KEY_EDDSA},
        {TEXT("public-key"), PUBLIC_KEY_ES256},
        {TEXT("public-key"), PUBLIC_KEY_RS256},
    };
    const struct passkey_asker asker = {.ceremony = PASSKEY_REGISTER};
    struct creation creation = {
        .parameters = parameters,
        .parameters_count = sizeof parameters / sizeof *parameters,
        .timeout_ms = LIMIT_CHALLENGE_MS,
        .selection = {TEXT("required"), true, TEXT("required")},
        .attestation = TEXT("none"),
    };
    struct text origin = passkey_origin(call);
    if (origin.at == NULL)
        return FAIL_MEMORY(&call->cx);
    creation.relying_party = (struct relying_party){webauthn_relying_party(origin), TEXT("Symbolon")};
    TRY(fill_account(call, &creation.account));
    TRY(describe_own(call, &creation));
    TRY(passkey_challenge_text(call, &asker, &creation.challenge));
    return call_reply(call, &creation);
}

/* ---- one passkey, as the person sees it */

struct passkey_view {
    struct id          id;
    struct text        name;
    struct text        credential;
    const struct text *transports;
    size_t             transports_count;
    bool               may_be_copied, backed_up;
    int64_t            created_at_ms;
    int64_t            used_at_ms;
};
static const struct shape_member PASSKEY[] = {
    MEMBER("id", ID, 0, struct passkey_view, id, .id = ID_PASSKEY),
    MEMBER("name", TEXT, 0, struct passkey_view, name),
    MEMBER("credential", TEXT, 0, struct passkey_view, credential,
           .sentence = "Its id on the device, for signalAllAcceptedCredentials()."),
    LIST("transports", TEXTS, 0, struct passkey_view, transports, .sentence = "How the browser reached the device."),
    MEMBER("may_be_copied", BOOL, 0, struct passkey_view, may_be_copied,
           .sentence = "Its keeper copies it to other devices of the same owner."),
    MEMBER("backed_up", BOOL, 0, struct passkey_view, backed_up, .sentence = "Such a copy is there."),
    MEMBER("created", TIME, 0, struct passkey_view, created_at_ms),
    MEMBER("used", TIME, SHAPE_NULLABLE, struct passkey_view, used_at_ms, .sentence = "When it signed in last."),
};
const struct shape SHAPE_PASSKEY = {.name = "Passkey", .sentence = "A way in, kept on a device of the person's.",
    SHAPE_MEMBERS(PASSKEY), .size = sizeof(struct passkey_view)};
SHAPE_PAGE(SHAPE_PASSKEY_PAGE, "PasskeyPage", &SHAPE_PASSKEY);

static struct id id_of(int64_t person_id, int64_t passkey_id)
{
    struct id id = {ID_PASSKEY, person_id, passkey_id};
    if (passkey_id == 0)
        id.type = ID_NONE;
    return id;
}

/* "internal hybrid" */
static err split_words(struct call *call, struct text words, struct passkey_view *out)
{
    struct text *items = ARENA_ARRAY(call->arena, struct text, WEBAUTHN_TRANSPORTS_MAX);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    out->transports = items;
    out->transports_count = 0;
    while (words.size > 0 && out->transports_count < WEBAUTHN_TRANSPORTS_MAX) {
        size_t size = 0;
        while (size < words.size && words.at[size] != ' ')
            size++;
        items[out->transports_count++] = (struct text){words.at, size};
        size_t step = size < words.size ? size + 1 : size;
        words = (struct text){words.at + step, words.size - step};
    }
    return OK;
}

static err view_passkey(struct call *call, const struct passkey *passkey, struct passkey_view *out)
{
    const struct passkey_secret *secret = &passkey->secret;
    *out = (struct passkey_view){
        .id = id_of(passkey->person_id, passkey->passkey_id),
        .name = secret->name,
        .credential = base64url_encode(call->arena, secret->credential_id),
        .may_be_copied = secret->may_be_copied,
        .backed_up = passkey->backed_up,
        .created_at_ms = passkey->created_at_ms,
        .used_at_ms = passkey->used_at_ms,
    };
    return out->credential.at == NULL ? FAIL_MEMORY(&call->cx) : split_words(call, secret->transports, out);
}

static err reply_passkey(struct call *call, const struct passkey *passkey)
{
    struct passkey_view view;
    TRY(view_passkey(call, passkey, &view));
    return call_reply(call, &view);
}

err get_passkeys(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct passkey *passkeys = NULL;
    size_t count = 0;
    TRY(call_query(call, &query));
    TRY(passkey_list(&call->cx, &passkeys, &count));
    struct passkey_view *views = ARENA_ARRAY(call->arena, struct passkey_view, count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(view_passkey(call, &passkeys[i], &views[i]));
    struct page page = {.items = views, .count = count};
    TRY(call_cut(call, &query, sizeof *views, &page));
    return call_reply_page(call, &page);
}

/* ---- keeping one */

struct new_body {
    struct text name;
    struct text credential;
};
static const struct shape_member NEW[] = {
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct new_body, name, .least = 1, .most = LIMIT_NAME_BYTES,
           .sentence = "For the person: on which device it is."),
    MEMBER("credential", JSON, SHAPE_REQUIRED, struct new_body, credential,
           .sentence = "What toJSON() of the new credential gives (RegistrationResponseJSON)."),
};
const struct shape SHAPE_PASSKEY_NEW = {.name = "PasskeyNew", .sentence = "A passkey that a device has made.",
    SHAPE_MEMBERS(NEW), .size = sizeof(struct new_body)};

static err join_words(struct call *call, const struct webauthn_registration *registration, struct text *out)
{
    struct builder words = builder_open(call->arena, WEBAUTHN_TRANSPORTS_MAX * (LIMIT_TRANSPORT_BYTES + 1));
    for (size_t i = 0; i < registration->transports_count; i++) {
        if (i > 0)
            build_byte(&words, ' ');
        build_text(&words, registration->transports[i]);
    }
    *out = words.size == 0 ? TEXT_NONE : builder_text(&words);
    return words.overflowed ? FAIL_MEMORY(&call->cx) : OK;
}

/* The body as it came: what its shape keeps of JSON is text. */
static err read_new(struct call *call, struct passkey_add *add)
{
    const struct passkey_asker asker = {.ceremony = PASSKEY_REGISTER};
    struct webauthn_registration registration;
    struct webauthn_authenticator made;
    struct webauthn_expected expected;
    struct ctx *cx = &call->cx;
    TRY(webauthn_read_registration(cx, json_object_get(call_visit(call)->body, "credential"), &registration));
    TRY(passkey_expect(call, &asker, registration.client_data, &expected));
    TRY(webauthn_register(cx, &expected, &registration, &made));
    add->challenge = expected.challenge;
    add->secret.credential_id = made.id;
    add->secret.public_key = made.public_key;
    add->secret.may_be_copied = made.backup_eligible;
    add->counter = made.counter;
    add->backed_up = made.backed_up;
    return join_words(call, &registration, &add->secret.transports);
}

static err reply_added(struct call *call, void *arg)
{
    const struct passkey_add *add = arg;
    return reply_passkey(call, &add->out);
}

err post_passkey(struct call *call)
{
    struct new_body body = {TEXT_NONE, TEXT_NONE};
    struct passkey_add *add = ARENA_NEW(call->arena, struct passkey_add);
    if (add == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    add->secret.name = body.name;
    TRY(read_new(call, add));
    return call_seal(call, passkey_add, add, reply_added, call->cx.actor.person_id);
}

/* ---- its name, and going */

struct name_body {
    struct text name;
};
static const struct shape_member NAME[] = {
    MEMBER("name", TEXT, 0, struct name_body, name, .least = 1, .most = LIMIT_NAME_BYTES),
};
const struct shape SHAPE_PASSKEY_NAME = {.name = "PasskeyName", .sentence = "A new name.", SHAPE_MEMBERS(NAME),
    .size = sizeof(struct name_body)};

static err own_passkey(struct call *call, int64_t *out_passkey_id)
{
    struct id id;
    TRY(call_id(call, "psk", &id));
    if (id.owner != call->cx.actor.person_id)
        return FAIL(&call->cx, NOT_FOUND, "not_found", "no such passkey, or not the caller's");
    *out_passkey_id = id.item;
    return OK;
}

static err reply_renamed(struct call *call, void *arg)
{
    const struct passkey_rename *rename = arg;
    return reply_passkey(call, &rename->out);
}

err patch_passkey(struct call *call)
{
    struct name_body body = {TEXT_NONE};
    struct passkey_rename *rename = ARENA_NEW(call->arena, struct passkey_rename);
    if (rename == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(own_passkey(call, &rename->passkey_id));
    TRY(call_body(call, &body));
    rename->name = body.name;
    return call_seal(call, passkey_rename, rename, reply_renamed, call->cx.actor.person_id);
}

static err reply_removed(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return OK;
}

err delete_passkey(struct call *call)
{
    int64_t *passkey_id = ARENA_NEW(call->arena, int64_t);
    if (passkey_id == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(own_passkey(call, passkey_id));
    return call_seal(call, passkey_remove, passkey_id, reply_removed, call->cx.actor.person_id);
}

/* ---- alerts */

static const struct choice ALERTS[] = {
#define X(name, number, word, event, sentence) {ALERT_##name, word},
#include "domain/entrance/alert.def"
#undef X
    {0, NULL},
};

struct alert_view {
    struct id  id;
    alert_kind kind;
    struct id  passkey;
    int64_t    at_ms;
    const struct named *client;
};
static const struct shape_member ALERT[] = {
    MEMBER("id", ID, 0, struct alert_view, id, .id = ID_EVENT),
    MEMBER("kind", CHOICE, 0, struct alert_view, kind, .choices = ALERTS),
    MEMBER("passkey", ID, SHAPE_NULLABLE, struct alert_view, passkey, .id = ID_PASSKEY),
    MEMBER("at", TIME, 0, struct alert_view, at_ms),
    MEMBER("client", OBJECT_AT, SHAPE_NULLABLE, struct alert_view, client, .shape = &SHAPE_NAMED_SYSTEM),
};
static const struct shape SHAPE_ALERT = {.name = "Alert",
    .sentence = "Something happened to a way in, or all was handed out.", SHAPE_MEMBERS(ALERT),
    .size = sizeof(struct alert_view)};
SHAPE_PAGE(SHAPE_ALERT_PAGE, "AlertPage", &SHAPE_ALERT);

static err view_alert(struct ctx *cx, const struct alert *alert, struct alert_view *out)
{
    const int64_t person_id = cx->actor.person_id;
    struct alert_view view = {.id = {ID_EVENT, person_id, alert->alert_id}, .kind = alert->kind,
                              .passkey = id_of(person_id, alert->passkey_id), .at_ms = alert->at_ms};
    if (alert->system_id != 0) {
        struct named *client = ARENA_NEW(cx->arena, struct named);
        if (client == NULL)
            return FAIL_MEMORY(cx);
        client->id = (struct id){ID_SYSTEM, alert->organisation_id, alert->system_id};
        TRY(system_name(cx, alert->organisation_id, alert->system_id, &client->name));
        view.client = client;
    }
    *out = view;
    return OK;
}

err get_alerts(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct alert_list list = {.before = 0};
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.before));
    list.limit = query.limit;
    TRY(alert_list(&call->cx, &list));
    struct alert_view *views = ARENA_ARRAY(call->arena, struct alert_view, list.out_count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        TRY(view_alert(&call->cx, &list.out[i], &views[i]));
    struct page page = {.items = views, .count = list.out_count};
    if (list.out_more)
        page.next = call_place(call, list.out[list.out_count - 1].alert_id);
    return call_reply_page(call, &page);
}
