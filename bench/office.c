/* SPDX-License-Identifier: GPL-3.0-or-later
 * See office.h.
 */
#include "office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/found.h"
#include "figure.h"
#include "office/duty.h"

void bench_die(const char *what, const struct reasons *reasons)
{
    fprintf(stderr, "bench: %s\n", what);
    for (const struct reason *r = reasons ? reasons->first : NULL; r; r = r->after)
        fprintf(stderr, "  %s %s: %s\n", r->rule, r->where ? r->where : "", r->text.in[LANG_EN]);
    exit(1);
}

static struct val *json(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct val *json(struct arena *arena, const char *format, ...)
{
    va_list list;
    struct reasons reasons;
    struct val *value;
    reasons_init(&reasons, arena);
    va_start(list, format);
    char *text = arena_vprintf(arena, format, list);
    va_end(list);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    if (json_read(arena, text, strlen(text), (struct json_limits){0}, &reasons, &value) != OK)
        bench_die(text, &reasons);
    return value;
}

void bench_found(struct bench_office *bench, const char *folder)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    char from[MOMENT_TEXT], until[MOMENT_TEXT];
    moment now = moment_now();
    reasons_init(&reasons, arena);
    moment_iso_day(now - 100 * DAY, from);
    moment_iso_day(now + 900 * DAY, until);
    const char *cleared = arena_printf(arena, "[{'policy':'NATO','class':'SECRET','from':'%s','until':'%s'}]", from, until);
    const char *seat = arena_printf(arena, "[{'post':'%s','from':'%s','until':'%s'}]", "headquarters-security-officer", from, until);
    struct val *deed = json(arena, "{'name':'Bench headquarters','origin':'castellan/bench','settings':{'totp':true,'ceilings':{'NATO':'SECRET','OFFICE-PUBLIC':'INTERNAL'}},"
                                   "'persons':[{'login':'hso','name':'Berg','given-name':'Nina','nationality':'NOR','posts':%s,'clearances':%s,'briefings':%s},"
                                   "{'login':'second','name':'Keller','given-name':'Jonas','nationality':'DEU','posts':%s,'clearances':%s,'briefings':%s}]}",
                             seat, cleared, cleared, seat, cleared, cleared);
    if (found_office(folder, deed, false, now - 90 * DAY, arena, &reasons) != OK)
        bench_die("the office cannot be founded", &reasons);
    arena_free(arena);
    bench_open(bench, folder);
}

void bench_open(struct bench_office *bench, const char *folder)
{
    struct reasons reasons;
    *bench = (struct bench_office){.arena = arena_new((size_t)1 << 30), .now = moment_now()};
    reasons_init(&reasons, bench->arena);
    if (office_open(&(struct office_options){.folder = folder, .duties = duties_all, .now = bench->now}, &reasons, &bench->office) != OK)
        bench_die("the office cannot be opened", &reasons);
    bench->label = label_by_names(office_policies(bench->office), "NATO", "CONFIDENTIAL", NULL, bench->now, bench->arena);
    bench->plain = label_by_names(office_policies(bench->office), "NATO", "RESTRICTED", NULL, bench->now, bench->arena);
    bench->numbers = malloc(4000 * NUMBER_TEXT);
    if (!bench->label || !bench->plain || !bench->numbers)
        bench_die("no labels", NULL);
}

const char *bench_login(struct bench_office *bench, const char *kind, unsigned n) { return arena_printf(bench->arena, "%s%04u", kind, n); }

const struct reader *bench_reader(struct bench_office *bench, const char *login)
{
    struct seat *seats;
    struct reasons reasons;
    const struct reader *reader = NULL;
    bool active;
    reasons_init(&reasons, bench->arena);
    record_id account = office_account(bench->office, login, &active);
    if (!office_seats(bench->office, account, moment_now(), bench->arena, &seats) ||
        reader_open(bench->office, account, seats[0].appointment, moment_now(), &reasons, &reader) != OK)
        bench_die(login, &reasons);
    return reader;
}

/* ---- filling ---- */

struct batch { struct bench_office *bench; struct arena *arena; struct op ops[1000]; size_t n; unsigned count; };

static void flush(struct batch *batch, const char ***ret)
{
    struct outcome outcome;
    batch->count++;
    if (batch->n && office_act(batch->bench->office, "bench.fill", arena_printf(batch->arena, "batch %u of %lld", batch->count, (long long)batch->bench->now), batch->ops, batch->n,
                               batch->bench->now - 30 * DAY + (moment)batch->count * SECOND, batch->arena, &outcome) != OK)
        bench_die("a batch was refused", &outcome.reasons);
    if (ret)
        *ret = outcome.numbers;
    batch->n = 0;
}

static void add(struct batch *batch, const char *local, const char *register_, const char *state, const char *label, const char *file, struct val *fields)
{
    batch->ops[batch->n++] = (struct op){.kind = OP_CREATE, .number = local, .register_ = register_, .state = state, .label = label, .file = file, .fields = fields};
}

