/* SPDX-License-Identifier: Apache-2.0
 * Hand-written readers, each over one view. They look at octets: what is beyond ASCII counts as a letter where
 * letters of any language may stand. */
#include "domain/words/attribute_syntax.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/words/country.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_capital(c) || (c >= 'a' && c <= 'z');
}

static bool is_any_letter(char c)
{
    return is_letter(c) || (uint8_t)c >= 0x80;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Takes the piece before the next `separator` (or the rest) off `rest`. */
static struct text next_piece(struct text *rest, char separator)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, separator, rest->size);
    struct text piece = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
    size_t taken = end == NULL ? piece.size : piece.size + 1;
    *rest = (struct text){rest->at + taken, rest->size - taken};
    return piece;
}

static size_t count_of(struct text text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.at[i] == wanted;
    return count;
}

static bool is_domain_label(struct text label)
{
    if (label.size == 0 || label.size > 63 || label.at[0] == '-' || label.at[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++)
        if (!is_any_letter(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-')
            return false;
    return true;
}

/* Labels with a dot between; the last one is no number, so that no IPv4 address passes. */
static bool is_domain(struct text domain, size_t labels_min)
{
    size_t labels = count_of(domain, '.') + 1;
    bool has_letter = false;
    if (domain.size == 0 || domain.size > 253 || labels < labels_min)
        return false;
    for (; labels > 0; labels--) {
        struct text label = next_piece(&domain, '.');
        if (!is_domain_label(label))
            return false;
        has_letter = is_any_letter(label.at[0]) || is_any_letter(label.at[label.size - 1]);
    }
    return has_letter;
}

bool email_is_sane(struct text text)
{
    if (text.size > 254 || count_of(text, '@') != 1)
        return false;
    struct text domain = text;
    struct text local = next_piece(&domain, '@');
    if (local.size == 0 || local.size > 64 || local.at[0] == '.' || local.at[local.size - 1] == '.')
        return false;
    for (size_t i = 0; i < local.size; i++) {
        char c = local.at[i];
        if (!is_any_letter(c) && !is_digit(c) && !is_one_of(c, "!#$%&'*+-/=?^_`{|}~."))
            return false;
        if (c == '.' && local.at[i + 1] == '.')
            return false;
    }
    return is_domain(domain, 2);
}

bool phone_is_sane(struct text text)
{
    size_t digits = 0;
    int open = 0;
    if (text.size == 0 || text.size > 32 || !is_digit(text.at[text.size - 1]))
        return false;
    if (text.at[0] == '+' && text.at[1] == '0') /* the last one is a digit: something follows the plus */
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        digits += is_digit(c);
        open += (c == '(') - (c == ')');
        if (open < 0 || open > 1 || (!is_digit(c) && !is_one_of(c, " .-/()") && !(c == '+' && i == 0)))
            return false;
        if (i > 0 && c == ' ' && text.at[i - 1] == ' ')
            return false;
    }
    return open == 0 && digits >= 4 && digits <= 15 && is_one_of(text.at[0], "+(0123456789");
}

static bool is_subtag(struct text tag, size_t least, size_t most, bool letters_only)
{
    if (tag.size < least || tag.size > most)
        return false;
    for (size_t i = 0; i < tag.size; i++)
        if (!is_letter(tag.at[i]) && (letters_only || !is_digit(tag.at[i])))
            return false;
    return true;
}

static bool is_region(struct text tag)
{
    return is_subtag(tag, 2, 2, true) ||
           (tag.size == 3 && is_digit(tag.at[0]) && is_digit(tag.at[1]) && is_digit(tag.at[2]));
}

static bool is_variant(struct text tag)
{
    return is_subtag(tag, 5, 8, false) || (tag.size == 4 && is_digit(tag.at[0]) && is_subtag(tag, 4, 4, false));
}

/* Singletons with what belongs to them, up to the end of the tag: each needs at least one subtag behind it. */
static bool are_extensions(struct text tag, struct text rest)
{
    while (tag.size == 1) {
        bool private_use = tag.at[0] == 'x' || tag.at[0] == 'X';
        size_t parts = 0;
        if (!is_subtag(tag, 1, 1, false))
            return false;
        for (tag = next_piece(&rest, '-'); is_subtag(tag, private_use ? 1 : 2, 8, false); tag = next_piece(&rest, '-'))
            parts++;
        if (parts == 0)
            return false;
    }
    return tag.size == 0 && rest.size == 0;
}

bool language_tag_is_sane(struct text text)
{
    if (text.size == 0 || text.size > 35 || text.at[text.size - 1] == '-')
        return false;
    struct text rest = text;
    struct text tag = next_piece(&rest, '-');
    if (!is_subtag(tag, 2, 3, true))
        return false;
    tag = next_piece(&rest, '-');
    if (is_subtag(tag, 3, 3, true)) /* extended language, one is in use */
        tag = next_piece(&rest, '-');
    if (is_subtag(tag, 4, 4, true))
        tag = next_piece(&rest, '-');
    if (is_region(tag))
        tag = next_piece(&rest, '-');
    while (is_variant(tag))
        tag = next_piece(&rest, '-');
    return are_extensions(tag, rest);
}

static bool is_port(struct text port)
{
    int64_t number = 0;
    return text_to_int64(port, &number) && number >= 1 && number <= 65535;
}

bool url_is_sane(struct text text)
{
    size_t scheme = text_starts_with(text, "https://") ? 8 : text_starts_with(text, "http://") ? 7 : 0;
    if (scheme == 0 || text.size > 1024)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if ((uint8_t)text.at[i] <= 0x20 || (uint8_t)text.at[i] >= 0x7F || is_one_of(text.at[i], "\"<>\\^`{|}"))
            return false;
    struct text rest = {text.at + scheme, text.size - scheme};
    size_t host_size = 0;
    while (host_size < rest.size && !is_one_of(rest.at[host_size], "/?#"))
        host_size++;
    struct text port = {rest.at, host_size};
    bool has_port = count_of(port, ':') > 0;
    struct text host = next_piece(&port, ':');
    return is_domain(host, 2) && (!has_port || is_port(port));
}

/* Lengths of the IBAN registry; a country that is not there may have 15 to 34 characters, as its caller sees to. */
static bool iban_length_fits(struct text compact)
{
    static const char LENGTHS[] =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23"
        "GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30"
        "NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";
    for (size_t i = 0; i + 4 < sizeof LENGTHS; i += 4)
        if (memcmp(LENGTHS + i, compact.at, 2) == 0)
            return compact.size == (size_t)(LENGTHS[i + 2] - '0') * 10 + (size_t)(LENGTHS[i + 3] - '0');
    return country_is_code((struct text){compact.at, 2});
}

bool iban_is_sane(struct text text)
{
    char compact[34];
    size_t size = 0;
    bool grouped = count_of(text, ' ') > 0;
    for (size_t i = 0; i < text.size; i++) {
        bool gap = grouped && i % 5 == 4;
        if (gap != (text.at[i] == ' '))
            return false;
        if (gap)
            continue;
        if (size == sizeof compact || (!is_capital(text.at[i]) && !is_digit(text.at[i])))
            return false;
        compact[size++] = text.at[i];
    }
    if (size < 15 || text.at[text.size - 1] == ' ' || !is_capital(compact[0]) || !is_capital(compact[1]) ||
        !is_digit(compact[2]) || !is_digit(compact[3]) || !iban_length_fits((struct text){compact, size}))
        return false;
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        char c = compact[(i + 4) % size];
        rest = is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

bool bic_is_sane(struct text text)
{
    if (text.size != 8 && text.size != 11)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_capital(text.at[i]) && (i < 6 || !is_digit(text.at[i])))
            return false;
    return true;
}

bool currency_is_sane(struct text text)
{
    return text.size == 3 && is_capital(text.at[0]) && is_capital(text.at[1]) && is_capital(text.at[2]);
}

bool time_zone_is_sane(struct text text)
{
    size_t parts = count_of(text, '/') + 1;
    if (text_is(text, "UTC"))
        return true;
    if (parts < 2 || parts > 3 || text.size > 64)
        return false;
    for (; parts > 0; parts--) {
        struct text part = next_piece(&text, '/');
        if (part.size == 0 || !is_letter(part.at[0]))
            return false;
        for (size_t i = 0; i < part.size; i++)
            if (!is_letter(part.at[i]) && !is_digit(part.at[i]) && !is_one_of(part.at[i], "_+-"))
                return false;
    }
    return true;
}

bool month_day_is_sane(struct text text)
{
    char date[10] = {'2', '0', '0', '0', '-'};
    int64_t at_ms = 0;
    if (text.size != 5)
        return false;
    memcpy(date + 5, text.at, 5);
    return date_parse((struct text){date, sizeof date}, &at_ms);
}

bool text_stays_in_line(struct text text)
{
    for (size_t i = 0; i + 2 < text.size; i++) {
        const uint8_t *at = (const uint8_t *)text.at + i;
        bool turns = at[0] == 0xE2 && ((at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE) || /* U+202A to U+202E */
                                       (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9));  /* U+2066 to U+2069 */
        bool hides = at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF;                        /* U+FEFF */
        if (turns || hides)
            return false;
    }
    return true;
}
