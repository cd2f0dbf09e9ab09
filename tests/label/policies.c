/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's own policies: strict loading, marks in both languages, validity, dominance, equivalence, high water.
 */
#include "common.h"

#include "tap.h"

#define SCD "1.3.26.1.4.1"
#define REL "1.3.26.1.4.2"
#define ADMIN "1.3.26.1.4.3"

static struct policies *policies;
static struct arena *arena;
static const moment now = INT64_C(1795348800000);   /* 2026-11-22 */

static void marks(const char *label, const char *english, const char *french, const char *portion)
{
    struct label *l = short_label(policies, arena, label);
    is(label_marking(policies, l, MARK_PAGE, LANG_EN, arena), english, label);
    is(label_marking(policies, l, MARK_PAGE, LANG_FR, arena), french, "... in French");
    is(label_marking(policies, l, MARK_PORTION, LANG_EN, arena), portion, "... on a portion");
}

static void test_marks(void)
{
    marks("NATO/UNCLASSIFIED", "NATO UNCLASSIFIED", "NATO SANS CLASSIFICATION", "NU");
    marks("NATO/RESTRICTED", "NATO RESTRICTED", "NATO DIFFUSION RESTREINTE", "NR");
    marks("NATO/CONFIDENTIAL", "NATO CONFIDENTIAL", "NATO CONFIDENTIEL", "NC");
    marks("NATO/SECRET", "NATO SECRET", "NATO SECRET", "NS");
    marks("NATO/TOP SECRET", "COSMIC TOP SECRET", "COSMIC TRÈS SECRET", "CTS");
    marks("NATO/TOP SECRET | restrictive:" SCD "=9", "COSMIC TOP SECRET - BOHEMIA", "COSMIC TRÈS SECRET - BOHEMIA",
          "CTS - BOHEMIA");
    marks("NATO/SECRET | restrictive:" SCD "=1 enumeratedPermissive:" REL "=250 enumeratedPermissive:" REL "=840",
          "NATO SECRET ATOMAL REL TO FRA, USA", "NATO SECRET ATOMAL COMMUNICABLE À FRA, USA", "NS ATOMAL REL TO FRA, USA");
    marks("NATO/RESTRICTED | informative:" ADMIN "=4", "NATO RESTRICTED MEDICAL", "NATO DIFFUSION RESTREINTE MÉDICAL",
          "NR MEDICAL");
    marks("NATO/SECRET | enumeratedPermissive:1.3.26.1.4.5=250 enumeratedPermissive:1.3.26.1.4.5=276",
          "NATO SECRET FRA/DEU ONLY", "NATO SECRET FRA/DEU UNIQUEMENT", "NS FRA/DEU ONLY");
    marks("OCCAR/SECRET", "OCCAR SECRET", "OCCAR SECRET", "OS");
    marks("OFFICE-PUBLIC/INTERNAL | informative:2.999.4774.4.1=1", "OFFICE INTERNAL PERSONAL",
          "OFFICE INTERNE DONNÉES PERSONNELLES", "I PERSONAL");
    struct label eu = { "2.999.4774.2", "5", NULL, 0 };
    is(label_marking(policies, &eu, MARK_PAGE, LANG_EN, arena), "TRÈS SECRET UE/EU TOP SECRET", "EU top secret");
    is(label_marking(policies, &eu, MARK_PORTION, LANG_FR, arena), "TS-UE/EU-TS", "EU portion");
    ok(!strstr(label_marking(policies, short_label(policies, arena, "NATO/TOP SECRET"), MARK_PAGE, LANG_EN, arena),
               "NATO TOP SECRET"), "NATO TOP SECRET is never written");
}

static bool valid(const char *label, bool is_new, const char *want)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    bool good = label_valid(policies, short_label(policies, arena, label), now, is_new, &reasons);
    if (!good && (!want || !strstr(why(&reasons), want)))
        printf("# %s\n", why(&reasons));
    return good ? !want : want && strstr(why(&reasons), want);
}

