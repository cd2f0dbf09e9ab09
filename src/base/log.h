/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program's own log: one line to standard error, for the administrator. It never holds a record's content, a
 * label, a name or a secret: journal and reasons are for those.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };
void log_set(enum log_level most, const char *process);
void log_line(enum log_level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR_, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_, __VA_ARGS__)

#endif
