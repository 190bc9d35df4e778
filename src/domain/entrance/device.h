/* SPDX-License-Identifier: Apache-2.0
 * With what somebody signed in: a browser and a system, as far as the field User-Agent says so. No version, no model:
 * enough to know one's own telephone again, too little to know a person by. */
#ifndef DOMAIN_DEVICE_H
#define DOMAIN_DEVICE_H

#include "base/bytes.h"

/* Of any octets; 0: it says nothing that is known here. */
int64_t device_of(struct text user_agent);
/* The words of it, "" for what is not known. Literals. */
const char *device_browser(int64_t device);
const char *device_system(int64_t device);

#endif