static void test_validity(void)
{
    ok(valid("NATO/SECRET", true, NULL), "a plain label is valid");
    ok(valid("NATO/SECRET | restrictive:" SCD "=1", true, NULL), "ATOMAL at NS");
    ok(valid("NATO/CONFIDENTIAL | restrictive:" SCD "=1", true, NULL), "ATOMAL at NC");
    ok(valid("NATO/TOP SECRET | restrictive:" SCD "=1", true, NULL), "ATOMAL at CTS");
    ok(valid("NATO/RESTRICTED | restrictive:" SCD "=1", true, "label.class-excluded"), "no ATOMAL at NR");
    ok(valid("NATO/TOP SECRET | restrictive:" SCD "=9", true, NULL), "BOHEMIA at CTS");
    ok(valid("NATO/SECRET | restrictive:" SCD "=9", true, "label.class-required"), "BOHEMIA only at CTS");
    ok(valid("NATO/SECRET | restrictive:" SCD "=6", false, NULL), "an obsolete value is read");
    ok(valid("NATO/SECRET | restrictive:" SCD "=6", true, "label.obsolete"), "but not written anew");
    ok(valid("NATO/SECRET | restrictive:" SCD "=99", false, "label.category-unknown"), "an unknown value");
    ok(valid("NATO/SECRET | permissive:" SCD "=1", false, "label.category-unknown"), "a value of another type");
    struct label foreign = { "1.1", "1", NULL, 0 };
    struct reasons reasons;
    reasons_init(&reasons, arena);
    ok(!label_valid(policies, &foreign, now, false, &reasons) && strstr(why(&reasons), "Unknown policy id: 1.1"),
       "an unknown policy");
}

static bool may(const char *label, const char *clearance)
{
    struct label *l = short_label(policies, arena, label);
    struct clearance *c = short_clearance(policies, arena, clearance);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    bool with = label_dominated(policies, l, c, now, &reasons), without = label_dominated(policies, l, c, now, NULL);
    ok(with == without && reasons.count, "reasons do not change the decision");
    return without;
}

static void test_dominance(void)
{
    ok(may("NATO/SECRET", "NATO/TOP SECRET"), "a higher class by hierarchy");
    ok(may("NATO/SECRET", "NATO/SECRET"), "the same class");
    ok(!may("NATO/SECRET", "NATO/CONFIDENTIAL"), "a lower class");
    ok(!may("NATO/SECRET | restrictive:" SCD "=1", "NATO/TOP SECRET"), "restrictive value not held");
    ok(may("NATO/SECRET | restrictive:" SCD "=1", "NATO/SECRET | restrictive:" SCD "=1 restrictive:" SCD "=2"), "held");
    ok(!may("NATO/SECRET | enumeratedPermissive:" REL "=250", "NATO/SECRET"), "released to others");
    ok(may("NATO/SECRET | enumeratedPermissive:" REL "=250 enumeratedPermissive:" REL "=840",
           "NATO/SECRET | enumeratedPermissive:" REL "=840"), "released to one of mine");
    ok(may("NATO/SECRET | informative:" ADMIN "=4", "NATO/SECRET"), "informative values ask nothing");
    ok(may("NATO/SECRET", "OCCAR/SECRET"), "an equivalent clearance");
    ok(!may("NATO/TOP SECRET", "OCCAR/SECRET"), "no equivalent of top secret");
    ok(!may("NATO/SECRET | restrictive:" SCD "=1", "OCCAR/SECRET"), "a caveat without equivalent denies");
    ok(!may("NATO/UNCLASSIFIED", "OFFICE-PUBLIC/INTERNAL"), "no equivalence at all");
    ok(!may("NATO/UNCLASSIFIED | enumeratedPermissive:" REL "=", "NATO/TOP SECRET"), "released to nobody");
    is_int(policy_threshold(policies_find(policies, "NATO"), "certificate"),
           policy_class_rank(policies_find(policies, "NATO"), "3"), "threshold as data");
    is_int(policy_threshold(policies_find(policies, "OFFICE-PUBLIC"), "certificate"), -1, "no threshold");
}

