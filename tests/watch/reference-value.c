/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's modifiers: one value goes through them from left to right and ends as the tests of which one must hold. A value that
 * expands (windash, base64offset, expand) becomes several. What a modifier cannot work on is a fault.
 */
#include <arpa/inet.h>

#include "reference-inside.h"

/* A value on its way: text that may still be transformed, or what a type modifier has made of it. */
struct value {
    struct pattern text;
    const char *raw;           /* as the rule writes it, for re, cidr, fieldref and numbers */
    enum scalar type;
    struct value *next;
};
enum as { AS_TEXT, AS_REGEX, AS_CIDR, AS_NUMBER, AS_EXISTS, AS_FIELD };
struct chain {
    struct reference *reference;
    enum as as;
    bool starts, ends, contains, cased, transformed;
    uint32_t regex_options;
    enum order order;
    enum part part;
    struct fault *fault;
};

static bool refuse(struct chain *chain, const char *why)
{
    chain->fault->why = why;
    return false;
}

static struct pattern one_character(struct arena *arena, uint32_t c)
{
    struct pattern p = {ARENA_ARRAY(arena, uint32_t, 1), 1};
    p.c[0] = c;
    return p;
}

/* ---- windash: a dash that opens an argument, that is with no word before it and a word behind it, stands for each of the five (decided:
 * the specification says "all possible permutations"; a dash inside a word is none). */
static const uint32_t dashes[] = {'-', '/', 0x2013, 0x2014, 0x2015};
static bool is_dash(uint32_t c)
{
    for (size_t i = 0; i < 5; i++)
        if (dashes[i] == c)
            return true;
    return false;
}
static bool is_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 0x80 && c < ANY && !is_dash(c));
}
static struct value *with_dashes(struct arena *arena, const struct value *from, size_t at, struct value *others)
{
    const struct pattern *p = &from->text;
    while (at < p->n && !(is_dash(p->c[at]) && !(at && is_word(p->c[at - 1])) && at + 1 < p->n && is_word(p->c[at + 1])))
        at++;
    if (at == p->n) {
        struct value *copy = arena_memdup(arena, from, sizeof *from);
        copy->next = others;
        return copy;
    }
    for (size_t i = 0; i < 5; i++) {
        struct value changed = *from;
        changed.text = text_joined(arena, *p, (struct pattern){0});
        changed.text.c[at] = dashes[i];
        others = with_dashes(arena, &changed, at + 1, others);
    }
    return others;
}

/* ---- base64 */
static char *base64(struct arena *arena, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(arena, n * 4 / 3 + 5), *to = text;
    for (size_t i = 0; i < n; i += 3) {
        unsigned long three = (unsigned long)bytes[i] << 16 | (i + 1 < n ? (unsigned long)bytes[i + 1] << 8 : 0) | (i + 2 < n ? bytes[i + 2] : 0);
        *to++ = digits[three >> 18], *to++ = digits[three >> 12 & 63];
        *to++ = i + 1 < n ? digits[three >> 6 & 63] : '=', *to++ = i + 2 < n ? digits[three & 63] : '=';
    }
    return text;
}
static bool as_base64(struct chain *chain, struct value *value)
{
    struct arena *arena = chain->reference->arena;
    const char *bytes, *text;
    size_t n;
    if (!text_plain(arena, value->text, &bytes, &n))
        return refuse(chain, "base64 of a wildcard");
    text = base64(arena, (const unsigned char *)bytes, n);
    value->text = text_characters(arena, text, strlen(text));
    return true;
}
/* The digits that depend on the value alone, when 0, 1 or 2 bytes stand before it. */
static bool as_base64_offsets(struct chain *chain, struct value *value)
{
    static const size_t front[] = {0, 2, 3}, back[] = {0, 3, 2};
    struct arena *arena = chain->reference->arena;
    const char *bytes;
    size_t n;
    if (!text_plain(arena, value->text, &bytes, &n))
        return refuse(chain, "base64 of a wildcard");
    struct value *after = value->next, *last = NULL;
    for (size_t offset = 0; offset < 3; offset++) {
        unsigned char *shifted = arena_alloc(arena, n + 3);
        memcpy(shifted + offset, bytes, n);
        char *text = base64(arena, shifted, n + offset);
        size_t from = front[offset], to = strlen(text) - back[(n + offset) % 3];
        struct value *one = last ? arena_memdup(arena, value, sizeof *value) : value;
        one->text = text_characters(arena, text + from, to > from ? to - from : 0);
        if (last)
            last->next = one;
        last = one;
    }
    last->next = after;
    return true;
}

