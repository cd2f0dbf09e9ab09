/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hunt without an office: the text of a query and its faults; blocks put to the jailer as the jail runs it, and what it answers;
 * bounds; answers and blocks that somebody spoiled.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tap.h"
#include "watch/archive/archive.h"
#include "watch/hunt/hunt.h"
#include "watch/logs/logs.h"

#define HEAD "lines json\n"
#define LOG HEAD \
    "{\"@timestamp\":\"2026-11-20T10:00:00Z\",\"Image\":\"C:\\\\Tools\\\\mimikatz.exe\",\"User\":\"anna\",\"EventID\":1}\n" \
    "{\"@timestamp\":\"2026-11-20T11:00:00Z\",\"Image\":\"C:\\\\Windows\\\\notepad.exe\",\"User\":\"MIMI\",\"EventID\":1}\n" \
    "{\"@timestamp\":\"2026-11-20T12:00:00Z\",\"Image\":\"C:\\\\Windows\\\\calc.exe\",\"User\":\"bert\",\"EventID\":4688}\n" \
    "{\"@timestamp\":\"2026-11-21T12:00:00Z\",\"Image\":\"C:\\\\Windows\\\\net.exe\",\"User\":\"a * b\",\"EventID\":4688}\n"
#define ITEMS 4

static struct arena *arena;
static struct reasons reasons;

static enum status read_text(const char *text, struct hunt_query *ret)
{
    reasons_init(&reasons, arena);
    *ret = (struct hunt_query){.from = MOMENT_NONE, .to = MOMENT_NONE};
    return hunt_read(text, strlen(text), arena, &reasons, ret);
}
static bool said(const char *part) { return strstr(reasons_text(&reasons, LANG_EN), part) != NULL; }

/* ---- the text ---- */

static void texts(void)
{
    struct hunt_query q;
    ok(read_text("mimikatz\n\n# why\n  Image: *\\net.exe \r\nUser: \"a * b\"\n\" net user \"\n5F0F47A5-cb16-4dbe-9e31-e8d976d73de3\nhttp://x.example/y\nImage: *xx*\nUser: ann*\nEventID: 1\n", &q) == OK,
       "a query of every kind is read");
    is_int((long)q.n_terms, 8, "eight terms");
    is_int((long)q.n_rules, 1, "and a rule");
    ok(q.n_terms == 8 && !q.terms[0].field && q.terms[0].how == HUNT_HAS && str_eq(q.terms[0].text, "mimikatz") && q.terms[0].line == 1, "a term anywhere");
    ok(str_eq(q.terms[1].field, "Image") && q.terms[1].how == HUNT_ENDS && str_eq(q.terms[1].text, "\\net.exe") && q.terms[1].line == 4, "a field's end, by its line");
    ok(str_eq(q.terms[2].field, "User") && q.terms[2].how == HUNT_IS && str_eq(q.terms[2].text, "a * b"), "quoted, a star is a star");
    ok(!q.terms[3].field && str_eq(q.terms[3].text, " net user "), "quoted blanks belong to it");
    ok(!q.terms[4].field && str_eq(q.terms[4].text, "http://x.example/y"), "an address is no field");
    ok(q.terms[5].how == HUNT_HAS && q.terms[6].how == HUNT_BEGINS && q.terms[7].how == HUNT_IS, "stars say how");
    is(q.rules[0].id, "5f0f47a5-cb16-4dbe-9e31-e8d976d73de3", "a rule's id in small letters");
    static const struct { const char *text, *says; } faulty[] = {
        {"good\nImage: *a*b\n", "Line 2: a * stands at the beginning or at the end"}, {"x\n", "Line 1: x is too short"}, {"\"open", "Line 1: the quotation mark is not closed"},
        {"\"a b\" c", "something stands behind the closing quotation mark"}, {"Image:", "Line 1: there is no value behind the field Image"}, {"*mimi*", "needs no *"}, {"bad \xff", "no text in UTF-8"}};
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        ok(read_text(faulty[i].text, &q) == BAD_INPUT && said(faulty[i].says), "refused in words: %s", faulty[i].says);
    }
    ok(read_text("a b*\nImage: a*b\n", &q) == BAD_INPUT && reasons.count == 2, "every faulty line is told");
    struct buf many;
    buf_init(&many, 1 << 20);
    for (unsigned i = 0; i < HUNT_TERMS_MOST; i++)
        buf_addf(&many, "term %u\n", i);
    buf_addc(&many, 0);
    ok(read_text(many.data, &q) == OK && q.n_terms == HUNT_TERMS_MOST, "a thousand terms are taken");
    many.len--;
    buf_adds(&many, "one more\nand more\n");
    ok(read_text(many.data, &q) == BAD_INPUT && reasons.count == 1 && said("Line 1001") && said("1,000"), "not one more");
    buf_free(&many);
    char *large = arena_alloc(arena, HUNT_TEXT_MOST + 2);
    memset(large, 'a', HUNT_TEXT_MOST + 1);
    ok(read_text(large, &q) == BAD_INPUT && said("256 KiB"), "nor a text without end");
    large[HUNT_TERM_MOST + 1] = 0;
    ok(read_text(large, &q) == BAD_INPUT && said("1024"), "nor a term");
}

