/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * BinXml tokens into ops. A template is compiled once a chunk; its literals become text here and its substitutions stay numbers, so that
 * a record costs no more than its values. Names are turned into UTF-8 once a chunk, found again by their offset.
 */
#include "watch/evtx/inside.h"

struct compiler {
    struct evtx *evtx;
    struct store *store;
    struct cursor c;
    struct op *ops;
    uint32_t n, room;
    unsigned depth;
    bool dependent, in_start, done;
};

static const char entities[][2][8] = {{"lt", "<"}, {"gt", ">"}, {"amp", "&"}, {"quot", "\""}, {"apos", "'"}};

static uint32_t slot_hash(uint32_t offset) { return offset * 2654435761u >> 16; }

static bool read_name(struct evtx *evtx, struct store *store, size_t offset, struct text *ret)
{
    struct cursor c = {evtx->chunk.base, offset, evtx->chunk.len, offset > evtx->chunk.len};
    struct space space;
    (void)take(&c, 6);                     /* the next name of its hash, and its hash */
    size_t units = take16(&c);
    const unsigned char *text = take(&c, 2 * units);
    units = units > EVENT_NAME_MOST ? EVENT_NAME_MOST : units;
    for (size_t i = 0; text && i < units; i++)
        if (le16(text + 2 * i) == 0)
            units = i;                     /* a name ends there, whatever it counts */
    char *room = text ? store_take(store, 3 * units + 1) : NULL;
    if (!room)
        return false;
    space = (struct space){.at = room, .end = room + 3 * units + 1};
    if (!utf16_text(&space, text, units, ret))
        return false;
    ret->len = ret->len > EVENT_NAME_MOST ? EVENT_NAME_MOST : ret->len;
    return true;
}

bool compile_name(struct evtx *evtx, struct store *store, size_t offset, struct text *ret)
{
    uint32_t at = slot_hash((uint32_t)offset) & (NAME_SLOTS - 1);
    if (offset > evtx->chunk.len)
        return false;
    while (evtx->names[at].generation == evtx->generation && evtx->names[at].offset != offset)
        at = (at + 1) & (NAME_SLOTS - 1);
    struct name_slot *slot = &evtx->names[at];
    if (slot->generation == evtx->generation) {
        *ret = slot->name;
        return true;
    }
    bool keep = evtx->n_names < NAME_SLOTS / 4 * 3;
    if (!read_name(evtx, keep ? &evtx->kept : store, offset, ret))
        return false;
    if (keep) {
        *slot = (struct name_slot){evtx->generation, (uint32_t)offset, *ret};
        evtx->n_names++;
    }
    return true;
}

static bool emit(struct compiler *compiler, struct op op)
{
    if (compiler->n == compiler->room)
        return false;
    compiler->ops[compiler->n++] = op;
    return true;
}

static bool emit_text(struct compiler *compiler, enum value_kind kind, struct text text)
{
    return emit(compiler, (struct op){.kind = OP_TEXT, .value_kind = (uint8_t)kind, .text = text.at, .len = text.len});
}

/* A reference to a name; it stands here itself where the reference points right behind it. */
static bool take_name(struct compiler *compiler, struct text *ret)
{
    size_t offset = take32(&compiler->c);
    if (compiler->c.bad || !compile_name(compiler->evtx, compiler->store, offset, ret))
        return false;
    if (offset == compiler->c.at) {
        (void)take(&compiler->c, 6);
        (void)take(&compiler->c, 2u * take16(&compiler->c) + 2u);
    }
    return !compiler->c.bad;
}

static bool literal_utf16(struct compiler *compiler, size_t units)
{
    const unsigned char *bytes = take(&compiler->c, 2 * units);
    if (bytes && !units)
        return true;
    char *room = bytes ? store_take(compiler->store, 3 * units + 1) : NULL;
    struct space space = {.at = room, .end = room ? room + 3 * units + 1 : NULL};
    struct text text;
    return room && utf16_text(&space, bytes, units, &text) && emit_text(compiler, VALUE_TEXT, text);
}

/* Whether an element's size and name make sense when they are read from here. */
static bool plausible(const struct compiler *compiler, size_t skip)
{
    struct cursor c = compiler->c, name = {c.base, 0, compiler->evtx->chunk.len, false};
    (void)take(&c, skip);
    size_t size = take32(&c);
    name.at = take32(&c);
    if (c.bad || size > compiler->evtx->chunk.len || name.at < 128 || name.at > name.end)
        return false;
    (void)take(&name, 6);
    size_t units = take16(&name);
    const unsigned char *text = take(&name, 2 * units + 2);
    return text && units && le16(text + 2 * units) == 0;
}

