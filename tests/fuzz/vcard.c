/* SPDX-License-Identifier: Apache-2.0
 * Any bytes read as cards. */
#include "fuzz/read_contacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_contacts(data, size, CONTACT_FORMAT_VCARD);
    return 0;
}
