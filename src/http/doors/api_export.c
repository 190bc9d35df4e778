/* SPDX-License-Identifier: Apache-2.0
 * All that is held about a person, in the words of the person's own doors: each is asked as its caller would ask it,
 * page by page, until the answer is long enough; where it goes on stands in its Link. So what a door shows tomorrow is
 * in the export tomorrow. All of it in one file is what a thief wants, so no page leaves before its person is told. */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/sharing/relationship.h"
#include "domain/words/attribute.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

#define PAGES_MAX 100                                /* of one answer */
#define ENOUGH_BYTES (LIMIT_REQUEST_ARENA_BYTES / 8) /* of the call's memory; the answer itself wants as much again */

struct export_query {
    int64_t     door;
    struct text after;
};
static const struct shape_member QUERY[] = {
    MEMBER("door", INT, 0, struct export_query, door, .most = 2 * LIMIT_ROWS + ATTRIBUTE_NUMBER_MAX,
           .sentence = "At which of the doors to go on: from the Link of the page before."),
    MEMBER("after", ID_TEXT, 0, struct export_query, after, .id = ID_CURSOR,
           .sentence = "And where behind that door: the same."),
};
const struct shape SHAPE_EXPORT_QUERY = {.name = "ExportQuery", SHAPE_MEMBERS(QUERY),
    .size = sizeof(struct export_query)};

struct export_page {
    struct text door;
    struct text answer;
};
static const struct shape_member EXPORT_PAGE[] = {
    MEMBER("door", TEXT, 0, struct export_page, door),
    MEMBER("answer", JSON, 0, struct export_page, answer, .sentence = "What GET gives there, or a page of it."),
};
static const struct shape SHAPE_EXPORT_PAGE = {.name = "ExportPage", .sentence = "A page of a door of the person's.",
    SHAPE_MEMBERS(EXPORT_PAGE), .size = sizeof(struct export_page)};
SHAPE_PAGE(SHAPE_EXPORT, "Export", &SHAPE_EXPORT_PAGE);

/* ---- the doors, by number: first these, then one of each kind of data, then two of each relationship by age. A new
 * relationship is the last, so no number changes while somebody reads on. */

static const char *const DOORS[] = {
    "/v1/me", "/v1/me/attributes", "/v1/me/relationships", "/v1/me/requests", "/v1/me/grants", "/v1/me/disclosures",
    "/v1/me/authorizations", "/v1/me/passkeys", "/v1/me/recovery", "/v1/me/sessions", "/v1/me/alerts",
};
static const char *const DOORS_OF_RELATIONSHIP[] = {"records", "receipts"};

#define DOORS_COUNT (sizeof DOORS / sizeof *DOORS)
#define OF_RELATIONSHIP_COUNT (sizeof DOORS_OF_RELATIONSHIP / sizeof *DOORS_OF_RELATIONSHIP)

/* Its path; empty: there are no more. */
static err name_door(struct call *call, const struct relationship_list *relationships, size_t number, struct text *out)
{
    size_t kinds = 0;
    while (attribute_at(kinds) != NULL)
        kinds++;
    *out = TEXT("");
    if (number < DOORS_COUNT) {
        *out = text_of(DOORS[number]);
    } else if (number - DOORS_COUNT < kinds) {
        *out = text_format(call->arena, "/v1/me/attributes/%s/history", attribute_at(number - DOORS_COUNT)->term);
    } else if ((number - DOORS_COUNT - kinds) / OF_RELATIONSHIP_COUNT < relationships->out_count) {
        size_t place = number - DOORS_COUNT - kinds;
        struct text id = id_text(&call->cx, relationship_id(&relationships->out[place / OF_RELATIONSHIP_COUNT]));
        *out = text_format(call->arena, "/v1/me/relationships/%.*s/%s", TEXT_ARGS(id),
                           DOORS_OF_RELATIONSHIP[place % OF_RELATIONSHIP_COUNT]);
    }
    return out->at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

/* ---- one page */

/* "</v1/me/grants?after=…>; rel="next"" */
static struct text read_next(const struct reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++)
        if (text_is(text_of(reply->fields[i].name), "Link")) {
            struct text link = reply->fields[i].value;
            const char *begin = memchr(link.at, '?', link.size);
            const char *end = memchr(link.at, '>', link.size);
            assert(begin != NULL && end > begin); /* call_reply_page() wrote it */
            return (struct text){begin + 1, (size_t)(end - begin - 1)};
        }
    return TEXT_NONE;
}

