/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A change in the making. Images are copied into the change's arena, changed there, taken into the writer's model as they
 * change, and written together when every check has passed. A refusal leaves the tables untouched and gives the model its
 * former images back.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/inside.h"
#include "office/segments.h"

void stage_begin(struct stage *stage)
{
    stage->mark = intern_mark(stage->office->intern);
    if (!stage->locals)
        stage->locals = val_object(stage->arena);
}

void stage_end(struct stage *stage) { idmap_free(&stage->by_id); }

void stage_abandon(struct stage *stage)
{
    for (struct staged_image *item = stage->first; item; item = item->next) {
        if (!model_wants(item->after->def))
            continue;
        if (item->before)
            model_take(stage->office->staged, item->before);
        else
            model_drop(stage->office->staged, item->after->def, item->after->id);
    }
    intern_rewind(stage->office->intern, stage->mark);
    stage_end(stage);
}

static struct staged_image *add(struct stage *stage, struct image *before, struct image *after)
{
    struct staged_image *item = ARENA_NEW(stage->arena, struct staged_image);
    item->before = before;
    item->after = after;
    if (stage->last)
        stage->last->next = item;
    else
        stage->first = item;
    stage->last = item;
    idmap_put(&stage->by_id, after->id, item);
    return item;
}

static const struct field_def *field_of_link(const struct office *office, const struct register_def *def, field_id id)
{
    const struct index_plan *plan = &office->plans[def->index];
    for (size_t i = 0; i < plan->n; i++)
        if (plan->defs[i].kind == INDEX_LINK && plan->defs[i].id == id)
            return plan->defs[i].field;
    return NULL;                               /* a field that the pack in force has no longer */
}

static field_id link_field_id(const struct office *office, const struct register_def *def, const struct field_def *field)
{
    return index_find(&office->plans[def->index], INDEX_LINK, field)->id;
}

struct link_list { struct stage *stage; const struct register_def *def; struct image_link *links; size_t n, cap; };

static bool collect_link(void *arg, const struct stored_link *link)
{
    struct link_list *list = arg;
    const struct field_def *field = field_of_link(list->stage->office, list->def, link->field);
    if (link->cut || !field)
        return true;
    if (list->n == list->cap) {
        struct image_link *more = ARENA_ARRAY(list->stage->arena, struct image_link, list->cap = list->cap * 2 + 8);
        if (list->n)
            memcpy(more, list->links, list->n * sizeof *more);
        list->links = more;
    }
    list->links[list->n++] = (struct image_link){link->id, field, link->to, link->made};
    return true;
}

struct staged_image *stage_image(struct stage *stage, record_id id)
{
    struct staged_image *item = idmap_get(&stage->by_id, id);
    struct stored_record stored;
    if (item || !id)
        return item;
    if (txn_get_record(stage->txn, id, stage->arena, &stored) != OK)
        return NULL;
    struct image *before = ARENA_NEW(stage->arena, struct image);
    if (image_consume_stored(stage->office->pack, &stored, stage->arena, before) != OK)
        return NULL;
    struct link_list list = {.stage = stage, .def = before->def};
    if (txn_each_link(stage->txn, id, true, collect_link, &list) != OK)
        return NULL;
    before->links = list.links;
    before->n_links = list.n;
    struct image *after = arena_memdup(stage->arena, before, sizeof *before);
    return add(stage, before, after);
}

/* Ids come from the change, never from a counter or a shared stream: HMAC(secret; account, key, counter, register, rule, cause). */
static record_id id_of(struct stage *stage, const struct register_def *def, const char *what)
{
    for (;;) {
        unsigned long long counter = LEAK(8) ? leak_shared(stage->office) : LEAK(9) ? leak_random(stage->office) : stage->counter++;
        char *seed = arena_printf(stage->arena, "%lld\n%s\n%llu\n%s\n%s", (long long)stage->account, stage->key, counter, what,
                                  stage->cause ? stage->cause : "");
        struct hash hash = hmac_sha256(stage->office->secret, 32, seed, strlen(seed));
        uint64_t number = 0;
        struct stored_record ignored;
        memcpy(&number, hash.bytes, sizeof number);
        record_id id = (record_id)(number & (uint64_t)ID_MASK);
        if (!id || idmap_get(&stage->by_id, id))
            continue;
        if (def && txn_get_record(stage->txn, id, stage->arena, &ignored) != ABSENT)
            continue;
        return id;
    }
}
record_id stage_id(struct stage *stage, const struct register_def *def) { return id_of(stage, def, def->name); }