/* ---- the jailer ---- */

static size_t block_len;                   /* 0: of a text; else of the one block that is asked */
static enum status ask_with(const struct hunt_query *query, const char *const *blocks, const uint32_t *items, size_t n, const struct sigma_text *rules, size_t n_rules, struct hunt_answer *ret)
{
    struct buf in, out;
    struct arena *jail = arena_new((size_t)512 << 20);
    struct reasons why;
    static const struct sigma_options none;
    buf_init(&in, HUNT_INPUT_MOST);
    buf_init(&out, hunt_jailer.max_answer);
    reasons_init(&why, jail);
    hunt_input(&in, query, rules, n_rules, n_rules ? &none : NULL);
    for (size_t i = 0; i < n; i++)
        if (!hunt_input_block(&in, blocks[i], block_len ? block_len : strlen(blocks[i]), items ? items[i] : ITEMS))
            printf("# a block does not fit\n");
    enum status status = hunt_jailer.run(jail, in.data, in.len, NULL, &why, &out);
    if (status == OK)
        status = hunt_found(out.data, out.len, arena, ret);
    else
        printf("# %s\n", reasons_text(&why, LANG_EN));
    buf_free(&in);
    buf_free(&out);
    arena_free(jail);
    return status;
}
static struct hunt_answer ask(const char *text, const char *const *blocks, size_t n)
{
    struct hunt_query query;
    struct hunt_answer answer = {0};
    ok(read_text(text, &query) == OK && ask_with(&query, blocks, NULL, n, NULL, 0, &answer) == OK, "asked: %.40s", text);
    return answer;
}

static void terms(void)
{
    const char *const one[] = {LOG};
    struct hunt_answer a = ask("mimi", one, 1);
    ok(a.events == 4 && a.found == 2 && a.n_hits == 2, "a term is found anywhere, whatever the case");
    ok(a.n_hits == 2 && a.hits[0].item == 0 && a.hits[1].item == 1 && a.hits[0].line == 1 && str_eq(a.hits[0].what, "mimi") && !a.hits[0].rule, "in order, with what was found");
    ok(a.n_hits && strstr(a.hits[0].raw, "mimikatz.exe") && !a.hits[0].raw_cut && a.hits[0].n_values >= 3, "with the event as it was written, and its values");
    a = ask("Image: *\\calc.exe\nUser: \"a * b\"\nEventID: 4688", one, 1);
    ok(a.found == 2 && a.n_hits == 2 && a.hits[0].line == 1 && a.hits[1].line == 2, "an event that several lines fit is there once, with the first");
    a = ask("User: mimi*", one, 1);
    ok(a.found == 1 && a.n_hits == 1 && a.hits[0].item == 1, "a field's beginning");
    a = ask("User: ann", one, 1);
    ok(a.found == 0 && a.n_hits == 0 && a.events == 4, "a whole value is no beginning");
    a = ask("user: anna", one, 1);
    is_int((long)a.found, 0, "names of fields are written as they are");
}

