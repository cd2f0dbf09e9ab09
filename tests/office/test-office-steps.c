/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every illegal step of every lifecycle is refused: exhaustively over the pack in force. For each register and each of its
 * states a record is planted in that state (past door one, by the writer's own means), and every step of the register is
 * tried on it through door one. What is legal is read from the YAML itself, not from the loader's tables: an illegal step is
 * refused for its state, by the office and by a person alike, and moves nothing; a legal one is never refused for its state.
 */
#include "base/text.h"
#include "fixture.h"
#include "office/inside.h"
#include "tap.h"

static struct fixture f;

struct plant { struct job job; struct arena *arena; const struct register_def *def; int state; const char *label; const char *number; };

static bool plant_run(struct job *job, struct txn *txn)
{
    struct plant *plant = (struct plant *)job;
    struct reasons reasons;
    reasons_init(&reasons, plant->arena);
    struct stage stage = {.office = f.office, .txn = txn, .arena = plant->arena, .now = f.now, .reasons = &reasons, .failure = REFUSED,
        .key = arena_printf(plant->arena, "plant %s %d", plant->def->name, plant->state), .cause = "test: planted"};
    stage_begin(&stage);
    struct staged_image *item = stage_new(&stage, plant->def);
    item->after->state = plant->state;
    item->after->fields = val_object(plant->arena);
    item->after->label = stage_label(&stage, plant->label);
    stage_changed(&stage, item, "create", NULL);
    bool good = stage_write(&stage) == OK;
    plant->number = item->after->number;
    stage_end(&stage);
    return good;
}
static void planted(struct job *job, bool committed)
{
    struct plant *plant = (struct plant *)job;
    if (!committed)
        plant->number = NULL;
}
static const char *plant(const struct register_def *def, int state, const char *label)
{
    struct plant one = {{.run = plant_run, .settled = planted}, f.arena, def, state, label, NULL};
    bool committed;
    return store_perform(f.office->store, &one.job, &committed) == OK && committed ? one.number : NULL;
}

/* "state version" of a record as the writer sees it. */
struct look { struct job job; record_id id; char text[120]; };
static bool look_run(struct job *job, struct txn *txn)
{
    struct look *look = (struct look *)job;
    struct reasons reasons;
    struct arena *arena = arena_new(0);
    reasons_init(&reasons, arena);
    struct stage stage = {.office = f.office, .txn = txn, .arena = arena, .now = f.now, .reasons = &reasons, .failure = REFUSED, .key = "look"};
    stage_begin(&stage);
    struct staged_image *item = stage_image(&stage, look->id);
    if (item)
        snprintf(look->text, sizeof look->text, "%s %lld", item->after->def->states[item->after->state].name, (long long)item->after->version);
    stage_abandon(&stage);
    arena_free(arena);
    return false;
}
static void looked(struct job *job, bool committed) { (void)job, (void)committed; }
static char *where_is(const char *number)
{
    struct look look = {{.run = look_run, .settled = looked}, number_id(number), "absent"};
    bool committed;
    if (store_perform(f.office->store, &look.job, &committed) != OK)
        return NULL;
    return arena_strdup(f.arena, look.text);
}

/* Straight from the register's YAML: whether a step leads from a state. */
static bool yaml_says(const struct val *tree, const char *step, const char *state)
{
    const struct val *from = val_get(val_get(val_get(val_get(tree, "lifecycle"), "steps"), step), "from");
    for (size_t i = 0; from && i < (from->kind == VAL_ARRAY ? from->count : 1); i++) {
        const char *name = val_text(from->kind == VAL_ARRAY ? from->items[i] : from);
        if (name && (strcmp(name, state) == 0 || strcmp(name, "any") == 0))
            return true;
    }
    return false;
}
static const struct val *yaml_of(const struct pack *pack, const struct register_def *def)
{
    const char *path = arena_printf(f.arena, "duties/%s/%s.yaml", def->duty, def->name);
    const struct val *text = val_get(pack->source, path);
    struct val *tree = NULL;
    if (!text || json_read(f.arena, text->str.s, text->str.len, (struct json_limits){0}, NULL, &tree) != OK)
        return NULL;
    return tree;
}

static bool for_its_state(const struct outcome *outcome)
{
    for (const struct reason *one = outcome->reasons.first; one; one = one->after)
        if (strcmp(one->rule, "lifecycle.state") == 0)
            return true;
    return false;
}

static size_t pairs, legal_pairs;

static void try_pair(const struct register_def *def, const struct val *tree, int state, const char *number, const struct step_def *step)
{
    bool legal = yaml_says(tree, step->name, def->states[state].name);
    struct op op = {.kind = OP_STEP, .number = number, .step = step->name, .reason = "because"};
    struct change change = {.now = f.now, .ops = &op, .n_ops = 1};
    struct outcome outcome;
    pairs++;
    legal_pairs += legal;
    if (legal) {
        enum status status = office_try(f.office, &change, f.arena, &outcome);
        if (status != OK && for_its_state(&outcome))
            ok(false, "%s: %s leads from %s", def->name, step->name, def->states[state].name);
        return;
    }
    enum status status = office_act(f.office, "test", arena_printf(f.arena, "%s %s", number, step->name), &op, 1, f.now, f.arena, &outcome);
    if (status == OK || !for_its_state(&outcome))
        ok(false, "%s: %s is refused from %s", def->name, step->name, def->states[state].name);
    status = fixture_step(&f, "ssl", number, step->name, NULL);
    if (status != REFUSED && status != ABSENT && status != BAD_INPUT)
        ok(false, "%s: %s is refused from %s to a person, too (%s)", def->name, step->name, def->states[state].name, status_name(status));
}

static void try_register(const struct pack *pack, const struct register_def *def, const char *label)
{
    const struct val *tree = yaml_of(pack, def);
    if (!ok(tree != NULL, "%s stands in the pack's source", def->name))
        return;
    int before = tap_failures;
    for (size_t state = 0; state < def->n_states; state++) {
        const char *number = plant(def, (int)state, label);
        char *was = number ? where_is(number) : NULL;
        if (!number || !str_starts(was, def->states[state].name)) {
            ok(false, "%s planted in %s: %s", def->name, def->states[state].name, was ? was : "not");
            continue;
        }
        for (size_t s = 0; s < def->n_steps; s++)
            try_pair(def, tree, (int)state, number, &def->steps[s]);
        if (!str_eq(where_is(number), was))
            is(where_is(number), was, "nothing moved");
    }
    ok(tap_failures == before, "%s: %zu states x %zu steps", def->name, def->n_states, def->n_steps);
}

int main(void)
{
    fixture_new(&f);
    const struct pack *pack = office_pack(f.office);
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    size_t expected = 0;
    for (size_t i = 0; i < pack->n_registers; i++) {
        try_register(pack, &pack->registers[i], label);
        expected += pack->registers[i].n_states * pack->registers[i].n_steps;
    }
    ok(pairs == expected && legal_pairs < pairs, "%zu pairs of state and step, %zu of them illegal and refused", pairs, pairs - legal_pairs);
    fixture_free(&f);
    return tap_done();
}
