/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * YAML: what the office's definitions use is read and typed; what surprises is refused with file and line.
 */
#include "tap.h"

#include "base/text.h"
#include "base/val.h"

static struct arena *arena;

static enum status read_text(const char *text, struct reasons *reasons, struct val **val)
{
    *val = NULL;
    reasons_init(reasons, arena);
    return yaml_read(arena, "incident.yaml", text, strlen(text), reasons, val);
}

static void good(void)
{
    static const struct { const char *yaml, *json; } table[] = {
        {"register: incident\nname: {en: Security incidents, fr: \"Incidents de s\xc3\xa9" "curit\xc3\xa9\"}\n",
         "{\"register\":\"incident\",\"name\":{\"en\":\"Security incidents\",\"fr\":\"Incidents de s\xc3\xa9" "curit\xc3\xa9\"}}"},
        {"a: [1, -2, 0, 012, +3, 1.5, 1_000, 0x1f, 9223372036854775807, 9223372036854775808]\n",
         "{\"a\":[1,-2,0,\"012\",\"+3\",\"1.5\",\"1_000\",\"0x1f\",9223372036854775807,\"9223372036854775808\"]}"},
        {"a: true\nb: false\nc: null\nd:\ne: \"true\"\nf: 'null'\ng: \"7\"\n",
         "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":\"true\",\"f\":\"null\",\"g\":\"7\"}"},
        {"a: [yes, no, on, off, ~, True, 2026-11-22, 24h]\n",
         "{\"a\":[\"yes\",\"no\",\"on\",\"off\",\"~\",\"True\",\"2026-11-22\",\"24h\"]}"},
        {"a: |\n  one\n  two\nb: >-\n  folded\n  line\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"folded line\"}"},
        {"# a comment\n---\n- 1\n- - 2\n  - 3\n...\n", "[1,[2,3]]"}, {"just a text\n", "\"just a text\""}, {"7: x\n", "{\"7\":\"x\"}"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reasons reasons;
        struct val *val;
        struct buf out;
        buf_init(&out, 65536);
        if (!ok(read_text(table[i].yaml, &reasons, &val) == OK, "read (%zu)", i))
            printf("# %s\n", reasons_text(&reasons, LANG_EN));
        json_write(&out, val);
        is(out.data, table[i].json, "as expected");
        buf_free(&out);
    }
}

static void bad(void)
{
    static const struct { const char *what, *yaml, *where, *word; } table[] = {
        {"an anchor", "a: 1\nb: &x 2\n", "incident.yaml:2", "anchors"},
        {"an alias", "a: 1\nb: *x\n", "incident.yaml:2", "anchors"},
        {"a tag", "a:\n  b: !!int \"7\"\n", "incident.yaml:2", "tag"},
        {"a tag on a list", "a: !x [1]\n", "incident.yaml:1", "!x"},
        {"an anchor on a key", "&k a: 1\n", "incident.yaml:1", "anchors"},
        {"a merge key", "a: 1\n<<: {b: 2}\n", "incident.yaml:2", "merge"},
        {"a key twice", "a: 1\nb: 2\na: 3\n", "incident.yaml:3", "\xe2\x80\x9c" "a\xe2\x80\x9d"},
        {"a key twice below", "x:\n  a: 1\n  a: 3\n", "incident.yaml:3", "twice"},
        {"a second document", "a: 1\n---\nb: 2\n", "incident.yaml:2", "second"},
        {"nothing", "", "incident.yaml:1", "nothing"}, {"only a comment", "# x\n", "incident.yaml:1", "nothing"},
        {"a list as key", "? [a, b]\n: 1\n", "incident.yaml:1", "key"},
        {"an open list", "a: [1,\n  2\nb: 3\n", "incident.yaml:3", "well-formed"},
        {"a tab", "a:\n\tb: 1\n", "incident.yaml:2", "well-formed"},
        {"bytes that are no UTF-8", "a: 1\nb: \xff\xfe\n", "incident.yaml:2", "well-formed"},
        {"a control character", "a: 1\nb: \x01\n", "incident.yaml:2", "well-formed"},
        {"wrong indent", "a:\n  b: 1\n c: 2\n", "incident.yaml:3", "well-formed"},
        {"NUL in a key", "a: 1\n\"b\\0\": 2\n", "incident.yaml:2", "NUL"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reasons reasons;
        struct val *val;
        enum status status = read_text(table[i].yaml, &reasons, &val);
        ok(status == BAD_INPUT && !val && reasons.count == 1, "%s is refused", table[i].what);
        is(reasons.first ? reasons.first->where : "", table[i].where, "with file and line");
        ok(reasons.first && strstr(reasons.first->text.in[LANG_EN], table[i].word), "in words: %s",
           reasons.first ? reasons.first->text.in[LANG_EN] : "");
    }
    char deep[300];
    struct reasons reasons;
    struct val *val;
    memset(deep, '[', 140);
    deep[140] = '\0';
    is_int(read_text(deep, &reasons, &val), BAD_INPUT, "too deep");
    char *large = arena_alloc(arena, (4 << 20) + 2);
    memset(large, 'a', (4 << 20) + 1);
    is_int(yaml_read(arena, "x", large, (4 << 20) + 1, &reasons, &val), TOO_LARGE, "too large");
}

static void lines(void)
{
    struct reasons reasons;
    struct val *val;
    is_int(read_text("a: 1\nb:\n  - x\n  - y: {z: 3}\nc: |\n  t\n", &reasons, &val), OK, "read");
    is_int(val->line, 1, "the mapping's line");
    is_int(val_get(val, "b")->line, 3, "the list's line");
    is_int(val_at(val_get(val, "b"), 1)->line, 4, "an item's line");
    is_int(val_get(val_get(val_at(val_get(val, "b"), 1), "y"), "z")->line, 4, "a value's line");
    is_int(val_get(val, "c")->line, 5, "a block's line");
}

int main(void)
{
    arena = arena_new(0);
    good();
    bad();
    lines();
    arena_free(arena);
    return tap_done();
}
