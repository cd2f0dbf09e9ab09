/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Labels from and to the outside: STANAG 4774 (strict, lenient, round trip, schema), 4778 sidecar, the cases' short
 * syntax, ESS BER, our JSON; hostile XML; and lenient policies with one ambiguous value.
 */
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>

#include "base/text.h"
#include "common.h"

#include "tap.h"

static struct policies *policies;
static struct arena *arena;
static const moment now = INT64_C(1795348800000);

static char *fixture(const char *name, size_t *len)
{
    return read_file(arena, source_path(arena, arena_printf(arena, "tests/label/fixtures/%s", name)), len);
}

/* The canonical text, or the reasons behind a '!'. */
static const char *imported(const char *text, size_t len, enum spif_mode mode)
{
    struct reasons reasons;
    struct label *label;
    reasons_init(&reasons, arena);
    if (label_import(policies, text, len, mode, arena, &reasons, &label) == OK)
        return label_write(label, arena);
    return arena_printf(arena, "!%s", reasons.count ? why(&reasons) : "without a reason");
}

static const char *from_file(const char *name, enum spif_mode mode)
{
    size_t len = 0;
    char *text = fixture(name, &len);
    return text ? imported(text, len, mode) : "!no such fixture";
}

static const char *from_text(const char *text, enum spif_mode mode)
{
    return imported(text, strlen(text), mode);
}

#define ATOMAL_SECRET "{\"categories\":[[\"1.3.26.1.4.1\",\"restrictive\",\"1\"]],\"class\":\"4\",\"policy\":\"1.3.26.1.3.1\"}"
#define RESTRICTED "{\"categories\":[],\"class\":\"2\",\"policy\":\"1.3.26.1.3.1\"}"

static void refused(const char *what, const char *got, const char *want)
{
    if (!ok(*got == '!' && strstr(got, want), "%s is refused: %s", what, want))
        printf("# %s\n", got);
}

static void test_4774(void)
{
    is(from_file("secret-atomal.xml", SPIF_STRICT),
       "{\"categories\":[[\"1.3.26.1.4.1\",\"restrictive\",\"1\"],[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"250\"],"
       "[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"840\"],[\"1.3.26.1.4.3\",\"informative\",\"4\"]],\"class\":\"4\","
       "\"policy\":\"1.3.26.1.3.1\"}", "names, integers and bits become identifiers");
    size_t len = 0;
    char *text = fixture("secret-atomal.xml", &len);
    struct reasons reasons;
    struct label_envelope envelope;
    char time[MOMENT_TEXT];
    reasons_init(&reasons, arena);
    ok(label_import_whole(policies, text, len, SPIF_STRICT, arena, &reasons, &envelope) == OK && !reasons.count,
       "strict, without a warning");
    is(envelope.privacy_mark, "CLEAR", "privacy mark");
    is(envelope.originator, "registry@hq.example", "originator");
    is(moment_iso(envelope.created, time), "2026-11-22T11:00:00Z", "creation, in UTC");
    is(moment_iso(envelope.review, time), "2031-11-22T00:00:00Z", "review");
    is(moment_iso(envelope.succession, time), "2036-11-22T00:00:00Z", "planned downgrade");
    is(label_marking(policies, envelope.successor, MARK_PAGE, LANG_EN, arena), "NATO CONFIDENTIAL ATOMAL", "to what");
}

static void slip(const char *file, const char *rule)
{
    size_t len = 0;
    char *text = fixture(file, &len);
    struct reasons reasons;
    struct label *label;
    reasons_init(&reasons, arena);
    refused(file, from_file(file, SPIF_STRICT), rule);
    ok(label_import(policies, text, len, SPIF_LENIENT, arena, &reasons, &label) == OK && reasons.count == 1,
       "%s: lenient takes it with one warning", file);
    ok(strstr(why(&reasons), rule) != NULL, "... of %s", rule);
    is(label_write(label, arena), RESTRICTED, "... as the same label");
}

#define LABEL(inner) "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\">" \
    inner "<CreationDateTime>2026-11-22T12:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
#define INFO(inner) "<ConfidentialityInformation>" inner "</ConfidentialityInformation>"
#define NATO_SECRET "<PolicyIdentifier>NATO</PolicyIdentifier><Classification>SECRET</Classification>"

