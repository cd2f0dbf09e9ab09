/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The watch's face to the office: its pages. What its registers refuse stands in their YAML; detection itself is a library beside this
 * (event/, sigma/, evtx/, logs/), which needs no office.
 */
#include "base/words.h"
#include "front/front.h"
#include "office/duty.h"
#include "deliver.h"
#include "month.h"
#include "watch/alerts/engine.h"
#include "watch/hunting/age.h"
#include "watch/hunting/hunting.h"
#include "watch/board/board.h"
#include "watch/ruleset/engine.h"
#include "watch/ruleset/pages.h"
#include "watch/ruleset/renew.h"
#include "sources.h"
#include "watch/stream.h"

static const struct page pages[] = {
    {METHOD_GET, "/monitoring-report", "coordinate-monitoring", "monitoring-report", month_page, .slow = true, .menu = T_("Monthly report")},
    {METHOD_GET, "/sources", "coordinate-monitoring", "sources", sources_page, .menu = T_("Sources as they come in")},
    {METHOD_GET, "/detection-rules", "", "detection-rules", rules_browser_page, .slow = true, .menu = T_("Detection rules")},
    {METHOD_GET, "/detection-rules/{number}/{id}", "", "detection-rule", rules_text_page, .slow = true},
    {METHOD_GET, "/detection-coverage", "", "detection-coverage", rules_coverage_page, .slow = true, .menu = T_("Detection coverage")},
    {METHOD_GET, "/rule-set/{number}/examination", "", "rule-set-examination", rules_examination_page, .slow = true, .menu = T_("Examination and differences")},
    {METHOD_POST, "/rule-set/{number}/examination", "tune-detection", "rule-set-examine", rules_examination_post},
    {METHOD_GET, "/hunt/{number}/run", "hunt", "hunt-run", hunting_page, .menu = T_("Run and results")},
    {METHOD_GET, "/events", "search-events", "events", events_page, .slow = true, .menu = T_("Event search")},
    {METHOD_GET, "/events/{number}/{index}", "search-events", "event", event_page, .slow = true},
    {METHOD_POST, "/hunt/{number}/run", "hunt", "hunt-run-do", hunting_post},
    {METHOD_POST, "/hunt/{number}/raise", "hunt", "hunt-raise", hunting_raise},
    {METHOD_POST, "/api/v1/events/{number}", "deliver-events", "deliver-events", deliver_page},
    {METHOD_GET, "/alert-board", "triage-alerts", "alert-board", board_page, .menu = T_("Alerts, live")},
    {METHOD_GET, "/alert/{number}/triage", "triage-alerts", "alert-triage-form", triage_form, .menu = T_("Triage")},
    {METHOD_POST, "/alert/{number}/triage", "triage-alerts", "alert-triage", triage_post},
    {0},
};
static void review(struct duty *duty, const struct change_view *view, const char *const *names, size_t n, struct reasons *reasons)
{
    (void)duty;
    filters_review(view, names, n, reasons);
    rules_review(view, names, n, reasons);
}
static void follow(struct duty *duty, const struct change_view *view, struct consequences *more)
{
    (void)duty;
    alerts_follow(view, more);
    rules_follow(view, more);
}
static const char *const refusals[] = {FILTER_FAULTY, RULES_REFUSALS, NULL};
static const struct job_def jobs[] = {{"event-segment.age", "1h", segments_age}, {"rule-set.renew", "1m", ruleset_renew_job}, {0}};
const struct duty duty_watch = {.name = "watch", .pages = pages, .jobs = jobs, .review = review, .refusals = refusals, .consequences = follow, .stream = &watch_stream};
