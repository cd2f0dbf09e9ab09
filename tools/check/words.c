/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every T_("...") in src/ and duties/ has a French text in locale/fr, and no reason is given without T_. Texts in the
 * catalogues that no source uses are listed, not failed: templates and YAML may carry them. Prints TAP.
 *   check-words ROOT
 *   template --texts ... | check-words ROOT -      the templates' words, as the template compiler lists them
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../po.h"
#include "../walk.h"

static struct po po;
static char *used;             /* one flag an entry of the catalogue */
static unsigned texts, missing, bare;

static bool is_c(const char *name, bool is_folder)
{
    const char *dot = strrchr(name, '.');
    return is_folder || (dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0));
}
static bool is_html(const char *name, bool is_folder)
{
    const char *dot = strrchr(name, '.');
    return is_folder || (dot && strcmp(dot, ".html") == 0);
}
static bool is_po(const char *name, bool is_folder)
{
    const char *dot = strrchr(name, '.');
    return !is_folder && dot && strcmp(dot, ".po") == 0;
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static const char *space(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* Adjacent string literals as one text, in `out`; NULL when something else stands between, else behind them. */
static const char *literals(const char *at, char *out, size_t cap)
{
    size_t len = 0;
    at = space(at);
    if (*at != '"')
        return NULL;
    while (*at == '"') {
        for (at++; *at && *at != '"'; at++) {
            char c = *at;
            if (c == '\\') {
                c = *++at;
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
            }
            if (len + 1 < cap)
                out[len++] = c;
        }
        at = space(*at ? at + 1 : at);
    }
    out[len] = '\0';
    return at;
}

/* Whether the last comment that begins before `at` has not ended there. */
static bool in_comment(const char *text, const char *at)
{
    for (const char *back = at; back > text; back--) {
        if (back[-1] == '/' && back - 1 > text && back[-2] == '*')
            return false;
        if (back[-1] == '*' && back - 1 > text && back[-2] == '/')
            return true;
    }
    return false;
}

static void look_up(const char *file, unsigned line, const char *text)
{
    texts++;
    for (size_t i = 0; i < po.count; i++) {
        if (strcmp(po.entries[i].english, text) == 0) {
            used[i] = 1;
            return;
        }
    }
    missing++;
    printf("# %s:%u: no French for \"%s\"\n", file, line, text);
}

/* "%1$s: %2$s" needs no translation. */
static bool has_words(const char *text)
{
    for (; *text; text++) {
        if (text[0] == '%' && isdigit((unsigned char)text[1]) && text[2] == '$' && text[3] == 's')
            text += 3;
        else if (isalpha((unsigned char)*text))
            return true;
    }
    return false;
}

/* reason_add(reasons, rule, where, "..."): a text without T_ would never be translated. */
static void look_for_bare(const char *file, const char *text, const char *call, int skip)
{
    int depth = 0, commas = 0;
    const char *at = strchr(call, '(');
    for (; at && *at && commas < skip; at++) {
        if (*at == '"') {
            for (at++; *at && *at != '"'; at++)
                at += *at == '\\';
        } else if (*at == '(') {
            depth++;
        } else if (*at == ')' && --depth == 0) {
            return;
        } else if (*at == ',' && depth == 1) {
            commas++;
        }
    }
    static char literal[65536];
    if (at && *space(at) == '"' && literals(at, literal, sizeof literal) && has_words(literal)) {
        bare++;
        printf("# %s:%u: a reason's text stands without T_\n", file, line_of(text, call));
    }
}

static void scan_c(const char *file, const char *text)
{
    static char literal[65536];
    for (const char *at = text; (at = strstr(at, "T_(")) != NULL; at += 3) {
        if (in_comment(text, at))
            continue;
        if (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
            continue;
        if (literals(at + 3, literal, sizeof literal))
            look_up(file, line_of(text, at), literal);
    }
    static const struct { const char *call; int skip; } calls[] = {
        {"reason_add(", 3}, {"reason_next(", 2}, {"words_format(", 1},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (const char *at = text; (at = strstr(at, calls[i].call)) != NULL; at += strlen(calls[i].call))
            if (!in_comment(text, at))
                look_for_bare(file, text, at, calls[i].skip);
    }
}

/* Templates: a catalogue text that stands anywhere in one counts as used. */
static void scan_html(const char *text)
{
    for (size_t i = 0; i < po.count; i++)
        used[i] |= strstr(text, po.entries[i].english) != NULL;
}

/* "#: file:line" and "msgid" lines on standard input. */
static int check_templates(void)
{
    static char line[65536], literal[65536], file[4096] = "?";
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "#: ", 3) == 0)
            snprintf(file, sizeof file, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
        else if (strncmp(line, "msgid \"", 7) == 0 && literals(line + 6, literal, sizeof literal) && *literal)
            look_up(file, 0, literal);
    }
    printf("%s 1 - all of %u texts in templates have French words\n1..1\n", missing || !texts ? "not ok" : "ok", texts);
    return missing || !texts;
}

static void read_catalogues(const char *root)
{
    static struct walk catalogues;         /* kept: the entries name these files */
    walk_folder(&catalogues, root, "locale/fr", is_po);
    walk_sort(&catalogues);
    for (size_t i = 0, len; i < catalogues.n_files; i++) {
        char *text = read_whole(root, catalogues.files[i], &len);
        po_read(&po, catalogues.files[i], text);
        free(text);
    }
    used = calloc(po.count + 1, 1);
    if (!used)
        die("no memory");
}

int main(int argc, char **argv)
{
    struct walk code = {0}, pages = {0};
    if (argc < 2 || argc > 3)
        die("usage: check-words ROOT [-]");
    const char *root = argv[1];
    read_catalogues(root);
    if (argc == 3)
        return check_templates();
    walk_folder(&code, root, "src", is_c);
    walk_folder(&code, root, "duties", is_c);
    walk_sort(&code);
    for (size_t i = 0, len; i < code.n_files; i++) {
        char *text = read_whole(root, code.files[i], &len);
        scan_c(code.files[i], text);
        free(text);
    }
    walk_folder(&pages, root, "ui", is_html);
    walk_folder(&pages, root, "duties", is_html);
    for (size_t i = 0, len; i < pages.n_files; i++) {
        char *text = read_whole(root, pages.files[i], &len);
        scan_html(text);
        free(text);
    }
    unsigned idle = 0;
    for (size_t i = 0; i < po.count; i++) {
        if (!used[i] && idle++ < 20)
            printf("# not found in any source: %s:%u: \"%s\"\n", po.entries[i].file, po.entries[i].line, po.entries[i].english);
    }
    printf("%s 1 - all of %u texts have French words\n", missing ? "not ok" : "ok", texts);
    printf("%s 2 - every reason's text is marked for translation\n", bare ? "not ok" : "ok");
    printf("%s 3 - the catalogues are well-formed (%zu texts)\n1..3\n", po.faults ? "not ok" : "ok", po.count);
    free(used);
    walk_free(&code);
    walk_free(&pages);
    po_free(&po);
    return missing || bare || po.faults;
}
