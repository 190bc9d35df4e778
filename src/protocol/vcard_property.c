/* SPDX-License-Identifier: Apache-2.0
 * Properties of vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), and Apple's that change the meaning of others. */
#include "protocol/vcard_property.h"

#include <string.h>

#include "base/limits_import.h"
#include "base/text.h"
#include "protocol/contact_date.h"
#include "protocol/vcard_value.h"

struct vcard_grouped {
    struct vcard_grouped *next;
    struct text           group;
    contact_field         field; /* CONTACT_ADDRESS: an address */
    size_t                index;
};

struct vcard_label {
    struct vcard_label *next;
    struct text         group;
    struct text         type;
};

struct property {
    const char   *name;
    contact_field field; /* what it is about, for take and for notices */
    void (*take)(struct vcard_card *card, const struct vcard_line *line, const struct property *property);
    const char   *skipped; /* with no `take`: the word of the notice */
};

void vcard_card_refuse(struct vcard_card *card, int64_t line, contact_reason reason)
{
    if (card->refused != CONTACT_FINE)
        return;
    card->refused = reason;
    card->refused_line = line;
}

/* ---- values */

static const char *about(contact_field field)
{
    return field == CONTACT_IGNORED ? "label" : contact_field_word(field);
}

/* The value as UTF-8 with its escapes; false with a notice when it cannot be read. */
static bool decode(struct vcard_card *card, const struct vcard_line *line, contact_field field, struct text *out)
{
    bool declared = card->is_declared || card->has_charset || card->version == VCARD_VERSION_4_0;
    vcard_fallback fallback = declared ? VCARD_FALLBACK_NONE : VCARD_FALLBACK_1252;
    contact_reason reason = vcard_value_decode(card->scratch, line, card->is_converted, fallback, out);
    if (reason == CONTACT_ASSUMED_1252 && !card->has_assumed)
        draft_notice(&card->draft, "charset", reason);
    card->has_assumed = card->has_assumed || reason == CONTACT_ASSUMED_1252;
    bool read = reason == CONTACT_FINE || reason == CONTACT_ASSUMED_1252;
    if (!read)
        draft_notice(&card->draft, about(field), reason);
    return read;
}

static bool decode_plain(struct vcard_card *card, const struct vcard_line *line, contact_field field, struct text *out)
{
    if (!decode(card, line, field, out))
        return false;
    *out = text_trim(vcard_value_plain(card->scratch, card->version, *out));
    return true;
}

/* Remembers where a value of a group went. */
static void remember_group(struct vcard_card *card, const struct vcard_line *line, contact_field field, size_t count)
{
    if (line->group.size == 0)
        return;
    struct vcard_grouped *grouped = ARENA_NEW(card->draft.cx->arena, struct vcard_grouped);
    if (grouped == NULL)
        return;
    *grouped = (struct vcard_grouped){card->grouped, draft_keep(&card->draft, line->group), field, count - 1};
    card->grouped = grouped;
}

static void take_single(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    if (decode_plain(card, line, property->field, &value))
        draft_put(&card->draft, property->field, value);
}

static void take_name(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    static const contact_field PARTS[] = {CONTACT_FAMILY_NAME, CONTACT_GIVEN_NAME, CONTACT_MIDDLE_NAME, CONTACT_PREFIX,
                                          CONTACT_SUFFIX};
    struct text value;
    struct text piece;
    if (!decode(card, line, property->field, &value))
        return;
    bool more = true;
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS && vcard_value_cut(&value, &more, ';', &piece); i++)
        draft_put(&card->draft, PARTS[i], vcard_value_joined(card->scratch, card->version, piece, " "));
}

static void take_nickname(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    if (decode(card, line, property->field, &value))
        draft_put(&card->draft, property->field, vcard_value_joined(card->scratch, card->version, value, ", "));
}

