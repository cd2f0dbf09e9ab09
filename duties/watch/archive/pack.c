/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The block: rows are put in order of their skeletons, every code gets the number under which it first occurs in that order, and what
 * each column holds becomes blobs. The last part, the *contents*, says where all lies.
 */
#include "watch/archive/pack.h"
#include "watch/event/json_names.h"
#include "watch/event/stamp.h"
#include "watch/sigma/inside.h"

#define BLOOM_FROM 2048                          /* bytes of a dictionary that is worth one */

struct order {
    uint32_t *rows;                              /* by skeleton, then as they came */
    uint32_t *first;                             /* of each skeleton in `rows` */
    uint32_t **numbers;                          /* by column: code -> its new number + 1 */
    uint32_t **columns;                          /* by column: its codes in their order */
    uint32_t *filled;
    uint32_t *piece_codes; size_t n_piece_codes;
};

static void order_rows(struct archive_builder *b, struct order *o)
{
    uint32_t *next = ARENA_ARRAY(b->arena, uint32_t, b->n_skeletons + 1);
    o->first = ARENA_ARRAY(b->arena, uint32_t, b->n_skeletons + 1);
    o->rows = ARENA_ARRAY(b->arena, uint32_t, b->n_rows);
    for (uint32_t s = 0; s < b->n_skeletons; s++)
        o->first[s + 1] = next[s + 1] = o->first[s] + b->skeletons[s].rows;
    for (uint32_t i = 0; i < b->n_rows; i++)
        o->rows[next[b->rows[i].skeleton]++] = i;
}

/* Where the pieces of a row's templates begin, cell by cell: pieces stand behind its codes in the order of the cells. */
static const uint32_t *pieces_at(const struct archive_builder *b, const struct skeleton *s, const uint32_t *codes, uint32_t code)
{
    const uint32_t *at = codes + s->n_codes;
    for (uint32_t i = 0, k = 0; k < code; i++) {
        if (s->cells[i].flags & CELL_NULL)
            continue;
        if (codes[k] & IS_TEMPLATE)
            at += b->columns[s->cells[i].column].templates[codes[k] & ~IS_TEMPLATE].pieces;
        k++;
    }
    return at;
}

/* One cell of all rows of a skeleton. */
static void take_cell(struct archive_builder *b, struct order *o, uint32_t id, uint32_t cell, uint32_t code, uint32_t *n_new, uint32_t *n_new_templates)
{
    const struct skeleton *s = &b->skeletons[id];
    uint32_t c = s->cells[cell].column;
    struct column *column = &b->columns[c];
    for (uint32_t r = o->first[id]; r < o->first[id + 1]; r++) {
        const uint32_t *codes = b->codes + b->rows[o->rows[r]].codes;
        uint32_t old = codes[code];
        if (!(old & IS_TEMPLATE)) {
            uint32_t *number = &o->numbers[c][old];
            if (!*number)
                *number = ++n_new[c];
            o->columns[c][o->filled[c]++] = *number - 1;
            continue;
        }
        struct template *t = &column->templates[old & ~IS_TEMPLATE];
        if (!t->order) {
            t->order = ++n_new_templates[c];
            t->at = ARENA_ARRAY(b->arena, uint32_t, (size_t)t->uses * t->pieces + 1);
        }
        o->columns[c][o->filled[c]++] = column->values.n + t->order - 1;
        const uint32_t *pieces = t->pieces ? pieces_at(b, s, codes, code) : NULL;
        for (uint32_t k = 0; k < t->pieces; k++)
            t->at[(size_t)k * t->uses + t->taken] = pieces[k];
        t->taken++;
    }
}

static void order_codes(struct archive_builder *b, struct order *o)
{
    uint32_t *n_new = ARENA_ARRAY(b->arena, uint32_t, b->n_columns + 1), *n_new_templates = ARENA_ARRAY(b->arena, uint32_t, b->n_columns + 1);
    o->numbers = ARENA_ARRAY(b->arena, uint32_t *, b->n_columns + 1);
    o->columns = ARENA_ARRAY(b->arena, uint32_t *, b->n_columns + 1);
    o->filled = ARENA_ARRAY(b->arena, uint32_t, b->n_columns + 1);
    for (uint32_t c = 0; c < b->n_columns; c++) {
        o->numbers[c] = ARENA_ARRAY(b->arena, uint32_t, b->columns[c].values.n + 1);
        o->columns[c] = ARENA_ARRAY(b->arena, uint32_t, b->columns[c].codes + 1);
    }
    for (uint32_t s = 0; s < b->n_skeletons; s++)
        for (uint32_t cell = 0, code = 0; cell < b->skeletons[s].n; cell++)
            if (!(b->skeletons[s].cells[cell].flags & CELL_NULL))
                take_cell(b, o, s, cell, code++, n_new, n_new_templates);
}

