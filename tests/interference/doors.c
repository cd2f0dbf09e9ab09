/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's doors without pages: all that a reader can have shown or be told, written as text and compared. What pages, the API and
 * commands show comes from here; so a leak behind a page that is not asked today is found here.
 */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/erase.h"
#include "office/remind.h"

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
        walk(d, (struct query){.register_ = def->name, .limit = 2, .with_links = LINKS_SHOWN}, title);
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
    for (size_t i = 0; i < record.n_back && i < 3; i++)
        walk(d, (struct query){.register_ = record.back[i].register_->name, .links_field = record.back[i].field->name, .links_to = record.id, .limit = 2}, "links to it");
    for (size_t i = 0; i < record.n_links && i < 3; i++)
        walk(d, (struct query){.register_ = record.links[i].register_->name, .links_field = record.links[i].field->name, .links_from = record.id, .links_of = record.def, .limit = 2}, "its links");
    for (size_t i = 0; i < n; i++) {
        buf_addf(d->out, "proven %lld\n", (long long)office_proven(d->world->office, versions[i].position));
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

/* What somebody is told who tries: to edit it, step by step, to link to it, to lower it. Nothing is written. */
static void tell_try(struct direct *d, const char *what, struct op op)
{
    struct outcome outcome;
    enum status status = office_try(d->world->office, &(struct change){.writer = d->reader, .key = "tried-key", .now = d->r->now, .ops = &op, .n_ops = 1}, d->arena, &outcome);
    buf_addf(d->out, "try %s %s\n", what, status_name(status));
    show_reasons(d->out, &outcome.reasons);
}
static void tries(struct direct *d, const char *number, const struct register_def *def, uint64_t salt)
{
    struct val *none = val_object(d->arena), *link = val_object(d->arena), *systems = val_object(d->arena);
    tell_try(d, "edit", (struct op){.kind = OP_EDIT, .number = number, .fields = none});
    tell_try(d, "move", (struct op){.kind = OP_MOVE, .number = number, .file = salt & 1 ? d->r->base->low_file : d->r->base->closed_file});
    tell_try(d, "regrade", (struct op){.kind = OP_REGRADE, .number = number, .label = d->r->base->restricted, .reason = "so"});
    tell_try(d, "erase", (struct op){.kind = OP_ERASE, .number = number, .step = "order", .reason = "so"});
    for (size_t s = 0; def && s < def->n_steps; s++)
        tell_try(d, def->steps[s].name, (struct op){.kind = OP_STEP, .number = number, .step = def->steps[s].name, .reason = "so", .fields = none});
    if (def && strcmp(def->name, "system") == 0) {
        val_set_str(d->arena, link, "name", "Equal");
        val_set_str(d->arena, link, "kind", "server");
        val_set_str(d->arena, link, "system", number);
        tell_try(d, "link", (struct op){.kind = OP_CREATE, .register_ = "asset", .fields = link, .label = d->r->base->restricted});
        val_set_str(d->arena, systems, "systems", number);
        tell_try(d, "link from a case", (struct op){.kind = OP_EDIT, .number = d->r->base->low_incident, .fields = systems});
    }
}
/* Whether what is proposed may still be confirmed. */
static void try_proposals(struct direct *d)
{
    struct page_of page;
    struct reasons ignored;
    struct filter waiting = {"state", "waiting"};
    reasons_init(&ignored, d->arena);
    buf_adds(d->out, "== proposals\n");
    if (office_find(d->world->office, d->reader, &(struct query){.register_ = "proposal", .filters = &waiting, .n_filters = 1, .limit = 20}, d->arena, &ignored, &page) != OK)
        return;
    for (size_t i = 0; i < page.n_rows; i++) {
        const char *bytes = val_get_str(page.rows[i].fields, "op");
        struct hash hash = sha256(bytes ? bytes : "", bytes ? strlen(bytes) : 0);
        char hex[65];
        hex_write(hash.bytes, HASH_BYTES, hex);
        tell_try(d, page.rows[i].number, (struct op){.kind = OP_CONFIRM, .number = page.rows[i].number, .proposed = hex, .reason = "seen"});
    }
}
static void due_and_over(struct direct *d)
{
    struct reminder *due;
    struct retention_over *over;
    size_t n;
    buf_adds(d->out, "== reminders\n");
    if (office_reminders(d->world->office, d->reader, d->r->now + 3 * DAY, 200, d->arena, &due, &n) == OK)
        for (size_t i = 0; i < n; i++)
            buf_addf(d->out, "%s %s %lld %d\n", due[i].record.number, due[i].clock->name, (long long)due[i].due, (int)due[i].stage);
    buf_adds(d->out, "== retention\n");
    if (office_retention_over(d->world->office, d->reader, d->r->now + 4000 * DAY, 200, d->arena, &over, &n) == OK)
        for (size_t i = 0; i < n; i++)
            buf_addf(d->out, "%s %s %lld %lld\n", over[i].number, over[i].titles.in[LANG_EN], (long long)over[i].since, (long long)over[i].over);
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

void doors(struct running *r, const char *login, uint64_t salt)
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
            due_and_over(&d);
            try_proposals(&d);
            for (unsigned i = 0; i < r->run->records; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                size_t k = (size_t)(seed >> 33);
                const struct known *known = k % 3 || !r->pool.n_hidden ? &r->pool.visible[k % r->pool.n_visible] : &r->pool.hidden[k % r->pool.n_hidden];
                one_record(&d, known->number);
                if (i % 4 == 0)
                    tries(&d, known->number, pack_register(office_pack(d.world->office), known->register_), seed >> 20);
            }
            one_record(&d, r->base->incident);
            one_record(&d, r->base->low_incident);
            one_record(&d, r->base->half);
            one_record(&d, r->base->system);
            one_record(&d, r->base->doomed);
            if (r->pool.erased[0])
                one_record(&d, r->pool.erased);
            tries(&d, r->base->former, pack_register(office_pack(d.world->office), "person"), 0);
            packs_lacking(d.world->office, d.reader, r->now, arena, &out[w]);
            tries(&d, r->base->hidden_system, pack_register(office_pack(d.world->office), "system"), 1);
            for (size_t k = r->pool.n_hidden, made = 0; k-- > 0 && made < 1;)
                if (strcmp(r->pool.hidden[k].register_, "system") == 0 && ++made)
                    tries(&d, r->pool.hidden[k].number, pack_register(office_pack(d.world->office), "system"), 1);
            tries(&d, r->base->spare, pack_register(office_pack(d.world->office), "system"), 0);
            tries(&d, r->base->waiting, pack_register(office_pack(d.world->office), "incident"), 1);
            tries(&d, r->base->incident, pack_register(office_pack(d.world->office), "incident"), 1);
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

/* ---- mails ---- */

struct mailing { struct buf *out; };
static const char *const hidden_officers[] = {"hso@", "ssl@", "duty@", "ict@", "reg@", "inv@", "ism@", "audit@", "ghost@", NULL};
static bool to_officer(const char *address)
{
    for (size_t i = 0; hidden_officers[i]; i++)
        if (strncmp(address, hidden_officers[i], strlen(hidden_officers[i])) == 0)
            return true;
    return false;
}
static bool post(void *arg, const struct remind_mail *mail)
{
    struct mailing *mailing = arg;
    if (!to_officer(mail->to))
        buf_addf(mailing->out, "== %s\n%s\n%s\n%s\n", mail->to, mail->subject, mail->text, mail->message_id);
    return true;
}
void mails(struct running *r)
{
    struct buf out[2];
    for (unsigned w = 0; w < 2; w++) {
        struct arena *arena = arena_new(0);
        struct reasons reasons;
        size_t sent;
        struct mailing mailing = {&out[w]};
        buf_init(&out[w], 1 << 20);
        reasons_init(&reasons, arena);
        if (office_remind(r->worlds[w].office, r->now, post, &mailing, &reasons, &sent) != OK)
            buf_addf(&out[w], "failed: %s\n", reasons_text(&reasons, LANG_EN));
        buf_addc(&out[w], 0);
        arena_free(arena);
    }
    r->run->answers++;
    lines_differ(r, "mails", out[0].data, out[1].data);
    buf_free(&out[0]);
    buf_free(&out[1]);
}
