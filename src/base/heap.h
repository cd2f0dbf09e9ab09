/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the C library's heap keeps of memory that was given back. Left to itself it learns from each large block that is freed to keep
 * larger ones, and gives every thread a heap of its own: a server that once read its office, or once imported a catalogue, would hold
 * that memory for months.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

/* Few heaps, and large blocks from the kernel and back to it at once. Before the first thread. */
void heap_bound(void);
/* Gives back whole pages that lie free; cheap while there are few. */
void heap_trim(void);

#endif
