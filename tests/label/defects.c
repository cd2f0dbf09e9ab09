/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One small policy, broken in one way at a time: what strict says, what lenient says, and the exact list of rules in
 * each case. Hostile files: entities, sizes, depth, truncation at every byte.
 */
#include "base/text.h"
#include "common.h"

#include "tap.h"

static struct arena *arena;

#define HEAD "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1' creationDate='x' originatorDN='x' keyIdentifier='' " \
    "privilegeId='2.999' rbacId='2.999'>"
#define ID "<securityPolicyId name='P' id='2.999.5'/>"
#define CLASS "<securityClassification name='A' lacv='1' hierarchy='1'/><securityClassification name='B' lacv='2' hierarchy='2'/>"
#define CLASSES "<securityClassifications>" CLASS "</securityClassifications>"
#define VALUES(inner) "<securityCategoryTagSets><securityCategoryTagSet name='S' id='2.999.5.1'><securityCategoryTag name='T' " \
    "tagType='restrictive'>" inner "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>"
#define ONE "<tagCategory name='one' lacv='1'/>"
#define EXTENSION(inner) "<extensions><c:policy xmlns:c='urn:castellan:policy:1' " inner "</c:policy></extensions>"

static const struct broken {
    const char *what, *xml;
    enum status strict, lenient;
    const char *rules;          /* those of lenient, in order */
} cases[] = {
    { "nothing wrong", HEAD ID CLASSES VALUES(ONE) "</SPIF>", OK, OK, "" },
    { "not closed", HEAD ID CLASSES VALUES(ONE), BAD_INPUT, OK, "xml.malformed " },
    { "no namespace", "<SPIF schemaVersion='2.1' creationDate='x' originatorDN='x' keyIdentifier='' privilegeId='2.999' "
      "rbacId='2.999'>" ID CLASSES "</SPIF>", BAD_INPUT, OK, "spif.namespace " },
    { "an attribute missing", HEAD "<securityPolicyId id='2.999.5'/>" CLASSES "</SPIF>", BAD_INPUT, OK, "spif.attribute-missing " },
    { "no identifier", HEAD "<securityPolicyId name='P'/>" CLASSES "</SPIF>", BAD_INPUT, BAD_INPUT,
      "spif.attribute-missing policy.nameless " },
    { "no classes", HEAD ID "</SPIF>", BAD_INPUT, BAD_INPUT, "spif.element-missing policy.classes " },
    { "the wrong order", HEAD CLASSES ID "</SPIF>", BAD_INPUT, OK, "spif.element-order " },
    { "an unknown element", HEAD ID CLASSES "<odd/></SPIF>", BAD_INPUT, OK, "spif.element-unknown " },
    { "an element twice", HEAD ID ID CLASSES "</SPIF>", BAD_INPUT, OK, "spif.element-repeated " },
    { "text where none may be", HEAD ID "x" CLASSES "</SPIF>", BAD_INPUT, OK, "spif.text " },
    { "a color that is none", HEAD ID "<securityClassifications><securityClassification name='A' lacv='1' hierarchy='1' "
      "color='orange'/></securityClassifications></SPIF>", BAD_INPUT, OK, "spif.attribute-value " },
    { "no hierarchy", HEAD ID "<securityClassifications><securityClassification name='A' lacv='1'/></securityClassifications></SPIF>",
      BAD_INPUT, OK, "spif.attribute-missing spif.class-rank " },
    { "two classes of one lacv", HEAD ID "<securityClassifications>" CLASS "<securityClassification name='C' lacv='02' hierarchy='3'/>"
      "</securityClassifications></SPIF>", BAD_INPUT, REFUSED, "spif.duplicate policy.contradiction " },
    { "two classes of one name", HEAD ID "<securityClassifications>" CLASS "<securityClassification name='B' lacv='3' hierarchy='3'/>"
      "</securityClassifications></SPIF>", BAD_INPUT, REFUSED, "spif.duplicate policy.contradiction " },
    { "two values of one lacv", HEAD ID CLASSES VALUES(ONE "<tagCategory name='two' lacv='01'/>") "</SPIF>", OK, OK,
      "spif.value-ambiguous " },
    { "two values of one name", HEAD ID CLASSES VALUES(ONE "<tagCategory name='one' lacv='2'/>") "</SPIF>", OK, OK,
      "spif.value-ambiguous " },
    { "a name with a newline", HEAD ID CLASSES VALUES("<tagCategory name='one&#10;' lacv='1'/>") "</SPIF>", OK, OK, "spif.name-space " },
    { "a value without lacv", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv=''/>") "</SPIF>", OK, OK, "spif.value-nameless " },
    { "an excluded class twice", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1'><excludedClass>A</excludedClass>"
      "<excludedClass>A</excludedClass></tagCategory>") "</SPIF>", REFUSED, REFUSED, "policy.duplicate-exclusion " },
    { "an excluded class that is not there", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1'><excludedClass>Z"
      "</excludedClass></tagCategory>") "</SPIF>", BAD_INPUT, OK, "spif.reference spif.class-reference " },
    { "every class excluded", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1'><excludedClass>A</excludedClass>"
      "<excludedClass>B</excludedClass></tagCategory>") "</SPIF>", REFUSED, REFUSED, "policy.contradiction " },
    { "required class excluded", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1' requiredClass='A'><excludedClass>A"
      "</excludedClass></tagCategory>") "</SPIF>", REFUSED, REFUSED, "policy.contradiction " },
    { "what the schema's reference check misses", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1'><requiredCategory "
      "operation='all'><categoryGroup tagSetRef='Z' tagType='restrictive' lacv='1'/></requiredCategory></tagCategory>") "</SPIF>",
      OK, OK, "spif.set-reference " },
    { "required and excluded", HEAD ID CLASSES VALUES(ONE "<tagCategory name='two' lacv='2'><requiredCategory operation='all'>"
      "<categoryGroup tagSetRef='S' tagType='restrictive' lacv='1'/></requiredCategory><excludedCategory tagSetRef='S' "
      "tagType='restrictive' lacv='1'/></tagCategory>") "</SPIF>", REFUSED, REFUSED, "policy.contradiction " },
    { "an enumeration without its type", HEAD ID CLASSES "<securityCategoryTagSets><securityCategoryTagSet name='S' id='2.999.5.1'>"
      "<securityCategoryTag tagType='enumerated'>" ONE "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>",
      OK, OK, "spif.tag-type " },
    { "more asked for than allowed", HEAD ID CLASSES "<securityCategoryTagSets><securityCategoryTagSet name='S' id='2.999.5.1'>"
      "<securityCategoryTag tagType='restrictive' minSelection='3' maxSelection='2'>" ONE "</securityCategoryTag>"
      "</securityCategoryTagSet></securityCategoryTagSets></SPIF>", REFUSED, REFUSED, "policy.contradiction " },
    { "an end before the beginning", HEAD ID CLASSES VALUES("<tagCategory name='one' lacv='1' notBefore='2026-02-01T00:00:00Z' "
      "notAfter='2026-01-01T00:00:00Z'/>") "</SPIF>", REFUSED, REFUSED, "policy.contradiction " },
    { "an equivalence of an unknown policy", HEAD ID "<securityClassifications><securityClassification name='A' lacv='1' hierarchy='1'>"
      "<equivalentClassification policyRef='Q' lacv='1' applied='both'/></securityClassification></securityClassifications></SPIF>",
      BAD_INPUT, OK, "spif.reference " },
    { "a threshold of no class", HEAD ID CLASSES EXTENSION("><c:threshold name='certificate' class='Z'/>") "</SPIF>", REFUSED, REFUSED,
      "policy.threshold " },
    { "an unknown way to dominate", HEAD ID CLASSES EXTENSION("dominance='wish'>") "</SPIF>", REFUSED, REFUSED, "policy.dominance " },
    { "another root", "<odd/>", BAD_INPUT, BAD_INPUT, "spif.root " },
    { "a document type", "<!DOCTYPE SPIF [<!ENTITY a 'b'>]>" HEAD ID CLASSES "</SPIF>", BAD_INPUT, BAD_INPUT, "xml.doctype " },
    { "nothing at all", "", BAD_INPUT, BAD_INPUT, "xml.malformed " },
};

