/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Door one. A change is staged op by op in the writer's thread, checked, written with its journal entries, and answered; a
 * refusal is journalled and leaves nothing else behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena_hook.h"
#include "base/text.h"
#include "office/inside.h"
#include "store/escape.h"

bool refuse(struct stage *stage, enum status status, const char *rule, const char *where, const char *english, ...)
{
    va_list list;
    const char *a, *b;
    va_start(list, english);
    a = strstr(english, "%1$s") ? va_arg(list, const char *) : "";
    b = strstr(english, "%2$s") ? va_arg(list, const char *) : "";
    va_end(list);
    reason_add(stage->reasons, rule, where, english, a, b);
    stage->failure = status;
    return false;
}

bool refuse_absent(struct stage *stage, const char *number)
{
    return refuse(stage, ABSENT, "absent", NULL, T_("There is no such record: %1$s."), number ? number : "");
}

struct staged_image *named(struct stage *stage, const char *number)
{
    const char *local = number && number[0] == '$' ? val_get_str(stage->locals, number) : NULL;
    struct staged_image *item = stage_image(stage, number_id(local ? local : number));
    if (!item || !str_eq(item->after->number, local ? local : number) || (item->before && !stage_may_read(stage, item->before))) {
        if (LEAK(15) && item)
            return (void)refuse(stage, REFUSED, "named", NULL, "You may not see %1$s.", number), NULL;
        refuse_absent(stage, number);
        return NULL;
    }
    return item;
}

static bool same_version(struct stage *stage, const struct staged_image *item, const struct op *op)
{
    if (!op->version || !item->before || op->version == stage_seen(stage, item->before))
        return true;
    refuse(stage, CONFLICT, "version", NULL, T_("Somebody has changed this record meanwhile."));
    reason_next(stage->reasons, stage->reasons->last, T_("Look at the record again and repeat what still holds."));
    return false;
}

/* What is done in a rule's name touches the registers that the rule's YAML names, and no other. */
static bool within_rule(struct stage *stage, const struct register_def *def)
{
    return !stage->under || rule_touches(stage->under, def) ||
           refuse(stage, DAMAGED, "rule.registers", NULL, T_("The rule %1$s does not name the register %2$s under “consequences”; nothing was changed."),
                  stage->under->name, def->name);
}

/* ---- creating ---- */

static bool open_case_file(struct stage *stage, struct staged_image *item)
{
    const struct register_def *def = item->after->def, *files = pack_register(stage->office->pack, "file");
    struct staged_image *file = stage_new(stage, files);
    struct val *fields = val_object(stage->arena), *open_to = val_array(stage->arena);
    for (size_t i = 0; i < def->n_file_open_to; i++)
        val_push(stage->arena, open_to, val_str(stage->arena, def->file_open_to[i]));
    val_set(stage->arena, fields, "open-to", open_to);
    val_set_str(stage->arena, fields, "title", image_titles(stage->office->pack, item->after, stage->arena).in[LANG_EN]);
    if (def->file_kind_term)
        val_set_str(stage->arena, fields, "kind", def->file_kind_term);
    file->after->fields = fields;
    file->after->label = item->after->label;
    file->after->file = file->after->id;
    stage_changed(stage, file, "create", NULL);
    item->after->file = file->after->id;
    return true;
}

static bool choose_file(struct stage *stage, struct staged_image *item, const struct op *op)
{
    struct image *image = item->after;
    struct staged_image *from;
    switch (image->def->file) {
    case FILE_OF_FIELD:
        from = stage_image(stage, image_link_to(image, image->def->file_field));
        if (from)
            image->file = from->after->file;
        return true;
    case FILE_CHOOSE:
        if (!op->file || !*op->file)
            return true;
        from = named(stage, op->file);
        if (from && strcmp(from->after->def->name, "file") != 0)
            return refuse(stage, BAD_INPUT, "file.kind", "file", T_("This is no file: %1$s."), op->file);
        if (from)
            image->file = from->after->id;
        return from;
    case FILE_SELF:
        image->file = image->id;
        return true;
    case FILE_NONE:
    case FILE_OWN:
        return true;
    }
    return true;
}

/* What is required is asked of new records, and of edits that name the field: one whose required link leads to what the editor does not read
 * may be edited in everything else. */
