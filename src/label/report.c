/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The jailed half of `castellan label`: see report.h. A bundle is a row of parts: one letter, the length of the name
 * and of the data as eight hexadecimal digits each, name, data.
 */
#include "label/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct report {
    struct arena *arena;
    struct report_wish wish;
    struct policies *policies;
    struct val *tree;
    struct label *label;
    struct clearance *clearance;
    bool good;
};
struct part {
    char kind;
    const char *name, *data;
    size_t len;
};

void bundle_add(struct buf *out, enum bundle_part kind, const char *name, const char *data, size_t len)
{
    buf_addf(out, "%c%08zx%08zx", (char)kind, strlen(name), len);
    buf_adds(out, name);
    buf_add(out, data, len);
}

char *bundle_argument(struct arena *arena, const struct report_wish *wish)
{
    return arena_printf(arena, "%d %d %lld %s", (int)wish->lang, (int)wish->mode, (long long)wish->now,
                        wish->to ? wish->to : "");
}

static bool read_wish(const char *argument, struct report_wish *ret)
{
    int lang, mode, used = 0;
    long long now;
    if (!argument || sscanf(argument, "%d %d %lld %n", &lang, &mode, &now, &used) != 3 || !used)
        return false;
    *ret = (struct report_wish){ .lang = lang == LANG_FR ? LANG_FR : LANG_EN,
        .mode = mode == SPIF_STRICT ? SPIF_STRICT : SPIF_LENIENT, .now = now, .to = argument[used] ? argument + used : NULL };
    return true;
}

static bool read_hex(const char *text, size_t *ret)
{
    char copy[9];
    memcpy(copy, text, 8);
    copy[8] = '\0';
    if (strspn(copy, "0123456789abcdef") != 8)
        return false;
    *ret = strtoul(copy, NULL, 16);
    return true;
}

static bool next_part(struct arena *arena, const char **at, size_t *left, struct part *ret)
{
    size_t name, data;
    if (*left < 17 || !read_hex(*at + 1, &name) || !read_hex(*at + 9, &data) || name > *left - 17 ||
        data > *left - 17 - name)
        return false;
    *ret = (struct part){ .kind = **at, .name = arena_strndup(arena, *at + 17, name), .data = *at + 17 + name, .len = data };
    *at += 17 + name + data;
    *left -= 17 + name + data;
    return true;
}

static struct val *reasons_val(struct report *report, const struct reasons *reasons)
{
    struct val *list = val_array(report->arena);
    enum lang lang = report->wish.lang;
    for (const struct reason *reason = reasons->first; reason; reason = reason->after) {
        struct val *one = val_object(report->arena);
        val_set_str(report->arena, one, "rule", reason->rule);
        if (reason->where)
            val_set_str(report->arena, one, "where", reason->where);
        val_set_str(report->arena, one, "text", reason->text.in[lang] ? reason->text.in[lang] : reason->text.in[LANG_EN]);
        if (reason->next.in[lang])
            val_set_str(report->arena, one, "next", reason->next.in[lang]);
        if (reason->grants)
            val_set_bool(report->arena, one, "grants", true);
        val_push(report->arena, list, one);
    }
    return list;
}

static void set_time(struct report *report, struct val *object, const char *name, moment at)
{
    char text[MOMENT_TEXT];
    if (at != MOMENT_NONE)
        val_set_str(report->arena, object, name, moment_iso(at, text));
}

static void add_policy(struct report *report, const struct part *part, struct val *list)
{
    struct reasons faults;
    struct policy *policy;
    struct val *one = val_object(report->arena);
    reasons_init(&faults, report->arena);
    val_set_str(report->arena, one, "file", part->name);
    bool loaded = policy_load(part->name, part->data, part->len, report->wish.mode, &faults, &policy) == OK;
    if (loaded) {
        val_set_str(report->arena, one, "name", policy_name(policy));
        val_set_str(report->arena, one, "oid", policy_oid(policy));
        if (policies_add(report->policies, policy, &faults) != OK) {
            policy_free(policy);
            loaded = false;
        }
    }
    val_set_bool(report->arena, one, "loaded", loaded);
    val_set(report->arena, one, loaded ? "defects" : "reasons", reasons_val(report, &faults));
    val_push(report->arena, list, one);
    report->good &= loaded;
}

/* What a label says and means. */
static void describe_label(struct report *report, const struct label *label, struct val *one)
{
    struct arena *arena = report->arena;
    struct reasons reasons;
    const struct policy *policy = policies_find(report->policies, label->policy);
    reasons_init(&reasons, arena);
    bool valid = label_valid(report->policies, label, report->wish.now, false, &reasons);
    val_set_str(arena, one, "text", label_write(label, arena));
    val_set_str(arena, one, "policy", policy ? policy_name(policy) : label->policy);
    val_set_str(arena, one, "class", label->class_lacv);
    val_set_str(arena, one, "marking", label_marking(report->policies, label, MARK_PAGE, report->wish.lang, arena));
    val_set_str(arena, one, "portion", label_marking(report->policies, label, MARK_PORTION, report->wish.lang, arena));
    val_set_bool(arena, one, "valid", valid);
    val_set(arena, one, "reasons", reasons_val(report, &reasons));
    report->good &= valid;
}

