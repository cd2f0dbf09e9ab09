/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The jailer "rules": reads a bundle whole, compiles what it holds, and writes the census. It runs where a hostile bundle can do no more
 * than crash it; what it answers is checked against the bundle's signed list by whoever asked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "watch/bundle/census.h"

enum { NAMES_MOST = 4096, TITLE_MOST = 300, TAGS_MOST = 2000, WHY_MOST = 1000 };

/* ---- input and answer ---- */

void rules_input(struct buf *out, const struct sigma_text *map, const void *bundle, size_t len)
{
    buf_addf(out, "%zu\n", map->len);
    buf_add(out, map->text, map->len);
    buf_add(out, bundle, len);
}

/* A decimal number and the end of its line; moves behind it. */
static bool number_line(const char *text, size_t len, size_t *at, size_t *ret)
{
    size_t n = 0, digits = 0;
    while (*at + digits < len && digits < 10 && (unsigned char)(text[*at + digits] - '0') <= 9)
        n = n * 10 + (size_t)(text[*at + digits++] - '0');
    if (!digits || *at + digits >= len || text[*at + digits] != '\n' || n > len - *at - digits - 1)
        return false;
    *at += digits + 1;
    *ret = n;
    return true;
}

bool rules_answer(const char *answer, size_t len, const char **ret_census, size_t *ret_census_len, const char **ret_plain, size_t *ret_plain_len)
{
    size_t at = 0, n;
    if (!number_line(answer, len, &at, &n))
        return false;
    *ret_census = answer + at;
    *ret_census_len = n;
    *ret_plain = answer + at + n;
    *ret_plain_len = len - at - n;
    return true;
}

/* ---- placeholders ---- */

struct names { struct arena *arena; const char *items[NAMES_MOST]; size_t n; };

static void add_name(struct names *names, const char *text, size_t len)
{
    for (size_t i = 0; i < names->n; i++)
        if (strlen(names->items[i]) == len && memcmp(names->items[i], text, len) == 0)
            return;
    if (names->n < NAMES_MOST)
        names->items[names->n++] = arena_strndup(names->arena, text, len);
}

static bool name_character(char c) { return c == '_' || c == '-' || c == '.' || c == ' ' || (unsigned char)(c - '0') <= 9 || (unsigned char)((c | 32) - 'a') < 26; }

/* Every "%name%" of a text: taken one by one, since what closes one may open the next. */
static void names_in(struct names *names, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t n = 1;
        if (text[i] != '%')
            continue;
        while (i + n < len && n < 100 && name_character(text[i + n]))
            n++;
        if (n > 1 && i + n < len && text[i + n] == '%')
            add_name(names, text + i + 1, n - 1);
    }
}

static void names_of_value(struct names *names, const struct val *value)
{
    if (value->kind == VAL_STR)
        names_in(names, value->str.s, value->str.len);
    for (uint32_t i = 0; value->kind == VAL_ARRAY && i < value->count; i++)
        names_of_value(names, value->items[i]);
}

/* Under keys with the modifier alone. */
static void names_of_rule(struct names *names, const struct val *tree, unsigned depth)
{
    for (uint32_t i = 0; tree && depth < 16 && i < tree->count; i++) {
        if (tree->kind == VAL_ARRAY) {
            names_of_rule(names, tree->items[i], depth + 1);
        } else if (tree->kind == VAL_OBJECT) {
            const char *expand = strstr(tree->members[i].name, "|expand");
            if (expand && (expand[7] == 0 || expand[7] == '|'))
                names_of_value(names, tree->members[i].value);
            else
                names_of_rule(names, tree->members[i].value, depth + 1);
        } else {
            return;
        }
    }
}

/* ---- a line of the census ---- */

