/* SPDX-License-Identifier: Apache-2.0
 * Datagrams and failures. What comes in is believed only as far as its sizes agree. */
#include "crypto/key_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static const struct {
    err         code;
    const char *reason;
} FAILURES[] = {
#define X(code, reason) {code, reason},
#include "crypto/key_failure.def"
#undef X
};

#define FAILURE_COUNT ((int32_t)(sizeof FAILURES / sizeof *FAILURES))

/* ---- datagrams */

static bool send_whole(int socket, void *head, size_t size)
{
    struct iovec piece = {head, size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t sent = 0;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

/* The octets of one datagram; 0 when there is no other end any more. One that is cut is not whole. */
static size_t receive_one(int socket, void *out, size_t room)
{
    ssize_t got = 0;
    do
        got = recv(socket, out, room, MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    return got < 0 || (size_t)got > room ? 0 : (size_t)got;
}

bool key_question_send(int socket, struct key_question *question)
{
    return send_whole(socket, question, KEY_QUESTION_HEAD_BYTES + question->size);
}

bool key_question_receive(int socket, struct key_question *out)
{
    size_t got = receive_one(socket, out, sizeof *out);
    return got >= KEY_QUESTION_HEAD_BYTES && got - KEY_QUESTION_HEAD_BYTES == out->size;
}

bool key_answer_send(int socket, struct key_answer *answer)
{
    return send_whole(socket, answer, KEY_ANSWER_HEAD_BYTES + answer->size);
}

bool key_answer_receive(int socket, struct key_answer *out)
{
    size_t got = receive_one(socket, out, sizeof *out);
    return got >= KEY_ANSWER_HEAD_BYTES && got - KEY_ANSWER_HEAD_BYTES == out->size;
}

/* ---- what stands in them */

static bool add(uint8_t *data, uint32_t *size, struct bytes more)
{
    if (more.size > KEY_DATA_BYTES - *size)
        return false;
    if (more.size > 0)
        memcpy(data + *size, more.at, more.size);
    *size += (uint32_t)more.size;
    return true;
}

bool key_question_add(struct key_question *question, struct bytes more)
{
    return add(question->data, &question->size, more);
}

bool key_answer_add(struct key_answer *answer, struct bytes more)
{
    return add(answer->data, &answer->size, more);
}

/* ---- failures */

void key_answer_of_failure(const struct failure *failure, struct key_answer *out)
{
    out->failure = FAILURE_COUNT; /* the last line: nothing that is expected here */
    for (int32_t i = 0; i < FAILURE_COUNT; i++)
        if (strcmp(FAILURES[i].reason, failure->reason) == 0)
            out->failure = i + 1;
    out->number = 0;
    out->size = (uint32_t)strnlen(failure->detail, sizeof failure->detail);
    memcpy(out->data, failure->detail, out->size);
}

err key_answer_failed(struct ctx *cx, const struct key_answer *answer)
{
    if (answer->failure == 0)
        return OK;
    bool known = answer->failure > 0 && answer->failure <= FAILURE_COUNT;
    int32_t line = known ? answer->failure - 1 : FAILURE_COUNT - 1;
    return FAIL(cx, FAILURES[line].code, FAILURES[line].reason, "%.*s", (int)answer->size,
                (const char *)answer->data);
}
