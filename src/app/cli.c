/* SPDX-License-Identifier: Apache-2.0
 * Options, configuration file, help, answers. */
#include "app/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/holder.h"
#include "app/sandbox.h"
#include "base/json.h"
#include "base/text.h"

#define CONFIG_BYTES_MAX (64 * 1024)
#define COMMON_OPTIONS "data store keys config json help"

static const struct {
    const char *name;
    const char *argument;
    const char *sentence;
} OPTIONS[CLI_OPTION_COUNT] = {
#define X(member, name, argument, sentence) [CLI_##member] = {name, argument, sentence},
#include "app/option.def"
#undef X
};

bool cli_has(const struct cli *cli, cli_option option)
{
    return cli->option[option] != NULL;
}

const char *cli_value(const struct cli *cli, cli_option option, const char *fallback)
{
    return cli->option[option] != NULL ? cli->option[option] : fallback;
}

struct text cli_argument(const struct cli *cli, int at)
{
    return at < cli->arguments_count ? text_of(cli->arguments[at]) : TEXT_NONE;
}

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
}

err cli_url(struct cli *cli, struct text *out)
{
    struct text url = text_of(cli_value(cli, CLI_url, ""));
    size_t at = text_starts_with(url, "https://") ? 8 : text_starts_with(url, "http://") ? 7 : url.size;
    bool good = at < url.size;
    for (; at < url.size; at++)
        good = good && is_host_character(url.at[at]);
    if (!good && cli_has(cli, CLI_url))
        return FAIL(&cli->cx, USAGE, "cli.url", "--url wants scheme and host alone, as https://symbolon.example");
    *out = url;
    return OK;
}

static int find_option(struct text name)
{
    for (int i = 0; i < CLI_OPTION_COUNT; i++)
        if (text_is(name, OPTIONS[i].name))
            return i;
    return -1;
}

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

static err set_option(struct cli *cli, int option, const char *value)
{
    if (option == CLI_map) {
        if (cli->maps_count == CLI_MAPS_MAX)
            return FAIL(&cli->cx, USAGE, "cli.option", "more than %d columns are mapped", CLI_MAPS_MAX);
        cli->maps[cli->maps_count++] = value;
    }
    cli->option[option] = value;
    return OK;
}

/* An option of another command is refused: who writes --dry-run means it. */
static err find_own_option(struct cli *cli, const struct command *command, struct text name, int *out)
{
    int option = find_option(name);
    if (option < 0)
        return FAIL(&cli->cx, USAGE, "cli.option", "there is no option --%.*s; see --help", TEXT_ARGS(name));
    if (!has_word(COMMON_OPTIONS, OPTIONS[option].name) && !has_word(command->options, OPTIONS[option].name))
        return FAIL(&cli->cx, USAGE, "cli.option", "\"symbolon %s\" has no option --%s; see its --help", command->words,
                    OPTIONS[option].name);
    *out = option;
    return OK;
}

/* One option at argv[*at]: `--name`, `--name value` or `--name=value`. */
static err take_option(struct cli *cli, const struct command *command, char **argv, int *at)
{
    struct text name = text_of(argv[*at] + 2);
    const char *equals = memchr(name.at, '=', name.size);
    int option = -1;
    if (equals != NULL)
        name.size = (size_t)(equals - name.at);
    TRY(find_own_option(cli, command, name, &option));
    bool is_switch = OPTIONS[option].argument[0] == '\0';
    if (cli_has(cli, (cli_option)option) && option != CLI_map)
        return FAIL(&cli->cx, USAGE, "cli.option", "--%s stands there twice", OPTIONS[option].name);
    if (is_switch && equals != NULL)
        return FAIL(&cli->cx, USAGE, "cli.value", "--%s takes no value", OPTIONS[option].name);
    if (is_switch)
        return set_option(cli, option, "");
    const char *value = equals != NULL ? equals + 1 : argv[*at + 1];
    if (value == NULL || value[0] == '\0')
        return FAIL(&cli->cx, USAGE, "cli.value", "--%s wants %s", OPTIONS[option].name, OPTIONS[option].argument);
    *at += equals == NULL;
    return set_option(cli, option, value);
}

/* A URL with one. */
static bool bears_password(const char *value)
{
    const char *user = strstr(value, "://");
    const char *host = user == NULL ? NULL : strchr(user + 3, '@');
    const char *colon = user == NULL ? NULL : strchr(user + 3, ':');
    return user != NULL && ((host != NULL && colon != NULL && colon < host) || strstr(user, "password=") != NULL);
}

