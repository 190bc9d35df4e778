/* SPDX-License-Identifier: Apache-2.0
 * An audit of a whole node as a command runs it: what it finds is said line by line, up to a bound, and counted beyond
 * it; whoever watches sees how far it has come. What a finding means is for the caller. */
#ifndef APP_FINDINGS_H
#define APP_FINDINGS_H

#include "app/cli.h"
#include "base/json.h"
#include "domain/proof/audit.h"
#include "ledger/audit.h"

struct findings {
    struct cli         *cli;
    int64_t             said_max;
    bool                tty; /* somebody watches */
    struct json_writer  said; /* an array of sentences, closed when the audit has ended */
    struct audit_report domain;
    struct ledger_audit ledger;
    int64_t             count; /* of all, also those that were not said */
};

void findings_begin(struct findings *findings, struct cli *cli, int64_t said_max);
/* Domain and log of an open node; `scope` as in struct audit_report. Findings are no failure. */
err findings_look(struct findings *findings, struct node *node, const struct audit_scope *scope) MUST_CHECK;
/* CORRUPT audit.findings when there are any; "… something does not agree in `whose`", or nothing of that when NULL. */
err findings_judge(struct ctx *cx, const struct findings *findings, const char *whose) MUST_CHECK;

#endif
