/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See regex-make.h.
 */
#include "regex-make.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "tap.h"

struct making { const char *at; char *text; size_t n, room; bool silent; unsigned depth; };

static void emit(struct making *m, char c)
{
    if (!m->silent && m->n + 1 < m->room)
        m->text[m->n++] = c;
}

/* One of what "\d" and the like stand for; the letter itself otherwise. */
static char of_escape(char c)
{
    switch (c) {
    case 'd': return (char)('0' + tap_below(10));
    case 'w': return "aZ_7q"[tap_below(5)];
    case 's': return ' ';
    case 'D': case 'S': return 'x';
    case 'W': return '-';
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
    }
}

static const char *hex(const char *at, char *c)
{
    int value = 0, digits = 0;
    while (digits < 2 && isxdigit((unsigned char)*at)) {
        value = value * 16 + (isdigit((unsigned char)*at) ? *at - '0' : (*at | 32) - 'a' + 10);
        at++, digits++;
    }
    *c = (char)value;
    return at;
}

/* A class behind its bracket: collects its members, emits one of them (or one that is not among them). */
static void class(struct making *m)
{
    bool in[128] = {false}, negated = *m->at == '^', first = true;
    m->at += negated;
    for (; *m->at && (*m->at != ']' || first); first = false) {
        char from = *m->at++, to;
        if (from == '\\' && *m->at) {
            char c = *m->at++;
            if (strchr("dws", c)) {
                for (int i = 0; i < 128; i++)
                    in[i] |= c == 'd' ? isdigit(i) != 0 : c == 'w' ? isalnum(i) || i == '_' : isspace(i) != 0;
                continue;
            }
            from = c == 'x' ? (m->at = hex(m->at, &from), from) : of_escape(c);
        }
        to = from;
        if (m->at[0] == '-' && m->at[1] && m->at[1] != ']') {
            m->at++;
            to = *m->at++;
            if (to == '\\')
                to = *m->at++;
        }
        for (int i = (unsigned char)from; i <= (unsigned char)to && i < 128; i++)
            in[i] = true;
    }
    m->at += *m->at == ']';
    for (int tries = 0, i = (int)(33 + tap_below(94)); tries < 128; tries++, i = (i + 1) % 128)
        if (i >= 32 && in[i] != negated) {
            emit(m, (char)i);
            return;
        }
}

static void alternatives(struct making *m);

static void atom(struct making *m)
{
    char c = *m->at++;
    if (c == '(') {
        if (m->at[0] == '?' && (m->at[1] == '=' || m->at[1] == '!' || m->at[1] == '<')) {     /* not understood: skipped */
            bool silent = m->silent;
            m->silent = true;
            m->at += 2;
            alternatives(m);
            m->silent = silent;
        } else {
            if (*m->at == '?')
                m->at += strcspn(m->at, ":)") + (m->at[strcspn(m->at, ":)")] == ':');
            alternatives(m);
        }
        m->at += *m->at == ')';
    } else if (c == '[') {
        class(m);
    } else if (c == '\\' && *m->at) {
        char e = *m->at++;
        if (e == 'x')
            m->at = hex(m->at, &e), emit(m, e);
        else if (!strchr("bBAzZ", e))
            emit(m, of_escape(e));
    } else if (c == '.') {
        emit(m, "x.7"[tap_below(3)]);
    } else if (c != '^' && c != '$') {
        emit(m, c);
    }
}

/* How often: "*", "+", "?", "{n,m}", a lazy or possessive sign behind. */
static unsigned times(struct making *m)
{
    unsigned least = 1, most = 1;
    if (*m->at == '*' || *m->at == '+' || *m->at == '?') {
        least = *m->at == '+', most = *m->at == '?' ? 1 : 3;
        m->at++;
    } else if (*m->at == '{' && isdigit((unsigned char)m->at[1])) {
        char *end;
        least = most = (unsigned)strtoul(m->at + 1, &end, 10);
        if (*end == ',')
            most = end[1] == '}' ? least + 2 : (unsigned)strtoul(end + 1, NULL, 10);
        m->at += strcspn(m->at, "}") + (m->at[strcspn(m->at, "}")] == '}');
    } else {
        return 1;
    }
    if (*m->at == '?' || *m->at == '+')
        m->at++;
    return least + (unsigned)tap_below(most - least + 1 > 4 ? 4 : most - least + 1);
}

static void sequence(struct making *m)
{
    while (*m->at && *m->at != '|' && *m->at != ')') {
        const char *from = m->at, *behind;
        bool silent = m->silent;
        m->silent = true;
        atom(m);
        unsigned n = times(m);
        behind = m->at;
        m->silent = silent;
        for (unsigned i = 0; i < n && !silent; i++) {
            m->at = from;
            atom(m);
        }
        m->at = behind;
    }
}

static void alternatives(struct making *m)
{
    const char *from[64];
    size_t n = 0;
    bool silent = m->silent;
    if (++m->depth > 40)
        m->silent = true;
    const char *behind;
    silent = m->silent;
    m->silent = true;
    for (;;) {
        if (n < 64)
            from[n++] = m->at;
        sequence(m);
        if (*m->at != '|')
            break;
        m->at++;
    }
    behind = m->at;
    m->silent = silent;
    if (!silent) {
        m->at = from[tap_below(n)];
        sequence(m);
    }
    m->at = behind;
    m->depth--;
}

void regex_make(const char *expression, char *text, size_t room)
{
    struct making m = {.at = expression, .text = text, .room = room};
    while (*m.at) {
        alternatives(&m);
        m.at += *m.at == ')';
    }
    text[m.n] = 0;
}
