/* SPDX-License-Identifier: Apache-2.0
 * From the raw value of a property to texts: transfer encoding, character set, lists, escapes. Results live in the
 * scratch arena or are views into the line. */
#ifndef PROTOCOL_VCARD_VALUE_H
#define PROTOCOL_VCARD_VALUE_H

#include "protocol/vcard_line.h"

/* How a value without CHARSET may be read. */
typedef enum vcard_fallback {
    VCARD_FALLBACK_NONE,  /* UTF-8 or nothing: the card or the file declares its encoding */
    VCARD_FALLBACK_1252,  /* windows-1252 where it is not UTF-8 */
} vcard_fallback;

/* The whole value as UTF-8, escapes still in it. CONTACT_FINE; CONTACT_ASSUMED_1252: it is read, by the fallback; else
 * why it is not: CONTACT_UNREADABLE, CONTACT_NOT_IN_CHARSET, CONTACT_CHARSET_UNKNOWN. `is_converted`: the file as a
 * whole was converted already, so a CHARSET speaks of encoded bytes only. */
contact_reason vcard_value_decode(struct arena *scratch, const struct vcard_line *line, bool is_converted,
                                  vcard_fallback fallback, struct text *out);

/* Cuts the piece before the next unescaped separator off the front of `rest`; false when nothing is left to cut. Begin
 * with `*rest` as the value and `*more` true. */
bool vcard_value_cut(struct text *rest, bool *more, char separator, struct text *piece);

/* Without escapes (2.1: only those of separators; else \n too) and with LF for every line break. */
struct text vcard_value_plain(struct arena *scratch, vcard_version version, struct text piece);

/* A component that may hold a list (3.0 and 4.0): its items, plain and trimmed, joined. */
struct text vcard_value_joined(struct arena *scratch, vcard_version version, struct text component, const char *joint);

#endif
