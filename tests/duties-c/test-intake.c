/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Logs end to end: from datagrams, lines over TCP, a followed file and a batch into segments, read back bit by bit through door two; nothing of
 * what is not approved; two labels never share a worker; a worker that dies or lies; the office killed anywhere: what was acknowledged is there,
 * once, and correlations go on.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "blocks.h"
#include "fixture.h"
#include "office/intake.h"
#include "office/segments.h"
#include "tap.h"
#include "watch/live/live.h"

#define RULES "title: Denied\nname: denied\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\nlogsource: {product: door}\ndetection:\n  s: {result: denied}\n  condition: s\n"
#define MANY "---\ntitle: Many denied\nid: 22222222-2222-4222-8222-222222222222\ncorrelation:\n  type: event_count\n  rules: [denied]\n  timespan: 10000d\n  condition: {gte: 1000000}\n  generate: true\n"

static struct fixture f;
static struct keeper *workers;
static struct intake *intake;
static struct wire *wire;
static _Atomic moment clock_now = T0;
static char log_path[96], state_path[96];

/* ---- a stream of the watch's registers with rules of our own; what is detected is gathered here ---- */

static atomic_uint hits, lanes_begun, strange;
static struct { pthread_mutex_t lock; char seen[200][120]; unsigned n; } detected = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum status configure(struct office *office, void *state, const struct lane_view *lane, uint32_t generation, moment now, struct arena *arena, struct reasons *reasons, struct buf *out)
{
    const struct sigma_text text = {"rules.yml", RULES MANY, strlen(RULES MANY)};
    live_configuration_write(out, &(struct live_configuration){.generation = generation, .texts = &text, .n_texts = 1, .block_age = 300});
    return OK;
}
static void *begin(struct office *office, const struct lane_view *lane, struct arena *arena)
{
    atomic_fetch_add(&lanes_begun, 1);
    return arena_strdup(arena, lane->label);
}
static enum status said(void *state, uint32_t kind, const char *bytes, size_t len, const char *(*number_of)(void *, uint32_t), void *arg, moment now, struct arena *arena)
{
    struct live_hit hit;
    struct live_verdict verdict;
    if (kind == LIVE_VERDICT)
        return live_verdict_read(bytes, len, arena, &verdict);
    if (live_hit_read(bytes, len, arena, &hit) != OK || !number_of(arg, hit.slot)) {
        atomic_fetch_add(&strange, 1);
        return DAMAGED;
    }
    pthread_mutex_lock(&detected.lock);
    if (detected.n < 200)
        snprintf(detected.seen[detected.n++], sizeof *detected.seen, "%s %s", number_of(arg, hit.slot), (const char *)state);
    pthread_mutex_unlock(&detected.lock);
    atomic_fetch_add(&hits, 1);
    return OK;
}
static const char *const configured_by[] = {"rule-set", NULL};
static int work(struct ring *in, struct ring *out);
static const struct stream_def stream = {.sources = "log-source", .segments = "event-segment", .hold_rule = "event-segment.hold", .size_rule = "event-segment.size", .span_rule = "event-segment.span",
    .deliver_right = "coordinate-monitoring", .work = work, .configured_by = configured_by, .configure = configure, .begin = begin, .said = said};

/* The worker of the watch, but for what a taken-over one would do at a certain word. */
static atomic_int *bad_mood;                  /* shared: 1: dies at the word; 2: lies */
static int work(struct ring *in, struct ring *out)
{
    if (atomic_load(bad_mood) == 0)
        return live_work(in, out);
    static char message[(4 << 20) + 65536];
    for (long n; (n = ring_take(in, message, sizeof message, -1)) > 0;) {
        uint32_t kind;
        memcpy(&kind, message, 4);
        if (kind != LANE_MESSAGE)
            continue;
        if (atomic_load(bad_mood) == 1 && memmem(message, (size_t)n, "poison", 6) && !(((struct lane_message *)message)->flags & LANE_RAW))
            __builtin_trap();
        if (atomic_load(bad_mood) == 1 && ((struct lane_message *)message)->flags & LANE_RAW) {
            atomic_store(bad_mood, 0);        /* once the message is set aside all is well */
            return 0;
        }
        if (atomic_load(bad_mood) == 2) {
            struct { struct lane_block head; char text[8]; } lie = {{.kind = LANE_BLOCK, .slot = 7, .items = 1, .cover = {.through = 1}}, "lie"};
            ring_put(out, &lie, sizeof lie, -1);
        }
    }
    ring_end(out);
    return 0;
}

