/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Templates: a long text of "Name: value" lines is cut where a value begins (behind a colon and blanks, an equals sign, or with its
 * line) and where it ends (with its line). A cut out value that is also another cell of the event becomes that cell, any other a piece.
 * So no text without a line break, without a tab, that does not begin with a blank, without an equals sign but at its end, and in which no
 * colon stands before a blank can lie across a cut: hunts for such texts look at literals, pieces and cells alone (terms.c).
 *
 * Any template that gives the text again is right. So those that fitted last are tried first, which is quick, and keeps them few.
 */
#include <strings.h>
#include <xxhash.h>

#include "watch/archive/build.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LONG 40                                  /* bytes from which a text is cut */
#define LONG_LINE 32                             /* and from which a line without a name is a piece */

/* The next backslash or end of a line at `at` or behind it. */
static inline uint32_t next_stop(const char *text, uint32_t len, uint32_t at)
{
#ifdef __SSE2__
    const __m128i slash = _mm_set1_epi8('\\'), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (; at + 16 <= len; at += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, slash), _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr))));
        if (found)
            return at + (uint32_t)__builtin_ctz((unsigned)found);
    }
#endif
    while (at < len && text[at] != '\\' && text[at] != '\n' && text[at] != '\r')
        at++;
    return at;
}

/* Behind the end of the value that begins at `at`: its line's end. */
static uint32_t line_end(const char *text, uint32_t len, uint32_t at, bool escaped)
{
    for (;;) {
        at = next_stop(text, len, at);
        if (at >= len || text[at] != '\\')
            return at < len ? at : len;
        if (escaped && at + 1 < len && (text[at + 1] == 'n' || text[at + 1] == 'r'))
            return at;
        at += escaped ? 2 : 1;
    }
}

static bool cuttable(const struct written *w)
{
    return w->len >= LONG && (w->mark & MARK_KIND) == VALUE_TEXT && line_end(w->text, w->len, 0, w->mark & MARK_ESCAPED) < w->len;
}

/* A blank or tab at `at`, escaped or not: its length, else 0. */
static uint32_t blank(const char *text, uint32_t len, uint32_t at, bool escaped)
{
    if (at < len && (text[at] == ' ' || text[at] == '\t'))
        return 1;
    return escaped && at + 1 < len && text[at] == '\\' && text[at + 1] == 't' ? 2 : 0;
}

static uint32_t blanks(const char *text, uint32_t len, uint32_t at, bool escaped)
{
    for (uint32_t n; (n = blank(text, len, at, escaped)); at += n) { }
    return at;
}

/* Whether the text of the cell means the same inside of the whole: its escapes are undone in both or in none. And a cell that could be cut
 * itself is not named by another: so no template names a template. */
static bool same_way(const struct written *cell, const struct written *whole)
{
    bool slash = memchr(cell->text, '\\', cell->len) != NULL;
    return (!slash || (cell->mark & MARK_ESCAPED) == (whole->mark & MARK_ESCAPED)) && !cuttable(cell);
}

/* ---- trying one ---- */

static bool fits(const struct template *t, const struct written *w, size_t n, size_t which, uint32_t *ends)
{
    const struct written *whole = &w[which];
    const char *literal = t->text, *text = whole->text;
    uint32_t at = 0, len = whole->len, piece = 0;
    if (t->mark != whole->mark)
        return false;
    for (uint32_t i = 0; i <= t->n; i++) {
        if (t->lens[i] > len - at || memcmp(text + at, literal, t->lens[i]) != 0)
            return false;
        at += t->lens[i];
        literal += t->lens[i];
        if (i == t->n)
            break;
        if (t->parts[i] == PART_PIECE) {
            ends[2 * piece] = at;
            ends[2 * piece++ + 1] = at = line_end(text, len, at, whole->mark & MARK_ESCAPED);
            continue;
        }
        const struct written *cell = &w[t->parts[i] < n ? t->parts[i] : which];
        if (t->parts[i] >= n || t->parts[i] == which || cell->null || cell->len > len - at || memcmp(text + at, cell->text, cell->len) != 0 ||
            !same_way(cell, whole))
            return false;
        at += cell->len;
    }
    return at == len;
}

/* ---- making one ---- */

struct cutting {
    uint32_t n, parts[TEMPLATE_PARTS_MOST], from[TEMPLATE_PARTS_MOST], to[TEMPLATE_PARTS_MOST], lens[TEMPLATE_PARTS_MOST + 1];
    char *literals; uint32_t len;
};

