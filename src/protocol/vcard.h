/* SPDX-License-Identifier: Apache-2.0
 * Cards of a vCard file, of any version and mixed, one after the other. Where a card does not end or an end has no
 * card, the fault is reported and the next card is read as if nothing had been. A card inside a card (AGENT) is passed
 * over. */
#ifndef PROTOCOL_VCARD_H
#define PROTOCOL_VCARD_H

#include "protocol/vcard_line.h"

struct vcard_reader {
    struct arena      *scratch;
    struct vcard_lines lines;
    int64_t            begun_line;    /* of a BEGIN that was taken and whose card was not read yet; 0: none */
    bool               is_outside_reported;
};

/* Borrows. */
struct vcard_reader vcard_reader_open(struct arena *arena, struct arena *scratch, struct contact_input *input);

/* As contact_reader_next. */
err vcard_next(struct ctx *cx, struct vcard_reader *reader, struct contact **out,
               struct contact_problem *problem) MUST_CHECK;

#endif
