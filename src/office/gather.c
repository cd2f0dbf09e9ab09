/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See gather.h. The look-up walks the index rows of one value as the batch sees them, and what this very change has staged before.
 */
#include "office/gather.h"

#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct found { record_id ids[GATHER_LOOKS]; size_t n; };

static bool take_id(void *arg, record_id id)
{
    struct found *found = arg;
    found->ids[found->n++] = id;
    return found->n < GATHER_LOOKS;
}

static bool find_holders(struct stage *stage, const struct register_def *def, const struct field_def *field, const char *value, struct found *found)
{
    const struct index_def *index = index_find(&stage->office->plans[def->index], INDEX_SORT, field);
    struct index_plan one = {(struct index_def *)index, 1, 0};
    struct image like = {.def = def};
    struct index_key *keys;
    struct val *fields = val_object(stage->arena);
    val_set_str(stage->arena, fields, field->name, value);
    like.fields = fields;
    return index && index_keys(&one, &like, stage->arena, &keys) == 1 &&
           txn_each_key(stage->txn, index->id, keys[0].key, keys[0].len, take_id, found) == OK;
}

/* Whether what is gathered under this label and file may be put into the record: whoever reads it reads the label, and the file's members alone. */
static bool fits(struct stage *stage, const struct gather *gather, const struct label *label, const struct image *image)
{
    const struct label *has = intern_label(stage->office->intern, image->label)->label;
    return image->def == pack_register(stage->office->pack, gather->register_) && str_eq(image_text(image, gather->field), gather->value) &&
           image->file == (gather->file && *gather->file ? number_id(gather->file) : 0) && label_at_least(stage->office->policies, has, label);
}

static enum gathering choose(struct stage *stage, struct gather *gather, const struct label *label, struct found *found, struct op *ret)
{
    for (struct staged_image *item = stage->first; item; item = item->next) {
        if (!item->changed || item->erase || !fits(stage, gather, label, item->after))
            continue;
        enum gathering what = gather->choose(gather, item->after, stage->arena, ret);
        if (what != GATHER_NEXT)
            return ret->number = item->after->number, what;
    }
    for (size_t i = 0; i < found->n; i++) {
        struct staged_image *item = stage_image(stage, found->ids[i]);
        if (!item || item->changed || item->erase || !fits(stage, gather, label, item->after))
            continue;
        enum gathering what = gather->choose(gather, item->after, stage->arena, ret);
        if (what != GATHER_NEXT)
            return ret->number = item->after->number, what;
    }
    return gather->choose(gather, NULL, stage->arena, ret);
}

struct gathering_all { struct gather *items; size_t n; };

/* One after the other, each seeing what those before it have staged. */
static bool gather_all(struct stage *stage, void *arg, struct outcome *outcome)
{
    struct gathering_all *all = arg;
    outcome->numbers = ARENA_ARRAY(stage->arena, const char *, all->n + 1);
    for (size_t i = 0; i < all->n; i++) {
        struct gather *gather = &all->items[i];
        const struct register_def *def = pack_register(stage->office->pack, gather->register_);
        const struct field_def *field = def ? register_field(def, gather->field) : NULL;
        struct found found = {.n = 0};
        struct op op = {.kind = OP_EDIT};
        struct label *label;
        const char *number = NULL;
        bool proposed = false;
        gather->made = gather->wrote = false;
        gather->number[0] = 0;
        if (!field || !field->sort || field->type != FIELD_LINE)
            return refuse(stage, BAD_INPUT, "gather.field", gather->field, T_("Things are gathered by a line of the register that is marked “sort”: %1$s."), gather->field);
        if (label_read(gather->label, strlen(gather->label), stage->arena, stage->reasons, &label) != OK)
            return stage->failure = BAD_INPUT, false;
        if (!find_holders(stage, def, field, gather->value, &found))
            return refuse(stage, FAILED_IO, "store", NULL, T_("The store could not be read."));
        enum gathering what = choose(stage, gather, label, &found, &op);
        if (what == GATHER_OP && op.kind == OP_CREATE) {
            op.register_ = gather->register_;
            op.label = gather->label;
            op.file = gather->file;
            gather->made = true;
        }
        if (what == GATHER_OP && !apply_op(stage, &op, &number, &proposed))
            return false;
        gather->wrote = what == GATHER_OP;
        outcome->n_numbers += gather->wrote;
        if (number || op.number)
            memcpy(gather->number, number ? number : op.number, strlen(number ? number : op.number) + 1);
    }
    return true;
}

enum status office_gather(struct office *office, const char *rule, const char *cause, struct gather *items, size_t n, moment now, struct arena *arena,
                          struct outcome *ret)
{
    struct gathering_all all = {items, n};
    if (!pack_rule(office->pack, rule)) {
        *ret = (struct outcome){.status = BAD_INPUT};
        reasons_init(&ret->reasons, arena);
        reason_add(&ret->reasons, "rule.unknown", NULL, T_("An engine acts in the name of the rule %1$s, which the pack in force has not."), rule);
        return BAD_INPUT;
    }
    return apply_in_writer(office, rule, cause, gather_all, &all, now, arena, ret);
}
