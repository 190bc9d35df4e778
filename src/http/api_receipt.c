/* SPDX-License-Identifier: Apache-2.0
 * Receipts for both sides, as JSON, as the signed original, or as a page; and their proofs. The signatures are made
 * with the first look, outside the writer, and kept. */
#include "domain/receipt.h"

#include "base/time.h"
#include "http/accept.h"
#include "http/api_view.h"
#include "http/handlers.h"
#include "http/html.h"

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
    build_literal(&page,
                  "<p>This is what was agreed, with the words that were on the screen. Both sides hold the same "
                  "signed original, and the public log holds a sealed mark of it.</p>\n<dl>\n<div><dt>When</dt><dd>");
    html_text(&page, time_to_text(call->arena, receipt->at_ms));
    build_literal(&page, "</dd></div>\n<div><dt>Receipt</dt><dd><code>");
    html_text(&page, call_text(call, "rcp"));
    build_literal(&page, "</code></dd></div>\n</dl>\n<h2>Content</h2>\n<pre>");
    if (json_dump_callback(payload, write_piece, &page, JSON_INDENT(2)) != 0)
        return FAIL_MEMORY(&call->cx);
    build_literal(&page,
                  "</pre>\n<h2>To prove it</h2>\n<p>Ask for this address as <code>application/jose+json</code> to "
                  "get the signed original, and for <code>");
    html_text(&page, call->request.path);
    build_literal(&page, "/proof</code> to get its place in the log. <code>symbolon verify</code> checks both without "
                         "any connection.</p>\n");
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
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    TRY(call_query(call, &query));
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(receipt_list(&call->cx, &relationship, &entries, &count));
    struct receipt_line *items = ARENA_ARRAY(call->arena, struct receipt_line, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct receipt_line){relationship_item_id(&relationship, ID_RECEIPT, entries[i].receipt_id),
            entries[i].at_ms, text_of(act_event(entries[i].kind))};
    struct page page = {.items = items, .count = count};
    TRY(call_cut(call, &query, sizeof *items, &page));
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
