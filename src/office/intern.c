/* SPDX-License-Identifier: GPL-3.0-or-later
 * See intern.h. Chunks of 4,096 slots that never move; an atomic count publishes them. Hash chains live beside the slots and
 * are used by the writer alone.
 */
#include "office/intern.h"

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096
#define CHUNKS 1024
#define BUCKETS 16384

struct labels_chunk { struct label_slot slots[CHUNK]; int32_t next[CHUNK]; uint32_t hash[CHUNK]; };
struct guards_chunk { struct stored_guard slots[CHUNK]; int32_t next[CHUNK]; };
struct intern {
    const struct policies *policies;
    struct arena *arena;
    struct labels_chunk *labels[CHUNKS];
    struct guards_chunk *guards[CHUNKS];
    int32_t n_labels, n_guards;                    /* staged ones included: the writer's */
    atomic_int public_labels, public_guards;
    int32_t label_bucket[BUCKETS], guard_bucket[BUCKETS];
};

struct intern *intern_new(const struct policies *policies)
{
    struct intern *intern = calloc(1, sizeof *intern);
    if (!intern || !(intern->arena = arena_new((size_t)1 << 30)))
        abort();
    intern->policies = policies;
    return intern;
}

void intern_free(struct intern *intern)
{
    if (!intern)
        return;
    for (int i = 0; i < CHUNKS; i++) {
        free(intern->labels[i]);
        free(intern->guards[i]);
    }
    arena_free(intern->arena);
    free(intern);
}

label_id intern_labels(const struct intern *intern) { return atomic_load_explicit(&intern->public_labels, memory_order_acquire); }
guard_id intern_guards(const struct intern *intern) { return atomic_load_explicit(&intern->public_guards, memory_order_acquire); }

static struct label_slot *label_at(const struct intern *intern, label_id id)
{
    return &intern->labels[(id - 1) / CHUNK]->slots[(id - 1) % CHUNK];
}
static struct stored_guard *guard_at(const struct intern *intern, guard_id id)
{
    return &intern->guards[(id - 1) / CHUNK]->slots[(id - 1) % CHUNK];
}
const struct label_slot *intern_label(const struct intern *intern, label_id id) { return label_at(intern, id); }
const struct stored_guard *intern_guard(const struct intern *intern, guard_id id) { return guard_at(intern, id); }

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}
static uint32_t hash_guard(int32_t register_, label_id label, record_id file, record_id party)
{
    uint64_t h = (uint64_t)register_ * 0x9e3779b97f4a7c15u ^ (uint64_t)label * 0xbf58476d1ce4e5b9u ^
                 (uint64_t)file * 0x94d049bb133111ebu ^ (uint64_t)party * 0xd6e8feb86659fd93u;
    return (uint32_t)(h ^ h >> 32 ^ h >> 17);
}

static int threshold(const struct policy *policy, const char *name)
{
    int rank = policy_threshold(policy, name);
    return rank < 0 ? INT_MAX : rank;
}

struct label_slot label_slot_of(const struct policies *policies, const struct label *label)
{
    struct label_slot slot = {.text = "", .label = label, .policy = policies_find(policies, label->policy), .rank = -1};
    if (!slot.policy)
        return slot;
    slot.rank = policy_class_rank(slot.policy, label->class_lacv);
    slot.certificate = threshold(slot.policy, "certificate");
    slot.briefing = threshold(slot.policy, "briefing");
    slot.read_journal = threshold(slot.policy, "read-journal");
    return slot;
}

static void fill(struct intern *intern, struct label_slot *slot, label_id id, const char *text)
{
    struct reasons ignored;
    struct label *label = NULL;
    reasons_init(&ignored, intern->arena);
    *slot = (struct label_slot){.rank = -1};
    if (label_read(text, strlen(text), intern->arena, &ignored, &label) == OK)
        *slot = label_slot_of(intern->policies, label);
    slot->id = id;
    slot->text = arena_strdup(intern->arena, text);
}

