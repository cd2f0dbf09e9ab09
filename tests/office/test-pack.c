/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The good pack: what the loader makes of it; the canonical form and its hash; rules, calendars; the pairs of states and
 * steps; limits; and the program's own pack, which must load.
 */
#include "base/text.h"
#include "packs.h"
#include "tap.h"

static void test_good(struct arena *arena)
{
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    if (!ok(pack, "the good pack loads")) {
        reasons_print(&reasons);
        return;
    }
    const struct register_def *incident = pack_register(pack, "incident"), *measure = pack_register(pack, "measure");
    is_int(pack->n_registers, 11, "all registers");
    is(incident->duty, "incidents", "the duty is the folder");
    is(incident->prefix, "INC", "prefix");
    ok(incident->number_year && !measure->number_year, "the year in the number");
    ok(pack_register_by_prefix(pack, "INC", 3) == incident && !pack_register_by_prefix(pack, "IN", 2), "a register by its prefix");
    is(incident->title->name, "summary", "title");
    is_int(incident->file, FILE_OWN, "own file");
    is(incident->file_open_to[0], "triage-incidents", "open to a right");
    is(incident->file_kind_term, "case", "kind of file");
    ok(measure->file == FILE_OF_FIELD && measure->file_field->to == incident && measure->label == LABEL_OF_FILE, "file and label of the incident");
    is(incident->party->name, "reported-by", "party");
    is_int(incident->party_until, 1 << 3, "party until closed");
    ok(incident->subject && incident->author && incident->owner && incident->n_members == 1, "roles of persons");
    is_int(incident->edit_in, 3, "edited in the first two states");
    is_int(incident->retention_from, 3, "retention from closed");
    is_int(incident->journal_reads, READS_ALWAYS, "reads are journalled");
    is_int(incident->n_seen_by, 4, "seen by");
    is_int(pack_register(pack, "person")->create_second_person, true, "created with a second person");

    const struct field_def *finding = register_field(incident, "finding"), *repeat = register_field(incident, "repeat");
    ok(finding->by_step && finding->portions && finding->search && finding->max == 20000, "a prose field's marks");
    ok(repeat->computed && repeat->min == 0 && repeat->max == 99, "a number's range");
    is_int(register_field(incident, "summary")->max, 200, "a line's length");
    is_int(register_field(incident, "investigator")->hidden_in, 1, "hidden in the first state");
    is(register_field(incident, "summary")->words.in[LANG_FR], "Résumé", "French name");
    ok(register_field(incident, "kind")->of == pack_vocabulary(pack, "incident-kind"), "a vocabulary resolved");
    ok(vocabulary_term(pack_vocabulary(pack, "nation"), "YUG")->obsolete, "an obsolete term");
    ok(!register_field(incident, "nothing") && !register_step(incident, "nothing") && register_state(incident, "nothing") == -1, "what is not there");

    const struct step_def *close = register_step(incident, "close");
    is_int(close->from, 1 << 2, "from");
    is_int(close->to, 3, "to");
    ok(close->second_person && str_eq(close->second_right, "triage-incidents"), "second person by another right");
    ok(close->by == BY_NOT_FIELD && str_eq(close->by_field->name, "investigator"), "not by the investigator");
    ok(close->n_unless_open == 1 && close->unless_open[0].register_ == measure && !close->unless_open[0].over_all, "unless open");
    is_int(close->n_tells, 2, "tells two");
    ok(close->n_asks == 1 && close->asks[0] == finding, "asks what it needs");
    const struct step_def *note = register_step(incident, "note");
    ok(note->from == 15 && note->to == -1, "from any to same");
    const struct step_def *assign = register_step(incident, "assign");
    ok(assign->n_refuse == 2 && assign->n_refusals == 1 && str_eq(assign->refuse[1], "incidents.workload"), "refusals as data and of an engine");
    const struct condition *when = &assign->refusals[0]->when;
    ok(when->test == TEST_PERSON_ALSO_IN && when->n_others == 2 && when->superiors_of, "a condition on persons");
    when = &register_step(incident, "close")->refusals[0]->when;
    ok(when->test == TEST_ABSENT && str_eq(when->label_at_least, "SECRET") && when->unless->test == TEST_IS, "a condition with a level and an exception");
    const struct register_def *found = measure;
    ok(found->refusals[1].when.test == TEST_NOT_CLEARED && found->refusals[2].when.test == TEST_ACTOR_IN && found->refusals[3].when.against_now, "other conditions");

    const struct clock_def *clock = &incident->clocks[0];
    ok(clock->rule && clock->from_field && str_eq(clock->calendar, "office") && clock->n_warn == 1 && clock->met_by && clock->when, "a clock");
    ok(incident->clocks[1].from_state == 1 && incident->clocks[1].stops_at == 8, "a clock from a state stops at final ones");
    ok(measure->clocks[0].to && !measure->clocks[0].rule, "a clock to a date");
    ok(incident->board && str_eq(incident->calendar_by->name, "detected") && incident->n_sorts == 2 && incident->n_groups == 1, "views");
    ok(measure->n_columns == 4 && str_eq(measure->columns[0].name, "number"), "columns without a view");

    const struct post_def *investigator = pack_post(pack, "investigator"), *auditor = pack_post(pack, "auditor");
    ok(post_has_right(investigator, "staff") && !post_has_right(auditor, "staff"), "everybody is staff but the auditor");
    ok(investigator->superior == pack_post(pack, "section-leader") && investigator->contractor, "a post's superior");
    ok(investigator->n_desk == 3 && str_eq(investigator->desk[1].kind, "selection") && investigator->desk[1].n_states == 1, "a desk");
    pack_free(pack);
}