/* One line of the configuration: `name = value`, blank, or a comment. What the command line says wins. */
static err take_setting(struct cli *cli, struct text line, int number)
{
    line = text_trim(line);
    if (line.size == 0 || line.at[0] == '#')
        return OK;
    const char *equals = memchr(line.at, '=', line.size);
    struct text name = equals == NULL ? line : text_trim((struct text){line.at, (size_t)(equals - line.at)});
    int option = find_option(name);
    struct text value = TEXT_NONE;
    if (equals != NULL)
        value = text_trim((struct text){equals + 1, (size_t)(line.at + line.size - equals - 1)});
    struct text shown = text_spell_out(cli->cx.arena, name);
    if (equals == NULL) /* not shown: it may be anything */
        return FAIL(&cli->cx, USAGE, "cli.config", "line %d of the configuration is no setting: it has no =", number);
    if (option < 0 || option == CLI_config)
        return FAIL(&cli->cx, USAGE, "cli.config", "line %d of the configuration: there is no setting \"%.*s\"", number,
                    TEXT_ARGS(shown));
    if (value.size == 0)
        return FAIL(&cli->cx, USAGE, "cli.config", "line %d of the configuration gives %.*s no value", number,
                    TEXT_ARGS(shown));
    if (memchr(value.at, '\0', value.size) != NULL)
        return FAIL(&cli->cx, USAGE, "cli.config", "line %d of the configuration holds a NUL", number);
    const char *kept = text_c_string(cli->cx.arena, value);
    if (kept == NULL)
        return FAIL_MEMORY(&cli->cx);
    cli->config_bears_password |= bears_password(kept);
    bool is_switch = OPTIONS[option].argument[0] == '\0';
    bool off = is_switch && text_is(value, "false");
    if (is_switch && !off && !text_is(value, "true"))
        return FAIL(&cli->cx, USAGE, "cli.config", "line %d of the configuration is neither true nor false", number);
    return cli_has(cli, (cli_option)option) || off ? OK : set_option(cli, option, kept);
}

/* As a key that others may read (crypto/key_folder.c). */
static err check_exposed(struct cli *cli, const char *path, mode_t mode)
{
    if (!cli->config_bears_password || !S_ISREG(mode) || (mode & (S_IRWXG | S_IRWXO)) == 0)
        return OK;
    return FAIL(&cli->cx, FORBIDDEN, "cli.exposed",
                "others may reach the configuration %s, and a password is in it; take that away: chmod go-rwx on it",
                path);
}

static err read_config(struct cli *cli, const char *path)
{
    struct stat about = {0};
    FILE *file = fopen(path, "rb");
    char *text = arena_take(cli->cx.arena, CONFIG_BYTES_MAX, 1);
    size_t size = file == NULL || text == NULL ? 0 : fread(text, 1, CONFIG_BYTES_MAX, file);
    bool read = file != NULL && text != NULL && ferror(file) == 0 && size < CONFIG_BYTES_MAX &&
                fstat(fileno(file), &about) == 0;
    if (file != NULL)
        (void)fclose(file); /* it was only read */
    if (!read)
        return FAIL(&cli->cx, USAGE, "cli.config", "the configuration %s cannot be read", path);
    int number = 1;
    for (size_t start = 0; start < size; number++) {
        const char *end = memchr(text + start, '\n', size - start);
        size_t length = end == NULL ? size - start : (size_t)(end - text) - start;
        TRY(take_setting(cli, (struct text){text + start, length}, number));
        start += length + 1;
    }
    return check_exposed(cli, path, about.st_mode);
}

/* "-h" is the one short option; another is a slip, and a name that begins so stands behind "--". */
static err take_letter(struct cli *cli, const struct command *command, const char *word)
{
    if (strcmp(word, "-h") != 0)
        return FAIL(&cli->cx, USAGE, "cli.option", "there is no option %s; see symbolon %s --help", word,
                    command->words);
    return set_option(cli, CLI_help, "");
}

static err check_place(struct cli *cli, cli_option option)
{
    struct text place = text_of(cli_value(cli, option, "sqlite:"));
    if (text_starts_with(place, "sqlite:") || text_starts_with(place, "postgresql://"))
        return OK;
    return FAIL(&cli->cx, USAGE, "cli.value", "--%s wants sqlite:FOLDER or postgresql://…", OPTIONS[option].name);
}

static err check_keys(struct cli *cli)
{
    struct text store = text_of(cli_value(cli, CLI_from, cli_value(cli, CLI_store, "sqlite:"))); /* what is moved */
    struct text keys = text_of(cli_value(cli, CLI_keys, "file:keys"));
    bool is_shared = text_starts_with(keys, "postgresql://");
    if (!(text_starts_with(keys, "file:") && keys.size > sizeof "file:" - 1) && !is_shared)
        return FAIL(&cli->cx, USAGE, "cli.value", "--keys wants file:FOLDER or postgresql://…");
    if (is_shared && !text_starts_with(store, "postgresql://"))
        return FAIL(&cli->cx, USAGE, "cli.value", "keys lie in a database only where the data does: --store "
                                                  "postgresql://…");
    return OK;
}