/* ---- UTF-16: every character becomes one unit, or two behind the first 65,536. */
static bool as_utf16(struct chain *chain, struct value *value, bool big, bool mark)
{
    struct arena *arena = chain->reference->arena;
    char *bytes = arena_alloc(arena, 4 * value->text.n + 3);
    size_t n = 0;
    if (mark)
        bytes[n++] = (char)0xff, bytes[n++] = (char)0xfe;
    for (size_t i = 0; i < value->text.n; i++) {
        uint32_t c = value->text.c[i], units[2] = {c, 0};
        if (c == ANY || c == ONE)
            return refuse(chain, "UTF-16 of a wildcard");
        if (c >= 0x10000)
            units[0] = 0xd800 + ((c - 0x10000) >> 10), units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
        for (int u = 0; u < (c >= 0x10000 ? 2 : 1); u++) {
            bytes[n++] = (char)(big ? units[u] >> 8 : units[u] & 0xff);
            bytes[n++] = (char)(big ? units[u] & 0xff : units[u] >> 8);
        }
    }
    value->text = text_characters(arena, bytes, n);
    return true;
}

/* ---- expand: %name% becomes the values bound to it; "\%" is a plain percent. Every placeholder of a value takes each of its values. */
static struct value *expanded(struct chain *chain, const struct value *from, const char *rest, const char *before, struct value *others)
{
    struct arena *arena = chain->reference->arena;
    const char *name = rest, *end;
    for (; *name; name++) {
        if (name[0] == '\\' && name[1] == '%') {
            before = arena_printf(arena, "%s%.*s%%", before, (int)(name - rest), rest);
            rest = name += 2, name--;
            continue;
        }
        size_t len = *name == '%' ? strspn(name + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") : 0;
        if (len && name[1 + len] == '%')
            break;
    }
    before = arena_printf(arena, "%s%.*s", before, (int)(name - rest), rest);
    if (!*name) {
        struct value *one = arena_memdup(arena, from, sizeof *from);
        one->raw = before;
        one->text = text_pattern(arena, before);
        one->next = others;
        return one;
    }
    end = strchr(name + 1, '%');
    name = arena_strndup(arena, name + 1, (size_t)(end - name - 1));
    for (size_t b = 0; b < chain->reference->n_bindings; b++) {
        const struct sigma_binding *binding = &chain->reference->bindings[b];
        if (strcmp(binding->name, name) == 0 && binding->n) {
            for (size_t v = 0; v < binding->n; v++)
                others = expanded(chain, from, end + 1, arena_printf(arena, "%s%s", before, binding->values[v]), others);
            return others;
        }
    }
    refuse(chain, "a placeholder that is not bound");
    return others;
}

/* ---- modifiers */
static bool transform(struct chain *chain, const char *modifier, struct value **values)
{
    struct arena *arena = chain->reference->arena;
    struct value *made = NULL;
    bool dashed = strcmp(modifier, "windash") == 0, placed = strcmp(modifier, "expand") == 0;
    for (struct value *v = *values; v; v = v->next)
        if (v->type == SCALAR_NULL)
            return refuse(chain, "null is no text");
    if (!dashed && !placed && (chain->starts || chain->ends))
        return refuse(chain, "an encoding of a wildcard");
    if (placed && chain->transformed)
        return refuse(chain, "expand behind what changes the text");
    if (dashed || placed) {
        for (struct value *v = *values; v && !chain->fault->why; v = v->next)
            made = dashed ? with_dashes(arena, v, 0, made) : expanded(chain, v, v->raw, "", made);
        *values = made;
        chain->transformed = true;
        return !chain->fault->why;
    }
    for (struct value *v = *values, *next; v; v = next) {
        next = v->next;
        bool good = strcmp(modifier, "base64") == 0 ? as_base64(chain, v)
            : strcmp(modifier, "base64offset") == 0 ? as_base64_offsets(chain, v)
            : as_utf16(chain, v, strcmp(modifier, "utf16be") == 0, strcmp(modifier, "utf16") == 0);
        if (!good)
            return false;
    }
    chain->transformed = true;
    return true;
}

static bool modify(struct chain *chain, const char *m, struct value **values, struct item *item)
{
    static const char *const texts[] = {"windash", "expand", "base64", "base64offset", "wide", "utf16le", "utf16be", "utf16"};
    static const char *const parts[] = {"", "minute", "hour", "day", "week", "month", "year"}, *const orders[] = {"", "lt", "lte", "gt", "gte"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(m, texts[i]) == 0)
            return chain->as == AS_TEXT ? transform(chain, m, values) : refuse(chain, "a text modifier behind one that makes no text");
    for (int i = PART_MINUTE; i <= PART_YEAR; i++)
        if (strcmp(m, parts[i]) == 0) {
            if (chain->as != AS_TEXT || chain->transformed || chain->starts || chain->ends)
                return refuse(chain, "a date's part of something that is none");
            chain->part = (enum part)i, chain->as = AS_NUMBER;
            return true;
        }
    for (int i = ORDER_LT; i <= ORDER_GTE; i++)
        if (strcmp(m, orders[i]) == 0) {
            if ((chain->as != AS_TEXT && chain->as != AS_NUMBER) || chain->order || chain->transformed || chain->starts || chain->ends)
                return refuse(chain, "an order of something that is no number");
            chain->order = (enum order)i, chain->as = AS_NUMBER;
            return true;
        }
    bool starts = strcmp(m, "startswith") == 0, ends = strcmp(m, "endswith") == 0, contains = strcmp(m, "contains") == 0;
    if (starts || ends || contains) {
        if (chain->as != AS_TEXT && chain->as != AS_FIELD)
            return refuse(chain, "a text modifier behind one that makes no text");
        chain->starts |= starts || contains, chain->ends |= ends || contains;
        for (struct value *v = *values; v; v = v->next)
            if (v->type == SCALAR_NULL)
                return refuse(chain, "null is no text");
        return true;
    }
    if (strcmp(m, "all") == 0)
        return item->all = true;
    if (strcmp(m, "neq") == 0)
        return item->negated = true;
    if (strcmp(m, "cased") == 0)
        return chain->as == AS_TEXT ? (chain->cased = true) : refuse(chain, "cased of something that is no text");
    if (chain->as == AS_REGEX && strlen(m) == 1 && strchr("ims", *m)) {
        chain->regex_options |= *m == 'i' ? PCRE2_CASELESS : *m == 'm' ? PCRE2_MULTILINE : PCRE2_DOTALL;
        return true;
    }
    enum as as = strcmp(m, "re") == 0 ? AS_REGEX : strcmp(m, "cidr") == 0 ? AS_CIDR : strcmp(m, "exists") == 0 ? AS_EXISTS
        : strcmp(m, "fieldref") == 0 ? AS_FIELD : AS_TEXT;
    if (as == AS_TEXT)
        return refuse(chain, "no such modifier");
    if (chain->as != AS_TEXT || chain->transformed || chain->cased || ((chain->starts || chain->ends) && as != AS_FIELD))
        return refuse(chain, "modifiers that do not go together");
    chain->as = as;
    return true;
}

/* ---- the end of the chain: a test */
static bool cidr_read(const char *text, struct test *test)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = 0;
    test->family = strchr(address, ':') ? AF_INET6 : AF_INET;
    unsigned most = test->family == AF_INET6 ? 128 : 32;
    if (inet_pton(test->family, address, test->address) != 1)
        return false;
    test->prefix = most;
    if (slash && (strlen(slash + 1) == 0 || strlen(slash + 1) > 3 || strspn(slash + 1, "0123456789") != strlen(slash + 1)))
        return false;
    if (slash)
        test->prefix = (unsigned)atoi(slash + 1);
    if (test->prefix > most)
        return false;
    for (unsigned bit = test->prefix; bit < most; bit++)        /* decided: a network has no bits behind its prefix */
        if (test->address[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

static bool finish(struct chain *chain, const struct value *value, struct test *test)
{
    struct arena *arena = chain->reference->arena;
    int error;
    PCRE2_SIZE where;
    struct compiled *compiled;
    if (value->type == SCALAR_NULL) {
        test->kind = TEST_NULL;
        return chain->as == AS_TEXT && !chain->cased ? true : refuse(chain, "null under a modifier");
    }
    switch (chain->as) {
    case AS_TEXT:
        test->kind = TEST_PATTERN, test->pattern = value->text, test->cased = chain->cased;
        if (chain->ends)
            test->pattern = text_joined(arena, one_character(arena, ANY), test->pattern);
        if (chain->starts)
            test->pattern = text_joined(arena, test->pattern, one_character(arena, ANY));
        return true;
    case AS_REGEX:
        test->kind = TEST_REGEX, test->expression = value->raw;
        test->regex = pcre2_compile((PCRE2_SPTR)value->raw, strlen(value->raw), chain->regex_options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &where, NULL);
        if (!test->regex)
            return refuse(chain, "a faulty regular expression");
        compiled = ARENA_NEW(arena, struct compiled);
        *compiled = (struct compiled){test->regex, chain->reference->regexes};
        chain->reference->regexes = compiled;
        return true;
    case AS_CIDR:
        test->kind = TEST_CIDR;
        return cidr_read(value->raw, test) ? true : refuse(chain, "no network");
    case AS_NUMBER:
        test->kind = TEST_NUMBER, test->order = chain->order, test->part = chain->part;
        return decimal_read(value->raw, strlen(value->raw), &test->number) ? true : refuse(chain, "no number");
    case AS_EXISTS:
        test->kind = TEST_EXISTS, test->exists = value->raw[0] == 't' || value->raw[0] == 'T';
        return value->type == SCALAR_BOOL ? true : refuse(chain, "exists takes true or false");
    case AS_FIELD:
        test->kind = TEST_FIELD, test->field = value->raw, test->starts = chain->starts, test->ends = chain->ends;
        return *value->raw ? true : refuse(chain, "no field");
    }
    return false;
}

static struct test *value_read(struct reference *reference, const char *modifiers, const struct node *node, struct item *item, struct fault *fault)
{
    struct arena *arena = reference->arena;
    struct chain chain = {.reference = reference, .fault = fault};
    struct value *values = ARENA_NEW(arena, struct value);
    struct test *first = NULL;
    fault->line = node->line;
    if (node->kind != NODE_SCALAR)
        return refuse(&chain, "a value must be a text, a number, true, false or null"), NULL;
    values->raw = node->type == SCALAR_NULL ? "" : node->text;
    values->type = node->type;
    values->text = text_pattern(arena, values->raw);
    for (const char *m = modifiers; *m;) {
        size_t len = strcspn(m, "|");
        if (!modify(&chain, arena_strndup(arena, m, len), &values, item))
            return NULL;
        m += len + (m[len] == '|');
    }
    for (const struct value *v = values; v; v = v->next) {
        struct test *test = ARENA_NEW(arena, struct test);
        if (!finish(&chain, v, test))
            return NULL;
        if (!item->field && test->kind != TEST_PATTERN && test->kind != TEST_REGEX)
            return refuse(&chain, "a keyword is a text"), NULL;
        if (!item->field && test->kind == TEST_PATTERN) {       /* a keyword stands anywhere in a value */
            test->pattern = text_joined(arena, one_character(arena, ANY), test->pattern);
            test->pattern = text_joined(arena, test->pattern, one_character(arena, ANY));
        }
        test->next = first;
        first = test;
    }
    return first;
}

bool item_read(struct reference *reference, const struct node *key, const struct node *values, struct item *ret, struct fault *fault)
{
    struct arena *arena = reference->arena;
    const char *name = key ? key->text : "", *bar = strchr(name, '|');
    struct item item = {.field = bar ? arena_strndup(arena, name, (size_t)(bar - name)) : name};
    size_t n = values->kind == NODE_LIST ? values->n : 1;
    struct node *const *nodes = values->kind == NODE_LIST ? values->items : (struct node *const *)&values;
    *fault = (struct fault){.line = values->line};
    if (!*item.field)
        item.field = NULL;
    if (bar && (!bar[1] || strstr(bar, "||") || bar[strlen(bar) - 1] == '|'))
        return fault->why = "an empty modifier", fault->line = key->line, false;
    if (values->kind == NODE_MAP || n == 0)
        return fault->why = values->kind == NODE_MAP ? "a map is no value" : "no value", false;
    item.values = ARENA_ARRAY(arena, struct test *, n);
    for (size_t i = 0; i < n; i++) {
        if (n > 1 && nodes[i]->kind == NODE_SCALAR && nodes[i]->type == SCALAR_NULL)
            return fault->why = "null in a list", fault->line = nodes[i]->line, false;
        item.values[i] = value_read(reference, bar ? bar + 1 : "", nodes[i], &item, fault);
        if (!item.values[i])
            return false;
    }
    if (item.all && n < 2)
        return fault->why = "all of a single value", fault->line = key->line, false;
    item.n_values = n;
    *ret = item;
    return true;
}
