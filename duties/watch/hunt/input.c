/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a jail is given: "hunt 1\n", the length of the query as JSON (four bytes, little-endian), the query, and for each block its
 * length, its number of items, and its bytes. Read back by jailer.c alone.
 */
#include "watch/hunt/inside.h"

#include <string.h>

static void put_number(struct buf *out, uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
    buf_add(out, bytes, sizeof bytes);
}

static struct val *terms_of(struct arena *arena, const struct hunt_query *query)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; i < query->n_terms; i++) {
        const struct hunt_term *term = &query->terms[i];
        struct val *item = val_array(arena);
        val_push(arena, item, val_int(arena, term->line));
        val_push(arena, item, val_str(arena, term->field));
        val_push(arena, item, val_int(arena, term->how));
        val_push(arena, item, val_strn(arena, term->text, term->len));
        val_push(arena, list, item);
    }
    return list;
}

static struct val *rules_of(struct arena *arena, const struct hunt_query *query)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; i < query->n_rules; i++) {
        struct val *item = val_array(arena);
        val_push(arena, item, val_int(arena, query->rules[i].line));
        val_push(arena, item, val_str(arena, query->rules[i].id));
        val_push(arena, list, item);
    }
    return list;
}

static struct val *places_of(struct arena *arena, const struct hunt_query *query)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; i < query->n_places && i < HUNT_PLACES_MOST; i++) {
        val_push(arena, list, val_int(arena, query->places[i].block));
        val_push(arena, list, val_int(arena, query->places[i].item));
    }
    return list;
}

static struct val *text_of(struct arena *arena, const struct sigma_text *text)
{
    struct val *item = val_array(arena);
    val_push(arena, item, val_str(arena, text->path ? text->path : ""));
    val_push(arena, item, val_strn(arena, text->text ? text->text : "", text->text ? text->len : 0));
    return item;
}

static struct val *bindings_of(struct arena *arena, const struct sigma_options *options)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; options && i < options->n_bindings; i++) {
        struct val *item = val_array(arena);
        val_push(arena, item, val_str(arena, options->bindings[i].name));
        for (size_t v = 0; v < options->bindings[i].n; v++)
            val_push(arena, item, val_str(arena, options->bindings[i].values[v]));
        val_push(arena, list, item);
    }
    return list;
}

void hunt_input(struct buf *out, const struct hunt_query *query, const struct sigma_text *texts, size_t n, const struct sigma_options *options)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    struct val *all = val_object(arena), *list = val_array(arena);
    struct buf text;
    val_set(arena, all, "terms", terms_of(arena, query));
    val_set(arena, all, "rules", rules_of(arena, query));
    val_set(arena, all, "places", places_of(arena, query));
    for (size_t i = 0; query->n_rules && i < n; i++)
        val_push(arena, list, text_of(arena, &texts[i]));
    val_set(arena, all, "texts", list);
    if (query->n_rules && options && options->sources.text)
        val_set(arena, all, "sources", text_of(arena, &options->sources));
    val_set(arena, all, "bindings", bindings_of(arena, options));
    val_set_bool(arena, all, "everything", query->everything);
    val_set_bool(arena, all, "newest", query->newest);
    val_set_int(arena, all, "from", query->from);
    val_set_int(arena, all, "to", query->to);
    val_set_int(arena, all, "most", (int64_t)query->most);
    val_set_int(arena, all, "step", query->step);
    buf_init(&text, HUNT_INPUT_MOST);
    json_write(&text, all);
    buf_adds(out, HUNT_HEAD);
    put_number(out, (uint32_t)text.len);
    buf_add(out, text.data ? text.data : "", text.len);
    out->failed |= text.failed;
    buf_free(&text);
    arena_free(arena);
}

bool hunt_input_block(struct buf *out, const void *block, size_t len, uint32_t items)
{
    if (out->failed || out->len + len + 8 > HUNT_INPUT_MOST || out->len + len + 8 > out->max)
        return false;
    put_number(out, (uint32_t)len);
    put_number(out, items);
    buf_add(out, block, len);
    return !out->failed;
}
