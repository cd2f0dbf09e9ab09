/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The export as a folder: a writer that keeps its few growing files open, and syncs everything at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/export.h"

#define FILES 8

struct export_folder {
    int dir;
    char *path;
    struct { char name[32]; FILE *file; } open[FILES];
    enum status status;
    int error;
};

static enum status fail(struct export_folder *f)
{
    if (f->status == OK) {
        f->status = FAILED_IO;
        f->error = errno;
    }
    return FAILED_IO;
}

/* A note is written once and closed: there may be many. */
static enum status write_note(struct export_folder *f, const char *name, const void *bytes, size_t len)
{
    int fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(f);
    bool good = write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
    if (!good)
        fail(f);
    close(fd);
    return f->status;
}

static FILE *grown(struct export_folder *f, const char *name)
{
    for (size_t i = 0; i < FILES; i++) {
        if (f->open[i].file && strcmp(f->open[i].name, name) == 0)
            return f->open[i].file;
        if (f->open[i].file)
            continue;
        int fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || strlen(name) >= sizeof f->open[i].name)
            return NULL;
        snprintf(f->open[i].name, sizeof f->open[i].name, "%s", name);
        return f->open[i].file = fdopen(fd, "wb");
    }
    return NULL;
}

static enum status folder_write(void *arg, const char *name, const void *bytes, size_t len)
{
    struct export_folder *f = arg;
    if (f->status != OK)
        return f->status;
    if (strchr(name, '/'))
        return write_note(f, name, bytes, len);
    FILE *file = grown(f, name);
    if (!file || (len && fwrite(bytes, 1, len, file) != len))
        return fail(f);
    return OK;
}

enum status export_folder_open(const char *path, struct reasons *reasons, struct export_folder **ret)
{
    struct export_folder *f = calloc(1, sizeof *f);
    if (!f)
        return NO_MEMORY;
    f->path = strdup(path);
    f->dir = -1;
    if (f->path && mkdir(path, 0700) == 0)
        f->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (f->dir < 0 || mkdirat(f->dir, "checkpoints", 0700) != 0) {
        reason_add(reasons, "export.folder", path, T_("the folder for the export cannot be made: %1$s"), strerror(errno));
        if (f->dir >= 0)
            close(f->dir);
        free(f->path);
        free(f);
        return FAILED_IO;
    }
    *ret = f;
    return OK;
}

struct export_writer export_folder_writer(struct export_folder *f)
{
    return (struct export_writer){.arg = f, .write = folder_write};
}

enum status export_folder_close(struct export_folder *f, struct reasons *reasons)
{
    for (size_t i = 0; i < FILES; i++)
        if (f->open[i].file) {
            if (fflush(f->open[i].file) != 0 || fsync(fileno(f->open[i].file)) != 0)
                fail(f);
            fclose(f->open[i].file);
        }
    if (fsync(f->dir) != 0)
        fail(f);
    close(f->dir);
    enum status s = f->status;
    if (s != OK)
        reason_add(reasons, "export.write", f->path, T_("the export cannot be written: %1$s"), strerror(f->error));
    free(f->path);
    free(f);
    return s;
}
