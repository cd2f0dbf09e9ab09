/* SPDX-License-Identifier: GPL-3.0-or-later
 * See world.h.
 */
#include "world.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"
#include "fixture.h"
#include "journal/journal.h"
#include "office/duty.h"
#include "front/work.h"
#include "base/jail.h"
#include "office/segments.h"
#include "watch/hunt/hunt.h"

#define NATO "1.3.26.1.3.1"
#define UP_TO(level) "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"" level "\\\"],\\\"policy\\\":\\\"" NATO "\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}]," \
    "\"briefings\":[{\"policy\":\"" NATO "\",\"class\":\"" level "\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]"
#define MORE(login, post, level) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"Second\",\"nationality\":\"BEL\",\"email\":\"" login "@hq.example\"," \
    "\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}]," UP_TO(level) "}"

/* The officers' posts once more, held by persons who are cleared to CONFIDENTIAL only. */
static const char more[] = "["
    MORE("hso3", "headquarters-security-officer", "3") "," MORE("ssl3", "security-section-leader", "3") "," MORE("duty3", "duty-officer", "3") ","
    MORE("reg3", "head-of-registry", "3") "," MORE("ict3", "ict-security-support", "3") "," MORE("aud3", "auditor", "3") ","
    MORE("dpo3", "data-protection-officer", "3") "," MORE("pass3", "pass-clerk", "3") "," MORE("ghost", "staff-member", "3") "]";

static void must(enum status status, const char *what)
{
    if (status == OK)
        return;
    fprintf(stderr, "%s: %s\n%s\n", what, status_name(status), fixture_words());
    abort();
}

void pool_add(struct known *list, size_t *n, size_t cap, const char *number, const struct pack *pack)
{
    const char *dash = number ? strchr(number, '-') : NULL;
    for (size_t i = 0; i < *n; i++)
        if (strcmp(list[i].number, number) == 0)
            return;
    for (size_t r = 0; dash && *n < cap && r < pack->n_registers; r++)
        if (strlen(pack->registers[r].prefix) == (size_t)(dash - number) && str_starts(number, pack->registers[r].prefix)) {
            snprintf(list[*n].register_, sizeof list->register_, "%s", pack->registers[r].name);
            snprintf(list[(*n)++].number, NUMBER_TEXT, "%s", number);
            return;
        }
}

static struct fixture f;

/* ---- events ---- */

static struct nursery *nursery;
void jails_open(void)
{
    static const struct jailer *const jailers[] = {&hunt_jailer, NULL};
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (nursery_start(jailers, &reasons, &nursery) != OK)
        must(FAILED_IO, "a nursery");
    nursery_share(nursery);
    arena_free(arena);
}
void jails_close(void)
{
    nursery_share(NULL);
    nursery_stop(nursery);
}

void segment_make(struct office *office, const char *source, const char *label, const char *file, moment now, char out[NUMBER_TEXT])
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct holding *holding;
    struct op create = {.register_ = "event-segment", .label = label, .file = file, .fields = val_object(arena)};
    char block[1000], at[MOMENT_TEXT];
    int len = snprintf(block, sizeof block, "lines json\n");
    reasons_init(&reasons, arena);
    out[0] = 0;
    for (int i = 0; i < 4; i++)
        len += snprintf(block + len, sizeof block - (size_t)len, "{\"@timestamp\":\"%s\",\"Image\":\"%s\",\"Host\":\"gateway\"}\n", moment_iso(now - i * HOUR, at), i % 2 ? "calc.exe" : "container open");
    if (office_hold(office, "event-segment.hold", source, &create, now, arena, &reasons, &holding) == OK) {
        snprintf(out, NUMBER_TEXT, "%s", holding_number(holding));
        if (segment_append(holding_writer(holding), block, (size_t)len, 4, now - 3 * HOUR, now) != OK || office_hold_end(holding, now, arena, &reasons) != OK)
            out[0] = 0;
    }
    arena_free(arena);
}

static void make(struct base *base, const char *who, const char *register_, const char *label, const char *fields, char out[NUMBER_TEXT], bool visible)
{
    const char *number = NULL;
    must(fixture_create(&f, who, register_, label, fields, &number), register_);
    snprintf(out, NUMBER_TEXT, "%s", number);
    if (visible)
        pool_add(base->pool.visible, &base->pool.n_visible, 2000, number, office_pack(f.office));
    else
        pool_add(base->pool.hidden, &base->pool.n_hidden, 6000, number, office_pack(f.office));
}
static const char *person(const char *login)
{
    const char *number = fixture_person(&f, login);
    if (!number)
        must(ABSENT, login);
    return number;
}

