/* SPDX-License-Identifier: Apache-2.0
 * Drafts of any octets: the checks end in a bounded list whose messages can be sent. The parts stand behind one another
 * with a line feed between: name, sentence, example, benefit, if_no, language, term, legal basis, recipient. */
#include "domain/words/wording.h"

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static struct text take_part(struct text *rest)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, '\n', rest->size);
    struct text part = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
    size_t taken = end == NULL ? part.size : part.size + 1;
    *rest = (struct text){rest->at + taken, rest->size - taken};
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES)};
    struct text rest = {(const char *)data, size};
    struct purpose_text purpose = {.longest_ms = 1, .shortest_useful_ms = 1, .passed_on_count = 1};
    struct text *const PARTS[] = {&purpose.name,  &purpose.sentence, &purpose.example, &purpose.benefit,
                                  &purpose.if_no, &purpose.language, &purpose.term,    &purpose.legal_basis};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        *PARTS[i] = take_part(&rest);
    struct text recipient = take_part(&rest);
    purpose.passed_on = &recipient;
    struct findings findings;
    err code = wording_check(&cx, &purpose, &findings);
    assert(code == OK && findings.count > 0 && findings.count <= FINDINGS_MAX); /* it asks for nothing: one at least */
    for (size_t i = 0; i < findings.count; i++)
        assert(findings.items[i].message.size > 0 && text_is_plain(findings.items[i].message, false));
    int64_t lix = wording_lix(cx.arena, purpose.sentence, purpose.language);
    assert(lix >= 0 && lix <= LIMIT_SENTENCE_BYTES + 100);
    return 0;
}
