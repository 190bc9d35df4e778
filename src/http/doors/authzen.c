/* SPDX-License-Identifier: Apache-2.0
 * Between the words of AuthZEN and a question of the domain. */
#include "http/doors/authzen.h"

#include "base/limits.h"
#include "base/text.h"

/* ---- how it is answered */

bool authzen_is_spoken(const struct call *call)
{
    return text_starts_with(call->request.path, AUTHZEN_PATH);
}

static bool is_visible(struct text text)
{
    bool visible = text.size > 0 && text.size <= LIMIT_REQUEST_ID_BYTES;
    for (size_t i = 0; visible && i < text.size; i++)
        visible = text.at[i] >= '!' && text.at[i] <= '~';
    return visible;
}

struct text authzen_request_id(struct call *call)
{
    struct text own = text_of(call->request_id);
    struct text given;
    if (!authzen_is_spoken(call) || !h1_field(&call->request, "X-Request-ID", &given) || !is_visible(given))
        return own;
    given = text_copy(call->arena, given);
    return given.at != NULL ? given : own;
}

void authzen_tell_status(struct call *call)
{
    struct failure *failure = &call->cx.failure;
    if (authzen_is_spoken(call) && (failure->code == INVALID || failure->code == MEDIA_TYPE))
        failure->code = MALFORMED;
}

/* ---- entities */

#define WORD_BYTES 64

/* Nothing in them is known. */
static const struct shape SHAPE_PROPERTIES = {.name = "AuthzenSubjectProperties", .size = 1, .open = true};
#define SUBJECT_PROPERTIES                                                                                             \
    MEMBER("properties", OBJECT_AT, 0, struct authzen_subject, properties, .shape = &SHAPE_PROPERTIES)

static const struct shape_member SUBJECT[] = {
    MEMBER("type", TEXT, SHAPE_REQUIRED, struct authzen_subject, type, .most = WORD_BYTES,
           .sentence = "department or system; of others nothing is known."),
    MEMBER("id", TEXT, SHAPE_REQUIRED, struct authzen_subject, id, .most = LIMIT_NOTE_BYTES,
           .sentence = "The caller's own."),
    SUBJECT_PROPERTIES,
};
const struct shape SHAPE_AUTHZEN_SUBJECT = {.name = "AuthzenSubject", .sentence = "Who would read.",
    SHAPE_MEMBERS(SUBJECT), .size = sizeof(struct authzen_subject), .open = true};

static const struct shape_member SUBJECT_TYPE[] = {
    MEMBER("type", TEXT, SHAPE_REQUIRED, struct authzen_subject, type, .most = WORD_BYTES),
    SUBJECT_PROPERTIES,
};
const struct shape SHAPE_AUTHZEN_SUBJECT_TYPE = {.name = "AuthzenSubjectType", SHAPE_MEMBERS(SUBJECT_TYPE),
    .size = sizeof(struct authzen_subject), .open = true};

static const struct shape_member PURPOSE[] = {
    MEMBER("purpose", TEXT, 0, struct authzen_purpose, purpose, .least = 1, .most = LIMIT_NOTE_BYTES,
           .sentence = "The id of a purpose."),
};
static const struct shape SHAPE_ACTION_PROPERTIES = {.name = "AuthzenActionProperties", SHAPE_MEMBERS(PURPOSE),
    .size = sizeof(struct authzen_purpose), .open = true};
const struct shape SHAPE_AUTHZEN_CONTEXT = {.name = "AuthzenContext",
    .sentence = "The purpose may stand here instead. The hour is the node's.", SHAPE_MEMBERS(PURPOSE),
    .size = sizeof(struct authzen_purpose), .open = true};

static const struct shape_member ACTION[] = {
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct authzen_action, name, .most = WORD_BYTES,
           .sentence = "read; others are denied."),
    MEMBER("properties", OBJECT_AT, 0, struct authzen_action, properties, .shape = &SHAPE_ACTION_PROPERTIES),
};
const struct shape SHAPE_AUTHZEN_ACTION = {.name = "AuthzenAction", .sentence = "What would be done, and why.",
    SHAPE_MEMBERS(ACTION), .size = sizeof(struct authzen_action), .open = true};

