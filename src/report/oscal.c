/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads an OSCAL catalogue in two walks: the first enters all parameters and ids, the second writes the controls, since
 * a control's prose may name a parameter that stands elsewhere. What a register needs is laid flat; nothing is guessed:
 * a control without id or title is a fault.
 */
#include "report/oscal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/oscal_text.h"

enum { most_bytes = 64 << 20, most_depth = 32, most_text = 1 << 20 };
static const int newest_known[3] = { 1, 2, 2 };

struct walk {
    struct oscal o;
    struct val *controls, *groups;
    struct buf text;
};

/* ---- small looks ---- */

/* The value of a prop; of several with the name the one without a class, else the first. */
static const char *prop(const struct val *of, const char *name)
{
    const struct val *props = val_get(of, "props");
    const char *found = NULL;
    for (size_t i = 0; i < val_count(props); i++) {
        const struct val *p = val_at(props, i);
        if (!str_eq(val_get_str(p, "name"), name))
            continue;
        if (!val_get_str(p, "class"))
            return val_get_str(p, "value");
        if (!found)
            found = val_get_str(p, "value");
    }
    return found;
}

/* The ids that links of these relations point to inside the catalogue. */
static struct val *links(struct walk *w, const struct val *of, const char *rel, const char *or_rel)
{
    struct val *ids = val_array(w->o.arena);
    const struct val *all = val_get(of, "links");
    for (size_t i = 0; i < val_count(all); i++) {
        const char *is = val_get_str(val_at(all, i), "rel"), *href = val_get_str(val_at(all, i), "href");
        if (href && *href == '#' && is && (str_eq(is, rel) || (or_rel && str_eq(is, or_rel))))
            val_push(w->o.arena, ids, val_str(w->o.arena, href + 1));
    }
    return ids;
}

static bool withdrawn(const struct val *control)
{
    const char *status = prop(control, "status");
    return status && !strcasecmp(status, "withdrawn");
}

