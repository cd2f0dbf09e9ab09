/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See ruleset.h. Texts are read from what the examination kept beside the delivery and held against the delivery's own list once more: what
 * compiles is what two persons adopted.
 */
#include "watch/ruleset/ruleset.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/own.h"
#include "watch/bundle/bundle.h"
#include "watch/ruleset/lists.h"

enum { NAMES_MOST = 256 };

struct gathering {
    struct office *office;
    struct arena *arena;
    struct reasons *reasons;
    record_id file;
    const char *file_number;
    moment now;
    struct rules_in_force *ret;
    struct buf seen;                           /* what the hash is over */
};

/* What lies in a file is for sources of that file alone. */
static bool for_these(const struct gathering *all, const struct image *image) { return !image->file || image->file == all->file; }
static const char *label_of(const struct gathering *all, const struct image *image) { return arena_strdup(all->arena, office_own_label_text(all->office, image->label)); }
static const char *file_of(const struct gathering *all, const struct image *image) { return image->file ? all->file_number : NULL; }
static const char *text_or_empty(const struct image *image, const char *field) { return image_text(image, field) ? image_text(image, field) : ""; }

static void see(struct gathering *all, const char *kind, const char *name, const void *bytes, size_t len)
{
    struct hash hash = sha256(bytes, len);
    char hex[2 * HASH_BYTES + 1];
    hex_write(hash.bytes, HASH_BYTES, hex);
    buf_addf(&all->seen, "%s %s %s\n", kind, name, hex);
}

/* ---- sets ---- */

static enum status read_set(struct gathering *all, const struct image *image, struct rules_set *ret)
{
    struct arena *arena = all->arena;
    const void *delivery, *plain;
    size_t delivery_len, plain_len;
    struct bundle_head head;
    struct bundle bundle;
    enum status status = office_own_attachment(all->office, image, "delivery", 0, arena, &delivery, &delivery_len);
    if (status == OK)
        status = bundle_head(delivery, delivery_len, all->reasons, &head);
    if (status == OK)
        status = office_own_attachment(all->office, image, "content", 0, arena, &plain, &plain_len);
    if (status == OK)
        status = bundle_read(plain, plain_len, &head, arena, all->reasons, &bundle);
    if (status != OK)
        return status;
    struct sigma_text *texts = ARENA_ARRAY(arena, struct sigma_text, bundle.n + 1);
    for (size_t i = 0; i < bundle.n; i++)
        texts[i] = (struct sigma_text){arena_printf(arena, "%s/%s", image->number, bundle.files[i].path), bundle.files[i].text, bundle.files[i].len};
    *ret = (struct rules_set){.number = image->number, .name = text_or_empty(image, "name"), .publisher = text_or_empty(image, "publisher"), .label = label_of(all, image),
                              .file = file_of(all, image), .texts = texts, .n = bundle.n};
    see(all, "set", image->number, bundle.list, strlen(bundle.list));
    return OK;
}

static enum status gather_sets(struct gathering *all)
{
    const struct image *const *images;
    size_t n;
    enum status status = office_own_records(all->office, "rule-set", "in-force", false, all->arena, &images, &n);
    struct rules_set *sets = ARENA_ARRAY(all->arena, struct rules_set, (status == OK ? n : 0) + 1);
    for (size_t i = 0; status == OK && i < n; i++) {
        if (!for_these(all, images[i]))
            continue;
        if (read_set(all, images[i], &sets[all->ret->n_sets]) == OK)
            all->ret->n_sets++;
        else
            reason_add(all->reasons, "rules.set", images[i]->number, T_("The rules of this set cannot be read; it is left out."));
    }
    all->ret->sets = sets;
    return status;
}

/* ---- filters ---- */

static enum status gather_filters(struct gathering *all)
{
    const struct image *const *images;
    size_t n;
    enum status status = office_own_records(all->office, "detection-filter", "in-force", false, all->arena, &images, &n);
    struct rules_filter *filters = ARENA_ARRAY(all->arena, struct rules_filter, (status == OK ? n : 0) + 1);
    for (size_t i = 0; status == OK && i < n; i++) {
        const char *text = text_or_empty(images[i], "definition");
        moment ends = image_moment(images[i], register_field(images[i]->def, "ends-on"));
        if (!for_these(all, images[i]) || (ends != MOMENT_NONE && ends + DAY <= all->now))
            continue;
        filters[all->ret->n_filters++] = (struct rules_filter){images[i]->number, label_of(all, images[i]), file_of(all, images[i]), {images[i]->number, text, strlen(text)}, ends};
        see(all, "filter", images[i]->number, text, strlen(text));
    }
    all->ret->filters = filters;
    return status;
}

/* ---- bindings ---- */

