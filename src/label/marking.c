/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Markings in words. The order is the one in common use: [policy] separator [class] separator, then for each tag its
 * prefix, its values in the policy's order joined by its separator ("/" unless said), its suffix; around it all the
 * policy's own prefix and suffix. xml:lang selects among phrases, kind by kind, so a phrase without language serves
 * where the wanted language has none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"

enum { MAX_MARKING = 64 * 1024 };

struct marker {
    const struct policy *policy;
    unsigned place;                 /* AT_PAGE or AT_PORTION */
    enum lang lang;
    struct buf *out;
    const char *separator;
};

/* 0: not for this reader. fr before fr-CA before no language before English. */
static int lang_score(const char *have, enum lang want)
{
    if (!have || !*have)
        return 2;
    const char *code = lang_code(want);
    bool same = (have[0] | 32) == code[0] && (have[1] | 32) == code[1] && (!have[2] || have[2] == '-');
    if (same)
        return have[2] ? 3 : 4;
    return (have[0] | 32) == 'e' && (have[1] | 32) == 'n' && (!have[2] || have[2] == '-') ? 1 : 0;
}

static const struct mark *best_mark(const struct marker *m, const struct marks *marks, unsigned place, unsigned new_policy)
{
    const struct mark *best = NULL;
    int score = 0;
    for (unsigned i = 0; i < marks->n_data; i++) {
        const struct mark *mark = &marks->data[i];
        int here = lang_score(mark->lang, m->lang);
        if (here > score && (mark->codes & place) && (mark->codes & NEW_POLICY) == new_policy) {
            best = mark;
            score = here;
        }
    }
    return best;
}

/* On a portion, what is not marked for portions is marked as on the page. */
static const struct mark *mark_here(const struct marker *m, const struct marks *marks, unsigned new_policy)
{
    const struct mark *mark = best_mark(m, marks, m->place, new_policy);
    return mark || m->place == AT_PAGE ? mark : best_mark(m, marks, AT_PAGE, new_policy);
}

static const char *phrase_of(const struct mark *mark, const char *name)
{
    if (!mark)
        return name;
    if (mark->codes & NO_MARKING)
        return "";
    if (mark->phrase)
        return mark->phrase;
    return mark->codes & NO_NAME ? "" : name;
}

static const char *qualifier(const struct marker *m, const struct marks *marks, enum qualifier_kind kind, bool explicitly)
{
    const char *best = NULL;
    int score = 0;
    for (unsigned i = 0; i < marks->n_quals; i++) {
        const struct qualifier *q = &marks->quals[i];
        int here = 3 * lang_score(q->lang, m->lang);
        bool at = q->places & m->place, page = !q->places || (q->places & AT_PAGE);
        if (!here || q->kind != kind || (!at && (explicitly || !page)))
            continue;
        here += at;
        if (here > score) {
            best = q->text;
            score = here;
        }
    }
    return best;
}

static void add(const struct marker *m, const char *text)
{
    if (text)
        buf_adds(m->out, text);
}

static void add_separated(const struct marker *m, const char *text)
{
    if (m->out->len && *text)
        add(m, m->separator);
    add(m, text);
}

static int by_ordinal(const void *a, const void *b)
{
    const struct sp_value *x = *(const struct sp_value *const *)a, *y = *(const struct sp_value *const *)b;
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* The values of a label in the policy's order; an entered text stands beside its value. */
struct shown {
    const struct sp_value *value;   /* first, so that by_ordinal can sort */
    const char *entered;
};

static unsigned shown_values(const struct policy *policy, const struct category *list, unsigned n, struct arena *arena,
                             struct shown **ret, bool *nobody)
{
    struct shown *shown = ARENA_ARRAY(arena, struct shown, n + 1);
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++) {
        if (is_nobody(&list[i])) {
            *nobody = true;
            continue;
        }
        const struct sp_value *value = policy_value(policy, list[i].tag_set, list[i].type, list[i].lacv);
        if (value)
            shown[count++] = (struct shown){ value, strcmp(value->lacv, list[i].lacv) ? list[i].lacv : NULL };
    }
    if (count > 1)
        qsort(shown, count, sizeof *shown, by_ordinal);
    *ret = shown;
    return count;
}

