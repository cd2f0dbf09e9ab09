/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random labels and clearances against a plain oracle that shares no code with the room: it keeps a label as sets of
 * bits by tag and decides by the textbook rules. Then the laws of the lattice: high water and at_least fit decisions.
 */
#include "common.h"

#include "tap.h"

/* A made-up policy, known to the oracle as numbers: six classes (two share a rank), five tags in three sets. */
enum { CLASSES = 6, TAGS = 5, VALUES = 5 };
static const int ranks[CLASSES] = { 3, 0, 5, 3, 9, -2 };
static const char *const sets[TAGS] = { "2.999.7.1", "2.999.7.1", "2.999.7.2", "2.999.7.2", "2.999.7.3" };
static const char *const types[TAGS] = { "tagType=\"restrictive\"", "tagType=\"permissive\"", "tagType=\"permissive\"",
    "tagType=\"enumerated\" enumType=\"restrictive\"", "tagType=\"tagType7\" tag7Encoding=\"bitSetAttributes\"" };
static const enum tag_type kinds[TAGS] = { TAG_RESTRICTIVE, TAG_PERMISSIVE, TAG_PERMISSIVE, TAG_ENUM_RESTRICTIVE,
                                           TAG_INFORMATIVE };
static const bool restrictive[TAGS] = { true, false, false, true, false }, permissive[TAGS] = { false, true, true, false, false };

struct plain {                  /* a label (one class) or a clearance (a set of them) */
    unsigned classes;
    unsigned tags[TAGS];        /* bits by value */
    bool nobody[TAGS];
};

static struct policies *policies;

static struct policy *make_policy(const char *oid, const char *name, bool hierarchy)
{
    struct arena *arena = arena_new(0);
    struct buf xml;
    struct reasons faults;
    struct policy *policy = NULL;
    reasons_init(&faults, arena);
    buf_init(&xml, 1 << 20);
    buf_addf(&xml, "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.0' creationDate='x' originatorDN='x' keyIdentifier=''"
             " privilegeId='2.999' rbacId='2.999'><securityPolicyId name='%s' id='%s'/><securityClassifications>", name, oid);
    for (int c = 0; c < CLASSES; c++)
        buf_addf(&xml, "<securityClassification name='C%d' lacv='%d' hierarchy='%d'/>", c, c + 100, ranks[c]);
    buf_adds(&xml, "</securityClassifications><securityCategoryTagSets>");
    for (int t = 0; t < TAGS; t++) {
        if (!t || strcmp(sets[t], sets[t - 1]))
            buf_addf(&xml, "%s<securityCategoryTagSet name='S%d' id='%s'>", t ? "</securityCategoryTagSet>" : "", t, sets[t]);
        buf_addf(&xml, "<securityCategoryTag name='T%d' %s>", t, types[t]);
        for (int v = 0; v < VALUES; v++)
            buf_addf(&xml, "<tagCategory name='V%d-%d' lacv='%d'/>", t, v, v);
        buf_adds(&xml, "</securityCategoryTag>");
    }
    buf_adds(&xml, "</securityCategoryTagSet></securityCategoryTagSets>");
    if (hierarchy)
        buf_adds(&xml, "<extensions><c:policy xmlns:c='urn:castellan:policy:1' dominance='hierarchy'/></extensions>");
    buf_adds(&xml, "</SPIF>");
    if (!ok(policy_load(name, xml.data, xml.len, SPIF_STRICT, &faults, &policy) == OK && !faults.count, "%s loads", name))
        printf("# %s\n", why(&faults));
    buf_free(&xml);
    arena_free(arena);
    return policy;
}

static unsigned few_bits(unsigned n)
{
    unsigned bits = 0;
    while (n-- && tap_below(3))
        bits |= 1u << tap_below(VALUES);
    return bits;
}

