/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists and searches through office_find, for readers who see all, a tenth and a two-thousandth of the records.
 *
 *     bench-find [RECORDS [FOLDER]]    default 20000; a FOLDER given is kept and used again
 */
#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "figure.h"
#include "office.h"

#define ROUNDS 400
static double took[ROUNDS], worked[ROUNDS];

static double measure(struct bench_office *bench, const struct reader *reader, const struct query *query, double *ret_p99, size_t *ret_rows)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    for (int i = 0; i < ROUNDS + 20; i++) {
        struct reasons reasons;
        struct page_of page;
        arena_clear(arena);
        reasons_init(&reasons, arena);
        double start = seconds_now(), busy = clock_of(CLOCK_THREAD_CPUTIME_ID);
        if (office_find(bench->office, reader, query, arena, &reasons, &page) != OK)
            bench_die("a list was refused", &reasons);
        if (i >= 20)
            took[i - 20] = (seconds_now() - start) * 1000;
        if (i >= 20)
            worked[i - 20] = (clock_of(CLOCK_THREAD_CPUTIME_ID) - busy) * 1000;
        *ret_rows = page.n_rows;
    }
    arena_free(arena);
    double half = centile_of(took, ROUNDS, 0.5);
    *ret_p99 = centile_of(took, ROUNDS, 0.99);
    return half;
}

static void row(struct bench_office *bench, const struct reader *reader, const char *who, const char *what, const struct query *query, const char *goal, size_t records)
{
    char name[160], remark[120];
    size_t rows;
    double p99, p50 = measure(bench, reader, query, &p99, &rows);
    snprintf(name, sizeof name, "%s, reader of %s: p50 / p99 / max", what, who);
    snprintf(remark, sizeof remark, "%zu rows of %zu records; processor time p50 %.3g ms", rows, records, centile_of(worked, ROUNDS, 0.5));
    figure(name, goal, p50, p99, took[ROUNDS - 1], " ms", remark);
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw) { return remove(path); }

int main(int argc, char **argv)
{
    size_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    char folder[] = "/tmp/castellan-bench-find-XXXXXX";
    const char *at = argc > 2 ? argv[2] : folder;
    struct bench_office bench;
    log_set(LOG_ERROR_, "bench");
    if (argc > 2 && access(at, F_OK) == 0) {
        bench_open(&bench, at);
    } else {
        if (argc < 3 && (!mkdtemp(folder) || rmdir(folder) != 0))
            bench_die("no folder", NULL);
        bench_found(&bench, at);
        bench_fill(&bench, records, true);
    }
    static const char *const whos[][2] = {{"all0000", "all"}, {"tenth0000", "a tenth"}, {"small0000", "1 in 2,000"}};
    struct filter kind = {"kind", "sop"};
    const struct reader *readers[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = bench_reader(&bench, whos[i][0]);
        row(&bench, readers[i], whos[i][1], "50-row list, default order", &(struct query){.register_ = "instruction"}, "<= 1 / 10 ms", records);
        row(&bench, readers[i], whos[i][1], "50-row list, one sort, one filter", &(struct query){.register_ = "instruction", .sort = "title", .filters = &kind, .n_filters = 1}, "<= 1 / 10 ms", records);
        row(&bench, readers[i], whos[i][1], "search newest-first, word in every record", &(struct query){.text = "everywhere"}, "<= 5 ms", records);
        row(&bench, readers[i], whos[i][1], "search newest-first, two words", &(struct query){.text = "w1 w2"}, "<= 5 ms", records);
    }
    double ratios[5], p99;
    size_t rows;
    for (int i = 0; i < 5; i++) {
        /* By processor time: on a shared machine the clock says more about the neighbours. */
        measure(&bench, readers[2], &(struct query){.text = "everywhere"}, &p99, &rows);
        double with = centile_of(worked, ROUNDS, 0.5);
        measure(&bench, readers[2], &(struct query){.text = "alone"}, &p99, &rows);
        ratios[i] = with / centile_of(worked, ROUNDS, 0.5);
    }
    qsort(ratios, 5, sizeof *ratios, by_size);
    char remark[80];
    snprintf(remark, sizeof remark, "%zu hidden hits", records - records / 2000);
    figure("search with hidden hits / without, p50 of processor time", "<= 1.2", ratios[0], ratios[2], ratios[4], "", remark);
    for (int i = 0; i < 3; i++)
        reader_free(readers[i]);
    office_close(bench.office);
    if (argc < 3)
        nftw(at, drop, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
