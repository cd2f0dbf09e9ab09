/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bad packs: every case file of tests/office/packs is the good pack with one edit and the one fault that must be told,
 * with its file, line and words; and in French, too. A case is
 *
 *     what: what is wrong, in words
 *     in: the file that is edited (or added, or with `remove: true` taken away)
 *     replace: a text in it, with: another            or    text: the whole new file
 *     also-in, also-replace, also-with: a second edit
 *     at: a text in the line that the fault must name (absent: the fault names the file alone, or `where: pack`;
 *     fault-in: another file)
 *     fault: its words        next: what would be right (optional)     more: how many further faults may follow (none)
 */
#include "base/text.h"
#include "packs.h"
#include "tap.h"

static unsigned line_of(const char *text, const char *part)
{
    const char *at = text ? strstr(text, part) : NULL;
    unsigned line = 1;
    for (const char *c = text; at && c < at; c++)
        line += *c == '\n';
    return at ? line : 0;
}

static bool apply(struct files *files, const struct val *test)
{
    const char *in = val_get_str(test, "in"), *also = val_get_str(test, "also-in");
    if (!in || (also && !files_edit(files, also, val_get_str(test, "also-replace"), val_get_str(test, "also-with"))))
        return false;
    if (val_get_bool(test, "remove", false)) {
        files_take(files, in);
        return true;
    }
    if (val_get_str(test, "text")) {
        files_put(files, in, val_get_str(test, "text"));
        return true;
    }
    const char *replace = val_get_str(test, "replace"), *with = val_get_str(test, "with");
    return replace && files_edit(files, in, replace, with ? with : "");
}

static bool told(const struct reason *reason, const char *where, const char *fault, const char *next)
{
    return str_eq(reason->where, where) && str_eq(reason->text.in[LANG_EN], fault) && (!next || str_eq(reason->next.in[LANG_EN], next));
}

static void check(const char *name, const struct val *test, struct arena *arena)
{
    struct files files;
    files_good(&files, arena);
    if (!ok(apply(&files, test), "%s: the edit fits the good pack", name))
        return;
    struct reasons reasons;
    struct pack *pack = files_load(&files, &reasons);
    const char *file = val_get_str(test, "fault-in") ? val_get_str(test, "fault-in") : val_get_str(test, "in");
    const char *at = val_get_str(test, "at"), *where = file;
    if (at)
        where = arena_printf(arena, "%s:%u", file, line_of(files_text(&files, file), at));
    if (str_eq(val_get_str(test, "where"), "pack"))
        where = NULL;
    size_t more = (size_t)val_get_int(test, "more", 0);
    const struct reason *first = reasons.first;
    while (first && !told(first, where, val_get_str(test, "fault"), val_get_str(test, "next")))
        first = first->after;
    bool good = !pack && first && reasons.count == 1 + more;
    if (!ok(good, "%s: %s", name, val_get_str(test, "what"))) {
        printf("#   want %s: %s %s\n", where ? where : "pack", val_get_str(test, "fault"), val_get_str(test, "next") ? val_get_str(test, "next") : "");
        reasons_print(&reasons);
    }
    ok(first && !str_eq(first->text.in[LANG_EN], first->text.in[LANG_FR]), "%s: the fault has French words", name);
    pack_free(pack);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int main(void)
{
    struct arena *arena = arena_new(0);
    const char *folder = arena_strdup(arena, arena_printf(arena, "%s/tests/office/packs", source_root()));
    struct dirent **list = NULL;
    char name[300], path[600];
    int n = scandir(folder, &list, NULL, by_name), cases = 0;
    snprintf(path, sizeof path, "%s", folder);
    size_t base = strlen(path);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s", list[i]->d_name);
        free(list[i]);
        if (!str_ends(name, ".yaml"))
            continue;
        arena_clear(arena);
        snprintf(path + base, sizeof path - base, "/%s", name);
        size_t len;
        const char *text = file_text(arena, path, &len);
        struct reasons reasons;
        struct val *test;
        reasons_init(&reasons, arena);
        if (!ok(text && yaml_read(arena, name, text, len, &reasons, &test) == OK, "%s is a case", name))
            continue;
        check(name, test, arena);
        cases++;
    }
    free(list);
    ok(cases >= 60, "there are %d cases of bad packs", cases);
    arena_free(arena);
    return tap_done();
}
