/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether a text that somebody typed became markup. Hostile texts carry the mark "zq" wherever they would become a tag, an attribute,
 * a script or an address; the page is read as a browser reads it (tags, quoted and bare attributes, comments, raw elements), and the mark
 * may stand in text and in quoted values only.
 */
#ifndef TESTS_WEB_MARKUP_H
#define TESTS_WEB_MARKUP_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static inline bool markup_has(const char *from, const char *to)
{
    for (; from + 2 <= to; from++)
        if (tolower((unsigned char)from[0]) == 'z' && tolower((unsigned char)from[1]) == 'q')
            return true;
    return false;
}

/* Attributes that a browser follows: what was typed may be a part of an address of ours, never its beginning or its scheme. */
static inline const char *markup_address(const char *name, size_t name_len, const char *value, const char *end)
{
    static const char *const followed[] = {"href", "src", "action", "formaction", "xlink:href", "hx-get", "hx-post", "poster", "data"};
    for (size_t i = 0; i < sizeof followed / sizeof *followed; i++)
        if (strlen(followed[i]) == name_len && strncasecmp(followed[i], name, name_len) == 0 && markup_has(value, end) && value[0] != '/' && value[0] != '?' && value[0] != '#')
            return "an address begins with it";
    if (name_len > 2 && strncasecmp(name, "on", 2) == 0)
        return "a page has a script in an attribute";
    if (name_len == 5 && strncasecmp(name, "style", 5) == 0)
        return "a page has a style in an attribute";
    return NULL;
}

/* From behind "<" to behind ">": NULL and a fault in ret_fault when the mark stands in a name or outside quotes. */
static inline const char *markup_tag(const char *at, const char **ret_fault)
{
    const char *name = at;
    at += strcspn(at, " \t\r\n/>");
    if (markup_has(name, at))
        return *ret_fault = "an element's name", NULL;
    while (*at && *at != '>') {
        at += strspn(at, " \t\r\n/");
        const char *attribute = at;
        at += strcspn(at, " \t\r\n/>=");
        size_t len = (size_t)(at - attribute);
        if (markup_has(attribute, at))
            return *ret_fault = "an attribute's name", NULL;
        at += strspn(at, " \t\r\n");
        if (*at != '=')
            continue;
        at++;
        at += strspn(at, " \t\r\n");
        char quote = *at == '"' || *at == '\'' ? *at : 0;
        const char *value = quote ? ++at : at;
        at = quote ? strchr(at, quote) : at + strcspn(at, " \t\r\n>");
        if (!at)
            return *ret_fault = "an open quote", NULL;
        if (!quote && markup_has(value, at))
            return *ret_fault = "a value without quotes", NULL;
        if ((*ret_fault = markup_address(attribute, len, value, at)))
            return NULL;
        at += quote != 0;
    }
    return *at ? at + 1 : at;
}

/* What is wrong in a page; NULL: nothing. `ret_at` tells where. */
static inline const char *markup_fault(const char *page, const char **ret_at)
{
    const char *fault = NULL;
    for (const char *at = page; (at = strchr(at, '<')); ) {
        const char *next;
        *ret_at = at;
        if (strncmp(at, "<!--", 4) == 0) {
            next = strstr(at + 4, "-->");
            if (!next || markup_has(at, next))
                return "a comment";
            at = next + 3;
            continue;
        }
        if (!isalpha((unsigned char)at[1]) && at[1] != '/' && at[1] != '!' && at[1] != '?') {
            at++;
            continue;
        }
        bool script = strncasecmp(at, "<script", 7) == 0, style = strncasecmp(at, "<style", 6) == 0;
        at = markup_tag(at + 1 + (at[1] == '/'), &fault);
        if (!at)
            return fault;
        if (script || style) {
            next = strcasestr(at, script ? "</script" : "</style");
            if (!next || markup_has(at, next))
                return "a script or style";
            at = next;
        }
    }
    return NULL;
}

#endif
