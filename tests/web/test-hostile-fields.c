/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Markup, script and formulas in every text field of every register of the pack: planted past door one in two versions, with links between
 * them, so that no check of a form stands before; read by one person of every post, whose names are markup, too. Every entry of the pages'
 * tables is asked with them: lists, boards, calendars, records, forms, steps, histories, searches, the API, the three exports. Forms are
 * sent full of it, so that faults repeat it; every parameter that a page's source names is given it. Then each answer is read as a browser,
 * a JSON reader or a spreadsheet program reads it. A field that was nowhere shown fails, since then nothing was tested.
 */
#include <ctype.h>
#include <glob.h>

#include "base/text.h"
#include "fixture.h"
#include "front/form.h"
#include "front/front.h"
#include "front/seal.h"
#include "front/template.h"
#include "markup.h"
#include "office/inside.h"
#include "report/report.h"
#include "store/attachment.h"
#include "tap.h"
#include "web/pages/pages.h"

#define TAG "\"'><zq onzq=1>"
enum { MOST_REGISTERS = 64, MOST_FIELDS = 64, MOST_NAMES = 100 };

static struct fixture f;
static struct seal seal;
static const struct page *const *tables;      /* of the program and of the duties */
static struct arena *arena, *answers;          /* `answers` is cleared after each */
static const struct pack *pack;
static unsigned asked, faults, calls, shown[MOST_REGISTERS][MOST_FIELDS];
static char logins[40][24];
static size_t n_logins;
static const struct reader *readers[40];
static struct { record_id id; const char *number; int reader[2]; } planted[MOST_REGISTERS];

/* The mark of a field, found again in answers: "zq07x03e". */
static const char *mark(unsigned r, unsigned field) { return arena_printf(arena, "zq%02ux%02ue", r, field); }
static const char *evil(unsigned r, unsigned field) { return arena_printf(arena, "=%s" TAG "{{zq}}</textarea></script></title></style><!--zq&lt;zq&#60;zq>`", mark(r, field)); }
static const char *sly(unsigned r, unsigned field) { return arena_printf(arena, "javascript:zq(%s)//%%3Czq%%3E", mark(r, field)); }

/* ---- planting ---- */

static bool holds_text(const struct field_def *field) { return field->type == FIELD_LINE || field->type == FIELD_PROSE || field->type == FIELD_EMAIL; }

/* A value of the right kind; texts are hostile. NULL: none. */
static struct val *value_of(const struct register_def *def, const struct field_def *field, bool second)
{
    const char *text = second ? sly(def->index, field->index) : evil(def->index, field->index);
    const struct term *term = field->of && field->of->n_terms ? &field->of->terms[0] : NULL;
    struct val *value = NULL, *list = val_array(arena);
    switch (field->type) {
    case FIELD_LINE: case FIELD_EMAIL: return val_str(arena, text);
    case FIELD_PROSE: return val_strf(arena, "(%s) %s\n\n%s", text, text, text);
    case FIELD_NUMBER: return val_int(arena, field->min ? field->min : 1);
    case FIELD_MONEY:
        value = val_object(arena);
        val_set_int(arena, value, "amount", 1);
        val_set_str(arena, value, "currency", second ? "\"><" : "<zq");
        return value;
    case FIELD_BOOLEAN: return val_bool(arena, true);
    case FIELD_CHOICE: return term ? val_str(arena, term->name) : NULL;
    case FIELD_CHOICES:
        if (term)
            val_push(arena, list, val_str(arena, term->name));
        return term ? list : NULL;
    case FIELD_DATE: return val_str(arena, "2027-03-05");
    case FIELD_TIME: return val_int(arena, f.now);
    case FIELD_INTERVAL:
        value = val_object(arena);
        val_set_int(arena, value, "from", f.now);
        return value;
    case FIELD_SPAN: return val_str(arena, "3d");
    default: return NULL;                      /* links below; labels, posts and their like hold no free text */
    }
}

struct plant { struct job job; const struct register_def *def; bool second; const char *label; record_id id; const char *number; };

