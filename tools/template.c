/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     template --out FILE.c --table NAME FILE.html...      compiles templates
 *     template --texts FILE.html...                        lists their words as a catalogue without translations
 *
 * A template's name is its path behind "templates/" without ".html"; of duties/NAME/pages/X.html it is NAME/X.
 * A file is written only when everything is sound. Exit 1 with file:line and words on a fault.
 */
#include "template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

static int compile(const char *path, struct template *all, const char *table)
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
    return 0;
}

int main(int argc, char **argv)
{
    const char *out = NULL, *table = "templates";
    bool texts = false;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--texts") == 0) texts = true;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc) out = argv[++i];
        else if (strcmp(argv[i], "--table") == 0 && i + 1 < argc) table = argv[++i];
        else fault((struct place){argv[i], 0}, "unknown option");
    }
    if (!texts && !out) {
        fputs("usage: template --out FILE.c [--table NAME] FILE.html... | template --texts FILE.html...\n", stderr);
        return 1;
    }
    struct template *all = NULL, **link = &all;
    for (; i < argc; i++) {
        *link = parse_template(name_of(argv[i]), argv[i]);
        link = &(*link)->next;
    }
    if (texts) {
        emit_texts(stdout, all);
        return 0;
    }
    return compile(out, all, table);
}
