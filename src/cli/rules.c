/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan rules: which rules compile and why not, what they are, and why one matches an event or does not. The event is read, and the
 * explanation worked out, in a jail.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/jailed_stream.h"
#include "cli/rule_bundle.h"
#include "cli/rule_set.h"
#include "cli/scan_jail.h"

struct asked {
    struct rule_set set;
    const char *map;
    const char **words;
    size_t n;                              /* words that are no options */
    const char **rules;
    size_t n_rules;
    uint64_t record;                       /* explain: which event; 0: the first */
    size_t rule;
    moment now;
    bool said, failed;
};

static const char *name_of(const struct sigma_rule *rule) { return rule->id ? rule->id : rule->name ? rule->name : rule->path; }
static const char *text_or(const char *text, const char *otherwise) { return text ? text : otherwise; }

static int check(struct asked *asked)
{
    enum lang lang = cli_lang();
    struct sigma_counts counts = sigma_counts(asked->set.sigma);
    char numbers[4][24];
    for (size_t i = 0; i < sigma_count(asked->set.sigma); i++) {
        const struct sigma_rule *rule = sigma_rule(asked->set.sigma, i);
        if (rule->standing == SIGMA_REFUSED)
            printf("%s: %s (%s)\n", text_or(rule->where, rule->path), text_or(rule->why.in[lang], ""), text_or(rule->title, name_of(rule)));
    }
    snprintf(numbers[0], sizeof numbers[0], "%zu", asked->set.files);
    snprintf(numbers[1], sizeof numbers[1], "%zu", sigma_count(asked->set.sigma));
    snprintf(numbers[2], sizeof numbers[2], "%zu", counts.ready);
    snprintf(numbers[3], sizeof numbers[3], "%zu", counts.refused);
    printf("%s\n", words_format(asked->set.arena, T_("%1$s files, %2$s documents: %3$s ready, %4$s refused"), numbers[0], numbers[1], numbers[2], numbers[3]).in[lang]);
    return counts.refused ? 1 : 0;
}

