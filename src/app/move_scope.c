/* SPDX-License-Identifier: Apache-2.0
 * A list that is put in order when it is full: most changes are of few people. */
#include "app/move_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* Tables that nobody's audit rests on. A row of nobody in any other, when it was changed, may be one on which the rows
 * of many rest: an organisation's name, a purpose. One that was added is looked at with what belongs to no person. */
static const char *const OF_NO_AUDIT[] = {
    "access_token", "clock_mark", "disclosure_answer", "idempotency", "invitation", "key_bucket", "log_head",
    "log_lease",    "log_tile",   "node_state",        "node_text",   "pushed_request", "seen_token", "seen_read_token",
};

static bool is_of_no_audit(const char *table)
{
    for (size_t i = 0; i < sizeof OF_NO_AUDIT / sizeof *OF_NO_AUDIT; i++)
        if (strcmp(table, OF_NO_AUDIT[i]) == 0)
            return true;
    return false;
}

err move_scope_open(struct ctx *cx, struct move_scope *out)
{
    *out = (struct move_scope){.people = ARENA_ARRAY(cx->arena, int64_t, LIMIT_MOVE_PEOPLE)};
    return out->people == NULL ? FAIL_MEMORY(cx) : OK;
}

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void put_in_order(struct move_scope *scope)
{
    size_t kept = 0;
    qsort(scope->people, scope->count, sizeof *scope->people, by_number);
    for (size_t i = 0; i < scope->count; i++)
        if (kept == 0 || scope->people[kept - 1] != scope->people[i])
            scope->people[kept++] = scope->people[i];
    scope->count = kept;
}

void move_scope_add(struct move_scope *scope, const struct move_change *change)
{
    if (change->person_id == 0) {
        scope->is_everybody = scope->is_everybody || !(change->is_new || is_of_no_audit(change->table));
        return;
    }
    if (scope->is_everybody || (scope->count > 0 && scope->people[scope->count - 1] == change->person_id))
        return;
    if (scope->count == LIMIT_MOVE_PEOPLE) {
        put_in_order(scope);
        scope->is_everybody = scope->count > LIMIT_MOVE_PEOPLE / 2; /* soon it would be put in order all the time */
    }
    if (!scope->is_everybody)
        scope->people[scope->count++] = change->person_id;
}

const struct audit_scope *move_scope_close(struct move_scope *scope)
{
    put_in_order(scope);
    scope->told = (struct audit_scope){scope->people, scope->count};
    return scope->is_everybody ? NULL : &scope->told;
}