/* Old numbers in the order of the new ones. */
static uint32_t *inverse(struct arena *arena, const uint32_t *numbers, uint32_t n)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        if (numbers[i])
            order[numbers[i] - 1] = i;
    return order;
}

/* ---- blobs ---- */

struct writing { struct packer *p; struct buf blob, meta; char *folded, *plain; size_t room; };

static void blob_done(struct writing *w, enum group group)
{
    put_place(&w->meta, pack_blob(w->p, group, &w->blob));
    w->p->failed |= w->blob.failed;
    buf_clear(&w->blob);
}

static void bloom_text(struct writing *w, struct bloom *bloom, const char *text, size_t len, bool escaped)
{
    bool ascii;
    if (w->room < 3 * len + 8) {
        w->room = 6 * len + 256;
        w->plain = ARENA_ARRAY(w->p->b->arena, char, w->room);
        w->folded = ARENA_ARRAY(w->p->b->arena, char, 2 * w->room + 8);
    }
    if (escaped) {
        len = json_unescape(text, len, w->plain);
        text = w->plain;
    }
    len = sigma_fold(w->folded, text, len, &ascii);
    bloom_add(bloom, w->folded, len);
}

static void bloom_done(struct writing *w, struct bloom *bloom, size_t most)
{
    size_t bytes = most >= BLOOM_FROM ? bloom_close(bloom, most / 8) : 0;
    for (size_t i = 0; i < bytes / 8; i++)
        for (unsigned k = 0; k < 8; k++)
            buf_addc(&w->blob, (char)(bloom->words[i] >> 8 * k));
    blob_done(w, GROUP_BLOOMS);
}

static void write_table(struct writing *w, const struct table *t, const uint32_t *order, struct bloom *bloom)
{
    put_number(&w->meta, t->n);
    put_dict(&w->meta, &w->blob, t, order);
    blob_done(w, GROUP_DICTS);
    memset(bloom, 0, sizeof *bloom);
    for (uint32_t i = 0; t->len >= BLOOM_FROM && i < t->n; i++)
        bloom_text(w, bloom, t->bytes + t->entries[i].at, t->entries[i].len, t->entries[i].mark & MARK_ESCAPED);
    bloom_done(w, bloom, t->len);
}

static void write_templates(struct writing *w, struct order *o, struct column *column, uint32_t *piece_numbers, uint32_t *n_new, struct bloom *bloom)
{
    struct arena *arena = w->p->b->arena;
    struct template **list = ARENA_ARRAY(arena, struct template *, column->n_templates + 1);
    size_t len = 0;
    for (uint32_t i = 0; i < column->n_templates; i++)
        list[column->templates[i].order - 1] = &column->templates[i];
    put_number(&w->meta, column->n_templates);
    if (column->n_templates == 0)
        return;
    for (uint32_t i = 0; i < column->n_templates; i++) {
        buf_addc(&w->blob, (char)list[i]->mark);
        put_number(&w->blob, list[i]->n);
        for (uint32_t k = 0; k < list[i]->n; k++)
            put_number(&w->blob, list[i]->parts[k] == PART_PIECE ? 0 : (uint64_t)list[i]->parts[k] + 1);
        for (uint32_t k = 0; k <= list[i]->n; k++)
            put_number(&w->blob, list[i]->lens[k]);
    }
    blob_done(w, GROUP_SHAPES);
    memset(bloom, 0, sizeof *bloom);
    for (uint32_t i = 0; i < column->n_templates; i++) {
        const char *text = list[i]->text;
        buf_add(&w->blob, text, list[i]->len);
        len += list[i]->len;
        for (uint32_t k = 0; k <= list[i]->n; text += list[i]->lens[k++])
            bloom_text(w, bloom, text, list[i]->lens[k], list[i]->mark & MARK_ESCAPED);
    }
    blob_done(w, GROUP_DICTS);
    bloom_done(w, bloom, len);
    for (uint32_t i = 0; i < column->n_templates; i++)
        for (size_t k = 0; k < (size_t)list[i]->uses * list[i]->pieces; k++) {
            uint32_t *number = &piece_numbers[list[i]->at[k]];
            if (!*number)
                *number = ++*n_new;
            o->piece_codes[o->n_piece_codes++] = *number - 1;
        }
}