static int list(struct asked *asked)
{
    for (size_t i = 0; i < sigma_count(asked->set.sigma); i++) {
        const struct sigma_rule *rule = sigma_rule(asked->set.sigma, i);
        const char *kind = rule->standing == SIGMA_REFUSED ? "refused" : rule->correlation ? "correlation" : rule->filter ? "filter" : "rule";
        printf("%s\t%s\t%s\t%s/%s/%s\t%s\n", name_of(rule), kind, rule_level(rule->level), text_or(rule->product, "-"), text_or(rule->category, "-"),
               text_or(rule->service, "-"), text_or(rule->title, ""));
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- explain ---- */

struct explaining { struct asked *asked; struct stream_jail *jail; };

static bool explain_event(void *arg, struct event *event)
{
    struct explaining *explaining = arg;
    struct asked *asked = explaining->asked;
    struct buf out;
    if (asked->record && event->record != asked->record)
        return true;
    buf_init(&out, STREAM_MESSAGE_MOST);
    json_write(&out, sigma_explain(asked->set.sigma, asked->rule, event, asked->set.arena));
    (void)stream_send(explaining->jail, 1, out.data, out.len);
    buf_free(&out);
    return false;
}

static enum status explain_in_jail(struct stream_jail *jail, void *arg, struct arena *arena, struct reasons *reasons)
{
    struct explaining explaining = {arg, jail};
    const struct scan_events events = {.fields = explaining.asked->set.fields, .now = explaining.asked->now, .took = explain_event, .arg = &explaining};
    struct scan_counts counts;
    enum status status = scan_read(jail, &events, arena, reasons, &counts);
    return counts.events && status == DAMAGED ? OK : status;
}

static bool took(void *arg, size_t input, unsigned kind, const char *bytes, size_t len)
{
    struct asked *asked = arg;
    struct arena *arena = arena_new((size_t)64 << 20);
    struct reasons reasons;
    struct val *tree;
    reasons_init(&reasons, arena);
    /* Read and written anew: what a jail sends goes to no terminal as it is. */
    if (kind == 1 && json_read(arena, bytes, len, (struct json_limits){0}, &reasons, &tree) == OK) {
        struct buf text;
        buf_init(&text, STREAM_MESSAGE_MOST);
        json_write(&text, tree);
        asked->said = fwrite(text.data, 1, text.len, stdout) == text.len && fputc('\n', stdout) != EOF && fflush(stdout) == 0;
        buf_free(&text);
    }
    arena_free(arena);
    return true;
}

static void ended(void *arg, size_t input, enum status status, const struct reasons *reasons)
{
    struct asked *asked = arg;
    asked->failed |= status != OK;
    if (reasons->count)
        fprintf(stderr, "%s", reasons_text(reasons, cli_lang()));
}

static bool find_rule(struct asked *asked, const char *name, struct reasons *reasons)
{
    for (asked->rule = 0; asked->rule < sigma_count(asked->set.sigma); asked->rule++) {
        const struct sigma_rule *rule = sigma_rule(asked->set.sigma, asked->rule);
        if (!str_eq(rule->id, name) && !str_eq(rule->name, name) && !str_eq(rule->path, name) && !str_eq(rule->title, name))
            continue;
        if (rule->standing == SIGMA_READY)
            return true;
        struct reason *reason = reason_add(reasons, "rules.refused", rule->where, T_("This rule cannot be compiled."));
        if (rule->why.in[LANG_EN])
            reason->text = rule->why;      /* as the compiler said it */
        return false;
    }
    reason_add(reasons, "rules.unknown", NULL, T_("No rule has the id, name, title or file “%1$s”."), name);
    return false;
}

static int explain(struct asked *asked)
{
    struct reasons reasons;
    reasons_init(&reasons, asked->set.arena);
    if (!find_rule(asked, asked->words[1], &reasons))
        return cli_fail(&reasons, ABSENT);
    asked->now = moment_now();
    const struct stream_work work = {.run = explain_in_jail, .took = took, .ended = ended, .arg = asked, .workers = 1};
    bool good = stream_run(&work, &asked->words[2], 1);
    if (good && !asked->said && !asked->failed) {
        reason_add(&reasons, "rules.event", NULL, T_("There is no such event in the file."));
        return cli_fail(&reasons, ABSENT);
    }
    return good && asked->said && !asked->failed ? 0 : 1;
}

/* ---- arguments ---- */

static bool read_arguments(struct asked *asked, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--map") && i + 1 < argc) {
            asked->map = argv[++i];
        } else if (str_eq(argv[i], "--record") && i + 1 < argc) {
            asked->record = strtoull(argv[++i], NULL, 10);
        } else if (str_eq(argv[i], "--rules") && i + 1 < argc) {
            asked->rules[asked->n_rules++] = argv[++i];
            while (i + 1 < argc && rule_path(argv[i + 1]))
                asked->rules[asked->n_rules++] = argv[++i];
        } else if (!str_starts(argv[i], "--")) {
            asked->words[asked->n++] = argv[i];
        } else {
            return false;
        }
    }
    return asked->n > 0;
}

int cli_rules(int argc, char **argv)
{
    if (argc > 1 && (str_eq(argv[1], "bundle") || str_eq(argv[1], "keygen")))
        return cli_rules_bundle(argc - 1, argv + 1);
    struct arena *arena = arena_new((size_t)2 << 30);
    struct asked asked = {.words = ARENA_ARRAY(arena, const char *, (size_t)argc + 1), .rules = ARENA_ARRAY(arena, const char *, (size_t)argc + 1)};
    struct reasons reasons;
    int code = 2;
    reasons_init(&reasons, arena);
    bool good = read_arguments(&asked, argc, argv);
    bool explains = good && str_eq(asked.words[0], "explain");
    good = good && (explains ? asked.n == 3 : (str_eq(asked.words[0], "check") || str_eq(asked.words[0], "list")) && asked.n + asked.n_rules > 1);
    if (good && explains && !asked.n_rules && rule_path(asked.words[1]))
        asked.rules[asked.n_rules++] = asked.words[1];
    for (size_t i = 1; good && !explains && i < asked.n; i++)
        asked.rules[asked.n_rules++] = asked.words[i];
    if (good && asked.n_rules) {
        code = 1;
        if (rule_set_load(&asked.set, arena, asked.rules, asked.n_rules, asked.map, NULL, &reasons))
            code = explains ? explain(&asked) : str_eq(asked.words[0], "check") ? check(&asked) : list(&asked);
        else
            cli_fail(&reasons, BAD_INPUT);
        sigma_free(asked.set.sigma);
    } else {
        cli_usage("rules");
    }
    arena_free(arena);
    return code;
}
