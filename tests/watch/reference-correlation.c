/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference counts correlations: it keeps every event that ever counted, and whenever a window is to be looked at it goes through all
 * of them and asks of each whether it belongs. Written from the specification and docs/watch-rules.md; nothing of the engine's.
 */
#include <stdlib.h>

#include "reference-inside.h"

enum { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED, VALUE_SUM, VALUE_AVG, VALUE_PERCENTILE, N_TYPES };
static const char *const types[N_TYPES] = {"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"};
#define IS_TEMPORAL(type) ((type) == TEMPORAL || (type) == TEMPORAL_ORDERED)

/* ---- documents ---------------------------------------------------------------------------------------------- */

static bool fails(struct rule *rule, const struct node *at, const char *why)
{
    rule->shown.refused = why;
    rule->shown.refused_line = at ? at->line : rule->shown.line;
    return false;
}

/* A name or a list of names. */
static bool read_texts(struct reference *reference, const struct node *node, const char ***ret, size_t *ret_n)
{
    bool list = node && node->kind == NODE_LIST;
    *ret_n = list ? node->n : node && !(node->kind == NODE_SCALAR && node->type == SCALAR_NULL);
    *ret = ARENA_ARRAY(reference->arena, const char *, *ret_n + 1);
    for (size_t i = 0; i < *ret_n; i++)
        if (!((*ret)[i] = node_text(list ? node->items[i] : node)))
            return false;
    return true;
}

static size_t rule_called(const struct reference *reference, const char *name)
{
    for (size_t i = 0; i < reference->n; i++) {
        const struct reference_rule *rule = &reference->rules[i]->shown;
        if ((rule->id && strcmp(rule->id, name) == 0) || (rule->name && strcmp(rule->name, name) == 0))
            return i;
    }
    return SIZE_MAX;
}

static bool read_span(struct rule *rule, struct counting *c, const struct node *node)
{
    static const struct { char unit; moment ms; } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    const char *text = node_text(node);
    char *end = NULL;
    unsigned long long n = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    for (size_t i = 0; n && n < 1000000000 && i < 4; i++)
        if (end[0] == units[i].unit && !end[1])
            c->span = (moment)n * units[i].ms;
    return c->span ? true : fails(rule, node, "no timespan");
}

static bool read_criterion(struct counting *c, const char *name, const struct node *value)
{
    static const char *const known[] = {"eq", "neq", "lt", "lte", "gt", "gte"};
    long double number;
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(known[i], name) == 0) {
            const char *text = node_text(value);
            if (!text || !decimal_read(text, strlen(text), &number))
                return false;
            c->criteria[c->n_criteria].order = i;
            c->criteria[c->n_criteria++].number = (double)number;
            return true;
        }
    return false;
}

static bool read_condition(struct reference *reference, struct rule *rule, struct counting *c, const struct node *body)
{
    const struct node *condition = node_get(body, "condition");
    bool has_field = !IS_TEMPORAL(c->type) && c->type != EVENT_COUNT;
    if (!condition && IS_TEMPORAL(c->type))
        return true;                       /* all rules must have come */
    if (!condition || condition->kind != NODE_MAP)
        return fails(rule, condition, "no condition");
    for (size_t i = 0; i < condition->n; i++) {
        const char *name = condition->keys[i]->kind == NODE_SCALAR ? condition->keys[i]->text : "";
        const struct node *value = condition->items[i];
        long double number = -1;
        if (has_field && strcmp(name, "field") == 0)
            continue;
        if (c->type == VALUE_PERCENTILE && strcmp(name, "percentile") == 0) {
            const char *text = node_text(value);
            if (!text || !decimal_read(text, strlen(text), &number) || number < 0 || number > 100 || number != (long double)(int)number)
                return fails(rule, value, "no percentile");
            c->has_percentile = true;
            c->percentile = (unsigned)number;
        } else if (!read_criterion(c, name, value)) {
            return fails(rule, condition->keys[i], "no criterion");
        }
    }
    if (!c->n_criteria)
        return fails(rule, condition, "no criterion");
    if (!has_field)
        return true;
    if (!read_texts(reference, node_get(condition, "field"), &c->fields, &c->n_fields) || !c->n_fields || (c->n_fields > 1 && c->type != VALUE_COUNT))
        return fails(rule, condition, "the condition needs one field");
    return true;
}

