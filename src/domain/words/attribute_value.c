/* SPDX-License-Identifier: Apache-2.0
 * The check of one value against its kind's rule. A rule is applied to a place (a JSON pointer), so a failure says
 * where; structured values apply the rules of their members one level down. Nothing here changes a value. */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "domain/words/attribute.h"
#include "domain/words/attribute_syntax.h"
#include "domain/words/country.h"

#define SYNTAX_CHARACTERS_MAX 1024
#define POINTER_NAME_BYTES_MAX 48 /* a longer member name is not echoed: escaped it must fit a failure's pointer */

/* A value on its way through the check. */
struct place {
    struct ctx  *cx;
    const char  *pointer; /* NUL-terminated, in the arena or literal */
    const json_t *value;
};

#define REFUSE(place, reason, ...) FAIL_AT((place)->cx, INVALID, reason, (place)->pointer, __VA_ARGS__)

/* Pointers only serve messages: without memory the outer one stands. */
static const char *pointer_below(const struct place *place, const char *step)
{
    struct text pointer = text_format(place->cx->arena, "%s/%s", place->pointer, step);
    return pointer.at == NULL ? place->pointer : pointer.at;
}

static const char *pointer_to_item(const struct place *place, size_t position)
{
    struct text pointer = text_format(place->cx->arena, "%s/%zu", place->pointer, position);
    return pointer.at == NULL ? place->pointer : pointer.at;
}

/* RFC 6901 section 3 escapes; a name that is long or not plain is left out of the pointer. */
static const char *pointer_to_stranger(const struct place *place, struct text name)
{
    struct builder step = builder_open(place->cx->arena, POINTER_NAME_BYTES_MAX * 2 + 1);
    if (name.size > POINTER_NAME_BYTES_MAX || !text_is_plain(name, false) || !text_stays_in_line(name))
        return place->pointer;
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] == '~' || name.at[i] == '/')
            build_literal(&step, name.at[i] == '~' ? "~0" : "~1");
        else
            build_byte(&step, (uint8_t)name.at[i]);
    }
    build_byte(&step, '\0');
    return step.overflowed ? place->pointer : pointer_below(place, builder_text(&step).at);
}

static err take_text(const struct place *place, int64_t characters_max, bool lines, struct text *out)
{
    if (!json_is_string(place->value))
        return REFUSE(place, "attribute.wrong_type", "a text is expected here");
    struct text text = json_text(place->value);
    if (!text_shows(text))
        return REFUSE(place, "attribute.empty", "there is nothing in this text");
    if (text_count_characters(text) > (size_t)characters_max)
        return REFUSE(place, "attribute.too_long", "at most %lld characters fit here", (long long)characters_max);
    if (!text_is_plain(text, lines) || !text_stays_in_line(text))
        return REFUSE(place, "attribute.not_plain", "control characters cannot stand in this text");
    *out = text;
    return OK;
}

static err check_text(const struct place *place, const struct attribute_rule *rule)
{
    struct text text;
    TRY(take_text(place, rule->high, rule->type == ATTRIBUTE_TYPE_LINES, &text));
    if (text_count_characters(text) < (size_t)rule->low)
        return REFUSE(place, "attribute.empty", "at least %lld characters are expected here", (long long)rule->low);
    return OK;
}

static err check_choice(const struct place *place, const struct attribute_rule *rule)
{
    struct text text;
    TRY(take_text(place, ATTRIBUTE_ITEM_CHARACTERS_MAX, false, &text));
    for (const char *at = rule->detail; *at != '\0';) {
        size_t size = strcspn(at, "|");
        if (text_equals(text, (struct text){at, size}))
            return OK;
        at += size + (at[size] == '|');
    }
    return REFUSE(place, "attribute.not_a_choice", "one of these is expected: %s", rule->detail);
}

