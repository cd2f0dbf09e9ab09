/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The menu of a post: its duties and their registers, in one language. It follows from the pack and the post alone, so it is made once
 * and shown by every page of everybody in that post; where the reader stands in it is the page's own ("here"). What a post sees is no
 * secret of another post, and nothing of a person or a record stands in a menu.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "web/pages/inside.h"

struct menus { size_t n; _Atomic(struct menu *) of[]; };      /* by post and language */
struct menu { struct arena *arena; struct val *duties; };

static void *menus_new(struct office *office)
{
    const struct pack *pack = office_pack(office);
    struct menus *menus = calloc(1, sizeof *menus + pack->n_posts * LANG_COUNT * sizeof *menus->of);
    if (menus)
        menus->n = pack->n_posts * LANG_COUNT;
    return menus;
}

static void menu_free(struct menu *menu)
{
    arena_free(menu->arena);
    free(menu);
}

static void menus_free(void *made)
{
    struct menus *menus = made;
    for (size_t i = 0; i < menus->n; i++) {
        struct menu *menu = atomic_load(&menus->of[i]);
        if (menu)
            menu_free(menu);
    }
    free(menus);
}

/* A duty's own pages that stand in the menu, for posts with their right. */
static void add_own_pages(const struct request *request, struct arena *arena, const char *duty, struct val *list)
{
    const char *name;
    const struct page *page;
    for (size_t d = 0; (page = office_duty_pages(request->office, d, &name)), name; d++)
        for (; page && page->pattern && str_eq(name, duty); page++) {
            if (!page->menu || strchr(page->pattern, '{') || (*page->right && !reader_has_right(request->reader, page->right)))
                continue;
            struct val *entry = val_object(arena);
            val_set_kept(arena, entry, "name", tr(request->lang, page->menu));
            val_set_kept(arena, entry, "href", page->pattern);
            val_set_kept(arena, entry, "register", page->pattern + 1);
            val_push(arena, list, entry);
        }
}

static struct val *duties_in(const struct request *request, struct arena *arena)
{
    const struct post_def *post = reader_post(request->reader);
    struct val *list = val_array(arena);
    for (size_t d = 0; d < post->n_duties; d++) {
        const struct duty_def *duty = post->duties[d];
        struct val *item = val_object(arena), *registers = val_array(arena);
        for (size_t r = 0; r < duty->n_registers; r++) {
            const struct register_def *def = duty->registers[r];
            if (!reader_sees(request->reader, def) || str_eq(def->name, "proposal"))
                continue;
            struct val *entry = val_object(arena);
            val_set_kept(arena, entry, "name", words_in(&def->words, request->lang));
            val_set_kept(arena, entry, "href", register_href(arena, def));
            val_set_kept(arena, entry, "register", def->name);
            val_push(arena, registers, entry);
        }
        if (registers->count)
            add_own_pages(request, arena, duty->name, registers);
        val_set_kept(arena, item, "name", words_in(&duty->words, request->lang));
        val_set(arena, item, "registers", registers);
        if (registers->count)
            val_push(arena, list, item);
    }
    return list;
}

struct val *menu_of(const struct request *request)
{
    const struct pack *pack = office_pack(request->office);
    struct menus *menus = office_shelf(request->office, menus_new, menus_free);
    size_t at = (size_t)(reader_post(request->reader) - pack->posts) * LANG_COUNT + request->lang;
    if (!menus || at >= menus->n)
        return duties_in(request, request->arena);
    struct menu *menu = atomic_load_explicit(&menus->of[at], memory_order_acquire), *none = NULL;
    if (menu)
        return menu->duties;
    menu = calloc(1, sizeof *menu);
    if (!menu || !(menu->arena = arena_new(0))) {
        free(menu);
        return duties_in(request, request->arena);
    }
    menu->duties = duties_in(request, menu->arena);
    if (!atomic_compare_exchange_strong(&menus->of[at], &none, menu)) {      /* another thread was first */
        menu_free(menu);
        menu = none;
    }
    return menu->duties;
}

const char *menu_here(const struct request *request)
{
    bool all = str_starts(request->path, "/all/");
    const char *name = request->path + (all ? 5 : 1);
    size_t len = strcspn(name, "/");
    char *here = arena_strndup(request->arena, name, len);
    const struct register_def *def = pack_register(office_pack(request->office), here);
    /* A register whose name is a page of its own stands under /all: that page is not its list. */
    bool taken = def && !all && !name[len] && str_starts(register_href(request->arena, def), "/all/");
    return taken ? NULL : here;
}
