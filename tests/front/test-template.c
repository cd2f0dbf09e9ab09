/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Templates at run time: every payload in every context comes out harmless, the language's constructs do what
 * docs/templates.md says, and a page of 50 rows is fast.
 */
#include <time.h>

#include "front/escape.h"
#include "front/front.h"
#include "front/template.h"
#include "tap.h"

extern const struct template_table test_templates;

static const char *rendered(const char *name, const struct val *data, enum lang lang, struct buf *out)
{
    buf_clear(out);
    render(name, data, lang, out);
    return out->len ? out->data : "";
}

static const char *const PAYLOADS[] = {
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "\x01javascript:alert(1)", "//evil.example/x",
    "\\\\evil.example", "/\\evil.example", "data:text/html,<script>alert(1)</script>", "vbscript:x", "</title><script>x</script>",
    "</textarea><script>x</script>", "` onmouseover=x", "a&b", "--><script>", "]]><script>", "\xc0\xbcscript\xc0\xbe",
    "\xff\xfe<", "<svg><script>x</script></svg>", "<svg onload=\"x\"></svg>", "<svg><a href=\"javascript:x\"></a></svg>",
    "x' autofocus onfocus='x", "../../etc/passwd", "?a=b#c", "a b", "{{ x }}", "%3Cscript%3E", "feed:javascript:x",
};

static void test_payloads(struct arena *arena, struct buf *out)
{
    for (size_t i = 0; i < sizeof PAYLOADS / sizeof *PAYLOADS; i++) {
        struct val *data = val_object(arena);
        val_set_str(arena, data, "x", PAYLOADS[i]);
        const char *page = rendered("contexts", data, LANG_EN, out);
        static const char *const TAGS[] = {"<script", "<img", "<SVG", "<svg", "</title><", "</textarea><s", NULL};
        bool clean = true;
        for (size_t t = 0; TAGS[t]; t++) clean = clean && !strcasestr(page, TAGS[t]);
        /* No attribute value that a browser would take as another scheme or another host. */
        static const char *const STARTS[] = {"href=\"javascript", "href=\" javascript", "href=\"data:", "href=\"vbscript",
                                             "href=\"//", "href=\"\\", "href=\"/\\", "action=\"javascript", "action=\"//",
                                             "href=\"/p/../", "href=\"/p/..\"", "href=\"java", "href=\"feed:", NULL};
        for (size_t t = 0; STARTS[t]; t++) clean = clean && !strcasestr(page, STARTS[t]);
        /* Quotes and angle brackets are as many as the template itself has. */
        size_t angles = 0, quotes = 0, singles = 0;
        for (const char *c = page; *c; c++) {
            angles += *c == '<';
            quotes += *c == '"';
            singles += *c == '\'';
        }
        clean = clean && angles == 26 && quotes == 14 && singles == 2;
        if (!ok(clean, "payload %zu is harmless in every context", i)) {
            printf("# %zu %zu %zu\n# %s\n", angles, quotes, singles, page);
        }
    }
}

static void test_contexts(struct arena *arena, struct buf *out)
{
    struct val *data = val_object(arena);
    val_set_str(arena, data, "x", "/a b?c=d&e");
    const char *page = rendered("contexts", data, LANG_EN, out);
    ok(strstr(page, "<a href=\"/a%20b?c=d&amp;e\">3</a>"), "a whole address stays one");
    ok(strstr(page, "href=\"/p/%2Fa%20b%3Fc%3Dd%26e\">4"), "a component is encoded whole");
    ok(strstr(page, "Dear /a b?c=d&amp;e, 100%</p>"), "words take their argument, escaped");
    val_set_str(arena, data, "x", "one\ntwo");
    ok(strstr(rendered("contexts", data, LANG_EN, out), "<pre>one<br>two</pre>"), "lines become breaks");
    val_set_str(arena, data, "x", "<svg viewBox=\"0 0 1 1\"><text x=\"1\">a &lt; b</text></svg>");
    ok(strstr(rendered("contexts", data, LANG_EN, out), "<text x=\"1\">a &lt; b</text></svg>"), "a modest drawing stands");
    struct val *deep = val_object(arena);
    val_set_str(arena, deep, "a", "\"<");
    val_set(arena, data, "x", deep);
    page = rendered("contexts", data, LANG_EN, out);
    ok(strstr(page, "data-x=\"{&#34;a&#34;:"), "JSON is escaped for its attribute");
}

