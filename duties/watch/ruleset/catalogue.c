/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See pages.h. Bound, fed and alerts are asked over what the reader may read: the same rule may stand as unbound for one reader and as ready for
 * another who reads the list behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "watch/ruleset/pages.h"

enum { SETS_MOST = 200, ROWS_MOST = 20000, NAMES_MOST = 512 };

struct gathered { const struct record_view **rows; size_t n; };
struct asking { struct shown *shown; struct arena *arena; struct catalogue *catalogue; const char *bound[NAMES_MOST]; size_t n_bound; const char *formats[64]; size_t n_formats; const char **alerted; size_t n_alerted; };

/* Rows of a register in a state, newest first; with `since` of those first seen no earlier. */
static enum status gather(struct asking *all, const char *register_, const char *state, moment since, size_t most, struct gathered *ret)
{
    const struct request *request = all->shown->request;
    const struct register_def *def = pack_register(office_pack(request->office), register_);
    struct filter filter = {"state", state};
    struct query query = {.register_ = register_, .filters = &filter, .n_filters = state ? 1 : 0, .limit = 1000, .sort = since != MOMENT_NONE ? "first-seen" : NULL, .descending = since != MOMENT_NONE};
    struct reasons reasons;
    reasons_init(&reasons, all->arena);
    *ret = (struct gathered){ARENA_ARRAY(all->arena, const struct record_view *, most), 0};
    if (!def || !reader_sees(request->reader, def))
        return OK;
    for (;;) {
        struct page_of page;
        enum status status = office_find(request->office, request->reader, &query, all->arena, &reasons, &page);
        if (status != OK)
            return status;
        for (size_t i = 0; i < page.n_rows; i++) {
            if (ret->n == most || (since != MOMENT_NONE && val_get_int(page.rows[i].fields, "first-seen", 0) < since)) {
                all->catalogue->cut |= ret->n == most;
                return OK;
            }
            ret->rows[ret->n++] = &page.rows[i];
        }
        if (!page.next)
            return OK;
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    }
}

/* ---- what is bound, fed, alerted ---- */

static void bound(struct asking *all, const char *name)
{
    for (size_t i = 0; i < all->n_bound; i++)
        if (strcmp(all->bound[i], name) == 0)
            return;
    if (all->n_bound < NAMES_MOST)
        all->bound[all->n_bound++] = name;
}

static enum status find_bound(struct asking *all)
{
    struct gathered lists, assets, systems;
    enum status status = gather(all, "detection-binding", "in-force", MOMENT_NONE, 1000, &lists);
    for (size_t i = 0; status == OK && i < lists.n; i++)
        if (val_get_str(lists.rows[i]->fields, "name") && !str_eq(val_get_str(lists.rows[i]->fields, "kind"), "log-sources"))
            bound(all, val_get_str(lists.rows[i]->fields, "name"));
    if (status == OK)
        status = gather(all, "asset", "in-use", MOMENT_NONE, ROWS_MOST, &assets);
    for (size_t i = 0; status == OK && i < assets.n; i++) {
        const struct val *fields = assets.rows[i]->fields, *functions = val_get(fields, "functions");
        const char *kind = val_get_str(fields, "kind");
        if (!val_get_str(fields, "host"))
            continue;
        if (str_eq(kind, "server"))
            bound(all, "Servers");
        else if (str_eq(kind, "workstation"))
            bound(all, "Workstations");
        for (size_t k = 0; k < val_count(functions); k++)
            if (str_eq(val_text(val_at(functions, k)), "domain-controller"))
                bound(all, "DomainControllers");
            else if (str_eq(val_text(val_at(functions, k)), "jump-server"))
                bound(all, "JumpServers");
    }
    if (status == OK)
        status = gather(all, "system", "operating", MOMENT_NONE, ROWS_MOST, &systems);
    for (size_t i = 0; status == OK && i < systems.n; i++)
        if (val_get_str(systems.rows[i]->fields, "admin-accounts"))
            bound(all, "Administrators");
    return status;
}

static const char *unbound_of(const struct asking *all, const char *placeholders)
{
    char *names = arena_strdup(all->arena, placeholders), *rest = NULL;
    const char *missing = "";
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        bool known = false;
        for (size_t i = 0; i < all->n_bound && !known; i++)
            known = strcmp(all->bound[i], name) == 0;
        if (!known)
            missing = *missing ? arena_printf(all->arena, "%s %%%s%%", missing, name) : arena_printf(all->arena, "%%%s%%", name);
    }
    return missing;
}

/* Which log sources of rules a format can carry; "" stands for any. Where nothing in a format tells, the rules are taken as fed. */
static const struct { const char *format, *product, *category; } carries[] = {
    {"evtx", "windows", ""}, {"windows-xml", "windows", ""}, {"auditd", "linux", ""}, {"syslog", "linux", ""}, {"syslog", "cisco", ""}, {"zeek", "zeek", ""},
    {"w3c", "", "webserver"}, {"access", "", "webserver"}, {"access", "", "proxy"}, {"w3c", "", "proxy"}, {"cef", "", "firewall"}, {"json", "", ""},
};

