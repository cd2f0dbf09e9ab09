/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a fuzzer over every file of its corpus, as a test: fuzz-NAME-replay FOLDER. Prints a point a file; a fault ends
 * the program by the sanitizers' hand, with the file's name printed before.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = malloc(MOST_BYTES);
    if (!file || !bytes) {
        printf("not ok - %s cannot be read\n", name);
        exit(1);
    }
    size_t len = fread(bytes, 1, MOST_BYTES, file);
    fclose(file);
    uint8_t *exact = malloc(len ? len : 1);        /* so that a read past the end is seen */
    if (exact) {
        memcpy(exact, bytes, len);
        printf("# %s\n", name);
        fflush(stdout);
        LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    free(bytes);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        printf("not ok 1 - the corpus folder cannot be opened\n1..1\n");
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        count += run(argv[1], entry->d_name);
        printf("ok %d - %s\n", count, entry->d_name);
    }
    closedir(dir);
    if (count == 0)
        printf("not ok 1 - the corpus is empty\n1..1\n");
    else
        printf("1..%d\n", count);
    return count == 0;
}
