/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the pages share: the marks of what a page shows, records as template data, addresses. No page knows a particular register.
 */
#ifndef WEB_PAGES_INSIDE_H
#define WEB_PAGES_INSIDE_H

#include "base/text.h"
#include "front/front.h"
#include "front/seal.h"
#include "front/shown.h"
#include "office/leaks.h"
#include "office/office.h"

/* ---- records as data (view.c) ---- */

const char *words_in(const struct words *, enum lang);
/* A field's value as a text in the reader's language; NULL for none. */
const char *value_words(const struct request *, const struct field_def *, const struct val *);
/* A step's name, also of a version or entry; NULL for none. A name that the register has no longer stands as it is. */
const char *step_words(const struct request *, const struct register_def *, const char *name);
const char *register_href(struct arena *, const struct register_def *);
/* The list that goes on behind the last link or back link (link_view.more) that a record's page shows. */
const char *links_href(const struct request *, const struct record_view *, const struct link_view *, bool back);
const char *record_href(const struct request *, const struct register_def *, const char *number);
/* A row for lists and desks: {href, number, title, state, state-name, due, updated, label, mark, cells:[{text, kind, href, due}]} */
struct val *row_of(const struct request *, const struct record_view *, const struct column *columns, size_t n);
/* A field's value for reading: {label, name, kind, text, paragraphs, links, files}; NULL when it is empty. */
struct val *field_shown(const struct request *, const struct record_view *, const struct field_def *);
/* A field of a form, with what it holds: {name, label, help, kind, required, value, options, faults ...} */
struct val *field_asked(const struct request *, const struct field_def *, const struct record_view *, const struct val *given, bool required, const struct reasons *faults);
/* The form's fields as values for an op; absent ones are left out. */
struct val *fields_given(const struct request *, const struct register_def *, const struct field_def *const *only, size_t n);
struct val *reasons_shown(const struct request *, const struct reasons *);
/* Label of a form: policy, class and categories as canonical text; NULL when none was given. */
const char *label_given(const struct request *);

/* A change of one op by the request's reader; the key comes from the form. */
enum status do_op(const struct request *, struct op *, struct outcome *ret);
/* The version that a form was made from, sealed. */
const char *version_sealed(const struct request *, const struct record_view *);
/* What a seal says: 0 when there is none; -1, which is no version, when it is forged, another account's or another record's. */
int64_t version_read(const struct request *, const char *sealed, record_id of);
int64_t version_given(const struct request *, const struct record_view *);      /* of the form */

/* ---- one query from an address: lists, boards, exports, the API (list.c) ---- */

struct listing {
    const struct request *request;           /* part 0 is the register */
    const struct register_def *def;
    struct query query;
    struct filter filters[16];
    struct page_of page;
    struct reasons reasons;
    const struct column *columns; size_t n_columns;
    const struct record_view *linked; const struct field_def *linked_by;    /* the list of one record's links under a field; NULL: of the register */
};
enum status listing_take(struct listing *, size_t limit);
const char *list_column_words(const struct listing *, const struct column *);
/* What every shape of a list has: its name, its other shapes, filters, saved views, what may be created. */
void list_frame(const struct listing *, struct val *data, const char *shape);
enum status list_board(struct listing *, struct answer *);          /* shapes.c */
enum status list_calendar(struct listing *, struct answer *);
enum status list_export(struct listing *, const char *format, struct answer *);      /* export.c */

struct val *api_document(const struct request *);        /* OpenAPI 3.1 of what the reader's post sees (openapi.c) */

/* ---- personal notes (notes.c) ---- */

/* The reader's saved views of a list: [{name, href}]. */
struct val *views_of(const struct request *, const struct register_def *);
/* The draft of a form as the request that would send it; false when there is none. */
bool draft_take(const struct request *, const char *action, struct request *ret, moment *ret_at);
void draft_drop(const struct request *, const char *action);

/* ---- the menu (menu.c) ---- */

struct val *menu_of(const struct request *);             /* [{name, registers: [{name, href, register}]}]; shared: not to be changed */
const char *menu_here(const struct request *);           /* the register under which the page stands; NULL for none */

/* Handlers, by file. */
extern const struct page desk_pages[], list_pages[], record_pages[], form_pages[], search_pages[], about_pages[], reminder_pages[], retention_pages[], api_pages[], api_more_pages[], journal_pages[], note_pages[], import_pages[];

#endif
