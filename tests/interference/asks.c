/* SPDX-License-Identifier: GPL-3.0-or-later
 * See asks.h.
 */
#include "asks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

static uint64_t mix(uint64_t *salt)
{
    uint64_t z = (*salt += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ (z >> 29);
}
static uint64_t draw(uint64_t *salt, uint64_t below) { return below ? mix(salt) % below : 0; }

static struct ask *add(struct asking *a, const struct page *page, const char *who, const char *path)
{
    struct asks *out = a->out;
    if (out->n == out->cap) {
        struct ask *more = ARENA_ARRAY(out->arena, struct ask, out->cap = out->cap * 2 + 64);
        if (out->n)
            memcpy(more, out->items, out->n * sizeof *more);
        out->items = more;
    }
    out->items[out->n] = (struct ask){.page = page ? page->name : "day", .who = who, .method = page ? page->method : METHOD_POST, .path = path};
    return &out->items[out->n++];
}
static void query(struct ask *ask, const char *name, const char *value) { ask->query[ask->n_query++] = (struct pair){name, value}; }
static void form(struct ask *ask, const char *name, const char *value) { ask->form[ask->n_form++] = (struct pair){name, value}; }
static const char *who(struct asking *a, uint64_t *salt) { return a->who[draw(salt, a->n_who)]; }

/* A record: visible, hidden, or one that nobody has. */
static struct known some_record(struct asking *a, uint64_t *salt)
{
    const struct pool *pool = a->pool;
    uint64_t kind = draw(salt, 8);
    struct known known = {"incident", "INC-2027-0000000000"};
    if (kind < 4 && pool->n_visible)
        return pool->visible[draw(salt, pool->n_visible)];
    if (kind < 7 && pool->n_hidden)
        return pool->hidden[draw(salt, pool->n_hidden)];
    char digits[16];
    crockford_write(mix(salt) & ((1ull << 50) - 1), 10, digits);
    snprintf(known.number, sizeof known.number, "INC-2027-%.10s", digits);
    return known;
}

static const char *words[] = {"container", "open", "gateway", "registry net", "visible", "plan amber", "locks", "3-114", "SN-1", "ghost", "second"};

/* The pattern with its parts filled in; NULL when it has one that nobody here knows. */
static char *path_for(struct asking *a, const char *pattern, uint64_t *salt)
{
    struct arena *arena = a->out->arena;
    const struct register_def *def = &a->pack->registers[draw(salt, a->pack->n_registers)];
    struct known record = some_record(a, salt);
    bool of_record = strstr(pattern, "{number}") != NULL;
    struct buf out;
    buf_init(&out, 1000);
    if (of_record && strstr(pattern, "{register}"))
        def = pack_register(a->pack, record.register_);
    while (*pattern) {
        if (*pattern != '{') {
            buf_addc(&out, *pattern++);
            continue;
        }
        const char *end = strchr(pattern, '}'), *name = arena_strndup(arena, pattern + 1, (size_t)(end - pattern - 1)), *value = NULL;
        if (strcmp(name, "register") == 0 || strcmp(name, "topic") == 0)
            value = def->name;
        else if (strcmp(name, "number") == 0 || strcmp(name, "record") == 0 || strcmp(name, "file") == 0)
            value = arena_strdup(arena, record.number);
        else if (strcmp(name, "step") == 0)
            value = def->n_steps ? def->steps[draw(salt, def->n_steps)].name : "contain";
        else if (strcmp(name, "verb") == 0)
            value = (const char *[]){"confirm", "decline", "withdraw"}[draw(salt, 3)];
        else if (strcmp(name, "field") == 0)
            value = draw(salt, 2) || !def->n_fields ? "evidence" : def->fields[draw(salt, def->n_fields)].name;
        else if (strcmp(name, "index") == 0 || strcmp(name, "position") == 0)
            value = draw(salt, 2) ? "0" : "1";
        else if (strcmp(name, "view") == 0 || strcmp(name, "name") == 0 || strcmp(name, "key") == 0 || strcmp(name, "post") == 0 || strcmp(name, "id") == 0)
            value = draw(salt, 2) ? "one" : "1";
        if (!value) {
            buf_free(&out);
            return NULL;
        }
        buf_adds(&out, value);
        pattern = end + 1;
    }
    char *path = arena_strndup(arena, out.data, out.len);
    buf_free(&out);
    return path;
}

/* ---- by name ---- */

static const struct register_def *def_of_path(struct asking *a, const char *path)
{
    char name[60];
    path += str_starts(path, "/api/v1/records/") ? strlen("/api/v1/records") : 0;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(path + 1, "/"), path + 1);
    return pack_register(a->pack, name);
}

