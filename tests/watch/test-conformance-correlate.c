/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cases of cases/correlations.cases (their form stands in cases/README.md): each stream of events through the engine and through
 * the reference; both must report what the case says, event by event, and refuse what it says is refused.
 */
#include <stdio.h>

#include "both.h"
#include "tap.h"
#include "watch/sigma/correlate.h"

#define RULE(name, field) "title: " name "\nname: " name "\nlogsource: {product: p}\ndetection:\n  s: {" field ": 1}\n  condition: s\n---\n"
static const char given[] = RULE("a", "A") RULE("b", "B") RULE("c", "C");
enum { GIVEN_LINES = 21, STEPS = 64, FOUND = 16 };

/* An event and what is to be found with it: "k 3; other 2.5 from 4". */
struct step { moment time; bool timeless; const char *json; char found[300]; };
struct stream {
    const char *file, *title;
    unsigned line;
    char *text;
    moment lateness;
    struct step steps[STEPS]; size_t n;
    const char *refused, *refused_text;    /* a correlation's title */
    unsigned refused_line;
    const char *silent;                    /* rules whose hits are only counted: "a b" */
};

struct heard { struct both *both; char list[FOUND][64]; size_t n; };
static void hear(struct heard *heard, size_t rule, double value, moment first, moment last, moment now)
{
    if (heard->n == FOUND)
        return;
    char *out = heard->list[heard->n++];
    int n = snprintf(out, sizeof heard->list[0], "%s %.10g from %g", sigma_rule(heard->both->engine[0], rule)->title, value, (double)first / 1000);
    if (last != now)
        snprintf(out + n, sizeof heard->list[0] - (size_t)n, " to %g", (double)last / 1000);
}
static int by_text(const void *a, const void *b) { return strcmp(a, b); }
static void joined(struct heard *heard, char *out, size_t room)
{
    size_t len = 0;
    qsort(heard->list, heard->n, sizeof heard->list[0], by_text);
    out[0] = 0;
    for (size_t i = 0; i < heard->n && len < room; i++)
        len += (size_t)snprintf(out + len, room - len, "%s%s", i ? "; " : "", heard->list[i]);
}

static struct heard engine, expected;
static moment now;
static void engine_found(void *arg, const struct correlated *one) { hear(&engine, one->rule, one->value, one->first, one->last, now); }
static void reference_found_(void *arg, const struct reference_correlated *one) { hear(&expected, one->rule, one->value, one->first, one->last, now); }
struct hits { size_t list[64], n; };
static void hit(void *arg, size_t rule)
{
    struct hits *hits = arg;
    hits->list[hits->n++] = rule;
}

static void check_step(struct both *both, struct correlator *correlator, struct reference_stream *reference, const struct stream *s, const struct step *step)
{
    size_t at = 0;
    struct hits hits = {.n = 0};
    char by_engine[600], by_reference[600], title[300];
    if (!ok(both_read(both, step->json, strlen(step->json), &at), "%s: %s: the event is read: %s", s->file, s->title, step->json))
        return;
    bool *matches = ARENA_ARRAY(both->arena, bool, both->n + 1);
    both->event.time = now = step->timeless ? MOMENT_NONE : step->time;
    sigma_match(both->matcher[0], &both->event, hit, &hits);
    for (size_t i = 0; i < both->n; i++)
        matches[i] = reference_match(both->reference, i, &both->event);
    engine = expected = (struct heard){.both = both};
    correlator_take(correlator, &both->event, hits.list, hits.n, engine_found, NULL);
    reference_stream_take(reference, &both->event, matches, reference_found_, NULL);
    joined(&engine, by_engine, sizeof by_engine);
    joined(&expected, by_reference, sizeof by_reference);
    snprintf(title, sizeof title, "%s: %s: at %g", s->file, s->title, (double)step->time / 1000);
    if (strcmp(by_engine, step->found) == 0 && strcmp(by_reference, step->found) == 0)
        ok(true, "%s", title);
    else {
        is(by_engine, step->found, title);
        is(by_reference, step->found, "  the reference");
    }
}

static size_t titled(const struct both *both, const char *title)
{
    size_t i = 0;
    while (i < both->n && (!sigma_rule(both->engine[0], i)->title || strcmp(sigma_rule(both->engine[0], i)->title, title) != 0))
        i++;
    return i;
}

static void check_refused(struct both *both, const struct stream *s)
{
    size_t rule = titled(both, s->refused);
    char where[40];
    if (!ok(rule < both->n, "%s: %s: there is a correlation %s", s->file, s->title, s->refused))
        return;
    const struct sigma_rule *shown = sigma_rule(both->engine[0], rule);
    ok(reference_rule(both->reference, rule)->refused != NULL, "%s: %s: refused by the reference", s->file, s->title);
    if (!ok(shown->standing == SIGMA_REFUSED, "%s: %s: refused by the engine", s->file, s->title))
        return;
    snprintf(where, sizeof where, "c.yml:%u", s->refused_line + GIVEN_LINES);
    is(shown->where, where, "  where");
    const char *text = shown->why.in[LANG_EN];
    ok(text && *text && (!s->refused_text || strstr(text, s->refused_text)), "  why: %s", text ? text : "(nothing)");
}

