/* SPDX-License-Identifier: Apache-2.0
 * What the node makes of one passkey ceremony, without a node: for each line of JSON with what was expected and what a
 * browser sent, one line with "ok" or the reason of the refusal. For laying it beside another verifier's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "protocol/webauthn.h"

#define LINE_BYTES_MAX (256 * 1024)

static struct text member(const json_t *line, const char *name)
{
    return json_text(json_object_get(line, name));
}

static err judge_new(struct ctx *cx, const json_t *line, const struct webauthn_expected *expected)
{
    struct webauthn_registration registration;
    struct webauthn_authenticator made;
    TRY(webauthn_read_registration(cx, json_object_get(line, "credential"), &registration));
    return webauthn_register(cx, expected, &registration, &made);
}

static err judge_used(struct ctx *cx, const json_t *line, const struct webauthn_expected *expected)
{
    struct webauthn_assertion assertion;
    struct webauthn_authenticator said;
    struct bytes key;
    bool good = false;
    TRY(webauthn_read_assertion(cx, json_object_get(line, "credential"), &assertion));
    TRY(webauthn_check_assertion(cx, expected, &assertion, &said));
    if (!base64url_decode(cx->arena, member(line, "key"), &key))
        abort(); /* the test's own mistake */
    TRY(webauthn_is_signed(cx, &assertion, key, &good));
    return good ? OK : FAIL(cx, UNAUTHENTICATED, "passkey.unknown", "it is not signed by this key");
}

static err judge(struct ctx *cx, struct text text)
{
    const json_t *line = NULL;
    struct webauthn_expected expected = {.user_verified = true};
    TRY(json_parse(cx, text, &line));
    expected.origin = member(line, "origin");
    expected.relying_party = member(line, "rp");
    if (!base64url_decode(cx->arena, member(line, "challenge"), &expected.challenge))
        abort();
    return text_is(member(line, "ceremony"), "create") ? judge_new(cx, line, &expected)
                                                       : judge_used(cx, line, &expected);
}

int main(void)
{
    static char line[LINE_BYTES_MAX];
    struct ctx cx = {.arena = arena_open(8 << 20)};
    if (cx.arena == NULL)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        failure_clear(&cx.failure);
        err result = judge(&cx, text_trim(text_of(line)));
        (void)printf("%s\n", result == OK ? "ok" : cx.failure.reason);
        arena_reset(cx.arena);
    }
    arena_close(cx.arena);
    return fflush(stdout) == 0 ? 0 : 1;
}
