/* SPDX-License-Identifier: Apache-2.0
 * Which of several forms a client would rather have (RFC 9110 section 12.5.1). Pure. What cannot be read says nothing:
 * a strange Accept never fails a request. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "base/bytes.h"

/* The position in `types` (literals: "text/html") of the form with the highest weight in `accept`; of equals the first.
 * 0 when nothing matches or `accept` is empty. */
size_t accept_choose(struct text accept, const char *const *types, size_t count);

#endif
