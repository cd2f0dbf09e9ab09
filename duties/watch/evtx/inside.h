/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the EVTX reader share. A chunk of 64 KiB is a world of its own: names and templates lie in it once and are referred
 * to by offset. So what is compiled from it is kept until the next chunk, in `kept`; what one record needs lies in `scratch`.
 *
 *     bytes.h      reading inside bounds          compile.c    tokens of a template -> struct op
 *     store.c      fixed memory, taken in order   plan.c       ops -> which field each part of a record belongs to
 *     utf16.c      text                           run.c        a record's values through the plan -> flat event
 *     value.c      the value types                tree.c       a record as a tree, json.c writes it
 *     chunk.c      chunks and their checksums     record.c     records, whole or found by their signature
 */
#ifndef EVTX_INSIDE_H
#define EVTX_INSIDE_H

#include "watch/evtx/bytes.h"
#include "watch/evtx/evtx.h"

#define CHUNK_BYTES 65536u
#define CHUNK_HEAD 512u                    /* header, and the tables of names and templates */
#define RECORD_HEAD 24u
#define DEPTH_MOST 24u                     /* elements in elements, nested fragments included; as JSON, with arrays, less than 64 */
#define NESTED_MOST 8u                     /* fragments in values in fragments */
#define STEPS_MOST (1u << 18)              /* parts written for one record, however often it refers to its own parts */
#define KEPT_BYTES ((size_t)1 << 20)
#define SCRATCH_BYTES ((size_t)1 << 20)

struct text { const char *at; uint32_t len; };

/* Memory of a fixed size, taken in order and given back at once (or to a mark). NULL when it is full. */
struct store { char *start, *at, *end; };
void *store_take(struct store *, size_t bytes);

/* Where values become text: pieces taken from the event's arena, or a store. `left` bounds what one record may write. */
struct space { char *at, *end; struct arena *arena; size_t left; };
/* Room for so many bytes at space->at, or NULL. */
char *space_need(struct space *, size_t bytes);

/* ---- text and values ---- */
/* Writes UTF-8; `to` has 3 bytes of room a unit. Lone surrogates become U+FFFD. */
char *utf16_write(const unsigned char *from, size_t units, char *to);
size_t utf16_utf8_length(const unsigned char *from, size_t units);
bool utf16_text(struct space *, const unsigned char *from, size_t units, struct text *ret);

enum { TYPE_NULL = 0, TYPE_STRING = 1, TYPE_ANSI = 2, TYPE_FILETIME = 0x11, TYPE_BINXML = 0x21, TYPE_ARRAY = 0x80 };
struct value { const unsigned char *bytes; uint16_t len; uint8_t type; };
/* One scalar as text. False when there is no room. */
bool value_text(struct space *, const struct value *, enum value_kind *ret_kind, struct text *ret);
/* Takes the first item from an array's bytes; false when there is none left. */
bool value_item(struct value *array, struct value *ret);
/* How many bytes a scalar of this type has; 0 when that varies or the type is unknown. */
size_t value_width(uint8_t type);
/* 100 ns since 1601 as text, and as the office counts. */
#define FILETIME_TEXT 40
size_t filetime_text(uint64_t ticks, char out[FILETIME_TEXT]);
moment filetime_moment(uint64_t ticks);

/* ---- programs: a template, or a fragment that stands for itself ---- */
enum op_kind { OP_OPEN, OP_ATTR, OP_BODY, OP_TEXT, OP_SUBST, OP_INSTANCE, OP_END };
struct op {
    uint8_t kind, value_kind;              /* value_kind: of TEXT */
    uint16_t index;                        /* SUBST: which value */
    uint32_t len;                          /* of text; INSTANCE: its offset in the chunk */
    const char *text;                      /* OPEN, ATTR: the name */
};
struct plan;
struct program { const struct op *ops; uint32_t n; struct plan *plans; struct store *store; };

/* Where an element stands, which decides what its members are called (event.h). */
enum region { IN_ROOT, IN_EVENT, IN_SYSTEM, IN_DATA, IN_USER, IN_PLAIN };
struct item {
    field_id field;
    uint8_t kind, region;                  /* region, inner: of what a nested fragment brings */
    uint16_t n;                            /* parts: ops of the program, one behind the other */
    const struct op *parts, *named_by;     /* named_by: a name that is a value itself */
    const char *name;
    struct text inner;
};
enum item_kind { ITEM_VALUE, ITEM_ATTR, ITEM_NESTED };
struct plan { struct plan *next; enum region region; struct text prefix; const struct item *items; uint32_t n; };

struct instance { struct program *program; const struct value *values; uint32_t n; size_t end; };

/* ---- the reader ---- */
#define NAME_SLOTS 2048u
#define TEMPLATE_SLOTS 512u
struct name_slot { uint32_t generation, offset; struct text name; };
struct template_slot { uint32_t generation, offset; struct program *program; };

struct chunk {
    const unsigned char *base;             /* NULL: none is open */
    size_t len, at, counted;               /* where reading stands; where the header says that records end */
    uint64_t last;                         /* id of the record before */
    bool damaged, astray;                  /* astray: the next record is one that was searched for */
};
struct record { size_t at, end; uint64_t id, written; bool whole, found; };

struct evtx {
    struct fields *fields;
    const unsigned char *file;
    size_t len, next;                      /* next: where the chunk after this one is looked for */
    struct evtx_counts counts;
    struct chunk chunk;
    struct record record;                  /* given last; end is 0 when there is none */
    struct store kept, scratch;
    uint32_t generation, n_names, n_templates;
    uint32_t crc[16][256];
    field_id time_field, record_field;
    struct name_slot names[NAME_SLOTS];
    struct template_slot templates[TEMPLATE_SLOTS];
};

/* One record being read. */
struct run {
    struct evtx *evtx;
    struct event *event;
    struct space space;
    unsigned depth, steps;                 /* of nested fragments; still allowed */
    moment time;
    uint64_t number;                       /* EventRecordID as the content says, 0: none */
};

/* chunk.c */
bool chunk_find(struct evtx *);            /* opens the next chunk; false at the end of the file */
void crc_init(uint32_t table[16][256]);
uint32_t crc_add(uint32_t table[16][256], uint32_t crc, const unsigned char *, size_t len);
void chunk_forget(struct evtx *);          /* what was compiled */
/* record.c */
bool record_find(struct evtx *, struct record *ret);
/* compile.c: a fragment between two offsets. `dependent`: elements carry a dependency id. Broken ones give false. */
bool compile_fragment(struct evtx *, struct store *, size_t at, size_t end, bool dependent, struct program *ret);
bool compile_name(struct evtx *, struct store *, size_t offset, struct text *ret);
/* An instance whose token (0x0c) lies before `at`: its template and its values, the latter in scratch. */
bool instance_read(struct evtx *, size_t at, size_t end, struct instance *ret);
/* A fragment of `at` to `end`: calls `each` for its instances, and `plain` for elements that stand in no template. */
struct fragment_use {
    bool (*each)(void *arg, const struct instance *);
    bool (*plain)(void *arg, struct program *);
    void *arg;
};
bool fragment_read(struct evtx *, size_t at, size_t end, bool dependent, const struct fragment_use *);
/* plan.c */
const struct plan *plan_of(struct evtx *, struct program *, enum region, struct text prefix);
/* run.c */
bool run_record(struct evtx *, const struct record *, struct event *);
#endif
