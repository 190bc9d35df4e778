/* SPDX-License-Identifier: Apache-2.0
 * Runs a fuzz target without libFuzzer: once with nothing, then with every file of the folders and files that it is
 * given, in the order of their names. So the corpus is an ordinary test under every compiler and sanitizer. An empty
 * or missing corpus is a failure: a test that ran nothing has shown nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies at the end of an allocation of its own, so that a sanitizer sees the first byte read behind it. */
static int run_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size + 1);
    if (exact == NULL)
        return -1;
    for (size_t i = 0; i < size; i++)
        exact[i + 1] = bytes[i];
    (void)LLVMFuzzerTestOneInput(exact + 1, size); /* the result is always 0 and means nothing here */
    free(exact);
    return 1;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *input = malloc(INPUT_BYTES_MAX);
    int ran = -1;
    if (file == NULL)
        perror(path);
    else if (input != NULL)
        ran = run_bytes(input, fread(input, 1, INPUT_BYTES_MAX, file));
    free(input);
    if (file != NULL)
        (void)fclose(file); /* read only: nothing can be lost */
    return ran;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int run_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, alphasort);
    int ran = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        int size = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (ran >= 0 && size > 0 && (size_t)size < sizeof path)
            ran = run_file(path) < 0 ? -1 : ran + 1;
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? -1 : ran;
}

int main(int argc, char **argv)
{
    int ran = 0;
    if (run_bytes(NULL, 0) < 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        int more = run_folder(argv[i]);
        if (more < 0)
            more = run_file(argv[i]);
        if (more < 0)
            return 1;
        ran += more;
    }
    (void)printf("%d inputs\n", ran);
    return ran > 0 ? 0 : 1;
}