static enum status load(const char *xml, size_t len, enum spif_mode mode, struct reasons *faults)
{
    struct policy *policy = NULL;
    reasons_init(faults, arena);
    enum status status = policy_load("p", xml, len, mode, faults, &policy);
    policy_free(policy);
    return status;
}

static const char *rules_of(const struct reasons *faults)
{
    const char *list = "";
    for (const struct reason *reason = faults->first; reason; reason = reason->after)
        list = arena_printf(arena, "%s%s ", list, reason->rule);
    return list;
}

static void test_case(const struct broken *broken)
{
    struct reasons faults;
    enum status strict = load(broken->xml, strlen(broken->xml), SPIF_STRICT, &faults);
    ok(strict == broken->strict, "%s: strict says %s", broken->what, status_name(strict));
    ok(strict == OK || faults.count, "%s: and why", broken->what);
    enum status lenient = load(broken->xml, strlen(broken->xml), SPIF_LENIENT, &faults);
    ok(lenient == broken->lenient, "%s: lenient says %s", broken->what, status_name(lenient));
    if (!is(rules_of(&faults), broken->rules, broken->what))
        printf("# %s\n", why(&faults));
    for (const struct reason *reason = faults.first; reason; reason = reason->after)
        if (!reason->where || strncmp(reason->where, "p", 1) || !reason->text.in[LANG_FR] ||
            strcmp(reason->text.in[LANG_FR], reason->text.in[LANG_EN]) == 0)
            ok(false, "%s: %s has a place and French words", broken->what, reason->rule);
}

