/* SPDX-License-Identifier: Apache-2.0
 * Receipts for both sides, as JSON, as the signed original, or as a page; and their proofs. The signatures are made
 * with the first look, outside the writer, and kept. */
#include "domain/proof/receipt.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "domain/sharing/uses.h"
#include "domain/words/attribute.h"
#include "http/doors/api_thread.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"
#include "http/doors/html.h"
#include "http/gate/accept.h"

struct receipt_view {
    struct id   id;
    int64_t     at_ms;
    struct id   relationship;
    struct text payload;
    struct text jws;
};
static const struct shape_member RECEIPT[] = {
    MEMBER("id", ID, 0, struct receipt_view, id, .id = ID_RECEIPT),
    MEMBER("at", TIME, 0, struct receipt_view, at_ms),
    MEMBER("relationship", ID, 0, struct receipt_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("payload", JSON, 0, struct receipt_view, payload, .sentence = "What was agreed: DPV as JSON-LD."),
    MEMBER("jws", JSON, 0, struct receipt_view, jws,
           .sentence = "The signed original: general JSON serialisation, one signature of each side."),
};
const struct shape SHAPE_RECEIPT = {.name = "Receipt", .sentence = "The signed evidence of an act.",
    SHAPE_MEMBERS(RECEIPT), .size = sizeof(struct receipt_view)};

static err reply_json(struct call *call, const struct receipt *receipt)
{
    struct relationship relationship;
    TRY(relationship_load(&call->cx, receipt->person_id, receipt->relationship_id, &relationship));
    struct receipt_view view = {relationship_item_id(&relationship, ID_RECEIPT, receipt->receipt_id), receipt->at_ms,
        relationship_id(&relationship), text_of_bytes(receipt->payload), receipt->jws};
    return call_reply(call, &view);
}

/* ---- as a page: what people ask first, in plain words, and the whole below */

static void write_row(struct builder *page, const char *title, struct text value)
{
    if (value.size == 0)
        return;
    build_format(page, "<div><dt>%s</dt><dd>", title);
    html_text(page, value);
    build_literal(page, "</dd></div>\n");
}

static void write_list(struct builder *page, const char *title, const json_t *items)
{
    if (json_array_size(items) == 0)
        return;
    build_format(page, "<div><dt>%s</dt><dd>", title);
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct text item = json_text(json_array_get(items, i));
        const struct attribute_kind *kind = attribute_find(item); /* people know kinds by their names */
        build_literal(page, i == 0 ? "" : ", ");
        html_text(page, kind == NULL ? item : text_of(kind->label));
    }
    build_literal(page, "</dd></div>\n");
}

/* "2026-11-22 21:02 UTC" */
static void write_moment(struct builder *page, const char *title, struct text at)
{
    if (at.size != TIME_TEXT_SIZE)
        return;
    build_format(page, "<div><dt>%s</dt><dd>%.10s %.5s UTC</dd></div>\n", title, at.at, at.at + sizeof "2026-11-22");
}

/* "grant.used_up" as "Permission: used up". */
static void write_event(struct call *call, struct builder *page, struct text event)
{
    static const struct {
        const char *start;
        const char *word;
    } NOUNS[] = {{"grant.", "Permission"}, {"relationship.", "Relationship"}, {"request.", "Request"}};
    for (size_t i = 0; i < sizeof NOUNS / sizeof *NOUNS; i++) {
        size_t size = strlen(NOUNS[i].start);
        if (!text_starts_with(event, NOUNS[i].start))
            continue;
        char *verb = arena_take(call->arena, event.size - size + 1, 1);
        if (verb == NULL)
            return; /* the page overflows with the arena */
        for (size_t at = size; at < event.size; at++)
            verb[at - size] = event.at[at] == '_' ? ' ' : event.at[at];
        verb[event.size - size] = '\0';
        write_row(page, NOUNS[i].word, text_of(verb));
    }
}

