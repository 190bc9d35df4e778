/* SPDX-License-Identifier: Apache-2.0
 * The way back in: codes to print, coming with one, and stopping somebody who does. */
#include "domain/entrance/recovery.h"

#include "domain/entrance/passkey.h"
#include "domain/parties/member.h"
#include "http/doors/api_passkey.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

/* ---- codes */

struct codes_view {
    const struct text *codes;
    size_t             codes_count;
};
static const struct shape_member CODES[] = {
    LIST("codes", TEXTS, 0, struct codes_view, codes, .sentence = "To print and keep: they are shown this once."),
};
const struct shape SHAPE_RECOVERY_CODES = {.name = "RecoveryCodes", .sentence = "New codes; older ones are void.",
    SHAPE_MEMBERS(CODES), .size = sizeof(struct codes_view)};

static err reply_codes(struct call *call, void *arg)
{
    const struct recovery_codes *codes = arg;
    return call_reply(call, &(struct codes_view){codes->out, RECOVERY_CODES});
}

err post_recovery_codes(struct call *call)
{
    struct recovery_codes *codes = ARENA_NEW(call->arena, struct recovery_codes);
    if (codes == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(passkey_require_fresh(&call->cx)); /* before an answer that was kept is found: it holds the codes */
    return call_seal(call, recovery_codes_make, codes, reply_codes, call->cx.actor.person_id);
}

/* ---- how it stands */

static const struct shape_member STATE[] = {
    MEMBER("codes_left", INT, 0, struct recovery_state, codes_left,
           .sentence = "Printed ones; a code of the operator is not among them."),
    MEMBER("made", TIME, SHAPE_NULLABLE, struct recovery_state, made_at_ms,
           .sentence = "When these were printed; null: none is left."),
    MEMBER("begun", TIME, SHAPE_NULLABLE, struct recovery_state, begun_at_ms,
           .sentence = "Somebody came with a code; null: nobody waits."),
    MEMBER("opens", TIME, SHAPE_NULLABLE, struct recovery_state, opens_at_ms,
           .sentence = "From when on a code lets in, unless the person stops it."),
};
const struct shape SHAPE_RECOVERY = {.name = "Recovery", .sentence = "Codes, and whether somebody waits to be let in.",
    SHAPE_MEMBERS(STATE), .size = sizeof(struct recovery_state)};

err get_recovery(struct call *call)
{
    struct recovery_state state;
    TRY(recovery_load(&call->cx, &state));
    return call_reply(call, &state);
}

static err reply_stopped(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return OK;
}

err post_recovery_stop(struct call *call)
{
    return call_seal_stop(call, recovery_stop, NULL, reply_stopped, call->cx.actor.person_id);
}

/* ---- coming with one */

struct code_body {
    struct text code;
};
static const struct shape_member CODE[] = {
    MEMBER("code", TEXT, SHAPE_REQUIRED, struct code_body, code, .least = 1, .most = 64,
           .sentence = "As it is printed; spaces and dashes do not count."),
};
const struct shape SHAPE_RECOVERY_CODE = {.name = "RecoveryCode", .sentence = "Somebody has no passkey any more.",
    SHAPE_MEMBERS(CODE), .size = sizeof(struct code_body)};

struct coming_view {
    struct id id;
    struct id member;
    int64_t   opens_at_ms;
};
static const struct shape_member COMING[] = {
    MEMBER("id", ID, SHAPE_NULLABLE, struct coming_view, id, .id = ID_PERSON,
           .sentence = "Who has come in: a session has begun. null: not yet."),
    MEMBER("member", ID, SHAPE_SPARSE, struct coming_view, member, .id = ID_MEMBER,
           .sentence = "The same, of a member of an organisation."),
    MEMBER("opens", TIME, 0, struct coming_view, opens_at_ms, .sentence = "From when on a code lets in."),
};
const struct shape SHAPE_RECOVERY_COMING = {.name = "RecoveryComing", .sentence = "How long it takes still.",
    SHAPE_MEMBERS(COMING), .size = sizeof(struct coming_view)};

static err reply_coming(struct call *call, void *arg)
{
    const struct recovery_come *come = arg;
    struct coming_view view = {{.type = ID_NONE}, {.type = ID_NONE}, come->out_opens_at_ms};
    if (come->out_session_token.size > 0) {
        TRY(api_set_session(call, come->out_session_token));
        TRY(human_find(&call->cx, come->out_person_id, &view.id));
    }
    if (view.id.type == ID_MEMBER) {
        view.member = view.id;
        view.id.type = ID_NONE;
    }
    return call_reply(call, &view);
}

err post_recovery(struct call *call)
{
    struct code_body body = {TEXT_NONE};
    struct recovery_come *come = ARENA_NEW(call->arena, struct recovery_come);
    if (come == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    TRY(recovery_look(&call->cx, body.code)); /* guesses do not come as far as the writer */
    come->code = body.code;
    come->browser = api_browser(call);
    return call_seal(call, recovery_come, come, reply_coming, 0);
}