static void write_columns(struct writing *w, struct order *o, struct bloom *bloom)
{
    struct archive_builder *b = w->p->b;
    uint32_t *piece_numbers = ARENA_ARRAY(b->arena, uint32_t, b->pieces.n + 1), n_new = 0;
    o->piece_codes = ARENA_ARRAY(b->arena, uint32_t, b->n_pieces + 1);
    put_number(&w->meta, b->n_columns);
    for (uint32_t c = 0; c < b->n_columns; c++) {
        struct column *column = &b->columns[c];
        size_t before = o->n_piece_codes;
        put_number(&w->meta, strlen(column->name));
        buf_adds(&w->meta, column->name);
        write_table(w, &column->values, inverse(b->arena, o->numbers[c], column->values.n), bloom);
        put_codes(&w->meta, &w->blob, o->columns[c], o->filled[c], column->values.n + column->n_templates, column->n_templates == 0);
        blob_done(w, GROUP_CODES);
        write_templates(w, o, column, piece_numbers, &n_new, bloom);
        put_number(&w->meta, o->n_piece_codes - before);
    }
    write_table(w, &b->pieces, inverse(b->arena, piece_numbers, b->pieces.n), bloom);
    put_codes(&w->meta, &w->blob, o->piece_codes, o->n_piece_codes, b->pieces.n, true);
    blob_done(w, GROUP_CODES);
}

/* ---- rows and skeletons ---- */

static const struct entry *entry_of(const struct archive_builder *b, const struct skeleton *s, const struct row *row, uint32_t cell, uint32_t code, const char **ret)
{
    uint32_t at = b->codes[row->codes + code];
    const struct table *t = &b->columns[s->cells[cell].column].values;
    if (at & IS_TEMPLATE || t->entries[at].mark & MARK_ESCAPED)
        return NULL;
    *ret = t->bytes + t->entries[at].at;
    return &t->entries[at];
}

static bool says_time(const char *text, size_t len, const struct row *row)
{
    moment time;
    return row->time != MOMENT_NONE && stamp_read(text, len, &time) && time == row->time;
}

static bool says_record(const char *text, size_t len, const struct row *row)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)(text[i] - '0') > 9)
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    return len && len <= 19 && number == row->record;
}

/* The cell whose text says time or number of every row of the skeleton, + 1; 0: none does. */
static uint32_t cell_saying(const struct archive_builder *b, const struct order *o, uint32_t id, bool (*says)(const char *, size_t, const struct row *))
{
    const struct skeleton *s = &b->skeletons[id];
    for (uint32_t cell = 0, code = 0; cell < s->n; cell++) {
        uint32_t r = o->first[id];
        if (s->cells[cell].flags & CELL_NULL)
            continue;
        for (; r < o->first[id + 1]; r++) {
            const char *text;
            const struct row *row = &b->rows[o->rows[r]];
            const struct entry *e = entry_of(b, s, row, cell, code, &text);
            if (!e || !says(text, e->len, row))
                break;
        }
        if (r == o->first[id + 1])
            return cell + 1;
        code++;
    }
    return 0;
}

static bool no_number(const char *text, size_t len, const struct row *row) { return row->record == 0; }

