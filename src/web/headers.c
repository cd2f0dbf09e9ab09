/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The headers of a request, one by one as they came. What two readers could understand in two ways is refused: a name that is none, a NUL
 * or another control character, one length beside another or beside chunks, a coding that is not "chunked", two hosts, two tokens. So no
 * proxy before us and no check behind us ever sees another request than this one.
 */
#include <string.h>
#include <strings.h>

#include "web/call.h"

static const char *const header_names[HEADER_COUNT] = {"Host", "Cookie", "Authorization", "Content-Type", "Accept", "Accept-Language",
    "User-Agent", "If-None-Match", "X-CSRF-Token", "Origin", "Sec-Fetch-Site", "Accept-Encoding", "HX-Request", "Last-Event-ID"};

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] == 0x7f || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
            return false;
    return len > 0;
}
static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}
static bool is_named(const char *name, size_t len, const char *want) { return strlen(want) == len && strncasecmp(name, want, len) == 0; }

/* These are lists, and a list may come in several lines: the first is taken. */
static bool may_repeat(int header) { return header == HEADER_ACCEPT || header == HEADER_ACCEPT_LANGUAGE || header == HEADER_ACCEPT_ENCODING || header == HEADER_IF_NONE_MATCH; }

static bool take_length(struct call *c, const char *value, size_t len)
{
    uint64_t length = 0;
    if (c->has_length || c->chunked || len == 0 || len > 18)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    c->has_length = true;
    c->length = length;
    return true;
}

static bool take(struct call *c, const char *name, size_t name_len, const char *value, size_t len)
{
    if (!is_token(name, name_len) || !is_plain(value, len))
        return false;
    if (is_named(name, name_len, "Content-Length"))
        return take_length(c, value, len);
    if (is_named(name, name_len, "Transfer-Encoding")) {
        bool good = !c->chunked && !c->has_length && is_named(value, len, "chunked");
        c->chunked = true;
        return good;
    }
    for (int i = 0; i < HEADER_COUNT; i++)
        if (is_named(name, name_len, header_names[i])) {
            if (c->headers[i])
                return may_repeat(i);
            c->headers[i] = value;
            return true;
        }
    return true;
}

void call_header(struct call *c, const char *name, size_t name_len, const char *value, size_t value_len)
{
    if (!take(c, name ? name : "", name ? name_len : 0, value ? value : "", value ? value_len : 0))
        c->bad_headers = true;
}
