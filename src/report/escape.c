/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Escaping for markup, spreadsheet cells and CSS strings. It never trusts that a text is clean UTF-8: a broken byte
 * becomes U+FFFD, so that no writer can be made to write a file that its reader refuses.
 */
#include "report/escape.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

static const char *const replacement = "\xEF\xBF\xBD";

/* The length of the character at the start, 0 when the bytes are no character. */
static size_t character(const char *s, size_t len)
{
    unsigned char c = (unsigned char)*s;
    size_t want = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (want > len || (want > 1 && !utf8_valid(s, want)))
        return 0;
    return want;
}

/* Not in XML 1.0: controls but tab, LF and CR; U+FFFE, U+FFFF. */
static bool xml_cannot(const char *s, size_t n)
{
    unsigned char c = (unsigned char)*s;
    if (n == 1)
        return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    return n == 3 && c == 0xEF && (unsigned char)s[1] == 0xBF && (unsigned char)s[2] >= 0xBE;
}

static void one(struct buf *out, const char *s, size_t n)
{
    switch (*s) {
    case '<': buf_adds(out, "&lt;"); break;
    case '>': buf_adds(out, "&gt;"); break;
    case '&': buf_adds(out, "&amp;"); break;
    case '"': buf_adds(out, "&quot;"); break;
    case '\'': buf_adds(out, "&#39;"); break;
    default: buf_add(out, s, n);
    }
}

void escape_markup(struct buf *out, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    while (len) {
        size_t n = character(text, len);
        if (!n || xml_cannot(text, n))
            buf_adds(out, replacement);
        else
            one(out, text, n);
        text += n ? n : 1;
        len -= n ? n : 1;
    }
}

static bool looks_escaped(const char *s, size_t len)
{
    if (len < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
        return false;
    for (int i = 2; i < 6; i++)
        if (!isxdigit((unsigned char)s[i]))
            return false;
    return true;
}

void escape_cell(struct buf *out, const char *text, size_t len)
{
    while (len) {
        size_t n = character(text, len);
        if (!n)
            buf_adds(out, replacement);
        else if (looks_escaped(text, len))
            buf_adds(out, "_x005F_");
        else if (*text == '\r' || (n == 1 && xml_cannot(text, n)))
            buf_addf(out, "_x%04X_", (unsigned)(unsigned char)*text);
        else if (xml_cannot(text, n))
            buf_adds(out, replacement);
        else
            one(out, text, n);
        text += n ? n : 1;
        len -= n ? n : 1;
    }
}

void escape_css(struct buf *out, const char *text)
{
    for (size_t len = text ? strlen(text) : 0; len;) {
        size_t n = character(text, len);
        unsigned char c = (unsigned char)*text;
        if (!n)
            buf_adds(out, replacement);
        else if (n > 1 || isalnum(c) || c == ' ')
            buf_add(out, text, n);
        else
            buf_addf(out, "\\%X ", c);
        text += n ? n : 1;
        len -= n ? n : 1;
    }
}