static bool required_there(struct stage *stage, const struct staged_image *item, const struct val *given)
{
    const struct register_def *def = item->after->def;
    bool complete = true;
    for (size_t i = 0; i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        bool asked = !item->before || val_get(given, field->name);
        if (field->required && asked && !(field->computed && stage->holder))
            complete &= form_complete(stage, item, &field, 1, "field.required");
    }
    if (!complete)
        stage->failure = BAD_INPUT;
    return complete;
}

static bool may_create(struct stage *stage, const struct register_def *def, const char *name)
{
    if (!def || (stage->holder && !holder_any_right(stage->holder, def->seen_by, def->n_seen_by) &&
                 !holder_any_right(stage->holder, def->create_rights, def->n_create_rights)))
        return refuse(stage, ABSENT, "register", "register", T_("There is no such register: %1$s."), name ? name : "");
    if (stage->holder && !holder_any_right(stage->holder, def->create_rights, def->n_create_rights))
        return refuse(stage, REFUSED, "create.right", NULL, T_("Your post does not carry the right to create such a record."));
    return true;
}

static bool create(struct stage *stage, const struct op *op, struct staged_image **ret)
{
    const struct register_def *def = op->register_ ? pack_register(stage->office->pack, op->register_) : NULL;
    if (!may_create(stage, def, op->register_) || !within_rule(stage, def))
        return false;
    struct staged_image *item = stage_new(stage, def);
    *ret = item;
    if (op->number && op->number[0] == '$')
        val_set_str(stage->arena, (struct val *)stage->locals, op->number, item->after->number);
    if (!stage->holder && op->state && register_state(def, op->state) >= 0)
        item->after->state = register_state(def, op->state);
    if (def->author && stage->person)
        stage_link(stage, item, def->author, stage->person);
    if (!form_take(stage, item, op->fields, NULL, 0, true)) {
        stage->failure = stage->failure == REFUSED ? BAD_INPUT : stage->failure;
        return false;
    }
    if (!required_there(stage, item, op->fields) || !choose_file(stage, item, op) || !label_for_create(stage, item, op))
        return false;
    if (def->file == FILE_OWN && !open_case_file(stage, item))
        return false;
    stage_changed(stage, item, "create", op->reason);
    return true;
}

/* ---- editing ---- */

static bool may_edit(struct stage *stage, const struct image *image)
{
    const struct register_def *def = image->def;
    if (!stage->holder)
        return true;
    if (!holder_any_right(stage->holder, def->edit_rights, def->n_edit_rights))
        return refuse(stage, REFUSED, "edit.right", NULL, T_("Your post does not carry the right to edit this record."));
    if (!(def->edit_in >> image->state & 1))
        return refuse(stage, REFUSED, "edit.state", NULL, T_("In this state the record is not edited."));
    return true;
}

static bool edit(struct stage *stage, struct staged_image *item, const struct op *op)
{
    if (!may_edit(stage, item->after) || !form_take(stage, item, op->fields, NULL, 0, false))
        return false;
    if (!required_there(stage, item, op->fields))
        return false;
    /* Links alone make no version: see docs/architecture.md. */
    if (!val_equal(item->before ? item->before->fields : NULL, item->after->fields) || LEAK(6))
        stage_changed(stage, item, "edit", op->reason);
    return true;
}

static bool move(struct stage *stage, struct staged_image *item, const struct op *op)
{
    record_id former = item->after->file;
    if (!may_edit(stage, item->after))
        return false;
    if (item->after->def->file != FILE_CHOOSE)
        return refuse(stage, REFUSED, "file.fixed", "file", T_("The file of this record is not chosen."));
    item->after->file = 0;
    if (!choose_file(stage, item, op))
        return false;
    if (item->after->file == former)
        return refuse(stage, REFUSED, "file.same", "file", T_("The record lies in this file already."));
    stage_changed(stage, item, "move", op->reason);
    return true;
}

/* ---- one op ---- */