/* The types whose text must follow a syntax. */
static const struct {
    attribute_type type;
    bool (*is_sane)(struct text text);
    const char *reason;
    const char *sentence;
} SYNTAXES[] = {
    {ATTRIBUTE_TYPE_EMAIL, email_is_sane, "attribute.email", "this is not an e-mail address like ada@post.example"},
    {ATTRIBUTE_TYPE_PHONE, phone_is_sane, "attribute.phone", "this is not a telephone number like +41 31 555 01 23"},
    {ATTRIBUTE_TYPE_MONTH_DAY, month_day_is_sane, "attribute.date", "this is not a day of the year like 05-17"},
    {ATTRIBUTE_TYPE_LANGUAGES, language_tag_is_sane, "attribute.language", "this is not a language tag like de-CH"},
    {ATTRIBUTE_TYPE_COUNTRY, country_is_code, "attribute.country", "this is not a country code like CH (ISO 3166-1)"},
    {ATTRIBUTE_TYPE_URL, url_is_sane, "attribute.url", "this is not a web address like https://ada.example/"},
    {ATTRIBUTE_TYPE_TIME_ZONE, time_zone_is_sane, "attribute.time_zone", "this is not a time zone like Europe/Zurich"},
    {ATTRIBUTE_TYPE_IBAN, iban_is_sane, "attribute.iban", "this is not an IBAN: length or check digits are off"},
    {ATTRIBUTE_TYPE_BIC, bic_is_sane, "attribute.bic", "this is not a BIC of 8 or 11 characters"},
    {ATTRIBUTE_TYPE_CURRENCY, currency_is_sane, "attribute.currency", "this is not a currency code like CHF"},
};

static err check_syntax(const struct place *place, const struct attribute_rule *rule)
{
    struct text text;
    size_t at = 0;
    TRY(take_text(place, SYNTAX_CHARACTERS_MAX, false, &text));
    while (SYNTAXES[at].type != rule->type) {
        at++;
        assert(at < sizeof SYNTAXES / sizeof *SYNTAXES); /* every type is checked somewhere */
    }
    if (!SYNTAXES[at].is_sane(text))
        return REFUSE(place, SYNTAXES[at].reason, "%s", SYNTAXES[at].sentence);
    if (text_is(text_of(rule->detail), "https") && !text_starts_with(text, "https://"))
        return REFUSE(place, "attribute.url", "this address must begin with https://");
    return OK;
}

static err check_date(const struct place *place, const struct attribute_rule *rule)
{
    struct text text;
    int64_t at_ms = 0;
    TRY(take_text(place, 10, false, &text));
    if (!date_parse(text, &at_ms) || at_ms < days_from_date(ATTRIBUTE_YEAR_MIN, 1, 1) * TIME_DAY_MS)
        return REFUSE(place, "attribute.date", "this is not a date like 1984-05-17");
    if (text_is(text_of(rule->detail), "past") && at_ms > place->cx->now_ms)
        return REFUSE(place, "attribute.future", "this date has not come yet");
    return OK;
}

static err check_integer(const struct place *place, const struct attribute_rule *rule)
{
    if (!json_is_integer(place->value))
        return REFUSE(place, "attribute.wrong_type", "a whole number is expected here");
    int64_t number = json_integer_value(place->value);
    if (number < rule->low || number > rule->high)
        return REFUSE(place, "attribute.out_of_range", "a number from %lld to %lld is expected here",
                      (long long)rule->low, (long long)rule->high);
    return OK;
}

static int64_t year_of(int64_t at_ms)
{
    char text[TIME_TEXT_SIZE];
    time_format(at_ms, text);
    return (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
}

static err check_year(const struct place *place)
{
    struct attribute_rule years = {ATTRIBUTE_TYPE_INTEGER, ATTRIBUTE_YEAR_MIN, year_of(place->cx->now_ms), ""};
    return check_integer(place, &years);
}

static err check_boolean(const struct place *place)
{
    if (!json_is_boolean(place->value))
        return REFUSE(place, "attribute.wrong_type", "true or false is expected here");
    return OK;
}

static err check_scalar(const struct place *place, const struct attribute_rule *rule)
{
    switch ((int)rule->type) {
    case ATTRIBUTE_TYPE_TEXT:
    case ATTRIBUTE_TYPE_LINES:
        return check_text(place, rule);
    case ATTRIBUTE_TYPE_DATE:
        return check_date(place, rule);
    case ATTRIBUTE_TYPE_YEAR:
        return check_year(place);
    case ATTRIBUTE_TYPE_INTEGER:
        return check_integer(place, rule);
    case ATTRIBUTE_TYPE_CHOICE:
        return check_choice(place, rule);
    case ATTRIBUTE_TYPE_BOOLEAN:
        return check_boolean(place);
    default:
        return check_syntax(place, rule);
    }
}

static const struct attribute_member *member_called(const char *shape, struct text name)
{
    const struct attribute_member *member;
    for (size_t i = 0; (member = attribute_member_at(shape, i)) != NULL; i++)
        if (text_is(name, member->name))
            return member;
    return NULL;
}

static err check_strangers(const struct place *place, const char *shape)
{
    json_t *object = (json_t *)(uintptr_t)place->value; /* jansson's iterator changes nothing, but has no const */
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        struct text name = {json_object_iter_key(i), json_object_iter_key_len(i)};
        if (member_called(shape, name) == NULL)
            return FAIL_AT(place->cx, INVALID, "request.unknown_member", pointer_to_stranger(place, name),
                           "this member is not part of the value");
    }
    return OK;
}

