/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See rule_bundle.h. The bundle's paths are those below the folders given, so the same folder gives the same bundle wherever it lies; of several
 * folders each path begins with its folder's own name. A secret key is written for its owner's eyes alone.
 */
#include "cli/rule_bundle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/rule_set.h"
#include "watch/bundle/bundle.h"

struct packing {
    struct arena *arena;
    struct reasons reasons;
    const char *key, *to;
    struct bundle bundle;
    const char **folders;
    size_t n_folders;
};

/* The last part of a path that names something. */
static const char *last_part(struct arena *arena, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    char *text = arena_strndup(arena, path, len), *slash = strrchr(text, '/');
    return slash && slash[1] ? slash + 1 : text;
}

/* The path inside the bundle of a file below (or equal to) what was named. */
static const char *inside(const struct packing *packing, const char *named, const char *path)
{
    size_t len = strlen(named);
    if (strcmp(named, path) == 0)
        return last_part(packing->arena, path);
    while (len && named[len - 1] == '/')
        len--;
    const char *below = path + len;
    while (*below == '/')
        below++;
    return packing->n_folders == 1 ? below : arena_printf(packing->arena, "%s/%s", last_part(packing->arena, named), below);
}

static int by_path(const void *a, const void *b) { return strcmp(((const struct bundle_file *)a)->path, ((const struct bundle_file *)b)->path); }

static bool read_files(struct packing *packing)
{
    struct bundle_file *files = ARENA_ARRAY(packing->arena, struct bundle_file, BUNDLE_FILES_MOST);
    size_t n = 0;
    for (size_t f = 0; f < packing->n_folders; f++) {
        const char *const *paths;
        size_t n_paths;
        if (!rule_set_files(packing->arena, &packing->folders[f], 1, &packing->reasons, &paths, &n_paths))
            return false;
        for (size_t i = 0; i < n_paths && n < BUNDLE_FILES_MOST; i++, n++) {
            files[n].path = inside(packing, packing->folders[f], paths[i]);
            files[n].text = cli_read(packing->arena, paths[i], BUNDLE_FILE_MOST, &files[n].len, &packing->reasons);
            if (!files[n].text)
                return false;
        }
    }
    qsort(files, n, sizeof *files, by_path);
    packing->bundle.files = files;
    packing->bundle.n = n;
    return true;
}

static bool read_secret(struct packing *packing, uint8_t secret[BUNDLE_SECRET])
{
    size_t len;
    char *line = cli_read(packing->arena, packing->key, 4096, &len, &packing->reasons);
    bool good = line && bundle_secret_read(line, len, secret);
    if (line && !good)
        reason_add(&packing->reasons, "bundle.key", packing->key, T_("This file holds no secret key for rules; “castellan rules keygen” makes one."));
    if (line)
        wipe(line, len);
    return good;
}

static int pack(struct packing *packing)
{
    uint8_t secret[BUNDLE_SECRET];
    struct buf out;
    if (!read_files(packing) || (packing->key && !read_secret(packing, secret)))
        return cli_fail(&packing->reasons, BAD_INPUT);
    buf_init(&out, BUNDLE_MOST);
    enum status status = bundle_make(&packing->bundle, packing->key ? secret : NULL, packing->arena, &packing->reasons, &out);
    wipe(secret, sizeof secret);
    bool written = status == OK && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    buf_free(&out);
    if (status != OK)
        return cli_fail(&packing->reasons, status);
    return written ? 0 : 1;
}

static int make_key(struct packing *packing)
{
    uint8_t secret[BUNDLE_SECRET], key[BUNDLE_KEY];
    bool good = access(packing->to, F_OK) != 0;
    if (!good) {
        reason_add(&packing->reasons, "bundle.key-there", packing->to, T_("This file is there already; a key is never written over another."));
        return cli_fail(&packing->reasons, REFUSED);
    }
    bundle_key_new(secret);
    bundle_key_of(secret, key);
    const char *line = arena_printf(packing->arena, "%s\n", bundle_secret_line(packing->arena, secret));
    good = cli_write(packing->to, line, strlen(line), 0600, &packing->reasons);
    wipe(secret, sizeof secret);
    if (!good)
        return cli_fail(&packing->reasons, FAILED_IO);
    printf("%s\n%s\n", bundle_key_line(packing->arena, key), bundle_fingerprint(packing->arena, key));
    return fflush(stdout) == 0 ? 0 : 1;
}

static bool read_arguments(struct packing *packing, int argc, char **argv)
{
    static const char *const options[] = {"--key", "--publisher", "--name", "--made", NULL};
    const char *login = getenv("LOGNAME"), *made = cli_option(argc, argv, "--made");
    packing->folders = ARENA_ARRAY(packing->arena, const char *, (size_t)argc);
    for (int i = 0; i < argc; i++) {
        const char *word = cli_argument(argc, argv, i, options);
        if (!word)
            break;
        packing->folders[packing->n_folders++] = word;
    }
    if (!packing->n_folders)
        return false;
    packing->key = cli_option(argc, argv, "--key");
    packing->bundle.publisher = cli_option(argc, argv, "--publisher");
    if (!packing->bundle.publisher)
        packing->bundle.publisher = login && *login ? login : "castellan";
    packing->bundle.name = cli_option(argc, argv, "--name");
    if (!packing->bundle.name)
        packing->bundle.name = last_part(packing->arena, packing->folders[0]);
    packing->bundle.made = moment_now() / SECOND * SECOND;
    return !made || moment_read(made, &packing->bundle.made) == OK;
}

int cli_rules_bundle(int argc, char **argv)
{
    struct packing packing = {.arena = arena_new((size_t)1 << 30)};
    int code = 2;
    reasons_init(&packing.reasons, packing.arena);
    bool keygen = str_eq(argv[0], "keygen");
    packing.to = keygen ? cli_argument(argc, argv, 0, NULL) : NULL;
    if (keygen && argc == 2 && packing.to && !str_starts(packing.to, "-"))
        code = make_key(&packing);
    else if (!keygen && read_arguments(&packing, argc, argv))
        code = pack(&packing);
    else
        cli_usage("rules");
    arena_free(packing.arena);
    return code;
}