/* A link's own ends and time go into its id: a change without a key must not name an earlier change's link again. */
static record_id link_id(struct stage *stage, const struct image *from, const struct field_def *field, record_id to)
{
    return id_of(stage, NULL, arena_printf(stage->arena, "link\n%lld\n%s\n%lld\n%lld", (long long)from->id, field->name,
                                           (long long)to, (long long)stage->now));
}

struct staged_image *stage_new(struct stage *stage, const struct register_def *def)
{
    struct image *image = ARENA_NEW(stage->arena, struct image);
    char number[NUMBER_TEXT];
    *image = (struct image){.id = stage_id(stage, def), .def = def, .state = def->first_state, .created = stage->now,
                            .fields = val_object(stage->arena), .since = val_object(stage->arena),
                            .clocks = val_object(stage->arena), .hands = val_object(stage->arena)};
    number_write(def, image->id, stage->now, number);
    image->number = arena_strdup(stage->arena, number);
    return add(stage, NULL, image);
}

bool stage_may_read(struct stage *stage, const struct image *image)
{
    if (!stage->holder)
        return true;
    return holder_guard(stage->holder, stage->office->staged, intern_guard(stage->office->intern, image->guard), NULL);
}

bool stage_sees_link(struct stage *stage, const struct image *image, const struct field_def *field)
{
    for (size_t i = 0; i < image->n_links; i++) {
        struct staged_image *to = image->links[i].field == field ? stage_image(stage, image->links[i].to) : NULL;
        if (to && (!to->before || stage_may_read(stage, to->before)))
            return true;
    }
    return false;
}

int64_t stage_seen(const struct stage *stage, const struct image *image)
{
    return seen_version(&(struct version_seen){.id = image->id, .file = image->file, .party = image->party, .updated = image->updated,
        .state = image->def->states[image->state].name, .label = intern_label(stage->office->intern, image->label)->text, .fields = attachments_shown(image->def, image->fields, stage->arena)});
}

label_id stage_label(struct stage *stage, const char *text)
{
    bool is_new;
    return intern_find_label(stage->office->intern, text, &is_new);
}

static record_id party_of(const struct image *image)
{
    const struct register_def *def = image->def;
    if (!def->party || (def->party_until >> image->state & 1))
        return 0;
    return image_link_to(image, def->party);
}

/* Keeps which right was used on a record, and by whom: separation asks for it later. */
static void note_hand(struct stage *stage, struct image *image, const char *right)
{
    if (!stage->person_number || !right || str_eq(right, "staff"))
        return;
    struct val *hands = val_copy(stage->arena, image->hands), *of = val_get(hands, right);
    if (!of)
        val_set(stage->arena, hands, right, of = val_array(stage->arena));
    for (size_t i = 0; i < of->count; i++)
        if (str_eq(val_text(of->items[i]), stage->person_number))
            return;
    val_push(stage->arena, of, val_str(stage->arena, stage->person_number));
    image->hands = hands;
}

static void note_step_right(struct stage *stage, struct image *image, const char *step)
{
    const struct step_def *def = register_step(image->def, step);
    for (size_t i = 0; stage->holder && def && i < def->n_rights; i++)
        if (holder_right(stage->holder, def->rights[i]))
            note_hand(stage, image, def->rights[i]);
}

void stage_changed(struct stage *stage, struct staged_image *item, const char *step, const char *reason)
{
    struct image *image = item->after;
    const char *state = image->def->states[image->state].name;
    bool entered = !item->before || item->before->state != image->state;
    if (!item->changed)
        image->version = item->before ? item->before->version + 1 : 1;
    /* What a consequence adds to a version that the writer makes stays the writer's version. */
    if (!item->changed || item->by_office || !stage->following) {
        item->by_office = stage->following;
        item->cause = stage->cause;
        image->by = stage->person;
        image->post = stage->post;
        image->step = arena_strdup(stage->arena, step);
        image->reason = reason && *reason ? arena_strdup(stage->arena, reason) : NULL;
    }
    item->changed = true;
    image->updated = LEAK(10) ? leak_bumped(stage->office, stage->now) : stage->now;
    if (entered) {
        struct val *since = val_copy(stage->arena, image->since);
        val_set_int(stage->arena, since, state, stage->now);
        image->since = since;
    }
    note_step_right(stage, image, step);
    clocks_compute(stage, image);
    image->party = party_of(image);
    if (image->def->file == FILE_SELF)
        image->file = image->id;
    if (model_wants(image->def))
        model_take(stage->office->staged, image);
}

