/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Followed files: growth, rotation by rename and by copy, truncation, restarts in every state, and as a property that
 * over random writing, rotating, settling and restarting nothing that was settled comes twice and nothing is lost.
 */
#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct collect c;
static char folder[64], path[96], state[96];
static struct port port = { .name = "log", .kind = PORT_FILE, .max_message = 40 };

static struct wire *open_wire(void)
{
    struct reasons reasons;
    struct wire *wire = NULL;
    reasons_init(&reasons, arena);
    if (wire_open(&port, 1, state, collect_taker(&c), &reasons, &wire) != OK)
        printf("# not opened: %s\n", reasons_text(&reasons, LANG_EN));
    return wire;
}

static void append_to(const char *name, const char *text)
{
    char full[160];
    snprintf(full, sizeof full, "%s/%s", folder, name);
    int fd = open(full, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(fd, text, strlen(text)) < 0)
        printf("# writing failed\n");
    close(fd);
}

static void rename_in(const char *from, const char *to)
{
    char a[160], b[160];
    snprintf(a, sizeof a, "%s/%s", folder, from);
    snprintf(b, sizeof b, "%s/%s", folder, to);
    if (rename(a, b))
        printf("# renaming failed\n");
    nap(30);                                 /* births are told apart only by the kernel's clock tick */
}

static void start_anew(const char *name)
{
    snprintf(folder, sizeof folder, "/tmp/castellan-follow-XXXXXX");
    if (!mkdtemp(folder))
        printf("# no folder\n");
    snprintf(state, sizeof state, "%s/state", folder);
    mkdir(state, 0700);
    snprintf(path, sizeof path, "%s/log", folder);
    port.address = path;
    collect_clear(&c);
    printf("# %s\n", name);
}

static void clean(void)
{
    static const char *const names[] = { "log", "log.1", "log.2", "log.3", "log.4", "log.5", "log.6", "log.7", "log.8", "log.9",
                                         "log.bak", "state/log.offset", "state/log.offset.new", "state" };
    char full[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(full, sizeof full, "%s/%s", folder, names[i]);
        remove(full);
    }
    if (rmdir(folder))
        printf("# %s is not empty\n", folder);
}

static void growth(void)
{
    start_anew("growth, long lines, restart");
    struct wire *wire = open_wire();
    nap(50);
    append_to("log", "one\ntw");
    is_int(collect_wait(&c, 1), 1, "a file that came later");
    append_to("log", "o\r\n\nthree\n0123456789012345678901234567890123456789 too long\nfour\n");
    is_int(collect_wait(&c, 5), 5, "all lines");
    is(collect_all(&c), "one|two|three|0123456789012345678901234567890123456789|four", "each whole, the long one cut");
    ok(c.list[3].cut && c.list[3].len == 40, "and said so");
    collect_settle(&c, wire, 0, 2);
    collect_settle(&c, wire, 3, 4);
    wire_close(wire);
    collect_clear(&c);
    wire = open_wire();
    is_int(collect_wait(&c, 3), 3, "a restart begins at the first unsettled line");
    is(collect_all(&c), "three|0123456789012345678901234567890123456789|four", "also when a later one was settled");
    collect_settle(&c, wire, 0, 3);
    append_to("log", "five");
    nap(100);
    wire_close(wire);
    collect_clear(&c);
    append_to("log", "!\n");
    wire = open_wire();
    collect_wait(&c, 1);
    is(collect_all(&c), "five!", "a line torn by the restart comes whole");
    wire_close(wire);
    clean();
}

