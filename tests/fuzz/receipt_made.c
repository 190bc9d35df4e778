/* SPDX-License-Identifier: Apache-2.0
 * Receipts made up from choices: a payload as receipt_payload() writes it, two signatures of the play in made_log.h,
 * the proof. What is right, however it is written, passes every step and tells the facts; what has something wrong
 * stops at the very step that is there for it. Real signatures are the target jws's. */
#include <jose/jws.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "fuzz/made_log.h"
#include "ledger/receipt_check.h"

#define EDITS_MAX 3
#define COORDINATE_SIZE 43

/* What may be wrong or odd about a receipt: name, the step that must refuse it. */
#define ODD RECEIPT_STEP_COUNT
#define RECEIPT_EDITS(X)            \
    X(JWS_BEHIND, RECEIPT_READ)     \
    X(JWS_TWO_PAYLOADS, RECEIPT_READ) \
    X(PAYLOAD_PADDED, RECEIPT_READ) \
    X(PAYLOAD_TWICE, RECEIPT_READ)  \
    X(PAYLOAD_DEEP, RECEIPT_READ)   \
    X(KEY_MISSING, RECEIPT_READ)    \
    X(KEY_SECRET, RECEIPT_READ)     \
    X(KEY_SAME, RECEIPT_SIGNED)     \
    X(KEY_CURVE, RECEIPT_SIGNED)    \
    X(KEY_SHORT, RECEIPT_SIGNED)    \
    X(KEY_OTHER_USE, RECEIPT_SIGNED)\
    X(KEY_OTHER_WORK, RECEIPT_SIGNED) \
    X(JWS_MORE, RECEIPT_SIGNED)     \
    X(ONE_SIGNATURE, RECEIPT_SIGNED)\
    X(THREE_SIGNATURES, RECEIPT_SIGNED) \
    X(TWICE_THE_SAME, RECEIPT_SIGNED) \
    X(SIGNATURE_BIT, RECEIPT_SIGNED)\
    X(SIGNATURE_LONG, RECEIPT_SIGNED) \
    X(UNPROTECTED, RECEIPT_SIGNED)  \
    X(HEADER_NONE, RECEIPT_SIGNED)  \
    X(HEADER_CRITICAL, RECEIPT_SIGNED) \
    X(HEADER_OTHER_KEY, RECEIPT_SIGNED) \
    X(HEADER_TWICE, RECEIPT_SIGNED) \
    X(PAYLOAD_CHANGED, RECEIPT_SIGNED) \
    X(HEADER_CHANGED, RECEIPT_SIGNED) \
    X(SWAPPED, ODD)                 \
    X(SPACED, ODD)                  \
    X(HEADER_NO_KEY_ID, ODD)        \
    X(HEADER_NO_TYPE, ODD)          \
    X(HEADER_SPACED, ODD)           \
    X(KEY_USE, ODD)                 \
    X(KEY_WORK, ODD)                \
    X(KEY_MORE, ODD)

typedef enum receipt_edit {
#define X(name, step) ODD_##name,
    RECEIPT_EDITS(X)
#undef X
    RECEIPT_EDIT_COUNT
} receipt_edit;

struct made_key {
    char x[COORDINATE_SIZE + 1]; /* y is the same */
    char id[COORDINATE_SIZE + 1];
};

struct made_receipt {
    struct ctx *cx;
    bool        edit[RECEIPT_EDIT_COUNT];
    size_t      passes; /* so many steps must pass */
    const struct made_key *key;
    struct text payload;
    struct text jws;
};

static bool play_verify(struct text x, struct text header, struct text payload, struct text signature)
{
    static struct arena *arena; /* beside that of the input */
    uint8_t message[2 * HASH_BYTES];
    uint8_t right[SIGN_SIGNATURE_BYTES];
    struct bytes given;
    if (arena == NULL)
        arena = arena_open(4096);
    sha256(bytes_of_text(header), message);
    sha256(bytes_of_text(payload), message + HASH_BYTES);
    play_sign(bytes_of_text(x), (struct bytes){message, sizeof message}, right);
    bool good = base64url_decode(arena, signature, &given) && given.size == sizeof right &&
                memcmp(given.at, right, sizeof right) == 0;
    arena_reset(arena);
    return good;
}

