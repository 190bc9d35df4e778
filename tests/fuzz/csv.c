/* SPDX-License-Identifier: Apache-2.0
 * Any bytes read as a table of contacts; every fourth size as what the content makes of itself (format `auto`). */
#include "fuzz/read_contacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_contacts(data, size, size % 4 == 0 ? CONTACT_FORMAT_AUTO : CONTACT_FORMAT_CSV);
    return 0;
}