static struct plain random_plain(bool clearance)
{
    struct plain p = { .classes = clearance ? (unsigned)tap_below(1u << CLASSES) : 1u << tap_below(CLASSES) };
    for (int t = 0; t < TAGS; t++) {
        p.tags[t] = clearance ? (unsigned)tap_below(1u << VALUES) : few_bits(3);
        p.nobody[t] = !clearance && permissive[t] && !p.tags[t] && tap_below(40) == 0;
    }
    return p;
}

static unsigned make_categories(const struct plain *p, struct arena *arena, struct category **ret)
{
    static const char *const digits[VALUES] = { "0", "1", "2", "3", "4" };
    struct category *list = ARENA_ARRAY(arena, struct category, TAGS * VALUES + TAGS);
    unsigned n = 0;
    /* the sets of the policy are ascending, and within a set restrictive stands before permissive before enumerated */
    for (int t = 0; t < TAGS; t++) {
        if (p->nobody[t])
            list[n++] = (struct category){ sets[t], kinds[t], "" };
        for (int v = 0; v < VALUES; v++)
            if (p->tags[t] >> v & 1)
                list[n++] = (struct category){ sets[t], kinds[t], digits[v] };
    }
    *ret = list;
    return n;
}

static const char *const lacvs[CLASSES] = { "100", "101", "102", "103", "104", "105" };

static struct label *make_label(const struct plain *p, const char *oid, struct arena *arena)
{
    struct label *label = ARENA_NEW(arena, struct label);
    struct category *list;
    label->policy = oid;
    for (int c = 0; c < CLASSES; c++)
        if (p->classes >> c & 1)
            label->class_lacv = lacvs[c];
    label->n_categories = make_categories(p, arena, &list);
    label->categories = list;
    return label;
}

static struct clearance *make_clearance(const struct plain *p, const char *oid, struct arena *arena)
{
    struct clearance *clearance = ARENA_NEW(arena, struct clearance);
    const char **classes = ARENA_ARRAY(arena, const char *, CLASSES);
    struct category *list;
    clearance->policy = oid;
    for (int c = 0; c < CLASSES; c++)
        if (p->classes >> c & 1)
            classes[clearance->n_classes++] = lacvs[c];
    clearance->classes = classes;
    clearance->n_categories = make_categories(p, arena, &list);
    clearance->categories = list;
    return clearance;
}

/* The textbook. */
static bool oracle_reads(const struct plain *label, const struct plain *clearance, bool hierarchy)
{
    bool class = (label->classes & clearance->classes) != 0;
    for (int c = 0; hierarchy && c < CLASSES; c++)
        for (int held = 0; (label->classes >> c & 1) && held < CLASSES; held++)
            class |= (clearance->classes >> held & 1) && ranks[held] >= ranks[c];
    for (int t = 0; t < TAGS; t++) {
        if (restrictive[t] && (label->tags[t] & ~clearance->tags[t]))
            return false;
        if (permissive[t] && (label->nobody[t] || (label->tags[t] && !(label->tags[t] & clearance->tags[t]))))
            return false;
    }
    return class;
}

static int rank_of(const struct plain *p)
{
    int c = 0;
    while (!(p->classes >> c & 1))
        c++;
    return ranks[c];
}

static bool oracle_at_least(const struct plain *high, const struct plain *low)
{
    if (rank_of(high) < rank_of(low))
        return false;
    for (int t = 0; t < TAGS; t++) {
        if (restrictive[t] && (low->tags[t] & ~high->tags[t]))
            return false;
        if (!permissive[t] || high->nobody[t])
            continue;
        if (low->nobody[t] || (low->tags[t] && (!high->tags[t] || (high->tags[t] & ~low->tags[t]))))
            return false;
    }
    return true;
}

