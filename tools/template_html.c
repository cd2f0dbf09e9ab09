/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows the HTML of a template from character to character, enough of the HTML tokenizer to know in which place an
 * expression stands. What our content security policy would not run (inline script and style, event handlers,
 * javascript: addresses) stops the build even when it is static. Branches of a {% if %} must leave the page in the
 * same place; so what is known at build time holds for every page that can come out.
 */
#include "template.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const URL_ATTRIBUTES[] = {
    "href", "src", "action", "formaction", "cite", "poster", "data", "xlink:href", "background", "manifest",
    "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "hx-push-url", "hx-replace-url", "sse-connect", "data-href",
    NULL};
/* Nothing written here can be made safe by escaping. */
static const char *const CLOSED_ATTRIBUTES[] = {"style", "srcdoc", "srcset", "hx-vals", "hx-headers", "hx-vars",
                                                "hx-ext", "hx-trigger", "http-equiv", "nonce", "ping", NULL};
static const char *const CLOSED_ELEMENTS[] = {"iframe", "object", "embed", "applet", "base", "frame", "frameset", "xmp",
                                              "plaintext", "noembed", "noframes", "style", NULL};

static bool listed(const char *const *list, const char *name)
{
    for (; *list; list++) {
        if (strcasecmp(*list, name) == 0) return true;
    }
    return false;
}

bool html_in_url(const struct html *h)
{
    return (h->mode == HTML_VALUE_DOUBLE || h->mode == HTML_VALUE_SINGLE) && listed(URL_ATTRIBUTES, h->attr);
}

bool html_is_text(const struct html *h) { return h->mode == HTML_TEXT; }

static void start_attr(struct html *h, char c)
{
    h->attr_len = 0;
    memset(h->attr, 0, sizeof h->attr);
    h->attr[h->attr_len++] = (char)tolower((unsigned char)c);
    h->mode = HTML_ATTR_NAME;
}

static void close_attr_name(struct html *h, struct place at)
{
    if (strncasecmp(h->attr, "on", 2) == 0 || strncasecmp(h->attr, "hx-on", 5) == 0) {
        fault(at, "the attribute %s holds script: our content security policy runs none; put it into ui/", h->attr);
    }
    if (strcmp(h->attr, "style") == 0) fault(at, "style=\"\" never applies under our policy: use a class");
    if (strcmp(h->attr, "http-equiv") == 0) fault(at, "headers are set by the server, not by a page");
    if (strcmp(h->attr, "src") == 0) h->has_src = true;
}

static void open_tag_done(struct html *h, struct place at)
{
    if (!h->closing && listed(CLOSED_ELEMENTS, h->tag)) fault(at, "<%s> has no place in a page", h->tag);
    if (!h->closing && strcmp(h->tag, "script") == 0) {
        if (!h->has_src) fault(at, "an inline script never runs under our policy: put it into ui/ and name it by src");
        h->mode = HTML_RAW;
        h->dashes = 0;
        return;
    }
    bool rc = strcmp(h->tag, "textarea") == 0 || strcmp(h->tag, "title") == 0;
    if (strcmp(h->tag, "pre") == 0 || strcmp(h->tag, "textarea") == 0) h->keep_space = !h->closing;
    h->mode = rc && !h->closing ? HTML_RCDATA : HTML_TEXT;
}

static void in_tag(struct html *h, struct place at, char c)
{
    if (c == '>') {
        open_tag_done(h, at);
    } else if (c == '"' || c == '\'' || c == '<' || c == '=') {
        fault(at, "a %c has no place here, inside <%s>", c, h->tag);
    } else if (!isspace((unsigned char)c) && c != '/') {
        start_attr(h, c);
    } else {
        h->mode = HTML_IN_TAG;
    }
}

