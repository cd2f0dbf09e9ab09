/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pack: the definitions of an office, read from YAML and checked completely (docs/registers.md is the language). A
 * pack is immutable, lives in one arena, is known by the SHA-256 of its canonical JSON form, and can be written to that
 * form and read back, since the journal holds it. Pointers between definitions are resolved; indexes are positions in
 * the pack's arrays.
 */
#ifndef OFFICE_PACK_H
#define OFFICE_PACK_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"
#include "base/words.h"

enum field_type {
    FIELD_LINE, FIELD_PROSE, FIELD_NUMBER, FIELD_MONEY, FIELD_BOOLEAN, FIELD_CHOICE, FIELD_CHOICES, FIELD_DATE,
    FIELD_TIME, FIELD_INTERVAL, FIELD_SPAN, FIELD_LINK, FIELD_LINKS, FIELD_ATTACHMENTS, FIELD_LABEL, FIELD_CLEARANCE,
    FIELD_POST, FIELD_RIGHT, FIELD_RIGHTS, FIELD_POLICY, FIELD_EMAIL, FIELD_TYPES,
};
const char *field_type_name(enum field_type);

struct term { const char *name; struct words words; bool obsolete; };
struct vocabulary { const char *name; struct words words; const struct term *terms; size_t n_terms; const char *duty; };
const struct term *vocabulary_term(const struct vocabulary *, const char *name);

enum standing { STANDING_CONFIRMED, STANDING_ASSUMPTION, STANDING_LOCAL };
struct rule {
    const char *name;                        /* "incident.initial-report" */
    struct words words;
    const struct val *value;
    enum standing standing;
    struct words source;                     /* written once, it stands in both languages as it is */
    bool source_english;                     /* it is English alone */
    const char *as_of;                       /* "2026-11-22" */
    const struct register_def *const *consequences; size_t n_consequences;      /* all that may be changed in its name */
    const char *where;                       /* file:line */
};

struct register_def;
struct field_def {
    const char *name;
    struct words words, help;
    enum field_type type;
    bool required, search, sort, filter, unique, portions, custody, computed;
    bool by_step;                            /* steps alone set it: in no form of a new record, and no edit changes it */
    int64_t min, max;                        /* number's range; characters of text; items of lists */
    uint64_t hidden_in;                      /* states in which forms and pages leave it out */
    const struct vocabulary *of;
    const struct register_def *to;
    const struct val *fallback;              /* `default` */
    unsigned index;                          /* position in the register */
};

enum refusal_test {
    TEST_PERSON_ALSO_IN,                     /* person in link field `field` also in links `others`, or superior of those in `superiors_of` */
    TEST_ACTOR_IN,                           /* the acting person is in link fields `others` */
    TEST_NOT_CLEARED,                        /* a person in `field` is not cleared for the record's label */
    TEST_IS, TEST_IS_NOT,                    /* choice/boolean/line `field` is (not) one of `words` */
    TEST_ABSENT, TEST_PRESENT,
    TEST_AFTER, TEST_BEFORE,                 /* date/time `field` after/before `other` (a field or "now") */
};
struct condition {
    enum refusal_test test;
    const struct field_def *field;
    const struct field_def *const *others; size_t n_others;
    const struct field_def *superiors_of;
    const struct field_def *other; bool against_now;
    const struct rule *by;                   /* TEST_AFTER, TEST_BEFORE: `other` moved by this rule's span; NULL: by nothing */
    const struct field_def *rank_of;         /* label or clearance field whose rank word chooses the span; NULL: the record's label */
    const char *const *words; size_t n_words;
    const char *label_at_least;              /* rank word; NULL: any label */
    const struct condition *unless;          /* the refusal does not apply where this holds */
};
struct refusal { const char *name; struct words text, next; struct condition when; };

struct open_check { const struct register_def *register_; const struct field_def *field; bool over_all; const char *ask; };