static bool read_groups(struct reference *reference, struct rule *rule, struct counting *c, const struct node *body)
{
    const char **names;
    const struct node *aliases = node_get(body, "aliases");
    if (!read_texts(reference, node_get(body, "group-by"), &names, &c->n_groups))
        return fails(rule, body, "no group-by");
    if (aliases && aliases->kind != NODE_MAP)
        return fails(rule, aliases, "no aliases");
    for (size_t i = 0; aliases && i < aliases->n; i++) {
        if (aliases->items[i]->kind != NODE_MAP)
            return fails(rule, aliases, "no alias");
        for (size_t k = 0; k < aliases->items[i]->n; k++)
            if (!node_text(aliases->items[i]->items[k]))
                return fails(rule, aliases, "no alias");
    }
    c->groups = ARENA_ARRAY(reference->arena, const char *, c->n_rules * c->n_groups + 1);
    for (size_t place = 0; place < c->n_rules; place++)
        for (size_t g = 0; g < c->n_groups; g++) {
            const struct reference_rule *of = &reference->rules[c->rules[place]]->shown;
            const struct node *alias = node_get(aliases, names[g]);
            const char *by_name = of->name ? node_text(node_get(alias, of->name)) : NULL, *by_id = of->id ? node_text(node_get(alias, of->id)) : NULL;
            c->groups[place * c->n_groups + g] = by_name ? by_name : by_id ? by_id : names[g];
        }
    return true;
}

static bool counting_read(struct reference *reference, size_t index, unsigned depth);

static bool read_rules(struct reference *reference, struct rule *rule, struct counting *c, const struct node *body, unsigned depth)
{
    const char **names;
    if (!read_texts(reference, node_get(body, "rules"), &names, &c->n_rules) || !c->n_rules)
        return fails(rule, body, "no rules");
    c->rules = ARENA_ARRAY(reference->arena, size_t, c->n_rules);
    for (size_t i = 0; i < c->n_rules; i++) {
        c->rules[i] = rule_called(reference, names[i]);
        if (c->rules[i] == SIZE_MAX || reference->rules[c->rules[i]]->shown.filter)
            return fails(rule, node_get(body, "rules"), "no such rule");
        if (depth > 16 || !counting_read(reference, c->rules[i], depth + 1))
            return fails(rule, node_get(body, "rules"), "a rule that is refused, or a ring");
    }
    return true;
}

/* Whether rule `index` can be counted; of a correlation this reads it, once. */
static bool counting_read(struct reference *reference, size_t index, unsigned depth)
{
    struct rule *rule = reference->rules[index];
    if (!rule->shown.correlation || rule->shown.refused || rule->counting)
        return !rule->shown.refused;
    const struct node *body = node_get(rule->document, "correlation"), *generate = node_get(body, "generate");
    struct counting *c = ARENA_NEW(reference->arena, struct counting);
    const char *type = node_text(node_get(body, "type"));
    c->index = index;
    generate = generate ? generate : node_get(rule->document, "generate");
    for (c->type = 0; c->type < N_TYPES && (!type || strcmp(type, types[c->type]) != 0); c->type++)
        ;
    if (c->type == N_TYPES)
        return fails(rule, body, "no type");
    if (generate && (generate->kind != NODE_SCALAR || generate->type != SCALAR_BOOL))
        return fails(rule, generate, "generate is true or false");
    c->generate = generate && generate->text[0] == 't';
    if (!read_rules(reference, rule, c, body, depth) || !read_groups(reference, rule, c, body) || !read_span(rule, c, node_get(body, "timespan")) ||
        !read_condition(reference, rule, c, body))
        return false;
    rule->counting = c;
    return true;
}

void correlations_ready(struct reference *reference)
{
    for (size_t i = 0; i < reference->n; i++)
        if (reference->rules[i]->shown.correlation)
            (void)counting_read(reference, i, 0);
}

/* ---- events ------------------------------------------------------------------------------------------------- */