/* ---- the office and its ports ---- */

static struct port ports[] = {
    {.name = "udp", .kind = PORT_UDP, .address = "127.0.0.1:0"},
    {.name = "tcp", .kind = PORT_TCP, .address = "127.0.0.1:0"},
    {.name = "file", .kind = PORT_FILE, .address = log_path},
};
static moment now(void *arg) { return atomic_load(&clock_now); }
static void took(void *arg, const struct port *port, uint64_t token, const struct port_message *message) { intake_took(intake, port, token, message); }
static enum status settle(void *arg, const uint64_t *tokens, size_t n) { return wire ? wire_settle(wire, tokens, n) : FAILED_IO; }
static void heard(void *arg, const struct touched *touched, size_t n) { intake_heard(intake, touched, n); }

static void open_intake(void)
{
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    const struct intake_options options = {.office = f.office, .stream = &stream, .folder = f.folder, .workers = workers, .settle = settle, .now = now};
    if (intake_start(&options, atomic_load(&clock_now), &reasons, &intake) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    office_on_change(f.office, heard, NULL);
}
static void open_wire(void)
{
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    ok(wire_open(ports, 3, state_path, (struct wire_taker){took, NULL, now}, &reasons, &wire) == OK, "the ports are opened");
}
static void crash(void)
{
    office_on_change(f.office, NULL, NULL);
    wire_close(wire);
    wire = NULL;
    intake_abandon(intake);
    fixture_reopen(&f);
    open_intake();
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL); }
static void pass(moment later)
{
    atomic_fetch_add(&clock_now, later);
    f.now = atomic_load(&clock_now);
    intake_tick(intake, f.now);
}

static const char *source(const char *label, const char *name, const char *format, const char *port, const char *sender, bool approve)
{
    static char fields[900];
    const char *number = NULL, *system = NULL;
    fixture_create(&f, "ict", "system", label, "{\"name\":\"Gates\"}", &system);
    snprintf(fields, sizeof fields, "{\"name\":\"%s\",\"system\":\"%s\",\"format\":\"%s\",\"port\":\"%s\",\"sender\":\"%s\",\"keeper\":\"%s\",\"personal-data\":\"not-involved\",\"purpose\":\"Alarms.\",\"keep-for\":\"12mo\"}",
             name, system ? system : "", format, port, sender, fixture_person(&f, "ict"));
    if (fixture_create(&f, "ism", "log-source", label, fields, &number) != OK)
        printf("# %s\n", fixture_words());
    if (approve && fixture_step(&f, "ssl", number, "approve", "{\"approved-on\":\"2027-03-01\"}") != OK)
        printf("# %s\n", fixture_words());
    pass(0);
    return number ? arena_strdup(f.arena, number) : "";
}

/* ---- what lies in the segments of a source ---- */

struct rows { struct buf text; unsigned items; };
static bool see(void *arg, const void *block, size_t len, uint32_t items)
{
    struct rows *rows = arg;
    rows->items += items;
    if (block_text(block, len, &rows->text) != items)
        printf("# a block does not hold what is said of it\n");
    return true;
}