static void times(void)
{
    const char *const two[] = {LOG, LOG};
    struct hunt_query q = {.everything = true, .from = MOMENT_NONE, .to = MOMENT_NONE, .most = 3, .newest = true, .step = DAY};
    struct hunt_answer a = {0};
    ok(ask_with(&q, two, NULL, 2, NULL, 0, &a) == OK && a.found == 8 && a.events == 8 && a.n_hits == 3, "everything, bounded");
    ok(a.n_hits == 3 && a.hits[0].block == 0 && a.hits[0].item == 3 && a.hits[1].block == 1 && a.hits[1].item == 2 && a.hits[2].item == 3, "of too many the newest are given");
    ok(a.n_spans == 2 && a.spans[0].events == 6 && a.spans[1].events == 2 && a.spans[1].number == a.spans[0].number + 1, "and all are counted by time");
    ok(moment_read("2026-11-20T11:00:00Z", &q.from) == OK && moment_read("2026-11-20T12:00:00Z", &q.to) == OK, "a span of time");
    ok(ask_with(&q, two, NULL, 2, NULL, 0, &a) == OK && a.found == 2 && a.events == 2, "its end does not belong to it, and events outside are not looked at");
    q = (struct hunt_query){.everything = true, .from = MOMENT_NONE, .to = MOMENT_NONE, .most = 3};
    ok(ask_with(&q, two, NULL, 2, NULL, 0, &a) == OK && a.n_hits == 3 && a.hits[2].block == 0 && a.hits[2].item == 2 && a.found == 8, "or the first");
}

static void places(void)
{
    const char *const two[] = {LOG, LOG};
    struct hunt_query q = {.places = (struct hunt_place[]){{0, 2}, {1, 0}, {1, 3}}, .n_places = 3, .from = MOMENT_NONE, .to = MOMENT_NONE};
    struct hunt_answer a = {0};
    ok(ask_with(&q, two, NULL, 2, NULL, 0, &a) == OK && a.n_hits == 3 && a.hits[0].item == 2 && strstr(a.hits[0].raw, "calc.exe") && a.hits[2].block == 1 && strstr(a.hits[2].raw, "net.exe"),
       "single events by their places");
    q.places = (struct hunt_place[]){{0, ITEMS}};
    q.n_places = 1;
    ok(ask_with(&q, two, NULL, 2, NULL, 0, &a) == DAMAGED, "a place that is none is refused");
}

/* ---- blocks of the archive: the same answers as from plain lines ---- */

static const char *archived(const char *lines, size_t *ret_len, uint32_t *ret_items)
{
    struct fields *fields = fields_new(arena);
    struct arena *block = arena_new((size_t)512 << 20), *scratch = arena_new((size_t)64 << 20);
    struct log_reader *reader = log_reader_new(arena, fields, log_format_named("json"), 0);
    struct archive_builder *builder = archive_builder_new(arena, block, fields);
    struct archive_info info = {0};
    struct event event;
    const void *bytes = NULL;
    size_t at = 0, len = strlen(lines);
    reasons_init(&reasons, arena);
    event_init(&event, scratch);
    for (;;) {
        event_clear(&event);
        if (log_read(reader, &event, lines, len, at, true, &reasons, &at) != OK)
            break;
        if (!archive_add(builder, &event))
            printf("# the block is full\n");
    }
    if (archive_finish(builder, arena, &bytes, ret_len, &info) != OK)
        printf("# no block is made\n");
    *ret_items = info.items;
    archive_builder_free(builder);
    arena_free(block);
    arena_free(scratch);
    return bytes;
}

