/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From files to a pack: the order of the passes, the canonical form and its hash, and the questions that the office asks
 * of a pack. Each pass reads all files before the next begins, since a definition may name what stands in another file.
 */
#include "office/pack-read.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

/* ---- which file is what ------------------------------------------------------------------------------------- */

bool pack_path(struct arena *arena, const char *path, struct pack_tree *ret)
{
    size_t len = strlen(path);
    bool post = str_starts(path, "posts/");
    const char *at = post ? path + 6 : str_starts(path, "duties/") ? path + 7 : NULL;
    if (!at || len > 200 || !str_ends(path, ".yaml"))
        return false;
    const char *slash = strchr(at, '/'), *file = slash ? slash + 1 : at;
    if (post == (slash != NULL) || strchr(file, '/'))
        return false;
    ret->path = path;
    ret->folder = post ? NULL : arena_strndup(arena, at, (size_t)(slash - at));
    ret->stem = arena_strndup(arena, file, strlen(file) - 5);
    return name_ok(ret->stem) && (post || name_ok(ret->folder));
}

/* The key that says what a file is. */
static const char *kind_of(const struct val *tree)
{
    static const char *const kinds[] = {"register", "rules", "vocabularies", "duty", "calendars", "post"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint32_t m = 0; tree->kind == VAL_OBJECT && m < tree->count; m++)
            if (strcmp(tree->members[m].name, kinds[i]) == 0)
                return kinds[i];
    return NULL;
}

static void classify(struct loading *l, struct pack_tree *tree)
{
    const struct reader_of r = {l, tree->path};
    tree->kind = kind_of(tree->tree);
    bool post = tree->folder == NULL;
    if (!tree->kind) {
        FAULT(&r, tree->tree, T_("This file begins with none of: register, rules, vocabularies, duty, calendars, post."));
    } else if (post != (strcmp(tree->kind, "post") == 0)) {
        FAULT(&r, tree->tree, T_("Posts lie in posts/NAME.yaml, and everything else in duties/DUTY/."));
        tree->kind = NULL;
    }
    bool named = tree->kind && (strcmp(tree->kind, "register") == 0 || post);
    const char *name = named ? read_text(&r, tree->tree, tree->kind, true) : NULL;
    if (name && strcmp(name, tree->stem) != 0)
        FAULT(&r, val_get(tree->tree, tree->kind), T_("The file of “%1$s” must be named %1$s.yaml."), name);
    if (tree->kind && strcmp(tree->kind, "duty") == 0 && !str_eq(val_get_str(tree->tree, "duty"), tree->folder))
        FAULT(&r, tree->tree, T_("The duty in the folder %1$s must be named “%1$s”."), tree->folder);
}

/* ---- passes ------------------------------------------------------------------------------------------------- */

static bool is(const struct pack_tree *tree, const char *kind) { return tree->kind && strcmp(tree->kind, kind) == 0; }

static size_t count_of(const struct loading *l, const char *kind, size_t (*each)(const struct val *))
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_trees; i++)
        if (is(&l->trees[i], kind))
            n += each ? each(l->trees[i].tree) : 1;
    return n;
}

static size_t members_of(const struct val *tree) { return tree->count; }
static size_t rights_of(const struct val *tree) { return val_count(val_get(tree, "rights")); }
static size_t calendars_of(const struct val *tree) { return val_count(val_get(tree, "calendars")); }

static const struct { const char *kind; size_t (*each)(const struct val *); size_t most; } limits[] = {
    {"register", NULL, 300}, {"post", NULL, 300}, {"duty", NULL, 200}, {"rules", members_of, 5000},
    {"vocabularies", members_of, 1000}, {"duty", rights_of, 1000}, {"calendars", calendars_of, 50},
};

