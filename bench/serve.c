/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An office served as `castellan serve` serves it (nursery, locked process, same pages), with sessions already open for
 * the 1,000 staff and the writers, so that a load generator need not sign in, and one page more: /bench, of about 1 KB,
 * through session, dispatcher, decorator and template. Prints "port N" and writes into FOLDER.load:
 * sessions (cookie and CSRF token a line; the writers' last), records (addresses), label (the writers' choice).
 * At SIGUSR1 it prints the changes a batch since the last time ("rows N"); at SIGTERM it stops and prints how long that
 * took.
 *
 *     bench-serve FOLDER [RECORDS]
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/jail.h"
#include "base/log.h"
#include "cli/serve.h"
#include "figure.h"
#include "front/template.h"
#include "office.h"
#include "web/pages/pages.h"
#include "web/secret.h"
#include "web/web.h"

extern const struct template_table bench_templates;

static enum status get_bench(const struct request *request, struct answer *answer)
{
    struct val *data = val_object(request->arena);
    val_set_str(request->arena, data, "title", "A page of one kilobyte");
    answer_page(request, answer, "bench-page", data);
    return OK;
}
static const struct page bench_pages[] = {{METHOD_GET, "/bench", "", "bench", get_bench}, {0}};

static struct web *web;
static unsigned long changes, batches;
static void heard(void *arg, const struct touched *touched, size_t n)
{
    for (size_t i = 0; i < n; i++)
        changes += !touched[i].with;               /* a record; the others tell the ends of its links */
    batches++;
    if (web)
        web_changed(web, touched, n);
}

static FILE *file_in(const char *folder, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s.load", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s.load/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        bench_die(path, NULL);
    return file;
}

static void open_session(struct bench_office *bench, FILE *to, const char *login)
{
    struct seat *seats;
    bool active;
    char token[SESSION_TOKEN];
    struct session session, like = {.stage = STAGE_OPEN, .account = office_account(bench->office, login, &active), .lang = LANG_EN,
                                    .bond = {.family = AF_INET, .agent = sha256("", 0)}};
    if (!office_seats(bench->office, like.account, bench->now, bench->arena, &seats))
        bench_die(login, NULL);
    like.appointment = seats[0].appointment;
    if (!session_begin(web_sessions(web), &like, moment_now(), token, &session))
        bench_die("no session", NULL);
    fprintf(to, "castellan=%s %s\n", token, session.csrf);
}

static void write_load(struct bench_office *bench, const char *folder)
{
    FILE *file = file_in(folder, "sessions");
    for (unsigned i = 0; i < BENCH_STAFF; i++)
        open_session(bench, file, bench_login(bench, "staff", i));
    for (unsigned i = 0; i < BENCH_WRITERS; i++)
        open_session(bench, file, bench_login(bench, "writer", i));
    fclose(file);
    file = file_in(folder, "records");
    for (size_t i = 0; i < bench->n_numbers; i++)
        fprintf(file, "/instruction/%s\n", bench->numbers[i]);
    fclose(file);
    const struct policy *nato = policies_find(office_policies(bench->office), "NATO");
    const struct val *classes = val_get(policy_describe(nato, LANG_EN, bench->now, bench->arena), "classes");
    file = file_in(folder, "label");
    for (size_t i = 0; i < val_count(classes); i++)
        if (strcmp(val_get_str(val_at(classes, i), "name"), "CONFIDENTIAL") == 0)
            fprintf(file, "%s|%s\n%s\n", policy_oid(nato), val_get_str(val_at(classes, i), "lacv"), bench->owner);
    fclose(file);
}

static void lock(const char *folder)
{
    static const char *const read_paths[] = {"/usr/share/zoneinfo", "/usr/lib", "/lib", "/etc/localtime", "/etc/ssl", "/dev/urandom", NULL};
    const char *const write_paths[] = {folder, NULL};
    if (!confine_process(&(struct confine){.read_paths = read_paths, .write_paths = write_paths, .network = true}))
        fprintf(stderr, "  this kernel cannot lock the process\n");
}

int main(int argc, char **argv)
{
    const struct page *tables[64] = {bench_pages};
    struct web_listen listen = {.address = "127.0.0.1"};
    struct arena *arena = arena_new(0);
    struct bench_office bench;
    struct reasons reasons;
    struct nursery *nursery;
    sigset_t ends;
    int signal_number;
    if (argc < 2)
        return 2;
    log_set(LOG_WARN_, "bench");
    reasons_init(&reasons, arena);
    signal(SIGPIPE, SIG_IGN);
    heap_bound();
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (nursery_start(serve_jailers, &reasons, &nursery) != OK)
        bench_die("nursery", &reasons);
    for (size_t i = 0; page_tables[i] && i < 60; i++)
        tables[i + 1] = page_tables[i];
    bench_found(&bench, argv[1]);
    bench_fill(&bench, argc > 2 ? strtoull(argv[2], NULL, 10) : 4000, false);
    office_on_change(bench.office, heard, NULL);
    struct identity identity = identity_of_office(bench.office);
    if (!secret_start(&identity))
        bench_die("secrets", NULL);
    pages_start();
    struct web_config config = {.listens = &listen, .n_listens = 1, .pages = tables, .office = bench.office, .identity = identity, .live = {.concerns = live_concerns}};
    office_key(bench.office, "front.seal", config.seal_secret);
    if (web_start(&config, &reasons, &web) != OK)
        bench_die("web", &reasons);
    templates_use(&bench_templates);
    write_load(&bench, argv[1]);
    lock(argv[1]);
    printf("port %d\n", web_port(web, 0));
    fflush(stdout);
    /* USR1: how many changes a batch held since the last time. */
    unsigned long seen_changes = 0, seen_batches = 0;
    while (sigwait(&ends, &signal_number) == 0 && signal_number == SIGUSR1) {
        unsigned long c = changes, b = batches;
        printf("rows %lu\n", b > seen_batches ? (c - seen_changes + (b - seen_batches) / 2) / (b - seen_batches) : 1);
        fflush(stdout);
        seen_changes = c;
        seen_batches = b;
    }
    struct web *stopping = web;
    double start = seconds_now();
    web_stop(stopping);
    double took = seconds_now() - start;
    office_on_change(bench.office, NULL, NULL);
    printf("stopped %.3f\n", took);
    web = NULL;
    office_close(bench.office);
    nursery_stop(nursery);
    return 0;
}
