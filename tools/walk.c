/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Walking folders for the build tools; see walk.h.
 */
#include "walk.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_FILE ((size_t)64 << 20)

void die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

static char *joined(const char *a, const char *b)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", a, b) < 0)
        die("no memory");
    return path;
}

static void add(char ***list, size_t *count, size_t *cap, char *item)
{
    if (*count == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        *list = realloc(*list, *cap * sizeof **list);
        if (!*list)
            die("no memory");
    }
    (*list)[(*count)++] = item;
}

void walk_folder(struct walk *walk, const char *root, const char *folder, bool (*wanted)(const char *, bool))
{
    char *path = joined(root, folder);
    DIR *dir = opendir(path);
    free(path);
    if (!dir) {
        add(&walk->folders, &walk->n_folders, &walk->cap_folders, strdup("."));
        return;
    }
    add(&walk->folders, &walk->n_folders, &walk->cap_folders, strdup(folder));
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char *below = joined(folder, entry->d_name), *full = joined(root, below);
        struct stat info;
        if (stat(full, &info) != 0)
            die("%s: cannot be looked at", full);
        bool is_folder = S_ISDIR(info.st_mode);
        free(full);
        if (wanted(entry->d_name, is_folder)) {
            if (is_folder) {
                walk_folder(walk, root, below, wanted);
            } else {
                add(&walk->files, &walk->n_files, &walk->cap_files, below);
                continue;
            }
        }
        free(below);
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void walk_sort(struct walk *walk)
{
    if (walk->n_files)
        qsort(walk->files, walk->n_files, sizeof *walk->files, by_name);
}

void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->n_files; i++)
        free(walk->files[i]);
    for (size_t i = 0; i < walk->n_folders; i++)
        free(walk->folders[i]);
    free(walk->files);
    free(walk->folders);
}

static void dependency(FILE *out, const char *root, const char *path)
{
    fputs(" \\\n ", out);
    for (const char *part = root; *part; part++)
        fprintf(out, *part == ' ' ? "\\ " : "%c", *part);
    fputc('/', out);
    for (; *path; path++)
        fprintf(out, *path == ' ' ? "\\ " : "%c", *path);
}

void walk_depfile(const struct walk *walk, const char *root, const char *path, const char *output)
{
    FILE *out = fopen(path, "we");
    if (!out)
        die("%s: cannot be written", path);
    fprintf(out, "%s:", output);
    for (size_t i = 0; i < walk->n_folders; i++)
        dependency(out, root, walk->folders[i]);
    for (size_t i = 0; i < walk->n_files; i++)
        dependency(out, root, walk->files[i]);
    fputc('\n', out);
    if (fclose(out) != 0)
        die("%s: cannot be written", path);
}

char *read_whole(const char *root, const char *path, size_t *ret_len)
{
    char *full = joined(root, path);
    FILE *file = fopen(full, "rbe");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0 || (size_t)info.st_size > MOST_FILE)
        die("%s: cannot be read", full);
    size_t len = (size_t)info.st_size;
    char *bytes = malloc(len + 1);
    if (!bytes || fread(bytes, 1, len, file) != len)
        die("%s: cannot be read", full);
    bytes[len] = '\0';
    fclose(file);
    free(full);
    *ret_len = len;
    return bytes;
}

void write_literal(FILE *out, const char *bytes, size_t len)
{
    fputs("\n    \"", out);
    size_t column = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (column >= 100) {
            fputs("\"\n    \"", out);
            column = 0;
        }
        if (c == '"' || c == '\\')
            column += (size_t)fprintf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f && c != '?')
            column += (size_t)fprintf(out, "%c", c);
        else
            column += (size_t)fprintf(out, "\\%03o", (unsigned)c);
    }
    fputc('"', out);
}
