/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writes the seeds of the EVTX fuzzer: make-evtx-corpus FOLDER. Each is one chunk without the file's header, cut behind its last record,
 * with a value of every type, a nested fragment, or plain elements.
 */
#include <stdio.h>
#include <string.h>

#include "evtx-make.h"

static struct made made;

static int put(const char *folder, const char *name)
{
    char path[1024];
    size_t used = made.bytes[made.chunk + 0x30] | (size_t)made.bytes[made.chunk + 0x31] << 8;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    return !file || fwrite(made.bytes + made.chunk, 1, used, file) != used || fclose(file) != 0;
}

static void begin(void)
{
    made_init(&made);
    made_chunk(&made);
}

int main(int argc, char **argv)
{
    static const struct made_value values[] = {
        {0, 0, ""}, {1, 6, "a\0\xe9\0\x3d\xd8"}, {2, 3, "a\x80\xe9"}, {3, 1, "\xfe"}, {4, 1, "\2"}, {5, 2, "\1\2"}, {6, 2, "\1\2"}, {7, 4, "\1\2\3\4"},
        {8, 4, "\1\2\3\4"}, {9, 8, "\1\2\3\4\5\6\7\x80"}, {10, 8, "\1\2\3\4\5\6\7\x80"}, {11, 4, "\0\0\xc0\x3f"}, {12, 8, "\x9a\x99\x99\x99\x99\x99\xb9\x3f"},
        {13, 4, "\1\0\0\0"}, {14, 3, "\1\2\3"}, {15, 16, "0123456789abcdef"}, {16, 8, "\1\2\3\4\5\6\7\0"}, {17, 8, "\x80\xb9\x1b\xef\x2f\x8a\xd6\1"},
        {18, 16, "\xe4\x07\2\0\6\0\x1d\0\x0d\0\5\0\7\0\x7b\0"}, {19, 12, "\1\1\0\0\0\0\0\5\x12\0\0\0"}, {20, 4, "\1\2\3\4"}, {21, 8, "\1\2\3\4\5\6\7\0"},
        {0x81, 8, "a\0\0\0b\0\0\0"}, {0x86, 4, "\1\0\2\0"}, {0x93, 12, "\1\1\0\0\0\0\0\5\x12\0\0\0"},
    };
    int failed = argc != 2;
    begin();
    made_usual(&made, values, sizeof values / sizeof *values);
    made_chunk_end(&made);
    failed = failed || put(argv[1], "values");
    made_file(&made, 3);
    failed = failed || put(argv[1], "records");
    begin();
    made_record(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_open_with(&made, "EventData");
    made_attribute(&made, "Name");
    made_literal(&made, "x");
    made_empty(&made);
    made_end(&made);
    made_number(&made, 0, 1);
    made_record_end(&made);
    made_chunk_end(&made);
    failed = failed || put(argv[1], "plain");
    begin();
    made_record(&made);
    size_t template = made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_substitution(&made, 0, 0x21);
    made_end(&made);
    made_template_end(&made);
    unsigned char inside[] = {0x0c, 1, 0, 0, 0, 0, (unsigned char)template, (unsigned char)(template >> 8), 0, 0, 0, 0, 0, 0};
    made_values(&made, &(struct made_value){0x21, sizeof inside, inside}, 1);
    made_record_end(&made);
    made_chunk_end(&made);
    return failed || put(argv[1], "nested");
}
