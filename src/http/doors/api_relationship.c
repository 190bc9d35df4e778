/* SPDX-License-Identifier: Apache-2.0
 * Relationships: the person proposes, claims, shapes and ends them; the organisation sees them and answers. */
#include "domain/parties/invitation.h"
#include "domain/sharing/grant.h"
#include "domain/sharing/objection_change.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

/* ---- lists */

static err fill_page(struct call *call, const struct relationship_list *list, const struct page_query *query,
                     struct page *out)
{
    struct views views = {.cx = &call->cx};
    size_t count = list->out_count > (size_t)query->limit ? (size_t)query->limit : list->out_count;
    struct relationship_view *items = ARENA_ARRAY(call->arena, struct relationship_view, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(view_relationship(&views, &list->out[i], &items[i]));
    *out = (struct page){.items = items, .count = count};
    if (count < list->out_count)
        out->next = call_place(call, list->out[count - 1].relationship_id);
    return OK;
}

static err reply_list(struct call *call, err (*load)(struct ctx *cx, struct relationship_list *list))
{
    struct page_query query = PAGE_QUERY_START;
    struct relationship_list list = {.after = 0};
    struct page page;
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.after));
    list.limit = (int)query.limit + 1; /* one more tells whether there is a next page */
    TRY(load(&call->cx, &list));
    TRY(fill_page(call, &list, &query, &page));
    return call_reply_page(call, &page);
}

err get_my_relationships(struct call *call)
{
    return reply_list(call, relationship_list_of_person);
}

err get_org_relationships(struct call *call)
{
    return reply_list(call, relationship_list_of_organisation);
}

static err reply_relationship(struct call *call, const struct relationship *relationship)
{
    struct views views = {.cx = &call->cx};
    struct relationship_view view;
    TRY(view_relationship(&views, relationship, &view));
    return call_reply(call, &view);
}

/* For both sides: the domain opens what is the caller's. */
static err reply_one(struct call *call)
{
    struct relationship relationship;
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    return reply_relationship(call, &relationship);
}

err get_relationship(struct call *call)
{
    return reply_one(call);
}

err get_org_relationship(struct call *call)
{
    return reply_one(call);
}

/* ---- start */

struct start_body {
    struct text         invitation;
    struct id           organisation;
    relationship_nature nature;
    int64_t             ends_at_ms;
    int64_t             review_at_ms;
};
static const struct shape_member START[] = {
    MEMBER("invitation", TEXT, 0, struct start_body, invitation, .least = 1, .most = 64,
           .sentence = "A claim code that an organisation gave: accepts its invitation."),
    MEMBER("organisation", ID, 0, struct start_body, organisation, .id = ID_ORGANISATION,
           .sentence = "Without an invitation: with whom; a proposal that the organisation answers."),
    MEMBER("nature", CHOICE, 0, struct start_body, nature, .choices = NATURE_WORDS,
           .sentence = "customer when it is not given."),
    MEMBER("ends", TIME, SHAPE_NULLABLE, struct start_body, ends_at_ms),
    MEMBER("review", TIME, SHAPE_NULLABLE, struct start_body, review_at_ms),
};
const struct shape SHAPE_RELATIONSHIP_START = {.name = "RelationshipStart",
    .sentence = "Exactly one of invitation and organisation.", SHAPE_MEMBERS(START), .size = sizeof(struct start_body)};

static err reply_claimed(struct call *call, void *arg)
{
    const struct invitation_claim *claim = arg;
    return reply_relationship(call, &claim->out);
}

static err reply_proposed(struct call *call, void *arg)
{
    const struct relationship_propose *propose = arg;
    return reply_relationship(call, &propose->out);
}

static err claim(struct call *call, const struct start_body *body)
{
    struct invitation_claim *act = ARENA_NEW(call->arena, struct invitation_claim);
    if (act == NULL)
        return FAIL_MEMORY(&call->cx);
    act->code = body->invitation;
    act->start = (struct relationship_start){body->nature, body->ends_at_ms, body->review_at_ms};
    return call_seal(call, invitation_claim, act, reply_claimed, call->cx.actor.person_id);
}

static err propose(struct call *call, const struct start_body *body)
{
    struct relationship_propose *act = ARENA_NEW(call->arena, struct relationship_propose);
    if (act == NULL)
        return FAIL_MEMORY(&call->cx);
    act->organisation_id = body->organisation.owner;
    act->nature = body->nature;
    act->ends_at_ms = body->ends_at_ms;
    act->review_at_ms = body->review_at_ms;
    return call_seal(call, relationship_propose, act, reply_proposed, call->cx.actor.person_id);
}