static void test_svg(void)
{
    static const char *const BAD[] = {
        "<svg><script>x</script></svg>", "<svg onload=\"x\"></svg>", "<svg style=\"x\"></svg>", "<svg><a></a></svg>",
        "<svg><use href=\"/x.svg#a\"/></svg>", "<svg><g></svg></g>", "<svg>", "<svg></svg><script>", "<svg fill=\"url(http://x)\"></svg>",
        "<svg>&#x3c;</svg>", "<svg><![CDATA[x]]></svg>", "<svg><!-- x --></svg>", "<SVG></SVG>", "svg", "<svg x=1></svg>",
        "<svg><foreignObject></foreignObject></svg>", "<svg x=\"<\"></svg>", "<svg\x01></svg>"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) ok(!svg_is_modest(BAD[i], strlen(BAD[i])), "refused: %s", BAD[i]);
    const char *good = "<svg viewBox=\"0 0 2 2\" role=\"img\"><title>x &amp; y</title><g><path d=\"M0 0\"/><use href=\"#a\"/></g></svg>\n";
    ok(svg_is_modest(good, strlen(good)), "a drawing of ours is taken");
}

static struct val *logic_data(struct arena *arena)
{
    static const char JSON[] =
        "{\"now\":\"2026-11-22T12:00:00Z\",\"title\":\"secret\",\"a\":true,\"b\":\"\",\"n\":2,\"checked\":1,\"off\":0,"
        "\"rows\":[{\"name\":\"A<\",\"in\":[\"p\",\"q\"]},{\"x\":1,\"name\":\"B\",\"in\":[]}],"
        "\"map\":{\"k-1\":\"one\",\"k-2\":null},\"a2\":{\"b\":{\"c\":\"deep\"}},\"other\":{\"name\":\"O\"},"
        "\"list\":[\"x\",\"y\"],\"key\":\"k-1\",\"big\":-1234567,\"when\":\"2026-03-01T10:05:00Z\","
        "\"due\":\"2026-11-22T15:00:00Z\",\"both\":{\"en\":\"in English\",\"fr\":\"en fran\xc3\xa7" "ais\"}}";
    struct reasons why;
    reasons_init(&why, arena);
    struct val *data = NULL;
    ok(json_read(arena, JSON, strlen(JSON), (struct json_limits){0}, &why, &data) == OK, "the data is JSON");
    return data;
}

static void test_logic(struct arena *arena, struct buf *out)
{
    struct val *data = logic_data(arena);
    const char *page = rendered("logic", data, LANG_EN, out);
    static const char *const WANT[] = {
        "<title>SECRET</title>", "[a]", "<input checked>", "<td>A&lt;</td>", "(1/2first)p.1;q.2;", "(2/2last)",
        "k-1=one,k-2=-,", "deepz", "<td>O</td>", "2 things", "yonex, y2-1\xe2\x80\xaf" "234\xe2\x80\xaf" "567",
        "1 Mar 2026|2026-03-01|2026-03-01T10:05:00Z|in 3 h|in English|", NULL};
    for (size_t i = 0; WANT[i]; i++) {
        if (!ok(strstr(page, WANT[i]) != NULL, "the page holds %s", WANT[i])) printf("# %s\n", page);
    }
    page = rendered("logic", data, LANG_FR, out);
    ok(strstr(page, "1er mars 2026") && strstr(page, "en fran\xc3\xa7" "ais|"), "dates and words in French");
    page = rendered("logic", val_object(arena), LANG_EN, out);
    ok(strstr(page, "[c]") && strstr(page, "none"), "a page over nothing still stands");
    ok(!template_exists("nowhere") && template_exists("row"), "templates are found by name");
    struct buf none = {0};
    buf_init(&none, 100);
    render("nowhere", data, LANG_EN, &none);
    ok(none.failed, "an unknown template fails the buffer");
    buf_free(&none);
}

static void test_speed(struct arena *arena, struct buf *out)
{
    struct val *data = val_object(arena), *rows = val_array(arena);
    for (int i = 0; i < 50; i++) {
        struct val *row = val_object(arena);
        val_set(arena, row, "number", val_strf(arena, "INC-2026-7KQ4M2XD%02d", i));
        val_set_str(arena, row, "summary", "A container was found open at 22:40 in building 3");
        val_set_str(arena, row, "kind", "breach");
        val_set_str(arena, row, "severity", "moderate");
        val_set_str(arena, row, "state", "investigated");
        val_set_bool(arena, row, "late", i % 3 == 0);
        val_set_str(arena, row, "due_iso", "2026-11-22T15:00:00Z");
        val_set_str(arena, row, "due", "in 3 h");
        val_push(arena, rows, row);
    }
    val_set(arena, data, "rows", rows);
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    enum { TIMES = 200 };
    for (int i = 0; i < TIMES; i++) rendered("list", data, LANG_EN, out);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double us = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / TIMES;
    printf("# 50 rows, %zu bytes: %.1f us a page\n", out->len, us);
    ok(us < 5000, "a page of 50 rows is made in time even under sanitizers");
}

int main(void)
{
    templates_use(&test_templates);
    struct arena *arena = arena_new(0);
    struct buf out = {0};
    buf_init(&out, 1 << 20);
    test_payloads(arena, &out);
    test_contexts(arena, &out);
    test_svg();
    test_logic(arena, &out);
    test_speed(arena, &out);
    buf_free(&out);
    arena_free(arena);
    return tap_done();
}
