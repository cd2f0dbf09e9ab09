/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writes assembled templates as C over the run time in src/front/template.h: one function a template, static text as
 * literals, members by name with a hint each (where the last object had the member), so that a row costs a comparison
 * a member. The HTML is followed here, since what an expression is written with depends on what stands before it.
 */
#include "template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct scope { const char *name; int number; bool loop; struct scope *outer; };

struct emitter {
    FILE *out;
    struct html html;
    struct scope *scope;
    int names, hints, words, depth;
    char *pending;                              /* static text not yet written */
    size_t pending_len, pending_cap;
    bool space;                                 /* the last character written was a gap */
};

static void line(struct emitter *e) { fprintf(e->out, "%*s", 4 * e->depth, ""); }

static void c_string(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') fputs("\\n", out);
        else if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '?' || c < 32 || c > 126) fprintf(out, "\\%03o", c);
        else fputc(c, out);
    }
    fputc('"', out);
}

static void flush(struct emitter *e)
{
    for (size_t at = 0; at < e->pending_len; at += 2000) {
        size_t n = e->pending_len - at < 2000 ? e->pending_len - at : 2000;
        line(e);
        fputs("tpl_static(r, ", e->out);
        c_string(e->out, e->pending + at, n);
        fprintf(e->out, ", %zu);\n", n);
    }
    e->pending_len = 0;
}

/* Keeps static text, with gaps in plain text shortened to one character. */
static void keep(struct emitter *e, char c)
{
    bool gap = isspace((unsigned char)c) && e->html.mode == HTML_TEXT && !e->html.keep_space;
    if (gap && e->space) {
        if (c == '\n' && e->pending_len) e->pending[e->pending_len - 1] = '\n';
        return;
    }
    e->space = gap;
    if (e->pending_len == e->pending_cap) {
        size_t cap = e->pending_cap ? e->pending_cap * 2 : 4096;
        char *grown = take(cap);
        if (e->pending_len) memcpy(grown, e->pending, e->pending_len);
        e->pending = grown;
        e->pending_cap = cap;
    }
    e->pending[e->pending_len++] = c == '\t' && gap ? ' ' : c;
}

static void emit_text(struct emitter *e, const struct node *n)
{
    struct place at = n->at;
    for (size_t i = 0; i < n->len; i++) {
        /* Fed in pieces that hold a whole address' scheme. */
        if (html_in_url(&e->html) && e->html.url == URL_START) {
            struct html trial = e->html;
            html_feed(&trial, at, n->text + i, n->len - i < 12 ? n->len - i : 12);
        }
        keep(e, n->text[i]);
        html_feed(&e->html, at, n->text + i, 1);
        if (n->text[i] == '\n') at.line++;
    }
}

/* ---- expressions --------------------------------------------------------------------------------------------- */

static void emit_value(struct emitter *, const struct expr *);

static struct scope *find_scope(struct emitter *e, const char *name)
{
    for (struct scope *s = e->scope; s; s = s->outer) {
        if (!s->loop && strcmp(s->name, name) == 0) return s;
    }
    return NULL;
}

static struct scope *find_loop(struct emitter *e)
{
    for (struct scope *s = e->scope; s; s = s->outer) {
        if (s->loop) return s;
    }
    return NULL;
}

/* loop.index, loop.first, loop.last, loop.count as C; false when it is another member. */
static const char *loop_member(struct emitter *e, const struct expr *x, int *ret_number)
{
    if (x->kind != EXPR_MEMBER || x->left->kind != EXPR_NAME || strcmp(x->left->text, "loop") != 0) return NULL;
    struct scope *loop = find_loop(e);
    if (!loop) return NULL;
    static const char *const MEMBERS[] = {"index", "first", "last", "count"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(x->text, MEMBERS[i]) == 0) { *ret_number = loop->number; return MEMBERS[i]; }
    }
    fault(x->at, "a loop has index, first, last and count, no %s", x->text);
}

static void emit_truth(struct emitter *e, const struct expr *x)
{
    int n;
    const char *member = loop_member(e, x, &n);
    if (member && strcmp(member, "first") == 0) { fprintf(e->out, "(i%d == 0)", n); return; }
    if (member && strcmp(member, "last") == 0) { fprintf(e->out, "(i%d + 1 == n%d)", n, n); return; }
    switch (x->kind) {
    case EXPR_NOT:
        fputs("!", e->out);
        emit_truth(e, x->left);
        break;
    case EXPR_AND: case EXPR_OR:
        fputs("(", e->out);
        emit_truth(e, x->left);
        fputs(x->kind == EXPR_AND ? " && " : " || ", e->out);
        emit_truth(e, x->right);
        fputs(")", e->out);
        break;
    case EXPR_COMPARE:
        if (x->text[0] == '=' || x->text[0] == '!') fputs(x->text[0] == '!' ? "!tpl_same(" : "tpl_same(", e->out);
        else fputs("(tpl_order(", e->out);
        emit_value(e, x->left);
        fputs(", ", e->out);
        emit_value(e, x->right);
        if (x->text[0] == '=' || x->text[0] == '!') fputs(")", e->out);
        else fprintf(e->out, ") %s 0)", x->text);
        break;
    default:
        fputs("tpl_true(", e->out);
        emit_value(e, x);
        fputs(")", e->out);
    }
}

