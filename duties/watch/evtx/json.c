/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record's tree as JSON, in the shape that public converters write: attributes under "#attributes", an element's text beside them as
 * "#text", named Data under their names, an empty element as null. What stands several times under one name becomes an array.
 */
#include "watch/evtx/tree.h"

static void write_string(struct buf *out, struct text text)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t plain = 0;
    buf_addc(out, '"');
    for (uint32_t i = 0; i <= text.len; i++) {
        unsigned char c = i < text.len ? (unsigned char)text.at[i] : 0;
        if (i < text.len && c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, text.at + plain, i - plain);
        plain = i + 1;
        if (i == text.len)
            break;
        char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        const char *brief = c < 0x20 ? memchr("\b\f\n\r\t", c, 5) : NULL;
        if (c == '"' || c == '\\')
            buf_add(out, (char[]){'\\', (char)c}, 2);
        else if (c == '\n' || c == '\r' || c == '\t' || brief)
            buf_add(out, (char[]){'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f'}, 2);
        else
            buf_add(out, escape, sizeof escape);
    }
    buf_addc(out, '"');
}

static void write_datum(struct buf *out, const struct datum *datum)
{
    if (datum->kind == VALUE_TEXT)
        write_string(out, datum->text);
    else
        buf_add(out, datum->text.at, datum->text.len);
}

/* Several parts of one value are one text. */
static void write_joined(struct buf *out, const struct datum *datum)
{
    struct buf text;
    buf_init(&text, EVENT_BYTES_MOST);
    for (; datum; datum = datum->next)
        if (datum->kind != VALUE_NULL)
            buf_add(&text, datum->text.at, datum->text.len);
    if (text.failed)
        out->failed = true;
    else
        write_string(out, (struct text){text.data ? text.data : "", (uint32_t)text.len});
    buf_free(&text);
}

static void write_items(struct buf *out, const struct datum *datum, bool *more)
{
    for (; datum; datum = datum->next) {
        if (*more)
            buf_addc(out, ',');
        *more = true;
        write_datum(out, datum);
    }
}

static void write_value(struct buf *out, const struct node *node)
{
    bool more = false;
    if (node->list) {
        buf_addc(out, '[');
        write_items(out, node->datum, &more);
        buf_addc(out, ']');
    } else if (!node->datum) {
        buf_adds(out, "null");
    } else if (!node->datum->next) {
        write_datum(out, node->datum);
    } else {
        write_joined(out, node->datum);
    }
}

static bool said(const struct node *attribute) { return attribute->list || (attribute->datum && attribute->datum->kind != VALUE_NULL); }

static bool write_attributes(struct buf *out, const struct node *node)
{
    bool any = false;
    for (const struct node *attribute = node->named ? NULL : node->first_attribute; attribute; attribute = attribute->next) {
        if (!said(attribute))
            continue;
        buf_adds(out, any ? "," : "{\"#attributes\":{");
        any = true;
        write_string(out, attribute->name);
        buf_addc(out, ':');
        write_value(out, attribute);
    }
    if (any)
        buf_addc(out, '}');
    return any;
}

static void write_element(struct buf *out, const struct node *node);

static void write_members(struct buf *out, const struct node *first, bool more);

/* Data without names and attributes stand in one list, however many elements they were. */
static bool plain_data(const struct node *node)
{
    return tree_is(node->name, "Data") && !node->named && !node->first_attribute && !node->first;
}
static void write_plain_data(struct buf *out, const struct node *node)
{
    bool more = false, list = node->list || node->again;
    buf_adds(out, list ? "{\"#text\":[" : "{\"#text\":");
    if (!list)
        write_value(out, node);
    for (; list && node; node = node->again) {
        if (node->list || (node->datum && !node->datum->next)) {
            write_items(out, node->datum, &more);
            continue;
        }
        buf_adds(out, more ? "," : "");
        more = true;
        write_value(out, node);
    }
    buf_adds(out, list ? "]}" : "}");
}

static void write_named(struct buf *out, const struct node *node)
{
    bool plain = true;
    for (const struct node *one = node; one; one = one->again)
        plain = plain && plain_data(one);
    write_string(out, node->name);
    buf_addc(out, ':');
    if (plain) {
        write_plain_data(out, node);
        return;
    }
    if (node->again)
        buf_addc(out, '[');
    for (const struct node *one = node; one; one = one->again) {
        write_element(out, one);
        if (one->again)
            buf_addc(out, ',');
    }
    if (node->again)
        buf_addc(out, ']');
}

static void write_members(struct buf *out, const struct node *first, bool more)
{
    for (const struct node *node = first; node && !out->failed; node = node->next) {
        if (node->repeats)
            continue;
        if (more)
            buf_addc(out, ',');
        more = true;
        write_named(out, node);
    }
}

static void write_element(struct buf *out, const struct node *node)
{
    bool attributes = write_attributes(out, node);
    if (!attributes && !node->first) {
        write_value(out, node);
        return;
    }
    if (!attributes)
        buf_addc(out, '{');
    write_members(out, node->first, attributes);
    if (node->datum && (node->datum->kind != VALUE_NULL || node->list)) {
        buf_adds(out, attributes || node->first ? ",\"#text\":" : "\"#text\":");
        write_value(out, node);
    }
    buf_addc(out, '}');
}

enum status evtx_json(struct evtx *evtx, struct buf *out)
{
    struct tree tree;
    if (!evtx->record.end || !evtx->chunk.base)
        return ABSENT;
    evtx->scratch.at = evtx->scratch.start;
    if (!tree_build(&tree, evtx, &evtx->record) || !tree_pair(&tree))
        return DAMAGED;
    buf_addc(out, '{');
    write_members(out, tree.root.first, false);
    buf_addc(out, '}');
    return out->failed ? TOO_LARGE : OK;
}
