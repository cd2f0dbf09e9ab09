/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * System call filters, inside base only. A filter is compiled once (filter_jail) and put on as often as wanted.
 */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* What a jail may call: memory of its own, reading and writing what is open, the clock, going away. All else kills. */
bool filter_jail(struct sock_fprog *ret);
bool filter_put_on(const struct sock_fprog *);
/* For a long-lived process (confine_process): what servers need; exec, mounts, modules, tracing kill; the rest fails
 * with EPERM. All threads get it. */
bool filter_process(bool network, bool fork);

#endif