bool apply_op(struct stage *stage, const struct op *op, const char **ret_number, bool *ret_proposed)
{
    struct staged_image *item = NULL;
    bool good = false, second = false;
    if (op->kind == OP_CONFIRM || op->kind == OP_DECLINE || op->kind == OP_WITHDRAW)
        return confirm(stage, op, ret_number);
    if (op->kind == OP_CREATE) {
        const struct register_def *def = op->register_ ? pack_register(stage->office->pack, op->register_) : NULL;
        good = create(stage, op, &item);
        second = good && def->create_second_person && stage->holder && !stage->confirming;
    } else {
        item = named(stage, op->number);
        if (!item || !same_version(stage, item, op) || !within_rule(stage, item->after->def))
            return false;
        switch (op->kind) {
        case OP_EDIT: good = edit(stage, item, op); break;
        case OP_STEP: good = apply_step(stage, item, op, &second); break;
        case OP_REGRADE: good = regrade(stage, item, op, &second); break;
        case OP_MOVE: good = move(stage, item, op); break;
        case OP_ERASE: good = erase(stage, item, op, &second); break;
        default: break;
        }
    }
    if (!good)
        return false;
    if (strcmp(item->after->def->name, "appointment") == 0 && !item->erase && op->kind != OP_ERASE && !appointment_allowed(stage, item->after))
        return false;
    *ret_number = item->after->number;
    if (second) {
        *ret_proposed = true;
        return propose(stage, item, op, ret_number);
    }
    return true;
}

/* ---- the whole change ---- */

struct applying {
    struct job job;
    struct office *office;
    const struct change *change;
    struct arena *arena;
    struct outcome *outcome;
    const char *cause;                         /* the office acts */
    const struct rule *under;
    bool (*fill)(struct stage *, void *, struct outcome *); void *fill_arg;    /* instead of the change's ops */
    bool only_try;
    bool wrote;
    void (*done)(void *);
    void *done_arg;
};

static struct holder *writers_holder(struct office *office, const struct reader *writer, moment now)
{
    struct holder *holder = idmap_get(&office->holders, writer->appointment);
    if (holder && holder->generation == office->staged->generation && holder->from <= now && now < holder->until) {
        holder->from = now;
        return holder;
    }
    const struct m_appointment *seat = idmap_get(&office->staged->appointments, writer->appointment);
    const struct m_account *account = idmap_get(&office->staged->accounts, writer->account);
    if (holder) {
        idmap_take(&office->holders, writer->appointment);
        holder_free(holder);
    }
    if (!seat || !account || !account->active || account->person != writer->person || seat->person != writer->person ||
        !model_appointed(office->staged, seat, now))
        return NULL;
    holder = holder_new(&office->access, office->staged, writer->person, writer->appointment, seat->post, now);
    idmap_put(&office->holders, writer->appointment, holder);
    return holder;
}

static bool take_writer(struct applying *applying, struct stage *stage)
{
    const struct reader *writer = applying->change->writer;
    if (!writer) {
        stage->account_number = stage->person_number = stage->post = NULL;
        stage->cause = applying->cause;
        return true;
    }
    const struct m_account *account = idmap_get(&applying->office->staged->accounts, writer->account);
    stage->holder = writers_holder(applying->office, writer, stage->now);
    if (!stage->holder || !account || !account->active)
        return refuse(stage, REFUSED, "writer", NULL, T_("The account or the appointment is not in force."));
    stage->account = writer->account;
    stage->person = writer->person;
    stage->account_number = writer->account_number;
    stage->person_number = writer->person_number;
    stage->post = stage->holder->post->name;
    return true;
}

/* A repeated key returns the first answer, if its records may be read now. */
static bool repeated(struct applying *applying, struct stage *stage)
{
    const char *answer;
    struct reasons ignored;
    struct val *value;
    reasons_init(&ignored, applying->arena);
    if (txn_get_key(stage->txn, LEAK(17) ? 0 : stage->account, stage->key, applying->arena, &answer) != OK ||
        json_read(applying->arena, answer, strlen(answer), (struct json_limits){0}, &ignored, &value) != OK)
        return false;
    const struct val *numbers = val_get(value, "numbers");
    struct outcome *outcome = applying->outcome;
    outcome->numbers = ARENA_ARRAY(applying->arena, const char *, val_count(numbers) + 1);
    for (size_t i = 0; i < val_count(numbers); i++) {
        struct staged_image *item = stage_image(stage, number_id(val_text(val_at(numbers, i))));
        if (item && stage_may_read(stage, item->after))
            outcome->numbers[outcome->n_numbers++] = item->after->number;
    }
    outcome->proposed = val_get_bool(value, "proposed", false);
    outcome->repeated = true;
    outcome->status = OK;
    return true;
}

