/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events made at random, of few words, so that they repeat one another: JSON with every kind of value and escape, long texts of lines
 * that say again what stands in other fields, and lines of logs. Included once by a test program, behind tap.h.
 */
#ifndef TESTS_ARCHIVE_MAKE_H
#define TESTS_ARCHIVE_MAKE_H

#include "base/buf.h"

static const char *const names[] = {"Message", "CommandLine", "EventID", "Channel", "UtcTime", "", "Host Name", "a.b", "EventRecordID"};
static const char *const words[] = {"", "0", "4624", "C:\\\\Windows\\\\System32", "a\\tb", "\\u00e9\\ud83d\\ude00", "\\ud800", "Name: value", "2020-01-02T03:04:05Z",
                                    "Line: one\\r\\n  Other:\\t\\tC:\\\\x\\nHost Name=4624\\r\\n", "007", "18446744073709551616", "\xff\xfe", "\xc3\xa9", "\\\"", " ", ":", "=\\n", "{\\u000a}",
                                    "Subject:\\n\\tUser: a\\n\\tHost: 4624\\n\\n\\tCommandLine: C:\\\\Windows\\\\System32\\n"};

static inline void random_string(struct buf *out)
{
    for (size_t n = tap_below(4); n > 0; n--)
        buf_adds(out, words[tap_below(sizeof words / sizeof *words)]);
    if (tap_below(3) == 0)
        buf_addi(out, (long long)tap_below(5));
}

static inline void random_value(struct buf *out, unsigned depth)
{
    switch (tap_below(depth ? 9 : 6)) {
    case 0: buf_addi(out, (long long)tap_below(1000)); break;
    case 1: buf_adds(out, tap_below(2) ? "true" : "false"); break;
    case 2: buf_adds(out, "null"); break;
    case 6:
        buf_addc(out, '[');
        for (size_t n = tap_below(3); n > 0; n--) {
            random_value(out, depth - 1);
            buf_adds(out, n > 1 ? ", " : "");
        }
        buf_addc(out, ']');
        break;
    case 7:
        buf_adds(out, "{\"k\":");
        random_value(out, depth - 1);
        buf_addc(out, '}');
        break;
    default:
        buf_addc(out, '"');
        random_string(out);
        buf_addc(out, '"');
    }
}

static inline void random_json(struct buf *out)
{
    size_t n = tap_below(7);
    buf_adds(out, tap_below(4) ? "{" : "{ ");
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "%s\"%s\":", i ? "," : "", names[tap_below(sizeof names / sizeof *names)]);
        random_value(out, 2);
    }
    buf_adds(out, "}\n");
}

static inline void random_lines(struct buf *out)
{
    static const char *const starts[] = {"Jun 14 15:16:01 host sshd[77]: ", "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - ", "CEF:0|V|P|1|7|n|5|msg=a\\=b src=",
                                         "type=SYSCALL msg=audit(1.1:2): a0=\"", "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /", "", "\x01"};
    buf_adds(out, starts[tap_below(sizeof starts / sizeof *starts)]);
    for (size_t n = tap_below(30); n > 0; n--)
        buf_addc(out, (char)(tap_below(4) ? 32 + tap_below(95) : 1 + tap_below(255)));
    buf_addc(out, '\n');
}

#endif
