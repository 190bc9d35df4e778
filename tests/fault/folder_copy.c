/* SPDX-License-Identifier: Apache-2.0
 * See folder_copy.h. */
#include "fault/folder_copy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/cmocka.h"

static void copy_file(const char *from, const char *to)
{
    static const size_t CHUNK = 65536;
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    char *bytes = calloc(1, CHUNK);
    if (in == NULL || out == NULL || bytes == NULL)
        fail_msg("%s does not copy", from);
    for (size_t got = CHUNK; got == CHUNK;) {
        got = fread(bytes, 1, CHUNK, in);
        assert_int_equal(fwrite(bytes, 1, got, out), got);
    }
    free(bytes);
    (void)fclose(in); /* it was only read */
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0600), 0);
}

void folder_copy(const char *from, const char *to)
{
    char one[400];
    char other[400];
    DIR *list = opendir(from);
    assert_non_null(list);
    assert_int_equal(mkdir(to, 0700), 0);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(one, sizeof one, "%s/%s", from, entry->d_name);
        (void)snprintf(other, sizeof other, "%s/%s", to, entry->d_name);
        if (entry->d_type == DT_DIR)
            folder_copy(one, other);
        else
            copy_file(one, other);
    }
    assert_int_equal(closedir(list), 0);
}