static err check_object(const struct place *place, const char *shape)
{
    if (!json_is_object(place->value))
        return REFUSE(place, "attribute.wrong_type", "an object is expected here");
    TRY(check_strangers(place, shape));
    if (json_object_size(place->value) == 0)
        return REFUSE(place, "attribute.empty", "at least one member is expected here");
    const struct attribute_member *member;
    for (size_t i = 0; (member = attribute_member_at(shape, i)) != NULL; i++) {
        struct place inner = {place->cx, pointer_below(place, member->name),
                              json_object_get(place->value, member->name)};
        if (inner.value != NULL)
            TRY(check_scalar(&inner, &member->rule));
        else if (member->required)
            return REFUSE(&inner, "attribute.missing_member", "this member is needed");
    }
    return OK;
}

/* The rule that each item of a list type follows; a list of languages has its own syntax row. */
static struct attribute_rule item_rule(const struct attribute_rule *rule)
{
    switch ((int)rule->type) {
    case ATTRIBUTE_TYPE_YEARS:
        return (struct attribute_rule){ATTRIBUTE_TYPE_YEAR, 0, 0, ""};
    case ATTRIBUTE_TYPE_COUNTRIES:
        return (struct attribute_rule){ATTRIBUTE_TYPE_COUNTRY, 0, 0, ""};
    case ATTRIBUTE_TYPE_LIST:
        return (struct attribute_rule){ATTRIBUTE_TYPE_TEXT, 1, ATTRIBUTE_ITEM_CHARACTERS_MAX, ""};
    default:
        return *rule;
    }
}

static bool is_repeated(const json_t *list, size_t position)
{
    for (size_t i = 0; i < position; i++)
        if (json_equal(json_array_get(list, i), json_array_get(list, position)))
            return true;
    return false;
}

static err check_list(const struct place *place, const struct attribute_rule *rule)
{
    if (!json_is_array(place->value))
        return REFUSE(place, "attribute.wrong_type", "a list is expected here");
    size_t count = json_array_size(place->value);
    if (count < (size_t)rule->low)
        return REFUSE(place, "attribute.empty", "at least %lld entries are expected here", (long long)rule->low);
    if (count > (size_t)rule->high)
        return REFUSE(place, "attribute.too_long", "at most %lld entries fit here", (long long)rule->high);
    struct attribute_rule each = item_rule(rule);
    for (size_t i = 0; i < count; i++) {
        struct place item = {place->cx, pointer_to_item(place, i), json_array_get(place->value, i)};
        if (rule->type == ATTRIBUTE_TYPE_OBJECTS)
            TRY(check_object(&item, rule->detail));
        else
            TRY(check_scalar(&item, &each));
        /* Twins of years are children, not slips. */
        if (rule->type != ATTRIBUTE_TYPE_YEARS && is_repeated(place->value, i))
            return REFUSE(&item, "attribute.repeated", "this entry stands in the list already");
    }
    return OK;
}

static err check_value(const struct place *place, const struct attribute_rule *rule)
{
    switch ((int)rule->type) {
    case ATTRIBUTE_TYPE_NAME:
    case ATTRIBUTE_TYPE_ADDRESS:
    case ATTRIBUTE_TYPE_OBJECT:
        return check_object(place, rule->detail);
    case ATTRIBUTE_TYPE_OBJECTS:
    case ATTRIBUTE_TYPE_YEARS:
    case ATTRIBUTE_TYPE_LANGUAGES:
    case ATTRIBUTE_TYPE_COUNTRIES:
    case ATTRIBUTE_TYPE_LIST:
        return check_list(place, rule);
    default:
        return check_scalar(place, rule);
    }
}

err attribute_value_check(struct ctx *cx, const struct attribute_kind *kind, const json_t *value,
                          struct text *out_canonical)
{
    assert(kind != NULL && value != NULL && out_canonical != NULL);
    struct place place = {cx, "/value", value};
    TRY(check_value(&place, &kind->rule));
    struct text canonical = json_canonical(cx->arena, value);
    if (canonical.at == NULL)
        return FAIL_MEMORY(cx);
    if (canonical.size > LIMIT_ATTRIBUTE_BYTES)
        return FAIL_AT(cx, TOO_LARGE, "attribute.too_large", "/value", "a value may have %d bytes",
                       LIMIT_ATTRIBUTE_BYTES);
    *out_canonical = canonical;
    return OK;
}
