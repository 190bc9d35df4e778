/* SPDX-License-Identifier: Apache-2.0
 * A folder with its files and folders, as a node keeps them: for its owner alone, no links, no hidden names. */
#ifndef TESTS_FAULT_FOLDER_COPY_H
#define TESTS_FAULT_FOLDER_COPY_H

/* Makes `to`, which must not be there; what cannot be copied fails the test. */
void folder_copy(const char *from, const char *to);

#endif
