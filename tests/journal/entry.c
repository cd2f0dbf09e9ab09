/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entries: what is written is read back the same, it is what RFC 8785 would write, and no other text is accepted. The
 * general JSON reader of base and the second verifier serve as witnesses.
 */
#include "base/val.h"
#include "journal/journal.h"
#include "tap.h"
#include "verify/cv.h"

static struct arena *arena;

static char *written(const struct entry *e)
{
    struct buf b;
    buf_init(&b, 2 * ENTRY_MAX);
    entry_write(e, &b);
    char *text = b.failed ? NULL : arena_strndup(arena, b.data, b.len);
    buf_free(&b);
    return text;
}

static bool refused(const char *text, size_t len)
{
    struct entry e;
    struct cv_entry second;
    char *exact = malloc(len ? len : 1);            /* so that a read behind the end is seen */
    memcpy(exact, text, len);
    bool first = entry_read(exact, len, arena, NULL, &e) == DAMAGED;
    bool other = !cv_entry_read((struct cv_span){exact, len}, &second);
    free(exact);
    if (first != other)
        printf("# the readers differ over %.*s\n", (int)len, text);
    return first && other;
}

static void test_known(void)
{
    const struct entry deed = {.position = 0, .time = 0, .kind = "deed"};
    is(written(&deed), "{\"kind\":\"deed\",\"position\":0,\"time\":0}", "the smallest entry");
    const struct entry full = {.position = 17, .time = -5, .kind = "change", .person = "P", .account = "A", .post = "o",
        .pack = "k", .step = "s", .register_ = "r", .record = "R", .version = 2, .label = 3, .cause = "c",
        .reason = "\"\\\b\t\n\f\r\x01\x1f é😀/<\x7f", .has_commitment = true, .commitment = {{0xab}}};
    is(written(&full),
       "{\"account\":\"A\",\"cause\":\"c\",\"commitment\":"
       "\"ab00000000000000000000000000000000000000000000000000000000000000\",\"kind\":\"change\",\"label\":3,\"pack\":\"k\","
       "\"person\":\"P\",\"position\":17,\"post\":\"o\",\"reason\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f é😀/<\x7f\","
       "\"record\":\"R\",\"register\":\"r\",\"step\":\"s\",\"time\":-5,\"version\":2}", "an entry with everything");
    const struct entry zeroed = {.kind = "x", .person = "", .label = -1};
    is(written(&zeroed), "{\"kind\":\"x\",\"position\":0,\"time\":0}", "empty texts and no label are left out");
}

static void test_unwritable(void)
{
    const struct entry none = {.position = 1}, bad = {.kind = "a\xff"}, far = {.kind = "a", .position = UINT64_MAX},
                       late = {.kind = "a", .time = INT64_MIN};
    ok(!written(&none), "an entry without a kind cannot be written");
    ok(!written(&bad), "nor one with a text that is no UTF-8");
    ok(!written(&far) && !written(&late), "nor one with a number beyond 2^53-1");
    char *long_text = arena_alloc(arena, ENTRY_MAX + 1);
    memset(long_text, 'x', ENTRY_MAX);
    ok(!written(&(struct entry){.kind = "a", .reason = long_text}), "nor one that is too long");
    struct buf b;
    buf_init(&b, 10);
    entry_write(&(struct entry){.kind = "change"}, &b);
    ok(b.failed, "a full buffer is reported");
    buf_free(&b);
}