static void tag_name(struct html *h, struct place at, char c)
{
    if (isspace((unsigned char)c) || c == '/' || c == '>') {
        in_tag(h, at, c);
    } else if (h->tag_len + 1 < sizeof h->tag) {
        h->tag[h->tag_len++] = (char)tolower((unsigned char)c);
        h->tag[h->tag_len] = '\0';
    } else {
        fault(at, "no element has so long a name");
    }
}

static void opened(struct html *h, struct place at, char c)
{
    if (c == '!') {
        h->mode = HTML_DECLARATION;
        h->dashes = 0;
    } else if (c == '/' && !h->closing) {
        h->closing = true;
    } else if (isalpha((unsigned char)c)) {
        h->mode = HTML_TAG_NAME;
        h->tag_len = 0;
        h->has_src = false;
        tag_name(h, at, c);
    } else {
        fault(at, "write &lt; for a < that opens no tag");
    }
}

/* <title> and <textarea> hold text up to their closing tag, <script src> holds nothing. */
static void raw(struct html *h, struct place at, char c)
{
    if (h->dashes == 0) {
        if (c == '<') h->dashes = 1;
        else if (h->mode == HTML_RAW && !isspace((unsigned char)c)) fault(at, "<%s> must be empty", h->tag);
    } else {
        if (c != '/') fault(at, "only </%s> may stand here", h->tag);
        h->closing = true;
        h->mode = HTML_OPENED;
        h->dashes = 0;
    }
}

static void value(struct html *h, struct place at, char c)
{
    bool end = h->mode == HTML_VALUE_DOUBLE ? c == '"' : h->mode == HTML_VALUE_SINGLE ? c == '\'' :
               isspace((unsigned char)c) || c == '>';
    if (end) {
        if (h->mode == HTML_VALUE_BARE) in_tag(h, at, c);
        else h->mode = HTML_NEED_SPACE;
        h->url = URL_START;
        return;
    }
    if (c == '<') fault(at, "write &lt; inside an attribute");
    if (!isspace((unsigned char)c)) h->url = URL_LATER;
}

static void declaration(struct html *h, char c)
{
    if (h->mode == HTML_DECLARATION) {
        h->dashes = c == '-' ? h->dashes + 1 : 0;
        if (h->dashes == 2) { h->mode = HTML_COMMENT; h->dashes = 0; }
        else if (c == '>') h->mode = HTML_TEXT;
        return;
    }
    if (c == '>' && h->dashes >= 2) h->mode = HTML_TEXT;
    h->dashes = c == '-' ? h->dashes + 1 : 0;
}

static void attr_name(struct html *h, struct place at, char c)
{
    if (h->mode == HTML_ATTR_NAME && !isspace((unsigned char)c) && c != '=' && c != '>' && c != '/') {
        if (h->attr_len + 1 >= sizeof h->attr) fault(at, "no attribute has so long a name");
        h->attr[h->attr_len++] = (char)tolower((unsigned char)c);
        return;
    }
    if (h->mode == HTML_ATTR_NAME) close_attr_name(h, at);
    if (c == '=') {
        h->mode = HTML_BEFORE_VALUE;
        h->url = URL_START;
    } else if (isspace((unsigned char)c)) {
        h->mode = HTML_AFTER_NAME;
    } else {
        in_tag(h, at, c);
    }
}

static void step(struct html *h, struct place at, char c)
{
    switch (h->mode) {
    case HTML_TEXT:
        if (c == '<') { h->mode = HTML_OPENED; h->closing = false; }
        break;
    case HTML_RCDATA: case HTML_RAW: raw(h, at, c); break;
    case HTML_OPENED: opened(h, at, c); break;
    case HTML_TAG_NAME: case HTML_CLOSE_NAME: tag_name(h, at, c); break;
    case HTML_NEED_SPACE:
        if (!isspace((unsigned char)c) && c != '/' && c != '>') fault(at, "a space is missing before this attribute");
        /* fall through */
    case HTML_IN_TAG: in_tag(h, at, c); break;
    case HTML_ATTR_NAME: case HTML_AFTER_NAME: attr_name(h, at, c); break;
    case HTML_BEFORE_VALUE:
        if (c == '"') h->mode = HTML_VALUE_DOUBLE;
        else if (c == '\'') h->mode = HTML_VALUE_SINGLE;
        else if (!isspace((unsigned char)c)) h->mode = HTML_VALUE_BARE;
        break;
    case HTML_VALUE_DOUBLE: case HTML_VALUE_SINGLE: case HTML_VALUE_BARE: value(h, at, c); break;
    case HTML_COMMENT: case HTML_DECLARATION: declaration(h, c); break;
    }
}