static bool plant_run(struct job *job, struct txn *txn)
{
    struct plant *p = (struct plant *)job;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    struct stage stage = {.office = f.office, .txn = txn, .arena = arena, .now = f.now + p->second * SECOND, .reasons = &reasons, .failure = REFUSED,
        .key = arena_printf(arena, "plant %s %d", p->def->name, p->second), .cause = TAG};
    stage_begin(&stage);
    struct staged_image *item = p->second ? stage_image(&stage, p->id) : stage_new(&stage, p->def);
    struct val *fields = val_object(arena);
    for (size_t i = 0; i < p->def->n_fields; i++) {
        struct val *value = value_of(p->def, &p->def->fields[i], p->second);
        if (value)
            val_set(arena, fields, p->def->fields[i].name, value);
    }
    item->after->fields = fields;
    if (!p->second) {
        item->after->state = p->def->first_state;
        item->after->label = stage_label(&stage, p->label);
    }
    stage_changed(&stage, item, p->second ? "edit" : "create", TAG);
    for (size_t i = 0; p->second && i < p->def->n_fields; i++) {
        const struct field_def *field = &p->def->fields[i];
        const struct register_def *to = field->to ? field->to : &pack->registers[0];
        for (size_t k = 0; p->def->file == FILE_SELF && str_eq(to->name, "person") && k < n_logins; k++)      /* the file is read by its members */
            if (field->type == FIELD_LINKS || k == 0)
                stage_link(&stage, item, field, number_id(fixture_person(&f, logins[k])));
        if ((field->type == FIELD_LINK || field->type == FIELD_LINKS) && planted[to->index].id && planted[to->index].id != p->id)
            stage_link(&stage, item, field, planted[to->index].id);
    }
    bool good = stage_write(&stage) == OK;
    p->id = item->after->id;
    p->number = item->after->number;
    stage_end(&stage);
    return good;
}
static void plant_settled(struct job *job, bool committed)
{
    if (!committed)
        ((struct plant *)job)->number = NULL;
}

static void plant_all(void)
{
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    unsigned missing = 0;
    for (int second = 0; second < 2; second++)
        for (size_t r = 0; r < pack->n_registers; r++) {
            struct plant p = {{.run = plant_run, .settled = plant_settled}, &pack->registers[r], second, label, planted[r].id, NULL};
            bool committed;
            if (store_perform(f.office->store, &p.job, &committed) != OK || !committed || !p.number) {
                printf("# %s was not planted\n", pack->registers[r].name);
                missing++;
                continue;
            }
            planted[r].id = p.id;
            planted[r].number = arena_strdup(arena, p.number);
        }
    is_int(missing, 0, "a record of every register is planted, in two versions");
}

/* One person for each post, with hostile names. */
static const char *persons(void)
{
    struct reasons reasons;
    struct pack *own;
    struct buf text;
    reasons_init(&reasons, arena);
    if (pack_load_embedded(NULL, &reasons, &own) != OK)
        return NULL;
    buf_init(&text, 1 << 20);
    for (size_t p = 0; p < own->n_posts && n_logins < 39; p++) {
        snprintf(logins[n_logins], sizeof logins[0], "p%zu", p);
        buf_addf(&text, "%s{\"login\":\"p%zu\",\"name\":\"Zed\\\"'><zq onzq=1>\",\"given-name\":\"<zq>\",\"nationality\":\"FRA\",\"email\":\"p%zu@hq.example\",\"posts\":[{\"post\":\"%s\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],"
                 "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"4\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}],"
                 "\"briefings\":[{\"policy\":\"1.3.26.1.3.1\",\"class\":\"4\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]}", n_logins++ ? "," : "[", p, p, own->posts[p].name);
    }
    buf_addc(&text, ']');
    const char *ret = arena_strndup(arena, text.data, text.len);
    buf_free(&text);
    pack_free(own);
    return ret;
}