/* One event that counted, at one place of the list of rules. */
struct counted {
    moment time;
    size_t arrival, place;
    struct pattern *group;     /* n_groups */
    struct pattern *values;    /* n_fields */
    double number;
    struct counted *next;      /* as they came */
};
/* A group, for what has to be remembered of it. */
struct told { struct pattern *group; bool holds; moment reported; struct told *next; };
struct counter { struct counted *first, *last; struct told *told; };

struct reference_stream {
    struct reference *reference;
    struct arena *arena;
    moment lateness, newest;
    size_t arrivals, late, timeless;
    struct counter *counters;              /* by rule */
};

struct reference_stream *reference_stream_new(struct reference *reference, struct arena *arena, moment lateness)
{
    struct reference_stream *stream = ARENA_NEW(arena, struct reference_stream);
    *stream = (struct reference_stream){.reference = reference, .arena = arena, .lateness = lateness, .newest = MOMENT_NONE,
        .counters = ARENA_ARRAY(arena, struct counter, reference->n + 1)};
    return stream;
}
size_t reference_stream_late(const struct reference_stream *stream) { return stream->late; }
size_t reference_stream_timeless(const struct reference_stream *stream) { return stream->timeless; }

bool reference_silences(const struct reference *reference, size_t index)
{
    bool named = false, loud = false;
    for (size_t i = 0; i < reference->n; i++) {
        const struct counting *c = reference->rules[i]->counting;
        for (size_t k = 0; c && k < c->n_rules; k++) {
            named |= c->rules[k] == index;
            loud |= c->rules[k] == index && c->generate;
        }
    }
    return named && !loud;
}

/* The first value of the field; false when there is none, or it is null. */
static bool first_value(const struct reference_stream *stream, const struct event *event, const char *field, const char **ret, size_t *ret_len)
{
    for (size_t i = 0; i < event->n; i++)
        if (strcmp(value_name(stream->reference, &event->values[i]), field) == 0) {
            *ret = event->values[i].text;
            *ret_len = event->values[i].len;
            return event->values[i].kind != VALUE_NULL;
        }
    return false;
}

static bool first_values(struct reference_stream *stream, const struct event *event, const char *const *fields, size_t n, struct pattern **ret)
{
    *ret = ARENA_ARRAY(stream->arena, struct pattern, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text;
        size_t len;
        if (!first_value(stream, event, fields[i], &text, &len))
            return false;
        (*ret)[i] = text_characters(stream->arena, text, len);
    }
    return true;
}

static bool equal(const struct pattern *a, const struct pattern *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!text_matches(a[i], b[i], false))
            return false;
    return true;
}

/* ---- windows ------------------------------------------------------------------------------------------------ */

/* Decided: of a value (of a rule, for `temporal`) only its latest event counts. */
static bool stands(const struct counting *c, const struct counter *counter, const struct counted *one)
{
    if (c->type != VALUE_COUNT && c->type != TEMPORAL)
        return true;
    for (const struct counted *other = counter->first; other; other = other->next)
        if (other != one && equal(other->group, one->group, c->n_groups)
            && (c->type == TEMPORAL ? c->rules[other->place] == c->rules[one->place] : equal(other->values, one->values, c->n_fields))
            && (other->time > one->time || (other->time == one->time && other->arrival > one->arrival)))
            return false;
    return true;
}

/* The entries of the group whose times lie in the window, in the order of time and arrival. */
static size_t in_window(const struct counting *c, const struct counter *counter, const struct pattern *group, moment from, moment to, const struct counted **ret)
{
    size_t n = 0;
    for (const struct counted *one = counter->first; one; one = one->next) {
        if (one->time < from || one->time > to || !equal(one->group, group, c->n_groups) || !stands(c, counter, one))
            continue;
        size_t at = n++;
        for (; at && (ret[at - 1]->time > one->time || (ret[at - 1]->time == one->time && ret[at - 1]->arrival > one->arrival)); at--)
            ret[at] = ret[at - 1];
        ret[at] = one;
    }
    return n;
}

/* Whether places 0 to `places` - 1 occurred in this order, each in another event: for each place in turn the earliest event that is left. */
static bool came_in_order(const struct counted *const *window, size_t n, size_t places)
{
    size_t next = 0;
    for (size_t place = 0; place < places; place++) {
        while (next < n && window[next]->place != place)
            next++;
        if (next == n)
            return false;
        size_t arrival = window[next]->arrival;
        while (next < n && window[next]->arrival == arrival)
            next++;
    }
    return true;
}