static enum status remember_answer(struct applying *applying, struct stage *stage)
{
    struct val *value = val_object(applying->arena), *numbers = val_array(applying->arena);
    struct buf text;
    for (size_t i = 0; i < applying->outcome->n_numbers; i++)
        val_push(applying->arena, numbers, val_str(applying->arena, applying->outcome->numbers[i]));
    val_set(applying->arena, value, "numbers", numbers);
    val_set_bool(applying->arena, value, "proposed", applying->outcome->proposed);
    buf_init(&text, 1 << 20);
    json_write(&text, value);
    enum status status = text.failed ? TOO_LARGE : txn_put_key(stage->txn, LEAK(17) ? 0 : stage->account, stage->key, text.data);
    buf_free(&text);
    return status;
}

/* A refusal goes to the journal with the rule that refused, never with the words of what was tried. */
static bool journal_refusal(struct applying *applying, struct stage *stage)
{
    const struct op *op = applying->change->n_ops ? &applying->change->ops[0] : NULL;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    struct entry entry = {.time = stage->now, .kind = stage->asked_step ? "channel" : "refusal",
        .person = stage->person_number, .account = stage->account_number, .post = stage->post, .label = -1,
        .step = op && op->kind == OP_STEP ? op->step : NULL, .cause = stage->cause,
        .reason = stage->reasons->first ? stage->reasons->first->rule : NULL,
        .record = op && number_id(op->number) ? op->number : NULL};
    if (entry.step && (!text_is_plain(entry.step, strlen(entry.step), false) || strlen(entry.step) > 40))
        entry.step = NULL;
    return append_entry(applying->office, stage->txn, &entry, NULL, 0, salt, &position) == OK;
}

static bool apply_ops(struct applying *applying, struct stage *stage)
{
    const struct change *change = applying->change;
    struct outcome *outcome = applying->outcome;
    if (applying->fill)
        return applying->fill(stage, applying->fill_arg, outcome) && (!outcome->n_numbers || engines_follow(stage));
    outcome->numbers = ARENA_ARRAY(applying->arena, const char *, change->n_ops + 1);
    if (change->n_ops == 0 || change->n_ops > CHANGE_MOST)
        return refuse(stage, BAD_INPUT, "change.size", NULL, T_("A change holds 1 to %1$s record changes."), CHANGE_MOST_TEXT);
    for (size_t i = 0; i < change->n_ops; i++) {
        const char *number = NULL;
        if (!apply_op(stage, &change->ops[i], &number, &outcome->proposed))
            return false;
        outcome->numbers[outcome->n_numbers++] = number;
        if (outcome->proposed && change->n_ops > 1)
            return refuse(stage, BAD_INPUT, "change.proposal", NULL, T_("A step that a second person confirms stands alone."));
    }
    return engines_follow(stage);
}

static bool run_stage(struct applying *applying, struct txn *txn, struct stage *begun)
{
    struct outcome *outcome = applying->outcome;
    *begun = (struct stage){.office = applying->office, .txn = txn, .arena = applying->arena, .key = applying->change->key,
                          .now = applying->change->now, .only_try = applying->only_try, .under = applying->under, .reasons = &outcome->reasons,
                          .failure = REFUSED};
    bool has_key = applying->change->writer && begun->key && *begun->key;
    stage_begin(begun);
    bool good = take_writer(applying, begun);
    if (good && has_key && repeated(applying, begun)) {
        stage_abandon(begun);
        return false;
    }
    good = good && apply_ops(applying, begun);
    if (!good || applying->only_try || (applying->fill && !outcome->n_numbers)) {
        outcome->status = good ? OK : begun->failure;
        if (!good)
            outcome->n_numbers = 0;
        bool journal = !good && !applying->only_try && applying->change->writer;
        stage_abandon(begun);
        return journal && journal_refusal(applying, begun) && channel_tell(begun);
    }
    outcome->status = stage_write(begun);
    if (outcome->status == OK && !channel_tell(begun))
        outcome->status = FAILED_IO;
    if (outcome->status == OK && has_key)
        outcome->status = remember_answer(applying, begun);
    if (outcome->status != OK) {
        applying->office->staged_damaged = true;
        stage_abandon(begun);
        return false;
    }
    applying->wrote = true;
    engines_staged(begun);
    stage_end(begun);
    return true;
}

/* The arena is the caller's, lent to the writer's thread: where it is exhausted the change is refused here, without words since there is
 * no room for any, and nothing jumps to the caller's stack. */
static void jump(void *arg) { longjmp(*(jmp_buf *)arg, 1); }

