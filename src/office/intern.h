/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Labels and guards, interned. Slots are added by the writer alone and never move, so a reader may look at any slot below the
 * count it has seen. A slot is published when its change is durable; a refused change takes its slots back.
 */
#ifndef OFFICE_INTERN_H
#define OFFICE_INTERN_H

#include "label/label.h"
#include "office/pack.h"
#include "store/store.h"

struct label_slot {
    label_id id;
    const char *text;                  /* canonical */
    const struct label *label;
    const struct policy *policy;       /* NULL: unknown to this office; nobody reads it */
    int rank;                          /* of the class; -1 unknown */
    int certificate, briefing, read_journal;      /* thresholds of the policy; INT_MAX: never asked */
};

/* What decisions need of a label that is not interned: no id, no text. The label stays the caller's. */
struct label_slot label_slot_of(const struct policies *, const struct label *);

struct intern;
struct intern *intern_new(const struct policies *);
void intern_free(struct intern *);

label_id intern_labels(const struct intern *);                   /* how many are published */
guard_id intern_guards(const struct intern *);
const struct label_slot *intern_label(const struct intern *, label_id);
const struct stored_guard *intern_guard(const struct intern *, guard_id);

/* Loading: what the store already holds, in order of id. */
bool intern_load_label(struct intern *, label_id, const char *text);
bool intern_load_guard(struct intern *, const struct stored_guard *);

/* Writer: finds or adds (staged until intern_publish). `ret_new` says that a journal entry is due. */
label_id intern_find_label(struct intern *, const char *text, bool *ret_new);
guard_id intern_find_guard(struct intern *, int32_t register_, label_id, record_id file, record_id party, bool *ret_new);
struct intern_mark { label_id labels; guard_id guards; };
struct intern_mark intern_mark(const struct intern *);
void intern_rewind(struct intern *, struct intern_mark);         /* forgets staged slots behind a mark */
void intern_publish(struct intern *);

#endif