static const char *control_label(struct walk *w, const struct val *control, const char *id)
{
    const char *label = prop(control, "label");
    if (label)
        return label;
    char *upper = arena_strdup(w->o.arena, id);
    for (char *p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return upper;
}

/* ---- the first walk ---- */

static void enter(struct walk *w, const struct val *of, const char *name, unsigned depth);

static void enter_children(struct walk *w, const struct val *of, const char *kind, unsigned depth)
{
    const struct val *list = val_get(of, kind);
    for (size_t i = 0; i < val_count(list); i++) {
        const struct val *child = val_at(list, i);
        const char *id = val_get_str(child, "id");
        bool control = str_eq(kind, "controls");
        if (control && (!id || !val_get_str(child, "title")))
            oscal_fault(&w->o, id ? id : val_get_str(child, "title"), "oscal.control", T_("Control %1$s: its id or its title is missing."), NULL);
        if (control && id && !oscal_enter_id(&w->o, id))
            oscal_fault(&w->o, id, "oscal.control-twice", T_("Control %1$s is there twice."), NULL);
        enter(w, child, id, depth + 1);
    }
}

static void enter(struct walk *w, const struct val *of, const char *name, unsigned depth)
{
    if (depth > most_depth)
        return;
    oscal_enter_params(&w->o, name, val_get(of, "params"));
    enter_children(w, of, "groups", depth);
    enter_children(w, of, "controls", depth);
}

/* ---- the second walk ---- */

static struct val *texts(struct walk *w, const char *control, const struct val *list)
{
    struct val *out = val_array(w->o.arena);
    for (size_t i = 0; i < val_count(list); i++) {
        const char *text = val_text(val_at(list, i));
        buf_clear(&w->text);
        oscal_prose(&w->o, control, text ? text : "", &w->text);
        val_push(w->o.arena, out, val_strn(w->o.arena, w->text.data ? w->text.data : "", w->text.len));
    }
    return out;
}

static struct val *params(struct walk *w, const char *control, const struct val *list)
{
    struct arena *arena = w->o.arena;
    struct val *out = val_array(arena);
    for (size_t i = 0; i < val_count(list); i++) {
        const struct val *param = val_at(list, i), *select = val_get(param, "select");
        const char *id = val_get_str(param, "id"), *many = val_get_str(select, "how-many");
        if (!id)
            continue;
        struct val *p = val_object(arena);
        val_set_str(arena, p, "id", id);
        val_set_str(arena, p, "label", val_get_str(param, "label"));
        val_set(arena, p, "choices", texts(w, control, val_get(select, "choice")));
        val_set_str(arena, p, "how_many", select ? (many ? many : "one") : NULL);
        val_set(arena, p, "values", texts(w, control, val_get(param, "values")));
        val_set_str(arena, p, "depends_on", val_get_str(param, "depends-on"));
        buf_clear(&w->text);
        oscal_param_text(&w->o, control, id, &w->text);
        val_set(arena, p, "text", val_strn(arena, w->text.data ? w->text.data : "", w->text.len));
        val_push(arena, out, p);
    }
    return out;
}

/* A part and those inside it: each an item of `out`; `whole` gets them as lines, indented by depth. */
static void part(struct walk *w, const char *control, const struct val *of, unsigned depth, struct val *out,
                 struct buf *whole)
{
    struct arena *arena = w->o.arena;
    const char *prose = val_get_str(of, "prose"), *label = prop(of, "label");
    struct val *p = val_object(arena);
    buf_clear(&w->text);
    if (prose)
        oscal_prose(&w->o, control, prose, &w->text);
    val_set_str(arena, p, "id", val_get_str(of, "id"));
    val_set_str(arena, p, "name", val_get_str(of, "name"));
    val_set_str(arena, p, "label", label);
    val_set(arena, p, "text", val_strn(arena, w->text.data ? w->text.data : "", w->text.len));
    val_set_int(arena, p, "depth", depth);
    val_push(arena, out, p);
    if (whole && (w->text.len || label)) {
        if (whole->len)
            buf_addc(whole, '\n');
        for (unsigned i = 1; i < depth; i++)
            buf_adds(whole, "  ");
        if (label)
            buf_addf(whole, "%s%s", label, w->text.len ? " " : "");
        buf_add(whole, w->text.data ? w->text.data : "", w->text.len);
    }
    const struct val *inner = val_get(of, "parts");
    for (size_t i = 0; i < val_count(inner) && depth < most_depth; i++)
        part(w, control, val_at(inner, i), depth + 1, out, whole);
}

static void parts(struct walk *w, const char *id, const struct val *control, struct val *out)
{
    static const char *const wholes[] = { "statement", "guidance" };
    struct arena *arena = w->o.arena;
    struct val *list = val_array(arena);
    const struct val *all = val_get(control, "parts");
    struct buf whole[2];
    for (int k = 0; k < 2; k++)
        buf_init(&whole[k], most_text);
    for (size_t i = 0; i < val_count(all); i++) {
        const char *name = val_get_str(val_at(all, i), "name");
        int k = str_eq(name, wholes[0]) ? 0 : str_eq(name, wholes[1]) ? 1 : -1;
        part(w, id, val_at(all, i), 0, list, k >= 0 ? &whole[k] : NULL);
    }
    for (int k = 0; k < 2; k++) {
        if (whole[k].failed || w->text.failed)
            oscal_fault(&w->o, id, "oscal.text", T_("Control %1$s: its text is too long."), NULL);
        val_set(arena, out, wholes[k], val_strn(arena, whole[k].data ? whole[k].data : "", whole[k].len));
        buf_free(&whole[k]);
    }
    val_set(arena, out, "parts", list);
}

static void write_controls(struct walk *, const struct val *of, const struct val *group, const char *parent, unsigned depth);

static void write_control(struct walk *w, const struct val *control, const struct val *group, const char *parent,
                          unsigned depth)
{
    struct arena *arena = w->o.arena;
    const char *id = val_get_str(control, "id"), *class = val_get_str(control, "class");
    struct val *out = val_object(arena), *required = links(w, control, "required", NULL);
    bool enhancement = parent || (class && str_ends(class, "-enhancement"));
    if (!id)
        return;
    if (!parent && enhancement)              /* a resolved profile may have taken it out of its control */
        parent = val_text(val_at(required, 0));
    val_set_str(arena, out, "id", id);
    val_set_str(arena, out, "label", control_label(w, control, id));
    val_set_str(arena, out, "title", val_get_str(control, "title"));
    val_set_str(arena, out, "class", class);
    val_set_str(arena, out, "family_id", val_get_str(group, "id"));
    val_set_str(arena, out, "family", val_get_str(group, "title"));
    val_set_str(arena, out, "parent", parent);
    val_set_bool(arena, out, "enhancement", enhancement);
    val_set_bool(arena, out, "withdrawn", withdrawn(control));
    val_set(arena, out, "replaced_by", links(w, control, "incorporated-into", "moved-to"));
    val_set(arena, out, "related", links(w, control, "related", NULL));
    val_set(arena, out, "required", required);
    val_set(arena, out, "params", params(w, id, val_get(control, "params")));
    parts(w, id, control, out);
    val_push(arena, w->controls, out);
    write_controls(w, control, group, id, depth + 1);
}

static void write_controls(struct walk *w, const struct val *of, const struct val *group, const char *parent,
                           unsigned depth)
{
    const struct val *list = val_get(of, "controls");
    for (size_t i = 0; i < val_count(list) && depth < most_depth; i++)
        write_control(w, val_at(list, i), group, parent, depth);
}

static void write_groups(struct walk *w, const struct val *of, const char *parent, unsigned depth)
{
    const struct val *list = val_get(of, "groups");
    for (size_t i = 0; i < val_count(list) && depth < most_depth; i++) {
        const struct val *group = val_at(list, i);
        struct val *out = val_object(w->o.arena);
        val_set_str(w->o.arena, out, "id", val_get_str(group, "id"));
        val_set_str(w->o.arena, out, "title", val_get_str(group, "title"));
        val_set_str(w->o.arena, out, "parent", parent);
        val_push(w->o.arena, w->groups, out);
        write_controls(w, group, group, NULL, depth);
        write_groups(w, group, val_get_str(group, "id"), depth + 1);
    }
}

/* ---- the document ---- */

/* 1.0.0 to the newest that we know; what came before 1.0.0 has another form. */
static enum status check_version(const char *version, struct reasons *reasons)
{
    int got[3] = { 0 }, used = 0;
    bool read = version && sscanf(version, "%9d.%9d.%9d%n", &got[0], &got[1], &got[2], &used) == 3;
    bool draft = read && version[used] == '-';
    if (!read || (version[used] && !draft)) {
        reason_add(reasons, "oscal.version", "metadata.oscal-version",
                   T_("\"%1$s\" is no OSCAL version; it is written like 1.0.0."), version ? version : "");
        return BAD_INPUT;
    }
    int order = 0;
    for (int i = 0; i < 3 && !order; i++)
        order = got[i] - newest_known[i];
    if (order <= 0 && got[0] >= 1 && !(draft && got[0] == 1 && !got[1] && !got[2]))
        return OK;
    const char *newest = arena_printf(reasons->arena, "%d.%d.%d", newest_known[0], newest_known[1], newest_known[2]);
    struct reason *reason =
        reason_add(reasons, "oscal.version", "metadata.oscal-version",
                   order > 0 ? T_("The catalogue is of OSCAL %1$s; this program knows OSCAL up to %2$s and does not guess at "
                                  "newer ones.")
                             : T_("The catalogue is of OSCAL %1$s, older than 1.0.0, which has another form."),
                   version, newest);
    reason_next(reasons, reason, T_("Take the catalogue in a version from 1.0.0 to %1$s."), newest);
    return BAD_INPUT;
}

static enum status check_root(const struct val *root, struct reasons *reasons, const struct val **ret)
{
    static const char *const others[] = { "profile", "component-definition", "system-security-plan", "assessment-plan",
                                          "assessment-results", "plan-of-action-and-milestones", "mapping-collection" };
    const struct val *catalogue = val_get(root, "catalog");
    if (catalogue && catalogue->kind == VAL_OBJECT) {
        *ret = catalogue;
        return OK;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (val_get(root, others[i])) {
            reason_add(reasons, "oscal.kind", NULL, T_("This is an OSCAL document of the kind \"%1$s\", not a catalogue."),
                       others[i]);
            return BAD_INPUT;
        }
    reason_add(reasons, "oscal.kind", NULL, T_("This is no OSCAL catalogue: the JSON has no \"catalog\"."));
    return BAD_INPUT;
}

static struct val *write_catalogue(struct walk *w, const struct val *catalogue)
{
    struct arena *arena = w->o.arena;
    const struct val *metadata = val_get(catalogue, "metadata");
    struct val *out = val_object(arena);
    w->controls = val_array(arena);
    w->groups = val_array(arena);
    write_groups(w, catalogue, NULL, 0);
    write_controls(w, catalogue, NULL, NULL, 0);
    val_set_str(arena, out, "title", val_get_str(metadata, "title"));
    val_set_str(arena, out, "version", val_get_str(metadata, "version"));
    val_set_str(arena, out, "oscal_version", val_get_str(metadata, "oscal-version"));
    val_set_str(arena, out, "last_modified", val_get_str(metadata, "last-modified"));
    val_set_int(arena, out, "resources", (int64_t)val_count(val_get(val_get(catalogue, "back-matter"), "resources")));
    val_set(arena, out, "groups", w->groups);
    val_set(arena, out, "controls", w->controls);
    return out;
}

enum status oscal_catalogue_read(struct arena *arena, const char *json, size_t len, struct reasons *reasons,
                                 struct val **ret)
{
    struct val *root;
    const struct val *catalogue;
    enum status status = json_read(arena, json, len, (struct json_limits){ .bytes = most_bytes }, reasons, &root);
    if (status == OK)
        status = check_root(root, reasons, &catalogue);
    if (status == OK)
        status = check_version(val_get_str(val_get(catalogue, "metadata"), "oscal-version"), reasons);
    if (status != OK)
        return status;
    struct walk w = { .o = { .arena = arena, .reasons = reasons } };
    buf_init(&w.text, most_text);
    enter(&w, catalogue, NULL, 0);
    struct val *out = w.o.faults ? NULL : write_catalogue(&w, catalogue);
    buf_free(&w.text);
    if (!w.o.faults && !val_count(w.controls)) {
        reason_add(reasons, "oscal.empty", NULL, T_("The catalogue holds no control."));
        return BAD_INPUT;
    }
    if (w.o.faults)
        return BAD_INPUT;
    *ret = out;
    return OK;
}

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons,
                       struct buf *answer)
{
    struct val *catalogue;
    enum status status = oscal_catalogue_read(arena, input, len, reasons, &catalogue);
    if (status != OK)
        return status;
    json_write(answer, catalogue);
    return answer->failed ? TOO_LARGE : OK;
}

const struct jailer oscal_jailer = { .name = "oscal", .run = run, .max_input = most_bytes, .max_answer = 128 << 20,
                                     .max_memory = 1 << 30, .max_seconds = 20 };
