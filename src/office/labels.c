/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The label of a new or regraded record: valid under its policy, within the office's ceiling, readable back by the writer, at
 * least the high-water mark of the named sources. Lowering is a step of its own, with its right, a reason and the
 * originator's consent where the register asks for it.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

static bool under_ceiling(const struct office *office, const struct label *label, struct reasons *reasons)
{
    const char *ceiling = val_get_str(val_get(office->config, "ceilings"), label->policy);
    const struct policy *policy = policies_find(office->policies, label->policy);
    if (ceiling && policy && policy_class_rank(policy, label->class_lacv) <= policy_class_rank(policy, ceiling))
        return true;
    reason_next(reasons, reason_add(reasons, "label.ceiling", "label", T_("The label lies above what this office is accredited to hold.")),
                T_("Hand the information to a registry that may hold it."));
    return false;
}

bool label_usable(const struct office *office, struct holder *holder, const struct label *label, struct reasons *reasons)
{
    struct label_slot slot = label_slot_of(office->policies, label);
    return under_ceiling(office, label, reasons) && holder_label(holder, &slot, reasons);
}

enum status office_may_label(struct office *office, const struct reader *reader, const char *text, struct arena *arena, struct reasons *reasons)
{
    struct label *label;
    if (!text || !*text) {
        reason_add(reasons, "label.needed", "label", T_("A label is needed."));
        return BAD_INPUT;
    }
    enum status status = label_import(office->policies, text, strlen(text), SPIF_LENIENT, arena, reasons, &label);
    if (status != OK)
        return status;
    if (!label_valid(office->policies, label, reader->at, true, reasons))
        return BAD_INPUT;
    return label_usable(office, reader->holder, label, reasons) ? OK : REFUSED;
}

static bool covers_sources(struct stage *stage, const struct label *label, const struct op *op)
{
    for (size_t i = 0; op && i < op->n_sources; i++) {
        struct staged_image *source = named(stage, op->sources[i]);
        if (!source)
            return false;
        if (!label_at_least(stage->office->policies, label, intern_label(stage->office->intern, source->after->label)->label))
            return refuse(stage, REFUSED, "label.high-water", "label",
                          T_("The label lies below that of a source: %1$s."), op->sources[i]);
    }
    return true;
}

bool label_allowed(struct stage *stage, const char *text, const struct op *op, label_id *ret)
{
    struct office *office = stage->office;
    struct label *label;
    if (!text || !*text)
        return refuse(stage, BAD_INPUT, "label.needed", "label", T_("A label is needed."));
    if (label_import(office->policies, text, strlen(text), SPIF_LENIENT, stage->arena, stage->reasons, &label) != OK)
        return refuse(stage, BAD_INPUT, "label.form", "label", T_("The label cannot be read."));
    if (!label_valid(office->policies, label, stage->now, true, stage->reasons)) {
        stage->failure = BAD_INPUT;
        return false;
    }
    if (!under_ceiling(office, label, stage->reasons)) {
        stage->failure = REFUSED;
        return false;
    }
    label_id id = stage_label(stage, label_write(label, stage->arena));
    if (stage->holder && !holder_label(stage->holder, intern_label(office->intern, id), NULL))
        return refuse(stage, REFUSED, "label.read-back", "label",
                      T_("You may not write what you may not read back: you are not cleared or briefed for this label."));
    if (!covers_sources(stage, label, op))
        return false;
    *ret = id;
    return true;
}

static const char *fixed_label(const struct office *office, const struct register_def *def)
{
    return val_get_str(office->fixed_labels, def->name);
}

/* The label of the record that a field names, or of that record's file. */
static const char *label_of_named(struct office *office, const struct reader *reader, const struct field_def *field, bool of_file, const struct val *fields, struct arena *arena)
{
    const struct val *value = field ? val_get(fields, field->name) : NULL;
    const char *number = value && value->kind == VAL_ARRAY ? val_text(val_at(value, 0)) : val_text(value);
    struct record_view record;
    if (!number || office_get(office, reader, NULL, number, arena, &record) != OK)
        return NULL;
    if (of_file && (!record.file_number || office_get(office, reader, NULL, record.file_number, arena, &record) != OK))
        return NULL;
    return label_write(record.label, arena);
}