static void test_canonical(struct arena *arena)
{
    struct files files, turned = {.arena = arena};
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    for (size_t i = files.n; i-- > 0;)
        files_put(&turned, files.list[i].path, files.list[i].text);
    files_edit(&turned, "posts/registrar.yaml", "\n", "     # a comment\n\n");
    struct pack *again = files_load(&turned, &reasons);
    if (!ok(pack && again, "both load"))
        return;
    is(again->hash, pack->hash, "order of files, comments and blank lines make no difference");

    /* through the journal: canonical JSON out and in */
    struct buf text;
    buf_init(&text, 1 << 22);
    struct val *read = NULL;
    ok(json_canonical(&text, pack->source) == OK && json_read(arena, text.data, text.len, (struct json_limits){0}, &reasons, &read) == OK, "the source is canonical JSON");
    struct pack *back = NULL;
    ok(read && pack_from_source(read, &reasons, &back) == OK, "a pack from its source");
    if (back) {
        is(back->hash, pack->hash, "has the same hash");
        is(pack_register(back, "incident")->fields[1].name, "kind", "and its fields in order");
        is(back->rules[0].where, "duties/core/rules.yaml", "without lines");
    }
    buf_free(&text);
    pack_free(back);
    pack_free(again);

    files_edit(&files, "duties/incidents/vocabularies.yaml", "{effective: {en: effective, fr: efficace}, ineffective: {en: ineffective, fr: inefficace}}",
               "{ineffective: {en: ineffective, fr: inefficace}, effective: {en: effective, fr: efficace}}");
    again = files_load(&files, &reasons);
    ok(again && strcmp(again->hash, pack->hash) != 0, "the order of terms makes another pack");
    pack_free(again);
    pack_free(pack);

    struct val *bad = val_object(arena);
    val_set_int(arena, bad, "duties/core/duty.yaml", 3);
    reasons_init(&reasons, arena);
    ok(pack_from_source(bad, &reasons, &back) == BAD_INPUT, "another form is refused");
}

static void test_pairs(struct arena *arena)
{
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    size_t all = 0, legal = 0, want_all = 0, want_legal = 0;
    for (struct pack_pair pair = {0}; pack_next_pair(pack, &pair);) {
        all++;
        legal += pair.legal;
        if (pair.legal != (pair.step->from >> pair.state & 1))
            ok(false, "%s.%s from %s", pair.register_->name, pair.step->name, pair.register_->states[pair.state].name);
    }
    for (size_t i = 0; i < pack->n_registers; i++)
        for (size_t s = 0; s < pack->registers[i].n_steps; s++) {
            want_all += pack->registers[i].n_states;
            want_legal += (size_t)__builtin_popcountll(pack->registers[i].steps[s].from);
        }
    is_int(all, want_all, "every pair of state and step");
    is_int(legal, want_legal, "legal ones");
    pack_free(pack);
}

static void test_rules(struct arena *arena)
{
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    const struct rule *report = pack_rule(pack, "incident.initial-report");
    struct span span;
    ok(rule_span(report, "TOP SECRET", &span) == OK && span.count == 24 && span.unit == 'h', "24 h for TOP SECRET");
    ok(rule_span(report, "CONFIDENTIAL", &span) == OK && span.count == 72, "72 h for CONFIDENTIAL");
    ok(rule_span(report, "RESTRICTED", &span) == OK && span.count == 5 && span.unit == 'W', "5 working days for any other");
    ok(rule_span(pack_rule(pack, "core.retention"), "SECRET", &span) == OK && span.unit == 'y', "a plain span for every level");
    is_int(rule_number(pack_rule(pack, "incident.repeat"), 9), 3, "a number");
    is_int(rule_number(report, 9), 9, "no number");
    is_int(rule_span(pack_rule(pack, "incident.repeat"), "SECRET", &span), ABSENT, "no span");
    is(report->where, "duties/incidents/rules.yaml:3", "where it stands");
    is_int(report->standing, STANDING_ASSUMPTION, "its standing");
    files_edit(&files, "duties/incidents/rules.yaml", "{level: any, within: 5wd}", "{level: UNCLASSIFIED, within: 5wd}");
    struct pack *other = files_load(&files, &reasons);
    is_int(rule_span(pack_rule(other, "incident.initial-report"), "RESTRICTED", &span), ABSENT, "no span for a level that nobody names");
    pack_free(other);
    pack_free(pack);
}

