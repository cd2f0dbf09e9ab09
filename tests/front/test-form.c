/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forms and paths: well-formed ones are read, malformed ones refused with a reason, and random bytes never crash.
 */
#include "base/text.h"
#include "front/form.h"
#include "tap.h"

static struct arena *arena;

static enum status read_form(const char *text, struct pair **pairs, size_t *n)
{
    struct reasons why;
    reasons_init(&why, arena);
    enum status status = urlencoded_read(arena, text, strlen(text), (struct form_limits){.fields = 5, .value_bytes = 20}, &why, pairs, n);
    if (status != OK && why.count == 0) ok(false, "a refusal without a reason: %s", text);
    return status;
}

static void test_urlencoded(void)
{
    struct pair *pairs = NULL;
    size_t n = 0;
    ok(read_form("a=1&b=x+y%20z&c=%C3%A9&d", &pairs, &n) == OK && n == 4, "four fields are read");
    is(pairs[1].value, "x y z", "plus and escapes are decoded");
    is(pairs[2].value, "\xc3\xa9", "UTF-8 is kept");
    is(pairs[3].value, "", "a field without a value is empty");
    ok(read_form("", &pairs, &n) == OK && n == 0, "nothing is an empty form");
    ok(read_form("a=%3D%26&&", &pairs, &n) == OK && n == 1 && strcmp(pairs[0].value, "=&") == 0, "escaped signs do not split");
    static const char *const BAD[] = {"a=%", "a=%4", "a=%GG", "a=%00", "a=%FF", "%FF=a", "=x", "a=%C3"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) ok(read_form(BAD[i], &pairs, &n) == BAD_INPUT, "refused: %s", BAD[i]);
    ok(read_form("a=1&b=2&c=3&d=4&e=5&f=6", &pairs, &n) == TOO_LARGE, "too many fields");
    ok(read_form("a=123456789012345678901", &pairs, &n) == TOO_LARGE, "a value too long");
}

static void test_paths(void)
{
    static const char *const GOOD[][2] = {{"/", "/"}, {"/a/b", "/a/b"}, {"/caf%C3%A9", "/caf\xc3\xa9"}, {"/a%20b", "/a b"},
                                          {"/...", "/..."}, {"/a..b", "/a..b"}};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        const char *path = NULL;
        ok(path_read(arena, GOOD[i][0], strlen(GOOD[i][0]), &path) == OK && strcmp(path, GOOD[i][1]) == 0, "read: %s", GOOD[i][0]);
    }
    static const char *const BAD[] = {"", "a", "//", "/a//b", "/a/", "/..", "/../etc/passwd", "/a/../b", "/a/.", "/%2e%2e/x", "/.%2e",
                                      "/a%2fb", "/a%5cb", "/a\\b", "/%00", "/a%0ab", "/%252e", "/%", "/%4", "/%FF", "http://x/"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const char *path = NULL;
        ok(path_read(arena, BAD[i], strlen(BAD[i]), &path) == BAD_INPUT && !path, "refused: %s", BAD[i]);
    }
}

#define TYPE "multipart/form-data; boundary=XX"
#define CD "Content-Disposition: form-data; "

static enum status read_multipart(const char *type, const char *body, struct multipart *m)
{
    struct reasons why;
    reasons_init(&why, arena);
    size_t len = strlen(body);
    char *copy = malloc(len ? len : 1);          /* exact size, so that a read beyond is seen */
    memcpy(copy, body, len);
    enum status status = multipart_read(arena, type, copy, len,
        (struct form_limits){.fields = 3, .uploads = 2, .upload_bytes = 10, .value_bytes = 10}, &why, m);
    if (status != OK && why.count == 0) ok(false, "a refusal without a reason: %s", body);
    for (size_t i = 0; status == OK && i < m->n_uploads; i++) m->uploads[i].data = arena_memdup(arena, m->uploads[i].data, m->uploads[i].len);
    free(copy);
    return status;
}

