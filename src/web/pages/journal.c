/* SPDX-License-Identifier: GPL-3.0-or-later
 * The auditors' page: the journal's facts, newest first, and the same as JSON lines. No record is read here: entries name tokens.
 */
#include <stdlib.h>
#include <string.h>

#include "office/auditor.h"
#include "front/escape.h"
#include "web/pages/inside.h"

static const char *given(const struct request *request, const char *name)
{
    const char *text = request_query(request, name);
    return text && *text ? text : NULL;
}

/* A day or an instant as typed; MOMENT_NONE for nothing. False when it is neither. */
static bool time_given(const struct request *request, const char *name, moment *ret)
{
    const char *text = given(request, name);
    *ret = MOMENT_NONE;
    return !text || moment_read(text, ret) == OK;
}

static bool take_query(const struct request *request, struct journal_query *query, struct reasons *faults)
{
    const char *after = given(request, "after");
    void *bytes;
    size_t len;
    *query = (struct journal_query){.kind = given(request, "kind"), .person = given(request, "person"), .post = given(request, "post"),
                                    .step = given(request, "step"), .register_ = given(request, "register")};
    if (!time_given(request, "from", &query->from))
        reason_add(faults, "journal.time", "from", T_("\"%1$s\" is no day or time; 2026-11-22 or 2026-11-22T13:05Z would be one."), given(request, "from"));
    if (!time_given(request, "until", &query->until))
        reason_add(faults, "journal.time", "until", T_("\"%1$s\" is no day or time; 2026-11-22 or 2026-11-22T13:05Z would be one."), given(request, "until"));
    if (after && (seal_read(request->seal, request->arena, request->account, "journal", after, &bytes, &len) != OK || len != sizeof query->before))
        reason_add(faults, "cursor", "after", T_("This page's address is no longer valid; begin the list anew."));
    else if (after)
        memcpy(&query->before, bytes, sizeof query->before);
    return !faults->count;
}

static const struct { const char *name, *words; } kinds[] = {
    {"change", T_("change")}, {"read", T_("read")}, {"export", T_("export")}, {"print", T_("print")}, {"refusal", T_("refusal")}, {"sign-in", T_("sign-in")},
    {"sign-in-refused", T_("sign-in refused")}, {"sign-out", T_("sign-out")}, {"secret-changed", T_("secret changed")}, {"label", T_("label taken in")},
    {"guard", T_("guard taken in")}, {"field", T_("index taken in")}, {"link", T_("link")}, {"pack", T_("definitions")}, {"pack-proposed", T_("definitions proposed")}, {"deed", T_("founding deed")}, {"erasure", T_("erasure")}, {"restore", T_("restore from a backup")},
    {"jail", T_("reader of a file died in its jail")}, {"work-begun", T_("long work begun")}, {"work-ended", T_("long work ended")}};

static const char *kind_words(const struct request *request, const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kinds[i].name, kind))
            return tr(request->lang, kinds[i].words);
    return kind;
}

static struct val *fact_shown(const struct request *request, const struct journal_fact *fact)
{
    const struct pack *pack = office_pack(request->office);
    struct arena *arena = request->arena;
    struct val *item = val_object(arena);
    const struct register_def *def = fact->register_ ? pack_register(pack, fact->register_) : NULL;
    const struct post_def *post = fact->post ? pack_post(pack, fact->post) : NULL;
    val_set_int(arena, item, "position", (int64_t)fact->position);
    val_set_int(arena, item, "time", fact->time);
    val_set_str(arena, item, "kind", fact->kind);
    val_set_str(arena, item, "kind-words", kind_words(request, fact->kind));
    val_set_str(arena, item, "person", fact->person);
    val_set_str(arena, item, "post", post ? words_in(&post->words, request->lang) : fact->post);
    /* a reader and a rule by their names, which have no language */
    val_set_str(arena, item, "step", !fact->step && str_eq(fact->kind, "jail") ? fact->reason : step_words(request, def, fact->step));
    val_set_str(arena, item, "register", def ? words_in(&def->words, request->lang) : fact->register_);
    val_set_str(arena, item, "token", fact->token[0] ? fact->token : NULL);
    val_set_bool(arena, item, "sealed", fact->sealed);
    if (fact->version)
        val_set_int(arena, item, "version", (int64_t)fact->version);
    if (fact->proven != MOMENT_NONE)
        val_set_int(arena, item, "proven", fact->proven);
    return item;
}

static struct val *choice(struct arena *arena, const char *value, const char *text, const char *now)
{
    struct val *item = val_object(arena);
    val_set_str(arena, item, "value", value);
    val_set_str(arena, item, "text", text);
    val_set_bool(arena, item, "chosen", str_eq(value, now));
    return item;
}