static void test_calendar(struct arena *arena)
{
    static const struct { const char *day; bool works; const char *why; } days[] = {
        {"2026-04-06T12:00:00Z", false, "Easter Monday 2026"}, {"2024-04-01T12:00:00Z", false, "Easter Monday 2024"},
        {"2038-04-26T12:00:00Z", false, "Easter Monday 2038, the latest"}, {"2008-03-24T12:00:00Z", false, "Easter Monday 2008, the earliest of these years"},
        {"2026-05-14T12:00:00Z", false, "Ascension 2026"}, {"2026-12-24T12:00:00Z", false, "one day"}, {"2025-12-24T12:00:00Z", true, "not in another year"},
        {"2030-01-01T12:00:00Z", false, "every year"}, {"2026-11-21T12:00:00Z", false, "a Saturday"}, {"2026-11-23T12:00:00Z", true, "a Monday"},
    };
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    const struct calendar *office = pack_calendar(pack, "office");
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        moment at;
        ok(moment_read(days[i].day, &at) == OK && calendar_works(office, at) == days[i].works, "%s", days[i].why);
    }
    ok(office->opens == 510 && office->closes == 1020, "hours");
    bool ascending = true;
    for (unsigned i = 1; i < office->n_holidays; i++)
        ascending = ascending && office->holidays[i - 1] < office->holidays[i];
    ok(ascending && office->n_holidays == 3 * 111 + 1, "%u holidays in 1990-2100, ascending", office->n_holidays);
    pack_free(pack);
}

static void test_limits(struct arena *arena)
{
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    char *large = arena_alloc(arena, (256 << 10) + 2);
    memset(large, '#', (256 << 10) + 1);
    files_put(&files, "duties/core/large.yaml", large);
    ok(!files_load(&files, &reasons) && reasons.count, "a file over the limit is refused");
    is(reasons.first->where, "duties/core/large.yaml", "by its name");
    files_good(&files, arena);
    files_put(&files, "../etc/passwd", "x: y\n");
    ok(!files_load(&files, &reasons), "a path outside");
    is(reasons.first->text.in[LANG_EN], "No definitions are expected in this file.", "is refused");
    files_good(&files, arena);
    struct pack *pack = NULL;
    ok(pack_load(files.list, files.n, NULL, &pack) == OK, "without a list of reasons");
    pack_free(pack);
    files_edit(&files, "posts/auditor.yaml", "superior: none", "superior: nobody");
    ok(pack_load(files.list, files.n, NULL, &pack) == BAD_INPUT, "faults without a list of reasons");
    ok(pack_load(NULL, 0, NULL, &pack) == BAD_INPUT, "an empty pack");
}

/* Every file twice: the second is told, whatever else. */
static void test_twice(struct arena *arena)
{
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    files.list[files.n] = files.list[0];
    files.n++;
    ok(!files_load(&files, &reasons), "a file twice is refused");
    is(reasons.first->text.in[LANG_EN], "This file is there twice.", "and told");
}

static void test_own(struct arena *arena)
{
    struct reasons reasons;
    struct pack *pack = NULL, *over = NULL;
    reasons_init(&reasons, arena);
    if (!ok(pack_load_embedded(NULL, &reasons, &pack) == OK, "the program's own pack loads")) {
        reasons_print(&reasons);
        return;
    }
    size_t legal = 0;
    for (struct pack_pair pair = {0}; pack_next_pair(pack, &pair);)
        legal += pair.legal;
    ok(pack->n_registers > 10 && legal > pack->n_registers, "%zu registers, %zu legal steps", pack->n_registers, legal);
    const char *folder = arena_printf(arena, "%s/tests/office/packs/over", source_root());
    ok(pack_load_embedded(folder, &reasons, &over) == OK, "with an office's folder over it");
    if (over) {
        is(pack_post(over, "visitor-host")->words.in[LANG_EN], "Visitor host", "a post is added");
        is(pack_post(over, "guard")->words.in[LANG_EN], "Night guard", "a post is replaced");
        ok(strcmp(over->hash, pack->hash) != 0, "another pack");
        pack_free(over);
    } else {
        reasons_print(&reasons);
    }
    pack_free(pack);
}

int main(void)
{
    static void (*const tests[])(struct arena *) = {test_good, test_canonical, test_pairs, test_rules, test_calendar, test_limits, test_twice, test_own};
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tests[i](arena);
        arena_clear(arena);
    }
    arena_free(arena);
    return tap_done();
}