struct named { const char *name; const char **values; size_t n, cap; const char **labels; size_t n_labels, cap_labels; };
struct names { struct gathering *all; struct named items[NAMES_MOST]; size_t n; };

static void push(struct arena *arena, const char ***list, size_t *n, size_t *cap, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*list)[i], text) == 0)
            return;
    if (*n == *cap) {
        const char **more = ARENA_ARRAY(arena, const char *, *cap = *cap * 2 + 16);
        if (*n)
            memcpy(more, *list, *n * sizeof *more);
        *list = more;
    }
    (*list)[(*n)++] = text;
}

static void bind(struct names *names, const char *name, const char *text, bool commas, const struct image *from)
{
    struct arena *arena = names->all->arena;
    const char **values;
    size_t n = list_values(arena, text, commas, &values), at = 0;
    while (at < names->n && strcmp(names->items[at].name, name) != 0)
        at++;
    if (!n || at == NAMES_MOST)
        return;
    if (at == names->n)
        names->items[names->n++] = (struct named){.name = name};
    struct named *named = &names->items[at];
    for (size_t i = 0; i < n && named->n < LIST_VALUES_MOST; i++)
        push(arena, &named->values, &named->n, &named->cap, values[i]);
    push(arena, &named->labels, &named->n_labels, &named->cap_labels, label_of(names->all, from));
}

static bool has_term(const struct image *image, const char *field, const char *term)
{
    const struct val *list = val_get(image->fields, field);
    for (size_t i = 0; i < val_count(list); i++)
        if (str_eq(val_text(val_at(list, i)), term))
            return true;
    return str_eq(image_text(image, field), term);
}

/* The names that the specification gives, from the registers. */
static const struct { const char *name, *register_, *state, *field, *term, *values; } standard[] = {
    {"Servers", "asset", "in-use", "kind", "server", "host"},
    {"Workstations", "asset", "in-use", "kind", "workstation", "host"},
    {"DomainControllers", "asset", "in-use", "functions", "domain-controller", "host"},
    {"JumpServers", "asset", "in-use", "functions", "jump-server", "host"},
    {"Administrators", "system", "operating", NULL, NULL, "admin-accounts"},
};

static enum status gather_registers(struct names *names)
{
    const struct image *const *images;
    size_t n;
    enum status status = OK;
    for (size_t s = 0; status == OK && s < sizeof standard / sizeof *standard; s++) {
        status = office_own_records(names->all->office, standard[s].register_, standard[s].state, false, names->all->arena, &images, &n);
        if (status == ABSENT) {                /* a pack without that register */
            status = OK;
            continue;
        }
        for (size_t i = 0; status == OK && i < n; i++)
            if (for_these(names->all, images[i]) && (!standard[s].field || has_term(images[i], standard[s].field, standard[s].term)))
                bind(names, standard[s].name, image_text(images[i], standard[s].values), true, images[i]);
    }
    return status;
}

static enum status gather_lists(struct names *names, struct sigma_text *maps, size_t most, size_t *ret_maps, const char **labels)
{
    struct gathering *all = names->all;
    const struct image *const *images;
    size_t n;
    enum status status = office_own_records(all->office, "detection-binding", "in-force", false, all->arena, &images, &n);
    for (size_t i = 0; status == OK && i < n; i++) {
        const char *text = text_or_empty(images[i], "values");
        if (!for_these(all, images[i]))
            continue;
        if (!str_eq(image_text(images[i], "kind"), "log-sources")) {
            bind(names, text_or_empty(images[i], "name"), text, false, images[i]);
        } else if (*ret_maps < most) {
            labels[*ret_maps] = label_of(all, images[i]);
            maps[(*ret_maps)++] = (struct sigma_text){images[i]->number, text, strlen(text)};
        }
    }
    return status;
}

static void put_bindings(struct names *names)
{
    struct gathering *all = names->all;
    struct sigma_binding *bindings = ARENA_ARRAY(all->arena, struct sigma_binding, names->n + 1);
    struct rules_origin *origins = ARENA_ARRAY(all->arena, struct rules_origin, names->n + 1);
    for (size_t i = 0; i < names->n; i++) {
        const struct named *named = &names->items[i];
        bindings[i] = (struct sigma_binding){named->name, named->values, named->n};
        origins[i] = (struct rules_origin){named->labels, named->n_labels};
        for (size_t v = 0; v < named->n; v++)
            see(all, "value", named->name, named->values[v], strlen(named->values[v]));
        for (size_t l = 0; l < named->n_labels; l++)
            see(all, "label", named->name, named->labels[l], strlen(named->labels[l]));
    }
    all->ret->bindings = bindings;
    all->ret->n_bindings = names->n;
    all->ret->origins = origins;
}

