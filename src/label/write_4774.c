/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * STANAG 4774 XML, written: names from the policy, identifiers beside them as URIs, categories in the policy's order,
 * always the same bytes for the same label. What the policy does not know, or leaves unclear, is not written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/formats.h"

static void escape(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        case '\t': buf_adds(out, "&#9;"); break;
        case '\n': buf_adds(out, "&#10;"); break;
        case '\r': buf_adds(out, "&#13;"); break;
        default: buf_addc(out, *text);
        }
    }
}

static bool writable(const char *text)
{
    size_t len = strlen(text);
    return utf8_valid(text, len) && text_is_plain(text, len, true);
}

struct written {
    const struct sp_value *value;
    const char *text;
};

static int by_ordinal(const void *a, const void *b)
{
    const struct written *x = a, *y = b;
    int order = (x->value->ordinal > y->value->ordinal) - (x->value->ordinal < y->value->ordinal);
    return order ? order : strcmp(x->text, y->text);
}

/* The set's name where it is clear which of its tags is meant, else the tag's own. */
static const char *tag_name(const struct sp_tag *tag)
{
    unsigned alike = 0;
    for (unsigned t = 0; t < tag->set->n; t++)
        alike += str_eq(kind_of(tag->set->tags[t].type), kind_of(tag->type));
    return alike == 1 || !*tag->name ? tag->set->name : tag->name;
}

static void write_categories(struct buf *out, const struct written *list, unsigned n)
{
    const struct sp_tag *tag = NULL;
    for (unsigned i = 0; i < n; i++) {
        if (list[i].value->tag != tag) {
            if (tag)
                buf_adds(out, "    </slab:Category>\n");
            tag = list[i].value->tag;
            buf_adds(out, "    <slab:Category Type=\"");
            buf_adds(out, kind_of(tag->type));
            buf_adds(out, "\" TagName=\"");
            escape(out, tag_name(tag));
            buf_adds(out, "\" URI=\"urn:oid:");
            escape(out, tag->set->oid);
            buf_adds(out, "\">\n");
        }
        buf_adds(out, "      <slab:GenericValue>");
        escape(out, list[i].text);
        buf_adds(out, "</slab:GenericValue>\n");
    }
    if (tag)
        buf_adds(out, "    </slab:Category>\n");
}

static const char *id_type(const char *originator)
{
    return strstr(originator, "://") || str_starts(originator, "urn:") ? "uniformResourceIdentifier"
         : strchr(originator, '@') ? "rfc822Name" : strchr(originator, '=') ? "directoryName" : "userPrincipalName";
}

static bool resolve(const struct policy *policy, const struct label *label, struct written *list)
{
    for (unsigned i = 0; i < label->n_categories; i++) {
        const struct category *c = &label->categories[i];
        const struct sp_value *value = is_nobody(c) ? NULL : policy_value(policy, c->tag_set, c->type, c->lacv);
        if (!value || value->flaw != FLAW_NONE)
            return false;
        list[i] = (struct written){ value, strcmp(value->lacv, c->lacv) ? c->lacv : value->name };
    }
    qsort(list, label->n_categories, sizeof *list, by_ordinal);
    return true;
}

enum status label_export_4774(const struct policies *policies, const struct label *label, moment created,
                              const char *originator, struct buf *out)
{
    const struct policy *policy = policies_by_oid(policies, label->policy);
    const struct sp_class *class = policy ? policy_class(policy, label->class_lacv) : NULL;
    char time[MOMENT_TEXT];
    if (!class || class->flaw != FLAW_NONE || !*class->name || !*policy->name)
        return REFUSED;
    if (created == MOMENT_NONE || created == MOMENT_EVER || (originator && !writable(originator)) ||
        label->n_categories > MAX_LABEL_VALUES)
        return BAD_INPUT;
    struct written *list = calloc(label->n_categories + 1, sizeof *list);
    if (!list)
        return NO_MEMORY;
    if (!resolve(policy, label, list)) {
        free(list);
        return REFUSED;
    }
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<slab:originatorConfidentialityLabel xmlns:slab=\"" NS_4774
                  "\">\n  <slab:ConfidentialityInformation>\n    <slab:PolicyIdentifier URI=\"urn:oid:");
    escape(out, policy->oid);
    buf_adds(out, "\">");
    escape(out, policy->name);
    buf_adds(out, "</slab:PolicyIdentifier>\n    <slab:Classification>");
    escape(out, class->name);
    buf_adds(out, "</slab:Classification>\n");
    write_categories(out, list, label->n_categories);
    free(list);
    buf_adds(out, "  </slab:ConfidentialityInformation>\n");
    if (originator) {
        buf_addf(out, "  <slab:OriginatorID IDType=\"%s\">", id_type(originator));
        escape(out, originator);
        buf_adds(out, "</slab:OriginatorID>\n");
    }
    buf_addf(out, "  <slab:CreationDateTime>%s</slab:CreationDateTime>\n</slab:originatorConfidentialityLabel>\n",
             moment_iso(created, time));
    return out->failed ? TOO_LARGE : OK;
}
