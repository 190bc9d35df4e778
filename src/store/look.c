/* SPDX-License-Identifier: Apache-2.0
 * Looks at the places that a store is to lie in; the engine of a server does the looking. */
#include "store/look.h"

#include "store/state.h"

/* The place of the data before that of the keys, as when it is opened. */
err store_look(struct ctx *cx, const struct store_options *options, bool *out_begun)
{
    const char *urls[] = {options->url, options->keys_url};
    bool begun[] = {false, false};
    TRY(store_check_place(cx, options));
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct postgres_options of_place = {.url = urls[i], .schema = conn_schema(i == 0 ? STORE_PEOPLE : STORE_KEYS),
                                            .role = ROLE_READER, .create = options->create,
                                            .volatile_ = options->volatile_};
        if (urls[i] != NULL && store_is_server(urls[i]))
            TRY(postgres_look(cx, &of_place, &begun[i]));
    }
    *out_begun = begun[0];
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
