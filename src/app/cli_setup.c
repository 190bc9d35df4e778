/* SPDX-License-Identifier: Apache-2.0
 * The commands that set a node up: organisations, departments, keys, people. */
#include <string.h>

#include "app/cli.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/entrance/recovery.h"
#include "domain/entrance/system_key.h"
#include "domain/parties/member.h"
#include "domain/parties/organisation.h"
#include "domain/people/person.h"
#include "http/gate/route.h"
#include "store/queries.h"

#define ANSWER_BYTES 4096

/* {"id", "name"} and one more member that is a secret or a link. */
struct answer {
    struct text id;
    struct text name;
    const char *extra_key; /* NULL: none */
    struct text extra;
};

static err answer(struct cli *cli, const struct answer *what)
{
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    json_open_object(&json);
    json_member_text(&json, "id", what->id);
    json_member_text(&json, "name", what->name);
    if (what->extra_key != NULL)
        json_member_text(&json, what->extra_key, what->extra);
    json_close_object(&json);
    return cli_answer(cli, &json);
}

err cli_org_create(struct cli *cli)
{
    TRY(cli_open(cli, true));
    struct organisation_create create = {.name = cli_argument(cli, 0), .slug = text_of(cli_value(cli, CLI_id, ""))};
    TRY(node_write(&cli->node, organisation_create, &create));
    struct text id = id_text(&cli->node.cx, (struct id){ID_ORGANISATION, create.out.organisation_id, 0});
    cli_say(cli, "%.*s  %.*s\nShort id for commands: %.*s\n", TEXT_ARGS(id), TEXT_ARGS(create.out.name),
            TEXT_ARGS(create.out.slug));
    return answer(cli, &(struct answer){id, create.out.name, "slug", create.out.slug});
}

err cli_department_create(struct cli *cli)
{
    TRY(cli_open(cli, false));
    struct organisation organisation;
    TRY(organisation_find(&cli->node.cx, cli_argument(cli, 0), &organisation));
    struct department_create create = {.organisation_id = organisation.organisation_id, .name = cli_argument(cli, 1)};
    TRY(node_write(&cli->node, department_create, &create));
    struct text id =
        id_text(&cli->node.cx, (struct id){ID_DEPARTMENT, organisation.organisation_id, create.out.department_id});
    cli_say(cli, "%.*s  %.*s, %.*s\n", TEXT_ARGS(id), TEXT_ARGS(organisation.name), TEXT_ARGS(create.out.name));
    return answer(cli, &(struct answer){.id = id, .name = create.out.name});
}

/* All but the one that makes keys. */
static uint32_t default_scopes(void)
{
    uint32_t scopes = 0;
#define X(name, bit, word, sentence) scopes |= SCOPE_##name;
#include "http/scope.def"
#undef X
    return scopes & ~(uint32_t)SCOPE_ADMIN;
}

static err read_scopes(struct cli *cli, uint32_t *out)
{
    if (!cli_has(cli, CLI_scope)) {
        *out = default_scopes();
        return OK;
    }
    struct text rest = text_of(cli_value(cli, CLI_scope, ""));
    uint32_t scopes = 0;
    for (bool more = true; more;) {
        const char *comma = memchr(rest.at, ',', rest.size);
        struct text word = {rest.at, comma == NULL ? rest.size : (size_t)(comma - rest.at)};
        uint32_t bit = scope_of_word(text_trim(word));
        if (bit == 0)
            return FAIL(&cli->cx, USAGE, "cli.scope", "there is no scope \"%.*s\"; see symbolon key create --help",
                        TEXT_ARGS(word));
        scopes |= bit;
        more = comma != NULL;
        rest = more ? (struct text){comma + 1, rest.size - word.size - 1} : rest;
    }
    *out = scopes;
    return OK;
}

struct made_system {
    struct text         id;
    struct organisation organisation;
    struct department   department;
};

/* At the department that the first two words name. */
static err create_system(struct cli *cli, struct key_create *create, struct made_system *out)
{
    TRY(cli_open(cli, false));
    struct ctx *cx = &cli->node.cx;
    TRY(organisation_find(cx, cli_argument(cli, 0), &out->organisation));
    TRY(department_find(cx, out->organisation.organisation_id, cli_argument(cli, 1), &out->department));
    create->organisation_id = out->organisation.organisation_id;
    create->department_id = out->department.department_id;
    TRY(node_write(&cli->node, key_create, create));
    out->id = id_text(cx, (struct id){ID_SYSTEM, create->organisation_id, create->out.system_id});
    return OK;
}

err cli_key_create(struct cli *cli)
{
    struct key_create create = {.name = cli_argument(cli, 2)};
    struct made_system made;
    TRY(read_scopes(cli, &create.scopes));
    TRY(create_system(cli, &create, &made));
    cli_say(cli, "%.*s  %.*s, %.*s, %.*s\nKey (shown once, keep it safe):\n%.*s\n", TEXT_ARGS(made.id),
            TEXT_ARGS(made.organisation.name), TEXT_ARGS(made.department.name), TEXT_ARGS(create.name),
            TEXT_ARGS(create.out_secret));
    return answer(cli, &(struct answer){made.id, create.name, "secret", create.out_secret});
}

