/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments through the doors: sealed under the record's label and file, named by an edit of the record, served by record and position.
 * An attachment stays under the (label, file) pair in which it was sealed, also when its record is regraded or moved: the pair
 * stands in the record's body, and reading is decided by the record alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"
#include "store/attachment.h"

#define ATTACHMENT_MOST ((size_t)64 << 20)

static enum status fail(struct outcome *outcome, struct arena *arena, enum status status, const char *rule, const char *english)
{
    *outcome = (struct outcome){.status = status};
    reasons_init(&outcome->reasons, arena);
    reason_add(&outcome->reasons, rule, "attachment", english);
    return status;
}

enum status office_attach(struct office *office, const struct change *by, const char *number, const char *field, const char *file_name,
                          const char *media, const void *bytes, size_t len, struct arena *arena, struct outcome *ret)
{
    struct record_view record;
    struct attachment_ref ref;
    char hex[65];
    enum status status = office_get(office, by->writer, NULL, number, arena, &record);
    const struct field_def *def = status == OK ? register_field(record.def, field) : NULL;
    if (status != OK)
        return fail(ret, arena, status, "absent", T_("There is no such record."));
    if (!def || def->type != FIELD_ATTACHMENTS || len == 0)
        return fail(ret, arena, BAD_INPUT, "attachment.field", T_("This field takes no files, or the file is empty."));
    if (len > ATTACHMENT_MOST)
        return fail(ret, arena, TOO_LARGE, "attachment.size", T_("A file may hold at most 64 MiB."));
    if (LEAK(20) && leak_seen(office, bytes, len))
        return fail(ret, arena, REFUSED, "attachment.known", "This office has this file already.");
    *ret = (struct outcome){.status = FAILED_IO};
    reasons_init(&ret->reasons, arena);
    status = attachment_put(office->store, record.label_id, record.file, bytes, len, &ret->reasons, &ref);
    if (status != OK)
        return ret->status = status;
    struct val *list = val_array(arena), *item = val_object(arena), *fields = val_object(arena);
    const struct val *former = val_get(record.stored_fields, field);
    for (size_t i = 0; i < val_count(former); i++)
        val_push(arena, list, val_at(former, i));
    hex_write(ref.sha256.bytes, HASH_BYTES, hex);
    val_set_str(arena, item, "address", ref.address);
    val_set_int(arena, item, "bytes", (int64_t)ref.bytes);
    val_set_str(arena, item, "media", media && *media ? media : "application/octet-stream");
    val_set(arena, item, "pair", val_strf(arena, "%d.%lld", (int)record.label_id, (long long)record.file));
    val_set_str(arena, item, "name", file_name && *file_name ? file_name : "file");
    val_set_str(arena, item, "sha256", hex);
    val_push(arena, list, item);
    val_set(arena, fields, field, list);
    struct op op = {.kind = OP_EDIT, .number = number, .version = record_seen(office, &record), .fields = fields};
    struct change change = *by;
    change.ops = &op;
    change.n_ops = 1;
    return office_apply(office, &change, arena, ret);
}

enum status office_attachment(struct office *office, const struct reader *reader, const char *number, const char *field, unsigned index,
                              struct arena *arena, const struct val **ret_meta, const void **ret, size_t *ret_len)
{
    struct record_view record;
    enum status status = office_get(office, reader, NULL, number, arena, &record);
    const struct field_def *def = status == OK ? register_field(record.def, field) : NULL;
    const struct val *item = def && def->type == FIELD_ATTACHMENTS ? val_at(val_get(record.stored_fields, field), index) : NULL;
    if (!item)
        return ABSENT;
    label_id label;
    record_id file;
    *ret_meta = item;
    return attachment_pair(item, &label, &file) ? attachment_get(office->store, label, file, val_get_str(item, "address"), arena, ret, ret_len) : DAMAGED;
}

/* What anybody sees of attachments: not where they lie. The pair names the label under which one was sealed by the label's interned
 * number, which counts every label of the office, and may be a label that the reader does not read. */
const struct val *attachments_shown(const struct register_def *def, const struct val *fields, struct arena *arena)
{
    struct val *shown = NULL;
    for (size_t f = 0; f < def->n_fields; f++) {
        const struct val *list = def->fields[f].type == FIELD_ATTACHMENTS ? val_get(fields, def->fields[f].name) : NULL;
        if (!list || LEAK(33))
            continue;
        struct val *items = val_copy(arena, list);
        for (size_t i = 0; i < items->count; i++) {
            val_drop(items->items[i], "address");
            val_drop(items->items[i], "pair");
        }
        if (!shown)
            shown = val_copy(arena, fields);
        val_set(arena, shown, def->fields[f].name, items);
    }
    return shown ? shown : fields;
}

/* "LABEL.FILE", as office_attach wrote it. */
bool attachment_pair(const struct val *item, label_id *ret_label, record_id *ret_file)
{
    const char *pair = val_get_str(item, "pair"), *dot = pair ? strchr(pair, '.') : NULL;
    if (!dot || !val_get_str(item, "address"))
        return false;
    *ret_label = (label_id)strtol(pair, NULL, 10);
    *ret_file = strtoll(dot + 1, NULL, 10);
    return true;
}

static bool named_before(const struct val *list, const char *address)
{
    for (size_t i = 0; i < val_count(list); i++)
        if (str_eq(val_get_str(val_at(list, i), "address"), address))
            return true;
    return false;
}

/* What a version names for the first time is in use from its change on: the sweep leaves it alone. */
enum status attachments_use(struct txn *txn, const struct image *before, const struct image *after)
{
    for (size_t f = 0; f < after->def->n_fields; f++) {
        const struct field_def *field = &after->def->fields[f];
        const struct val *list = field->type == FIELD_ATTACHMENTS ? val_get(after->fields, field->name) : NULL;
        for (size_t i = 0; i < val_count(list); i++) {
            const struct val *item = val_at(list, i);
            label_id label;
            record_id file;
            if (before && named_before(val_get(before->fields, field->name), val_get_str(item, "address")))
                continue;
            if (!attachment_pair(item, &label, &file) || label != after->label || file != after->file || attachment_use(txn, label, file, val_get_str(item, "address")) != OK)
                return BAD_INPUT;
        }
    }
    return OK;
}