static struct rows read_source(const char *login, const char *number)
{
    struct rows rows = {0};
    struct reasons reasons;
    struct page_of page = {0};
    const struct reader *reader = fixture_reader(&f, login);
    struct query query = {.register_ = "event-segment", .limit = 1000, .links_field = "log-source", .links_to = number_id(number)};
    reasons_init(&reasons, f.arena);
    buf_init(&rows.text, 64 << 20);
    if (office_find(f.office, reader, &query, f.arena, &reasons, &page) != OK)
        page.n_rows = 0;                     /* who sees no segments at all */
    for (size_t i = page.n_rows; i-- > 0;)
        if (office_segment(f.office, reader, page.rows[i].number, NULL, see, &rows, f.arena, &reasons) != OK)
            printf("# segment %s cannot be read\n", page.rows[i].number);
    reader_free(reader);
    buf_add(&rows.text, "", 1);
    return rows;
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (const char *at = text; at && (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Time goes on until so many items lie in the segments of a source. */
static unsigned settled(const char *login, const char *number, unsigned items)
{
    unsigned got = 0;
    for (int i = 0; i < 400 && got < items; i++) {
        pass(100);
        nap();
        if (i % 10 == 9) {
            struct rows rows = read_source(login, number);
            got = rows.items;
            buf_free(&rows.text);
        }
    }
    return got;
}

static int reach(const char *port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/* ---- tests ---- */

static const char *low, *high, *s_udp, *s_tcp, *s_file, *s_batch, *s_off;

static void from_ports(void)
{
    int udp = reach("udp", SOCK_DGRAM), tcp = reach("tcp", SOCK_STREAM);
    char text[200];
    for (int i = 0; i < 20; i++) {
        int n = snprintf(text, sizeof text, "{\"n\": %d,  \"result\": \"%s\"}", i, i % 5 == 0 ? "denied" : "granted");
        (void)!send(udp, text, (size_t)n, 0);
        nap();
    }
    for (int i = 0; i < 2000; i++) {
        int n = snprintf(text, sizeof text, "<34>1 2027-03-01T08:00:%02dZ gate1 door %d - - opened %d\n", i % 60, i, i);
        (void)!send(tcp, text, (size_t)n, MSG_NOSIGNAL);
    }
    FILE *file = fopen(log_path, "ae");
    for (int i = 0; file && i < 300; i++)
        fprintf(file, "a line of the file, number %d\n", i);
    if (file)
        fclose(file);
    ok(settled("ism", s_tcp, 2000) == 2000, "every line over TCP lies in a segment");
    ok(settled("ism", s_udp, 20) == 20, "every datagram");
    ok(settled("ism", s_file, 300) == 300, "every line of the file");
    struct rows rows = read_source("ism", s_udp);
    ok(strstr(rows.text.data, "{\"n\": 7,  \"result\": \"granted\"}\n") != NULL, "bit by bit as it came");
    buf_free(&rows.text);
    rows = read_source("ism", s_file);
    ok(strncmp(rows.text.data, "a line of the file, number 0\na line of the file, number 1\n", 58) == 0 && count(rows.text.data, "number ") == 300, "in its order");
    buf_free(&rows.text);
    is_int((long)atomic_load(&hits), 4, "what rules say is heard");
    close(udp);
    close(tcp);
}

static void unapproved(void)
{
    struct intake_unclaimed *list;
    struct reasons reasons;
    const struct reader *reader = fixture_reader(&f, "ism");
    struct intake_text text = {"{\"a\": 1}", 8};
    size_t taken = 0;
    reasons_init(&reasons, f.arena);
    struct port other = {.name = "other", .kind = PORT_UDP};
    intake_took(intake, &other, 0, &(struct port_message){.bytes = "secret", .len = 6, .sender = "10.9.9.9", .peer = "10.9.9.9:5", .received = f.now});
    size_t n = intake_unclaimed(intake, f.arena, &list);
    ok(n >= 1 && strcmp(list[0].sender, "10.9.9.9") == 0 && list[0].messages == 1, "what nobody has approved is counted by sender, and not kept");
    ok(intake_deliver(intake, reader, s_off, &text, 1, f.now, f.arena, &reasons, &taken) == REFUSED && taken == 0 && reasons.count == 1, "a batch for it is refused in words");
    ok(intake_deliver(intake, reader, "SRC-0000000000", &text, 1, f.now, f.arena, &reasons, &taken) == ABSENT, "one for a source that there is not is not");
    reader_free(reader);
    reader = fixture_reader(&f, "staff");
    ok(intake_deliver(intake, reader, s_batch, &text, 1, f.now, f.arena, &reasons, &taken) == ABSENT, "and who may not deliver learns nothing");
    reader_free(reader);
}

static void batch(const char *number, int from, int n)
{
    struct reasons reasons;
    const struct reader *reader = fixture_reader(&f, "ism");
    size_t taken = 0;
    reasons_init(&reasons, f.arena);
    for (int i = 0; i < n; i++) {
        char text[300];
        int len = snprintf(text, sizeof text, "{\"event\": %d, \"result\": \"granted\"}\n{\"second\": %d}\n", from + i, from + i);
        if (intake_deliver(intake, reader, number, &(struct intake_text){text, (size_t)len}, 1, f.now, f.arena, &reasons, &taken) != OK || taken != 1)
            printf("# not delivered: %s\n", reasons_text(&reasons, LANG_EN));
    }
    reader_free(reader);
}

/* The office is killed at many moments of taking; then all that was acknowledged is there, once. */
static void killed(void)
{
    int delivered = 0;
    batch(s_batch, delivered, 5);
    delivered += 5;
    for (unsigned round = 0; round < 8; round++) {
        int more = 1 + (int)tap_below(30);
        batch(s_batch, delivered, more);
        delivered += more;
        for (uint64_t i = tap_below(12); i; i--) {
            pass((moment)tap_below(200));
            nanosleep(&(struct timespec){.tv_nsec = (long)tap_below(20000000)}, NULL);
        }
        if (tap_below(3) == 0) {
            for (unsigned w = 0; w < keeper_count(workers); w++)
                if (keeper_process(workers, w))
                    kill(keeper_process(workers, w), SIGKILL);
            pass(10);
        } else {
            crash();
        }
    }
    unsigned got = settled("ism", s_batch, 2 * (unsigned)delivered);
    is_int(got, 2 * delivered, "everything acknowledged is in the archive, nothing twice");
    struct rows rows = read_source("ism", s_batch);
    unsigned wrong = 0;
    for (int i = 0; i < delivered; i++) {
        char part[60];
        snprintf(part, sizeof part, "{\"event\": %d, ", i);
        wrong += count(rows.text.data, part) != 1;
    }
    is_int(wrong, 0, "each event once");
    buf_free(&rows.text);
}

static void separated(void)
{
    const char *s_high = source(high, "Vault", "json", "udp", "192.0.2.7", true);
    struct port udp = {.name = "udp", .kind = PORT_UDP};
    pid_t seen[4] = {0};
    unsigned n = 0;
    for (unsigned w = 0; w < keeper_count(workers); w++)
        if (keeper_process(workers, w))
            seen[n++] = keeper_process(workers, w);
    ok(n == 2 && seen[0] != seen[1], "a source under another label has a worker of its own");
    intake_took(intake, &udp, 0, &(struct port_message){.bytes = "{\"result\": \"denied\", \"vault\": 1}", .len = 32, .sender = "192.0.2.7", .peer = "192.0.2.7:9", .received = f.now});
    ok(settled("ism", s_high, 1) == 1, "and segments of its own");
    struct rows rows = read_source("ism", s_udp);
    ok(!strstr(rows.text.data, "vault"), "nothing of it lies under the lower label");
    buf_free(&rows.text);
    rows = read_source("staff", s_high);
    is_int(rows.items, 0, "who is not cleared for it reads none of it");
    buf_free(&rows.text);
    char mine[300];
    snprintf(mine, sizeof mine, "%s %s", s_high, high);
    unsigned right = 0, all = 0;
    pthread_mutex_lock(&detected.lock);
    for (unsigned i = 0; i < detected.n; i++) {
        all += str_starts(detected.seen[i], s_high);
        right += str_starts(detected.seen[i], s_high) && strncmp(detected.seen[i], mine, 100) == 0;
    }
    pthread_mutex_unlock(&detected.lock);
    ok(all == 1 && right == 1, "what is detected comes with the label of its lane");
}

static void poisoned(void)
{
    atomic_store(bad_mood, 1);
    for (unsigned w = 0; w < keeper_count(workers); w++)
        if (keeper_process(workers, w))
            kill(keeper_process(workers, w), SIGKILL);
    pass(10);
    struct rows rows = read_source("ism", s_batch);
    unsigned before = rows.items;
    buf_free(&rows.text);
    struct reasons reasons;
    size_t taken;
    const struct reader *reader = fixture_reader(&f, "ism");
    reasons_init(&reasons, f.arena);
    for (int i = 0; i < 3; i++) {
        const char *text = i == 1 ? "{\"poison\": true}" : "{\"harmless\": true}";
        ok(intake_deliver(intake, reader, s_batch, &(struct intake_text){text, strlen(text)}, 1, f.now, f.arena, &reasons, &taken) == OK, "taken");
    }
    reader_free(reader);
    unsigned got = settled("ism", s_batch, before + 3);
    is_int(got, before + 3, "a message at which two workers died is set aside, and all is kept");
    rows = read_source("ism", s_batch);
    is_int(count(rows.text.data, "{\"poison\": true}"), 1, "also the message itself, as it came");
    buf_free(&rows.text);
    atomic_store(bad_mood, 0);
}

static void lying(void)
{
    struct rows rows = read_source("ism", s_batch);
    unsigned before = rows.items;
    buf_free(&rows.text);
    atomic_store(bad_mood, 2);
    for (unsigned w = 0; w < keeper_count(workers); w++)
        if (keeper_process(workers, w))
            kill(keeper_process(workers, w), SIGKILL);
    for (int i = 0; i < 20; i++) {
        pass(10);
        nap();
    }
    batch(s_batch, 900000, 1);
    for (int i = 0; i < 30; i++) {
        pass(10);
        nap();
    }
    rows = read_source("ism", s_batch);
    ok(!strstr(rows.text.data, "lie") && rows.items == before, "a block for a source that is not the worker's is refused");
    buf_free(&rows.text);
    atomic_store(bad_mood, 0);
    pass(2 * MINUTE);                        /* after many deaths the next worker waits a while */
    ok(settled("ism", s_batch, before + 1) >= before + 1, "and an honest worker does the work in its place");
    rows = read_source("ism", s_batch);
    is_int(count(rows.text.data, "900000, "), 1, "once");
    buf_free(&rows.text);
}

int main(void)
{
    static const struct worker_work live = {.name = "live", .run = work, .in_bytes = 8 << 20, .out_bytes = 8 << 20, .memory = LIVE_MEMORY};
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    tap_seed();
    bad_mood = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ok(keeper_start(3, &live, &reasons, &workers) == OK, "workers before any thread");
    fixture_new(&f);
    low = fixture_label(&f, "NATO", "RESTRICTED");
    high = fixture_label(&f, "NATO", "SECRET");
    snprintf(log_path, sizeof log_path, "%s/door.log", f.folder);
    snprintf(state_path, sizeof state_path, "%s/wire", f.folder);
    (void)!mkdir(state_path, 0700);
    open_intake();
    ok(intake && office_intake(f.office) == intake, "the intake begins");
    s_udp = source(low, "Gates", "json", "udp", "127.0.0.1", true);
    s_tcp = source(low, "Doors", "syslog", "tcp", "", true);
    s_file = source(low, "File", "other", "file", "", true);
    s_batch = source(low, "Batch", "json", "", "", true);
    s_off = source(low, "Not yet", "json", "nowhere", "", false);
    open_wire();
    from_ports();
    unapproved();
    killed();
    separated();
    poisoned();
    lying();
    office_on_change(f.office, NULL, NULL);
    intake_close(intake);
    wire_close(wire);
    wire = NULL;
    intake_stop(intake, f.now);
    struct page_of page = {0};
    const struct reader *reader = fixture_reader(&f, "ism");
    struct query query = {.register_ = "event-segment", .limit = 1000, .filters = &(struct filter){"state", "open"}, .n_filters = 1};
    ok(office_find(f.office, reader, &query, f.arena, &reasons, &page) == OK && page.n_rows == 0, "when the office stops every segment is closed");
    reader_free(reader);
    is_int((long)atomic_load(&strange), 0, "no honest worker says what cannot be read");
    keeper_stop(workers);
    fixture_free(&f);
    arena_free(arena);
    return tap_done();
}
