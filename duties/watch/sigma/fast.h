/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fast matcher's own structures. For an event: its *route* (memoised by what decides about log sources) says which variants of
 * rules may match and which fields they read; each such value gives, through the *memo* or a scan of its field's indexes, the list of
 * predicates that hold; each predicate wakes the variants that have it as *witness*; only these are evaluated.
 */
#ifndef WATCH_SIGMA_FAST_H
#define WATCH_SIGMA_FAST_H

#include <hs/hs.h>

#include "base/hash.h"
#include "watch/sigma/inside.h"

/* Texts found by hashing whole values, their beginnings or their ends: equality, startswith, endswith (index.c). */
struct text_slot { uint32_t hash, pred; };
struct text_index {
    struct text_slot *slots; uint32_t n_slots;   /* a power of two; pred 0: free */
    uint32_t *starts, *ends; size_t n_starts, n_ends;    /* the lengths that occur, ascending */
    uint32_t longest;                            /* of equals */
    bool any;
};
/* Literals found anywhere, by four, three or two of their bytes (grams.c). */
struct gram_slot { uint32_t gram, first; };      /* first: in entries, runs of one gram; UINT32_MAX: free */
struct gram_entry { const char *text; uint32_t len, pred, gram, offset; };      /* the gram stands at text + offset */
struct gram_index {
    uint64_t *filter; uint32_t filter_shift;     /* a bit for each four bytes that are filed, by hash */
    uint64_t *pairs;                             /* a bit for each pair of bytes that begins a literal of two or three */
    struct gram_slot *slots[5]; uint32_t n_slots[5], shift[5];
    struct gram_entry *entries; uint32_t n;
    struct gram_entry *single; uint32_t n_single;   /* of one byte */
    bool wide;                                   /* the filter is asked by gram_places_avx2() */
};
#define GRAM_FACTOR 2654435761u
#define GRAM_PLACES 64
/* Places from *at on where the filter has a bit, at most GRAM_PLACES; *at moves to where the next has to begin (near the end, to the rest that is
 * too short for it). */
size_t gram_places_avx2(const struct gram_index *, const char *text, size_t len, size_t *at, uint32_t *places);
struct pred_list { uint32_t *ids; uint32_t n, room; };

/* Everything that is tested of one field; once over folded text, once over raw. */
struct face {
    struct text_index texts;
    struct gram_index grams;
    hs_database_t *database;
    struct pred_list literals;                   /* what `grams` holds */
    struct pred_list patterns;                   /* what the database holds */
    struct pred_list direct;                     /* tested one by one */
};
struct field_index {
    struct face folded, raw;
    struct pred_list regexes;                    /* with PCRE2 where the value is not ASCII */
    struct pred_list all;
};

struct variant { uint32_t rule, alternative; const struct program *program; };
struct fast {
    struct field_index **fields;                 /* by field id; behind them one for the keywords of each log source */
    uint32_t n_fields, n_indexes;
    uint32_t *keywords;                          /* by variant: number of the index of its keywords, or 0 */
    struct variant *variants; uint32_t n_variants;
    uint32_t *wakes_at, *wakes;                  /* pred -> variants: wakes[wakes_at[p]] ... wakes[wakes_at[p + 1]] */
    uint8_t *witnessed;                          /* by variant */
    const field_id *const *reads; const uint32_t *n_reads;       /* by variant; field 0: keywords */
    uint8_t *classes;                            /* by field: what it decides */
    const struct when ***whens; uint32_t *n_whens;   /* by field of CLASS_OTHER */
    uint16_t *gram_counts;                       /* how often four bytes occur in the texts of all rules, by hash */
    bool patterns;
    struct hash mark;                            /* of the pattern databases */
};
enum { CLASS_NONE, CLASS_PRIMARY, CLASS_OTHER };

void text_index_build(struct arena *, const struct sigma *, const uint32_t *preds, size_t n, struct text_index *);
typedef void found_fn(void *arg, uint32_t pred);
void text_index_find(const struct text_index *, const struct sigma *, const char *text, size_t len, found_fn *, void *arg);
void gram_counts(struct sigma *);
void gram_index_build(struct arena *, const struct sigma *, const uint32_t *preds, size_t n, struct gram_index *, struct pred_list *ret_rest);
void gram_index_find(const struct gram_index *, const char *text, size_t len, found_fn *, void *arg);
/* A database of the face's patterns; what Vectorscan cannot take goes to `direct`. False: none was made (not worth it, or not possible). */
bool face_patterns(struct arena *, const struct sigma *, struct face *);
/* Databases that were compiled before (cache.c). The mark is of the lists of patterns before any is compiled. */
struct cache { const char *at; size_t left; };
struct hash cache_mark(const struct sigma *);
bool cache_open(struct cache *, const struct sigma *);       /* false: there is none, or it is damaged, foreign or of other rules */
bool cache_face(struct cache *, struct arena *, uint32_t number, struct face *);       /* false: the rest of the cache is of no use */
void pred_list_add(struct arena *, struct pred_list *, uint32_t);

enum status fast_build(struct sigma *);
void witness_build(struct sigma *);

/* ---- one thread's ------------------------------------------------------------------------------------------- */

struct memo;
struct memo *memo_new(struct arena *, size_t bytes);
/* The predicates remembered for the value, or NULL; `key` is kept for memo_put. */
struct memo_key { uint64_t low, high; uint32_t field, len; };
void memo_ahead(const struct memo *, const struct memo_key *);        /* it will be asked for soon */
struct memo_key memo_key_of(const struct memo *, uint32_t field, const char *text, size_t len);
const uint32_t *memo_get(struct memo *, const struct memo_key *, uint32_t *ret_n);
void memo_put(struct memo *, const struct memo_key *, const uint32_t *preds, uint32_t n);

struct route {
    uint64_t low, high;
    bool used, nothing;
    uint64_t *fields, *variants;                 /* bits */
    uint32_t *always, *sure; uint32_t n_always, n_sure, room;      /* variants without witness; that hold by the route alone */
    uint32_t *keywords, n_keywords;              /* indexes that every value is looked up in */
};
struct routes;
struct routes *routes_new(struct arena *, const struct sigma *);
/* NULL: the event is not one for routes (too much decides); match it the plain way. */
const struct route *route_of(struct routes *, struct bench *, const struct event *);
/* One value's share of what an event's route is known by; none where its field decides nothing. False: too long. */
bool route_says(struct routes *, struct bench *, const struct event *, struct event_value *, const void **ret, size_t *ret_len);

struct scan {
    const struct sigma *sigma;
    struct bench *bench;
    hs_scratch_t *scratch;
    const struct looked *looked;
    const struct field_index *index;
    uint32_t *found; uint32_t n, room;
    uint64_t *seen;                              /* a bit for each pred: found already */
    struct arena *arena;
};
/* The predicates of the field that hold for the value, in scan->found. */
void scan_value(struct scan *, uint32_t field, const char *text, size_t len);

bool node_holds_directly(struct bench *, const struct sigma *, const struct node *, const struct event *);
#endif
