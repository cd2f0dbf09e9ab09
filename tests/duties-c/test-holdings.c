/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small test duty end to end: its ports (datagrams, lines over TCP, a followed file) bring lines; a jailed worker looks at each over
 * the ring and gives back finished blocks and hits; blocks go into a segment under a record; door two gives the segment to whoever
 * holds the four keys, and to nobody else. Opening and closing are changes; what a crash leaves open is closed at the next start.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/jail.h"
#include "base/text.h"
#include "fixture.h"
#include "office/duty.h"
#include "office/segments.h"
#include "tap.h"
#include "wire/wire.h"

#define LINES 3000
#define BLOCK 8192
#define RULE "logs.segment"

static struct fixture f;

/* ---- the test duty: ports alone; what it keeps is in tests/duties-c/pack ---- */

static char log_path[96];
static struct port ports[] = {
    {.name = "udp", .kind = PORT_UDP, .address = "127.0.0.1:0"},
    {.name = "tcp", .kind = PORT_TCP, .address = "127.0.0.1:0"},
    {.name = "file", .kind = PORT_FILE, .address = log_path},
    {0},
};
static const struct duty logs = {.name = "logs", .ports = ports};
static const struct duty *engines[32];

/* ---- the worker: in its jail it sees lines and nothing else ---- */

static struct ring *to_worker, *from_worker;
static pid_t worker;

/* "B" count block: lines, each with LF; "H" line: a hit. */
static _Noreturn void work(void)
{
    static char line[65536], block[1 + 4 + BLOCK], hit[65536 + 1];
    uint32_t count = 0;
    size_t used = 0;
    if (!jail_lock())
        _exit(9);
    for (long n; (n = ring_take(to_worker, line, sizeof line, -1)) > 0;) {
        if ((size_t)n + 1 > BLOCK)
            continue;
        if (used + (size_t)n + 1 > BLOCK) {
            block[0] = 'B';
            memcpy(block + 1, &count, 4);
            if (!ring_put(from_worker, block, 5 + used, -1))
                _exit(8);
            used = count = 0;
        }
        memcpy(block + 5 + used, line, (size_t)n);
        block[5 + used + (size_t)n] = '\n';
        used += (size_t)n + 1;
        count++;
        if (memmem(line, (size_t)n, "denied", 6)) {
            hit[0] = 'H';
            memcpy(hit + 1, line, (size_t)n);
            if (!ring_put(from_worker, hit, 1 + (size_t)n, -1))
                _exit(8);
        }
    }
    block[0] = 'B';
    memcpy(block + 1, &count, 4);
    if (count && !ring_put(from_worker, block, 5 + used, -1))
        _exit(8);
    ring_end(from_worker);
    _exit(0);
}

static void start_worker(void)
{
    to_worker = ring_new(1 << 18);
    from_worker = ring_new(1 << 20);
    fflush(stdout);
    worker = fork();
    if (worker == 0)
        work();
}

/* ---- wire -> ring ---- */

static atomic_uint taken, file_taken;
static uint64_t tokens[LINES + 1];
static void took(void *arg, const struct port *port, uint64_t token, const struct port_message *message)
{
    (void)arg;
    if (!ring_put(to_worker, message->bytes, message->len, 5000))
        return;
    if (port->kind == PORT_FILE) {
        unsigned at = atomic_load(&file_taken);
        tokens[at < LINES ? at : LINES] = token;
        atomic_fetch_add(&file_taken, 1);
    }
    atomic_fetch_add(&taken, 1);
}
static moment port_clock(void *arg) { (void)arg; return T0; }

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL); }
static bool arrived(unsigned n)
{
    for (int i = 0; i < 2000 && atomic_load(&taken) < n; i++)
        nap();
    return atomic_load(&taken) == n;
}

