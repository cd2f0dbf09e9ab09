/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live detection over two rings: events of several sources and senders through rules and correlations, configurations exchanged between two
 * events, blocks from which every event comes back, what is seen and what waits, a state that a fresh worker goes on from, hostile messages to
 * both sides; in a thread of this process and in a jailed one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "blocks.h"
#include "tap.h"
#include "watch/live/live.h"
#include "wire/workers.h"

#define RULES "title: Denied\nname: denied\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\ntags: [attack.t1110]\nlogsource: {product: door}\ndetection:\n  s: {result: denied}\n  condition: s\n"
#define MANY "---\ntitle: Many denied\nid: 22222222-2222-4222-8222-222222222222\nlevel: critical\ncorrelation:\n  type: event_count\n  rules: [denied]\n  group-by: [user]\n  timespan: 10m\n  condition: {gte: 3}\n  generate: true\n"
#define MAP "sources: []\n"

static struct arena *arena;
struct desk { struct ring *in, *out; pthread_t thread; uint64_t seq; moment now; };

/* What came back. */
struct seen {
    unsigned hits, correlated, blocks, items, verdicts, flushed;
    struct live_hit hit;                     /* the newest */
    struct live_verdict verdict;
    struct lane_cover cover[4];              /* by slot */
    struct lane_counts counts[4];
    struct buf raw;                          /* the rows' texts, each with LF */
    struct buf state; struct lane_cover state_cover; bool state_whole;
};

static void *run(void *arg)
{
    struct desk *desk = arg;
    live_work(desk->in, desk->out);
    return NULL;
}

static void desk_open(struct desk *desk)
{
    *desk = (struct desk){.in = ring_new(1 << 20), .out = ring_new(1 << 22), .now = INT64_C(1800000000000)};
    pthread_create(&desk->thread, NULL, run, desk);
}
static void desk_close(struct desk *desk)
{
    ring_end(desk->in);
    pthread_join(desk->thread, NULL);
    ring_free(desk->in);
    ring_free(desk->out);
}

static void source(struct desk *desk, uint32_t slot, const char *format)
{
    char bytes[64];
    struct lane_source head = {LANE_SOURCE, slot};
    uint16_t len = (uint16_t)strlen(format);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, &len, 2);
    memcpy(bytes + sizeof head + 2, format, len);
    ring_put(desk->in, bytes, sizeof head + 2 + len, -1);
}

static void parts(struct desk *desk, uint32_t kind, uint32_t generation, const struct lane_cover *cover, const char *bytes, size_t len)
{
    static char message[sizeof(struct lane_part) + 1000];
    struct lane_part part = {.kind = kind, .generation = generation, .size = len};
    if (cover)
        part.cover = *cover;
    for (; part.at < len; part.at += 1000) {
        size_t n = len - part.at < 1000 ? len - (size_t)part.at : 1000;
        memcpy(message, &part, sizeof part);
        memcpy(message + sizeof part, bytes + part.at, n);
        ring_put(desk->in, message, sizeof part + n, -1);
    }
}

static void configure(struct desk *desk, uint32_t generation, const char *rules)
{
    static const char *const entity[] = {"host", "user"};
    const struct sigma_text texts[] = {{"empty.yml", "", 0}, {"rules.yml", rules, strlen(rules)}};
    const struct live_configuration with = {.generation = generation, .texts = texts, .n_texts = 2, .entity = entity, .n_entity = 2, .block_age = 5000};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    live_configuration_write(&bytes, &with);
    parts(desk, LANE_CONFIGURE, generation, NULL, bytes.data, bytes.len);
    buf_free(&bytes);
}

static uint64_t say_flagged(struct desk *desk, uint32_t slot, uint64_t peer, uint32_t flags, uint64_t seq, const char *text)
{
    static char bytes[70000];
    struct lane_message head = {.kind = LANE_MESSAGE, .slot = slot, .seq = seq, .peer = peer, .received = desk->now, .flags = flags};
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, text, strlen(text));
    ring_put(desk->in, bytes, sizeof head + strlen(text), -1);
    return seq;
}
static uint64_t say(struct desk *desk, uint32_t slot, uint64_t peer, const char *text) { return say_flagged(desk, slot, peer, 0, ++desk->seq, text); }

