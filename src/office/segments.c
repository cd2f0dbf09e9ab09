/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See segments.h. The order is: record, then segment; segment closed, then record. So a crash leaves an open record whose segment
 * can be closed at its last whole block, or has not begun, and never a closed record over an open segment.
 */
#include "office/segments.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct holding { struct office *office; struct segment_writer *writer; char rule[96], number[NUMBER_TEXT]; };

/* ---- what a register of segments must have ---- */

static bool fits(const struct register_def *def, struct reasons *reasons)
{
    static const struct { const char *name; enum field_type type; } wanted[] = {
        {"source", FIELD_LINE}, {"chain", FIELD_LINE}, {"items", FIELD_NUMBER}, {"bytes", FIELD_NUMBER}, {"covers", FIELD_INTERVAL}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct field_def *field = register_field(def, wanted[i].name);
        if (!field || field->type != wanted[i].type) {
            reason_add(reasons, "segment.register", def->where, T_("The register %1$s cannot stand for segments: it needs %2$s."), def->name,
                       arena_printf(reasons->arena, "%s: {type: %s}", wanted[i].name, field_type_name(wanted[i].type)));
            return false;
        }
    }
    if (register_step(def, "close") && register_state(def, "open") >= 0)
        return true;
    reason_add(reasons, "segment.register", def->where, T_("The register %1$s cannot stand for segments: it needs %2$s."), def->name, "open -> close -> closed");
    return false;
}

/* ---- the record's header, unguarded: the office's own work in the writer ---- */

struct header_job { struct job job; record_id id; struct arena *arena; struct stored_record stored; enum status status; };
static bool read_header(struct job *job, struct txn *txn)
{
    struct header_job *header = (struct header_job *)job;
    header->status = txn_get_record(txn, header->id, header->arena, &header->stored);
    return false;
}
static void header_settled(struct job *job, bool committed) { (void)job, (void)committed; }

static enum status header_of(struct office *office, record_id id, struct arena *arena, struct stored_record *ret)
{
    struct header_job header = {.job = {.run = read_header, .settled = header_settled}, .id = id, .arena = arena, .status = FAILED_IO};
    bool committed;
    enum status status = store_perform(office->store, &header.job, &committed);
    if (status == OK)
        status = header.status;
    if (status == OK)
        *ret = header.stored;
    return status;
}

/* ---- opening and closing ---- */

static enum status act(struct office *office, const char *rule, const char *cause, const struct op *op, moment now, struct arena *arena, struct reasons *reasons, const char **ret_number)
{
    struct outcome outcome;
    enum status status = office_act(office, rule, cause, op, 1, now, arena, &outcome);
    for (const struct reason *one = outcome.reasons.first; status != OK && one; one = one->after)
        reason_add(reasons, one->rule, one->where, "%1$s", one->text.in[LANG_EN])->text = one->text;
    if (status == OK && ret_number)
        *ret_number = outcome.numbers[0];
    return status;
}

enum status office_hold(struct office *office, const char *rule, const char *source, const struct op *create, moment now, struct arena *arena,
                        struct reasons *reasons, struct holding **ret)
{
    const struct register_def *def = create->register_ ? pack_register(office->pack, create->register_) : NULL;
    const struct rule *named = pack_rule(office->pack, rule);
    const char *number = NULL;
    struct stored_record stored;
    struct op op = *create;
    if (!def || !named || !rule_touches(named, def) || strlen(rule) >= sizeof (*ret)->rule) {
        reason_add(reasons, "segment.rule", NULL, T_("Segments are held in the name of a rule that names their register under “consequences”: %1$s."), rule);
        return BAD_INPUT;
    }
    if (!fits(def, reasons))
        return BAD_INPUT;
    struct val *fields = create->fields ? val_copy(arena, create->fields) : val_object(arena);
    val_set_str(arena, fields, "source", source);
    op.kind = OP_CREATE;
    op.fields = fields;
    op.state = "open";
    enum status status = act(office, rule, source, &op, now, arena, reasons, &number);
    if (status == OK)
        status = header_of(office, number_id(number), arena, &stored);
    struct holding *holding = status == OK ? calloc(1, sizeof *holding) : NULL;
    if (status != OK || !holding)
        return status == OK ? NO_MEMORY : status;
    holding->office = office;
    memcpy(holding->rule, rule, strlen(rule) + 1);
    memcpy(holding->number, number, strlen(number) + 1);
    status = segment_create(office->store, stored.id, stored.guard, source, reasons, &holding->writer);
    if (status != OK) {
        free(holding);
        return status;
    }
    *ret = holding;
    return OK;
}

const char *holding_number(const struct holding *holding) { return holding->number; }
struct segment_writer *holding_writer(struct holding *holding) { return holding->writer; }

