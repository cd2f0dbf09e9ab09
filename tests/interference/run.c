/* SPDX-License-Identifier: GPL-3.0-or-later
 * See run.h.
 */
#include "run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "base/text.h"
#include "web/pages/pages.h"

static const char *const all_readers[] = {"low", "staff", "inv2", "hso3", "ssl3", "duty3", "reg3", "ict3"};
static const char *const few_readers[] = {"low", "staff", "inv2", "reg3"};

struct running {
    struct run *run;
    const struct base *base;
    struct world worlds[2];
    struct pool pool;
    struct arena *arena;                     /* of the day */
    const char *const *who; size_t n_who;
    moment now;
    unsigned asked;
};

static void differs(struct running *r, const char *what, const char *a, const char *b)
{
    size_t at = 0;
    if (r->run->differences++)
        return;
    while (a[at] && a[at] == b[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    snprintf(r->run->first, sizeof r->run->first, "%.150s: \"%.110s\" | \"%.110s\"", what, a + from, b + from);
}
static bool over(const struct running *r) { return r->run->stop_at_first && r->run->differences; }

/* ---- requests ---- */

static char *answer_text(struct running *r, struct world *world, const struct ask *ask, unsigned index, char redirect[200])
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct buf body, out;
    struct pair fields[16];
    char nonce[32];
    buf_init(&body, 32 << 20);
    buf_init(&out, 64 << 20);
    snprintf(nonce, sizeof nonce, "nonce-%06u", index);
    struct answer answer = {.body = &body};
    const struct reader *reader = world_reader(world, ask->who, r->now, arena);
    struct request request = {.arena = arena, .office = world->office, .reader = reader, .now = r->now, .lang = ask->lang, .method = ask->method, .path = ask->path,
        .query = ask->query, .n_query = ask->n_query, .csrf = "csrf", .csrf_given = "csrf", .seal = &world->seal, .proved = r->now, .api = ask->api, .bearer = ask->api, .json = ask->json, .nonce = nonce,
        .account = reader ? reader_account(reader) : 0, .form = fields, .n_form = ask->n_form, .uploads = &ask->upload, .n_uploads = ask->uploads};
    memcpy(fields, ask->form, ask->n_form * sizeof *fields);
    dispatch(page_tables, &request, &answer);
    buf_addf(&out, "%s %d %s to=%s etag=%s retry=%d\n", reader ? "" : "no reader", answer.status, answer.media_type ? answer.media_type : "", answer.redirect ? answer.redirect : "", answer.etag ? answer.etag : "", answer.retry_after);
    for (size_t i = 0; i < answer.n_headers; i++)
        buf_addf(&out, "%s: %s\n", answer.headers[i].name, answer.headers[i].value);
    for (size_t i = 0; i < body.len; i++)
        buf_addc(&out, body.data[i] ? body.data[i] : 1);
    snprintf(redirect, 200, "%s", answer.redirect ? answer.redirect : "");
    if (answer.status >= 500 && getenv("INTERFERENCE_WORDS"))
        fprintf(stderr, "# %s %s %d\n", ask->who, ask->path, answer.status);
    char *text = out.data ? strndup(out.data, out.len) : strdup("");
    buf_free(&out);
    buf_free(&body);
    reader_free(reader);
    arena_free(arena);
    return text;
}

static void put(struct running *r, const struct ask *ask)
{
    char to[2][200], what[300];
    char *a = answer_text(r, &r->worlds[0], ask, r->asked, to[0]), *b = answer_text(r, &r->worlds[1], ask, r->asked, to[1]);
    snprintf(what, sizeof what, "%s asks %s %s%s%s", ask->who, ask->page, ask->path, ask->n_query ? "?" : "", ask->n_query ? ask->query[0].name : "");
    if (strcmp(a, b) != 0) {
        if (getenv("INTERFERENCE_DUMP"))
            fprintf(stderr, "==== %s\n%s\n---- \n%s\n", what, a, b);
        differs(r, what, a, b);
    }
    r->run->answers++;
    r->run->good += a[0] == ' ' && (a[1] == '2' || a[1] == '3');
    r->asked++;
    const char *slash = to[0][0] == '/' ? strrchr(to[0], '/') : NULL;
    if (slash && strchr(slash, '-'))
        pool_add(r->pool.visible, &r->pool.n_visible, 2000, slash + 1, office_pack(r->worlds[0].office));
    free(a);
    free(b);
}

/* ---- the doors without pages: what an API or a command shows ---- */

static void show_value(struct buf *out, const struct val *value)
{
    if (value)
        json_write(out, value);
    buf_addc(out, '\n');
}
static void show_record(struct buf *out, const struct record_view *record)
{
    buf_addf(out, "%s|%s|%s|v%lld|%lld|%lld|%s|due %lld|", record->number, record->title, record->state->name, (long long)record->version, (long long)record->created,
             (long long)record->updated, record->file_number ? record->file_number : "", (long long)record->due);
    buf_addf(out, "%s %s\n", record->label->policy, record->label->class_lacv);
    show_value(out, record->fields);
    for (size_t i = 0; i < record->n_links; i++)
        buf_addf(out, " > %s %s %s %s\n", record->links[i].field->name, record->links[i].number, record->links[i].title, record->links[i].state);
    for (size_t i = 0; i < record->n_back; i++)
        buf_addf(out, " < %s %s %s %s\n", record->back[i].field->name, record->back[i].number, record->back[i].title, record->back[i].state);
    for (size_t i = 0; i < record->n_clocks; i++)
        buf_addf(out, " @ %s %lld %lld\n", record->clocks[i].def->name, (long long)record->clocks[i].due, (long long)record->clocks[i].stopped);
}
static void show_reasons(struct buf *out, const struct reasons *reasons)
{
    for (const struct reason *one = reasons->first; one; one = one->after)
        buf_addf(out, "%s|%s|%s|%s\n", one->rule, one->where ? one->where : "", one->text.in[LANG_EN], one->next.in[LANG_EN] ? one->next.in[LANG_EN] : "");
}

struct direct { struct running *r; struct world *world; const struct reader *reader; struct arena *arena; struct buf *out; };

static void walk(struct direct *d, struct query query, const char *title)
{
    struct reasons reasons;
    size_t count = 0;
    buf_addf(d->out, "== %s\n", title);
    for (unsigned pages = 0; pages < 4; pages++) {
        struct page_of page;
        reasons_init(&reasons, d->arena);
        enum status status = office_find(d->world->office, d->reader, &query, d->arena, &reasons, &page);
        if (status != OK) {
            buf_addf(d->out, "%s\n", status_name(status));
            show_reasons(d->out, &reasons);
            return;
        }
        for (size_t i = 0; i < page.n_rows; i++)
            show_record(d->out, &page.rows[i]);
        buf_addf(d->out, "next %zu\n", page.next_len);
        for (size_t i = 0; i < page.next_len; i++)
            buf_addf(d->out, "%02x", ((const unsigned char *)page.next)[i]);
        if (!page.next)
            break;
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    }
    query.cursor_len = 0;
    if (!query.text && office_count(d->world->office, d->reader, &query, 1000, &count) == OK)
        buf_addf(d->out, "count %zu\n", count);
}

static void registers(struct direct *d)
{
    const struct pack *pack = office_pack(d->world->office);
    char title[200];
    for (size_t i = 0; i < pack->n_registers; i++) {
        const struct register_def *def = &pack->registers[i];
        snprintf(title, sizeof title, "%s by time", def->name);
        walk(d, (struct query){.register_ = def->name, .limit = 2, .with_links = true}, title);
        for (size_t f = 0; f < def->n_fields; f++)
            if (def->fields[f].sort) {
                snprintf(title, sizeof title, "%s by %s", def->name, def->fields[f].name);
                walk(d, (struct query){.register_ = def->name, .sort = def->fields[f].name, .limit = 3}, title);
            }
        if (def->n_clocks)
            walk(d, (struct query){.register_ = def->name, .sort = "due", .limit = 3}, "due");
        for (size_t s = 0; s < def->n_states; s++) {
            struct filter filter = {"state", def->states[s].name};
            snprintf(title, sizeof title, "%s in %s", def->name, def->states[s].name);
            walk(d, (struct query){.register_ = def->name, .filters = &filter, .n_filters = 1, .limit = 2}, title);
        }
    }
    static const char *const words[] = {"container", "registry net", "visible", "plan amber", "locks", "open", "sn-1"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        walk(d, (struct query){.text = words[w], .limit = 3}, words[w]);
}

static void one_record(struct direct *d, const char *number)
{
    struct record_view record;
    struct version_view *versions;
    struct step_view *steps;
    struct may_read *readers;
    struct reasons reasons;
    size_t n;
    bool may = false;
    static const char *const logins[] = {"low", "ghost1", "nobody"};
    enum status status = office_get(d->world->office, d->reader, NULL, number, d->arena, &record);
    buf_addf(d->out, "== %s %s\n", number, status_name(status));
    reasons_init(&reasons, d->arena);
    for (size_t i = 0; i < 3; i++) {
        enum status explained = office_explain(d->world->office, d->reader, logins[i], number, d->r->now, d->arena, &may, &reasons);
        buf_addf(d->out, "explain %s %s %d\n", logins[i], status_name(explained), explained == OK && may);
    }
    show_reasons(d->out, &reasons);
    buf_addf(d->out, "history %s\n", status_name(office_history(d->world->office, d->reader, number, d->arena, &versions, &n)));
    if (status != OK)
        return;
    show_record(d->out, &record);
    for (size_t i = 0; i < n; i++) {
        buf_addf(d->out, "v%lld %lld %s %s %s %s %d\n", (long long)versions[i].number, (long long)versions[i].time, versions[i].person ? versions[i].person : "",
                 versions[i].post ? versions[i].post : "", versions[i].step ? versions[i].step : "", versions[i].state, versions[i].erased);
        show_reasons(d->out, &versions[i].changes);
    }
    office_steps(d->world->office, d->reader, &record, d->r->now, d->arena, &steps, &n);
    for (size_t i = 0; i < n; i++) {
        buf_addf(d->out, "step %s %d\n", steps[i].def->name, steps[i].possible);
        show_reasons(d->out, &steps[i].why_not);
    }
    if (office_who_may(d->world->office, d->reader, number, d->r->now, d->arena, &readers, &n) == OK)
        for (size_t i = 0; i < n; i++)
            buf_addf(d->out, "reader %s %s\n", readers[i].name, readers[i].post);
}

/* What a live stream of the reader would be told to look at again. */
static int by_id(const void *a, const void *b)
{
    record_id x = *(const record_id *)a, y = *(const record_id *)b;
    return x < y ? -1 : x > y;
}
static void streams(struct direct *d)
{
    struct news *news = &d->world->news;
    record_id *ids = ARENA_ARRAY(d->arena, record_id, news->n + 1), last = 0;
    size_t n = 0;
    for (size_t i = 0; i < news->n; i++)
        if (reader_concerned(d->reader, &news->items[i]))
            ids[n++] = news->items[i].id;
    if (n)
        qsort(ids, n, sizeof *ids, by_id);
    buf_adds(d->out, "== stream\n");
    for (size_t i = 0; i < n; last = ids[i++])
        if (ids[i] != last)
            buf_addf(d->out, "look again at %lld\n", (long long)ids[i]);
}

static void lines_differ(struct running *r, const char *login, const char *a, const char *b)
{
    char title[200] = "", what[300];
    while (*a && *b) {
        size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
        if (strncmp(a, "== ", 3) == 0)
            snprintf(title, sizeof title, "%.*s", (int)na, a);
        if (na != nb || memcmp(a, b, na) != 0)
            break;
        a += na + (a[na] != 0);
        b += nb + (b[nb] != 0);
    }
    snprintf(what, sizeof what, "%s at the doors, %s", login, title);
    if (*a || *b)
        differs(r, what, a, b);
}

static void doors(struct running *r, const char *login, uint64_t salt)
{
    struct buf out[2];
    for (unsigned w = 0; w < 2; w++) {
        struct arena *arena = arena_new((size_t)512 << 20);
        struct direct d = {r, &r->worlds[w], world_reader(&r->worlds[w], login, r->now, arena), arena, &out[w]};
        uint64_t seed = salt;
        buf_init(&out[w], 64 << 20);
        if (d.reader) {
            streams(&d);
            registers(&d);
            for (unsigned i = 0; i < 40; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                size_t k = (size_t)(seed >> 33);
                one_record(&d, k % 3 || !r->pool.n_hidden ? r->pool.visible[k % r->pool.n_visible].number : r->pool.hidden[k % r->pool.n_hidden].number);
            }
            one_record(&d, r->base->incident);
            one_record(&d, r->base->low_incident);
            one_record(&d, r->base->half);
            one_record(&d, r->base->system);
        }
        buf_addc(&out[w], 0);
        reader_free(d.reader);
        arena_free(arena);
    }
    r->run->answers++;
    if (out[0].len != out[1].len || memcmp(out[0].data, out[1].data, out[0].len) != 0)
        lines_differ(r, login, out[0].data, out[1].data);
    buf_free(&out[0]);
    buf_free(&out[1]);
}

/* ---- days ---- */

static void hidden_day(struct running *r, unsigned day)
{
    unsigned most = r->run->hidden_a_day;
    for (unsigned i = 0; i < most; i++) {
        char key[64];
        unsigned index = day * most + i;
        /* The change key of a request that somebody else will make soon. */
        snprintf(key, sizeof key, "nonce-%06u", r->asked + (index * 7) % 60);
        struct hidden h = {.world = &r->worlds[1], .base = (struct base *)r->base, .pool = &r->pool, .now = r->now, .key = key,
                           .random = r->run->seed ^ index * UINT64_C(0x9e3779b97f4a7c15), .quiet_registers = r->run->quiet_registers};
        hidden_change(&h, index % hidden_kinds);
        r->run->hidden += h.done;
        r->run->hidden_refused += h.refused;
    }
}

static void events(struct running *r, unsigned day)
{
    char key[32];
    snprintf(key, sizeof key, "event-%06u", day);
    for (unsigned w = 0; w < 2; w++)
        if (day == 3)
            (void)world_do(&r->worlds[w], "ssl", key, r->now, (struct op){.kind = OP_REGRADE, .number = r->base->half, .label = r->base->confidential, .reason = "lowered"}, NULL, NULL);
}

static void pages(struct running *r, struct asking *asking, unsigned day)
{
    uint64_t salt = r->run->seed + day * 1000003u;
    char *unasked = r->run->unasked;
    for (size_t t = 0; page_tables[t]; t++)
        for (const struct page *page = page_tables[t]; page->pattern; page++) {
            bool any = false;
            for (unsigned i = 0; i < r->run->asks_a_page; i++)
                any |= asks_for(asking, page, salt++ * 2654435761u + i);
            if (!any && !strstr(unasked, page->name))
                snprintf(unasked + strlen(unasked), sizeof r->run->unasked - strlen(unasked), "%s ", page->name);
        }
}

static void day(struct running *r, unsigned index)
{
    struct asks asks = {.arena = arena_new((size_t)64 << 20)};
    r->arena = asks.arena;
    struct asking asking = {&asks, office_pack(r->worlds[0].office), r->base, &r->pool, &r->worlds[0], r->now, r->who, r->n_who};
    hidden_day(r, index);
    events(r, index);
    asks_of_the_day(&asking, r->run->seed + index);
    for (size_t i = 0; i < asks.n && !over(r); i++)
        put(r, &asks.items[i]);
    asks.n = 0;
    pages(r, &asking, index);
    for (size_t i = 0; i < asks.n && !over(r); i++)
        put(r, &asks.items[i]);
    for (size_t i = 0; i < r->n_who && !over(r); i++)
        doors(r, r->who[i], r->run->seed * 31 + index);
    for (unsigned w = 0; w < 2; w++)
        r->worlds[w].news.n = 0;
    arena_free(asks.arena);
}

void run(struct run *run, const struct base *base)
{
    struct running *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    *r = (struct running){.run = run, .base = base, .pool = base->pool, .now = base->now,
        .who = run->quiet_registers ? few_readers : all_readers, .n_who = run->quiet_registers ? 4 : 8};
    world_open(&r->worlds[0], base, "a");
    world_open(&r->worlds[1], base, "b");
    for (unsigned d = 0; d < run->days && !over(r); d++) {
        r->now += 16 * HOUR;
        day(r, d);
    }
    world_close(&r->worlds[0]);
    world_close(&r->worlds[1]);
    free(r);
}
