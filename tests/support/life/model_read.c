/* SPDX-License-Identifier: Apache-2.0
 * What may leave, and what was allowed before: see moves.h. */
#include <stddef.h>

#include "support/life/moves.h"

/* The grant that lets one kind out, or -1 and why not. */
static int find_grant(const struct model *model, const struct m_read *read, int kind, const char **out_reason)
{
    static const char *const STATES[] = {[S_INVITED] = "relationship.not_active",
                                         [S_PROPOSED] = "relationship.not_active",
                                         [S_PAUSED] = "relationship.paused",
                                         [S_ENDED] = "relationship.ended"};
    static const char *const REASONS[] = {[G_WITHDRAWN] = "grant.withdrawn", [G_EXPIRED] = "grant.expired",
                                          [G_USED_UP] = "grant.used_up", [G_ENDED] = "relationship.ended"};
    int state = m_relationship_state(model, read->relationship);
    *out_reason = STATES[state];
    if (state != S_ACTIVE)
        return -1;
    *out_reason = NULL;
    for (int i = (read->unseen != 0 ? read->unseen : model->grants_count) - 1; i >= 0; i--) {
        const struct m_grant *grant = &model->grants[i];
        if (grant->relationship != read->relationship || grant->purpose != read->purpose ||
            (grant->kinds >> kind & 1) == 0 || (grant->departments >> read->department & 1) == 0)
            continue;
        int now = m_grant_state(model, i);
        if (now == G_ACTIVE)
            return i;
        if (*out_reason == NULL)
            *out_reason = REASONS[now];
    }
    if (*out_reason == NULL)
        *out_reason = "grant.none";
    return -1;
}

void m_decide(const struct model *model, struct m_read *read)
{
    read->allowed = 0;
    read->reason = NULL;
    for (int kind = 0; kind < KINDS; kind++) {
        const char *reason = NULL;
        if ((read->kinds >> kind & 1) == 0)
            continue;
        if (find_grant(model, read, kind, &reason) >= 0)
            read->allowed |= 1u << kind;
        else if (read->reason == NULL)
            read->reason = reason;
    }
    read->given = read->allowed == read->kinds || (read->partial && read->allowed != 0);
}

static void count_uses(struct model *model, const struct m_read *read)
{
    struct m_person *person = &model->people[model->relationships[read->relationship].person];
    int used[KINDS];
    bool found_any[KINDS] = {false}; /* by use: a read that finds nothing counts for nothing */
    int count = 0;
    for (int kind = 0; kind < KINDS; kind++) { /* all are found before any is counted: one read, one moment */
        const char *reason = NULL;
        if ((read->allowed >> kind & 1) == 0)
            continue;
        int grant = find_grant(model, read, kind, &reason);
        int at = 0;
        while (at < count && used[at] != grant)
            at++;
        if (at == count)
            used[count++] = grant;
        found_any[at] = found_any[at] || (read->filled >> kind & 1) != 0;
    }
    person->given += count;
    for (int i = 0; i < count; i++) {
        if (!m_is_counted(model->grants[used[i]].uses) || !found_any[i])
            continue;
        model->grants[used[i]].used++;
        model->uses[model->uses_count++] = (struct m_use){used[i], model->now};
    }
}

void m_commit(struct model *model, struct m_read *read)
{
    int owner = model->relationships[read->relationship].person;
    if (read->given) {
        unsigned before = read->allowed;
        m_decide(model, read);
        read->allowed &= before;
        read->given = read->allowed == read->kinds || (read->partial && read->allowed != 0);
    }
    if (owner < 0) {
        model->relationships[read->relationship].refused_early++;
        return;
    }
    if (read->given)
        count_uses(model, read);
    if (!read->given || read->allowed != read->kinds)
        model->people[owner].refused++;
}

bool m_grant_at(const struct model *model, int grant, int64_t at, struct m_past *out, int64_t *out_used)
{
    const struct m_grant *it = &model->grants[grant];
    bool existed = false;
    for (int i = 0; i < it->past_count; i++) {
        if (it->past[i].at > at)
            continue;
        *out = it->past[i];
        existed = true;
    }
    *out_used = 0;
    for (int i = 0; i < model->uses_count; i++)
        *out_used += model->uses[i].grant == grant && model->uses[i].at <= at;
    return existed;
}
