/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An arena that is handed to another thread for a while. Its failure hook leads back into the frame of the thread that made it, and so
 * do its guards: a jump from one thread's stack to another's. So whoever works in a lent arena puts a hook of their own in the place of
 * both, and gives the former ones back before the owner goes on.
 */
#ifndef BASE_ARENA_HOOK_H
#define BASE_ARENA_HOOK_H

#include "base/arena.h"

struct arena_hook { void (*failed)(void *); void *arg; struct arena_guard *guard; };
struct arena_hook arena_lend(struct arena *, void (*failed)(void *), void *arg);
void arena_give_back(struct arena *, struct arena_hook);

#endif
