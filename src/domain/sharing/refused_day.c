/* SPDX-License-Identifier: Apache-2.0
 * Counts of refused reads, and of questions, in and out. The row of a relationship and department knows the newest day
 * only; what was counted on a day stays behind the last entry of that day. */
#include "domain/sharing/refused_day.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "base/timekeeper.h"
#include "domain/proof/row_tag.h"

static int64_t day_of(int64_t at_ms)
{
    return at_ms / TIME_DAY_MS;
}

static err load_row(struct ctx *cx, const struct refused_day *day, struct sql_day_of_reads_row *out, bool *out_found)
{
    const struct sql_refused_day_load_in refused = {day->person_id, day->relationship_id, day->department_id};
    const struct sql_asked_day_load_in asked = {day->person_id, day->relationship_id, day->department_id};
    return day->only_asks ? sql_asked_day_load(cx, &asked, out, out_found)
                          : sql_refused_day_load(cx, &refused, out, out_found);
}

static struct row_tag_day place_of(const struct refused_day *day)
{
    return (struct row_tag_day){day->relationship_id, day->department_id, day_of(day->at_ms)};
}

/* The row as it is now, of such a day, has this tag. */
static err tag_row(struct ctx *cx, struct row_tag_day day, struct sql_refused_further_save_in *row)
{
    struct row_tag tag = row_tag_of_further(cx->arena, &day, row);
    return row_tag_make(cx, &tag, &row->tag);
}

static err fits_tag(struct ctx *cx, struct row_tag_day day, struct sql_refused_further_save_in row, bool *out)
{
    struct text stored = row.tag;
    TRY(tag_row(cx, day, &row));
    *out = text_equals(stored, row.tag);
    return OK;
}

static struct sql_refused_further_save_in further_of(const struct refused_day *day)
{
    return (struct sql_refused_further_save_in){
        .person_id = day->person_id,
        .disclosure_id = day->last_id,
        .reads = day->further.reads,
        .last_at_ms = day->further.last_at_ms,
        .attributes_low = (int64_t)day->further.attributes.low,
        .attributes_high = (int64_t)day->further.attributes.high,
        .tag = TEXT_NONE,
    };
}

void refused_day_load_ahead(struct ctx *cx, const struct refused_day *of)
{
    const struct sql_refused_day_load_in refused = {of->person_id, of->relationship_id, of->department_id};
    const struct sql_asked_day_load_in asked = {of->person_id, of->relationship_id, of->department_id};
    if (of->only_asks)
        sql_asked_day_load_ahead(cx, &asked);
    else
        sql_refused_day_load_ahead(cx, &refused);
}

err refused_day_load(struct ctx *cx, struct refused_day *day)
{
    struct sql_day_of_reads_row row = {0};
    bool found = false;
    bool fits = true;
    TRY(load_row(cx, day, &row, &found));
    day->entries = day->last_id = 0;
    day->further = (struct disclosure_further){.reads = 0};
    if (!found || row.day != day_of(day->at_ms))
        return OK;
    day->entries = row.entries;
    day->last_id = row.last_id;
    day->further = (struct disclosure_further){row.reads, row.last_at_ms,
                                               {(uint64_t)row.attributes_low, (uint64_t)row.attributes_high}};
    if (row.tag.size == 0)
        return OK;
    struct sql_refused_further_save_in further = further_of(day);
    further.tag = row.tag;
    TRY(fits_tag(cx, place_of(day), further, &fits));
    if (!fits) /* counting on would give a wrong count a tag that fits */
        day->entries = 0;
    return OK;
}

bool refused_day_is_full(const struct refused_day *day)
{
    return day->entries >= (day->only_asks ? LIMIT_QUESTIONS_A_DAY : LIMIT_REFUSED_READS_A_DAY);
}

err refused_day_add_entry(struct ctx *cx, struct refused_day *day, int64_t disclosure_id)
{
    day->entries++;
    day->last_id = disclosure_id;
    const struct sql_refused_day_save_in refused = {day->person_id, day->relationship_id, day->department_id,
                                                    day_of(day->at_ms), day->entries, day->last_id};
    const struct sql_asked_day_save_in asked = {day->person_id, day->relationship_id, day->department_id,
                                                day_of(day->at_ms), day->entries, day->last_id};
    return day->only_asks ? sql_asked_day_save(cx, &asked, NULL) : sql_refused_day_save(cx, &refused, NULL);
}

err refused_day_add_further(struct ctx *cx, struct refused_day *day, struct attribute_set attributes)
{
    day->further.reads++;
    day->further.last_at_ms = day->at_ms;
    day->further.attributes = attribute_set_union(day->further.attributes, attributes);
    struct sql_refused_further_save_in row = further_of(day);
    TRY(tag_row(cx, place_of(day), &row));
    return sql_refused_further_save(cx, &row, NULL);
}

err refused_further_check(struct ctx *cx, const struct sql_disclosure_row *row, bool *out_fits)
{
    const struct sql_refused_further_save_in further = {row->person_id, row->disclosure_id, row->further_reads,
        row->further_last_at_ms, row->further_low, row->further_high, row->further_tag};
    const struct row_tag_day day = {row->relationship_id, row->department_id, day_of(row->at_ms)};
    bool in_day = day_of(row->further_last_at_ms) == day_of(row->at_ms) &&
                  !timekeeper_is_before(row->further_last_at_ms, row->at_ms);
    TRY(fits_tag(cx, day, further, out_fits));
    *out_fits = *out_fits && in_day && row->outcome != DISCLOSURE_GIVEN && row->further_reads > 0;
    return OK;
}
