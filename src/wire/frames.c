/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cutting messages out of streams. Every length from outside is bounded before it is used; a count is at most ten
 * digits (RELP: nine). Nothing is looked at twice, however small the pieces are in which it comes.
 */
#include <string.h>

#include "wire/frames.h"

/* ---- lines ---- */

static size_t line_end(const char *text, size_t from, size_t len)
{
    const char *end = memchr(text + from, '\n', len - from);
    const char *nul = memchr(text + from, 0, end ? (size_t)(end - text) - from : len - from);
    return nul ? (size_t)(nul - text) : end ? (size_t)(end - text) : len;
}

static bool line_piece(const char *bytes, size_t len, bool cut, struct piece *ret)
{
    if (len && !cut && bytes[len - 1] == '\r')
        len--;
    *ret = (struct piece){.bytes = bytes, .len = len, .cut = cut};
    return len > 0;
}

/* 2: an empty line was passed over. */
static int line(struct cutter *cutter, const char *bytes, size_t len, size_t *ret_used, struct piece *ret)
{
    size_t end = line_end(bytes, cutter->looked, len);
    cutter->looked = 0;
    if (end > cutter->max) {
        line_piece(bytes, cutter->max, true, ret);
        *ret_used = cutter->max;
        cutter->skip = UINT64_MAX;
        return 1;
    }
    if (end == len) {
        cutter->looked = len;
        return 0;
    }
    *ret_used = end + 1;
    return line_piece(bytes, end, false, ret) ? 1 : 2;
}

/* ---- counted frames ---- */

static size_t digits(const char *bytes, size_t len, size_t most, uint64_t *ret)
{
    size_t i = 0;
    for (*ret = 0; i < len && i < most && bytes[i] >= '0' && bytes[i] <= '9'; i++)
        *ret = *ret * 10 + (uint64_t)(bytes[i] - '0');
    return i;
}

static int counted(struct cutter *cutter, const char *bytes, size_t len, size_t *ret_used, struct piece *ret)
{
    uint64_t length;
    size_t i = digits(bytes, len, 10, &length);
    if (i == len && i < 10)
        return 0;
    if (i == len || bytes[i] != ' ' || !length || bytes[0] == '0')
        return -1;
    bool cut = length > cutter->max;
    size_t want = cut ? cutter->max : (size_t)length;
    if (len < i + 1 + want)
        return 0;
    *ret = (struct piece){.bytes = bytes + i + 1, .len = want, .cut = cut};
    *ret_used = i + 1 + want;
    cutter->skip = length - want;
    return 1;
}

/* ---- RELP ---- */

static size_t letters(const char *bytes, size_t len)
{
    size_t i = 0;
    while (i < len && i <= 32 && ((bytes[i] >= 'a' && bytes[i] <= 'z') || (bytes[i] >= 'A' && bytes[i] <= 'Z')))
        i++;
    return i;
}

/* "TXNR SP COMMAND SP DATALEN [SP DATA] LF", the data only where DATALEN is not 0. */
static int relp(struct cutter *cutter, const char *bytes, size_t len, size_t *ret_used, struct piece *ret)
{
    uint64_t txnr, length;
    size_t at = digits(bytes, len, 9, &txnr), part;
    if (at == len && at < 10)
        return 0;
    if (!at || bytes[at++] != ' ')
        return -1;
    const char *command = bytes + at;
    at += part = letters(command, len - at);
    if (at == len && part <= 32)
        return 0;
    if (!part || part > 32 || bytes[at++] != ' ')
        return -1;
    at += part = digits(bytes + at, len - at, 9, &length);
    if (at == len)
        return 0;
    if (!part || (bytes[at] != ' ' && (length || bytes[at] != '\n')))
        return -1;
    at += bytes[at] == ' ';
    bool cut = length > cutter->max;
    size_t want = cut ? cutter->max : (size_t)length;
    if (len < at + want + !cut)
        return 0;
    if (!cut && bytes[at + want] != '\n')
        return -1;
    *ret = (struct piece){.bytes = bytes + at, .len = want, .cut = cut, .txnr = (uint32_t)txnr, .command = command};
    *ret_used = at + want + !cut;
    cutter->skip = length - want;
    cutter->tail = cut;
    return 1;
}

/* ---- all three ---- */

