/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Labels and clearances from outside, every form behind its one door (STANAG 4774, 4778 sidecar, short syntax, ESS BER,
 * our JSON), against a policy that uses all there is. What strict takes, lenient takes as the same label; what is taken
 * comes back from our JSON, and from 4774 where it can be written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "label/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char spif[] =
    "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1' creationDate='x' originatorDN='x' keyIdentifier=''"
    " privilegeId='2.999' rbacId='2.999'><securityPolicyId name='NATO' id='1.3.26.1.3.1'/><securityClassifications>"
    "<securityClassification name='SECRET' lacv='4' hierarchy='4'/><securityClassification name='RESTRICTED' lacv='2' hierarchy='2'/>"
    "</securityClassifications><securityCategoryTagSets><securityCategoryTagSet name='Special Category Designators' id='1.3.26.1.4.1'>"
    "<securityCategoryTag name='Special Category Designators' tagType='restrictive'><tagCategory name='ATOMAL' lacv='1'/>"
    "<tagCategory name='A' lacv='2'/><tagCategory name='B' lacv='2'/></securityCategoryTag></securityCategoryTagSet>"
    "<securityCategoryTagSet name='Releasable To' id='1.3.26.1.4.2'><securityCategoryTag name='Releasable To' tagType='enumerated'"
    " enumType='permissive'><tagCategory name='FRA' lacv='250'/><tagCategory name='USA' lacv='840'/></securityCategoryTag>"
    "</securityCategoryTagSet><securityCategoryTagSet name='Administrative' id='1.3.26.1.4.3'><securityCategoryTag name='Administrative'"
    " tagType='tagType7' tag7Encoding='bitSetAttributes'><tagCategory name='STAFF' lacv='1'/><tagCategory name='MEDICAL' lacv='4'/>"
    "<tagCategory name='Until' lacv='9' userInput='string'/></securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets></SPIF>";
static struct policies *policies;

static void must(int good)
{
    if (!good)
        abort();
}

static void prepare(void)
{
    struct arena *arena = arena_new(0);
    struct reasons faults;
    struct policy *policy = NULL;
    reasons_init(&faults, arena);
    policies = policies_new();
    must(policy_load("spif", spif, strlen(spif), SPIF_STRICT, &faults, &policy) == OK);
    must(policies_add(policies, policy, NULL) == OK);
    arena_free(arena);
}

static void use(const struct label *label, struct arena *arena)
{
    struct label *again = NULL;
    struct reasons reasons;
    struct buf xml;
    const char *text = label_write(label, arena);
    reasons_init(&reasons, arena);
    must(label_read(text, strlen(text), arena, &reasons, &again) == OK && strcmp(label_write(again, arena), text) == 0);
    label_valid(policies, label, 0, true, &reasons);
    must(label_marking(policies, label, MARK_PAGE, LANG_EN, arena) != NULL);
    buf_init(&xml, 1 << 22);
    if (label_export_4774(policies, label, 0, NULL, &xml) == OK) {
        must(label_import(policies, xml.data, xml.len, SPIF_STRICT, arena, &reasons, &again) == OK);
        must(strcmp(label_write(again, arena), text) == 0);
    }
    buf_free(&xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!policies)
        prepare();
    struct arena *arena = arena_new((size_t)512 << 20);
    const char *texts[2] = { NULL, NULL };
    for (int mode = SPIF_STRICT; mode <= SPIF_LENIENT; mode++) {
        struct label *label = NULL;
        struct clearance *clearance = NULL;
        struct reasons reasons;
        reasons_init(&reasons, arena);
        if (label_import(policies, (const char *)data, size, (enum spif_mode)mode, arena, &reasons, &label) == OK) {
            texts[mode] = label_write(label, arena);
            use(label, arena);
        } else {
            must(reasons.count > 0);
        }
        if (clearance_import(policies, (const char *)data, size, (enum spif_mode)mode, arena, &reasons, &clearance) == OK)
            must(clearance_write(clearance, arena) && clearance_marking(policies, clearance, LANG_FR, arena));
    }
    must(!texts[SPIF_STRICT] || (texts[SPIF_LENIENT] && strcmp(texts[SPIF_STRICT], texts[SPIF_LENIENT]) == 0));
    arena_free(arena);
    return 0;
}
