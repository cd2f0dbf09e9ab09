/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bundles of rules and their census: what is made is read back; nothing that was touched passes; a jail's answer is not believed; what
 * differs between two deliveries is told in words. With CASTELLAN_DATA: SigmaHQ's rules as one delivery.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/val.h"
#include "tap.h"
#include "watch/bundle/census.h"

static struct arena *arena;
static struct reasons reasons;

static const char rule_a[] = "title: Shadow copies read\nid: 11111111-1111-4111-8111-111111111111\nstatus: test\nlevel: high\nlogsource: {product: windows, category: process_creation}\n"
    "tags: [attack.t1003.003, attack.credential-access]\ndetection:\n  s: {CommandLine|contains: vssadmin}\n  condition: s\n";
static const char rule_b[] = "title: Logon of an administrator\nid: 22222222-2222-4222-8222-222222222222\nlevel: medium\nlogsource: {product: windows, service: security}\n"
    "detection:\n  s: {EventID: 4624, TargetUserName|expand: '%Administrators%'}\n  condition: s\n";
static const char rule_bad[] = "title: Broken\nid: 33333333-3333-4333-8333-333333333333\nlevel: low\nlogsource: {product: windows, service: security}\n"
    "detection:\n  s: {EventID|nosuch: 1}\n  condition: s\n";

static struct bundle two(void)
{
    static struct bundle_file files[3];
    files[0] = (struct bundle_file){"a/one.yml", rule_a, sizeof rule_a - 1};
    files[1] = (struct bundle_file){"a/two.yml", rule_b, sizeof rule_b - 1};
    files[2] = (struct bundle_file){"broken.yaml", rule_bad, sizeof rule_bad - 1};
    return (struct bundle){.publisher = "Detection cell", .name = "Rules of November", .made = 1795000000000, .files = files, .n = 3};
}

static void make(const struct bundle *bundle, const uint8_t *secret, struct buf *out)
{
    buf_init(out, BUNDLE_MOST);
    ok(bundle_make(bundle, secret, arena, &reasons, out) == OK, "made");
}

/* Whether it passes as this key's, whole. */
static bool passes(const void *bytes, size_t len, const uint8_t *key, struct bundle *ret)
{
    struct bundle_head head;
    const char *plain;
    size_t plain_len;
    return bundle_head(bytes, len, &reasons, &head) == OK && (!key || bundle_holds(&head, key)) &&
           bundle_unpack(bytes, len, &head, arena, &reasons, &plain, &plain_len) == OK && bundle_read(plain, plain_len, &head, arena, &reasons, ret) == OK;
}

static void round_trip(void)
{
    struct bundle bundle = two(), got;
    uint8_t secret[BUNDLE_SECRET], key[BUNDLE_KEY], other[BUNDLE_SECRET], again[BUNDLE_SECRET], other_key[BUNDLE_KEY];
    struct buf out;
    bundle_key_new(secret);
    bundle_key_new(other);
    bundle_key_of(secret, key);
    bundle_key_of(other, other_key);
    make(&bundle, secret, &out);
    ok(passes(out.data, out.len, key, &got), "a signed bundle holds under its key");
    ok(!passes(out.data, out.len, other_key, &got), "and under no other");
    ok(passes(out.data, out.len, key, &got) && got.n == 3 && got.made == bundle.made, "files and time come back");
    is(got.publisher, "Detection cell", "its publisher");
    ok(got.files[1].len == sizeof rule_b - 1 && memcmp(got.files[1].text, rule_b, got.files[1].len) == 0, "a text comes back to the byte");
    const char *line = bundle_secret_line(arena, secret);
    ok(bundle_secret_read(line, strlen(line), again) && memcmp(again, secret, sizeof again) == 0, "a secret key is read from its line");
    line = bundle_key_line(arena, key);
    ok(bundle_key_read(line, strlen(line), again) && memcmp(again, key, BUNDLE_KEY) == 0 && bundle_key_read(line + 19, strlen(line + 19), again), "and a public one, with its word and without");
    memset(again, 0, sizeof again);
    ok(!bundle_key_read(bundle_key_line(arena, again), strlen(bundle_key_line(arena, again)), again), "a point of small order is no key");
    buf_free(&out);
    make(&bundle, NULL, &out);
    ok(passes(out.data, out.len, NULL, &got), "an unsigned bundle is read");
    struct bundle_head head;
    ok(bundle_head(out.data, out.len, &reasons, &head) == OK && !head.is_signed && !bundle_holds(&head, key), "and holds under no key");
    buf_free(&out);
}