static void add_choices(const struct request *request, const struct journal_query *query, struct val *data)
{
    const struct pack *pack = office_pack(request->office);
    struct arena *arena = request->arena;
    struct val *registers = val_array(arena), *posts = val_array(arena), *list = val_array(arena);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        val_push(arena, list, choice(arena, kinds[i].name, tr(request->lang, kinds[i].words), query->kind));
    for (size_t i = 0; i < pack->n_registers; i++)
        if (!pack->registers[i].sealed)
            val_push(arena, registers, choice(arena, pack->registers[i].name, words_in(&pack->registers[i].words, request->lang), query->register_));
    for (size_t i = 0; i < pack->n_posts; i++)
        val_push(arena, posts, choice(arena, pack->posts[i].name, words_in(&pack->posts[i].words, request->lang), query->post));
    val_set(arena, data, "kinds", list);
    val_set(arena, data, "registers", registers);
    val_set(arena, data, "posts", posts);
}

static const char *address(const struct request *request, const char *path, const char *after)
{
    struct buf text;
    char sep = '?';
    buf_init(&text, 1 << 16);
    buf_adds(&text, path);
    for (size_t i = 0; i < request->n_query; i++) {
        if (str_eq(request->query[i].name, "after"))
            continue;
        buf_addc(&text, sep);
        escape_url_part(&text, request->query[i].name, strlen(request->query[i].name));
        buf_addc(&text, '=');
        escape_url_part(&text, request->query[i].value, strlen(request->query[i].value));
        sep = '&';
    }
    if (after)
        buf_addf(&text, "%cafter=%s", sep, after);
    const char *ret = arena_strndup(request->arena, text.data, text.len);
    buf_free(&text);
    return ret;
}

static enum status get_journal(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct journal_query query;
    struct journal_page page = {0};
    struct reasons faults;
    struct shown shown;
    struct val *data = val_object(arena), *list = val_array(arena);
    reasons_init(&faults, arena);
    enum status status = take_query(request, &query, &faults) ? office_journal_page(request->office, request->reader, &query, arena, &page) : OK;
    if (status != OK)
        return status;
    for (size_t i = 0; i < page.n; i++)
        val_push(arena, list, fact_shown(request, &page.facts[i]));
    static const char *const kept[] = {"person", "step", "from", "until"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        val_set_str(arena, data, kept[i], request_query(request, kept[i]));
    val_set(arena, data, "facts", list);
    val_set(arena, data, "faults", reasons_shown(request, &faults));
    add_choices(request, &query, data);
    val_set_str(arena, data, "export", address(request, "/journal/export", NULL));
    if (query.before)
        val_set_str(arena, data, "first", address(request, "/journal", NULL));
    if (page.before)
        val_set_str(arena, data, "next", address(request, "/journal", seal_write(request->seal, arena, request->account, "journal", &page.before, sizeof page.before)));
    if (faults.count)
        answer->status = 422;
    shown_begin(&shown, request);
    status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "journal", data);
    return status;
}

/* One fact a line, the newest first, at most 10,000; the export itself is journalled. */
static enum status get_export(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct journal_query query;
    struct journal_page page;
    struct reasons faults;
    char at[MOMENT_TEXT];
    reasons_init(&faults, arena);
    if (!take_query(request, &query, &faults)) {
        answer_reasons(request, answer, BAD_INPUT, &faults);
        return OK;
    }
    query.limit = 10000;
    enum status status = office_journal_page(request->office, request->reader, &query, arena, &page);
    if (status == OK)
        status = office_note_event(request->office, reader_account(request->reader), reader_appointment(request->reader), "export", NULL, request->now);
    if (status != OK)
        return status;
    for (size_t i = 0; i < page.n; i++) {
        const struct journal_fact *fact = &page.facts[i];
        struct val *line = val_object(arena);
        val_set_int(arena, line, "position", (int64_t)fact->position);
        val_set_str(arena, line, "time", moment_iso(fact->time, at));
        val_set_str(arena, line, "kind", fact->kind);
        const struct { const char *name, *text; } rest[] = {{"person", fact->person}, {"post", fact->post}, {"step", fact->step}, {"register", fact->register_},
                                                            {"token", fact->token[0] ? fact->token : NULL}, {"reason", fact->reason}};
        for (size_t r = 0; r < sizeof rest / sizeof *rest; r++)
            if (rest[r].text)
                val_set_str(arena, line, rest[r].name, rest[r].text);
        if (fact->version)
            val_set_int(arena, line, "version", (int64_t)fact->version);
        if (fact->sealed)
            val_set_bool(arena, line, "sealed", true);
        json_write(answer->body, line);
        buf_addc(answer->body, '\n');
    }
    answer->status = 200;
    answer->media_type = "application/jsonl; charset=utf-8";
    answer_header(answer, "Content-Disposition", "attachment; filename=\"journal.jsonl\"");
    return OK;
}

const struct page journal_pages[] = {
    {METHOD_GET, "/journal", "audit-journal", "journal", get_journal, .slow = true},
    {METHOD_GET, "/journal/export", "audit-journal", "journal-export", get_export, .slow = true},
    {0}};