/* ORG: the organisation, its department, and what is below that. */
static void take_organisation(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    struct text parts[2] = {TEXT_NONE, TEXT_NONE};
    struct text piece;
    bool more = true;
    if (!decode(card, line, property->field, &value))
        return;
    for (size_t i = 0; i < 2 && vcard_value_cut(&value, &more, ';', &piece); i++)
        parts[i] = vcard_value_plain(card->scratch, card->version, piece);
    struct builder unit = builder_open(card->scratch, value.size * 2 + 16);
    while (vcard_value_cut(&value, &more, ';', &piece)) {
        piece = text_trim(vcard_value_plain(card->scratch, card->version, piece));
        if (piece.size > 0 && unit.size > 0)
            build_literal(&unit, ", ");
        build_text(&unit, piece);
    }
    draft_put(&card->draft, CONTACT_ORGANISATION, parts[0]);
    draft_put(&card->draft, CONTACT_DEPARTMENT, parts[1]);
    draft_put(&card->draft, CONTACT_UNIT, builder_text(&unit));
}

/* tel: and mailto: are how version 4.0 may write numbers and addresses. */
static struct text without_scheme(struct text value, contact_field field)
{
    const char *scheme = field == CONTACT_PHONE ? "tel:" : "mailto:";
    size_t size = strlen(scheme);
    bool has = field != CONTACT_URL && value.size > size &&
               text_equals_ignoring_case((struct text){value.at, size}, scheme);
    return has ? (struct text){value.at + size, value.size - size} : value;
}

static void take_list(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    if (!decode_plain(card, line, property->field, &value))
        return;
    struct contact_value item = {without_scheme(value, property->field), line->types, line->preferred};
    if (draft_add(&card->draft, property->field, item))
        remember_group(card, line, property->field, contact_list(card->draft.contact, property->field)->count);
}

static void take_categories(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    struct text piece;
    bool more = true;
    if (!decode(card, line, property->field, &value))
        return;
    for (size_t i = 0; i <= LIMIT_IMPORT_FIELDS && vcard_value_cut(&value, &more, ',', &piece); i++) {
        struct text category = vcard_value_plain(card->scratch, card->version, piece);
        (void)draft_add(&card->draft, property->field, (struct contact_value){category, TEXT_NONE, false});
    }
    if (more)
        draft_notice(&card->draft, contact_field_word(property->field), CONTACT_TOO_MANY);
}

static void take_uid(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    if (decode_plain(card, line, property->field, &value))
        (void)draft_add(&card->draft, property->field, (struct contact_value){value, TEXT("uid"), false});
}

/* ---- addresses */

/* Post office box, extended address and street, each on its own line, in the order of ADR. */
static struct text street_of(struct arena *scratch, const struct text *parts)
{
    struct builder street = builder_open(scratch, parts[0].size + parts[1].size + parts[2].size + 2);
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].size > 0 && street.size > 0)
            build_byte(&street, '\n');
        build_text(&street, parts[i]);
    }
    return builder_text(&street);
}

static void take_address(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    struct text piece;
    struct text parts[7] = {TEXT_NONE, TEXT_NONE, TEXT_NONE, TEXT_NONE, TEXT_NONE, TEXT_NONE, TEXT_NONE};
    bool more = true;
    if (!decode(card, line, property->field, &value))
        return;
    for (size_t i = 0; i < 7 && vcard_value_cut(&value, &more, ';', &piece); i++)
        parts[i] = vcard_value_joined(card->scratch, card->version, piece, i < 3 ? "\n" : ", ");
    struct contact_address address = {
        .street_address = street_of(card->scratch, parts),
        .locality = parts[3],
        .region = parts[4],
        .postal_code = parts[5],
        .country = parts[6],
        .type = line->types,
        .preferred = line->preferred,
    };
    if (draft_add_address(&card->draft, address))
        remember_group(card, line, CONTACT_ADDRESS, card->draft.contact->addresses.count);
}

static void take_delivery_label(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    if (!decode_plain(card, line, property->field, &value) || !text_is_plain(value, true))
        return;
    struct text types = draft_keep(&card->draft, line->types);
    struct contact_value label = {draft_keep(&card->draft, value), types, line->preferred};
    (void)contact_values_add(card->draft.cx->arena, &card->delivery_labels, label); /* exhaustion is seen at the end */
}

/* ---- the rest */

static void take_birthdate(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    struct text date = TEXT_NONE;
    if (!decode_plain(card, line, property->field, &value) || value.size == 0)
        return;
    contact_reason reason = text_equals_ignoring_case(line->value_type, "text")
                                ? CONTACT_UNREADABLE
                                : birthdate_of_card(card->scratch, value, line->omitted_year, &date);
    if (reason == CONTACT_FINE)
        draft_put(&card->draft, property->field, date);
    else
        draft_notice(&card->draft, contact_field_word(property->field), reason);
}

