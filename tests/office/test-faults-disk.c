/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Want of disk and memory under a whole office: a full disk, a read-only one, failing syncs. Changes are refused in words and leave
 * nothing by half; reading goes on; a read that must be journalled is refused while that cannot be written; when the fault is over all
 * goes on, and the office verifies. A checkpoint is there whole or not at all. And memory: a change whose arena is exhausted, at any point and in either thread, is refused alone.
 */
#include <dirent.h>
#include <setjmp.h>

#include "base/text.h"
#include "faulty.h"
#include "fixture.h"
#include "office/verify.h"
#include "tap.h"

static struct fixture f;
static const char *label, *owner;
static size_t made;

static enum status act(int n, const char **ret)
{
    enum status status = fixture_create(&f, "ssl", "action", label, arena_printf(f.arena, "{\"what\":\"Thing %d\",\"detail\":\"%s\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-05-01\"}",
                                        n, n % 2 ? "One two three four five six seven eight nine ten eleven twelve" : "short", owner), ret);
    made += status == OK;
    return status;
}

static size_t listed(const char *text)
{
    struct reasons reasons;
    struct page_of page = {0};
    const struct reader *reader = fixture_reader(&f, "ssl");
    struct query query = {.register_ = "action", .text = text, .limit = 1000};
    reasons_init(&reasons, f.arena);
    enum status status = office_find(f.office, reader, &query, f.arena, &reasons, &page);
    reader_free(reader);
    return status == OK ? page.n_rows : (size_t)-1;
}

static bool verifies(void)
{
    struct reasons reasons;
    struct office_verdict verdict;
    struct arena *arena = arena_new((size_t)1 << 30);
    reasons_init(&reasons, arena);
    enum status status = office_verify(f.office, f.folder, false, NULL, NULL, arena, &reasons, &verdict);
    if (status != OK)
        printf("# %s: %.1500s\n", status_name(status), reasons_text(&reasons, LANG_EN));
    arena_free(arena);
    return status == OK;
}

/* Journals a read and lets the writer come to it. */
static enum status note(const char *number)
{
    struct record_view record;
    const struct record_view *shown = &record;
    const struct reader *reader = fixture_reader(&f, "ssl");
    enum status status = office_get(f.office, reader, "action", number, f.arena, &record);
    if (status == OK)
        status = office_note_read(f.office, reader, &shown, 1, "read", f.now);
    reader_free(reader);
    return status;
}
static void let_the_writer_work(void) { (void)!fixture_step(&f, "low", "ACT-2027-0000000000", "accept", "{}"); }

static void test_disk(enum faulty_mode mode, const char *name, const char *number)
{
    bool refused = true, words = true, reading = true, same = true, on = true, reads_refused = true, reads_on = true;
    for (int round = 0; round < 4; round++) {
        int tries = 0;
        enum status status = OK;
        faulty_set(mode, mode == FAULTY_NO_SYNC ? 0 : tap_below(60000));
        while (status == OK && tries++ < 200)
            status = act(tries, NULL);
        refused = refused && status == FAILED_IO && act(1, NULL) == FAILED_IO;
        words = words && strstr(fixture_words(), "could not be stored") != NULL;
        reading = reading && listed(NULL) == made;
        same = same && listed("Thing") == made;
        (void)!note(number);                   /* the first one may be taken and is then lost: it says that reads cannot be journalled */
        let_the_writer_work();
        reads_refused = reads_refused && note(number) == REFUSED && note(number) == REFUSED;
        faulty_set(FAULTY_SOUND, 0);
        reads_on = reads_on && note(number) == OK;
        on = on && act(2, NULL) == OK && note(number) == OK;
    }
    ok(refused, "%s: changes are refused", name);
    ok(words, "%s: in words", name);
    ok(reading, "%s: lists go on, with what was acknowledged and nothing else", name);
    ok(same, "%s: so does search", name);
    ok(reads_refused, "%s: a read that must be journalled is refused", name);
    ok(reads_on, "%s: and given again as soon as it can be", name);
    ok(on, "%s: writing goes on afterwards", name);
    ok(verifies(), "%s: the office verifies", name);
}

/* ---- the folder of checkpoints ---- */

struct in_folder { size_t notes, lists, others; };
static struct in_folder checkpoints(void)
{
    struct in_folder count = {0};
    DIR *dir = opendir(arena_printf(f.arena, "%s/checkpoints", f.folder));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        size_t *of = str_ends(entry->d_name, ".note") ? &count.notes : str_ends(entry->d_name, ".erasures") ? &count.lists : &count.others;
        ++*of;
    }
    if (dir)
        closedir(dir);
    return count;
}