static void add_values(const struct marker *m, const struct shown *shown, unsigned n)
{
    const struct sp_tag *tag = NULL;
    const char *suffix = NULL;
    for (unsigned i = 0; i < n; i++) {
        const struct sp_value *value = shown[i].value;
        const char *phrase = phrase_of(mark_here(m, &value->marks, 0), shown[i].entered ? shown[i].entered : value->name);
        if (!*phrase)
            continue;
        if (tag != value->tag) {
            tag = value->tag;
            add(m, suffix);
            suffix = qualifier(m, &tag->marks, QUAL_SUFFIX, false);
            if (m->out->len)
                add(m, m->separator);
            add(m, qualifier(m, &tag->marks, QUAL_PREFIX, false));
        } else {
            const char *between = qualifier(m, &tag->marks, QUAL_SEPARATOR, false);
            add(m, between ? between : "/");
        }
        add(m, qualifier(m, &value->marks, QUAL_PREFIX, false));
        add(m, phrase);
        add(m, qualifier(m, &value->marks, QUAL_SUFFIX, false));
    }
    add(m, suffix);
}

static void add_policy(const struct marker *m, const struct sp_class *class, const struct shown *shown, unsigned n)
{
    const struct policy *policy = m->policy;
    const struct mark *mark = mark_here(m, &policy->marks, NEW_POLICY);
    const char *name = policy->name;
    if (!mark && (mark = mark_here(m, &class->marks, NEW_POLICY)))
        name = class->name;
    for (unsigned i = 0; i < n && !mark; i++)
        if ((mark = mark_here(m, &shown[i].value->marks, NEW_POLICY)))
            name = shown[i].value->name;
    if (mark) {
        add_separated(m, mark->phrase ? mark->phrase : name);
        return;
    }
    mark = mark_here(m, &policy->id_marks, 0);
    const char *phrase = phrase_of(mark ? mark : mark_here(m, &policy->marks, 0), policy->name);
    if (!*phrase)
        return;
    add(m, qualifier(m, &policy->id_marks, QUAL_PREFIX, false));
    add_separated(m, phrase);
    add(m, qualifier(m, &policy->id_marks, QUAL_SUFFIX, false));
}

static const char *class_phrase(const struct marker *m, const struct sp_class *class)
{
    const struct mark *mark = mark_here(m, &class->marks, 0);
    return phrase_of(mark ? mark : mark_here(m, &m->policy->class_marks, 0), class->name);
}

static void add_class(const struct marker *m, const struct sp_class *class)
{
    const char *phrase = class_phrase(m, class);
    const char *prefix = qualifier(m, &class->marks, QUAL_PREFIX, false);
    const char *suffix = qualifier(m, &class->marks, QUAL_SUFFIX, false);
    if (!*phrase)
        return;
    if (m->out->len)
        add(m, m->separator);
    add(m, prefix ? prefix : qualifier(m, &m->policy->class_marks, QUAL_PREFIX, false));
    add(m, phrase);
    add(m, suffix ? suffix : qualifier(m, &m->policy->class_marks, QUAL_SUFFIX, false));
}

static bool hides_class(const struct marker *m, const struct shown *shown, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < shown[i].value->marks.n_data; k++) {
            const struct mark *mark = &shown[i].value->marks.data[k];
            if ((mark->codes & NO_CLASS) && (mark->codes & m->place) && lang_score(mark->lang, m->lang))
                return true;
        }
    return false;
}

/* The policy's own prefix and suffix go around what was written; on a portion only those meant for portions. */
static char *finish(const struct marker *m, bool portion, struct arena *arena)
{
    const char *prefix = qualifier(m, &m->policy->marks, QUAL_PREFIX, portion);
    const char *suffix = qualifier(m, &m->policy->marks, QUAL_SUFFIX, portion);
    char *text = arena_printf(arena, "%s%s%s", prefix ? prefix : "", m->out->data ? m->out->data : "",
                              suffix ? suffix : "");
    buf_free(m->out);
    return text;
}