err post_relationship(struct call *call)
{
    struct start_body body = {.nature = NATURE_CUSTOMER};
    TRY(call_body(call, &body));
    bool invited = body.invitation.size > 0;
    bool proposed = body.organisation.type != ID_NONE;
    if (invited && proposed)
        return FAIL_AT(&call->cx, MALFORMED, "request.one_too_many", "/organisation",
                       "an invitation names its organisation: leave one of the two out");
    if (!invited && !proposed)
        return FAIL_AT(&call->cx, MALFORMED, "request.missing_member", "/invitation",
                       "either invitation or organisation is wanted");
    return invited ? claim(call, &body) : propose(call, &body);
}

/* ---- change */

/* What the person may move to; other states come about by themselves. */
static const struct choice MOVES[] = {{MOVE_PAUSE, "paused"}, {MOVE_RESUME, "active"}, {0, NULL}};

struct change_body {
    relationship_nature nature;
    int64_t             ends_at_ms;
    int64_t             review_at_ms;
    relationship_move   move;
};
static const struct shape_member CHANGE[] = {
    MEMBER("nature", CHOICE, 0, struct change_body, nature, .choices = NATURE_WORDS),
    MEMBER("ends", TIME, SHAPE_NULLABLE, struct change_body, ends_at_ms, .sentence = "null: open."),
    MEMBER("review", TIME, SHAPE_NULLABLE, struct change_body, review_at_ms, .sentence = "null: none."),
    MEMBER("state", CHOICE, 0, struct change_body, move, .choices = MOVES,
           .sentence = "paused stops every read at once; active takes that back."),
};
const struct shape SHAPE_RELATIONSHIP_CHANGE = {.name = "RelationshipChange", .sentence = "What is not named stays.",
    SHAPE_MEMBERS(CHANGE), .size = sizeof(struct change_body)};

static err reply_changed(struct call *call, void *arg)
{
    const struct relationship_change *change = arg;
    return reply_relationship(call, &change->out);
}

/* An end, and an earlier one, are an act of the relationship and one of each grant. */
static err count_stops(struct ctx *cx, const struct relationship *relationship, bool alone, int64_t *out)
{
    int64_t grants = 0;
    if (!alone)
        TRY(grant_count_open(cx, relationship, &grants));
    *out = 1 + grants;
    return OK;
}