/* Any one bit: the signature, the list or a text tells; packing bits that change nothing of what is unpacked do not count. */
static void touched(void)
{
    struct bundle bundle = two(), got;
    uint8_t secret[BUNDLE_SECRET], key[BUNDLE_KEY];
    struct buf out;
    size_t passed = 0, same = 0, n = (size_t)tap_cases(200000);
    bundle_key_new(secret);
    bundle_key_of(secret, key);
    make(&bundle, secret, &out);
    struct arena *kept = arena;
    arena = arena_new((size_t)256 << 20);
    for (size_t i = 0; i < n; i++) {
        arena_clear(arena);
        reasons_init(&reasons, arena);
        char *copy = arena_memdup(arena, out.data, out.len);
        size_t at = tap_random() % out.len;
        copy[at] ^= (char)(1u << tap_random() % 8);
        size_t len = tap_random() % 8 ? out.len : tap_random() % out.len;
        if (passes(copy, len, key, &got)) {
            passed++;
            same += got.n == 3 && strcmp(got.publisher, "Detection cell") == 0 && got.files[0].len == sizeof rule_a - 1 && memcmp(got.files[0].text, rule_a, sizeof rule_a - 1) == 0 &&
                memcmp(got.files[2].text, rule_bad, sizeof rule_bad - 1) == 0;
        }
    }
    ok(passed == same, "%zu bundles with a bit turned or their end cut: %zu pass, and these say what was signed", n, passed);
    arena_free(arena);
    arena = kept;
    reasons_init(&reasons, arena);
    buf_free(&out);
}

