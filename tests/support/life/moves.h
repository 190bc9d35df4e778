/* SPDX-License-Identifier: Apache-2.0
 * What may happen to the model. Each move says what must come of it: NULL, done, or the reason of the refusal, and then
 * nothing has changed. */
#ifndef TESTS_SUPPORT_LIFE_MOVES_H
#define TESTS_SUPPORT_LIFE_MOVES_H

#include "support/life/model.h"

struct m_dates {
    bool    set_ends;
    bool    set_review;
    int64_t ends;
    int64_t review;
};

/* Terms of a request, an answer or a grant; what is not set stays. */
struct m_terms {
    bool          set_kinds, set_until, set_duration, set_departments, set_uses;
    unsigned      kinds;
    unsigned      departments;
    int64_t       until;
    int64_t       duration;
    struct m_uses uses;
};

enum { ANSWER_YES = 1, ANSWER_LESS, ANSWER_OTHER, ANSWER_NO };
enum { CHANGE_ONLY, CHANGE_PAUSE, CHANGE_RESUME };

bool m_is_counted(struct m_uses uses);
int m_relationship_state(const struct model *model, int relationship);
int m_grant_state(const struct model *model, int grant);
int m_request_state(const struct model *model, int request);
const struct m_version *m_newest(const struct model *model, int purpose);
bool m_may_write(const struct model *model, int purpose, int department);
bool m_is_published(const struct model *model, int purpose);

/* ---- moves. New things are the last of their array. */
const char *m_claim(struct model *model, int invitation, int person, const struct m_dates *dates);
const char *m_claim_new(struct model *model, int invitation, const struct m_dates *dates); /* the last person */
const char *m_propose(struct model *model, int person, int organisation, const struct m_dates *dates);
const char *m_answer_proposal(struct model *model, int relationship, bool accept);
const char *m_change(struct model *model, int relationship, int move, int nature, const struct m_dates *dates);
void m_end(struct model *model, int relationship);
const char *m_ask(struct model *model, int relationship, int department, int purpose, const struct m_terms *terms);
const char *m_answer(struct model *model, int request, int answer, const struct m_terms *terms);
const char *m_revise(struct model *model, int request, const struct m_terms *terms);
const char *m_cancel(struct model *model, int request);
const char *m_give(struct model *model, int relationship, int purpose, const struct m_terms *terms);
const char *m_narrow(struct model *model, int grant, const struct m_terms *terms);
void m_withdraw(struct model *model, int grant);
const char *m_report(struct model *model, int grant, int department);

/* ---- reads */
struct m_read {
    int         relationship;
    int         department;
    int         purpose;
    unsigned    kinds;
    bool        partial;
    unsigned    filled;   /* kinds that had a value when they were opened */
    int         unseen;   /* the first grant that the first look had not seen; 0 until that look */
    /* the answer */
    bool        given;
    const char *reason;   /* of the first refused kind */
    unsigned    allowed;  /* kinds */
};
void m_decide(const struct model *model, struct m_read *read);
/* Decides among the kinds that were allowed before, counts and keeps books. */
void m_commit(struct model *model, struct m_read *read);

/* A grant as it was: false when it was not there yet. `used` is how often by then. */
bool m_grant_at(const struct model *model, int grant, int64_t at, struct m_past *out, int64_t *out_used);

#endif
