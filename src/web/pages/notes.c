/* SPDX-License-Identifier: GPL-3.0-or-later
 * Personal notes of a reader: saved views of lists and drafts of forms. Both lie in side tables under the person and never in the browser;
 * nobody else reads them, and nothing of them is journalled.
 */
#include <string.h>

#include "front/escape.h"
#include "front/form.h"
#include "web/pages/inside.h"

#define MOST_VIEWS 40
#define VIEW_NAME 60
#define DRAFT_BYTES (256 << 10)
#define DRAFT_KEY 160

/* ---- saved views ---- */

struct views { const struct request *request; const struct register_def *def; struct val *list; size_t prefix; };

static bool add_view(void *arg, const char *key, const void *bytes, size_t len)
{
    struct views *views = arg;
    struct arena *arena = views->request->arena;
    if (strncmp(key, views->def->name, views->prefix) != 0 || key[views->prefix] != ':' || views->list->count >= MOST_VIEWS)
        return true;
    struct val *item = val_object(arena);
    const char *query = arena_strndup(arena, bytes, len);
    val_set_str(arena, item, "name", key + views->prefix + 1);
    val_set(arena, item, "href", val_strf(arena, "%s%s%s", register_href(views->request->arena, views->def), *query ? "?" : "", query));
    val_push(arena, views->list, item);
    return true;
}

struct val *views_of(const struct request *request, const struct register_def *def)
{
    struct views views = {request, def, val_array(request->arena), strlen(def->name)};
    return office_side_each(request->office, "view", reader_person(request->reader), add_view, &views) == OK ? views.list : val_array(request->arena);
}

/* The register and the side table's key of a view that a form names; NULL when the name will not do. */
static const char *view_key(const struct request *request, const struct register_def **ret)
{
    const char *name = request_form(request, "name"), *register_ = request_form(request, "register");
    *ret = register_ ? pack_register(office_pack(request->office), register_) : NULL;
    if (!*ret || !reader_sees(request->reader, *ret) || !name || !*name || utf8_count(name, strlen(name)) > VIEW_NAME || !text_is_plain(name, strlen(name), false))
        return NULL;
    return arena_printf(request->arena, "%s:%s", (*ret)->name, name);
}

static enum status post_view(const struct request *request, struct answer *answer)
{
    const struct register_def *def;
    const char *key = view_key(request, &def), *query = request_form(request, "query");
    struct pair *pairs;
    size_t n;
    struct reasons reasons;
    reasons_init(&reasons, request->arena);
    if (!def)
        return ABSENT;
    if (!key || !query || strlen(query) > 2000 || urlencoded_read(request->arena, query, strlen(query), (struct form_limits){.fields = 32}, &reasons, &pairs, &n) != OK) {
        reason_add(&reasons, "view.name", "name", T_("A view needs a name of 1 to %1$s characters."), "60");
        answer_reasons(request, answer, BAD_INPUT, &reasons);
        return OK;
    }
    if (views_of(request, def)->count >= MOST_VIEWS) {
        reason_add(&reasons, "view.count", NULL, T_("%1$s views of a list are kept; delete one first."), "40");
        answer_reasons(request, answer, REFUSED, &reasons);
        return OK;
    }
    enum status status = office_side_put(request->office, "view", reader_person(request->reader), key, query, strlen(query));
    if (status == OK)
        answer_redirect(answer, arena_printf(request->arena, "%s%s%s", register_href(request->arena, def), *query ? "?" : "", query));
    return status;
}

static enum status post_view_drop(const struct request *request, struct answer *answer)
{
    const struct register_def *def;
    const char *key = view_key(request, &def);
    if (!key)
        return ABSENT;
    enum status status = office_side_drop(request->office, "view", reader_person(request->reader), key);
    if (status == OK)
        answer_redirect(answer, register_href(request->arena, def));
    return status;
}

/* ---- drafts ---- */

/* A draft carries a label before its first word is kept: that of the record it changes, or the one that its new record would take. It is
 * kept only under a label that its owner may write, and given back only while they may. */

static bool is_kept(const char *name)
{
    static const char *const left_out[] = {"csrf", "key", "version", "draft-of", NULL};
    return !str_in(name, left_out);
}

/* The draft's label as text; NULL when it is not chosen yet. ABSENT: the form's register or record is none of the reader's. */
static enum status draft_label(const struct request *request, const char *of, const char **ret)
{
    char *path = arena_strdup(request->arena, of + 1), *rest = strchr(path, '/');
    struct record_view record;
    if (!rest)
        return ABSENT;
    *rest++ = '\0';
    rest[strcspn(rest, "/?")] = '\0';
    const struct register_def *def = pack_register(office_pack(request->office), path);
    if (!def || !reader_sees(request->reader, def))
        return ABSENT;
    if (str_eq(rest, "new")) {
        *ret = office_label_of_new(request->office, request->reader, def, label_given(request), fields_given(request, def, NULL, 0), request->arena);
        return OK;
    }
    enum status status = office_get(request->office, request->reader, def->name, rest, request->arena, &record);
    if (status == OK)
        *ret = label_write(record.label, request->arena);
    return status;
}

