/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record with thousands of links, half of them hidden: its view holds the first of each field, pages go on to the last without repeating or
 * leaving out any, the work of a page does not grow with what is hidden, and steps know of links and open records behind the first page.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "fixture.h"
#include "tap.h"

#define MANY 3000
#define AT_ONCE 500

static struct fixture f;
static const char *zone, *low_label, *high_label;
static unsigned changes;

static struct val *asset_of(unsigned i)
{
    struct val *fields = val_object(f.arena);
    val_set(f.arena, fields, "name", val_strf(f.arena, "Terminal %05u", i));
    val_set_str(f.arena, fields, "kind", "workstation");
    val_set_str(f.arena, fields, "zone", zone);
    return fields;
}

static void make_assets(const char *label, unsigned n)
{
    const struct reader *writer = fixture_reader(&f, "ism");
    bool good = true;
    for (unsigned i = 0; i < n && good; i += AT_ONCE) {
        struct op *ops = ARENA_ARRAY(f.arena, struct op, AT_ONCE);
        struct outcome outcome;
        for (unsigned k = 0; k < AT_ONCE; k++)
            ops[k] = (struct op){.kind = OP_CREATE, .register_ = "asset", .label = label, .fields = asset_of(i + k)};
        f.now += MINUTE;
        struct change change = {.writer = writer, .key = arena_printf(f.arena, "many-key-%05u", changes++), .now = f.now, .ops = ops, .n_ops = AT_ONCE};
        good = office_apply(f.office, &change, f.arena, &outcome) == OK;
        if (!good)
            printf("# %s\n", reasons_text(&outcome.reasons, LANG_EN));
    }
    ok(good, "%u assets under one label stand in the zone", n);
    reader_free(writer);
}

static struct record_view zone_of(const struct reader *reader)
{
    struct record_view record = {0};
    ok(office_get(f.office, reader, "zone", zone, f.arena, &record) == OK, "the zone is read");
    return record;
}

/* All pages of the zone's assets, how many of another label than the expected one among them, and whether any came twice. */
struct walked { size_t rows, pages, others, longest; bool twice, failed; };
static int by_id(const void *a, const void *b)
{
    const record_id *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}
static struct walked walk(const struct reader *reader, record_id to, size_t limit, const struct filter *filter, const char *only)
{
    struct walked all = {0};
    struct query query = {.register_ = "asset", .links_field = "zone", .links_to = to, .limit = limit, .filters = filter, .n_filters = filter != NULL};
    record_id *ids = ARENA_ARRAY(f.arena, record_id, 2 * MANY + 1);
    for (;;) {
        struct arena *arena = arena_new((size_t)256 << 20);
        struct page_of page;
        struct reasons reasons;
        char cursor[64];
        reasons_init(&reasons, arena);
        all.failed = office_find(f.office, reader, &query, arena, &reasons, &page) != OK || page.next_len > sizeof cursor;
        for (size_t i = 0; !all.failed && i < page.n_rows && all.rows < 2 * MANY; i++) {
            const char *label = label_write(page.rows[i].label, arena);
            all.others += only && !str_eq(label, only);
            ids[all.rows++] = page.rows[i].id;
        }
        bool more = !all.failed && page.next;
        if (more)
            memcpy(cursor, page.next, page.next_len);
        query.cursor = arena_memdup(f.arena, cursor, sizeof cursor);
        query.cursor_len = all.failed ? 0 : page.next_len;
        all.pages++;
        all.longest = !all.failed && page.n_rows > all.longest ? page.n_rows : all.longest;
        arena_free(arena);
        if (!more)
            break;
    }
    qsort(ids, all.rows, sizeof *ids, by_id);
    for (size_t i = 1; i < all.rows; i++)
        all.twice |= ids[i] == ids[i - 1];
    return all;
}

static double page_time(const struct reader *reader)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (int i = 0; i < 40; i++) {
        struct arena *arena = arena_new((size_t)64 << 20);
        struct record_view record;
        (void)!office_get(f.office, reader, "zone", zone, arena, &record);
        arena_free(arena);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static void first_page(const struct reader *reader)
{
    struct record_view record = zone_of(reader);
    size_t assets = 0, more = 0;
    for (size_t i = 0; i < record.n_back; i++) {
        assets += str_eq(record.back[i].register_->name, "asset");
        more += record.back[i].more;
    }
    ok(assets == LINKS_SHOWN, "its view holds the first %zu of its %d links", assets, MANY);
    ok(more == 1 && record.n_back && record.back[record.n_back - 1].more, "and says that there are more");
}

static void pages(const struct reader *low, const struct reader *high, record_id id)
{
    struct filter state = {"state", "in-use"}, none = {"state", "retired"};
    struct walked all = walk(low, id, 100, NULL, low_label);
    ok(!all.failed && all.rows == MANY && all.pages == MANY / 100 && !all.twice && all.longest <= 100, "pages hold each of %zu once, on %zu pages", all.rows, all.pages);
    ok(all.others == 0, "and nothing that is hidden");
    all = walk(high, id, 1000, NULL, NULL);
    ok(!all.failed && all.rows == 2 * MANY && !all.twice, "whoever reads both labels gets both: %zu", all.rows);
    all = walk(low, id, 70, &state, low_label);
    ok(!all.failed && all.rows == MANY && !all.twice, "with a filter: %zu", all.rows);
    all = walk(low, id, 70, &none, low_label);
    ok(!all.failed && all.rows == 0, "a filter that nothing passes ends");
    struct query foreign = {.register_ = "asset", .links_field = "zone", .links_to = id, .cursor = "a cursor of another list's", .cursor_len = 17};
    struct page_of page;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    ok(office_find(f.office, low, &foreign, f.arena, &reasons, &page) == BAD_INPUT && reasons.count, "a cursor of another list is refused in words");
}

/* The other way: what one record names. */
static void outgoing(const struct reader *low)
{
    struct record_view asset;
    struct query query = {.register_ = "asset", .limit = 1}, of = {.register_ = "zone", .links_field = "zone", .limit = 5};
    struct page_of page;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    ok(office_find(f.office, low, &query, f.arena, &reasons, &page) == OK && page.n_rows == 1, "an asset");
    asset = page.rows[0];
    of.links_from = asset.id;
    of.links_of = asset.def;
    ok(office_find(f.office, low, &of, f.arena, &reasons, &page) == OK && page.n_rows == 1 && str_eq(page.rows[0].number, zone) && !page.next, "and the zone that it names");
}

int main(void)
{
    tap_seed();
    fixture_new(&f);
    low_label = fixture_label(&f, "NATO", "RESTRICTED");
    high_label = fixture_label(&f, "NATO", "SECRET");
    ok(fixture_create(&f, "hso", "zone", low_label, "{\"name\":\"B-14\",\"area-class\":\"class-ii\"}", &zone) == OK, "a zone: %s", fixture_words());
    make_assets(low_label, MANY);
    const struct reader *low = fixture_reader(&f, "inv2");
    struct record_view record = zone_of(low);
    double without = page_time(low);
    reader_free(low);
    make_assets(high_label, MANY);
    low = fixture_reader(&f, "inv2");
    double with = page_time(low);
    printf("# the zone's view: %.3f ms, with %d hidden links %.3f ms\n", without * 25, MANY, with * 25);
    ok(with < 2 * without + 0.002, "hidden links cost nothing");
    const struct reader *high = fixture_reader(&f, "ism");
    first_page(low);
    pages(low, high, record.id);
    outgoing(low);
    reader_free(low);
    reader_free(high);
    fixture_free(&f);
    return tap_done();
}