static void test_refused(void)
{
    static const char *const texts[] = {
        "", "{", "{}", "[]", "null", "{\"kind\":\"a\"}", "{\"kind\":\"a\",\"position\":0}",
        "{\"kind\":\"a\",\"position\":0,\"time\":0} ", " {\"kind\":\"a\",\"position\":0,\"time\":0}",
        "{\"kind\":\"a\",\"position\":0,\"time\":0}\n", "{\"kind\": \"a\",\"position\":0,\"time\":0}",
        "{\"kind\":\"a\", \"position\":0,\"time\":0}", "{\"position\":0,\"kind\":\"a\",\"time\":0}",
        "{\"kind\":\"a\",\"position\":0,\"position\":0,\"time\":0}", "{\"kind\":\"a\",\"position\":00,\"time\":0}",
        "{\"kind\":\"a\",\"position\":-0,\"time\":0}", "{\"kind\":\"a\",\"position\":0,\"time\":-0}",
        "{\"kind\":\"a\",\"position\":-1,\"time\":0}", "{\"kind\":\"a\",\"position\":1.0,\"time\":0}",
        "{\"kind\":\"a\",\"position\":1e2,\"time\":0}", "{\"kind\":\"a\",\"position\":9007199254740992,\"time\":0}",
        "{\"kind\":\"a\",\"position\":99999999999999999999999,\"time\":0}",
        "{\"kind\":\"\",\"position\":0,\"time\":0}", "{\"kind\":null,\"position\":0,\"time\":0}",
        "{\"kind\":1,\"position\":0,\"time\":0}", "{\"kind\":\"a\",\"position\":\"0\",\"time\":0}",
        "{\"kind\":\"a\",\"label\":0,\"position\":0,\"time\":0}", "{\"kind\":\"a\",\"label\":-1,\"position\":0,\"time\":0}",
        "{\"kind\":\"a\",\"position\":0,\"time\":0,\"version\":0}", "{\"kind\":\"a\",\"position\":0,\"time\":0,\"zeta\":1}",
        "{\"a\":1,\"kind\":\"a\",\"position\":0,\"time\":0}", "{\"kind\":\"a\",\"person\":\"\",\"position\":0,\"time\":0}",
        "{\"kind\":\"\\u0061\",\"position\":0,\"time\":0}", "{\"kind\":\"\\/\",\"position\":0,\"time\":0}",
        "{\"kind\":\"\\u000a\",\"position\":0,\"time\":0}", "{\"kind\":\"\\u001F\",\"position\":0,\"time\":0}",
        "{\"kind\":\"\\u0000\",\"position\":0,\"time\":0}", "{\"kind\":\"\\ud83d\\ude00\",\"position\":0,\"time\":0}",
        "{\"kind\":\"\n\",\"position\":0,\"time\":0}", "{\"kind\":\"a\xff\",\"position\":0,\"time\":0}",
        "{\"kind\":\"\xc0\x80\",\"position\":0,\"time\":0}", "{\"kind\":\"\xed\xa0\x80\",\"position\":0,\"time\":0}",
        "{\"kind\":\"a\\\",\"position\":0,\"time\":0}", "{\"k\\u0069nd\":\"a\",\"position\":0,\"time\":0}",
        "{\"kind\":\"a\",\"position\":0,\"time\":0,}", "{\"kind\":\"a\",\"position\":0,\"time\":0}}",
        "{\"commitment\":\"ab\",\"kind\":\"a\",\"position\":0,\"time\":0}",
        "{\"commitment\":\"AB00000000000000000000000000000000000000000000000000000000000000\",\"kind\":\"a\",\"position\":0,"
        "\"time\":0}",
        "{\"commitment\":\"ab000000000000000000000000000000000000000000000000000000000000000\",\"kind\":\"a\","
        "\"position\":0,\"time\":0}",
    };
    unsigned taken = 0, n = sizeof texts / sizeof *texts;
    for (unsigned i = 0; i < n; i++)
        if (!refused(texts[i], strlen(texts[i]))) {
            taken++;
            printf("# taken: %s\n", texts[i]);
        }
    ok(taken == 0, "%u texts that are not the one form of an entry are refused by both readers", n);
    ok(refused("{\"kind\":\"a\0b\",\"position\":0,\"time\":0}", 36), "and one with a NUL");
    struct reasons reasons;
    struct entry e;
    reasons_init(&reasons, arena);
    is_int(entry_read(texts[5], strlen(texts[5]), arena, &reasons, &e), DAMAGED, "such a text is damaged");
    ok(reasons.count == 1 && reasons.first->where && strcmp(reasons.first->where, "position") == 0,
       "and the reason names the field: %s", reasons_text(&reasons, LANG_EN));
    char *padded = arena_alloc(arena, ENTRY_MAX + 64);
    memset(padded, ' ', ENTRY_MAX + 1);
    is_int(entry_read(padded, ENTRY_MAX + 1, arena, &reasons, &e), DAMAGED, "a text beyond the limit is damaged");
}

/* ---- random entries ---- */

static const char *some_text(void)
{
    static const char *const parts[] = {"a", "Z9", "é", "ß", "Ω", "漢", "😀", "\"", "\\", "/", "\n", "\t", "\x01", "\x1f",
        "\x7f", " ", "{", "}", ",", ":", "<", "\xe2\x80\xa8"};
    if (tap_below(3) == 0)
        return NULL;
    char text[128] = "";
    for (uint64_t n = 1 + tap_below(12); n > 0; n--) {
        const char *part = parts[tap_below(sizeof parts / sizeof *parts)];
        memcpy(text + strlen(text), part, strlen(part) + 1);
    }
    return arena_strdup(arena, text);
}

