/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan serve. Order matters (law 7): signer and nursery are forked before any thread, key or socket exists; then the office is
 * opened, the process locked, and the web started. The main thread keeps the clock: checkpoints, reminders, jobs.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/jail.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/backup_served.h"
#include "cli/carry.h"
#include "cli/cli.h"
#include "cli/inspect.h"
#include "cli/logs_served.h"
#include "cli/serve.h"
#include "cli/signer_home.h"
#include "front/work.h"
#include "journal/journal.h"
#include "office/duty.h"
#include "office/office.h"
#include "office/remind.h"
#include "store/attachment.h"
#include "web/pages/pages.h"
#include "web/secret.h"
#include "web/server.h"
#include "wire/wire.h"

#define CHECKPOINT_EVERY HOUR
#define REMIND_EVERY MINUTE
#define SWEEP_EVERY DAY
#define WORK_THREADS 2
#define JOBS_MOST 32
#define TRIM_EVERY 30              /* ticks, of a second each */

struct serving {
    struct arena *arena;
    struct reasons reasons;
    struct signer *signer;
    struct nursery *nursery;
    struct office *office;
    struct web *web;
    struct works *works;
    struct web_listen listen;
    struct logs_served logs;
    unsigned log_workers;
    moment last_checkpoint, last_reminder, last_sweep, began, last_job[JOBS_MOST];
    unsigned ticks;
    bool confined;
    const char *folder, *noted;        /* noted: the folder whose processes.json is ours */
    const char *second;                /* --checkpoints: a second folder for them; NULL: none */
};

static bool take_listen(struct serving *serving, int argc, char **argv)
{
    const char *text = cli_option(argc, argv, "--listen"), *certificate = cli_option(argc, argv, "--certificate"), *key = cli_option(argc, argv, "--key"),
               *client_ca = cli_option(argc, argv, "--client-ca");
    const char *colon = text ? strrchr(text, ':') : NULL;
    size_t len;
    serving->listen = (struct web_listen){.address = "127.0.0.1", .port = 8642};
    if (text && !colon)
        return false;
    if (colon) {
        serving->listen.address = arena_strndup(serving->arena, text, (size_t)(colon - text));
        serving->listen.port = atoi(colon + 1);
    }
    if (certificate && !(serving->listen.certificate = cli_read(serving->arena, certificate, 1 << 20, &len, &serving->reasons)))
        return false;
    if (key && !(serving->listen.key = cli_read(serving->arena, key, 1 << 20, &len, &serving->reasons)))
        return false;
    if (client_ca && !(serving->listen.client_ca = cli_read(serving->arena, client_ca, 1 << 20, &len, &serving->reasons)))
        return false;
    return true;
}

static void heard(void *arg, const struct touched *touched, size_t n)
{
    struct serving *serving = arg;
    if (serving->web)
        web_changed(serving->web, touched, n);
    logs_heard(&serving->logs, touched, n);
}

static enum status start_web(struct serving *serving)
{
    struct web_config config = {.listens = &serving->listen, .n_listens = 1, .pages = pages_of_office(serving->arena, serving->office), .office = serving->office,
                                .identity = identity_of_office(serving->office), .live = {.concerns = live_concerns}};
    config.identity.totp_allowed = val_get_bool(office_config(serving->office), "totp", false);
    office_key(serving->office, "front.seal", config.seal_secret);
    return web_start(&config, &serving->reasons, &serving->web);
}

/* For doctor, which may not open the folder while it is served. */
static void note_processes(struct serving *serving, const char *folder)
{
    const bool lockable = landlock_version() > 0 && seccomp_available();
    const struct process_note processes[] = {{"office", getpid(), serving->confined},
        {"signer", signer_pid(serving->signer), signer_confined(serving->signer)},
        {"nursery", nursery_process(serving->nursery), lockable},
        {"log-keeper", serving->logs.workers ? keeper_pid(serving->logs.workers) : 0, lockable}};
    const size_t n_processes = sizeof processes / sizeof *processes - (serving->logs.workers ? 0 : 1);
    const struct listen_note listen = {serving->listen.address, web_port(serving->web, 0), serving->listen.certificate != NULL};
    struct arena *arena = arena_new(0);        /* of this alone: what a server keeps from its start it holds for months */
    struct val *facts = inspect_office(serving->office, arena);
    val_set_bool(arena, facts, "second-checkpoints", serving->second != NULL);
    if (processes_write(folder, processes, n_processes, &listen, 1, facts, moment_now()))
        serving->noted = folder;
    else
        log_warn("processes.json cannot be written; doctor will not know this server");
    arena_free(arena);
}