void stage_link(struct stage *stage, struct staged_image *item, const struct field_def *field, record_id to)
{
    struct image *image = item->after;
    if (image_links_to(image, field, to))
        return;
    struct image_link *links = ARENA_ARRAY(stage->arena, struct image_link, image->n_links + 1);
    struct image_link *made = ARENA_ARRAY(stage->arena, struct image_link, item->n_made + 1);
    struct image_link link = {link_id(stage, image, field, to), field, to, stage->now};
    if (LEAK(7) && stage_image(stage, to))
        stage_changed(stage, stage_image(stage, to), "link", NULL);
    if (image->n_links)
        memcpy(links, image->links, image->n_links * sizeof *links);
    if (item->n_made)
        memcpy(made, item->made, item->n_made * sizeof *made);
    links[image->n_links++] = link;
    made[item->n_made++] = link;
    image->links = links;
    item->made = made;
    image->party = party_of(image);
    if (model_wants(image->def))
        model_take(stage->office->staged, image);
}

void stage_cut(struct stage *stage, struct staged_image *item, size_t index)
{
    struct image *image = item->after;
    struct image_link *links = ARENA_ARRAY(stage->arena, struct image_link, image->n_links);
    struct image_link *cut = ARENA_ARRAY(stage->arena, struct image_link, item->n_cut + 1);
    if (item->n_cut)
        memcpy(cut, item->cut, item->n_cut * sizeof *cut);
    cut[item->n_cut++] = image->links[index];
    memcpy(links, image->links, index * sizeof *links);
    memcpy(links + index, image->links + index + 1, (image->n_links - index - 1) * sizeof *links);
    image->links = links;
    image->n_links--;
    item->cut = cut;
    if (model_wants(image->def))
        model_take(stage->office->staged, image);
}

/* ---- writing ---- */

static struct entry entry_of(const struct stage *stage, const char *kind)
{
    return (struct entry){.time = stage->now, .kind = kind, .person = stage->person_number,
                          .account = stage->account_number, .post = stage->post, .cause = stage->cause, .label = -1};
}

/* A version or link that a consequence makes is the office's: its entry names rule and cause, and no person. */
static struct entry item_entry(const struct stage *stage, const struct staged_image *item, const char *kind)
{
    struct entry entry = entry_of(stage, kind);
    if (item->by_office) {
        entry.person = entry.account = entry.post = NULL;
        entry.cause = item->cause;
    }
    return entry;
}

static enum status write_new_labels(struct stage *stage)
{
    struct intern *intern = stage->office->intern;
    struct intern_mark end = intern_mark(intern);
    enum status status = OK;
    for (label_id id = stage->mark.labels + 1; status == OK && id <= end.labels; id++) {
        const struct label_slot *slot = intern_label(intern, id);
        struct entry entry = entry_of(stage, "label");
        uint8_t salt[SALT_BYTES];
        uint64_t position;
        entry.label = id;
        status = append_entry(stage->office, stage->txn, &entry, slot->text, strlen(slot->text), salt, &position);
        if (status == OK)
            status = txn_put_body(stage->txn, position, salt, slot->text, strlen(slot->text));
        if (status == OK)
            status = txn_put_label(stage->txn, id, slot->text);
    }
    return status;
}

static enum status write_new_guards(struct stage *stage, guard_id from)
{
    struct intern *intern = stage->office->intern;
    enum status status = OK;
    for (guard_id id = from; status == OK && id <= intern_mark(intern).guards; id++)
        status = txn_put_guard(stage->txn, intern_guard(intern, id));
    return status;
}

static void set_guard(struct stage *stage, struct image *image, const struct register_def *right_of)
{
    bool is_new;
    image->guard = intern_find_guard(stage->office->intern, stage->office->plans[right_of->index].register_, image->label,
                                     image->file, image->party, &is_new);
}