/* RFC 6350 section 6.2.7: a letter, and words that go before it. */
static void take_gender(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    static const struct {
        const char *letter;
        const char *word;
    } GENDERS[] = {{"M", "male"}, {"F", "female"}, {"O", "other"}, {"N", "none"}, {"U", "unknown"}};
    struct text value;
    struct text letter;
    struct text words = TEXT_NONE;
    bool more = true;
    if (!decode(card, line, property->field, &value) || !vcard_value_cut(&value, &more, ';', &letter))
        return;
    if (more)
        words = text_trim(vcard_value_plain(card->scratch, card->version, value));
    for (size_t i = 0; i < sizeof GENDERS / sizeof *GENDERS && words.size == 0; i++)
        if (text_equals_ignoring_case(text_trim(letter), GENDERS[i].letter))
            words = text_of(GENDERS[i].word);
    draft_put(&card->draft, property->field, words.size > 0 ? words : letter);
}

static void take_kind(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    static const char *const NO_PERSONS[] = {"group", "location", "device", "application", "thing"};
    struct text kind = text_trim(line->value);
    (void)property; /* its shape is that of all properties */
    for (size_t i = 0; i < sizeof NO_PERSONS / sizeof *NO_PERSONS; i++)
        if (text_equals_ignoring_case(kind, NO_PERSONS[i]))
            vcard_card_refuse(card, line->number, CONTACT_NOT_A_PERSON);
}

static void take_version(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    static const struct {
        const char   *word;
        vcard_version version;
    } VERSIONS[] = {{"2.1", VCARD_VERSION_2_1}, {"3.0", VCARD_VERSION_3_0}, {"4.0", VCARD_VERSION_4_0}};
    (void)property; /* the same */
    for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
        if (!text_is(text_trim(line->value), VERSIONS[i].word))
            continue;
        card->version = VERSIONS[i].version;
        return;
    }
    vcard_card_refuse(card, line->number, CONTACT_VERSION);
}

/* Apple names a value by a property of the same group; its own names stand between _$!< and >!$_. */
static void take_group_label(struct vcard_card *card, const struct vcard_line *line, const struct property *property)
{
    struct text value;
    struct vcard_label *label = line->group.size == 0 ? NULL : ARENA_NEW(card->draft.cx->arena, struct vcard_label);
    if (label == NULL || !decode_plain(card, line, property->field, &value) || !text_is_plain(value, false))
        return;
    if (value.size >= 8 && text_starts_with(value, "_$!<") &&
        text_is((struct text){value.at + value.size - 4, 4}, ">!$_"))
        value = (struct text){value.at + 4, value.size - 8};
    *label = (struct vcard_label){card->labels, draft_keep(&card->draft, line->group),
                                  draft_keep(&card->draft, draft_type_word(card->scratch, value))};
    card->labels = label;
}

static const struct property PROPERTIES[] = {
    {"VERSION", CONTACT_IGNORED, take_version, NULL},
    {"FN", CONTACT_FULL_NAME, take_single, NULL},
    {"N", CONTACT_FULL_NAME, take_name, NULL},
    {"NICKNAME", CONTACT_NICKNAME, take_nickname, NULL},
    {"EMAIL", CONTACT_EMAIL, take_list, NULL},
    {"TEL", CONTACT_PHONE, take_list, NULL},
    {"ADR", CONTACT_ADDRESS, take_address, NULL},
    {"LABEL", CONTACT_ADDRESS, take_delivery_label, NULL},
    {"ORG", CONTACT_ORGANISATION, take_organisation, NULL},
    {"TITLE", CONTACT_TITLE, take_single, NULL},
    {"ROLE", CONTACT_ROLE, take_single, NULL},
    {"BDAY", CONTACT_BIRTHDATE, take_birthdate, NULL},
    {"URL", CONTACT_URL, take_list, NULL},
    {"NOTE", CONTACT_NOTE, take_single, NULL},
    {"CATEGORIES", CONTACT_CATEGORY, take_categories, NULL},
    {"LANG", CONTACT_LANGUAGE, take_single, NULL},
    {"GENDER", CONTACT_GENDER, take_gender, NULL},
    {"UID", CONTACT_EXTERNAL_ID, take_uid, NULL},
    {"KIND", CONTACT_IGNORED, take_kind, NULL},
    {"X-ADDRESSBOOKSERVER-KIND", CONTACT_IGNORED, take_kind, NULL},
    {"X-ABLABEL", CONTACT_IGNORED, take_group_label, NULL},
    {"PHOTO", CONTACT_IGNORED, NULL, "photo"},
    {"LOGO", CONTACT_IGNORED, NULL, "logo"},
    {"SOUND", CONTACT_IGNORED, NULL, "sound"},
    {"KEY", CONTACT_IGNORED, NULL, "key"},
    {"AGENT", CONTACT_IGNORED, NULL, "agent"},
    {"ANNIVERSARY", CONTACT_IGNORED, NULL, "anniversary"},
    {"IMPP", CONTACT_IGNORED, NULL, "messenger"},
    {"GEO", CONTACT_IGNORED, NULL, "position"},
    {"TZ", CONTACT_IGNORED, NULL, "time_zone"},
    {"RELATED", CONTACT_IGNORED, NULL, "related"},
};

