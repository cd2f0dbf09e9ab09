/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Founding: a folder is made from a deed. Entry 0 of the journal commits to the deed, entry 1 to the pack in force; the deed's persons
 * are then entered by the office itself, with their accounts, posts, clearances and briefings (docs/founding-deed.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "office/inside.h"

static enum status write_file(const char *path, const void *bytes, size_t len, struct reasons *reasons)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (!good)
        reason_add(reasons, "office.create", path, T_("The file cannot be written: %1$s."), strerror(errno));
    return good ? OK : FAILED_IO;
}

static enum status make_folder(const char *path, struct reasons *reasons)
{
    if (mkdir(path, 0700) == 0)
        return OK;
    reason_add(reasons, "office.create", path, T_("The folder cannot be made: %1$s."), strerror(errno));
    return errno == EEXIST ? CONFLICT : FAILED_IO;
}

static enum status write_config(const struct office_setup *setup, struct arena *arena, struct reasons *reasons)
{
    struct val *config = val_object(arena);
    const struct val *settings = val_get(setup->deed, "settings");
    struct buf text;
    for (size_t i = 0; i < val_count(settings); i++)
        val_set(arena, config, settings->members[i].name, settings->members[i].value);
    val_set_str(arena, config, "name", setup->name);
    val_set_str(arena, config, "origin", setup->origin);
    val_set_bool(arena, config, "demonstration", setup->demonstration);
    buf_init(&text, 1 << 20);
    json_write(&text, config);
    enum status status = write_file(arena_printf(arena, "%s/office.json", setup->folder), text.data, text.len, reasons);
    buf_free(&text);
    return status;
}

static enum status write_folder(const struct office_setup *setup, struct arena *arena, struct reasons *reasons)
{
    uint8_t secret[32];
    enum status status = make_folder(setup->folder, reasons);
    if (status == OK)
        status = store_create(setup->folder, reasons);
    if (status == OK)
        status = make_folder(arena_printf(arena, "%s/policies", setup->folder), reasons);
    for (size_t i = 0; status == OK && i < setup->n_policies; i++)
        status = write_file(arena_printf(arena, "%s/policies/%s", setup->folder, setup->policy_names[i]), setup->policy_texts[i],
                            strlen(setup->policy_texts[i]), reasons);
    if (status == OK)
        status = write_config(setup, arena, reasons);
    random_bytes(secret, sizeof secret);
    if (status == OK)
        status = write_file(arena_printf(arena, "%s/secret.key", setup->folder), secret, sizeof secret, reasons);
    wipe(secret, sizeof secret);
    return status;
}

/* ---- entries 0 and 1 ---- */

struct founding { struct job job; const struct office_setup *setup; struct arena *arena; bool good; };

static bool append_with_body(struct founding *founding, struct txn *txn, const char *kind, const struct val *value, uint64_t *ret_position)
{
    struct office nowhere = {.pack = (struct pack *)founding->setup->pack};
    struct entry entry = {.time = founding->setup->now, .kind = kind, .label = -1};
    uint8_t salt[SALT_BYTES];
    struct buf body;
    buf_init(&body, 64 << 20);
    bool good = json_canonical(&body, value) == OK && !body.failed &&
                append_entry(&nowhere, txn, &entry, body.data, body.len, salt, ret_position) == OK &&
                txn_put_body(txn, *ret_position, salt, body.data, body.len) == OK;
    buf_free(&body);
    return good;
}

static bool run(struct job *job, struct txn *txn)
{
    struct founding *founding = (struct founding *)job;
    struct val *deed = val_copy(founding->arena, founding->setup->deed), *policies = val_object(founding->arena);
    uint64_t position;
    char text[32];
    for (size_t i = 0; i < founding->setup->n_policies; i++) {
        const char *policy = founding->setup->policy_texts[i];
        struct hash hash = sha256(policy, strlen(policy));
        char hex[65];
        hex_write(hash.bytes, HASH_BYTES, hex);
        val_set_str(founding->arena, policies, founding->setup->policy_names[i], hex);
    }
    val_set(founding->arena, deed, "policies", policies);
    val_set_str(founding->arena, deed, "origin", founding->setup->origin);
    founding->good = append_with_body(founding, txn, "deed", deed, &position) &&
                     append_with_body(founding, txn, "pack", founding->setup->pack->source, &position);
    snprintf(text, sizeof text, "%llu", (unsigned long long)position);
    founding->good = founding->good && txn_put_side(txn, "office", 0, "pack", 0, text, strlen(text)) == OK;
    return founding->good;
}
static void settled(struct job *job, bool committed) { ((struct founding *)job)->good &= committed; }

