/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One item of a selection: "Field|modifier|modifier: value or list". Each value becomes a group of alternatives (dashes, shifts of
 * base64, bound placeholders), modifiers work on them in their order, and what comes out becomes predicates: alternatives are joined
 * by OR, values by OR or, under `all`, by AND; `neq` negates the whole.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "watch/sigma/inside.h"

enum kind { OF_TEXT, OF_RE, OF_CIDR, OF_NUMBER, OF_EXISTS, OF_FIELDREF };
enum modifier {
    M_CONTAINS, M_STARTS, M_ENDS, M_ALL, M_CASED, M_NEQ, M_EXISTS, M_WINDASH, M_WIDE, M_UTF16BE, M_UTF16, M_BASE64, M_BASE64OFFSET, M_RE,
    M_I, M_M, M_S, M_CIDR, M_LT, M_LTE, M_GT, M_GTE, M_EXPAND, M_FIELDREF, M_MINUTE, M_HOUR, M_DAY, M_WEEK, M_MONTH, M_YEAR, N_MODIFIERS
};
static const struct { const char *name; enum modifier modifier; } modifiers[] = {
    {"contains", M_CONTAINS}, {"startswith", M_STARTS}, {"endswith", M_ENDS}, {"all", M_ALL}, {"cased", M_CASED}, {"neq", M_NEQ},
    {"exists", M_EXISTS}, {"windash", M_WINDASH}, {"wide", M_WIDE}, {"utf16le", M_WIDE}, {"utf16be", M_UTF16BE}, {"utf16", M_UTF16},
    {"base64", M_BASE64}, {"base64offset", M_BASE64OFFSET}, {"re", M_RE}, {"i", M_I}, {"m", M_M}, {"s", M_S}, {"cidr", M_CIDR},
    {"lt", M_LT}, {"lte", M_LTE}, {"gt", M_GT}, {"gte", M_GTE}, {"expand", M_EXPAND}, {"fieldref", M_FIELDREF}, {"minute", M_MINUTE},
    {"hour", M_HOUR}, {"day", M_DAY}, {"week", M_WEEK}, {"month", M_MONTH}, {"year", M_YEAR},
};

#define ALTERNATIVES_MOST 4096
struct group { struct pattern *alternatives; size_t n; };
struct chain {
    struct reading *r;
    struct arena *arena, *lasting;         /* while the item is read; for nodes */
    const char *key;
    const struct val *value;               /* for faults */
    char field[EVENT_NAME_MOST + 1];
    enum modifier list[16];
    const char *names[16];
    size_t n;
    enum kind kind;
    enum compare compare;
    enum part part;
    unsigned flags;
    bool all, cased, neq, expand, text_changed, starts, ends, contains, compares, inside;
};

/* At the key's line, or, once values are read, at the value's. */
#define FAULT(c, ...) ((c)->inside ? reading_fault((c)->r, (c)->value, __VA_ARGS__) : reading_fault_key((c)->r, (c)->key, (c)->value, __VA_ARGS__))

/* ---- the key ------------------------------------------------------------------------------------------------ */

static bool read_key(struct chain *c)
{
    const char *at = c->key, *bar = strchr(at, '|');
    size_t n = 0, len = bar ? (size_t)(bar - at) : strlen(at);
    for (size_t i = 0; i < len; i++) {
        if (at[i] == ' ')                              /* "Threat Name" is ThreatName */
            continue;
        if (n == EVENT_NAME_MOST)
            return FAULT(c, T_("the name of a field is longer than %1$s bytes"), "512");
        c->field[n++] = at[i];
    }
    while (bar) {
        const char *name = bar + 1;
        bar = strchr(name, '|');
        name = arena_strndup(c->arena, name, bar ? (size_t)(bar - name) : strlen(name));
        size_t m = 0;
        while (m < sizeof modifiers / sizeof *modifiers && strcmp(modifiers[m].name, name) != 0)
            m++;
        if (m == sizeof modifiers / sizeof *modifiers)
            return FAULT(c, T_("“%1$s” is no modifier of Sigma 2.1"), name);
        if (c->n == sizeof c->list / sizeof *c->list)
            return FAULT(c, T_("an item has more than %1$s modifiers"), "16");
        c->names[c->n] = name;
        c->list[c->n++] = modifiers[m].modifier;
        c->expand |= modifiers[m].modifier == M_EXPAND;
    }
    return true;
}

