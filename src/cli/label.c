/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan label: reads the arguments and the files' bytes, has everything worked out in a jail (label/report.h) and
 * prints the answer.
 */
#include "cli/label.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/report.h"

const char cli_label_summary[] = T_("what a label means under given policies, as JSON");
const char cli_label_help[] = T_("Usage: castellan label --policy FILE... [--label FILE] [--clearance FILE] [--lang en|fr] [--to POLICY]\n"
    "                       [--strict] [--at TIME]\n"
    "\n"
    "Prints as JSON: the policies and their defects; whether the label is valid and why not; its marking; whether\n"
    "the clearance dominates it, with reasons; the label in another policy's terms. Needs no office.\n"
    "\n"
    "  --policy FILE...  security policies (Open XML SPIF)\n"
    "  --label FILE      STANAG 4774 XML, a 4778 sidecar, the short XML syntax, ESS BER or our JSON\n"
    "  --clearance FILE  the short XML syntax or our JSON\n"
    "  --lang en|fr      language of markings and reasons\n"
    "  --to POLICY       translate into this policy, by name or identifier\n"
    "  --strict          take only files that are valid under their schema; without it defects are listed\n"
    "  --at TIME         decide as of this time (2026-11-22T13:05:00Z); without it, now\n"
    "\n"
    "Exit status: 0 in order, 1 refused, invalid or denied, 2 usage.\n");

enum { MAX_FILE = 4 * 1024 * 1024, MAX_BUNDLE = 32 * 1024 * 1024 };
struct request {
    struct arena *arena;
    struct buf bundle;
    struct report_wish wish;
    unsigned policies, labels, clearances;
};

static int complain(const char *what, const char *detail)
{
    fprintf(stderr, "castellan label: ");
    fprintf(stderr, "%s: %s\n", what, detail);
    fprintf(stderr, "Try: castellan help label\n");
    return 2;
}

static int add_file(struct request *request, enum bundle_part kind, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path, strerror(errno));
    char *bytes = arena_alloc(request->arena, MAX_FILE + 1);
    size_t len = fread(bytes, 1, MAX_FILE + 1, file);
    bool failed = ferror(file);
    fclose(file);
    if (failed || len > MAX_FILE)
        return complain(path, failed ? "cannot be read" : "is larger than 4 MiB");
    bundle_add(&request->bundle, kind, path, bytes, len);
    return request->bundle.failed ? complain(path, "all files together are larger than 32 MiB") : 0;
}

/* One option with its value at argv[i]; *i moves to the last word taken. */
static int take_value(struct request *request, const char *option, const char *value)
{
    if (str_eq(option, "--label")) {
        request->labels++;
        return add_file(request, BUNDLE_LABEL, value);
    }
    if (str_eq(option, "--clearance")) {
        request->clearances++;
        return add_file(request, BUNDLE_CLEARANCE, value);
    }
    if (str_eq(option, "--to")) {
        request->wish.to = value;
        return 0;
    }
    if (str_eq(option, "--at"))
        return moment_read(value, &request->wish.now) == OK ? 0 : complain("--at", "is no time such as 2026-11-22T13:05:00Z");
    if (str_eq(option, "--lang") && (str_eq(value, "en") || str_eq(value, "fr"))) {
        request->wish.lang = lang_from(value, LANG_EN);
        return 0;
    }
    return complain(option, "is no option, or not with this value");
}

static int read_arguments(struct request *request, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        if (str_eq(option, "--strict")) {
            request->wish.mode = SPIF_STRICT;
            continue;
        }
        if (i + 1 == argc || str_starts(argv[i + 1], "--"))
            return complain(option, "needs a value");
        if (!str_eq(option, "--policy")) {
            int failed = take_value(request, option, argv[++i]);
            if (failed)
                return failed;
            continue;
        }
        while (i + 1 < argc && !str_starts(argv[i + 1], "--")) {
            int failed = add_file(request, BUNDLE_POLICY, argv[++i]);
            if (failed)
                return failed;
            request->policies++;
        }
    }
    if (!request->policies || request->labels > 1 || request->clearances > 1)
        return complain("wanted", "at least one --policy, at most one --label and one --clearance");
    return 0;
}

static int print_reasons(const struct reasons *reasons, enum lang lang)
{
    fprintf(stderr, "%s\n", reasons_text(reasons, lang));
    return 1;
}

static int work(struct request *request)
{
    static const struct jailer *const jailers[] = { &label_jailer, NULL };
    struct reasons reasons;
    struct nursery *nursery;
    const char *answer = NULL;
    size_t len = 0;
    reasons_init(&reasons, request->arena);
    if (nursery_start(jailers, &reasons, &nursery) != OK)
        return print_reasons(&reasons, request->wish.lang);
    enum status status = nursery_run(nursery, "label", bundle_argument(request->arena, &request->wish), request->bundle.data,
                                     request->bundle.len, request->arena, &reasons, &answer, &len);
    nursery_stop(nursery);
    if (status != OK)
        return print_reasons(&reasons, request->wish.lang);
    struct val *tree;
    if (json_read(request->arena, answer, len, (struct json_limits){ 0 }, &reasons, &tree) != OK)
        return print_reasons(&reasons, request->wish.lang);
    bool written = fwrite(answer, 1, len, stdout) == len && fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    return written && val_get_bool(tree, "good", false) ? 0 : 1;
}

int cli_label(int argc, char **argv)
{
    struct request request = { .arena = arena_new((size_t)1024 * 1024 * 1024), .wish = { .lang = LANG_EN, .mode = SPIF_LENIENT } };
    if (!request.arena)
        return 1;
    if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "help"))) {
        fputs(cli_label_help, stdout);
        arena_free(request.arena);
        return 0;
    }
    request.wish.now = moment_now();
    buf_init(&request.bundle, MAX_BUNDLE);
    int code = read_arguments(&request, argc, argv);
    if (code == 0)
        code = work(&request);
    buf_free(&request.bundle);
    arena_free(request.arena);
    return code;
}
