/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a worker goes by, as bytes: a run of numbers and texts, each text with its length before it and a NUL behind it. Read, compiled and put in
 * the place of what was there before, between two events; the state of correlations goes along. What cannot be compiled as a whole (a faulty
 * log-source map) leaves everything as it was, and the verdict says so.
 */
#include "inside.h"

#include <string.h>
#include <time.h>

#define MAGIC "LIVECFG1"
enum { MEMO_BYTES = 16 << 20, CORRELATOR_BYTES = 48 << 20 };
#define COMPILE_MOST ((size_t)512 << 20)

/* ---- bytes ---- */

static void put_number(struct buf *out, uint64_t number) { buf_add(out, &number, sizeof number); }
static void put_text(struct buf *out, const char *text, size_t len)
{
    put_number(out, len);
    buf_add(out, text ? text : "", len);
    buf_addc(out, 0);
}
static void put_words(struct buf *out, const char *const *words, size_t n)
{
    put_number(out, n);
    for (size_t i = 0; i < n; i++)
        put_text(out, words[i], strlen(words[i]));
}
static void put_file(struct buf *out, const struct sigma_text *text)
{
    put_text(out, text->path, text->path ? strlen(text->path) : 0);
    put_text(out, text->text, text->text ? text->len : 0);
}

void live_configuration_write(struct buf *out, const struct live_configuration *with)
{
    buf_add(out, MAGIC, 8);
    put_number(out, with->generation);
    put_number(out, (uint64_t)with->block_age);
    put_number(out, (uint64_t)with->lateness);
    put_file(out, &with->sources);
    put_number(out, with->n_texts);
    for (size_t i = 0; i < with->n_texts; i++)
        put_file(out, &with->texts[i]);
    put_number(out, with->n_bindings);
    for (size_t i = 0; i < with->n_bindings; i++) {
        put_text(out, with->bindings[i].name, strlen(with->bindings[i].name));
        put_words(out, with->bindings[i].values, with->bindings[i].n);
    }
    put_words(out, with->entity, with->n_entity);
}

struct reading { const char *at, *end; bool bad; };

