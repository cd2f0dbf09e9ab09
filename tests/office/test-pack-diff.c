/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The difference between two packs in words: each kind of change is told once, in both languages, with its place; equal
 * packs differ in nothing; and a property test: whatever line of the good pack is changed so that it still loads, the
 * difference is not empty.
 */
#include "base/text.h"
#include "packs.h"
#include "tap.h"

static const struct { const char *file, *was, *now, *where, *english, *french; } changes[] = {
    {"duties/incidents/incident.yaml", "right: close-incidents, needs: [finding]", "right: investigate, needs: [finding]",
     "incident.lifecycle.steps.close.right", "register “Security incidents” (incident), step “Close” (close): “right” changes from close-incidents to investigate.",
     "registre « Incidents de sécurité » (incident), étape « Clore » (close) : « right » passe de close-incidents à investigate."},
    {"duties/incidents/incident.yaml", "second-person: {right: triage-incidents}, ", "", "incident.lifecycle.steps.close.second-person",
     "register “Security incidents” (incident), step “Close” (close): “second-person” is taken away; it was {right: triage-incidents}.",
     "registre « Incidents de sécurité » (incident), étape « Clore » (close) : la clé « second-person » disparaît ; sa valeur était {right: triage-incidents}."},
    {"duties/incidents/incident.yaml", "{type: interval,", "{type: interval, filter: true,", "incident.fields.occurred.filter",
     "register “Security incidents” (incident), field “Occurred” (occurred): “filter” is new: true.",
     "registre « Incidents de sécurité » (incident), champ « Survenu » (occurred) : la clé « filter » s’ajoute : true."},
    {"duties/incidents/incident.yaml", "  consent: {type: boolean, name: {en: Originator consents, fr: Accord de l'autorité d'origine}}\n",
     "  consent: {type: boolean, name: {en: Originator consents, fr: Accord de l'autorité d'origine}}\n  extra: {type: line, name: {en: Extra, fr: Ajout}}\n", "incident.fields.extra",
     "register “Security incidents” (incident): field “Extra” (extra) is new: {type: line, name: {en: Extra, fr: Ajout}}",
     "registre « Incidents de sécurité » (incident) : ajout : champ « Ajout » (extra), {type: line, name: {en: Extra, fr: Ajout}}"},
    {"duties/incidents/incident.yaml", "  evidence: {type: attachments, name: {en: Evidence, fr: Pièces}, custody: true}\n", "", "incident.fields.evidence",
     "register “Security incidents” (incident): field “Evidence” (evidence) is taken away.", "registre « Incidents de sécurité » (incident) : suppression : champ « Pièces » (evidence)."},
    {"duties/incidents/rules.yaml", "value: 3", "value: 4", "incident.repeat.value", "rule “Repetitions that are reported” (incident.repeat): “value” changes from 3 to 4.",
     "règle « Répétitions signalées » (incident.repeat) : « value » passe de 3 à 4."},
    {"duties/incidents/rules.yaml", "standing: local", "standing: confirmed", "incident.repeat.standing",
     "rule “Repetitions that are reported” (incident.repeat): “standing” changes from local to confirmed.",
     "règle « Répétitions signalées » (incident.repeat) : « standing » passe de local à confirmed."},
    {"posts/investigator.yaml", "rights: [investigate, triage-incidents]", "rights: [investigate, triage-incidents, keep-files]", "investigator.rights",
     "post “Investigator” (investigator): “rights” now holds keep-files.", "poste « Enquêteur » (investigator) : « rights » contient désormais keep-files."},
    {"posts/investigator.yaml", "rights: [investigate, triage-incidents]", "rights: [investigate]", "investigator.rights",
     "post “Investigator” (investigator): “rights” no longer holds triage-incidents.", "poste « Enquêteur » (investigator) : « rights » ne contient plus triage-incidents."},
    {"posts/investigator.yaml", "rights: [investigate, triage-incidents]", "rights: [triage-incidents, investigate]", "investigator.rights",
     "post “Investigator” (investigator): the order under “rights” changes.", "poste « Enquêteur » (investigator) : l’ordre sous « rights » change."},
    {"duties/incidents/vocabularies.yaml", "fr: compromission possible", "fr: compromission", "incident-kind.terms.breach",
     "vocabulary “Kinds of incident” (incident-kind), term “breach” (breach): the French of “breach” changes from compromission possible to compromission.",
     "vocabulaire « Types d'incident » (incident-kind), terme « compromission » (breach) : le français de « breach » passe de « compromission possible » à « compromission »."},
    {"duties/core/calendars.yaml", "      - easter+39\n", "", "office.holidays", "calendar office: “holidays” no longer holds easter+39.", "calendrier office : « holidays » ne contient plus easter+39."},
    {"duties/core/duty.yaml", "fr: Auditer", "fr: Contrôler", "core.rights.audit.name",
     "duty “People and files” (core), right “Audit” (audit): the French of “name” changes from Auditer to Contrôler.",
     "domaine « Personnes et dossiers » (core), droit « Contrôler » (audit) : le français de « name » passe de « Auditer » à « Contrôler »."},
};

