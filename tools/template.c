/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     template --out FILE.c --table NAME [--root ROOT --dep FILE.d] FILE.html|FOLDER...      compiles templates
 *     template --texts [--root ROOT] FILE.html|FOLDER...      lists their words as a catalogue without translations
 *
 * With --root, the paths lie below it, and folders are walked: ui/templates whole, and the folders "pages" of duties.
 * A template's name is its path behind "templates/" without ".html"; of duties/NAME/pages/X.html it is NAME/X.
 * A file is written only when everything is sound. Exit 1 with file:line and words on a fault.
 */
#include "template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

struct pool { struct pool *next; };
static struct pool *pools;                      /* reachable to the end, never freed */

void *take(size_t bytes)
{
    struct pool *p = calloc(1, sizeof *p + bytes);
    if (!p) {
        fputs("template: no memory\n", stderr);
        exit(1);
    }
    p->next = pools;
    pools = p;
    return p + 1;
}

char *take_text(const char *text, size_t len)
{
    char *copy = take(len + 1);
    memcpy(copy, text, len);
    return copy;
}

void fault(struct place at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s:%d: error: ", at.file, at.line);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

static const char *last_of(const char *path, const char *what)
{
    const char *found = NULL;
    for (const char *at = path; (at = strstr(at, what)); at++) found = at;
    return found;
}

static const char *name_of(const char *path)
{
    size_t len = strlen(path);
    if (len < 6 || strcmp(path + len - 5, ".html") != 0) fault((struct place){path, 1}, "a template ends in .html");
    len -= 5;
    const char *start = last_of(path, "templates/");
    if (start) {
        start += strlen("templates/");
        return take_text(start, len - (size_t)(start - path));
    }
    const char *pages = last_of(path, "/pages/"), *duty = last_of(path, "duties/");
    if (pages && duty && duty < pages) {
        duty += strlen("duties/");
        size_t duty_len = (size_t)(pages - duty), rest = len - (size_t)(pages + 6 - path);
        char *name = take(duty_len + rest + 1);
        memcpy(name, duty, duty_len);
        memcpy(name + duty_len, pages + 6, rest);
        return name;
    }
    const char *slash = strrchr(path, '/');
    start = slash ? slash + 1 : path;
    return take_text(start, len - (size_t)(start - path));
}

static void compile(const char *path, struct template *all, const char *table)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (!memory) fault((struct place){path, 1}, "no memory");
    emit_all(memory, all, table);
    fclose(memory);
    FILE *out = fopen(path, "wb");
    bool good = out && fwrite(text, 1, len, out) == len;
    if (out && fclose(out) != 0) good = false;
    free(text);
    if (!good) fault((struct place){path, 1}, "cannot be written");
}

static bool wanted(const char *name, bool is_folder)
{
    size_t len = strlen(name);
    return is_folder ? strcmp(name, "node_modules") != 0 : len > 5 && strcmp(name + len - 5, ".html") == 0;
}

/* ui/demo.html and duties/x/cases/y.html are no templates. */
static bool is_template(const char *path)
{
    return strstr(path, "templates/") || strstr(path, "/pages/");
}

static struct template **add(struct template **link, const char *root, const char *path)
{
    *link = parse_template(name_of(path), root, path);
    return &(*link)->next;
}

static struct template **add_folder(struct template **link, struct walk *walk, const char *root, const char *folder)
{
    struct walk one = {0};
    walk_folder(&one, root, folder, wanted);
    walk_sort(&one);
    for (size_t i = 0; i < one.n_files; i++) {
        if (is_template(one.files[i])) link = add(link, root, take_text(one.files[i], strlen(one.files[i])));
    }
    walk_free(&one);
    walk_folder(walk, root, folder, wanted);
    return link;
}

int main(int argc, char **argv)
{
    const char *out = NULL, *table = "templates", *root = NULL, *dep = NULL;
    bool texts = false;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--texts") == 0) texts = true;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc) out = argv[++i];
        else if (strcmp(argv[i], "--table") == 0 && i + 1 < argc) table = argv[++i];
        else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc) root = argv[++i];
        else if (strcmp(argv[i], "--dep") == 0 && i + 1 < argc) dep = argv[++i];
        else fault((struct place){argv[i], 0}, "unknown option");
    }
    if (!texts && !out) {
        fputs("usage: template --out FILE.c [--table NAME] [--root ROOT] [--dep FILE.d] FILE.html|FOLDER...\n"
              "       template --texts [--root ROOT] FILE.html|FOLDER...\n", stderr);
        return 1;
    }
    struct template *all = NULL, **link = &all;
    struct walk walk = {0};
    for (; i < argc; i++) {
        link = wanted(argv[i], false) ? add(link, root, argv[i]) : add_folder(link, &walk, root ? root : ".", argv[i]);
    }
    if (texts) emit_texts(stdout, all);
    else compile(out, all, table);
    if (dep) walk_depfile(&walk, root ? root : ".", dep, out);
    walk_free(&walk);
    return 0;
}
