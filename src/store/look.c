/* SPDX-License-Identifier: Apache-2.0
 * Looks at the places that a store is to lie in; the engine of a server does the looking. */
#include "store/look.h"

#include <string.h>

#include "store/state.h"

/* What is known of a place on a server; of another one nothing. */
struct seen {
    bool                 is_server;
    bool                 begun;
    struct postgres_name name;
};

/* The keys in the database of the data would be in every backup of it. */
static err check_apart(struct ctx *cx, const struct seen *data, const struct seen *keys, bool moves_keys)
{
    bool is_same = strcmp(data->name.server, keys->name.server) == 0 &&
                   strcmp(data->name.database, keys->name.database) == 0;
    if (is_same)
        return FAIL(cx, CONFLICT, "store.same_database",
                    "the keys are to lie in another database than the data: every backup of the data would hold them");
    if (data->begun && !keys->begun && !moves_keys) /* keys are made first, and were looked at last */
        return FAIL(cx, CORRUPT, "store.emptied", "the data is there, and the database of its keys is empty");
    return OK;
}

/* The place of the data before that of the keys, as when it is opened. */
err store_look(struct ctx *cx, const struct store_options *options, bool *out_begun)
{
    const char *urls[] = {options->url, options->keys_url};
    struct seen seen[] = {{.begun = false}, {.begun = false}};
    TRY(store_check_place(cx, options));
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct postgres_options of_place = {.url = urls[i], .schema = conn_schema(i == 0 ? STORE_PEOPLE : STORE_KEYS),
                                            .role = ROLE_READER, .create = options->create,
                                            .volatile_ = options->volatile_};
        seen[i].is_server = urls[i] != NULL && store_is_server(urls[i]);
        if (seen[i].is_server)
            TRY(postgres_look(cx, &of_place, &seen[i].begun, &seen[i].name));
    }
    if (seen[0].is_server && seen[1].is_server)
        TRY(check_apart(cx, &seen[0], &seen[1], options->moves_keys));
    *out_begun = seen[0].begun;
    return OK;
}

err store_url_files(struct ctx *cx, const char *url, struct store_url_files *out)
{
    struct store_url_files files = {.count = 0};
    if (store_is_server(url))
        return postgres_url_files(cx, url, out);
    *out = files;
    return OK;
}

err store_url_route(struct ctx *cx, const char *url, struct store_route *out)
{
    if (store_is_server(url))
        return postgres_route(cx, url, out);
    *out = (struct store_route){.url = url};
    return OK;
}