/* A proposal is guarded as the record it is about: whoever may not see that register does not see its proposals. */
static const struct register_def *guarding(const struct stage *stage, const struct image *image)
{
    const char *of = strcmp(image->def->name, "proposal") == 0 ? image_text(image, "register") : NULL;
    const struct register_def *def = of ? pack_register(stage->office->pack, of) : NULL;
    return def ? def : image->def;
}

/* A segment whose record has come to "erased": its bytes and key go with the same transaction; an erasure of its own stands in the journal. */
static enum status erase_segment(struct stage *stage, const struct staged_image *item)
{
    const struct register_def *def = item->after->def;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    if (!item->before || item->before->state == item->after->state || !register_field(def, "chain") || !str_eq(def->states[item->after->state].name, SEGMENT_ERASED))
        return OK;
    struct entry entry = item_entry(stage, item, "erasure");
    entry.step = "erase";
    entry.label = -1;
    enum status status = append_entry(stage->office, stage->txn, &entry, NULL, 0, salt, &position);
    return status == OK ? segment_erase(stage->txn, item->after->id, position) : status;
}

static enum status write_record(struct stage *stage, struct staged_image *item)
{
    struct office *office = stage->office;
    struct image *image = item->after;
    struct buf body;
    struct entry entry = item_entry(stage, item, "change");
    struct stored_record stored = {.id = image->id, .register_ = image->def->name, .number = image->number,
        .guard = image->guard, .label = image->label, .file = image->file,
        .state = image->def->states[image->state].name, .version = image->version, .created = image->created,
        .updated = image->updated};
    struct index_key *keys;
    const char **terms;
    const struct val *value = image_body(image, stage->arena);
    size_t n_keys = index_keys(&office->plans[image->def->index], image, stage->arena, &keys);
    size_t n_terms = index_terms(image, stage->arena, &terms);
    buf_init(&body, 4 << 20);
    enum status status = json_canonical(&body, value);
    if (status == OK && body.failed)
        status = TOO_LARGE;
    entry.step = image->step;
    entry.register_ = image->def->name;
    entry.record = image->number;
    entry.version = (uint64_t)image->version;
    entry.label = image->label;
    if (status == OK)
        status = append_entry(office, stage->txn, &entry, body.data, body.len, stored.salt, &stored.position);
    stored.body = body.data;
    stored.body_len = body.len;
    if (status == OK)
        status = txn_put_indexed(stage->txn, &stored, keys, n_keys, terms, n_terms);
    buf_free(&body);
    return status == OK ? erase_segment(stage, item) : status;
}

static enum status write_link(struct stage *stage, const struct staged_image *item, const struct image_link *link, bool cut)
{
    const struct image *from = item->after;
    struct office *office = stage->office;
    struct staged_image *to = stage_image(stage, link->to);
    struct entry entry = item_entry(stage, item, "link");
    struct stored_link stored = {.id = link->id, .field = link_field_id(office, from->def, link->field), .from = from->id,
        .to = link->to, .from_guard = from->guard, .to_guard = to ? to->after->guard : 0, .made = link->made, .cut = cut};
    char digits[ID_DIGITS + 1];
    uint8_t salt[SALT_BYTES];
    struct buf body;
    crockford_write((uint64_t)link->id, ID_DIGITS, digits);
    struct val *value = val_object(stage->arena);
    val_set_bool(stage->arena, value, "cut", cut);
    val_set_str(stage->arena, value, "field", link->field->name);
    val_set_str(stage->arena, value, "from", from->number);
    val_set_int(stage->arena, value, "made", link->made);
    val_set_str(stage->arena, value, "register", from->def->name);
    val_set_str(stage->arena, value, "to", to ? to->after->number : "");
    entry.step = cut ? "cut" : "make";
    entry.register_ = "link";
    entry.record = arena_printf(stage->arena, "LNK-%s", digits);
    entry.version = cut ? 2 : 1;
    buf_init(&body, 1 << 16);
    enum status status = json_canonical(&body, value);
    if (status == OK)
        status = append_entry(office, stage->txn, &entry, body.data, body.len, salt, &stored.position);
    if (status == OK)
        status = txn_put_body(stage->txn, stored.position, salt, body.data, body.len);
    buf_free(&body);
    return status == OK ? txn_put_link(stage->txn, &stored) : status;
}