static const struct shape_member KINDS_ASKED[] = {
    MEMBER("attributes", KINDS, SHAPE_REQUIRED, struct authzen_kinds, attributes,
           .sentence = "All of them must be permitted."),
};
static const struct shape SHAPE_RESOURCE_PROPERTIES = {.name = "AuthzenResourceProperties",
    SHAPE_MEMBERS(KINDS_ASKED), .size = sizeof(struct authzen_kinds), .open = true};

static const struct shape_member RESOURCE[] = {
    MEMBER("type", TEXT, SHAPE_REQUIRED, struct authzen_resource, type, .most = WORD_BYTES,
           .sentence = "relationship; of others nothing is known."),
    MEMBER("id", TEXT, SHAPE_REQUIRED, struct authzen_resource, id, .most = LIMIT_NOTE_BYTES),
    MEMBER("properties", OBJECT_AT, SHAPE_REQUIRED, struct authzen_resource, properties,
           .shape = &SHAPE_RESOURCE_PROPERTIES),
};
const struct shape SHAPE_AUTHZEN_RESOURCE = {.name = "AuthzenResource", .sentence = "Whose data, and which.",
    SHAPE_MEMBERS(RESOURCE), .size = sizeof(struct authzen_resource), .open = true};

static const struct shape_member RESOURCE_TYPE[] = {
    MEMBER("type", TEXT, SHAPE_REQUIRED, struct authzen_resource, type, .most = WORD_BYTES),
    MEMBER("properties", OBJECT_AT, 0, struct authzen_resource, properties, .shape = &SHAPE_RESOURCE_PROPERTIES,
           .sentence = "Without it, as many kinds as the purpose names: each result says which."),
};
const struct shape SHAPE_AUTHZEN_RESOURCE_TYPE = {.name = "AuthzenResourceType", SHAPE_MEMBERS(RESOURCE_TYPE),
    .size = sizeof(struct authzen_resource), .open = true};

/* ---- the question */

static err choose_purpose(struct ctx *cx, const struct authzen_question *question, struct text *out)
{
    const struct authzen_purpose *properties = question->action == NULL ? NULL : question->action->properties;
    struct text with_action = properties == NULL ? TEXT_NONE : properties->purpose;
    struct text in_context = question->context == NULL ? TEXT_NONE : question->context->purpose;
    if (with_action.size > 0 && in_context.size > 0 && !text_equals(with_action, in_context))
        return FAIL_AT(cx, MALFORMED, "evaluation.two_purposes", "/context/purpose",
                       "action and context name two purposes");
    *out = with_action.size > 0 ? with_action : in_context;
    return OK;
}

err authzen_question(struct ctx *cx, const struct authzen_question *question, bool needs_purpose,
                     struct evaluation *out)
{
    struct evaluation asked = {.subject_type = TEXT_NONE};
    if (question->subject != NULL) {
        asked.subject_type = question->subject->type;
        asked.subject_id = question->subject->id;
    }
    if (question->action != NULL)
        asked.action = question->action->name;
    if (question->resource != NULL) {
        asked.resource_type = question->resource->type;
        asked.resource_id = question->resource->id;
    }
    if (question->resource != NULL && question->resource->properties != NULL) {
        asked.attributes = question->resource->properties->attributes;
        if (attribute_set_is_empty(asked.attributes))
            return FAIL_AT(cx, INVALID, "disclosure.empty", "/resource/properties/attributes",
                           "ask for at least one kind");
    }
    TRY(choose_purpose(cx, question, &asked.purpose));
    if (needs_purpose && asked.purpose.size == 0)
        return FAIL_AT(cx, MALFORMED, "request.missing_member", "/action/properties/purpose",
                       "the purpose is named here or in the context");
    *out = asked;
    return OK;
}
