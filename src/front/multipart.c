/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * multipart/form-data (RFC 7578) from a whole body in memory; see form.h. Files are not copied: an upload points into
 * the body. A part's headers are read only as far as we need them, and a header that is not understood in a place
 * where it matters (disposition, name, file name) refuses the whole body.
 */
#include "front/form.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

struct parser {
    struct arena *arena;
    const char *at, *end;
    char delimiter[80];                      /* "\r\n--boundary" */
    size_t delimiter_len;
    struct form_limits limits;
    struct reasons *why;
};
struct part { const char *name, *file_name, *media_type; };

static enum status refuse(struct parser *p, enum status status, const char *rule, const char *where, const char *english)
{
    reason_add(p->why, rule, where, english);
    return status;
}

static enum status malformed(struct parser *p)
{
    return refuse(p, BAD_INPUT, "form.multipart", NULL, T_("The body is no well-formed multipart form."));
}

/* The value of a parameter in "x; name=\"value\"; ...": quoted or a token. NULL when absent, "" never by mistake. */
static const char *parameter(struct arena *arena, const char *header, size_t len, const char *name, bool *ret_bad)
{
    const char *end = header + len, *at = memchr(header, ';', len);
    size_t name_len = strlen(name);
    const char *found = NULL;
    *ret_bad = false;
    while (at && at < end) {
        at++;
        while (at < end && (*at == ' ' || *at == '\t')) at++;
        const char *key = at;
        while (at < end && *at != '=' && *at != ';') at++;
        size_t key_len = (size_t)(at - key);
        if (at == end || *at == ';') continue;
        at++;
        const char *value = at;
        size_t value_len;
        char *copy;
        if (at < end && *at == '"') {
            copy = arena_alloc(arena, (size_t)(end - at) + 1);
            value_len = 0;
            for (at++; at < end && *at != '"'; at++) {
                /* Browsers send quotes as %22 and a backslash as itself; only \" is an escape. */
                if (*at == '\\' && at + 1 < end && at[1] == '"') at++;
                copy[value_len++] = *at;
            }
            if (at == end) { *ret_bad = true; return NULL; }
            at++;
        } else {
            while (at < end && *at != ';' && *at != ' ') at++;
            value_len = (size_t)(at - value);
            copy = arena_strndup(arena, value, value_len);
        }
        while (at < end && *at != ';') {
            if (*at != ' ' && *at != '\t') { *ret_bad = true; return NULL; }
            at++;
        }
        if (key_len == name_len && strncasecmp(key, name, name_len) == 0) {
            if (found || !utf8_valid(copy, value_len) || !text_is_plain(copy, value_len, false)) {
                *ret_bad = true;
                return NULL;
            }
            found = copy;
        }
    }
    return found;
}

static bool header_is(const char *line, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    size_t n = strlen(name);
    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0) return false;
    const char *value = line + n + 1;
    while (value < line + len && (*value == ' ' || *value == '\t')) value++;
    *ret = value;
    *ret_len = (size_t)(line + len - value);
    return true;
}

/* Keeps the last component of a file's name: paths are the client's affair. */
static const char *base_name(const char *name)
{
    const char *cut = name;
    for (const char *c = name; *c; c++) {
        if (*c == '/' || *c == '\\') cut = c + 1;
    }
    return *cut ? cut : "file";
}

static enum status read_headers(struct parser *p, struct part *ret)
{
    struct part part = {0};
    bool disposed = false, bad = false;
    for (unsigned lines = 0;; lines++) {
        const char *stop = memmem(p->at, (size_t)(p->end - p->at), "\r\n", 2);
        if (!stop || stop - p->at > 1024 || lines > 16) return malformed(p);
        const char *line = p->at, *value;
        size_t len = (size_t)(stop - line), value_len;
        p->at = stop + 2;
        if (len == 0) break;
        if (header_is(line, len, "Content-Disposition", &value, &value_len)) {
            if (disposed || value_len < 9 || strncasecmp(value, "form-data", 9) != 0) return malformed(p);
            disposed = true;
            part.name = parameter(p->arena, value, value_len, "name", &bad);
            if (bad) return malformed(p);
            part.file_name = parameter(p->arena, value, value_len, "filename", &bad);
            if (bad) return malformed(p);
        } else if (header_is(line, len, "Content-Type", &value, &value_len)) {
            if (!text_is_plain(value, value_len, false) || value_len > 200) return malformed(p);
            part.media_type = arena_strndup(p->arena, value, value_len);
        } else if (header_is(line, len, "Content-Transfer-Encoding", &value, &value_len)) {
            if (!(value_len == 6 && strncasecmp(value, "binary", 6) == 0) &&
                !(value_len == 4 && (strncasecmp(value, "8bit", 4) == 0 || strncasecmp(value, "7bit", 4) == 0))) {
                return malformed(p);
            }
        }
    }
    size_t name_most = p->limits.name_bytes ? p->limits.name_bytes : 128;
    if (!disposed || !part.name || !*part.name || strlen(part.name) > name_most) return malformed(p);
    if (part.file_name && strlen(part.file_name) > 255) {
        return refuse(p, BAD_INPUT, "form.file-name", part.name, T_("The file's name is too long."));
    }
    *ret = part;
    return OK;
}

