/* SPDX-License-Identifier: Apache-2.0
 * How the things of the domain look outside: ids of the edge, names and states of the moment, each with its shape.
 * Filled from domain structs that have passed the policy; what one reply needs more than once is read once. */
#ifndef HTTP_API_VIEW_H
#define HTTP_API_VIEW_H

#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/parties/record.h"
#include "domain/policy.h"
#include "domain/sharing/disclosure.h"
#include "domain/sharing/grant.h"
#include "domain/sharing/request.h"
#include "http/gate/call.h"
#include "http/gate/shapes.h"

/* Marks of members that a PATCH did not bring. */
#define TIME_ABSENT INT64_MIN
#define KINDS_ABSENT ((struct attribute_set){UINT64_MAX, UINT64_MAX})
static inline bool kinds_are_absent(struct attribute_set set)
{
    return attribute_set_equals(set, KINDS_ABSENT);
}

/* What one reply has read so far. Starts as {.cx = …}. */
struct views {
    struct ctx              *cx;
    struct seen_organisation *organisations;
    struct seen_relationship *relationships;
    struct seen_purpose      *purposes;
};

struct named {
    struct id   id;
    struct text name;
};

struct purpose_named {
    struct id   id;
    int64_t     version;
    struct text name;
};

struct objection_view {
    objection_state state, by;
    int64_t         since_ms;
};

struct relationship_view {
    struct id           id;
    struct named        organisation;
    relationship_nature nature;
    relationship_state  state;
    int64_t             started_at_ms;
    int64_t             ends_at_ms;
    int64_t             review_at_ms;
    int64_t             grants;
    const struct objection_view *objection; /* NULL: nothing was said */
};

struct grant_view {
    struct id            id;
    struct id            relationship;
    struct named         organisation;
    struct purpose_named purpose;
    struct attribute_set attributes;
    const struct id     *departments;
    size_t               departments_count;
    const struct text   *department_names;
    size_t               department_names_count;
    grant_state          state;
    int64_t              from_at_ms, until_at_ms, ended_at_ms;
    struct uses          uses;
    int64_t              used;
    struct id            receipt;
};

/* The slots of a purpose, as its writer sent them and as people read them. */
struct purpose_view {
    struct id            id;
    int64_t              version;
    purpose_state        state;
    struct named         organisation;
    struct text          name;
    struct text          sentence;
    struct text          example;
    struct text          term;
    struct text          legal_basis;
    struct attribute_set needed;
    struct attribute_set optional;
    const struct id     *departments;
    size_t               departments_count;
    int64_t              longest_ms, shortest_useful_ms, retention_ms;
    struct text          longest_words, shortest_useful_words, retention_words; /* "P1Y", as their writer put it */
    const struct text   *passed_on;
    size_t               passed_on_count;
    bool                 scored, leaves_eea, trains_ai;
    struct purpose_unsaid unsaid;
    struct text          benefit;
    struct text          if_no;
    struct text          language;
    int64_t              created_at_ms, published_at_ms, retired_at_ms;
};

struct offer_view {
    struct attribute_set attributes;
    int64_t              duration_ms;
    struct uses          uses;
};

struct request_view {
    struct id                  id;
    request_state              state;
    struct id                  relationship;
    struct named               organisation;
    struct named               department;
    struct id                  purpose;
    int64_t                    purpose_version;
    bool                       objected; /* an objection stands against it: a yes would be the newer word */
    const struct purpose_view *notice; /* for people: the wording of the version that is asked under */
    struct attribute_set       attributes;
    int64_t                    duration_ms;
    struct uses                uses;
    const struct offer_view   *counter;
    int64_t                    revision;
    int64_t                    created_at_ms, expires_at_ms, answered_at_ms;
    struct id                  grant;
};

err view_objection(struct views *views, const struct objection *said, const struct objection_view **out) MUST_CHECK;
err view_organisation(struct views *views, int64_t organisation_id, struct named *out) MUST_CHECK;
err view_department(struct views *views, int64_t organisation_id, int64_t department_id, struct named *out) MUST_CHECK;
err view_departments(struct views *views, int64_t organisation_id, int64_t bits, struct named **out,
                     size_t *out_count) MUST_CHECK;
/* The relationship that a thing of a person lies in, and one version of a purpose; borrowed from the views. */
err view_relationship_of(struct views *views, int64_t person_id, int64_t relationship_id,
                         const struct relationship **out) MUST_CHECK;
err view_purpose_of(struct views *views, const struct id *id, int64_t version, const struct purpose **out) MUST_CHECK;

err view_relationship(struct views *views, const struct relationship *relationship, struct relationship_view *out)
    MUST_CHECK;
err view_grant(struct views *views, const struct grant *grant, struct grant_view *out) MUST_CHECK;
err view_purpose(struct views *views, const struct purpose *purpose, struct purpose_view *out) MUST_CHECK;
/* The bits of departments that a request named; all must be the organisation's. NOT_FOUND. None: 0. */
err read_departments(struct ctx *cx, int64_t organisation_id, const struct id *ids, size_t count,
                     int64_t *out_bits) MUST_CHECK;
/* With the wording when a person asks. */
err view_request(struct views *views, const struct request *request, struct request_view *out) MUST_CHECK;

#endif