static const char *add_person(struct batch *batch, const char *login, const char *post)
{
    struct bench_office *bench = batch->bench;
    struct arena *arena = batch->arena;
    const char *local = arena_printf(arena, "$%s", login), *policy = policy_oid(policies_find(office_policies(bench->office), "NATO"));
    char from[MOMENT_TEXT], until[MOMENT_TEXT];
    moment_iso_day(bench->now - 60 * DAY, from);
    moment_iso_day(bench->now + 600 * DAY, until);
    add(batch, local, "person", "active", NULL, NULL, json(arena, "{'name':'Person %s','given-name':'Ada','nationality':'NOR'}", login));
    add(batch, NULL, "account", "active", NULL, NULL, json(arena, "{'login':'%s','person':'%s'}", login, local));
    add(batch, NULL, "appointment", "in-force", NULL, NULL, json(arena, "{'person':'%s','post':'%s','from':'%s','until':'%s'}", local, post, from, until));
    struct val *clearance = json(arena, "{'person':'%s','basis':'certificate','from':'%s','until':'%s'}", local, from, until);
    val_set_str(arena, clearance, "clearance", clearance_by_names(office_policies(bench->office), "NATO", "SECRET", NULL, bench->now, arena));
    add(batch, NULL, "clearance", "granted", NULL, NULL, clearance);
    add(batch, NULL, "briefing", "in-force", NULL, NULL, json(arena, "{'person':'%s','kind':'initial','policy':'%s','class':'4','from':'%s','until':'%s'}", local, policy, from, until));
    return local;
}

static void staff(struct batch *batch)
{
    const char **numbers = NULL;
    for (unsigned i = 0; i < BENCH_STAFF; i++) {
        add_person(batch, bench_login(batch->bench, "staff", i), "staff-member");
        if (batch->n == 1000)
            flush(batch, &numbers);
    }
    for (unsigned i = 0; i < BENCH_WRITERS; i++)
        add_person(batch, bench_login(batch->bench, "writer", i), "information-security-manager");
    flush(batch, &numbers);
    batch->bench->owner = arena_strdup(batch->bench->arena, numbers[0]);
}

static const char **files(struct batch *batch)
{
    static const char *const readers[] = {"all0000", "tenth0000", "small0000"};
    const char **numbers, **ret = ARENA_ARRAY(batch->bench->arena, const char *, BENCH_FILES + 1), *persons[3];
    char from[MOMENT_TEXT];
    for (int r = 0; r < 3; r++)
        add_person(batch, readers[r], "staff-member");
    flush(batch, &numbers);
    for (int r = 0; r < 3; r++)
        persons[r] = arena_strdup(batch->bench->arena, numbers[r * 5]);
    for (int f = 0; f <= BENCH_FILES; f++)
        add(batch, NULL, "file", "open", batch->bench->plain, NULL, json(batch->arena, "{'title':'File %d','kind':'general'}", f));
    flush(batch, &numbers);
    for (int f = 0; f <= BENCH_FILES; f++)
        ret[f] = arena_strdup(batch->bench->arena, numbers[f]);
    moment_iso(batch->bench->now - 50 * DAY, from);
    for (int f = 0; f <= BENCH_FILES; f++)
        for (int r = 0; r < 3; r++)
            if (r == 0 || (r == 1 && f < BENCH_FILES / 10) || (r == 2 && f == BENCH_FILES))
                add(batch, NULL, "membership", "in-force", NULL, NULL, json(batch->arena, "{'file':'%s','person':'%s','need':'The bench reads it','from':'%s'}", ret[f], persons[r], from));
    flush(batch, NULL);
    return ret;
}

static uint64_t state = 42;
static uint64_t next(void)
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct val *instruction(struct batch *batch, size_t i, bool small)
{
    static const char *const kinds[] = {"policy", "directive", "regulation", "sop", "secops", "guidance"};
    unsigned w[8];
    for (int k = 0; k < 8; k++) {
        double u = (double)(next() >> 11) / 9007199254740992.0;
        w[k] = (unsigned)(5000 * u * u * u);       /* a few words are frequent */
    }
    return json(batch->arena, "{'title':'Handling of keys w%u w%u','series':'SR-%07zu','edition':%u,'kind':'%s','change':'first','audience':'all','owner':'%s',"
                "'text':'1. Every key of a secure room is signed for, and everywhere it is counted. w%u w%u w%u%s\\n\\n2. A lost key is an incident and is reported at once: w%u w%u. The lock is changed.\\n\\n"
                "3. The duty officer holds the spare keys in a sealed envelope, and breaks the seal only in the presence of a second person, whose name is entered: w%u.'}",
                w[0], w[1], i, 1 + (unsigned)(next() % 9), kinds[next() % 6], batch->bench->owner, w[2], w[3], w[4], small ? " alone" : "", w[5], w[6], w[7]);
}

void bench_fill(struct bench_office *bench, size_t records, bool filed)
{
    struct batch *batch = calloc(1, sizeof *batch);
    const char **numbers, **file = NULL;
    *batch = (struct batch){.bench = bench, .arena = arena_new((size_t)1 << 30)};
    double start = seconds_now();
    staff(batch);
    if (filed)
        file = files(batch);
    for (size_t i = 0; i < records; i++) {
        bool small = filed && i % 2000 == 7;
        const char *in = !filed ? "" : file[small ? BENCH_FILES : next() % BENCH_FILES];
        add(batch, NULL, "instruction", i % 3 ? "in-force" : "draft", !filed && i % 2 == 0 ? bench->label : bench->plain, in, instruction(batch, i, small));
        if (batch->n < 1000 && i + 1 < records)
            continue;
        size_t n = batch->n;
        flush(batch, &numbers);
        for (size_t k = 0; k < n && bench->n_numbers < 4000; k++)
            snprintf(bench->numbers[bench->n_numbers++], NUMBER_TEXT, "%s", numbers[k]);
        arena_clear(batch->arena);
        if (i % 20000 == 19999)
            fprintf(stderr, "  %zu records in %.0f s\n", i + 1, seconds_now() - start);
    }
    fprintf(stderr, "  filled: %zu instructions, %u staff in %.1f s\n", records, BENCH_STAFF, seconds_now() - start);
    arena_free(batch->arena);
    free(batch);
}