/* A checkpoint that cannot be written is refused in words and leaves no note, not half of one; readers are told of no proof that is not there. */
static void test_checkpoints(struct signer *signer, enum faulty_mode mode, const char *name)
{
    struct reasons reasons;
    bool refused = true, words = true, none = true, unproven = true, on = true;
    for (uint64_t room = 0; room < 700; room += mode == FAULTY_FULL ? 23 : 200) {
        struct in_folder before = checkpoints(), after;
        on = on && act(5, NULL) == OK;
        uint64_t last = store_journal_size(office_store(f.office)) - 1;
        reasons_init(&reasons, f.arena);
        faulty_set(mode, room);
        f.now += MINUTE;
        enum status status = office_checkpoint(f.office, signer, f.now, &reasons);
        faulty_set(FAULTY_SOUND, 0);
        after = checkpoints();
        if (mode != FAULTY_NO_SYNC && room && status == OK)
            continue;                          /* there was room enough */
        refused = refused && status == FAILED_IO;
        words = words && reasons.first && strstr(reasons_text(&reasons, LANG_EN), "cannot be written: ");
        none = none && after.notes == before.notes && after.others == 0;
        unproven = unproven && office_proven(f.office, last) == MOMENT_NONE;
        reasons_init(&reasons, f.arena);
        on = on && office_checkpoint(f.office, signer, f.now, &reasons) == OK && checkpoints().notes == before.notes + 1 && office_proven(f.office, last) == f.now;
    }
    ok(refused && words, "%s: a checkpoint that cannot be written is refused in words", name);
    ok(none, "%s: and leaves no note, nor a part of one", name);
    ok(unproven, "%s: and nothing is shown as proven by it", name);
    ok(on && verifies(), "%s: the next one is made, and the office verifies with all of them", name);
}

static void jump(void *arg) { longjmp(*(jmp_buf *)arg, 1); }

/* The change gets an arena that ends after so many bytes: in this thread before the change is handed over, or in the writer's. */
static int try_in(size_t limit, bool step, const char *number, int n)
{
    struct arena *arena = arena_new(limit);
    struct outcome outcome;
    char key[40];
    jmp_buf escape;
    volatile int result = -1;
    const struct reader *reader = fixture_reader(&f, step ? "ict" : "ssl");
    struct reasons reasons;
    struct val *fields = NULL;
    reasons_init(&reasons, f.arena);
    const char *text = step ? "{}" : arena_printf(f.arena, "{\"what\":\"Tight %d\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-05-01\"}", n, owner);
    if (json_read(f.arena, text, strlen(text), (struct json_limits){0}, &reasons, &fields) != OK)
        abort();
    struct op op = {.kind = OP_CREATE, .register_ = "action", .label = label, .fields = fields};
    if (step)
        op = (struct op){.kind = OP_STEP, .number = number, .step = "postpone", .reason = "because", .fields = fields};
    snprintf(key, sizeof key, "tight-%d-%zu-%d", n, limit, step);
    struct change change = {.writer = reader, .key = key, .now = f.now, .ops = &op, .n_ops = 1};
    arena_on_failure(arena, jump, &escape);
    if (setjmp(escape) == 0)
        result = (int)office_apply(f.office, &change, arena, &outcome);
    else
        result = NO_MEMORY;
    arena_free(arena);
    reader_free(reader);
    return result;
}

static void test_memory(void)
{
    size_t least = 0, refused = 0, other = 0, before = listed(NULL);
    bool half = false, on = true;
    int n = 0;
    for (size_t limit = 64; limit < 400000 && !least; limit += limit < 6000 ? 48 : limit / 40) {
        int status = try_in(limit, false, NULL, n++);
        if (status == OK)
            least = limit;
        else if (status == NO_MEMORY)
            refused++;
        else if (other++ < 5)
            printf("# %zu bytes: %s\n", limit, status_name((enum status)status));
        half = half || (status != OK && listed("Tight") != 0);
        if (n % 16 == 0) {
            on = on && act(3, NULL) == OK;
            before++;
        }
    }
    ok(least > 0 && refused > 20, "a change that lacks memory is refused alone: %zu limits below %zu bytes", refused, least);
    ok(other == 0, "as want of memory and nothing else");
    ok(!half && listed("Tight") == 1, "nothing of it is there");
    ok(on && listed(NULL) == before + 1, "and between them others' changes go through");
    ok(act(4, NULL) == OK && verifies(), "the office goes on and verifies");
}

int main(void)
{
    const char *number = NULL;
    struct signer *signer = NULL;
    struct reasons reasons;
    tap_seed();
    fixture_new(&f);
    reasons_init(&reasons, f.arena);
    const char *keys = arena_printf(f.arena, "%s-signer", f.folder);
    if (!ok(signer_create_key(keys, "castellan/test", &reasons) == OK && signer_start(keys, &reasons, &signer) == OK, "a signer"))
        return tap_done();
    if (rename(arena_printf(f.arena, "%s/signer.pub", keys), arena_printf(f.arena, "%s/signer.pub", f.folder)) != 0)
        return 1;
    label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    owner = fixture_person(&f, "ict");
    office_close(f.office);
    f.office = NULL;
    faulty_begin(f.folder);
    faulty_install();
    fixture_reopen(&f);
    ok(act(0, &number) == OK && note(number) == OK, "an office on a disk that can fail");
    test_disk(FAULTY_FULL, "disk full", number);
    test_disk(FAULTY_READ_ONLY, "disk read-only", number);
    test_disk(FAULTY_NO_SYNC, "failing syncs", number);
    test_checkpoints(signer, FAULTY_FULL, "disk full");
    test_checkpoints(signer, FAULTY_READ_ONLY, "disk read-only");
    test_checkpoints(signer, FAULTY_NO_SYNC, "failing syncs");
    signer_stop(signer);
    made = listed(NULL);
    test_memory();
    office_close(f.office);
    f.office = NULL;
    faulty_remove();
    fixture_reopen(&f);
    ok(verifies() && listed("Tight") == 1, "opened again on a sound disk: all there");
    static const char *const left[] = {"signer.key", "signer.state", ""};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        (void)remove(arena_printf(f.arena, "%s/%s", keys, left[i]));
    fixture_free(&f);
    return tap_done();
}