struct state_def { const char *name; struct words words; bool final; };
enum by_kind { BY_ANYONE, BY_FIELD, BY_NOT_FIELD };
struct step_def {
    const char *name;
    struct words words, text;
    uint64_t from;                           /* bit n: from states[n] */
    int to;                                  /* state index; -1: same */
    const char *const *rights; size_t n_rights;     /* any of */
    const struct field_def *const *needs; size_t n_needs;
    const struct field_def *const *asks; size_t n_asks;
    bool reason;
    bool second_person;
    const char *second_right;                /* NULL: any of `rights` */
    const char *const *refuse; size_t n_refuse;     /* names: of this register's refusals, or DUTY.NAME of an engine */
    const struct refusal *const *refusals; size_t n_refusals;   /* those that are data */
    const struct open_check *unless_open; size_t n_unless_open;
    enum by_kind by;
    const struct field_def *by_field;
    const struct field_def *const *tells; size_t n_tells;       /* persons' link fields */
};
struct clock_def {
    const char *name;
    struct words words;
    const struct rule *rule;                 /* NULL with `to` */
    const struct field_def *to;
    const struct field_def *from_field;      /* or */
    int from_state;                          /* index; -1: from_field or created */
    bool from_created;
    uint64_t stops_at;                       /* states */
    const char *calendar;                    /* NULL: none (then the rule asks for no working days) */
    const struct span *warn; size_t n_warn;
    const struct field_def *met_by;          /* the clock stops once this is filled */
    const struct condition *when;            /* it runs only where this holds; NULL: always */
};
enum label_kind { LABEL_OWN, LABEL_OF_FILE, LABEL_OF_FIELD, LABEL_FIXED };
enum file_kind { FILE_NONE, FILE_OWN, FILE_OF_FIELD, FILE_CHOOSE, FILE_SELF };

struct column { const char *name; const struct field_def *field; };     /* field NULL: number state due updated label file */
struct page_group { struct words words; const struct field_def *const *fields; size_t n_fields; };
struct sort_def { const struct field_def *filter; const char *filter_name; const struct field_def *by; const char *by_name; };
struct register_def {
    const char *name;
    const char *duty;
    struct words words, one, help;
    const char *prefix;                      /* "INC" */
    bool number_year;
    unsigned index;
    const struct field_def *fields; size_t n_fields;
    const struct field_def *title;           /* NULL: its number names it */
    const struct field_def *const *titles; size_t n_titles;     /* all that name it, in their order; the first is `title` */
    enum label_kind label;
    const struct field_def *label_field;     /* LABEL_OF_FIELD */
    const struct val *fixed_label;           /* {policy, class, categories} by names; resolved by the office */
    enum file_kind file;
    const struct field_def *file_field;
    const char *const *file_open_to; size_t n_file_open_to; const char *file_kind_term;
    const struct field_def *party; uint64_t party_until; bool party_in_spite;
    const char *const *seen_by; size_t n_seen_by;
    bool sealed;
    const char *const *create_rights; size_t n_create_rights;   /* none: only the office */
    bool create_second_person;
    const char *const *edit_rights; size_t n_edit_rights; uint64_t edit_in;
    const char *const *regrade_rights; size_t n_regrade_rights; const struct field_def *regrade_consent;
    const struct field_def *subject, *author, *owner;
    const struct field_def *const *members; size_t n_members;   /* persons in these link fields are members of the file */
    bool personal_data;
    const struct rule *retention; int retention_from;           /* state index */
    enum { READS_POLICY, READS_ALWAYS, READS_NEVER } journal_reads;
    const struct state_def *states; size_t n_states; int first_state;
    const struct step_def *steps; size_t n_steps;
    const struct refusal *refusals; size_t n_refusals;
    const struct clock_def *clocks; size_t n_clocks;
    const struct column *columns; size_t n_columns;
    const struct sort_def *sorts; size_t n_sorts;
    const struct field_def *calendar_by; bool board;
    const struct page_group *groups; size_t n_groups;           /* of the record's page; none: all fields in their order */
    const char *where;
};
struct right_def { const char *name; struct words words; const char *duty; };
struct duty_def {
    const char *name; struct words words, help;
    const struct register_def *const *registers; size_t n_registers;
};
/* kind: "due-clocks", "waiting-for-me", "changed", "selection" (of a register) or DUTY.PART of an engine */
struct desk_part { const char *kind; const struct register_def *register_; const char *const *states; size_t n_states; struct words words; };
struct post_def {
    const char *name; struct words words;
    const struct post_def *superior;
    bool contractor;
    const char *const *rights; size_t n_rights;
    const char *const *const *apart; size_t n_apart;            /* each a NULL-terminated list of rights */
    const struct desk_part *desk; size_t n_desk;
    const struct duty_def *const *duties; size_t n_duties;
};