const char *office_label_of_new(struct office *office, const struct reader *reader, const struct register_def *def, const char *label, const struct val *fields, struct arena *arena)
{
    switch (def->label) {
    case LABEL_OWN:
        return label;
    case LABEL_FIXED:
        return fixed_label(office, def);
    case LABEL_OF_FILE:
        return label_of_named(office, reader, def->file_field, true, fields, arena);
    case LABEL_OF_FIELD:
        return label_of_named(office, reader, def->label_field, false, fields, arena);
    }
    return NULL;
}

bool label_for_create(struct stage *stage, struct staged_image *item, const struct op *op)
{
    struct image *image = item->after;
    struct staged_image *from = NULL;
    switch (image->def->label) {
    case LABEL_OWN:
        return label_allowed(stage, op->label, op, &image->label);
    case LABEL_FIXED:
        image->label = stage_label(stage, fixed_label(stage->office, image->def));
        return true;
    case LABEL_OF_FILE:
        from = stage_image(stage, image->file);
        break;
    case LABEL_OF_FIELD:
        from = stage_image(stage, image_link_to(image, image->def->label_field));
        break;
    }
    if (!from)
        return refuse(stage, BAD_INPUT, "label.source", "label", T_("The record that gives the label is missing."));
    image->label = from->after->label;
    return true;
}

/* ---- regrading ---- */

struct followers { record_id ids[1000]; size_t n; };
static bool collect_follower(void *arg, const struct stored_link *link)
{
    struct followers *all = arg;
    if (!link->cut && all->n < 1000)
        all->ids[all->n++] = link->from;
    return true;
}

/* Records that take their label from this one follow it, and so does the file that was opened with it. */
static bool follow(struct stage *stage, struct staged_image *item, const char *reason)
{
    struct followers *all = ARENA_NEW(stage->arena, struct followers);
    struct image *image = item->after;
    struct staged_image *file = image->def->file == FILE_OWN ? stage_image(stage, image->file) : NULL;
    if (file && file->after->label != image->label) {
        file->after->label = image->label;
        stage_changed(stage, file, "regrade", reason);
    }
    if (txn_each_link(stage->txn, image->id, false, collect_follower, all) != OK)
        return false;
    for (size_t i = 0; i < all->n; i++) {
        struct staged_image *other = stage_image(stage, all->ids[i]);
        const struct register_def *def = other ? other->after->def : NULL;
        bool follows = def && ((def->label == LABEL_OF_FILE && other->after->file == image->file) ||
                               (def->label == LABEL_OF_FIELD && image_link_to(other->after, def->label_field) == image->id));
        if (follows && other->after->label != image->label) {
            other->after->label = image->label;
            stage_changed(stage, other, "regrade", reason);
            if (!follow(stage, other, reason))
                return false;
        }
    }
    return true;
}

bool regrade(struct stage *stage, struct staged_image *item, const struct op *op, bool *ret_proposed)
{
    struct image *image = item->after;
    const struct register_def *def = image->def;
    const struct label *former = intern_label(stage->office->intern, image->label)->label;
    label_id wanted;
    (void)ret_proposed;
    if (def->label != LABEL_OWN)
        return refuse(stage, REFUSED, "label.follows", "label", T_("The label of this record follows another record or is fixed."));
    if (!label_allowed(stage, op->label, op, &wanted))
        return false;
    const struct label *label = intern_label(stage->office->intern, wanted)->label;
    bool raises = label_at_least(stage->office->policies, label, former);
    bool may_lower = holder_any_right(stage->holder, def->regrade_rights, def->n_regrade_rights);
    if (!may_lower && !(raises && holder_any_right(stage->holder, def->edit_rights, def->n_edit_rights)))
        return refuse(stage, REFUSED, "label.regrade", "label", raises ? T_("Your post may not change this label.")
                                                                      : T_("Your post may not lower this label."));
    if (!raises && (!op->reason || !*op->reason))
        return refuse(stage, BAD_INPUT, "label.reason", "reason", T_("A reason is needed to lower a label."));
    if (!raises && def->regrade_consent && !form_complete(stage, item, &def->regrade_consent, 1, "label.consent"))
        return refuse(stage, REFUSED, "label.consent", def->regrade_consent->name, T_("The originator's consent is not recorded."));
    if (wanted == image->label)
        return refuse(stage, REFUSED, "label.same", "label", T_("The record has this label already."));
    image->label = wanted;
    stage_changed(stage, item, "regrade", op->reason);
    return follow(stage, item, op->reason);
}