err patch_relationship(struct call *call)
{
    struct change_body body = {.ends_at_ms = TIME_ABSENT, .review_at_ms = TIME_ABSENT};
    struct relationship relationship;
    struct relationship_change *change = ARENA_NEW(call->arena, struct relationship_change);
    if (change == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(call_body(call, &body));
    *change = (struct relationship_change){
        .relationship_id = relationship.relationship_id,
        .set_nature = body.nature != 0,
        .set_ends = body.ends_at_ms != TIME_ABSENT,
        .set_review = body.review_at_ms != TIME_ABSENT,
        .nature = body.nature,
        .ends_at_ms = body.ends_at_ms,
        .review_at_ms = body.review_at_ms,
        .move = body.move,
    };
    struct sealing sealing = {.run = relationship_change, .arg = change, .encode = reply_changed,
        .person_id = relationship.person_id};
    if (relationship_change_stops(change, &relationship))
        TRY(count_stops(&call->cx, &relationship, change->move == MOVE_PAUSE, &sealing.stops));
    return call_seal_with(call, &sealing);
}

/* ---- end */

struct end_body {
    bool erase;
};
static const struct shape_member END[] = {
    MEMBER("erase", BOOL, 0, struct end_body, erase, .sentence = "Ask for deletion in the same step."),
};
const struct shape SHAPE_RELATIONSHIP_END = {.name = "RelationshipEnd", SHAPE_MEMBERS(END),
    .size = sizeof(struct end_body)};

struct ended_view {
    struct relationship_view relationship;
    struct id                receipt;
};
static const struct shape_member ENDED[] = {
    MEMBER("relationship", OBJECT, 0, struct ended_view, relationship, .shape = &SHAPE_RELATIONSHIP),
    MEMBER("receipt", ID, SHAPE_NULLABLE, struct ended_view, receipt, .id = ID_RECEIPT),
};
const struct shape SHAPE_RELATIONSHIP_ENDED = {.name = "RelationshipEnded", .sentence = "It ended, with its grants.",
    SHAPE_MEMBERS(ENDED), .size = sizeof(struct ended_view)};

static err reply_ended(struct call *call, void *arg)
{
    const struct relationship_end *end = arg;
    struct views views = {.cx = &call->cx};
    struct ended_view view = {.receipt = {ID_NONE, 0, 0}};
    TRY(view_relationship(&views, &end->out, &view.relationship));
    if (end->out_receipt_id != 0)
        view.receipt = relationship_item_id(&end->out, ID_RECEIPT, end->out_receipt_id);
    return call_reply(call, &view);
}

err post_relationship_end(struct call *call)
{
    struct end_body body = {.erase = false};
    struct relationship relationship;
    struct relationship_end *end = ARENA_NEW(call->arena, struct relationship_end);
    if (end == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(call_body(call, &body));
    end->relationship_id = relationship.relationship_id;
    end->erase = body.erase;
    struct sealing sealing = {.run = relationship_end, .arg = end, .encode = reply_ended,
        .person_id = relationship.person_id};
    if (relationship.state != RELATIONSHIP_ENDED)
        TRY(count_stops(&call->cx, &relationship, false, &sealing.stops));
    return call_seal_with(call, &sealing);
}

/* ---- object */

struct objection_body {
    bool stands;
};
static const struct shape_member OBJECTION[] = {
    MEMBER("stands", BOOL, SHAPE_REQUIRED, struct objection_body, stands,
           .sentence = "true: the person objects; false: not, whatever a browser signals from now on."),
};
const struct shape SHAPE_OBJECTION_CHANGE = {.name = "ObjectionChange", SHAPE_MEMBERS(OBJECTION),
    .size = sizeof(struct objection_body)};

static err reply_objected(struct call *call, void *arg)
{
    const struct objection_change *change = arg;
    return reply_relationship(call, &change->out);
}

err post_objection(struct call *call)
{
    struct objection_body body = {.stands = false};
    struct relationship relationship;
    struct objection_change *change = ARENA_NEW(call->arena, struct objection_change);
    if (change == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(call_body(call, &body));
    change->relationship_id = relationship.relationship_id;
    change->stands = body.stands;
    return call_seal_with(call, &(struct sealing){.run = objection_change, .arg = change, .encode = reply_objected,
                                                  .person_id = relationship.person_id, .stops = body.stands});
}

/* ---- the organisation answers a proposal */

typedef enum proposal_answer { PROPOSAL_ACCEPT = 1, PROPOSAL_DECLINE = 2 } proposal_answer;
static const struct choice PROPOSAL_ANSWERS[] = {{PROPOSAL_ACCEPT, "accept"}, {PROPOSAL_DECLINE, "decline"}, {0, NULL}};
struct proposal_body {
    proposal_answer answer;
};
static const struct shape_member PROPOSAL[] = {
    MEMBER("answer", CHOICE, SHAPE_REQUIRED, struct proposal_body, answer, .choices = PROPOSAL_ANSWERS),
};
const struct shape SHAPE_PROPOSAL_ANSWER = {.name = "ProposalAnswer", SHAPE_MEMBERS(PROPOSAL),
    .size = sizeof(struct proposal_body)};

static err reply_answered(struct call *call, void *arg)
{
    const struct relationship_answer *answer = arg;
    return reply_relationship(call, &answer->out);
}

err post_org_relationship_answer(struct call *call)
{
    struct proposal_body body = {.answer = PROPOSAL_DECLINE};
    struct relationship relationship;
    struct relationship_answer *answer = ARENA_NEW(call->arena, struct relationship_answer);
    if (answer == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(call_body(call, &body));
    answer->person_id = relationship.person_id;
    answer->relationship_id = relationship.relationship_id;
    answer->accept = body.answer == PROPOSAL_ACCEPT;
    return call_seal(call, relationship_answer, answer, reply_answered, relationship.person_id);
}

/* ---- with whom one can have one */

SHAPE_PAGE(SHAPE_ORGANISATION_PAGE, "OrganisationPage", &SHAPE_NAMED);

err get_organisations(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct organisation *organisations = NULL;
    size_t count = 0;
    TRY(call_query(call, &query));
    TRY(organisation_list(&call->cx, &organisations, &count));
    struct named *items = ARENA_ARRAY(call->arena, struct named, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct named){{ID_ORGANISATION, organisations[i].organisation_id, 0}, organisations[i].name};
    struct page page = {.items = items, .count = count};
    TRY(call_cut(call, &query, sizeof *items, &page));
    return call_reply_page(call, &page);
}