static double measured(const struct counting *c, const struct counted *const *window, size_t n, const struct pattern *own)
{
    double sum = 0, least = 0;
    size_t same = 0, distinct = 0, places = 0;
    bool found = false;
    switch (c->type) {
    case EVENT_COUNT:
        return (double)n;
    case VALUE_COUNT:
        for (size_t i = 0; i < n; i++) {
            bool again = false;
            for (size_t k = 0; k < i; k++)
                again |= equal(window[i]->values, window[k]->values, c->n_fields);
            distinct += !again;
        }
        return (double)distinct;
    case TEMPORAL:
        for (size_t i = 0; i < n; i++) {
            bool again = false;
            for (size_t k = 0; k < i; k++)
                again |= c->rules[window[i]->place] == c->rules[window[k]->place];
            distinct += !again;
        }
        return (double)distinct;
    case TEMPORAL_ORDERED:
        while (places < c->n_rules && came_in_order(window, n, places + 1))
            places++;
        return (double)places;
    case VALUE_PERCENTILE:
        if (!c->has_percentile) {
            for (size_t i = 0; i < n; i++)
                same += equal(window[i]->values, own, c->n_fields);
            return 100 * (double)same / (double)n;
        }
        for (size_t i = 0; i < n; i++) {           /* the smallest that enough do not exceed */
            size_t below = 0;
            for (size_t k = 0; k < n; k++)
                below += window[k]->number <= window[i]->number;
            if (below * 100 >= c->percentile * n && (!found || window[i]->number < least)) {
                least = window[i]->number;
                found = true;
            }
        }
        return least;
    default:
        for (size_t i = 0; i < n; i++)
            sum += window[i]->number;
        return c->type == VALUE_SUM ? sum : sum / (double)n;
    }
}

static bool fulfilled(const struct counting *c, double value)
{
    double wanted = 0;
    for (size_t i = 0; i < c->n_criteria; i++) {
        double number = c->criteria[i].number;
        const bool holds[] = {value == number, value != number, value < number, value <= number, value > number, value >= number};
        if (!holds[c->criteria[i].order])
            return false;
    }
    for (size_t i = 0; i < c->n_rules; i++) {      /* without criteria: all rules */
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= c->type == TEMPORAL && c->rules[k] == c->rules[i];
        wanted += !again;
    }
    return c->n_criteria || value == wanted;
}

/* ---- taking ------------------------------------------------------------------------------------------------- */

struct taking { struct reference_stream *stream; const struct event *event; size_t arrival; bool *hit; reference_found *found; void *arg; };

/* Looks at the windows of one group after the event has taken its place; whether one makes the condition true, the latest such. */
static bool look(struct taking *t, const struct counting *c, const struct counted *event, struct reference_correlated *ret)
{
    const struct counter *counter = &t->stream->counters[c->index];
    size_t all = 0, n;
    moment latest = MOMENT_NONE;
    bool any = false;
    for (const struct counted *one = counter->first; one; one = one->next) {
        all++;
        if (equal(one->group, event->group, c->n_groups) && one->time > latest)
            latest = one->time;
    }
    const struct counted **window = malloc((all + 1) * sizeof *window);
    for (const struct counted *end = counter->first; end; end = end->next) {
        if (!equal(end->group, event->group, c->n_groups) || !stands(c, counter, end))
            continue;
        /* Decided: temporal types look only at the window that ends with the group's latest event. */
        if (IS_TEMPORAL(c->type) ? end->time != latest : end->time < event->time || end->time > event->time + c->span)
            continue;
        n = in_window(c, counter, event->group, end->time - c->span, end->time, window);
        double value = measured(c, window, n, event->values);
        if (!fulfilled(c, value) || (any && end->time < ret->last))
            continue;
        any = true;
        *ret = (struct reference_correlated){.rule = c->index, .value = value, .first = window[0]->time, .last = end->time};
    }
    free(window);
    return any;
}