#define REPORT "{\"summary\":\"Container %s found open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"At 22:40 the guard found it open.\"}"

static void fill(struct base *base)
{
    char number[NUMBER_TEXT];
    const char *inside = NULL;
    struct arena *arena = base->arena;
    make(base, "hso", "organisation", NULL, "{\"name\":\"Ministry of Defence\",\"kind\":\"agency\"}", base->organisation, true);
    make(base, "hso", "zone", base->internal, "{\"name\":\"Building 3\",\"area-class\":\"administrative\"}", base->zone, true);
    make(base, "ict", "system", base->internal, "{\"name\":\"Registry net\"}", base->system, true);
    make(base, "ict", "asset", base->internal, arena_printf(arena, "{\"name\":\"Gateway\",\"serial\":\"SN-1\",\"kind\":\"gateway\",\"system\":\"%s\"}", base->system), base->asset, true);
    for (int i = 0; i < 5; i++)
        make(base, "ict", "asset", i % 2 ? base->internal : base->restricted, arena_printf(arena, "{\"name\":\"Server %d\",\"serial\":\"SN-%d\",\"kind\":\"server\",\"zone\":\"%s\"}", i, 10 - i, base->zone), number, true);
    make(base, "low", "incident", base->internal, arena_printf(arena, REPORT, "1-100"), base->low_incident, true);
    make(base, "staff", "incident", base->confidential, arena_printf(arena, REPORT, "3-114"), base->incident, true);
    make(base, "staff", "incident", base->confidential, arena_printf(arena, REPORT, "3-115"), base->waiting, true);
    make(base, "hso", "incident", base->secret, arena_printf(arena, REPORT, "3-116"), base->half, true);
    make(base, "reg", "document", base->confidential, arena_printf(arena, "{\"title\":\"Plan Amber\",\"reference\":\"MOD/7\",\"kind\":\"report\",\"originator\":\"%s\",\"dated\":\"2027-01-10\"}", base->organisation), base->document, true);
    make(base, "hso", "action", base->internal, arena_printf(arena, "{\"what\":\"Change the locks\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-03-20\"}", person("staff")), number, true);
    make(base, "ssl", "file", base->internal, "{\"title\":\"Circle\",\"kind\":\"case\"}", base->closed_file, false);
    make(base, "ssl", "membership", NULL, arena_printf(arena, "{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"leads\",\"from\":\"2027-03-01T00:00Z\"}", base->closed_file, person("hso")), number, false);
    make(base, "ssl", "membership", NULL, arena_printf(arena, "{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"keeps\",\"from\":\"2027-03-01T00:00Z\"}", base->closed_file, person("ict")), number, false);
    make(base, "ict", "system", base->secret, "{\"name\":\"Registry net\"}", base->hidden_system, false);
    make(base, "ict", "system", base->internal, "{\"name\":\"Spare net\"}", base->spare, true);
    make(base, "ict", "system", base->internal, "{\"name\":\"Old net\"}", base->doomed, true);
    make(base, "pass3", "person", NULL, "{\"name\":\"Former\",\"given-name\":\"Max\",\"nationality\":\"BEL\"}", base->former, true);
    make(base, "ssl", "file", base->secret, "{\"title\":\"Upper circle\",\"kind\":\"case\"}", base->upper_file, false);
    static const char *const members[] = {"ssl", "ict", "ict3", "hso3", "staff"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        make(base, "ssl", "membership", NULL, arena_printf(arena, "{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"works there\",\"from\":\"2027-03-01T00:00Z\"}", base->upper_file, person(members[i])), number, false);
    must(fixture_do(&f, "ict", (struct op){.kind = OP_CREATE, .register_ = "asset", .label = base->internal, .file = base->upper_file}, "{\"name\":\"Inside\",\"serial\":\"SN-77\",\"kind\":\"server\"}", &inside, NULL), "an asset inside");
    pool_add(base->pool.visible, &base->pool.n_visible, 2000, inside, office_pack(f.office));
    const char *logins[] = {"hso", "ssl", "duty", "inv", "inv2", "ict", "reg", "staff", "low", "hso3", "ssl3", "duty3", "reg3", "ict3", "ghost"};
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
        pool_add(base->pool.visible, &base->pool.n_visible, 2000, person(logins[i]), office_pack(f.office));
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "hso");
    must(office_get(f.office, reader, "incident", base->low_incident, arena, &record), "the file of a case");
    snprintf(base->low_file, NUMBER_TEXT, "%s", record.file_number);
    reader_free(reader);
    segment_make(f.office, "visible", base->restricted, NULL, f.now, base->segment);
    must(*base->segment ? OK : FAILED_IO, "a segment of events");
    pool_add(base->pool.visible, &base->pool.n_visible, 2000, base->segment, office_pack(f.office));
    make(base, "ict3", "hunt", base->restricted, arena_printf(arena, "{\"title\":\"Containers\",\"hypothesis\":\"Opened.\",\"trigger\":\"routine\",\"hunter\":\"%s\",\"looked-for\":\"container\\nImage: calc*\"}", person("ict3")), base->hunt, true);
    must(fixture_step(&f, "ism", base->hunt, "approve", "{}"), "a hunt approved");
    must(fixture_step(&f, "ict3", base->hunt, "begin", "{}"), "a hunt begun");
    base->staff = person("staff");
    base->low = person("low");
    base->hso = person("hso");
    base->inv = person("inv");
    base->ghost = person("ghost");
}

