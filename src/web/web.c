/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts a web together from its configuration, and takes it apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "front/template.h"
#include "web/secret.h"
#include "web/web.h"

enum { MOST_TABLES = 64 };

static void or_else(unsigned *value, unsigned otherwise)
{
    if (!*value) *value = otherwise;
}

static void defaults(struct web_config *c)
{
    or_else(&c->threads, 2);
    or_else(&c->workers, 24);
    or_else(&c->connections, 4000);
    or_else(&c->per_address, 1200);
    or_else(&c->header_seconds, 10);
    or_else(&c->body_seconds, 60);
    or_else(&c->idle_seconds, 75);
    or_else(&c->streams_a_session, 6);
    if (!c->header_bytes) c->header_bytes = 16 * 1024;
    if (!c->body_bytes) c->body_bytes = 1 << 20;
    if (!c->upload_bytes) c->upload_bytes = (size_t)64 << 20;
}

static bool copy_pages(struct web *w, const struct page *const *pages)
{
    size_t n = 0;
    while (pages && pages[n]) n++;
    const struct page **all = calloc(n + 2, sizeof *all);
    if (!all || n > MOST_TABLES) {
        free(all);
        return false;
    }
    for (size_t i = 0; i < n; i++) all[i] = pages[i];
    all[n] = signin_pages;
    for (size_t i = 0; all[i]; i++) {
        for (const struct page *page = all[i]; page->pattern; page++) w->some_slow = w->some_slow || page->slow;
    }
    w->pages = all;
    return true;
}

/* Keys are given to a name, not to an address: the origin that a browser will say. */
static void name_party(struct web *w)
{
    const struct web_config *c = &w->config;
    bool tls = c->listens[0].certificate != NULL;
    const char *host = c->host ? c->host : "localhost";
    int port = server_port(w->server, 0);
    char origin[300];
    snprintf(origin, sizeof origin, port == (tls ? 443 : 80) ? "%s://%s" : "%s://%s:%d", tls ? "https" : "http", host, port);
    w->party = (struct relying_party){strdup(host), strdup(origin)};
}

/* ---- what outlives the process ---- */

#define KEPT_TABLE "lock"
#define KEPT_KEY "counters"

static void recall(struct web *w)
{
    struct arena *arena = arena_new(1 << 20);
    const void *bytes;
    size_t len;
    struct hash key = hmac_sha256(w->config.seal_secret, sizeof w->config.seal_secret, "lock-out", 8);
    lockouts_key(w->lockouts, key.bytes);
    if (arena && w->identity.get && w->identity.get(w->identity.arg, KEPT_TABLE, 0, KEPT_KEY, arena, &bytes, &len) == OK)
        lockouts_load(w->lockouts, bytes, len, web_now(w));
    arena_free(arena);
}

void web_keep(struct web *w)
{
    static uint8_t bytes[LOCKOUT_BYTES];
    size_t len = w->identity.put ? lockouts_save(w->lockouts, web_now(w), bytes) : 0;
    if (len && w->identity.put(w->identity.arg, KEPT_TABLE, 0, KEPT_KEY, bytes, len) != OK)
        log_warn("the counters of failed attempts could not be written: a restart would forget the newest");
}

/* ---- */

enum status web_start(const struct web_config *config, struct reasons *why, struct web **ret)
{
    struct web *w = calloc(1, sizeof *w);
    if (!w) return NO_MEMORY;
    w->config = *config;
    w->identity = config->identity;
    defaults(&w->config);
    templates_use(&office_templates);
    assets_start();
    seal_init(&w->seal, config->seal_secret);
    random_bytes(w->csrf_key, sizeof w->csrf_key);
    w->sessions = sessions_new(config->sessions);
    w->lockouts = lockouts_new(config->lockouts);
    w->live = live_new(w, config->live, w->config.streams_a_session);
    enum status status = w->sessions && w->lockouts && w->live && copy_pages(w, config->pages) ? OK : NO_MEMORY;
    if (status == OK && !secret_start(&w->identity)) status = NO_MEMORY;
    if (status == OK) recall(w);
    if (status == OK) status = server_start(w, why, &w->server);
    if (status != OK) {
        web_stop(w);
        return status;
    }
    name_party(w);
    *ret = w;
    return OK;
}

int web_port(const struct web *w, size_t listen) { return server_port(w->server, listen); }

void web_changed(struct web *w, const struct touched *touched, size_t n) { live_changed(w->live, touched, n); }

void web_stop(struct web *w)
{
    if (!w) return;
    bool served = w->server;
    server_stop(w->server);
    if (served) web_keep(w);
    live_free(w->live);
    lockouts_free(w->lockouts);
    sessions_free(w->sessions);
    seal_wipe(&w->seal);
    free((void *)(uintptr_t)w->pages);
    free((void *)(uintptr_t)w->party.id);
    free((void *)(uintptr_t)w->party.origin);
    free(w);
}
