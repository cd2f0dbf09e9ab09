/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bodies: the format's page, "Bodies and commitments". Entries that erase were noted while reading; a body is erased when
 * a later one of them names the same record, and then it must be gone; else it must be there and fit its commitment.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct body { uint64_t position; uint8_t salt[16]; struct cv_span text; };

static bool body_line(struct cv_span text, struct body *ret)
{
    const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
    if (!space || !cv_decimal((struct cv_span){text.p, (size_t)(space - text.p)}, &ret->position))
        return false;
    const char *salt = space + 1;
    if (cv_end(text) - salt <= 32 || salt[32] != ' ' || !cv_hex((struct cv_span){salt, 32}, ret->salt, 16))
        return false;
    ret->text = (struct cv_span){salt + 33, (size_t)(cv_end(text) - salt - 33)};
    return true;
}

struct body_reader { struct cv_span rest; uint64_t number, last; struct body now; bool pending, any; };

static bool next_body(struct check *c, struct body_reader *b)
{
    struct cv_span text;
    while (cv_line(c, &b->rest, "bodies", &text)) {
        b->number++;
        if (body_line(text, &b->now) && (!b->any || b->now.position > b->last)) {
            b->last = b->now.position;
            return b->pending = b->any = true;
        }
        const struct cv_number n = cv_number(b->number);
        cv_find(c->report, "form", CV_BODY_LINE, "bodies", n.text, NULL, NULL);
    }
    return false;
}

static void body_of_none(struct check *c, struct body_reader *b)
{
    const struct cv_number n = cv_number(b->now.position);
    cv_find(c->report, "form", CV_BODY_OF_NONE, "bodies", n.text, NULL, NULL);
    b->pending = false;
}

/* By record, and in one record the last first. */
static int by_record(const void *a, const void *b)
{
    const struct erasure *l = a, *r = b;
    size_t n = l->record.n < r->record.n ? l->record.n : r->record.n;
    int order = memcmp(l->record.p, r->record.p, n);
    if (order == 0 && l->record.n != r->record.n)
        order = l->record.n < r->record.n ? -1 : 1;
    return order ? order : l->by > r->by ? -1 : l->by < r->by;
}

/* The last erasure of the entry's record behind place `at`, if any. */
static uint64_t erased_by(const struct check *c, const struct cv_entry *e, uint64_t at)
{
    const struct erasure sought = {e->record, CV_NOWHERE};
    size_t low = 0, high = c->n_erasures;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (by_record(&c->erasures[mid], &sought) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (e->record.n == 0 || low == c->n_erasures || c->erasures[low].by <= at)
        return CV_NOWHERE;
    return by_record(&(struct erasure){e->record, c->erasures[low].by}, &c->erasures[low]) == 0
        ? c->erasures[low].by : CV_NOWHERE;
}

/* A body's fault names an entry only where the entries themselves are right: after a cut erasures are missing, too. */
static void accuse_body(struct check *c, const char *kind, enum cv_word word, uint64_t at, const char *by)
{
    const struct cv_number n = cv_number(at);
    cv_find(c->report, kind, word, n.text, n.text, by, NULL);
    if (c->entries_good)
        cv_blame(c->report, kind, at, at + 1);
}

static void check_body(struct check *c, struct body_reader *b, const struct cv_entry *e, uint64_t at)
{
    uint64_t by = erased_by(c, e, at);
    while ((b->pending || next_body(c, b)) && b->now.position < e->position)
        body_of_none(c, b);
    bool there = b->pending && b->now.position == e->position;
    if (by != CV_NOWHERE) {
        c->held = cv_more(c->held, c->n_held, &c->cap_held, sizeof *c->held);
        c->held[c->n_held++] = (struct held){at, by};
    }
    if (!there && by == CV_NOWHERE) {
        c->report->missing++;
        accuse_body(c, "missing", CV_BODY_MISSING, at, NULL);
    }
    c->report->erased += !there && by != CV_NOWHERE;
    if (!there)
        return;
    b->pending = false;
    struct hash sum = sha256_two(b->now.salt, 16, b->now.text.p, b->now.text.n);
    if (hash_equal(&sum, &e->commitment))
        c->report->bodies_good++;
    else
        accuse_body(c, "body", CV_BODY_WRONG, at, NULL);
    if (by != CV_NOWHERE)
        accuse_body(c, "body", CV_BODY_KEPT, at, cv_number(by).text);
}

static void check_erasures(struct check *c)
{
    struct cv_span file, rest, text;
    size_t i = 0;
    bool good = true;
    if (!cv_map_wanted(c, "erasures", &file))
        return;
    for (rest = file; good && cv_line(c, &rest, "erasures", &text); i += good) {
        uint64_t position, by;
        const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
        good = space && i < c->n_held && cv_decimal((struct cv_span){text.p, (size_t)(space - text.p)}, &position)
            && cv_decimal((struct cv_span){space + 1, (size_t)(cv_end(text) - space - 1)}, &by)
            && position == c->held[i].position && by == c->held[i].by;
    }
    if (!good || i < c->n_held)
        cv_find(c->report, "form", CV_ERASURES, "erasures", cv_number(i + 1).text, NULL, NULL);
    cv_unmap(file);
}

void cv_check_bodies(struct check *c)
{
    struct body_reader b = {0};
    c->report->bodies_checked = true;
    c->entries_good = c->report->first_bad == CV_NOWHERE;
    if (c->n_erasures)
        qsort(c->erasures, c->n_erasures, sizeof *c->erasures, by_record);
    if (cv_map_wanted(c, "bodies", &c->bodies))
        b.rest = c->bodies;
    for (size_t i = 0; i < c->n_committed; i++) {
        struct cv_entry e;
        if (cv_entry_read(c->committed[i].text, &e))
            check_body(c, &b, &e, c->committed[i].at);
    }
    while (b.pending || next_body(c, &b))
        body_of_none(c, &b);
    check_erasures(c);
}
