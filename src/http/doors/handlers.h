/* SPDX-License-Identifier: Apache-2.0
 * The handlers, declared from the table that calls them. */
#ifndef HTTP_HANDLERS_H
#define HTTP_HANDLERS_H

#include "base/error.h"

struct call;

#define ROUTE(method, path, handler, ...) err handler(struct call *call) MUST_CHECK;
#include "http/routes.def"
#undef ROUTE

#endif
