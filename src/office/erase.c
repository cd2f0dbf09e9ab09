/* SPDX-License-Identifier: GPL-3.0-or-later
 * See erase.h. Staged like every other op: nothing is erased before all checks of the change have passed.
 */
#include "office/erase.h"

#include <string.h>

#include "base/text.h"
#include "office/inside.h"
#include "office/leaks.h"
#include "store/attachment.h"
#include "store/segment.h"

#define RIGHT_ERASE "erase-records"

/* ---- when a record's retention is over ---- */

static moment retention_end(const struct office *office, const struct register_def *def, label_id label, moment since)
{
    struct span span;
    if (!def->retention || since == MOMENT_NONE || rule_span(def->retention, rank_word(office, label), &span) != OK)
        return MOMENT_NONE;
    return span_add(NULL, since, span);
}

static moment since_state(const struct register_def *def, const struct val *since, int state)
{
    return def->retention_from >= 0 && state == def->retention_from ? val_get_int(since, def->states[state].name, MOMENT_NONE) : MOMENT_NONE;
}

static bool retention_is_over(struct stage *stage, const struct image *image)
{
    const struct register_def *def = image->def;
    if (!def->retention)
        return refuse(stage, REFUSED, "erase.no-rule", NULL, T_("No retention rule is in force for \"%1$s\"; only a lawful order can have it erased."), def->one.in[LANG_EN]);
    moment end = retention_end(stage->office, def, image->label, since_state(def, image->since, image->state));
    char day[MOMENT_TEXT];
    if (end == MOMENT_NONE)
        return refuse(stage, REFUSED, "erase.not-begun", NULL, T_("The retention of this record has not begun: it begins in the state \"%1$s\"."),
                      def->retention_from >= 0 ? def->states[def->retention_from].words.in[LANG_EN] : "");
    if (end > stage->now)
        return refuse(stage, REFUSED, "erase.too-early", NULL, T_("This record is kept until %1$s under the rule %2$s."), moment_iso_day(end, day), def->retention->name);
    return true;
}

/* ---- what nobody may erase while others stand on it ---- */

/* That a person has an account is told to nobody who does not see accounts. These and appointments have one fixed label and no file, so
   whoever sees the registers sees all of them. */
static bool sees_accounts(struct stage *stage)
{
    static const char *const registers[] = {"account", "appointment"};
    bool all = true;
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
        const struct register_def *def = pack_register(stage->office->pack, registers[i]);
        all &= holder_any_right(stage->holder, def->seen_by, def->n_seen_by);
    }
    return all;
}
static bool stands_alone(struct stage *stage, const struct image *image)
{
    const struct model *model = stage->office->staged;
    const struct m_person *person = str_eq(image->def->name, "person") ? model_person(model, image->id) : NULL;
    void *value;
    if (str_eq(image->def->name, "file"))
        return refuse(stage, REFUSED, "erase.file", NULL, T_("A file is erased with the record that it was opened for."));
    if (str_eq(image->def->name, "person") && !sees_accounts(stage) && !LEAK(36))
        return refuse(stage, REFUSED, "erase.person", NULL, T_("A person is erased by posts that see accounts and appointments, which are erased first; yours does not see both."));
    if (LEAK(40) && leak_open(stage, image, MOMENT_NONE))
        return refuse(stage, REFUSED, "erase.linked", NULL, "Something points to this record.");
    bool held = person && person->appointments.count;
    for (size_t walk = 0; person && !held && idmap_next(&model->accounts, &walk, NULL, &value);)
        held = ((const struct m_account *)value)->person == image->id;
    if (held)
        return refuse(stage, REFUSED, "erase.person", NULL, T_("Accounts and appointments of this person are still there; they are erased first."));
    return true;
}

/* ---- staging ---- */

