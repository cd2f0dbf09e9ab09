/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verify: what hangs on records. Each version's row against its body and its place in the record's chain; bodies that no entry has;
 * links against the bodies of their entries; guards and fields that nothing gives rise to; the store's own lists of index rows;
 * attachments against what versions say of them; tombstones against erasures; and counts, so that rows from outside are seen though
 * nothing leads to them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/verify_inner.h"
#include "store/attachment.h"

/* ---- attachments ---- */

struct attachment_use { char address[65]; label_id label; record_id file; int64_t bytes, uses; char sha256[65]; bool seen; struct attachment_use *next; };

/* One more, also of the largest number, which no row of ours has but a changed one may. */
static int64_t behind(int64_t number) { return (int64_t)((uint64_t)number + 1); }

static int64_t address_key(const char *address)
{
    uint64_t key = UINT64_C(14695981039346656037);
    for (; *address; address++)
        key = (key ^ (uint8_t)*address) * UINT64_C(1099511628211);
    return (int64_t)(key >> 1) | 1;
}

static struct attachment_use *use_of(struct verifying *all, const char *address, bool make)
{
    int64_t key = address_key(address);
    struct attachment_use *first = idmap_get(&all->uses, key), *use = first;
    while (use && strcmp(use->address, address) != 0)
        use = use->next;
    if (use || !make || strlen(address) != 64)
        return use;
    if (!(use = calloc(1, sizeof *use)))
        abort();
    memcpy(use->address, address, 65);
    use->next = first;
    idmap_put(&all->uses, key, use);
    return use;
}

/* What this version names that the one before did not: a use each. `before` may be NULL. */
static void count_uses(struct verifying *all, const struct image *image, const struct val *before)
{
    for (size_t f = 0; f < image->def->n_fields; f++) {
        const struct field_def *field = &image->def->fields[f];
        const struct val *list = field->type == FIELD_ATTACHMENTS ? val_get(image->fields, field->name) : NULL, *former = val_get(before, field->name);
        for (size_t i = 0; i < val_count(list); i++) {
            const struct val *item = val_at(list, i);
            const char *address = val_get_str(item, "address"), *sum = val_get_str(item, "sha256");
            bool had = false;
            for (size_t k = 0; k < val_count(former); k++)
                had |= str_eq(val_get_str(val_at(former, k), "address"), address);
            struct attachment_use *use = address ? use_of(all, address, true) : NULL;
            if (!use || !attachment_pair(item, &use->label, &use->file))
                continue;
            use->uses += !had;
            use->bytes = val_get_int(item, "bytes", 0);
            if (sum && strlen(sum) == 64)
                memcpy(use->sha256, sum, 65);
        }
    }
}

static bool check_attachment(void *arg, const struct attachment_row *row)
{
    struct verifying *all = arg;
    struct attachment_use *use = row->address ? use_of(all, row->address, false) : NULL;
    if (!use && row->uses == 0)
        return true;                           /* sealed, and the change that would name it was refused: swept later */
    if (!use)
        differ(all, "verify.attachment", row->address, T_("An attachment is counted as in use, but no version names it."));
    else if (use->label != row->label || use->file != row->file || use->bytes != row->size || use->uses != row->uses)
        differ(all, "verify.attachment", row->address, T_("The table's row of an attachment differs from what the versions say of it."));
    if (use)
        use->seen = true;
    return true;
}

