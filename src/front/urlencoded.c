/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Percent decoding: paths, query strings and urlencoded bodies; see form.h.
 */
#include "front/form.h"

#include <string.h>

#include "base/text.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Decodes into `out` (as long as the input); false on a broken escape, NUL or broken UTF-8. */
static bool decode(const char *text, size_t len, bool plus, char *out, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 1 < len ? hex_digit(text[i + 1]) : -1, low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0') return false;
        out[n++] = c;
    }
    out[n] = '\0';
    *ret_len = n;
    return utf8_valid(out, n);
}

static enum status fault(struct reasons *why, enum status status, const char *rule, const char *where, const char *english)
{
    reason_add(why, rule, where, english);
    return status;
}

enum status urlencoded_read(struct arena *arena, const char *text, size_t len, struct form_limits limits,
                            struct reasons *why, struct pair **ret, size_t *ret_n)
{
    size_t most = limits.fields ? limits.fields : 1000, name_most = limits.name_bytes ? limits.name_bytes : 128;
    size_t value_most = limits.value_bytes ? limits.value_bytes : 1 << 20, count = 0, n = 0;
    for (size_t i = 0; i < len; i++) count += text[i] == '&';
    if (len && ++count > most) {
        return fault(why, TOO_LARGE, "form.fields", NULL, T_("The form has too many fields."));
    }
    struct pair *pairs = ARENA_ARRAY(arena, struct pair, count + 1);
    const char *at = text, *end = text + len;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        if (!stop) stop = end;
        const char *equal = memchr(at, '=', (size_t)(stop - at));
        size_t name_len = (size_t)((equal ? equal : stop) - at), value_len = equal ? (size_t)(stop - equal - 1) : 0;
        if (name_len || equal) {
            char *name = arena_alloc(arena, name_len + 1), *value = arena_alloc(arena, value_len + 1);
            size_t name_is, value_is;
            if (!decode(at, name_len, true, name, &name_is) ||
                !decode(equal ? equal + 1 : stop, value_len, true, value, &value_is)) {
                return fault(why, BAD_INPUT, "form.encoding", NULL,
                             T_("A field of the form is not percent-encoded UTF-8 text."));
            }
            if (name_is == 0 || name_is > name_most) {
                return fault(why, BAD_INPUT, "form.name", NULL, T_("A field's name is empty or too long."));
            }
            if (value_is > value_most) {
                return fault(why, TOO_LARGE, "form.value", name, T_("What stands in this field is too long."));
            }
            pairs[n++] = (struct pair){name, value};
        }
        at = stop + 1;
    }
    *ret = pairs;
    *ret_n = n;
    return OK;
}

enum status path_read(struct arena *arena, const char *target, size_t len, const char **ret)
{
    if (len == 0 || target[0] != '/' || len > 2000) return BAD_INPUT;
    for (size_t i = 0; i + 2 < len; i++) {
        if (target[i] != '%') continue;
        int high = hex_digit(target[i + 1]), low = hex_digit(target[i + 2]), c = high * 16 + low;
        if (high < 0 || low < 0 || c == '/' || c == '\\' || c == '%') return BAD_INPUT;
    }
    char *path = arena_alloc(arena, len + 1);
    size_t n;
    if (!decode(target, len, false, path, &n) || !text_is_plain(path, n, false)) return BAD_INPUT;
    if (strchr(path, '\\') || strchr(path, '\t')) return BAD_INPUT;
    for (const char *part = path + 1; n > 1; part = strchr(part, '/') + 1) {
        size_t part_len = strcspn(part, "/");
        bool dots = (part_len == 1 && part[0] == '.') || (part_len == 2 && part[0] == '.' && part[1] == '.');
        if (part_len == 0 || dots) return BAD_INPUT;
        if (!part[part_len]) break;
    }
    *ret = path;
    return OK;
}
