/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The second person. A step that asks for one becomes a proposal: a record that holds the exact op, guarded as the record it is
 * about. Another person who reads all of it and carries the right confirms exactly the bytes that were proposed; all checks run
 * again then, for both persons. It goes stale when a record version that it names changes, and for no other reason.
 */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/inside.h"

static const char *const op_names[] = {"create", "edit", "step", "regrade", "move", "confirm", "decline", "withdraw", "erase"};

struct val *op_value(const struct op *op, struct arena *arena)
{
    struct val *value = val_object(arena);
    const struct { const char *name, *text; } texts[] = {
        {"register", op->register_}, {"number", op->number}, {"step", op->step}, {"label", op->label}, {"file", op->file}, {"reason", op->reason}};
    val_set_str(arena, value, "op", op_names[op->kind]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text)
            val_set_str(arena, value, texts[i].name, texts[i].text);
    if (op->version)
        val_set_int(arena, value, "version", op->version);
    if (op->fields)
        val_set(arena, value, "fields", val_copy(arena, op->fields));
    return value;
}

bool op_from_value(const struct val *value, struct arena *arena, struct op *ret)
{
    const char *name = val_get_str(value, "op");
    (void)arena;
    for (size_t i = 0; name && i < sizeof op_names / sizeof *op_names; i++)
        if (strcmp(op_names[i], name) == 0) {
            *ret = (struct op){.kind = (enum op_kind)i, .register_ = val_get_str(value, "register"), .number = val_get_str(value, "number"),
                               .version = val_get_int(value, "version", 0), .step = val_get_str(value, "step"),
                               .fields = val_get(value, "fields"), .label = val_get_str(value, "label"),
                               .file = val_get_str(value, "file"), .reason = val_get_str(value, "reason")};
            return true;
        }
    return false;
}

static const char *canonical(struct stage *stage, const struct val *value)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    const char *ret = json_canonical(&text, value) == OK && !text.failed ? arena_strndup(stage->arena, text.data, text.len) : NULL;
    buf_free(&text);
    return ret;
}

/* What the step staged is given back: only the proposal is written. */
static void unstage(struct stage *stage)
{
    for (struct staged_image *item = stage->first; item; item = item->next) {
        if (item->before) {
            if ((item->changed || item->n_made || item->n_cut) && model_wants(item->before->def))
                model_take(stage->office->staged, item->before);
        } else if (model_wants(item->after->def)) {
            model_drop(stage->office->staged, item->after->def, item->after->id);
        }
    }
    stage->first = stage->last = NULL;
    idmap_free(&stage->by_id);
}

/* A proposal's label joins the record's before and after: the higher of the two, or what stands above both. */
static label_id joined_label(struct stage *stage, const struct staged_image *target)
{
    const struct intern *intern = stage->office->intern;
    if (!target->before || target->before->label == target->after->label)
        return target->after->label;
    const struct label *both[] = {intern_label(intern, target->before->label)->label, intern_label(intern, target->after->label)->label};
    unsigned n;
    bool *empty;
    struct label **high = label_high_water(stage->office->policies, both, 2, stage->arena, &n, &empty);
    return n == 1 && !empty[0] ? stage_label(stage, label_write(high[0], stage->arena)) : target->before->label;
}

bool propose(struct stage *stage, struct staged_image *target, const struct op *op, const char **ret_number)
{
    const struct register_def *def = pack_register(stage->office->pack, "proposal");
    struct image *image = target->after;
    struct op exact = *op;
    struct arena *arena = stage->arena;
    exact.version = target->before ? stage_seen(stage, target->before) : 0;
    label_id label = joined_label(stage, target);
    record_id file = target->before ? target->before->file : 0;
    /* What is to be erased is not repeated. */
    const char *title = op->kind == OP_ERASE ? image->number : image_titles(stage->office->pack, image, arena).in[LANG_EN], *register_ = image->def->name, *number = target->before ? image->number : "";
    const char *text = canonical(stage, op_value(&exact, arena));
    if (!def || !text)
        return refuse(stage, BAD_INPUT, "proposal.form", NULL, T_("The proposal cannot be written."));
    unstage(stage);
    struct staged_image *item = stage_new(stage, def);
    struct val *fields = val_object(arena);
    val_set_str(arena, fields, "title", title);
    val_set_str(arena, fields, "register", register_);
    val_set_str(arena, fields, "target", number);
    val_set_str(arena, fields, "step", op->step ? op->step : op_names[op->kind]);
    val_set_str(arena, fields, "op", text);
    val_set_int(arena, fields, "target-version", exact.version);
    val_set_str(arena, fields, "proposer", stage->person_number);
    val_set_str(arena, fields, "proposer-account", stage->account_number);
    val_set_str(arena, fields, "proposer-post", stage->post);
    char appointment[NUMBER_TEXT];
    const struct register_def *seats = pack_register(stage->office->pack, "appointment");
    number_write(seats, stage->holder->appointment, stage->now, appointment);
    val_set_str(arena, fields, "proposer-seat", appointment);
    item->after->fields = fields;
    item->after->label = label;
    item->after->file = file;
    stage_changed(stage, item, "create", op->reason);
    *ret_number = item->after->number;
    return true;
}

