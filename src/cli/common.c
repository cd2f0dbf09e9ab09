/* SPDX-License-Identifier: GPL-3.0-or-later
 * What commands share: options, files, words.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"

const char *cli_option(int argc, char **argv, const char *name)
{
    size_t len = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return i + 1 < argc ? argv[i + 1] : NULL;
        if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
            return argv[i] + len + 1;
    }
    return NULL;
}

bool cli_flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

const char *cli_argument(int argc, char **argv, int n, const char *const *with_value)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (with_value && str_in(argv[i], with_value))
                i++;
            continue;
        }
        if (n-- == 0)
            return argv[i];
    }
    return NULL;
}

/* Where the synopsis names an option, as "--name" up to a blank, a bracket or its end. */
static const char *in_synopsis(const char *synopsis, const char *option, size_t len)
{
    for (const char *at = synopsis; (at = strstr(at, "--")); at += 2)
        if (strncmp(at, option, len) == 0 && strchr(" ]|", at[len]))
            return at + len;
    return NULL;
}

/* "--name VALUE" in a synopsis takes a value; "--name]" and "--name [" take none. */
static bool takes_value(const char *behind) { return behind[0] == ' ' && behind[1] && !strchr("[-|", behind[1]); }

static bool wrong_option(const char *command, const char *option, const char *english)
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    if (!arena)
        return false;
    reasons_init(&reasons, arena);
    reason_add(&reasons, "usage", option, english, command, option);
    (void)cli_fail(&reasons, BAD_INPUT);
    arena_free(arena);
    return false;
}

bool cli_options_known(const char *command, const char *synopsis, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            continue;
        size_t len = strcspn(argv[i], "=");
        const char *behind = in_synopsis(synopsis, argv[i], len);
        if (!behind)
            return wrong_option(command, argv[i], T_("There is no option %2$s: castellan help %1$s lists them."));
        if (!takes_value(behind) || argv[i][len] == '=')
            continue;
        if (++i >= argc)
            return wrong_option(command, argv[i - 1], T_("%2$s needs a value: castellan help %1$s says which."));
    }
    return true;
}

enum lang cli_lang(void)
{
    const char *lang = getenv("LC_ALL");
    if (!lang || !*lang)
        lang = getenv("LANG");
    return lang && strncmp(lang, "fr", 2) == 0 ? LANG_FR : LANG_EN;
}

int cli_fail(const struct reasons *reasons, enum status status)
{
    if (reasons->count)
        fprintf(stderr, "%s", reasons_text(reasons, cli_lang()));
    else
        fprintf(stderr, "castellan: %s\n", status_name(status));
    return 1;
}

char *cli_read(struct arena *arena, const char *path, size_t most, size_t *ret_len, struct reasons *reasons)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    size_t at = 0;
    if (fd < 0 || fstat(fd, &about) != 0) {
        reason_add(reasons, "file", path, T_("The file cannot be read: %1$s."), strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if ((size_t)about.st_size > most) {
        reason_add(reasons, "file.size", path, T_("The file is larger than %1$s bytes."), arena_printf(arena, "%zu", most));
        close(fd);
        return NULL;
    }
    char *bytes = arena_alloc(arena, (size_t)about.st_size + 1);
    for (ssize_t n; at < (size_t)about.st_size && (n = read(fd, bytes + at, (size_t)about.st_size - at)) > 0;)
        at += (size_t)n;
    close(fd);
    *ret_len = at;
    return bytes;
}

bool cli_write(const char *path, const void *bytes, size_t len, int mode, struct reasons *reasons)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool good = fd >= 0 && write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
    if (!good)
        reason_add(reasons, "file", path, T_("The file cannot be written: %1$s."), strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

void cli_progress(const char *label, unsigned long long done, unsigned long long all)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%s %llu/%llu", label, done, all);
    if (done >= all)
        fprintf(stderr, "\n");
}