static bool do_open(struct compiler *compiler, bool more)
{
    struct text name;
    if (compiler->in_start || compiler->depth == DEPTH_MOST)
        return false;
    /* Some writers leave the dependency id out where others have it. */
    size_t usual = compiler->dependent ? 2 : 0;
    (void)take(&compiler->c, plausible(compiler, usual) || !plausible(compiler, 2 - usual) ? usual : 2 - usual);
    (void)take32(&compiler->c);
    if (!take_name(compiler, &name))
        return false;
    if (more)
        (void)take32(&compiler->c);        /* bytes of the attributes */
    compiler->depth++;
    compiler->in_start = true;
    return emit(compiler, (struct op){.kind = OP_OPEN, .text = name.at, .len = name.len});
}

static bool do_close_start(struct compiler *compiler, bool more)
{
    bool was = compiler->in_start;
    compiler->in_start = false;
    return was && emit(compiler, (struct op){.kind = OP_BODY});
}

static bool do_end(struct compiler *compiler, bool more)
{
    if (!compiler->depth || compiler->in_start)
        return false;
    compiler->depth--;
    return emit(compiler, (struct op){.kind = OP_END});
}

static bool do_close_empty(struct compiler *compiler, bool more)
{
    return do_close_start(compiler, more) && do_end(compiler, more);
}

static bool do_value(struct compiler *compiler, bool more)
{
    struct value value = {.type = take8(&compiler->c)};
    struct text text;
    enum value_kind kind;
    if (value.type == TYPE_STRING)
        return literal_utf16(compiler, take16(&compiler->c));
    if (value.type == TYPE_NULL)
        return !compiler->c.bad;
    value.len = (uint16_t)value_width(value.type);
    value.bytes = value.len ? take(&compiler->c, value.len) : NULL;
    char *room = value.bytes ? store_take(compiler->store, 64) : NULL;
    struct space space = {.at = room, .end = room ? room + 64 : NULL};
    return room && value_text(&space, &value, &kind, &text) && emit_text(compiler, kind, text);
}

static bool do_attribute(struct compiler *compiler, bool more)
{
    struct text name;
    return compiler->in_start && take_name(compiler, &name) && emit(compiler, (struct op){.kind = OP_ATTR, .text = name.at, .len = name.len});
}

static bool do_cdata(struct compiler *compiler, bool more) { return literal_utf16(compiler, take16(&compiler->c)); }

static bool do_character(struct compiler *compiler, bool more)
{
    compiler->c.bad |= compiler->c.end - compiler->c.at < 2;
    return !compiler->c.bad && literal_utf16(compiler, 1);
}

static bool do_entity(struct compiler *compiler, bool more)
{
    struct text name;
    if (!take_name(compiler, &name))
        return false;
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strlen(entities[i][0]) == name.len && memcmp(entities[i][0], name.at, name.len) == 0)
            return emit_text(compiler, VALUE_TEXT, (struct text){entities[i][1], 1});
    return emit_text(compiler, VALUE_TEXT, (struct text){"&", 1}) && emit_text(compiler, VALUE_TEXT, name) &&
           emit_text(compiler, VALUE_TEXT, (struct text){";", 1});
}

/* Processing instructions say nothing about an event. */
static bool do_pi_target(struct compiler *compiler, bool more)
{
    struct text name;
    return take_name(compiler, &name);
}
static bool do_pi_data(struct compiler *compiler, bool more)
{
    (void)take(&compiler->c, 2u * take16(&compiler->c));
    return !compiler->c.bad;
}

/* Where an instance ends: behind its values. Its token lies before c->at. */
static bool skip_instance(struct cursor *c, size_t *ret_definition, size_t *ret_values, uint32_t *ret_n)
{
    (void)take(c, 5);
    size_t definition = take32(c);
    if (definition == c->at) {
        (void)take(c, 20);
        (void)take(c, take32(c));
    }
    uint32_t n = take32(c);
    size_t sum = 0, table = c->at;
    if (c->bad || n > (c->end - c->at) / 4)
        return false;
    (void)take(c, 4 * (size_t)n);
    for (uint32_t i = 0; i < n; i++)
        sum += le16(c->base + table + 4 * (size_t)i);
    (void)take(c, sum);
    *ret_definition = definition;
    *ret_values = table;
    *ret_n = n;
    return !c->bad;
}

static bool do_instance(struct compiler *compiler, bool more)
{
    size_t at = compiler->c.at, definition, values;
    uint32_t n;
    return skip_instance(&compiler->c, &definition, &values, &n) && emit(compiler, (struct op){.kind = OP_INSTANCE, .len = (uint32_t)at});
}

static bool do_substitution(struct compiler *compiler, bool more)
{
    uint16_t index = take16(&compiler->c);
    (void)take8(&compiler->c);             /* the type that the template expects; the value says its own */
    return !compiler->c.bad && emit(compiler, (struct op){.kind = OP_SUBST, .index = index});
}

static bool do_header(struct compiler *compiler, bool more)
{
    (void)take(&compiler->c, 3);
    return !compiler->c.bad;
}