void base_make(struct base *base)
{
    memset(base, 0, sizeof *base);
    fixture_new_with(&f, more);
    base->arena = f.arena;
    base->internal = fixture_label(&f, "OFFICE-PUBLIC", "INTERNAL");
    base->restricted = fixture_label(&f, "NATO", "RESTRICTED");
    base->confidential = fixture_label(&f, "NATO", "CONFIDENTIAL");
    base->secret = fixture_label(&f, "NATO", "SECRET");
    base->secret_too = fixture_label(&f, "NATO", "SECRET");
    base->late = fixture_label(&f, "NATO", "UNCLASSIFIED");
    base->hidden_late = fixture_label(&f, "OFFICE-PUBLIC", "UNMARKED");
    fill(base);
    office_close(f.office);
    f.office = NULL;
    base->now = f.now;
    snprintf(base->folder, sizeof base->folder, "%s", f.folder);
}
void base_drop(struct base *base)
{
    (void)base;
    fixture_free(&f);
}

/* ---- a copy ---- */

static void copy_file(const char *from, const char *to, mode_t mode)
{
    char block[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n;
    if (!in || !out)
        abort();
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        if (fwrite(block, 1, n, out) != n)
            abort();
    fclose(in);
    fclose(out);
    (void)chmod(to, mode);
}
static void copy_folder(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    if (!folder || mkdir(to, 0700) != 0)
        abort();
    for (struct dirent *entry; (entry = readdir(folder));) {
        char a[600], b[600];
        struct stat about;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(a, sizeof a, "%s/%s", from, entry->d_name);
        snprintf(b, sizeof b, "%s/%s", to, entry->d_name);
        if (lstat(a, &about) != 0)
            abort();
        if (S_ISDIR(about.st_mode))
            copy_folder(a, b);
        else if (S_ISREG(about.st_mode))
            copy_file(a, b, about.st_mode & 0777);
    }
    closedir(folder);
}

static void heard(void *arg, const struct touched *items, size_t n)
{
    struct world *world = arg;
    struct news *news = &world->news;
    wire_heard(world->wire, items, n);
    pthread_mutex_lock(&news->lock);
    if (news->n + n > news->cap) {
        news->cap = (news->n + n) * 2;
        news->items = realloc(news->items, news->cap * sizeof *items);
        if (!news->items)
            abort();
    }
    memcpy(news->items + news->n, items, n * sizeof *items);
    news->n += n;
    pthread_mutex_unlock(&news->lock);
}

static moment clock_of(void *arg) { return ((const struct world *)arg)->now; }

void world_open(struct world *world, const struct base *base, const char *name)
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    uint8_t key[32];
    char signer[200], line[200];
    reasons_init(&reasons, arena);
    *world = (struct world){0};
    pthread_mutex_init(&world->news.lock, NULL);
    snprintf(world->folder, sizeof world->folder, "%s-%s", base->folder, name);
    copy_folder(base->folder, world->folder);
    snprintf(signer, sizeof signer, "%s.signer", world->folder);
    snprintf(line, sizeof line, "%s/signer.pub", world->folder);
    if (signer_create_key(signer, "castellan/test", &reasons) != OK || signer_start(signer, &reasons, &world->signer) != OK) {
        fprintf(stderr, "%s\n", reasons_text(&reasons, LANG_EN));
        abort();
    }
    FILE *public_line = fopen(line, "w");
    if (!public_line || fprintf(public_line, "%s\n", signer_public_line(world->signer)) < 0 || fclose(public_line) != 0)
        abort();
    if (office_open(&(struct office_options){.folder = world->folder, .now = base->now, .fast_secrets = true, .duties = duties_all}, &reasons, &world->office) != OK) {
        fprintf(stderr, "%s\n", reasons_text(&reasons, LANG_EN));
        abort();
    }
    world->now = base->now;
    world->works = works_new(&(struct works_options){.office = world->office, .clock = clock_of, .arg = world});
    works_of_office(world->office, world->works);
    office_key(world->office, "front.seal", key);
    seal_init(&world->seal, key);
    world->wire = wire_open(world);
    office_on_change(world->office, heard, world);
    arena_free(arena);
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about, (void)kind, (void)ftw;
    return remove(path);
}
void world_close(struct world *world)
{
    char signer[200];
    works_of_office(world->office, NULL);
    works_free(world->works);
    office_close(world->office);
    wire_close(world->wire);
    signer_stop(world->signer);
    snprintf(signer, sizeof signer, "%s.signer", world->folder);
    nftw(signer, drop, 16, FTW_DEPTH | FTW_PHYS);
    nftw(world->folder, drop, 16, FTW_DEPTH | FTW_PHYS);
    pthread_mutex_destroy(&world->news.lock);
    free(world->news.items);
}

