/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See own.h. Records are read through the store's unguarded walk, their links in one job of the writer.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena_hook.h"
#include "base/text.h"
#include "office/inside.h"
#include "office/own.h"
#include "store/attachment.h"
#include "store/escape.h"

struct own_list { struct office *office; struct arena *arena; const char *state; const struct image **items; size_t n, cap; };

static void own_push(struct own_list *list, const struct image *image)
{
    if (list->n == list->cap) {
        const struct image **more = ARENA_ARRAY(list->arena, const struct image *, list->cap = list->cap * 2 + 16);
        if (list->n)
            memcpy(more, list->items, list->n * sizeof *more);
        list->items = more;
    }
    list->items[list->n++] = image;
}

static bool own_take(void *arg, const struct stored_record *stored)
{
    struct own_list *list = arg;
    struct image *image = ARENA_NEW(list->arena, struct image);
    if ((!list->state || str_eq(stored->state, list->state)) && image_from_stored(list->office->pack, stored, list->arena, image) == OK)
        own_push(list, image);
    return true;
}

/* ---- links ---- */

struct own_job { struct job job; struct own_list *list; struct image *at; size_t cap; record_id only; enum status status; };

static const struct field_def *link_field_of(const struct office *office, const struct register_def *def, field_id id)
{
    const struct index_plan *plan = &office->plans[def->index];
    for (size_t i = 0; i < plan->n; i++)
        if (plan->defs[i].kind == INDEX_LINK && plan->defs[i].id == id)
            return plan->defs[i].field;
    return NULL;
}

static bool own_link(void *arg, const struct stored_link *link)
{
    struct own_job *own = arg;
    const struct field_def *field = link_field_of(own->list->office, own->at->def, link->field);
    if (link->cut || !field)
        return true;
    if (own->at->n_links == own->cap) {
        struct image_link *more = ARENA_ARRAY(own->list->arena, struct image_link, own->cap = own->cap * 2 + 8);
        if (own->at->n_links)
            memcpy(more, own->at->links, own->at->n_links * sizeof *more);
        own->at->links = more;
    }
    own->at->links[own->at->n_links++] = (struct image_link){link->id, field, link->to, link->made};
    return true;
}

static enum status collect_links(struct own_job *own, struct txn *txn)
{
    struct stored_record stored;
    own->status = OK;
    if (own->only) {
        own->status = txn_get_record(txn, own->only, own->list->arena, &stored);
        if (own->status == OK)
            (void)own_take(own->list, &stored);
    }
    for (size_t i = 0; own->status == OK && i < own->list->n; i++) {
        own->at = (struct image *)own->list->items[i];
        own->cap = own->at->n_links = 0;
        own->status = txn_each_link(txn, own->at->id, true, own_link, own);
    }
    return own->status;
}

/* The arena is the caller's, lent to the writer's thread: nothing may jump to the caller's stack. */
static void own_jump(void *arg) { longjmp(*(jmp_buf *)arg, 1); }
static bool own_links(struct job *job, struct txn *txn)
{
    struct own_job *own = (struct own_job *)job;
    jmp_buf escape;
    const struct arena_hook former = arena_lend(own->list->arena, own_jump, &escape);
    if (setjmp(escape) == 0) {
        own->status = collect_links(own, txn);
    } else {
        txn_escaped(txn);
        own->status = NO_MEMORY;
    }
    arena_give_back(own->list->arena, former);
    return false;                              /* nothing is written */
}
static void own_settled(struct job *job, bool committed) { (void)job, (void)committed; }

static enum status with_links_of(struct own_list *list, record_id only)
{
    struct own_job own = {.job = {.run = own_links, .settled = own_settled}, .list = list, .only = only, .status = FAILED_IO};
    bool committed;
    enum status status = store_perform(list->office->store, &own.job, &committed);
    return status == OK ? own.status : status;
}

static int by_number(const void *a, const void *b)
{
    return strcmp((*(const struct image *const *)a)->number, (*(const struct image *const *)b)->number);
}

