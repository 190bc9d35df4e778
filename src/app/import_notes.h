/* SPDX-License-Identifier: Apache-2.0
 * What an import tells of details that it did not take over as they stand: all are counted, the first
 * LIMIT_IMPORT_NOTES are listed for machines, and of each reason the first few are told to people by line. Holds no
 * value of anybody. */
#ifndef APP_IMPORT_NOTES_H
#define APP_IMPORT_NOTES_H

#include "app/cli.h"
#include "base/json.h"
#include "protocol/contact.h"

struct import_notes {
    struct json_writer json; /* an array of {"line", "reason", "property"} */
    int64_t            total;
    int64_t            by_reason[CONTACT_REASON_COUNT];
};

/* The list grows in `arena`. */
struct import_notes import_notes_open(struct arena *arena);

/* Counts and lists it. True when people should hear of it at once: `out` is then the sentence, in `arena`. */
bool import_notes_take(struct import_notes *notes, struct arena *arena, const struct contact_notice *notice,
                       struct text *out);

/* The sum by reason, for people. */
void import_notes_say(const struct import_notes *notes, const struct cli *cli);

#endif