/* What kind of test the chain makes, and whether its members go together. */
static bool settle(struct chain *c)
{
    static const uint8_t kinds[N_MODIFIERS] = {[M_RE] = OF_RE, [M_CIDR] = OF_CIDR, [M_LT] = OF_NUMBER, [M_LTE] = OF_NUMBER, [M_GT] = OF_NUMBER,
        [M_GTE] = OF_NUMBER, [M_MINUTE] = OF_NUMBER, [M_HOUR] = OF_NUMBER, [M_DAY] = OF_NUMBER, [M_WEEK] = OF_NUMBER, [M_MONTH] = OF_NUMBER,
        [M_YEAR] = OF_NUMBER, [M_EXISTS] = OF_EXISTS, [M_FIELDREF] = OF_FIELDREF};
    for (size_t i = 0; i < c->n; i++) {
        enum modifier m = c->list[i];
        for (size_t k = 0; k < i; k++)
            if (c->list[k] == m)
                return FAULT(c, T_("the modifier “%1$s” stands twice"), c->names[i]);
        if (kinds[m]) {
            bool part_then_compare = c->kind == OF_NUMBER && kinds[m] == OF_NUMBER && c->part && m < M_MINUTE && !c->compares;
            if (c->kind && !part_then_compare)
                return FAULT(c, T_("the modifier “%1$s” does not go with the one before it"), c->names[i]);
            c->kind = (enum kind)kinds[m];
            c->compares |= m < M_MINUTE;
            if (m >= M_LT && m <= M_GTE)
                c->compare = m == M_LT ? COMPARE_LT : m == M_LTE ? COMPARE_LTE : m == M_GT ? COMPARE_GT : COMPARE_GTE;
            if (m >= M_MINUTE)
                c->part = (enum part)(m - M_MINUTE + PART_MINUTE);
        }
        if (m == M_I || m == M_M || m == M_S) {
            if (c->kind != OF_RE)
                return FAULT(c, T_("the modifier “%1$s” stands behind “re” only"), c->names[i]);
            c->flags |= m == M_I ? RE_I : m == M_M ? RE_M : RE_S;
        }
        c->all |= m == M_ALL;
        c->cased |= m == M_CASED;
        c->neq |= m == M_NEQ;
        c->starts |= m == M_STARTS;
        c->ends |= m == M_ENDS;
        c->contains |= m == M_CONTAINS;
        c->text_changed |= m == M_CONTAINS || m == M_STARTS || m == M_ENDS || (m >= M_WINDASH && m <= M_BASE64OFFSET) || m == M_EXPAND;
    }
    bool encodes = false;
    for (size_t i = 0; i < c->n; i++)
        encodes |= (c->list[i] >= M_WINDASH && c->list[i] <= M_BASE64OFFSET) || c->list[i] == M_EXPAND;
    if (c->kind != OF_TEXT && (c->kind == OF_FIELDREF ? encodes : c->text_changed || c->cased))
        return FAULT(c, T_("modifiers of text do not go with “re”, “cidr”, “exists”, “fieldref” or numbers: “%1$s”"), c->key);
    if (c->kind == OF_EXISTS && (c->all || c->neq))
        return FAULT(c, T_("“exists” stands alone; write true or false"));
    if (c->field[0] == 0 && (c->kind == OF_EXISTS || c->kind == OF_FIELDREF))
        return FAULT(c, T_("“exists” and “fieldref” need a field"));
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static bool value_text(struct chain *c, const struct val *value, const char **ret, size_t *ret_len)
{
    switch (value->kind) {
    case VAL_STR: *ret = value->str.s; *ret_len = value->str.len; return true;
    case VAL_INT: *ret = arena_printf(c->arena, "%lld", (long long)value->number); break;
    case VAL_BOOL: *ret = value->truth ? "true" : "false"; break;
    case VAL_NULL: return FAULT(c, T_("null stands alone: not in a list with other values, and without modifiers of text"));
    default: return FAULT(c, T_("a value must be text, a number, true, false or null; here stands a list or a mapping"));
    }
    *ret_len = strlen(*ret);
    return true;
}

static const struct sigma_binding *binding(const struct sigma_options *options, const char *name, size_t len)
{
    for (size_t i = 0; i < options->n_bindings; i++)
        if (strlen(options->bindings[i].name) == len && memcmp(options->bindings[i].name, name, len) == 0)
            return &options->bindings[i];
    return NULL;
}

/* The length of "%name%" at the start of the text; 0 when there is none. */
static size_t placeholder(const char *text, size_t len)
{
    size_t n = 1;
    while (n < len && text[n] != '%' && (text[n] == '_' || text[n] == '-' || text[n] == '.' || text[n] == ' ' ||
                                         (unsigned char)(text[n] - '0') <= 9 || (unsigned char)((text[n] | 32) - 'a') < 26))
        n++;
    return n > 1 && n < len && text[n] == '%' ? n + 1 : 0;
}

/* Behind each alternative of the group each of the others. */
static bool multiply(struct chain *c, struct group *group, const struct pattern *others, size_t n)
{
    if (group->n * n > ALTERNATIVES_MOST)
        return FAULT(c, T_("a value stands for more than %1$s alternatives"), "4096");
    struct pattern *made = ARENA_ARRAY(c->arena, struct pattern, group->n * n + 1);
    for (size_t i = 0; i < group->n; i++)
        for (size_t k = 0; k < n; k++)
            made[i * n + k] = pattern_join(c->arena, group->alternatives[i], others[k]);
    *group = (struct group){made, group->n * n};
    return true;
}

static bool expand(struct chain *c, const char *text, size_t len, struct group *group)
{
    size_t from = 0, at = 0;
    struct pattern one;
    while (at < len) {
        size_t n = text[at] == '%' ? placeholder(text + at, len - at) : 0;
        if (!n) {
            at += text[at] == '\\' && at + 1 < len ? 2 : 1;
            continue;
        }
        const struct sigma_binding *bound = binding(&c->r->sigma->options, text + at + 1, n - 2);
        if (!bound)
            return FAULT(c, T_("the placeholder “%1$s” is bound to no list here"), arena_strndup(c->arena, text + at, n));
        one = pattern_read(c->arena, text + from, at - from, true);
        struct pattern *values = ARENA_ARRAY(c->arena, struct pattern, bound->n + 1);
        for (size_t i = 0; i < bound->n; i++)
            values[i] = pattern_read(c->arena, bound->values[i], strlen(bound->values[i]), false);
        if (!multiply(c, group, &one, 1) || !multiply(c, group, values, bound->n))
            return false;
        from = at += n;
    }
    one = pattern_read(c->arena, text + from, len - from, true);
    return multiply(c, group, &one, 1);
}

/* ---- encodings ---------------------------------------------------------------------------------------------- */

static void unit(uint16_t *tokens, size_t *n, unsigned value, bool big)
{
    tokens[(*n)++] = (uint16_t)(big ? value >> 8 : value & 255);
    tokens[(*n)++] = (uint16_t)(big ? value & 255 : value >> 8);
}

static struct pattern utf16(struct chain *c, struct pattern p, bool big, bool mark)
{
    uint16_t *tokens = ARENA_ARRAY(c->arena, uint16_t, 2 * p.n + 4);
    size_t n = 0;
    if (mark)
        unit(tokens, &n, 0xfeff, big);
    for (size_t i = 0; i < p.n; i++) {
        unsigned code = p.tokens[i], more = code > 255 || code < 0xc0 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
        if (code > 255) {
            tokens[n++] = (uint16_t)code;
            continue;
        }
        code = more ? code & (0x3fu >> more) : code;
        for (; more && i + 1 < p.n; more--)
            code = code << 6 | (p.tokens[++i] & 0x3f);
        if (code < 0x10000) {
            unit(tokens, &n, code, big);
        } else {
            unit(tokens, &n, 0xd800 + ((code - 0x10000) >> 10), big);
            unit(tokens, &n, 0xdc00 + ((code - 0x10000) & 0x3ff), big);
        }
    }
    return (struct pattern){tokens, n};
}

static struct pattern literal(struct arena *arena, const char *text, size_t len)
{
    uint16_t *tokens = ARENA_ARRAY(arena, uint16_t, len + 1);
    for (size_t i = 0; i < len; i++)
        tokens[i] = (unsigned char)text[i];
    return (struct pattern){tokens, len};
}

/* The text in base64 behind `shift` bytes that are not known: what does not depend on them, nor on what follows. */
static struct pattern base64(struct chain *c, struct pattern p, size_t shift, bool offset)
{
    static const size_t front[] = {0, 2, 3}, behind[] = {0, 3, 2};
    char *bytes = ARENA_ARRAY(c->arena, char, p.n + 4), *out = ARENA_ARRAY(c->arena, char, 4 * ((p.n + 5) / 3) + 8);
    memset(bytes, ' ', shift);
    for (size_t i = 0; i < p.n; i++)
        bytes[shift + i] = (char)p.tokens[i];
    base64_write(bytes, shift + p.n, out);
    size_t len = strlen(out), from = offset ? front[shift] : 0, cut = offset ? behind[(shift + p.n) % 3] : 0;
    return literal(c->arena, out + from, len > from + cut ? len - from - cut : 0);
}

static bool encode(struct chain *c, enum modifier m, struct group *group)
{
    if (m == M_BASE64 || m == M_BASE64OFFSET)
        for (size_t i = 0; i < group->n; i++)
            if (pattern_has_wildcards(group->alternatives[i]))
                return FAULT(c, T_("a value with wildcards cannot be written in base64; escape * and ? with a backslash"));
    size_t times = m == M_BASE64OFFSET ? 3 : 1;
    if (group->n * times > ALTERNATIVES_MOST)
        return FAULT(c, T_("a value stands for more than %1$s alternatives"), "4096");
    struct pattern *made = ARENA_ARRAY(c->arena, struct pattern, group->n * times + 1);
    for (size_t i = 0; i < group->n; i++) {
        struct pattern p = group->alternatives[i];
        for (size_t k = 0; k < times; k++)
            made[i * times + k] = m == M_BASE64OFFSET || m == M_BASE64 ? base64(c, p, k, m == M_BASE64OFFSET) :
                                  m == M_WINDASH ? pattern_windash(c->arena, p) : utf16(c, p, m == M_UTF16BE, m == M_UTF16);
    }
    *group = (struct group){made, group->n * times};
    return true;
}

/* ---- predicates --------------------------------------------------------------------------------------------- */

static field_id field_of(struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_renames; i++)
        if (strcmp(r->renames[i].from, name) == 0)
            return fields_add(r->sigma->fields, r->renames[i].to, strlen(r->renames[i].to));
    return fields_add(r->sigma->fields, name, strlen(name));
}