static void test_decisions(const char *oid, bool hierarchy, size_t cases)
{
    size_t same = 0, spoken = 0, granted = 0;
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < cases; i++) {
        struct plain label = random_plain(false), clearance = random_plain(true);
        struct label *l = make_label(&label, oid, arena);
        struct clearance *c = make_clearance(&clearance, oid, arena);
        bool want = oracle_reads(&label, &clearance, hierarchy), got = label_dominated(policies, l, c, 0, NULL);
        same += want == got;
        granted += got;
        if (want != got && same + 3 > i)
            printf("# oracle %d for %s by %s\n", want, label_write(l, arena), clearance_write(c, arena));
        if (i % 16 == 0) {
            struct reasons reasons;
            size_t against = 0;
            reasons_init(&reasons, arena);
            bool again = label_dominated(policies, l, c, 0, &reasons);
            for (const struct reason *r = reasons.first; r; r = r->after)
                against += !r->grants;
            spoken += again == got && (against == 0) == got;
        } else {
            spoken++;
        }
        arena_clear(arena);
    }
    ok(same == cases, "%s: %zu of %zu decisions as the oracle's, %zu grants", hierarchy ? "hierarchy" : "class list", same, cases,
       granted);
    is_int(spoken, cases, "with reasons the decision is the same, and something speaks against exactly when it is no");
    arena_free(arena);
}

/* Two labels, their high-water mark, and clearances: whoever reads the mark reads both; whoever reads both reads the
 * mark, unless the labels are released to different people of whom one may hold several values. */
static void test_laws(const char *oid, size_t cases)
{
    size_t order = 0, above = 0, sound = 0, complete = 0, said = 0, repeat = 0;
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < cases; i++) {
        struct plain a = random_plain(false), b = random_plain(false), who = random_plain(true);
        const struct label *two[] = { make_label(&a, oid, arena), make_label(&b, oid, arena) };
        struct clearance *c = make_clearance(&who, oid, arena);
        unsigned n;
        bool *empty, differ = false, none = false;
        struct label **high = label_high_water(policies, two, 2, arena, &n, &empty);
        for (int t = 0; t < TAGS; t++) {
            differ |= permissive[t] && a.tags[t] && b.tags[t] && a.tags[t] != b.tags[t];
            none |= permissive[t] && (a.nobody[t] || b.nobody[t] || (a.tags[t] && b.tags[t] && !(a.tags[t] & b.tags[t])));
        }
        bool both = label_dominated(policies, two[0], c, 0, NULL) && label_dominated(policies, two[1], c, 0, NULL);
        bool top = label_dominated(policies, high[0], c, 0, NULL);
        order += label_at_least(policies, two[0], two[1]) == oracle_at_least(&a, &b);
        above += label_at_least(policies, high[0], two[0]) && label_at_least(policies, high[0], two[1]);
        sound += !top || both;
        complete += differ || top == both;
        said += n == 1 && empty[0] == none;
        const struct label *more[] = { high[0], two[1], two[0] };
        unsigned m;
        struct label **again = label_high_water(policies, more, 3, arena, &m, NULL);
        repeat += strcmp(label_write(again[0], arena), label_write(high[0], arena)) == 0 ||
                  strcmp(again[0]->class_lacv, high[0]->class_lacv) != 0;  /* equal ranks: either class serves */
        arena_clear(arena);
    }
    is_int(order, cases, "at_least is the lattice order");
    is_int(above, cases, "the high-water mark is at least both");
    is_int(sound, cases, "who reads the mark reads both");
    is_int(complete, cases, "who reads both reads the mark, where they are released alike");
    is_int(said, cases, "an empty release list is said exactly when it is empty");
    is_int(repeat, cases, "the mark with its sources again is the mark");
    arena_free(arena);
}

int main(void)
{
    tap_seed();
    policies = policies_new();
    bool added = policies_add(policies, make_policy("2.999.7", "BY-RANK", true), NULL) == OK &&
                 policies_add(policies, make_policy("2.999.8", "BY-LIST", false), NULL) == OK;
    ok(added, "two policies");
    test_decisions("2.999.7", true, tap_cases(1000000));
    test_decisions("2.999.8", false, tap_cases(1000000));
    test_laws("2.999.7", tap_cases(1000000));
    policies_free(policies);
    return tap_done();
}