/* What the door gives to this caller. The call is as it was, but for memory that is used. */
static err ask(struct call *call, struct text query, struct export_page *page, struct text *out_next)
{
    const void *route = call->route;
    const struct text was_path = call->request.path;
    const struct text was_query = call->request.query;
    const struct reply reply = call->reply;
    struct visit *visit = ARENA_NEW(call->arena, struct visit);
    if (visit == NULL)
        return FAIL_MEMORY(&call->cx);
    *visit = *call_visit(call);
    call->request.path = page->door;
    call->request.query = query;
    err result = router_find(visit->api->router, call, &visit->match);
    if (result == OK) {
        visit->route = visit->match.route;
        call->route = visit;
        result = visit->route->run(call);
    }
    page->answer = call->reply.body;
    *out_next = result == OK ? read_next(&call->reply) : TEXT_NONE;
    call->route = route;
    call->request.path = was_path;
    call->request.query = was_query;
    call->reply = reply;
    return result;
}

/* ---- as many as one answer holds */

struct export {
    struct relationship_list relationships;
    size_t                   begun_bytes; /* of memory, before the first was asked */
    size_t                   door;        /* the next to ask */
    struct text              query;       /* and how */
    struct page              page;
};

static bool is_enough(const struct call *call, const struct export *export)
{
    return arena_used_bytes(call->arena) - export->begun_bytes >= ENOUGH_BYTES;
}

/* Asks from door to door; what is empty is left out. */
static err gather(struct call *call, struct export *export, struct export_page *pages)
{
    for (size_t asked = 0; asked < PAGES_MAX && !is_enough(call, export); asked++) {
        struct export_page *page = &pages[export->page.count];
        TRY(name_door(call, &export->relationships, export->door, &page->door));
        if (page->door.size == 0)
            return OK;
        TRY(ask(call, export->query, page, &export->query));
        export->page.count += !text_is(page->answer, "{\"items\":[]}");
        export->door += export->query.size == 0;
    }
    return OK;
}

static err add_next(struct call *call, const struct export *export)
{
    struct text door;
    TRY(name_door(call, &export->relationships, export->door, &door));
    if (door.size == 0)
        return OK;
    struct text link = text_format(call->arena, "<%.*s?door=%zu%s%.*s>; rel=\"next\"", TEXT_ARGS(call->request.path),
                                   export->door, export->query.size > 0 ? "&" : "", TEXT_ARGS(export->query));
    if (link.at == NULL)
        return FAIL_MEMORY(&call->cx);
    call_add_field(call, "Link", link);
    return OK;
}

err get_export(struct call *call)
{
    struct export_query query = {.after = TEXT_NONE};
    struct export export = {.relationships = {.limit = LIMIT_ROWS}};
    struct export_page *pages = ARENA_ARRAY(call->arena, struct export_page, PAGES_MAX);
    if (pages == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_query(call, &query));
    TRY(passkey_require_fresh(&call->cx));
    TRY(relationship_list_of_person(&call->cx, &export.relationships));
    export.door = (size_t)query.door;
    if (query.after.size > 0)
        export.query = text_format(call->arena, "after=%.*s", TEXT_ARGS(query.after));
    export.page.items = pages;
    export.begun_bytes = arena_used_bytes(call->arena);
    TRY(gather(call, &export, pages));
    call_add_field(call, "Content-Disposition", TEXT("attachment; filename=\"symbolon-export.json\""));
    TRY(add_next(call, &export));
    TRY(call_reply(call, &export.page));
    return call_seal(call, alert_add_exported, NULL, NULL, call->cx.actor.person_id);
}