static const struct node *pred_node(struct chain *c, struct pred *pred)
{
    uint32_t id;
    pred->field = c->field[0] ? field_of(c->r, c->field) : 0;
    if (c->field[0] && !pred->field)
        return FAULT(c, T_("there are more than %1$s names of fields"), "65536");
    pred_intern(c->r->sigma, pred, &id);
    return node_pred(c->lasting, id);
}

/* A pattern as the plainest test that says the same. */
static const struct node *text_node(struct chain *c, struct pattern p)
{
    struct pred pred = {.cased = c->cased};
    if (!c->cased)
        p = pattern_fold(c->arena, p);
    bool front = p.n && p.tokens[0] == TOKEN_STAR, back = p.n && p.tokens[p.n - 1] == TOKEN_STAR;
    struct pattern inner = p;
    while (inner.n && inner.tokens[0] == TOKEN_STAR)
        inner.tokens++, inner.n--;
    while (inner.n && inner.tokens[inner.n - 1] == TOKEN_STAR)
        inner.n--;
    if (pattern_has_wildcards(inner)) {
        pred.kind = TEST_GLOB;
        pred.glob = pattern_star(c->arena, inner, front, back);
        pred.text = (const char *)pred.glob.tokens;
        pred.len = (uint32_t)(pred.glob.n * sizeof *pred.glob.tokens);
        return pred_node(c, &pred);
    }
    pred.kind = front && back ? TEST_CONTAINS : front ? TEST_ENDS : back ? TEST_STARTS : TEST_EQUALS;
    if (inner.n == 0 && front)
        pred.kind = TEST_ANY;
    pred.text = pattern_bytes(c->arena, inner);
    pred.len = (uint32_t)inner.n;
    return pred_node(c, &pred);
}