static void tick(struct desk *desk, moment later, uint32_t kind)
{
    desk->now += later;
    struct lane_tick order = {kind, 7, desk->now};
    ring_put(desk->in, &order, sizeof order, -1);
}

static void see(struct seen *seen, const char *message, size_t len)
{
    uint32_t kind;
    struct lane_block block;
    struct lane_part part;
    memcpy(&kind, message, 4);
    if (kind == LIVE_HIT && live_hit_read(message, len, arena, &seen->hit) == OK) {
        seen->hits++;
        seen->correlated += seen->hit.correlation;
    } else if (kind == LIVE_VERDICT && live_verdict_read(message, len, arena, &seen->verdict) == OK) {
        seen->verdicts++;
    } else if (kind == LANE_BLOCK) {
        memcpy(&block, message, sizeof block);
        seen->blocks += block.items > 0;
        seen->items += block.items;
        seen->cover[block.slot] = block.cover;
        if (block.items)
            is_int(block_text(message + sizeof block, len - sizeof block, &seen->raw), block.items, "a block of the archive holds what is said");
    } else if (kind == LANE_COUNTS) {
        struct lane_counts counts;
        memcpy(&counts, message, sizeof counts);
        seen->counts[counts.slot] = counts;
    } else if (kind == LANE_STATE) {
        memcpy(&part, message, sizeof part);
        if (part.at == 0)
            buf_clear(&seen->state);
        buf_add(&seen->state, message + sizeof part, len - sizeof part);
        seen->state_cover = part.cover;
        seen->state_whole = seen->state.len == part.size;
    } else if (kind == LANE_FLUSHED) {
        seen->flushed++;
    } else {
        ok(false, "a message of kind %u that nobody knows", kind);
    }
}

/* All that has come, until the flush that was asked for is answered. */
static void gather(struct desk *desk, struct seen *seen)
{
    static char message[8 << 20];
    tick(desk, 0, LANE_FLUSH);
    unsigned before = seen->flushed;
    for (long n; seen->flushed == before && (n = ring_take(desk->out, message, sizeof message, 20000)) > 0;)
        see(seen, message, (size_t)n);
    ok(seen->flushed == before + 1, "the flush is answered");
}

/* What has come so far, without a flush: a configuration that is none changes nothing, and its verdict comes behind all that was before it. */
static void look(struct desk *desk, struct seen *seen)
{
    static char message[8 << 20];
    unsigned before = seen->verdicts;
    struct live_verdict kept = seen->verdict;
    parts(desk, LANE_CONFIGURE, 999, NULL, "none", 4);
    seen->verdict.generation = 0;
    for (long n; seen->verdict.generation != 999 && (n = ring_take(desk->out, message, sizeof message, 20000)) > 0;)
        see(seen, message, (size_t)n);
    ok(seen->verdict.generation == 999, "all that was said before is looked at");
    seen->verdicts = before;
    seen->verdict = kept;
}

static void seen_init(struct seen *seen)
{
    *seen = (struct seen){0};
    buf_init(&seen->raw, 16 << 20);
    buf_init(&seen->state, 64 << 20);
}
static void seen_free(struct seen *seen)
{
    buf_free(&seen->raw);
    buf_free(&seen->state);
}

static const char *denied(struct desk *desk, const char *user)
{
    static char text[256];
    snprintf(text, sizeof text, "{\"host\": \"gate1\", \"user\": \"%s\", \"result\": \"denied\", \"time\": %lld}", user, (long long)(desk->now / 1000));
    return text;
}

