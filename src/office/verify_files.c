/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verify: the files beside the database that decide who may read what. The founding deed, which entry 0 commits to, holds the hash of
 * every security policy and the office's settings; a policy or a ceiling that was changed on the disk is told here.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "office/verify_inner.h"
#include "store/segment.h"

#define FILE_MOST ((size_t)8 << 20)

static char *whole_file(struct arena *arena, const char *path, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct buf bytes;
    char part[16384], *text = NULL;
    ssize_t n = -1;
    buf_init(&bytes, FILE_MOST);
    while (fd >= 0 && (n = read(fd, part, sizeof part)) > 0)
        buf_add(&bytes, part, (size_t)n);
    if (fd >= 0)
        close(fd);
    if (n == 0 && !bytes.failed)
        text = arena_strndup(arena, bytes.data ? bytes.data : "", *ret_len = bytes.len);
    buf_free(&bytes);
    return text;
}

static const struct val *json_at(struct arena *arena, const char *text, size_t len)
{
    struct reasons ignored;
    struct val *value;
    reasons_init(&ignored, arena);
    return text && json_read(arena, text, len, (struct json_limits){.bytes = 64 << 20}, &ignored, &value) == OK ? value : NULL;
}

static void check_policies(struct verifying *all, const struct val *policies)
{
    size_t len;
    for (size_t i = 0; i < val_count(policies); i++) {
        const char *name = policies->members[i].name, *text = whole_file(all->arena, arena_printf(all->arena, "%s/policies/%s", all->folder, name), &len);
        struct hash hash = text ? sha256(text, len) : (struct hash){{0}};
        char hex[65];
        hex_write(hash.bytes, HASH_BYTES, hex);
        if (!text || !str_eq(hex, val_text(policies->members[i].value)))
            differ(all, "verify.policy", name, T_("This security policy is not the one that the founding deed names."));
    }
    DIR *folder = opendir(arena_printf(all->arena, "%s/policies", all->folder));
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (str_ends(entry->d_name, ".xml") && !val_get(policies, entry->d_name))
            differ(all, "verify.policy", entry->d_name, T_("The founding deed names no such security policy."));
    }
    if (folder)
        closedir(folder);
}

static bool same(const struct val *a, const struct val *b)
{
    struct buf left, right;
    buf_init(&left, 1 << 20);
    buf_init(&right, 1 << 20);
    bool good = a && b && json_canonical(&left, a) == OK && json_canonical(&right, b) == OK && left.len == right.len &&
                memcmp(left.data, right.data, left.len) == 0;
    buf_free(&left);
    buf_free(&right);
    return good;
}

static void check_settings(struct verifying *all, const struct val *deed)
{
    static const char *const own[] = {"name", "origin", "demonstration"};
    const char *path = arena_printf(all->arena, "%s/office.json", all->folder);
    size_t len = 0;
    const char *text = whole_file(all->arena, path, &len);
    const struct val *config = json_at(all->arena, text, len), *settings = val_get(deed, "settings");
    bool good = config && str_eq(val_get_str(config, "origin"), val_get_str(deed, "origin"));
    for (size_t i = 0; good && i < val_count(settings); i++)
        good = same(settings->members[i].value, val_get(config, settings->members[i].name));
    for (size_t i = 0; good && i < val_count(config); i++) {
        bool known = val_get(settings, config->members[i].name) != NULL;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            known |= strcmp(config->members[i].name, own[k]) == 0;
        good = known;
    }
    if (!good)
        differ(all, "verify.settings", path, T_("The office's settings are not those of the founding deed."));
}

/* ---- segments of holdings ---- */

struct segments { struct verifying *all; struct segment_named { struct segment_info info; bool tombstone; struct segment_named *next; } *first; };
static bool see_segment(void *arg, const struct segment_info *info)
{
    struct segments *segments = arg;
    struct segment_named *one = ARENA_NEW(segments->all->arena, struct segment_named);
    *one = (struct segment_named){*info, false, segments->first};
    segments->first = one;
    return true;
}
static bool see_tombstone(void *arg, const char *kind, const char *name, uint64_t position)
{
    struct segments *segments = arg;
    for (struct segment_named *one = str_eq(kind, "segment") ? segments->first : NULL; one; one = one->next)
        one->tombstone |= one->info.id == strtoll(name, NULL, 10);
    return true;
}
/* What was erased has its tombstone (and that its entry in the journal); all else is there, whole. */
static void check_segments(struct verifying *all)
{
    struct segments segments = {all, NULL};
    struct store *store = all->office->store;
    if (segment_each(store, see_segment, &segments) != OK || store_each_tombstone(store, see_tombstone, &segments) != OK)
        return;                                /* the pass over the rows has said so */
    for (const struct segment_named *one = segments.first; one; one = one->next) {
        if (one->info.erased && !one->tombstone)
            differ_number(all, one->info.id, "verify.segment", T_("A segment counts as erased, but the journal has no such erasure."));
        else if (!one->info.erased && segment_verify(store, one->info.id) != OK)
            differ_number(all, one->info.id, "verify.segment", T_("The segment's file is missing, or is not what was written."));
    }
}

void verify_files(struct verifying *all)
{
    uint8_t salt[SALT_BYTES];
    const char *text;
    size_t len;
    check_segments(all);
    if (store_body_at(all->office->store, 0, all->arena, salt, &text, &len) != OK)
        return;                                /* the journal's pass has said so */
    const struct val *deed = json_at(all->arena, text, len);
    if (!deed)
        return;
    check_policies(all, val_get(deed, "policies"));
    check_settings(all, deed);
}
