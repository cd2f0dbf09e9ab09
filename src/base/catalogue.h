/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The French catalogue as tools/catalogue.c generates it from locale/fr/ROOM.po: an open-addressed table by FNV-1a of
 * the English text, a power of two in size, at most half full. Only words.c looks into it.
 */
#ifndef BASE_CATALOGUE_H
#define BASE_CATALOGUE_H

#include <stdint.h>

struct catalogue_entry {
    const char *english;       /* NULL: free */
    const char *french;
};
extern const struct catalogue_entry catalogue_fr[];
extern const uint64_t catalogue_fr_mask;

static inline uint64_t catalogue_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash ^ (hash >> 29);
}

#endif
