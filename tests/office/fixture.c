/* SPDX-License-Identifier: GPL-3.0-or-later
 * See fixture.h.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ftw.h>

#include "base/embedded.h"
#include "base/text.h"
#include "office/duty.h"

#define NATO "1.3.26.1.3.1"
#define CLEARED(level) "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"" level "\\\"],\\\"policy\\\":\\\"" NATO "\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}]," \
    "\"briefings\":[{\"policy\":\"" NATO "\",\"class\":\"" level "\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]"
#define PERSON(login, name, given, nation, post, rest) \
    "{\"login\":\"" login "\",\"name\":\"" name "\",\"given-name\":\"" given "\",\"nationality\":\"" nation "\",\"email\":\"" login "@hq.example\"," \
    "\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}]," rest "}"

static const char usual[] = "["
    PERSON("hso", "Lefèvre", "Anne", "FRA", "headquarters-security-officer", CLEARED("4")) ","
    PERSON("ssl", "Βασιλείου", "Νίκος", "GRC", "security-section-leader", CLEARED("5")) ","
    PERSON("duty", "Jónsdóttir", "Hrefna", "ISL", "duty-officer", CLEARED("4")) ","
    PERSON("inv", "Nowak", "Zofia", "POL", "investigator", CLEARED("4")) ","
    PERSON("inv2", "Иванова", "Мария", "BGR", "investigator", CLEARED("3")) ","
    PERSON("ism", "Keller", "Jonas", "DEU", "information-security-manager", CLEARED("4")) ","
    PERSON("ict", "Rossi", "Luca", "ITA", "ict-security-support", CLEARED("4")) ","
    PERSON("reg", "De Smet", "Lies", "BEL", "head-of-registry", CLEARED("4")) ","
    PERSON("staff", "Öztürk", "Elif", "TUR", "staff-member", CLEARED("3")) ","
    PERSON("low", "Smith", "John", "GBR", "staff-member", "\"clearances\":[]") ","
    PERSON("audit", "Novák", "Petr", "CZE", "auditor", CLEARED("4")) ","
    PERSON("admin", "Berg", "Nina", "NOR", "system-administrator", "\"clearances\":[]")
    "]";

static char last_words[4096];
static unsigned counter;
const char *fixture_pack;
const struct duty *const *fixture_engines = duties_all;

static void die(const char *what, const struct reasons *reasons)
{
    fprintf(stderr, "fixture: %s\n%s\n", what, reasons ? reasons_text(reasons, LANG_EN) : "");
    abort();
}

static struct val *json(struct arena *arena, const char *text)
{
    struct reasons reasons;
    struct val *value;
    reasons_init(&reasons, arena);
    if (json_read(arena, text, strlen(text), (struct json_limits){0}, &reasons, &value) != OK)
        die(text, &reasons);
    return value;
}

static struct val *deed_of(struct arena *arena, const char *more)
{
    struct val *deed = json(arena, "{\"settings\":{\"totp\":true,\"ceilings\":{\"1.3.26.1.3.1\":\"4\"}}}"), *persons = json(arena, usual);
    struct val *ceilings = val_get(val_get(deed, "settings"), "ceilings");
    for (size_t i = 0; i < embedded_count; i++)
        if (str_starts(embedded_files[i].path, "policies/office-public")) {
            struct reasons reasons;
            struct policy *policy;
            reasons_init(&reasons, arena);
            if (policy_load("office-public.xml", embedded_files[i].bytes, embedded_files[i].len, SPIF_STRICT, &reasons, &policy) != OK)
                die("policy", &reasons);
            val_set_str(arena, ceilings, policy_oid(policy), val_get_str(val_at(val_get(policy_describe(policy, LANG_EN, T0, arena), "classes"), 1), "lacv"));
            policy_free(policy);
        }
    for (struct val *list = more ? json(arena, more) : NULL; list; list = NULL)
        for (size_t i = 0; i < list->count; i++)
            val_push(arena, persons, list->items[i]);
    val_set(arena, deed, "persons", persons);
    return deed;
}

void fixture_new_with(struct fixture *fixture, const char *more)
{
    struct reasons reasons;
    struct pack *pack;
    const char *names[16], *texts[16];
    size_t n = 0;
    *fixture = (struct fixture){.arena = arena_new((size_t)1 << 30), .now = T0};
    reasons_init(&reasons, fixture->arena);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/castellan-test-XXXXXX");
    if (!mkdtemp(fixture->folder) || rmdir(fixture->folder) != 0)
        die("folder", NULL);
    if (pack_load_embedded(fixture_pack, &reasons, &pack) != OK)
        die("pack", &reasons);
    for (size_t i = 0; i < embedded_count && n < 16; i++)
        if (str_starts(embedded_files[i].path, "policies/") && str_ends(embedded_files[i].path, ".xml")) {
            names[n] = embedded_files[i].path + strlen("policies/");
            texts[n++] = embedded_files[i].bytes;
        }
    struct office_setup setup = {.folder = fixture->folder, .name = "Test headquarters", .origin = "castellan/test", .deed = deed_of(fixture->arena, more),
                                 .pack = pack, .policy_names = names, .policy_texts = texts, .n_policies = n, .now = T0};
    if (office_create(&setup, &reasons) != OK)
        die("create", &reasons);
    pack_free(pack);
    fixture_reopen(fixture);
}
void fixture_new(struct fixture *fixture) { fixture_new_with(fixture, NULL); }

void fixture_reopen(struct fixture *fixture)
{
    struct reasons reasons;
    reasons_init(&reasons, fixture->arena);
    office_close(fixture->office);
    if (office_open(&(struct office_options){.folder = fixture->folder, .now = fixture->now, .duties = fixture_engines, .fast_secrets = true}, &reasons, &fixture->office) != OK)
        die("open", &reasons);
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)kind;
    (void)ftw;
    return remove(path);
}
void fixture_drop(const char *folder) { nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS); }
void fixture_free(struct fixture *fixture)
{
    office_close(fixture->office);
    fixture_drop(fixture->folder);
    arena_free(fixture->arena);
}

const struct reader *fixture_reader(struct fixture *fixture, const char *login)
{
    bool active;
    struct seat *seats;
    struct reasons reasons;
    const struct reader *reader = NULL;
    reasons_init(&reasons, fixture->arena);
    record_id account = office_account(fixture->office, login, &active);
    if (office_seats(fixture->office, account, fixture->now, fixture->arena, &seats) == 0 ||
        reader_open(fixture->office, account, seats[0].appointment, fixture->now, &reasons, &reader) != OK)
        return NULL;
    return reader;
}

const char *fixture_label(struct fixture *fixture, const char *policy_name, const char *class_name)
{
    const struct policy *policy = policies_find(office_policies(fixture->office), policy_name);
    const struct val *classes = val_get(policy_describe(policy, LANG_EN, T0, fixture->arena), "classes");
    for (size_t i = 0; i < val_count(classes); i++)
        if (str_eq(val_get_str(val_at(classes, i), "name"), class_name)) {
            struct label label = {.policy = policy_oid(policy), .class_lacv = val_get_str(val_at(classes, i), "lacv")};
            return label_write(&label, fixture->arena);
        }
    die(class_name, NULL);
    return NULL;
}

enum status fixture_do(struct fixture *fixture, const char *login, struct op op, const char *fields, const char **ret_number, struct outcome *ret_outcome)
{
    struct outcome outcome;
    char key[32];
    const struct reader *reader = fixture_reader(fixture, login);
    snprintf(key, sizeof key, "test-key-%06u", counter++);
    if (!reader) {
        snprintf(last_words, sizeof last_words, "no reader for %s", login);
        return REFUSED;
    }
    op.fields = json(fixture->arena, fields ? fields : "{}");
    struct change change = {.writer = reader, .key = key, .now = fixture->now, .ops = &op, .n_ops = 1};
    enum status status = office_apply(fixture->office, &change, fixture->arena, &outcome);
    snprintf(last_words, sizeof last_words, "%s", reasons_text(&outcome.reasons, LANG_EN));
    if (ret_number)
        *ret_number = outcome.n_numbers ? outcome.numbers[0] : NULL;
    if (ret_outcome)
        *ret_outcome = outcome;
    reader_free(reader);
    return status;
}
enum status fixture_create(struct fixture *fixture, const char *login, const char *register_, const char *label, const char *fields, const char **ret_number)
{
    return fixture_do(fixture, login, (struct op){.kind = OP_CREATE, .register_ = register_, .label = label}, fields, ret_number, NULL);
}
enum status fixture_step(struct fixture *fixture, const char *login, const char *number, const char *step, const char *fields)
{
    return fixture_do(fixture, login, (struct op){.kind = OP_STEP, .number = number, .step = step, .reason = "because"}, fields, NULL, NULL);
}
const char *fixture_words(void) { return last_words; }

const char *fixture_person(struct fixture *fixture, const char *login)
{
    const struct reader *reader = fixture_reader(fixture, login);
    const char *number = reader ? arena_strdup(fixture->arena, reader_person_number(reader)) : NULL;
    reader_free(reader);
    return number;
}