static label_id add_label(struct intern *intern, const char *text, uint32_t hash)
{
    int32_t at = intern->n_labels++;
    assert(at / CHUNK < CHUNKS);
    struct labels_chunk **chunk = &intern->labels[at / CHUNK];
    if (!*chunk && !(*chunk = calloc(1, sizeof **chunk)))
        abort();
    fill(intern, &(*chunk)->slots[at % CHUNK], at + 1, text);
    (*chunk)->hash[at % CHUNK] = hash;
    (*chunk)->next[at % CHUNK] = intern->label_bucket[hash % BUCKETS];
    intern->label_bucket[hash % BUCKETS] = at + 1;
    return at + 1;
}

static guard_id add_guard(struct intern *intern, int32_t register_, label_id label, record_id file, record_id party)
{
    int32_t at = intern->n_guards++;
    assert(at / CHUNK < CHUNKS);
    struct guards_chunk **chunk = &intern->guards[at / CHUNK];
    if (!*chunk && !(*chunk = calloc(1, sizeof **chunk)))
        abort();
    (*chunk)->slots[at % CHUNK] = (struct stored_guard){at + 1, register_, label, file, party};
    uint32_t bucket = hash_guard(register_, label, file, party) % BUCKETS;
    (*chunk)->next[at % CHUNK] = intern->guard_bucket[bucket];
    intern->guard_bucket[bucket] = at + 1;
    return at + 1;
}

bool intern_load_label(struct intern *intern, label_id id, const char *text)
{
    return id == intern->n_labels + 1 && add_label(intern, text, hash_text(text)) == id;
}

bool intern_load_guard(struct intern *intern, const struct stored_guard *guard)
{
    return guard->id == intern->n_guards + 1 && guard->label >= 1 && guard->label <= intern->n_labels &&
           add_guard(intern, guard->register_, guard->label, guard->file, guard->party) == guard->id;
}

label_id intern_find_label(struct intern *intern, const char *text, bool *ret_new)
{
    uint32_t hash = hash_text(text);
    *ret_new = false;
    for (int32_t id = intern->label_bucket[hash % BUCKETS]; id; id = intern->labels[(id - 1) / CHUNK]->next[(id - 1) % CHUNK])
        if (strcmp(label_at(intern, id)->text, text) == 0)
            return id;
    *ret_new = true;
    return add_label(intern, text, hash);
}

guard_id intern_find_guard(struct intern *intern, int32_t register_, label_id label, record_id file, record_id party,
                           bool *ret_new)
{
    uint32_t bucket = hash_guard(register_, label, file, party) % BUCKETS;
    *ret_new = false;
    for (int32_t id = intern->guard_bucket[bucket]; id; id = intern->guards[(id - 1) / CHUNK]->next[(id - 1) % CHUNK]) {
        const struct stored_guard *guard = guard_at(intern, id);
        if (guard->register_ == register_ && guard->label == label && guard->file == file && guard->party == party)
            return id;
    }
    *ret_new = true;
    return add_guard(intern, register_, label, file, party);
}

struct intern_mark intern_mark(const struct intern *intern)
{
    return (struct intern_mark){intern->n_labels, intern->n_guards};
}

void intern_rewind(struct intern *intern, struct intern_mark mark)
{
    assert(mark.labels >= intern_labels(intern) && mark.guards >= intern_guards(intern));
    for (; intern->n_labels > mark.labels; intern->n_labels--) {
        int32_t at = intern->n_labels - 1;
        struct labels_chunk *chunk = intern->labels[at / CHUNK];
        intern->label_bucket[chunk->hash[at % CHUNK] % BUCKETS] = chunk->next[at % CHUNK];
    }
    for (; intern->n_guards > mark.guards; intern->n_guards--) {
        int32_t at = intern->n_guards - 1;
        struct guards_chunk *chunk = intern->guards[at / CHUNK];
        const struct stored_guard *guard = &chunk->slots[at % CHUNK];
        intern->guard_bucket[hash_guard(guard->register_, guard->label, guard->file, guard->party) % BUCKETS] =
            chunk->next[at % CHUNK];
    }
}

void intern_publish(struct intern *intern)
{
    atomic_store_explicit(&intern->public_labels, intern->n_labels, memory_order_release);
    atomic_store_explicit(&intern->public_guards, intern->n_guards, memory_order_release);
}
