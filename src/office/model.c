/* SPDX-License-Identifier: GPL-3.0-or-later
 * See model.h. Each core register has a taker and a dropper in one table; everything else only ties persons to files.
 */
#include "office/model.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}
static char *copy(const char *text) { return text ? must(strdup(text)) : NULL; }

void vec_add(struct vec *vec, void *item)
{
    if (vec->count == vec->cap) {
        vec->cap = vec->cap ? vec->cap * 2 : 4;
        vec->items = must(realloc(vec->items, vec->cap * sizeof *vec->items));
    }
    vec->items[vec->count++] = item;
}

void vec_remove(struct vec *vec, const void *item)
{
    for (size_t i = 0; i < vec->count; i++) {
        if (vec->items[i] == item) {
            memmove(vec->items + i, vec->items + i + 1, (vec->count - i - 1) * sizeof *vec->items);
            vec->count--;
            return;
        }
    }
}

/* ---- clearances, parsed once ---- */

struct clearance_pool {
    pthread_mutex_t lock;
    struct arena *arena;
    struct pooled { const char *text; const struct clearance *clearance; struct pooled *next; } *buckets[1024];
};

struct clearance_pool *clearance_pool_new(void)
{
    struct clearance_pool *pool = must(calloc(1, sizeof *pool));
    pthread_mutex_init(&pool->lock, NULL);
    pool->arena = must(arena_new(0));
    return pool;
}