static bool within_limits(struct loading *l)
{
    bool good = true;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (count_of(l, limits[i].kind, limits[i].each) <= limits[i].most)
            continue;
        reason_add(l->reasons, "pack", NULL, T_("The pack holds more than %1$s definitions of the kind “%2$s”."),
                   arena_printf(l->reasons->arena, "%zu", limits[i].most), limits[i].kind);
        good = false;
    }
    return good;
}

static void allocate(struct loading *l)
{
    struct pack *pack = l->pack;
    struct arena *arena = l->arena;
    pack->vocabularies = l->vocabularies = ARENA_ARRAY(arena, struct vocabulary, count_of(l, "vocabularies", members_of) + 1);
    pack->rules = l->rules = ARENA_ARRAY(arena, struct rule, count_of(l, "rules", members_of) + 1);
    pack->rights = l->rights = ARENA_ARRAY(arena, struct right_def, count_of(l, "duty", rights_of) + 2);
    pack->duties = l->duties = ARENA_ARRAY(arena, struct duty_def, count_of(l, "duty", NULL) + 1);
    pack->registers = l->registers = ARENA_ARRAY(arena, struct register_def, count_of(l, "register", NULL) + 1);
    pack->posts = l->posts = ARENA_ARRAY(arena, struct post_def, count_of(l, "post", NULL) + 1);
    pack->calendars = l->calendars = ARENA_ARRAY(arena, struct calendar, count_of(l, "calendars", calendars_of) + 1);
    l->register_tree = ARENA_ARRAY(arena, const struct pack_tree *, count_of(l, "register", NULL) + 1);
    l->post_tree = ARENA_ARRAY(arena, const struct pack_tree *, count_of(l, "post", NULL) + 1);
    l->duty_tree = ARENA_ARRAY(arena, const struct pack_tree *, count_of(l, "duty", NULL) + 1);
}

/* Names first, so that everything may name everything. */
static void load_names(struct loading *l)
{
    struct pack *pack = l->pack;
    for (size_t i = 0; i < l->n_trees; i++) {
        const struct pack_tree *tree = &l->trees[i];
        const struct reader_of r = {l, tree->path};
        if (is(tree, "register")) {
            if (named_find(l->registers, pack->n_registers, sizeof *l->registers, tree->stem)) {
                FAULT(&r, tree->tree, T_("The register %1$s is there twice."), tree->stem);
                continue;
            }
            struct register_def *def = &l->registers[pack->n_registers];
            *def = (struct register_def){.name = tree->stem, .duty = tree->folder, .index = (unsigned)pack->n_registers,
                                         .where = place_in(l->arena, &r, tree->tree)};
            l->register_tree[pack->n_registers++] = tree;
        } else if (is(tree, "post")) {
            l->posts[pack->n_posts] = (struct post_def){.name = tree->stem};
            l->post_tree[pack->n_posts++] = tree;
        } else if (is(tree, "duty")) {
            if (named_find(l->duties, pack->n_duties, sizeof *l->duties, tree->folder)) {
                FAULT(&r, tree->tree, T_("The duty %1$s is there twice."), tree->folder);
                continue;
            }
            l->duties[pack->n_duties] = (struct duty_def){.name = tree->folder};
            l->duty_tree[pack->n_duties++] = tree;
        }
    }
}

static void load_words(struct loading *l)
{
    struct pack *pack = l->pack;
    for (size_t i = 0; i < l->n_trees; i++) {
        const struct pack_tree *tree = &l->trees[i];
        const struct reader_of r = {l, tree->path};
        if (is(tree, "vocabularies"))
            load_vocabularies(&r, tree->tree, tree->folder, &pack->n_vocabularies);
        else if (is(tree, "rules"))
            load_rules(&r, tree->tree, &pack->n_rules);
        else if (is(tree, "calendars"))
            load_calendars(&r, tree->tree, &pack->n_calendars);
    }
    for (size_t i = 0; i < pack->n_duties; i++)
        load_duty(&(struct reader_of){l, l->duty_tree[i]->path}, &l->duties[i], l->duty_tree[i]->tree, &pack->n_rights);
    if (!named_find(l->rights, pack->n_rights, sizeof *l->rights, "staff"))
        l->rights[pack->n_rights++] = (struct right_def){"staff", {{"Member of the staff", "Membre du personnel"}}, NULL};
    for (size_t i = 0; i < pack->n_registers; i++) {
        const struct reader_of r = {l, l->register_tree[i]->path};
        if (!named_find(l->duties, pack->n_duties, sizeof *l->duties, l->registers[i].duty))
            FAULT(&r, NULL, T_("The folder %1$s has no duty.yaml."), l->registers[i].duty);
    }
}

