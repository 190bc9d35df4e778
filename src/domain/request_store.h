/* SPDX-License-Identifier: Apache-2.0
 * Rows and acts of requests, shared by asking (request.c) and answering (request_answer.c); what others use stands in
 * domain/request.h. */
#ifndef DOMAIN_REQUEST_STORE_H
#define DOMAIN_REQUEST_STORE_H

#include "domain/request.h"

/* Writes the row as the acts left it. Inside a write. */
err request_save(struct ctx *cx, const struct request *request) MUST_CHECK;
/* All of one person, every state: for the end of a relationship and for claims. */
err request_list_any(struct ctx *cx, int64_t person_id, struct request_list *list) MUST_CHECK;
/* Takes the row away from the unclaimed person it was made for. Inside a write. */
err request_delete(struct ctx *cx, int64_t person_id, int64_t request_id) MUST_CHECK;

/* An act that says what the request is now; the caller changes what it is about. */
struct act request_act(const struct request *request, act_kind kind);
/* Change and event; the proof of an answer is made before, where there is one. Inside a write. */
err request_apply(struct ctx *cx, struct request *request, struct act *act) MUST_CHECK;

#endif
