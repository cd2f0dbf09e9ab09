/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A strict JSON reader (RFC 8259, and of I-JSON: no lone surrogates, no name twice). One pass over the bytes; the items
 * of a container are gathered on one stack for the whole text and copied out when it closes, so the arena holds
 * little more than the tree. Depth and size are bounded before anything is read.
 */
#include <stdio.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/text.h"
#include "base/val.h"

#define DEFAULT_BYTES ((size_t)16 << 20)
#define DEFAULT_DEPTH 64
#define MANY_MEMBERS 24        /* from here on a name is looked up by hash */

struct reader {
    struct arena *arena;
    struct reasons *reasons;
    const char *start, *at, *end;
    const char *line_start;
    uint32_t line;
    unsigned depth, most_depth;
    bool in_place;             /* a plain string ends where its closing quote stood */
    struct val_member *stack;
    size_t stacked, stack_cap;
    enum status failed;        /* OK while all is well */
};

static struct val *read_value(struct reader *);

/* The first fault only: what follows one is noise. */
static void *fault(struct reader *r, const char *english, const char *argument)
{
    if (r->failed)
        return NULL;
    r->failed = BAD_INPUT;
    char where[48];
    snprintf(where, sizeof where, "%u:%zu", r->line, (size_t)(r->at - r->line_start) + 1);
    reason_add(r->reasons, "json.form", where, english, argument);
    return NULL;
}

static void skip_space(struct reader *r)
{
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        } else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r') {
            return;
        }
    }
}

static struct val *make(struct reader *r, enum val_kind kind)
{
    struct val *val = ARENA_NEW(r->arena, struct val);
    val->kind = kind;
    val->line = r->line;
    return val;
}

static void push(struct reader *r, const char *name, struct val *value)
{
    if (r->stacked == r->stack_cap) {
        size_t cap = r->stack_cap ? r->stack_cap * 2 : 32;
        struct val_member *stack = ARENA_ARRAY(r->arena, struct val_member, cap);
        if (r->stacked)
            memcpy(stack, r->stack, r->stacked * sizeof *stack);
        r->stack = stack;
        r->stack_cap = cap;
    }
    r->stack[r->stacked++] = (struct val_member){name, value};
}

/* ---- strings ---- */

static bool four_hex(struct reader *r, uint32_t *ret)
{
    uint32_t code = 0;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = r->at[i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (uint32_t)((c | 32) - 'a' + 10);
        else
            return false;
        code = code << 4 | digit;
    }
    r->at += 4;
    *ret = code;
    return true;
}

static size_t put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* Behind a backslash; writes what it stands for. 0 after a fault. */
static size_t escape(struct reader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = r->at < r->end ? *r->at : '\0';
    const char *simple = c ? strchr(from, c) : NULL;
    if (simple) {
        r->at++;
        *out = to[simple - from];
        return 1;
    }
    uint32_t code, low;
    const char *begin = r->at;
    if (c == 'u') {
        r->at++;
        if (four_hex(r, &code)) {
            if (code < 0xd800 || code > 0xdfff)
                return put_utf8(code, out);
            if (code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
                r->at += 2;
                if (four_hex(r, &low) && low >= 0xdc00 && low <= 0xdfff)
                    return put_utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
            }
        }
    }
    r->at = begin;
    fault(r, T_("this escape stands for no character; write \\n, \\\" and the like, or \\u with four hexadecimal digits"),
          NULL);
    return 0;
}

/* The length of the closing quote's distance, so that the copy can be allocated once; escapes only shrink. */
static const char *closing_quote(const char *at, const char *end)
{
    for (; at < end; at++) {
        at = plain_run(at, end);
        if (at == end || *at == '"')
            return at;
        if (*at == '\\')
            at++;
    }
    return end;
}