#define REGISTER_KEYS "register name one help number title label fixed-label file file-opens party seen-by sealed create edit regrade " \
                      "subject members author owner personal-data retention journal-reads fields lifecycle refusals clocks views"

static void load_keys(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    want_object(r, tree, NULL, "register", REGISTER_KEYS);
}

static void load_registers(struct loading *l)
{
    static void (*const passes[])(const struct reader_of *, struct register_def *, const struct val *) = {
        load_keys, load_fields, load_lifecycle, load_access, load_refusals, load_steps, load_clocks, load_views};
    for (size_t p = 0; p < sizeof passes / sizeof *passes; p++)
        for (size_t i = 0; i < l->pack->n_registers; i++)
            passes[p](&(struct reader_of){l, l->register_tree[i]->path}, &l->registers[i], l->register_tree[i]->tree);
}

static void load_people(struct loading *l)
{
    for (size_t i = 0; i < l->pack->n_duties; i++)
        load_duty_registers(&(struct reader_of){l, l->duty_tree[i]->path}, &l->duties[i], l->duty_tree[i]->tree);
    for (size_t i = 0; i < l->pack->n_posts; i++)
        load_post(&(struct reader_of){l, l->post_tree[i]->path}, &l->posts[i], l->post_tree[i]->tree);
}

/* ---- canonical form ----------------------------------------------------------------------------------------- */

static enum status make_source(struct loading *l)
{
    struct val *source = val_object(l->arena);
    struct buf text;
    buf_init(&text, (size_t)8 << 20);
    for (size_t i = 0; i < l->n_trees; i++) {
        buf_clear(&text);
        json_write(&text, l->trees[i].tree);
        if (text.failed) {
            buf_free(&text);
            return NO_MEMORY;
        }
        val_set(l->arena, source, l->trees[i].path, val_strn(l->arena, text.data ? text.data : "", text.len));
    }
    buf_clear(&text);
    enum status status = json_canonical(&text, source);
    if (status == OK && text.failed)
        status = TOO_LARGE;
    if (status == OK) {
        struct hash hash = sha256(text.data, text.len);
        hex_write(hash.bytes, HASH_BYTES, l->pack->hash);
        l->pack->source = source;
    }
    buf_free(&text);
    return status;
}

/* ---- faults in the order of files and lines ----------------------------------------------------------------- */

struct placed { struct reason *reason; size_t order; };