bool __wrap_jose_jws_ver(jose_cfg_t *cfg, const json_t *jws, const json_t *sig, const json_t *jwk, bool all);

bool __wrap_jose_jws_ver(jose_cfg_t *cfg, const json_t *jws, const json_t *sig, const json_t *jwk, bool all)
{
    (void)cfg; /* the play needs none */
    assert(all && json_is_object(sig) && json_is_object(jwk));
    return play_verify(json_text(json_object_get(jwk, "x")), json_text(json_object_get(sig, "protected")),
                       json_text(json_object_get(jws, "payload")), json_text(json_object_get(sig, "signature")));
}

/* ---- the payload */

static void build_key(const struct made_receipt *receipt, struct builder *out, int whose)
{
    const bool *edit = receipt->edit;
    int seen = edit[ODD_KEY_SAME] ? 0 : whose;
    bool odd = whose == 1;
    build_format(out, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"",
                 odd && edit[ODD_KEY_CURVE] ? "P-384" : "P-256", receipt->key[seen].x,
                 receipt->key[seen].x + (odd && edit[ODD_KEY_SHORT]));
    if (odd && edit[ODD_KEY_SECRET])
        build_format(out, ",\"d\":\"%s\"", receipt->key[0].x);
    if (odd && (edit[ODD_KEY_USE] || edit[ODD_KEY_OTHER_USE]))
        build_format(out, ",\"use\":\"%s\"", edit[ODD_KEY_OTHER_USE] ? "enc" : "sig");
    if (odd && (edit[ODD_KEY_WORK] || edit[ODD_KEY_OTHER_WORK]))
        build_format(out, ",\"key_ops\":[\"sign\"%s]", edit[ODD_KEY_OTHER_WORK] ? "" : ",\"verify\"");
    if (odd && edit[ODD_KEY_MORE])
        build_literal(out, ",\"alg\":\"ES256\",\"kid\":\"any\"");
    build_literal(out, "}");
}

static void build_quoted(struct arena *arena, struct builder *out, struct text text)
{
    struct json_writer writer = json_writer_open(arena, 4096);
    json_write_text(&writer, text_is_utf8(text) && (text.size == 0 || memchr(text.at, 0, text.size) == NULL)
                                 ? text : TEXT("-"));
    build_text(out, builder_text(&writer.out));
}

/* The members of a receipt of consent, some of them with words of the input. */
static void made_payload(struct made_receipt *receipt, struct choices *choices)
{
    static const char *const ACTS[] = {"grant.given", "grant.withdrawn", "request.refused", "relationship.ended"};
    const bool *edit = receipt->edit;
    struct builder out = builder_open(receipt->cx->arena, 64 * 1024);
    build_format(&out, "{\"@type\":\"dpv:ConsentReceipt\",\"symbolon:act\":\"%s\",\"dct:language\":",
                 ACTS[choose(choices, 4)]);
    build_quoted(receipt->cx->arena, &out, choose_text(choices, 40));
    build_literal(&out, ",\"dpv:hasPersonalData\":[");
    for (size_t i = 0, count = choose(choices, 4); i < count; i++) {
        build_literal(&out, i == 0 ? "" : ",");
        build_quoted(receipt->cx->arena, &out, choose_text(choices, 40));
    }
    build_format(&out, "],\"symbolon:version\":%lld,\"symbolon:keys\":{\"person\":", (long long)choose_number(choices));
    build_key(receipt, &out, 0);
    if (!edit[ODD_KEY_MISSING]) {
        build_literal(&out, ",\"organisation\":");
        build_key(receipt, &out, 1);
    }
    build_literal(&out, "}");
    if (edit[ODD_PAYLOAD_TWICE])
        build_literal(&out, ",\"dct:language\":\"de\"");
    for (int i = 0; edit[ODD_PAYLOAD_DEEP] && i < LIMIT_JSON_DEPTH; i++)
        build_literal(&out, i == 0 ? ",\"deep\":[" : "[");
    for (int i = 0; edit[ODD_PAYLOAD_DEEP] && i < LIMIT_JSON_DEPTH; i++)
        build_literal(&out, "]");
    build_literal(&out, "}");
    receipt->payload = builder_text(&out);
}

