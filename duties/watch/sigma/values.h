/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The matcher's steps one by one, for whoever has each value once and events as rows of them (the archive): what decides about an event's
 * log source, which fields its rules read, which predicates hold for a value. Two events of which all of this is alike, and in which the
 * same fields are there, match the same rules, unless sigma_referred() says that a comparison of fields was asked.
 */
#ifndef WATCH_SIGMA_VALUES_H
#define WATCH_SIGMA_VALUES_H

#include "watch/sigma/sigma.h"

struct sigma_wants {
    bool plainly;                          /* no such way: every rule is asked of the whole event */
    bool nothing;                          /* no rule reads a value of it */
    const uint64_t *fields; uint32_t n_fields;             /* bits by field; for ids below n_fields */
    const uint32_t *keywords; uint32_t n_keywords;         /* indexes in which every value of the event is looked up */
};
/* Until the next event is asked about. */
struct sigma_wants sigma_wants(struct sigma_matcher *, const struct event *);
/* Whether values of the field say anything about the log source. */
bool sigma_decides(const struct sigma_matcher *, field_id);
/* What the value says about the log source, as bytes that are the same for all values that say the same: none where its field decides
 * nothing. Until the next call. False: too much to say, see `plainly`. */
bool sigma_says(struct sigma_matcher *, const struct event *, struct event_value *, const void **ret, size_t *ret_len);
/* The predicates that hold for a value under an index: its field's id, or one of keywords. Until the next call. */
size_t sigma_holding(struct sigma_matcher *, uint32_t index, const char *text, size_t len, const uint32_t **ret);
/* Whether all predicates of the index look for a text anywhere in the value, without regard to case, and `each` says yes to every such text
 * (folded). */
bool sigma_only_contains(const struct sigma_matcher *, uint32_t index, bool (*each)(const char *text, size_t len));
/* Whether the last sigma_match() compared fields of the event. */
bool sigma_referred(const struct sigma_matcher *);
/* Names of fields of the rules; more may have been added since. */
struct fields *sigma_fields(const struct sigma_matcher *);

#endif
