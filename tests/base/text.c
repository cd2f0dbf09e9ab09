/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text: UTF-8, folding in Latin, Greek and Cyrillic, search terms, sort keys, languages, reasons.
 */
#include "tap.h"

#include "base/buf.h"
#include "base/reasons.h"
#include "base/text.h"

static struct arena *arena;

static void utf8(void)
{
    static const struct { const char *text; size_t len; bool valid; size_t count; } table[] = {
        {"", 0, true, 0}, {"abc", 3, true, 3}, {"a\0b", 3, true, 3}, {"\xc3\xa9t\xc3\xa9", 5, true, 3}, {"\xe2\x82\xac", 3, true, 1},
        {"\xf0\x9f\x98\x80", 4, true, 1}, {"\xf4\x8f\xbf\xbf", 4, true, 1}, {"\xc3", 1, false, 1}, {"\x80", 1, false, 1},
        {"\xc0\x80", 2, false, 2}, {"\xe0\x80\x80", 3, false, 3}, {"\xed\xa0\x80", 3, false, 3}, {"\xf0\x80\x80\x80", 4, false, 4},
        {"\xf4\x90\x80\x80", 4, false, 4}, {"\xfe", 1, false, 1}, {"12345678\xff", 9, false, 9}, {"1234567\xc3\xa9", 9, true, 8},
        {"\xe2\x82", 2, false, 2},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *exact = malloc(table[i].len + 1);        /* a read past the end would be seen */
        memcpy(exact, table[i].text, table[i].len);
        ok(utf8_valid(exact, table[i].len) == table[i].valid, "UTF-8 (%zu)", i);
        is_int(utf8_count(exact, table[i].len), table[i].count, "its characters");
        free(exact);
    }
    ok(text_is_plain("a\tb", 3, false) && !text_is_plain("a\nb", 3, false) && text_is_plain("a\nb", 3, true), "plain text");
    ok(!text_is_plain("a\x1b[1m", 5, true) && !text_is_plain("\xc2\x85", 2, true) && !text_is_plain("\x7f", 1, true),
       "control characters of every kind are not plain");
}