static void basics(void)
{
    struct desk desk;
    struct seen seen;
    seen_init(&seen);
    desk_open(&desk);
    source(&desk, 0, "json");
    say(&desk, 0, 1, "{\"result\": \"denied\", \"before\": \"rules\"}");
    configure(&desk, 5, RULES);
    say(&desk, 0, 1, "{\"result\":   \"granted\", \"note\": \"as it was \\u00e9crit\"}");
    say(&desk, 0, 1, denied(&desk, "bob"));
    say(&desk, 0, 1, "this is no JSON");
    say(&desk, 0, 1, "");
    gather(&desk, &seen);
    is_int(seen.verdicts, 1, "a configuration is answered by a verdict");
    is_int((long)seen.verdict.ready, 1, "with what it compiled");
    is_int((long)seen.verdict.generation, 5, "and which it was");
    is_int(seen.hits, 1, "one event hits, none before there were rules");
    is(seen.hit.rule_id, "11111111-1111-4111-8111-111111111111", "the hit names its rule");
    is(seen.hit.entity, "gate1", "whom it concerns");
    is_int((long)seen.hit.seq, 3, "the message that it came from");
    is_int((long)seen.hit.text, 1, "the text of the rule");
    ok(seen.hit.event && strstr(seen.hit.event, "\"user\":\"bob\""), "and brings the event along");
    is_int(seen.items, 4, "all events lie in the block");
    buf_add(&seen.raw, "", 1);
    ok(strstr(seen.raw.data, "{\"result\":   \"granted\", \"note\": \"as it was \\u00e9crit\"}\n") && strstr(seen.raw.data, "this is no JSON\n"), "bit by bit as they came");
    is_int((long)seen.counts[0].raw, 1, "what is in no known form is counted");
    is_int((long)seen.cover[0].through, 5, "the block says through which message");
    desk_close(&desk);
    seen_free(&seen);
}

/* Lines of two senders that belong together in groups, mixed. */
static void groups(void)
{
    struct desk desk;
    struct seen seen;
    seen_init(&seen);
    desk_open(&desk);
    source(&desk, 1, "auditd");
    configure(&desk, 1, RULES);
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000000.001:1): arch=c000003e syscall=59 exe=\"/bin/a\"");
    say(&desk, 1, 20, "type=SYSCALL msg=audit(1800000000.002:1): arch=c000003e syscall=59 exe=\"/bin/b\"");
    say(&desk, 1, 10, "type=EXECVE msg=audit(1800000000.001:1): argc=1 a0=\"a\"");
    say(&desk, 1, 20, "type=EXECVE msg=audit(1800000000.002:1): argc=1 a0=\"b\"");
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000000.003:2): arch=c000003e syscall=2 exe=\"/bin/c\"");
    tick(&desk, 6000 - 5999, LANE_TICK);
    tick(&desk, 0, LANE_TICK);
    look(&desk, &seen);
    is_int(seen.items, 0, "nothing is given back before its time");
    tick(&desk, 500, LANE_TICK);
    say(&desk, 1, 20, "type=SYSCALL msg=audit(1800000000.004:2): arch=c000003e syscall=2 exe=\"/bin/d\"");
    tick(&desk, 4600, LANE_TICK);            /* the block is old enough; the last group of sender 10 was closed by silence */
    look(&desk, &seen);
    ok(seen.items >= 2, "blocks go by age (%u events)", seen.items);
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000009.001:9): arch=c000003e syscall=59 exe=\"/bin/e\"");
    gather(&desk, &seen);
    is_int(seen.items, 5, "each group is one event, whoever else sent meanwhile");
    is_int((long)seen.cover[1].through, 7, "all is seen");
    is_int((long)seen.cover[1].n, 0, "nothing waits");
    buf_add(&seen.raw, "", 1);
    ok(strstr(seen.raw.data, "exe=\"/bin/a\"\ntype=EXECVE msg=audit(1800000000.001:1)"), "with its lines as they came");
    desk_close(&desk);
    seen_free(&seen);
}

/* A group that is begun while the block is given back is a hole, and comes again for a fresh worker. */
static void holes(void)
{
    struct desk desk;
    struct seen seen;
    seen_init(&seen);
    desk_open(&desk);
    source(&desk, 1, "auditd");
    source(&desk, 0, "json");
    configure(&desk, 1, RULES);
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000000.001:1): syscall=59 exe=\"/bin/a\"");
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000000.002:2): syscall=59 exe=\"/bin/b\"");
    tick(&desk, 4900, LANE_TICK);
    say(&desk, 1, 10, "type=SYSCALL msg=audit(1800000005.000:3): syscall=59 exe=\"/bin/c\"");
    tick(&desk, 200, LANE_TICK);
    look(&desk, &seen);
    is_int(seen.items, 2, "two groups are whole");
    is_int((long)seen.cover[1].through, 3, "three messages came");
    ok(seen.cover[1].n == 1 && seen.cover[1].holes[0] == 3, "and the third waits");
    ok(lane_covers(&seen.cover[1], 2) && !lane_covers(&seen.cover[1], 3), "so it is not seen");
    desk_close(&desk);
    seen_free(&seen);
}

