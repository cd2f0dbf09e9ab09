/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the pack loader share: the pack while it is being made, readers of single values that say in words
 * what is wrong and what would be right, and resolvers of names. Nothing outside src/office/pack*.c includes this.
 *
 * Faults never stop a reader: it says what is wrong and returns something harmless (NULL, none, false), so that one run
 * lists all faults of a pack. The pack is given out only when there is none.
 */
#ifndef OFFICE_PACK_READ_H
#define OFFICE_PACK_READ_H

#include "office/pack.h"

#define PACK_MAX_FILES 1000
#define PACK_MAX_FILE ((size_t)256 << 10)
#define PACK_MAX_TOTAL ((size_t)2 << 20)
#define PACK_ARENA ((size_t)256 << 20)
#define MAX_FIELDS 60
#define MAX_INDEXED 16
#define MAX_STATES 64          /* a set of states is a 64-bit word */
#define MAX_STEPS 64
#define MAX_TERMS 2000

struct pack_tree { const char *path; const char *folder; const char *stem; const char *kind; const struct val *tree; };
/* One definition as it was written, for the difference: kind is "register", "rule", ... */
struct definition { const char *name; const char *kind; const struct val *tree; };

struct loading {
    struct pack *pack;
    struct arena *arena;       /* the pack's */
    struct reasons *reasons;
    size_t faults_before;
    bool lines;                /* false: read back from the journal, which keeps no lines */
    struct pack_tree *trees; size_t n_trees;
    /* The pack's arrays, while they may still be written, and where each stood. */
    struct vocabulary *vocabularies;
    struct rule *rules;
    struct right_def *rights;
    struct duty_def *duties;
    struct register_def *registers;
    struct post_def *posts;
    struct calendar *calendars;
    const struct pack_tree **register_tree, **post_tree, **duty_tree;
};

/* A file that is being read. */
struct reader_of { struct loading *l; const char *path; };

/* "path:line" of a value, in the reasons' memory. */
const char *place(const struct reader_of *, const struct val *at);
const char *place_in(struct arena *, const struct reader_of *, const struct val *at);
#define FAULT(r, at, ...) reason_add((r)->l->reasons, "pack", place((r), (at)), __VA_ARGS__)
#define HINT(r, reason, ...) reason_next((r)->l->reasons, (reason), __VA_ARGS__)

/* Names as they stand first in every definition of the pack. */
const void *named_find(const void *array, size_t n, size_t size, const char *name);
#define NAMED_FIND(array, n, name) named_find((array), (n), sizeof *(array), (name))
/* Sets the next step of a fault: "did you mean", or what there is. */
void hint_named(const struct reader_of *, struct reason *, const char *wrong, const void *array, size_t n, size_t size);
void hint_words(const struct reader_of *, struct reason *, const char *wrong, const char *const *names);
/* "a, b, c" */
const char *joined(struct arena *, const char *const *names, size_t n);

/* That a value is an object, with no key but those in `known` (separated by blanks). */
bool want_object(const struct reader_of *, const struct val *, const struct val *at, const char *what, const char *known);
/* A member of a name, fault where it must be there and is not or is empty. */
const struct val *member(const struct reader_of *, const struct val *object, const char *key, bool required);
const char *read_text(const struct reader_of *, const struct val *object, const char *key, bool required);
bool read_bool(const struct reader_of *, const struct val *object, const char *key, bool otherwise);
int64_t read_int(const struct reader_of *, const struct val *object, const char *key, int64_t least, int64_t most, int64_t otherwise);
struct words read_words(const struct reader_of *, const struct val *object, const char *key, bool required);
/* {en:, fr:} itself. */
struct words words_of(const struct reader_of *, const struct val *, const struct val *at);
/* One of a NULL-terminated list, as its index; `otherwise` where absent or wrong. */
int read_one_of(const struct reader_of *, const struct val *object, const char *key, const char *const *names, int otherwise);
/* A text or a list of texts, as values with their lines; absent: none. */
const struct val *const *read_list(const struct reader_of *, const struct val *object, const char *key, bool required, size_t *ret_n);
/* Text of a list's item; fault otherwise. */
const char *item_text(const struct reader_of *, const struct val *);
/* An object whose members are definitions; fault otherwise. */
const struct val *read_map(const struct reader_of *, const struct val *object, const char *key, bool required, size_t most);
/* [a-z][a-z0-9-]{0,39}; fault says so. */
bool want_name(const struct reader_of *, const struct val *at, const char *name);
bool name_ok(const char *name);

/* Resolvers: a fault with a hint where there is no such thing. */
const struct field_def *find_field(const struct reader_of *, const struct register_def *, const struct val *);
const struct field_def *read_field(const struct reader_of *, const struct register_def *, const struct val *object, const char *key, bool required);
const struct field_def *const *read_fields(const struct reader_of *, const struct register_def *, const struct val *object, const char *key, size_t *ret_n);
int find_state(const struct reader_of *, const struct register_def *, const struct val *);
uint64_t read_states(const struct reader_of *, const struct register_def *, const struct val *object, const char *key, uint64_t otherwise);
const char *find_right(const struct reader_of *, const struct val *);
/* Absent or `none` where allowed: no rights. */
const char *const *read_rights(const struct reader_of *, const struct val *object, const char *key, bool required, bool none_allowed, size_t *ret_n);
const struct register_def *find_register(const struct reader_of *, const struct val *);
const struct rule *read_rule(const struct reader_of *, const struct val *object, const char *key, bool required);
/* That the rule gives a span (for every rank that it names). */
bool rule_gives_spans(const struct rule *);
bool rule_asks_working_days(const struct rule *);
bool is_person_link(const struct field_def *, bool several_allowed);
const struct field_def *read_person_field(const struct reader_of *, const struct register_def *, const struct val *object, const char *key, bool several);
const struct condition *read_condition(const struct reader_of *, const struct register_def *, const struct val *, const struct val *at, struct condition *into);

/* The passes, in their order. */
void load_fields(const struct reader_of *, struct register_def *, const struct val *tree);
void load_lifecycle(const struct reader_of *, struct register_def *, const struct val *tree);
void load_access(const struct reader_of *, struct register_def *, const struct val *tree);
void load_steps(const struct reader_of *, struct register_def *, const struct val *tree);
void load_refusals(const struct reader_of *, struct register_def *, const struct val *tree);
void load_clocks(const struct reader_of *, struct register_def *, const struct val *tree);
void load_views(const struct reader_of *, struct register_def *, const struct val *tree);
void load_rules(const struct reader_of *, const struct val *tree, size_t *n);
void load_vocabularies(const struct reader_of *, const struct val *tree, const char *duty, size_t *n);
void load_calendars(const struct reader_of *, const struct val *tree, size_t *n);
void load_duty(const struct reader_of *, struct duty_def *, const struct val *tree, size_t *n_rights);
void load_duty_registers(const struct reader_of *, struct duty_def *, const struct val *tree);
void load_post(const struct reader_of *, struct post_def *, const struct val *tree);
void check_register(const struct reader_of *, const struct register_def *, const struct val *tree);
void check_refusals_used(const struct reader_of *, const struct register_def *, const struct val *tree);
void check_posts(struct loading *);
bool post_sees(const struct post_def *, const struct register_def *);
void check_core(struct loading *);
void collect_definitions(struct loading *);
/* "duties/NAME/FILE.yaml" or "posts/FILE.yaml": folder and stem; false for any other path. */
bool pack_path(struct arena *, const char *path, struct pack_tree *ret);
/* From trees that are read; takes over the loading's pack on success. */
enum status pack_build(struct loading *);

#endif