/* At the opening quote. Returns the text with a NUL behind it. */
static const char *read_string(struct reader *r, size_t *ret_len)
{
    const char *begin = ++r->at;
    const char *run = plain_run(begin, r->end);
    if (run < r->end && *run == '"') {
        r->at = run + 1;
        *ret_len = (size_t)(run - begin);
        if (r->in_place) {
            *(char *)run = '\0';
            return begin;
        }
        return arena_strndup(r->arena, begin, *ret_len);
    }
    const char *close = closing_quote(run, r->end);
    char *text = arena_alloc(r->arena, (size_t)(close - begin) + 4);
    size_t len = 0;
    for (;;) {
        run = plain_run(r->at, r->end);
        memcpy(text + len, r->at, (size_t)(run - r->at));
        len += (size_t)(run - r->at);
        r->at = run;
        if (run == r->end)
            return fault(r, T_("the text ends inside a string; a closing quote is missing"), NULL);
        unsigned char c = (unsigned char)*run;
        if (c == '"') {
            r->at++;
            text[len] = '\0';
            *ret_len = len;
            return text;
        }
        if (c < 0x20)
            return fault(r, T_("a control character stands in a string; write it as \\n, \\t or \\u00xx"), NULL);
        if (c == '\\') {
            r->at++;
            size_t wrote = escape(r, text + len);
            if (!wrote)
                return NULL;
            len += wrote;
            continue;
        }
        size_t bytes = utf8_length(run, (size_t)(r->end - run));
        if (!bytes)
            return fault(r, T_("these bytes are not UTF-8; save the text as UTF-8"), NULL);
        memcpy(text + len, run, bytes);
        len += bytes;
        r->at += bytes;
    }
}

static struct val *read_text(struct reader *r)
{
    struct val *val = make(r, VAL_STR);
    const char *text = read_string(r, &val->str.len);
    if (!text)
        return NULL;
    val->str.s = text;
    return val;
}

/* ---- numbers and words ---- */

static bool digits(struct reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > begin;
}

static bool integer_of(const char *text, const char *end, int64_t *ret)
{
    bool negative = *text == '-';
    int64_t number = 0;
    for (text += negative; text < end; text++) {
        int digit = *text - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, negative ? -digit : digit, &number))
            return false;
    }
    *ret = number;
    return true;
}

static struct val *read_number(struct reader *r)
{
    const char *begin = r->at;
    bool whole = true;
    if (*r->at == '-')
        r->at++;
    const char *first = r->at;
    bool good = digits(r) && !(*first == '0' && r->at - first > 1);
    if (good && r->at < r->end && *r->at == '.') {
        whole = false;
        r->at++;
        good = digits(r);
    }
    if (good && r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        whole = false;
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
            r->at++;
        good = digits(r);
    }
    if (!good)
        return fault(r, T_("this is no number; digits without leading zeros, then a fraction or an exponent"), NULL);
    int64_t number;
    if (whole && integer_of(begin, r->at, &number)) {
        struct val *val = make(r, VAL_INT);
        val->number = number;
        return val;
    }
    struct val *val = make(r, VAL_NUMBER);
    val->str.len = (size_t)(r->at - begin);
    val->str.s = arena_strndup(r->arena, begin, val->str.len);
    return val;
}

static struct val *read_word(struct reader *r)
{
    static const struct { const char *word; size_t len; enum val_kind kind; bool truth; } words[] = {
        {"true", 4, VAL_BOOL, true}, {"false", 5, VAL_BOOL, false}, {"null", 4, VAL_NULL, false},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((size_t)(r->end - r->at) < words[i].len || memcmp(r->at, words[i].word, words[i].len) != 0)
            continue;
        struct val *val = make(r, words[i].kind);
        if (words[i].kind == VAL_BOOL)
            val->truth = words[i].truth;
        r->at += words[i].len;
        return val;
    }
    return fault(r, T_("no value begins here; an object, an array, a string, a number, true, false or null may stand here"),
                 NULL);
}

/* ---- containers ---- */

static bool enter(struct reader *r)
{
    if (++r->depth > r->most_depth) {
        char most[16];
        snprintf(most, sizeof most, "%u", r->most_depth);
        fault(r, T_("arrays and objects are nested deeper than %1$s levels"), most);
        return false;
    }
    r->at++;
    skip_space(r);
    return true;
}

/* Behind an item: a comma (true) or the closing bracket (false, consumed). */
static bool another(struct reader *r, char close)
{
    skip_space(r);
    if (r->at < r->end && *r->at == ',') {
        r->at++;
        skip_space(r);
        return true;
    }
    if (r->at < r->end && *r->at == close) {
        r->at++;
        r->depth--;
        return false;
    }
    fault(r, T_("a comma or the closing “%1$s” is missing here"), close == ']' ? "]" : "}");
    return false;
}