static void test_4774_refusals(void)
{
    static const struct { const char *what, *text, *want; } bad[] = {
        { "another policy", LABEL(INFO("<PolicyIdentifier>MARS</PolicyIdentifier><Classification>SECRET</Classification>")),
          "Unknown policy id: MARS" },
        { "another class", LABEL(INFO("<PolicyIdentifier>NATO</PolicyIdentifier><Classification>Secret</Classification>")),
          "label.class-unknown" },
        { "a name and a URI that differ", LABEL(INFO("<PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">EU</PolicyIdentifier>"
          "<Classification>SECRET</Classification>")), "label.4774-policy" },
        { "no class", LABEL(INFO("<PolicyIdentifier>NATO</PolicyIdentifier>")), "label.4774-structure" },
        { "the wrong order", LABEL(INFO("<Classification>SECRET</Classification><PolicyIdentifier>NATO</PolicyIdentifier>")),
          "label.4774-structure" },
        { "an unknown value", LABEL(INFO(NATO_SECRET "<Category Type=\"RESTRICTIVE\" TagName=\"Special Category Designators\">"
          "<GenericValue>ODD</GenericValue></Category>")), "label.category-unknown" },
        { "a value of another type", LABEL(INFO(NATO_SECRET "<Category Type=\"PERMISSIVE\" TagName=\"Special Category "
          "Designators\"><GenericValue>ATOMAL</GenericValue></Category>")), "label.category-unknown" },
        { "an unknown tag", LABEL(INFO(NATO_SECRET "<Category Type=\"RESTRICTIVE\" TagName=\"Odd\"><GenericValue>ATOMAL"
          "</GenericValue></Category>")), "label.category-unknown" },
        { "a category without type", LABEL(INFO(NATO_SECRET "<Category TagName=\"Context\"/>")), "label.4774-type" },
        { "an integer that is none", LABEL(INFO(NATO_SECRET "<Category Type=\"RESTRICTIVE\" TagName=\"Special Category "
          "Designators\"><IntegerValue>1x</IntegerValue></Category>")), "label.4774-structure" },
        { "text between elements", LABEL(INFO(NATO_SECRET "SECRET")), "label.4774-text" },
        { "a bad date", "<ConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\">" INFO(NATO_SECRET)
          "<CreationDateTime>yesterday</CreationDateTime></ConfidentialityLabel>", "label.4774-time" },
        { "an attribute too many", LABEL("<ConfidentialityInformation x=\"1\">" NATO_SECRET "</ConfidentialityInformation>"),
          "label.4774-attribute" },
        { "a document type", "<!DOCTYPE x [<!ENTITY a \"b\">]>" LABEL(INFO(NATO_SECRET)), "xml.doctype" },
        { "a truncated label", "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\">",
          "xml.malformed" },
        { "another root", "<html/>", "label.form-unknown" },
        { "nothing", "", "label.form-unknown" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(bad[i].what, from_text(bad[i].text, SPIF_STRICT), bad[i].want);
        refused(arena_printf(arena, "%s, leniently,", bad[i].what), from_text(bad[i].text, SPIF_LENIENT), bad[i].want);
    }
    const char *nobody = from_text(LABEL(INFO(NATO_SECRET "<Category Type=\"PERMISSIVE\" TagName=\"Releasable To\"/>")), SPIF_STRICT);
    is(nobody, "{\"categories\":[[\"1.3.26.1.4.2\",\"enumeratedPermissive\",\"\"]],\"class\":\"4\",\"policy\":\"1.3.26.1.3.1\"}",
       "a release list without anybody stays one");
}

static void silent(void *arg, xmlErrorPtr error)
{
    (void)arg;
    (void)error;
}

static xmlSchema *load_schema(void)
{
    const char *xsd = data_path(arena, "labels/schema/nl-cl.xsd");
    xmlSchemaParserCtxt *parser = xsd ? xmlSchemaNewParserCtxt(xsd) : NULL;
    if (!parser)
        return NULL;
    xmlSchemaSetParserStructuredErrors(parser, silent, NULL);
    xmlSchema *schema = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    return schema;
}

static bool schema_valid(xmlSchema *schema, const struct buf *text)
{
    xmlDoc *doc = xmlReadMemory(text->data, (int)text->len, NULL, NULL, XML_PARSE_NONET);
    xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(schema);
    bool valid = doc && xmlSchemaValidateDoc(ctxt, doc) == 0;
    xmlSchemaFreeValidCtxt(ctxt);
    xmlFreeDoc(doc);
    return valid;
}

/* Any values of any tags: writing asks no validity. */
static struct label *random_label(struct arena *at)
{
    const struct policy *policy = policies_at(policies, (unsigned)tap_below(policies_count(policies)));
    const struct val *all = policy_describe(policy, LANG_EN, now, at);
    const struct val *classes = val_get(all, "classes"), *tags = val_get(all, "tags");
    struct val *text = val_object(at), *list = val_array(at);
    for (uint64_t i = tap_below(6); i; i--) {
        const struct val *tag = val_at(tags, tap_below(val_count(tags)));
        const struct val *values = val_get(tag, "values"), *value = val_at(values, tap_below(val_count(values)));
        struct val *item = val_array(at);
        val_push(at, item, val_str(at, val_get_str(tag, "set")));
        val_push(at, item, val_str(at, val_get_str(tag, "type")));
        val_push(at, item, val_str(at, val_get_str(value, "lacv")));
        val_push(at, list, item);
    }
    val_set(at, text, "categories", list);
    val_set_str(at, text, "class", val_get_str(val_at(classes, tap_below(val_count(classes))), "lacv"));
    val_set_str(at, text, "policy", policy_oid(policy));
    struct buf out;
    struct label *label = NULL;
    buf_init(&out, 1 << 16);
    json_write(&out, text);
    if (label_read(out.data, out.len, at, NULL, &label) != OK)
        label = NULL;
    buf_free(&out);
    return label;
}

static void test_round_trip(void)
{
    xmlSchema *schema = load_schema();
    size_t cases = tap_cases(100000), same = 0, valid = 0, stable = 0;
    const char *const originators[] = { NULL, "registry@hq.example", "CN=A & B,O=<x>", "https://hq.example/\"q\"", "plain" };
    for (size_t i = 0; i < cases; i++) {
        struct arena *at = arena_new(0);
        const struct label *label = random_label(at);
        struct label *back = NULL;
        struct buf out, again;
        moment created = now + (moment)tap_below(1000000000);
        buf_init(&out, 1 << 20);
        buf_init(&again, 1 << 20);
        const char *originator = originators[tap_below(5)];
        bool good = label && label_export_4774(policies, label, created, originator, &out) == OK &&
                    label_import(policies, out.data, out.len, SPIF_STRICT, at, NULL, &back) == OK;
        same += good && str_eq(label_write(back, at), label_write(label, at));
        stable += good && label_export_4774(policies, back, created, originator, &again) == OK &&
                  str_eq(out.data, again.data);
        valid += good && schema && schema_valid(schema, &out);
        buf_free(&out);
        buf_free(&again);
        arena_free(at);
    }
    is_int(same, cases, "4774: what is written is read as the same label");
    is_int(stable, cases, "... and written again as the same bytes");
    if (schema)
        is_int(valid, cases, "... and always valid under the schema");
    else
        tap_skip("4774 output against the schema", "labels/schema/nl-cl.xsd is missing");
    if (schema)
        xmlSchemaFree(schema);
}

static void test_export_refusals(void)
{
    struct buf out;
    struct label odd = { "1.3.26.1.3.1", "9", NULL, 0 }, good = { "1.3.26.1.3.1", "4", NULL, 0 };
    struct category nobody = { "1.3.26.1.4.2", TAG_ENUM_PERMISSIVE, "" };
    struct label none = { "1.3.26.1.3.1", "4", &nobody, 1 };
    buf_init(&out, 1 << 16);
    ok(label_export_4774(policies, &odd, now, NULL, &out) == REFUSED, "an unknown class is not written");
    ok(label_export_4774(policies, &none, now, NULL, &out) == REFUSED, "nor a label for nobody");
    ok(label_export_4774(policies, &good, MOMENT_NONE, NULL, &out) == BAD_INPUT, "nor one without a time");
    ok(label_export_4774(policies, &good, now, "bad\x01", &out) == BAD_INPUT, "nor a control character");
    ok(out.len == 0, "and nothing was written");
    buf_free(&out);
}

static void test_others(void)
{
    is(from_file("report.pdf.bdo", SPIF_STRICT), "{\"categories\":[],\"class\":\"4\",\"policy\":\"2.999.4774.2\"}", "a sidecar");
    refused("a sidecar with two labels", from_file("two-labels.bdo", SPIF_LENIENT), "label.4778-several");
    is(from_file("label-short.xml", SPIF_STRICT), ATOMAL_SECRET, "the short syntax");
    is(from_file("label.json", SPIF_STRICT), ATOMAL_SECRET, "our JSON");
    is(from_file("secret.ber", SPIF_STRICT), "{\"categories\":[],\"class\":\"4\",\"policy\":\"1.3.26.1.3.1\"}", "BER");
    refused("BER with categories", from_file("categories.ber", SPIF_STRICT), "label.ber-categories");
    refused("a short label of no policy", from_text("<label xmlns='http://surevine.com/xmlns/spiffy'><policy id='1.1'/>"
            "<classification lacv='1'/></label>", SPIF_STRICT), "Unknown policy id: 1.1");
    refused("an unbound sidecar", from_text("<BindingInformation xmlns='urn:nato:stanag:4778:bindinginformation:1:0'/>",
            SPIF_STRICT), "label.4778-structure");
    size_t len = 0;
    char *text = fixture("clearance-cts.xml", &len);
    struct reasons reasons;
    struct clearance *clearance;
    reasons_init(&reasons, arena);
    ok(clearance_import(policies, text, len, SPIF_STRICT, arena, &reasons, &clearance) == OK, "a short clearance");
    is(clearance_marking(policies, clearance, LANG_EN, arena), "{TOP SECRET} ATOMAL REL TO FRA", "its marking");
    is(clearance_marking(policies, clearance, LANG_FR, arena), "{TRÈS SECRET} ATOMAL COMMUNICABLE À FRA", "in French");
}

/* The fixture that uses every element of the schema: one ambiguous value, dates, selections, entered text. */
static void test_days(void)
{
    static const struct { const char *label, *rule, *marking; } cases[] = {
        { "\"class\":\"0\",\"categories\":[]", NULL, "DAYS: - OPEN" },
        { "\"class\":\"7\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"1\"]]", NULL, "DAYS: - *CLOSED* - (Monday)" },
        { "\"class\":\"7\",\"categories\":[]", "label.category-required", "DAYS: - *CLOSED*" },
        { "\"class\":\"7\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"1\"],[\"2.999.2.1\",\"restrictive\",\"2\"]]",
          "label.category-required", "DAYS: - *CLOSED* - (Monday) and Tuesday" },
        { "\"class\":\"7\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"4\"]]", "label.category-ambiguous", NULL },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"1\"]]", "label.class-excluded", NULL },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"2\"]]", "label.class-required", NULL },
        { "\"class\":\"8\",\"categories\":[]", "label.obsolete", NULL },
        { "\"class\":\"8\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"1\"],[\"2.999.2.1\",\"restrictive\",\"2\"],"
          "[\"2.999.2.1\",\"restrictive\",\"3\"]]", "label.selection", NULL },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.1\",\"permissive\",\"1\"],[\"2.999.2.1\",\"permissive\",\"2\"],"
          "[\"2.999.2.2\",\"informative\",\"1\"]]", "label.selection", NULL },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.1\",\"permissive\",\"1\"]]", "label.category-required", NULL },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.1\",\"permissive\",\"1\"],[\"2.999.2.2\",\"informative\",\"2027-01-31\"]]",
          NULL, "DAYS: - OPEN - Saturday - 2027-01-31" },
        { "\"class\":\"0\",\"categories\":[[\"2.999.2.2\",\"informative\",\"31 January\"]]", "label.category-unknown", NULL },
        { "\"class\":\"7\",\"categories\":[[\"2.999.2.1\",\"restrictive\",\"1\"],[\"2.999.2.1\",\"permissive\",\"2\"]]",
          "label.category-excluded", NULL },
    };
    struct reasons faults;
    struct policy *policy;
    size_t len = 0;
    reasons_init(&faults, arena);
    char *xml = fixture("weekdays.xml", &len);
    ok(policy_load("weekdays.xml", xml, len, SPIF_STRICT, &faults, &policy) == OK && faults.count == 1 &&
       strstr(why(&faults), "spif.value-ambiguous"), "an ambiguous value is listed, the policy loads strictly");
    ok(policies_add(policies, policy, NULL) == OK, "added");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reasons reasons;
        struct label *label = NULL;
        const char *text = arena_printf(arena, "{\"policy\":\"2.999.2\",%s}", cases[i].label);
        reasons_init(&reasons, arena);
        bool good = label_read(text, strlen(text), arena, &reasons, &label) == OK &&
                    label_valid(policies, label, now, true, &reasons);
        if (!ok(cases[i].rule ? !good && strstr(why(&reasons), cases[i].rule) : good, "%s: %s", cases[i].label,
                cases[i].rule ? cases[i].rule : "valid"))
            printf("# %s\n", why(&reasons));
        if (cases[i].marking)
            is(label_marking(policies, label, MARK_PAGE, LANG_EN, arena), cases[i].marking, "its marking");
    }
    struct label *label = short_label(policies, arena, "DAYS/CLOSED | restrictive:2.999.2.1=1 restrictive:2.999.2.1=3");
    is(label_marking(policies, label, MARK_PAGE, LANG_FR, arena), "JOURS: - *FERMÉ* - (LUNDI) et Wednesday", "in French");
    ok(label_valid(policies, short_label(policies, arena, "DAYS/OPEN | restrictive:2.999.2.1=3"), now, true, NULL),
       "a value within its dates");
    ok(!label_valid(policies, short_label(policies, arena, "DAYS/OPEN | restrictive:2.999.2.1=3"), now + 60 * DAY, true, NULL),
       "and past them");
    char change[MOMENT_TEXT];
    is(moment_iso(policies_next_change(policies, now), change), "2026-12-31T00:00:00.001Z", "when that next changes by itself");
    const struct label *sunday = short_label(policies, arena, "DAYS/OPEN | permissive:2.999.2.1=2");
    const struct clearance *held = short_clearance(policies, arena, "DAYS/OPEN | permissive:2.999.2.1=2");
    ok(label_dominated(policies, sunday, held, now, NULL) && !label_dominated(policies, sunday, held, now + 60 * DAY, NULL),
       "a permissive value past its dates releases to nobody");
    ok(!label_dominated(policies, short_label(policies, arena, "DAYS/OLD | restrictive:2.999.2.1=4"),
                        short_clearance(policies, arena, "DAYS/OLD | restrictive:2.999.2.1=4"), now, NULL),
       "an ambiguous value denies even those who hold it");
    ok(!label_dominated(policies, short_label(policies, arena, "DAYS/OPEN"), short_clearance(policies, arena, "DAYS/CLOSED"), now,
                        NULL), "without our extension classes are a list");
    struct label *translated;
    ok(label_translate(policies, short_label(policies, arena, "DAYS/CLOSED | restrictive:2.999.2.1=1"), "NATO", now, arena, NULL,
                       &translated) == OK, "translated");
    is(label_marking(policies, translated, MARK_PAGE, LANG_EN, arena), "NATO SECRET CRYPTO REL TO FRA",
       "with the category that the equivalence adds");
    ok(label_translate(policies, short_label(policies, arena, "DAYS/OLD"), "NATO", now, arena, NULL, &translated) == REFUSED,
       "a class without equivalent is refused");
    ok(label_translate(policies, short_label(policies, arena, "DAYS/OPEN | restrictive:2.999.2.1=2"), "NATO", now, arena, NULL,
                       &translated) == REFUSED, "and a value without one");
    ok(label_translate(policies, short_label(policies, arena, "DAYS/OPEN | informative:2.999.2.2=2027-01-31"), "NATO", now, arena,
                       NULL, &translated) == OK && translated->n_categories == 0, "unless it may be discarded");
}

int main(void)
{
    arena = arena_new(0);
    tap_seed();
    policies = own_policies();
    test_4774();
    slip("slip-capital.xml", "label.4774-root");
    slip("slip-url.xml", "label.4774-url");
    slip("slip-undated.xml", "label.4774-created");
    test_4774_refusals();
    test_round_trip();
    test_export_refusals();
    test_others();
    test_days();
    policies_free(policies);
    arena_free(arena);
    xmlSchemaCleanupTypes();
    return tap_done();
}
