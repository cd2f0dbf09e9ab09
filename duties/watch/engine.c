/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The watch's face to the office: its pages. What its registers refuse stands in their YAML; detection itself is a library beside this
 * (event/, sigma/, evtx/, logs/), which needs no office.
 */
#include "base/words.h"
#include "front/front.h"
#include "office/duty.h"
#include "month.h"
#include "watch/alerts/engine.h"

static const struct page pages[] = {
    {METHOD_GET, "/monitoring-report", "coordinate-monitoring", "monitoring-report", month_page, .slow = true, .menu = T_("Monthly report")},
    {0},
};
static void follow(struct duty *duty, const struct change_view *view, struct consequences *more)
{
    (void)duty;
    alerts_follow(view, more);
}
const struct duty duty_watch = {.name = "watch", .pages = pages, .consequences = follow};