static int reach(struct wire *wire, const char *port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static void say_lines(struct wire *wire)
{
    char text[128];
    int udp = reach(wire, "udp", SOCK_DGRAM), tcp = reach(wire, "tcp", SOCK_STREAM);
    ok(udp >= 0 && tcp >= 0, "both listeners are reached");
    for (int i = 0; i < 5; i++) {
        int n = snprintf(text, sizeof text, "udp %d door opened", i);
        (void)!send(udp, text, (size_t)n, 0);
    }
    for (int i = 0; i < LINES - 10; i++) {
        int n = snprintf(text, sizeof text, "tcp %d %s\n", i, i % 100 == 7 ? "access denied" : "door opened");
        for (int at = 0; at < n;) {
            ssize_t sent = send(tcp, text + at, (size_t)(n - at), MSG_NOSIGNAL);
            at += sent > 0 ? (int)sent : n;
        }
    }
    FILE *file = fopen(log_path, "ae");
    for (int i = 0; file && i < 5; i++)
        fprintf(file, "file %d access denied\n", i);
    if (file)
        fclose(file);
    ok(arrived(LINES), "every line of three ports is handed out (%u of %u)", atomic_load(&taken), LINES);
    close(udp);
    close(tcp);
}

/* ---- ring -> segment ---- */

static struct holding *held;
static const char *label_held;

static struct holding *hold(const char *source)
{
    struct reasons reasons;
    struct holding *holding = NULL;
    reasons_init(&reasons, f.arena);
    struct op create = {.register_ = "log-segment", .label = label_held, .fields = val_object(f.arena)};
    if (office_hold(f.office, RULE, source, &create, f.now, f.arena, &reasons, &holding) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return holding;
}

static void drain(unsigned *hits, unsigned *blocks)
{
    static char message[1 << 17];
    uint32_t count;
    for (long n; (n = ring_take(from_worker, message, sizeof message, 20000)) > 0;) {
        if (message[0] == 'H') {
            ++*hits;
            continue;
        }
        memcpy(&count, message + 1, 4);
        if (n < 5 || segment_append(holding_writer(held), message + 5, (size_t)n - 5, count, f.now + *blocks, f.now + *blocks + 1) != OK)
            break;
        ++*blocks;
    }
}

/* ---- door two ---- */

struct seen { size_t bytes; unsigned items; bool other; struct hash hash; struct buf text; };
static bool see(void *arg, const void *block, size_t len, uint32_t items)
{
    struct seen *seen = arg;
    seen->bytes += len;
    seen->items += items;
    buf_add(&seen->text, block, len);
    return true;
}
static enum status read_as(const char *login, const char *number, const char *asking, struct seen *seen)
{
    struct reasons reasons;
    const struct reader *reader = fixture_reader(&f, login);
    reasons_init(&reasons, f.arena);
    *seen = (struct seen){0};
    buf_init(&seen->text, 16 << 20);
    enum status status = office_segment(f.office, reader, number, asking, see, seen, f.arena, &reasons);
    reader_free(reader);
    is_int((long)(status == ABSENT ? reasons.count + seen->bytes : 0), 0, "an absent segment says nothing");
    return status;
}
static unsigned lines_with(struct seen *seen, const char *part)
{
    unsigned n = 0;
    buf_add(&seen->text, "", 1);
    for (const char *at = seen->text.data; at && (at = strstr(at, part)); at++)
        n++;
    return n;
}

static void doors(const char *number)
{
    struct seen seen;
    const char *low = NULL, *high = NULL;
    const char *report = "{\"summary\":\"Denied at the door\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\"}";
    ok(read_as("hso", number, NULL, &seen) == OK, "who holds the four keys reads the segment");
    is_int(seen.items, LINES, "with every line");
    is_int(lines_with(&seen, "tcp "), LINES - 10, "as it came");
    buf_free(&seen.text);
    ok(read_as("staff", number, NULL, &seen) == ABSENT, "who is not cleared for its label does not");
    buf_free(&seen.text);
    ok(read_as("admin", number, NULL, &seen) == ABSENT, "nor the system administrator");
    buf_free(&seen.text);
    ok(read_as("hso", "LOG-2027-0000000000", NULL, &seen) == ABSENT, "nor anybody one that there is not");
    buf_free(&seen.text);
    ok(fixture_create(&f, "hso", "incident", fixture_label(&f, "NATO", "CONFIDENTIAL"), report, &low) == OK, "a case below the segment's label");
    ok(fixture_create(&f, "hso", "incident", fixture_label(&f, "NATO", "SECRET"), report, &high) == OK, "and one at it");
    ok(read_as("hso", number, low, &seen) == ABSENT, "for a record below it a segment is absent, though its reader reads it");
    buf_free(&seen.text);
    ok(read_as("hso", number, high, &seen) == OK && seen.items == LINES, "for a record at its label it is there");
    buf_free(&seen.text);
    ok(read_as("hso", high, NULL, &seen) == ABSENT, "a record that is no segment has none");
    buf_free(&seen.text);
    struct segment_facts facts;
    const struct reader *hso = fixture_reader(&f, "hso"), *staff = fixture_reader(&f, "staff");
    ok(office_segment_facts(f.office, hso, number, high, f.arena, &facts) == OK && facts.closed && facts.items == LINES, "what lies in it is known before it is read");
    ok(office_segment_facts(f.office, hso, number, low, f.arena, &facts) == ABSENT && office_segment_facts(f.office, staff, number, NULL, f.arena, &facts) == ABSENT, "where it would be read");
    reader_free(hso);
    reader_free(staff);
}

static void changes(const char *number)
{
    struct record_view record;
    struct version_view *versions;
    size_t n = 0;
    const struct reader *reader = fixture_reader(&f, "hso");
    ok(office_get(f.office, reader, "log-segment", number, f.arena, &record) == OK && strcmp(record.state->name, "closed") == 0, "the record is closed");
    const char *chain = val_get_str(record.fields, "chain");
    ok(chain && strlen(chain) == 2 * HASH_BYTES, "and holds the hash of the chain");
    is_int((long)val_get_int(record.fields, "items", 0), LINES, "and how much lies in it");
    ok(office_history(f.office, reader, number, f.arena, &versions, &n) == OK && n == 2, "opening and closing are its two changes");
    ok(n == 2 && !versions[1].person, "made by the office");
    reader_free(reader);
    ok(fixture_step(&f, "hso", number, "close", "{}") != OK, "nobody takes its step");
}

static void refusals(void)
{
    struct reasons reasons;
    struct holding *none = NULL;
    struct outcome outcome;
    reasons_init(&reasons, f.arena);
    struct op create = {.kind = OP_CREATE, .register_ = "log-segment", .label = label_held, .fields = val_object(f.arena)};
    ok(office_hold(f.office, "logs.other", "x", &create, f.now, f.arena, &reasons, &none) == BAD_INPUT, "a rule that does not name the register holds nothing");
    create.register_ = "action";
    ok(office_hold(f.office, RULE, "x", &create, f.now, f.arena, &reasons, &none) == BAD_INPUT && !none, "nor does a register that the rule does not name");
    struct op op = {.kind = OP_CREATE, .register_ = "organisation", .fields = val_object(f.arena)};
    ok(office_act(f.office, RULE, "test", &op, 1, f.now, f.arena, &outcome) == DAMAGED, "what acts in a rule's name touches only its registers");
    ok(strstr(reasons_text(&outcome.reasons, LANG_EN), "does not name the register organisation") != NULL, "in words");
}

static void crash(void)
{
    struct reasons reasons;
    struct seen seen;
    size_t n = 0;
    reasons_init(&reasons, f.arena);
    struct holding *left = hold("left open");
    ok(left != NULL, "another segment is opened");
    const char *number = arena_strdup(f.arena, holding_number(left));
    ok(segment_append(holding_writer(left), "one\ntwo\n", 8, 2, f.now, f.now) == OK && segment_sync(holding_writer(left)) == OK, "written to");
    office_hold_abandon(left);
    fixture_reopen(&f);
    ok(office_hold_recover(f.office, RULE, f.now, f.arena, &reasons, &n) == OK && n == 1, "and closed at the next start");
    ok(read_as("hso", number, NULL, &seen) == OK && seen.items == 2, "at its last whole block");
    buf_free(&seen.text);
    ok(office_hold_recover(f.office, RULE, f.now, f.arena, &reasons, &n) == OK && n == 0, "once");
}

int main(void)
{
    char pack[512], state[96];
    unsigned hits = 0, blocks = 0;
    int status = 0;
    struct reasons reasons;
    struct wire *wire = NULL;
    start_worker();
    snprintf(pack, sizeof pack, "%s/tests/duties-c/pack", getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".");
    size_t n = 0;
    for (; duties_all[n] && n < 30; n++)
        engines[n] = duties_all[n];
    engines[n] = &logs;
    fixture_pack = pack;
    fixture_engines = engines;
    fixture_new(&f);
    reasons_init(&reasons, f.arena);
    label_held = fixture_label(&f, "NATO", "SECRET");
    snprintf(log_path, sizeof log_path, "%s/door.log", f.folder);
    snprintf(state, sizeof state, "%s/wire", f.folder);
    (void)!mkdir(state, 0700);
    ok((held = hold("three ports")) != NULL, "a segment is opened under a record");
    if (!held)
        return tap_done();
    const char *number = arena_strdup(f.arena, holding_number(held));
    ok(wire_open(logs.ports, 3, state, (struct wire_taker){took, NULL, port_clock}, &reasons, &wire) == OK, "the duty's ports are opened");
    say_lines(wire);
    ring_end(to_worker);
    drain(&hits, &blocks);
    waitpid(worker, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the worker ended in its jail (%d)", status);
    is_int(hits, (LINES - 10 - 7 + 99) / 100 + 5, "only hits, counts and blocks left it");
    ok(blocks > 5, "in %u blocks", blocks);
    ok(segment_sync(holding_writer(held)) == OK, "the blocks are durable");
    ok(wire_settle(wire, tokens, atomic_load(&file_taken)) == OK && atomic_load(&file_taken) == 5, "then the followed file's lines are settled");
    wire_close(wire);
    ok(office_hold_end(held, f.now + MINUTE, f.arena, &reasons) == OK, "the segment is closed");
    changes(number);
    doors(number);
    refusals();
    crash();
    ring_free(to_worker);
    ring_free(from_worker);
    fixture_free(&f);
    return tap_done();
}
