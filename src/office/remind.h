/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reminders: what is due on somebody's desk, on paper and by mail. They go to a person who may read the record, or to nobody. To
 * whom: the record's owner; where there is none, those who may take a next step. What is late also goes to the nearest deputy or superior
 * who may read it, else to the owner of its file. A mail says only that something is due on the desk, and when; a number stands in it
 * only where the label of the mail channel (setting "mail-label") dominates the record's.
 */
#ifndef OFFICE_REMIND_H
#define OFFICE_REMIND_H

#include "office/office.h"

enum remind_stage { REMIND_SOON, REMIND_LATE };
struct reminder { struct record_view record; const struct clock_def *clock; moment due; enum remind_stage stage; };
/* What is due on a reader's desk, through door two, earliest first, at most `most`: the printable list of a person in a post. */
enum status office_reminders(struct office *, const struct reader *, moment now, size_t most, struct arena *, struct reminder **ret,
                             size_t *ret_n) MUST_CHECK;

/* One mail a person, for all that has become due for them since the last run. */
struct remind_mail { record_id person; const char *to, *subject, *text, *message_id; };
/* `send` takes a mail or says false: then the same is tried again at the next run. Each (record, clock, stage) is told once to each person;
 * what was told lies in the side table "remind". Called by the clock, in the office's process. */
enum status office_remind(struct office *, moment now, bool (*send)(void *, const struct remind_mail *), void *arg, struct reasons *,
                          size_t *ret_sent) MUST_CHECK;

#endif