const struct reader *world_reader(struct world *world, const char *login, moment now, struct arena *arena)
{
    bool active;
    struct seat *seats;
    struct reasons reasons;
    const struct reader *reader = NULL;
    reasons_init(&reasons, arena);
    record_id account = office_account(world->office, login, &active);
    if (!office_seats(world->office, account, now, arena, &seats) || reader_open(world->office, account, seats[0].appointment, now, &reasons, &reader) != OK)
        return NULL;
    return reader;
}

enum status world_do(struct world *world, const char *login, const char *key, moment now, struct op op, const char *fields, char ret[NUMBER_TEXT])
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct outcome outcome;
    struct val *value;
    enum status status = REFUSED;
    const struct reader *reader = world_reader(world, login, now, arena);
    reasons_init(&reasons, arena);
    if (ret)
        ret[0] = 0;
    if (json_read(arena, fields ? fields : "{}", strlen(fields ? fields : "{}"), (struct json_limits){0}, &reasons, &value) != OK)
        abort();
    op.fields = value;
    if (reader)
        status = office_apply(world->office, &(struct change){.writer = reader, .key = key, .now = now, .ops = &op, .n_ops = 1}, arena, &outcome);
    if (status == OK && ret && outcome.n_numbers)
        snprintf(ret, NUMBER_TEXT, "%s", outcome.numbers[0]);
    if (status != OK && reader && getenv("INTERFERENCE_WORDS"))
        fprintf(stderr, "# %s %d %s: %s", login, (int)op.kind, op.register_ ? op.register_ : op.number, reasons_text(&outcome.reasons, LANG_EN));
    reader_free(reader);
    arena_free(arena);
    return status;
}

enum status world_confirm(struct world *world, const char *login, const char *key, moment now, const char *proposal)
{
    struct arena *arena = arena_new(0);
    struct record_view record;
    char hex[65] = "00", mine[100];
    const struct reader *reader = world_reader(world, login, now, arena);
    const char *bytes = reader && office_get(world->office, reader, "proposal", proposal, arena, &record) == OK ? val_get_str(record.fields, "op") : NULL;
    if (bytes) {
        struct hash hash = sha256(bytes, strlen(bytes));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    arena_free(arena);
    snprintf(mine, sizeof mine, "%s-confirm", key);
    return world_do(world, login, mine, now, (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hex, .reason = "seen"}, NULL, NULL);
}
bool world_erase(struct world *world, const char *one, const char *other, const char *key, moment now, const char *number, char ret[NUMBER_TEXT])
{
    char proposal[NUMBER_TEXT], mine[100];
    snprintf(mine, sizeof mine, "%s-erase", key);
    if (world_do(world, one, mine, now, (struct op){.kind = OP_ERASE, .number = number, .step = "order", .reason = "Order of the court, 1 March 2027"}, NULL, proposal) != OK)
        return false;
    if (ret)
        snprintf(ret, NUMBER_TEXT, "%s", proposal);
    return world_confirm(world, other, key, now, proposal) == OK;
}