static const struct node *text_group(struct chain *c, const struct val *value)
{
    const char *text;
    size_t len;
    if (!value_text(c, value, &text, &len))
        return NULL;
    struct pattern empty = {0};
    struct group group = {&empty, 1};
    if (c->expand) {
        if (!expand(c, text, len, &group))
            return NULL;
    } else {
        empty = pattern_read(c->arena, text, len, false);
    }
    for (size_t i = 0; i < c->n; i++) {
        enum modifier m = c->list[i];
        if (m >= M_WINDASH && m <= M_BASE64OFFSET) {
            if (!encode(c, m, &group))
                return NULL;
        } else if (m == M_CONTAINS || m == M_STARTS || m == M_ENDS) {
            for (size_t k = 0; k < group.n; k++)
                group.alternatives[k] = pattern_star(c->arena, group.alternatives[k], m != M_STARTS, m != M_ENDS);
        }
    }
    bool keyword = c->field[0] == 0 && !c->contains && !c->starts && !c->ends;
    const struct node *only, **kids = group.n == 1 ? &only : ARENA_ARRAY(c->lasting, const struct node *, group.n);
    for (size_t i = 0; i < group.n; i++) {
        struct pattern p = keyword ? pattern_star(c->arena, group.alternatives[i], true, true) : group.alternatives[i];
        if (!(kids[i] = text_node(c, p)))
            return NULL;
    }
    return node_many(c->lasting, NODE_OR, kids, group.n);
}

