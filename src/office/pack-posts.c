/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Duties (their registers in the menu's order, their rights) and posts (rights, superior, desk, what must never meet in
 * one person). Every post carries the right "staff" but the system administrator's and the auditor's: nobody stands
 * above need-to-know.
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

/* ---- duties ------------------------------------------------------------------------------------------------- */

static void load_right(const struct reader_of *r, const struct duty_def *duty, const struct val_member *one, size_t *n_rights)
{
    want_name(r, one->value, one->name);
    struct right_def *right = named_find(r->l->rights, *n_rights, sizeof *right, one->name) ? NULL : &r->l->rights[(*n_rights)++];
    if (!right) {
        FAULT(r, one->value, T_("The right %1$s is declared twice."), one->name);
        return;
    }
    right->name = one->name;
    right->duty = duty->name;
    if (val_get(one->value, "name")) {
        want_object(r, one->value, NULL, "right", "name help");
        right->words = read_words(r, one->value, "name", true);
        read_words(r, one->value, "help", false);
    } else {
        right->words = words_of(r, one->value, NULL);
    }
}

void load_duty(const struct reader_of *r, struct duty_def *duty, const struct val *tree, size_t *n_rights)
{
    want_object(r, tree, NULL, "duty", "duty name help registers rights");
    duty->words = read_words(r, tree, "name", true);
    duty->help = read_words(r, tree, "help", true);
    const struct val *map = read_map(r, tree, "rights", false, 200);
    for (uint32_t i = 0; map && i < map->count; i++)
        load_right(r, duty, &map->members[i], n_rights);
}

void load_duty_registers(const struct reader_of *r, struct duty_def *duty, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "registers", false, &n);
    const struct register_def **registers = ARENA_ARRAY(r->l->arena, const struct register_def *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct register_def *def = find_register(r, list[i]);
        bool twice = false;
        for (size_t j = 0; j < duty->n_registers; j++)
            twice = twice || registers[j] == def;
        if (twice)
            FAULT(r, list[i], T_("“%1$s” stands twice in this list."), def->name);
        else if (def && !str_eq(def->duty, duty->name))
            FAULT(r, list[i], T_("The register %1$s belongs to the duty %2$s."), def->name, def->duty);
        else if (def)
            registers[duty->n_registers++] = def;
    }
    duty->registers = registers;
    for (size_t i = 0; i < r->l->pack->n_registers; i++) {
        const struct register_def *def = &r->l->registers[i];
        bool listed = !str_eq(def->duty, duty->name);
        for (size_t j = 0; j < n; j++)
            listed = listed || str_eq(val_text(list[j]), def->name);
        if (!listed)
            FAULT(r, tree, T_("The register %1$s lies in the folder of this duty; list it under “registers”."), def->name);
    }
}

/* ---- posts -------------------------------------------------------------------------------------------------- */

static bool above_need_to_know(const char *post)
{
    return str_eq(post, "system-administrator") || str_eq(post, "auditor");
}

static void load_rights(const struct reader_of *r, struct post_def *post, const struct val *tree)
{
    size_t n;
    const char *const *listed = read_rights(r, tree, "rights", false, true, &n);
    const char **rights = ARENA_ARRAY(r->l->arena, const char *, n + 2);
    bool staff = false;
    for (size_t i = 0; i < n; i++) {
        rights[i] = listed[i];
        staff = staff || str_eq(rights[i], "staff");
    }
    if (staff && above_need_to_know(post->name))
        FAULT(r, val_get(tree, "rights"), T_("This post never carries “staff”: it reads no records by its office."));
    if (!staff && !above_need_to_know(post->name))
        rights[n++] = "staff";
    post->rights = rights;
    post->n_rights = n;
}

