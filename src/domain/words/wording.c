/* SPDX-License-Identifier: Apache-2.0
 * The review of one draft: its five slots one by one, its recipients, its language as a whole, its claims against its
 * facts. What is asked for is judged in over_asking.c. */
#include "domain/words/wording.h"

#include <assert.h>

#include "base/limits.h"
#include "base/text.h"
#include "domain/words/attribute_syntax.h"
#include "domain/words/over_asking.h"
#include "domain/words/phrase.h"
#include "domain/words/wording_form.h"

#define LIX_MAX 40
#define SENTENCE_WORDS_MAX 20
#define WORD_LETTERS_MAX 24 /* from here on even a German compound wants parting */
#define RECIPIENTS_MAX 20
#define RECIPIENT_CHARACTERS_MAX 100
#define SLOT_COUNT 5
#define STRANGE_WORDS_MIN 4 /* so many common words of another language, and three times as many as of the stated one */

#define NAME_CHARACTERS_MAX 60
#define SENTENCE_CHARACTERS_MAX 140
#define EXAMPLE_CHARACTERS_MAX 200
#define OUTCOME_CHARACTERS_MAX 200

struct slot {
    const char  *pointer;
    struct text  text;
    size_t       characters_max;
    bool         one_sentence;
    struct words words;
};

struct review {
    struct ctx                *cx;
    const struct purpose_text *purpose;
    struct findings           *findings;
    text_language                   language;
    legal_basis                basis;
};

/* Lists whose every phrase is a finding, and what to say about it. */
static const struct {
    phrase_list list;
    const char *reason;
    const char *advice;
} ALWAYS[] = {
    {PHRASE_PRESSURE, "wording.pressure", "presses people: say what happens and leave them time"},
    {PHRASE_VAGUE, "wording.vague", "is vague: name the thing itself"},
    {PHRASE_OPT_OUT, "wording.opt_out", "takes silence for a yes: only a clear answer counts"},
    {PHRASE_SHAMING, "wording.shaming", "makes a no feel bad: state plainly what happens"},
    {PHRASE_JARGON, "wording.jargon", "is the language of lawyers: use a word of every day"},
};

static bool is_within_bytes(struct text text, size_t bytes_max)
{
    return text.size <= bytes_max && text_is_utf8(text);
}

/* ---- one slot */

static void check_length(struct review *review, const struct slot *slot)
{
    if (text_count_characters(slot->text) > slot->characters_max)
        findings_add(review->findings, slot->pointer, "wording.too_long",
                     "at most %zu characters fit here; these are %zu", slot->characters_max,
                     text_count_characters(slot->text));
}

static void check_form(struct review *review, const struct slot *slot)
{
    if (form_has_markup(slot->text))
        findings_add(review->findings, slot->pointer, "wording.markup",
                     "write plain text without tags or formatting signs");
    if (form_has_link(slot->text))
        findings_add(review->findings, slot->pointer, "wording.link", "leave out web and e-mail addresses");
    if (form_has_emoji(slot->text))
        findings_add(review->findings, slot->pointer, "wording.emoji", "say it in words, without pictures");
    if (form_shouts(slot->text, &slot->words))
        findings_add(review->findings, slot->pointer, "wording.shouting",
                     "no words in capitals, no rows of exclamation marks");
}

static void check_readability(struct review *review, const struct slot *slot)
{
    const struct words *words = &slot->words;
    int64_t lix = words_lix_hundredths(words);
    if (lix > LIX_MAX * 100)
        findings_add(review->findings, slot->pointer, "wording.hard_to_read",
                     "the readability index LIX is %lld, at most %d is plain: use shorter words and sentences",
                     (long long)((lix + 99) / 100), LIX_MAX);
    if (words->longest_sentence_words > SENTENCE_WORDS_MAX)
        findings_add(review->findings, slot->pointer, "wording.long_sentence",
                     "a sentence has %zu words, at most %d are easy", words->longest_sentence_words,
                     SENTENCE_WORDS_MAX);
    if (slot->one_sentence && words->sentences > 1)
        findings_add(review->findings, slot->pointer, "wording.several_sentences",
                     "say why in one sentence; two are two purposes");
    for (size_t i = 0; i < words->count; i++) {
        struct text written = words->items[i].written;
        if (words->items[i].letters > WORD_LETTERS_MAX)
            findings_add(review->findings, slot->pointer, "wording.long_word", "\"%.*s\" is very long: part it",
                         TEXT_ARGS(written));
        if (words->items[i].mixed)
            findings_add(review->findings, slot->pointer, "wording.hidden", "\"%.*s\" mixes letters of two alphabets",
                         TEXT_ARGS(written));
    }
}