static void check_silent(struct both *both, struct correlator *correlator, const struct stream *s)
{
    for (size_t i = 0; i < both->n; i++) {
        const char *title = sigma_rule(both->engine[0], i)->title, *at = strstr(s->silent, title);
        bool silent = at && (at == s->silent || at[-1] == ' ') && (at[strlen(title)] == ' ' || !at[strlen(title)]);
        ok(correlator_silences(correlator, i) == silent && reference_silences(both->reference, i) == silent, "%s: %s: %s is %s", s->file, s->title, title, silent ? "silent" : "heard");
    }
}

static void run(const struct stream *s)
{
    struct both both;
    struct correlator *correlator;
    char *text = NULL;
    if (asprintf(&text, "%s%s", given, s->text ? s->text : "") < 0)
        abort();
    struct sigma_text file = {"c.yml", text, strlen(text)};
    struct both_options options = {.texts = &file, .n = 1};
    if (ok(both_open(&both, &options), "%s: %s: line %u", s->file, s->title, s->line)) {
        for (size_t i = 0; i < both.n; i++) {
            const struct sigma_rule *shown = sigma_rule(both.engine[0], i);
            const char *refused = reference_rule(both.reference, i)->refused;
            if (!s->refused)
                ok(shown->standing == SIGMA_READY && !refused, "  %s is ready (%s; %s)", shown->title, shown->standing == SIGMA_READY ? "" : shown->why.in[LANG_EN], refused ? refused : "");
        }
        if (s->refused)
            check_refused(&both, s);
        struct reference_stream *reference = reference_stream_new(both.reference, both.arena, s->lateness);
        if (ok(correlator_new(both.engine[0], both.arena, 1 << 16, s->lateness, &correlator) == OK, "  a correlator")) {
            if (s->silent)
                check_silent(&both, correlator, s);
            for (size_t i = 0; i < s->n; i++)
                check_step(&both, correlator, reference, s, &s->steps[i]);
        }
    }
    both_close(&both);
    free(text);
}

/* "found k 3 from 1": of the last event. */
static void read_found(struct stream *s, const char *rest)
{
    struct step *step = &s->steps[s->n ? s->n - 1 : 0];
    size_t len = strlen(step->found);
    snprintf(step->found + len, sizeof step->found - len, "%s%s", len ? "; " : "", rest);
}

static void read_line(struct arena *arena, struct stream *s, char *line, unsigned number)
{
    char *space = strchr(line, ' '), *rest = space ? space + 1 : line + strlen(line);
    if (strncmp(line, "  ", 2) == 0) {
        s->text = arena_printf(arena, "%s%s\n", s->text ? s->text : "", line + 2);
    } else if (strncmp(line, "at ", 3) == 0 && s->n < STEPS) {
        struct step *step = &s->steps[s->n++];
        *step = (struct step){.timeless = *rest == '-', .time = (moment)(strtod(rest, &rest) * 1000)};
        step->json = strchr(rest, '{');
    } else if (strncmp(line, "found ", 6) == 0) {
        read_found(s, rest);
    } else if (strncmp(line, "late ", 5) == 0) {
        s->lateness = strtoll(rest, NULL, 10) * 1000;
    } else if (strncmp(line, "silent ", 7) == 0) {
        s->silent = rest;
    } else if (strncmp(line, "refused ", 8) == 0) {
        s->refused = strsep(&rest, " ");
        s->refused_line = rest ? (unsigned)strtoul(rest, &rest, 10) : 0;
        s->refused_text = rest && *rest == ' ' ? rest + 1 : NULL;
    } else if (*line && *line != '#') {
        ok(false, "%s:%u: a line of no known form: %s", s->file, number, line);
    }
}

int main(void)
{
    static struct stream s;
    struct arena *arena = arena_new(0);
    const char *root = getenv("SOURCE_ROOT");
    size_t len, cases = 0;
    unsigned number = 0;
    char *text = file_read(arena_printf(arena, "%s/tests/watch/cases/correlations.cases", root ? root : "."), &len);
    if (!ok(text != NULL, "the cases are there"))
        return tap_done();
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        number++;
        if (strncmp(line, "case ", 5) != 0) {
            read_line(arena, &s, line, number);
            continue;
        }
        if (s.title)
            run(&s), cases++;
        s = (struct stream){.file = "correlations.cases", .title = line + 5, .line = number};
    }
    if (s.title)
        run(&s), cases++;
    free(text);
    arena_free(arena);
    ok(cases >= 60, "%zu cases", cases);
    return tap_done();
}