static uint64_t take_number(struct reading *in)
{
    uint64_t number = 0;
    in->bad |= (size_t)(in->end - in->at) < sizeof number;
    if (!in->bad) {
        memcpy(&number, in->at, sizeof number);
        in->at += sizeof number;
    }
    return number;
}
/* Of things that take at least `least` bytes each. */
static size_t take_count(struct reading *in, size_t least)
{
    uint64_t n = take_number(in);
    in->bad |= n > (size_t)(in->end - in->at) / least;
    return in->bad ? 0 : (size_t)n;
}
static const char *take_text(struct reading *in, size_t *ret_len)
{
    size_t len = take_count(in, 1);
    in->bad |= (size_t)(in->end - in->at) < len + 1 || in->at[len] != 0;
    if (in->bad)
        return "";
    const char *text = in->at;
    in->at += len + 1;
    if (ret_len)
        *ret_len = len;
    return text;
}
static const char *const *take_words(struct reading *in, struct arena *arena, size_t *ret_n)
{
    size_t n = take_count(in, 9);
    const char **words = ARENA_ARRAY(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        words[i] = take_text(in, NULL);
    *ret_n = n;
    return words;
}
static struct sigma_text take_file(struct reading *in)
{
    struct sigma_text file = {.path = take_text(in, NULL)};
    file.text = take_text(in, &file.len);
    return file;
}

enum status live_configuration_read(const char *bytes, size_t len, struct arena *arena, struct live_configuration *ret)
{
    struct reading in = {bytes, bytes + len, len < 8 || memcmp(bytes, MAGIC, 8) != 0};
    struct live_configuration with = {0};
    if (in.bad)
        return BAD_INPUT;
    in.at += 8;
    with.generation = (uint32_t)take_number(&in);
    with.block_age = (int64_t)take_number(&in);
    with.lateness = (int64_t)take_number(&in);
    with.sources = take_file(&in);
    with.n_texts = take_count(&in, 18);
    struct sigma_text *texts = ARENA_ARRAY(arena, struct sigma_text, with.n_texts + 1);
    for (size_t i = 0; i < with.n_texts; i++)
        texts[i] = take_file(&in);
    with.texts = texts;
    with.n_bindings = take_count(&in, 17);
    struct sigma_binding *bindings = ARENA_ARRAY(arena, struct sigma_binding, with.n_bindings + 1);
    for (size_t i = 0; i < with.n_bindings; i++) {
        bindings[i].name = take_text(&in, NULL);
        bindings[i].values = take_words(&in, arena, &bindings[i].n);
    }
    with.bindings = bindings;
    with.entity = take_words(&in, arena, &with.n_entity);
    if (in.bad || in.at != in.end)
        return BAD_INPUT;
    *ret = with;
    return OK;
}

/* ---- compiled ---- */

void live_rules_free(struct rules *rules)
{
    if (!rules)
        return;
    sigma_matcher_free(rules->matcher);
    sigma_free(rules->sigma);
    arena_free(rules->arena);
}

/* Rules come in the order of their texts. */
static void number_texts(struct rules *rules)
{
    size_t n = sigma_count(rules->sigma), text = 0;
    rules->text_of = ARENA_ARRAY(rules->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t at = text;
        while (at < rules->with.n_texts && strcmp(rules->with.texts[at].path, sigma_rule(rules->sigma, i)->path) != 0)
            at++;
        text = at < rules->with.n_texts ? at : text;
        rules->text_of[i] = at < rules->with.n_texts ? (uint32_t)at : UINT32_MAX;
    }
}

static enum status compile(struct live *live, const char *bytes, size_t len, struct reasons *reasons, struct rules **ret)
{
    struct arena *arena = arena_new(COMPILE_MOST);
    if (!arena)
        return NO_MEMORY;
    struct rules *rules = ARENA_NEW(arena, struct rules);
    struct sigma_options options = {0};
    rules->arena = arena;
    enum status status = live_configuration_read(arena_memdup(arena, bytes, len), len, arena, &rules->with);
    if (status == OK) {
        options.sources = rules->with.sources;
        options.bindings = rules->with.bindings;
        options.n_bindings = rules->with.n_bindings;
        rules->generation = rules->with.generation;
        status = sigma_compile(arena, live->fields, rules->with.texts, rules->with.n_texts, options.sources.len ? &options : NULL, reasons, &rules->sigma);
    }
    if (status == OK)
        status = sigma_matcher_new(rules->sigma, arena, MEMO_BYTES, &rules->matcher);
    if (status == OK)
        status = correlator_new(rules->sigma, arena, CORRELATOR_BYTES, rules->with.lateness ? rules->with.lateness : 2 * MINUTE, &rules->correlator);
    if (status != OK) {
        live_rules_free(rules);
        return status;
    }
    entity_fields_make(live->fields, rules->with.entity, rules->with.n_entity, arena, &rules->entity);
    number_texts(rules);
    *ret = rules;
    return OK;
}

/* What the correlations knew goes from the old ones, or from a state that came at the start, into the new ones. */
static void carry(struct live *live, struct rules *to)
{
    struct buf state;
    size_t groups;
    buf_init(&state, (size_t)128 << 20);
    if (live->rules)
        correlator_write(live->rules->correlator, &state);
    const struct buf *from = live->rules ? &state : &live->kept;
    if (from->len && !from->failed)
        (void)!correlator_read(to->correlator, from->data, from->len, &groups);
    buf_free(&state);
    buf_free(&live->kept);
    buf_init(&live->kept, (size_t)128 << 20);
}

static uint64_t processor_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void live_configure(struct live *live, const char *bytes, size_t len, uint32_t generation)
{
    struct rules *rules = NULL, failed = {.generation = generation};
    struct reasons reasons;
    uint64_t began = processor_ms();
    arena_clear(live->words);
    reasons_init(&reasons, live->words);
    enum status status = compile(live, bytes, len, &reasons, &rules);
    if (status != OK) {
        const char *fault = reasons.count ? reasons_text(&reasons, LANG_EN) : status_name(status);
        live->gone |= !live_verdict(live, &failed, 0, *fault ? fault : status_name(status));
        return;
    }
    carry(live, rules);
    live_rules_free(live->rules);
    live->rules = rules;
    live->changed = true;
    live->gone |= !live_verdict(live, rules, (uint32_t)(processor_ms() - began), "");
}
