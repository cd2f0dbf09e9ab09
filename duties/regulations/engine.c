/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The regulations' engine: an acknowledgement is bound to the exact text that was read. It is taken only for an edition in force, under
 * that edition's own reference and number, and the SHA-256 of the edition's text is written into it, in the version that its reader
 * makes, in the name of the rule acknowledgement.binding.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/duty.h"
#include "office/office.h"

#define RULE "acknowledgement.binding"

static const struct image *edition_of(const struct change_view *view, const struct changed *item)
{
    if (item->before || strcmp(item->after->def->name, "acknowledgement") != 0)
        return NULL;
    const struct field_def *link = register_field(item->after->def, "instruction");
    return link ? view->look(view, image_link_to(item->after, link)) : NULL;
}

static void check(const struct image *given, const struct image *edition, struct reasons *reasons)
{
    if (strcmp(edition->def->states[edition->state].name, "in-force") != 0) {
        reason_add(reasons, "regulations.not-in-force", "instruction", T_("This edition is not in force; only an edition in force is acknowledged."));
        reason_next(reasons, reasons->last, T_("Look for the edition in force under the same reference."));
    } else if (!str_eq(image_text(given, "reference"), image_text(edition, "series")) ||
               val_get_int(given->fields, "edition", -1) != val_get_int(edition->fields, "edition", -2)) {
        reason_add(reasons, "regulations.other-edition", "edition", T_("Reference and edition are not those of the instruction that is acknowledged."));
        reason_next(reasons, reasons->last, T_("Write them as they stand on the edition that you have read."));
    }
}

static void review(struct duty *duty, const struct change_view *view, const char *const *names, size_t n, struct reasons *reasons)
{
    (void)duty, (void)names, (void)n;
    for (size_t i = 0; !view->at && i < view->n_items; i++) {
        const struct image *edition = edition_of(view, &view->items[i]);
        if (edition)
            check(view->items[i].after, edition, reasons);
    }
}

static void follow(struct duty *duty, const struct change_view *view, struct consequences *more)
{
    (void)duty;
    for (size_t i = 0; i < view->n_items; i++) {
        const struct image *edition = edition_of(view, &view->items[i]);
        const char *text = edition ? image_text(edition, "text") : NULL;
        char hex[2 * HASH_BYTES + 1];
        if (!text)
            continue;
        struct hash hash = sha256(text, strlen(text));
        struct val *fields = val_object(view->arena);
        hex_write(hash.bytes, HASH_BYTES, hex);
        val_set_str(view->arena, fields, "text-digest", hex);
        more->add(more, RULE, edition->number, &(struct op){.kind = OP_EDIT, .number = view->items[i].after->number, .fields = fields});
    }
}

const struct duty duty_regulations = {.name = "regulations", .review = review, .consequences = follow};