/* The sealed bytes open, and are those that the body commits to. */
static void open_attachment(struct verifying *all, struct attachment_use *use)
{
    struct arena *arena = arena_new((size_t)ATTACHMENT_LIMIT + (1 << 20));
    const void *bytes;
    size_t len;
    char hex[65] = "";
    if (!arena)
        return;
    enum status status = attachment_get(all->office->store, use->label, use->file, use->address, arena, &bytes, &len);
    if (status == OK) {
        struct hash hash = sha256(bytes, len);
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    if (status != OK || strcmp(hex, use->sha256) != 0)
        differ(all, "verify.attachment", use->address, T_("The sealed bytes of an attachment are missing or not those that its record names."));
    arena_free(arena);
}

static void check_attachments(struct verifying *all)
{
    int64_t key;
    void *value;
    for (size_t walk = 0; idmap_next(&all->uses, &walk, &key, &value);)
        for (struct attachment_use *use = value; use; use = use->next)
            if (!use->seen)
                differ(all, "verify.attachment", use->address, T_("A version names an attachment that the tables lack."));
            else
                open_attachment(all, use);
}

/* ---- versions and bodies ---- */

static const struct val *fields_before(struct verifying *all, int64_t position, struct arena *arena)
{
    uint8_t salt[SALT_BYTES];
    const char *text;
    size_t len;
    struct image image;
    struct reasons ignored;
    reasons_init(&ignored, arena);
    return position >= 0 && store_body_at(all->office->store, (uint64_t)position, arena, salt, &text, &len) == OK &&
                   image_from_body(all->office->pack, text, len, arena, &ignored, &image) == OK ? image.fields : NULL;
}

static bool has_attachments(const struct register_def *def)
{
    for (size_t f = 0; f < def->n_fields; f++)
        if (def->fields[f].type == FIELD_ATTACHMENTS)
            return true;
    return false;
}

static bool version_fits(struct verifying *all, const struct version_row *row, struct arena *arena)
{
    struct image image;
    struct reasons ignored;
    reasons_init(&ignored, arena);
    if (image_from_body(all->office->pack, row->body, row->body_len, arena, &ignored, &image) != OK)
        return true;                           /* of a pack before: the journal has judged the body itself */
    if (has_attachments(image.def))
        count_uses(all, &image, fields_before(all, row->previous, arena));
    return image.id == row->record && image.version == row->version && image.label == row->label && image.file == row->file &&
           image.updated == row->updated && str_eq(image.def->states[image.state].name, row->state) && right_guard(all, row->guard, &image);
}

static bool check_version(void *arg, const struct version_row *row)
{
    struct verifying *all = arg;
    struct arena *arena = all->office->batch_arena;
    struct expected *known = idmap_get(&all->records, row->record);
    if (row->guard)
        idmap_put(&all->guards_used, row->guard, all);
    if (!known || idmap_get(&all->by_position, behind(row->position)) != known) {
        differ_number(all, row->record, "verify.version", T_("A version of this record stands in the tables, but the journal has no entry of it."));
        return true;
    }
    bool current = (uint64_t)row->position == known->position;
    if (row->version != behind(known->chained) || row->previous != (known->chained ? known->chain : -1))
        differ_number(all, row->record, "verify.chain", T_("The versions of this record do not follow one another as the journal says."));
    else if (row->body && !version_fits(all, row, arena))
        differ_number(all, row->record, "verify.version", T_("A version's row differs from its body."));
    else if (current && known->seen && known->header != header_hash(row->guard, row->label, row->file, row->state, row->version, row->updated))
        differ_number(all, row->record, "verify.header", T_("The row of this record differs from that of its current version."));
    known->chained = row->version;
    known->chain = row->position;
    arena_clear(arena);
    return true;
}

static bool check_body_place(void *arg, int64_t position)
{
    struct verifying *all = arg;
    if (!idmap_get(&all->bodies, behind(position)))
        differ(all, "verify.body", arena_printf(all->arena, "%lld", (long long)position), T_("A body stands in the tables, but the journal has no entry of it."));
    return true;
}

static void check_counts(struct verifying *all, const struct store_counts *counts)
{
    uint64_t size = store_journal_size(all->office->store), nodes = 0;
    for (unsigned level = 8; level < 64; level += 8)
        nodes += size >> level;
    if (counts->entries != size)
        differ(all, "verify.entries", NULL, T_("The table of entries holds rows that are no entries."));
    if (counts->nodes != nodes)
        differ(all, "verify.nodes", NULL, T_("The table of the tree's nodes holds other rows than its entries give."));
    if (counts->versions != all->changes)
        differ(all, "verify.versions", NULL, T_("There are not as many versions as the journal has changes."));
}

/* ---- links ---- */

static guard_id guard_of(const struct verifying *all, record_id id)
{
    const struct expected *known = idmap_get(&all->records, id);
    return known ? known->guard : 0;
}

static bool link_fits(struct verifying *all, const struct stored_link *link, const struct val *body)
{
    const char *register_ = val_get_str(body, "register"), *name = val_get_str(body, "field");
    const struct register_def *def = register_ ? pack_register(all->office->pack, register_) : NULL;
    const struct field_def *field = def && name ? register_field(def, name) : NULL;
    const struct index_def *index = field ? index_find(&all->office->plans[def->index], INDEX_LINK, field) : NULL;
    return (!index || index->id == link->field) && number_id(val_get_str(body, "from")) == link->from &&
           number_id(val_get_str(body, "to")) == link->to && val_get_int(body, "made", 0) == link->made &&
           val_get_bool(body, "cut", false) == link->cut && guard_of(all, link->from) == link->from_guard &&
           guard_of(all, link->to) == link->to_guard;
}

static void check_links(struct verifying *all)
{
    struct arena *arena = all->office->batch_arena;
    int64_t id;
    void *value;
    for (size_t walk = 0; idmap_next(&all->links, &walk, &id, &value);) {
        const struct expected *known = value;
        uint8_t salt[SALT_BYTES];
        const char *text;
        size_t len;
        struct val *body;
        struct reasons ignored;
        reasons_init(&ignored, arena);
        if (known->link && known->link->position == known->position &&
            store_body_at(all->office->store, known->position, arena, salt, &text, &len) == OK &&
            json_read(arena, text, len, (struct json_limits){0}, &ignored, &body) == OK && !link_fits(all, known->link, body))
            differ_number(all, id, "verify.link", T_("The table's row of this link differs from its entry's body, or its guards from those of its ends."));
        arena_clear(arena);
    }
}

/* ---- guards and fields ---- */

static bool check_guard(void *arg, const struct stored_guard *guard)
{
    struct verifying *all = arg;
    if (!idmap_get(&all->guards_used, guard->id))
        differ(all, "verify.guard", arena_printf(all->arena, "%d", (int)guard->id), T_("A guard stands in the tables that no version of a record has."));
    return true;
}

/* Interned names that the pack in force does not give: left by an earlier pack, or from outside. */
static bool check_field(void *arg, field_id id, const char *register_, const char *name)
{
    struct verifying *all = arg;
    const struct register_def *def = pack_register(all->office->pack, register_);
    const struct index_plan *plan = def ? &all->office->plans[def->index] : NULL;
    for (size_t i = 0; plan && i < plan->n; i++)
        if (plan->defs[i].id == id)
            return true;
    if (all->packs <= 1)
        differ(all, "verify.field", arena_printf(all->arena, "%s.%s", register_, name), T_("An index stands in the tables that no pack of this office gave."));
    return true;
}

/* ---- the store's own lists ---- */

static bool check_listed(void *arg, const struct listed_item *item)
{
    struct verifying *all = arg;
    struct expected *known = idmap_get(&all->records, item->record);
    if (!known)
        differ_number(all, item->record, "verify.list", T_("A list of index rows stands in the tables for a record that the journal does not know."));
    else if (!item->bytes)
        known->listed_badly = true;
    else
        known->listed -= row_hash((uint32_t)item->field, (uint32_t)item->guard, item->bytes, item->len, item->updated);
    return true;
}

static void check_lists(struct verifying *all)
{
    int64_t id;
    void *value;
    for (size_t walk = 0; idmap_next(&all->records, &walk, &id, &value);) {
        const struct expected *known = value;
        if (known->listed || known->listed_badly)
            differ_number(all, id, "verify.list", T_("The list of this record's index rows differs from what its body gives."));
    }
}

/* ---- tombstones ---- */

static bool check_tombstone(void *arg, const char *kind, const char *name, uint64_t position)
{
    struct verifying *all = arg;
    if (!idmap_get(&all->erasures, behind((int64_t)position)))
        differ(all, "verify.tombstone", arena_printf(all->arena, "%s %s", kind, name), T_("A tombstone stands in the tables, but the journal has no such erasure."));
    else
        idmap_put(&all->erasures, behind((int64_t)position), all);
    return true;
}

static void check_erasures(struct verifying *all)
{
    int64_t position;
    void *value;
    for (size_t walk = 0; idmap_next(&all->erasures, &walk, &position, &value);)
        if (value != all)
            differ(all, "verify.tombstone", arena_printf(all->arena, "%lld", (long long)position - 1), T_("The journal has an erasure whose tombstone the tables lack."));
}

enum status verify_rows(struct verifying *all)
{
    struct store *store = all->office->store;
    struct store_counts counts;
    enum status status = store_each_version_row(store, check_version, all);
    if (status == OK)
        status = store_each_body_place(store, check_body_place, all);
    if (status == OK)
        status = store_each_guard(store, check_guard, all);
    if (status == OK)
        status = store_each_field(store, check_field, all);
    if (status == OK)
        status = store_each_list(store, check_listed, all);
    if (status == OK)
        status = store_each_tombstone(store, check_tombstone, all);
    if (status == OK)
        status = store_each_attachment(store, check_attachment, all);
    if (status == OK)
        status = store_count(store, &counts);
    if (status != OK)
        return status;
    check_counts(all, &counts);
    check_links(all);
    check_lists(all);
    check_erasures(all);
    check_attachments(all);
    return OK;
}

void verify_rows_free(struct verifying *all)
{
    void *value;
    for (size_t walk = 0; idmap_next(&all->uses, &walk, NULL, &value);)
        for (struct attachment_use *use = value, *next; use; use = next) {
            next = use->next;
            free(use);
        }
    for (size_t walk = 0; idmap_next(&all->links, &walk, NULL, &value);)
        free(((struct expected *)value)->link);
    idmap_free(&all->uses);
    idmap_free(&all->bodies);
    idmap_free(&all->erasures);
    idmap_free(&all->guards_used);
}
