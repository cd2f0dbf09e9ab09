/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Static files of ui/: embedded in the program, served under an address that carries their hash, so that a browser may
 * keep them for a year; compressed once at the start where that helps. Nothing is read from a disk.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/embedded.h"
#include "base/text.h"
#include "front/template.h"
#include "web/web.h"

enum { MOST_ASSETS = 128 };

struct asset {
    const char *name;                        /* "office.css" */
    char path[160];                          /* "/ui/0123456789abcdef/office.css" */
    const char *media_type;
    const struct embedded_file *file;
    void *packed; size_t packed_len;
};
static struct asset assets[MOST_ASSETS];
static size_t n_assets;

static const char *media_type_of(const char *name)
{
    static const struct { const char *ending, *type; } TYPES[] = {
        {".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".svg", "image/svg+xml"},
        {".png", "image/png"}, {".ico", "image/x-icon"}, {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"}, {".txt", "text/plain; charset=utf-8"}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (str_ends(name, TYPES[i].ending)) return TYPES[i].type;
    }
    return NULL;
}

static void pack(struct asset *a)
{
    z_stream z = {0};
    uLong bound = compressBound((uLong)a->file->len) + 32;
    a->packed = malloc(bound);
    if (!a->packed || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(a->packed);
        a->packed = NULL;
        return;
    }
    z.next_in = (Bytef *)(uintptr_t)a->file->bytes;
    z.avail_in = (uInt)a->file->len;
    z.next_out = a->packed;
    z.avail_out = (uInt)bound;
    bool good = deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < a->file->len;
    a->packed_len = z.total_out;
    deflateEnd(&z);
    if (!good) {
        free(a->packed);
        a->packed = NULL;
    }
}

static void start(void)
{
    for (size_t i = 0; i < embedded_count && n_assets < MOST_ASSETS; i++) {
        const struct embedded_file *f = &embedded_files[i];
        const char *name = f->path + 3, *type = media_type_of(f->path);
        if (!str_starts(f->path, "ui/") || str_starts(name, "templates/") || !type) continue;
        struct asset *a = &assets[n_assets++];
        a->name = name;
        a->file = f;
        a->media_type = type;
        snprintf(a->path, sizeof a->path, "/ui/%.16s/%s", f->sha256, name);
        if (!str_ends(name, ".png") && !str_ends(name, ".woff2")) pack(a);
    }
    template_assets(asset_path);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

void assets_start(void) { pthread_once(&once, start); }

const char *asset_path(const char *name)
{
    for (size_t i = 0; i < n_assets; i++) {
        if (strcmp(assets[i].name, name) == 0) return assets[i].path;
    }
    return NULL;
}

bool asset_answer(struct call *c, const char *path)
{
    for (size_t i = 0; i < n_assets; i++) {
        struct asset *a = &assets[i];
        if (strcmp(a->path, path) != 0) continue;
        const char *accepts = c->headers[HEADER_ACCEPT_ENCODING];
        c->gzip = a->packed && accepts && strstr(accepts, "gzip") && !strstr(accepts, "gzip;q=0");
        c->fixed = c->gzip ? a->packed : a->file->bytes;
        c->fixed_len = c->gzip ? a->packed_len : a->file->len;
        c->answer.status = 200;
        c->answer.media_type = a->media_type;
        c->cache_control = "public, max-age=31536000, immutable";
        return true;
    }
    return false;
}