static const struct node *re_node(struct chain *c, const char *text, size_t len)
{
    int error;
    PCRE2_SIZE where;
    pcre2_compile_context *context = pcre2_compile_context_create(c->r->sigma->pcre);
    pcre2_set_max_pattern_length(context, 16384);
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | (c->flags & RE_I ? PCRE2_CASELESS : 0) |
                       (c->flags & RE_M ? PCRE2_MULTILINE : 0) | (c->flags & RE_S ? PCRE2_DOTALL : 0);
    struct pred pred = {.kind = TEST_RE, .flags = (uint8_t)c->flags, .text = text, .len = (uint32_t)len};
    pred.re = pcre2_compile((PCRE2_SPTR)text, len, options, &error, &where, context);
    if (!pred.re) {
        char words[128], place[24];
        pcre2_get_error_message(error, (PCRE2_UCHAR *)words, sizeof words);
        snprintf(place, sizeof place, "%zu", (size_t)where);
        FAULT(c, T_("the regular expression is faulty at character %1$s: %2$s"), place, words);
        return NULL;
    }
    return pred_node(c, &pred);
}

static const struct node *cidr_node(struct chain *c, const char *text, size_t len)
{
    struct pred pred = {.kind = TEST_CIDR};
    if (!network_read(text, len, &pred.network))
        return FAULT(c, T_("“%1$s” is no network such as 10.0.0.0/8 or 2001:db8::/32"), text);
    if (network_has_host_bits(&pred.network))
        return FAULT(c, T_("the network “%1$s” has bits behind its prefix"), text);
    pred.text = (const char *)arena_memdup(c->arena, &pred.network, sizeof pred.network);
    pred.len = sizeof pred.network;
    return pred_node(c, &pred);
}

