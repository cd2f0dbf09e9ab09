/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The template compiler: ui/templates/NAME.html becomes C. A template is read into nodes (template_parse.c,
 * template_expr.c), its layout and includes are put in place, and the nodes are written as C (template_emit.c) while
 * the HTML around every expression is followed (template_html.c), so that each expression is escaped for the place
 * where it stands, and one that stands where nothing can be made safe (script, style, on...=, an unquoted attribute)
 * stops the build with file and line. The language is described in docs/templates.md.
 *
 * Memory is taken from one pool that lives as long as the program.
 */
#ifndef TOOLS_TEMPLATE_H
#define TOOLS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct place { const char *file; int line; };

void *take(size_t bytes);                       /* zeroed, never NULL */
char *take_text(const char *, size_t len);
/* Prints "file:line: words" and ends the build. */
void fault(struct place, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* ---- expressions --------------------------------------------------------------------------------------------- */

enum expr_kind { EXPR_STRING, EXPR_INT, EXPR_TRUE, EXPR_FALSE, EXPR_NULL, EXPR_NAME, EXPR_MEMBER, EXPR_INDEX, EXPR_NOT,
                 EXPR_AND, EXPR_OR, EXPR_COMPARE, EXPR_FILTER };

struct expr {
    enum expr_kind kind;
    struct place at;
    const char *text;                           /* string, name, member, operator, filter */
    long long number;
    struct expr *left, *right;
};

struct filter {
    const char *name;
    const char *function;                       /* NULL: decided by the emitter, last in a row, in text only */
};
const struct filter *filter_find(const char *name);

struct reader {                                 /* the inside of one {{ }} or {% %} */
    const char *next, *end;
    struct place at;
};
struct expr *read_expr(struct reader *);
/* Helpers shared with the node parser. */
void skip_space(struct reader *);
bool take_char(struct reader *, char);
bool take_word(struct reader *, const char *);  /* a whole word */
char *read_name(struct reader *);               /* fault when there is none */
char *read_string(struct reader *, size_t *ret_len);
void read_end(struct reader *);                 /* fault when something is left */

/* ---- nodes --------------------------------------------------------------------------------------------------- */

enum node_kind { NODE_TEXT, NODE_OUT, NODE_IF, NODE_FOR, NODE_WITH, NODE_BLOCK, NODE_INCLUDE, NODE_WORDS };

struct binding { const char *name; struct expr *value; struct binding *next; };

struct branch { struct expr *when; struct node *body; struct branch *next; };   /* when NULL: else */

struct node {
    enum node_kind kind;
    struct place at;
    struct node *next;
    const char *text; size_t len;               /* TEXT; block's or include's name; WORDS: the English text */
    const char *many;                           /* WORDS: the plural, NULL for a plain text */
    struct expr *value;                         /* OUT, FOR's list, WORDS' count */
    const char *var, *var2;                     /* FOR */
    struct branch *branches;                    /* IF */
    struct node *body, *otherwise;              /* FOR, WITH, BLOCK, INCLUDE (put in place) */
    struct binding *bindings;                   /* WITH, INCLUDE */
    struct expr *args[9]; size_t n_args;        /* WORDS */
};

struct template {
    const char *name, *file;
    const char *layout;                         /* NULL: none */
    struct place layout_at;
    struct node *body;
    struct template *next;
};

struct template *parse_template(const char *name, const char *root, const char *file);   /* root NULL: none */
/* Puts layout and includes in place; `all` is the list of templates. */
struct node *assemble(const struct template *, struct template *all);

/* ---- HTML ---------------------------------------------------------------------------------------------------- */

enum html_mode { HTML_TEXT, HTML_RCDATA, HTML_RAW, HTML_OPENED, HTML_TAG_NAME, HTML_CLOSE_NAME, HTML_IN_TAG,
                 HTML_NEED_SPACE, HTML_ATTR_NAME, HTML_AFTER_NAME, HTML_BEFORE_VALUE, HTML_VALUE_DOUBLE,
                 HTML_VALUE_SINGLE, HTML_VALUE_BARE, HTML_COMMENT, HTML_DECLARATION };
enum url_place { URL_START, URL_LATER, URL_UNSURE };

struct html {
    enum html_mode mode;
    char tag[24], attr[40];
    size_t tag_len, attr_len;
    bool closing, keep_space, has_src;
    enum url_place url;
    int dashes;                                 /* of a comment's end, or letters of a raw element's closing tag */
};

/* What an expression at this place must be written with. */
enum escape { ESCAPE_TEXT, ESCAPE_URL, ESCAPE_URL_PART };
/* Follows static text; faults on what the content security policy would not run anyway. */
void html_feed(struct html *, struct place, const char *, size_t len);
/* Before and after a control tag: an open name is closed, so that branches can be compared. */
void html_settle(struct html *, struct place);
enum escape html_escape(const struct html *, struct place);
/* After an expression. */
void html_wrote(struct html *);
/* Two branches end here; faults when they leave the page in different places. */
void html_merge(struct html *, const struct html *other, struct place);
bool html_is_text(const struct html *);
bool html_in_url(const struct html *);

/* ---- output -------------------------------------------------------------------------------------------------- */

void emit_all(FILE *, struct template *all, const char *table);
void emit_texts(FILE *, struct template *all);

#endif
