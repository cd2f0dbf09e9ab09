/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a page shows: its marks, and the entry of the read. Every handler that puts records before a reader, a duty's page too, names
 * each with shown_record() and ends with shown_end(), which gives the page its classification bands and journals the read.
 */
#ifndef FRONT_SHOWN_H
#define FRONT_SHOWN_H

#include "front/front.h"
#include "office/office.h"

struct shown {
    const struct request *request;
    const struct label **labels; size_t n, cap;
    const struct record_view **records; size_t n_records, cap_records;
};
void shown_begin(struct shown *, const struct request *);
void shown_record(struct shown *, const struct record_view *);
/* Journals the read and puts the page's marks into data: bands [{text, class}], one per policy. REFUSED when the read cannot be journalled. */
enum status shown_end(struct shown *, struct val *data, const char *kind);
const char *mark_of(const struct request *, const struct label *, enum marking_place);

#endif
