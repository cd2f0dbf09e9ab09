/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading catalogues; see po.h.
 */
#include "po.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

struct reader {
    struct po *po;
    const char *file;
    unsigned line, id_line;
    char *id, *str;            /* of the entry being read; NULL when not yet begun */
    char **filling;
    bool fuzzy;
};

static void fault(struct reader *r, unsigned line, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", r->file, line, what);
    r->po->faults++;
}

static unsigned arguments(const char *text)
{
    unsigned set = 0;
    for (; *text; text++) {
        if (text[0] == '%' && text[1] >= '1' && text[1] <= '9' && text[2] == '$' && text[3] == 's')
            set |= 1u << (text[1] - '0');
    }
    return set;
}

static bool taken(struct reader *r)
{
    for (size_t i = 0; i < r->po->count; i++) {
        struct po_entry *there = &r->po->entries[i];
        if (strcmp(there->english, r->id) != 0)
            continue;
        if (strcmp(there->french, r->str) != 0) {
            fault(r, r->id_line, "this text has another translation elsewhere; agree on one");
            fprintf(stderr, "%s:%u: ... here\n", there->file, there->line);
        }
        return true;
    }
    return false;
}

static void keep(struct reader *r)
{
    struct po *po = r->po;
    if (po->count == po->cap) {
        po->cap = po->cap ? po->cap * 2 : 256;
        po->entries = realloc(po->entries, po->cap * sizeof *po->entries);
        if (!po->entries)
            die("no memory");
    }
    po->entries[po->count++] = (struct po_entry){r->id, r->str, r->file, r->id_line};
    r->id = r->str = NULL;
}

/* The entry is complete. The one with an empty msgid is the file's head. */
static void finish(struct reader *r)
{
    if (r->id && *r->id) {
        if (!r->str || !*r->str)
            fault(r, r->id_line, "the French text is missing");
        else if (r->fuzzy)
            fault(r, r->id_line, "marked fuzzy: check the French text and remove the mark");
        else if (arguments(r->id) != arguments(r->str))
            fault(r, r->id_line, "English and French do not take the same arguments (%1$s ...)");
        else if (!taken(r))
            keep(r);
    }
    free(r->id);
    free(r->str);
    r->id = r->str = NULL;
    r->filling = NULL;
    r->fuzzy = false;
}

/* A quoted string with C escapes, appended to what is being filled. */
static void append(struct reader *r, const char *at)
{
    if (!r->filling) {
        fault(r, r->line, "a text without msgid or msgstr before it");
        return;
    }
    size_t len = *r->filling ? strlen(*r->filling) : 0;
    char *text = realloc(*r->filling, len + strlen(at) + 1);
    if (!text)
        die("no memory");
    *r->filling = text;
    for (at++; *at && *at != '"' && *at != '\n'; at++) {
        char c = *at;
        if (c == '\\') {
            at++;
            c = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
        }
        text[len++] = c;
    }
    text[len] = '\0';
    if (*at != '"')
        fault(r, r->line, "the closing quote is missing");
}

static void keyword(struct reader *r, const char *line)
{
    const char *quote = strchr(line, '"');
    if (strncmp(line, "msgid ", 6) == 0 && quote) {
        if (r->id)
            finish(r);
        r->id_line = r->line;
        r->filling = &r->id;
        append(r, quote);
    } else if (strncmp(line, "msgstr ", 7) == 0 && quote) {
        r->filling = &r->str;
        append(r, quote);
    } else {
        fault(r, r->line, "only msgid, msgstr, strings and comments may stand here");
    }
}

void po_read(struct po *po, const char *file, const char *text)
{
    struct reader r = {.po = po, .file = file};
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');
        const char *at = line + strspn(line, " \t");
        r.line++;
        if (*at == '#') {
            if (r.str)
                finish(&r);
            r.fuzzy |= at[1] == ',' && memmem(at, (size_t)(end - at), "fuzzy", 5);
        } else if (*at == '"') {
            append(&r, at);
        } else if (at < end && *at != '\r') {
            keyword(&r, at);
        }
        line = *end ? end + 1 : end;
    }
    finish(&r);
}

void po_free(struct po *po)
{
    for (size_t i = 0; i < po->count; i++) {
        free(po->entries[i].english);
        free(po->entries[i].french);
    }
    free(po->entries);
}