static void stage_erasure(struct stage *stage, struct staged_image *item)
{
    item->erase = true;
    while (item->after->n_links)
        stage_cut(stage, item, item->after->n_links - 1);
    item->after->step = "erase";
    if (model_wants(item->after->def))
        model_drop(stage->office->staged, item->after->def, item->after->id);
}

struct proposals { struct stage *stage; record_id ids[256]; size_t n; };
static bool see_proposal(void *arg, record_id id)
{
    struct proposals *all = arg;
    if (all->n < sizeof all->ids / sizeof *all->ids)
        all->ids[all->n++] = id;
    return true;
}

/* Earlier proposals repeat what they proposed, and the record's title. */
static bool erase_proposals(struct stage *stage, const struct image *image)
{
    const struct register_def *def = pack_register(stage->office->pack, "proposal");
    const struct field_def *target = register_field(def, "target");
    const struct index_def *index = target ? index_find(&stage->office->plans[def->index], INDEX_FILTER, target) : NULL;
    struct proposals *all = ARENA_NEW(stage->arena, struct proposals);
    struct buf key;
    all->stage = stage;
    buf_init(&key, 200);
    bool good = !index || (index_value_key(target, image->number, &key) && txn_each_key(stage->txn, index->id, key.data, key.len, see_proposal, all) == OK);
    buf_free(&key);
    for (size_t i = 0; good && i < all->n; i++) {
        struct staged_image *item = all->ids[i] == stage->confirming->item->after->id ? NULL : stage_image(stage, all->ids[i]);
        if (item && !item->erase && str_eq(image_text(item->after, "target"), image->number))
            stage_erasure(stage, item);
    }
    return good || refuse(stage, FAILED_IO, "store", NULL, T_("The store could not be read."));
}

/* The file that was opened for the record bears its title: the file stays, for the other records in it, under its number. */
static void erase_title(struct stage *stage, struct staged_image *file)
{
    if (str_eq(image_text(file->after, "title"), file->after->number))
        return;
    struct val *fields = val_copy(stage->arena, file->after->fields);
    val_set_str(stage->arena, fields, "title", file->after->number);
    file->after->fields = fields;
    file->erase = true;
    stage_changed(stage, file, "erase", NULL);
}

static bool erase_again(struct stage *stage, struct staged_image *item)
{
    if (str_eq(item->after->def->name, "file"))
        erase_title(stage, item);
    else
        stage_erasure(stage, item);
    return true;
}

bool erase(struct stage *stage, struct staged_image *item, const struct op *op, bool *ret_proposed)
{
    if (!stage->holder && stage->cause && str_eq(op->step, ERASE_RESTORED))
        return erase_again(stage, item);
    bool under_rule = str_eq(op->step, "retention"), under_order = str_eq(op->step, "order");
    const char *right = RIGHT_ERASE;
    if (!stage->holder || !holder_right(stage->holder, RIGHT_ERASE))
        return refuse(stage, REFUSED, "erase.right", NULL, T_("Your post does not carry the right to erase records."));
    if (!under_rule && !under_order)
        return refuse(stage, BAD_INPUT, "erase.basis", "step", T_("A record is erased under its retention rule (\"retention\") or a lawful order (\"order\")."));
    if (!op->reason || !*op->reason)
        return refuse(stage, BAD_INPUT, "erase.reason", "reason", T_("An erasure asks for a reason: the rule's occasion, or the order with its date and authority."));
    if (strlen(op->reason) > 1000)
        return refuse(stage, BAD_INPUT, "erase.reason", "reason", T_("The reason is too long: at most 1000 bytes."));
    if (str_eq(item->after->def->name, "proposal"))
        return refuse(stage, REFUSED, "erase.proposal", NULL, T_("A proposal is erased with the record that it is about."));
    if (under_rule && !retention_is_over(stage, item->after))
        return false;
    if (!stands_alone(stage, item->after) || !separation_allows(stage, item->after, &right, 1))
        return false;
    if (!stage->confirming) {
        *ret_proposed = true;
        return true;
    }
    if (!erase_proposals(stage, item->after))
        return false;
    struct staged_image *file = item->after->def->file == FILE_OWN ? stage_image(stage, item->after->file) : NULL;
    if (file)
        erase_title(stage, file);
    stage_erasure(stage, item);
    return true;
}

