/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts of another SIEM: JSON or CEF, one a line, become what an alert record takes. Where title, level, entity, time, reference and rule
 * stand in them, the pack's rules siem.* say, as lists of names of which the first that is there counts (nested members with dots). The
 * lines are foreign: they are unpacked and read in a jail, and what comes back is believed in nothing.
 *
 *     siem_input() -> nursery_run("siem") -> siem_answer_read()
 */
#ifndef WATCH_SIEM_H
#define WATCH_SIEM_H

#include "base/buf.h"
#include "base/jail.h"
#include "base/moment.h"
#include "base/val.h"
#include "watch/sigma/sigma.h"

#define SIEM_BODY_MOST ((size_t)16 << 20)      /* as it was sent, packed or not */
#define SIEM_PLAIN_MOST ((size_t)32 << 20)     /* unpacked */
#define SIEM_ALERTS_MOST 1000u                 /* in one batch */
#define SIEM_FAULTS_MOST 20u                   /* lines whose fault is named */
#define SIEM_LINE_MOST 200u                    /* bytes of a value */
#define SIEM_EVENT_MOST ((size_t)16 << 10)     /* a longer alert is not kept as evidence */

extern const struct jailer siem_jailer;        /* "siem" */

/* `mapping`: {"title": [name, ...], "level", "entity", "time", "reference", "rule", "levels": [[word, ...] of informational ... critical],
 * "otherwise": level of an alert whose level is no known word}. */
void siem_input(struct buf *, const struct val *mapping, const char *body, size_t len);

struct siem_alert {
    const char *title, *entity, *reference, *rule;       /* "": not said; title never */
    enum sigma_level level;
    moment time;                               /* MOMENT_NONE: not said */
    const char *event; size_t event_len;       /* a JSON object; NULL: too long */
};
enum siem_why { SIEM_NO_FORM, SIEM_NO_TITLE, SIEM_TOO_LONG };
struct siem_fault { uint32_t line; enum siem_why why; };
struct siem_batch {
    struct siem_alert *alerts; size_t n;
    uint64_t refused;                          /* lines */
    struct siem_fault *faults; size_t n_faults;
};
/* What the jail said. DAMAGED: whoever said it was no honest jail. */
enum status siem_answer_read(const char *answer, size_t len, struct arena *, struct siem_batch *ret) MUST_CHECK;

#endif
