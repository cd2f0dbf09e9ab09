/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spool: what was synced is there after any power failure, in order, whole and once; notes, state, limits, files that go, a disk that is full
 * and then is not, a file that somebody changed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "faulty.h"
#include "kit.h"
#include "store/spool.h"
#include "tap.h"

static struct arena *arena;
static struct reasons reasons;

static char *folder_new(void)
{
    char *folder = kit_folder();
    (void)!mkdir(folder, 0700);
    close(open(arena_printf(arena, "%s/side.key", folder), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));      /* the faulty disk takes it along */
    return folder;
}

static struct spool *open_at(const char *folder, uint64_t most, enum status want)
{
    struct spool_options options = {.folder = arena_printf(arena, "%s/spool", folder), .most = most, .file_most = 4096};
    struct spool *spool = NULL;
    memset(options.key, 7, sizeof options.key);
    reasons_init(&reasons, arena);
    enum status status = spool_open(&options, &reasons, &spool);
    if (status != want)
        ok(false, "opened: %s, wanted %s", status_name(status), status_name(want));
    return spool;
}

/* The text of message n is made from n alone, so that whoever reads it can tell. */
static size_t text_of(uint64_t n, char out[600])
{
    size_t len = 1 + (size_t)(n * 7919 % 500);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)('a' + (n + i) % 26);
    return len;
}

static enum status put(struct spool *spool, uint64_t n, uint64_t *ret_seq)
{
    char text[600];
    size_t len = text_of(n, text);
    return spool_append(spool, &(struct spool_message){.source = (int64_t)(n % 5), .received = (moment)n * 10, .peer = n % 3, .flags = (uint32_t)n % 4, .bytes = text, .len = len}, ret_seq);
}

/* Reads from a number on; every message must be its own, without a gap. Returns the last number; 0 where something was wrong. */
static uint64_t read_all(struct spool *spool, uint64_t from)
{
    struct spool_cursor *cursor = spool_cursor_new(spool, from);
    struct spool_message message;
    uint64_t last = from - 1;
    char text[600];
    while (spool_cursor_next(cursor, &message) == OK) {
        size_t len = text_of(message.seq, text);
        if (message.seq != last + 1 || message.len != len || memcmp(message.bytes, text, len) != 0 || message.source != (int64_t)(message.seq % 5) ||
            message.received != (moment)message.seq * 10 || message.peer != message.seq % 3 || message.flags != message.seq % 4) {
            last = 0;
            break;
        }
        last = message.seq;
    }
    spool_cursor_free(cursor);
    return last;
}

