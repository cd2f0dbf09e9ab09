/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is due on the reader's desk, to be printed: the same list that reminders are made from.
 */
#include "office/remind.h"
#include "web/pages/inside.h"

#define SHOWN_MOST 500

static enum status get_reminders(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *list = val_array(arena);
    struct reminder *due;
    struct shown shown;
    size_t n;
    enum status status = office_reminders(request->office, request->reader, request->now, SHOWN_MOST, arena, &due, &n);
    if (status != OK)
        return status;
    shown_begin(&shown, request);
    for (size_t i = 0; i < n; i++) {
        struct val *row = row_of(request, &due[i].record, NULL, 0);
        val_set_str(arena, row, "clock", words_in(&due[i].clock->words, request->lang));
        val_set_int(arena, row, "due", due[i].due);
        val_set_bool(arena, row, "late", due[i].stage == REMIND_LATE);
        val_push(arena, list, row);
        shown_record(&shown, &due[i].record);
    }
    val_set(arena, data, "reminders", list);
    val_set_str(arena, data, "person", reader_person_name(request->reader));
    val_set_str(arena, data, "post", words_in(&reader_post(request->reader)->words, request->lang));
    status = shown_end(&shown, data, "print");
    if (status == OK)
        answer_page(request, answer, "reminders", data);
    return status;
}

const struct page reminder_pages[] = {{METHOD_GET, "/reminders", "", "reminders", get_reminders}, {0}};