static void shape_list(struct asking *a, struct ask *ask, uint64_t *salt)
{
    const struct register_def *def = def_of_path(a, ask->path);
    static const char *const formats[] = {"csv", "html", "csv"}, *const views[] = {"board", "calendar"};
    switch (draw(salt, 6)) {
    case 0: query(ask, "format", formats[draw(salt, 3)]); break;
    case 1: query(ask, "view", views[draw(salt, 2)]); break;
    case 2: query(ask, "q", words[draw(salt, sizeof words / sizeof *words)]); break;
    default: break;
    }
    if (!def)
        return;
    for (size_t tries = 0; tries < 3; tries++) {
        const struct field_def *field = &def->fields[draw(salt, def->n_fields)];
        if (field->sort && ask->n_query < 3)
            query(ask, "sort", draw(salt, 2) ? field->name : arena_printf(a->out->arena, "-%s", field->name));
        else if (field->filter && field->of && ask->n_query < 3)
            query(ask, field->name, field->of->terms[draw(salt, field->of->n_terms)].name);
    }
    if (draw(salt, 3) == 0)
        query(ask, "state", def->states[draw(salt, def->n_states)].name);
    if (def->n_clocks && draw(salt, 4) == 0)
        query(ask, "sort", "due");
}

static const char *some_value(struct asking *a, const struct field_def *field, uint64_t *salt)
{
    struct arena *arena = a->out->arena;
    switch (field->type) {
    case FIELD_CHOICE: case FIELD_CHOICES: return field->of && field->of->n_terms ? field->of->terms[draw(salt, field->of->n_terms)].name : "other";
    case FIELD_DATE: return arena_printf(arena, "2027-03-%02llu", (unsigned long long)(1 + draw(salt, 28)));
    case FIELD_TIME: return arena_printf(arena, "2027-03-%02lluT08:00Z", (unsigned long long)(1 + draw(salt, 3)));
    case FIELD_NUMBER: return "3";
    case FIELD_BOOLEAN: return "true";
    case FIELD_LINK: case FIELD_LINKS: {
        for (size_t tries = 0; tries < 12; tries++) {
            struct known known = some_record(a, salt);
            if (!field->to || strcmp(known.register_, field->to->name) == 0 || tries == 11)
                return arena_strdup(arena, known.number);
        }
        return "";
    }
    case FIELD_LINE: case FIELD_PROSE: return arena_printf(arena, "Visible %llu", (unsigned long long)draw(salt, 40));
    default: return NULL;
    }
}
static void shape_fields(struct asking *a, struct ask *ask, const struct register_def *def, const struct field_def *const *only, size_t n, uint64_t *salt)
{
    for (size_t i = 0; def && i < (only ? n : def->n_fields) && ask->n_form < 11; i++) {
        const struct field_def *field = only ? only[i] : &def->fields[i];
        bool wanted = only || field->required || draw(salt, 4) == 0;
        const char *value = wanted && !field->computed ? some_value(a, field, salt) : NULL;
        if (field->type == FIELD_INTERVAL && wanted)
            form(ask, arena_printf(a->out->arena, "%s.from", field->name), "2027-02-01T08:00Z");
        else if (value)
            form(ask, field->name, value);
    }
}
static const char *label_of(struct asking *a, uint64_t *salt)
{
    const char *labels[] = {a->base->internal, a->base->restricted, a->base->confidential, a->base->secret, a->base->late};
    return labels[draw(salt, 5)];
}
static void shape_step(struct asking *a, struct ask *ask, uint64_t *salt)
{
    const struct register_def *def = def_of_path(a, ask->path);
    const struct step_def *step = def ? register_step(def, strrchr(ask->path, '/') + 1) : NULL;
    if (step)
        shape_fields(a, ask, def, step->asks, step->n_asks, salt);
    if (draw(salt, 4))
        form(ask, "reason", "because");
}

