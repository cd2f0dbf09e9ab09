/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * False friends: national levels compare by policy and rank, never by name. A policy is made for each nation from the
 * table of equivalences, with NATO equivalences by rank; then the words that mislead are tried one by one.
 */
#include "common.h"

#include "tap.h"

/* TS, S, C, R; NULL: the nation has none. */
static const struct nation { const char *code, *levels[4]; bool secret_covers_confidential; } nations[] = {
    { "DE", { "STRENG GEHEIM", "GEHEIM", "VS-VERTRAULICH", "VS-NUR FÜR DEN DIENSTGEBRAUCH" } },
    { "FR", { "TRÈS SECRET", "SECRET", NULL, "DIFFUSION RESTREINTE" }, true },
    { "UK", { "TOP SECRET", "SECRET", NULL, "OFFICIAL-SENSITIVE" } },
    { "US", { "TOP SECRET", "SECRET", "CONFIDENTIAL", NULL } },
    { "ES", { "SECRETO", "RESERVADO", "CONFIDENCIAL", "DIFUSIÓN LIMITADA" } },
    { "PT", { "Muito Secreto", "Secreto", "Confidencial", "Reservado" } },
    { "BE", { "Zeer Geheim", "Geheim", "Vertrouwelijk", "Beperkte verspreiding" } },
    { "NL", { "Stg. ZEER GEHEIM", "Stg. GEHEIM", "Stg. CONFIDENTIEEL", "Dep. VERTROUWELIJK" } },
    { "RO", { "Strict secret de importanță deosebită", "Strict secret", "Secret", "Secret de serviciu" } },
    { "IT", { "Segretissimo", "Segreto", "Riservatissimo", "Riservato" } },
    { "HU", { "Szigorúan titkos!", "Titkos!", "Bizalmas!", "Korlátozott terjesztésű!" } },
    { "EL", { "Άκρως Απόρρητο", "Απόρρητο", "Εμπιστευτικό", "Περιορισμένης Χρήσης" } },
    { "BG", { "Строго секретно", "Секретно", "Поверително", "За служебно ползване" } },
};
enum { N = sizeof nations / sizeof *nations };
static const char *const nato[4] = { "TOP SECRET", "SECRET", "CONFIDENTIAL", "RESTRICTED" };

static struct policies *policies;
static struct arena *arena;

static void add_nation(const struct nation *nation, unsigned number)
{
    struct buf xml;
    struct reasons faults;
    struct policy *policy = NULL;
    reasons_init(&faults, arena);
    buf_init(&xml, 1 << 16);
    buf_addf(&xml, "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1' creationDate='x' originatorDN='x' keyIdentifier=''"
             " privilegeId='2.999' rbacId='2.999'><securityPolicyId name='%s' id='2.999.9.%u'/><securityClassifications>",
             nation->code, number);
    for (int i = 0; i < 4; i++)     /* lacv counts what there is, so that equal numbers mislead as equal names do */
        if (nation->levels[3 - i])
            buf_addf(&xml, "<securityClassification name='%s' lacv='%d' hierarchy='%d'><equivalentClassification policyRef='NATO' "
                     "lacv='%d' applied='both'/>%s</securityClassification>", nation->levels[3 - i], i + 11, i, i + 2,
                     i == 2 && nation->secret_covers_confidential
                         ? "<equivalentClassification policyRef='NATO' lacv='3' applied='decrypt'/>" : "");
    buf_adds(&xml, "</securityClassifications><equivalentPolicies><equivalentPolicy name='NATO' id='1.3.26.1.3.1'/>"
             "</equivalentPolicies><extensions><c:policy xmlns:c='urn:castellan:policy:1' dominance='hierarchy'/></extensions></SPIF>");
    bool good = policy_load(nation->code, xml.data, xml.len, SPIF_STRICT, &faults, &policy) == OK &&
                policies_add(policies, policy, &faults) == OK;
    if (!ok(good && !faults.count, "%s loads", nation->code))
        printf("# %s\n", why(&faults));
    buf_free(&xml);
}

static void counts_as(const char *code, const char *level, const char *want)
{
    struct label *label = short_label(policies, arena, arena_printf(arena, "%s/%s", code, level)), *there = NULL;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (!ok(label_translate(policies, label, "NATO", 0, arena, &reasons, &there) == OK, "%s %s has a rank", code, level)) {
        printf("# %s\n", why(&reasons));
        return;
    }
    is(label_marking(policies, there, MARK_PAGE, LANG_EN, arena),
       strcmp(want, "TOP SECRET") ? arena_printf(arena, "NATO %s", want) : "COSMIC TOP SECRET",
       arena_printf(arena, "%s %s counts as %s", code, level, want));
}

static bool reads(const char *clearance, const char *label)
{
    return label_dominated(policies, short_label(policies, arena, label), short_clearance(policies, arena, clearance), 0, NULL);
}

int main(void)
{
    arena = arena_new(0);
    policies = own_policies();
    for (unsigned i = 0; i < N; i++)
        add_nation(&nations[i], i);
    for (unsigned i = 0; i < N; i++)
        for (int l = 0; l < 4; l++)
            if (nations[i].levels[l])
                counts_as(nations[i].code, nations[i].levels[l], nato[l]);
    counts_as("RO", "Secret", "CONFIDENTIAL");
    counts_as("ES", "RESERVADO", "SECRET");
    counts_as("PT", "Reservado", "RESTRICTED");
    counts_as("ES", "SECRETO", "TOP SECRET");
    counts_as("NL", "Dep. VERTROUWELIJK", "RESTRICTED");
    counts_as("BE", "Vertrouwelijk", "CONFIDENTIAL");
    counts_as("FR", "SECRET", "SECRET");
    ok(!reads("NATO/CONFIDENTIAL", "ES/RESERVADO"), "NATO CONFIDENTIAL does not read Spain's RESERVADO");
    ok(reads("NATO/RESTRICTED", "PT/Reservado"), "NATO RESTRICTED reads Portugal's Reservado");
    ok(!reads("NATO/SECRET", "ES/SECRETO"), "NATO SECRET does not read Spain's SECRETO");
    ok(reads("NATO/CONFIDENTIAL", "RO/Secret"), "NATO CONFIDENTIAL reads Romania's Secret");
    ok(!reads("RO/Secret", "NATO/SECRET"), "Romania's Secret does not read NATO SECRET");
    ok(reads("RO/Strict secret", "NATO/SECRET"), "Romania's Strict secret does");
    ok(!reads("FR/DIFFUSION RESTREINTE", "NATO/CONFIDENTIAL"), "what a nation lacks is not reached from below");
    ok(reads("FR/SECRET", "NATO/CONFIDENTIAL"), "France's SECRET covers what was CONFIDENTIEL DÉFENSE");
    struct label *there;
    ok(label_translate(policies, short_label(policies, arena, "NATO/CONFIDENTIAL"), "UK", 0, arena, NULL, &there) == REFUSED,
       "nothing is made up for a level that a nation does not have");
    ok(!reads("ES/SECRETO", "PT/Secreto"), "two nations without an equivalence between them do not read each other");
    policies_free(policies);
    arena_free(arena);
    return tap_done();
}