static bool alike(const struct hunt_answer *a, const struct hunt_answer *b)
{
    bool good = a->events == b->events && a->found == b->found && a->n_hits == b->n_hits && a->n_spans == b->n_spans && !b->damaged;
    for (size_t i = 0; good && i < a->n_hits; i++) {
        const struct hunt_hit *one = &a->hits[i], *other = &b->hits[i];
        good = one->item == other->item && one->time == other->time && one->line == other->line && str_eq(one->what, other->what) && str_eq(one->rule, other->rule) && str_eq(one->raw, other->raw)
            && one->n_values == other->n_values;
        for (size_t v = 0; good && v < one->n_values; v++)
            good = str_eq(one->values[v].name, other->values[v].name) && str_eq(one->values[v].text, other->values[v].text);
    }
    return good;
}

static void archives(void)
{
    static const char *const texts[] = {"mimi", "Image: *\\calc.exe\nUser: \"a * b\"\nEventID: 4688", "User: mimi*", "User: ann", "EventID: *68*", "windows\nImage: c:*\ntools", "nothing of this"};
    static const char rule[] = "title: Calc\nid: 11111111-2222-3333-4444-555555555555\nlogsource: {product: x}\ndetection:\n  s: {Image|endswith: '\\calc.exe'}\n  condition: s\n";
    const struct sigma_text file = {"r.yml", rule, strlen(rule)};
    const char *lines[] = {LOG};
    struct hunt_answer plain = {0}, packed = {0};
    struct hunt_query q;
    uint32_t items = 0;
    size_t len = 0;
    const char *const block[] = {archived(LOG + strlen(HEAD), &len, &items)};
    is_int((long)items, ITEMS, "a block of the archive");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int timed = 0; timed < 2; timed++) {
            ok(read_text(texts[i], &q) == OK, "a query");
            q.step = HOUR;
            if (timed && (moment_read("2026-11-20T11:00:00Z", &q.from) != OK || moment_read("2026-11-21T00:00:00Z", &q.to) != OK))
                printf("# the test's own time is none\n");
            block_len = 0;
            enum status one = ask_with(&q, lines, NULL, 1, NULL, 0, &plain);
            block_len = len;
            enum status other = ask_with(&q, block, &items, 1, NULL, 0, &packed);
            ok(one == OK && other == OK && alike(&plain, &packed), "lines and archive answer alike: %.20s%s (%d, %d)", texts[i], timed ? ", of a time" : "", (int)plain.found, (int)packed.found);
        }
    q = (struct hunt_query){.everything = true, .from = MOMENT_NONE, .to = MOMENT_NONE, .most = 3, .newest = true, .step = DAY};
    block_len = 0;
    ok(ask_with(&q, lines, NULL, 1, NULL, 0, &plain) == OK && (block_len = len) && ask_with(&q, block, &items, 1, NULL, 0, &packed) == OK && alike(&plain, &packed), "everything, newest first");
    ok(read_text("11111111-2222-3333-4444-555555555555\nanna", &q) == OK, "a rule and a term");
    block_len = 0;
    ok(ask_with(&q, lines, NULL, 1, &file, 1, &plain) == OK && (block_len = len) && ask_with(&q, block, &items, 1, &file, 1, &packed) == OK && alike(&plain, &packed) && packed.found == 2, "are found alike");
    ok(read_text("bert\n11111111-2222-3333-4444-555555555555\ncalc", &q) == OK, "a term, a rule and another term for one event");
    block_len = 0;
    ok(ask_with(&q, lines, NULL, 1, &file, 1, &plain) == OK && (block_len = len) && ask_with(&q, block, &items, 1, &file, 1, &packed) == OK && alike(&plain, &packed) && packed.found == 1 &&
       packed.hits[0].line == 1, "it is found once, with the first");
    q = (struct hunt_query){.places = (struct hunt_place[]){{0, 2}}, .n_places = 1, .from = MOMENT_NONE, .to = MOMENT_NONE};
    ok(ask_with(&q, block, &items, 1, NULL, 0, &packed) == OK && packed.n_hits == 1 && strstr(packed.hits[0].raw, "calc.exe"), "a single event by its place");
    size_t cases = tap_cases(20000), read = 0;
    ok(read_text("mimi\nEventID: 1", &q) == OK, "a block that somebody changed");
    for (size_t c = 0; c < cases; c++) {
        char *bytes = arena_memdup(arena, block[0], len);
        for (size_t n = 1 + tap_below(4); n--;)
            bytes[tap_below(len)] = (char)tap_random();
        const char *const one[] = {bytes};
        enum status status = ask_with(&q, one, &items, 1, NULL, 0, &packed);
        read += status == DAMAGED || (status == OK && packed.events <= ITEMS && packed.n_hits <= ITEMS);
    }
    ok(read == cases, "hurts nothing, nor says more than it holds (%zu)", cases);
    block_len = 0;
}

