/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing acknowledged is lost. A child process writes to a real office from several threads and tells through a pipe what the office
 * has acknowledged; it is killed with SIGKILL at a random instant. Opened again, everything acknowledged is there with its links and
 * its state, nothing is there by half, and the whole office verifies. 8 kills; 200 with CASTELLAN_SOAK.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "fixture.h"
#include "office/verify.h"
#include "tap.h"

#define THREADS 6
#define MOST 20000

/* What was acknowledged: a record, the text it was made with, the version it was brought to. Shorter than PIPE_BUF, so it arrives whole. */
struct acknowledged { char number[NUMBER_TEXT], text[40], state[24]; int64_t version; bool incident; };

static struct fixture f;
static struct acknowledged kept[MOST];
static size_t n_kept;

/* ---- the child: writes until it is killed ---- */

struct writing { struct fixture own; int out, number; uint64_t dice; const char *owner, *label; };

static enum status change(struct writing *w, const char *login, struct op op, const char *fields, const char **ret_number)
{
    static _Atomic unsigned counter;
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct val *value;
    struct outcome outcome;
    const struct reader *reader = NULL;
    bool active;
    struct seat *seats;
    char key[40];
    reasons_init(&reasons, arena);
    record_id account = office_account(f.office, login, &active);
    if (office_seats(f.office, account, T0, arena, &seats) == 0 || reader_open(f.office, account, seats[0].appointment, T0, &reasons, &reader) != OK ||
        json_read(arena, fields, strlen(fields), (struct json_limits){0}, &reasons, &value) != OK)
        _exit(3);
    snprintf(key, sizeof key, "kill-%d-%u-%llx", (int)getpid(), counter++, (unsigned long long)w->dice);
    op.fields = value;
    struct change change = {.writer = reader, .key = key, .now = T0, .ops = &op, .n_ops = 1};
    enum status status = office_apply(f.office, &change, arena, &outcome);
    if (status == OK && ret_number)
        snprintf((char *)*ret_number, NUMBER_TEXT, "%s", outcome.numbers[0]);
    if (status != OK)
        fprintf(stderr, "# %s: %s\n", status_name(status), reasons_text(&outcome.reasons, LANG_EN));
    reader_free(reader);
    arena_free(arena);
    return status;
}

static void tell(const struct writing *w, const struct acknowledged *done)
{
    if (write(w->out, done, sizeof *done) != (ssize_t)sizeof *done)
        _exit(4);
}

static void *write_on(void *arg)
{
    struct writing *w = arg;
    for (unsigned i = 0;; i++) {
        struct acknowledged done = {.version = 1, .state = "set", .incident = (i + (unsigned)w->number) % 4 == 3};
        char fields[400];
        const char *number = done.number;
        snprintf(done.text, sizeof done.text, "thing %d of thread %d in %d", i, w->number, (int)getpid());
        if (done.incident) {
            snprintf(done.state, sizeof done.state, "reported");
            snprintf(fields, sizeof fields, "{\"summary\":\"%s\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"So it was.\"}", done.text);
            if (change(w, "staff", (struct op){.kind = OP_CREATE, .register_ = "incident", .label = w->label}, fields, &number) != OK)
                _exit(5);
            tell(w, &done);
            continue;
        }
        snprintf(fields, sizeof fields, "{\"what\":\"%s\",\"arises-from\":\"%s\",\"owner\":\"%s\",\"due-date\":\"2027-05-01\"}", done.text, "inspection", w->owner);
        if (change(w, "ssl", (struct op){.kind = OP_CREATE, .register_ = "action", .label = w->label}, fields, &number) != OK)
            _exit(6);
        tell(w, &done);
        if (i % 2 == 0)
            continue;
        if (change(w, "ict", (struct op){.kind = OP_STEP, .number = number, .step = "accept"}, "{}", NULL) != OK)
            _exit(7);
        done.version = 2;
        snprintf(done.state, sizeof done.state, "under-way");
        tell(w, &done);
    }
    return NULL;
}

static void child(int out, uint64_t seed)
{
    pthread_t threads[THREADS];
    static struct writing writing[THREADS];
    fixture_reopen(&f);
    const char *owner = fixture_person(&f, "ict"), *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    for (int i = 0; i < THREADS; i++) {
        writing[i] = (struct writing){.out = out, .number = i, .dice = seed, .owner = owner, .label = label};
        if (pthread_create(&threads[i], NULL, write_on, &writing[i]) != 0)
            _exit(8);
    }
    for (;;)
        pause();
}

/* ---- the parent ---- */

