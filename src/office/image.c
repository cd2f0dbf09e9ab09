/* SPDX-License-Identifier: GPL-3.0-or-later
 * See image.h.
 */
#include "office/image.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

void number_write(const struct register_def *def, record_id id, moment created, char out[32])
{
    char digits[ID_DIGITS + 1];
    crockford_write((uint64_t)id, ID_DIGITS, digits);
    if (def->number_year)
        snprintf(out, 32, "%s-%04d-%s", def->prefix, moment_civil(created).year, digits);
    else
        snprintf(out, 32, "%s-%s", def->prefix, digits);
}

record_id number_id(const char *number)
{
    size_t len = number ? strlen(number) : 0;
    uint64_t id;
    if (len < ID_DIGITS + 2 || len >= 32 || number[len - ID_DIGITS - 1] != '-' ||
        !crockford_read(number + len - ID_DIGITS, ID_DIGITS, &id))
        return 0;
    return (record_id)id;
}

static void set_ref(struct arena *arena, struct val *body, const char *name, const char *prefix, record_id id)
{
    if (!id)
        return;
    char digits[ID_DIGITS + 1];
    crockford_write((uint64_t)id, ID_DIGITS, digits);
    val_set(arena, body, name, val_strf(arena, "%s-%s", prefix, digits));
}

struct val *image_body(const struct image *image, struct arena *arena)
{
    struct val *body = val_object(arena);
    set_ref(arena, body, "by", "PER", image->by);
    val_set(arena, body, "clocks", (struct val *)image->clocks);
    val_set_int(arena, body, "created", image->created);
    val_set(arena, body, "fields", (struct val *)image->fields);
    set_ref(arena, body, "file", "FIL", image->file);
    val_set(arena, body, "hands", (struct val *)image->hands);
    val_set_int(arena, body, "label", image->label);
    val_set_str(arena, body, "number", image->number);
    set_ref(arena, body, "party", "PER", image->party);
    if (image->post)
        val_set_str(arena, body, "post", image->post);
    if (image->reason)
        val_set_str(arena, body, "reason", image->reason);
    val_set_str(arena, body, "register", image->def->name);
    val_set(arena, body, "since", (struct val *)image->since);
    val_set_str(arena, body, "state", image->def->states[image->state].name);
    val_set_str(arena, body, "step", image->step);
    val_set_int(arena, body, "updated", image->updated);
    val_set_int(arena, body, "version", image->version);
    return body;
}

static enum status from_value(const struct pack *pack, const struct val *body, struct arena *arena, struct reasons *reasons, struct image *ret)
{
    const char *register_ = val_get_str(body, "register"), *state = val_get_str(body, "state");
    const struct register_def *def = register_ ? pack_register(pack, register_) : NULL;
    if (!def || !state) {
        reason_add(reasons, "body.register", register_, T_("The pack in force has no register %1$s."),
                   register_ ? register_ : "?");
        return DAMAGED;
    }
    struct image image = {
        .def = def, .number = val_get_str(body, "number"), .label = (label_id)val_get_int(body, "label", 0),
        .file = number_id(val_get_str(body, "file")), .party = number_id(val_get_str(body, "party")),
        .state = register_state(def, state), .version = val_get_int(body, "version", 0),
        .created = val_get_int(body, "created", 0), .updated = val_get_int(body, "updated", 0),
        .by = number_id(val_get_str(body, "by")), .post = val_get_str(body, "post"),
        .step = val_get_str(body, "step"), .reason = val_get_str(body, "reason"),
        .fields = val_get(body, "fields"), .since = val_get(body, "since"), .clocks = val_get(body, "clocks"),
        .hands = val_get(body, "hands"),
    };
    image.id = number_id(image.number);
    if (image.state < 0)
        image.state = def->first_state;       /* a state that a later pack dropped: read as the first */
    if (!image.id || !image.fields || !image.version) {
        reason_add(reasons, "body.form", image.number, T_("A stored body is incomplete."));
        return DAMAGED;
    }
    if (!image.since)
        image.since = val_object(arena);
    if (!image.clocks)
        image.clocks = val_object(arena);
    if (!image.hands)
        image.hands = val_object(arena);
    *ret = image;
    return OK;
}

enum status image_from_body(const struct pack *pack, const char *text, size_t len, struct arena *arena,
                            struct reasons *reasons, struct image *ret)
{
    struct val *body;
    if (json_read(arena, text, len, (struct json_limits){0}, reasons, &body) != OK)
        return DAMAGED;
    return from_value(pack, body, arena, reasons, ret);
}