static bool is_word(char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || (unsigned char)(c - '0') < 10 || c == '_' || c == '-' || c == '.' || c == ' ';
}

static bool is_key(const char *name, const char *key, uint32_t len, bool escaped)
{
    uint32_t at = 0;
    for (; *name; name++, at++) {
        while (at < len && (key[at] == ' ' || key[at] == '\t'))
            at++;
        if (at == len || ((unsigned char)key[at] | 32) != ((unsigned char)*name | 32))
            return false;
    }
    return at == len;
}

/* The cell that says the same; one of the line's own name before any other. UINT32_MAX: none. */
static uint32_t same_cell(const struct archive_builder *b, const struct written *w, size_t n, size_t which, uint32_t from, uint32_t to, uint32_t key, uint32_t key_len)
{
    const char *text = w[which].text + from;
    bool escaped = w[which].mark & MARK_ESCAPED;
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (i == which || w[i].null || w[i].len != to - from || memcmp(w[i].text, text, w[i].len) != 0 || !same_way(&w[i], &w[which]))
            continue;
        if (key_len && is_key(b->columns[w[i].column].name, w[which].text + key, key_len, escaped))
            return i;
        if (found == UINT32_MAX && to - from > 2)
            found = i;
    }
    return found;
}

static void cut_line(struct cutting *c, const struct archive_builder *b, const struct written *w, size_t n, size_t which, uint32_t from, uint32_t to)
{
    const char *text = w[which].text;
    bool escaped = w[which].mark & MARK_ESCAPED;
    uint32_t begin = blanks(text, to, from, escaped), value = 0, key_len = 0;
    bool word = true;                            /* so far: "Name=value" needs no blank */
    for (uint32_t at = begin; at < to && !value; at++) {
        if ((text[at] == ':' && blank(text, to, at + 1, escaped)) || (text[at] == '=' && (word || blank(text, to, at + 1, escaped)))) {
            value = blanks(text, to, at + 1, escaped);
            key_len = at - begin;
            break;
        }
        word = word && is_word(text[at]);
        if (escaped && text[at] == '\\') {
            at++;
        }
    }
    while (key_len && text[begin + key_len - 1] == ' ')
        key_len--;
    uint32_t cell = value ? UINT32_MAX : same_cell(b, w, n, which, begin, to, 0, 0);
    if (value && value < to)
        cell = same_cell(b, w, n, which, value, to, begin, key_len);
    else if (cell == UINT32_MAX && to - begin < LONG_LINE)
        return;
    value = value ? value : begin;
    if (value >= to || c->n == TEMPLATE_PARTS_MOST)
        return;
    c->from[c->n] = value;
    c->to[c->n] = to;
    c->parts[c->n++] = cell;
}

static void cut(struct cutting *c, struct archive_builder *b, const struct written *w, size_t n, size_t which)
{
    const char *text = w[which].text;
    uint32_t len = w[which].len, at = 0;
    bool escaped = w[which].mark & MARK_ESCAPED;
    c->n = c->len = 0;
    while (at < len) {
        uint32_t end = line_end(text, len, at, escaped);
        cut_line(c, b, w, n, which, at, end);
        at = end + (end < len && text[end] == '\\' ? 2 : 1);
    }
    c->literals = b->literals;
    at = 0;
    for (uint32_t i = 0; i <= c->n; i++) {
        c->lens[i] = (i < c->n ? c->from[i] : len) - at;
        memcpy(c->literals + c->len, text + at, c->lens[i]);
        c->len += c->lens[i];
        at = i < c->n ? c->to[i] : at;
    }
}

static uint32_t hash_of(const struct cutting *c, uint8_t mark)
{
    uint64_t hash = XXH3_64bits(c->literals, c->len) ^ mark;
    hash = XXH3_64bits_withSeed(c->parts, c->n * sizeof *c->parts, hash);
    return (uint32_t)(XXH3_64bits_withSeed(c->lens, (c->n + 1) * sizeof *c->lens, hash) >> 32);
}

static bool is_template(const struct template *t, const struct cutting *c, uint8_t mark)
{
    return t->mark == mark && t->n == c->n && t->len == c->len && memcmp(t->parts, c->parts, c->n * sizeof *c->parts) == 0 &&
           memcmp(t->lens, c->lens, (c->n + 1) * sizeof *c->lens) == 0 && memcmp(t->text, c->literals, c->len) == 0;
}

