/* SPDX-License-Identifier: Apache-2.0
 * Every maximum of an import, as base/limits.h has all others. */
#ifndef BASE_LIMITS_IMPORT_H
#define BASE_LIMITS_IMPORT_H
#define LIMIT_IMPORT_FILE_BYTES (512LL * 1024 * 1024)
#define LIMIT_IMPORT_LINE_BYTES (1024 * 1024)   /* one unfolded vCard line or one CSV field */
#define LIMIT_IMPORT_FIELDS 512                 /* columns of a CSV file, properties of a card */
#define LIMIT_IMPORT_CONTACT_BYTES (256 * 1024) /* text kept of one contact; a photo is not kept */
#define LIMIT_IMPORT_CARD_DEPTH 8               /* cards inside cards (AGENT of vCard 2.1) */
#define LIMIT_IMPORT_HOUSEHOLD 8                /* people of one e-mail address told apart by all that is known */
#define LIMIT_IMPORT_NOTES 10000                /* details listed in one report; beyond, they are counted */
#define LIMIT_IMPORT_CHUNK 500                  /* people written in one transaction */
#endif
