/* SPDX-License-Identifier: GPL-3.0-or-later
 * castellan verify: see office/verify.h.
 */
#include <string.h>

#include "cli/cli.h"
#include "office/duty.h"
#include "office/verify.h"

static void progress(void *arg, uint64_t done) { cli_progress("entries", done, *(uint64_t *)arg > done ? *(uint64_t *)arg : done); }

static void print_json(const struct office_verdict *v, const struct reasons *reasons, bool good, struct arena *arena)
{
    struct val *out = val_object(arena), *list = val_array(arena);
    struct buf text;
    char hex[65];
    hex_write(v->journal.root.bytes, HASH_BYTES, hex);
    val_set_bool(arena, out, "good", good);
    val_set_int(arena, out, "entries", (int64_t)v->journal.entries);
    val_set_str(arena, out, "root", hex);
    val_set_int(arena, out, "proven", (int64_t)v->journal.proven);
    if (v->journal.first_bad != JOURNAL_NOWHERE) {
        val_set_int(arena, out, "first-bad", (int64_t)v->journal.first_bad);
        val_set_str(arena, out, "what", v->journal.what ? v->journal.what : "");
    }
    val_set_int(arena, out, "bodies", (int64_t)v->journal.bodies_good);
    val_set_int(arena, out, "erased", (int64_t)v->journal.erased);
    val_set_int(arena, out, "missing", (int64_t)v->journal.missing);
    val_set_int(arena, out, "records", (int64_t)v->records);
    val_set_int(arena, out, "differences", (int64_t)v->differences);
    val_set_int(arena, out, "side-damaged", (int64_t)v->side_damaged);
    for (const struct reason *r = reasons->first; r; r = r->after) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "rule", r->rule);
        val_set_str(arena, item, "where", r->where);
        val_set_str(arena, item, "text", r->text.in[cli_lang()]);
        val_push(arena, list, item);
    }
    val_set(arena, out, "findings", list);
    buf_init(&text, 64 << 20);
    json_write(&text, out);
    printf("%s\n", text.data ? text.data : "");
    buf_free(&text);
}

static void print_words(const struct office_verdict *v, const struct reasons *reasons, bool good, bool journal_only)
{
    char hex[65];
    hex_write(v->journal.root.bytes, HASH_BYTES, hex);
    fputs(reasons_text(reasons, cli_lang()), stdout);
    printf("entries %llu, root %s, proven to %llu by %llu checkpoints\n", (unsigned long long)v->journal.entries, hex,
           (unsigned long long)v->journal.proven, (unsigned long long)v->journal.notes_good);
    printf("bodies %llu good, %llu erased, %llu missing\n", (unsigned long long)v->journal.bodies_good, (unsigned long long)v->journal.erased,
           (unsigned long long)v->journal.missing);
    if (!journal_only)
        printf("tables: %llu records, %llu links, %llu index rows, %llu search rows, %llu labels, %llu side rows; %llu differences\n",
               (unsigned long long)v->records, (unsigned long long)v->links, (unsigned long long)v->rows, (unsigned long long)v->postings,
               (unsigned long long)v->labels, (unsigned long long)v->side_rows, (unsigned long long)v->differences);
    if (v->journal.first_bad != JOURNAL_NOWHERE)
        printf("first bad entry: %llu (%s)\n", (unsigned long long)v->journal.first_bad, v->journal.what ? v->journal.what : "?");
    printf("%s\n", good ? "good" : "NOT GOOD");
}

int cli_verify(int argc, char **argv)
{
    const char *folder = cli_argument(argc, argv, 0, NULL);
    bool journal_only = cli_flag(argc, argv, "--journal");
    struct arena *arena;
    struct reasons reasons;
    struct office *office;
    struct office_verdict verdict;
    if (!folder)
        return cli_usage("verify");
    arena = arena_new((size_t)2 << 30);
    reasons_init(&reasons, arena);
    enum status status = office_open(&(struct office_options){.folder = folder, .now = moment_now(), .duties = duties_all}, &reasons, &office);
    if (status != OK) {
        int ret = cli_fail(&reasons, status);
        arena_free(arena);
        return ret;
    }
    uint64_t all = store_journal_size(office_store(office));
    status = office_verify(office, folder, journal_only, progress, &all, arena, &reasons, &verdict);
    if (status == OK || status == DAMAGED) {
        if (cli_flag(argc, argv, "--json"))
            print_json(&verdict, &reasons, status == OK, arena);
        else
            print_words(&verdict, &reasons, status == OK, journal_only);
    } else {
        cli_fail(&reasons, status);
    }
    office_close(office);
    arena_free(arena);
    return status == OK ? 0 : 1;
}