/* No tab, no line end, cut at a character's beginning. */
static void put_text(struct buf *out, const char *text, size_t most)
{
    size_t len = text ? strlen(text) : 0;
    if (len > most)
        for (len = most; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            ;
    for (size_t i = 0; i < len; i++)
        buf_addc(out, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
}
static void put_field(struct buf *out, const char *text, size_t most)
{
    put_text(out, text, most);
    buf_addc(out, '\t');
}

static void put_hash(struct buf *out, const struct val *tree, const char *const *members, const struct bundle_file *otherwise)
{
    char hex[2 * HASH_BYTES + 1];
    struct buf text;
    struct hash hash;
    buf_init(&text, (size_t)16 << 20);
    for (size_t i = 0; tree && members && members[i]; i++)
        if (val_get(tree, members[i]))
            json_write(&text, val_get(tree, members[i]));
    if (tree && !members)
        json_write(&text, tree);
    hash = tree ? sha256(text.data ? text.data : "", text.len) : sha256(otherwise ? otherwise->text : "", otherwise ? otherwise->len : 0);
    buf_free(&text);
    hex_write(hash.bytes, HASH_BYTES / 2, hex);
    put_field(out, hex, HASH_BYTES);
}

static int by_path(const void *key, const void *file) { return strcmp(key, ((const struct bundle_file *)file)->path); }

static void put_names(struct buf *out, struct names *names)
{
    for (size_t i = 0; i < names->n && i < 64; i++) {
        if (i)
            buf_addc(out, ',');
        put_text(out, names->items[i], 100);
    }
    buf_addc(out, '\t');
}

static void put_rule(struct buf *out, const struct sigma_rule *rule, const struct bundle *bundle, struct names *names)
{
    static const char *const logic[] = {"logsource", "detection", "correlation", "filter", NULL};
    static const char levels[] = "ilmhc";
    const struct bundle_file *file = bsearch(rule->path, bundle->files, bundle->n, sizeof *bundle->files, by_path);
    const struct val *tree = rule->document && rule->document->kind == VAL_OBJECT ? rule->document : NULL;
    bool ready = rule->standing == SIGMA_READY;
    buf_addf(out, "%c\t%c\t%c\t%u\t", rule->filter ? 'f' : rule->correlation ? 'c' : 'r', ready ? '+' : '-', levels[rule->level], rule->line);
    if (rule->id || rule->name)
        put_field(out, rule->id ? rule->id : rule->name, 200);
    else
        buf_addf(out, "%s:%u\t", rule->path, rule->line);
    put_field(out, rule->title, TITLE_MOST);
    put_field(out, rule->status, 40);
    put_field(out, rule->product, 80);
    put_field(out, rule->category, 80);
    put_field(out, rule->service, 80);
    for (size_t i = 0; i < rule->n_tags && i < TAGS_MOST / 40; i++) {
        if (i)
            buf_addc(out, ' ');
        put_text(out, rule->tags[i], 80);
    }
    buf_addc(out, '\t');
    names->n = 0;
    names_of_rule(names, tree, 0);
    put_names(out, names);
    put_field(out, rule->path, 600);
    put_hash(out, tree, NULL, file);
    put_hash(out, tree, logic, file);
    put_field(out, ready ? "" : rule->where, 700);
    put_field(out, ready ? "" : rule->why.in[LANG_EN], WHY_MOST);
    put_text(out, ready ? "" : rule->why.in[LANG_FR], WHY_MOST);
    buf_addc(out, '\n');
}

/* ---- the jail ---- */

static enum status compile(struct arena *arena, const struct bundle *bundle, const struct sigma_text *map, struct names *names, struct reasons *reasons, struct sigma **ret)
{
    static const char *const any[] = {"x"};
    struct sigma_text *texts = ARENA_ARRAY(arena, struct sigma_text, bundle->n);
    for (size_t i = 0; i < bundle->n; i++) {
        texts[i] = (struct sigma_text){bundle->files[i].path, bundle->files[i].text, bundle->files[i].len};
        names_in(names, texts[i].text, texts[i].len);
    }
    struct sigma_binding *bindings = ARENA_ARRAY(arena, struct sigma_binding, names->n + 1);
    for (size_t i = 0; i < names->n; i++)
        bindings[i] = (struct sigma_binding){names->items[i], any, 1};
    struct sigma_options options = {.sources = *map, .bindings = bindings, .n_bindings = names->n, .without_patterns = true};
    return sigma_compile(arena, fields_new(arena), texts, bundle->n, &options, reasons, ret);
}

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons, struct buf *answer)
{
    struct sigma_text map = {.path = "log-sources"};
    struct names *names = ARENA_NEW(arena, struct names);
    struct bundle_head head;
    struct bundle bundle;
    struct sigma *sigma;
    struct buf lines;
    const char *plain;
    size_t at = 0, plain_len;
    (void)argument;
    names->arena = arena;
    if (!number_line(input, len, &at, &map.len))
        return BAD_INPUT;
    map.text = input + at;
    const char *bytes = input + at + map.len;
    size_t n = len - at - map.len;
    enum status status = bundle_head(bytes, n, reasons, &head);
    if (status == OK)
        status = bundle_unpack(bytes, n, &head, arena, reasons, &plain, &plain_len);
    if (status == OK)
        status = bundle_read(plain, plain_len, &head, arena, reasons, &bundle);
    if (status == OK)
        status = compile(arena, &bundle, &map, names, reasons, &sigma);
    if (status != OK)
        return status;
    buf_init(&lines, CENSUS_MOST);
    for (size_t i = 0; i < sigma_count(sigma); i++)
        put_rule(&lines, sigma_rule(sigma, i), &bundle, names);
    buf_addf(answer, "%zu\n", lines.len);
    buf_add(answer, lines.data ? lines.data : "", lines.len);
    buf_add(answer, plain, plain_len);
    status = lines.failed || answer->failed ? TOO_LARGE : sigma_count(sigma) > SIGMA_RULES_MOST ? TOO_LARGE : OK;
    if (status != OK)
        reason_add(reasons, "bundle.rules", NULL, T_("A delivery may hold at most 100,000 rules."));
    buf_free(&lines);
    sigma_free(sigma);
    return status;
}

const struct jailer rules_jailer = {.name = "rules", .run = run, .max_input = BUNDLE_MOST + SIGMA_TEXT_MOST + 64, .max_answer = BUNDLE_MOST + CENSUS_MOST + 64,
                                    .max_memory = (size_t)2 << 30, .max_seconds = 120};