static const struct property *find_property(struct text name)
{
    for (size_t i = 0; i < sizeof PROPERTIES / sizeof *PROPERTIES; i++)
        if (text_equals_ignoring_case(name, PROPERTIES[i].name))
            return &PROPERTIES[i];
    return NULL;
}

bool vcard_property_is_read(struct text name)
{
    const struct property *property = find_property(name);
    return (property != NULL && property->take != NULL) || text_equals_ignoring_case(name, "BEGIN") ||
           text_equals_ignoring_case(name, "END");
}

/* What a program writes about the card, and nothing about the person. */
static bool is_of_program(struct text name)
{
    return text_equals_ignoring_case(name, "PRODID") || text_equals_ignoring_case(name, "REV");
}

void vcard_card_put(struct vcard_card *card, const struct vcard_line *line)
{
    const struct property *property = find_property(line->name);
    card->draft.line = line->number;
    if (line->has_nul)
        vcard_card_refuse(card, line->number, CONTACT_NUL);
    if (++card->properties > LIMIT_IMPORT_FIELDS)
        vcard_card_refuse(card, line->number, CONTACT_TOO_MANY_LINES);
    if (card->refused != CONTACT_FINE)
        return;
    card->has_charset = card->has_charset || line->charset.size > 0;
    if (!line->is_property)
        draft_notice(&card->draft, "line", line->is_too_long ? CONTACT_TOO_LONG : CONTACT_UNREADABLE);
    else if (property == NULL)
        card->says_more = card->says_more || !is_of_program(line->name);
    else if (property->take == NULL)
        draft_notice(&card->draft, property->skipped, CONTACT_SKIPPED);
    else if (line->is_too_long)
        draft_notice(&card->draft, contact_field_word(property->field), CONTACT_TOO_LONG);
    else
        property->take(card, line, property);
}

/* ---- at the end of a card */

static void put_type(struct contact *contact, const struct vcard_grouped *grouped, struct text type)
{
    struct text *place = grouped->field == CONTACT_ADDRESS
                             ? &contact->addresses.at[grouped->index].type
                             : &contact_list(contact, grouped->field)->at[grouped->index].type;
    if (place->size == 0)
        *place = type;
}

void vcard_card_finish(struct vcard_card *card)
{
    struct contact *contact = card->draft.contact;
    for (const struct vcard_label *label = card->labels; label != NULL; label = label->next)
        for (const struct vcard_grouped *grouped = card->grouped; grouped != NULL; grouped = grouped->next)
            if (text_equals(label->group, grouped->group))
                put_type(contact, grouped, label->type);
    bool wants_address = contact->addresses.count == 0;
    for (size_t i = 0; wants_address && i < card->delivery_labels.count; i++) {
        const struct contact_value *label = &card->delivery_labels.at[i];
        struct contact_address address = {label->value, TEXT_NONE,   TEXT_NONE,       TEXT_NONE,
                                          TEXT_NONE,    label->type, label->preferred};
        if (draft_add_address(&card->draft, address))
            draft_notice(&card->draft, contact_field_word(CONTACT_ADDRESS), CONTACT_UNSTRUCTURED);
    }
    if (!card->says_more && contact->notices.count == 0)
        contact->row_key = TEXT("card");
    if (card->version == VCARD_VERSION_UNKNOWN)
        draft_notice(&card->draft, "version", CONTACT_NO_VERSION);
}