static enum status from_stored(const struct pack *pack, const struct stored_record *stored, bool in_place, struct arena *arena, struct image *ret)
{
    struct reasons reasons;
    struct val *body;
    reasons_init(&reasons, arena);
    if (!stored->body)
        return ABSENT;                        /* erased */
    struct image image;
    if (json_read(arena, stored->body, stored->body_len, (struct json_limits){.in_place = in_place}, &reasons, &body) != OK)
        return DAMAGED;
    enum status status = from_value(pack, body, arena, &reasons, &image);
    if (status != OK)
        return status;
    image.guard = stored->guard;
    image.id = stored->id;
    *ret = image;
    return OK;
}

enum status image_from_stored(const struct pack *pack, const struct stored_record *stored, struct arena *arena,
                              struct image *ret)
{
    return from_stored(pack, stored, false, arena, ret);
}

enum status image_consume_stored(const struct pack *pack, struct stored_record *stored, struct arena *arena, struct image *ret)
{
    enum status status = from_stored(pack, stored, true, arena, ret);
    stored->body = NULL;
    stored->body_len = 0;
    return status;
}

record_id image_link_to(const struct image *image, const struct field_def *field)
{
    for (size_t i = 0; field && i < image->n_links; i++)
        if (image->links[i].field == field)
            return image->links[i].to;
    return 0;
}

bool image_links_to(const struct image *image, const struct field_def *field, record_id to)
{
    for (size_t i = 0; i < image->n_links; i++)
        if (image->links[i].field == field && image->links[i].to == to)
            return true;
    return false;
}

const char *image_text(const struct image *image, const char *field)
{
    return val_get_str(image->fields, field);
}

moment image_moment(const struct image *image, const struct field_def *field)
{
    const struct val *value = val_get(image->fields, field->name);
    moment at;
    if (!value)
        return MOMENT_NONE;
    if (field->type == FIELD_INTERVAL)
        return val_get_int(value, "from", MOMENT_NONE);
    if (value->kind == VAL_INT)
        return value->number;
    return value->kind == VAL_STR && moment_read(value->str.s, &at) == OK ? at : MOMENT_NONE;
}

static struct words field_in_words(const struct pack *pack, const struct image *image, const struct field_def *field)
{
    const char *text = image_text(image, field->name);
    const struct term *term = text && field->of ? vocabulary_term(field->of, text) : NULL;
    const struct post_def *post = text && field->type == FIELD_POST ? pack_post(pack, text) : NULL;
    return term ? term->words : post ? post->words : (struct words){{text, text}};
}

struct words image_titles(const struct pack *pack, const struct image *image, struct arena *arena)
{
    struct words titles = {{NULL, NULL}};
    for (size_t i = 0; i < image->def->n_titles; i++) {
        struct words one = field_in_words(pack, image, image->def->titles[i]);
        for (int lang = 0; one.in[LANG_EN] && lang < LANG_COUNT; lang++)
            titles.in[lang] = titles.in[lang] ? arena_printf(arena, "%s %s", titles.in[lang], one.in[lang]) : one.in[lang];
    }
    return titles.in[LANG_EN] ? titles : (struct words){{image->number, image->number}};
}

moment image_due(const struct image *image)
{
    moment due = MOMENT_NONE;
    for (size_t i = 0; i < val_count(image->clocks); i++) {
        const struct val *clock = image->clocks->members[i].value;
        moment at = val_get_int(clock, "due", MOMENT_NONE);
        if (!val_get(clock, "stopped") && at != MOMENT_NONE && (due == MOMENT_NONE || at < due))
            due = at;
    }
    return due;
}

int64_t seen_version(const struct version_seen *seen)
{
    struct buf text;
    int64_t version = 1;
    buf_init(&text, 8 << 20);
    buf_addf(&text, "%lld %lld %s %lld %lld %s\n", (long long)seen->id, (long long)seen->updated, seen->state, (long long)seen->file, (long long)seen->party, seen->label);
    if (seen->fields && json_canonical(&text, seen->fields) == OK && !text.failed) {
        struct hash hash = sha256(text.data, text.len);
        memcpy(&version, hash.bytes, sizeof version);
    }
    buf_free(&text);
    return (version & ID_MASK) | 1;
}