static void emit_member(struct emitter *e, const struct expr *x)
{
    int n;
    const char *member = loop_member(e, x, &n);
    if (member && strcmp(member, "index") == 0) { fprintf(e->out, "tpl_int(r, (long long)i%d + 1)", n); return; }
    if (member && strcmp(member, "count") == 0) { fprintf(e->out, "tpl_int(r, (long long)n%d)", n); return; }
    if (member) {
        fputs("tpl_bool(", e->out);
        emit_truth(e, x);
        fputs(")", e->out);
        return;
    }
    fputs("tpl_get(", e->out);
    emit_value(e, x->left);
    fputs(", ", e->out);
    c_string(e->out, x->text, strlen(x->text));
    fprintf(e->out, ", &h[%d])", e->hints++);
}

static void emit_value(struct emitter *e, const struct expr *x)
{
    switch (x->kind) {
    case EXPR_STRING:
        fputs("TPL_STR(", e->out);
        c_string(e->out, x->text, strlen(x->text));
        fputs(")", e->out);
        break;
    case EXPR_INT: fprintf(e->out, "TPL_INT(%lldLL)", x->number); break;
    case EXPR_TRUE: fputs("tpl_bool(true)", e->out); break;
    case EXPR_FALSE: fputs("tpl_bool(false)", e->out); break;
    case EXPR_NULL: fputs("NULL", e->out); break;
    case EXPR_NAME: {
        struct scope *s = find_scope(e, x->text);
        if (s) {
            fprintf(e->out, "v%d", s->number);
        } else {
            fputs("tpl_get(r->root, ", e->out);
            c_string(e->out, x->text, strlen(x->text));
            fprintf(e->out, ", &h[%d])", e->hints++);
        }
        break;
    }
    case EXPR_MEMBER: emit_member(e, x); break;
    case EXPR_INDEX:
        fputs("tpl_index(", e->out);
        emit_value(e, x->left);
        fputs(", ", e->out);
        emit_value(e, x->right);
        fputs(")", e->out);
        break;
    case EXPR_OR: case EXPR_AND:
        fputs(x->kind == EXPR_OR ? "tpl_either(" : "tpl_both(", e->out);
        emit_value(e, x->left);
        fputs(", ", e->out);
        emit_value(e, x->right);
        fputs(")", e->out);
        break;
    case EXPR_NOT: case EXPR_COMPARE:
        fputs("tpl_bool(", e->out);
        emit_truth(e, x);
        fputs(")", e->out);
        break;
    case EXPR_FILTER: {
        const struct filter *f = filter_find(x->text);
        if (!f->function) fault(x->at, "the filter %s writes: it stands last, in {{ }}, in text", x->text);
        fprintf(e->out, "%s(r, ", f->function);
        emit_value(e, x->left);
        fputs(")", e->out);
        break;
    }
    }
}

/* ---- nodes --------------------------------------------------------------------------------------------------- */

static void emit_nodes(struct emitter *, const struct node *);

static void emit_out(struct emitter *e, const struct node *n)
{
    enum escape escape = html_escape(&e->html, n->at);
    const struct expr *x = n->value;
    const char *writer = escape == ESCAPE_URL ? "tpl_url" : escape == ESCAPE_URL_PART ? "tpl_url_part" : "tpl_out";
    if (x->kind == EXPR_FILTER && !filter_find(x->text)->function) {
        if (!html_is_text(&e->html)) fault(n->at, "the filter %s writes elements: it has no place here", x->text);
        writer = strcmp(x->text, "svg") == 0 ? "tpl_svg" : "tpl_lines";
        x = x->left;
    }
    flush(e);
    line(e);
    fprintf(e->out, "%s(r, ", writer);
    emit_value(e, x);
    fputs(");\n", e->out);
    html_wrote(&e->html);
    e->space = false;
}