/* ---- systems that sign */

#define JWKS_FILE_BYTES_MAX (64 * 1024)

static err read_keys(struct cli *cli, struct text *out)
{
    const char *path = cli_value(cli, CLI_jwks, NULL);
    if (path == NULL)
        return FAIL(&cli->cx, USAGE, "cli.jwks", "name the file of its public keys with --jwks");
    FILE *file = fopen(path, "rb");
    char *at = arena_take(cli->cx.arena, JWKS_FILE_BYTES_MAX, 1);
    size_t size = file == NULL || at == NULL ? 0 : fread(at, 1, JWKS_FILE_BYTES_MAX, file);
    bool read = file != NULL && at != NULL && ferror(file) == 0 && size < JWKS_FILE_BYTES_MAX;
    if (file != NULL)
        (void)fclose(file); /* it was only read */
    if (!read)
        return FAIL(&cli->cx, USAGE, "cli.jwks", "the file %s cannot be read, or is no set of keys", path);
    *out = (struct text){at, size};
    return OK;
}

/* The words of --redirect, which hold no blanks. */
static err read_addresses(struct cli *cli, struct signing_draft *draft)
{
    struct text rest = text_trim(text_of(cli_value(cli, CLI_redirect, "")));
    struct text *words = ARENA_ARRAY(cli->cx.arena, struct text, LIMIT_REDIRECT_URIS + 1);
    size_t count = 0;
    if (words == NULL)
        return FAIL_MEMORY(&cli->cx);
    while (rest.size > 0 && count <= LIMIT_REDIRECT_URIS) {
        const char *blank = memchr(rest.at, ' ', rest.size);
        words[count] = (struct text){rest.at, blank == NULL ? rest.size : (size_t)(blank - rest.at)};
        rest = (struct text){rest.at + words[count].size, rest.size - words[count].size};
        rest = text_trim(rest);
        count++;
    }
    draft->redirect_uris = words;
    draft->redirect_uris_count = count;
    return OK;
}

err cli_system_create(struct cli *cli)
{
    struct key_create create = {.name = cli_argument(cli, 2)};
    struct signing_draft draft = {.jwks = TEXT_NONE};
    struct signing signing;
    struct made_system made;
    TRY(read_scopes(cli, &create.scopes));
    TRY(read_keys(cli, &draft.jwks));
    TRY(read_addresses(cli, &draft));
    TRY(signing_read(&cli->cx, &draft, &signing));
    create.signing = &signing;
    TRY(create_system(cli, &create, &made));
    cli_say(cli, "%.*s  %.*s, %.*s, %.*s\nThe first word is its client_id. It signs with keys of its own: there is no "
            "secret.\n",
            TEXT_ARGS(made.id), TEXT_ARGS(made.organisation.name), TEXT_ARGS(made.department.name),
            TEXT_ARGS(create.name));
    return answer(cli, &(struct answer){.id = made.id, .name = create.name});
}

/* ---- members */

static err read_role(struct cli *cli, member_role *out)
{
    struct text word = text_of(cli_value(cli, CLI_role, "viewer"));
    *out = text_is(word, "viewer") ? MEMBER_VIEWER : text_is(word, "admin") ? MEMBER_ADMIN : MEMBER_NONE;
    return *out != MEMBER_NONE ? OK : FAIL(&cli->cx, USAGE, "cli.role", "there is no role \"%.*s\": viewer or admin",
                                           TEXT_ARGS(text_spell_out(cli->cx.arena, word)));
}

err cli_member_create(struct cli *cli)
{
    struct member_invite invite = {.name = cli_argument(cli, 2)};
    struct organisation organisation;
    struct department department;
    TRY(read_role(cli, &invite.role));
    TRY(cli_open(cli, false));
    struct ctx *cx = &cli->node.cx;
    TRY(organisation_find(cx, cli_argument(cli, 0), &organisation));
    TRY(department_find(cx, organisation.organisation_id, cli_argument(cli, 1), &department));
    invite.organisation_id = organisation.organisation_id;
    invite.department_id = department.department_id;
    TRY(node_write(&cli->node, member_invite, &invite));
    struct text id = id_text(cx, (struct id){ID_MEMBER, organisation.organisation_id, invite.out.member_id});
    cli_say(cli, "%.*s  %.*s, %.*s, %.*s\nInvitation (shown once, good for seven days):\n%.*s\n", TEXT_ARGS(id),
            TEXT_ARGS(organisation.name), TEXT_ARGS(department.name), TEXT_ARGS(invite.name),
            TEXT_ARGS(invite.out_code));
    return answer(cli, &(struct answer){id, invite.name, "code", invite.out_code});
}

