/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an open office says of itself; see inspect.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/inspect.h"
#include "office/office.h"

#define STRONG_SECRET "$argon2id$v=19$m=65536,t=3,"

static struct val *channels(const struct pack *pack, struct arena *arena)
{
    struct val *list = val_array(arena);
    for (size_t r = 0; r < pack->n_registers; r++)
        for (size_t s = 0; s < pack->registers[r].n_steps; s++)
            for (size_t o = 0; o < pack->registers[r].steps[s].n_unless_open; o++) {
                const struct step_def *step = &pack->registers[r].steps[s];
                const struct open_check *check = &step->unless_open[o];
                if (!check->over_all)
                    continue;
                struct val *item = val_object(arena);
                val_set_str(arena, item, "register", pack->registers[r].name);
                val_set_str(arena, item, "step", step->name);
                val_set_str(arena, item, "over", check->register_->name);
                val_set_str(arena, item, "ask", check->ask ? check->ask : "");
                val_set_int(arena, item, "limit", CHANNEL_MOST);
                val_set_int(arena, item, "span-minutes", CHANNEL_SPAN / MINUTE);
                val_push(arena, list, item);
            }
    return list;
}

/* Policies whose every class the office may hold. One without a ceiling it may not use at all. */
static struct val *unbounded(struct office *office, struct arena *arena)
{
    const struct val *ceilings = val_get(office_config(office), "ceilings");
    const struct policies *policies = office_policies(office);
    struct val *list = val_array(arena);
    for (unsigned i = 0; i < policies_count(policies); i++) {
        const struct policy *policy = policies_at(policies, i);
        const char *ceiling = val_get_str(ceilings, policy_oid(policy));
        unsigned n = 0;
        const char **classes = policy_classes(policy, arena, &n);
        bool held_back = !ceiling;
        for (unsigned c = 0; ceiling && c < n; c++)
            held_back |= policy_class_rank(policy, classes[c]) > policy_class_rank(policy, ceiling);
        if (!held_back)
            val_push(arena, list, val_str(arena, policy_name(policy)));
    }
    return list;
}

static struct val *assumptions(const struct pack *pack, struct arena *arena)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; i < pack->n_rules; i++)
        if (pack->rules[i].standing == STANDING_ASSUMPTION)
            val_push(arena, list, val_str(arena, pack->rules[i].name));
    return list;
}

/* ---- side rows ---- */

struct side_walk { struct arena *arena; int64_t rows, damaged; record_id *owners; size_t n, cap; };

static bool see_side(void *arg, const char *table, record_id owner, const char *key, bool good)
{
    struct side_walk *walk = arg;
    walk->rows++;
    walk->damaged += !good;
    if (!good || !str_eq(table, "secret") || !str_eq(key, "password"))
        return true;
    if (walk->n == walk->cap) {
        record_id *more = ARENA_ARRAY(walk->arena, record_id, walk->cap = walk->cap * 2 + 64);
        if (walk->n)
            memcpy(more, walk->owners, walk->n * sizeof *more);
        walk->owners = more;
    }
    walk->owners[walk->n++] = owner;
    return true;
}

static int64_t weak_secrets(struct office *office, const struct side_walk *walk)
{
    int64_t weak = 0;
    for (size_t i = 0; i < walk->n; i++) {
        struct arena *arena = arena_new(1 << 16);
        const void *row;
        size_t len;
        if (arena && office_side_get(office, "secret", walk->owners[i], "password", arena, &row, &len) == OK)
            weak += len < strlen(STRONG_SECRET) || memcmp(row, STRONG_SECRET, strlen(STRONG_SECRET)) != 0;
        arena_free(arena);
    }
    return weak;
}

/* ---- policies: the founding deed, entry 0, names the hash of each ---- */

enum { POLICY_MOST = 8 << 20 };

/* The hash of a policy's file as it lies; false when it cannot be read. Room is taken for what the file holds, for as long as it is hashed. */
static bool policy_hash(const char *path, char hex[65])
{
    FILE *file = fopen(path, "re");
    struct stat about;
    bool read = file && fstat(fileno(file), &about) == 0 && about.st_size <= POLICY_MOST;
    char *text = read ? malloc((size_t)about.st_size + 1) : NULL;
    if (text) {
        struct hash hash = sha256(text, fread(text, 1, (size_t)about.st_size + 1, file));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    free(text);
    if (file)
        fclose(file);
    return text != NULL;
}

static struct val *changed_policies(struct office *office, const char *folder, struct arena *arena)
{
    struct val *list = val_array(arena), *deed;
    struct reasons ignored;
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t len;
    reasons_init(&ignored, arena);
    if (store_body_at(office_store(office), 0, arena, salt, &body, &len) != OK ||
        json_read(arena, body, len, (struct json_limits){.bytes = 64 << 20}, &ignored, &deed) != OK)
        return list;
    const struct val *policies = val_get(deed, "policies");
    for (size_t i = 0; i < val_count(policies); i++) {
        char hex[65] = "";
        if (!policy_hash(arena_printf(arena, "%s/policies/%s", folder, policies->members[i].name), hex) ||
            !str_eq(hex, val_text(policies->members[i].value)))
            val_push(arena, list, val_str(arena, policies->members[i].name));
    }
    return list;
}

struct val *inspect_office(struct office *office, struct arena *arena)
{
    const struct val *config = office_config(office);
    struct val *facts = val_object(arena);
    struct side_walk walk = {.arena = arena};
    struct store_fault fault;
    val_set_str(arena, facts, "name", office_name(office));
    val_set_str(arena, facts, "pack", office_pack(office)->hash);
    val_set_bool(arena, facts, "demonstration", val_get_bool(config, "demonstration", false));
    val_set_bool(arena, facts, "totp", val_get_bool(config, "totp", false));
    val_set_bool(arena, facts, "relay", val_get(config, "relay") != NULL);
    val_set(arena, facts, "channels", channels(office_pack(office), arena));
    val_set(arena, facts, "assumptions", assumptions(office_pack(office), arena));
    if (store_each_side(office_store(office), see_side, &walk) != OK)
        walk.damaged++;
    val_set_int(arena, facts, "side-rows", walk.rows);
    val_set_int(arena, facts, "side-damaged", walk.damaged);
    val_set_int(arena, facts, "weak-secrets", weak_secrets(office, &walk));
    val_set(arena, facts, "unbounded", unbounded(office, arena));
    val_set(arena, facts, "changed-policies", changed_policies(office, office_folder(office), arena));
    store_condition(office_store(office), &fault);
    val_set_int(arena, facts, "batches-lost", (int64_t)fault.batches_lost);
    return facts;
}
