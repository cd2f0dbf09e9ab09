/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The check that lets a drawing made by our own C stand in a page unescaped: a small list of elements and attributes,
 * well nested, nothing else. It does not trust the maker: text from a record that slipped into a drawing unescaped
 * fails here and the drawing is left out.
 */
#include "front/escape.h"

#include <string.h>

#include "base/text.h"

static const char *const ELEMENTS[] = {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
                                       "text", "tspan", "title", "desc", "defs", "clipPath", "use", NULL};
static const char *const ATTRIBUTES[] = {
    "xmlns", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "dx", "dy",
    "points", "transform", "class", "id", "role", "aria-label", "aria-labelledby", "aria-hidden", "text-anchor",
    "dominant-baseline", "clip-path", "href", "preserveAspectRatio", "fill", "stroke", "stroke-width",
    "stroke-dasharray", "opacity", "focusable", "tabindex", NULL};

struct scan { const char *p, *end; const char *open[32]; size_t open_len[32]; size_t depth; };

static bool in_list(const char *const *list, const char *text, size_t len)
{
    for (; *list; list++) {
        if (strlen(*list) == len && memcmp(*list, text, len) == 0) return true;
    }
    return false;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static size_t take_name(struct scan *s, const char **ret)
{
    *ret = s->p;
    while (s->p < s->end && name_char(*s->p)) s->p++;
    return (size_t)(s->p - *ret);
}

static void gap(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n')) s->p++;
}

/* &lt; &gt; &amp; &quot; &apos; &#34; and the like */
static bool entity(struct scan *s)
{
    static const char *const KNOWN[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#34;", "&#39;", "&#96;", NULL};
    for (size_t i = 0; KNOWN[i]; i++) {
        size_t n = strlen(KNOWN[i]);
        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, KNOWN[i], n) == 0) {
            s->p += n;
            return true;
        }
    }
    return false;
}

static bool attribute(struct scan *s)
{
    const char *name;
    size_t len = take_name(s, &name);
    if (len == 0 || !in_list(ATTRIBUTES, name, len)) return false;
    if (s->end - s->p < 2 || s->p[0] != '=' || s->p[1] != '"') return false;
    s->p += 2;
    const char *value = s->p;
    while (s->p < s->end && *s->p != '"') {
        if (*s->p == '<' || *s->p == '>') return false;
        if (*s->p == '&') {
            if (!entity(s)) return false;
        } else {
            s->p++;
        }
    }
    if (s->p == s->end) return false;
    size_t value_len = (size_t)(s->p++ - value);
    if (len == 4 && memcmp(name, "href", 4) == 0 && (value_len == 0 || value[0] != '#')) return false;
    for (size_t i = 0; i + 4 <= value_len; i++) {                    /* url( only into the drawing itself */
        if (memcmp(value + i, "url(", 4) == 0 && (i + 4 == value_len || value[i + 4] != '#')) return false;
    }
    return true;
}

static bool open_tag(struct scan *s)
{
    const char *name;
    size_t len = take_name(s, &name);
    if (len == 0 || !in_list(ELEMENTS, name, len)) return false;
    for (;;) {
        gap(s);
        if (s->p < s->end && *s->p == '>') {
            s->p++;
            if (s->depth == 32) return false;
            s->open[s->depth] = name;
            s->open_len[s->depth++] = len;
            return true;
        }
        if (s->end - s->p >= 2 && s->p[0] == '/' && s->p[1] == '>') {
            s->p += 2;
            return true;
        }
        if (!attribute(s)) return false;
    }
}

static bool close_tag(struct scan *s)
{
    const char *name;
    size_t len = take_name(s, &name);
    if (s->depth == 0 || s->p == s->end || *s->p != '>') return false;
    s->p++;
    s->depth--;
    return s->open_len[s->depth] == len && memcmp(s->open[s->depth], name, len) == 0;
}

bool svg_is_modest(const char *text, size_t len)
{
    struct scan s = {.p = text, .end = text + len};
    if (len < 5 || memcmp(text, "<svg", 4) != 0 || !utf8_valid(text, len)) return false;
    while (s.p < s.end) {
        if (*s.p == '<') {
            s.p++;
            bool closes = s.p < s.end && *s.p == '/';
            if (closes) s.p++;
            if (closes ? !close_tag(&s) : !open_tag(&s)) return false;
            if (s.depth == 0) break;
        } else if (*s.p == '&') {
            if (!entity(&s)) return false;
        } else {
            s.p++;
        }
    }
    gap(&s);
    return s.depth == 0 && s.p == s.end;
}
