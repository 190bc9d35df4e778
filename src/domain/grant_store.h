/* SPDX-License-Identifier: Apache-2.0
 * The one write of grant rows; everything else that reads them stands in domain/grant.h. */
#ifndef DOMAIN_GRANT_STORE_H
#define DOMAIN_GRANT_STORE_H

#include "domain/grant.h"

/* Writes the row as the acts left it. Inside a write. */
err grant_save(struct ctx *cx, const struct grant *grant) MUST_CHECK;

#endif