static void emit_words(struct emitter *e, const struct node *n)
{
    enum escape escape = html_escape(&e->html, n->at);
    if (escape != ESCAPE_TEXT) fault(n->at, "words have no place in an address");
    flush(e);
    line(e);
    fprintf(e->out, "tpl_words(r, &w[%d], ", e->words);
    if (n->many) {
        fputs("tpl_is_one(r, ", e->out);
        emit_value(e, n->value);
        fputs(") ? ", e->out);
        c_string(e->out, n->text, strlen(n->text));
        fputs(" : ", e->out);
        c_string(e->out, n->many, strlen(n->many));
    } else {
        c_string(e->out, n->text, n->len);
    }
    e->words++;
    fprintf(e->out, ", %zu, (const struct val *const[]){", n->n_args);
    for (size_t i = 0; i < n->n_args; i++) {
        if (i) fputs(", ", e->out);
        emit_value(e, n->args[i]);
    }
    fputs(n->n_args ? "});\n" : "NULL});\n", e->out);
    html_wrote(&e->html);
    e->space = false;
}

static struct scope *push(struct emitter *e, const char *name, bool loop)
{
    struct scope *s = take(sizeof *s);
    *s = (struct scope){name, ++e->names, loop, e->scope};
    e->scope = s;
    return s;
}

static void emit_bound(struct emitter *e, const struct node *n)
{
    struct scope *outer = e->scope;
    flush(e);
    line(e);
    fputs("{\n", e->out);
    e->depth++;
    /* The values are taken in the outer scope, so that a name may be bound to itself. */
    struct scope *inner = outer;
    for (const struct binding *b = n->bindings; b; b = b->next) {
        line(e);
        fprintf(e->out, "const struct val *v%d = ", e->names + 1);
        emit_value(e, b->value);
        fputs(";\n", e->out);
        struct scope *s = take(sizeof *s);
        *s = (struct scope){b->name, ++e->names, false, inner};
        inner = s;
        line(e);
        fprintf(e->out, "(void)v%d;\n", s->number);
    }
    e->scope = inner;
    emit_nodes(e, n->body);
    flush(e);
    e->depth--;
    line(e);
    fputs("}\n", e->out);
    e->scope = outer;
}

static void emit_if(struct emitter *e, const struct node *n)
{
    flush(e);
    html_settle(&e->html, n->at);
    struct html before = e->html, after = before;
    bool first = true, has_else = false;
    for (const struct branch *b = n->branches; b; b = b->next) {
        if (first) line(e);
        if (b->when) {
            fputs(first ? "if (" : " else if (", e->out);
            emit_truth(e, b->when);
            fputs(") {\n", e->out);
        } else {
            fputs(" else {\n", e->out);
            has_else = true;
        }
        e->html = before;
        e->space = false;
        e->depth++;
        emit_nodes(e, b->body);
        flush(e);
        e->depth--;
        line(e);
        fputs("}", e->out);
        if (first) { after = e->html; html_settle(&after, n->at); }
        else html_merge(&after, &e->html, n->at);
        first = false;
    }
    fputs("\n", e->out);
    if (!has_else) html_merge(&after, &before, n->at);
    e->html = after;
    e->space = false;
}

static void emit_for(struct emitter *e, const struct node *n)
{
    flush(e);
    html_settle(&e->html, n->at);
    struct html before = e->html;
    struct scope *outer = e->scope;
    line(e);
    fputs("{\n", e->out);
    e->depth++;
    int list = ++e->names;
    line(e);
    fprintf(e->out, "const struct val *v%d = ", list);
    emit_value(e, n->value);
    fputs(";\n", e->out);
    struct scope *loop = push(e, "loop", true);
    struct scope *key = push(e, n->var, false), *value = n->var2 ? push(e, n->var2, false) : NULL;
    line(e);
    fprintf(e->out, "size_t n%d = tpl_length(v%d);\n", loop->number, list);
    line(e);
    fprintf(e->out, "for (size_t i%d = 0; i%d < n%d; i%d++) {\n", loop->number, loop->number, loop->number, loop->number);
    e->depth++;
    line(e);
    if (value) {
        fprintf(e->out, "const struct val *v%d = tpl_key(r, v%d, i%d), *v%d = tpl_item(v%d, i%d);\n", key->number, list,
                loop->number, value->number, list, loop->number);
        line(e);
        fprintf(e->out, "(void)v%d;\n", value->number);
    } else {
        fprintf(e->out, "const struct val *v%d = tpl_item(v%d, i%d);\n", key->number, list, loop->number);
    }
    line(e);
    fprintf(e->out, "(void)v%d;\n", key->number);
    if (e->html.url == URL_START && html_in_url(&e->html)) e->html.url = URL_UNSURE;
    e->space = false;
    emit_nodes(e, n->body);
    flush(e);
    html_merge(&e->html, &before, n->at);
    struct html after = e->html;
    e->depth--;
    line(e);
    fputs("}\n", e->out);
    e->scope = outer;
    if (n->otherwise) {
        e->html = before;
        e->space = false;
        line(e);
        fprintf(e->out, "if (n%d == 0) {\n", loop->number);
        e->depth++;
        emit_nodes(e, n->otherwise);
        flush(e);
        e->depth--;
        line(e);
        fputs("}\n", e->out);
        html_merge(&e->html, &after, n->at);
    }
    e->depth--;
    line(e);
    fputs("}\n", e->out);
    e->space = false;
}