static enum status write_links(struct stage *stage, struct staged_image *item)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < item->n_cut; i++)
        status = write_link(stage, item, &item->cut[i], true);
    for (size_t i = 0; status == OK && i < item->n_made; i++)
        status = write_link(stage, item, &item->made[i], false);
    if (status == OK && item->before && item->before->guard != item->after->guard)
        status = txn_move_links(stage->txn, item->after->id, item->after->guard);
    return status;
}

static void touch(struct office *office, record_id id, guard_id before, guard_id after, guard_id with)
{
    if (office->n_batch == office->cap_batch) {
        office->cap_batch = office->cap_batch * 2 + 64;
        office->batch = realloc(office->batch, office->cap_batch * sizeof *office->batch);
        if (!office->batch)
            abort();
    }
    office->batch[office->n_batch++] = (struct touched){id, before, after, LEAK(31) ? 0 : with};
}
/* Both ends of a link that was made or cut, for those who see both. */
static void touch_ends(struct stage *stage, const struct staged_image *item, const struct image_link *links, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct staged_image *to = stage_image(stage, links[i].to);
        if (!to || !to->after->guard)
            continue;
        touch(stage->office, item->after->id, item->after->guard, item->after->guard, to->after->guard);
        touch(stage->office, to->after->id, to->after->guard, to->after->guard, item->after->guard);
    }
}

/* For the published model and the live streams: copies that outlive the change. */
static void remember(struct stage *stage, struct staged_image *item)
{
    struct office *office = stage->office;
    if (item->changed)
        touch(office, item->after->id, item->before ? item->before->guard : 0, item->after->guard, 0);
    touch_ends(stage, item, item->made, item->n_made);
    touch_ends(stage, item, item->cut, item->n_cut);
    if (!model_wants(item->after->def))
        return;
    if (office->n_takes == office->cap_takes) {
        office->cap_takes = office->cap_takes * 2 + 64;
        office->takes = realloc(office->takes, office->cap_takes * sizeof *office->takes);
        if (!office->takes)
            abort();
    }
    struct arena *arena = office->batch_arena;
    struct image *kept = arena_memdup(arena, item->after, sizeof *kept);
    office->takes[office->n_takes].drop = item->erase && !item->changed;
    kept->fields = val_copy(arena, kept->fields);
    kept->links = kept->n_links ? arena_memdup(arena, kept->links, kept->n_links * sizeof *kept->links) : NULL;
    office->takes[office->n_takes++].image = kept;
}

enum status stage_write(struct stage *stage)
{
    enum status status = OK;
    guard_id guards = intern_mark(stage->office->intern).guards;
    for (struct staged_image *item = stage->first; item; item = item->next)
        if (item->changed || (!item->erase && (item->n_made || item->n_cut)))
            set_guard(stage, item->after, guarding(stage, item->after));
    status = write_new_labels(stage);
    if (status == OK)
        status = write_new_guards(stage, (stage->mark.guards < guards ? stage->mark.guards : guards) + 1);
    for (struct staged_image *item = stage->first; status == OK && item; item = item->next) {
        /* A party or member that came by a link alone moves the guard without a new version of the body's other parts. */
        if (!item->changed && !item->erase && item->before && item->before->guard != item->after->guard)
            stage_changed(stage, item, "link", NULL);
        if (item->changed)
            status = attachments_use(stage->txn, item->before, item->after);
        if (status == OK && item->changed && item->erase)
            status = write_erasure(stage, item);       /* the versions before this one */
        if (status == OK && item->changed)
            status = write_record(stage, item);
    }
    for (struct staged_image *item = stage->first; status == OK && item; item = item->next)
        status = write_links(stage, item);
    for (struct staged_image *item = stage->first; status == OK && item; item = item->next)
        if (item->erase && !item->changed)
            status = write_erasure(stage, item);       /* last: the cuts of its links are entries of its own change */
    for (struct staged_image *item = stage->first; status == OK && item; item = item->next)
        if (item->changed || item->erase || item->n_made || item->n_cut)
            remember(stage, item);
    return status;
}
