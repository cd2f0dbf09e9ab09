/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads one template into nodes, and puts its layout and includes in place. Text, {{ }}, {% %} and {# #} are split
 * here; what stands inside them is read by template_expr.c. Includes are copied in, so that they see the names of the
 * place that includes them; one that includes itself is a fault.
 */
#include "template.h"

#include <errno.h>
#include <string.h>

enum { MOST_FILE = 256 * 1024, MOST_DEPTH = 16 };

struct parser {
    const char *next, *end;
    struct place at;
    struct template *template;
    /* The tag that ended the last list of nodes, e.g. "else", its inside not yet read beyond the word. */
    const char *stop;
    struct reader rest;
};

static const char *find(const char *from, const char *end, const char *what)
{
    for (; from + 1 < end; from++) {
        if (from[0] == what[0] && from[1] == what[1]) return from;
    }
    return NULL;
}

static struct node *node_new(struct parser *p, enum node_kind kind)
{
    struct node *n = take(sizeof *n);
    n->kind = kind;
    n->at = p->at;
    return n;
}

/* Takes the inside of the tag that opens at p->next and moves behind it; quotes may hold the closing sign. */
static struct reader tag_inside(struct parser *p, const char *close)
{
    struct reader r = {p->next + 2, NULL, p->at};
    bool quoted = false;
    const char *at = p->next + 2;
    for (; at + 1 < p->end; at++) {
        if (*at == '\\' && quoted) at++;
        else if (*at == '"') quoted = !quoted;
        else if (!quoted && at[0] == close[0] && at[1] == close[1]) break;
        if (*at == '\n') p->at.line++;
    }
    if (at + 1 >= p->end) fault(r.at, "\"%s\" is missing", close);
    r.end = at;
    p->next = at + 2;
    return r;
}

static struct node *parse_nodes(struct parser *, const char *const *stops, struct place opened);
static const char *const END[] = {"end", NULL};
static const char *const ELSE_END[] = {"else", "end", NULL};
static const char *const BRANCHES[] = {"elif", "else", "end", NULL};

static struct node *parse_if(struct parser *p, struct reader *r)
{
    struct node *n = node_new(p, NODE_IF);
    struct branch **link = &n->branches;
    struct reader when = *r;
    bool has_else = false;
    for (;;) {
        struct branch *b = take(sizeof *b);
        if (!has_else) b->when = read_expr(&when);
        read_end(&when);
        b->body = parse_nodes(p, has_else ? END : BRANCHES, n->at);
        *link = b;
        link = &b->next;
        when = p->rest;
        if (strcmp(p->stop, "end") == 0) break;
        has_else = strcmp(p->stop, "else") == 0;
    }
    read_end(&when);
    return n;
}

static struct node *parse_for(struct parser *p, struct reader *r)
{
    struct node *n = node_new(p, NODE_FOR);
    n->var = read_name(r);
    if (take_char(r, ',')) n->var2 = read_name(r);
    if (!take_word(r, "in")) fault(n->at, "\"in\" is missing: {%% for x in list %%}");
    n->value = read_expr(r);
    read_end(r);
    n->body = parse_nodes(p, ELSE_END, n->at);
    read_end(&p->rest);
    if (strcmp(p->stop, "else") == 0) {
        n->otherwise = parse_nodes(p, END, n->at);
        read_end(&p->rest);
    }
    return n;
}

static struct binding *parse_bindings(struct reader *r)
{
    struct binding *first = NULL, **link = &first;
    do {
        struct binding *b = take(sizeof *b);
        b->name = read_name(r);
        if (!take_char(r, '=')) fault(r->at, "\"=\" is missing after %s", b->name);
        b->value = read_expr(r);
        *link = b;
        link = &b->next;
    } while (take_char(r, ','));
    return first;
}

/* The largest n of %n$s; faults on any other conversion. */
static size_t most_argument(struct place at, const char *text)
{
    size_t most = 0;
    for (const char *c = text; (c = strchr(c, '%')); c++) {
        if (c[1] == '%') { c++; continue; }
        if (c[1] < '1' || c[1] > '9' || c[2] != '$' || c[3] != 's') fault(at, "write %%1$s and so on, or %%%%");
        if ((size_t)(c[1] - '0') > most) most = (size_t)(c[1] - '0');
    }
    return most;
}

/* {% t "One %1$s" x, y %} and {% tn count "%1$s thing" "%1$s things" x %} */
static struct node *parse_words(struct parser *p, struct reader *r, bool counted)
{
    struct node *n = node_new(p, NODE_WORDS);
    if (counted) n->value = read_expr(r);
    n->text = read_string(r, &n->len);
    size_t most = most_argument(n->at, n->text);
    if (counted) {
        n->many = read_string(r, NULL);
        size_t second = most_argument(n->at, n->many);
        if (second > most) most = second;
    }
    skip_space(r);
    while (r->next < r->end) {
        if (n->n_args == 9) fault(n->at, "at most nine arguments");
        n->args[n->n_args++] = read_expr(r);
        if (!take_char(r, ',')) break;
    }
    read_end(r);
    if (most != n->n_args) fault(n->at, "the text asks for %zu arguments, given are %zu", most, n->n_args);
    return n;
}

static struct node *parse_tag(struct parser *p, const char *const *stops)
{
    struct reader r = tag_inside(p, "%}");
    for (; stops && *stops; stops++) {
        if (take_word(&r, *stops)) {
            p->stop = *stops;
            p->rest = r;
            return NULL;
        }
    }
    if (take_word(&r, "if")) return parse_if(p, &r);
    if (take_word(&r, "for")) return parse_for(p, &r);
    if (take_word(&r, "t")) return parse_words(p, &r, false);
    if (take_word(&r, "tn")) return parse_words(p, &r, true);
    if (take_word(&r, "with")) {
        struct node *n = node_new(p, NODE_WITH);
        n->bindings = parse_bindings(&r);
        read_end(&r);
        n->body = parse_nodes(p, END, n->at);
        read_end(&p->rest);
        return n;
    }
    if (take_word(&r, "block")) {
        struct node *n = node_new(p, NODE_BLOCK);
        n->text = read_name(&r);
        read_end(&r);
        n->body = parse_nodes(p, END, n->at);
        read_end(&p->rest);
        return n;
    }
    if (take_word(&r, "include")) {
        struct node *n = node_new(p, NODE_INCLUDE);
        n->text = read_string(&r, NULL);
        if (take_word(&r, "with")) n->bindings = parse_bindings(&r);
        read_end(&r);
        return n;
    }
    if (take_word(&r, "layout")) {
        if (p->template->layout) fault(r.at, "a page has one layout");
        p->template->layout = read_string(&r, NULL);
        p->template->layout_at = r.at;
        read_end(&r);
        return node_new(p, NODE_TEXT);
    }
    fault(r.at, "not understood: {%%%.*s%%}", (int)(r.end - r.next), r.next);
}

static struct node *parse_text(struct parser *p)
{
    struct node *n = node_new(p, NODE_TEXT);
    const char *start = p->next;
    while (p->next < p->end && !(p->next[0] == '{' && p->next + 1 < p->end && strchr("{%#", p->next[1]))) {
        if (*p->next == '\n') p->at.line++;
        p->next++;
    }
    n->text = start;
    n->len = (size_t)(p->next - start);
    return n;
}

static void skip_comment(struct parser *p)
{
    const char *end = find(p->next, p->end, "#}");
    if (!end) fault(p->at, "\"#}\" is missing");
    for (; p->next < end + 2; p->next++) {
        if (*p->next == '\n') p->at.line++;
    }
}

/* Up to one of the stops, or to the end when there are none. */
static struct node *parse_nodes(struct parser *p, const char *const *stops, struct place place)
{
    struct node *first = NULL, **link = &first;
    while (p->next < p->end) {
        struct node *n;
        bool tag = p->next[0] == '{' && p->next + 1 < p->end;
        if (tag && p->next[1] == '#') {
            skip_comment(p);
            continue;
        } else if (tag && p->next[1] == '{') {
            n = node_new(p, NODE_OUT);
            struct reader r = tag_inside(p, "}}");
            n->value = read_expr(&r);
            read_end(&r);
        } else if (tag && p->next[1] == '%') {
            n = parse_tag(p, stops);
            if (!n) return first;
        } else {
            n = parse_text(p);
        }
        *link = n;
        link = &n->next;
    }
    if (stops) fault(place, "the {%% end %%} of this is missing");
    return first;
}

struct template *parse_template(const char *name, const char *root, const char *file)
{
    struct template *t = take(sizeof *t);
    t->name = name;
    t->file = file;
    size_t root_len = root ? strlen(root) + 1 : 0;
    char *path = take(root_len + strlen(file) + 1);
    if (root) {
        memcpy(path, root, root_len - 1);
        path[root_len - 1] = '/';
    }
    memcpy(path + root_len, file, strlen(file));
    FILE *in = fopen(path, "rb");
    if (!in) fault((struct place){file, 1}, "cannot be read: %s", strerror(errno));
    char *text = take(MOST_FILE + 1);
    size_t len = fread(text, 1, MOST_FILE + 1, in);
    fclose(in);
    if (len > MOST_FILE) fault((struct place){file, 1}, "a template has at most 256 KiB");
    if (memchr(text, '\0', len)) fault((struct place){file, 1}, "a template holds no NUL");
    struct parser p = {.next = text, .end = text + len, .at = {file, 1}, .template = t};
    t->body = parse_nodes(&p, NULL, p.at);
    return t;
}

/* ---- layout and includes ------------------------------------------------------------------------------------- */

static struct template *named(struct template *all, const char *name)
{
    for (; all; all = all->next) {
        if (strcmp(all->name, name) == 0) return all;
    }
    return NULL;
}

static struct node *find_block(struct node *list, const char *name)
{
    for (; list; list = list->next) {
        if (list->kind == NODE_BLOCK && strcmp(list->text, name) == 0) return list;
    }
    return NULL;
}

struct assembly { struct template *all; struct node *blocks; int depth, includes; };

static struct node *copy_nodes(struct assembly *a, const struct node *list)
{
    struct node *first = NULL, **link = &first;
    if (list && ++a->depth > 200) fault(list->at, "nested too deeply");
    if (!list) return NULL;
    for (; list; list = list->next) {
        struct node *n = take(sizeof *n);
        *n = *list;
        n->next = NULL;
        if (n->kind == NODE_BLOCK && a->blocks) {
            struct node *mine = find_block(a->blocks, n->text);
            if (mine) {
                struct assembly inner = {a->all, NULL, a->depth, a->includes};
                n->body = copy_nodes(&inner, mine->body);
                *link = n;
                link = &n->next;
                continue;
            }
        }
        if (n->kind == NODE_INCLUDE) {
            struct template *t = named(a->all, n->text);
            if (!t) fault(n->at, "there is no template \"%s\"", n->text);
            if (t->layout) fault(n->at, "\"%s\" has a layout: it is a page and cannot be included", n->text);
            if (++a->includes > MOST_DEPTH) fault(n->at, "included too deeply: does \"%s\" include itself?", n->text);
            n->body = copy_nodes(a, t->body);
            a->includes--;
        } else {
            n->body = copy_nodes(a, n->body);
        }
        n->otherwise = copy_nodes(a, n->otherwise);
        struct branch **branch = &n->branches;
        for (const struct branch *b = list->branches; b; b = b->next) {
            struct branch *c = take(sizeof *c);
            c->when = b->when;
            c->body = copy_nodes(a, b->body);
            *branch = c;
            branch = &c->next;
        }
        *link = n;
        link = &n->next;
    }
    a->depth--;
    return first;
}

/* A layout's blocks may stand anywhere in it. */
static bool has_block(const struct node *list, const char *name)
{
    for (; list; list = list->next) {
        if (list->kind == NODE_BLOCK && strcmp(list->text, name) == 0) return true;
        if (has_block(list->body, name) || has_block(list->otherwise, name)) return true;
        for (const struct branch *b = list->branches; b; b = b->next) {
            if (has_block(b->body, name)) return true;
        }
    }
    return false;
}

static void check_blocks(const struct template *page, const struct node *layout)
{
    for (const struct node *n = page->body; n; n = n->next) {
        if (n->kind == NODE_BLOCK) {
            if (!has_block(layout, n->text)) fault(n->at, "the layout \"%s\" has no block %s", page->layout, n->text);
        } else if (n->kind == NODE_TEXT) {
            if (strspn(n->text ? n->text : "", " \t\r\n") < n->len) {
                fault(n->at, "a page with a layout holds blocks only");
            }
        } else {
            fault(n->at, "a page with a layout holds blocks only");
        }
    }
}

struct node *assemble(const struct template *page, struct template *all)
{
    struct assembly a = {all, NULL, 0, 0};
    if (!page->layout) return copy_nodes(&a, page->body);
    struct template *layout = named(all, page->layout);
    if (!layout) fault(page->layout_at, "there is no template \"%s\"", page->layout);
    if (layout->layout) fault(page->layout_at, "a layout has no layout of its own");
    a.blocks = page->body;
    struct node *whole = copy_nodes(&a, layout->body);
    check_blocks(page, whole);
    return whole;
}