static void configurations(void)
{
    struct desk desk;
    struct seen seen;
    seen_init(&seen);
    desk_open(&desk);
    source(&desk, 0, "json");
    configure(&desk, 1, RULES MANY);
    for (int i = 0; i < 2; i++)
        say(&desk, 0, 1, denied(&desk, "eve"));
    configure(&desk, 2, RULES MANY "---\ntitle: New\nid: 33333333-3333-4333-8333-333333333333\nlogsource: {product: door}\ndetection:\n  s: {result: granted}\n  condition: s\n");
    say(&desk, 0, 1, denied(&desk, "eve"));
    gather(&desk, &seen);
    is_int(seen.verdicts, 2, "both are compiled");
    is_int(seen.hits - seen.correlated, 3, "no event is lost between two configurations");
    is_int(seen.correlated, 1, "and correlations go on across them");
    is_int((long)seen.hit.generation, 2, "hits name the new one");
    struct seen later;
    seen_init(&later);
    parts(&desk, LANE_CONFIGURE, 3, NULL, "LIVECFG1 nonsense", 17);
    say(&desk, 0, 1, denied(&desk, "mallory"));
    gather(&desk, &later);
    ok(later.verdicts == 1 && *later.verdict.fault, "one that is none is refused with a reason");
    is_int(later.hits - later.correlated, 1, "and what was in force before stays");
    seen_free(&later);
    configure(&desk, 4, "title: Bad\nid: 44444444-4444-4444-8444-444444444444\nlogsource: {product: door}\ndetection:\n  s: {x|nosuch: 1}\n  condition: s\n");
    seen_init(&later);
    gather(&desk, &later);
    ok(later.verdicts == 1 && later.verdict.refused == 1 && later.verdict.n_list == 1 && *later.verdict.list[0].why[0], "a rule that does not compile is listed with its reason");
    seen_free(&later);
    desk_close(&desk);
    seen_free(&seen);
}

/* Two of three events, a state, a fresh worker that gets everything again: the third completes the correlation exactly once. */
static void resumption(void)
{
    struct desk desk;
    struct seen seen, again;
    seen_init(&seen);
    seen_init(&again);
    desk_open(&desk);
    source(&desk, 0, "json");
    configure(&desk, 1, RULES MANY);
    say(&desk, 0, 1, denied(&desk, "eve"));
    say(&desk, 0, 1, denied(&desk, "eve"));
    tick(&desk, 3500, LANE_TICK);
    look(&desk, &seen);
    ok(seen.state_whole, "a state is told every few seconds");
    is_int((long)seen.state_cover.through, 2, "that has seen both");
    desk_close(&desk);
    desk_open(&desk);
    source(&desk, 0, "json");
    parts(&desk, LANE_RESUME, 0, &seen.state_cover, seen.state.data, seen.state.len);
    configure(&desk, 1, RULES MANY);
    say_flagged(&desk, 0, 1, LANE_CORRELATED, 1, denied(&desk, "eve"));
    say_flagged(&desk, 0, 1, LANE_CORRELATED, 2, denied(&desk, "eve"));
    say_flagged(&desk, 0, 1, 0, 3, denied(&desk, "eve"));
    gather(&desk, &again);
    is_int(again.hits - again.correlated, 1, "what was matched before is not matched again");
    is_int(again.correlated, 1, "the correlation goes on where it was");
    is_int(again.items, 3, "what no block held is laid down");
    struct lane_cover all = again.state_cover;
    ok(again.state_whole && all.through == 3 && all.n == 0, "and the new state has seen all");
    desk_close(&desk);
    desk_open(&desk);
    source(&desk, 0, "json");
    configure(&desk, 1, RULES MANY);
    say_flagged(&desk, 0, 1, LANE_RAW, 4, denied(&desk, "eve"));
    struct seen raw;
    seen_init(&raw);
    gather(&desk, &raw);
    ok(raw.items == 1 && raw.hits == 0 && raw.counts[0].raw == 1, "what is set aside is kept without a look into it");
    desk_close(&desk);
    seen_free(&raw);
    seen_free(&seen);
    seen_free(&again);
}