static const json_t *inside(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

/* "P1Y6M" as "1 year 6 months"; one with hours in it stays as it is written. */
static void write_kept(struct builder *page, struct text duration)
{
    static const struct {
        char        letter;
        const char *word;
    } UNITS[] = {{'Y', "year"}, {'M', "month"}, {'W', "week"}, {'D', "day"}};
    static const char TITLE[] = "Kept after the end";
    const char *gap = "";
    int64_t count = 0;
    if (duration.size == 0 || memchr(duration.at, 'T', duration.size) != NULL) {
        write_row(page, TITLE, duration);
        return;
    }
    build_format(page, "<div><dt>%s</dt><dd>", TITLE);
    for (size_t at = 1; at < duration.size; at++) {
        const char c = duration.at[at];
        for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
            if (UNITS[i].letter != c)
                continue;
            build_format(page, "%s%lld %s%s", gap, (long long)count, UNITS[i].word, text_plural(count));
            gap = " ";
        }
        count = c >= '0' && c <= '9' && count < LIMIT_USES ? count * 10 + (c - '0') : 0;
    }
    build_literal(page, "</dd></div>\n");
}

/* How often a permission may be used. */
static void write_uses(struct call *call, struct builder *page, const json_t *uses)
{
    static const char TITLE[] = "How often";
    struct text kind = json_text(inside(uses, "kind"));
    struct text event = json_text(inside(uses, "event"));
    json_int_t times = json_integer_value(inside(uses, "times"));
    if (text_is(kind, uses_word(USES_PERIOD)))
        write_row(page, TITLE, TEXT("as often as wished until the end"));
    else if (text_is(kind, uses_word(USES_ONCE)))
        write_row(page, TITLE, TEXT("once"));
    else if (text_is(kind, uses_word(USES_TIMES)))
        write_row(page, TITLE, text_format(call->arena, "%lld time%s", (long long)times, text_plural(times)));
    else
        write_row(page, TITLE, text_format(call->arena, "until this happens: %.*s", TEXT_ARGS(event)));
}

/* What the purpose says beside its sentence; a receipt of a relationship has none. */
static void write_purpose(struct call *call, struct builder *page, const json_t *payload)
{
    const json_t *process = inside(payload, "dpv:hasProcess");
    const json_t *recipients = inside(process, "dpv:hasRecipient");
    if (process == NULL)
        return;
    write_uses(call, page, inside(inside(payload, "dpv:hasConsentStatus"), "symbolon:uses"));
    write_list(page, "Passed on to", recipients);
    if (json_array_size(recipients) == 0)
        write_row(page, "Passed on to", TEXT("nobody"));
    write_kept(page, json_text(inside(inside(process, "dpv:hasStorageCondition"), "dpv:hasDuration")));
}

static void write_facts(struct call *call, struct builder *page, const json_t *payload)
{
    const json_t *controller = inside(payload, "dpv:hasDataController");
    const json_t *wording = inside(inside(payload, "dpv:hasNotice"), "symbolon:wording");
    const json_t *status = inside(payload, "dpv:hasConsentStatus");
    const json_t *lasts = inside(status, "dpv:hasDuration");
    build_literal(page, "<dl>\n");
    write_event(call, page, json_text(inside(payload, "symbolon:act")));
    write_row(page, "Organisation", json_text(inside(controller, "dct:title")));
    write_list(page, "Departments", inside(controller, "symbolon:departments"));
    write_row(page, "Purpose", json_text(inside(wording, "name")));
    write_row(page, "Why", json_text(inside(wording, "sentence")));
    write_list(page, "Data", inside(payload, "dpv:hasPersonalData"));
    write_purpose(call, page, payload);
    write_moment(page, "From", json_text(inside(lasts, "symbolon:from")));
    write_moment(page, "Until", json_text(inside(lasts, "symbolon:until")));
    write_moment(page, "Recorded", json_text(inside(status, "dpv:isIndicatedAtTime")));
    write_row(page, "Receipt", call_text(call, "rcp"));
    build_literal(page, "</dl>\n");
}

static int write_piece(const char *piece, size_t size, void *page)
{
    html_text(page, (struct text){piece, size});
    return 0;
}

static err reply_page(struct call *call, const struct receipt *receipt)
{
    struct builder page = builder_open(call->arena, HTML_PAGE_BYTES_MAX);
    const json_t *payload = NULL;
    TRY(json_parse(&call->cx, text_of_bytes(receipt->payload), &payload));
    html_open(&page, "Receipt");
    build_literal(&page, "<p>This is what was agreed, with the words that were on the screen. Both sides hold the same "
                         "signed original, and the public log holds a sealed mark of it.</p>\n");
    write_facts(call, &page, payload);
    build_literal(&page, "<h2>To prove it</h2>\n<p>Ask for this address as <code>application/jose+json</code> to "
                         "get the signed original, and for <code>");
    html_text(&page, call->request.path);
    build_literal(&page, "/proof</code> to get its place in the log. <code>symbolon verify</code> checks both without "
                         "any connection.</p>\n<h2>The whole of it</h2>\n<details><summary>For programs and for the "
                         "curious</summary>\n<pre>");
    if (json_dump_callback(payload, write_piece, &page, JSON_INDENT(2)) != 0)
        return FAIL_MEMORY(&call->cx);
    build_literal(&page, "</pre>\n</details>\n");
    html_close(&page);
    return html_reply(call, &page);
}

