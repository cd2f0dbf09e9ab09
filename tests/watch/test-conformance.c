/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cases of cases/README.md: each rule and event through the engine with pattern databases, without them, and through the reference; each
 * must say what the case says. A refused rule must be refused by all, by the engine with the line of the fault.
 */
#include <ctype.h>
#include <stdio.h>

#include "both.h"
#include "tap.h"

#define HEAD "title: case\nlogsource: {product: p}\ndetection:\n"

struct expected { bool match; const char *json; };
struct conformance {
    const char *file, *title;
    unsigned line;
    char *rule, *map;                      /* texts */
    struct sigma_binding bindings[8]; size_t n_bindings;
    struct expected events[32]; size_t n_events;
    bool refused; unsigned refused_line; const char *refused_text;
};

static char *added(struct arena *arena, const char *before, const char *line)
{
    return arena_printf(arena, "%s%s\n", before ? before : "", line);
}

static void read_binding(struct arena *arena, struct conformance *c, const char *line)
{
    const char **values = ARENA_ARRAY(arena, const char *, 16);
    size_t name = strcspn(line, " "), n = 0;
    const char *at = line + name + 1;
    for (;;) {
        const char *end = strstr(at, " | ");
        values[n++] = arena_strndup(arena, at, end ? (size_t)(end - at) : strlen(at));
        if (!end)
            break;
        at = end + 3;
    }
    c->bindings[c->n_bindings++] = (struct sigma_binding){arena_strndup(arena, line, name), values, n};
}

/* The number of the first rule (not filter) of the texts, as the engine counts. */
static size_t first_rule(const struct both *both)
{
    size_t i = 0;
    while (i + 1 < both->n && sigma_rule(both->engine[0], i)->filter)
        i++;
    return i;
}

static void check_refused(struct both *both, const struct conformance *c, size_t rule, unsigned head)
{
    char where[300];
    const struct sigma_rule *shown = sigma_rule(both->engine[0], rule);
    bool good = ok(shown->standing == SIGMA_REFUSED && sigma_rule(both->engine[1], rule)->standing == SIGMA_REFUSED, "%s: %s: refused by the engine", c->file, c->title);
    ok(reference_rule(both->reference, rule)->refused != NULL, "%s: %s: refused by the reference", c->file, c->title);
    if (!good)
        return;
    if (c->refused_line) {
        snprintf(where, sizeof where, "rule.yml:%u", c->refused_line + head);
        is(shown->where, where, "  where");
    }
    const char *text = shown->why.in[LANG_EN];
    ok(text && *text && (!c->refused_text || strstr(text, c->refused_text)), "  why: %s", text ? text : "(nothing)");
}

static void check_event(struct both *both, const struct conformance *c, size_t rule, const struct expected *e)
{
    size_t at = 0;
    if (!ok(both_read(both, e->json, strlen(e->json), &at), "%s: %s: the event is read: %s", c->file, c->title, e->json))
        return;
    for (int again = 0; again < 2; again++) {      /* the second time from the memo */
        both_match(both);
        bool all = both->hit[0][rule] == e->match && both->hit[1][rule] == e->match && reference_match(both->reference, rule, &both->event) == e->match;
        if (again == 0 || !all)
            if (!ok(all, "%s: %s: %s %s", c->file, c->title, e->match ? "match" : "miss", e->json))
                printf("#   patterns %d, scalar %d, reference %d%s\n", both->hit[0][rule], both->hit[1][rule],
                       reference_match(both->reference, rule, &both->event), again ? " (second time)" : "");
    }
}

static void run(const struct conformance *c)
{
    struct both both;
    bool whole = c->rule && strncmp(c->rule, "title:", 6) == 0;
    char *text = NULL;
    if (asprintf(&text, "%s%s", whole ? "" : HEAD, c->rule ? c->rule : "") < 0)
        abort();
    struct sigma_text rule = {"rule.yml", text, strlen(text)};
    struct both_options options = {.texts = &rule, .n = 1, .bindings = c->bindings, .n_bindings = c->n_bindings};
    if (c->map)
        options.map = (struct sigma_text){"map.yaml", c->map, strlen(c->map)};
    if (ok(both_open(&both, &options), "%s: %s: line %u", c->file, c->title, c->line)) {
        size_t first = first_rule(&both);
        const struct sigma_rule *shown = sigma_rule(both.engine[0], first);
        const char *refused = reference_rule(both.reference, first)->refused;
        if (c->refused)
            check_refused(&both, c, first, whole ? 0 : 3);
        else if (ok(shown->standing == SIGMA_READY, "%s: %s: compiled (%s)", c->file, c->title, shown->standing == SIGMA_READY ? "" : shown->why.in[LANG_EN])
                 & ok(!refused, "%s: %s: read by the reference (%s)", c->file, c->title, refused ? refused : ""))
            for (size_t i = 0; i < c->n_events; i++)
                check_event(&both, c, first, &c->events[i]);
    }
    both_close(&both);
    free(text);
}

static size_t run_file(const char *folder, const char *file)
{
    struct arena *arena = arena_new(0);
    size_t len, cases = 0;
    char *text = file_read(arena_printf(arena, "%s/%s", folder, file), &len);
    struct conformance c = {0};
    unsigned number = 0;
    if (!ok(text != NULL, "%s is there", file))
        return arena_free(arena), 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        number++;
        char *space = strchr(line, ' '), *rest = space ? space + 1 : line + strlen(line);
        if (strncmp(line, "case", 4) == 0) {
            if (c.title)
                run(&c), cases++;
            c = (struct conformance){.file = file, .title = rest, .line = number};
        } else if (strncmp(line, "  ", 2) == 0) {
            c.rule = added(arena, c.rule, strcmp(line, "  ---") == 0 || strncmp(c.rule ? c.rule : line + 2, "title:", 6) == 0 ? line + 2 : line);
        } else if (strncmp(line, "match ", 6) == 0 || strncmp(line, "miss ", 5) == 0) {
            c.events[c.n_events++] = (struct expected){line[1] == 'a', rest};
        } else if (strncmp(line, "refused ", 8) == 0) {
            c.refused = true;
            c.refused_line = (unsigned)strtoul(rest, &rest, 10);
            c.refused_text = *rest == ' ' ? rest + 1 : NULL;
        } else if (strncmp(line, "bind ", 5) == 0) {
            read_binding(arena, &c, rest);
        } else if (strncmp(line, "map ", 4) == 0) {
            c.map = added(arena, c.map, rest);
        } else if (*line && *line != '#') {
            ok(false, "%s:%u: a line of no known form: %s", file, number, line);
        }
    }
    if (c.title)
        run(&c), cases++;
    free(text);
    arena_free(arena);
    return cases;
}

int main(void)
{
    static const char *const files[] = {"strings", "values", "modifiers", "conditions", "keywords", "refusals", "filters", "sources"};
    char folder[1000], name[100];
    const char *root = getenv("SOURCE_ROOT");
    size_t cases = 0;
    snprintf(folder, sizeof folder, "%s/tests/watch/cases", root ? root : ".");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "%s.cases", files[i]);
        cases += run_file(folder, name);
    }
    ok(cases > 200, "%zu cases", cases);
    return tap_done();
}