static void test_multipart(void)
{
    struct multipart m = {0};
    ok(read_multipart(TYPE, "--XX\r\n" CD "name=\"a\"\r\n\r\none\r\n--XX\r\n" CD "name=\"f\"; filename=\"C:\\\\x\\\\y.txt\"\r\n"
                      "Content-Type: text/plain\r\n\r\nab\r\n--X\r\n--XX--\r\n", &m) == OK && m.n_fields == 1 && m.n_uploads == 1,
       "a field and a file are read");
    is(m.fields[0].value, "one", "the field's text");
    is(m.uploads[0].file_name, "y.txt", "a path is cut from the file's name");
    ok(m.uploads[0].len == 7 && memcmp(m.uploads[0].data, "ab\r\n--X", 7) == 0, "what only begins like a boundary belongs to the file");
    ok(read_multipart("multipart/form-data; boundary=\"XX\"", "--XX\r\n" CD "name=a\r\n\r\n\r\n--XX--", &m) == OK && m.n_fields == 1,
       "a quoted boundary, a token as name, an empty value");
    ok(read_multipart(TYPE, "--XX\r\n" CD "name=\"f\"; filename=\"\"\r\n\r\n\r\n--XX--", &m) == OK && m.n_uploads == 0, "an empty file field is none");
    ok(read_multipart(TYPE, "--XX--", &m) == OK && m.n_fields == 0, "an empty form");
    static const char *const BAD[] = {
        "", "x", "--XX", "--XX\r\n", "--XY\r\n", "--XX\r\n\r\n\r\n--XX--", "--XX\r\n" CD "name=\"a\"\r\n\r\none", "--XX\r\n" CD "name=\"a\r\n\r\none\r\n--XX--",
        "--XX\r\n" CD "name=\"\"\r\n\r\none\r\n--XX--", "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\none\r\n--XX--",
        "--XX\r\n" CD "name=\"a\"; name=\"b\"\r\n\r\none\r\n--XX--", "--XX\r\n" CD "name=\"a\"\r\n" CD "name=\"b\"\r\n\r\none\r\n--XX--",
        "--XX\r\n" CD "name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\none\r\n--XX--", "--XX\r\n" CD "name=\"a\"\r\n\r\n\xff\r\n--XX--",
        "--XXone", "--XX\r\n" CD "name=\"a\"x\r\n\r\none\r\n--XX--", "--XX\r\n" CD "name=\"\xff\"\r\n\r\none\r\n--XX--"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) ok(read_multipart(TYPE, BAD[i], &m) == BAD_INPUT, "malformed body %zu is refused", i);
    static const char *const TYPES[] = {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "multipart/form-data; boundary=a b",
        "multipart/form-data; boundary=<>", "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) ok(read_multipart(TYPES[i], "--XX--", &m) == BAD_INPUT, "bad boundary %zu is refused", i);
    ok(read_multipart(TYPE, "--XX\r\n" CD "name=\"f\"; filename=\"x\"\r\n\r\n12345678901\r\n--XX--", &m) == TOO_LARGE, "a file too large");
    ok(read_multipart(TYPE, "--XX\r\n" CD "name=\"f\"\r\n\r\n12345678901\r\n--XX--", &m) == TOO_LARGE, "a field too long");
}

static void test_random(void)
{
    static const char *const BITS[] = {"--XX", "\r\n", "--", "Content-Disposition: form-data", "; name=", "\"", "a", "; filename=", "=", ";", "%", "&", "\xff", "Content-Type: ", "/", ".."};
    size_t cases = tap_cases(200000);
    for (size_t i = 0; i < cases; i++) {
        struct buf text = {0};
        buf_init(&text, 4096);
        size_t n = tap_below(20);
        for (size_t k = 0; k < n; k++) {
            if (tap_below(8) == 0) buf_addc(&text, (char)tap_below(256));
            else buf_adds(&text, BITS[tap_below(sizeof BITS / sizeof *BITS)]);
        }
        struct reasons why;
        reasons_init(&why, arena);
        struct multipart m;
        struct pair *pairs;
        size_t count;
        const char *path;
        const char *bytes = text.data ? text.data : "";
        if (multipart_read(arena, TYPE, bytes, text.len, (struct form_limits){0}, &why, &m) != OK && !why.count) ok(false, "no reason");
        if (urlencoded_read(arena, bytes, text.len, (struct form_limits){0}, &why, &pairs, &count) != OK && !why.count) ok(false, "no reason");
        if (path_read(arena, bytes, text.len, &path) == OK && (strstr(path, "/../") || strstr(path, "//"))) ok(false, "a path climbs: %s", path);
        buf_free(&text);
        arena_clear(arena);
    }
    ok(true, "%zu random bodies and paths", cases);
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    test_urlencoded();
    test_paths();
    test_multipart();
    test_random();
    arena_free(arena);
    return tap_done();
}