static void emit_nodes(struct emitter *e, const struct node *list)
{
    for (; list; list = list->next) {
        switch (list->kind) {
        case NODE_TEXT: emit_text(e, list); break;
        case NODE_OUT: emit_out(e, list); break;
        case NODE_IF: emit_if(e, list); break;
        case NODE_FOR: emit_for(e, list); break;
        case NODE_WORDS: emit_words(e, list); break;
        case NODE_BLOCK: emit_nodes(e, list->body); break;
        case NODE_WITH: case NODE_INCLUDE:
            if (list->bindings) emit_bound(e, list);
            else emit_nodes(e, list->body);
            break;
        }
    }
}

static void emit_template(FILE *out, struct template *t, struct template *all, int number)
{
    char *text = NULL;
    size_t len = 0;
    struct emitter e = {.out = open_memstream(&text, &len), .depth = 1};
    if (!e.out) fault((struct place){t->file, 1}, "no memory");
    emit_nodes(&e, assemble(t, all));
    flush(&e);
    if (e.html.mode != HTML_TEXT) fault((struct place){t->file, 1}, "a tag, a quote or a comment is still open at the end");
    fclose(e.out);
    fprintf(out, "\n/* %s */\nstatic void t_%d(struct tpl *r)\n{\n", t->file, number);
    if (e.hints) fprintf(out, "    static uint32_t h[%d];\n", e.hints);
    if (e.words) fprintf(out, "    static struct tpl_site w[%d];\n", e.words);
    fwrite(text, 1, len, out);
    fputs("}\n", out);
    free(text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct template *const *)a)->name, (*(struct template *const *)b)->name);
}

void emit_all(FILE *out, struct template *all, const char *table)
{
    int n = 0;
    for (struct template *t = all; t; t = t->next) n++;
    struct template **sorted = take((size_t)(n + 1) * sizeof *sorted);
    n = 0;
    for (struct template *t = all; t; t = t->next) sorted[n++] = t;
    qsort(sorted, (size_t)n, sizeof *sorted, by_name);
    for (int i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            fault((struct place){sorted[i]->file, 1}, "\"%s\" is there twice, also as %s", sorted[i]->name, sorted[i - 1]->file);
        }
    }
    fputs("/* Made from templates; not to be edited. */\n#include \"front/template.h\"\n", out);
    for (int i = 0; i < n; i++) emit_template(out, sorted[i], all, i);
    fprintf(out, "\nstatic const struct template_entry entries[] = {\n");
    for (int i = 0; i < n; i++) {
        fputs("    {", out);
        c_string(out, sorted[i]->name, strlen(sorted[i]->name));
        fprintf(out, ", t_%d},\n", i);
    }
    fprintf(out, "};\nconst struct template_table %s = {entries, sizeof entries / sizeof *entries};\n", table);
}

/* ---- words --------------------------------------------------------------------------------------------------- */

static void po_entry(FILE *out, struct place at, const char *text)
{
    fprintf(out, "#: %s:%d\nmsgid \"", at.file, at.line);
    for (; *text; text++) {
        if (*text == '\n') fputs("\\n", out);
        else if (*text == '"' || *text == '\\') fprintf(out, "\\%c", *text);
        else fputc(*text, out);
    }
    fputs("\"\nmsgstr \"\"\n\n", out);
}

/* A string that is handed to the filter tr is a text to translate, too. */
static void expr_texts(FILE *out, const struct expr *x)
{
    if (!x) return;
    if (x->kind == EXPR_FILTER && strcmp(x->text, "tr") == 0 && x->left->kind == EXPR_STRING) {
        po_entry(out, x->at, x->left->text);
    }
    expr_texts(out, x->left);
    expr_texts(out, x->right);
}

static void node_texts(FILE *out, const struct node *n)
{
    for (; n; n = n->next) {
        if (n->kind == NODE_WORDS) {
            po_entry(out, n->at, n->text);
            if (n->many) po_entry(out, n->at, n->many);
        }
        expr_texts(out, n->value);
        for (size_t i = 0; i < n->n_args; i++) expr_texts(out, n->args[i]);
        for (const struct binding *b = n->bindings; b; b = b->next) expr_texts(out, b->value);
        for (const struct branch *b = n->branches; b; b = b->next) {
            expr_texts(out, b->when);
            node_texts(out, b->body);
        }
        node_texts(out, n->body);
        node_texts(out, n->otherwise);
    }
}

void emit_texts(FILE *out, struct template *all)
{
    for (; all; all = all->next) node_texts(out, all->body);
}