void html_feed(struct html *h, struct place at, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (html_in_url(h) && h->url == URL_START) {
            static const char *const SCRIPTS[] = {"javascript:", "data:", "vbscript:"};
            for (size_t k = 0; k < 3; k++) {
                size_t n = strlen(SCRIPTS[k]);
                if (len - i >= n && strncasecmp(text + i, SCRIPTS[k], n) == 0) fault(at, "no %s address", SCRIPTS[k]);
            }
        }
        step(h, at, text[i]);
        if (text[i] == '\n') at.line++;
    }
}

void html_settle(struct html *h, struct place at)
{
    if (h->mode == HTML_ATTR_NAME) close_attr_name(h, at);
    if (h->mode == HTML_TAG_NAME || h->mode == HTML_ATTR_NAME || h->mode == HTML_AFTER_NAME) {
        h->mode = HTML_NEED_SPACE;
        h->attr_len = 0;
    }
}

enum escape html_escape(const struct html *h, struct place at)
{
    switch (h->mode) {
    case HTML_TEXT: case HTML_RCDATA: return ESCAPE_TEXT;
    case HTML_VALUE_DOUBLE: case HTML_VALUE_SINGLE: break;
    case HTML_RAW: fault(at, "no expression inside <%s>", h->tag);
    case HTML_COMMENT: fault(at, "no expression inside a comment; {# #} is the template's own");
    case HTML_BEFORE_VALUE: case HTML_VALUE_BARE: fault(at, "an expression in an attribute needs quotes around it");
    default: fault(at, "no expression may stand inside a tag but in an attribute's value");
    }
    if (listed(CLOSED_ATTRIBUTES, h->attr)) fault(at, "no expression in %s", h->attr);
    if (!html_in_url(h)) return ESCAPE_TEXT;
    if (h->url == URL_UNSURE) fault(at, "this expression may or may not begin the address: write the branches apart");
    return h->url == URL_START ? ESCAPE_URL : ESCAPE_URL_PART;
}

void html_wrote(struct html *h) { h->url = URL_LATER; }

void html_merge(struct html *h, const struct html *other, struct place at)
{
    struct html a = *h, b = *other;
    html_settle(&a, at);
    html_settle(&b, at);
    if (a.mode == HTML_IN_TAG && b.mode == HTML_NEED_SPACE) a.mode = HTML_NEED_SPACE;
    if (b.mode == HTML_IN_TAG && a.mode == HTML_NEED_SPACE) b.mode = HTML_NEED_SPACE;
    bool value_open = a.mode == HTML_VALUE_DOUBLE || a.mode == HTML_VALUE_SINGLE;
    bool in_tag_open = value_open || a.mode == HTML_IN_TAG || a.mode == HTML_NEED_SPACE;
    if (a.mode != b.mode || a.keep_space != b.keep_space || (value_open && strcmp(a.attr, b.attr) != 0) ||
        (in_tag_open && strcmp(a.tag, b.tag) != 0) || a.dashes != b.dashes) {
        fault(at, "the branches that end here leave the page in different places (a tag or a quote is open in one only)");
    }
    if (a.url != b.url) a.url = value_open ? URL_UNSURE : URL_START;
    a.has_src = a.has_src && b.has_src;
    *h = a;
}