static void load_apart(const struct reader_of *r, struct post_def *post, const struct val *tree)
{
    const struct val *apart = member(r, tree, "apart", false);
    if (!apart)
        return;
    if (apart->kind != VAL_ARRAY || apart->count > 100) {
        FAULT(r, apart, T_("“apart” is a list of lists of rights: [[investigate, close-incidents]]."));
        return;
    }
    const char *const **lists = ARENA_ARRAY(r->l->arena, const char *const *, apart->count + 1);
    for (uint32_t i = 0; i < apart->count; i++) {
        const struct val *one = apart->items[i];
        if (one->kind != VAL_ARRAY || one->count < 2) {
            FAULT(r, one, T_("“apart” is a list of lists of rights: [[investigate, close-incidents]]."));
            break;
        }
        const char **rights = ARENA_ARRAY(r->l->arena, const char *, one->count + 1);
        size_t n = 0;
        for (uint32_t j = 0; j < one->count; j++) {
            const char *right = find_right(r, one->items[j]);
            if (right)
                rights[n++] = right;
        }
        lists[post->n_apart++] = rights;
    }
    post->apart = lists;
}

bool post_sees(const struct post_def *post, const struct register_def *def)
{
    for (size_t i = 0; i < def->n_seen_by; i++)
        if (post_has_right(post, def->seen_by[i]))
            return true;
    return false;
}

static void load_selection(const struct reader_of *r, const struct post_def *post, struct desk_part *part, const struct val *tree)
{
    if (!want_object(r, tree, NULL, "{register, state, name}", "register state name"))
        return;
    part->kind = "selection";
    const struct val *name = member(r, tree, "register", true);
    part->register_ = name ? find_register(r, name) : NULL;
    part->words = read_words(r, tree, "name", true);
    if (!part->register_)
        return;
    if (post->n_rights && !post_sees(post, part->register_))
        FAULT(r, tree, T_("This post carries no right that sees the register %1$s, so this part of the desk stays empty."), part->register_->name);
    size_t n;
    const struct val *const *list = read_list(r, tree, "state", false, &n);
    const char **states = ARENA_ARRAY(r->l->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        int state = find_state(r, part->register_, list[i]);
        if (state >= 0)
            states[part->n_states++] = part->register_->states[state].name;
    }
    part->states = states;
}

static void load_desk(const struct reader_of *r, struct post_def *post, const struct val *tree)
{
    static const char *const kinds[] = {"due-clocks", "waiting-for-me", "changed", NULL};
    size_t n;
    const struct val *const *list = read_list(r, tree, "desk", false, &n);
    struct desk_part *desk = ARENA_ARRAY(r->l->arena, struct desk_part, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct desk_part *part = &desk[post->n_desk++];
        if (list[i]->kind == VAL_OBJECT) {
            load_selection(r, post, part, list[i]);
            continue;
        }
        const char *kind = part->kind = item_text(r, list[i]);
        const char *dot = kind ? strchr(kind, '.') : NULL;
        bool engine = dot && NAMED_FIND(r->l->duties, r->l->pack->n_duties, arena_strndup(r->l->arena, kind, (size_t)(dot - kind)));
        if (!kind || engine || str_in(kind, kinds))
            continue;
        struct reason *fault = FAULT(r, list[i], T_("“%1$s” is no part of a desk."), kind);
        HINT(r, fault, T_("There is due-clocks, waiting-for-me, changed, DUTY.PART of an engine, or {register: ..., state: [...], name: {...}}."));
    }
    post->desk = desk;
}

static void load_menu(const struct reader_of *r, struct post_def *post, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "duties", false, &n);
    const struct duty_def **duties = ARENA_ARRAY(r->l->arena, const struct duty_def *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *name = item_text(r, list[i]);
        const struct duty_def *duty = NAMED_FIND(r->l->duties, r->l->pack->n_duties, name);
        if (duty) {
            duties[post->n_duties++] = duty;
        } else if (name) {
            struct reason *fault = FAULT(r, list[i], T_("There is no duty “%1$s”."), name);
            hint_named(r, fault, name, r->l->duties, r->l->pack->n_duties, sizeof *r->l->duties);
        }
    }
    post->duties = duties;
}