static moment work_clock(void *arg) { return moment_now(); }

static enum status start(struct serving *serving, const char *folder)
{
    enum status status = signer_of(folder, serving->arena, &serving->reasons, &serving->signer);
    if (status == OK)
        status = nursery_start(serve_jailers, &serving->reasons, &serving->nursery);
    if (status == OK)
        status = logs_fork(&serving->logs, serving->log_workers, &serving->reasons);
    if (status == OK)
        status = office_open(&(struct office_options){.folder = folder, .now = moment_now(), .duties = duties_all}, &serving->reasons, &serving->office);
    if (status == OK)
        status = serve_candidate(&(struct office_options){.folder = folder, .now = moment_now(), .duties = duties_all}, serving->arena, &serving->reasons, &serving->office);
    if (status != OK)
        return status;
    pages_nursery(serving->nursery);
    nursery_share(serving->nursery);
    office_on_change(serving->office, heard, serving);
    struct identity identity = identity_of_office(serving->office);
    if (!secret_start(&identity))
        return NO_MEMORY;
    pages_start();
    serving->works = works_new(&(struct works_options){.office = serving->office, .threads = WORK_THREADS, .clock = work_clock});
    if (!serving->works)
        return NO_MEMORY;
    works_of_office(serving->office, serving->works);
    status = logs_open(&serving->logs, serving->office, folder, serving->arena, &serving->reasons);
    if (status == OK)
        status = start_web(serving);
    if (status == OK) {
        serving->confined = office_lock(folder, (const char *const[]){serving->second, NULL}, serving->logs.ports.folders);
        if (!serving->confined)
            log_warn("this kernel cannot lock the office's process; doctor shows what is missing");
        note_processes(serving, folder);
    }
    return status;
}

/* ---- the clock ---- */

static bool post(void *arg, const struct remind_mail *mail)
{
    const struct mail_relay *relay = arg;
    struct arena *arena = arena_new(1 << 20);
    struct reasons why;
    reasons_init(&why, arena);
    struct mail out = {.to = mail->to, .subject = mail->subject, .text = mail->text, .message_id = mail->message_id, .date = moment_now()};
    enum status status = mail_send(relay, &out, &why);
    if (status != OK)
        log_warn("the relay did not take a reminder (%s)", status_name(status));
    arena_free(arena);
    return status == OK;
}

/* Reminders leave by the relay that the office names; without one they stay on the desks. */
static void remind(struct serving *serving, moment now)
{
    const struct val *config = val_get(office_config(serving->office), "relay");
    struct mail_relay relay = {val_get_str(config, "url"), val_get_str(config, "user"), val_get_str(config, "password"), val_get_str(config, "ca-file"),
                               val_get_str(config, "from"), val_get_bool(config, "insecure-loopback", false)};
    if (!relay.url || now - serving->last_reminder < REMIND_EVERY)
        return;
    struct arena *arena = arena_new(1 << 20);
    struct reasons reasons;
    size_t sent;
    reasons_init(&reasons, arena);
    if (office_remind(serving->office, now, post, &relay, &reasons, &sent) != OK)
        log_error("reminders could not be made");
    serving->last_reminder = now;
    arena_free(arena);
}

static void checkpoint(struct serving *serving, moment now)
{
    if (now - serving->last_checkpoint < CHECKPOINT_EVERY)
        return;
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (office_checkpoint(serving->office, serving->signer, now, &reasons) == OK) {
        serving->last_checkpoint = now;
    } else {
        log_error("no checkpoint could be made; it is tried again in a minute: %s", reasons_text(&reasons, LANG_EN));
        serving->last_checkpoint = now - CHECKPOINT_EVERY + MINUTE;
    }
    if (serving->second && checkpoints_carry(serving->folder, serving->second) != OK)
        log_error("checkpoints could not be copied to the second folder");
    arena_free(arena);
}

/* Sealed bytes that no change ever named: an upload that was broken off, or a crash between sealing and the change. A day is left for the change. */
static void sweep(struct serving *serving, moment now)
{
    size_t n = 0;
    if (serving->last_sweep && now - serving->last_sweep < SWEEP_EVERY)
        return;
    if (attachment_sweep(office_store(serving->office), now - SWEEP_EVERY, &n) != OK)
        log_error("attachments could not be swept");
    else if (n)
        log_info("attachments that no record names were removed: %zu", n);
    serving->last_sweep = now;
}