static struct entry some_entry(void)
{
    struct entry e = {.position = tap_random() >> (11 + tap_below(53)), .time = (int64_t)(tap_random() >> 12) / 2,
        .kind = some_text(), .person = some_text(), .account = some_text(), .post = some_text(), .pack = some_text(),
        .step = some_text(), .register_ = some_text(), .record = some_text(), .cause = some_text(),
        .reason = some_text(), .version = tap_below(3) ? tap_below(1000) : 0,
        .label = tap_below(2) ? (int64_t)tap_below(99) + 1 : -1, .has_commitment = tap_below(2)};
    if (!e.kind)
        e.kind = "change";
    if (tap_below(2))
        e.time = -e.time;
    for (int i = 0; e.has_commitment && i < HASH_BYTES; i++)
        e.commitment.bytes[i] = (uint8_t)tap_random();
    return e;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same(const struct entry *a, const struct entry *b)
{
    return a->position == b->position && a->time == b->time && same_text(a->kind, b->kind)
        && same_text(a->person, b->person) && same_text(a->account, b->account) && same_text(a->post, b->post)
        && same_text(a->pack, b->pack) && same_text(a->step, b->step) && same_text(a->register_, b->register_)
        && same_text(a->record, b->record) && same_text(a->cause, b->cause) && same_text(a->reason, b->reason)
        && a->version == b->version && a->label == b->label && a->has_commitment == b->has_commitment
        && (!a->has_commitment || hash_equal(&a->commitment, &b->commitment));
}

static void test_random(void)
{
    unsigned lost = 0, foreign = 0, taken = 0, unlike = 0;
    for (size_t c = 0; c < tap_cases(200000); c++) {
        arena_clear(arena);
        struct entry e = some_entry(), back;
        struct cv_entry second;
        struct reasons reasons;
        struct val *v;
        const char *text = written(&e);
        size_t len = strlen(text);
        reasons_init(&reasons, arena);
        if (entry_read(text, len, arena, &reasons, &back) != OK || !same(&e, &back)
            || !cv_entry_read((struct cv_span){text, len}, &second) || second.position != e.position)
            lost++;
        /* base's own canonical writer agrees. */
        struct buf b;
        buf_init(&b, ENTRY_MAX);
        if (json_read(arena, text, len, (struct json_limits){0}, &reasons, &v) != OK || json_canonical(&b, v) != OK
            || b.len != len || memcmp(b.data, text, len) != 0)
            foreign++;
        buf_free(&b);
        /* One byte changed: refused, or it is another entry whose one form this is. */
        char *changed = arena_strndup(arena, text, len);
        changed[tap_below(len)] ^= (char)(1u << tap_below(8));
        bool first = entry_read(changed, len, arena, NULL, &back) == OK;
        if (first != cv_entry_read((struct cv_span){changed, len}, &second)) {
            unlike++;
            printf("# differ: %s\n", changed);
        }
        const char *again = first ? written(&back) : NULL;
        if (first && (!again || strlen(again) != len || memcmp(again, changed, len) != 0)) {
            taken++;
            printf("# taken: %s\n", changed);
        }
    }
    is_int(lost, 0, "random entries come back as they were, from both readers");
    is_int(foreign, 0, "each is what base's canonical writer writes");
    is_int(taken, 0, "a changed byte never gives an entry with two forms");
    is_int(unlike, 0, "and both readers agree about every changed text");
}

static void test_commit(void)
{
    uint8_t salt[SALT_BYTES] = {1, 2, 3};
    char hex[65];
    struct hash a = commit(salt, "{}", 2);
    uint8_t joined[SALT_BYTES + 2] = {1, 2, 3};
    memcpy(joined + SALT_BYTES, "{}", 2);
    struct hash b = sha256(joined, sizeof joined);
    hex_write(a.bytes, HASH_BYTES, hex);
    ok(hash_equal(&a, &b), "a commitment is SHA-256 over salt and body: %s", hex);
    salt[15] = 1;
    b = commit(salt, "{}", 2);
    ok(!hash_equal(&a, &b), "another salt gives another commitment");
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    test_known();
    test_unwritable();
    test_refused();
    test_random();
    test_commit();
    arena_free(arena);
    return tap_done();
}