static void plain(void)
{
    char *folder = folder_new();
    struct spool *spool = open_at(folder, 0, OK);
    uint64_t seq = 0;
    const void *bytes;
    size_t len;
    for (uint64_t n = 1; n <= 100; n++)
        ok(put(spool, n, &seq) == OK && seq == n, "message %" PRIu64 " has its number", n);
    is_int((long)read_all(spool, 1), 0, "what is not yet durable is not given out");
    ok(spool_note(spool, 42, "first", 5) == OK && spool_note(spool, 42, "second", 6) == OK && spool_sync(spool) == OK, "notes and messages are made durable");
    is_int((long)spool_durable(spool), 100, "all of them");
    is_int((long)read_all(spool, 1), 100, "all are read");
    is_int((long)read_all(spool, 57), 100, "and from any number on");
    struct spool_cursor *cursor = spool_cursor_new(spool, 101);
    struct spool_message message;
    ok(spool_cursor_next(cursor, &message) == ABSENT, "a cursor at the end waits");
    ok(put(spool, 101, &seq) == OK && spool_sync(spool) == OK && spool_cursor_next(cursor, &message) == OK && message.seq == 101, "and goes on when there is more");
    spool_cursor_free(cursor);
    spool_close(spool);
    spool = open_at(folder, 0, OK);
    is_int((long)spool_last(spool), 101, "after a restart the numbers go on");
    ok(spool_note_get(spool, 42, arena, &bytes, &len) == OK && len == 6 && memcmp(bytes, "second", 6) == 0, "the newest note is there");
    ok(spool_note_get(spool, 43, arena, &bytes, &len) == ABSENT, "one that was never written is not");
    for (uint64_t n = 102; n <= 200; n++) {
        ok(put(spool, n, &seq) == OK, "more");
        if (n % 10 == 0)
            ok(spool_sync(spool) == OK, "in several files");
    }
    uint64_t before = spool_bytes(spool);
    ok(spool_forget(spool, 150) == OK && spool_bytes(spool) < before, "files below a number go");
    is_int((long)read_all(spool, 150), 200, "what is not below it stays");
    ok(spool_forget(spool, 201) == OK, "all may go");
    spool_close(spool);
    spool = open_at(folder, 0, OK);
    is_int((long)spool_last(spool), 200, "and the numbers still go on");
    ok(spool_note_get(spool, 42, arena, &bytes, &len) == OK && len == 6, "notes outlive the files that they were written into");
    ok(spool_put_state(spool, "state", 5) == OK && spool_put_state(spool, "newer state", 11) == OK, "a state is replaced");
    ok(spool_get_state(spool, arena, &bytes, &len) == OK && len == 11 && memcmp(bytes, "newer state", 11) == 0, "whole");
    ok(!kit_file_has(folder, "spool/state", "newer", 5), "and lies sealed");
    spool_close(spool);
    kit_remove(folder);
}

static void limits(void)
{
    char *folder = folder_new();
    struct spool *spool = open_at(folder, 20000, OK);
    uint64_t seq = 0, n = 1, full_at;
    while (put(spool, n, &seq) == OK && spool_sync(spool) == OK)
        n++;
    full_at = n;
    ok(n > 20 && put(spool, n, &seq) == TOO_LARGE, "a full spool takes nothing more (%" PRIu64 ")", n);
    ok(spool_note(spool, 1, "x", 1) == OK && spool_sync(spool) == OK, "but notes");
    ok(spool_forget(spool, full_at) == OK && put(spool, n, &seq) == OK && seq == n, "until something is forgotten");
    ok(spool_append(spool, &(struct spool_message){.bytes = "", .len = 0}, &seq) == BAD_INPUT, "an empty message is none");
    static char large[SPOOL_MESSAGE_MOST + 1];
    ok(spool_append(spool, &(struct spool_message){.bytes = large, .len = sizeof large}, &seq) == BAD_INPUT, "nor one that is too long");
    spool_close(spool);
    kit_remove(folder);
}

static void disk_faults(void)
{
    char *folder = folder_new();
    faulty_begin(folder);
    faulty_install();
    struct spool *spool = open_at(folder, 0, OK);
    uint64_t seq = 0, n = 1;
    enum faulty_mode modes[] = {FAULTY_FULL, FAULTY_READ_ONLY, FAULTY_NO_SYNC};
    for (size_t m = 0; m < 3; m++) {
        for (int i = 0; i < 10; i++)
            if (put(spool, n, &seq) == OK)
                n++;
        ok(spool_sync(spool) == OK, "on a sound disk");
        uint64_t durable = spool_durable(spool);
        faulty_set(modes[m], 700);
        for (int i = 0; i < 10; i++)
            if (put(spool, n, &seq) == OK)
                n++;
        ok(spool_sync(spool) != OK && spool_sync(spool) != OK, "a disk that fails is told");
        is_int((long)spool_durable(spool), (long)durable, "and nothing is called durable");
        faulty_set(FAULTY_SOUND, 0);
        ok(spool_sync(spool) == OK && spool_durable(spool) == n - 1, "when it works again what waited is written");
        is_int((long)read_all(spool, 1), (long)n - 1, "and is there once, in order");
    }
    spool_close(spool);
    faulty_remove();
    spool = open_at(folder, 0, OK);
    is_int((long)read_all(spool, 1), (long)n - 1, "after a restart, too");
    spool_close(spool);
    kit_remove(folder);
}