static bool do_eof(struct compiler *compiler, bool more)
{
    compiler->done = true;
    return true;
}

static bool (*const tokens[16])(struct compiler *, bool more) = {
    do_eof, do_open, do_close_start, do_close_empty, do_end, do_value, do_attribute, do_cdata, do_character, do_entity, do_pi_target, do_pi_data,
    do_instance, do_substitution, do_substitution, do_header,
};

bool compile_fragment(struct evtx *evtx, struct store *store, size_t at, size_t end, bool dependent, struct program *ret)
{
    struct compiler compiler = {.evtx = evtx, .store = store, .dependent = dependent};
    if (at > end || end > evtx->chunk.len)
        return false;
    compiler.c = (struct cursor){evtx->chunk.base, at, end, false};
    /* The ops are collected at the far end of the store and moved down when their number is known: at least two bytes an op but for
     * the ends of elements, whose opening took enough, and an entity's three. */
    compiler.room = (uint32_t)(end - at) / 2 + 8;
    char *former = store->end;
    if ((size_t)(store->end - store->at) < compiler.room * sizeof(struct op) + 16)
        return false;
    store->end -= compiler.room * sizeof(struct op) + ((uintptr_t)store->end & 7);
    compiler.ops = (struct op *)(void *)store->end;
    bool good = true;
    while (good && !compiler.done && compiler.c.at < end) {
        uint8_t token = take8(&compiler.c);
        good = (token & 0x3f) < 16 && !(token & 0x80) && tokens[token & 15](&compiler, token & 0x40);
    }
    store->end = former;
    good = good && compiler.depth == 0;
    struct op *ops = good ? store_take(store, compiler.n * sizeof *ops) : NULL;
    if (!ops)
        return false;
    memmove(ops, compiler.ops, compiler.n * sizeof *ops);
    *ret = (struct program){.ops = ops, .n = compiler.n, .store = store};
    return true;
}

/* ---- templates ---- */

static struct program *compile_template(struct evtx *evtx, struct store *store, size_t definition)
{
    struct cursor c = {evtx->chunk.base, definition, evtx->chunk.len, definition > evtx->chunk.len};
    (void)take(&c, 20);                    /* the next template of its hash, and its GUID */
    size_t size = take32(&c), at = c.at;
    (void)take(&c, size);
    struct program *program = c.bad ? NULL : store_take(store, sizeof *program);
    return program && compile_fragment(evtx, store, at, at + size, true, program) ? program : NULL;
}

static struct program *template_at(struct evtx *evtx, size_t definition)
{
    uint32_t at = slot_hash((uint32_t)definition) & (TEMPLATE_SLOTS - 1);
    while (evtx->templates[at].generation == evtx->generation && evtx->templates[at].offset != definition)
        at = (at + 1) & (TEMPLATE_SLOTS - 1);
    struct template_slot *slot = &evtx->templates[at];
    if (slot->generation == evtx->generation)
        return slot->program;
    if (evtx->n_templates >= TEMPLATE_SLOTS / 4 * 3)
        return compile_template(evtx, &evtx->scratch, definition);
    struct program *program = compile_template(evtx, &evtx->kept, definition);
    *slot = (struct template_slot){evtx->generation, (uint32_t)definition, program};
    evtx->n_templates++;
    return program;
}

bool instance_read(struct evtx *evtx, size_t at, size_t end, struct instance *ret)
{
    struct cursor c = {evtx->chunk.base, at, end, at > end || end > evtx->chunk.len};
    size_t definition, table;
    uint32_t n;
    if (c.bad || !skip_instance(&c, &definition, &table, &n))
        return false;
    struct value *values = store_take(&evtx->scratch, (n ? n : 1) * sizeof *values);
    struct program *program = values ? template_at(evtx, definition) : NULL;
    if (!program)
        return false;
    const unsigned char *described = c.base + table, *bytes = described + 4 * (size_t)n;
    for (uint32_t i = 0; i < n; i++, described += 4) {
        values[i] = (struct value){bytes, le16(described), described[2]};
        bytes += values[i].len;
    }
    *ret = (struct instance){program, values, n, c.at};
    return true;
}

bool fragment_read(struct evtx *evtx, size_t at, size_t end, bool dependent, const struct fragment_use *use)
{
    const unsigned char *base = evtx->chunk.base;
    while (at < end) {
        struct instance instance;
        struct program program;
        if (base[at] == 0x0f) {            /* the header of a fragment */
            at += 4;
            continue;
        }
        if (base[at] == 0x00)              /* its end; what follows is padding */
            return true;
        if (base[at] != 0x0c)
            return compile_fragment(evtx, &evtx->scratch, at, end, dependent, &program) && use->plain(use->arg, &program);
        if (!instance_read(evtx, at + 1, end, &instance) || !use->each(use->arg, &instance))
            return false;
        at = instance.end;
    }
    return true;
}