static void find_phrases(struct review *review, const struct slot *slot, phrase_list list, const char *reason,
                         const char *advice)
{
    struct phrase_search search = {.language = review->language, .list = list};
    struct text phrase;
    while (phrase_search_next(&search, &slot->words, &phrase))
        findings_add(review->findings, slot->pointer, reason, "\"%.*s\" %s", TEXT_ARGS(phrase), advice);
}

static void check_phrases(struct review *review, const struct slot *slot)
{
    if (review->language == LANGUAGE_COUNT)
        return;
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        find_phrases(review, slot, ALWAYS[i].list, ALWAYS[i].reason, ALWAYS[i].advice);
    if (review->purpose->passed_on_count == 0)
        find_phrases(review, slot, PHRASE_PARTNERS, "wording.unnamed_partners",
                     "has no name: list everyone who gets data under passed_on");
    else
        find_phrases(review, slot, PHRASE_PROMISE, "wording.contradiction",
                     "is not so: data is passed on, as the facts say");
    if (review->basis != LEGAL_BASIS_LEGAL_OBLIGATION)
        find_phrases(review, slot, PHRASE_LEGAL_CLAIM, "wording.legal_claim",
                     "claims a duty by law, but the legal basis is another");
    if (review->basis == LEGAL_BASIS_CONSENT)
        find_phrases(review, slot, PHRASE_NO_CHOICE, "wording.no_free_choice",
                     "leaves no free choice: consent cannot be the price of the service");
}

static bool has_letter(struct text text)
{
    for (size_t at = 0; at < text.size;)
        if (code_is_letter(text_next_code(text, &at)))
            return true;
    return false;
}

static void check_slot(struct review *review, struct slot *slot)
{
    if (!is_within_bytes(slot->text, LIMIT_SENTENCE_BYTES)) {
        findings_add(review->findings, slot->pointer, "wording.too_long",
                     "at most %zu characters of plain text fit here", slot->characters_max);
        return;
    }
    if (form_has_hidden(slot->text)) {
        findings_add(review->findings, slot->pointer, "wording.hidden",
                     "there are invisible or control characters in the text");
        return;
    }
    if (!has_letter(slot->text)) {
        findings_add(review->findings, slot->pointer, "wording.missing", "people need to read something here");
        return;
    }
    if (!words_read(review->cx->arena, slot->text, language_parts_at_apostrophe(review->language), &slot->words))
        return; /* the arena's mark is set: wording_check() ends with it */
    phrase_mark_allowed(&slot->words, review->language);
    check_length(review, slot);
    check_form(review, slot);
    check_readability(review, slot);
    check_phrases(review, slot);
}

/* ---- the draft as a whole */

static void check_language(struct review *review, const struct slot *slots)
{
    size_t hits[LANGUAGE_COUNT] = {0};
    if (review->language == LANGUAGE_COUNT) {
        findings_add(review->findings, "/language", "wording.language_unknown",
                     "write in English, German, French or Dutch: en, de, fr, nl");
        return;
    }
    for (size_t i = 0; i < SLOT_COUNT; i++)
        for (int at = 0; at < LANGUAGE_COUNT; at++)
            hits[at] += phrase_count(&slots[i].words, (text_language)at, PHRASE_COMMON);
    for (int at = 0; at < LANGUAGE_COUNT; at++)
        if (hits[at] >= STRANGE_WORDS_MIN && hits[at] > 3 * hits[review->language])
            findings_add(review->findings, "/language", "wording.other_language", "this reads like %s, not %s",
                         language_english((text_language)at), language_english(review->language));
}

static bool is_nameless(struct review *review, struct text name)
{
    struct words words;
    for (int at = 0; at < LANGUAGE_COUNT; at++) {
        text_language language = (text_language)at;
        if (!words_read(review->cx->arena, name, language_parts_at_apostrophe(language), &words))
            return false;
        struct phrase_search partners = {.language = language, .list = PHRASE_PARTNERS};
        struct phrase_search vague = {.language = language, .list = PHRASE_VAGUE};
        struct text phrase;
        if (phrase_is_whole(&words, language, PHRASE_NAMELESS) || phrase_search_next(&partners, &words, &phrase) ||
            phrase_search_next(&vague, &words, &phrase))
            return true;
    }
    return false;
}

