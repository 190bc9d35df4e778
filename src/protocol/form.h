/* SPDX-License-Identifier: Apache-2.0
 * Bodies of the type application/x-www-form-urlencoded, as OAuth has them (RFC 6749 sections 3.1 and 3.2, appendix B).
 * A parameter that comes twice is an error, whatever its name; one without a value counts as left out. */
#ifndef PROTOCOL_FORM_H
#define PROTOCOL_FORM_H

#include "base/ctx.h"

struct form_field {
    struct text name;
    struct text value;
};

struct form {
    const struct form_field *fields;
    size_t                   count;
};

/* Takes any octets. Every name and value is well-formed UTF-8 without control characters. Fails MALFORMED form.syntax |
 * form.repeated, TOO_LARGE form.fields. */
err form_parse(struct ctx *cx, struct bytes body, struct form *out) MUST_CHECK;

/* Borrows; TEXT_NONE when there is none of that name, or it is empty. */
struct text form_value(const struct form *form, const char *name);

#endif