enum status office_own_records(struct office *office, const char *register_, const char *state, bool with_links, struct arena *arena,
                               const struct image *const **ret, size_t *ret_n)
{
    struct own_list list = {office, arena, state, NULL, 0, 0};
    const struct register_def *def = pack_register(office->pack, register_);
    enum status status = def ? store_each_record(office->store, def->name, own_take, &list) : ABSENT;
    if (status == OK && with_links && list.n)
        status = with_links_of(&list, 0);
    if (status != OK)
        return status;
    if (list.n)
        qsort(list.items, list.n, sizeof *list.items, by_number);
    *ret = list.items;
    *ret_n = list.n;
    return OK;
}

enum status office_own_record(struct office *office, const char *number, struct arena *arena, const struct image **ret)
{
    struct own_list list = {office, arena, NULL, NULL, 0, 0};
    record_id id = number_id(number);
    enum status status = id ? with_links_of(&list, id) : ABSENT;
    if (status == OK && (list.n != 1 || !str_eq(list.items[0]->number, number)))
        status = ABSENT;
    if (status == OK)
        *ret = list.items[0];
    return status;
}

const char *office_own_label_text(const struct office *office, label_id id) { return intern_label(office->intern, id)->text; }
const struct label *office_own_label(const struct office *office, label_id id) { return intern_label(office->intern, id)->label; }

/* ---- attachments ---- */

enum status office_own_attachment(struct office *office, const struct image *image, const char *field, unsigned index, struct arena *arena,
                                  const void **ret, size_t *ret_len)
{
    const struct field_def *def = register_field(image->def, field);
    const struct val *item = def && def->type == FIELD_ATTACHMENTS ? val_at(val_get(image->fields, field), index) : NULL;
    label_id label;
    record_id file;
    if (!item)
        return ABSENT;
    return attachment_pair(item, &label, &file) ? attachment_get(office->store, label, file, val_get_str(item, "address"), arena, ret, ret_len) : DAMAGED;
}

static enum status seal(struct office *office, const struct image *image, const struct own_file *file, struct arena *arena, struct reasons *reasons, struct val **ret)
{
    struct attachment_ref ref;
    char hex[2 * HASH_BYTES + 1];
    enum status status = attachment_put(office->store, image->label, image->file, file->bytes, file->len, reasons, &ref);
    if (status != OK)
        return status;
    struct val *item = val_object(arena);
    hex_write(ref.sha256.bytes, HASH_BYTES, hex);
    val_set_str(arena, item, "address", ref.address);
    val_set_int(arena, item, "bytes", (int64_t)ref.bytes);
    val_set_str(arena, item, "media", file->media);
    val_set(arena, item, "pair", val_strf(arena, "%d.%lld", (int)image->label, (long long)image->file));
    val_set_str(arena, item, "name", file->name);
    val_set_str(arena, item, "sha256", hex);
    *ret = item;
    return OK;
}

/* The list of a field as the change will leave it: begun once, then each file behind the others. */
static struct val *list_of(struct val *fields, const struct image *image, const char *field, bool anew, struct arena *arena)
{
    struct val *list = val_get(fields, field);
    if (list)
        return list;
    list = val_array(arena);
    const struct val *former = anew ? NULL : val_get(image->fields, field);
    for (size_t i = 0; i < val_count(former); i++)
        val_push(arena, list, val_at(former, i));
    val_set(arena, fields, field, list);
    return list;
}

enum status office_own_attach(struct office *office, const struct own_attach *wanted, moment now, struct arena *arena, struct outcome *ret)
{
    const struct image *image;
    *ret = (struct outcome){.status = FAILED_IO};
    reasons_init(&ret->reasons, arena);
    enum status status = office_own_record(office, wanted->number, arena, &image);
    struct val *fields = wanted->fields ? val_copy(arena, wanted->fields) : val_object(arena);
    for (size_t i = 0; status == OK && i < wanted->n_files; i++) {
        struct val *item = NULL;
        status = wanted->files[i].len > ATTACHMENT_LIMIT ? TOO_LARGE : seal(office, image, &wanted->files[i], arena, &ret->reasons, &item);
        if (status == OK)
            val_push(arena, list_of(fields, image, wanted->files[i].field, wanted->anew, arena), item);
    }
    if (status != OK)
        return ret->status = status;
    const struct op op = {.kind = wanted->step ? OP_STEP : OP_EDIT, .number = wanted->number, .step = wanted->step, .version = wanted->version, .fields = fields};
    return office_act(office, wanted->rule, wanted->cause, &op, 1, now, arena, ret);
}
