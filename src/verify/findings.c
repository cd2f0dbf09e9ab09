/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of findings and remarks, and how it is printed: sentences, or one JSON object.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"

#define KEPT_MAX 100u

void cv_report_init(struct cv_report *r)
{
    *r = (struct cv_report){.first_bad = CV_NOWHERE, .bad_until = CV_NOWHERE};
}

void cv_report_free(struct cv_report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->at[i].where);
        free(r->at[i].text[0]);
        free(r->at[i].text[1]);
    }
    free(r->at);
    *r = (struct cv_report){0};
}

struct cv_number cv_number(uint64_t value)
{
    struct cv_number n;
    snprintf(n.text, sizeof n.text, "%llu", (unsigned long long)value);
    return n;
}

/* A sentence with its texts filled in: only %s stands in the sentences. */
static void fill(FILE *out, const char *sentence, const char *const *texts)
{
    for (; *sentence; sentence++)
        if (sentence[0] == '%' && sentence[1] == 's') {
            fputs(*texts ? *texts++ : "", out);
            sentence++;
        } else {
            fputc(*sentence, out);
        }
}

static char *filled(enum cv_word word, bool french, const char *const *texts)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        abort();
    fill(out, cv_word(word, french), texts);
    if (fclose(out) != 0)
        abort();
    return text;
}

void cv_find(struct cv_report *r, const char *kind, enum cv_word word, const char *where, const char *a, const char *b,
             const char *c)
{
    size_t same = 0;
    r->findings += kind != NULL;
    for (size_t i = 0; i < r->n; i++)
        same += r->at[i].word == word;
    if (same >= KEPT_MAX)
        return;
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        r->at = reallocarray(r->at, r->cap, sizeof *r->at);
        if (!r->at)
            abort();
    }
    const char *const texts[] = {a, b, c, NULL};
    r->at[r->n++] = (struct cv_finding){.word = word, .kind = kind, .where = strdup(where ? where : ""),
        .text = {filled(word, false, texts), filled(word, true, texts)}};
}

void cv_blame(struct cv_report *r, const char *kind, uint64_t from, uint64_t until)
{
    if (!r->what || from < r->first_bad) {
        r->what = kind;
        r->first_bad = from;
        r->bad_until = until;
    }
}

static void say(FILE *out, bool french, enum cv_word word, const char *a, const char *b, const char *c)
{
    fill(out, cv_word(word, french), (const char *const[]){a, b, c, NULL});
}

static void hex_of(const struct hash *h, char out[2 * HASH_BYTES + 1])
{
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", h->bytes[i]);
}

void cv_print(const struct cv_report *r, const char *folder, bool french, FILE *out)
{
    char root[2 * HASH_BYTES + 1];
    hex_of(&r->root, root);
    fprintf(out, "%s\n", folder);
    say(out, french, CV_S_ENTRIES, cv_number(r->entries).text, root, NULL);
    say(out, french, CV_S_PROVEN, cv_number(r->proven).text, cv_number(r->notes_good).text, NULL);
    if (r->bodies_checked)
        say(out, french, CV_S_BODIES, cv_number(r->bodies_good).text, cv_number(r->erased).text,
            cv_number(r->missing).text);
    else
        say(out, french, CV_S_NO_BODIES, NULL, NULL, NULL);
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].kind)
            say(out, french, CV_S_FINDING, r->at[i].where, r->at[i].text[french], r->at[i].kind);
        else
            say(out, french, CV_S_REMARK, r->at[i].text[french], NULL, NULL);
    if (!r->findings) {
        say(out, french, CV_S_GOOD, NULL, NULL, NULL);
        return;
    }
    say(out, french, CV_S_BAD, cv_number(r->findings).text, NULL, NULL);
    if (r->first_bad == CV_NOWHERE)
        return;
    if (r->bad_until > r->first_bad + 1)
        say(out, french, CV_S_FIRST_OF, cv_number(r->first_bad).text, cv_number(r->bad_until - 1).text, r->what);
    else
        say(out, french, CV_S_FIRST, cv_number(r->first_bad).text, r->what, NULL);
}

/* ---- JSON ---- */

static void quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == '"' || *p == '\\')
            fprintf(out, "\\u%04x", *p);
        else
            fputc(*p, out);
    fputc('"', out);
}

static void member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":", name);
    if (text)
        quoted(out, text);
    else
        fputs("null", out);
}

static void count(FILE *out, const char *name, uint64_t value)
{
    if (value == CV_NOWHERE)
        fprintf(out, ",\"%s\":null", name);
    else
        fprintf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void list(FILE *out, const struct cv_report *r, const char *name, bool findings)
{
    const char *comma = "";
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < r->n; i++) {
        const struct cv_finding *f = &r->at[i];
        if ((f->kind != NULL) != findings)
            continue;
        fprintf(out, "%s{\"where\":", comma);
        quoted(out, f->where);
        member(out, "kind", f->kind);
        member(out, "en", f->text[0]);
        member(out, "fr", f->text[1]);
        fputc('}', out);
        comma = ",";
    }
    fputc(']', out);
}

void cv_print_json(const struct cv_report *r, const char *folder, FILE *out)
{
    char root[2 * HASH_BYTES + 1];
    hex_of(&r->root, root);
    fputs("{\"folder\":", out);
    quoted(out, cv_utf8((struct cv_span){folder, strlen(folder)}) ? folder : "?");
    count(out, "entries", r->entries);
    member(out, "root", root);
    count(out, "proven", r->proven);
    count(out, "checkpoints_good", r->notes_good);
    count(out, "checkpoints_bad", r->notes_bad);
    fprintf(out, ",\"bodies_checked\":%s", r->bodies_checked ? "true" : "false");
    count(out, "bodies_good", r->bodies_good);
    count(out, "erased", r->erased);
    count(out, "missing", r->missing);
    count(out, "count", r->findings);
    member(out, "what", r->what);
    count(out, "first_bad", r->first_bad);
    count(out, "bad_until", r->first_bad == CV_NOWHERE ? CV_NOWHERE : r->bad_until);
    list(out, r, "findings", true);
    list(out, r, "remarks", false);
    fputs("}\n", out);
}
