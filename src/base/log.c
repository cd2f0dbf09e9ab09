/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program's own log: one write(2) a line, control characters replaced, so that lines of several processes do not
 * mix and nothing that was logged can forge a line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int most_level = LOG_INFO_;
static char process_name[24] = "castellan";

void log_set(enum log_level most, const char *process)
{
    atomic_store(&most_level, (int)most);
    if (process)
        snprintf(process_name, sizeof process_name, "%s", process);
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if ((int)level > atomic_load(&most_level))
        return;
    char line[1024];
    int head = snprintf(line, sizeof line, "%s[%ld] %s: ", process_name, (long)getpid(), names[level]);
    va_list list;
    va_start(list, format);
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, list);
    va_end(list);
    if (body < 0)
        return;
    size_t len = strlen(line);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    }
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;             /* there is nowhere left to tell */
}
