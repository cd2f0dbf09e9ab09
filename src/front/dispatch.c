/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a request to its page. The order is fixed: the entry (path, then method), the sign-in, the CSRF token, the
 * right, the handler. Nobody who is not signed in learns which paths exist: every one of them asks for a sign-in.
 */
#include "front/front.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/office.h"

enum { PROOF_LASTS = 5 * 60 * 1000 };

/* Compares one pattern with a path. The score grows with literal components, the earlier the more. */
static bool match(const char *pattern, const char *path, unsigned *ret_score, const char *at[8], size_t len[8],
                  size_t *ret_n)
{
    unsigned score = 0, weight = 1u << 20;
    size_t n = 0;
    while (*pattern) {
        if (*pattern == '{') {
            size_t part = strcspn(path, "/");
            if (part == 0 || n == 8) return false;
            at[n] = path;
            len[n++] = part;
            path += part;
            pattern = strchr(pattern, '}');
            if (!pattern) return false;
            pattern++;
            weight >>= 1;
        } else if (*pattern == *path) {
            if (*pattern == '/') weight >>= 1;
            else score |= weight;
            pattern++;
            path++;
        } else {
            return false;
        }
    }
    if (*path) return false;
    *ret_score = score + 1;
    *ret_n = n;
    return true;
}

const struct page *find_page(const struct page *const *tables, enum method method, const char *path, struct arena *arena,
                             const char *part[8], bool *ret_other)
{
    const struct page *best = NULL;
    unsigned best_score = 0;
    size_t n_best = 0, best_len[8] = {0};
    const char *best_at[8] = {0};
    *ret_other = false;
    for (; *tables; tables++) {
        for (const struct page *page = *tables; page->pattern; page++) {
            unsigned score;
            const char *at[8];
            size_t len[8], n;
            if (page->pattern[0] && path[0] && page->pattern[1] != path[1] && page->pattern[1] != '{') continue;
            if (!match(page->pattern, path, &score, at, len, &n)) continue;
            if (page->method != method) {
                *ret_other = true;
            } else if (score > best_score) {
                best = page;
                best_score = score;
                n_best = n;
                memcpy(best_at, at, sizeof at);
                memcpy(best_len, len, sizeof len);
            }
        }
    }
    for (size_t i = 0; best && i < n_best; i++) part[i] = arena_strndup(arena, best_at[i], best_len[i]);
    return best;
}

static void answer_one(struct request *q, struct answer *a, int status, enum status kind, const char *rule,
                       const char *english, const char *next)
{
    struct reasons why;
    reasons_init(&why, q->arena);
    struct reason *reason = reason_add(&why, rule, NULL, english);
    if (next) reason_next(&why, reason, next);
    answer_reasons(q, a, kind, &why);
    a->status = status;
}

static void ask_to_sign_in(struct request *q, struct answer *a)
{
    if (q->api || q->partial || q->method != METHOD_GET) {
        answer_one(q, a, 401, REFUSED, "front.sign-in", T_("Nobody is signed in, or the session has ended."),
                   T_("Sign in and send it again."));
        if (q->partial) answer_header(a, "HX-Redirect", "/sign-in");
        return;
    }
    struct buf to = {0};
    buf_init(&to, 2048);
    buf_adds(&to, "/sign-in");
    if (strcmp(q->path, "/") != 0) {
        buf_adds(&to, "?to=");
        for (const char *c = q->path; *c; c++) {
            if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-._~/", *c)) {
                buf_addc(&to, *c);
            } else {
                buf_addf(&to, "%%%02X", (unsigned char)*c);
            }
        }
    }
    answer_redirect(a, to.failed ? "/sign-in" : arena_strdup(q->arena, to.data));
    buf_free(&to);
}

static bool csrf_good(const struct request *q)
{
    if (q->method == METHOD_GET || q->bearer) return true;
    const char *given = q->csrf_given ? q->csrf_given : request_form(q, "csrf");
    if (!given || !q->csrf || !*q->csrf) return false;
    size_t len = strlen(q->csrf);
    return strlen(given) == len && bytes_equal(given, q->csrf, len);
}

static bool proof_fresh(const struct request *q)
{
    return q->proved != MOMENT_NONE && q->proved <= q->now && q->now - q->proved <= PROOF_LASTS;
}

void dispatch(const struct page *const *tables, struct request *q, struct answer *a)
{
    bool other;
    const struct page *page = find_page(tables, q->method, q->path, q->arena, q->part, &other);
    if (!(page && !page->right) && !q->reader) {
        ask_to_sign_in(q, a);
        return;
    }
    if (!page && other) {
        answer_one(q, a, 405, BAD_INPUT, "front.method", T_("This address does not take such a request."), NULL);
        return;
    }
    if (!page) {
        answer_reasons(q, a, ABSENT, NULL);
        return;
    }
    if (!csrf_good(q)) {
        answer_one(q, a, 403, REFUSED, "front.csrf",
                   T_("This form does not come from a page of your session, so nothing was done."),
                   T_("Open the page again and send the form from there."));
        return;
    }
    if (page->right && *page->right && !reader_has_right(q->reader, page->right)) {
        struct reasons why;
        reasons_init(&why, q->arena);
        struct reason *reason = reason_add(&why, "front.right", NULL,
            T_("This page needs the right \"%1$s\", which your post does not carry."), page->right);
        reason_next(&why, reason, T_("Ask somebody whose post carries it, or sign in under such a post."));
        answer_reasons(q, a, REFUSED, &why);
        return;
    }
    if (page->needs_proof && !proof_fresh(q)) {
        answer_one(q, a, 403, REFUSED, "front.proof", T_("This step asks for your password or key once more."),
                   T_("Confirm who you are, then send it again."));
        answer_header(a, "X-Proof-Needed", "1");
        return;
    }
    enum status status = page->handle(q, a);
    if (status != OK) answer_reasons(q, a, status, NULL);
}