static void add_envelope(struct report *report, const struct label_envelope *envelope, struct val *one)
{
    struct arena *arena = report->arena;
    if (envelope->privacy_mark)
        val_set_str(arena, one, "privacy_mark", envelope->privacy_mark);
    if (envelope->originator)
        val_set_str(arena, one, "originator", envelope->originator);
    set_time(report, one, "created", envelope->created);
    set_time(report, one, "review", envelope->review);
    set_time(report, one, "succession", envelope->succession);
    if (envelope->successor)
        val_set_str(arena, one, "successor", label_marking(report->policies, envelope->successor, MARK_PAGE,
                                                           report->wish.lang, arena));
}

static void add_label(struct report *report, const struct part *part)
{
    struct label_envelope envelope;
    struct reasons reasons;
    struct val *one = val_object(report->arena);
    reasons_init(&reasons, report->arena);
    val_set_str(report->arena, one, "file", part->name);
    bool read = label_import_whole(report->policies, part->data, part->len, report->wish.mode, report->arena, &reasons,
                                   &envelope) == OK;
    val_set_bool(report->arena, one, "read", read);
    if (read) {
        report->label = envelope.label;
        describe_label(report, envelope.label, one);
        add_envelope(report, &envelope, one);
        if (reasons.count)
            val_set(report->arena, one, "warnings", reasons_val(report, &reasons));
    } else {
        val_set(report->arena, one, "reasons", reasons_val(report, &reasons));
    }
    val_set(report->arena, report->tree, "label", one);
    report->good &= read;
}

static void add_clearance(struct report *report, const struct part *part)
{
    struct arena *arena = report->arena;
    struct reasons reasons;
    struct val *one = val_object(arena);
    reasons_init(&reasons, arena);
    val_set_str(arena, one, "file", part->name);
    bool read = clearance_import(report->policies, part->data, part->len, report->wish.mode, arena, &reasons,
                                 &report->clearance) == OK;
    bool valid = read && clearance_valid(report->policies, report->clearance, report->wish.now, &reasons);
    val_set_bool(arena, one, "read", read);
    if (read) {
        val_set_str(arena, one, "text", clearance_write(report->clearance, arena));
        val_set_str(arena, one, "marking", clearance_marking(report->policies, report->clearance, report->wish.lang, arena));
        val_set_bool(arena, one, "valid", valid);
    }
    val_set(arena, one, "reasons", reasons_val(report, &reasons));
    val_set(arena, report->tree, "clearance", one);
    report->good &= valid;
}

static void add_decision(struct report *report)
{
    struct reasons reasons;
    struct val *one = val_object(report->arena);
    reasons_init(&reasons, report->arena);
    bool dominated = label_dominated(report->policies, report->label, report->clearance, report->wish.now, &reasons);
    val_set_bool(report->arena, one, "dominated", dominated);
    val_set(report->arena, one, "reasons", reasons_val(report, &reasons));
    val_set(report->arena, report->tree, "decision", one);
    report->good &= dominated;
}

static void add_translation(struct report *report)
{
    struct reasons reasons;
    struct label *label;
    struct val *one = val_object(report->arena);
    reasons_init(&reasons, report->arena);
    bool done = label_translate(report->policies, report->label, report->wish.to, report->wish.now, report->arena,
                                &reasons, &label) == OK;
    val_set_bool(report->arena, one, "translated", done);
    if (done)
        describe_label(report, label, one);
    else
        val_set(report->arena, one, "reasons", reasons_val(report, &reasons));
    val_set(report->arena, report->tree, "translated", one);
    report->good &= done;
}

static bool add_parts(struct report *report, const char *input, size_t len, const char *kinds)
{
    struct val *policies = val_get(report->tree, "policies");
    struct part part;
    while (len) {
        if (!next_part(report->arena, &input, &len, &part))
            return false;
        if (!strchr(kinds, part.kind))
            continue;
        if (part.kind == BUNDLE_POLICY)
            add_policy(report, &part, policies);
        else if (part.kind == BUNDLE_LABEL)
            add_label(report, &part);
        else
            add_clearance(report, &part);
    }
    return true;
}

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons,
                       struct buf *answer)
{
    struct report report = { .arena = arena, .tree = val_object(arena), .good = true };
    if (!read_wish(argument, &report.wish))
        return BAD_INPUT;
    report.policies = policies_new();
    if (!report.policies)
        return NO_MEMORY;
    val_set(arena, report.tree, "policies", val_array(arena));
    /* policies first, whatever the order in the bundle */
    bool whole = add_parts(&report, input, len, "P") && add_parts(&report, input, len, "LC");
    if (whole) {
        if (report.label && report.clearance)
            add_decision(&report);
        if (report.label && report.wish.to)
            add_translation(&report);
        val_set_bool(arena, report.tree, "good", report.good);
        json_write(answer, report.tree);
    }
    policies_free(report.policies);
    return whole ? OK : BAD_INPUT;
}

const struct jailer label_jailer = { .name = "label", .run = run, .max_input = 32 * 1024 * 1024,
                                     .max_answer = 8 * 1024 * 1024, .max_seconds = 10 };