static void paths(void)
{
    static const char *const good[] = {"a.yml", "a/b c.yaml", "é/x.yml"}, *const bad[] = {"", "/a.yml", "a//b.yml", "../a.yml", "a/../b.yml", "./a.yml", "a.txt", "a\\b.yml", "a\tb.yml", "a/"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ok(bundle_path(good[i]), "a path: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!bundle_path(bad[i]), "none: “%s”", bad[i]);
    struct bundle bundle = two();
    struct bundle_file files[2] = {{"b.yml", "x: 1", 4}, {"a.yml", "x: 1", 4}};
    struct buf out;
    buf_init(&out, BUNDLE_MOST);
    bundle.files = files;
    bundle.n = 2;
    ok(bundle_make(&bundle, NULL, arena, &reasons, &out) == BAD_INPUT, "files out of order are refused");
    bundle.n = 0;
    ok(bundle_make(&bundle, NULL, arena, &reasons, &out) == BAD_INPUT, "a bundle of nothing is refused");
    buf_free(&out);
}

/* ---- census ---- */

static struct sigma_text map = {"map", "sources: [{product: windows, category: process_creation, any: [{when: {EventID: 1}}]}, {product: windows, service: security, any: [{when: {Channel: Security}}]}]", 0};

static enum status examine(const struct buf *bundle, struct census *ret, const char **ret_plain, size_t *ret_plain_len)
{
    struct sigma_text own = map;
    struct buf input, answer;
    const char *text;
    size_t len;
    own.len = strlen(own.text);
    buf_init(&input, rules_jailer.max_input);
    buf_init(&answer, rules_jailer.max_answer);
    rules_input(&input, &own, bundle->data, bundle->len);
    enum status status = rules_jailer.run(arena, input.data, input.len, NULL, &reasons, &answer);
    const char *kept = status == OK ? arena_memdup(arena, answer.data, answer.len) : "";
    if (status == OK && !rules_answer(kept, answer.len, &text, &len, ret_plain, ret_plain_len))
        status = DAMAGED;
    if (status == OK)
        status = census_read(text, len, arena, ret);
    buf_free(&input);
    buf_free(&answer);
    return status;
}

static void census(void)
{
    struct bundle bundle = two(), read;
    struct bundle_head head;
    struct buf out;
    struct census first, second;
    const char *plain;
    size_t plain_len;
    make(&bundle, NULL, &out);
    ok(examine(&out, &first, &plain, &plain_len) == OK && first.n == 3, "three rules are counted");
    ok(first.ready == 2 && first.refused == 1, "two ready, one refused");
    const struct census_rule *rule = census_find(&first, "33333333-3333-4333-8333-333333333333");
    ok(rule && !rule->ready && strstr(rule->where, "broken.yaml:") && *rule->why[LANG_EN] && strcmp(rule->why[LANG_EN], rule->why[LANG_FR]) != 0, "refused with place and reason in both languages");
    rule = census_find(&first, "22222222-2222-4222-8222-222222222222");
    ok(rule && rule->ready, "a rule with a placeholder is ready once it is bound");
    is(rule ? rule->placeholders : NULL, "Administrators", "its placeholder");
    rule = census_find(&first, "11111111-1111-4111-8111-111111111111");
    is(rule ? rule->tags : NULL, "attack.t1003.003 attack.credential-access", "tags");
    is(rule ? rule->path : NULL, "a/one.yml", "its file");
    ok(rule && rule->level == SIGMA_HIGH && strcmp(rule->category, "process_creation") == 0 && rule->kind == CENSUS_RULE, "level, log source, kind");
    ok(bundle_head(out.data, out.len, &reasons, &head) == OK && bundle_read(plain, plain_len, &head, arena, &reasons, &read) == OK && read.n == 3, "the jail's plain run is what the head names");
    char *forged = arena_memdup(arena, plain, plain_len);
    forged[plain_len - 3] ^= 1;
    ok(bundle_read(forged, plain_len, &head, arena, &reasons, &read) == BAD_INPUT, "a forged one is not");
    buf_free(&out);

    static char louder[sizeof rule_a + 40], other[sizeof rule_b + 40];
    snprintf(louder, sizeof louder, "%.*s", (int)sizeof rule_a, rule_a);
    memcpy(strstr(louder, "level: high"), "level: low ", 11);
    snprintf(other, sizeof other, "%s", rule_b);
    memcpy(strstr(other, "22222222"), "44444444", 8);
    struct bundle_file files[2] = {{"a/one.yml", louder, strlen(louder)}, {"a/two.yml", other, strlen(other)}};
    bundle.files = files;
    bundle.n = 2;
    make(&bundle, NULL, &out);
    ok(examine(&out, &second, &plain, &plain_len) == OK, "a second delivery is read");
    struct census_difference difference;
    census_compare(&first, &second, arena, &difference);
    ok(difference.n_added == 1 && difference.n_changed == 1 && difference.n_retired == 2, "one new, one changed, two retired");
    is(difference.n_changed ? census_words(&difference.changed[0], arena).in[LANG_EN] : NULL, "level: high, now low", "what changed, in words");
    is(difference.n_changed ? census_words(&difference.changed[0], arena).in[LANG_FR] : NULL, "niveau : élevé, désormais faible", "and in French");
    census_compare(NULL, &second, arena, &difference);
    ok(difference.n_added == 2 && !difference.n_changed && !difference.n_retired, "against nothing all is new");
    census_compare(&first, &first, arena, &difference);
    ok(!difference.n_added && !difference.n_changed && !difference.n_retired, "against itself nothing differs");
    buf_free(&out);
}

/* Bytes that no jail of ours would send: refused or read, within their bounds, never a crash. */
static void hostile_census(void)
{
    static const char good[] = "r\t+\th\t1\tid\ttitle\ttest\twindows\t\tsecurity\tattack.t1003\t\ta.yml\t0123456789abcdef0123456789abcdef\t0123456789abcdef0123456789abcdef\t\t\t\n";
    struct census read;
    ok(census_read(good, sizeof good - 1, arena, &read) == OK && read.n == 1, "a line is read");
    ok(census_read(good, sizeof good - 2, arena, &read) == DAMAGED, "without its end it is not");
    ok(census_read("", 0, arena, &read) == OK && read.n == 0, "nothing is an empty census");
    size_t damaged = 0, n = (size_t)tap_cases(500000);
    struct arena *own = arena_new((size_t)16 << 20);
    for (size_t i = 0; i < n; i++) {
        arena_clear(own);
        char *copy = arena_memdup(own, good, sizeof good);
        for (size_t k = 0; k < 1 + tap_random() % 3; k++)
            copy[tap_random() % (sizeof good - 1)] = (char)tap_random();
        damaged += census_read(copy, sizeof good - 1 - tap_random() % 2, own, &read) == DAMAGED;
    }
    ok(damaged > n / 4, "%zu lines touched at random, %zu refused", n, damaged);
    arena_free(own);
}

/* ---- SigmaHQ's rules ---- */

struct gathered { struct bundle_file *files; size_t n; };
static void gather(struct gathered *all, const char *root, const char *below)
{
    const char *folder = arena_printf(arena, "%s%s%s", root, *below ? "/" : "", below);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        struct stat about;
        if (entry->d_name[0] == '.' || (!*below && !str_starts(entry->d_name, "rules")))
            continue;
        const char *path = arena_printf(arena, "%s%s%s", below, *below ? "/" : "", entry->d_name), *whole = arena_printf(arena, "%s/%s", root, path);
        if (stat(whole, &about) == 0 && S_ISDIR(about.st_mode)) {
            gather(all, root, path);
        } else if (bundle_path(path) && about.st_size > 0 && all->n < 20000) {
            FILE *file = fopen(whole, "rb");
            char *text = arena_alloc(arena, (size_t)about.st_size + 1);
            if (file && fread(text, 1, (size_t)about.st_size, file) == (size_t)about.st_size)
                all->files[all->n++] = (struct bundle_file){path, text, (size_t)about.st_size};
            if (file)
                fclose(file);
        }
    }
    if (dir)
        closedir(dir);
}
static int file_order(const void *a, const void *b) { return strcmp(((const struct bundle_file *)a)->path, ((const struct bundle_file *)b)->path); }

static double processor(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6 + (double)used.ru_stime.tv_sec;
}

static void sigmahq(const char *data)
{
    struct gathered all = {ARENA_ARRAY(arena, struct bundle_file, 20000), 0};
    struct bundle bundle = {.publisher = "SigmaHQ", .name = "rules", .made = 1795000000000};
    struct buf out;
    struct census census_;
    const char *plain;
    size_t plain_len;
    FILE *file = fopen(arena_printf(arena, "%s/duties/watch/sigma/logsources.yaml", getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : "."), "rb");
    char *text = arena_alloc(arena, SIGMA_TEXT_MOST);
    map = (struct sigma_text){"logsources.yaml", text, 0};
    ok(file && fread(text, 1, SIGMA_TEXT_MOST - 1, file) > 0, "the product's log-source map");
    if (file)
        fclose(file);
    gather(&all, arena_printf(arena, "%s/sigma", data), "");
    if (!all.n) {
        tap_skip("SigmaHQ's rules as a delivery", "there is no such folder");
        return;
    }
    qsort(all.files, all.n, sizeof *all.files, file_order);
    bundle.files = all.files;
    bundle.n = all.n;
    uint8_t secret[BUNDLE_SECRET];
    bundle_key_new(secret);
    double before = processor();
    make(&bundle, secret, &out);
    double made = processor();
    ok(examine(&out, &census_, &plain, &plain_len) == OK && census_.n >= all.n, "every file of the delivery gives a rule at least");
    ok(census_.refused == 0, "and each compiles, its placeholders once bound");
    printf("# %zu files, %zu bytes packed, %zu plain, %zu rules, %zu refused; made in %.2f s, examined in %.2f s of processor time\n", all.n, out.len, plain_len, census_.n, census_.refused, made - before, processor() - made);
    buf_free(&out);
}

int main(void)
{
    const char *data = getenv("CASTELLAN_DATA");
    arena = arena_new((size_t)4 << 30);
    reasons_init(&reasons, arena);
    round_trip();
    touched();
    paths();
    census();
    hostile_census();
    if (data)
        sigmahq(data);
    else
        tap_skip("SigmaHQ's rules as a delivery", "CASTELLAN_DATA is not set");
    arena_free(arena);
    return tap_done();
}
