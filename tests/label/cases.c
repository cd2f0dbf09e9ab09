/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Public label cases: every tests.xml below $CASTELLAN_DATA/labels/cases, walked generically (validity, markings of
 * label and clearance, decision, translation and its marking, expected exceptions), and every SPIF below labels/spif
 * loaded strictly. Somebody else's folder in the same layout is tested the same way.
 */
#include <dirent.h>
#include <libxml/tree.h>

#include "base/text.h"
#include "common.h"
#include "label/xml.h"

#include "tap.h"

static struct arena *arena;
static const char *folder;
static const moment now = INT64_C(1795348800000);

static char *case_file(const char *name, size_t *len)
{
    return read_file(arena, arena_printf(arena, "%s/%s", folder, name), len);
}

static void expect_exception(const char *name, struct reasons *reasons, const char *want)
{
    if (!ok(strstr(why(reasons), want) != NULL, "%s is refused: %s", name, want))
        printf("# %s\n", why(reasons));
}

static void load_policy(struct policies *policies, const xmlNode *node)
{
    const char *name = xml_attr(arena, node, "spif"), *exception = xml_attr(arena, node, "exception");
    struct reasons faults;
    struct policy *policy;
    size_t len = 0;
    reasons_init(&faults, arena);
    char *xml = case_file(name, &len);
    if (!ok(xml != NULL, "%s is there", name))
        return;
    enum status status = policy_load(name, xml, len, SPIF_LENIENT, &faults, &policy);
    if (exception) {
        if (ok(status != OK, "%s is refused whole", name))
            expect_exception(name, &faults, exception);
        return;
    }
    if (!ok(status == OK && policies_add(policies, policy, NULL) == OK, "%s loads leniently (%zu defects)", name,
            faults.count))
        printf("# %s\n", why(&faults));
    struct reasons again;
    reasons_init(&again, arena);
    bool strict = policy_load(name, xml, len, SPIF_STRICT, &again, &policy) == OK;
    ok(strict == (faults.count == 0), "%s: strict takes it exactly when it has no defect", name);
    if (strict)
        policy_free(policy);
}

static void check_clearance(struct policies *policies, const xmlNode *node, const struct label *label)
{
    const char *file = xml_attr(arena, node, "clearance"), *marking = xml_attr(arena, node, "clearance-marking"),
               *acdf = xml_attr(arena, node, "acdf-result");
    struct reasons reasons;
    struct clearance *clearance;
    size_t len = 0;
    reasons_init(&reasons, arena);
    char *text = case_file(file, &len);
    if (!ok(text && clearance_import(policies, text, len, SPIF_LENIENT, arena, &reasons, &clearance) == OK, "%s is read",
            file))
        return;
    ok(clearance_valid(policies, clearance, now, &reasons), "%s is valid", file);
    if (marking)
        is(clearance_marking(policies, clearance, LANG_EN, arena), marking, file);
    if (acdf) {
        bool want = *acdf == '1';
        ok(label_dominated(policies, label, clearance, now, &reasons) == want, "the decision is %s", acdf);
        ok(label_dominated(policies, label, clearance, now, NULL) == want, "... and without reasons");
    }
}

static void check_translation(struct policies *policies, const xmlNode *node, const struct label *label)
{
    const char *to = xml_attr(arena, node, "encrypt"), *marking = xml_attr(arena, node, "encrypt-marking");
    struct reasons reasons;
    struct label *translated;
    reasons_init(&reasons, arena);
    if (!ok(label_translate(policies, label, to, now, arena, &reasons, &translated) == OK, "translated to %s", to))
        printf("# %s\n", why(&reasons));
    else if (marking)
        is(label_marking(policies, translated, MARK_PAGE, LANG_EN, arena), marking, to);
}

static void run_case(struct policies *policies, const xmlNode *node)
{
    const char *file = xml_attr(arena, node, "label"), *valid = xml_attr(arena, node, "valid"),
               *marking = xml_attr(arena, node, "label-marking"), *exception = xml_attr(arena, node, "exception");
    struct reasons reasons;
    struct label *label;
    size_t len = 0;
    reasons_init(&reasons, arena);
    char *text = case_file(file, &len);
    if (!ok(text != NULL, "%s is there", file))
        return;
    enum status status = label_import(policies, text, len, SPIF_LENIENT, arena, &reasons, &label);
    if (exception) {
        if (ok(status != OK, "%s is refused", file))
            expect_exception(file, &reasons, exception);
        return;
    }
    if (!ok(status == OK, "%s is read", file)) {
        printf("# %s\n", why(&reasons));
        return;
    }
    if (valid) {
        bool want = strcmp(valid, "true") == 0, good = label_valid(policies, label, now, false, &reasons);
        if (!ok(good == want, "%s: valid is %s", file, valid))
            printf("# %s\n", why(&reasons));
        ok(good == (reasons.count == 0), "%s: reasons exactly when invalid", file);
    }
    if (marking)
        is(label_marking(policies, label, MARK_PAGE, LANG_EN, arena), marking, file);
    if (xml_attr(arena, node, "clearance"))
        check_clearance(policies, node, label);
    if (xml_attr(arena, node, "encrypt"))
        check_translation(policies, node, label);
}

static void run_sequence(const xmlNode *sequence)
{
    struct policies *policies = policies_new();
    for (const xmlNode *node = xml_element(sequence->children); node; node = xml_element(node->next)) {
        if (xml_is(node, "policy"))
            load_policy(policies, node);
        else if (xml_is(node, "test"))
            run_case(policies, node);
    }
    policies_free(policies);
}

static void run_cases(void)
{
    size_t len = 0;
    xmlDoc *doc;
    folder = data_path(arena, "labels/cases");
    char *text = folder ? case_file("tests.xml", &len) : NULL;
    if (!text) {
        tap_skip("public label cases", "labels/cases/tests.xml is missing");
        return;
    }
    if (!ok(xml_parse("tests.xml", text, len, 1 << 20, false, NULL, &doc) == OK, "tests.xml is read"))
        return;
    for (const xmlNode *node = xml_element(xmlDocGetRootElement(doc)->children); node; node = xml_element(node->next))
        run_sequence(node);
    xmlFreeDoc(doc);
}

static void run_spifs(void)
{
    const char *spifs = data_path(arena, "labels/spif");
    DIR *dir = spifs ? opendir(spifs) : NULL;
    if (!dir) {
        tap_skip("public policies", "labels/spif is missing");
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct reasons faults;
        struct policy *policy;
        size_t len = 0;
        if (!str_ends(entry->d_name, ".xml"))
            continue;
        reasons_init(&faults, arena);
        char *xml = read_file(arena, arena_printf(arena, "%s/%s", spifs, entry->d_name), &len);
        if (!ok(policy_load(entry->d_name, xml, len, SPIF_STRICT, &faults, &policy) == OK, "%s loads strictly",
                entry->d_name)) {
            printf("# %s\n", why(&faults));
            continue;
        }
        ok(policy_describe(policy, LANG_EN, now, arena) != NULL, "%s describes itself", policy_name(policy));
        policy_free(policy);
    }
    closedir(dir);
}

int main(void)
{
    arena = arena_new(0);
    run_cases();
    run_spifs();
    arena_free(arena);
    return tap_done();
}