static enum status close_record(struct office *office, const char *rule, const char *number, const struct segment_info *info, moment now, struct arena *arena, struct reasons *reasons)
{
    struct val *fields = val_object(arena), *covers = val_object(arena);
    char hex[2 * HASH_BYTES + 1];
    hex_write(info->chain.bytes, HASH_BYTES, hex);
    val_set_str(arena, fields, "chain", hex);
    val_set_int(arena, fields, "items", (int64_t)info->items);
    val_set_int(arena, fields, "bytes", (int64_t)info->bytes);
    if (info->from != MOMENT_NONE) {
        val_set_int(arena, covers, "from", info->from);
        val_set_int(arena, covers, "to", info->to);
        val_set(arena, fields, "covers", covers);
    }
    return act(office, rule, number, &(struct op){.kind = OP_STEP, .number = number, .step = "close", .fields = fields, .reason = "closed"}, now, arena, reasons, NULL);
}

enum status office_hold_end(struct holding *holding, moment now, struct arena *arena, struct reasons *reasons)
{
    struct segment_info info;
    enum status status = segment_close(holding->writer, &info);
    if (status == OK)
        status = close_record(holding->office, holding->rule, holding->number, &info, now, arena, reasons);
    else
        reason_add(reasons, "segment.disk", holding->number, T_("The segment could not be closed; it is closed at the next start."));
    free(holding);
    return status;
}

void office_hold_abandon(struct holding *holding)
{
    if (holding)
        segment_abandon(holding->writer);
    free(holding);
}

/* ---- after a crash ---- */

struct collecting { struct arena *arena; struct open_segment { struct segment_info info; struct open_segment *next; } *first; };
static bool collect(void *arg, const struct segment_info *info)
{
    struct collecting *all = arg;
    struct open_segment *one = ARENA_NEW(all->arena, struct open_segment);
    if (info->erased)
        return true;
    *one = (struct open_segment){*info, all->first};
    all->first = one;
    return true;
}

enum status office_hold_recover(struct office *office, const char *rule, moment now, struct arena *arena, struct reasons *reasons, size_t *ret_n)
{
    struct collecting all = {arena, NULL};
    const struct rule *named = pack_rule(office->pack, rule);
    size_t n = 0;
    enum status status = segment_each(office->store, collect, &all);
    for (struct open_segment *one = all.first; status == OK && named && one; one = one->next) {
        struct stored_record stored;
        struct segment_info info = one->info;
        status = header_of(office, info.id, arena, &stored);
        const struct register_def *def = status == OK ? pack_register(office->pack, stored.register_) : NULL;
        if (!def || !rule_touches(named, def) || strcmp(stored.state, "open") != 0)
            continue;
        if (!info.closed)
            status = segment_recover(office->store, info.id, reasons, &info);
        if (status == OK)
            status = close_record(office, rule, stored.number, &info, now, arena, reasons);
        n += status == OK;
    }
    if (status == OK)
        *ret_n = n;
    return status;
}

/* ---- door two ---- */

/* What is found for the asker never lies above it, nor outside of its file. */
static bool within(const struct office *office, const struct record_view *segment, const struct record_view *asker)
{
    return label_at_least(office->policies, asker->label, segment->label) && (!segment->file || segment->file == asker->file)
        && (!segment->party || segment->party == asker->party);
}
static enum status find_segment(struct office *office, const struct reader *reader, const char *number, const char *asking, struct arena *arena, struct record_view *ret)
{
    struct record_view record, asker;
    if (!reader || office_get(office, reader, NULL, number, arena, &record) != OK || !register_field(record.def, "chain"))
        return ABSENT;
    if (asking && (office_get(office, reader, NULL, asking, arena, &asker) != OK || !within(office, &record, &asker)))
        return ABSENT;
    *ret = record;
    return OK;
}

enum status office_segment(struct office *office, const struct reader *reader, const char *number, const char *asking,
                           bool (*each)(void *, const void *, size_t, uint32_t), void *arg, struct arena *arena, struct reasons *reasons)
{
    struct record_view record;
    if (find_segment(office, reader, number, asking, arena, &record) != OK)
        return ABSENT;
    struct guards guards = reader_guards(reader, record.def);
    return segment_read(office->store, &guards, record.id, each, arg, reasons);
}

enum status office_segment_facts(struct office *office, const struct reader *reader, const char *number, const char *asking, struct arena *arena, struct segment_facts *ret)
{
    struct record_view record;
    struct segment_info info;
    if (find_segment(office, reader, number, asking, arena, &record) != OK)
        return ABSENT;
    struct guards guards = reader_guards(reader, record.def);
    enum status status = segment_look(office->store, &guards, record.id, arena, &info);
    if (status == OK)
        *ret = (struct segment_facts){info.closed, info.items, info.bytes, info.from, info.to};
    return status;
}