err cli_parse(struct cli *cli, const struct command *command, int argc, char **argv)
{
    bool only_arguments = false;
    for (int at = 0; at < argc; at++) {
        if (!only_arguments && strcmp(argv[at], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && strncmp(argv[at], "--", 2) == 0) {
            TRY(take_option(cli, command, argv, &at));
        } else if (!only_arguments && argv[at][0] == '-' && argv[at][1] != '\0') {
            TRY(take_letter(cli, command, argv[at]));
        } else {
            if (cli->arguments_count == CLI_ARGUMENTS_MAX)
                return FAIL(&cli->cx, USAGE, "cli.arguments", "more than %d arguments", CLI_ARGUMENTS_MAX);
            cli->arguments[cli->arguments_count++] = argv[at];
        }
    }
    if (cli_has(cli, CLI_config))
        TRY(read_config(cli, cli_value(cli, CLI_config, "")));
    TRY(check_place(cli, CLI_store));
    TRY(check_place(cli, CLI_from));
    TRY(check_place(cli, CLI_to));
    TRY(check_keys(cli));
    bool fits = cli->arguments_count >= command->least && cli->arguments_count <= command->most;
    if (!fits && !cli_has(cli, CLI_help))
        return FAIL(&cli->cx, USAGE, "cli.arguments", "usage: symbolon %s%s%s", command->words,
                    command->arguments[0] == '\0' ? "" : " ", command->arguments);
    return OK;
}

struct help_row {
    const char *head, *tail, *sentence;
};

static void print_row(FILE *out, int width, const struct help_row *row)
{
    int room = width - (int)strlen(row->head);
    (void)fprintf(out, "  %s %-*s %s\n", row->head, room < 0 ? 0 : room, row->tail, row->sentence);
}

static const struct help_row COMMANDS[] = {
#define X(words, run, arguments, least, most, options, sentence, more) {words, arguments, sentence},
#include "app/command.def"
#undef X
};

static bool is_of_group(const struct help_row *row, const char *word)
{
    size_t size = strlen(word);
    return strncmp(row->head, word, size) == 0 && row->head[size] == ' ';
}

bool cli_is_group(const char *word)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (is_of_group(&COMMANDS[i], word))
            return true;
    return false;
}

void cli_help_group(FILE *out, const char *word)
{
    (void)fprintf(out, "Commands that begin with \"symbolon %s\":\n", word);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (is_of_group(&COMMANDS[i], word))
            print_row(out, 29, &COMMANDS[i]);
    (void)fprintf(out, "\nMore about one of them: symbolon %s COMMAND --help\n", word);
}

static void print_commands(FILE *out)
{
    (void)fprintf(out, "symbolon: a server for relationships that the customer manages.\n\nCommands:\n");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        print_row(out, 29, &COMMANDS[i]);
}

static void print_options(FILE *out, const char *title, const char *names)
{
    (void)fprintf(out, "\n%s:\n", title);
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        char head[32];
        (void)snprintf(head, sizeof head, "--%s", OPTIONS[i].name);
        if (has_word(names, OPTIONS[i].name))
            print_row(out, 17, &(struct help_row){head, OPTIONS[i].argument, OPTIONS[i].sentence});
    }
}

void cli_help(FILE *out, const struct command *command)
{
    if (command == NULL) {
        print_commands(out);
    } else {
        const char *space = command->arguments[0] == '\0' ? "" : " ";
        (void)fprintf(out, "symbolon %s%s%s\n\n%s\n", command->words, space, command->arguments, command->sentence);
        if (command->more[0] != '\0')
            (void)fprintf(out, "\n%s\n", command->more);
        if (command->options[0] != '\0')
            print_options(out, "Options", command->options);
    }
    print_options(out, "Options of every command", COMMON_OPTIONS);
    if (command == NULL)
        (void)fprintf(out, "\nMore about one command: symbolon COMMAND --help\n"
                           "To see what it is for:  symbolon demo\n");
}

struct node_options cli_node_options(const struct cli *cli, bool create)
{
    return (struct node_options){
        .data = cli_value(cli, CLI_data, "./symbolon-data"),
        .store = cli_value(cli, CLI_store, NULL),
        .keys = cli_value(cli, CLI_keys, NULL),
        .create = create,
        .open_keys = holder_start,
    };
}

err cli_open_with(struct cli *cli, const struct node_options *options)
{
    node_begin(&cli->node, cli_has(cli, CLI_json));
    err result = sandbox_memory(&cli->node.cx);
    if (result == OK)
        result = node_open(&cli->node, options);
    if (result != OK)
        cli->cx.failure = cli->node.cx.failure;
    return result;
}

err cli_open(struct cli *cli, bool create)
{
    struct node_options options = cli_node_options(cli, create);
    return cli_open_with(cli, &options);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    if (cli_has(cli, CLI_json))
        return;
    va_list args;
    va_start(args, format);
    (void)vfprintf(cli->out, format, args);
    va_end(args);
}

err cli_answer(struct cli *cli, const struct json_writer *json)
{
    struct text text;
    if (!cli_has(cli, CLI_json))
        return OK;
    TRY(json_writer_finish(&cli->cx, json, &text));
    (void)fprintf(cli->out, "%.*s\n", TEXT_ARGS(text));
    return OK;
}