static struct val *draft_pairs(const struct request *request)
{
    struct val *pairs = val_array(request->arena);
    for (size_t i = 0; i < request->n_form; i++) {
        struct val *pair = val_array(request->arena);
        if (!is_kept(request->form[i].name))
            continue;
        val_push(request->arena, pair, val_str(request->arena, request->form[i].name));
        val_push(request->arena, pair, val_str(request->arena, request->form[i].value));
        val_push(request->arena, pairs, pair);
    }
    return pairs;
}

static enum status draft_put(const struct request *request, const char *of, const char *label)
{
    struct val *draft = val_object(request->arena);
    struct buf text;
    val_set_str(request->arena, draft, "label", label);
    val_set(request->arena, draft, "pairs", draft_pairs(request));
    val_set_int(request->arena, draft, "at", request->now);
    buf_init(&text, DRAFT_BYTES);
    json_write(&text, draft);
    enum status status = text.failed ? TOO_LARGE : office_side_put(request->office, "draft", reader_person(request->reader), of, text.data, text.len);
    buf_free(&text);
    return status;
}

/* What a form's script sends every few seconds: the same fields as the form itself. */
static enum status post_draft(const struct request *request, struct answer *answer)
{
    const char *of = request_form(request, "draft-of"), *label = NULL;
    struct val *said = val_object(request->arena);
    struct reasons reasons;
    reasons_init(&reasons, request->arena);
    if (!of || !url_is_local(of) || strlen(of) > DRAFT_KEY)
        return BAD_INPUT;
    enum status status = draft_label(request, of, &label);
    if (status != OK)
        return status;
    status = office_may_label(request->office, request->reader, label, request->arena, &reasons);
    if (status == OK)
        status = draft_put(request, of, label);
    if (status == BAD_INPUT || status == REFUSED) {          /* no fault: the office waits for the label */
        draft_drop(request, of);
        val_set_str(request->arena, said, "waits", tr(request->lang, T_("A draft is kept once a label that you may write is chosen.")));
        status = OK;
    }
    val_set_bool(request->arena, said, "kept", !val_get(said, "waits"));
    if (status == OK)
        answer_json(request, answer, said);
    return status;
}

static enum status post_draft_drop(const struct request *request, struct answer *answer)
{
    const char *of = request_form(request, "draft-of");
    if (!of || !url_is_local(of) || strlen(of) > DRAFT_KEY)
        return BAD_INPUT;
    draft_drop(request, of);
    answer_redirect(answer, of);
    return OK;
}

void draft_drop(const struct request *request, const char *action)
{
    if (office_side_drop(request->office, "draft", reader_person(request->reader), action) != OK)
        return;      /* a draft that stays is offered once more, nothing worse */
}

bool draft_take(const struct request *request, const char *action, struct request *ret, moment *ret_at)
{
    const void *bytes;
    size_t len, n = 0;
    struct val *draft;
    struct reasons ignored;
    reasons_init(&ignored, request->arena);
    if (office_side_get(request->office, "draft", reader_person(request->reader), action, request->arena, &bytes, &len) != OK ||
        json_read(request->arena, bytes, len, (struct json_limits){.bytes = DRAFT_BYTES}, &ignored, &draft) != OK)
        return false;
    if (office_may_label(request->office, request->reader, val_get_str(draft, "label"), request->arena, &ignored) != OK)
        return false;
    const struct val *pairs = val_get(draft, "pairs");
    struct pair *form = ARENA_ARRAY(request->arena, struct pair, val_count(pairs) + 1);
    for (size_t i = 0; i < val_count(pairs); i++) {
        const char *name = val_text(val_at(val_at(pairs, i), 0)), *value = val_text(val_at(val_at(pairs, i), 1));
        if (name && value)
            form[n++] = (struct pair){name, value};
    }
    *ret = *request;
    ret->form = form;
    ret->n_form = n;
    *ret_at = val_get_int(draft, "at", MOMENT_NONE);
    return true;
}

const struct page note_pages[] = {
    {METHOD_POST, "/view", "", "view-save", post_view},
    {METHOD_POST, "/view/drop", "", "view-drop", post_view_drop},
    {METHOD_POST, "/draft", "", "draft-keep", post_draft},
    {METHOD_POST, "/draft/drop", "", "draft-drop", post_draft_drop},
    {0}};