void clearance_pool_free(struct clearance_pool *pool)
{
    if (!pool)
        return;
    arena_free(pool->arena);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

const struct clearance *clearance_pool_get(struct clearance_pool *pool, const char *text, const char **ret_text)
{
    if (!text)
        return NULL;
    uint32_t hash = 2166136261u;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    pthread_mutex_lock(&pool->lock);
    struct pooled **bucket = &pool->buckets[hash % 1024], *found = *bucket;
    while (found && strcmp(found->text, text) != 0)
        found = found->next;
    if (!found) {
        struct reasons ignored;
        struct clearance *clearance;
        reasons_init(&ignored, pool->arena);
        if (clearance_read(text, strlen(text), pool->arena, &ignored, &clearance) == OK) {
            found = ARENA_NEW(pool->arena, struct pooled);
            *found = (struct pooled){arena_strdup(pool->arena, text), clearance, *bucket};
            *bucket = found;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    if (found && ret_text)
        *ret_text = found->text;
    return found ? found->clearance : NULL;
}

/* ---- small readers of images ---- */

static const struct field_def *field(const struct image *image, const char *name)
{
    return register_field(image->def, name);
}
static record_id link_of(const struct image *image, const char *name)
{
    const struct field_def *def = field(image, name);
    return def ? image_link_to(image, def) : 0;
}
static moment moment_of(const struct image *image, const char *name, moment otherwise)
{
    const struct field_def *def = field(image, name);
    moment at = def ? image_moment(image, def) : MOMENT_NONE;
    return at == MOMENT_NONE ? otherwise : at;
}
/* The end of a validity: a date counts until its day is over. */
static moment until_of(const struct image *image)
{
    const struct field_def *def = field(image, "until");
    moment at = def ? image_moment(image, def) : MOMENT_NONE;
    if (at == MOMENT_NONE)
        return MOMENT_EVER;
    return def->type == FIELD_DATE ? at + DAY : at;
}
static bool in_state(const struct image *image, const char *name)
{
    return strcmp(image->def->states[image->state].name, name) == 0;
}

struct m_person *model_person(const struct model *model, record_id id) { return idmap_get(&model->persons, id); }

/* A person may be named (by a clearance, say) before their own image is taken. */
static struct m_person *person_slot(struct model *model, record_id id)
{
    struct m_person *person = idmap_get(&model->persons, id);
    if (!person && id) {
        person = must(calloc(1, sizeof *person));
        person->id = id;
        idmap_put(&model->persons, id, person);
    }
    return person;
}

/* ---- takers ---- */

static void take_person(struct model *model, const struct image *image)
{
    struct m_person *person = person_slot(model, image->id);
    free(person->name);
    free(person->given);
    free(person->email);
    person->name = copy(image_text(image, "name"));
    person->given = copy(image_text(image, "given-name"));
    person->email = copy(image_text(image, "email"));
    const char *nationality = image_text(image, "nationality");
    memset(person->nationality, 0, sizeof person->nationality);
    if (nationality)
        memcpy(person->nationality, nationality, strnlen(nationality, 3));
    person->active = in_state(image, "active");
    person->contractor = val_get_bool(image->fields, "contractor", false);
    person->unit = link_of(image, "unit");
    person->superior = link_of(image, "superior");
}
static void drop_person(struct model *model, record_id id)
{
    struct m_person *person = idmap_get(&model->persons, id);
    if (person)
        person->active = false;               /* others may still point here; freed with the model */
}

static void drop_account(struct model *model, record_id id)
{
    struct m_account *account = idmap_take(&model->accounts, id);
    if (account) {
        free(account->login);
        free(account);
    }
}
static void take_account(struct model *model, const struct image *image)
{
    drop_account(model, image->id);
    struct m_account *account = must(calloc(1, sizeof *account));
    *account = (struct m_account){.id = image->id, .person = link_of(image, "person"),
                                  .login = copy(image_text(image, "login")), .active = in_state(image, "active")};
    idmap_put(&model->accounts, image->id, account);
}

/* Records that belong to a person: kept in a map of their own and in the person's list. */
#define OF_PERSON(NAME, TYPE, MAP, LIST, FREE)                                                \
    static void drop_##NAME(struct model *model, record_id id)                                \
    {                                                                                         \
        struct TYPE *item = idmap_take(&model->MAP, id);                                      \
        if (!item)                                                                            \
            return;                                                                           \
        struct m_person *person = model_person(model, item->person);                          \
        if (person)                                                                           \
            vec_remove(&person->LIST, item);                                                  \
        free(item);                                                                           \
    }                                                                                         \
    static void add_##NAME(struct model *model, record_id id, struct TYPE given)              \
    {                                                                                         \
        drop_##NAME(model, id);                                                               \
        struct TYPE *item = must(malloc(sizeof *item));                                       \
        *item = given;                                                                        \
        idmap_put(&model->MAP, id, item);                                                     \
        if (item->person)                                                                     \
            vec_add(&person_slot(model, item->person)->LIST, item);                           \
    }
OF_PERSON(appointment, m_appointment, appointments, appointments, free)
OF_PERSON(clearance, m_clearance, clearances, clearances, free)
OF_PERSON(briefing, m_briefing, briefings, briefings, free)
OF_PERSON(membership, m_membership, memberships, memberships, free)

static void take_appointment(struct model *model, const struct image *image)
{
    const char *post = image_text(image, "post");
    add_appointment(model, image->id, (struct m_appointment){
        .id = image->id, .person = link_of(image, "person"), .post = post ? pack_post(model->pack, post) : NULL,
        .from = moment_of(image, "from", MOMENT_NONE), .until = until_of(image), .in_force = in_state(image, "in-force"),
        .deputy_for = link_of(image, "deputy-for")});
}
static void take_clearance(struct model *model, const struct image *image)
{
    struct m_clearance item = {.id = image->id, .person = link_of(image, "person"),
                               .from = moment_of(image, "from", MOMENT_NONE), .until = until_of(image),
                               .granted = in_state(image, "granted")};
    item.clearance = clearance_pool_get(model->pool, image_text(image, "clearance"), &item.text);
    add_clearance(model, image->id, item);
}
static void take_briefing(struct model *model, const struct image *image)
{
    struct m_briefing item = {.id = image->id, .person = link_of(image, "person"),
                              .from = moment_of(image, "from", MOMENT_NONE), .until = until_of(image),
                              .in_force = in_state(image, "in-force")};
    const char *policy = image_text(image, "policy"), *class_lacv = image_text(image, "class");
    if (policy && strlen(policy) < sizeof item.policy)
        memcpy(item.policy, policy, strlen(policy));
    if (class_lacv && strlen(class_lacv) < sizeof item.class_lacv)
        memcpy(item.class_lacv, class_lacv, strlen(class_lacv));
    add_briefing(model, image->id, item);
}
static void take_membership(struct model *model, const struct image *image)
{
    add_membership(model, image->id, (struct m_membership){
        .id = image->id, .file = link_of(image, "file"), .person = link_of(image, "person"),
        .from = moment_of(image, "from", MOMENT_NONE), .until = until_of(image), .in_force = in_state(image, "in-force"),
        .emergency = val_get_bool(image->fields, "emergency", false) || strcmp(image->def->name, "emergency-access") == 0});
}

static void drop_file(struct model *model, record_id id)
{
    struct m_file *file = idmap_take(&model->files, id);
    if (file) {
        free(file->title);
        free(file->open_to);
        free(file);
    }
}
static void take_file(struct model *model, const struct image *image)
{
    drop_file(model, image->id);
    struct m_file *file = must(calloc(1, sizeof *file));
    const struct val *open_to = val_get(image->fields, "open-to");
    file->id = image->id;
    file->guard = image->guard;
    memcpy(file->number, image->number, strnlen(image->number, sizeof file->number - 1));
    file->owner = link_of(image, "owner");
    file->title = copy(image_text(image, "title"));
    file->open_to = must(calloc(val_count(open_to) + 1, sizeof *file->open_to));
    for (size_t i = 0; i < val_count(open_to); i++) {
        const struct right_def *right = pack_right(model->pack, val_text(val_at(open_to, i)));
        if (right)
            file->open_to[file->n_open_to++] = right->name;
    }
    const char *state = image->def->states[image->state].name;
    memcpy(file->state, state, strnlen(state, sizeof file->state - 1));
    idmap_put(&model->files, image->id, file);
}

static const struct core {
    const char *register_;
    void (*take)(struct model *, const struct image *);
    void (*drop)(struct model *, record_id);
} cores[] = {
    {"person", take_person, drop_person},           {"account", take_account, drop_account},
    {"appointment", take_appointment, drop_appointment}, {"clearance", take_clearance, drop_clearance},
    {"briefing", take_briefing, drop_briefing},     {"file", take_file, drop_file},
    {"membership", take_membership, drop_membership},
    {"emergency-access", take_membership, drop_membership},      /* the same fields: a membership for hours */
};
static const struct core *core_of(const struct register_def *def)
{
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (strcmp(cores[i].register_, def->name) == 0)
            return &cores[i];
    return NULL;
}

/* ---- ties of persons to files ---- */

static void drop_ties(struct model *model, record_id record)
{
    struct vec *ties = idmap_take(&model->ties_of_record, record);
    if (!ties)
        return;
    for (size_t i = 0; i < ties->count; i++) {
        struct m_tie *tie = ties->items[i];
        struct vec *of_file = idmap_get(&model->ties_of_file, tie->file);
        if (of_file)
            vec_remove(of_file, tie);
        free(tie);
    }
    free(ties->items);
    free(ties);
}

static void add_tie(struct model *model, const struct image *image, record_id person, bool excludes)
{
    struct m_tie *tie = must(malloc(sizeof *tie));
    *tie = (struct m_tie){image->id, image->file, person, excludes};
    struct vec *of_record = idmap_get(&model->ties_of_record, image->id);
    struct vec *of_file = idmap_get(&model->ties_of_file, image->file);
    if (!of_record)
        idmap_put(&model->ties_of_record, image->id, of_record = must(calloc(1, sizeof *of_record)));
    if (!of_file)
        idmap_put(&model->ties_of_file, image->file, of_file = must(calloc(1, sizeof *of_file)));
    vec_add(of_record, tie);
    vec_add(of_file, tie);
}

static void take_ties(struct model *model, const struct image *image)
{
    drop_ties(model, image->id);
    if (!image->file)
        return;
    for (size_t i = 0; i < image->n_links; i++) {
        const struct image_link *link = &image->links[i];
        if (link->field == image->def->subject)
            add_tie(model, image, link->to, true);
        for (size_t m = 0; m < image->def->n_members; m++)
            if (link->field == image->def->members[m])
                add_tie(model, image, link->to, false);
    }
}

static bool ties_persons(const struct register_def *def) { return def->subject || def->n_members; }

bool model_wants(const struct register_def *def) { return core_of(def) || ties_persons(def); }

void model_take(struct model *model, const struct image *image)
{
    const struct core *core = core_of(image->def);
    if (core)
        core->take(model, image);
    if (ties_persons(image->def))
        take_ties(model, image);
    if (core || ties_persons(image->def))
        model->generation++;
}

void model_drop(struct model *model, const struct register_def *def, record_id id)
{
    const struct core *core = core_of(def);
    if (core)
        core->drop(model, id);
    drop_ties(model, id);
    model->generation++;
}

struct model *model_new(const struct pack *pack, struct clearance_pool *pool)
{
    struct model *model = must(calloc(1, sizeof *model));
    model->pack = pack;
    model->pool = pool;
    model->generation = 1;
    return model;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    void (*const drops[])(struct model *, record_id) = {drop_account, drop_appointment, drop_clearance, drop_briefing,
                                                        drop_file, drop_membership};
    struct idmap *const maps[] = {&model->accounts, &model->appointments, &model->clearances, &model->briefings,
                                  &model->files, &model->memberships};
    for (size_t m = 0; m < sizeof maps / sizeof *maps; m++) {
        for (size_t at = 0; at < maps[m]->cap; at++)
            while (maps[m]->keys[at])         /* removal may shift another entry here */
                drops[m](model, maps[m]->keys[at]);
        idmap_free(maps[m]);
    }
    for (size_t at = 0; at < model->ties_of_record.cap; at++)
        while (model->ties_of_record.keys[at])
            drop_ties(model, model->ties_of_record.keys[at]);
    idmap_free(&model->ties_of_record);
    void *value;
    for (size_t walk = 0; idmap_next(&model->ties_of_file, &walk, NULL, &value);) {
        free(((struct vec *)value)->items);
        free(value);
    }
    idmap_free(&model->ties_of_file);
    for (size_t walk = 0; idmap_next(&model->persons, &walk, NULL, &value);) {
        struct m_person *person = value;
        free(person->name);
        free(person->given);
        free(person->email);
        free(person->clearances.items);
        free(person->briefings.items);
        free(person->appointments.items);
        free(person->memberships.items);
        free(person);
    }
    idmap_free(&model->persons);
    free(model);
}

/* ---- questions ---- */

record_id model_account(const struct model *model, const char *login)
{
    void *value;
    for (size_t walk = 0; idmap_next(&model->accounts, &walk, NULL, &value);) {
        const struct m_account *account = value;
        if (account->login && strcasecmp(account->login, login) == 0)
            return account->id;
    }
    return 0;
}

bool model_in_force(moment from, moment until, moment at)
{
    return (from == MOMENT_NONE || from <= at) && at < until;
}

bool model_appointed(const struct model *model, const struct m_appointment *appointment, moment at)
{
    const struct m_person *person = model_person(model, appointment->person);
    return person && person->active && appointment->post && appointment->in_force &&
           model_in_force(appointment->from, appointment->until, at);
}

bool model_superior(const struct model *model, record_id above, record_id id)
{
    const struct m_person *person = model_person(model, id);
    for (int height = 0; person && person->superior && height < 32; height++) {
        if (person->superior == above)
            return true;
        person = model_person(model, person->superior);
    }
    return false;
}

static bool tied(const struct model *model, record_id file, record_id person, bool excludes)
{
    const struct vec *ties = idmap_get(&model->ties_of_file, file);
    for (size_t i = 0; ties && i < ties->count; i++) {
        const struct m_tie *tie = ties->items[i];
        if (tie->person == person && tie->excludes == excludes)
            return true;
    }
    return false;
}

bool model_excluded(const struct model *model, record_id file, record_id person)
{
    return file && tied(model, file, person, true);
}

bool model_member(const struct model *model, record_id file, record_id id, moment at)
{
    const struct m_person *person = model_person(model, id);
    for (size_t i = 0; person && i < person->memberships.count; i++) {
        const struct m_membership *membership = person->memberships.items[i];
        if (membership->file == file && membership->in_force &&
            model_in_force(membership->from, membership->until, at))
            return true;
    }
    return tied(model, file, id, false);
}
