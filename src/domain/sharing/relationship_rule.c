/* SPDX-License-Identifier: Apache-2.0
 * What a relationship is, without store and without effects: words, what its acts add up to, its state at an hour. */
#include "domain/sharing/relationship.h"

static const char *const STATES[] = {
    [RELATIONSHIP_INVITED] = "invited", [RELATIONSHIP_PROPOSED] = "proposed", [RELATIONSHIP_ACTIVE] = "active",
    [RELATIONSHIP_PAUSED] = "paused",   [RELATIONSHIP_ENDED] = "ended",
};

static const struct {
    relationship_nature nature;
    const char         *word;
} NATURES[] = {
#define X(name, number, word, sentence) {NATURE_##name, word},
#include "domain/words/nature.def"
#undef X
};

const char *relationship_state_word(relationship_state state)
{
    return STATES[state];
}

const char *relationship_nature_word(relationship_nature nature)
{
    for (size_t i = 0; i < sizeof NATURES / sizeof *NATURES; i++)
        if (NATURES[i].nature == nature)
            return NATURES[i].word;
    return "other";
}

bool relationship_nature_of_word(struct text word, relationship_nature *out)
{
    for (size_t i = 0; i < sizeof NATURES / sizeof *NATURES; i++) {
        if (text_is(word, NATURES[i].word)) {
            *out = NATURES[i].nature;
            return true;
        }
    }
    return false;
}

static relationship_state state_after(relationship_state before, act_kind kind)
{
    static const struct {
        act_kind           kind;
        relationship_state after;
    } MOVES[] = {
        {ACT_RELATIONSHIP_INVITED, RELATIONSHIP_INVITED}, {ACT_RELATIONSHIP_PROPOSED, RELATIONSHIP_PROPOSED},
        {ACT_RELATIONSHIP_STARTED, RELATIONSHIP_ACTIVE},  {ACT_RELATIONSHIP_PAUSED, RELATIONSHIP_PAUSED},
        {ACT_RELATIONSHIP_RESUMED, RELATIONSHIP_ACTIVE},  {ACT_RELATIONSHIP_ENDED, RELATIONSHIP_ENDED},
        {ACT_RELATIONSHIP_DECLINED, RELATIONSHIP_ENDED},
    };
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].kind == kind)
            return MOVES[i].after;
    return before;
}

static void fold_objection(struct objection *objection, const struct act *act)
{
    static const struct {
        act_kind        kind;
        objection_state after;
    } WORDS[] = {
        {ACT_RELATIONSHIP_SIGNALLED, OBJECTION_SIGNALLED},
        {ACT_RELATIONSHIP_OBJECTED, OBJECTION_MADE},
        {ACT_RELATIONSHIP_LIFTED, OBJECTION_LIFTED},
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (WORDS[i].kind == act->kind)
            *objection = (struct objection){WORDS[i].after, act->act_id};
}

void relationship_fold(struct relationship *relationship, const struct act *act)
{
    relationship->person_id = act->person_id;
    relationship->relationship_id = act->relationship_id;
    relationship->organisation_id = act->organisation_id;
    relationship->nature = (relationship_nature)act->nature;
    relationship->ends_at_ms = act->until_at_ms;
    relationship->review_at_ms = act->review_at_ms;
    if (act->kind == ACT_RELATIONSHIP_STARTED)
        relationship->started_at_ms = act->at_ms;
    relationship->state = state_after(relationship->state, act->kind);
    relationship->last_act_id = act->act_id;
    fold_objection(&relationship->objection, act);
}

relationship_state relationship_state_at(const struct relationship *relationship, int64_t at_ms)
{
    bool lives = relationship->state == RELATIONSHIP_ACTIVE || relationship->state == RELATIONSHIP_PAUSED;
    return lives && relationship->ends_at_ms != 0 && at_ms >= relationship->ends_at_ms ? RELATIONSHIP_ENDED
                                                                                        : relationship->state;
}
