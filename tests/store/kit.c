/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *kit_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    snprintf(path, 4096, "%s/castellan-store-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path)) {
        abort();
    }
    rmdir(path);
    return path;
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char inner[4096 + 300];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (unlink(inner) != 0) {
            remove_tree(inner);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(path);
}

void kit_remove(char *folder)
{
    remove_tree(folder);
    free(folder);
}

struct store *kit_open(const char *folder)
{
    struct arena *arena = arena_new(0);
    struct reasons why;
    reasons_init(&why, arena);
    struct stat st;
    char path[4200];
    struct store *s = NULL;
    snprintf(path, sizeof path, "%s/office.db", folder);
    if ((stat(path, &st) != 0 && store_create(folder, &why) != OK) || store_open(folder, &why, &s) != OK) {
        fprintf(stderr, "%s\n", reasons_text(&why, LANG_EN));
        abort();
    }
    arena_free(arena);
    return s;
}

struct plain { struct job job; bool (*run)(void *, struct txn *); void *arg; };

static bool plain_run(struct job *job, struct txn *txn)
{
    struct plain *p = (struct plain *)job;
    return p->run(p->arg, txn);
}

static void plain_settled(struct job *job, bool committed)
{
}

bool kit_do(struct store *s, bool (*run)(void *, struct txn *), void *arg)
{
    struct plain p = {.job = {.run = plain_run, .settled = plain_settled}, .run = run, .arg = arg};
    bool committed = false;
    return store_perform(s, &p.job, &committed) == OK && committed;
}

bool kit_write(struct txn *txn, const struct kit_change *c)
{
    struct arena *arena = arena_new(1 << 20);
    struct stored_record old = {0}, x;
    enum status status = txn_get_record(txn, c->id, arena, &old);
    char leaf[200], number[32];
    snprintf(number, sizeof number, "REC-%lld", (long long)c->id);
    int len = snprintf(leaf, sizeof leaf, "{\"kind\":\"change\",\"record\":\"%s\",\"version\":%lld}", number,
                       (long long)(old.version + 1));
    bool good = status == OK || status == ABSENT;
    uint64_t position = 0;
    good = good && txn_append(txn, leaf, (size_t)len, &position) == OK;
    x = (struct stored_record){.id = c->id, .register_ = "thing", .number = number, .guard = c->guard, .label = 1,
                               .state = "open", .version = old.version + 1,
                               .created = status == OK ? old.created : c->updated, .updated = c->updated,
                               .position = position, .body = c->body, .body_len = c->body ? strlen(c->body) : 0};
    random_bytes(x.salt, SALT_BYTES);
    good = good && txn_put_indexed(txn, &x, c->keys, c->n_keys, c->terms, c->n_terms) == OK;
    arena_free(arena);
    return good;
}

static bool run_change(void *arg, struct txn *txn)
{
    return kit_write(txn, arg);
}

bool kit_change(struct store *s, const struct kit_change *c)
{
    return kit_do(s, run_change, (void *)c);
}

bool kit_file_has(const char *folder, const char *name, const void *bytes, size_t len)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        return false;
    }
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *all = malloc(size + 1);
    size = fread(all, 1, size, f);
    fclose(f);
    bool has = memmem(all, size, bytes, len) != NULL;
    free(all);
    return has;
}