/* Which persons read each planted record: the first and the last of them. */
static void find_readers(void)
{
    unsigned unread = 0;
    for (size_t i = 0; i < n_logins; i++)
        readers[i] = fixture_reader(&f, logins[i]);
    for (size_t r = 0; r < pack->n_registers; r++) {
        planted[r].reader[0] = planted[r].reader[1] = -1;
        for (size_t i = 0; i < n_logins; i++) {
            struct record_view record;
            if (!readers[i] || !planted[r].number || office_get(f.office, readers[i], pack->registers[r].name, planted[r].number, arena, &record) != OK)
                continue;
            planted[r].reader[1] = (int)i;
            if (planted[r].reader[0] < 0)
                planted[r].reader[0] = (int)i;
        }
        if (planted[r].reader[0] < 0) {
            printf("# nobody reads %s\n", pack->registers[r].name);
            unread++;
        }
    }
    is_int(unread, 0, "of every register, somebody reads it");
}

/* ---- looking at an answer ---- */

static void found(const char *what, const char *who, const char *path, const char *at)
{
    faults++;
    if (faults < 20)
        printf("# %s in %s as %s: %.160s\n", what, path, who, at);
}

static void note_shown(const char *body)
{
    for (const char *at = strstr(body, "zq"); at; at = strstr(at + 2, "zq"))
        if (isdigit((unsigned char)at[2]) && at[4] == 'x' && at[7] == 'e') {
            unsigned r = (unsigned)atoi(at + 2), field = (unsigned)atoi(at + 5);
            if (r < MOST_REGISTERS && field < MOST_FIELDS)
                shown[r][field]++;
        }
}

static void look_at_table(const char *who, const char *path, const struct answer *answer)
{
    struct grid grid;
    struct reasons reasons;
    reasons_init(&reasons, answers);
    bool csv = strncmp(answer->media_type, "text/csv", 8) == 0;
    enum status status = csv ? csv_read(answers, answer->body->data, answer->body->len, (struct grid_limits){0}, &reasons, &grid)
                             : xlsx_read(answers, answer->body->data, answer->body->len, (struct grid_limits){0}, &reasons, &grid);
    if (status != OK) {
        found("an export that cannot be read", who, path, reasons.count ? reasons_text(&reasons, LANG_EN) : "");
        return;
    }
    for (size_t i = 0; i < grid.n_rows * grid.n_columns; i++)
        if (grid.cells[i])
            note_shown(grid.cells[i]);
    for (const char *at = answer->body->data; csv && (at = strchr(at, '=')); at++)
        if (at > answer->body->data && strchr(",\"\n\r", at[-1]) && at[1] == 'z')
            found("a formula", who, path, at);
}

static void look(const char *who, const char *path, const struct answer *answer)
{
    const char *media = answer->media_type ? answer->media_type : "text/html; charset=utf-8", *at = "", *fault = NULL;
    const char *body = arena_strndup(answers, answer->body->data ? answer->body->data : "", answer->body->len);
    for (size_t i = 0; i < answer->n_headers; i++)
        if (strpbrk(answer->headers[i].value, "\r\n<"))
            found("a header", who, path, answer->headers[i].value);
    if (answer->redirect && (answer->redirect[0] != '/' || answer->redirect[1] == '/' || strpbrk(answer->redirect, "\r\n<\"")))
        found("a redirection", who, path, answer->redirect);
    if (answer->status >= 500)
        found("a failure", who, path, body);
    if (strncmp(media, "text/html", 9) == 0 || strncmp(media, "image/svg", 9) == 0) {
        fault = markup_fault(body, &at);
    } else if (strncmp(media, "application/json", 16) == 0) {
        struct val *value;
        struct reasons reasons;
        reasons_init(&reasons, answers);
        if (json_read(answers, body, strlen(body), (struct json_limits){.bytes = (size_t)32 << 20}, &reasons, &value) != OK)
            fault = "JSON that cannot be read";
        else if ((at = strcasestr(body, "<zq")))
            fault = "JSON that a browser could take for markup";
    } else if (strncmp(media, "text/csv", 8) == 0 || strstr(media, "spreadsheetml")) {
        look_at_table(who, path, answer);
    } else if (strcasestr(body, "<zq")) {
        fault = media;
        at = body;
    }
    if (fault)
        found(fault, who, path, at);
    note_shown(body);
}