static void folding(void)
{
    static const struct { const char *text, *folded; } table[] = {
        {"Hello World", "hello world"}, {"ÉLÈVE naïve Çà", "eleve naive ca"}, {"Straße STRASSE", "strasse strasse"},
        {"Łódź", "lodz"}, {"Ærø Œuvre", "aero oeuvre"}, {"ΣΊΣΥΦΟΣ", "σισυφοσ"}, {"σίσυφος", "σισυφοσ"}, {"Ἀθῆναι", "αθηναι"},
        {"ЁЛКА Йод", "елка иод"}, {"Київ", "киів"}, {"İstanbul ISPARTA ırmak", "istanbul isparta irmak"}, {"ﬁnance", "finance"}, {"Ａ１", "a1"},
        {"x²", "x2"}, {"Đorđe", "dorde"}, {"", ""}, {"e\xcc\x81", "e"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *once = text_fold(arena, table[i].text, strlen(table[i].text));
        is(once, table[i].folded, table[i].text);
        is(text_fold(arena, once, strlen(once)), once, "folding twice changes nothing");
    }
    ok(utf8_valid(text_fold(arena, "a\xff\xfe" "b", 4), strlen(text_fold(arena, "a\xff\xfe" "b", 4))), "bytes that are no UTF-8 fold to UTF-8");
}

static const char *terms(const char *text, size_t max)
{
    const char **list;
    char *out = arena_strdup(arena, "");
    size_t count = text_terms(arena, text, strlen(text), max, &list);
    for (size_t i = 0; i < count; i++)
        out = arena_printf(arena, "%s%s%s", out, i ? "|" : "", list[i]);
    return out;
}

static void term_lists(void)
{
    is(terms("The cat, the Cat; THE end.", 50), "the|cat|end", "distinct, in order of appearance");
    is(terms("See INC-2026-7KQ4M2XD.", 50), "see|inc|inc-2026-7kq4m2xd|2026|7kq4m2xd", "an identifier also as a whole");
    is(terms("host 10.0.0.7 ac-2 and well-known", 50), "host|10|10.0.0.7|0|7|ac|ac-2|2|and|well|known", "addresses, controls, no mere hyphens");
    is(terms("Σίσυφος Łódź Київ", 50), "σισυφοσ|lodz|киів", "any script");
    is(terms("a b c d e", 3), "a|b|c", "at most as many as asked");
    is(terms("", 10), "", "none in nothing");
    is(terms("... --- !!", 10), "", "none in punctuation");
    const char **list;
    char long_word[200];
    memset(long_word, 'x', 100);
    size_t count = text_terms(arena, long_word, 100, 10, &list);
    ok(count == 1 && strlen(list[0]) == 40, "a long word is cut to 40 bytes");
    char greek[120] = "";
    for (int i = 0; i < 30; i++)
        memcpy(greek + i * 2, "α", 3);
    count = text_terms(arena, greek, 60, 10, &list);
    ok(count == 1 && strlen(list[0]) == 40 && utf8_valid(list[0], 40), "between characters");
    memcpy(greek + 1, "α", 2);
    greek[0] = 'x';
    for (int i = 0; i < 29; i++)
        memcpy(greek + 1 + i * 2, "α", 3);
    count = text_terms(arena, greek, strlen(greek), 10, &list);
    ok(count == 1 && strlen(list[0]) == 39 && utf8_valid(list[0], 39), "never within one (%zu)", strlen(list[0]));
    struct buf many;
    buf_init(&many, 1 << 20);
    for (int i = 0; i < 3000; i++)
        buf_addf(&many, "w%d w%d ", i, i / 2);
    is_int(text_terms(arena, many.data, many.len, 100000, &list), 3000, "three thousand different words");
    buf_free(&many);
}

static int order(const char *a, const char *b)
{
    uint8_t x[200], y[200];
    size_t x_len = text_sort_key(a, strlen(a), x, sizeof x), y_len = text_sort_key(b, strlen(b), y, sizeof y);
    int first = memcmp(x, y, x_len < y_len ? x_len : y_len);
    return first ? first : (x_len > y_len) - (x_len < y_len);
}

static void sorting(void)
{
    ok(order("cote", "côte") < 0 && order("côte", "coté") > 0 && order("Zoë", "zoo") < 0, "accents after letters");
    ok(order("ab", "Ac") < 0 && order("a", "A") < 0 && order("Z", "é") > 0, "capitals do not come first");
    ok(order("", "a") < 0 && order("same", "same") == 0, "nothing before something");
    uint8_t key[10];
    size_t len = text_sort_key("a rather long title", 19, key, sizeof key);
    ok(len <= 10 && !memchr(key, 0, len), "cut, and without NUL");
}

static void helpers(void)
{
    static const char *const list[] = {"a", "b", NULL};
    ok(str_eq(NULL, NULL) && !str_eq(NULL, "") && str_eq("x", "x") && !str_eq("x", "y"), "str_eq");
    ok(str_starts("incident", "inci") && !str_starts("in", "inci") && str_ends("a.yaml", ".yaml") && !str_ends("l", ".yaml"),
       "beginnings and ends");
    ok(str_in("b", list) && !str_in("c", list) && !str_in(NULL, list), "str_in");
    is_int(lang_from("fr-CA,en;q=0.5", LANG_EN), LANG_FR, "French first");
    is_int(lang_from("en;q=0.3, fr;q=0.8", LANG_EN), LANG_FR, "the better liked");
    is_int(lang_from("de, fr;q=0", LANG_EN), LANG_EN, "none that we speak");
    is_int(lang_from("french", LANG_EN), LANG_EN, "a longer word is no language");
    is_int(lang_from(NULL, LANG_FR), LANG_FR, "nothing asked");
    is_int(lang_from("de-DE,de;q=0.9,en;q=0.8", LANG_FR), LANG_EN, "the one that we speak");
    is(lang_code(LANG_FR), "fr", "code");
    is(tr(LANG_FR, "the text ends where a value must stand"), "le texte s’arrête là où une valeur est attendue", "the catalogue speaks French");
    is(tr(LANG_FR, "never translated"), "never translated", "what it lacks stays English");
    is(tr(LANG_EN, "anything"), "anything", "English is in the code");
}

static void reasons(void)
{
    struct reasons list, more;
    reasons_init(&list, arena);
    struct reason *one = reason_add(&list, "json.form", "a.json:3", T_("a colon must follow the name “%1$s”"), "50% %1$s");
    is(one->text.in[LANG_EN], "a colon must follow the name “50% %1$s”", "arguments are no formats");
    is(one->text.in[LANG_FR], "le nom « 50% %1$s » doit être suivi de deux-points", "both languages at once");
    ok(one->next.in[LANG_EN] == NULL, "no next step yet");
    reason_next(&list, one, "write %2$s before %1$s, 100%% sure", "b", "a");
    is(one->next.in[LANG_EN], "write a before b, 100% sure", "positions count, not order");
    reason_add(&list, "x.y", NULL, "plain, with 5% and %s and %1$d");
    is(list.last->text.in[LANG_EN], "plain, with 5% and %s and %1$d", "other conversions are text");
    is(reasons_text(&list, LANG_EN), "a.json:3: a colon must follow the name “50% %1$s” (json.form)\nplain, with 5% and %s and %1$d (x.y)\n", "as lines");
    struct arena *other = arena_new(0);
    reasons_init(&more, other);
    reason_add(&more, "z", "w", "third %1$s", (const char *)NULL)->grants = true;
    reasons_join(&list, &more);
    arena_free(other);
    ok(list.count == 3 && list.last->grants && str_eq(list.last->text.in[LANG_EN], "third "), "joined by copying");
    reasons_init(&more, arena);
    more.limit = 2;
    for (int i = 0; i < 5; i++)
        reason_next(&more, reason_add(&more, "r", NULL, "x"), "y");
    ok(more.count == 5 && more.first->after == more.last && !more.last->after, "beyond the limit they are only counted");
    ok(reason_add(NULL, "r", NULL, "x") != NULL, "without a list nothing is written");
}

int main(void)
{
    arena = arena_new(0);
    utf8();
    folding();
    term_lists();
    sorting();
    helpers();
    reasons();
    arena_free(arena);
    return tap_done();
}
