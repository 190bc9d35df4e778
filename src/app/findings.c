/* SPDX-License-Identifier: Apache-2.0
 * Findings of both audits go to one list. A store that was spoilt as a whole has one for each row: they are counted to
 * the last, and the first of them are enough to see what has happened. */
#include "app/findings.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define LIST_BYTES_MAX (4 * 1024 * 1024)

static void clear_line(const struct findings *findings)
{
    if (findings->tty)
        (void)fputs("\r\033[K", stderr); /* a terminal that is gone shows nothing */
}

static void take_finding(void *self, struct text sentence)
{
    struct findings *findings = self;
    if (findings->count++ >= findings->said_max)
        return;
    clear_line(findings);
    json_write_text(&findings->said, sentence);
    cli_say(findings->cli, "- %.*s\n", TEXT_ARGS(sentence));
}

static void tell_progress(void *self, int64_t people)
{
    const struct findings *findings = self;
    clear_line(findings);
    if (findings->tty)
        (void)fprintf(stderr, "%lld people audited …", (long long)people); /* as above */
}

void findings_begin(struct findings *findings, struct cli *cli, int64_t said_max)
{
    *findings = (struct findings){.cli = cli, .said_max = said_max,
                                  .tty = isatty(STDERR_FILENO) == 1 && !cli_has(cli, CLI_json)};
}

err findings_look(struct findings *findings, struct node *node, const struct audit_scope *scope)
{
    findings->count = 0;
    findings->said = json_writer_open(findings->cli->cx.arena, LIST_BYTES_MAX);
    findings->domain = (struct audit_report){.found = take_finding, .progress = tell_progress, .self = findings,
                                             .scope = scope};
    findings->ledger = (struct ledger_audit){.found = take_finding, .self = findings};
    json_open_array(&findings->said);
    TRY(domain_audit(&node->cx, &findings->domain));
    TRY(ledger_audit(&node->cx, &findings->ledger));
    json_close_array(&findings->said);
    clear_line(findings);
    if (findings->count > findings->said_max)
        cli_say(findings->cli, "- … and %lld more.\n", (long long)(findings->count - findings->said_max));
    return OK;
}

err findings_judge(struct ctx *cx, const struct findings *findings, const char *whose)
{
    if (findings->count == 0)
        return OK;
    return FAIL(cx, CORRUPT, "audit.findings", "%lld finding%s: something does not agree%s%s",
                (long long)findings->count, text_plural(findings->count), whose == NULL ? "" : " in ",
                whose == NULL ? "" : whose);
}