/* ---- asking ---- */

struct ask { enum method method; const char *path, *query; const struct pair *form; size_t n_form; const char *file_name, *file; bool api; };

static int ask(int who, struct ask a)
{
    struct reasons reasons;
    struct pair *pairs;
    struct buf body;
    reasons_init(&reasons, answers);
    buf_init(&body, (size_t)32 << 20);
    struct request q = {.arena = answers, .office = f.office, .reader = readers[who], .now = f.now + 2 * SECOND, .lang = calls % 2 ? LANG_FR : LANG_EN, .method = a.method, .path = a.path, .csrf = "token", .csrf_given = "token",
                        .seal = &seal, .account = reader_account(readers[who]), .proved = f.now, .nonce = arena_printf(answers, "nonce-%08u", ++calls), .api = a.api, .form = a.form, .n_form = a.n_form};
    if (a.query && urlencoded_read(answers, a.query, strlen(a.query), (struct form_limits){.fields = 200}, &reasons, &pairs, &q.n_query) == OK)
        q.query = pairs;
    struct upload upload = {"upload", a.file_name, TAG, a.file, a.file ? strlen(a.file) : 0};
    if (a.file) {
        q.uploads = &upload;
        q.n_uploads = 1;
    }
    struct answer answer = {.body = &body};
    dispatch(tables, &q, &answer);
    asked++;
    look(logins[who], a.query ? arena_printf(answers, "%s?%s", a.path, a.query) : a.path, &answer);
    int status = answer.status ? answer.status : 200;
    buf_free(&body);
    arena_clear(answers);
    return status;
}
static int get(int who, const char *path, const char *query) { return ask(who, (struct ask){.path = path, .query = query}); }

/* A pattern filled: parts named register, number, step, field; others are hostile. NULL when the register has none of it. */
static const char *filled(const char *pattern, const struct register_def *def, const struct step_def *step)
{
    struct buf text;
    buf_init(&text, 8192);
    for (const char *c = pattern; *c; c++) {
        const char *end = *c == '{' ? strchr(c, '}') : NULL;
        if (!end) {
            buf_addc(&text, *c);
            continue;
        }
        size_t len = (size_t)(end - c - 1);
        const char *part = strncmp(c + 1, "register", len) == 0 ? def->name : strncmp(c + 1, "number", len) == 0 ? planted[def->index].number : strncmp(c + 1, "step", len) == 0 && step ? step->name
                         : strncmp(c + 1, "verb", len) == 0 ? "decline" : strncmp(c + 1, "index", len) == 0 ? "0" : TAG;
        buf_adds(&text, part);
        c = end;
    }
    const char *ret = arena_strndup(arena, text.data, text.len);
    buf_free(&text);
    return ret;
}

/* Every parameter that the pages' sources ask for, hostile. */
static const char *hostile_query(void)
{
    static const char *const places[] = {"src/web/pages/*.c", "duties/*/*.c"};
    const char *root = getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".";
    char line[4000];
    unsigned names = 0;
    struct buf text;
    glob_t sources;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 2; i++)
        (void)!glob(arena_printf(arena, "%s/%s", root, places[i]), i ? GLOB_APPEND : 0, NULL, &sources);
    for (size_t i = 0; i < sources.gl_pathc; i++) {
        FILE *file = fopen(sources.gl_pathv[i], "re");
        while (file && fgets(line, sizeof line, file))
            for (const char *at = line; (at = strstr(at, "request_query(")); at++) {
                const char *name = strchr(at, '"');
                if (name && name - at < 40 && names++ < MOST_NAMES)
                    buf_addf(&text, "%s%.*s=%%22%%27%%3E%%3Czq%%20onzq%%3D1%%3E", text.len ? "&" : "", (int)strcspn(name + 1, "\""), name + 1);
            }
        if (file)
            fclose(file);
    }
    globfree(&sources);
    ok(names >= 15, "the pages' sources name their parameters (%u)", names);
    const char *query = arena_strndup(arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return query;
}

