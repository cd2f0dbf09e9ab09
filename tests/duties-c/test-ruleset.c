/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rule sets from delivery to force: keys enrolled by two persons, deliveries examined, adoption refused where it must be, the former set
 * replaced in the same change, what workers get, and what readers below a set's label do not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fixture.h"
#include "tap.h"
#include "front/seal.h"
#include "watch/bundle/bundle.h"
#include "watch/ruleset/pages.h"
#include "watch/ruleset/renew.h"
#include "watch/ruleset/examine.h"
#include "watch/ruleset/ruleset.h"

static struct fixture f;
static uint8_t secret[BUNDLE_SECRET];
static const char *low, *high, *key_record;
static struct arena *scratch;

#define RULE(id, title, level, source, detection) "title: " title "\nid: " id "\nlevel: " level "\ntags: [attack.t1003.003]\nlogsource: {" source "}\ndetection:\n  s: {" detection "}\n  condition: s\n"
#define ONE "11111111-1111-4111-8111-111111111111"
#define TWO "22222222-2222-4222-8222-222222222222"
static const char process[] = "product: windows, category: process_creation", logon[] = "product: windows, service: security";

static void confirm(const char *login, const char *proposal, enum status wanted, const char *name)
{
    struct record_view view;
    const struct reader *reader = fixture_reader(&f, login);
    char hex[2 * HASH_BYTES + 1] = "";
    if (reader && office_get(f.office, reader, "proposal", proposal, f.arena, &view) == OK) {
        const char *text = val_get_str(view.fields, "op");
        struct hash hash = sha256(text ? text : "", text ? strlen(text) : 0);
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    enum status status = fixture_do(&f, login, (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hex}, NULL, NULL, NULL);
    bool good = wanted == OK ? status == OK : status != OK;
    ok(good, "%s%s%s", name, good ? "" : ": ", good ? "" : fixture_words());
}

/* A step that a second person must confirm. */
static const char *propose(const char *number, const char *step, const char *fields, const char *name)
{
    struct outcome outcome;
    const char *proposal = NULL;
    enum status status = fixture_do(&f, "ict", (struct op){.kind = OP_STEP, .number = number, .step = step, .reason = "because"}, fields, &proposal, &outcome);
    ok(status == OK && outcome.proposed, "%s%s%s", name, status == OK ? "" : ": ", status == OK ? "" : fixture_words());
    return proposal;
}
static void refused(const char *number, const char *step, const char *words)
{
    enum status status = fixture_step(&f, "ict", number, step, "{\"examined\":\"Read.\"}");
    ok(status != OK && strstr(fixture_words(), words), "%s is refused: %s%s%s", step, words, status != OK && strstr(fixture_words(), words) ? "" : "; said: ", status != OK ? fixture_words() : "OK");
}

static const char *deliver_as(const char *login, const char *label, const struct bundle_file *files, size_t n, moment made, const uint8_t *with, const char *publisher)
{
    struct bundle bundle = {.publisher = publisher, .name = "Rules", .made = made, .files = files, .n = n};
    struct reasons reasons;
    struct outcome outcome;
    struct buf out;
    const char *number = NULL;
    reasons_init(&reasons, f.arena);
    buf_init(&out, BUNDLE_MOST);
    ok(fixture_create(&f, login, "rule-set", label, "{\"name\":\"Rules\",\"received-on\":\"2027-03-01\"}", &number) == OK && bundle_make(&bundle, with, f.arena, &reasons, &out) == OK, "a delivery comes in");
    const struct reader *reader = fixture_reader(&f, login);
    static unsigned nth;
    struct change change = {.writer = reader, .key = arena_printf(f.arena, "attach-%u", nth++), .now = f.now};
    ok(number && office_attach(f.office, &change, number, "delivery", "rules.bundle", "application/octet-stream", out.data, out.len, f.arena, &outcome) == OK, "and is attached");
    reader_free(reader);
    buf_free(&out);
    return number;
}
static const char *deliver(const struct bundle_file *files, size_t n, moment made, const uint8_t *with) { return deliver_as("ict", low, files, n, made, with, "Cell"); }

static enum status examine(const char *number)
{
    struct reasons reasons;
    arena_clear(scratch);
    reasons_init(&reasons, scratch);
    enum status status = ruleset_examine(f.office, number, &examiner_own, f.now, scratch, &reasons);
    if (status != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return status;
}
static struct record_view see(const char *login, const char *number)
{
    struct record_view view = {0};
    const struct reader *reader = fixture_reader(&f, login);
    if (office_get(f.office, reader, NULL, number, f.arena, &view) != OK)
        view.number = NULL;
    reader_free(reader);
    return view;
}
static const char *state(const char *number)
{
    struct record_view view = see("ict", number);
    return view.number ? view.state->name : "absent";
}
static struct rules_in_force force(const char *file)
{
    struct rules_in_force all = {0};
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    ok(rules_in_force(f.office, file, f.now, f.arena, &reasons, &all) == OK && !reasons.count, "what is in force is read");
    return all;
}

static void keys(void)
{
    uint8_t key[BUNDLE_KEY];
    bundle_key_new(secret);
    bundle_key_of(secret, key);
    ok(fixture_create(&f, "ict", "rule-key", NULL, "{\"name\":\"Cell\",\"publisher\":\"Cell\",\"key\":\"nonsense\"}", &key_record) != OK, "what is no key is refused");
    ok(fixture_create(&f, "ict", "rule-key", NULL, arena_printf(f.arena, "{\"name\":\"Cell 2027\",\"publisher\":\"Cell\",\"key\":\"%s\"}", bundle_key_line(f.arena, key)), &key_record) == OK, "a key is entered");
    struct record_view view = see("ism", key_record);
    is(val_get_str(view.fields, "fingerprint"), bundle_fingerprint(f.arena, key), "its fingerprint is computed");
    const char *proposal = propose(key_record, "enrol", "{\"compared\":\"By telephone.\"}", "one person proposes to enrol it");
    confirm("ict", proposal, REFUSED, "nobody confirms their own proposal");
    confirm("ism", proposal, OK, "another person enrols it");
    is(state(key_record), "enrolled", "it is enrolled");
}

static const char *adopted(const char *number, const char *step)
{
    const char *proposal = propose(number, step, "{\"examined\":\"Read, and run against last month.\"}", "adoption is proposed");
    confirm("ism", proposal, OK, "and confirmed by another person");
    return number;
}

static void adoption(void)
{
    const char *a = RULE(ONE, "Shadow copies", "high", "product: windows, category: process_creation", "CommandLine|contains: vssadmin"), *b = RULE(TWO, "Logon of an administrator", "medium", "product: windows, service: security", "EventID: 4624, TargetUserName|expand: '%Administrators%'");
    struct bundle_file both[] = {{"a.yml", a, strlen(a)}, {"b.yml", b, strlen(b)}};
    (void)process, (void)logon;
    const char *first = deliver(both, 2, f.now - DAY, secret);
    refused(first, "adopt", "has not been examined");
    ok(examine(first) == OK, "it is examined");
    struct record_view view = see("ict", first);
    is(val_get_str(view.fields, "signature"), "signed", "its signature holds");
    ok(val_get_int(view.fields, "rules", 0) == 2 && val_get_int(view.fields, "refused", -1) == 0 && val_get_int(view.fields, "added", 0) == 2, "its numbers are computed");
    ok(fixture_do(&f, "ict", (struct op){.kind = OP_EDIT, .number = first}, "{\"rules\":4000}", NULL, NULL) != OK, "nobody types them");
    adopted(first, "adopt");
    is(state(first), "in-force", "two persons put it in force");
    struct rules_in_force all = force(NULL);
    ok(all.n_sets == 1 && all.sets[0].n == 2 && strcmp(all.sets[0].label, low) == 0 && str_starts(all.sets[0].texts[0].path, first), "workers get its texts under its number and label");

    const char *louder = RULE(ONE, "Shadow copies", "critical", "product: windows, category: process_creation", "CommandLine|contains: vssadmin");
    struct bundle_file one[] = {{"a.yml", louder, strlen(louder)}};
    const char *second = deliver(one, 1, f.now - HOUR, secret), *older = deliver(one, 1, f.now - 2 * DAY, secret), *none = deliver(one, 1, f.now, NULL);
    ok(examine(second) == OK && examine(older) == OK && examine(none) == OK, "three more are examined");
    view = see("ict", second);
    ok(val_get_int(view.fields, "changed", -1) == 1 && val_get_int(view.fields, "retired", -1) == 1 && val_get_int(view.fields, "added", -1) == 0, "one rule changed, one retired, against what is in force");
    refused(older, "adopt", "older than those in force");
    refused(none, "adopt", "Nobody has signed");
    adopted(second, "adopt");
    ok(strcmp(state(first), "replaced") == 0 && strcmp(state(second), "in-force") == 0, "adopting replaces the publisher's former set in the same change");
    struct rules_in_force now = force(NULL);
    ok(now.n_sets == 1 && strcmp(now.hash, all.hash) != 0, "workers get the new one alone");
    adopted(first, "go-back");
    ok(strcmp(state(second), "replaced") == 0 && strcmp(state(first), "in-force") == 0, "going back is a step of its own");
    adopted(none, "adopt-unsigned");
    ok(strcmp(state(first), "replaced") == 0 && strcmp(state(none), "in-force") == 0, "so is adopting what nobody has signed");
}

static void tampered(void)
{
    const char *a = RULE(ONE, "Shadow copies", "high", "product: windows, category: process_creation", "CommandLine|contains: vssadmin");
    struct bundle_file one[] = {{"a.yml", a, strlen(a)}};
    uint8_t other[BUNDLE_SECRET];
    bundle_key_new(other);
    const char *stranger = deliver(one, 1, f.now, other), *foreign = deliver_as("ict", low, one, 1, f.now, secret, "Somebody else"), *good = deliver(one, 1, f.now + SECOND, secret);
    ok(examine(stranger) == OK && examine(foreign) == OK && examine(good) == OK, "three are examined");
    refused(stranger, "adopt", "is not enrolled");
    refused(foreign, "adopt-unsigned", "another publisher");
    const char *proposal = propose(good, "adopt", "{\"examined\":\"Read.\"}", "a good one is proposed");
    const char *swap = deliver(one, 1, f.now + 2 * SECOND, secret);
    (void)swap;
    ok(fixture_do(&f, "ict", (struct op){.kind = OP_EDIT, .number = good}, "{\"delivery\":[]}", NULL, NULL) == OK, "its delivery is taken away meanwhile");
    confirm("ism", proposal, REFUSED, "then the confirmation is stale");
    refused(good, "adopt", "no delivery");
    const char *revoked = deliver(one, 1, f.now + SECOND, secret);
    ok(examine(revoked) == OK, "another is examined");
    ok(fixture_step(&f, "ism", key_record, "revoke", NULL) == OK, "its key is revoked");
    refused(revoked, "adopt", "not enrolled any more");
    const char *garbage = NULL;
    struct outcome outcome;
    ok(fixture_create(&f, "ict", "rule-set", low, "{\"name\":\"Garbage\",\"received-on\":\"2027-03-01\"}", &garbage) == OK, "a record for garbage");
    const struct reader *reader = fixture_reader(&f, "ict");
    struct change change = {.writer = reader, .key = "attach-garbage", .now = f.now};
    ok(office_attach(f.office, &change, garbage, "delivery", "x.zip", "application/zip", "PK\3\4 and so on", 14, f.arena, &outcome) == OK, "which is attached");
    reader_free(reader);
    ok(examine(garbage) == BAD_INPUT, "but not examined");
    refused(garbage, "adopt", "has not been examined");
}

static const struct sigma_rule *find(const struct sigma *sigma, const char *id)
{
    for (size_t i = 0; i < sigma_count(sigma); i++)
        if (str_eq(sigma_rule(sigma, i)->id, id))
            return sigma_rule(sigma, i);
    return NULL;
}

static struct sigma *compile(const struct rules_in_force *all)
{
    const struct sigma_text *texts;
    struct sigma_options options;
    struct reasons reasons;
    struct sigma *sigma = NULL;
    reasons_init(&reasons, f.arena);
    size_t n = rules_texts(all, f.arena, &texts, &options);
    ok(sigma_compile(f.arena, fields_new(f.arena), texts, n, &options, &reasons, &sigma) == OK, "it compiles");
    return sigma;
}

static void bindings(void)
{
    const char *b = RULE(TWO, "Logon of an administrator", "medium", "product: windows, service: security", "EventID: 4624, TargetUserName|expand: '%Administrators%', IpAddress|expand: '%dc_ip_addresses%'");
    struct bundle_file one[] = {{"b.yml", b, strlen(b)}};
    const char *set = deliver_as("ict", low, one, 1, f.now, NULL, "Lists"), *list = NULL, *map = NULL;
    ok(examine(set) == OK, "a rule with placeholders is examined");
    adopted(set, "adopt-unsigned");
    struct rules_in_force all = force(NULL);
    struct sigma *sigma = compile(&all);
    ok(find(sigma, TWO)->standing == SIGMA_REFUSED && strstr(find(sigma, TWO)->why.in[LANG_EN], "%Administrators%"), "it is refused by the name that is not bound");
    sigma_free(sigma);
    const char *system = NULL;
    ok(fixture_create(&f, "ict", "system", high, "{\"name\":\"Mission network\",\"admin-accounts\":\"adm-kowal\\nadm-larsen\"}", &system) == OK && fixture_step(&f, "ict", system, "start", NULL) == OK, "a system names its administrators");
    ok(fixture_create(&f, "ict", "detection-binding", low, "{\"name\":\"bad%name\",\"values\":\"x\",\"why\":\"-\"}", &list) == OK, "a list of a name that no rule can ask for");
    ok(fixture_step(&f, "ict", list, "adopt", NULL) != OK && strstr(fixture_words(), "No rule can ask"), "is refused");
    ok(fixture_create(&f, "ict", "detection-binding", low, "{\"name\":\"dc_ip_addresses\",\"values\":\" 10.0.0.1 \\n\\n10.0.0.2\",\"why\":\"Plan of addresses.\"}", &list) == OK, "a list");
    confirm("ism", propose(list, "adopt", NULL, "is proposed"), OK, "and put in force by two persons");
    all = force(NULL);
    sigma = compile(&all);
    const struct sigma_rule *rule = find(sigma, TWO);
    const char *const *labels;
    ok(rule->standing == SIGMA_READY, "the rule is ready");
    size_t n = rules_labels(&all, rule, f.arena, &labels), highs = 0;
    for (size_t i = 0; i < n; i++)
        highs += strcmp(labels[i], high) == 0;
    ok(n == 2 && highs == 1, "its alerts bear the labels of the set, the list and the register");
    sigma_free(sigma);
    ok(fixture_create(&f, "ict", "detection-binding", low, "{\"name\":\"own\",\"kind\":\"log-sources\",\"values\":\"sources: nonsense\",\"why\":\"-\"}", &map) == OK, "a map that cannot be read");
    ok(fixture_step(&f, "ict", map, "adopt", NULL) != OK && strstr(fixture_words(), map), "is refused, with its place");
    ok(fixture_do(&f, "ict", (struct op){.kind = OP_EDIT, .number = map}, "{\"values\":\"sources:\\n  - product: castellan\\n    any:\\n      - when: {format: own}\\n\"}", NULL, NULL) == OK, "it is corrected");
    confirm("ism", propose(map, "adopt", NULL, "proposed"), OK, "and put in force");
    struct rules_in_force with = force(NULL);
    ok(with.n_source_labels == 1 && strstr(with.sources.text, "castellan") && strcmp(with.hash, all.hash) != 0, "the map has the addition");
    sigma_free(compile(&with));
}

static void labels(void)
{
    const char *a = RULE(ONE, "Secret matter", "high", "product: windows, category: process_creation", "CommandLine|contains: secret");
    struct bundle_file one[] = {{"a.yml", a, strlen(a)}};
    const char *set = deliver_as("ict", high, one, 1, f.now, NULL, "Secret cell"), *below = deliver_as("ict", low, one, 1, f.now + DAY, NULL, "Secret cell");
    ok(examine(set) == OK, "a set under a higher label");
    adopted(set, "adopt-unsigned");
    ok(examine(below) == OK, "one of the same publisher below it");
    struct record_view view = see("ict", below);
    ok(val_get_int(view.fields, "added", -1) == 1 && val_get_int(view.fields, "changed", -1) == 0, "is compared with nothing that its readers may not read");
    ok(!see("low2", set).number && see("low2", below).number, "a reader below reads the one and not the other");
}

/* ---- pages ---- */

static struct val *page(const char *login, enum status (*handle)(const struct request *, struct answer *), const char *name, const char *value, const char *part, const char *part2, int *ret_status)
{
    static struct seal seal;
    static const uint8_t key[32] = {7};
    struct pair query = {name, value};
    struct reasons why;
    struct buf body;
    struct val *got = NULL;
    const struct reader *reader = fixture_reader(&f, login);
    seal_init(&seal, key);
    buf_init(&body, 16 << 20);
    reasons_init(&why, f.arena);
    struct request request = {.arena = f.arena, .office = f.office, .reader = reader, .now = f.now, .lang = LANG_EN, .method = METHOD_GET, .path = "/x", .query = &query, .n_query = name ? 1 : 0,
                              .seal = &seal, .account = reader_account(reader), .api = true, .part = {part ? part : "", part2 ? part2 : ""}, .nonce = "test-nonce"};
    struct answer answer = {.body = &body};
    enum status status = handle(&request, &answer);
    if (status != OK)
        answer_reasons(&request, &answer, status, NULL);
    if (body.len && body.data[0] == '{' && json_read(f.arena, body.data, body.len, (struct json_limits){0}, &why, &got) != OK)
        got = NULL;
    *ret_status = answer.status;
    buf_free(&body);
    reader_free(reader);
    return got;
}
static const struct val *row_of(const struct val *data, const char *title)
{
    const struct val *rows = val_get(data, "rows");
    for (size_t i = 0; i < val_count(rows); i++)
        if (str_eq(val_get_str(val_at(rows, i), "title"), title))
            return val_at(rows, i);
    return NULL;
}

static void pages(void)
{
    int code;
    const char *alert = NULL;
    struct val *all = page("ict", rules_browser_page, NULL, NULL, NULL, NULL, &code), *few = page("low2", rules_browser_page, NULL, NULL, NULL, NULL, &code);
    const struct val *secret_rule = row_of(all, "Secret matter");
    ok(secret_rule && val_get_int(all, "all", 0) > val_get_int(few, "all", 0), "who may read every set sees its rules");
    ok(few && !row_of(few, "Secret matter") && val_get_int(few, "sets", 0) == val_get_int(all, "sets", 0) - 1, "a set above the reader is in no row and no count");
    const struct val *logon_rule = row_of(all, "Logon of an administrator"), *below = row_of(few, "Logon of an administrator");
    ok(logon_rule && val_get_bool(logon_rule, "ready", false), "a rule whose lists the reader reads is ready");
    ok(below && !val_get_bool(below, "ready", true) && str_eq(val_get_str(below, "unbound"), "%Administrators%"), "for a reader who does not read the register behind it, it needs a list");
    ok(fixture_create(&f, "ict", "alert", low, "{\"title\":\"Shadow copies\",\"level\":\"high\",\"origin\":\"watch\",\"rule-id\":\"" ONE "\",\"first-seen\":\"2027-03-01T07:00Z\"}", &alert) == OK, "an alert of a rule");
    all = page("ict", rules_browser_page, "q", "secret", NULL, NULL, &code);
    ok(val_count(val_get(all, "rows")) == 1 && val_get_int(row_of(all, "Secret matter"), "alerts", -1) == 1, "search finds it, and counts alerts of the last days");
    all = page("ict", rules_browser_page, "standing", "refused", NULL, NULL, &code);
    ok(val_count(val_get(all, "rows")) == 0, "no rule is refused");
    (void)page("ict", rules_browser_page, "after", "forged", NULL, NULL, &code);
    ok(code >= 400, "a forged place in the list is refused");
    struct val *matrix = page("ict", rules_coverage_page, NULL, NULL, NULL, NULL, &code), *lower = page("low2", rules_coverage_page, NULL, NULL, NULL, NULL, &code);
    ok(val_get_int(matrix, "all", 0) > val_get_int(lower, "all", 0), "coverage counts what the reader may read");
    (void)page("ict", rules_coverage_page, "format", "xlsx", NULL, NULL, &code);
    ok(code == 200, "coverage as a spreadsheet");
    const char *set = val_get_str(secret_rule, "set");
    struct val *text = page("ict", rules_text_page, NULL, NULL, set, ONE, &code);
    ok(text && strstr(val_get_str(text, "text"), "Secret matter"), "the text of a rule");
    (void)page("low2", rules_text_page, NULL, NULL, set, ONE, &code);
    ok(code == 404, "a set above the reader is absent");
    struct val *examination = page("ict", rules_examination_page, NULL, NULL, set, NULL, &code);
    ok(val_get_int(examination, "n-added", 0) == 1 && val_get_bool(examination, "known", false), "the examination shows what is new");
    (void)page("low2", rules_examination_page, NULL, NULL, set, NULL, &code);
    ok(code == 404, "and is absent for a reader below");
}

static void renewed(void)
{
    struct reasons why;
    size_t n = 0, again = 1;
    struct page_of found;
    reasons_init(&why, f.arena);
    ok(ruleset_renew(f.office, f.now, f.arena, &why, &n) == OK && n > 0, "hunts with the new rules of sets in force are proposed");
    const struct reader *reader = fixture_reader(&f, "ism");
    ok(office_find(f.office, reader, &(struct query){.register_ = "hunt"}, f.arena, &why, &found) == OK && found.n_rows > 0 && str_eq(val_get_str(found.rows[0].fields, "trigger"), "new-rule"), "and wait for somebody to approve them");
    reader_free(reader);
    ok(ruleset_renew(f.office, f.now + MINUTE, f.arena, &why, &again) == OK && again == 0, "once");
}

int main(void)
{
    fixture_new_with(&f, "[{\"login\":\"low2\",\"name\":\"Smit\",\"given-name\":\"Jan\",\"nationality\":\"NLD\",\"email\":\"low2@hq.example\",\"posts\":[{\"post\":\"ict-security-support\","
                         "\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],\"clearances\":[]}]");
    scratch = arena_new((size_t)512 << 20);
    low = fixture_label(&f, "NATO", "RESTRICTED");
    high = fixture_label(&f, "NATO", "CONFIDENTIAL");
    keys();
    adoption();
    tampered();
    bindings();
    labels();
    pages();
    renewed();
    arena_free(scratch);
    fixture_free(&f);
    return tap_done();
}
