/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints and signed notes: the example of the C2SP pages in its form with a key of our own, key lines and key ids,
 * other keys' lines, and every single changed byte of a note.
 */
#include <sodium.h>

#include "journal/note.h"
#include "tap.h"
#include "verify/cv.h"

static struct arena *arena;
static struct note_key key, other;
static uint8_t secret[NOTE_SECRET], other_secret[NOTE_SECRET];
static const char *line, *other_line;

static const char *line_of(const struct note_key *k)
{
    struct buf b;
    buf_init(&b, 1024);
    note_key_write(k, &b);
    const char *text = arena_strdup(arena, b.data);
    buf_free(&b);
    return text;
}

static const char *signed_by(const struct note_key *k, const uint8_t *s, const char *text)
{
    struct buf b;
    buf_init(&b, NOTE_MAX);
    note_sign(k, s, text, strlen(text), &b);
    const char *note = arena_strdup(arena, b.data);
    buf_free(&b);
    return note;
}

static enum status status_of(const char *note, size_t len, const char *key_line, struct checkpoint *ret)
{
    struct reasons reasons;
    struct cv_note second;
    struct cv_key second_key;
    reasons_init(&reasons, arena);
    enum status s = checkpoint_read(note, len, key_line, arena, &reasons, ret);
    if ((s == OK) != (reasons.count == 0))
        printf("# no reason for %s\n", status_name(s));
    bool known = cv_key_read((struct cv_span){key_line, strlen(key_line)}, &second_key);
    enum cv_note_status t = known ? cv_note_read((struct cv_span){note, len}, &second_key, &second) : CV_NO_NOTE;
    static const enum status like[] = {[CV_GOOD_NOTE] = OK, [CV_OTHER_KEY] = REFUSED, [CV_WRONG_SIGNATURE] = DAMAGED,
                                       [CV_NO_NOTE] = BAD_INPUT};
    if (like[t] != s && !ok(false, "both verifiers agree about a note"))
        printf("# %s against %d: %.*s\n", status_name(s), t, (int)len, note);
    return s;
}

#define STATUS(note, key_line) status_of((note), strlen(note), (key_line), &c)

static void test_form(void)
{
    struct checkpoint c = {.origin = key.name, .size = 20852163, .time = MOMENT_NONE};
    size_t n;
    ok(base64_read("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", 44, c.root.bytes, HASH_BYTES, &n), "a root");
    struct buf b;
    buf_init(&b, 1024);
    checkpoint_write(&c, &b);
    is(b.data, "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
       "the text of the C2SP example");
    const char *note = signed_by(&key, secret, b.data);
    ok(strstr(note, "\n\n\xe2\x80\x94 example.com/behind-the-sofa ") && note[strlen(note) - 1] == '\n', "signed as a note");
    struct checkpoint back;
    is_int(status_of(note, strlen(note), line, &back), OK, "it reads back");
    ok(back.size == 20852163 && hash_equal(&back.root, &c.root) && back.time == MOMENT_NONE
       && strcmp(back.origin, key.name) == 0, "with origin, size and root");
    buf_clear(&b);
    c.time = 1793728800123;
    checkpoint_write(&c, &b);
    ok(strstr(b.data, "I=\ntime 2026-11-03T18:00:00.123Z\n") != NULL, "the time is an extension line");
    note = signed_by(&key, secret, b.data);
    is_int(status_of(note, strlen(note), line, &back), OK, "and reads back");
    ok(back.time == c.time, "to the millisecond");
    buf_clear(&b);
    c.origin = "with space";
    checkpoint_write(&c, &b);
    ok(b.failed, "an origin with a space is not written");
    buf_free(&b);
}

static void test_keys(void)
{
    struct note_key back;
    ok(note_key_read(line, &back) && memcmp(&back, &key, sizeof key) == 0, "a key line reads back: %s", line);
    uint8_t bytes[200];
    size_t n = strlen(key.name);
    memcpy(bytes, key.name, n);
    bytes[n] = 0x0a;
    bytes[n + 1] = 0x01;
    memcpy(bytes + n + 2, key.public_key, 32);
    struct hash h = sha256(bytes, n + 34);
    ok(memcmp(h.bytes, key.id, 4) == 0, "the key id is SHA-256(name, 0A, 01, key), cut");
    /* From the C2SP note library's documentation: a verifier key that others made. */
    ok(note_key_read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &back),
       "a key line made elsewhere is read");
    static const char *const bad[] = {"", "a", "a+b", "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+AhpcZQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsV"};
    unsigned taken = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cv_key second;
        taken += note_key_read(bad[i], &back) || cv_key_read((struct cv_span){bad[i], strlen(bad[i])}, &second);
    }
    is_int(taken, 0, "wrong key lines are refused by both verifiers");
    /* The published note of the same documentation, signed by that key. */
    static const char published[] = "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    size_t text_len;
    is_int(note_key_read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &back)
           ? note_open(&back, published, sizeof published - 1, &text_len) : BAD_INPUT, OK,
           "a note signed elsewhere verifies");
}