/* ---- the signatures */

static struct text made_header(const struct made_receipt *receipt, int whose)
{
    struct arena *arena = receipt->cx->arena;
    const bool *edit = receipt->edit;
    bool odd = whose == 0;
    const char *space = edit[ODD_HEADER_SPACED] ? " " : "";
    struct builder out = builder_open(arena, 1024);
    build_format(&out, "{%s\"alg\":%s\"%s\"", space, space, odd && edit[ODD_HEADER_NONE] ? "none" : "ES256");
    if (!edit[ODD_HEADER_NO_KEY_ID] || (odd && edit[ODD_HEADER_OTHER_KEY]))
        build_format(&out, ",\"kid\":\"%s\"", receipt->key[whose != (odd && edit[ODD_HEADER_OTHER_KEY])].id);
    if (!edit[ODD_HEADER_NO_TYPE])
        build_literal(&out, ",\"typ\":\"symbolon-receipt\"");
    if (odd && edit[ODD_HEADER_CRITICAL])
        build_literal(&out, ",\"crit\":[\"b64\"]");
    if (odd && edit[ODD_HEADER_TWICE])
        build_literal(&out, ",\"alg\":\"ES256\"");
    build_format(&out, "%s}", space);
    return base64url_encode(arena, bytes_of_text(builder_text(&out)));
}

static void build_signed(const struct made_receipt *receipt, struct builder *jws, int whose, struct text payload)
{
    const bool *edit = receipt->edit;
    struct arena *arena = receipt->cx->arena;
    bool odd = whose == 0;
    uint8_t message[2 * HASH_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES + 1] = {0};
    struct text header = made_header(receipt, whose);
    sha256(bytes_of_text(header), message);
    sha256(bytes_of_text(payload), message + HASH_BYTES);
    play_sign(bytes_of_text(text_of(receipt->key[whose].x)), (struct bytes){message, sizeof message}, signature);
    signature[40] ^= odd && edit[ODD_SIGNATURE_BIT] ? 8 : 0;
    if (odd && edit[ODD_HEADER_CHANGED])
        header = base64url_encode(arena, bytes_of_text(TEXT("{\"alg\":\"ES256\",\"typ\":\"other\"}")));
    struct text value = base64url_encode(arena, (struct bytes){signature, sizeof signature -
                                                                              !(odd && edit[ODD_SIGNATURE_LONG])});
    build_format(jws, "{%s\"protected\":\"%.*s\",\"signature\":\"%.*s\"}",
                 odd && edit[ODD_UNPROTECTED] ? "\"header\":{}," : "", TEXT_ARGS(header), TEXT_ARGS(value));
}

static void made_jws(struct made_receipt *receipt)
{
    struct arena *arena = receipt->cx->arena;
    const bool *edit = receipt->edit;
    struct text payload = base64url_encode(arena, bytes_of_text(receipt->payload));
    struct text shown = payload;
    struct builder jws = builder_open(arena, 256 * 1024);
    int first = edit[ODD_SWAPPED] ? 1 : 0;
    if (edit[ODD_PAYLOAD_CHANGED])
        shown = base64url_encode(arena, bytes_of_text(text_format(arena, "%.*s ", TEXT_ARGS(receipt->payload))));
    build_literal(&jws, edit[ODD_SPACED] ? "\r\n\t {\"payload\":\"" : "{\"payload\":\"");
    build_text(&jws, shown);
    build_literal(&jws, edit[ODD_PAYLOAD_PADDED] ? "=\"," : "\",");
    if (edit[ODD_JWS_TWO_PAYLOADS])
        build_format(&jws, "\"payload\":\"%.*s\",", TEXT_ARGS(payload));
    build_literal(&jws, edit[ODD_JWS_MORE] ? "\"header\":{},\"signatures\":[" : "\"signatures\":[");
    build_signed(receipt, &jws, first, payload);
    if (!edit[ODD_ONE_SIGNATURE]) {
        build_byte(&jws, ',');
        build_signed(receipt, &jws, edit[ODD_TWICE_THE_SAME] ? first : !first, payload);
    }
    if (edit[ODD_THREE_SIGNATURES]) {
        build_byte(&jws, ',');
        build_signed(receipt, &jws, first, payload);
    }
    build_format(&jws, "]}%s", edit[ODD_JWS_BEHIND] ? "{}" : edit[ODD_SPACED] ? "\n" : "");
    receipt->jws = builder_text(&jws);
}

