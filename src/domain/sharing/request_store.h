/* SPDX-License-Identifier: Apache-2.0
 * Rows and acts of requests, shared by asking (request.c) and answering (request_answer.c); what others use stands in
 * domain/sharing/request.h. */
#ifndef DOMAIN_REQUEST_STORE_H
#define DOMAIN_REQUEST_STORE_H

#include "domain/sharing/request.h"
#include "store/queries.h"

/* What request_save() writes, but for names of events, which it seals. The audit holds the stored row against that of
 * its own sum of the acts. */
struct sql_request_save_in request_row(const struct request *request);
/* Writes the row as the acts left it. Inside a write. */
err request_save(struct ctx *cx, const struct request *request) MUST_CHECK;
/* A page of one person's, whoever asks. */
err request_list_any(struct ctx *cx, int64_t person_id, struct request_list *list) MUST_CHECK;
/* Takes all of one person, every state, page by page in memory of its own: nobody can ask so often that an invitation
 * cannot be taken up or a relationship not be ended. The row that is taken may change and may go. */
typedef err (*request_take_fn)(struct ctx *apart, struct request *request, const void *arg);
err request_each(struct ctx *cx, int64_t person_id, request_take_fn take, const void *arg) MUST_CHECK;
/* Takes the row away from the unclaimed person it was made for. Inside a write. */
err request_delete(struct ctx *cx, int64_t person_id, int64_t request_id) MUST_CHECK;

/* An act that says what the request is now; the caller changes what it is about. */
struct act request_act(const struct request *request, act_kind kind);
/* Change and event; the proof of an answer is made before, where there is one. Inside a write. */
err request_apply(struct ctx *cx, struct request *request, struct act *act) MUST_CHECK;

#endif