/* Passes over the rest of a message that was handed out cut: 1 done, 0 more bytes are needed, -1 no end where it must be. */
static int skip(struct cutter *cutter, const char *bytes, size_t len, size_t *ret_used)
{
    *ret_used = 0;
    if (cutter->skip == UINT64_MAX) {
        size_t end = line_end(bytes, 0, len);
        *ret_used = end < len ? end + 1 : len;
        cutter->skip = end < len ? 0 : UINT64_MAX;
    } else if (cutter->skip) {
        *ret_used = cutter->skip < len ? (size_t)cutter->skip : len;
        cutter->skip -= *ret_used;
    }
    if (cutter->skip || (cutter->tail && *ret_used == len))
        return 0;
    if (cutter->tail && bytes[(*ret_used)++] != '\n')
        return -1;
    cutter->tail = false;
    return 1;
}

int cutter_next(struct cutter *cutter, const char *bytes, size_t len, size_t *ret_used, struct piece *ret)
{
    size_t used = 0;
    int done = skip(cutter, bytes, len, &used);
    if (done > 0)
        done = 2;
    while (done == 2 && used < len) {
        const char *at = bytes + used;
        size_t more = 0;
        bool counts = cutter->framing == CUT_SYSLOG && *at >= '0' && *at <= '9';
        done = cutter->framing == CUT_RELP ? relp(cutter, at, len - used, &more, ret)
             : counts ? counted(cutter, at, len - used, &more, ret) : line(cutter, at, len - used, &more, ret);
        used += more;
    }
    *ret_used = used;
    return done == 2 ? 0 : done;
}

bool cutter_last(const struct cutter *cutter, const char *bytes, size_t len, struct piece *ret)
{
    bool counts = cutter->framing == CUT_SYSLOG && len && bytes[0] >= '0' && bytes[0] <= '9';
    return len && !cutter->skip && !counts && cutter->framing != CUT_RELP && line_piece(bytes, len, false, ret);
}

size_t cutter_room(const struct cutter *cutter)
{
    return cutter->max + 64;                 /* a message with its head: RELP's is at most 9 + 1 + 32 + 1 + 9 + 1, and LF */
}

/* ---- what a RELP server says ---- */

static const char offers[] = "200 OK\nrelp_version=0\nrelp_software=castellan\ncommands=syslog";

static bool command_is(const struct piece *piece, const char *name)
{
    size_t len = strlen(name);
    return !strncmp(piece->command, name, len) && piece->command[len] == ' ';    /* at the latest at its space they differ */
}

/* Whether an "open" names a version, which we answer with ours (0), and offers the command syslog: lines "name=value", values parted by commas. */
static bool offer_good(const struct piece *piece)
{
    bool version = false, syslog = false;
    const char *at = piece->bytes, *end = at + piece->len;
    for (const char *next; at < end; at = next) {
        const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf ? lf : end;
        next = lf ? lf + 1 : end;
        size_t len = (size_t)(stop - at);
        version |= len > 13 && !memcmp(at, "relp_version=", 13);
        if (len < 9 || memcmp(at, "commands=", 9))
            continue;
        for (const char *word = at + 9, *comma; word < stop; word = comma + 1) {
            comma = memchr(word, ',', (size_t)(stop - word));
            comma = comma ? comma : stop;
            syslog |= comma - word == 6 && !memcmp(word, "syslog", 6);
        }
    }
    return version && syslog;
}

static void reply(struct buf *out, uint32_t txnr, const char *text)
{
    buf_addf(out, "%u rsp %zu %s\n", (unsigned)txnr, strlen(text), text);
}

void relp_answer(struct buf *out, uint32_t txnr, enum relp_does what)
{
    if (what == RELP_MESSAGE)
        reply(out, txnr, "200 OK");
    else if (what == RELP_UNKNOWN)
        reply(out, txnr, "500 unknown command");
    else if (what == RELP_BYE)
        buf_addf(out, "%u rsp 0\n0 serverclose 0\n", (unsigned)txnr);
}

enum relp_does relp_take(struct relp *session, const struct piece *piece, struct buf *out)
{
    uint32_t due = session->last < 999999999 ? session->last + 1 : 1;
    if (piece->txnr != due || session->state == RELP_CLOSING)
        return RELP_NONSENSE;
    session->last = due;
    bool open = command_is(piece, "open");
    if (session->state == RELP_NEW && open && !piece->cut && offer_good(piece)) {
        session->state = RELP_OPEN;
        reply(out, due, offers);
        return RELP_OPENED;
    }
    if (session->state == RELP_NEW) {
        reply(out, due, open ? "500 relp_version and the command syslog are needed" : "500 open comes first");
        buf_adds(out, "0 serverclose 0\n");
        return RELP_NONSENSE;
    }
    if (command_is(piece, "close")) {
        session->state = RELP_CLOSING;
        return RELP_BYE;
    }
    return command_is(piece, "syslog") ? RELP_MESSAGE : open ? RELP_NONSENSE : RELP_UNKNOWN;
}
