/* SPDX-License-Identifier: Apache-2.0
 * OpenID Connect: the keys by which whoever gets an ID token checks it. */
#include "base/text.h"
#include "domain/id_token_key.h"
#include "http/call.h"
#include "http/handlers.h"

/* RFC 7517 section 8.5.2 */
err get_id_token_keys(struct call *call)
{
    struct text set;
    struct text caching = text_format(call->arena, "public, max-age=%d", ID_TOKEN_KEYS_SHOWN_S);
    TRY(id_token_key_set(&call->cx, &set));
    if (caching.at == NULL)
        return FAIL_MEMORY(&call->cx);
    call_replace_field(call, "Cache-Control", caching);
    return call_reply_text(call, "application/jwk-set+json", set);
}