static const struct node *number_node(struct chain *c, const char *text, size_t len)
{
    struct pred pred = {.kind = TEST_NUMBER, .compare = (uint8_t)c->compare, .part = (uint8_t)c->part, .text = text, .len = (uint32_t)len};
    if (!number_read(text, len, &pred.number))
        return FAULT(c, T_("“%1$s” is no number"), text);
    return pred_node(c, &pred);
}

static const struct node *fieldref_node(struct chain *c, const char *text, size_t len)
{
    struct pred pred = {.kind = TEST_FIELDREF, .cased = c->cased};
    pred.shape = c->contains ? SHAPE_CONTAINS : c->starts ? SHAPE_STARTS : c->ends ? SHAPE_ENDS : SHAPE_EQUALS;
    pred.other = len ? field_of(c->r, text) : 0;
    if (!pred.other)
        return FAULT(c, T_("“fieldref” needs the name of a field"));
    return pred_node(c, &pred);
}

static const struct node *value_node(struct chain *c, const struct val *value)
{
    const char *text;
    size_t len;
    if (++c->r->values > SIGMA_VALUES_MOST)
        return FAULT(c, T_("a rule has more than %1$s values"), "65536");
    if (c->kind == OF_TEXT && value->kind == VAL_NULL && !c->text_changed && !c->cased && c->field[0])
        return pred_node(c, &(struct pred){.kind = TEST_NULL});
    if (c->kind == OF_TEXT)
        return text_group(c, value);
    if (c->kind == OF_EXISTS) {
        if (value->kind == VAL_BOOL)
            return pred_node(c, &(struct pred){.kind = TEST_EXISTS, .truth = value->truth});
        FAULT(c, T_("“exists” stands alone; write true or false"));
        return NULL;
    }
    if (!value_text(c, value, &text, &len))
        return NULL;
    switch (c->kind) {
    case OF_RE: return re_node(c, text, len);
    case OF_CIDR: return cidr_node(c, text, len);
    case OF_NUMBER: return number_node(c, text, len);
    default: return fieldref_node(c, text, len);
    }
}

static const struct node *values_node(struct chain *c)
{
    const struct val *value = c->value;
    bool list = value->kind == VAL_ARRAY;
    if (list && value->count == 0)
        return FAULT(c, T_("the list of values is empty"));
    if (c->all && (!list || value->count < 2))
        return FAULT(c, T_("“all” needs a list of two values or more"));
    size_t n = list ? value->count : 1;
    const struct node *only, **kids = n == 1 ? &only : ARENA_ARRAY(c->lasting, const struct node *, n);
    for (size_t i = 0; i < n; i++) {
        const struct val *one = list ? value->items[i] : value;
        c->value = one;
        c->inside = true;
        if (list && n > 1 && one->kind == VAL_NULL)
            return FAULT(c, T_("null stands alone: not in a list with other values, and without modifiers of text"));
        if (!(kids[i] = value_node(c, one)))
            return NULL;
    }
    const struct node *node = node_many(c->lasting, c->all ? NODE_AND : NODE_OR, kids, n);
    return c->neq ? node_not(c->lasting, node) : node;
}

const struct node *item_compile(struct reading *r, const char *key, const struct val *value)
{
    struct chain c = {.r = r, .arena = r->sigma->scratch, .lasting = r->sigma->arena, .key = key, .value = value};
    arena_clear(c.arena);
    return read_key(&c) && settle(&c) ? values_node(&c) : NULL;
}

const struct node *keywords_compile(struct reading *r, const struct val *list)
{
    struct chain c = {.r = r, .arena = r->sigma->scratch, .lasting = r->sigma->arena, .key = "", .value = list};
    arena_clear(c.arena);
    return values_node(&c);
}
