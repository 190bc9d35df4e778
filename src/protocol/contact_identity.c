/* SPDX-License-Identifier: Apache-2.0
 * Match keys. Only ASCII letters are folded: two spellings of one name in other scripts give two keys, never a false
 * match. */
#include "protocol/contact_identity.h"

#include "base/text.h"

#define PHONE_DIGITS_MIN 7u

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct text contact_email_key(struct arena *arena, struct text email)
{
    email = text_trim(email);
    size_t ats = 0;
    for (size_t i = 0; i < email.size; i++)
        ats += email.at[i] == '@';
    if (ats == 0 || email.at[0] == '@' || email.at[email.size - 1] == '@')
        return TEXT_NONE;
    char *key = arena_take(arena, email.size + 1, 1);
    for (size_t i = 0; key != NULL && i < email.size; i++)
        key[i] = lower(email.at[i]);
    return (struct text){key, key == NULL ? 0 : email.size};
}

static struct text rest_of(struct text text, size_t from)
{
    return (struct text){text.at + from, text.size - from};
}

struct text contact_phone_key(struct arena *arena, struct text phone)
{
    phone = text_trim(phone);
    char *key = arena_take(arena, phone.size + 1, 1);
    if (key == NULL)
        return (struct text){NULL, 0};
    size_t size = 0;
    for (size_t i = 0; i < phone.size; i++) {
        char c = lower(phone.at[i]);
        if (size > 0 && (c == 'x' || c == 'e' || c == ';')) /* x12, ext. 12, ;ext=12 */
            break;
        bool is_abroad = text_starts_with((struct text){key, size}, "+") ||
                         text_starts_with((struct text){key, size}, "00");
        bool is_prefix = is_abroad && text_starts_with(rest_of(phone, i), "(0)");
        if (c == '+' && size == 0)
            key[size++] = c;
        else if (is_prefix)
            i += 2; /* the national prefix, left out after a country code */
        else if (c >= '0' && c <= '9')
            key[size++] = c;
    }
    size_t digits = size - (size > 0 && key[0] == '+');
    return digits >= PHONE_DIGITS_MIN ? (struct text){key, size} : TEXT_NONE;
}

/* Lower case, runs of white space as one space. */
static struct text folded(struct arena *arena, struct text text)
{
    char *key = arena_take(arena, text.size + 1, 1);
    size_t size = 0;
    for (size_t i = 0; key != NULL && i < text.size; i++) {
        char c = lower(text.at[i]);
        if (c == '\n' || c == '\t')
            c = ' ';
        if (c != ' ' || (size > 0 && key[size - 1] != ' '))
            key[size++] = c;
    }
    return (struct text){key, size};
}

static bool keys_have(const struct contact_keys *keys, const struct contact_key *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].kind == key->kind && text_equals(keys->at[i].text, key->text))
            return true;
    return false;
}

static void add_key(struct contact_keys *keys, contact_key_kind kind, struct text text)
{
    struct contact_key key = {kind, text};
    if (text.size > 0 && !keys_have(keys, &key))
        keys->at[keys->count++] = key;
}

static void add_name_key(struct arena *arena, const struct contact *contact, struct contact_keys *keys)
{
    struct text name = folded(arena, contact_display_name(arena, contact));
    if (name.size == 0)
        return;
    if (contact->birthdate.size > 0) {
        add_key(keys, CONTACT_KEY_NAME_AND_BIRTHDATE,
                text_format(arena, "name+birthdate:%.*s|%.*s", TEXT_ARGS(name), TEXT_ARGS(contact->birthdate)));
    } else if (contact->addresses.count > 0) {
        const struct contact_address *address = &contact->addresses.at[0];
        struct text street = folded(arena, address->street_address);
        struct text code = folded(arena, address->postal_code);
        add_key(keys, CONTACT_KEY_NAME_AND_ADDRESS,
                text_format(arena, "name+address:%.*s|%.*s|%.*s", TEXT_ARGS(name), TEXT_ARGS(code), TEXT_ARGS(street)));
    } else {
        add_key(keys, CONTACT_KEY_NAME, text_format(arena, "name:%.*s", TEXT_ARGS(name)));
    }
}

err contact_identity(struct ctx *cx, const struct contact *contact, struct contact_keys *out)
{
    struct arena *arena = cx->arena;
    size_t most = contact->external_ids.count + contact->emails.count + contact->phones.count + 1;
    struct contact_keys keys = {ARENA_ARRAY(arena, struct contact_key, most), 0};
    if (keys.at == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < contact->external_ids.count; i++) {
        const struct contact_value *id = &contact->external_ids.at[i];
        add_key(&keys, CONTACT_KEY_ID, text_format(arena, "id:%.*s:%.*s", TEXT_ARGS(id->type), TEXT_ARGS(id->value)));
    }
    for (size_t i = 0; i < contact->emails.count; i++) {
        struct text email = contact_email_key(arena, contact->emails.at[i].value);
        if (email.size > 0)
            add_key(&keys, CONTACT_KEY_EMAIL, text_format(arena, "email:%.*s", TEXT_ARGS(email)));
    }
    for (size_t i = 0; i < contact->phones.count; i++) {
        struct text phone = contact_phone_key(arena, contact->phones.at[i].value);
        if (phone.size > 0)
            add_key(&keys, CONTACT_KEY_PHONE, text_format(arena, "phone:%.*s", TEXT_ARGS(phone)));
    }
    if (keys.count == 0)
        add_name_key(arena, contact, &keys);
    if (arena_is_exhausted(arena))
        return FAIL_MEMORY(cx);
    *out = keys;
    return OK;
}

bool contact_key_is_certain(contact_key_kind kind)
{
    return kind == CONTACT_KEY_ID || kind == CONTACT_KEY_EMAIL;
}
