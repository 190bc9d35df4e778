/* SPDX-License-Identifier: Apache-2.0
 * One call of the provider; what it leaves of a key that it refuses is nobody's. */
#include "crypto/evp_key.h"

EVP_PKEY *evp_key_open(const char *type, int selection, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, selection, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}