static err reply_receipt(struct call *call, const struct receipt *receipt)
{
    static const char *const FORMS[] = {"application/json", "application/jose+json", "text/html"};
    struct text accept = TEXT_NONE;
    if (!h1_field(&call->request, "Accept", &accept))
        accept = TEXT_NONE;
    call_add_field(call, "Vary", TEXT("Accept"));
    switch (accept_choose(accept, FORMS, sizeof FORMS / sizeof *FORMS)) {
    case 1:  return call_reply_text(call, "application/jose+json", receipt->jws);
    case 2:  return reply_page(call, receipt);
    default: return reply_json(call, receipt);
    }
}

static err reply_kept(struct call *call, void *arg)
{
    return reply_receipt(call, arg);
}

/* For both sides: the domain opens what is the caller's. */
static err open_and_reply(struct call *call)
{
    struct receipt *receipt = ARENA_NEW(call->arena, struct receipt);
    if (receipt == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(receipt_open(&call->cx, call_text(call, "rcp"), receipt));
    if (receipt->jws.size > 0)
        return reply_receipt(call, receipt);
    TRY(receipt_sign(&call->cx, receipt));
    return call_seal(call, receipt_keep, receipt, reply_kept, receipt->person_id);
}

static err reply_proof(struct call *call)
{
    struct receipt receipt;
    struct text proof;
    TRY(receipt_open(&call->cx, call_text(call, "rcp"), &receipt));
    TRY(receipt_proof(&call->cx, &receipt, &proof));
    newest_forget(&call_visit(call)->api->newest, clock_monotonic_ns(call->cx.clock)); /* it bears a checkpoint */
    return call_reply_text(call, "text/plain; charset=utf-8", proof);
}

/* ---- list */

struct receipt_line {
    struct id   id;
    int64_t     at_ms;
    struct text event;
};
static const struct shape_member RECEIPT_LINE[] = {
    MEMBER("id", ID, 0, struct receipt_line, id, .id = ID_RECEIPT),
    MEMBER("at", TIME, 0, struct receipt_line, at_ms),
    MEMBER("event", TEXT, 0, struct receipt_line, event, .sentence = "Of what: grant.withdrawn, for example."),
};
static const struct shape SHAPE_RECEIPT_LINE = {.name = "ReceiptEntry", .sentence = "One receipt of a relationship.",
    SHAPE_MEMBERS(RECEIPT_LINE), .size = sizeof(struct receipt_line)};
SHAPE_PAGE(SHAPE_RECEIPT_PAGE, "ReceiptPage", &SHAPE_RECEIPT_LINE);

static err reply_receipts(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct relationship relationship;
    TRY(call_query(call, &query));
    struct receipt_page list = {.limit = (int)query.limit};
    TRY(call_after(call, &query, &list.after));
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(receipt_page(&call->cx, &relationship, &list));
    struct receipt_line *items = ARENA_ARRAY(call->arena, struct receipt_line, list.out_count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        items[i] = (struct receipt_line){relationship_item_id(&relationship, ID_RECEIPT, list.out[i].receipt_id),
            list.out[i].at_ms, text_of(act_event(list.out[i].kind))};
    struct page page = {.items = items, .count = list.out_count};
    if (list.out_next != 0)
        page.next = call_place(call, list.out_next);
    return call_reply_page(call, &page);
}

err get_my_receipt(struct call *call)
{
    return open_and_reply(call);
}

err get_org_receipt(struct call *call)
{
    return open_and_reply(call);
}

err get_my_receipt_proof(struct call *call)
{
    return reply_proof(call);
}

err get_org_receipt_proof(struct call *call)
{
    return reply_proof(call);
}

err get_my_receipts(struct call *call)
{
    return reply_receipts(call);
}

err get_org_receipts(struct call *call)
{
    return reply_receipts(call);
}
