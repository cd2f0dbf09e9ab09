/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An office's life: opened from its folder, its model folded from what the store holds, closed. What the folder holds:
 *   office.db segments/ attachments/   the store's
 *   office.json                        name, origin, ceilings and settings, as the founding deed gave them
 *   secret.key                         32 random bytes: ids, cursors and ETags are keyed by it
 *   policies/NAME.xml                  the security policies in force; their hashes stand in the deed
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "office/inside.h"

#define FILE_MOST ((size_t)8 << 20)

static enum status read_file(struct arena *arena, const char *path, struct reasons *reasons, char **ret, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    size_t at = 0;
    if (fd < 0 || fstat(fd, &about) != 0 || (size_t)about.st_size > FILE_MOST) {
        reason_add(reasons, "office.file", path, T_("The file cannot be read: %1$s."), strerror(errno));
        if (fd >= 0)
            close(fd);
        return FAILED_IO;
    }
    char *bytes = arena_alloc(arena, (size_t)about.st_size + 1);
    while (at < (size_t)about.st_size) {
        ssize_t n = read(fd, bytes + at, (size_t)about.st_size - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(fd);
    *ret = bytes;
    *ret_len = at;
    return OK;
}

static const char *in_folder(struct arena *arena, const char *folder, const char *name) { return arena_printf(arena, "%s/%s", folder, name); }

/* ---- policies ---- */

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
static int is_policy(const struct dirent *entry) { return str_ends(entry->d_name, ".xml"); }

static enum status load_policies(struct office *office, struct reasons *reasons)
{
    struct dirent **names;
    const char *folder = in_folder(office->arena, office->folder, "policies");
    int n = scandir(folder, &names, is_policy, by_name);
    enum status status = n < 0 ? FAILED_IO : OK;
    office->policies = policies_new();
    for (int i = 0; i < n; i++) {
        char *text;
        size_t len;
        struct policy *policy;
        if (status == OK)
            status = read_file(office->arena, in_folder(office->arena, folder, names[i]->d_name), reasons, &text, &len);
        if (status == OK)
            status = policy_load(names[i]->d_name, text, len, SPIF_LENIENT, reasons, &policy);
        if (status == OK && (status = policies_add(office->policies, policy, reasons)) != OK)
            policy_free(policy);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return status;
}

/* ---- the pack in force ---- */

static enum status load_pack(struct office *office, struct reasons *reasons)
{
    const void *text;
    size_t len;
    char *body;
    uint8_t salt[SALT_BYTES];
    struct val *source;
    enum status status = office_side_get(office, "office", 0, "pack", office->arena, &text, &len);
    if (status != OK) {
        reason_add(reasons, "office.pack", NULL, T_("The office has no pack in force."));
        return DAMAGED;
    }
    uint64_t position = strtoull(arena_strndup(office->arena, text, len), NULL, 10);
    status = store_body_at(office->store, position, office->arena, salt, (const char **)&body, &len);
    if (status == OK)
        status = json_read(office->arena, body, len, (struct json_limits){.bytes = 64 << 20}, reasons, &source);
    return status == OK ? pack_from_source(source, reasons, &office->pack) : status;
}

/* ---- interned fields ---- */

struct fields_known { struct office *office; struct known { const char *register_, *name; field_id id; struct known *next; } *buckets[4096]; field_id highest; struct known *fresh; };

static uint32_t hash_names(const char *a, const char *b)
{
    uint32_t hash = 2166136261u;
    for (; *a; a++)
        hash = (hash ^ (uint8_t)*a) * 16777619u;
    for (hash ^= 1; *b; b++)
        hash = (hash ^ (uint8_t)*b) * 16777619u;
    return hash % 4096;
}
static bool know(void *arg, field_id id, const char *register_, const char *name)
{
    struct fields_known *all = arg;
    struct arena *arena = all->office->arena;
    struct known *known = ARENA_NEW(arena, struct known), **bucket = &all->buckets[hash_names(register_, name)];
    *known = (struct known){arena_strdup(arena, register_), arena_strdup(arena, name), id, *bucket};
    *bucket = known;
    if (id > all->highest)
        all->highest = id;
    return true;
}

struct field_job { struct job job; struct fields_known *all; struct known *list[4096]; size_t n; bool failed; };
static bool put_fields(struct job *job, struct txn *txn)
{
    struct field_job *fields = (struct field_job *)job;
    for (size_t i = 0; i < fields->n; i++)
        if (txn_put_field(txn, fields->list[i]->id, fields->list[i]->register_, fields->list[i]->name) != OK)
            return false;
    return true;
}
static void fields_settled(struct job *job, bool committed) { ((struct field_job *)job)->failed = !committed; }

static field_id field_named(struct field_job *fresh, const char *register_, const char *name)
{
    struct fields_known *all = fresh->all;
    for (struct known *known = all->buckets[hash_names(register_, name)]; known; known = known->next)
        if (strcmp(known->register_, register_) == 0 && strcmp(known->name, name) == 0)
            return known->id;
    (void)know(all, all->highest + 1, register_, name);
    if (fresh->n < sizeof fresh->list / sizeof *fresh->list)
        fresh->list[fresh->n++] = all->buckets[hash_names(register_, name)];
    return all->highest;
}

static void add_index(struct office *office, struct field_job *fresh, const struct register_def *def, struct index_def index)
{
    struct index_plan *plan = &office->plans[def->index];
    index.id = field_named(fresh, def->name, index_name(&index, office->arena));
    plan->defs[plan->n++] = index;
}

static void plan_register(struct office *office, struct field_job *fresh, const struct register_def *def)
{
    struct index_plan *plan = &office->plans[def->index];
    plan->defs = ARENA_ARRAY(office->arena, struct index_def, 3 + def->n_fields * 4 + def->n_sorts);
    add_index(office, fresh, def, (struct index_def){.kind = INDEX_UPDATED});
    add_index(office, fresh, def, (struct index_def){.kind = INDEX_STATE});
    if (def->n_clocks)
        add_index(office, fresh, def, (struct index_def){.kind = INDEX_DUE});
    for (size_t i = 0; i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        if (field->type == FIELD_LINK || field->type == FIELD_LINKS)
            add_index(office, fresh, def, (struct index_def){.kind = INDEX_LINK, .field = field});
        else if (field->filter)
            add_index(office, fresh, def, (struct index_def){.kind = INDEX_FILTER, .field = field});
        if (field->sort)
            add_index(office, fresh, def, (struct index_def){.kind = INDEX_SORT, .field = field});
        if (field->unique)
            add_index(office, fresh, def, (struct index_def){.kind = INDEX_UNIQUE, .field = field});
    }
    for (size_t i = 0; i < def->n_sorts; i++)
        add_index(office, fresh, def, (struct index_def){.kind = INDEX_PAIR, .pair = &def->sorts[i]});
    plan->register_ = plan->defs[0].id;
}

static enum status plan_indexes(struct office *office)
{
    struct fields_known *all = ARENA_NEW(office->arena, struct fields_known);
    struct field_job *fresh = ARENA_NEW(office->arena, struct field_job);
    bool committed = true;
    all->office = office;
    *fresh = (struct field_job){.job = {.run = put_fields, .settled = fields_settled}, .all = all};
    enum status status = store_each_field(office->store, know, all);
    if (status != OK)
        return status;
    office->plans = ARENA_ARRAY(office->arena, struct index_plan, office->pack->n_registers);
    for (size_t r = 0; r < office->pack->n_registers; r++)
        plan_register(office, fresh, &office->pack->registers[r]);
    if (fresh->n)
        status = store_perform(office->store, &fresh->job, &committed);
    const struct register_def **defs = ARENA_ARRAY(office->arena, const struct register_def *, (size_t)all->highest + 1);
    for (size_t r = 0; r < office->pack->n_registers; r++)
        defs[office->plans[r].register_] = &office->pack->registers[r];
    const struct field_def **links = ARENA_ARRAY(office->arena, const struct field_def *, (size_t)all->highest + 1);
    for (size_t r = 0; r < office->pack->n_registers; r++)
        for (size_t i = 0; i < office->plans[r].n; i++)
            if (office->plans[r].defs[i].kind == INDEX_LINK)
                links[office->plans[r].defs[i].id] = office->plans[r].defs[i].field;
    office->link_fields = links;
    office->access.registers = defs;
    office->access.n_registers = all->highest + 1;
    return status == OK && !committed ? FAILED_IO : status;
}

/* ---- fixed labels ---- */

static enum status fix_labels(struct office *office, moment now, struct reasons *reasons)
{
    struct val *all = val_object(office->arena);
    for (size_t r = 0; r < office->pack->n_registers; r++) {
        const struct register_def *def = &office->pack->registers[r];
        if (def->label != LABEL_FIXED)
            continue;
        const struct val *wanted = val_get(def->fixed_label, "categories");
        const char **categories = ARENA_ARRAY(office->arena, const char *, val_count(wanted) + 1);
        for (size_t i = 0; i < val_count(wanted); i++)
            categories[i] = val_text(val_at(wanted, i));
        const char *text = label_by_names(office->policies, val_get_str(def->fixed_label, "policy"), val_get_str(def->fixed_label, "class"), categories, now, office->arena);
        if (!text) {
            reason_add(reasons, "office.fixed-label", def->where, T_("No policy of this office has the fixed label of the register %1$s."), def->name);
            return BAD_INPUT;
        }
        val_set_str(office->arena, all, def->name, text);
    }
    office->fixed_labels = all;
    return OK;
}

/* ---- folding the model ---- */

struct folding { struct office *office; struct model *model; struct arena *arena; struct idmap images; };

static bool fold_record(void *arg, const struct stored_record *stored)
{
    struct folding *fold = arg;
    struct image *image = ARENA_NEW(fold->arena, struct image);
    if (image_from_stored(fold->office->pack, stored, fold->arena, image) == OK)
        idmap_put(&fold->images, image->id, image);
    return true;
}
static bool fold_link(void *arg, const struct stored_link *link)
{
    struct folding *fold = arg;
    struct image *image = idmap_get(&fold->images, link->from);
    const struct index_plan *plan = image ? &fold->office->plans[image->def->index] : NULL;
    if (!image || link->cut)
        return true;
    for (size_t i = 0; i < plan->n; i++)
        if (plan->defs[i].kind == INDEX_LINK && plan->defs[i].id == link->field) {
            struct image_link *links = ARENA_ARRAY(fold->arena, struct image_link, image->n_links + 1);
            if (image->n_links)
                memcpy(links, image->links, image->n_links * sizeof *links);
            links[image->n_links++] = (struct image_link){link->id, plan->defs[i].field, link->to, link->made};
            image->links = links;
        }
    return true;
}

static enum status fold(struct office *office, struct model *model)
{
    struct folding fold = {office, model, arena_new((size_t)2 << 30), {0}};
    enum status status = OK;
    void *image;
    for (size_t r = 0; status == OK && r < office->pack->n_registers; r++)
        if (model_wants(&office->pack->registers[r]))
            status = store_each_record(office->store, office->pack->registers[r].name, fold_record, &fold);
    if (status == OK)
        status = store_each_link(office->store, fold_link, &fold);
    for (size_t walk = 0; status == OK && idmap_next(&fold.images, &walk, NULL, &image);)
        model_take(model, image);
    idmap_free(&fold.images);
    arena_free(fold.arena);
    return status;
}

/* ---- around a batch ---- */

static void forget_holders(struct office *office)
{
    void *holder;
    for (size_t walk = 0; idmap_next(&office->holders, &walk, NULL, &holder);)
        holder_free(holder);
    idmap_free(&office->holders);
}

static void batch_done(void *arg, bool committed)
{
    struct office *office = arg;
    bool damaged = office->staged_damaged || (!committed && office->n_batch);
    if (committed) {
        pthread_rwlock_wrlock(&office->lock);
        intern_publish(office->intern);
        for (size_t i = 0; i < office->n_takes; i++)
            if (office->takes[i].drop)
                model_drop(office->published, office->takes[i].image->def, office->takes[i].image->id);
            else
                model_take(office->published, office->takes[i].image);
        pthread_rwlock_unlock(&office->lock);
        if (office->heard && office->n_batch)
            office->heard(office->heard_arg, office->batch, office->n_batch);
    }
    office->staged_damaged = false;
    if (damaged) {
        /* A change or the whole batch is lost: the writer's model is built anew from what is stored. Where even that fails, the next batch
         * tries again; until then nobody has a post in that model, so nothing is written. */
        intern_rewind(office->intern, (struct intern_mark){intern_labels(office->intern), intern_guards(office->intern)});
        model_free(office->staged);
        office->staged = model_new(office->pack, office->pool);
        if (fold(office, office->staged) != OK) {
            log_error("the writer's model could not be built anew");
            office->staged_damaged = true;
        }
        forget_holders(office);
    }
    for (size_t d = 0; d < office->n_duties; d++)
        if (office->duties[d].state->settled)
            office->duties[d].state->settled(office->duties[d].state, committed);
    office->n_batch = office->n_takes = 0;
    arena_clear(office->batch_arena);
}

/* ---- opening and closing ---- */

static bool take_label(void *arg, label_id id, const char *text) { return intern_load_label(arg, id, text); }
static bool take_guard(void *arg, const struct stored_guard *guard) { return intern_load_guard(arg, guard); }

static enum status load_config(struct office *office, struct reasons *reasons)
{
    char *text;
    size_t len;
    struct val *config;
    enum status status = read_file(office->arena, in_folder(office->arena, office->folder, "office.json"), reasons, &text, &len);
    if (status == OK)
        status = json_read(office->arena, text, len, (struct json_limits){0}, reasons, &config);
    if (status != OK)
        return status;
    office->config = config;
    office->name = strdup(val_get_str(config, "name") ? val_get_str(config, "name") : "");
    office->origin = strdup(val_get_str(config, "origin") ? val_get_str(config, "origin") : "castellan");
    status = read_file(office->arena, in_folder(office->arena, office->folder, "secret.key"), reasons, &text, &len);
    if (status == OK && len != sizeof office->secret)
        status = DAMAGED;
    if (status == OK)
        memcpy(office->secret, text, sizeof office->secret);
    return status;
}

static enum status load_interned(struct office *office)
{
    office->intern = intern_new(office->policies);
    enum status status = store_each_label(office->store, take_label, office->intern);
    if (status == OK)
        status = store_each_guard(office->store, take_guard, office->intern);
    intern_publish(office->intern);
    return status;
}

static enum status open_duties(struct office *office, const struct duty *const *duties)
{
    enum status status = OK;
    size_t n = 0;
    while (duties && duties[n])
        n++;
    office->duties = calloc(n + 1, sizeof *office->duties);
    for (size_t d = 0; status == OK && d < n; d++) {
        struct duty *state = malloc(sizeof *state);
        if (!state)
            return NO_MEMORY;
        *state = *duties[d];
        office->duties[office->n_duties++] = (struct duty_slot){duties[d], state};
        if (state->open)
            status = state->open(state, office);
    }
    return status;
}

enum status office_open(const struct office_options *options, struct reasons *reasons, struct office **ret)
{
    struct office *office = calloc(1, sizeof *office);
    if (!office)
        return NO_MEMORY;
    office->arena = arena_new((size_t)1 << 30);
    office->batch_arena = arena_new((size_t)1 << 30);
    office->folder = strdup(options->folder);
    pthread_rwlock_init(&office->lock, NULL);
    pthread_mutex_init(&office->readers_lock, NULL);
    pthread_mutex_init(&office->views.lock, NULL);
    pthread_mutex_init(&office->shelf.lock, NULL);
    pthread_mutex_init(&office->checkpoint_lock, NULL);
    enum status status = load_config(office, reasons);
    if (status == OK)
        status = load_policies(office, reasons);
    if (status == OK)
        status = store_open(office->folder, reasons, &office->store);
    if (status == OK)
        status = options->candidate ? pack_from_source(options->candidate->source, reasons, &office->pack) : load_pack(office, reasons);
    if (status == OK)
        status = load_interned(office);
    if (status == OK)
        status = plan_indexes(office);
    if (status == OK)
        status = fix_labels(office, options->now, reasons);
    if (status == OK) {
        office->nationalities = nationalities_new(office->policies, options->now);
        office->access.pack = office->pack;
        office->access.policies = office->policies;
        office->access.nationalities = office->nationalities;
        office->access.intern = office->intern;
        office->pool = clearance_pool_new();
        office->published = model_new(office->pack, office->pool);
        office->staged = model_new(office->pack, office->pool);
        status = fold(office, office->published);
    }
    if (status == OK)
        status = fold(office, office->staged);
    if (status == OK)
        status = open_duties(office, options->duties);
    if (status == OK && !options->without_engines && !engines_complete(office, reasons))
        status = BAD_INPUT;
    if (status != OK) {
        if (!reasons->count)
            reason_add(reasons, "office.open", options->folder, T_("The office cannot be opened: %1$s."), status_name(status));
        office_close(office);
        return status;
    }
    checkpoints_load(office);
    store_on_batch(office->store, NULL, batch_done, office);
    *ret = office;
    return OK;
}

void office_close(struct office *office)
{
    if (!office)
        return;
    if (office->shelf.thing)
        office->shelf.drop(office->shelf.thing);
    for (size_t i = 0; i < office->views.n; i++)
        view_close(office->views.views[i]);
    if (office->store)
        store_close(office->store);
    for (size_t d = 0; d < office->n_duties; d++) {
        if (office->duties[d].state->close)
            office->duties[d].state->close(office->duties[d].state);
        free(office->duties[d].state);
    }
    free(office->duties);
    for (size_t i = 0; i < sizeof office->readers / sizeof *office->readers; i++)
        reader_free(office->readers[i]);
    forget_holders(office);
    channels_free(office);
    model_free(office->published);
    model_free(office->staged);
    clearance_pool_free(office->pool);
    intern_free(office->intern);
    nationalities_free(office->nationalities);
    policies_free(office->policies);
    pack_free(office->pack);
    free(office->batch);
    free(office->takes);
    free(office->folder);
    free(office->name);
    free(office->origin);
    free(office->checkpoints);
    wipe(office->secret, sizeof office->secret);
    pthread_rwlock_destroy(&office->lock);
    pthread_mutex_destroy(&office->readers_lock);
    pthread_mutex_destroy(&office->views.lock);
    pthread_mutex_destroy(&office->shelf.lock);
    pthread_mutex_destroy(&office->checkpoint_lock);
    arena_free(office->batch_arena);
    arena_free(office->arena);
    free(office);
}

/* ---- what it is ---- */

const struct pack *office_pack(const struct office *office) { return office->pack; }
const struct policies *office_policies(const struct office *office) { return office->policies; }
const char *office_name(const struct office *office) { return office->name; }
const char *office_origin(const struct office *office) { return office->origin; }
const char *office_folder(const struct office *office) { return office->folder; }
const struct val *office_config(const struct office *office) { return office->config; }
struct store *office_store(struct office *office) { return office->store; }
void *office_shelf(struct office *office, void *(*make)(struct office *), void (*drop)(void *))
{
    void *thing = atomic_load_explicit(&office->shelf.thing, memory_order_acquire);
    if (thing)
        return thing;
    pthread_mutex_lock(&office->shelf.lock);
    thing = atomic_load(&office->shelf.thing);
    if (!thing) {
        thing = make(office);
        office->shelf.drop = drop;
        atomic_store_explicit(&office->shelf.thing, thing, memory_order_release);
    }
    pthread_mutex_unlock(&office->shelf.lock);
    return thing;
}
void office_key(const struct office *office, const char *purpose, uint8_t key[32])
{
    struct hash hash = hmac_sha256(office->secret, sizeof office->secret, purpose, strlen(purpose));
    memcpy(key, hash.bytes, 32);
}
void office_on_change(struct office *office, void (*heard)(void *, const struct touched *, size_t), void *arg)
{
    office->heard_arg = arg;
    office->heard = heard;
}
