/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SigmaHQ's regression cases, as they lie in the folder of public data: each info.yml names rules and a capture; each rule must hit the capture's
 * events at least match_count times (once where it names no number), read from the capture (EVTX) and from the JSON beside it. Engine and
 * reference agree on every event and rule of a case. Skipped by name where the folder is missing.
 */
#include <stdio.h>

#include "both.h"
#include "reference-inside.h"
#include "tap.h"
#include "watch/evtx/evtx.h"

static size_t rule_with(const struct both *both, const char *id)
{
    for (size_t i = 0; i < both->n; i++)
        if (sigma_rule(both->engine[0], i)->id && strcmp(sigma_rule(both->engine[0], i)->id, id) == 0)
            return i;
    return both->n;
}

/* Counts the rule's hits; differences between engine and reference are told by both_compare. */
static size_t hits_in_json(struct both *both, size_t rule, const char *path, size_t *ret_events, size_t *differences)
{
    size_t len, at = 0, hits = 0, events = 0;
    char *text = file_read(path, &len);
    for (size_t before = 0; text && both_read(both, text, len, &at); before = at) {
        events++;
        *differences += both_compare(both, &rule, 1, arena_strndup(both->scratch, text + before, at - before));
        hits += both->hit[0][rule];
    }
    free(text);
    *ret_events = events;
    return hits;
}

/* The same from the capture itself. */
static size_t hits_in_evtx(struct both *both, size_t rule, const char *path, size_t *ret_events, size_t *differences)
{
    size_t len, hits = 0, events = 0;
    char *bytes = file_read(path, &len);
    struct arena *arena = arena_new((size_t)256 << 20);
    struct evtx *evtx;
    if (bytes && evtx_open(arena, both->fields, bytes, len, &both->reasons, &evtx) == OK)
        for (event_clear(&both->event); evtx_next(evtx, &both->event) == OK; event_clear(&both->event)) {
            events++;
            *differences += both_compare(both, &rule, 1, path);
            hits += both->hit[0][rule];
        }
    arena_free(arena);
    free(bytes);
    *ret_events = events;
    return hits;
}

static void check_case(struct both *both, struct arena *arena, const struct sigma_text *info, size_t *differences)
{
    struct node **documents;
    unsigned line;
    const char *fault, *folder = arena_strndup(arena, info->path, (size_t)(strrchr(info->path, '/') - info->path));
    if (nodes_read(arena, info->text, info->len, &documents, &line, &fault) != 1) {
        ok(false, "%s: is YAML", info->path);
        return;
    }
    const struct node *rules = node_get(documents[0], "rule_metadata"), *tests = node_get(documents[0], "regression_tests_info");
    ok(rules && rules->n && tests && tests->n, "%s names rules and tests", strrchr(folder, '/') + 1);
    for (size_t t = 0; tests && t < tests->n; t++)
        for (size_t r = 0; rules && r < rules->n; r++) {
            const char *path = node_text(node_get(tests->items[t], "path")), *id = node_text(node_get(rules->items[r], "id"));
            const char *least = node_text(node_get(tests->items[t], "match_count")), *name = path && strrchr(path, '/') ? strrchr(path, '/') + 1 : "";
            size_t rule = id ? rule_with(both, id) : both->n, events, want = least ? strtoul(least, NULL, 10) : 1;
            char *json = arena_printf(arena, "%s/%.*s.json", folder, (int)strcspn(name, "."), name);
            if (!ok(rule < both->n, "rule %s is among the live ones", id ? id : "-"))
                continue;
            size_t evtx_events, evtx_hits = hits_in_evtx(both, rule, arena_printf(arena, "%s/%s", folder, name), &evtx_events, differences);
            size_t hits = hits_in_json(both, rule, json, &events, differences);
            ok(evtx_events && evtx_hits >= want, "%s: %zu of %zu events hit in the EVTX form", sigma_rule(both->engine[0], rule)->title, evtx_hits, evtx_events);
            ok(events && hits >= want, "%s: %zu of %zu events hit, at least %zu must (%s)", sigma_rule(both->engine[0], rule)->title, hits, events, want, id);
        }
}

/* The files that hold a rule that a case names; all others would only be compiled. */
static size_t named_rules(struct arena *arena, struct sigma_text *rules, size_t n, const struct sigma_text *infos, size_t cases)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool named = false;
        const char *line = strncmp(rules[i].text, "id: ", 4) == 0 ? rules[i].text : strstr(rules[i].text, "\nid: ");
        const char *id = line ? line + 4 + (*line == '\n') : NULL;
        for (size_t c = 0; id && c < cases && !named; c++)
            named = strstr(infos[c].text, arena_strndup(arena, id, strcspn(id, " \r\n"))) != NULL;
        if (named)
            rules[kept++] = rules[i];
    }
    return kept;
}

int main(void)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct sigma_text *rules, *infos;
    size_t n = live_rules(arena, &rules), differences = 0;
    size_t cases = data_folder() ? files_below(arena, arena_printf(arena, "%s/sigma/regression_data", data_folder()), "info.yml", &infos) : 0;
    struct both both;
    if (!n || !cases) {
        tap_skip("regression cases", "the folder of public data (CASTELLAN_DATA) is missing");
        return tap_done();
    }
    n = named_rules(arena, rules, n, infos, cases);
    if (ok(both_open(&both, &(struct both_options){.texts = rules, .n = n, .map = product_map(arena)}), "%zu files of rules that cases name", n))
        for (size_t i = 0; i < cases; i++)
            check_case(&both, arena, &infos[i], &differences);
    is_int(differences, 0, "engine and reference agree on every event");
    both_close(&both);
    arena_free(arena);
    return tap_done();
}
