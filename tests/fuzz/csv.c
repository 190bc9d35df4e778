/* SPDX-License-Identifier: Apache-2.0
 * Any bytes read as a table of contacts. What the content makes of itself (format
 * `auto`) goes the same ways. */
#include "fuzz/read_contacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_contacts(data, size, CONTACT_FORMAT_CSV);
    fuzz_contacts(data, size, CONTACT_FORMAT_AUTO);
    return 0;
}