struct acked { uint64_t durable, note; struct spool *spool; };
static void take_ack(void *arg)
{
    struct acked *acked = arg;
    acked->durable = spool_durable(acked->spool);
}

/* The power fails somewhere; what was synced before must be whole in the image, and forgetting takes no more than it may. */
static bool power_once(uint64_t seed_case)
{
    char *folder = folder_new(), *image = kit_folder();
    struct acked acked = {0};
    uint64_t seq = 0, n = 1, kept_from = 1;
    bool good = true;
    faulty_begin(folder);
    faulty_install();
    faulty_power_off_at(1 + tap_below(120), image);
    struct spool *spool = open_at(folder, 0, OK);
    acked.spool = spool;
    while (!faulty_is_off() && n < 2000) {
        for (uint64_t i = 1 + tap_below(20); i && put(spool, n, &seq) == OK; i--)
            n++;
        uint64_t noted = n;
        (void)!spool_note(spool, 9, &noted, sizeof noted);
        if (spool_sync(spool) == OK) {
            uint64_t before = acked.durable;
            faulty_ack(take_ack, &acked);
            if (acked.durable != before)
                acked.note = noted;
        }
        if (tap_below(10) == 0 && acked.durable > 30) {
            kept_from = acked.durable - 20;
            (void)!spool_forget(spool, kept_from);
        }
    }
    bool off = faulty_is_off();
    spool_close(spool);
    faulty_remove();
    const char *where = off ? image : folder;
    spool = open_at(where, 0, OK);
    const void *bytes;
    size_t len;
    uint64_t last = acked.durable >= kept_from ? read_all(spool, kept_from) : acked.durable;
    good = last >= acked.durable && spool_last(spool) >= acked.durable;
    if (acked.note)
        good = good && spool_note_get(spool, 9, arena, &bytes, &len) == OK && len == 8 && *(const uint64_t *)bytes >= acked.note;
    if (!good)
        printf("# case %" PRIu64 ": durable %" PRIu64 ", read from %" PRIu64 " to %" PRIu64 ", last %" PRIu64 "\n", seed_case, acked.durable, kept_from, last, spool_last(spool));
    spool_close(spool);
    kit_remove(image);
    kit_remove(folder);
    return good;
}

/* One byte of an acknowledged file is changed: what is whole before it is given, and it is said. */
static void damage(void)
{
    char *folder = folder_new();
    struct spool *spool = open_at(folder, 0, OK);
    uint64_t seq = 0;
    for (uint64_t n = 1; n <= 200; n++) {
        (void)!put(spool, n, &seq);
        (void)!spool_sync(spool);
    }
    spool_close(spool);
    int fd = open(arena_printf(arena, "%s/spool/%016x.spool", folder, 2), O_RDWR);
    char byte;
    ok(fd >= 0 && pread(fd, &byte, 1, 900) == 1 && (byte ^= 1, pwrite(fd, &byte, 1, 900)) == 1, "a byte is changed");
    close(fd);
    spool = open_at(folder, 0, DAMAGED);
    ok(spool && spool_last(spool) == 200, "messages that are missing are told, the others are there");
    ok(reasons.count == 1, "in words");
    spool_close(spool);
    kit_remove(folder);
}

int main(void)
{
    arena = arena_new((size_t)1 << 30);
    tap_seed();
    plain();
    limits();
    disk_faults();
    damage();
    unsigned long cases = (unsigned long)tap_cases(10000), bad = 0;
    for (unsigned long i = 0; i < cases && !bad; i++)
        bad += !power_once(i);
    ok(bad == 0, "what was synced is there after %lu power failures", cases);
    arena_free(arena);
    return tap_done();
}