static void hear(int in, int milliseconds, pid_t pid)
{
    struct timespec start, now;
    bool killed = false, first = true;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        struct acknowledged done;
        struct pollfd poll_in = {.fd = in, .events = POLLIN};
        clock_gettime(CLOCK_MONOTONIC, &now);
        long passed = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        if (!killed && !first && passed >= milliseconds) {
            kill(pid, SIGKILL);
            killed = true;
        }
        if (poll(&poll_in, 1, killed ? 20000 : 1) <= 0) {
            if (killed || passed > 60000)
                return;
            continue;
        }
        ssize_t n = read(in, &done, sizeof done);
        if (n != (ssize_t)sizeof done)
            return;
        if (first)
            clock_gettime(CLOCK_MONOTONIC, &start);      /* the instant counts from the first acknowledgement */
        first = false;
        if (n_kept < MOST)
            kept[n_kept++] = done;
    }
}

static bool there(const struct acknowledged *done, const struct reader *hso, const struct reader *ssl, const char *owner, struct arena *arena)
{
    struct record_view record;
    const struct field_def *def;
    enum status status = office_get(f.office, done->incident ? hso : ssl, done->incident ? "incident" : "action", done->number, arena, &record);
    if (status != OK || record.version < done->version || !str_eq(val_get_str(record.fields, done->incident ? "summary" : "what"), done->text))
        return false;
    if (record.version == done->version && !str_eq(record.state->name, done->state))
        return false;
    if (done->incident)
        return true;
    def = register_field(record.def, "owner");
    for (size_t i = 0; i < record.n_links; i++)
        if (record.links[i].field == def && str_eq(record.links[i].number, owner))
            return true;
    return false;
}

/* Everything from `from` on that was acknowledged; and what lists and search give is the same set, so that indexes came back, too. */
static void check(size_t from, const char *title)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct office_verdict verdict;
    const struct reader *hso = fixture_reader(&f, "hso"), *ssl = fixture_reader(&f, "ssl");
    const char *owner = fixture_person(&f, "ict");
    size_t lost = 0, unlisted = 0;
    for (size_t i = from; i < n_kept; i++)
        if (!there(&kept[i], hso, ssl, owner, arena)) {
            if (lost++ == 0)
                printf("# lost: %s \"%s\" version %lld\n", kept[i].number, kept[i].text, (long long)kept[i].version);
        }
    for (size_t i = from; i < n_kept; i += 1 + (n_kept - from) / 16) {
        struct query query = {.register_ = kept[i].incident ? "incident" : "action", .text = kept[i].text, .limit = 1000};
        struct page_of page;
        bool found = false;
        reasons_init(&reasons, arena);
        if (office_find(f.office, kept[i].incident ? hso : ssl, &query, arena, &reasons, &page) == OK)
            for (size_t k = 0; k < page.n_rows; k++)
                found |= str_eq(page.rows[k].number, kept[i].number);
        unlisted += !found;
    }
    ok(lost == 0, "%s: all of %zu acknowledged changes are there, with links and states", title, n_kept - from);
    ok(unlisted == 0, "%s: search finds them", title);
    reasons_init(&reasons, arena);
    if (!ok(office_verify(f.office, f.folder, false, NULL, NULL, arena, &reasons, &verdict) == OK, "%s: the office verifies", title))
        printf("# %.2000s\n", reasons_text(&reasons, LANG_EN));
    reader_free(hso);
    reader_free(ssl);
    arena_free(arena);
}

static void close_office(void)
{
    office_close(f.office);
    f.office = NULL;
}

int main(void)
{
    size_t rounds = tap_soak(200, 8), most = 0;
    tap_seed();
    fixture_new(&f);
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct office_verdict verdict;
    reasons_init(&reasons, arena);
    if (!ok(office_verify(f.office, f.folder, false, NULL, NULL, arena, &reasons, &verdict) == OK, "a new office verifies"))
        printf("# %.2000s\n", reasons_text(&reasons, LANG_EN));
    arena_free(arena);
    close_office();
    for (size_t round = 0; round < rounds; round++) {
        int ends[2], wstatus = 0;
        char title[40];
        size_t from = n_kept;
        if (n_kept > MOST - 4000)
            from = n_kept = 0;
        int after = (int)tap_below(round % 2 ? 1200 : 200);
        if (pipe(ends) != 0)
            return 1;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            child(ends[1], tap_state);
        }
        close(ends[1]);
        hear(ends[0], after, pid);
        kill(pid, SIGKILL);
        waitpid(pid, &wstatus, 0);
        close(ends[0]);
        snprintf(title, sizeof title, "kill %zu after %d ms", round + 1, after);
        ok(WIFSIGNALED(wstatus) && WTERMSIG(wstatus) == SIGKILL, "%s: it was killed in the midst", title);
        if (!WIFSIGNALED(wstatus))
            printf("# ended with %d\n", WEXITSTATUS(wstatus));
        fixture_reopen(&f);
        check(round % 4 == 3 ? 0 : from, title);
        most = n_kept - from > most ? n_kept - from : most;
        close_office();
    }
    ok(most > 20, "the load was real: up to %zu acknowledged changes before a kill", most);
    fixture_free(&f);
    return tap_done();
}