static void test_high_water(void)
{
    const struct label *list[] = {
        short_label(policies, arena, "NATO/RESTRICTED | enumeratedPermissive:" REL "=250 enumeratedPermissive:" REL "=840"),
        short_label(policies, arena, "NATO/SECRET | restrictive:" SCD "=1 informative:" ADMIN "=1"),
        short_label(policies, arena, "OCCAR/RESTRICTED"),
        short_label(policies, arena, "NATO/UNCLASSIFIED | enumeratedPermissive:" REL "=840 enumeratedPermissive:" REL "=276"),
    };
    unsigned n;
    bool *empty;
    struct label **high = label_high_water(policies, list, 4, arena, &n, &empty);
    is_int(n, 2, "one result a policy");
    is(label_write(high[0], arena), "{\"categories\":[[\"1.3.26.1.4.1\",\"restrictive\",\"1\"],"
       "[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"840\"],[\"1.3.26.1.4.3\",\"informative\",\"1\"]],"
       "\"class\":\"4\",\"policy\":\"1.3.26.1.3.1\"}", "class max, unions, intersection");
    ok(!empty[0] && !empty[1], "nothing empty");
    list[2] = short_label(policies, arena, "NATO/UNCLASSIFIED | enumeratedPermissive:" REL "=56");
    high = label_high_water(policies, list, 4, arena, &n, &empty);
    ok(n == 1 && empty[0], "an empty intersection is said");
    ok(!label_valid(policies, high[0], now, false, NULL), "and not valid");
    is(label_marking(policies, high[0], MARK_PAGE, LANG_EN, arena), "NATO SECRET ATOMAL MANAGEMENT releasable: see portions",
       "and marked");
    struct clearance *all = short_clearance(policies, arena, "NATO/TOP SECRET | restrictive:" SCD "=1 "
        "enumeratedPermissive:" REL "=840 enumeratedPermissive:" REL "=250 enumeratedPermissive:" REL "=56");
    ok(!label_dominated(policies, high[0], all, now, NULL), "and readable by nobody");
    for (unsigned i = 0; i < 4; i++)
        ok(label_at_least(policies, high[0], list[i]), "the mark is at least each of its sources");
    ok(!label_at_least(policies, list[0], list[1]) && !label_at_least(policies, list[1], list[0]), "incomparable labels");
}

static void test_text(void)
{
    struct reasons reasons;
    struct label *label;
    reasons_init(&reasons, arena);
    const char *text = "{\"policy\":\"1.2\",\"class\":\"007\",\"categories\":[[\"1.2.3\",\"restrictive\",\"02\"],"
                       "[\"1.2.3\",\"restrictive\",\"2\"],[\"1.2\",\"informative\",\"x\"]]}";
    ok(label_read(text, strlen(text), arena, &reasons, &label) == OK, "reads any order");
    is(label_write(label, arena), "{\"categories\":[[\"1.2\",\"informative\",\"x\"],[\"1.2.3\",\"restrictive\",\"2\"]],"
       "\"class\":\"7\",\"policy\":\"1.2\"}", "writes one form");
    static const char *const bad[] = { "", "[]", "{}", "{\"categories\":[],\"class\":4,\"policy\":\"1.2\"}",
        "{\"categories\":[],\"class\":\"4\",\"policy\":\"x\"}", "{\"categories\":[],\"class\":\"\",\"policy\":\"1.2\"}",
        "{\"categories\":[[\"1.2\",\"odd\",\"1\"]],\"class\":\"4\",\"policy\":\"1.2\"}",
        "{\"categories\":[[\"1.2\",\"restrictive\",\"\"]],\"class\":\"4\",\"policy\":\"1.2\"}",
        "{\"categories\":[],\"class\":\"4\",\"policy\":\"1.2\",\"more\":1}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(label_read(bad[i], strlen(bad[i]), arena, &reasons, &label) != OK, "refuses %s", bad[i]);
    struct clearance *clearance;
    text = "{\"categories\":[],\"classes\":[\"4\",\"3\",\"4\"],\"policy\":\"1.2\"}";
    ok(clearance_read(text, strlen(text), arena, &reasons, &clearance) == OK, "reads a clearance");
    is(clearance_write(clearance, arena), "{\"categories\":[],\"classes\":[\"3\",\"4\"],\"policy\":\"1.2\"}", "writes it");
}

int main(void)
{
    arena = arena_new(0);
    policies = own_policies();
    ok(policies_count(policies) == 4, "four policies, strictly loaded, without a defect");
    test_marks();
    test_validity();
    test_dominance();
    test_high_water();
    test_text();
    policies_free(policies);
    arena_free(arena);
    return tap_done();
}