static bool is_fed(const struct asking *all, const struct census_rule *rule)
{
    for (size_t f = 0; f < all->n_formats; f++)
        for (size_t i = 0; i < sizeof carries / sizeof *carries; i++)
            if (strcmp(carries[i].format, all->formats[f]) == 0 && (!*carries[i].product || strcmp(carries[i].product, rule->product) == 0) &&
                (!*carries[i].category || strcmp(carries[i].category, rule->category) == 0))
                return true;
    return false;
}

static enum status find_formats(struct asking *all)
{
    struct gathered sources;
    enum status status = gather(all, "log-source", "active", MOMENT_NONE, ROWS_MOST, &sources);
    for (size_t i = 0; status == OK && i < sources.n; i++) {
        const char *format = val_get_str(sources.rows[i]->fields, "format");
        size_t k = 0;
        while (k < all->n_formats && !str_eq(all->formats[k], format))
            k++;
        if (format && k == all->n_formats && k < sizeof all->formats / sizeof *all->formats)
            all->formats[all->n_formats++] = format;
    }
    return status;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static enum status find_alerted(struct asking *all)
{
    struct gathered alerts;
    enum status status = gather(all, "alert", NULL, all->shown->request->now - CATALOGUE_DAYS * DAY, ROWS_MOST, &alerts);
    all->alerted = ARENA_ARRAY(all->arena, const char *, (status == OK ? alerts.n : 0) + 1);
    for (size_t i = 0; status == OK && i < alerts.n; i++)
        if (val_get_str(alerts.rows[i]->fields, "rule-id"))
            all->alerted[all->n_alerted++] = val_get_str(alerts.rows[i]->fields, "rule-id");
    if (all->n_alerted)
        qsort(all->alerted, all->n_alerted, sizeof *all->alerted, by_text);
    return status;
}

static size_t alerts_of(const struct asking *all, const char *id)
{
    const char **found = bsearch(&id, all->alerted, all->n_alerted, sizeof *all->alerted, by_text);
    size_t n = 0;
    if (!found)
        return 0;
    while (found > all->alerted && strcmp(found[-1], id) == 0)
        found--;
    for (; found < all->alerted + all->n_alerted && strcmp(*found, id) == 0; found++)
        n++;
    return n;
}

/* ---- the catalogue ---- */

static int by_title(const void *a, const void *b)
{
    const struct catalogue_rule *x = a, *y = b;
    int order = strcmp(x->rule->title, y->rule->title);
    order = order ? order : strcmp(x->rule->id, y->rule->id);
    return order ? order : strcmp(x->set->number, y->set->number);
}

enum status catalogue_read(struct shown *shown, struct catalogue *ret)
{
    const struct request *request = shown->request;
    struct arena *arena = request->arena;
    struct asking *all = ARENA_NEW(arena, struct asking);
    struct gathered sets;
    *ret = (struct catalogue){0};
    all->shown = shown;
    all->arena = arena;
    all->catalogue = ret;
    enum status status = gather(all, "rule-set", "in-force", MOMENT_NONE, SETS_MOST, &sets);
    if (status == OK)
        status = find_bound(all);
    if (status == OK)
        status = find_formats(all);
    if (status == OK)
        status = find_alerted(all);
    struct census *census = ARENA_ARRAY(arena, struct census, SETS_MOST);
    size_t n = 0;
    for (size_t i = 0; status == OK && i < sets.n; i++) {
        const struct val *meta;
        const void *lines;
        size_t len;
        shown_record(shown, sets.rows[i]);
        if (office_attachment(request->office, request->reader, sets.rows[i]->number, "census", 0, arena, &meta, &lines, &len) == OK && census_read(lines, len, arena, &census[i]) == OK)
            n += census[i].n;
    }
    ret->rules = ARENA_ARRAY(arena, struct catalogue_rule, n + 1);
    for (size_t i = 0; status == OK && i < sets.n; i++)
        for (size_t r = 0; r < census[i].n; r++)
            ret->rules[ret->n++] = (struct catalogue_rule){&census[i].rules[r], sets.rows[i], unbound_of(all, census[i].rules[r].placeholders), is_fed(all, &census[i].rules[r]), alerts_of(all, census[i].rules[r].id)};
    if (ret->n)
        qsort(ret->rules, ret->n, sizeof *ret->rules, by_title);
    ret->sets = sets.rows;
    ret->n_sets = status == OK ? sets.n : 0;
    return status;
}

const char *catalogue_source(const struct census_rule *rule, struct arena *arena)
{
    const char *parts[] = {rule->product, rule->category, rule->service}, *text = "";
    for (size_t i = 0; i < 3; i++)
        if (*parts[i])
            text = *text ? arena_printf(arena, "%s / %s", text, parts[i]) : parts[i];
    return text;
}

const char *catalogue_level(enum sigma_level level, enum lang lang)
{
    static const char *const words[] = {T_("informational"), T_("low"), T_("medium"), T_("high"), T_("critical")};
    return tr(lang, words[level]);
}