/* ---- all of it ---- */

/* Each GET of the tables for a record, by two who read it, plain and with hostile parameters. */
static void every_page(void)
{
    const char *hostile = hostile_query();
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        for (size_t t = 0; tables[t]; t++)
            for (const struct page *page = tables[t]; page->pattern; page++) {
                bool per_step = strstr(page->pattern, "{step}"), of_record = strstr(page->pattern, "{number}"), of_register = strstr(page->pattern, "{register}");
                if (page->method != METHOD_GET || (r && !of_record && !of_register))
                    continue;
                for (size_t s = 0; s == 0 || (per_step && s < def->n_steps); s++)
                    for (int k = 0; k < 2; k++) {
                        const char *path = filled(page->pattern, def, per_step && def->n_steps ? &def->steps[s] : NULL);
                        if (planted[r].reader[k] < 0)
                            continue;
                        get(planted[r].reader[k], path, NULL);
                        if (k == 0)
                            get(planted[r].reader[k], path, hostile);
                    }
            }
    }
}

static void every_list(void)
{
    static const char *const queries[] = {"view=board", "view=calendar", "sort=-updated", "q=zq", "format=csv", "format=xlsx", "format=html"};
    unsigned exported = 0;
    for (size_t r = 0; r < pack->n_registers; r++)
        for (size_t q = 0; q < sizeof queries / sizeof *queries; q++)
            for (size_t i = 0; i < n_logins; i++) {
                bool reads = (int)i == planted[r].reader[0] || (int)i == planted[r].reader[1], exports = q >= 4 && readers[i] && reader_has_right(readers[i], "export-records");
                if (reads || exports)
                    exported += get((int)i, arena_printf(arena, "/all/%s", pack->registers[r].name), queries[q]) == 200 && q >= 4;
            }
    ok(exported > 40, "lists, boards, calendars and exports were looked at (%u exports)", exported);
    for (size_t i = 0; i < n_logins; i++)
        if (readers[i]) {
            get((int)i, "/", NULL);
            get((int)i, "/search", "q=zq");
            get((int)i, "/api/v1/search", "q=zq");
            get((int)i, "/search/links", "q=zq&register=person");
            get((int)i, "/journal", NULL);
        }
}

/* A form of a register with hostile text in everything. */
static size_t hostile_form(const struct register_def *def, struct pair *ret)
{
    static const char *const more[] = {"reason", "label.class", "label.category", "label", "file", "key", "hash", "account", "name", "query", "register", "to", "lang", "do", "field", "version", "day", "seen"};
    size_t n = 0;
    for (size_t i = 0; i < def->n_fields && n + 2 < 160; i++)
        ret[n++] = (struct pair){def->fields[i].name, evil(def->index, def->fields[i].index)};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        ret[n++] = (struct pair){more[i], str_eq(more[i], "version") ? "" : TAG "zq"};
    return n;
}

/* Forms full of it: what is refused repeats it, what is taken shows it. */
static void every_form(void)
{
    struct pair form[200];
    unsigned repeated = 0;
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        size_t n = hostile_form(def, form);
        for (size_t t = 0; tables[t]; t++)
            for (const struct page *page = tables[t]; page->pattern; page++) {
                bool per_step = strstr(page->pattern, "{step}"), placed = strstr(page->pattern, "{");
                if (page->method == METHOD_GET || (r && !placed))
                    continue;
                for (size_t s = 0; s == 0 || (per_step && s < def->n_steps); s++)
                    if (planted[r].reader[0] >= 0)
                        repeated += ask(planted[r].reader[s % 2], (struct ask){.method = page->method, .path = filled(page->pattern, def, per_step && def->n_steps ? &def->steps[s] : NULL), .form = form, .n_form = n}) == 422;
            }
        for (size_t i = 0, made = 0; i < n_logins && made < 2; i++)        /* who may make one gets the faults back */
            for (size_t k = 0; readers[i] && k < def->n_create_rights; k++)
                if (reader_has_right(readers[i], def->create_rights[k]) && ++made)
                    repeated += ask((int)i, (struct ask){.method = METHOD_POST, .path = arena_printf(arena, "/%s/new", def->name), .form = form, .n_form = n}) == 422;
    }
    ok(repeated > 60, "forms full of it come back with their faults (%u)", repeated);
}