/* Wherever a file ends, the answer is an answer; and a lenient load of a cut file always says that it is cut. */
static void test_truncation(void)
{
    size_t len = 0, said = 0, n = 0;
    char *xml = read_file(arena, source_path(arena, "tests/label/fixtures/weekdays.xml"), &len);
    struct arena *all = arena;
    for (size_t cut = 0; xml && cut + 2 < len; cut += 7) {
        struct reasons faults;
        arena = arena_new(0);
        char *exact = malloc(cut ? cut : 1);
        memcpy(exact, xml, cut);
        enum status status = load(exact, cut, SPIF_LENIENT, &faults);
        said += faults.count > 0 && (status != OK || strstr(rules_of(&faults), "xml.malformed"));
        n++;
        free(exact);
        arena_free(arena);
    }
    arena = all;
    ok(n > 100 && said == n, "%zu of %zu truncations are said to be malformed", said, n);
}

static void test_sizes(void)
{
    struct reasons faults;
    struct buf big;
    buf_init(&big, 64 << 20);
    buf_adds(&big, HEAD ID CLASSES "<!--");
    while (big.len < (5u << 20))
        buf_adds(&big, "0123456789abcdef");
    buf_adds(&big, "--></SPIF>");
    ok(load(big.data, big.len, SPIF_LENIENT, &faults) == TOO_LARGE && faults.count == 1, "a file over the limit is refused unread");
    buf_clear(&big);
    for (int i = 0; i < 100000; i++)
        buf_adds(&big, "<SPIF>");
    ok(load(big.data, big.len, SPIF_LENIENT, &faults) != OK, "a deep file is refused");
    buf_clear(&big);
    buf_adds(&big, HEAD ID "<securityClassifications>");
    for (int i = 0; i < 65; i++)
        buf_addf(&big, "<securityClassification name='C%d' lacv='%d' hierarchy='%d'/>", i, i, i);
    buf_adds(&big, "</securityClassifications></SPIF>");
    ok(load(big.data, big.len, SPIF_STRICT, &faults) == BAD_INPUT, "65 classes are too many");
    buf_clear(&big);
    buf_adds(&big, HEAD ID CLASSES);
    for (int i = 0; i < 50000; i++)
        buf_adds(&big, "<odd/>");
    buf_adds(&big, "</SPIF>");
    ok(load(big.data, big.len, SPIF_LENIENT, &faults) == OK && faults.count <= 1000, "faults without end stop at a thousand");
    buf_free(&big);
}

int main(void)
{
    arena = arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_case(&cases[i]);
    test_truncation();
    test_sizes();
    arena_free(arena);
    return tap_done();
}
