/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the office is made of: its rules with source and standing, its posts with rights, help for each register.
 */
#include <string.h>

#include "web/pages/inside.h"

static enum status finish(const struct request *request, struct answer *answer, const char *template_name, struct val *data)
{
    struct shown shown;
    shown_begin(&shown, request);
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, template_name, data);
    return status;
}

/* A span in words, "any" too; other words stand as they are. */
static const char *one_value(const struct request *request, const struct val *value)
{
    struct span span;
    const char *text = val_text(value);
    if (text && span_read(text, &span) == OK)
        return span_words(request->arena, span, request->lang);
    if (str_eq(text, "any"))
        return tr(request->lang, T_("other levels"));
    if (value && value->kind == VAL_BOOL)
        return tr(request->lang, value->truth ? T_("yes") : T_("no"));
    if (value && value->kind == VAL_INT)
        return arena_printf(request->arena, "%lld", (long long)value->number);
    return text ? text : "";
}

static void add_values(const struct request *request, struct buf *text, const struct val *list)
{
    for (size_t i = 0; i < val_count(list); i++)
        buf_addf(text, "%s%s", i ? ", " : "", one_value(request, val_at(list, i)));
}

static const char *value_text(const struct request *request, const struct val *value)
{
    struct buf text;
    if (!value || value->kind != VAL_ARRAY)
        return one_value(request, value);
    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < value->count; i++) {
        const struct val *item = value->items[i], *level = val_get(item, "level"), *within = val_get(item, "within") ? val_get(item, "within") : val_get(item, "value");
        if (i)
            buf_adds(&text, level ? "; " : ", ");
        if (level && level->kind == VAL_ARRAY)
            add_values(request, &text, level);
        else if (level)
            buf_adds(&text, one_value(request, level));
        buf_adds(&text, level ? request->lang == LANG_FR ? " : " : ": " : "");
        buf_adds(&text, one_value(request, level ? within : item));
    }
    const char *ret = text.data ? arena_strndup(request->arena, text.data, text.len) : "";
    buf_free(&text);
    return ret;
}

static enum status get_rules(const struct request *request, struct answer *answer)
{
    static const char *const standings[] = {T_("confirmed"), T_("assumption"), T_("local")};
    const struct pack *pack = office_pack(request->office);
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *list = val_array(arena);
    for (size_t i = 0; i < pack->n_rules; i++) {
        const struct rule *rule = &pack->rules[i];
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", words_in(&rule->words, request->lang));
        val_set_str(arena, item, "id", rule->name);
        val_set_str(arena, item, "value", value_text(request, rule->value));
        val_set_str(arena, item, "standing", tr(request->lang, standings[rule->standing]));
        val_set_bool(arena, item, "assumption", rule->standing == STANDING_ASSUMPTION);
        val_set_str(arena, item, "source", words_in(&rule->source, request->lang));
        val_set_bool(arena, item, "source-english", rule->source_english);
        val_set_str(arena, item, "as-of", rule->as_of);
        val_push(arena, list, item);
    }
    val_set(arena, data, "rules", list);
    val_set_str(arena, data, "pack", pack->hash);
    return finish(request, answer, "rules", data);
}

static enum status get_posts(const struct request *request, struct answer *answer)
{
    const struct pack *pack = office_pack(request->office);
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *list = val_array(arena);
    for (size_t i = 0; i < pack->n_posts; i++) {
        const struct post_def *post = &pack->posts[i];
        struct val *item = val_object(arena), *rights = val_array(arena);
        val_set_str(arena, item, "name", words_in(&post->words, request->lang));
        val_set_str(arena, item, "superior", post->superior ? words_in(&post->superior->words, request->lang) : NULL);
        for (size_t r = 0; r < post->n_rights; r++) {
            const struct right_def *right = pack_right(pack, post->rights[r]);
            if (right)
                val_push(arena, rights, val_str(arena, words_in(&right->words, request->lang)));
        }
        val_set(arena, item, "rights", rights);
        val_push(arena, list, item);
    }
    val_set(arena, data, "posts", list);
    return finish(request, answer, "posts", data);
}

static enum status get_help(const struct request *request, struct answer *answer)
{
    const struct pack *pack = office_pack(request->office);
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *list = val_array(arena);
    for (size_t i = 0; i < pack->n_registers; i++) {
        const struct register_def *def = &pack->registers[i];
        if (!reader_sees(request->reader, def))
            continue;
        struct val *item = val_object(arena), *steps = val_array(arena);
        val_set_str(arena, item, "name", words_in(&def->words, request->lang));
        val_set_str(arena, item, "help", words_in(&def->help, request->lang));
        val_set_str(arena, item, "href", register_href(request->arena, def));
        for (size_t s = 0; s < def->n_steps; s++) {
            struct val *step = val_object(arena);
            val_set_str(arena, step, "name", words_in(&def->steps[s].words, request->lang));
            val_set_str(arena, step, "text", def->steps[s].text.in[LANG_EN] ? words_in(&def->steps[s].text, request->lang) : NULL);
            val_push(arena, steps, step);
        }
        val_set(arena, item, "steps", steps);
        val_push(arena, list, item);
    }
    val_set(arena, data, "registers", list);
    return finish(request, answer, "help", data);
}

const struct page about_pages[] = {{METHOD_GET, "/rules", "", "rules", get_rules}, {METHOD_GET, "/posts", "", "posts", get_posts}, {METHOD_GET, "/help", "", "help", get_help}, {0}};