static bool run(struct job *job, struct txn *txn)
{
    static _Thread_local struct stage stage;
    struct applying *applying = (struct applying *)job;
    const size_t n_batch = applying->office->n_batch, n_takes = applying->office->n_takes;
    jmp_buf escape;
    bool good;
    const struct arena_hook former = arena_lend(applying->arena, jump, &escape);
    if (setjmp(escape) == 0) {
        good = run_stage(applying, txn, &stage);
    } else {
        txn_escaped(txn);
        applying->office->staged_damaged = true;
        stage_abandon(&stage);
        applying->outcome->status = NO_MEMORY;
        applying->outcome->n_numbers = 0;
        applying->wrote = good = false;
    }
    arena_give_back(applying->arena, former);
    if (!good) {                               /* whatever was written is rolled back: neither readers nor streams hear of it */
        applying->office->n_batch = n_batch;
        applying->office->n_takes = n_takes;
    }
    return good;
}

static void say_not_stored(struct applying *applying)
{
    jmp_buf escape;
    const struct arena_hook former = arena_lend(applying->arena, jump, &escape);
    if (setjmp(escape) == 0)
        reason_add(&applying->outcome->reasons, "store", NULL, T_("The change could not be stored; nothing was changed."));
    arena_give_back(applying->arena, former);
}

static void settled(struct job *job, bool committed)
{
    struct applying *applying = (struct applying *)job;
    if (applying->wrote && !committed) {
        say_not_stored(applying);
        applying->outcome->status = FAILED_IO;
        applying->outcome->n_numbers = 0;
    }
    if (applying->done) {
        void (*done)(void *) = applying->done;
        void *arg = applying->done_arg;
        free(applying);
        done(arg);
    }
}

static void prepare(struct applying *applying, struct office *office, const struct change *change, struct arena *arena,
                    struct outcome *outcome)
{
    *applying = (struct applying){.job = {.run = run, .settled = settled}, .office = office, .change = change,
                                  .arena = arena, .outcome = outcome};
    *outcome = (struct outcome){.status = FAILED_IO};
    reasons_init(&outcome->reasons, arena);
}

static enum status perform(struct applying *applying)
{
    bool committed;
    enum status status = store_perform(applying->office->store, &applying->job, &committed);
    if (status != OK) {
        reason_add(&applying->outcome->reasons, "store", NULL, T_("Too much is waiting to be stored; nothing was changed."));
        applying->outcome->status = status;
    }
    return applying->outcome->status;
}

enum status office_apply(struct office *office, const struct change *change, struct arena *arena, struct outcome *ret)
{
    struct applying applying;
    prepare(&applying, office, change, arena, ret);
    return perform(&applying);
}

enum status office_try(struct office *office, const struct change *change, struct arena *arena, struct outcome *ret)
{
    struct applying applying;
    prepare(&applying, office, change, arena, ret);
    applying.only_try = true;
    return perform(&applying);
}

enum status office_submit(struct office *office, const struct change *change, struct arena *arena, struct outcome *ret,
                          void (*done)(void *), void *arg)
{
    struct applying *applying = malloc(sizeof *applying);
    if (!applying)
        return NO_MEMORY;
    prepare(applying, office, change, arena, ret);
    applying->done = done;
    applying->done_arg = arg;
    enum status status = store_submit(office->store, &applying->job);
    if (status != OK)
        free(applying);
    return status;
}

static enum status act(struct office *office, const char *rule, const char *cause, const struct op *ops, size_t n_ops,
                       bool (*fill)(struct stage *, void *, struct outcome *), void *arg, moment now, struct arena *arena, struct outcome *ret)
{
    struct applying applying;
    char *both = arena_printf(arena, "%s: %s", rule, cause), time[MOMENT_TEXT];
    struct change change = {.key = arena_printf(arena, "%s\n%s", both, moment_iso(now, time)), .now = now, .ops = ops, .n_ops = n_ops};
    prepare(&applying, office, &change, arena, ret);
    applying.cause = both;
    applying.under = pack_rule(office->pack, rule);
    applying.fill = fill;
    applying.fill_arg = arg;
    return perform(&applying);
}

enum status office_act(struct office *office, const char *rule, const char *cause, const struct op *ops, size_t n_ops,
                       moment now, struct arena *arena, struct outcome *ret)
{
    return act(office, rule, cause, ops, n_ops, NULL, NULL, now, arena, ret);
}

enum status apply_in_writer(struct office *office, const char *rule, const char *cause, bool (*fill)(struct stage *, void *, struct outcome *), void *arg,
                            moment now, struct arena *arena, struct outcome *ret)
{
    return act(office, rule, cause, NULL, 0, fill, arg, now, arena, ret);
}