static void check_recipient(struct review *review, size_t position)
{
    struct text name = review->purpose->passed_on[position];
    struct text pointer = text_format(review->cx->arena, "/facts/passed_on/%zu", position);
    if (pointer.at == NULL)
        return;
    if (!is_within_bytes(name, RECIPIENT_CHARACTERS_MAX * 4) || text_count_characters(name) > RECIPIENT_CHARACTERS_MAX)
        findings_add(review->findings, pointer.at, "wording.too_long", "a name has at most %d characters",
                     RECIPIENT_CHARACTERS_MAX);
    else if (form_has_hidden(name) || form_has_markup(name) || form_has_emoji(name))
        findings_add(review->findings, pointer.at, "wording.markup", "write the name in plain text");
    else if (!has_letter(name) || is_nameless(review, name))
        findings_add(review->findings, pointer.at, "wording.unnamed_partners",
                     "write the name of the recipient, not a kind of company");
}

/* Each fact is the organisation's own word: people see it, and the receipt keeps it. */
static void check_said(struct review *review)
{
    const struct purpose_unsaid *unsaid = &review->purpose->unsaid;
    const struct {
        bool        is_unsaid;
        const char *pointer;
        const char *question;
    } facts[] = {
        {unsaid->passed_on, "/facts/passed_on", "who else gets the data; [] when nobody does"},
        {unsaid->scored, "/facts/scored", "whether people are rated or ranked with it"},
        {unsaid->leaves_eea, "/facts/leaves_eea", "whether it goes outside the European Economic Area"},
        {unsaid->trains_ai, "/facts/trains_ai", "whether models are trained with it"},
        {unsaid->retention, "/retention", "how long the data is kept after the end; P0D when it goes at once"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (facts[i].is_unsaid)
            findings_add(review->findings, facts[i].pointer, "purpose.unsaid", "say %s", facts[i].question);
}

static void check_facts(struct review *review)
{
    const struct purpose_text *purpose = review->purpose;
    check_said(review);
    if (purpose->passed_on_count > RECIPIENTS_MAX)
        findings_add(review->findings, "/facts/passed_on", "purpose.too_many_recipients",
                     "at most %d recipients fit one purpose", RECIPIENTS_MAX);
    for (size_t i = 0; i < purpose->passed_on_count && i < RECIPIENTS_MAX; i++)
        check_recipient(review, i);
    if (purpose->trains_ai && review->basis != LEGAL_BASIS_CONSENT && review->basis != LEGAL_BASIS_NONE)
        findings_add(review->findings, "/facts/trains_ai", "purpose.ai_needs_consent",
                     "training AI with people's data needs their consent");
    if (review->basis == LEGAL_BASIS_NONE)
        findings_add(review->findings, "/legal_basis", "purpose.legal_basis_unknown",
                     "choose consent, contract, legal_obligation, vital_interest, public_task or legitimate_interest");
}

err wording_check(struct ctx *cx, const struct purpose_text *purpose, struct findings *out)
{
    assert(cx != NULL && purpose != NULL && out != NULL);
    struct findings findings = findings_open(cx->arena);
    struct review review = {cx, purpose, &findings, language_of_tag(purpose->language),
                            legal_basis_find(purpose->legal_basis)};
    struct slot slots[SLOT_COUNT] = {
        {"/name", purpose->name, NAME_CHARACTERS_MAX, true, {0}},
        {"/sentence", purpose->sentence, SENTENCE_CHARACTERS_MAX, true, {0}},
        {"/example", purpose->example, EXAMPLE_CHARACTERS_MAX, false, {0}},
        {"/benefit", purpose->benefit, OUTCOME_CHARACTERS_MAX, false, {0}},
        {"/if_no", purpose->if_no, OUTCOME_CHARACTERS_MAX, false, {0}},
    };
    if (purpose->language.size > 0 && !language_tag_is_sane(purpose->language))
        review.language = LANGUAGE_COUNT;
    dpv_purpose term = dpv_purpose_find(purpose->term);
    for (size_t i = 0; i < SLOT_COUNT; i++)
        check_slot(&review, &slots[i]);
    check_language(&review, slots);
    check_facts(&review);
    if (term == DPV_NONE)
        findings_add(&findings, "/term", "purpose.term_unknown",
                     "choose a purpose of the Data Privacy Vocabulary " DPV_VERSION);
    if (text_equals(purpose->example, purpose->sentence) && purpose->example.size > 0)
        findings_add(&findings, "/example", "wording.repeated", "give an example; this repeats the sentence");
    over_asking_check(purpose, term, review.basis, &findings);
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    *out = findings;
    return OK;
}

int64_t wording_lix(struct arena *arena, struct text text, struct text language)
{
    struct words words;
    if (!is_within_bytes(text, LIMIT_SENTENCE_BYTES) ||
        !words_read(arena, text, language_parts_at_apostrophe(language_of_tag(language)), &words))
        return 0;
    return (words_lix_hundredths(&words) + 50) / 100;
}
