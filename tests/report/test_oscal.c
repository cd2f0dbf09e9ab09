/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OSCAL catalogues: the published 800-53 catalogue counted and spot-checked, the published example, every catalogue of
 * the data folder read, and small ones by hand for each fault.
 */
#include "sample.h"

#include <dirent.h>

#include "report/oscal.h"

static struct arena *arena;

static char *slurp(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *ret_len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*ret_len + 1);
    if (fread(text, 1, *ret_len, file) != *ret_len)
        printf("# %s is cut\n", path);
    fclose(file);
    return text;
}

static const char *data_path(const char *name)
{
    const char *data = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    return data ? arena_printf(arena, "%s/oscal/%s", data, name)
                : arena_printf(arena, "%s/../shared/data/oscal/%s", root ? root : ".", name);
}

static struct val *read_text(const char *text, size_t len, struct reasons *reasons, enum status *ret)
{
    struct val *catalogue = NULL;
    reasons_init(reasons, arena);
    *ret = oscal_catalogue_read(arena, text, len, reasons, &catalogue);
    return catalogue;
}

static const struct val *control(const struct val *catalogue, const char *id)
{
    const struct val *all = val_get(catalogue, "controls");
    for (size_t i = 0; i < val_count(all); i++)
        if (!strcmp(val_get_str(val_at(all, i), "id"), id))
            return val_at(all, i);
    return NULL;
}

static size_t count(const struct val *catalogue, const char *flag)
{
    const struct val *all = val_get(catalogue, "controls");
    size_t n = 0;
    for (size_t i = 0; i < val_count(all); i++)
        n += val_get_bool(val_at(all, i), flag, false);
    return n;
}

static size_t total(const struct val *catalogue, const char *list)
{
    const struct val *all = val_get(catalogue, "controls");
    size_t n = 0;
    for (size_t i = 0; i < val_count(all); i++)
        n += val_count(val_get(val_at(all, i), list));
    return n;
}

static const char ac1[] =
    "a. Develop, document, and disseminate to [organization-defined personnel or roles]:\n"
    "  1. [Selection (one or more): Organization-level; Mission/business process-level; System-level] access control policy that:\n"
    "    (a) Addresses purpose, scope, roles, responsibilities, management commitment, coordination among organizational "
    "entities, and compliance; and\n"
    "    (b) Is consistent with applicable laws, executive orders, directives, regulations, policies, standards, and guidelines; and\n"
    "  2. Procedures to facilitate the implementation of the access control policy and the associated access controls;\n"
    "b. Designate an [organization-defined official] to manage the development, documentation, and dissemination of the "
    "access control policy and procedures; and\n"
    "c. Review and update the current access control:\n"
    "  1. Policy [organization-defined frequency] and following [organization-defined events]; and\n"
    "  2. Procedures [organization-defined frequency] and following [organization-defined events].";