static enum status first_entries(const struct office_setup *setup, struct arena *arena, struct reasons *reasons)
{
    struct store *store;
    struct founding founding = {.job = {.run = run, .settled = settled}, .setup = setup, .arena = arena};
    bool committed;
    enum status status = store_open(setup->folder, reasons, &store);
    if (status != OK)
        return status;
    status = store_perform(store, &founding.job, &committed);
    store_close(store);
    return status == OK && !founding.good ? FAILED_IO : status;
}

/* ---- the deed's persons ---- */

struct entering { struct office *office; struct arena *arena; struct reasons *reasons; moment now; size_t at; };

static enum status act(const struct entering *in, const struct op *ops, size_t n, struct outcome *ret)
{
    struct outcome outcome;
    enum status status = office_act(in->office, "founding", arena_printf(in->arena, "person %zu of the deed", in->at + 1), ops, n, in->now, in->arena, &outcome);
    if (status != OK)
        reasons_join(in->reasons, &outcome.reasons);
    else
        *ret = outcome;
    return status;
}

static struct val *fields_of(struct arena *arena, const struct val *from, const char *const *names)
{
    struct val *fields = val_object(arena);
    for (; *names; names++)
        if (val_get(from, *names))
            val_set(arena, fields, *names, val_get(from, *names));
    return fields;
}

/* One change a person: person, account, appointments, clearances, briefings, all in force. */
static enum status enter_person(const struct entering *in, const struct val *person)
{
    static const char *const own[] = {"name", "given-name", "nationality", "email", "contractor", NULL};
    static const char *const seat_fields[] = {"post", "from", "until", NULL}, *const clearance_fields[] = {"clearance", "from", "until", NULL},
                      *const briefing_fields[] = {"policy", "class", "from", "until", NULL};
    static const struct { const char *list, *register_, *state; const char *const *fields; } parts[] = {
        {"posts", "appointment", "in-force", seat_fields}, {"clearances", "clearance", "granted", clearance_fields},
        {"briefings", "briefing", "in-force", briefing_fields}};
    struct op *ops = ARENA_ARRAY(in->arena, struct op, 64);
    struct outcome outcome;
    size_t n = 0;
    ops[n++] = (struct op){.kind = OP_CREATE, .register_ = "person", .number = "$person", .state = "active", .fields = fields_of(in->arena, person, own)};
    struct val *account = val_object(in->arena);
    val_set_str(in->arena, account, "login", val_get_str(person, "login"));
    val_set_str(in->arena, account, "person", "$person");
    if (val_get_str(person, "login"))
        ops[n++] = (struct op){.kind = OP_CREATE, .register_ = "account", .state = "active", .fields = account};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        const struct val *list = val_get(person, parts[p].list);
        for (size_t i = 0; i < val_count(list) && n < 64; i++) {
            struct val *fields = fields_of(in->arena, val_at(list, i), parts[p].fields);
            val_set_str(in->arena, fields, "person", "$person");
            ops[n++] = (struct op){.kind = OP_CREATE, .register_ = parts[p].register_, .state = parts[p].state, .fields = fields};
        }
    }
    return act(in, ops, n, &outcome);
}

enum status office_create(const struct office_setup *setup, struct reasons *reasons)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct val *persons = val_get(setup->deed, "persons");
    struct office *office = NULL;
    if (!arena)
        return NO_MEMORY;
    enum status status = OK;
    if (val_count(persons) < 2) {
        reason_add(reasons, "deed.persons", "persons", T_("A founding deed names at least two persons."));
        status = BAD_INPUT;
    }
    if (status == OK)
        status = write_folder(setup, arena, reasons);
    if (status == OK)
        status = first_entries(setup, arena, reasons);
    if (status == OK)
        status = office_open(&(struct office_options){.folder = setup->folder, .now = setup->now, .without_engines = true}, reasons, &office);
    struct entering in = {office, arena, reasons, setup->now, 0};
    for (; status == OK && in.at < val_count(persons); in.at++)
        status = enter_person(&in, val_at(persons, in.at));
    office_close(office);
    arena_free(arena);
    return status;
}