err cli_member_end(struct cli *cli)
{
    struct id id;
    struct text shown = text_spell_out(cli->cx.arena, cli_argument(cli, 0));
    if (!text_starts_with(cli_argument(cli, 0), "mem_"))
        return FAIL(&cli->cx, USAGE, "cli.member",
                    "\"%.*s\" is no id of a member: give the mem_… that `symbolon member create` has printed",
                    TEXT_ARGS(shown));
    TRY(cli_open(cli, false));
    TRY(id_open(&cli->node.cx, cli_argument(cli, 0), ID_MEMBER, &id));
    struct member_end end = {id.owner, id.item};
    TRY(node_write(&cli->node, member_end, &end));
    cli_say(cli, "%.*s is no member any more.\n", TEXT_ARGS(shown));
    return answer(cli, &(struct answer){.id = cli_argument(cli, 0), .name = TEXT_NONE});
}

/* Where people reach the node: as said, as the last `serve` said, or the default. */
static err find_url(struct cli *cli, struct text *out)
{
    struct sql_node_text_load_in in = {TEXT("url")};
    struct sql_node_text_load_row row;
    bool found = false;
    TRY(cli_url(cli, out));
    if (out->size > 0)
        return OK;
    TRY(sql_node_text_load(&cli->node.cx, &in, &row, &found));
    *out = found ? row.value : TEXT("http://127.0.0.1:8080");
    return OK;
}

static err answer_link(struct cli *cli, int64_t person_id, struct text token)
{
    struct text url;
    TRY(find_url(cli, &url));
    struct text id = id_text(&cli->node.cx, (struct id){ID_PERSON, person_id, 0});
    struct text link = text_format(cli->cx.arena, "%.*s/sign-in/%.*s", TEXT_ARGS(url), TEXT_ARGS(token));
    if (link.at == NULL)
        return FAIL_MEMORY(&cli->cx);
    struct text name = text_spell_out(cli->cx.arena, text_of(cli_value(cli, CLI_name, "")));
    cli_say(cli, "%.*s  %.*s\nSign-in link (works once, for 15 minutes, while the node serves):\n%.*s\n",
            TEXT_ARGS(id), TEXT_ARGS(name), TEXT_ARGS(link));
    return answer(cli, &(struct answer){id, text_of(cli_value(cli, CLI_name, "")), "link", link});
}

err cli_person_create(struct cli *cli)
{
    struct text url; /* refused before somebody is made */
    TRY(cli_url(cli, &url));
    TRY(cli_open(cli, false));
    struct person_create create = {.name = text_of(cli_value(cli, CLI_name, ""))};
    TRY(node_write(&cli->node, person_create, &create));
    return answer_link(cli, create.out_person_id, create.out_link_token);
}

err cli_person_check(struct cli *cli, struct text word)
{
    struct text shown = text_spell_out(cli->cx.arena, word);
    if (text_starts_with(word, "per_"))
        return OK;
    return FAIL(&cli->cx, USAGE, "cli.person",
                "\"%.*s\" is no id of a person: give the per_… that `symbolon person create` has printed",
                TEXT_ARGS(shown));
}

err cli_person_link(struct cli *cli)
{
    struct text url;
    struct id id;
    TRY(cli_url(cli, &url));
    TRY(cli_person_check(cli, cli_argument(cli, 0)));
    TRY(cli_open(cli, false));
    TRY(id_open(&cli->node.cx, cli_argument(cli, 0), ID_PERSON, &id));
    struct person_link link = {.person_id = id.owner};
    TRY(node_write(&cli->node, person_link, &link));
    return answer_link(cli, id.owner, link.out_link_token);
}

err cli_person_recover(struct cli *cli)
{
    struct recovery_begin help = {.person_id = 0};
    struct text shown = text_spell_out(cli->cx.arena, cli_argument(cli, 0));
    char opens[TIME_TEXT_SIZE];
    if (!text_starts_with(shown, "mem_"))
        TRY(cli_person_check(cli, cli_argument(cli, 0)));
    TRY(cli_open(cli, false));
    TRY(human_read_id(&cli->node.cx, cli_argument(cli, 0), &help.person_id));
    TRY(node_write(&cli->node, recovery_begin, &help));
    time_format(help.out_opens_at_ms, opens);
    cli_say(cli, "%.*s\nCode (shown once; lets in from %.16s UTC on, unless it is stopped):\n%.*s\n"
                 "To be entered on the page /recovery of the node.\n",
            TEXT_ARGS(shown), opens, TEXT_ARGS(help.out_code));
    return answer(cli, &(struct answer){shown, TEXT_NONE, "code", help.out_code});
}

err cli_version(struct cli *cli)
{
    struct json_writer json = json_writer_open(cli->cx.arena, ANSWER_BYTES);
    json_open_object(&json);
    json_member_text(&json, "version", TEXT(SYMBOLON_VERSION));
    json_close_object(&json);
    cli_say(cli, "symbolon %s\n", SYMBOLON_VERSION);
    return cli_answer(cli, &json);
}
