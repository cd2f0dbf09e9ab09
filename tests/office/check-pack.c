/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * check-pack [--fr] FOLDER: loads the duties/ and posts/ of a folder and prints every fault with file, line and what
 * would be right, in the order of files and lines (--raw: a unit separator between the two). With a second folder: what would change from the first to the second.
 */
#include <stdio.h>
#include <string.h>

#include "office/pack.h"

static enum lang lang = LANG_EN;
static const char *between = " ";

static void print_all(const struct reasons *reasons)
{
    for (const struct reason *one = reasons->first; one; one = one->after) {
        printf("%s: %s", one->where ? one->where : "pack", one->text.in[lang]);
        printf(one->next.in[lang] ? "%s%s\n" : "\n", between, one->next.in[lang]);
    }
}

static struct pack *load(const char *folder, struct arena *arena)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    struct pack *pack = NULL;
    if (pack_load_folder(folder, &reasons, &pack) == OK) {
        printf("%s: %zu registers, %zu rules, %zu vocabularies, %zu rights, %zu posts; %s\n", folder, pack->n_registers, pack->n_rules,
               pack->n_vocabularies, pack->n_rights, pack->n_posts, pack->hash);
        return pack;
    }
    print_all(&reasons);
    printf("%s: %zu faults\n", folder, reasons.count);
    return NULL;
}

/* Rights that no post carries are no fault (an organisation need not take every post), but worth knowing. */
static void print_unused(const struct pack *pack)
{
    for (size_t i = 0; i < pack->n_rights; i++) {
        bool carried = false;
        for (size_t p = 0; p < pack->n_posts; p++)
            carried = carried || post_has_right(&pack->posts[p], pack->rights[i].name);
        if (!carried)
            printf("note: no post carries the right %s\n", pack->rights[i].name);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--fr") == 0)
        lang = LANG_FR, argc--, argv++;
    if (argc > 1 && strcmp(argv[1], "--raw") == 0)
        between = "\x1f", argc--, argv++;
    if (argc < 2) {
        fprintf(stderr, "usage: check-pack [--fr] FOLDER [NEWER]\n");
        return 2;
    }
    struct arena *arena = arena_new(0);
    struct pack *pack = load(argv[1], arena), *newer = pack && argc > 2 ? load(argv[2], arena) : NULL;
    if (newer) {
        struct reasons changes;
        reasons_init(&changes, arena);
        pack_difference(pack, newer, &changes);
        print_all(&changes);
    } else if (pack) {
        print_unused(pack);
    }
    bool good = pack && (argc < 3 || newer);
    pack_free(newer);
    pack_free(pack);
    arena_free(arena);
    return good ? 0 : 1;
}