static enum status keep_part(struct parser *p, const struct part *part, const char *data, size_t len, struct multipart *m)
{
    if (part->file_name) {
        size_t most = p->limits.uploads ? p->limits.uploads : 20;
        size_t bytes = p->limits.upload_bytes ? p->limits.upload_bytes : (size_t)64 << 20;
        if (!*part->file_name && len == 0) return OK;                /* a file field left empty */
        if (m->n_uploads == most) return refuse(p, TOO_LARGE, "form.files", NULL, T_("The form has too many files."));
        if (len > bytes) return refuse(p, TOO_LARGE, "form.file", part->name, T_("The file is too large."));
        m->uploads[m->n_uploads++] = (struct upload){part->name, base_name(part->file_name),
                                                     part->media_type ? part->media_type : "application/octet-stream",
                                                     data, len};
        return OK;
    }
    size_t most = p->limits.fields ? p->limits.fields : 1000;
    if (m->n_fields == most) return refuse(p, TOO_LARGE, "form.fields", NULL, T_("The form has too many fields."));
    if (len > (p->limits.value_bytes ? p->limits.value_bytes : 1 << 20)) {
        return refuse(p, TOO_LARGE, "form.value", part->name, T_("What stands in this field is too long."));
    }
    if (!utf8_valid(data, len) || memchr(data, '\0', len)) {
        return refuse(p, BAD_INPUT, "form.encoding", part->name, T_("This field is not UTF-8 text."));
    }
    m->fields[m->n_fields++] = (struct pair){part->name, arena_strndup(p->arena, data, len)};
    return OK;
}

static bool boundary_good(const char *b)
{
    size_t len = strlen(b);
    if (len == 0 || len > 70 || b[len - 1] == ' ') return false;
    for (; *b; b++) {
        if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ", *b)) return false;
    }
    return true;
}

static enum status read_parts(struct parser *p, struct multipart *m)
{
    /* The first delimiter lacks its line break; nothing stands before it. */
    size_t first = p->delimiter_len - 2;
    if ((size_t)(p->end - p->at) < first || memcmp(p->at, p->delimiter + 2, first) != 0) return malformed(p);
    p->at += first;
    for (unsigned parts = 0;; parts++) {
        if (p->end - p->at >= 2 && memcmp(p->at, "--", 2) == 0) return OK;       /* an epilogue is ignored */
        if (p->end - p->at < 2 || memcmp(p->at, "\r\n", 2) != 0) return malformed(p);
        p->at += 2;
        struct part part;
        enum status status = read_headers(p, &part);
        if (status != OK) return status;
        /* The line break of the delimiter may be the one that ends the headers: an empty part. */
        const char *data = p->at;
        const char *stop = memmem(data - 2, (size_t)(p->end - data) + 2, p->delimiter, p->delimiter_len);
        if (!stop) return malformed(p);
        size_t len = stop < data ? 0 : (size_t)(stop - data);
        status = keep_part(p, &part, data, len, m);
        if (status != OK) return status;
        p->at = stop + p->delimiter_len;
    }
}

enum status multipart_read(struct arena *arena, const char *media_type, const char *body, size_t len,
                           struct form_limits limits, struct reasons *why, struct multipart *ret)
{
    struct parser p = {.arena = arena, .at = body, .end = body + len, .limits = limits, .why = why};
    bool bad;
    const char *boundary = parameter(arena, media_type, strlen(media_type), "boundary", &bad);
    if (bad || !boundary || !boundary_good(boundary)) return malformed(&p);
    memcpy(p.delimiter, "\r\n--", 4);
    p.delimiter_len = 4 + strlen(boundary);
    memcpy(p.delimiter + 4, boundary, p.delimiter_len - 4);
    struct multipart m = {.fields = ARENA_ARRAY(arena, struct pair, limits.fields ? limits.fields : 1000),
                          .uploads = ARENA_ARRAY(arena, struct upload, limits.uploads ? limits.uploads : 20)};
    enum status status = read_parts(&p, &m);
    if (status == OK) *ret = m;
    return status;
}
