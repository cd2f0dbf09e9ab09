/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of rules: cut into documents, each read with the lines of its file, its head (title, id, level ...) checked. A fault refuses
 * the document that has it and no other.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "watch/sigma/inside.h"

/* ---- faults ------------------------------------------------------------------------------------------------- */

static void refuse(struct reading *r, unsigned line, struct words why)
{
    struct sigma_rule *rule = r->rule;
    if (rule->standing == SIGMA_REFUSED)
        return;
    rule->standing = SIGMA_REFUSED;
    rule->where = arena_printf(r->sigma->arena, "%s:%u", r->path, line);
    rule->why = why;
}

/* words_format() takes its arguments as they are; all texts here have two at most. */
#define WORDS(r, english, list) \
    __extension__({ const char *a_ = strstr(english, "%1$s") ? va_arg(list, const char *) : NULL, *b_ = strstr(english, "%2$s") ? va_arg(list, const char *) : NULL; \
                    words_format((r)->sigma->arena, english, a_, b_); })

void *reading_fault(struct reading *r, const struct val *at, const char *english, ...)
{
    va_list list;
    va_start(list, english);
    refuse(r, at && at->line ? at->line : r->rule->line, WORDS(r, english, list));
    va_end(list);
    return NULL;
}

/* Whether the line is that of the key, plain or quoted, perhaps behind the dash of a list. */
static bool is_key_line(const char *line, size_t len, const char *key)
{
    size_t at = 0, n = strlen(key);
    while (at < len && (line[at] == ' ' || line[at] == '-' || line[at] == '\'' || line[at] == '"'))
        at++;
    if (len - at < n || memcmp(line + at, key, n) != 0)
        return false;
    at += n;
    while (at < len && (line[at] == ' ' || line[at] == '\'' || line[at] == '"'))
        at++;
    return at < len && line[at] == ':';
}

void *reading_fault_key(struct reading *r, const char *key, const struct val *value, const char *english, ...)
{
    unsigned found = value && value->line ? value->line : r->rule->line, line = r->line;
    unsigned last = found;
    for (const char *at = r->text, *end = r->text + r->len; at < end && line <= last; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (key[0] && is_key_line(at, len, key))
            found = line;
        at += len + 1;
    }
    va_list list;
    va_start(list, english);
    refuse(r, found, WORDS(r, english, list));
    va_end(list);
    return NULL;
}

void reading_begin(struct reading *r, struct sigma *sigma, size_t rule)
{
    const struct rule_code *code = &sigma->codes[rule];
    *r = (struct reading){.sigma = sigma, .rule = &sigma->rules[rule], .path = sigma->rules[rule].path, .text = code->text, .len = code->len,
                          .line = code->line};
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static uint32_t *name_slot(const struct sigma *sigma, const char *name)
{
    size_t at = str_hash(name) & (sigma->n_by_name - 1);
    for (; sigma->by_name[at]; at = (at + 1) & (sigma->n_by_name - 1)) {
        const struct sigma_rule *rule = &sigma->rules[sigma->by_name[at] - 1];
        if (str_eq(rule->id, name) || str_eq(rule->name, name))
            break;
    }
    return &sigma->by_name[at];
}

size_t rule_find(const struct sigma *sigma, const char *name)
{
    return name && sigma->n_by_name ? (size_t)*name_slot(sigma, name) - 1 : SIZE_MAX;
}

static void name_all(struct sigma *sigma)
{
    sigma->n_by_name = 4 * sigma->room;
    sigma->by_name = ARENA_ARRAY(sigma->arena, uint32_t, sigma->n_by_name);
    for (size_t i = 0; i < sigma->n; i++)
        for (unsigned k = 0; k < 2; k++) {
            const char *name = k ? sigma->rules[i].name : sigma->rules[i].id;
            if (name && sigma->rules[i].standing == SIGMA_READY)
                *name_slot(sigma, name) = (uint32_t)i + 1;
        }
}

static size_t append(struct sigma *sigma)
{
    if (sigma->n == sigma->room) {
        size_t room = sigma->room ? 2 * sigma->room : 256;
        struct sigma_rule *rules = ARENA_ARRAY(sigma->arena, struct sigma_rule, room);
        struct rule_code *codes = ARENA_ARRAY(sigma->arena, struct rule_code, room);
        if (sigma->n) {
            memcpy(rules, sigma->rules, sigma->n * sizeof *rules);
            memcpy(codes, sigma->codes, sigma->n * sizeof *codes);
        }
        sigma->rules = rules;
        sigma->codes = codes;
        sigma->room = room;
        name_all(sigma);
    }
    return sigma->n++;
}

/* ---- the head of a document --------------------------------------------------------------------------------- */

static bool texts(struct reading *r, const struct val *document)
{
    static const char *const plain[] = {"title", "id", "name", "status", "level", "taxonomy"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const struct val *value = val_get(document, plain[i]);
        if (value && value->kind != VAL_NULL && value->kind != VAL_STR && value->kind != VAL_INT)
            return reading_fault_key(r, plain[i], value, T_("“%1$s” must be text"), plain[i]);
    }
    return true;
}

/* Text, or a number as it is written. */
static const char *head_text(struct reading *r, const struct val *document, const char *name)
{
    const struct val *value = val_get(document, name);
    return value && value->kind == VAL_INT ? arena_printf(r->sigma->arena, "%lld", (long long)value->number) : val_text(value);
}

static bool read_level(struct reading *r, const struct val *document)
{
    static const char *const levels[] = {"informational", "low", "medium", "high", "critical"};
    const char *level = val_get_str(document, "level");
    r->rule->level = SIGMA_MEDIUM;
    for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++)
        if (str_eq(level, levels[i])) {
            r->rule->level = (enum sigma_level)i;
            return true;
        }
    return !level || reading_fault_key(r, "level", val_get(document, "level"),
                                       T_("the level “%1$s” is none of informational, low, medium, high, critical"), level);
}