static bool told_of(struct taking *t, const struct counting *c, const struct counted *event, bool now, const struct reference_correlated *found)
{
    struct counter *counter = &t->stream->counters[c->index];
    struct told *told = counter->told;
    while (told && !equal(told->group, event->group, c->n_groups))
        told = told->next;
    if (!told) {
        told = ARENA_NEW(t->stream->arena, struct told);
        *told = (struct told){.group = event->group, .next = counter->told};
        counter->told = told;
    }
    bool report = now && (!told->holds || found->last - told->reported > c->span);
    told->holds = now;
    if (report) {
        told->reported = found->last;
        t->found(t->arg, found);
    }
    return now;
}

/* The event at one place of one correlation; NULL when it does not count there. */
static struct counted *counted_at(struct taking *t, const struct counting *c, size_t place)
{
    struct counted *one = ARENA_NEW(t->stream->arena, struct counted);
    const char *text;
    size_t len;
    long double number = 0;
    *one = (struct counted){.time = t->event->time, .arrival = t->arrival, .place = place};
    if (!first_values(t->stream, t->event, c->groups + place * c->n_groups, c->n_groups, &one->group)
        || !first_values(t->stream, t->event, c->fields, c->n_fields, &one->values))
        return NULL;
    if (c->type == VALUE_SUM || c->type == VALUE_AVG || (c->type == VALUE_PERCENTILE && c->has_percentile))
        if (!first_value(t->stream, t->event, c->fields[0], &text, &len) || !decimal_read(text, len, &number))
            return NULL;
    one->number = (double)number;
    return one;
}

static void take_correlation(struct taking *t, size_t index);

/* Whether the rule hit this event; a correlation is worked out first, once. */
static bool hits(struct taking *t, size_t rule)
{
    if (t->stream->reference->rules[rule]->counting)
        take_correlation(t, rule);
    return t->hit[rule];
}

static void take_correlation(struct taking *t, size_t index)
{
    const struct counting *c = t->stream->reference->rules[index]->counting;
    struct counter *counter = &t->stream->counters[index];
    struct counted *of_event[256];
    size_t n = 0;
    if (t->hit[t->stream->reference->n + index])
        return;
    t->hit[t->stream->reference->n + index] = true;        /* done for this event */
    for (size_t place = 0; place < c->n_rules; place++) {
        if (!hits(t, c->rules[place]))
            continue;
        struct counted *one = counted_at(t, c, place);
        /* Decided: an event is one, however many of the rules it matches; for temporal types it stands for each of them. */
        bool again = false;
        for (size_t i = 0; one && i < n && !IS_TEMPORAL(c->type); i++)
            again |= equal(of_event[i]->group, one->group, c->n_groups);
        if (!one || again)
            continue;
        of_event[n++] = one;
        *(counter->last ? &counter->last->next : &counter->first) = one;
        counter->last = one;
    }
    for (size_t i = 0; i < n; i++) {
        struct reference_correlated found;
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= equal(of_event[i]->group, of_event[k]->group, c->n_groups);
        if (!again && told_of(t, c, of_event[i], look(t, c, of_event[i], &found), &found))
            t->hit[index] = true;
    }
}

void reference_stream_take(struct reference_stream *stream, const struct event *event, const bool *matches, reference_found *found, void *arg)
{
    struct reference *reference = stream->reference;
    bool any = false;
    for (size_t i = 0; i < reference->n; i++)
        for (size_t k = 0; reference->rules[i]->counting && k < reference->rules[i]->counting->n_rules; k++)
            any |= matches[reference->rules[i]->counting->rules[k]];
    if (!any)
        return;
    if (event->time == MOMENT_NONE) {
        stream->timeless++;
        return;
    }
    if (stream->newest != MOMENT_NONE && event->time < stream->newest - stream->lateness) {
        stream->late++;
        return;
    }
    stream->newest = event->time > stream->newest ? event->time : stream->newest;
    struct taking t = {.stream = stream, .event = event, .arrival = stream->arrivals++, .found = found, .arg = arg};
    t.hit = calloc(2 * reference->n + 1, sizeof *t.hit);   /* by rule: it hit; behind: it was worked out */
    for (size_t i = 0; i < reference->n; i++)
        t.hit[i] = matches[i];
    for (size_t i = 0; i < reference->n; i++)
        if (reference->rules[i]->counting)
            take_correlation(&t, i);
    free(t.hit);
}