static char *plain_blanks(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text), *to = copy;
    for (const char *from = copy; *from; from++) {
        if ((unsigned char)from[0] == 0xc2 && (unsigned char)from[1] == 0xa0) {
            *to++ = ' ';
            from++;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return copy;
}

static void test_changes(struct arena *arena, const struct pack *pack)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct files files;
        struct reasons reasons, told;
        files_good(&files, arena);
        if (!ok(files_edit(&files, changes[i].file, changes[i].was, changes[i].now), "the change fits: %s", changes[i].where))
            continue;
        struct pack *newer = files_load(&files, &reasons);
        if (!ok(newer, "the changed pack loads")) {
            reasons_print(&reasons);
            continue;
        }
        reasons_init(&told, arena);
        pack_difference(pack, newer, &told);
        if (!ok(told.count == 1, "one sentence"))
            reasons_print(&told);
        if (told.first) {
            is(told.first->where, changes[i].where, "its place");
            is(told.first->text.in[LANG_EN], changes[i].english, "in English");
            is(plain_blanks(arena, told.first->text.in[LANG_FR]), changes[i].french, "in French");
        }
        pack_free(newer);
    }
}

static void test_whole(struct arena *arena, const struct pack *pack)
{
    struct files files;
    struct reasons reasons, told;
    files_good(&files, arena);
    files_put(&files, "posts/clerk.yaml", "post: clerk\nname: {en: Clerk, fr: Commis}\nsuperior: registrar\n");
    struct pack *newer = files_load(&files, &reasons);
    reasons_init(&told, arena);
    pack_difference(pack, newer, &told);
    ok(told.count == 1, "a new post is one sentence");
    is(told.first->text.in[LANG_EN], "post “Clerk” (clerk) is new.", "in words");
    reasons_init(&told, arena);
    pack_difference(newer, pack, &told);
    is(told.first->text.in[LANG_EN], "post “Clerk” (clerk) is taken away.", "and the other way round");
    pack_free(newer);

    reasons_init(&told, arena);
    pack_difference(pack, pack, &told);
    ok(told.count == 0, "a pack does not differ from itself");

    files_good(&files, arena);
    const char *rules = files_text(&files, "duties/incidents/rules.yaml");
    files_put(&files, "duties/incidents/numbers.yaml", rules);
    files_take(&files, "duties/incidents/rules.yaml");
    newer = files_load(&files, &reasons);
    pack_difference(pack, newer, &told);
    ok(told.count == 1 && newer, "definitions in another file");
    is(told.first->text.in[LANG_EN], "The definitions stand in other files; none of them changes.", "change nothing, and that is told");
    pack_free(newer);
}

/* Drops, doubles or swaps lines at random; what loads with another hash must be told. */
static void test_nothing_is_silent(struct arena *arena, const struct pack *pack)
{
    size_t loaded = 0, cases = tap_cases(20000);
    struct arena *work = arena_new(0);
    for (size_t i = 0; i < cases; i++) {
        arena_clear(work);
        struct files files;
        struct reasons reasons, told;
        files_good(&files, work);
        const struct pack_file *file = &files.list[tap_below(files.n)];
        char *text = arena_strdup(work, file->text);
        size_t at = tap_below(strlen(text)), len;
        while (at && text[at - 1] != '\n')
            at--;
        len = strcspn(text + at, "\n") + 1;
        if (at + len > strlen(text))
            continue;
        char *now = arena_printf(work, "%.*s%s", (int)at, text, text + at + len);
        files_put(&files, file->path, now);
        struct pack *newer = files_load(&files, &reasons);
        if (!newer)
            continue;
        loaded++;
        reasons_init(&told, work);
        pack_difference(pack, newer, &told);
        bool same = strcmp(pack->hash, newer->hash) == 0;
        if (same != (told.count == 0))
            ok(false, "%s without line %.*s", file->path, (int)len - 1, text + at);
        pack_free(newer);
    }
    ok(loaded > 0, "%zu of %zu changed packs loaded, and every one was told", loaded, cases);
    arena_free(work);
}

int main(void)
{
    tap_seed();
    struct arena *arena = arena_new(0);
    struct files files;
    struct reasons reasons;
    files_good(&files, arena);
    struct pack *pack = files_load(&files, &reasons);
    if (ok(pack, "the good pack loads")) {
        test_changes(arena, pack);
        test_whole(arena, pack);
        test_nothing_is_silent(arena, pack);
    }
    pack_free(pack);
    arena_free(arena);
    return tap_done();
}