static struct marker start(const struct policy *policy, unsigned place, enum lang lang, struct buf *out)
{
    struct marker m = { .policy = policy, .place = place, .lang = lang, .out = out };
    const char *separator;
    buf_init(out, MAX_MARKING);
    separator = qualifier(&m, &policy->marks, QUAL_SEPARATOR, false);
    m.separator = separator ? separator : " ";
    return m;
}

char *label_marking(const struct policies *policies, const struct label *label, enum marking_place where, enum lang lang,
                    struct arena *arena)
{
    const struct policy *policy = policies_by_oid(policies, label->policy);
    const struct sp_class *class = policy ? policy_class(policy, label->class_lacv) : NULL;
    if (!class)     /* shown as it is stored: an unknown label is read by nobody who is not told so */
        return arena_printf(arena, "{%s %s}", policy ? policy->name : label->policy, label->class_lacv);
    struct buf out;
    struct shown *shown;
    bool nobody = false;
    struct marker m = start(policy, where == MARK_PORTION ? AT_PORTION : AT_PAGE, lang, &out);
    unsigned n = shown_values(policy, label->categories, label->n_categories, arena, &shown, &nobody);
    bool portion = where == MARK_PORTION && best_mark(&m, &class->marks, AT_PORTION, 0);
    if (!portion)
        add_policy(&m, class, shown, n);
    if (!hides_class(&m, shown, n))
        add_class(&m, class);
    add_values(&m, shown, n);
    if (nobody)
        add_separated(&m, tr(lang, T_("releasable: see portions")));
    return finish(&m, portion, arena);
}

static int by_hierarchy(const void *a, const void *b)
{
    const struct sp_class *x = *(const struct sp_class *const *)a, *y = *(const struct sp_class *const *)b;
    return (x->hierarchy > y->hierarchy) - (x->hierarchy < y->hierarchy);
}

char *clearance_marking(const struct policies *policies, const struct clearance *clearance, enum lang lang,
                        struct arena *arena)
{
    const struct policy *policy = policies_by_oid(policies, clearance->policy);
    if (!policy)
        return arena_printf(arena, "{%s}", clearance->policy);
    struct buf out, values;
    struct shown *shown;
    bool nobody = false;
    struct marker m = start(policy, AT_PAGE, lang, &out);
    const struct sp_class **classes = ARENA_ARRAY(arena, const struct sp_class *, clearance->n_classes + 1);
    unsigned n = 0;
    for (unsigned i = 0; i < clearance->n_classes; i++)
        if ((classes[n] = policy_class(policy, clearance->classes[i])))
            n++;
    if (n > 1)
        qsort(classes, n, sizeof *classes, by_hierarchy);
    buf_addc(&out, '{');
    for (unsigned i = 0; i < n; i++) {
        struct marker one = start(policy, AT_PAGE, lang, &values);
        add_class(&one, classes[i]);
        buf_adds(&out, i ? "|" : "");
        buf_adds(&out, values.data && values.len ? values.data : classes[i]->name);
        buf_free(&values);
    }
    buf_addc(&out, '}');
    n = shown_values(policy, clearance->categories, clearance->n_categories, arena, &shown, &nobody);
    add_values(&m, shown, n);
    return finish(&m, false, arena);
}

/* What a form offers, in the reader's words. */

static const char *shown_name(const struct policy *policy, const struct marks *marks, const char *name, enum lang lang)
{
    struct marker m = { .policy = policy, .place = AT_PAGE, .lang = lang };
    const char *phrase = phrase_of(best_mark(&m, marks, AT_PAGE, 0), name);
    return *phrase ? phrase : name;
}

