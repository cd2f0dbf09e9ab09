/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON: what RFC 8259 allows is read, all else is refused with line and column; the canonical form is that of RFC 8785;
 * both writers' texts are read back as the same value (seeded).
 */
#include "tap.h"

#include "base/text.h"
#include "base/val.h"

static struct arena *arena;

static enum status read_text(const char *text, size_t len, struct reasons *reasons, struct val **val)
{
    *val = NULL;
    reasons_init(reasons, arena);
    return json_read(arena, text, len, (struct json_limits){0}, reasons, val);
}

static const char *canonical(const struct val *val)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    const char *text = json_canonical(&out, val) == OK ? arena_strndup(arena, out.data, out.len) : "(refused)";
    buf_free(&out);
    return text;
}

static void good(void)
{
    static const struct { const char *text, *canonical; } table[] = {
        {"null", "null"}, {" true ", "true"}, {"\r\n\tfalse\n", "false"}, {"0", "0"}, {"-0", "0"}, {"-17", "-17"},
        {"9007199254740991", "9007199254740991"}, {"9007199254740992", "(refused)"},
        {"-9223372036854775808", "(refused)"}, {"1.0", "(refused)"}, {"1e2", "(refused)"}, {"[]", "[]"}, {"{}", "{}"},
        {"[ 1 , [ ] , { } ]", "[1,[],{}]"}, {"\"\"", "\"\""},
        {"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""}, {"\"\\u001f\\u007f\"", "\"\\u001f\x7f\""},
        {"\"</script>\"", "\"</script>\""},
        /* The examples of RFC 8785, without their fractions. */
        {"{\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\", \"literals\": [null, true, false]}",
         "{\"literals\":[null,true,false],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
        {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
         "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}"},
        {"{\"aa\":1,\"a\":2,\"\":3,\"b\":{\"z\":1,\"y\":2}}", "{\"\":3,\"a\":2,\"aa\":1,\"b\":{\"y\":2,\"z\":1}}"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reasons reasons;
        struct val *val;
        enum status status = read_text(table[i].text, strlen(table[i].text), &reasons, &val);
        ok(status == OK, "read: %s", table[i].text);
        is(status ? "" : canonical(val), table[i].canonical, "its canonical form");
    }
}

static void bad(void)
{
    static const struct { const char *text, *where; size_t len; } table[] = {
        {"", "1:1", 0}, {"  ", "1:3", 0}, {"nul", "1:1", 0}, {"True", "1:1", 0}, {"[1,]", "1:4", 0}, {"[1 2]", "1:4", 0},
        {"[1\n,\n,2]", "3:1", 0}, {"{\"a\" 1}", "1:6", 0}, {"{\"a\":}", "1:6", 0}, {"{a:1}", "1:2", 0},
        {"{\"a\":1,}", "1:8", 0}, {"{\"a\":1,\"a\":2}", "1:14", 0}, {"01", "1:3", 0}, {"-", "1:2", 0}, {"1.", "1:3", 0},
        {".5", "1:1", 0}, {"1e", "1:3", 0}, {"+1", "1:1", 0}, {"0x1", "1:2", 0}, {"NaN", "1:1", 0}, {"\"a", "1:3", 0},
        {"\"a\nb\"", "1:3", 0}, {"\"\\x\"", "1:3", 0}, {"\"\\u12g4\"", "1:3", 0}, {"\"\\ud800\"", "1:3", 0},
        {"\"\\ud800\\u0041\"", "1:3", 0}, {"\"\\udc00\"", "1:3", 0}, {"\"\xc3\"", "1:2", 0}, {"\"\xc0\xaf\"", "1:2", 0},
        {"\"\xed\xa0\x80\"", "1:2", 0}, {"\"\xf5\x80\x80\x80\"", "1:2", 0}, {"1 1", "1:3", 0}, {"[1]]", "1:4", 0},
        {"{\"\\u0000\":1}", "1:10", 0}, {"\xef\xbb\xbf{}", "1:1", 0}, {"[\0]", "1:2", 3}, {"/* c */ 1", "1:1", 0},
        {"'a'", "1:1", 0}, {"[1", "1:3", 0}, {"{\"a\":[}", "1:7", 0}, {"\"\\", "1:3", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reasons reasons;
        struct val *val;
        size_t len = table[i].len ? table[i].len : strlen(table[i].text);
        enum status status = read_text(table[i].text, len, &reasons, &val);
        ok(status == BAD_INPUT && !val && reasons.count == 1, "refused: %s", table[i].text);
        is(reasons.first ? reasons.first->where : "", table[i].where, "at its line and column");
        ok(reasons.first && !str_eq(reasons.first->text.in[LANG_EN], reasons.first->text.in[LANG_FR]), "in both languages");
    }
}

static void limits(void)
{
    struct reasons reasons;
    struct val *val;
    char deep[131];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    is_int(read_text(deep, 130, &reasons, &val), BAD_INPUT, "65 levels are too deep");
    is_int(read_text(deep + 1, 128, &reasons, &val), OK, "64 are not");
    is_int(json_read(arena, "[1,2]", 5, (struct json_limits){.bytes = 4}, &reasons, &val), TOO_LARGE, "a size limit");
    is_int(json_read(arena, "[[1]]", 5, (struct json_limits){.depth = 1}, &reasons, &val), BAD_INPUT, "a depth limit");
    is_int(read_text("[\n1,\n{\"a\":\n7}]", 14, &reasons, &val), OK, "values know their line");
    is_int(val_get(val_at(val, 1), "a")->line, 4, "line 4");
    struct buf many;
    buf_init(&many, 1 << 20);
    buf_addc(&many, '{');
    for (int i = 0; i < 500; i++)
        buf_addf(&many, "%s\"name %d\":%d", i ? "," : "", i, i);
    buf_addc(&many, '}');
    is_int(read_text(many.data, many.len, &reasons, &val), OK, "an object of 500 members");
    is_int(val_get_int(val, "name 499", 0), 499, "its last");
    many.len--;
    buf_adds(&many, ",\"name 3\":0}");
    is_int(read_text(many.data, many.len, &reasons, &val), BAD_INPUT, "a name twice among 500");
    buf_free(&many);
    struct buf small;
    buf_init(&small, 8);
    is_int(json_canonical(&small, val_str(arena, "a text longer than eight")), TOO_LARGE, "the buffer's limit is told");
    buf_free(&small);
    struct val *broken = val_strn(arena, "\xff", 1);
    is(canonical(broken), "(refused)", "text that is no UTF-8 has no canonical form");
}

static void html(void)
{
    struct buf out;
    buf_init(&out, 1024);
    json_write(&out, val_str(arena, "</script>&\xe2\x80\xa8\xe2\x80\xa9\xe2\x82\xac\x01\"\\"));
    is(out.data, "\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\xe2\x82\xac\\u0001\\\"\\\\\"", "JSON may stand in HTML");
    buf_free(&out);
}

static void values(void)
{
    struct val *object = val_object(arena), *copy;
    val_set_str(arena, object, "a", "x");
    val_set_int(arena, object, "b", 5);
    val_set_bool(arena, object, "c", true);
    val_set_str(arena, object, "a", "y");
    val_set_str(arena, object, "none", NULL);
    is_int(val_count(object), 4, "a name is there once");
    is(val_get_str(object, "a"), "y", "the later value");
    ok(val_get_str(object, "b") == NULL && val_get_int(object, "a", 9) == 9, "other kinds count as absent");
    ok(val_get(NULL, "a") == NULL && val_at(object, 0) == NULL && val_get_bool(object, "c", false), "looking is safe");
    copy = val_copy(arena, object);
    ok(val_equal(copy, object), "a copy is equal");
    val_drop(copy, "b");
    ok(!val_equal(copy, object) && val_get(object, "b") && !val_get(copy, "b"), "and independent");
    val_set_int(arena, copy, "b", 5);
    ok(val_equal(copy, object), "the order of members does not count");
}

/* ---- seeded round trips ---- */

static const char *random_text(void)
{
    static const char *const pieces[] = {"a", "Z9", " ", "\"", "\\", "\n", "\x01", "\x7f", "<", "&", "\xc3\xa9", "\xce\xa3",
                                         "\xe2\x80\xa8", "\xef\xbf\xbf", "\xf0\x9f\x98\x80", "\xee\x80\x80", "incident"};
    struct buf text;
    buf_init(&text, 1000);
    for (uint64_t n = tap_below(12); n; n--)
        buf_adds(&text, pieces[tap_below(sizeof pieces / sizeof *pieces)]);
    const char *copy = arena_strndup(arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return copy;
}

static struct val *random_val(int depth)
{
    uint64_t kind = tap_below(depth ? 7 : 5);
    if (kind == 0)
        return val_null(arena);
    if (kind == 1)
        return val_bool(arena, tap_below(2));
    if (kind == 2)
        return val_int(arena, (int64_t)(tap_random() >> (11 + tap_below(50))) * (tap_below(2) ? -1 : 1));
    if (kind < 5)
        return val_str(arena, random_text());
    struct val *val = kind == 5 ? val_array(arena) : val_object(arena);
    for (uint64_t n = tap_below(8); n; n--) {
        if (kind == 5)
            val_push(arena, val, random_val(depth - 1));
        else
            val_set(arena, val, random_text(), random_val(depth - 1));
    }
    return val;
}

static void shuffle(struct val *val)
{
    for (uint32_t i = 0; i < val_count(val); i++) {
        shuffle(val->kind == VAL_ARRAY ? val->items[i] : val->members[i].value);
        if (val->kind == VAL_OBJECT) {
            uint32_t other = (uint32_t)tap_below(val->count);
            struct val_member member = val->members[i];
            val->members[i] = val->members[other];
            val->members[other] = member;
        }
    }
}

static void round_trips(void)
{
    size_t cases = tap_cases(300000), wrong = 0;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < cases && !wrong; i++) {
        arena_clear(arena);
        struct reasons reasons;
        struct val *val = random_val(4), *back;
        buf_clear(&text);
        json_write(&text, val);
        wrong += read_text(text.data, text.len, &reasons, &back) != OK || !val_equal(val, back);
        const char *first = canonical(val);
        wrong += read_text(first, strlen(first), &reasons, &back) != OK || !val_equal(val, back);
        char *own = arena_strndup(arena, text.data, text.len);
        reasons_init(&reasons, arena);
        wrong += json_read(arena, own, text.len, (struct json_limits){.in_place = true}, &reasons, &back) != OK || !val_equal(val, back);
        shuffle(back);
        wrong += strcmp(first, canonical(back)) != 0;
        if (text.len) {                    /* cut anywhere: refused, unless a number or blank end was cut */
            size_t cut = tap_below(text.len);
            struct val *part;
            if (read_text(text.data, cut, &reasons, &part) == OK)
                wrong += val->kind != VAL_INT;
        }
    }
    ok(!wrong, "%zu values come back from both writers, in place too, in any order of members", cases);
    buf_free(&text);
}

int main(void)
{
    tap_seed();
    arena = arena_new((size_t)256 << 20);
    good();
    bad();
    limits();
    html();
    values();
    round_trips();
    arena_free(arena);
    return tap_done();
}
