/* SPDX-License-Identifier: GPL-3.0-or-later
 * What stands around every page: office, reader, post, duties of the post in the order of its file, clocks, the policies' colours.
 */
#include <stdio.h>
#include <string.h>

#include "web/pages/inside.h"
#include "web/pages/pages.h"
#include "web/web.h"

static void decorate(const struct request *request, struct val *data)
{
    struct arena *arena = request->arena;
    val_set_kept(arena, data, "office", request->office ? office_name(request->office) : "");
    if (request->office)
        val_set_bool(arena, data, "demonstration", val_get_bool(office_config(request->office), "demonstration", false));
    if (!request->reader)
        return;
    struct val *reader = val_object(arena);
    val_set_kept(arena, reader, "name", reader_person_name(request->reader));
    val_set_kept(arena, reader, "post", words_in(&reader_post(request->reader)->words, request->lang));
    val_set_kept(arena, reader, "clearance", reader_clearance_words(request->reader, request->lang));
    val_set(arena, data, "reader", reader);
    val_set(arena, data, "duties", menu_of(request));
    val_set_kept(arena, data, "in-register", menu_here(request));
    struct seat *seats;
    val_set_bool(arena, data, "several-posts", office_seats(request->office, reader_account(request->reader), request->now, arena, &seats) > 1);
    val_set_bool(arena, data, "auditor", reader_has_right(request->reader, "audit-journal"));
    val_set_bool(arena, data, "erases", reader_has_right(request->reader, "erase-records"));
    val_set_kept(arena, data, "csrf", request->csrf);
    val_set_kept(arena, data, "other-lang", request->lang == LANG_FR ? "en" : "fr");
}

/* The policies' colours as style rules, since nothing is styled inline. */
static enum status colours(const struct request *request, struct answer *answer)
{
    const struct policies *policies = office_policies(request->office);
    for (unsigned p = 0; p < policies_count(policies); p++) {
        const struct policy *policy = policies_at(policies, p);
        const struct val *classes = val_get(policy_describe(policy, LANG_EN, request->now, request->arena), "classes");
        for (size_t c = 0; c < val_count(classes); c++) {
            const char *lacv = val_get_str(val_at(classes, c), "lacv"), *colour = policy_class_colour(policy, lacv);
            if (colour && strspn(colour, "#0123456789ABCDEFabcdef") == strlen(colour))
                buf_addf(answer->body, ".mark-%u-%s{background:%s;color:#fff}\n", p, lacv, colour);
        }
    }
    answer->status = 200;
    answer->media_type = "text/css; charset=utf-8";
    return OK;
}

/* The session's language; back to where the reader was. */
static enum status post_language(const struct request *request, struct answer *answer)
{
    struct call *call = request->carrier;
    const char *to = request_form(request, "to");
    if (call && call->in_session) {
        call->session.lang = str_eq(request_form(request, "lang"), "fr") ? LANG_FR : LANG_EN;
        if (!session_keep(call->web->sessions, &call->session))
            return REFUSED;
    }
    answer_redirect(answer, to && *to ? to : "/");
    return OK;
}

static const struct page shell_pages[] = {{METHOD_POST, "/language", "", "language", post_language}, {METHOD_GET, "/colours.css", NULL, "colours", colours}, {0}};

const struct page *const page_tables[] = {shell_pages, desk_pages, search_pages, about_pages, reminder_pages, retention_pages, api_pages, api_more_pages, journal_pages, note_pages, import_pages, form_pages, record_pages, list_pages, NULL};

const struct page *const *pages_of_office(struct arena *arena, const struct office *office)
{
    const char *duty;
    size_t n = sizeof page_tables / sizeof *page_tables - 1, engines = 0;
    while (office_duty_pages(office, engines, &duty), duty)
        engines++;
    const struct page **tables = ARENA_ARRAY(arena, const struct page *, n + engines + 1);
    memcpy(tables, page_tables, n * sizeof *tables);
    for (size_t i = 0; i < engines; i++) {
        const struct page *own = office_duty_pages(office, i, &duty);
        if (own)
            tables[n++] = own;
    }
    tables[n] = NULL;
    return tables;
}

void pages_start(void) { front_decorate(decorate); }