static const char good_text[] = "example.com/behind-the-sofa\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

static void test_refused(void)
{
    struct checkpoint c;
    static const char *const texts[] = {
        "example.com/behind-the-sofa\n05\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n-5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "example.com/behind-the-sofa\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "example.com/behind-the-sofa\n5\nCsUY\n", "example.com/behind-the-sofa\n5\n", "example.com/behind-the-sofa\n",
        "example.com/behind the-sofa\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
        "example.com/behind-the-sofa\n99999999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"};
    unsigned taken = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (STATUS(signed_by(&key, secret, texts[i]), line) != BAD_INPUT) {
            taken++;
            printf("# taken: %s\n", texts[i]);
        }
    is_int(taken, 0, "signed texts that are no checkpoint are refused");
    const char *note = signed_by(&key, secret, good_text);
    is_int(STATUS(note, line), OK, "the good one is taken");
    is_int(STATUS(note, other_line), REFUSED, "under another key it is not that log's");
    is_int(STATUS(note, "nonsense"), BAD_INPUT, "a wrong key line is said to be one");
    is_int(STATUS(good_text, line), BAD_INPUT, "a text without signatures is no note");
    const char *foreign = signed_by(&key, secret, "example.com/another\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    is_int(STATUS(foreign, line), REFUSED, "the origin must be the key's name");
    const char *extended = signed_by(&key, secret, "example.com/behind-the-sofa\n5\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nsomebody's extension\ntime 2026-11-03T18:00:00Z\n");
    is_int(STATUS(extended, line), OK, "other extension lines are passed over");
    ok(c.time != MOMENT_NONE, "and ours is found behind them");
}

static void test_many_keys(void)
{
    struct checkpoint c;
    const char *ours = signed_by(&key, secret, good_text), *theirs = signed_by(&other, other_secret, good_text);
    const char *their_line = strstr(theirs, "\n\n") + 2, *our_line = strstr(ours, "\n\n") + 2;
    struct buf b;
    buf_init(&b, NOTE_MAX);
    buf_addf(&b, "%s\n", good_text);
    for (int i = 0; i < 16; i++)
        buf_adds(&b, their_line);
    buf_adds(&b, our_line);
    is_int(status_of(b.data, b.len, line, &c), OK, "sixteen lines of others before ours");
    is_int(status_of(b.data, b.len, other_line, &c), REFUSED, "the other's name is not the origin");
    buf_adds(&b, "\xe2\x80\x94 witness.example/w AAAAAAAA\n");
    is_int(status_of(b.data, b.len, line, &c), OK, "a short signature of an unknown kind is passed over");
    buf_adds(&b, "no signature line\n");
    is_int(status_of(b.data, b.len, line, &c), BAD_INPUT, "a line that is no signature line spoils the note");
    buf_free(&b);
}

static void test_bytes(void)
{
    struct checkpoint c, was;
    const char *note = signed_by(&key, secret, good_text);
    size_t len = strlen(note);
    char *changed = arena_strndup(arena, note, len);
    unsigned taken = 0, tried = 0;
    if (status_of(note, len, line, &was) != OK)
        return;
    for (size_t i = 0; i < len; i++)
        for (unsigned bit = 0; bit < 8; bit++, tried++) {
            changed[i] ^= (char)(1u << bit);
            taken += status_of(changed, len, line, &c) == OK;
            changed[i] ^= (char)(1u << bit);
        }
    ok(taken == 0, "%u single-bit changes of a note, every one refused", tried);
    taken = 0;
    for (size_t i = 0; i < len; i++)
        taken += status_of(note, i, line, &c) == OK;
    is_int(taken, 0, "and every cut one");
}

int main(void)
{
    uint8_t public_key[NOTE_PUBLIC];
    tap_seed();
    if (sodium_init() < 0)
        return 99;
    arena = arena_new((size_t)512 << 20);
    crypto_sign_keypair(public_key, secret);
    key = note_key_make("example.com/behind-the-sofa", public_key);
    line = line_of(&key);
    crypto_sign_keypair(public_key, other_secret);
    other = note_key_make("example.com/witness", public_key);
    other_line = line_of(&other);
    test_form();
    test_keys();
    test_refused();
    test_many_keys();
    test_bytes();
    arena_free(arena);
    return tap_done();
}