static struct val *describe_class(const struct policy *policy, const struct sp_class *class, enum lang lang,
                                  struct arena *arena)
{
    struct val *one = val_object(arena);
    val_set_str(arena, one, "lacv", class->lacv);
    val_set_str(arena, one, "name", shown_name(policy, &class->marks, class->name, lang));
    val_set_str(arena, one, "colour", class->color);
    val_set_int(arena, one, "hierarchy", class->hierarchy);
    return one;
}

static struct val *describe_value(const struct policy *policy, const struct sp_value *value, enum lang lang,
                                  struct arena *arena)
{
    static const char *const inputs[] = { NULL, "string", "integer", "date" };
    struct val *one = val_object(arena), *without = val_array(arena);
    val_set_str(arena, one, "lacv", value->lacv);
    val_set_str(arena, one, "name", shown_name(policy, &value->marks, value->name, lang));
    for (unsigned i = 0; i < policy->n_classes; i++)
        if ((value->excluded_classes >> i & 1) || (value->required_class >= 0 && value->required_class != (int)i))
            val_push(arena, without, val_str(arena, policy->classes[i].lacv));
    if (without->count)
        val_set(arena, one, "not_with", without);
    if (value->input != INPUT_NONE)
        val_set_str(arena, one, "input", inputs[value->input]);
    return one;
}

static struct val *describe_tag(const struct policy *policy, const struct sp_tag *tag, enum lang lang, moment now,
                                struct arena *arena)
{
    struct val *one = val_object(arena), *values = val_array(arena);
    val_set_str(arena, one, "set", tag->set->oid);
    val_set_str(arena, one, "set_name", tag->set->name);
    val_set_str(arena, one, "type", tag_type_text(tag->type));
    val_set_str(arena, one, "name", *tag->name ? tag->name : tag->set->name);
    val_set_bool(arena, one, "single", tag->single || tag->max == 1);
    val_set_int(arena, one, "min", tag->min);
    val_set_int(arena, one, "max", tag->max);
    for (unsigned i = 0; i < tag->n; i++)
        if (!tag->values[i].obsolete && tag->values[i].flaw == FLAW_NONE && value_in_force(&tag->values[i], now))
            val_push(arena, values, describe_value(policy, &tag->values[i], lang, arena));
    val_set(arena, one, "values", values);
    return one;
}

const char **policy_classes(const struct policy *policy, struct arena *arena, unsigned *ret_n)
{
    const char **lacvs = ARENA_ARRAY(arena, const char *, policy->n_classes + 1);
    *ret_n = 0;
    for (unsigned i = 0; i < policy->n_classes; i++)
        if (!policy->classes[i].obsolete && policy->classes[i].flaw == FLAW_NONE)
            lacvs[(*ret_n)++] = policy->classes[i].lacv;
    return lacvs;
}

struct val *policy_describe(const struct policy *policy, enum lang lang, moment now, struct arena *arena)
{
    struct val *all = val_object(arena), *classes = val_array(arena), *tags = val_array(arena);
    const struct sp_class **sorted = ARENA_ARRAY(arena, const struct sp_class *, policy->n_classes + 1);
    for (unsigned i = 0; i < policy->n_classes; i++)
        sorted[i] = &policy->classes[i];
    qsort(sorted, policy->n_classes, sizeof *sorted, by_hierarchy);
    for (unsigned i = 0; i < policy->n_classes; i++)
        if (!sorted[i]->obsolete && sorted[i]->flaw == FLAW_NONE)
            val_push(arena, classes, describe_class(policy, sorted[i], lang, arena));
    for (unsigned s = 0; s < policy->n_sets; s++)
        for (unsigned t = 0; t < policy->sets[s].n; t++)
            if (policy->sets[s].tags[t].type != TAG_NOT_APPLICABLE)
                val_push(arena, tags, describe_tag(policy, &policy->sets[s].tags[t], lang, now, arena));
    val_set_str(arena, all, "oid", policy->oid);
    val_set_str(arena, all, "name", policy->name);
    val_set(arena, all, "classes", classes);
    val_set(arena, all, "tags", tags);
    return all;
}