static void write_skeletons(struct writing *w, const struct order *o)
{
    struct archive_builder *b = w->p->b;
    uint64_t *time = ARENA_ARRAY(b->arena, uint64_t, b->n_skeletons + 1), *record = ARENA_ARRAY(b->arena, uint64_t, b->n_skeletons + 1);
    put_number(&w->meta, b->n_skeletons);
    for (uint32_t i = 0; i < b->n_skeletons; i++) {
        const struct skeleton *s = &b->skeletons[i];
        bool numbered = false;
        for (uint32_t r = o->first[i]; r < o->first[i + 1] && !numbered; r++)
            numbered = !no_number(NULL, 0, &b->rows[o->rows[r]]);
        time[i] = cell_saying(b, o, i, says_time);
        record[i] = numbered ? cell_saying(b, o, i, says_record) + 1 : 0;
        put_number(&w->blob, s->format ? strlen(s->format) + 1 : 0);
        buf_adds(&w->blob, s->format ? s->format : "");
        buf_addc(&w->blob, (char)s->no_raw);
        put_number(&w->blob, time[i]);
        put_number(&w->blob, record[i]);
        put_number(&w->blob, s->n);
        for (uint32_t k = 0; k < s->n; k++) {
            put_number(&w->blob, s->cells[k].column);
            buf_addc(&w->blob, (char)s->cells[k].flags);
        }
        bool rising = true;
        for (uint32_t k = 1; k < s->n_raw; k++)
            rising = rising && s->order[k - 1] < s->order[k];
        put_number(&w->blob, rising ? 0 : 1);
        for (uint32_t k = 0; !rising && k < s->n_raw; k++)
            put_number(&w->blob, s->order[k]);
        for (uint32_t k = 0; k <= s->n_raw; k++)
            put_number(&w->blob, s->lens[k]);
    }
    blob_done(w, GROUP_SHAPES);
    for (uint32_t i = 0; i < b->n_skeletons; i++)
        buf_add(&w->blob, b->skeletons[i].text, b->skeletons[i].len);
    blob_done(w, GROUP_SHAPES);
    uint32_t *codes = ARENA_ARRAY(b->arena, uint32_t, b->n_rows + 1);
    for (uint32_t i = 0; i < b->n_rows; i++)
        codes[i] = b->rows[i].skeleton;
    put_codes(&w->meta, &w->blob, codes, b->n_rows, b->n_skeletons, true);
    blob_done(w, GROUP_CODES);
    uint64_t before = 0;
    for (uint32_t i = 0; i < b->n_rows; i++)
        if (!time[b->rows[i].skeleton]) {
            put_number(&w->blob, zigzag((int64_t)((uint64_t)b->rows[i].time - before)));
            before = (uint64_t)b->rows[i].time;
        }
    blob_done(w, GROUP_CODES);
    before = 0;
    for (uint32_t i = 0; i < b->n_rows; i++)
        if (record[b->rows[i].skeleton] == 1) {
            put_number(&w->blob, zigzag((int64_t)(b->rows[i].record - before)));
            before = b->rows[i].record;
        }
    blob_done(w, GROUP_CODES);
}

/* ---- the whole ---- */

static void put_fixed(struct buf *out, uint64_t n, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_addc(out, (char)(n >> 8 * i));
}

static void write_head(struct packer *p, struct buf *out, struct archive_info *info)
{
    const struct archive_builder *b = p->b;
    *info = (struct archive_info){.items = b->n_rows, .from = MOMENT_NONE, .to = MOMENT_NONE, .raw = b->raw};
    for (uint32_t i = 0; i < b->n_rows; i++) {
        moment time = b->rows[i].time;
        if (time == MOMENT_NONE)
            continue;
        info->from = info->from == MOMENT_NONE || time < info->from ? time : info->from;
        info->to = info->to == MOMENT_NONE || time > info->to ? time : info->to;
    }
    buf_adds(out, BLOCK_MAGIC);
    put_fixed(out, b->n_rows, 4);
    put_fixed(out, p->n_parts, 4);
    put_fixed(out, (uint64_t)info->from, 8);
    put_fixed(out, (uint64_t)info->to, 8);
    put_fixed(out, b->raw, 8);
    put_fixed(out, b->n_codes, 8);
    for (uint32_t i = 0; i < p->n_parts; i++) {
        put_fixed(out, p->parts[i].plain, 4);
        put_fixed(out, p->parts[i].stored, 4);
    }
    for (uint32_t i = 0; i < p->n_parts; i++)
        buf_add(out, p->packed.data + p->parts[i].at, p->parts[i].stored);
}

bool block_write(struct archive_builder *b, struct buf *out, struct archive_info *info)
{
    struct packer *p = ARENA_NEW(b->arena, struct packer);
    struct bloom *bloom = ARENA_NEW(b->arena, struct bloom);
    struct order order = {0};
    struct writing w = {.p = p};
    p->b = b;
    for (unsigned i = 0; i < GROUPS; i++)
        buf_init(&p->groups[i], BLOCK_UNPACKED_MOST);
    buf_init(&p->packed, ARCHIVE_BLOCK_MOST);
    buf_init(&w.blob, BLOCK_UNPACKED_MOST);
    buf_init(&w.meta, BLOCK_UNPACKED_MOST);
    order_rows(b, &order);
    order_codes(b, &order);
    write_columns(&w, &order, bloom);
    write_skeletons(&w, &order);
    pack_flush(p);
    pack_blob(p, GROUP_SHAPES, &w.meta);
    pack_flush(p);
    write_head(p, out, info);
    bool good = !p->failed && !p->packed.failed && !w.meta.failed && !out->failed;
    for (unsigned i = 0; i < GROUPS; i++)
        buf_free(&p->groups[i]);
    buf_free(&p->packed);
    buf_free(&w.blob);
    buf_free(&w.meta);
    return good;
}
