/* SPDX-License-Identifier: Apache-2.0
 * The description of the outside in OpenAPI 3.1, made from the same tables that the server runs on: routes.def, the
 * shapes, error.def, scope.def and the kinds of personal data. Made once, at the start. */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "base/ctx.h"

/* JSON in cx->arena. Fails TOO_LARGE limit.reply | limit.memory. */
err openapi_write(struct ctx *cx, const char *version, struct text *out) MUST_CHECK;

#endif