/* ---- files ---- */

/* A field that a step alone fills takes no file on the record's page: the file is sealed as the office seals it, and named past door one. */
struct naming { struct job job; record_id id; const struct field_def *field; const struct val *list; };
static bool naming_run(struct job *job, struct txn *txn)
{
    struct naming *n = (struct naming *)job;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    struct stage stage = {.office = f.office, .txn = txn, .arena = arena, .now = f.now + 2 * SECOND, .reasons = &reasons, .failure = REFUSED,
        .key = arena_printf(arena, "name %lld %s", (long long)n->id, n->field->name), .cause = TAG};
    stage_begin(&stage);
    struct staged_image *item = stage_image(&stage, n->id);
    struct val *fields = val_copy(arena, item->after->fields);
    val_set(arena, fields, n->field->name, val_copy(arena, n->list));
    item->after->fields = fields;
    stage_changed(&stage, item, "edit", TAG);
    bool good = stage_write(&stage) == OK;
    stage_end(&stage);
    return good;
}
static void naming_settled(struct job *job, bool committed) { (void)job, (void)committed; }
static bool name_past_the_door(size_t r, const struct field_def *field, const char *name)
{
    struct record_view record;
    struct attachment_ref ref;
    struct reasons reasons;
    char hex[65];
    bool committed;
    reasons_init(&reasons, arena);
    if (office_get(f.office, readers[planted[r].reader[0]], NULL, planted[r].number, arena, &record) != OK ||
        attachment_put(f.office->store, record.label_id, record.file, "<zq>", 4, &reasons, &ref) != OK)
        return false;
    struct val *item = val_object(arena), *list = val_array(arena);
    hex_write(ref.sha256.bytes, HASH_BYTES, hex);
    val_set_str(arena, item, "address", ref.address);
    val_set_int(arena, item, "bytes", (int64_t)ref.bytes);
    val_set_str(arena, item, "media", "text/html" TAG);
    val_set(arena, item, "pair", val_strf(arena, "%d.%lld", (int)record.label_id, (long long)record.file));
    val_set_str(arena, item, "name", name);
    val_set_str(arena, item, "sha256", hex);
    val_push(arena, list, item);
    struct naming naming = {{.run = naming_run, .settled = naming_settled}, planted[r].id, field, list};
    return store_perform(f.office->store, &naming.job, &committed) == OK && committed;
}

static bool give_file(size_t r, const struct field_def *field)
{
    const char *name = arena_printf(arena, "%s" TAG "zq.html", mark((unsigned)r, field->index));
    struct pair to[] = {{"field", field->name}};
    struct ask file = {.method = METHOD_POST, .path = arena_printf(arena, "/%s/%s/file", pack->registers[r].name, planted[r].number), .form = to, .n_form = 1, .file_name = name, .file = "<zq>"};
    bool took = false;
    for (size_t k = 0; !took && k < n_logins; k++)
        took = readers[k] && ask((int)k, file) == 303;
    return took || ((field->by_step || field->computed) && name_past_the_door(r, field, name));
}
static void every_file(void)
{
    unsigned given = 0, told = 0, wanted = 0;
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        int who = planted[r].reader[0];
        for (size_t i = 0; i < def->n_fields; i++) {
            const struct field_def *field = &def->fields[i];
            if (field->type != FIELD_ATTACHMENTS)
                continue;
            wanted++;
            bool got = who >= 0 && give_file(r, field);
            unsigned before = shown[r][field->index];
            if (got)
                for (size_t at = 0; at < 2; at++)
                    get(who, arena_printf(arena, "%s/%s/%s", at ? "/api/v1/records" : "", def->name, planted[r].number), NULL);
            given += got;
            told += shown[r][field->index] > before;
            if (!got || shown[r][field->index] == before)
                printf("# %s.%s: %s\n", def->name, field->name, got ? "the name was never shown" : "no file");
        }
    }
    ok(wanted >= 9 && given == wanted && told == wanted, "a file with a hostile name lies in every field that takes files, and is shown (%u, %u of %u fields)", given, told, wanted);
}

