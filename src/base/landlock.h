/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Landlock by its system calls, with definitions of our own: Debian 12's headers know its first version only, kernels
 * know more. A domain here is always "nothing but these paths".
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stdbool.h>

/* Shuts the calling thread (and what it forks) out of every file but those below the paths. NULL or empty lists: all
 * files. Opened descriptors stay usable. `alone` also forbids signals to processes outside, where the kernel can. */
bool landlock_only(const char *const *read_paths, const char *const *write_paths, bool alone);

#endif