static int compare_places(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    const char *one = x->reason->where ? x->reason->where : "", *two = y->reason->where ? y->reason->where : "";
    size_t m = strcspn(one, ":"), n = strcspn(two, ":");
    int order = strncmp(one, two, m < n ? m : n);
    if (order == 0 && m != n)
        order = m < n ? -1 : 1;
    if (order == 0) {
        long line = strtol(one[m] ? one + m + 1 : "0", NULL, 10), other = strtol(two[n] ? two + n + 1 : "0", NULL, 10);
        order = line < other ? -1 : line > other;
    }
    return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

static void sort_faults(struct loading *l)
{
    size_t n = 0;
    for (struct reason *one = l->reasons->first; one; one = one->after)
        n++;
    if (n < 2 || l->faults_before)
        return;
    struct placed *list = ARENA_ARRAY(l->reasons->arena, struct placed, n);
    size_t i = 0;
    for (struct reason *one = l->reasons->first; one; one = one->after, i++)
        list[i] = (struct placed){one, i};
    qsort(list, n, sizeof *list, compare_places);
    for (i = 0; i < n; i++)
        list[i].reason->after = i + 1 < n ? list[i + 1].reason : NULL;
    l->reasons->first = list[0].reason;
    l->reasons->last = list[n - 1].reason;
}

/* ---- building ----------------------------------------------------------------------------------------------- */

enum status pack_build(struct loading *l)
{
    for (size_t i = 0; i < l->n_trees; i++)
        classify(l, &l->trees[i]);
    if (within_limits(l)) {
        allocate(l);
        load_names(l);
        load_words(l);
        load_registers(l);
        load_people(l);
        /* What is proved over several definitions is asked only of sound ones: else one fault would be told many times. */
        bool sound = l->reasons->count == l->faults_before;
        for (size_t i = 0; sound && i < l->pack->n_registers; i++)
            check_register(&(struct reader_of){l, l->register_tree[i]->path}, &l->registers[i], l->register_tree[i]->tree);
        if (sound)
            check_posts(l);
        check_core(l);
    }
    if (l->reasons->count != l->faults_before) {
        sort_faults(l);
        return BAD_INPUT;
    }
    collect_definitions(l);
    return make_source(l);
}

void pack_free(struct pack *pack)
{
    if (pack)
        arena_free(pack->arena);
}

/* ---- questions ---------------------------------------------------------------------------------------------- */

const struct register_def *pack_register(const struct pack *pack, const char *name)
{
    return NAMED_FIND(pack->registers, pack->n_registers, name);
}

const struct register_def *pack_register_by_prefix(const struct pack *pack, const char *prefix, size_t len)
{
    for (size_t i = 0; i < pack->n_registers; i++) {
        const char *own = pack->registers[i].prefix;
        if (strlen(own) == len && memcmp(own, prefix, len) == 0)
            return &pack->registers[i];
    }
    return NULL;
}

const struct field_def *register_field(const struct register_def *def, const char *name)
{
    return NAMED_FIND(def->fields, def->n_fields, name);
}

const struct step_def *register_step(const struct register_def *def, const char *name)
{
    return NAMED_FIND(def->steps, def->n_steps, name);
}

int register_state(const struct register_def *def, const char *name)
{
    const struct state_def *state = NAMED_FIND(def->states, def->n_states, name);
    return state ? (int)(state - def->states) : -1;
}

const struct post_def *pack_post(const struct pack *pack, const char *name) { return NAMED_FIND(pack->posts, pack->n_posts, name); }
const struct rule *pack_rule(const struct pack *pack, const char *name) { return NAMED_FIND(pack->rules, pack->n_rules, name); }
const struct vocabulary *pack_vocabulary(const struct pack *pack, const char *name) { return NAMED_FIND(pack->vocabularies, pack->n_vocabularies, name); }
const struct right_def *pack_right(const struct pack *pack, const char *name) { return NAMED_FIND(pack->rights, pack->n_rights, name); }
const struct calendar *pack_calendar(const struct pack *pack, const char *name) { return NAMED_FIND(pack->calendars, pack->n_calendars, name); }
const struct term *vocabulary_term(const struct vocabulary *of, const char *name) { return of ? NAMED_FIND(of->terms, of->n_terms, name) : NULL; }

bool pack_next_pair(const struct pack *pack, struct pack_pair *pair)
{
    for (; pair->at[0] < pack->n_registers; pair->at[0]++, pair->at[1] = 0, pair->at[2] = 0) {
        const struct register_def *def = &pack->registers[pair->at[0]];
        for (; pair->at[1] < def->n_states; pair->at[1]++, pair->at[2] = 0) {
            if (pair->at[2] >= def->n_steps)
                continue;
            pair->register_ = def;
            pair->state = (int)pair->at[1];
            pair->step = &def->steps[pair->at[2]++];
            pair->legal = pair->step->from >> pair->state & 1;
            return true;
        }
    }
    return false;
}
