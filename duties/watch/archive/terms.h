/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Terms of a hunt, made ready. Each has a *needle*: folded bytes that stand in every text that the term finds, and that cannot lie across
 * a cut of a template (cut.c). So a needle is looked for in dictionaries, literals and pieces. Where it stands, the term itself is asked,
 * unless the needle is all that it says.
 */
#ifndef WATCH_ARCHIVE_TERMS_H
#define WATCH_ARCHIVE_TERMS_H

#include "watch/archive/read.h"
#include "watch/sigma/inside.h"

struct term {
    const char *field; size_t field_len;
    enum archive_how how;
    const char *text; size_t len;                /* folded */
    struct pattern like;
    const char *needle; uint32_t needle_len;     /* 0: nothing is known */
    bool all;                                    /* the needle says all: HAS */
};
struct gram { uint32_t value, next; uint16_t term, offset; };
/* Needles by four of their bytes. `stride` 4: each needle of seven and more under its first four offsets, so that every fourth place of a
 * text is looked at; 1: those of four to six, at every place. */
struct grams { uint32_t stride, shift; uint64_t *filter; uint32_t *heads, n_heads; struct gram *list; uint32_t n; };
struct archive_terms {
    struct arena *arena;
    struct term *terms; uint32_t n;
    struct grams wide, narrow;
    uint32_t *tiny, n_tiny, *blind, n_blind;     /* needles of one to three bytes; terms without */
    bool *on;                                    /* by term: asked of the texts at hand */
    char *folded, *plain; size_t room;
};
/* A found needle: which text, which term. */
struct found { uint32_t entry; uint16_t term; };
struct founds { struct arena *arena; struct found *list; size_t n, room; };

/* Whether no cut of a template can divide this folded text. */
bool term_is_whole(const char *folded, size_t len);
struct text terms_fold(struct archive_terms *, struct text);
/* Whether the term itself holds for a folded text. */
bool term_holds(const struct term *, const char *folded, size_t len);
/* The needles of terms that are `on` in a folded text; each once in the entry. */
void terms_find(const struct archive_terms *, const char *folded, size_t len, uint32_t entry, struct founds *);
void founds_add(struct founds *, uint32_t entry, uint32_t term);
/* Sorts by entry and term; each once. */
void founds_sort(struct founds *);

#endif