static struct val *read_array(struct reader *r)
{
    struct val *array = make(r, VAL_ARRAY);
    size_t base = r->stacked;
    if (!enter(r))
        return NULL;
    if (r->at < r->end && *r->at == ']') {
        r->at++;
        r->depth--;
        return array;
    }
    do {
        struct val *item = read_value(r);
        if (!item)
            return NULL;
        push(r, NULL, item);
    } while (another(r, ']'));
    if (r->failed)
        return NULL;
    array->count = array->cap = (uint32_t)(r->stacked - base);
    array->items = ARENA_ARRAY(r->arena, struct val *, array->count);
    for (uint32_t i = 0; i < array->count; i++)
        array->items[i] = r->stack[base + i].value;
    r->stacked = base;
    return array;
}

/* A name that stands twice among the members, NULL when all differ. */
static const char *repeated(struct arena *arena, const struct val_member *members, size_t count)
{
    if (count < MANY_MEMBERS) {
        for (size_t i = 1; i < count; i++) {
            for (size_t k = 0; k < i; k++) {
                if (members[i].name[0] == members[k].name[0] && strcmp(members[i].name, members[k].name) == 0)
                    return members[i].name;
            }
        }
        return NULL;
    }
    size_t slots = 64;
    while (slots < count * 2)
        slots *= 2;
    const char **table = ARENA_ARRAY(arena, const char *, slots);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)str_hash(members[i].name);
        for (; table[at & (slots - 1)]; at++) {
            if (strcmp(table[at & (slots - 1)], members[i].name) == 0)
                return members[i].name;
        }
        table[at & (slots - 1)] = members[i].name;
    }
    return NULL;
}

static const char *read_name(struct reader *r)
{
    if (r->at == r->end || *r->at != '"')
        return fault(r, T_("a member's name in quotes must stand here"), NULL);
    size_t len;
    const char *name = read_string(r, &len);
    if (!name)
        return NULL;
    if (strlen(name) != len)
        return fault(r, T_("a member's name holds the character NUL"), NULL);
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return fault(r, T_("a colon must follow the name “%1$s”"), name);
    r->at++;
    skip_space(r);
    return name;
}

static struct val *read_object(struct reader *r)
{
    struct val *object = make(r, VAL_OBJECT);
    size_t base = r->stacked;
    if (!enter(r))
        return NULL;
    if (r->at < r->end && *r->at == '}') {
        r->at++;
        r->depth--;
        return object;
    }
    do {
        const char *name = read_name(r);
        struct val *value = name ? read_value(r) : NULL;
        if (!value)
            return NULL;
        push(r, name, value);
    } while (another(r, '}'));
    if (r->failed)
        return NULL;
    size_t count = r->stacked - base;
    const char *twice = repeated(r->arena, r->stack + base, count);
    if (twice)
        return fault(r, T_("the name “%1$s” stands twice in this object"), twice);
    object->count = object->cap = (uint32_t)count;
    object->members = arena_memdup(r->arena, r->stack + base, count * sizeof *object->members);
    r->stacked = base;
    return object;
}

static struct val *read_value(struct reader *r)
{
    if (r->at == r->end)
        return fault(r, T_("the text ends where a value must stand"), NULL);
    switch (*r->at) {
    case '{':
        return read_object(r);
    case '[':
        return read_array(r);
    case '"':
        return read_text(r);
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return read_number(r);
    default:
        return read_word(r);
    }
}

enum status json_read(struct arena *arena, const char *text, size_t len, struct json_limits limits,
                      struct reasons *reasons, struct val **ret_val)
{
    size_t most = limits.bytes ? limits.bytes : DEFAULT_BYTES;
    if (len > most) {
        char number[24];
        snprintf(number, sizeof number, "%zu", most);
        reason_add(reasons, "json.size", NULL, T_("the JSON text is larger than %1$s bytes"), number);
        return TOO_LARGE;
    }
    struct reader r = {.arena = arena, .reasons = reasons, .start = text, .at = text, .end = text + len,
                       .line_start = text, .line = 1, .most_depth = limits.depth ? limits.depth : DEFAULT_DEPTH,
                       .in_place = limits.in_place};
    skip_space(&r);
    struct val *val = read_value(&r);
    if (!val)
        return r.failed;
    skip_space(&r);
    if (r.at != r.end) {
        fault(&r, T_("something follows the value; a JSON text holds one value"), NULL);
        return r.failed;
    }
    *ret_val = val;
    return OK;
}
