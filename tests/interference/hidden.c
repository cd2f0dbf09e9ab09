/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hidden half: what officers do above CONFIDENTIAL and in a closed file. Each kind touches the visible half where it can:
 * links in both directions, equal names and words, equal bytes, equal change keys, the same persons, systems and places.
 * "Quiet" kinds lie in registers that the compared readers' posts do not see at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

static uint64_t draw(struct hidden *h, uint64_t below)
{
    h->random = h->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (h->random >> 33) % below;
}
static const char *any_hidden(struct hidden *h, const char *register_)
{
    size_t seen = 0, chosen = h->pool->n_hidden;
    for (size_t i = 0; i < h->pool->n_hidden; i++)
        if (strcmp(h->pool->hidden[i].register_, register_) == 0 && draw(h, ++seen) == 0)
            chosen = i;
    return chosen < h->pool->n_hidden ? h->pool->hidden[chosen].number : NULL;
}
static bool act(struct hidden *h, const char *who, struct op op, const char *fields)
{
    char number[NUMBER_TEXT];
    bool good = world_do(h->world, who, h->key, h->now, op, fields, number) == OK;
    bool visible = false;
    for (size_t i = 0; i < h->pool->n_visible; i++)
        visible |= strcmp(h->pool->visible[i].number, number) == 0;
    if (good && number[0] && !visible)
        pool_add(h->pool->hidden, &h->pool->n_hidden, 6000, number, office_pack(h->world->office));
    h->done += good;
    h->refused += !good;
    return good;
}
static bool make(struct hidden *h, const char *who, const char *register_, const char *label, const char *file, const char *fields)
{
    return act(h, who, (struct op){.kind = OP_CREATE, .register_ = register_, .label = label, .file = file}, fields);
}
static bool step(struct hidden *h, const char *who, const char *number, const char *name, const char *fields)
{
    return number && act(h, who, (struct op){.kind = OP_STEP, .number = number, .step = name, .reason = "hidden"}, fields);
}
static char *text(struct hidden *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
static char *text(struct hidden *h, const char *format, ...)
{
    static char buffers[8][2000];
    static unsigned at;
    char *out = buffers[at++ % 8];
    va_list list;
    va_start(list, format);
    vsnprintf(out, sizeof buffers[0], format, list);
    va_end(list);
    (void)h;
    return out;
}

static void incident(struct hidden *h)
{
    make(h, draw(h, 2) ? "hso" : "duty", "incident", h->base->secret, NULL,
         text(h, "{\"summary\":\"Container 3-114 found open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"At 22:40 the guard found it open.\","
                 "\"systems\":[\"%s\"],\"place\":\"%s\",\"persons\":[\"%s\"]}", h->base->system, h->base->zone, h->base->low));
}
static void contain(struct hidden *h) { step(h, "duty", any_hidden(h, "incident"), "contain", "{\"containment\":\"Locked.\",\"contained-at\":\"2027-03-01T07:50Z\"}"); }
static void triage(struct hidden *h)
{
    step(h, "hso", any_hidden(h, "incident"), "triage", "{\"family\":\"document\",\"classification\":\"breach\",\"severity\":\"medium\",\"personal-data\":\"not-involved\"}");
}
static void dismiss(struct hidden *h) { step(h, "duty", any_hidden(h, "incident"), "dismiss", NULL); }
static void assign(struct hidden *h) { step(h, "hso", any_hidden(h, "incident"), "assign", text(h, "{\"investigator\":\"%s\"}", h->base->inv)); }
static void duplicate(struct hidden *h)
{
    incident(h);
    h->key = text(h, "%s-two", h->key);
    step(h, "hso", any_hidden(h, "incident"), "mark-duplicate", text(h, "{\"duplicate-of\":\"%s\"}", draw(h, 2) ? h->base->waiting : h->base->incident));
}
/* A visible record gets a link to a hidden one, or loses it: its version, time and everything else must stay. */
static void link_out(struct hidden *h)
{
    const char *of = draw(h, 2) ? h->base->incident : h->base->low_incident;
    act(h, "hso", (struct op){.kind = OP_EDIT, .number = of}, text(h, "{\"systems\":[\"%s\"]}", draw(h, 3) ? any_hidden(h, "system") : h->base->hidden_system));
}
static void unlink_out(struct hidden *h) { act(h, "hso", (struct op){.kind = OP_EDIT, .number = draw(h, 2) ? h->base->incident : h->base->low_incident}, "{\"systems\":[]}"); }
static void system_above(struct hidden *h)
{
    make(h, "ict", "system", h->base->secret, NULL, text(h, "{\"name\":\"Registry net\",\"owner\":\"%s\",\"connects-to\":[\"%s\"]}", h->base->staff, (const char *[]){h->base->system, h->base->spare, h->base->doomed}[draw(h, 3)]));
}
/* As visible ones are called, or as somebody tries to call one (doors.c). */
static const char *asset_name(struct hidden *h) { return draw(h, 2) ? "Equal" : text(h, "Visible %llu", (unsigned long long)draw(h, 40)); }
static void asset_above(struct hidden *h)
{
    make(h, "ict", "asset", h->base->secret, NULL, text(h, "{\"name\":\"%s\",\"serial\":\"SN-%llu\",\"kind\":\"server\",\"system\":\"%s\",\"zone\":\"%s\",\"owner\":\"%s\"}",
         asset_name(h), (unsigned long long)draw(h, 12), h->base->system, h->base->zone, h->base->staff));
}
static void asset_in_file(struct hidden *h)
{
    /* On the first day a label that nobody has used yet, before the visible half uses its own: every label interned later has another
       number here than in the other office, whatever the seed. */
    bool first_day = h->now < h->base->now + DAY;
    make(h, "ict", "asset", !first_day && draw(h, 4) == 0 ? h->base->internal : h->base->hidden_late, h->base->closed_file, text(h, "{\"name\":\"%s\",\"serial\":\"SN-%llu\",\"kind\":\"gateway\",\"system\":\"%s\"}",
         asset_name(h), (unsigned long long)draw(h, 12), h->base->system));
}
static void edit_asset(struct hidden *h)
{
    const char *number = any_hidden(h, "asset");
    if (number)
        act(h, "ict", (struct op){.kind = OP_EDIT, .number = number}, text(h, "{\"role\":\"Gateway %llu open\"}", (unsigned long long)draw(h, 100)));
}
static void retire_asset(struct hidden *h) { step(h, "ict", any_hidden(h, "asset"), draw(h, 2) ? "store" : "retire", NULL); }
static void action_early(struct hidden *h)
{
    make(h, "hso", "action", h->base->secret, NULL, text(h, "{\"what\":\"Change the locks\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-03-0%llu\"}", h->base->staff, (unsigned long long)(2 + draw(h, 7))));
}
static void action_in_file(struct hidden *h)
{
    make(h, "hso", "action", h->base->internal, h->base->closed_file, text(h, "{\"what\":\"Change the locks\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-03-05\"}", h->base->hso));
}
static void document(struct hidden *h)
{
    make(h, "reg", "document", h->base->secret, NULL, text(h, "{\"title\":\"Plan Amber\",\"reference\":\"MOD/7\",\"kind\":\"report\",\"originator\":\"%s\",\"dated\":\"2027-01-10\",\"supersedes\":\"%s\"}", h->base->organisation, h->base->document));
}
static void copy(struct hidden *h)
{
    const char *of = any_hidden(h, "document");
    if (of)
        make(h, "reg", "document-copy", NULL, NULL, text(h, "{\"document\":\"%s\",\"control-number\":\"R-1\",\"copy-number\":1,\"medium\":\"paper\",\"zone\":\"%s\"}", of, h->base->zone));
}
static void up_and_down(struct hidden *h)
{
    const char *number = any_hidden(h, "incident");
    if (number)
        act(h, "ssl", (struct op){.kind = OP_REGRADE, .number = number, .label = h->base->secret_too, .reason = "and back"}, NULL);
    h->key = text(h, "%s-back", h->key);
    if (number)
        act(h, "ssl", (struct op){.kind = OP_REGRADE, .number = number, .label = h->base->secret, .reason = "and back"}, NULL);
}
static void member(struct hidden *h)
{
    make(h, "ssl", "membership", NULL, NULL, text(h, "{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"Container 3-114\",\"from\":\"2027-03-01T00:00Z\"}", h->base->closed_file, h->base->inv));
}
/* Who lies in this file is read by its members, its own title by few of them. */
static void upper_title(struct hidden *h)
{
    act(h, "ssl", (struct op){.kind = OP_EDIT, .number = h->base->upper_file}, text(h, "{\"title\":\"Upper circle %llu\"}", (unsigned long long)draw(h, 1000)));
}
/* The title of a case's file, which its reporter, who reads the case as its party, does not read. */
static void file_title(struct hidden *h)
{
    make(h, "ssl", "file", h->base->secret, NULL, text(h, "{\"title\":\"Container 3-114 %llu\",\"kind\":\"case\"}", (unsigned long long)draw(h, 50)));
}
static void attach(struct hidden *h)
{
    struct arena *arena = arena_new(0);
    const struct reader *reader = world_reader(h->world, "hso", h->now, arena);
    const char *number = any_hidden(h, "incident");
    struct outcome outcome;
    if (reader && number) {
        bool good = office_attach(h->world->office, &(struct change){.writer = reader, .key = h->key, .now = h->now}, number, "evidence", "photo.png", "image/png", "equal bytes", 11, arena, &outcome) == OK;
        h->done += good;
        h->refused += !good;
    }
    reader_free(reader);
    arena_free(arena);
}
static void half_hidden(struct hidden *h)
{
    /* The case that is lowered later: edited and edited back while it is hidden. Once it is lowered this is visible, so it is not done. */
    if (h->now < h->base->now + DAY) {
        act(h, "hso", (struct op){.kind = OP_EDIT, .number = h->base->half}, "{\"where\":\"Room 1\"}");
        h->key = text(h, "%s-again", h->key);
        act(h, "hso", (struct op){.kind = OP_EDIT, .number = h->base->half}, "{\"where\":\"\"}");
    }
}
static void notes(struct hidden *h)
{
    h->done += office_side_put(h->world->office, "seen", (record_id)(1000 + draw(h, 50)), "desk", "0123456789abcdef", 16) == OK;
}
static void refused(struct hidden *h) { act(h, "low", (struct op){.kind = OP_STEP, .number = any_hidden(h, "incident"), .step = "contain"}, NULL); h->refused = 0; }

/* A hidden case that lives for a moment: reported, proposed for erasure, erased by a second person. */
static const char *fresh_case(struct hidden *h)
{
    static char number[NUMBER_TEXT];
    size_t before = h->pool->n_hidden;
    incident(h);
    if (h->pool->n_hidden == before)
        return NULL;
    snprintf(number, sizeof number, "%s", h->pool->hidden[before].number);
    return number;
}
static void erasure(struct hidden *h)
{
    const char *number = fresh_case(h);
    char proposal[NUMBER_TEXT];
    if (!number)
        return;
    bool good = world_erase(h->world, "hso", "ssl", h->key, h->now, number, proposal);
    h->done += good;
    h->refused += !good;
    if (good)
        snprintf(h->pool->erased, sizeof h->pool->erased, "%s", number);
}
/* Hours of access to a file: prepared, proposed, confirmed by a second reader of the file. */
static void emergency(struct hidden *h, const char *file, const char *person)
{
    char from[MOMENT_TEXT], until[MOMENT_TEXT], access[NUMBER_TEXT], proposal[NUMBER_TEXT];
    const char *key = h->key;
    moment_iso(h->now - HOUR, from);
    moment_iso(h->now + 6 * HOUR, until);
    bool good = world_do(h->world, "hso", key, h->now, (struct op){.kind = OP_CREATE, .register_ = "emergency-access"},
                         text(h, "{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"Container 3-114\",\"from\":\"%s\",\"until\":\"%s\",\"file-owner\":\"%s\"}", file, person, from, until, h->base->hso), access) == OK &&
                world_do(h->world, "hso", text(h, "%s-grant", key), h->now, (struct op){.kind = OP_STEP, .number = access, .step = "grant", .reason = "urgent"}, NULL, proposal) == OK;
    if (good)
        pool_add(h->pool->hidden, &h->pool->n_hidden, 6000, access, office_pack(h->world->office));
    good = good && world_confirm(h->world, "ssl", key, h->now, proposal) == OK;
    h->done += good;
    h->refused += !good;
}
/* Given to somebody who is not cleared for what lies in the file: it opens nothing, and nothing tells them of it. */
static void emergency_above(struct hidden *h)
{
    struct arena *arena = arena_new(0);
    struct record_view record;
    const char *number = fresh_case(h);
    const struct reader *reader = world_reader(h->world, "hso", h->now, arena);
    h->key = text(h, "%s-access", h->key);
    if (number && reader && office_get(h->world->office, reader, "incident", number, arena, &record) == OK && record.file_number)
        emergency(h, record.file_number, h->base->staff);
    reader_free(reader);
    arena_free(arena);
}
static void emergency_closed(struct hidden *h) { emergency(h, h->base->closed_file, h->base->inv); }

/* ---- quiet: registers that the readers compared with them do not see ---- */

static void account(struct hidden *h) { make(h, "ict", "account", NULL, NULL, text(h, "{\"login\":\"ghost%llu\",\"person\":\"%s\"}", (unsigned long long)(draw(h, 2) ? 1 : draw(h, 60)), h->base->ghost)); }
static void lock(struct hidden *h)
{
    bool active;
    struct arena *arena = arena_new(0);
    struct page_of page;
    struct reasons reasons;
    const struct reader *reader = world_reader(h->world, "ict", h->now, arena);
    reasons_init(&reasons, arena);
    (void)office_account(h->world->office, "ghost", &active);
    if (reader && active && office_find(h->world->office, reader, &(struct query){.register_ = "account", .text = "ghost", .limit = 1}, arena, &reasons, &page) == OK && page.n_rows)
        step(h, "ict", arena_strdup(h->base->arena, page.rows[0].number), "suspend", NULL);
    reader_free(reader);
    arena_free(arena);
}
static void undertaking(struct hidden *h)
{
    make(h, "hso", "briefing", NULL, NULL, text(h, "{\"person\":\"%s\",\"kind\":\"initial\",\"policy\":\"1.3.26.1.3.1\",\"class\":\"3\",\"from\":\"2027-03-01\",\"until\":\"2028-01-01\"}", h->base->ghost));
}

/* Events with the words that the visible ones have, at times around theirs: above, or in a closed file. */
static void events_hidden(struct hidden *h)
{
    char number[NUMBER_TEXT];
    segment_make(h->world->office, text(h, "hidden %llu", (unsigned long long)draw(h, 1u << 30)), draw(h, 2) ? h->base->secret : h->base->restricted, h->base->closed_file, h->now, number);
    h->done += *number != 0;
    if (*number)
        pool_add(h->pool->hidden, &h->pool->n_hidden, 6000, number, office_pack(h->world->office));
}

static void account_of_former(struct hidden *h) { make(h, "ict", "account", NULL, NULL, text(h, "{\"login\":\"former\",\"person\":\"%s\"}", h->base->former)); }

static const struct { const char *name; void (*act)(struct hidden *); bool quiet; } kinds[] = {
    {"a case", incident, false}, {"a system", system_above, false}, {"a case contained", contain, false}, {"an asset above", asset_above, false}, {"a link out", link_out, false},
    {"a case triaged", triage, false}, {"an asset in a closed file", asset_in_file, false}, {"an action due early", action_early, false}, {"half hidden", half_hidden, false},
    {"a document", document, false}, {"a copy", copy, false}, {"an attachment", attach, false}, {"a case dismissed", dismiss, false}, {"a duplicate", duplicate, false},
    {"an edit", edit_asset, false}, {"a member", member, false}, {"a file", file_title, false}, {"an action in a closed file", action_in_file, false}, {"a step", retire_asset, false},
    {"a link cut", unlink_out, false}, {"a case assigned", assign, false}, {"a label", up_and_down, false}, {"an upper title", upper_title, false}, {"notes", notes, false}, {"a refusal", refused, false},
    {"an erasure", erasure, false}, {"events", events_hidden, false}, {"emergency access above", emergency_above, false}, {"emergency access to a closed file", emergency_closed, false},
    {"an account", account, true}, {"an account of somebody who left", account_of_former, true}, {"a briefing", undertaking, true}, {"a locked account", lock, true}};
const size_t hidden_kinds = sizeof kinds / sizeof *kinds;
const char *hidden_name(size_t kind) { return kinds[kind].name; }
void hidden_change(struct hidden *h, size_t kind)
{
    /* The quiet ones stand last. */
    size_t loud = 0;
    while (!kinds[loud].quiet)
        loud++;
    kinds[h->quiet_registers ? loud + kind % (hidden_kinds - loud) : kind % loud].act(h);
}