/* Whatever bytes come over either ring, nobody reads beyond them. */
static void hostile(void)
{
    struct desk desk;
    struct live_hit hit;
    struct live_verdict verdict;
    unsigned taken = 0;
    desk_open(&desk);
    source(&desk, 0, "json");
    static char message[8 << 20];
    for (size_t i = 0; i < tap_cases(400000); i++) {
        char bytes[200];
        size_t len = 4 + (size_t)tap_below(sizeof bytes - 4);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (char)(tap_below(4) ? tap_below(4) : tap_random());
        uint32_t kind = (uint32_t)(1 + tap_below(7));
        memcpy(bytes, &kind, 4);
        if (kind != LANE_FLUSH || tap_below(50) == 0)
            ring_put(desk.in, bytes, len, -1);
        while (ring_take(desk.out, message, sizeof message, 0) > 0)
            continue;
        taken += live_hit_read(bytes, len, arena, &hit) == OK || live_verdict_read(bytes, len, arena, &verdict) == OK;
    }
    is_int(taken, 0, "nonsense is no hit and no verdict");
    struct seen seen;
    seen_init(&seen);
    ring_end(desk.in);
    pthread_join(desk.thread, NULL);
    while (ring_take(desk.out, message, sizeof message, 0) > 0)
        continue;
    ok(ring_take(desk.out, message, sizeof message, 100) == 0, "the worker lives through it to its end");
    seen_free(&seen);
    ring_free(desk.in);
    ring_free(desk.out);
}

static void jailed(struct keeper *workers)
{
    struct desk desk = {.now = INT64_C(1800000000000)};
    struct seen seen;
    for (int round = 0; round < 3; round++) {
        seen_init(&seen);
        ok(keeper_begin(workers, 1, &desk.in, &desk.out), "a worker begins in its jail");
        source(&desk, 0, "json");
        configure(&desk, 1, RULES MANY);
        for (int i = 0; i < 500; i++)
            say(&desk, 0, 1, denied(&desk, "eve"));
        gather(&desk, &seen);
        ok(seen.hits - seen.correlated == 500 && seen.items == 500, "and does the same there (%u, %u)", seen.hits, seen.items);
        pid_t process = keeper_process(workers, 1);
        if (round == 0) {
            kill(process, SIGSEGV);
            static char message[65536];
            long n;
            while ((n = ring_take(desk.out, message, sizeof message, 20000)) > 0)
                continue;
            is_int(n, 0, "when it dies its rings end");
            ok(!keeper_process(workers, 1) && WIFSIGNALED(keeper_ended(workers, 1)), "and how it died is known");
        } else if (round == 1) {
            ring_end(desk.in);
            static char message[65536];
            while (ring_take(desk.out, message, sizeof message, 20000) > 0)
                continue;
            for (int i = 0; i < 500 && keeper_process(workers, 1); i++)
                nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
            ok(WIFEXITED(keeper_ended(workers, 1)) && WEXITSTATUS(keeper_ended(workers, 1)) == 0, "at its ring's end it ends");
        }
        seen_free(&seen);
    }
}

int main(void)
{
    static const struct worker_work work = {.name = "live", .run = live_work, .in_bytes = 1 << 20, .out_bytes = 8 << 20, .memory = LIVE_MEMORY};
    struct reasons reasons;
    struct keeper *workers = NULL;
    arena = arena_new((size_t)1 << 30);
    reasons_init(&reasons, arena);
    tap_seed();
    ok(keeper_start(3, &work, &reasons, &workers) == OK, "a keeper of workers");
    basics();
    groups();
    holes();
    configurations();
    resumption();
    hostile();
    jailed(workers);
    keeper_stop(workers);
    arena_free(arena);
    return tap_done();
}