static enum status gather_names(struct gathering *all)
{
    struct names *names = ARENA_NEW(all->arena, struct names);
    struct sigma_text maps[NAMES_MOST];
    const char **labels = ARENA_ARRAY(all->arena, const char *, NAMES_MOST);
    size_t n_maps = 0;
    names->all = all;
    enum status status = gather_registers(names);
    if (status == OK)
        status = gather_lists(names, maps, NAMES_MOST, &n_maps, labels);
    if (status != OK)
        return status;
    put_bindings(names);
    if (list_map(all->arena, maps, n_maps, all->reasons, &all->ret->sources) != OK) {
        reason_add(all->reasons, "rules.map", NULL, T_("The additions to the log-source map cannot be read; the product's own stands."));
        n_maps = 0;
        status = list_map(all->arena, NULL, 0, all->reasons, &all->ret->sources);
    }
    all->ret->source_labels = labels;
    all->ret->n_source_labels = n_maps;
    see(all, "map", "-", all->ret->sources.text, all->ret->sources.len);
    return status;
}

/* ---- all of it ---- */

enum status rules_in_force(struct office *office, const char *file, moment now, struct arena *arena, struct reasons *reasons, struct rules_in_force *ret)
{
    struct rules_in_force made = {0};
    struct gathering all = {.office = office, .arena = arena, .reasons = reasons, .file = file && *file ? number_id(file) : 0,
                            .file_number = file && *file ? arena_strdup(arena, file) : NULL, .now = now, .ret = &made};
    buf_init(&all.seen, (size_t)16 << 20);
    enum status status = gather_sets(&all);
    if (status == OK)
        status = gather_filters(&all);
    if (status == OK)
        status = gather_names(&all);
    struct hash hash = sha256(all.seen.data ? all.seen.data : "", all.seen.len);
    if (all.seen.failed)
        status = TOO_LARGE;
    buf_free(&all.seen);
    if (status != OK)
        return status;
    hex_write(hash.bytes, HASH_BYTES, made.hash);
    *ret = made;
    return OK;
}

size_t rules_texts(const struct rules_in_force *all, struct arena *arena, const struct sigma_text **ret, struct sigma_options *ret_options)
{
    size_t n = all->n_filters, at = 0;
    for (size_t i = 0; i < all->n_sets; i++)
        n += all->sets[i].n;
    struct sigma_text *texts = ARENA_ARRAY(arena, struct sigma_text, n + 1);
    for (size_t i = 0; i < all->n_sets; i++)
        for (size_t k = 0; k < all->sets[i].n; k++)
            texts[at++] = all->sets[i].texts[k];
    for (size_t i = 0; i < all->n_filters; i++)
        texts[at++] = all->filters[i].text;
    *ret = texts;
    *ret_options = (struct sigma_options){.sources = all->sources, .bindings = all->bindings, .n_bindings = all->n_bindings};
    return n;
}

const struct rules_set *rules_set_of(const struct rules_in_force *all, const char *path)
{
    const char *slash = path ? strchr(path, '/') : NULL;
    for (size_t i = 0; slash && i < all->n_sets; i++)
        if (strlen(all->sets[i].number) == (size_t)(slash - path) && memcmp(all->sets[i].number, path, (size_t)(slash - path)) == 0)
            return &all->sets[i];
    return NULL;
}

/* ---- labels ---- */

static bool uses(const struct val *tree, const char *wanted, bool expands, unsigned depth)
{
    if (!tree || depth > 16)
        return false;
    if (tree->kind == VAL_STR)
        return expands && strstr(tree->str.s, wanted);
    for (uint32_t i = 0; (tree->kind == VAL_ARRAY || tree->kind == VAL_OBJECT) && i < tree->count; i++) {
        const struct val *item = tree->kind == VAL_ARRAY ? tree->items[i] : tree->members[i].value;
        if (uses(item, wanted, expands || (tree->kind == VAL_OBJECT && strstr(tree->members[i].name, "|expand")), depth + 1))
            return true;
    }
    return false;
}

size_t rules_labels(const struct rules_in_force *all, const struct sigma_rule *rule, struct arena *arena, const char *const **ret)
{
    const struct rules_set *set = rules_set_of(all, rule->path);
    const char **labels = NULL;
    size_t n = 0, cap = 0;
    if (set)
        push(arena, &labels, &n, &cap, set->label);
    for (size_t b = 0; b < all->n_bindings; b++)
        for (size_t l = 0; uses(rule->document, arena_printf(arena, "%%%s%%", all->bindings[b].name), false, 0) && l < all->origins[b].n; l++)
            push(arena, &labels, &n, &cap, all->origins[b].labels[l]);
    for (size_t l = 0; l < all->n_source_labels; l++)
        push(arena, &labels, &n, &cap, all->source_labels[l]);
    *ret = labels;
    return n;
}