static void published(void)
{
    size_t len;
    char *text = slurp(data_path("800-53-rev5-1.0.0/NIST_SP-800-53_rev5_catalog-min.json"), &len);
    struct reasons reasons;
    enum status status;
    if (!text) {
        tap_skip("the published 800-53 catalogue", "the data folder is missing");
        return;
    }
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    const struct val *catalogue = read_text(text, len, &reasons, &status);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("# read in %ld ms\n", (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
    free(text);
    show(&reasons);
    if (!ok(status == OK, "the published 800-53 catalogue is read"))
        return;
    is_int(val_count(val_get(catalogue, "groups")), 20, "groups");
    is_int(val_count(val_get(catalogue, "controls")), 1189, "controls");
    is_int(count(catalogue, "enhancement"), 867, "of which enhancements");
    is_int(count(catalogue, "withdrawn"), 182, "withdrawn");
    is_int(total(catalogue, "params"), 1258, "parameters");
    is_int(total(catalogue, "related"), 3397, "related");
    is_int(total(catalogue, "replaced_by"), 166 + 34, "replaced by");
    is_int(val_get_int(catalogue, "resources", 0), 192, "resources of the back matter");
    is(val_get_str(catalogue, "version"), "5.0.1", "version");
    is(val_get_str(catalogue, "oscal_version"), "1.0.0", "OSCAL version");
    const struct val *c = control(catalogue, "ac-1");
    is(val_get_str(c, "label"), "AC-1", "AC-1: label");
    is(val_get_str(c, "title"), "Policy and Procedures", "title");
    is(val_get_str(c, "family"), "Access Control", "family");
    is(val_get_str(c, "family_id"), "ac", "its id");
    is(val_get_str(c, "statement"), ac1, "statement with parameters written");
    ok(val_get_str(c, "guidance") && !strncmp(val_get_str(c, "guidance"), "Access control policy and procedures address", 44), "guidance");
    is_int(val_count(val_get(c, "params")), 7, "seven parameters");
    is_int(val_count(val_get(val_at(val_get(c, "params"), 1), "choices")), 3, "with choices");
    is(val_get_str(val_at(val_get(c, "params"), 1), "how_many"), "one-or-more", "how many");
    is(val_text(val_at(val_get(c, "related"), 0)), "ia-1", "related");
    ok(!val_get_bool(c, "enhancement", true) && !val_get_str(c, "parent"), "no enhancement");
    c = control(catalogue, "ac-2.1");
    is(val_get_str(c, "label"), "AC-2(1)", "AC-2(1): label");
    is(val_get_str(c, "parent"), "ac-2", "parent");
    is(val_get_str(c, "statement"),
       "Support the management of system accounts using [organization-defined automated mechanisms].", "statement");
    ok(val_get_bool(c, "enhancement", false), "an enhancement");
    c = control(catalogue, "ac-2.10");
    ok(val_get_bool(c, "withdrawn", false) && !strcmp(val_get_str(c, "statement"), ""), "AC-2(10) is withdrawn");
    is(val_text(val_at(val_get(c, "replaced_by"), 0)), "ac-2_smt.k", "and says by what it is replaced");
    c = control(catalogue, "ac-7");
    ok(strstr(val_get_str(c, "statement"), "[Selection (one or more): lock the account or node for an "
              "[organization-defined time period]; lock the account or node until released by an administrator;") != NULL,
       "AC-7: a parameter inside a selection");
    bool raw = false;
    const struct val *all = val_get(catalogue, "controls");
    for (size_t i = 0; i < val_count(all); i++)
        for (size_t k = 0; k < val_count(val_get(val_at(all, i), "parts")); k++) {
            const char *words = val_get_str(val_at(val_get(val_at(all, i), "parts"), k), "text");
            raw |= strstr(words, "{{") || strstr(words, "](#");
        }
    ok(!raw, "no insertion and no inner link is left in any text");
    struct buf answer;
    buf_init(&answer, 64 << 20);
    json_write(&answer, catalogue);
    struct val *again;
    ok(json_read(arena, answer.data, answer.len, (struct json_limits){ .bytes = 64 << 20 }, &reasons, &again) == OK &&
       val_equal(again, catalogue), "it comes through JSON unchanged");
    buf_free(&answer);
}

static void example(void)
{
    size_t len;
    char *text = slurp(data_path("examples/basic-catalog.json"), &len);
    struct reasons reasons;
    enum status status;
    if (!text) {
        tap_skip("the published example", "the data folder is missing");
        return;
    }
    const struct val *catalogue = read_text(text, len, &reasons, &status);
    free(text);
    show(&reasons);
    if (!ok(status == OK, "the published example is read"))
        return;
    is_int(val_count(val_get(catalogue, "controls")), 4, "controls");
    const struct val *c = control(catalogue, "s1.1.1");
    is(val_get_str(c, "family_id"), "s1.1", "the nearest group is the family");
    is(val_get_str(c, "label"), "1.1.1", "label");
    is(val_get_str(c, "statement"),
       "All information security responsibilities should be defined and allocated.\n\nA value has been assigned to "
       "[Selection (one or more): initiating a device lock after [a duration] of inactivity; requiring the user to initiate a "
       "device lock before leaving the system unattended].\n\nA cross link has been established with a choppy syntax: "
       "(choppy).", "statement");
}

/* Every JSON file of the folder: a catalogue is read without a fault, anything else is refused by its kind. */
static void folder(const char *name)
{
    DIR *dir = opendir(data_path(name));
    struct dirent *entry;
    if (!dir) {
        tap_skip(name, "the data folder is missing");
        return;
    }
    while ((entry = readdir(dir))) {
        size_t n = strlen(entry->d_name), len;
        if (n < 5 || strcmp(entry->d_name + n - 5, ".json"))
            continue;
        char *text = slurp(data_path(arena_printf(arena, "%s/%s", name, entry->d_name)), &len);
        struct reasons reasons;
        enum status status;
        read_text(text, len, &reasons, &status);
        bool is_catalogue = !strncmp(text, "{\"catalog\"", 10) || strstr(entry->d_name, "catalog");
        ok(is_catalogue ? status == OK : has_reason(&reasons, "oscal.kind", NULL), "%s/%s", name, entry->d_name);
        if (status != OK && is_catalogue)
            show(&reasons);
        free(text);
    }
    closedir(dir);
}

#define CATALOG(version, inside) "{\"catalog\":{\"metadata\":{\"title\":\"T\",\"oscal-version\":\"" version "\"}," inside "}}"
#define CONTROL(inside) CATALOG("1.1.2", "\"controls\":[{\"id\":\"c-1\",\"title\":\"One\"," inside "}]")
#define PROSE(text) "\"parts\":[{\"name\":\"statement\",\"prose\":\"" text "\"}]"

static void faults(void)
{
    static const struct { const char *name, *json, *rule, *where; } cases[] = {
        { "not JSON", "{", NULL, NULL },
        { "no catalogue", "{\"a\":1}", "oscal.kind", NULL },
        { "a profile", "{\"profile\":{}}", "oscal.kind", NULL },
        { "no version", "{\"catalog\":{}}", "oscal.version", NULL },
        { "a version in words", CATALOG("latest", "\"controls\":[]"), "oscal.version", NULL },
        { "a newer version", CATALOG("1.3.0", "\"controls\":[]"), "oscal.version", NULL },
        { "a newer patch", CATALOG("1.2.3", "\"controls\":[]"), "oscal.version", NULL },
        { "a newer form", CATALOG("2.0.0", "\"controls\":[]"), "oscal.version", NULL },
        { "a milestone", CATALOG("1.0.0-milestone3", "\"controls\":[]"), "oscal.version", NULL },
        { "nothing in it", CATALOG("1.2.2", "\"controls\":[]"), "oscal.empty", NULL },
        { "no id", CATALOG("1.0.0", "\"controls\":[{\"title\":\"One\"}]"), "oscal.control", "One" },
        { "no title", CATALOG("1.0.0", "\"controls\":[{\"id\":\"c-1\"}]"), "oscal.control", "c-1" },
        { "an id twice", CATALOG("1.0.0", "\"controls\":[{\"id\":\"a\",\"title\":\"A\",\"controls\":[{\"id\":\"a\",\"title\":\"A\"}]}]"),
          "oscal.control-twice", "a" },
        { "a parameter twice", CONTROL("\"params\":[{\"id\":\"p\",\"label\":\"x\"},{\"id\":\"p\",\"label\":\"y\"}]"), "oscal.param-twice", "c-1" },
        { "a parameter without id", CONTROL("\"params\":[{\"label\":\"x\"}]"), "oscal.param-id", "c-1" },
        { "a parameter that is not there", CONTROL(PROSE("do {{ insert: param, q }}")), "oscal.param-absent", "c-1" },
        { "another insertion", CONTROL(PROSE("do {{ insert: control, q }}")), "oscal.insert", "c-1" },
        { "an unclosed insertion", CONTROL(PROSE("do {{ insert: param, q")), "oscal.insert", "c-1" },
        { "an empty parameter", CONTROL("\"params\":[{\"id\":\"p\"}]"), "oscal.param-empty", "c-1" },
        { "a circle", CONTROL("\"params\":[{\"id\":\"p\",\"label\":\"{{ insert: param, q }}\"},{\"id\":\"q\",\"label\":\"{{ insert: param, p }}\"}]"),
          "oscal.param-circle", "c-1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reasons reasons;
        enum status status;
        struct val *catalogue = read_text(cases[i].json, strlen(cases[i].json), &reasons, &status);
        ok(status != OK && !catalogue && reasons.count && (!cases[i].rule || has_reason(&reasons, cases[i].rule, cases[i].where)),
           "refused: %s", cases[i].name);
        if (cases[i].rule && !has_reason(&reasons, cases[i].rule, cases[i].where))
            show(&reasons);
    }
    struct reasons reasons;
    enum status status;
    const char *two = CATALOG("1.0.4", "\"controls\":[{\"id\":\"a\",\"title\":\"A\"," PROSE("{{ insert: param, x }}") "},"
                                       "{\"id\":\"b\",\"title\":\"B\"," PROSE("{{insert: param, y}}") "}]");
    read_text(two, strlen(two), &reasons, &status);
    is_int(reasons.count, 2, "every fault is told");
    is(reasons.first->text.in[LANG_EN], "Control a: its text names the parameter x, which the catalogue does not have.", "in words");
    const char *values = CONTROL("\"params\":[{\"id\":\"p\",\"label\":\"x\",\"values\":[\"daily\",\"weekly\"]}]," PROSE("Do it {{ insert: param, p }} [or not].\\n"));
    struct val *catalogue = read_text(values, strlen(values), &reasons, &status);
    is(val_get_str(control(catalogue, "c-1"), "statement"), "Do it daily, weekly [or not].", "a value stands instead of the label");
    is(val_get_str(control(catalogue, "c-1"), "label"), "C-1", "without a label the id is one");
    struct buf bomb;
    buf_init(&bomb, 1 << 20);
    buf_adds(&bomb, "{\"catalog\":{\"metadata\":{\"oscal-version\":\"1.0.0\"},\"controls\":[{\"id\":\"a\",\"title\":\"A\",\"params\":[");
    for (int i = 0; i < 30; i++)
        buf_addf(&bomb, "{\"id\":\"p%d\",\"values\":[\"{{ insert: param, p%d }}\",\"{{ insert: param, p%d }}\"]},", i, i + 1, i + 1);
    buf_adds(&bomb, "{\"id\":\"p30\",\"values\":[\"\"]}]," PROSE("{{ insert: param, p0 }}") "}]}}");
    read_text(bomb.data, bomb.len, &reasons, &status);
    ok(status == BAD_INPUT && reasons.count, "parameters that double at each level are refused");
    show(&reasons);
    buf_free(&bomb);
}

int main(void)
{
    arena = arena_new((size_t)512 << 20);
    published();
    example();
    folder("800-53-rev5-1.0.0");
    folder("examples");
    faults();
    arena_free(arena);
    return tap_done();
}