static void rules(void)
{
    static const char text[] = "title: Calc\nid: 11111111-2222-3333-4444-555555555555\nlogsource: {product: x}\ndetection:\n  s: {Image|endswith: '\\calc.exe'}\n  condition: s\n---\n"
                               "title: Bad\nid: 11111111-2222-3333-4444-666666666666\nlogsource: {product: x}\ndetection:\n  s: {Image|nothing: 'x'}\n  condition: s\n";
    const struct sigma_text file = {"r.yml", text, strlen(text)};
    const char *const one[] = {LOG};
    struct hunt_query q;
    struct hunt_answer a = {0};
    ok(read_text("11111111-2222-3333-4444-555555555555\nanna\n11111111-2222-3333-4444-666666666666", &q) == OK && ask_with(&q, one, NULL, 1, &file, 1, &a) == OK, "rules and terms together");
    ok(a.found == 2 && a.n_hits == 2 && str_eq(a.hits[1].rule, "11111111-2222-3333-4444-555555555555") && str_eq(a.hits[1].what, "Calc") && a.hits[1].line == 1, "a rule is found by its text");
    ok(a.refused.count == 1 && strstr(reasons_text(&a.refused, LANG_EN), "666666666666"), "one that cannot be compiled is told by its id");
    ok(read_text("anna\n11111111-2222-3333-4444-777777777777", &q) == OK && ask_with(&q, one, NULL, 1, &file, 1, &a) == OK && a.refused.count == 1 &&
           strstr(reasons_text(&a.refused, LANG_EN), "777777777777"), "and one that there is not, lest silence pass for an answer");
    q = (struct hunt_query){.rules = &(struct hunt_rule){0, HUNT_ALL_RULES}, .n_rules = 1, .from = MOMENT_NONE, .to = MOMENT_NONE};
    ok(ask_with(&q, one, NULL, 1, &file, 1, &a) == OK && a.found == 1 && a.n_hits == 1, "all rules that are handed in");
}

/* ---- bounds and spoiled bytes ---- */

static void bounds(void)
{
    struct buf large;
    struct hunt_query q;
    struct hunt_answer a = {0};
    buf_init(&large, 64 << 20);
    buf_adds(&large, HEAD "{\"t\":\"needle");
    for (size_t i = 0; i < HUNT_RAW_MOST; i++)
        buf_adds(&large, i % 3 ? "x" : "\xc3\xa9");
    buf_adds(&large, "\"}\n");
    for (size_t i = 0; i < HUNT_HITS_MOST + 50; i++)
        buf_adds(&large, "{\"t\":\"needle\"}\n");
    buf_addc(&large, 0);
    const char *const one[] = {large.data};
    const uint32_t items = HUNT_HITS_MOST + 51;
    ok(read_text("needle", &q) == OK && ask_with(&q, one, &items, 1, NULL, 0, &a) == OK, "many hits and a long one");
    ok(a.found == HUNT_HITS_MOST + 51 && a.n_hits == HUNT_HITS_MOST, "as many are given as an answer may hold, all are counted");
    ok(a.n_hits && a.hits[0].raw_len <= HUNT_RAW_MOST && a.hits[0].raw_cut && a.hits[0].values_cut && utf8_valid(a.hits[0].raw, a.hits[0].raw_len), "a long one is cut, and says so");
    buf_free(&large);
    struct buf in;
    buf_init(&in, HUNT_INPUT_MOST);
    char *block = arena_alloc(arena, 20 << 20);
    hunt_input(&in, &q, NULL, 0, NULL);
    ok(hunt_input_block(&in, block, 20 << 20, 1) && hunt_input_block(&in, block, 20 << 20, 1), "blocks are put in");
    size_t before = in.len;
    ok(!hunt_input_block(&in, block, 20 << 20, 1) && in.len == before && !in.failed, "until the jail is full");
    buf_free(&in);
}

