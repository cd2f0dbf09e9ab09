/* SPDX-License-Identifier: GPL-3.0-or-later
 * One search box over everything that the reader may read, newest first; and the small search of link fields.
 */
#include <string.h>

#include "web/pages/inside.h"

static enum status get_search(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *rows = val_array(arena);
    const char *text = request_query(request, "q"), *after = request_query(request, "after");
    struct query query = {.text = text, .limit = 50};
    struct page_of page = {0};
    struct reasons reasons;
    struct shown shown;
    void *cursor;
    enum status status = OK;
    reasons_init(&reasons, arena);
    shown_begin(&shown, request);
    if (after && seal_read(request->seal, arena, request->account, "search", after, &cursor, &query.cursor_len) == OK)
        query.cursor = cursor;
    if (text && *text)
        status = office_find(request->office, request->reader, &query, arena, &reasons, &page);
    if (status != OK)
        return status;
    for (size_t i = 0; i < page.n_rows; i++) {
        shown_record(&shown, &page.rows[i]);
        val_push(arena, rows, row_of(request, &page.rows[i], NULL, 0));
    }
    val_set_str(arena, data, "q", text);
    val_set(arena, data, "rows", rows);
    if (page.next)
        val_set_str(arena, data, "next-cursor", seal_write(request->seal, arena, request->account, "search", page.next, page.next_len));
    status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "search", data);
    return status;
}

/* For link fields: the register's newest records that hold the words, as JSON. */
static enum status get_links(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    const char *register_ = request_query(request, "register"), *text = request_query(request, "q");
    struct query query = {.register_ = register_, .text = text, .limit = 12};
    struct page_of page;
    struct reasons reasons;
    struct shown shown;
    struct val *data = val_object(arena), *list = val_array(arena);
    reasons_init(&reasons, arena);
    shown_begin(&shown, request);
    enum status status = register_ ? office_find(request->office, request->reader, &query, arena, &reasons, &page) : ABSENT;
    if (status != OK)
        return status;
    for (size_t i = 0; i < page.n_rows; i++) {
        struct val *item = val_object(arena);
        shown_record(&shown, &page.rows[i]);
        val_set_str(arena, item, "number", page.rows[i].number);
        val_set_str(arena, item, "title", words_in(&page.rows[i].titles, request->lang));
        val_set_str(arena, item, "state", words_in(&page.rows[i].state->words, request->lang));
        val_push(arena, list, item);
    }
    val_set(arena, data, "records", list);
    status = shown_end(&shown, data, "read");
    val_drop(data, "bands");
    if (status == OK)
        answer_json(request, answer, data);
    return status;
}

const struct page search_pages[] = {{METHOD_GET, "/search", "", "search", get_search}, {METHOD_GET, "/search/links", "", "search-links", get_links}, {0}};
