/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the build tools share: walking folders in a fixed order, reading a file, and the depfile that makes the build
 * run again when a file changes or a folder gains or loses one (a folder's own time changes then).
 */
#ifndef TOOLS_WALK_H
#define TOOLS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct walk {
    char **files;              /* sorted by name, from `root` */
    size_t n_files, cap_files;
    char **folders;
    size_t n_folders, cap_folders;
};
/* Adds the files below root/folder for which `wanted` says so; a missing folder adds nothing but its parent's name. */
void walk_folder(struct walk *, const char *root, const char *folder, bool (*wanted)(const char *name, bool is_folder));
void walk_sort(struct walk *);
void walk_free(struct walk *);
/* "output: file folder ..." */
void walk_depfile(const struct walk *, const char *root, const char *path, const char *output);
/* The whole file with a NUL behind it, in malloc memory; ends the program with a message when it cannot be read. */
char *read_whole(const char *root, const char *path, size_t *ret_len);
/* Says what is wrong and ends the program with 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes bytes as a C string literal, in lines. */
void write_literal(FILE *, const char *bytes, size_t len);

#endif
