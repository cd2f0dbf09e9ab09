/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages of triage: the live board of alerts with its timeline and the risk of each host and account, and the one form that takes, settles and
 * hands over. Everything is counted over what the reader may read.
 */
#ifndef WATCH_BOARD_H
#define WATCH_BOARD_H

#include "front/front.h"
#include "front/shown.h"

enum status board_page(const struct request *, struct answer *);         /* GET /alert-board */
enum status triage_form(const struct request *, struct answer *);        /* GET /alert/{number}/triage?do=take|settle|hand-over */
enum status triage_post(const struct request *, struct answer *);        /* POST, the same */

/* ---- between the files ---- */

#define BOARD_LEVELS 5
#define BOARD_BINS 28
#define BOARD_DAYS 14

/* Of the vocabulary alert-level, gravest first; BOARD_LEVELS when the record has none of them. */
size_t level_of(const struct record_view *);
/* Alerts first seen in the last fourteen days, by level and half day, as a drawing and as a table; *ret_cut: there are more than one page holds. */
enum status board_timeline(const struct request *, struct shown *, struct val *data);
/* Adds an open alert's risk to its host or account, and at last the gravest as rows. */
struct risks;
struct risks *risks_new(const struct request *);
void risks_add(struct risks *, const struct record_view *);
struct val *risks_rows(struct risks *, size_t most);
/* [{text, next}] in the reader's language. */
struct val *said(const struct request *, const struct reasons *);

#endif