/* Saved views and drafts. */
static void every_note(void)
{
    unsigned kept = 0;
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        int who = planted[r].reader[0];
        const char *text = evil((unsigned)r, 0), *here = arena_printf(arena, "/%s/new", def->name);
        struct pair view[] = {{"register", def->name}, {"name", TAG "zq"}, {"query", "q=" TAG "zq"}}, draft[] = {{"draft-of", here}, {def->fields[0].name, text}, {"label.class", "1.3.26.1.3.1|2"}};
        if (who < 0)
            continue;
        kept += ask(who, (struct ask){.method = METHOD_POST, .path = "/view", .form = view, .n_form = 3}) == 303;
        kept += ask(who, (struct ask){.method = METHOD_POST, .path = "/draft", .form = draft, .n_form = 3, .api = true}) == 200;
        get(who, arena_printf(arena, "/%s", def->name), NULL);
        get(who, here, NULL);
        get(who, here, "draft=1");
    }
    ok(kept > pack->n_registers / 2, "views and drafts are kept (%u)", kept);
}

static void all_shown(void)
{
    unsigned fields = 0, unseen = 0;
    for (size_t r = 0; r < pack->n_registers; r++)
        for (size_t i = 0; i < pack->registers[r].n_fields; i++) {
            const struct field_def *field = &pack->registers[r].fields[i];
            if (!holds_text(field) || field->hidden_in >> pack->registers[r].first_state & 1)
                continue;
            fields++;
            if (!shown[r][field->index]) {
                printf("# %s.%s was never shown\n", pack->registers[r].name, field->name);
                unseen++;
            }
        }
    ok(fields > 60 && unseen == 0, "every text field of every register was shown (%u fields, %zu registers)", fields, pack->n_registers);
}

/* The reader of pages finds what it is there for. */
static void bites(void)
{
    static const char *const bad[] = {"<p><zq>", "<p zq=1>", "<p class=zq>", "<p class=\"a\"zq=\"\">", "<a href=\"javascript:zq\">", "<a href='//zq'>x</a><p onclick=\"x\">", "<!-- zq -->", "<script>zq</script>", "<style>zq</style>",
                                      "<p title=\"zq", "</zq>", "<p style=\"a\">", "<img src=\"zq\">", "<p title='\"'><zq onzq=1>'>"};
    static const char *const good[] = {"<p>zq</p>", "<p title=\"zq\">", "<a href=\"/x?q=zq\">", "&lt;zq&gt;", "<input value=\"&quot;&#39;&gt;&lt;zq onzq=1&gt;\">", "<script src=\"/ui/x.js\"></script>zq", "a < zq"};
    unsigned missed = 0;
    const char *at;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!markup_fault(bad[i], &at) && ++missed)
            printf("# missed: %s\n", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (markup_fault(good[i], &at) && ++missed)
            printf("# wrongly found: %s\n", good[i]);
    is_int(missed, 0, "the reader of pages finds markup in every place, and nothing else");
}

int main(void)
{
    uint8_t secret[32] = {7};
    tap_seed();
    arena = arena_new((size_t)2 << 30);
    answers = arena_new((size_t)1 << 30);
    bites();
    fixture_new_with(&f, persons());
    pack = office_pack(f.office);
    seal_init(&seal, secret);
    templates_use(&office_templates);
    pages_start();
    tables = pages_of_office(arena, f.office);
    plant_all();
    find_readers();
    every_page();
    every_list();
    all_shown();
    every_form();
    every_note();
    every_file();
    ok(asked > 3000 && faults == 0, "nothing of it is markup, script or formula in %u answers (%u faults)", asked, faults);
    for (size_t i = 0; i < n_logins; i++)
        reader_free(readers[i]);
    fixture_free(&f);
    arena_free(answers);
    arena_free(arena);
    return tap_done();
}