static void rotation(void)
{
    start_anew("rotation by rename");
    append_to("log", "a1 the first file\na2\n");
    struct wire *wire = open_wire();
    collect_wait(&c, 2);
    rename_in("log", "log.1");
    append_to("log.1", "a3 late\n");
    is_int(collect_wait(&c, 3), 3, "the renamed file is still read");
    append_to("log", "b1 the second file\n");
    is_int(collect_wait(&c, 4), 4, "so is the new one");
    append_to("log.1", "a4 very late\nno end");
    is_int(collect_wait(&c, 5), 5, "both at once");
    collect_settle(&c, wire, 0, 5);
    c.clock += 61 * SECOND;
    is_int(collect_wait(&c, 6), 6, "after a quiet minute the last line needs no end");
    is(collect_all(&c), "a1 the first file|a2|a3 late|b1 the second file|a4 very late|no end", "everything once");
    collect_settle(&c, wire, 5, 6);
    wire_close(wire);
    collect_clear(&c);
    rename_in("log.1", "log.2");
    rename_in("log", "log.1");
    append_to("log.1", "b2\n");
    append_to("log", "c1 the third file\n");
    rename_in("log.2", "log.3");
    rename_in("log.1", "log.2");
    rename_in("log", "log.1");
    append_to("log", "d1 the fourth file\n");
    append_to("log.bak", "b1 the second file\nb2\n");
    wire = open_wire();
    collect_wait(&c, 3);
    nap(100);
    is(collect_all(&c), "b2|c1 the third file|d1 the fourth file", "two rotations while away: all found, nothing twice");
    struct wire_counts counts;
    ok(wire_counts(wire, "log", &counts) && counts.gaps == 0, "no gap");
    collect_settle(&c, wire, 0, 3);
    wire_close(wire);
    collect_clear(&c);
    char full[160];
    snprintf(full, sizeof full, "%s/log", folder);
    remove(full);
    append_to("log", "e1 another file\n");
    wire = open_wire();
    collect_wait(&c, 1);
    nap(50);
    ok(!strcmp(collect_all(&c), "e1 another file"), "the followed file was removed: the new one is read");
    ok(wire_counts(wire, "log", &counts) && counts.gaps > 0, "and the gap is counted");
    wire_close(wire);
    clean();
}

static void truncation(void)
{
    start_anew("copy and truncate");
    append_to("log", "a1 with a head of its own\na2\n");
    struct wire *wire = open_wire();
    collect_wait(&c, 2);
    append_to("log.1", "a1 with a head of its own\na2\na3 only in the copy\n");
    if (truncate(path, 0))
        printf("# truncating failed\n");
    append_to("log", "b1 after the cut\n");
    is_int(collect_wait(&c, 4), 4, "truncated: the copy's rest and the new lines");
    ok(strstr(collect_all(&c), "a3 only in the copy") && strstr(collect_all(&c), "b1 after the cut"), "both");
    collect_settle(&c, wire, 0, 4);
    append_to("log", "b2\n");
    collect_wait(&c, 5);
    wire_close(wire);                        /* b2 is not settled */
    collect_clear(&c);
    append_to("log.2", "b1 after the cut\nb2\nb3 in a copy\n");
    if (truncate(path, 0))
        printf("# truncating failed\n");
    append_to("log", "c1 longer than all that stood here before it was cut\n");
    wire = open_wire();
    collect_wait(&c, 3);
    nap(50);
    is_int(c.n, 3, "truncated while away, and grown beyond");
    ok(strstr(collect_all(&c), "b2|b3 in a copy") && strstr(collect_all(&c), "c1 longer"), "the copy is found by its head");
    wire_close(wire);
    clean();
}

static void damaged(void)
{
    start_anew("damaged state");
    append_to("log", "one line\n");
    struct wire *wire = open_wire();
    collect_wait(&c, 1);
    collect_settle(&c, wire, 0, 1);
    wire_close(wire);
    char full[160];
    snprintf(full, sizeof full, "%s/log.offset", state);
    int fd = open(full, O_RDWR);
    if (pwrite(fd, "9", 1, 0) != 1)
        printf("# writing failed\n");
    close(fd);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    wire = NULL;
    is_int(wire_open(&port, 1, state, collect_taker(&c), &reasons, &wire), DAMAGED, "a changed state file is refused");
    ok(reasons.count == 1 && !strcmp(reasons.first->rule, "port.offset"), "in words");
    remove(full);
    collect_clear(&c);
    wire = open_wire();
    is_int(collect_wait(&c, 1), 1, "without it the file is read from its start");
    remove(full);
    rmdir(state);
    uint64_t token = c.list[0].token;
    is_int(wire_settle(wire, &token, 1), FAILED_IO, "an offset that cannot be saved is told");
    mkdir(state, 0700);
    wire_close(wire);
    clean();
}

