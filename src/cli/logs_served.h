/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Logs in a served office: workers forked before anything else, the intake and the ports of FOLDER/ports.yaml opened with the office, stopped in
 * order: no new messages, what is in rings is drained, blocks flushed, segments closed, what was laid down settled.
 */
#ifndef CLI_LOGS_SERVED_H
#define CLI_LOGS_SERVED_H

#include "office/intake.h"
#include "wire/ports.h"

#define LOG_WORKERS 4

struct logs_served {
    const struct stream_def *stream;         /* of the duty that takes logs; NULL: no duty does */
    struct worker_work work;
    struct keeper *workers;
    struct intake *intake;
    struct wire *wire;
    bool ended;
    struct ports ports;
};
/* Before any thread. n 0: no logs are taken. */
enum status logs_fork(struct logs_served *, unsigned n, struct reasons *) MUST_CHECK;
/* Before the process is locked: reads certificates. logs->ports.folders are to be left readable. */
enum status logs_open(struct logs_served *, struct office *, const char *folder, struct arena *, struct reasons *) MUST_CHECK;
void logs_heard(struct logs_served *, const struct touched *, size_t n);
void logs_tick(struct logs_served *, moment now);
void logs_stop(struct logs_served *, moment now);          /* before the office is closed */
void logs_end(struct logs_served *);                       /* behind it: the workers' keeper */

#endif