static void damaged(void)
{
    const char *const three[] = {LOG, "lines nothing\nx\n", LOG};
    const uint32_t items[] = {ITEMS, 1, ITEMS - 1};
    struct hunt_query q;
    struct hunt_answer a = {0};
    ok(read_text("mimi", &q) == OK && ask_with(&q, three, items, 3, NULL, 0, &a) == OK, "blocks among which two are spoiled");
    ok(a.damaged == 2 && a.events == 4 && a.found == 2 && a.n_hits == 2 && a.hits[1].block == 0, "they are counted as such, and nothing of them is given");
    ok(hunt_jailer.run(arena, "hunt 1\n\xff\xff\xff\x7f", 11, NULL, &reasons, &(struct buf){.max = 99}) == DAMAGED, "an input that lies about its lengths is refused");
}

/* Any bytes for an answer: read or refused, never beyond the bounds. */
static void hostile(void)
{
    static const char sound[] = "{\"events\":9,\"found\":2,\"damaged\":0,\"hits\":[[0,1,5,2,\"json\",1,\"x\",null,\"raw\",0,[\"a\",\"b\"]],[0,2,5,2,\"json\",1,\"x\",\"id\",\"raw\",3,[]]],\"spans\":[4,2],\"refused\":[[\"i\",\"w\",\"e\",\"f\"]]}";
    static const char *const wrong[] = {"", "[]", "{}", "{\"events\":1,\"found\":2,\"hits\":[],\"spans\":[],\"refused\":[]}",
        "{\"events\":9,\"found\":2,\"hits\":[[0,1,5,2,\"json\",1,\"x\",null,\"raw\",0,[\"a\"]]],\"spans\":[],\"refused\":[]}",
        "{\"events\":9,\"found\":2,\"hits\":[[0,2,5,2,\"j\",1,\"x\",null,\"r\",0,[]],[0,1,5,2,\"j\",1,\"x\",null,\"r\",0,[]]],\"spans\":[],\"refused\":[]}",
        "{\"events\":9,\"found\":2,\"hits\":[[0,1,5,2,\"j\",1,\"x\",null,\"a\\u0000b\",0,[]]],\"spans\":[],\"refused\":[]}"};
    struct hunt_answer a = {0};
    ok(hunt_found(sound, strlen(sound), arena, &a) == OK && a.n_hits == 2 && a.n_spans == 1 && a.refused.count == 1, "a sound answer is read");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(hunt_found(wrong[i], strlen(wrong[i]), arena, &a) == DAMAGED, "what has not its form is refused (%zu)", i);
    size_t taken = 0, cases = tap_cases(200000);
    bool good = true;
    for (size_t c = 0; c < cases; c++) {
        struct arena *mine = arena_new(0);
        char *bytes = arena_memdup(mine, sound, sizeof sound);
        for (size_t n = 1 + tap_below(3); n--;)
            bytes[tap_below(sizeof sound - 1)] = "{}[],:\"0129anx\\"[tap_below(15)];
        if (hunt_found(bytes, sizeof sound - 1, mine, &a) == OK) {
            taken++;
            for (size_t i = 0; i < a.n_hits; i++)
                good = good && a.hits[i].raw_len <= HUNT_RAW_MOST && a.hits[i].n_values <= HUNT_VALUES_MOST;
        }
        arena_free(mine);
    }
    ok(good, "%zu spoiled answers, %zu still read, all within bounds", cases, taken);
}

int main(void)
{
    tap_seed();
    arena = arena_new((size_t)1 << 30);
    reasons_init(&reasons, arena);
    texts();
    terms();
    times();
    places();
    rules();
    archives();
    bounds();
    damaged();
    hostile();
    arena_free(arena);
    return tap_done();
}
