/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arguments, and what is done with them.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"

struct arguments {
    struct cv_options check;
    bool json, french, bad, help;
};

/* The value of an option; without one the arguments are bad. */
static const char *value(struct arguments *a, char ***at)
{
    if (!(*at)[1]) {
        a->bad = true;
        return NULL;
    }
    return *++*at;
}

/* A word that is no option: the folder, or one more file after --checkpoint. */
static void plain(struct arguments *a, char *word, bool after_checkpoint)
{
    if (!a->check.folder && !after_checkpoint)
        a->check.folder = word;
    else if (after_checkpoint)
        a->check.notes[a->check.n_notes++] = word;
    else
        a->bad = true;
}

static void read_arguments(char **at, struct arguments *a)
{
    bool files = false;
    for (at++; *at && !a->bad; at++) {
        const char *word = *at, *text;
        bool option = word[0] == '-' && word[1] != 0;
        if (option)
            files = false;
        if (!option) {
            plain(a, *at, files);
        } else if (strcmp(word, "--key") == 0) {
            a->check.key = value(a, &at);
        } else if (strcmp(word, "--checkpoint") == 0) {
            if (value(a, &at))
                a->check.notes[a->check.n_notes++] = *at;
            files = a->check.folder != NULL;
        } else if (strcmp(word, "--no-bodies") == 0) {
            a->check.no_bodies = true;
        } else if (strcmp(word, "--json") == 0) {
            a->json = true;
        } else if (strcmp(word, "--help") == 0) {
            a->help = true;
        } else if (strcmp(word, "--lang") == 0 && (text = value(a, &at))) {
            a->french = strcmp(text, "fr") == 0;
            a->bad = !a->french && strcmp(text, "en") != 0;
        } else {
            a->bad = true;
        }
    }
    a->bad = a->bad || !a->check.folder;
}

int cv_main(int argc, char **argv, FILE *out, FILE *err)
{
    const char *lang = getenv("LANG");
    struct arguments a = {.french = lang && strncmp(lang, "fr", 2) == 0};
    if (argc < 1 || sodium_init() < 0 || !(a.check.notes = calloc((size_t)argc, sizeof *a.check.notes)))
        return 2;
    struct cv_report report;
    int code = 2;
    cv_report_init(&report);
    read_arguments(argv, &a);
    if (a.help) {
        fputs(cv_word(CV_USAGE, a.french), out);
        code = 0;
    } else if (a.bad) {
        fputs(cv_word(CV_USAGE, a.french), err);
    } else if (!cv_check(&a.check, &report)) {
        fprintf(err, a.french ? "castellan-verify : %s ne peut pas être lu\n" : "castellan-verify: %s cannot be read\n",
                a.check.folder);
    } else {
        if (a.json)
            cv_print_json(&report, a.check.folder, out);
        else
            cv_print(&report, a.check.folder, a.french, out);
        code = report.findings ? 1 : 0;
    }
    cv_report_free(&report);
    free(a.check.notes);
    return fflush(out) == 0 ? code : 2;
}
