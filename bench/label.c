/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The label room's figures: one decision without reasons, and a STANAG 4774 file read, resolved and validated. Both
 * over the office's own policies, with a label that has a caveat, three nations and an administrative mark. The wall
 * clock's best of several rounds is printed, since it is the code that is measured, not what else the machine does.
 *
 *     bench-label [FOLDER OF POLICIES]      default: policies
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "label/label.h"

enum { ROUNDS = 300, DECISIONS = 4000, READS = 50 };       /* short rounds: some of them run undisturbed */
static const moment now = INT64_C(1795348800000);
static const char label_text[] = "{\"categories\":[[\"1.3.26.1.4.1\",\"restrictive\",\"1\"],[\"1.3.26.1.4.2\",\"enumeratedPermissive\","
    "\"250\"],[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"276\"],[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"840\"],"
    "[\"1.3.26.1.4.3\",\"informative\",\"4\"]],\"class\":\"4\",\"policy\":\"1.3.26.1.3.1\"}";
static const char clearance_text[] = "{\"categories\":[[\"1.3.26.1.4.1\",\"restrictive\",\"1\"],[\"1.3.26.1.4.1\",\"restrictive\",\"2\"],"
    "[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"10001\"],[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"840\"]],"
    "\"classes\":[\"5\"],\"policy\":\"1.3.26.1.3.1\"}";

static double nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench-label: %s\n", what);
    exit(1);
}

static struct policies *load(const char *folder)
{
    static const char *const names[] = { "nato", "eu", "occar", "office-public" };
    struct policies *policies = policies_new();
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = arena_printf(arena, "%s/%s.xml", folder, names[i]);
        char *xml = arena_alloc(arena, 1 << 20);
        struct policy *policy;
        struct reasons faults;
        reasons_init(&faults, arena);
        FILE *file = fopen(path, "rb");
        must(file != NULL, path);
        size_t len = fread(xml, 1, 1 << 20, file);
        fclose(file);
        must(policy_load(path, xml, len, SPIF_STRICT, &faults, &policy) == OK &&
             policies_add(policies, policy, &faults) == OK, path);
    }
    arena_free(arena);
    return policies;
}

static double decide(const struct policies *policies, struct arena *arena)
{
    struct label *label;
    struct clearance *clearance;
    double best = 1e18;
    must(label_read(label_text, strlen(label_text), arena, NULL, &label) == OK &&
         clearance_read(clearance_text, strlen(clearance_text), arena, NULL, &clearance) == OK, "texts");
    for (int round = 0; round < ROUNDS; round++) {
        unsigned granted = 0;
        double start = nanoseconds();
        for (int i = 0; i < DECISIONS; i++)
            granted += label_dominated(policies, label, clearance, now, NULL);
        double each = (nanoseconds() - start) / DECISIONS;
        must(granted == DECISIONS, "a decision was no");
        best = each < best ? each : best;
    }
    return best;
}

static double read_xml(const struct policies *policies, struct arena *arena, size_t *ret_bytes)
{
    struct arena *work = arena_new(0);
    struct label *label;
    struct buf xml;
    double best = 1e18;
    buf_init(&xml, 1 << 20);
    must(label_read(label_text, strlen(label_text), arena, NULL, &label) == OK &&
         label_export_4774(policies, label, now, "registry@hq.example", &xml) == OK, "export");
    for (int round = 0; round < ROUNDS; round++) {
        double start = nanoseconds();
        for (int i = 0; i < READS; i++) {
            struct reasons reasons;
            struct label *read;
            reasons_init(&reasons, work);
            must(label_import(policies, xml.data, xml.len, SPIF_STRICT, work, &reasons, &read) == OK &&
                 label_valid(policies, read, now, true, &reasons), "import");
            arena_clear(work);
        }
        double each = (nanoseconds() - start) / READS;
        best = each < best ? each : best;
    }
    *ret_bytes = xml.len;
    buf_free(&xml);
    arena_free(work);
    return best;
}

int main(int argc, char **argv)
{
    struct policies *policies = load(argc > 1 ? argv[1] : "policies");
    struct arena *arena = arena_new(0);
    size_t bytes;
    double each = decide(policies, arena) / 1000;
    printf("@\tlabel decision\t<= 0.5 us\t%.3f us\t%.3f us\t%.3f us\tbest of %d rounds\n", each, each, each, ROUNDS);
    double read = read_xml(policies, arena, &bytes) / 1000;
    printf("@\t4774 label read and validated\t<= 30 us\t%.1f us\t%.1f us\t%.1f us\tbest of %d rounds; %zu bytes\n", read, read, read, ROUNDS, bytes);
    arena_free(arena);
    policies_free(policies);
    return 0;
}