static bool holds_second_right(struct stage *stage, const struct register_def *def, const struct op *op)
{
    const struct step_def *step = op->kind == OP_STEP && op->step ? register_step(def, op->step) : NULL;
    if (op->kind == OP_ERASE)
        return holder_right(stage->holder, "erase-records");
    if (step && step->second_right)
        return holder_right(stage->holder, step->second_right);
    return step ? holder_any_right(stage->holder, step->rights, step->n_rights)
                : holder_any_right(stage->holder, def->create_rights, def->n_create_rights);
}

static bool close_proposal(struct stage *stage, struct staged_image *item, const char *state, const char *step, const char *reason)
{
    int index = register_state(item->after->def, state);
    if (index < 0)
        return refuse(stage, DAMAGED, "proposal.state", NULL, T_("The register of proposals lacks the state \"%1$s\"."), state);
    item->after->state = index;
    stage_changed(stage, item, step, reason);
    return true;
}

/* The op runs as its proposer, as of this instant: an appointment that ended meanwhile refuses it. */
static bool run_as_proposer(struct stage *stage, struct staged_image *item, const struct op *op, const char **ret_number)
{
    struct office *office = stage->office;
    const struct val *fields = item->after->fields;
    record_id person = number_id(val_get_str(fields, "proposer")), seat_id = number_id(val_get_str(fields, "proposer-seat"));
    const struct m_appointment *seat = idmap_get(&office->staged->appointments, seat_id);
    struct stage kept = *stage;
    struct proposal proposal = {item, person};
    bool proposed = false;
    if (!seat || seat->person != person || !model_appointed(office->staged, seat, stage->now))
        return refuse(stage, REFUSED, "proposal.proposer", NULL, T_("The proposer's appointment is no longer in force."));
    stage->holder = holder_new(&office->access, office->staged, person, seat_id, seat->post, stage->now);
    stage->person = person;
    stage->person_number = val_get_str(fields, "proposer");
    stage->post = seat->post->name;
    stage->confirming = &proposal;
    bool good = apply_op(stage, op, ret_number, &proposed);
    holder_free(stage->holder);
    stage->holder = kept.holder;
    stage->person = kept.person;
    stage->person_number = kept.person_number;
    stage->post = kept.post;
    stage->confirming = NULL;
    return good;
}

static bool decide(struct stage *stage, struct staged_image *item, const struct op *by, const struct op *op, const char **ret_number)
{
    const struct val *fields = item->after->fields;
    const struct register_def *def = pack_register(stage->office->pack, val_get_str(fields, "register"));
    bool own = str_eq(val_get_str(fields, "proposer"), stage->person_number);
    if (by->kind == OP_WITHDRAW)
        return own ? close_proposal(stage, item, "withdrawn", "withdraw", by->reason)
                   : refuse(stage, REFUSED, "proposal.withdraw", NULL, T_("Only the proposer may withdraw a proposal."));
    if (own)
        return refuse(stage, REFUSED, "second-person.same", NULL, T_("The second person must be another person than the proposer."));
    if (!def || !holds_second_right(stage, def, op))
        return refuse(stage, REFUSED, "second-person.right", NULL, T_("Your post does not carry the right to confirm this."));
    if (by->kind == OP_DECLINE)
        return by->reason && *by->reason ? close_proposal(stage, item, "declined", "decline", by->reason)
                                         : refuse(stage, BAD_INPUT, "lifecycle.reason", "reason", T_("This step asks for a reason."));
    const char *text = val_get_str(fields, "op");
    struct hash hash = sha256(text, strlen(text));
    char hex[65];
    hex_write(hash.bytes, HASH_BYTES, hex);
    if (!by->proposed || !str_eq(by->proposed, hex))
        return refuse(stage, CONFLICT, "proposal.bytes", NULL, T_("What you confirm is not what was proposed; look at it again."));
    struct staged_image *target = op->number ? named(stage, op->number) : NULL;
    if (op->number && !target)
        return false;
    if (target && op->version && (stage_seen(stage, target->before ? target->before : target->after) != op->version || (LEAK(26) && leak_open(stage, target->after, item->after->created))))
        return refuse(stage, CONFLICT, "proposal.stale", NULL, T_("The record has changed since the proposal; it is stale."));
    if (target && op->kind == OP_STEP) {
        const struct step_def *step = register_step(target->after->def, op->step);
        if (!separation_allows(stage, target->after, step && step->second_right ? &step->second_right : step ? step->rights : NULL,
                               step && step->second_right ? 1 : step ? step->n_rights : 0))
            return false;
    }
    return run_as_proposer(stage, item, op, ret_number) && close_proposal(stage, item, "confirmed", "confirm", by->reason);
}

bool confirm(struct stage *stage, const struct op *by, const char **ret_number)
{
    struct staged_image *item = named(stage, by->number);
    struct val *value;
    struct op op;
    if (!item)
        return false;
    if (strcmp(item->after->def->name, "proposal") != 0)
        return refuse_absent(stage, by->number);
    if (item->after->state != register_state(item->after->def, "waiting"))
        return refuse(stage, REFUSED, "proposal.state", NULL, T_("This proposal no longer waits."));
    const char *text = val_get_str(item->after->fields, "op");
    if (!text || json_read(stage->arena, text, strlen(text), (struct json_limits){0}, stage->reasons, &value) != OK ||
        !op_from_value(value, stage->arena, &op))
        return refuse(stage, DAMAGED, "proposal.form", NULL, T_("The proposal cannot be read."));
    *ret_number = item->after->number;
    return decide(stage, item, by, &op, ret_number);
}
