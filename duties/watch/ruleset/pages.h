/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages over rule sets: the examination of one delivery with its differences, all rules in force, one rule's text, coverage by technique. Everything
 * comes through door two: a set that the reader may not read is in no list, count or cell.
 */
#ifndef WATCH_RULESET_PAGES_H
#define WATCH_RULESET_PAGES_H

#include "front/front.h"
#include "front/shown.h"
#include "watch/bundle/census.h"

enum status rules_examination_page(const struct request *, struct answer *);      /* GET /rule-set/{number}/examination */
enum status rules_examination_post(const struct request *, struct answer *);      /* POST the same: examine */
enum status rules_browser_page(const struct request *, struct answer *);          /* GET /detection-rules */
enum status rules_text_page(const struct request *, struct answer *);             /* GET /detection-rules/{number}/{id} */
enum status rules_coverage_page(const struct request *, struct answer *);         /* GET /detection-coverage[?format=xlsx] */

/* What a reader may see of the rules in force (catalogue.c). */
struct catalogue_rule {
    const struct census_rule *rule;
    const struct record_view *set;
    const char *unbound;                   /* placeholders for which the reader knows no list; "" none */
    bool fed;                              /* an active source that the reader may read carries such events */
    size_t alerts;                         /* of the last 30 days */
};
struct catalogue { struct catalogue_rule *rules; size_t n; const struct record_view *const *sets; size_t n_sets; bool cut; };
#define CATALOGUE_DAYS 30
/* By title, then id, then set. Each set is shown (front/shown.h). */
enum status catalogue_read(struct shown *, struct catalogue *ret) MUST_CHECK;
const char *catalogue_source(const struct census_rule *, struct arena *);         /* "windows / process_creation" */
const char *catalogue_level(enum sigma_level, enum lang);

#endif
