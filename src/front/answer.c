/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small helpers of requests and answers, and the one place that words "absent", refusals and faults. Whatever its
 * cause, an absent thing answers with the same bytes: reasons that came with it are not shown.
 */
#include "front/front.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "front/escape.h"
#include "front/seal.h"
#include "front/template.h"

static void (*decorator)(const struct request *, struct val *);

void front_decorate(void (*decorate)(const struct request *, struct val *data)) { decorator = decorate; }

static const char *pair_find(const struct pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(pairs[i].name, name) == 0) return pairs[i].value;
    }
    return NULL;
}

const char *request_query(const struct request *q, const char *name) { return pair_find(q->query, q->n_query, name); }
const char *request_form(const struct request *q, const char *name) { return pair_find(q->form, q->n_form, name); }

const char *request_part(const struct request *q, size_t index)
{
    return index < 8 && q->part[index] ? q->part[index] : "";
}

void answer_header(struct answer *a, const char *name, const char *value)
{
    if (a->n_headers == sizeof a->headers / sizeof *a->headers || strpbrk(name, "\r\n:") || strpbrk(value, "\r\n")) return;
    a->headers[a->n_headers++] = (struct pair){name, value};
}

void answer_redirect(struct answer *a, const char *to)
{
    buf_clear(a->body);
    a->status = 303;
    a->redirect = url_is_local(to) ? to : "/";
}

void answer_page(const struct request *q, struct answer *a, const char *template_name, struct val *data)
{
    if (!data) data = val_object(q->arena);
    val_set_str(q->arena, data, "lang", lang_code(q->lang));
    val_set_int(q->arena, data, "now", q->now);
    if (q->api) {                              /* what the page shows, without its frame */
        answer_json(q, a, data);
        return;
    }
    val_set_str(q->arena, data, "csrf", q->csrf ? q->csrf : "");
    val_set_str(q->arena, data, "path", q->path);
    val_set_bool(q->arena, data, "partial", q->partial);
    if (decorator) decorator(q, data);
    buf_clear(a->body);
    a->media_type = "text/html; charset=utf-8";
    if (!a->status) a->status = 200;
    render_in(q->arena, template_name, data, q->lang, a->body);
    if (a->body->failed) a->status = 500;
}

void answer_json(const struct request *q, struct answer *a, const struct val *v)
{
    buf_clear(a->body);
    a->media_type = "application/json";
    if (!a->status) a->status = 200;
    json_write(a->body, v);
}

bool answer_not_modified(const struct request *q, struct answer *a, const void *seen, size_t len)
{
    if (!q->seal) return false;
    a->etag = seal_etag(q->seal, q->arena, q->account, q->lang, seen, len);
    if (!q->if_none_match || q->method != METHOD_GET || !str_eq(q->if_none_match, a->etag)) return false;
    buf_clear(a->body);
    a->status = 304;
    return true;
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

struct wording { enum status status; int http; const char *title, *rule, *text, *next; };

static const struct wording WORDINGS[] = {
    {BAD_INPUT, 400, T_("Not understood"), "front.form", T_("The request does not have the form that is needed."), NULL},
    {ABSENT, 404, T_("Not there"), "front.absent", T_("There is no such thing, or you may not know of it."), NULL},
    {REFUSED, 403, T_("Refused"), "front.refused", T_("The rules of the office refuse this."), NULL},
    {CONFLICT, 409, T_("Changed meanwhile"), "front.conflict", T_("Somebody changed it since you opened it."),
     T_("Open it again, look at what changed, and repeat your change.")},
    {TOO_LARGE, 413, T_("Too large"), "front.limit", T_("This is larger than what is taken."), NULL},
    {BUSY, 503, T_("Busy"), "front.busy", T_("Too much is waiting just now. Nothing was done."),
     T_("Send it again in a few seconds.")},
    {FAILED_IO, 503, T_("Not possible now"), "front.failed", T_("The storage did not take it. Nothing was done."),
     T_("Tell the administrator; the program's log says more.")},
    {DAMAGED, 500, T_("Damaged"), "front.damaged", T_("What is stored here does not verify, so it is not shown."),
     T_("Tell the administrator at once.")},
    {NO_MEMORY, 503, T_("Not possible now"), "front.memory", T_("There is not enough memory for this. Nothing was done."),
     T_("Ask for less at a time, or send it again later.")},
};

static const struct wording *wording_of(enum status status)
{
    for (size_t i = 0; i < sizeof WORDINGS / sizeof *WORDINGS; i++) {
        if (WORDINGS[i].status == status) return &WORDINGS[i];
    }
    return &WORDINGS[0];
}

static struct val *reasons_val(const struct request *q, const struct reasons *why)
{
    struct val *list = val_array(q->arena);
    for (const struct reason *r = why->first; r; r = r->after) {
        struct val *one = val_object(q->arena);
        val_set_str(q->arena, one, "text", r->text.in[q->lang]);
        val_set_str(q->arena, one, "rule", r->rule);
        if (r->where) val_set_str(q->arena, one, "where", r->where);
        if (r->next.in[q->lang]) val_set_str(q->arena, one, "next", r->next.in[q->lang]);
        val_push(q->arena, list, one);
    }
    return list;
}

/* Before any template is known (tests, a damaged build) a refusal is still words. */
static void plain_page(const struct request *q, struct answer *a, const char *title, const struct val *reasons)
{
    buf_clear(a->body);
    a->media_type = "text/html; charset=utf-8";
    buf_addf(a->body, "<!doctype html><html lang=\"%s\"><title>", lang_code(q->lang));
    escape_html(a->body, title, strlen(title));
    buf_adds(a->body, "</title><h1>");
    escape_html(a->body, title, strlen(title));
    buf_adds(a->body, "</h1><ul>");
    for (size_t i = 0; i < val_count(reasons); i++) {
        const char *members[] = {"text", "next"};
        buf_adds(a->body, "<li>");
        for (size_t k = 0; k < 2; k++) {
            const char *text = val_get_str(val_at(reasons, i), members[k]);
            if (!text) continue;
            escape_html(a->body, text, strlen(text));
            buf_addc(a->body, ' ');
        }
        buf_adds(a->body, "</li>");
    }
    buf_adds(a->body, "</ul></html>");
}

void answer_reasons(const struct request *q, struct answer *a, enum status status, const struct reasons *why)
{
    const struct wording *w = wording_of(status);
    struct reasons own;
    if (!why || !why->first || status == ABSENT) {
        reasons_init(&own, q->arena);
        struct reason *reason = reason_add(&own, w->rule, NULL, w->text);
        if (w->next) reason_next(&own, reason, w->next);
        why = &own;
    }
    struct val *data = val_object(q->arena), *list = reasons_val(q, why);
    a->status = w->http;
    a->redirect = NULL;
    a->etag = NULL;
    if (w->http == 503) a->retry_after = 5;
    if (q->api) {
        val_set_str(q->arena, data, "status", status_name(status));
        val_set(q->arena, data, "reasons", list);
        answer_json(q, a, data);
        return;
    }
    val_set_str(q->arena, data, "title", tr(q->lang, w->title));
    val_set(q->arena, data, "reasons", list);
    const char *name = q->partial && template_exists("error-part") ? "error-part" : "error";
    if (template_exists(name)) answer_page(q, a, name, data);
    else plain_page(q, a, tr(q->lang, w->title), list);
}