void load_post(const struct reader_of *r, struct post_def *post, const struct val *tree)
{
    want_object(r, tree, NULL, "post", "post name help superior contractor rights apart desk duties");
    post->words = read_words(r, tree, "name", true);
    read_words(r, tree, "help", false);
    const char *superior = read_text(r, tree, "superior", true);
    if (superior && strcmp(superior, "none") != 0) {
        post->superior = NAMED_FIND(r->l->posts, r->l->pack->n_posts, superior);
        if (!post->superior) {
            struct reason *fault = FAULT(r, val_get(tree, "superior"), T_("There is no post “%1$s”."), superior);
            hint_named(r, fault, superior, r->l->posts, r->l->pack->n_posts, sizeof *r->l->posts);
        }
    }
    post->contractor = read_bool(r, tree, "contractor", false);
    load_rights(r, post, tree);
    load_apart(r, post, tree);
    load_desk(r, post, tree);
    load_menu(r, post, tree);
}

bool post_has_right(const struct post_def *post, const char *right)
{
    for (size_t i = 0; post && i < post->n_rights; i++)
        if (strcmp(post->rights[i], right) == 0)
            return true;
    return false;
}

/* ---- what holds between posts ------------------------------------------------------------------------------- */

static void check_superiors(const struct reader_of *r, const struct post_def *post, const struct val *tree)
{
    size_t steps = 0;
    for (const struct post_def *up = post->superior; up; up = up->superior) {
        if (up == post) {
            FAULT(r, val_get(tree, "superior"), T_("The superiors run in a circle: %1$s is above itself."), post->name);
            return;
        }
        if (++steps > r->l->pack->n_posts)
            return;      /* another post's circle */
    }
}

static void check_apart(const struct reader_of *r, const struct post_def *post, const struct post_def *says, const struct val *tree)
{
    for (size_t i = 0; i < says->n_apart; i++) {
        const char *held = NULL;
        for (const char *const *right = says->apart[i]; *right; right++) {
            if (!post_has_right(post, *right))
                continue;
            if (held) {
                struct reason *fault = FAULT(r, val_get(tree, "rights"), T_("This post carries %1$s and %2$s, which the post %3$s keeps apart."), held, *right, says->name);
                HINT(r, fault, T_("Give one of them to another post."));
                return;
            }
            held = *right;
        }
    }
}

/* A right to act on a register that the post cannot see can never be used. */
static void check_sight(const struct reader_of *r, const struct post_def *post, const struct register_def *def, const char *const *rights, size_t n, const char *what, const struct val *tree)
{
    for (size_t i = 0; i < n; i++) {
        if (!post_has_right(post, rights[i]) || post_sees(post, def))
            continue;
        struct reason *fault = FAULT(r, val_get(tree, "rights"), T_("This post carries %1$s, which the register %2$s asks for (%3$s), but no right that sees that register."), rights[i], def->name, what);
        HINT(r, fault, T_("Name the right under “seen-by” of the register, or give the post one of: %1$s."), joined(r->l->reasons->arena, def->seen_by, def->n_seen_by));
        return;
    }
}

static void check_uses(const struct reader_of *r, const struct post_def *post, const struct val *tree)
{
    for (size_t i = 0; i < r->l->pack->n_registers; i++) {
        const struct register_def *def = &r->l->registers[i];
        if (post_sees(post, def))
            continue;
        check_sight(r, post, def, def->create_rights, def->n_create_rights, "create", tree);
        check_sight(r, post, def, def->edit_rights, def->n_edit_rights, "edit", tree);
        for (size_t s = 0; s < def->n_steps; s++)
            check_sight(r, post, def, def->steps[s].rights, def->steps[s].n_rights, def->steps[s].name, tree);
    }
}

void check_posts(struct loading *l)
{
    for (size_t i = 0; i < l->pack->n_posts; i++) {
        const struct reader_of r = {l, l->post_tree[i]->path};
        const struct val *tree = l->post_tree[i]->tree;
        check_superiors(&r, &l->posts[i], tree);
        for (size_t j = 0; j < l->pack->n_posts; j++)
            check_apart(&r, &l->posts[i], &l->posts[j], tree);
        check_uses(&r, &l->posts[i], tree);
    }
}
