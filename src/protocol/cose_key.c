/* SPDX-License-Identifier: Apache-2.0
 * The members by their numbers: 1 type, 3 algorithm, and below 0 what the type needs. */
#include "protocol/cose_key.h"

#define LABEL_TYPE 1
#define LABEL_ALGORITHM 3
#define LABEL_CURVE (-1)    /* of EC2 and OKP */
#define LABEL_X (-2)
#define LABEL_Y (-3)
#define LABEL_MODULUS (-1)  /* of RSA */
#define LABEL_EXPONENT (-2)

/* What a key of one algorithm consists of. */
static const struct form {
    public_key_kind kind;
    int64_t         type;   /* kty */
    int64_t         curve;  /* crv; 0: it has none */
    int64_t         first;
    int64_t         second; /* 0: it has none */
    size_t          count;
} FORMS[] = {
    {PUBLIC_KEY_ES256, 2, 1, LABEL_X, LABEL_Y, 5},
    {PUBLIC_KEY_EDDSA, 1, 6, LABEL_X, 0, 4},
    {PUBLIC_KEY_RS256, 3, 0, LABEL_MODULUS, LABEL_EXPONENT, 4},
};

static bool find_int(const struct cbor_item *map, int64_t label, int64_t *out)
{
    struct cbor_item item;
    bool found = cbor_find_number(map, label, &item) && item.kind == CBOR_NUMBER;
    if (found)
        *out = item.number;
    return found;
}

static bool find_bytes(const struct cbor_item *map, int64_t label, struct bytes *out)
{
    struct cbor_item item;
    bool found = cbor_find_number(map, label, &item) && item.kind == CBOR_BYTES;
    if (found)
        *out = item.content;
    return found;
}

static const struct form *form_of(int64_t algorithm)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
        if ((int64_t)FORMS[i].kind == algorithm)
            return &FORMS[i];
    return NULL;
}

cose_verdict cose_key_read(const struct cbor_item *map, struct public_key *out)
{
    int64_t type = 0;
    int64_t algorithm = 0;
    int64_t curve = 0;
    if (!find_int(map, LABEL_TYPE, &type) || !find_int(map, LABEL_ALGORITHM, &algorithm))
        return COSE_MALFORMED;
    const struct form *form = form_of(algorithm);
    if (form == NULL)
        return COSE_FOREIGN;
    struct public_key key = {.kind = form->kind, .second = {(const uint8_t *)"", 0}};
    if (type != form->type || map->count != form->count || (form->curve != 0 && !find_int(map, LABEL_CURVE, &curve)) ||
        !find_bytes(map, form->first, &key.first) ||
        (form->second != 0 && !find_bytes(map, form->second, &key.second)))
        return COSE_MALFORMED;
    if (curve != form->curve)
        return COSE_FOREIGN;
    if (!public_key_is_sound(&key))
        return COSE_MALFORMED;
    *out = key;
    return COSE_KEY;
}