struct pack {
    struct arena *arena;
    char hash[65];                           /* hex */
    const struct val *source;                /* {path: the file's tree as JSON text, members in their order}: the canonical form
                                                that is hashed and journalled. Text, since canonical JSON sorts members and the
                                                order of fields, states and terms is part of what a pack says. */
    const struct definition *definitions; size_t n_definitions; /* for the difference: see pack-diff.c */
    const struct vocabulary *vocabularies; size_t n_vocabularies;
    const struct rule *rules; size_t n_rules;
    const struct right_def *rights; size_t n_rights;
    const struct duty_def *duties; size_t n_duties;
    const struct register_def *registers; size_t n_registers;
    const struct post_def *posts; size_t n_posts;
    const struct calendar *calendars; size_t n_calendars;       /* duties/core/calendars.yaml */
};

struct pack_file { const char *path; const char *text; size_t len; };
/* Reads and checks. All faults are listed, each with file and line; on any fault the pack is not made. */
enum status pack_load(const struct pack_file *files, size_t n, struct reasons *, struct pack **ret) MUST_CHECK;
/* From the canonical form that the journal holds. */
enum status pack_from_source(const struct val *source, struct reasons *, struct pack **ret) MUST_CHECK;
/* The embedded one (duties and posts in the program), with the files of `folder` over it where not NULL. */
enum status pack_load_embedded(const char *folder, struct reasons *, struct pack **ret) MUST_CHECK;
/* The files of a folder alone (duties/ and posts/ in it). */
enum status pack_load_folder(const char *folder, struct reasons *, struct pack **ret) MUST_CHECK;
void pack_free(struct pack *);                                      /* takes NULL */
/* The difference between two packs in words: one reason a changed register, field, step, right, rule value, post. */
void pack_difference(const struct pack *from, const struct pack *to, struct reasons *);

const struct register_def *pack_register(const struct pack *, const char *name);
const struct register_def *pack_register_by_prefix(const struct pack *, const char *prefix, size_t len);
const struct field_def *register_field(const struct register_def *, const char *name);
const struct step_def *register_step(const struct register_def *, const char *name);
int register_state(const struct register_def *, const char *name);                 /* -1 */
const struct post_def *pack_post(const struct pack *, const char *name);
bool post_has_right(const struct post_def *, const char *right);
const struct rule *pack_rule(const struct pack *, const char *name);
const struct vocabulary *pack_vocabulary(const struct pack *, const char *name);
const struct right_def *pack_right(const struct pack *, const char *name);
const struct calendar *pack_calendar(const struct pack *, const char *name);
/* Every pair of a state and a step of every register, in the pack's order: for the test that each illegal step is refused. Start with
 * a zeroed struct; false at the end. `legal`: the step leads from that state. */
struct pack_pair { const struct register_def *register_; int state; const struct step_def *step; bool legal; size_t at[3]; };
bool pack_next_pair(const struct pack *, struct pack_pair *);
/* The span of a rule for a rank word ("SECRET"); ABSENT where the rule has none for it. */
enum status rule_span(const struct rule *, const char *rank_word, struct span *ret) MUST_CHECK;
int64_t rule_number(const struct rule *, int64_t otherwise);
/* Whether records of a register may be changed in the rule's name: by an engine's consequence, by a job. */
bool rule_touches(const struct rule *, const struct register_def *);
/* What a rule of the form [{level, value}] says for a rank word, or a plain rule's value. NULL where it says nothing. */
const struct val *rule_value(const struct rule *, const char *rank_word);
extern const char *const rank_words[];       /* "TOP SECRET", ..., "UNCLASSIFIED", highest first, NULL at the end */

#endif
