/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a page shows, collected while it is made: marks for the bands, records for the journal.
 */
#include <stdio.h>
#include <string.h>

#include "front/shown.h"

void shown_begin(struct shown *shown, const struct request *request) { *shown = (struct shown){.request = request}; }

static void *grown(struct arena *arena, const void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return (void *)items;
    *cap = *cap * 2 + 16;
    void *more = arena_array(arena, *cap, size);
    if (n)
        memcpy(more, items, n * size);
    return more;
}

static void shown_label(struct shown *shown, const struct label *label)
{
    for (size_t i = 0; i < shown->n; i++)
        if (shown->labels[i] == label)
            return;
    shown->labels = grown(shown->request->arena, shown->labels, shown->n, &shown->cap, sizeof *shown->labels);
    shown->labels[shown->n++] = label;
}

/* The titles of linked records stand beside it, under labels of their own. */
void shown_record(struct shown *shown, const struct record_view *record)
{
    struct arena *arena = shown->request->arena;
    shown->records = grown(arena, shown->records, shown->n_records, &shown->cap_records, sizeof *shown->records);
    shown->records[shown->n_records++] = record;
    shown_label(shown, record->label);
    for (size_t i = 0; i < record->n_links; i++)
        shown_label(shown, record->links[i].label);
    for (size_t i = 0; i < record->n_back; i++)
        shown_label(shown, record->back[i].label);
}

const char *mark_of(const struct request *request, const struct label *label, enum marking_place place)
{
    const char *mark = label_marking(office_policies(request->office), label, place, request->lang, request->arena);
    return mark ? mark : "";
}

/* A style class for the policy's colour: the rules stand in /colours.css, since nothing is styled inline. */
static const char *colour_class(const struct request *request, const struct label *label)
{
    const struct policies *policies = office_policies(request->office);
    for (unsigned p = 0; p < policies_count(policies); p++)
        if (strcmp(policy_oid(policies_at(policies, p)), label->policy) == 0)
            return arena_printf(request->arena, "mark-%u-%s", p, label->class_lacv);
    return "mark-none";
}

/* Where a policy's permissive values do not meet, the band shows the class and refers to the portions. */
static struct val *band_of(const struct request *request, const struct label *label, bool empty)
{
    struct val *band = val_object(request->arena);
    struct label bare = *label;
    if (empty) {
        bare.categories = NULL;
        bare.n_categories = 0;
    }
    const char *text = mark_of(request, empty ? &bare : label, MARK_PAGE);
    val_set(request->arena, band, "text", empty ? val_strf(request->arena, "%s – %s", text, tr(request->lang, T_("releasable: see portions"))) : val_str(request->arena, text));
    val_set_str(request->arena, band, "class", colour_class(request, label));
    return band;
}

enum status shown_end(struct shown *shown, struct val *data, const char *kind)
{
    const struct request *request = shown->request;
    struct val *bands = val_array(request->arena);
    unsigned n = 0;
    bool *empty = NULL;
    struct label **high = shown->n ? label_high_water(office_policies(request->office), shown->labels, (unsigned)shown->n, request->arena, &n, &empty) : NULL;
    for (unsigned i = 0; i < n; i++)
        val_push(request->arena, bands, band_of(request, high[i], empty && empty[i]));
    val_set(request->arena, data, "bands", bands);
    return office_note_read(request->office, request->reader, shown->records, shown->n_records, kind, request->now);
}