/* What the duties do by the clock: each once in its span, first five minutes after the start. */
static void jobs(struct serving *serving, moment now)
{
    for (size_t d = 0, at = 0; duties_all[d]; d++)
        for (const struct job_def *job = duties_all[d]->jobs; job && job->name && at < JOBS_MOST; job++, at++) {
            struct span span;
            if (span_read(job->every, &span) != OK || now < (serving->last_job[at] ? span_add(NULL, serving->last_job[at], span) : serving->began + 5 * MINUTE))
                continue;
            struct arena *arena = arena_new(1 << 20);
            struct reasons reasons;
            reasons_init(&reasons, arena);
            serving->last_job[at] = now;
            if (job->run(serving->office, now, &reasons) != OK)
                log_error("the job \"%s\" could not be done: %s", job->name, reasons_text(&reasons, LANG_EN));
            arena_free(arena);
        }
}

static void tick(struct serving *serving)
{
    moment now = moment_now();
    if (++serving->ticks % TRIM_EVERY == 0)
        heap_trim();
    web_keep(serving->web);
    serving->began = serving->began ? serving->began : now;
    jobs(serving, now);
    logs_tick(&serving->logs, now);
    sweep(serving, now);
    checkpoint(serving, now);
    remind(serving, now);
    if (backup_asked(serving->noted ? serving->noted : ""))
        backup_answer(office_store(serving->office), serving->noted);
}

static void stop(struct serving *serving)
{
    struct web *web = serving->web;
    if (web)
        web_stop(web);
    serving->web = NULL;
    logs_stop(&serving->logs, moment_now());    /* lays down what workers hold, while the office still takes changes */
    if (serving->works)
        works_of_office(serving->office, NULL);
    works_free(serving->works);
    if (serving->office) {
        office_on_change(serving->office, NULL, NULL);
        serving->last_checkpoint = 0;
        checkpoint(serving, moment_now());
    }
    if (serving->noted)
        processes_remove(serving->noted);
    office_close(serving->office);
    nursery_share(NULL);
    nursery_stop(serving->nursery);
    signer_stop(serving->signer);
    logs_end(&serving->logs);
}

static void announce(const struct serving *serving, const char *folder)
{
    size_t len;
    struct reasons ignored;
    reasons_init(&ignored, serving->arena);
    printf("%s\n%s://%s:%d/\n", office_name(serving->office), serving->listen.certificate ? "https" : "http", serving->listen.address, web_port(serving->web, 0));
    char *text = val_get_bool(office_config(serving->office), "demonstration", false)
        ? cli_read(serving->arena, arena_printf(serving->arena, "%s/demonstration.txt", folder), 1 << 20, &len, &ignored) : NULL;
    if (text)
        printf("\nDemonstration office. Names, passwords and TOTP secrets:\n%s", text);
    fflush(stdout);
}

int cli_serve(int argc, char **argv)
{
    static const char *const valued[] = {"--listen", "--certificate", "--key", "--client-ca", "--checkpoints", "--log-workers", NULL};
    struct serving serving = {.arena = arena_new((size_t)64 << 20)};
    const char *folder = cli_argument(argc, argv, 0, valued);
    sigset_t ends;
    reasons_init(&serving.reasons, serving.arena);
    if (!folder || !take_listen(&serving, argc, argv)) {
        int ret = serving.reasons.count ? cli_fail(&serving.reasons, BAD_INPUT) : cli_usage("serve");
        arena_free(serving.arena);
        return ret;
    }
    serving.folder = folder;
    const char *log_workers = cli_option(argc, argv, "--log-workers");
    serving.log_workers = log_workers ? (unsigned)strtoul(log_workers, NULL, 10) : LOG_WORKERS;
    serving.second = cli_option(argc, argv, "--checkpoints");
    if (serving.second && access(serving.second, W_OK | X_OK) != 0) {
        reason_add(&serving.reasons, "file", serving.second, T_("The file cannot be written: %1$s."), strerror(errno));
        int ret = cli_fail(&serving.reasons, BAD_INPUT);
        arena_free(serving.arena);
        return ret;
    }
    log_set(LOG_INFO_, "office");
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    umask(077);
    heap_bound();
    enum status status = start(&serving, folder);
    int ret = 0;
    if (status != OK) {
        ret = cli_fail(&serving.reasons, status);
    } else {
        announce(&serving, folder);
        heap_trim();
        struct timespec second = {.tv_sec = 1};
        while (sigtimedwait(&ends, NULL, &second) < 0)
            tick(&serving);
    }
    stop(&serving);
    arena_free(serving.arena);
    return ret;
}