static bool read_status(struct reading *r, const struct val *document)
{
    static const char *const known[] = {"stable", "test", "experimental", "deprecated", "unsupported", NULL};
    r->rule->status = val_get_str(document, "status");
    return !r->rule->status || str_in(r->rule->status, known) || reading_fault_key(r, "status", val_get(document, "status"),
           T_("the status “%1$s” is none of stable, test, experimental, deprecated, unsupported"), r->rule->status);
}

static bool read_tags(struct reading *r, const struct val *document)
{
    const struct val *tags = val_get(document, "tags");
    if (!tags || tags->kind == VAL_NULL)
        return true;
    const char **list = ARENA_ARRAY(r->sigma->arena, const char *, val_count(tags) + 1);
    for (size_t i = 0; tags->kind == VAL_ARRAY && i < tags->count; i++)
        if (!(list[i] = val_text(tags->items[i])))
            return reading_fault(r, tags->items[i], T_("“%1$s” must be a list of texts"), "tags");
    if (tags->kind != VAL_ARRAY)
        return reading_fault_key(r, "tags", tags, T_("“%1$s” must be a list of texts"), "tags");
    r->rule->tags = list;
    r->rule->n_tags = tags->count;
    return true;
}

static bool read_source(struct reading *r, const struct val *document)
{
    const struct val *source = val_get(document, "logsource");
    const char **const into[] = {&r->rule->product, &r->rule->category, &r->rule->service};
    static const char *const names[] = {"product", "category", "service"};
    bool any = false;
    if (!source || source->kind != VAL_OBJECT)
        return reading_fault_key(r, "logsource", source, T_("the rule needs a “logsource” with product, category or service"));
    for (size_t i = 0; i < 3; i++) {
        const struct val *value = val_get(source, names[i]);
        if (value && value->kind != VAL_NULL && value->kind != VAL_STR)
            return reading_fault_key(r, names[i], value, T_("“%1$s” must be text"), names[i]);
        *into[i] = val_text(value);
        any |= *into[i] != NULL;
    }
    return any || reading_fault_key(r, "logsource", source, T_("the rule needs a “logsource” with product, category or service"));
}

static bool read_body(struct reading *r, const struct val *document, struct rule_code *code)
{
    const struct val *detection = val_get(document, "detection"), *filter = val_get(document, "filter"), *correlation = val_get(document, "correlation");
    const char *name = correlation ? "correlation" : filter ? "filter" : "detection";
    r->rule->correlation = correlation != NULL;
    r->rule->filter = !correlation && filter != NULL;
    code->body = correlation ? correlation : filter ? filter : detection;
    if (!code->body)
        return reading_fault(r, NULL, T_("the document has neither “detection” nor “correlation” nor “filter”"));
    if ((detection != NULL) + (filter != NULL) + (correlation != NULL) > 1)
        return reading_fault(r, NULL, T_("a document is a rule, a correlation or a filter, not two of them"));
    return code->body->kind == VAL_OBJECT || reading_fault_key(r, name, code->body, T_("“%1$s” must be a mapping"), name);
}

static bool read_head(struct reading *r, const struct val *document, struct rule_code *code)
{
    struct sigma_rule *rule = r->rule;
    if (document->kind != VAL_OBJECT)
        return reading_fault(r, document, T_("a rule is a mapping of title, logsource, detection and so on"));
    rule->id = head_text(r, document, "id");
    rule->name = head_text(r, document, "name");
    rule->title = head_text(r, document, "title");
    const char *taxonomy = val_get_str(document, "taxonomy");
    if (!read_body(r, document, code) || !texts(r, document))
        return false;
    if (!rule->title || !rule->title[0])
        return reading_fault(r, NULL, T_("the rule has no title"));
    if (taxonomy && !str_eq(taxonomy, "sigma"))
        return reading_fault_key(r, "taxonomy", val_get(document, "taxonomy"), T_("the taxonomy “%1$s” is not known; only “sigma” is"), taxonomy);
    const char *const names[] = {rule->id, rule->name};
    for (size_t i = 0; i < 2; i++) {
        size_t other = rule_find(r->sigma, names[i]);
        if (other != SIZE_MAX && &r->sigma->rules[other] != rule)
            return reading_fault_key(r, i ? "name" : "id", val_get(document, i ? "name" : "id"), T_("“%1$s” already names the rule at %2$s"), names[i],
                                     arena_printf(r->sigma->arena, "%s:%u", r->sigma->rules[other].path, r->sigma->rules[other].line));
    }
    return read_level(r, document) && read_status(r, document) && read_tags(r, document) && (rule->correlation || read_source(r, document));
}