/* ---- writing ---- */

static enum status erase_attachments(struct txn *txn, const struct image *image, uint64_t position)
{
    enum status status = OK;
    for (size_t f = 0; f < image->def->n_fields; f++) {
        const struct val *list = image->def->fields[f].type == FIELD_ATTACHMENTS ? val_get(image->fields, image->def->fields[f].name) : NULL;
        for (size_t i = 0; status == OK && i < val_count(list); i++) {
            label_id label;
            record_id file;
            if (!attachment_pair(val_at(list, i), &label, &file))
                continue;
            status = attachment_erase(txn, label, file, val_get_str(val_at(list, i), "address"), position);
            status = status == ABSENT ? OK : status;       /* erased with another record of the same pair */
        }
    }
    return status;
}

enum status write_erasure(struct stage *stage, struct staged_image *item)
{
    const struct image *image = item->before;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    struct entry entry = {.time = stage->now, .kind = "erasure", .person = stage->person_number, .account = stage->account_number, .post = stage->post,
                          .cause = stage->cause, .step = "erase", .register_ = image->def->name, .record = image->number, .label = image->label};
    enum status status = append_entry(stage->office, stage->txn, &entry, NULL, 0, salt, &position);
    if (status == OK)
        status = txn_erase_record(stage->txn, image->id, position);
    if (status == OK && register_field(image->def, "chain")) {
        status = segment_erase(stage->txn, image->id, position);
        status = status == ABSENT ? OK : status;           /* its bytes went before */
    }
    return status == OK ? erase_attachments(stage->txn, image, position) : status;
}

/* ---- the list ---- */

moment office_kept_until(const struct office *office, const struct record_view *record)
{
    return retention_end(office, record->def, record->label_id, since_state(record->def, record->since, record->state_index));
}

struct listing { struct retention_over *items; size_t n, most; };

static enum status list_register(struct office *office, const struct reader *reader, const struct register_def *def, moment now, struct arena *arena,
                                 struct listing *list)
{
    struct filter filter = {"state", def->states[def->retention_from].name};
    struct query query = {.register_ = def->name, .filters = &filter, .n_filters = 1, .limit = 1000};
    struct page_of page;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    do {
        enum status status = office_find(office, reader, &query, arena, &reasons, &page);
        if (status != OK)
            return status == ABSENT || status == REFUSED ? OK : status;
        for (size_t i = 0; i < page.n_rows && list->n < list->most; i++) {
            const struct record_view *row = &page.rows[i];
            moment since = since_state(def, row->since, row->state_index), over = retention_end(office, def, row->label_id, since);
            if (over != MOMENT_NONE && over <= now)
                list->items[list->n++] = (struct retention_over){def, row->number, row->titles, since, over, *row};
        }
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    } while (page.next && list->n < list->most);
    return OK;
}

enum status office_retention_over(struct office *office, const struct reader *reader, moment now, size_t most, struct arena *arena,
                                  struct retention_over **ret, size_t *ret_n)
{
    const struct pack *pack = office_pack(office);
    struct listing list = {.items = ARENA_ARRAY(arena, struct retention_over, most + 1), .most = reader_has_right(reader, RIGHT_ERASE) ? most : 0};
    enum status status = OK;
    for (size_t r = 0; status == OK && list.n < list.most && r < pack->n_registers; r++)
        if (pack->registers[r].retention && pack->registers[r].retention_from >= 0 && reader_sees(reader, &pack->registers[r]))
            status = list_register(office, reader, &pack->registers[r], now, arena, &list);
    if (status == OK) {
        *ret = list.items;
        *ret_n = list.n;
    }
    return status;
}
