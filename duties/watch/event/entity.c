/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See entity.h. The list is short and events have some dozens of values, so each name is asked in turn.
 */
#include "watch/event/entity.h"

#include <string.h>

#include "base/text.h"

void entity_fields_make(struct fields *fields, const char *const *names, size_t n, struct arena *arena, struct entity_fields *ret)
{
    *ret = (struct entity_fields){ARENA_ARRAY(arena, field_id, n + 1), 0};
    for (size_t i = 0; i < n; i++) {
        field_id id = fields_add(fields, names[i], strlen(names[i]));
        if (id)
            ret->ids[ret->n++] = id;
    }
}

size_t entity_cut(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t n = utf8_length(text + at, len - at);
        if (!n || at + n > ENTITY_MOST)
            break;
        at += n;
    }
    return at;
}

/* What Windows and web servers write where there is nothing. */
static bool says_something(const char *text, size_t len)
{
    return len && !(len == 1 && (*text == '-' || *text == ' ')) && text_is_plain(text, len, false);
}

const char *entity_of(const struct event *event, const struct entity_fields *list, struct arena *arena)
{
    for (size_t f = 0; f < list->n; f++)
        for (size_t i = 0; i < event->n; i++) {
            struct event_value value = event->values[i];
            if (value.field != list->ids[f] || (value.kind != VALUE_TEXT && value.kind != VALUE_NUMBER))
                continue;
            const char *text = value.escaped ? event_text(event, &value) : value.text;
            size_t len = entity_cut(text, value.len);
            if (says_something(text, len))
                return arena_strndup(arena, text, len);
        }
    return "";
}
