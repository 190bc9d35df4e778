/* SPDX-License-Identifier: Apache-2.0
 * The public log as c2sp.org/tlog-tiles serves it, and what the node says of itself under /.well-known/. */
#include "crypto/keyring.h"
#include "domain/parties/organisation.h"
#include "http/doors/api_thread.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"
#include "ledger/ledger.h"

#define TEXT_TYPE "text/plain; charset=utf-8"

/* Where the store waits, it is asked at most once in NEWEST_NS by each thread that may wait for it, however large the
 * crowd: the others have what these have seen. */
err get_log_checkpoint(struct call *call)
{
    struct api *api = call_visit(call)->api;
    struct ledger_head head;
    struct text note = TEXT_NONE;
    bool waits = store_waits(api->options.store);
    int64_t asked_ns = clock_monotonic_ns(call->cx.clock);
    if (waits && newest_get(&api->newest, call->arena, asked_ns, &note))
        return call_reply_text(call, TEXT_TYPE, note);
    if (waits && call->lane == LANE_LOOP)
        return FAIL(&call->cx, UNAVAILABLE, KEYRING_WAIT, "this wants an answer of the database");
    TRY(ledger_head(&call->cx, &head));
    TRY(newest_put(&api->newest, &call->cx, &head, asked_ns, &note));
    return call_reply_text(call, TEXT_TYPE, note);
}

err get_log_key(struct call *call)
{
    struct text key;
    TRY(ledger_verifier_key(&call->cx, &key));
    return call_reply_text(call, TEXT_TYPE, text_format(call->arena, "%.*s\n", TEXT_ARGS(key)));
}

/* A tile never changes once it is there. */
err get_log_tile(struct call *call)
{
    struct tile tile;
    struct bytes data;
    bool found = false;
    if (!tile_path_parse(call->request.path, &tile))
        return FAIL(&call->cx, NOT_FOUND, "not_found", "this is no address of a tile");
    TRY(ledger_tile(&call->cx, &tile, &data, &found));
    if (!found)
        return FAIL(&call->cx, NOT_FOUND, "not_found", "the log has no such tile yet");
    call_allow_caching(call);
    return call_reply_text(call, "application/octet-stream", text_of_bytes(data));
}

/* ---- the node */

struct node_view {
    struct text origin;
    struct text version;
    struct text log_origin;
    struct text log_key;
    struct text log_checkpoint;
    struct text organisation_keys;
    struct text description;
};
static const struct shape_member NODE[] = {
    MEMBER("origin", TEXT, 0, struct node_view, origin),
    MEMBER("version", TEXT, 0, struct node_view, version, .sentence = "Of the program."),
    MEMBER("log_origin", TEXT, 0, struct node_view, log_origin, .sentence = "The name of the log."),
    MEMBER("log_key", TEXT, 0, struct node_view, log_key, .sentence = "The verifier key of checkpoints."),
    MEMBER("log_checkpoint", TEXT, 0, struct node_view, log_checkpoint),
    MEMBER("organisation_keys", TEXT, 0, struct node_view, organisation_keys,
           .sentence = "Where the public key of an organisation is, by its id."),
    MEMBER("description", TEXT, 0, struct node_view, description),
};
const struct shape SHAPE_NODE = {.name = "Node", .sentence = "What a program needs to know of this node.",
    SHAPE_MEMBERS(NODE), .size = sizeof(struct node_view)};

err get_node(struct call *call)
{
    struct node_view view = {
        .origin = text_of(call_origin(call)),
        .version = text_of(call_visit(call)->api->options.version),
        .log_checkpoint = TEXT("/log/checkpoint"),
        .organisation_keys = TEXT("/.well-known/symbolon/organisations/{org}"),
        .description = TEXT("/openapi.json"),
    };
    TRY(ledger_origin(&call->cx, &view.log_origin));
    TRY(ledger_verifier_key(&call->cx, &view.log_key));
    return call_reply(call, &view);
}

/* For verifiers of receipts: who holds a receipt holds the organisation's id. */
err get_organisation_key(struct call *call)
{
    struct id id;
    struct text jwk;
    TRY(call_id(call, "org", &id));
    TRY(organisation_public_key(&call->cx, id.owner, &jwk));
    return call_reply_text(call, "application/jwk+json", jwk);
}
