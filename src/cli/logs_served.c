/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See logs_served.h.
 */
#include "cli/logs_served.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "office/duty.h"

#define RING_IN ((size_t)8 << 20)            /* holds the longest message */
#define RING_OUT ((size_t)32 << 20)          /* holds the largest block */

enum status logs_fork(struct logs_served *logs, unsigned n, struct reasons *reasons)
{
    for (size_t i = 0; duties_all[i] && !logs->stream; i++)
        logs->stream = duties_all[i]->stream;
    if (!n || !logs->stream)
        return OK;
    logs->work = (struct worker_work){.name = "log-worker", .run = logs->stream->work, .in_bytes = RING_IN, .out_bytes = RING_OUT};
    return keeper_start(n, &logs->work, reasons, &logs->workers);
}

static moment clock_now(void *arg) { return moment_now(); }
static enum status settle(void *arg, const uint64_t *tokens, size_t n)
{
    struct logs_served *logs = arg;
    struct wire *wire = __atomic_load_n(&logs->wire, __ATOMIC_ACQUIRE);
    return wire ? wire_settle(wire, tokens, n) : FAILED_IO;
}
static void took(void *arg, const struct port *port, uint64_t token, const struct port_message *message)
{
    struct logs_served *logs = arg;
    while (!__atomic_load_n(&logs->wire, __ATOMIC_ACQUIRE) && !__atomic_load_n(&logs->ended, __ATOMIC_ACQUIRE))      /* the ports are just being opened */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    intake_took(logs->intake, port, token, message);
}

enum status logs_open(struct logs_served *logs, struct office *office, const char *folder, struct arena *arena, struct reasons *reasons)
{
    const struct intake_options options = {.office = office, .stream = logs->stream, .folder = folder, .workers = logs->workers, .settle = settle, .arg = logs, .now = clock_now};
    if (!logs->workers)
        return OK;
    enum status status = ports_read(folder, arena, reasons, &logs->ports);
    if (status == OK)
        status = intake_start(&options, moment_now(), reasons, &logs->intake);
    if (status != OK || !logs->ports.n)
        return status;
    const char *state = arena_printf(arena, "%s/wire", folder);
    struct wire *wire = NULL;
    if (mkdir(state, 0700) != 0 && errno != EEXIST) {
        reason_add(reasons, "file", state, T_("The file cannot be written: %1$s."), strerror(errno));
        return FAILED_IO;
    }
    status = wire_open(logs->ports.list, logs->ports.n, state, (struct wire_taker){took, logs, clock_now}, reasons, &wire);
    if (status == OK) {
        __atomic_store_n(&logs->wire, wire, __ATOMIC_RELEASE);
        log_info("logs are taken at %zu ports by up to %u workers", logs->ports.n, keeper_count(logs->workers));
    }
    return status;
}

void logs_heard(struct logs_served *logs, const struct touched *touched, size_t n)
{
    if (logs->intake)
        intake_heard(logs->intake, touched, n);
}

void logs_tick(struct logs_served *logs, moment now)
{
    if (logs->intake)
        intake_tick(logs->intake, now);
}

void logs_stop(struct logs_served *logs, moment now)
{
    struct wire *wire = logs->wire;
    if (logs->intake)
        intake_close(logs->intake);          /* while there is still somebody to tell */
    __atomic_store_n(&logs->ended, true, __ATOMIC_RELEASE);
    wire_close(wire);
    logs->wire = NULL;
    intake_stop(logs->intake, now);
    logs->intake = NULL;
}

void logs_end(struct logs_served *logs)
{
    keeper_stop(logs->workers);
    logs->workers = NULL;
}