/* ---- documents ---------------------------------------------------------------------------------------------- */

static void shift(struct val *val, unsigned by)
{
    val->line += by;
    for (uint32_t i = 0; i < val->count && (val->kind == VAL_ARRAY || val->kind == VAL_OBJECT); i++)
        shift(val->kind == VAL_ARRAY ? val->items[i] : val->members[i].value, by);
}

/* A fault of the YAML reader says "path:line" of its own text. */
static void refuse_yaml(struct reading *r, const struct reasons *reasons)
{
    const struct reason *first = reasons->first;
    const char *colon = first && first->where ? strrchr(first->where, ':') : NULL;
    unsigned line = 1;
    if (colon)
        sscanf(colon + 1, "%u", &line);
    refuse(r, line + r->line - 1, first ? first->text : words_format(r->sigma->arena, T_("this file cannot be read")));
}

static bool wanted(const struct sigma *sigma, const struct sigma_rule *rule)
{
    const struct sigma_options *options = &sigma->options;
    bool found = options->n_only == 0 || rule->filter;
    for (size_t i = 0; i < options->n_only && !found; i++)
        found = str_eq(options->only[i], rule->id);
    return found;
}

static void document_read(struct sigma *sigma, const char *path, const char *text, size_t len, unsigned line)
{
    if (sigma->n >= SIGMA_RULES_MOST)
        return;
    size_t index = append(sigma);
    struct sigma_rule *rule = &sigma->rules[index];
    struct rule_code *code = &sigma->codes[index];
    struct reasons reasons;
    struct reading r;
    struct val *document = NULL;
    *rule = (struct sigma_rule){.path = path, .line = line, .level = SIGMA_MEDIUM};
    *code = (struct rule_code){.text = text, .len = len, .line = line};
    reading_begin(&r, sigma, index);
    reasons_init(&reasons, sigma->arena);
    if (yaml_read(sigma->arena, path, text, len, &reasons, &document) != OK) {
        refuse_yaml(&r, &reasons);
        return;
    }
    shift(document, line - 1);
    rule->line = document->line;
    rule->document = document;
    read_head(&r, document, code);
    if (!wanted(sigma, rule)) {
        sigma->n--;
        return;
    }
    for (unsigned k = 0; rule->standing == SIGMA_READY && k < 2; k++)
        if (k ? rule->name : rule->id)
            *name_slot(sigma, k ? rule->name : rule->id) = (uint32_t)index + 1;
}

static bool is_mark(const char *line, size_t len, const char *mark)
{
    return len >= 3 && memcmp(line, mark, 3) == 0 && (len == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

/* Whether the line says anything: neither empty nor comment, mark or directive. */
static bool says(const char *line, size_t len)
{
    if (is_mark(line, len, "---") || is_mark(line, len, "...")) {
        line += 3;
        len -= 3;
    }
    while (len && strchr(" \t\r\xef\xbb\xbf", line[0]))
        line++, len--;
    return len && line[0] != '#' && line[0] != '%';
}

void documents_read(struct sigma *sigma, const struct sigma_text *file)
{
    const char *path = arena_strdup(sigma->arena, file->path), *text = file->text, *end = text + file->len, *start = text;
    unsigned line = 1, from = 1;
    bool content = false;
    if (file->len > SIGMA_TEXT_MOST) {
        size_t index = append(sigma);
        struct reading r;
        sigma->rules[index] = (struct sigma_rule){.path = path, .line = 1};
        sigma->codes[index] = (struct rule_code){.text = ""};
        reading_begin(&r, sigma, index);
        reading_fault(&r, NULL, T_("a file of rules has at most %1$s bytes"), "4194304");
        return;
    }
    for (const char *at = text; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (is_mark(at, len, "---") || is_mark(at, len, "...")) {
            if (content)
                document_read(sigma, path, start, (size_t)(at - start), from);
            bool ends = at[0] == '.';
            start = ends ? at + len + (stop != NULL) : at;
            from = line + ends;
            content = !ends && says(at, len);
        } else {
            content |= says(at, len);
        }
        at += len + (stop != NULL);
        if (!stop)
            break;
    }
    if (content)
        document_read(sigma, path, start, (size_t)(end - start), from);
}