/* ---- both */

/* Always the same two, made once: who they are makes no difference. */
static const struct made_key *made_keys(void)
{
    static struct made_key keys[2];
    struct arena *arena = keys[1].id[0] != '\0' ? NULL : arena_open(1 << 16);
    for (int whose = 0; arena != NULL && whose < 2; whose++) {
        uint8_t coordinate[HASH_BYTES] = {(uint8_t)whose};
        uint8_t hash[HASH_BYTES];
        char *x = keys[whose].x;
        memcpy(x, base64url_encode(arena, (struct bytes){coordinate, sizeof coordinate}).at, COORDINATE_SIZE);
        sha256(bytes_of_text(text_format(arena, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, x)),
               hash);
        memcpy(keys[whose].id, base64url_encode(arena, (struct bytes){hash, sizeof hash}).at, COORDINATE_SIZE);
    }
    arena_close(arena);
    return keys;
}

/* One or two signatures of the wrong number are the right number of them. */
static bool applies(const struct made_receipt *receipt, receipt_edit edit)
{
    const bool *edits = receipt->edit;
    return !(edit == ODD_ONE_SIGNATURE && edits[ODD_THREE_SIGNATURES]) &&
           !(edit == ODD_THREE_SIGNATURES && edits[ODD_ONE_SIGNATURE]) &&
           !((edit == ODD_KEY_SECRET || edit == ODD_KEY_OTHER_USE) && edits[ODD_KEY_MISSING]);
}

static void made_receipt(struct made_receipt *receipt, struct choices *choices)
{
    static const size_t STEPS[] = {
#define X(name, step) step,
        RECEIPT_EDITS(X)
#undef X
    };
    receipt->passes = RECEIPT_STEP_COUNT;
    for (size_t count = choose(choices, EDITS_MAX + 1); count > 0; count--) {
        receipt_edit edit = (receipt_edit)choose(choices, RECEIPT_EDIT_COUNT);
        if (!applies(receipt, edit))
            continue;
        receipt->edit[edit] = true;
        receipt->passes = STEPS[edit] < receipt->passes ? STEPS[edit] : receipt->passes;
    }
    receipt->key = made_keys();
    made_payload(receipt, choices);
    made_jws(receipt);
}

static void check_facts(const struct made_receipt *receipt, const struct made_log *log,
                        const struct receipt_facts *facts)
{
    assert(text_equals(facts->payload, receipt->payload));
    assert(text_is(facts->person_key, receipt->key[0].id));
    assert(text_is(facts->organisation_key, receipt->key[1].id));
    assert(facts->index == log->index && facts->tree.size == log->size && text_is(facts->origin, MADE_NAME));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t STEP_OF_FATE[] = {[PROOF_FORM] = RECEIPT_PROOF_READ, [PROOF_TREE] = RECEIPT_IN_TREE,
                                          [PROOF_LOG] = RECEIPT_LOG_SIGNED, [PROOF_GOOD] = RECEIPT_STEP_COUNT};
    struct choices choices = {data, size};
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES)};
    struct made_receipt receipt = {.cx = &cx};
    struct made_log log = {.cx = &cx};
    made_receipt(&receipt, &choices);
    made_log(&log, &choices, bytes_of_text(receipt.payload), 1);
    size_t passes = STEP_OF_FATE[log.fate] < receipt.passes ? STEP_OF_FATE[log.fate] : receipt.passes;
    struct receipt_files files = {receipt.jws, log.file, log.verifier_key};
    struct receipt_facts facts;
    err got = receipt_check(&cx, &files, &facts);
    assert(facts.passed == passes && (got == OK) == (passes == RECEIPT_STEP_COUNT));
    if (got == OK)
        check_facts(&receipt, &log, &facts);
    return 0;
}