/* ---- the life of a log in random steps; its lines are numbered ---- */

enum { most_lines = 512 };
static struct { bool seen[most_lines], settled[most_lines]; unsigned written, rotations, kept; } life;

/* Looks over what came in this run: `kept` lines were settled without a gap before it and may not be among them. */
static void look_over(size_t *twice, size_t *disorder)
{
    int before = -1;
    pthread_mutex_lock(&c.lock);
    for (size_t i = 0; i < c.n; i++) {
        int number = atoi(c.list[i].text + 5);
        *disorder += number <= before;
        *twice += (unsigned)number < life.kept;
        before = number;
        life.seen[number] = true;
    }
    pthread_mutex_unlock(&c.lock);
}

static void settle_some(struct wire *wire, size_t from)
{
    size_t n = collect_wait(&c, 0);
    for (size_t i = from < n ? from : n; i < n; i++)
        life.settled[atoi(c.list[i].text + 5)] = true;
    collect_settle(&c, wire, from < n ? from : n, n);
}

/* At a restart: what is settled without a gap is kept; what was settled beyond a gap comes again, unsettled. */
static void keep_count(void)
{
    while (life.kept < life.written && life.settled[life.kept])
        life.kept++;
    memset(life.settled + life.kept, 0, sizeof life.settled - life.kept);
}

static struct wire *live_on(struct wire *wire, size_t *twice, size_t *disorder)
{
    unsigned what = (unsigned)tap_below(10);
    if (what < 5) {
        char text[64];
        for (size_t i = 1 + tap_below(5); i; i--) {
            snprintf(text, sizeof text, "line %u\n", life.written++);
            append_to("log", text);
        }
    } else if (what < 7 && life.rotations < 7 && !access(path, F_OK)) {
        for (unsigned i = life.rotations++; i; i--) {
            char from[16], to[16];
            snprintf(from, sizeof from, "log.%u", i);
            snprintf(to, sizeof to, "log.%u", i + 1);
            rename_in(from, to);
        }
        rename_in("log", "log.1");
    } else if (what < 9) {
        size_t n = collect_wait(&c, 0);
        settle_some(wire, tap_below(3) ? 0 : tap_below(n + 1));
    } else {
        wire_close(wire);
        look_over(twice, disorder);
        collect_clear(&c);
        keep_count();
        wire = open_wire();
    }
    return wire;
}

static unsigned unseen(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < life.written; i++)
        n += !life.seen[i];
    return n;
}

/* Whether the last line has come in this run, or need not. */
static bool all_came(void)
{
    bool came = life.kept == life.written;
    pthread_mutex_lock(&c.lock);
    came |= c.n && (unsigned)atoi(c.list[c.n - 1].text + 5) + 1 == life.written;
    pthread_mutex_unlock(&c.lock);
    return came;
}

static void lifetimes(void)
{
    size_t lost = 0, twice = 0, disorder = 0, cases = tap_cases(1000);
    for (size_t k = 0; k < cases; k++) {
        start_anew("a life");
        memset(&life, 0, sizeof life);
        struct wire *wire = open_wire();
        for (int step = 0; step < 30; step++)
            wire = live_on(wire, &twice, &disorder);
        for (int tries = 0; tries < 300 && !all_came(); tries++)
            nap(10);
        look_over(&twice, &disorder);
        lost += unseen();
        if (unseen())
            for (unsigned i = 0; i < life.written; i++)
                if (!life.seen[i])
                    printf("# never came: line %u of %u, %u rotations, life %zu\n", i, life.written, life.rotations, k);
        settle_some(wire, 0);
        wire_close(wire);
        collect_clear(&c);
        wire = open_wire();
        nap(60);
        twice += c.n;                        /* all was settled: nothing may come */
        wire_close(wire);
        clean();
    }
    is_int(lost, 0, "nothing is lost");
    is_int(twice, 0, "nothing that was settled comes twice");
    is_int(disorder, 0, "lines come in order");
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    collect_init(&c);
    growth();
    rotation();
    truncation();
    damaged();
    lifetimes();
    collect_free(&c);
    arena_free(arena);
    return tap_done();
}