static void more_templates(struct archive_builder *b, struct column *column)
{
    uint32_t room = column->template_room ? 2 * column->template_room : 8;
    column->templates = grown(b->arena, column->templates, column->n_templates, room, sizeof *column->templates);
    column->template_room = room;
    column->n_template_slots = 4 * room;
    column->template_slots = ARENA_ARRAY(b->arena, uint32_t, column->n_template_slots);
    for (uint32_t i = 0; i < column->n_templates; i++) {
        uint32_t *slot = &column->template_slots[column->templates[i].hash & (column->n_template_slots - 1)];
        column->templates[i].next = *slot;
        *slot = i + 1;
    }
}

static uint32_t template_take(struct archive_builder *b, struct column *column, const struct cutting *c, uint8_t mark)
{
    uint32_t hash = hash_of(c, mark);
    for (uint32_t i = column->n_template_slots ? column->template_slots[hash & (column->n_template_slots - 1)] : 0; i; i = column->templates[i - 1].next)
        if (column->templates[i - 1].hash == hash && is_template(&column->templates[i - 1], c, mark))
            return i - 1;
    if (column->n_templates == column->template_room)
        more_templates(b, column);
    struct template *t = &column->templates[column->n_templates];
    *t = (struct template){.mark = mark, .n = c->n, .len = c->len, .hash = hash};
    t->parts = arena_memdup(b->arena, c->parts, c->n * sizeof *c->parts);
    t->lens = arena_memdup(b->arena, c->lens, (c->n + 1) * sizeof *c->lens);
    t->text = arena_memdup(b->arena, c->literals, c->len);
    for (uint32_t i = 0; i < c->n; i++)
        t->pieces += c->parts[i] == PART_PIECE;
    b->kept += c->len + 3 * c->n + 8;
    uint32_t *slot = &column->template_slots[hash & (column->n_template_slots - 1)];
    t->next = *slot;
    *slot = column->n_templates + 1;
    return column->n_templates++;
}

/* ---- one text ---- */

static void put_first(struct cell *cell, uint32_t template)
{
    uint32_t at = 0;
    while (at < cell->n_recent && cell->recent[at] != template)
        at++;
    if (at == cell->n_recent && cell->n_recent < RECENT)
        cell->n_recent++;
    else if (at == RECENT)
        at--;
    memmove(cell->recent + 1, cell->recent, at * sizeof *cell->recent);
    cell->recent[0] = template;
}

static void take_piece(struct archive_builder *b, const struct written *whole, uint32_t from, uint32_t to, uint32_t *pieces, uint32_t *n)
{
    const char *text = whole->text + from;
    uint32_t before = b->pieces.n;
    uint8_t mark = (whole->mark & MARK_ESCAPED) && memchr(text, '\\', to - from) ? MARK_ESCAPED : 0;
    pieces[(*n)++] = table_code(&b->pieces, text, to - from, mark);
    b->kept += b->pieces.n != before ? to - from + 3 : 0;
}

uint32_t template_of(struct archive_builder *b, struct cell *cell, const struct written *w, size_t n, size_t which, uint32_t *pieces, uint32_t *n_pieces)
{
    const struct written *whole = &w[which];
    struct column *column = &b->columns[whole->column];
    uint32_t ends[2 * TEMPLATE_PARTS_MOST];
    if (!cuttable(whole))
        return UINT32_MAX;
    *n_pieces = 0;
    for (uint32_t i = 0; i < cell->n_recent; i++) {
        uint32_t found = cell->recent[i];
        const struct template *t = &column->templates[found];
        if (!fits(t, w, n, which, ends))
            continue;
        for (uint32_t k = 0; k < t->pieces; k++)
            take_piece(b, whole, ends[2 * k], ends[2 * k + 1], pieces, n_pieces);
        put_first(cell, found);
        return found | IS_TEMPLATE;
    }
    struct cutting c;
    if (b->literal_room < whole->len)
        b->literals = ARENA_ARRAY(b->arena, char, b->literal_room = 2 * whole->len);
    cut(&c, b, w, n, which);
    if (c.n == 0)
        return UINT32_MAX;
    uint32_t found = template_take(b, column, &c, whole->mark);
    for (uint32_t i = 0; i < c.n; i++)
        if (c.parts[i] == PART_PIECE)
            take_piece(b, whole, c.from[i], c.to[i], pieces, n_pieces);
    put_first(cell, found);
    return found | IS_TEMPLATE;
}