/* The bytes that were proposed, as the reader sees them. */
static const char *proposed(struct asking *a, const char *reader_login, const char *number)
{
    struct record_view record;
    char hex[65] = "00";
    const struct reader *reader = world_reader(a->world, reader_login, a->now, a->out->arena);
    if (reader && office_get(a->world->office, reader, "proposal", number, a->out->arena, &record) == OK && val_get_str(record.fields, "op")) {
        struct hash hash = sha256(val_get_str(record.fields, "op"), strlen(val_get_str(record.fields, "op")));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    return arena_strdup(a->out->arena, hex);
}
static const char *some_proposal(struct asking *a, uint64_t *salt)
{
    const struct known *of = draw(salt, 3) ? a->pool->visible : a->pool->hidden;
    size_t n = of == a->pool->visible ? a->pool->n_visible : a->pool->n_hidden, seen = 0;
    const char *chosen = "PRO-2027-0000000000";
    for (size_t i = 0; i < n; i++)
        if (strcmp(of[i].register_, "proposal") == 0 && draw(salt, ++seen) == 0)
            chosen = of[i].number;
    return arena_strdup(a->out->arena, chosen);
}

static bool shape(struct asking *a, struct ask *ask, uint64_t *salt)
{
    const struct register_def *def = def_of_path(a, ask->path);
    const char *name = ask->page;
    if (str_eq(name, "list") || str_eq(name, "api-list"))
        shape_list(a, ask, salt);
    else if (str_eq(name, "search") || str_eq(name, "search-links") || str_eq(name, "api-search")) {
        query(ask, "q", words[draw(salt, sizeof words / sizeof *words)]);
        query(ask, "register", (const char *[]){"asset", "system", "incident", "person", "zone", "document"}[draw(salt, 6)]);
    } else if (str_eq(name, "new") && def && draw(salt, 2)) {
        struct known record = some_record(a, salt);
        query(ask, "incident", arena_strdup(a->out->arena, record.number));
    } else if (str_eq(name, "readers")) {
        if (draw(salt, 2))
            query(ask, "account", (const char *[]){"low", "staff", "ghost", "ghost1", "ghost7", "nobody", "hso"}[draw(salt, 7)]);
    } else if (str_eq(name, "create") || str_eq(name, "api-create")) {
        shape_fields(a, ask, def, NULL, 0, salt);
        form(ask, "label", label_of(a, salt));
    } else if (str_eq(name, "edit") || str_eq(name, "api-edit")) {
        shape_fields(a, ask, def, NULL, 0, salt);
    } else if (str_eq(name, "step") || str_eq(name, "api-step")) {
        shape_step(a, ask, salt);
    } else if (str_eq(name, "regrade") || str_eq(name, "api-regrade")) {
        form(ask, "label", label_of(a, salt));
        form(ask, "reason", "because");
    } else if (str_eq(name, "marking")) {
        form(ask, "label", label_of(a, salt));
    } else if (str_eq(name, "attach")) {
        form(ask, "field", "evidence");
        ask->upload = (struct upload){"file", "photo.png", "image/png", "equal bytes", 11};
        ask->uploads = true;
    } else if (str_eq(name, "events")) {
        query(ask, "q", draw(salt, 4) ? words[draw(salt, sizeof words / sizeof *words)] : "");
        if (draw(salt, 2))
            query(ask, "from", arena_printf(a->out->arena, "2027-03-%02llu", (unsigned long long)(1 + draw(salt, 4))));
        if (draw(salt, 3))
            ask->who = "ict3";
    } else if (str_eq(name, "event")) {
        if (draw(salt, 2))
            ask->path = arena_printf(a->out->arena, "/events/%s/%llu", a->base->segment, (unsigned long long)draw(salt, 5));
        ask->who = draw(salt, 3) ? "ict3" : ask->who;
    } else if (str_starts(name, "hunt-r")) {
        ask->who = draw(salt, 3) ? "ict3" : ask->who;
        if (draw(salt, 4))
            ask->path = arena_printf(a->out->arena, "/hunt/%s/%s", a->base->hunt, str_eq(name, "hunt-raise") ? "raise" : "run");
        form(ask, "do", draw(salt, 3) ? "run" : "stop");
        form(ask, "as", draw(salt, 2) ? "alert" : "incident");
        for (size_t i = 0; str_eq(name, "hunt-raise") && i < 3; i++) {
            struct known record = some_record(a, salt);
            form(ask, "hit", arena_printf(a->out->arena, "%s.%llu", draw(salt, 3) ? a->base->segment : record.number, (unsigned long long)draw(salt, 5)));
        }
    } else if (strstr(name, "proposal") || strstr(ask->path, "/proposal/") || str_eq(name, "api-decide")) {
        const char *number = some_proposal(a, salt), *verb = strrchr(ask->path, '/');
        if (ask->method == METHOD_POST) {
            ask->path = arena_printf(a->out->arena, "%s/%s%s", ask->api ? "/api/v1/proposals" : "/proposal", number, verb);
            form(ask, "hash", proposed(a, ask->who, number));
            form(ask, "reason", "because");
        } else {
            ask->path = arena_printf(a->out->arena, "/proposal/%s", number);
        }
    } else if (ask->method != METHOD_GET) {
        form(ask, "reason", "because");
        form(ask, "label", label_of(a, salt));
    }
    return true;
}

/* The API takes the same as a JSON body. */
static const struct val *as_json(struct asking *a, const struct ask *ask)
{
    struct arena *arena = a->out->arena;
    struct val *body = val_object(arena), *fields = val_object(arena);
    for (size_t i = 0; i < ask->n_form; i++)
        if (str_eq(ask->form[i].name, "label") || str_eq(ask->form[i].name, "reason") || str_eq(ask->form[i].name, "hash"))
            val_set_str(arena, body, ask->form[i].name, ask->form[i].value);
        else
            val_set_str(arena, fields, ask->form[i].name, ask->form[i].value);
    val_set(arena, body, "fields", fields);
    return body;
}

bool asks_for(struct asking *a, const struct page *page, uint64_t salt)
{
    char *path = path_for(a, page->pattern, &salt);
    if (!path)
        return false;
    struct ask *ask = add(a, page, who(a, &salt), path);
    ask->lang = draw(&salt, 4) ? LANG_EN : LANG_FR;
    ask->api = str_starts(page->name, "api") || (page->method == METHOD_GET && !draw(&salt, 3));     /* a page as JSON, too */
    bool good = shape(a, ask, &salt);
    if (ask->api && ask->method != METHOD_GET)
        ask->json = as_json(a, ask);
    return good;
}

/* ---- the visible half of the day ---- */

static struct ask *post(struct asking *a, const char *login, const char *path)
{
    struct ask *ask = add(a, NULL, login, path);
    return ask;
}
static struct ask *get(struct asking *a, const char *login, const char *path)
{
    struct ask *ask = post(a, login, path);
    ask->method = METHOD_GET;
    return ask;
}
static const char *newest_of(struct asking *a, const char *register_)
{
    const char *newest = "none";
    for (size_t i = 0; i < a->pool->n_visible; i++)
        if (strcmp(a->pool->visible[i].register_, register_) == 0)
            newest = a->pool->visible[i].number;
    return arena_strdup(a->out->arena, newest);
}
void asks_of_the_day(struct asking *a, uint64_t salt)
{
    struct arena *arena = a->out->arena;
    const struct base *base = a->base;
    struct ask *ask = post(a, "ict3", "/asset/new");
    form(ask, "name", arena_printf(arena, "Visible %llu", (unsigned long long)draw(&salt, 40)));
    form(ask, "serial", arena_printf(arena, "SN-%llu", (unsigned long long)draw(&salt, 12)));
    form(ask, "kind", "server");
    form(ask, "system", base->system);
    form(ask, "label", draw(&salt, 2) ? base->internal : base->restricted);
    ask = post(a, draw(&salt, 2) ? "staff" : "duty3", "/incident/new");
    form(ask, "summary", "Container 3-114 found open");
    form(ask, "family", "document");
    form(ask, "detected", "2027-03-01T07:40Z");
    form(ask, "narrative", "At 22:40 the guard found it open.");
    form(ask, "label", a->now < base->now + DAY || draw(&salt, 4) ? base->late : base->confidential);
    ask = post(a, "ict3", arena_printf(arena, "/asset/%s/edit", base->asset));
    form(ask, "role", arena_printf(arena, "Gateway %llu", (unsigned long long)draw(&salt, 9)));
    form(ask, "name", "Gateway");
    form(ask, "kind", "gateway");
    form(ask, "serial", "SN-1");
    form(ask, "system", base->system);
    ask = post(a, "low", arena_printf(arena, "/asset/new"));
    form(ask, "name", "mine");
    ask = post(a, "duty3", arena_printf(arena, "/incident/%s/file", a->now > base->now + DAY ? newest_of(a, "incident") : base->incident));
    form(ask, "field", "evidence");
    ask->upload = (struct upload){"file", "photo.png", "image/png", "equal bytes", 11};
    ask->uploads = true;
    ask = post(a, "duty3", arena_printf(arena, "/incident/%s/step/dismiss", base->waiting));
    form(ask, "reason", "nothing happened");
    const char *proposal = some_proposal(a, &salt);
    ask = post(a, "hso3", arena_printf(arena, "/proposal/%s/%s", proposal, draw(&salt, 3) ? "confirm" : "decline"));
    form(ask, "hash", proposed(a, "hso3", proposal));
    form(ask, "reason", "seen");
    ask = post(a, "ict3", arena_printf(arena, "/system/%s/step/start", base->system));
    form(ask, "reason", "go");
    get(a, "staff", "/");
    get(a, "hso3", arena_printf(arena, "/incident/%s", newest_of(a, "incident")));
    get(a, "ict3", arena_printf(arena, "/asset/%s", newest_of(a, "asset")));
    query(get(a, "ict3", "/asset"), "format", "csv");
    static const char *const roads[] = {"/asset", "/api/v1/records/asset", NULL};
    for (size_t i = 0; roads[i]; i++) {
        ask = get(a, draw(&salt, 2) ? "ict3" : "staff", roads[i]);
        query(ask, "links-to", base->system);
        query(ask, "links-by", "system");
    }
    ask = get(a, "staff", "/system");
    query(ask, "named-in", newest_of(a, "asset"));
    query(ask, "links-by", "system");
    query(get(a, "hso3", "/incident"), "format", "csv");
    query(get(a, "staff", arena_printf(arena, "/zone/%s/readers", base->zone)), "account", "ghost1");
}
