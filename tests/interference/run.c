/* SPDX-License-Identifier: GPL-3.0-or-later
 * See run.h.
 */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "base/text.h"
#include "web/pages/pages.h"

static const char *const all_readers[] = {"hso3", "ict3", "low", "duty3", "staff", "reg3", "ssl3", "inv2", "admin", "dpo3"};
static const char *const few_readers[] = {"low", "staff", "inv2", "reg3", "dpo3"};

void differs(struct running *r, const char *what, const char *a, const char *b)
{
    size_t at = 0;
    if (r->run->differences++)
        return;
    while (a[at] && a[at] == b[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    snprintf(r->run->first, sizeof r->run->first, "%.150s: \"%.110s\" | \"%.110s\"", what, a + from, b + from);
    for (char *c = r->run->first; *c; c++)
        *c = *c == '\n' || *c == '\r' ? ' ' : *c;
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
    world->now = r->now;
    const struct reader *reader = world_reader(world, ask->who, r->now, arena);
    struct request request = {.arena = arena, .office = world->office, .reader = reader, .now = r->now, .lang = ask->lang, .method = ask->method, .path = ask->path,
        .query = ask->query, .n_query = ask->n_query, .csrf = "csrf", .csrf_given = "csrf", .seal = &world->seal, .proved = r->now, .api = ask->api, .bearer = ask->api, .json = ask->json, .nonce = nonce,
        .account = reader ? reader_account(reader) : 0, .form = fields, .n_form = ask->n_form, .uploads = &ask->upload, .n_uploads = ask->uploads};
    memcpy(fields, ask->form, ask->n_form * sizeof *fields);
    dispatch(pages_of_office(arena, world->office), &request, &answer);
    buf_addf(&out, "%s %d %s to=%s etag=%s retry=%d\n", reader ? "" : "no reader", answer.status, answer.media_type ? answer.media_type : "", answer.redirect ? answer.redirect : "", answer.etag ? answer.etag : "", answer.retry_after);
    for (size_t i = 0; i < answer.n_headers; i++)
        buf_addf(&out, "%s: %s\n", answer.headers[i].name, answer.headers[i].value);
    size_t head = out.len;
    buf_add(&out, body.data, body.len);
    for (size_t i = head; i < out.len; i++)
        out.data[i] = out.data[i] ? out.data[i] : 1;
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
        hidden_change(&h, index);
        r->run->hidden += h.done;
        r->run->hidden_refused += h.refused;
    }
}

static void events(struct running *r, unsigned day)
{
    char key[32];
    snprintf(key, sizeof key, "event-%06u", day);
    for (unsigned w = 0; w < 2; w++)
        if (day == 1)
            (void)world_do(&r->worlds[w], "ssl", key, r->now, (struct op){.kind = OP_REGRADE, .number = r->base->half, .label = r->base->confidential, .reason = "lowered"}, NULL, NULL);
    for (unsigned w = 0; w < 2; w++)
        if (day == 1)
            r->run->erased += world_erase(&r->worlds[w], "hso3", "ssl3", key, r->now, r->base->doomed, NULL);
}

static void pages(struct running *r, struct asking *asking, unsigned day)
{
    uint64_t salt = r->run->seed + day * 1000003u;
    char *unasked = r->run->unasked;
    const struct page *const *tables = pages_of_office(r->arena, r->worlds[0].office);
    for (size_t t = 0; tables[t]; t++)
        for (const struct page *page = tables[t]; page->pattern; page++) {
            bool any = false;
            for (unsigned i = 0; i < r->run->asks_a_page; i++)
                any |= asks_for(asking, page, salt++ * 2654435761u + i);
            if (!any && !strstr(unasked, page->name))
                snprintf(unasked + strlen(unasked), sizeof r->run->unasked - strlen(unasked), "%s ", page->name);
        }
}

static void put_all(struct running *r, struct asks *asks)
{
    for (size_t i = 0; i < asks->n && !over(r); i++) {
        put(r, &asks->items[i]);
        if (i % 16 == 15)
            wires_round(r);
    }
    asks->n = 0;
    if (!over(r))
        wires_round(r);
}

static void day(struct running *r, unsigned index)
{
    struct asks asks = {.arena = arena_new((size_t)64 << 20)};
    r->arena = asks.arena;
    struct asking asking = {&asks, office_pack(r->worlds[0].office), r->base, &r->pool, &r->worlds[0], r->now, r->who, r->n_who};
    wires_day(r);
    hidden_day(r, index);
    wires_round(r);
    events(r, index);
    packs_day(r);
    asks_of_the_day(&asking, r->run->seed + index);
    put_all(r, &asks);
    kept_checkpoint(r);
    /* The doors are cheap to compare and tell most: they come before the pages, for the next few of the readers each day. */
    for (size_t i = 0; i < r->run->doors && i < r->n_who && !over(r); i++)
        doors(r, r->who[(index * r->run->doors + i) % r->n_who], r->run->seed * 31 + index);
    if (!over(r))
        mails(r);
    pages(r, &asking, index);
    put_all(r, &asks);
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
        .who = run->quiet_registers ? few_readers : all_readers, .n_who = run->quiet_registers ? sizeof few_readers / sizeof *few_readers : sizeof all_readers / sizeof *all_readers};
    world_open(&r->worlds[0], base, "a");
    world_open(&r->worlds[1], base, "b");
    for (unsigned d = 0; d < run->days && !over(r); d++) {
        r->now += 16 * HOUR;
        day(r, d);
    }
    if (!over(r))
        kept_compare(r);
    if (!over(r))
        kept_backup(r);
    if (!over(r))
        surfaces(r);
    world_close(&r->worlds[0]);
    world_close(&r->worlds[1]);
    free(r);
}
