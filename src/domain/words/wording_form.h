/* SPDX-License-Identifier: Apache-2.0
 * How a slot is written, whatever its language: signs that do not belong into plain text. Used by wording.c. */
#ifndef DOMAIN_WORDING_FORM_H
#define DOMAIN_WORDING_FORM_H

#include "domain/words/readability.h"

bool form_has_markup(struct text text); /* HTML, Markdown, templates */
bool form_has_link(struct text text);   /* web and e-mail addresses */
bool form_has_emoji(struct text text);  /* pictures, arrows, dingbats */
bool form_has_hidden(struct text text); /* control, invisible and private-use characters; text that turns direction */
/* Words in capitals that are no known short form, or several exclamation marks. */
bool form_shouts(struct text text, const struct words *words);

#endif
