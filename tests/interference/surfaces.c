/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The listed surfaces: an auditor's view of the journal, and verify. There the hidden half shows as entries, and as nothing else: what the
 * office without it shows is found, fact by fact and in order, in what the other one shows; both journals are whole.
 */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/auditor.h"
#include "office/verify.h"

struct facts { char **lines; size_t n, cap; };

/* Without position, version and proof: numbers that hidden entries move. A label is entered once, by whoever uses it first, which may be the
 * hidden half: those entries name no record and are left out. */
static void add_fact(struct facts *facts, const struct journal_fact *fact)
{
    char line[300];
    snprintf(line, sizeof line, "%lld %s %s %s %s %s %s %d", (long long)fact->time, fact->kind, fact->person ? fact->person : "-", fact->post ? fact->post : "-",
             fact->step ? fact->step : "-", fact->register_ ? fact->register_ : "-", fact->token, fact->sealed);
    if (facts->n == facts->cap && !(facts->lines = realloc(facts->lines, (facts->cap = facts->cap * 2 + 256) * sizeof *facts->lines)))
        abort();
    if (!(facts->lines[facts->n++] = strdup(line)))
        abort();
}

static bool read_all(struct running *r, unsigned w, struct facts *ret)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct reader *reader = world_reader(&r->worlds[w], "aud3", r->now, arena);
    struct journal_query query = {.from = MOMENT_NONE, .until = MOMENT_NONE, .limit = 10000};
    struct journal_page page;
    bool good = reader;
    *ret = (struct facts){0};
    do {
        good = good && office_journal_page(r->worlds[w].office, reader, &query, arena, &page) == OK;
        for (size_t i = 0; good && i < page.n; i++)
            if (strcmp(page.facts[i].kind, "label") != 0)
                add_fact(ret, &page.facts[i]);
        query.before = good ? page.before : 0;
    } while (query.before);
    reader_free(reader);
    arena_free(arena);
    return good;
}

static void drop(struct facts *facts)
{
    for (size_t i = 0; i < facts->n; i++)
        free(facts->lines[i]);
    free(facts->lines);
}

static void whole(struct running *r, unsigned w)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct office_verdict verdict;
    reasons_init(&reasons, arena);
    if (office_verify(r->worlds[w].office, r->worlds[w].folder, false, NULL, NULL, arena, &reasons, &verdict) != OK)
        differs(r, "verify", "sound", reasons_text(&reasons, LANG_EN));
    arena_free(arena);
}

void surfaces(struct running *r)
{
    struct facts without, with;
    /* Entries of reads are durable within the next batch: a change that waits for its own comes behind them. */
    for (unsigned w = 0; w < 2; w++)
        (void)world_do(&r->worlds[w], "low", "after-the-last", r->now, (struct op){.kind = OP_STEP, .number = "INC-2027-0000000000", .step = "contain"}, NULL, NULL);
    bool good = read_all(r, 0, &without);
    good = read_all(r, 1, &with) && good;
    if (!good)
        differs(r, "the auditor's journal", "is shown", "is not");
    size_t at = 0;
    for (size_t i = 0; good && i < without.n; i++, at++) {
        while (at < with.n && strcmp(with.lines[at], without.lines[i]) != 0)
            at++;
        if (at == with.n && getenv("INTERFERENCE_DUMP"))
            for (unsigned w = 0; w < 2; w++)
                for (size_t k = 0; k < (w ? with : without).n; k++)
                    if (strncmp((w ? with : without).lines[k], without.lines[i], 13) == 0)
                        fprintf(stderr, "# %c %s\n", 'a' + (int)w, (w ? with : without).lines[k]);
        if (at == with.n) {
            differs(r, "the auditor's journal: a fact of the visible half is another where there is a hidden half", without.lines[i], "");
            break;
        }
    }
    r->run->answers++;
    r->run->facts = without.n;
    r->run->hidden_facts = with.n - without.n;
    drop(&without);
    drop(&with);
    whole(r, 0);
    whole(r, 1);
}
