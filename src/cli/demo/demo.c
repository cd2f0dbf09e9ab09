/* SPDX-License-Identifier: GPL-3.0-or-later
 * castellan demo: see demo.h. The seed is fixed unless given, so two runs invent the same people.
 */
#include "cli/demo/demo.h"
#include "office/duty.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "web/secret.h"

uint64_t demo_random(struct demo *demo)
{
    uint64_t z = (demo->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
size_t demo_below(struct demo *demo, size_t bound) { return bound ? (size_t)(demo_random(demo) % bound) : 0; }
bool demo_chance(struct demo *demo, unsigned percent) { return demo_below(demo, 100) < percent; }
const char *demo_pick(struct demo *demo, const char *const *list, size_t n) { return list[demo_below(demo, n)]; }

const char *demo_day(struct demo *demo, moment at)
{
    char text[MOMENT_TEXT];
    return arena_strdup(demo->arena, moment_iso_day(at, text));
}
const char *demo_time(struct demo *demo, moment at)
{
    char text[MOMENT_TEXT];
    return arena_strdup(demo->arena, moment_iso(at, text));
}

struct val *demo_fields(struct demo *demo, const char *format, ...)
{
    va_list list;
    struct val *value;
    va_start(list, format);
    char *text = arena_vprintf(demo->arena, format, list);
    va_end(list);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    if (json_read(demo->arena, text, strlen(text), (struct json_limits){0}, demo->reasons, &value) != OK)
        abort();                               /* a fault of this generator's own text */
    return value;
}

const char *demo_label(struct demo *demo, const char *policy, const char *class_name)
{
    return label_by_names(office_policies(demo->office), policy, class_name, NULL, demo->now, demo->arena);
}

static const struct reader *reader_of(struct demo *demo, const char *login, moment at)
{
    struct seat *seats;
    const struct reader *reader = NULL;
    bool active;
    record_id account = office_account(demo->office, login, &active);
    if (!office_seats(demo->office, account, at, demo->arena, &seats) ||
        reader_open(demo->office, account, seats[0].appointment, at, demo->reasons, &reader) != OK)
        return NULL;
    return reader;
}

static enum status apply(struct demo *demo, const char *login, moment at, const struct op *op, struct outcome *ret)
{
    char key[32];
    const struct reader *reader = reader_of(demo, login, at);
    snprintf(key, sizeof key, "demonstration-%u", demo->keys++);
    if (!reader)
        return REFUSED;
    struct change change = {.writer = reader, .key = arena_strdup(demo->arena, key), .now = at, .ops = op, .n_ops = 1};
    enum status status = office_apply(demo->office, &change, demo->arena, ret);
    reader_free(reader);
    if (status != OK) {
        demo->refused++;
        for (const struct reason *r = ret->reasons.first; r; r = r->after)
            reason_add(demo->reasons, r->rule, arena_printf(demo->arena, "%s, %s %s", login, op->step ? op->step : "create", op->register_ ? op->register_ : op->number), "%1$s", r->text.in[LANG_EN]);
    }
    return status;
}

const char *demo_create(struct demo *demo, const char *login, moment at, const char *register_, const char *label, struct val *fields)
{
    struct outcome outcome;
    struct op op = {.kind = OP_CREATE, .register_ = register_, .label = label, .fields = fields};
    return apply(demo, login, at, &op, &outcome) == OK ? outcome.numbers[0] : NULL;
}
bool demo_step(struct demo *demo, const char *login, moment at, const char *number, const char *step, struct val *fields, const char *reason)
{
    struct outcome outcome;
    struct op op = {.kind = OP_STEP, .number = number, .step = step, .fields = fields, .reason = reason};
    return number && apply(demo, login, at, &op, &outcome) == OK;
}

bool demo_attach(struct demo *demo, const char *login, moment at, const char *number, const char *field, const char *name, const char *media, const void *bytes, size_t len)
{
    struct outcome outcome;
    const struct reader *reader = number ? reader_of(demo, login, at) : NULL;
    if (!reader)
        return false;
    struct change change = {.writer = reader, .key = arena_printf(demo->arena, "demonstration-%u", demo->keys++), .now = at};
    enum status status = office_attach(demo->office, &change, number, field, name, media, bytes, len, demo->arena, &outcome);
    reader_free(reader);
    demo->refused += status != OK;
    reasons_join(demo->reasons, &outcome.reasons);
    return status == OK;
}

const char *demo_file(struct demo *demo, const char *login, moment at, const char *register_, const char *number)
{
    struct record_view record;
    const struct reader *reader = reader_of(demo, login, at);
    enum status status = reader ? office_get(demo->office, reader, register_, number, demo->arena, &record) : REFUSED;
    reader_free(reader);
    return status == OK ? record.file_number : NULL;
}

const char *demo_holder(const struct demo *demo, const char *login)
{
    for (size_t i = 0; demo_posts[i].post; i++)
        if (str_eq(demo_posts[i].login, login))
            return demo->persons[i];
    return NULL;
}

bool demo_two(struct demo *demo, const char *login, const char *second, moment at, const char *number, const char *step, struct val *fields, const char *reason)
{
    struct outcome outcome;
    struct record_view proposal;
    char hex[65];
    struct op op = {.kind = OP_STEP, .number = number, .step = step, .fields = fields, .reason = reason};
    if (!number || apply(demo, login, at, &op, &outcome) != OK || !outcome.proposed)
        return false;
    const char *waiting = outcome.numbers[0];
    const struct reader *reader = reader_of(demo, second, at + HOUR);
    enum status status = reader ? office_get(demo->office, reader, "proposal", waiting, demo->arena, &proposal) : REFUSED;
    reader_free(reader);
    if (status != OK)
        return false;
    const char *text = val_get_str(proposal.fields, "op");
    struct hash hash = sha256(text, strlen(text));
    hex_write(hash.bytes, HASH_BYTES, hex);
    op = (struct op){.kind = OP_CONFIRM, .number = waiting, .proposed = hex};
    return apply(demo, second, at + HOUR, &op, &outcome) == OK;
}

/* ---- passwords and TOTP secrets, told in a file ---- */

/* Secrets are never drawn from the seed: two demonstrations alike to the byte still have other passwords. */
static void invent_password(char out[24])
{
    static const char *const words[] = {"amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbour", "indigo", "juniper", "kelp", "lantern",
        "meadow", "nordic", "opal", "pilot", "quartz", "ridge", "saffron", "timber", "umber", "violet", "willow", "yarrow"};
    const uint32_t n = sizeof words / sizeof *words;
    snprintf(out, 24, "%s-%s-%04u", words[randombytes_uniform(n)], words[randombytes_uniform(n)], randombytes_uniform(10000));
}

static enum status give_secrets(struct demo *demo, const char *folder)
{
    struct identity identity = identity_of_office(demo->office);
    struct buf text;
    if (!secret_start(&identity))
        return NO_MEMORY;
    buf_init(&text, 1 << 20);
    buf_addf(&text, "%-10s %-24s %-34s %s\n", "name", "password", "TOTP secret", "post");
    for (const struct demo_post *post = demo_posts; post->post; post++) {
        char password[24], seed_text[40];
        uint8_t seed[TOTP_SEED];
        bool active;
        record_id account = office_account(demo->office, post->login, &active);
        invent_password(password);
        randombytes_buf(seed, sizeof seed);
        base32_write(seed, sizeof seed, seed_text);
        enum status status = account ? secret_set_password(&identity, account, password, demo->now, demo->reasons) : ABSENT;
        if (status == OK)
            status = secret_set_totp(&identity, account, seed, demo->now);
        if (status != OK) {
            buf_free(&text);
            return status;
        }
        buf_addf(&text, "%-10s %-24s %-34s %s\n", post->login, password, seed_text, pack_post(office_pack(demo->office), post->post)->words.in[cli_lang()]);
    }
    bool good = !text.failed && cli_write(arena_printf(demo->arena, "%s/demonstration.txt", folder), text.data, text.len, 0600, demo->reasons);
    buf_free(&text);
    return good ? OK : FAILED_IO;
}

static enum status make(struct demo *demo, const char *folder)
{
    moment founded = demo->now - 400 * DAY;
    enum status status = found_office(folder, demo_deed(demo), true, founded, demo->arena, demo->reasons);
    if (status == OK)
        status = office_open(&(struct office_options){.folder = folder, .now = demo->now, .duties = duties_all}, demo->reasons, &demo->office);
    static const struct { const char *name; enum status (*run)(struct demo *); } parts[] = {
        {"people", demo_people}, {"places and systems", demo_places}, {"monitoring", demo_watch}, {"a year of work", demo_year}, {"what has just been seen", demo_seen}};
    for (size_t i = 0; status == OK && i < sizeof parts / sizeof *parts; i++) {
        cli_progress(parts[i].name, i, sizeof parts / sizeof *parts);
        status = parts[i].run(demo);
    }
    return status == OK ? give_secrets(demo, folder) : status;
}

int cli_demo(int argc, char **argv)
{
    static const char *const valued[] = {"--seed", "--persons", "--now", NULL};
    const char *folder = cli_argument(argc, argv, 0, valued), *seed = cli_option(argc, argv, "--seed"), *persons = cli_option(argc, argv, "--persons"),
               *now = cli_option(argc, argv, "--now");
    struct reasons reasons;
    struct demo demo = {.arena = arena_new((size_t)4 << 30), .reasons = &reasons, .random = seed ? strtoull(seed, NULL, 10) : 1804, .now = moment_now(),
                        .persons_wanted = persons ? strtoull(persons, NULL, 10) : 4000};
    if (!folder || (now && moment_read(now, &demo.now) != OK) || demo.persons_wanted > 100000) {
        arena_free(demo.arena);
        return cli_usage("demo");
    }
    reasons_init(&reasons, demo.arena);
    enum status status = make(&demo, folder);
    int ret = status == OK && !demo.refused ? 0 : cli_fail(&reasons, status);
    if (status == OK)
        printf("Demonstration office in %s: %zu persons, %llu journal entries. Names and passwords: %s/demonstration.txt\n", folder, demo.n_persons,
               (unsigned long long)store_journal_size(office_store(demo.office)), folder);
    office_close(demo.office);
    arena_free(demo.arena);
    return ret;
}
