/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ESS security labels (RFC 2634) in BER, enough to name the policy: SET { classification INTEGER?, policy OBJECT
 * IDENTIFIER, privacy mark?, categories? } in any order. Definite lengths only. Categories are not decoded; a label
 * that has some is refused rather than read without them.
 */
#include <stdio.h>
#include <string.h>

#include "label/formats.h"

enum { TAG_INTEGER = 0x02, TAG_OID = 0x06, TAG_UTF8 = 0x0c, TAG_PRINTABLE = 0x13, TAG_SEQUENCE = 0x30, TAG_SET = 0x31 };

struct bytes {
    const unsigned char *at;
    size_t left;
};

/* One tag, length and value. */
static bool next(struct bytes *in, unsigned *tag, struct bytes *value)
{
    if (in->left < 2)
        return false;
    size_t length = in->at[1], head = 2;
    *tag = in->at[0];
    if ((*tag & 0x1f) == 0x1f)
        return false;                       /* no label has tags beyond 30 */
    if (length & 0x80) {
        size_t octets = length & 0x7f;
        if (octets == 0 || octets > 3 || in->left < 2 + octets)
            return false;
        length = 0;
        for (size_t i = 0; i < octets; i++)
            length = length << 8 | in->at[2 + i];
        head += octets;
    }
    if (length > in->left - head)
        return false;
    *value = (struct bytes){ in->at + head, length };
    in->at += head + length;
    in->left -= head + length;
    return true;
}

static bool read_oid(struct import *import, struct bytes value, const char **ret)
{
    char text[512];
    size_t len = 0;
    if (value.left == 0 || value.left > 64 || (value.at[value.left - 1] & 0x80))
        return false;
    for (size_t i = 0; i < value.left;) {
        uint64_t arc = 0;
        bool first = len == 0;
        if (value.at[i] == 0x80)
            return false;                   /* padding */
        for (;; i++) {
            if (arc >> 56)
                return false;
            arc = arc << 7 | (value.at[i] & 0x7f);
            if (!(value.at[i] & 0x80))
                break;
        }
        i++;
        unsigned top = arc < 80 ? (unsigned)(arc / 40) : 2;
        int n = first ? snprintf(text, sizeof text, "%u.%llu", top, (unsigned long long)(arc - 40 * top))
                      : snprintf(text + len, sizeof text - len, ".%llu", (unsigned long long)arc);
        if (n < 0 || (size_t)n >= sizeof text - len)
            return false;
        len += (size_t)n;
    }
    *ret = arena_strdup(import->arena, text);
    return true;
}

static bool read_integer(struct import *import, struct bytes value, const char **ret)
{
    uint64_t number = 0;
    if (value.left == 0 || value.left > 7 || (value.at[0] & 0x80))
        return false;
    for (size_t i = 0; i < value.left; i++)
        number = number << 8 | value.at[i];
    *ret = arena_printf(import->arena, "%llu", (unsigned long long)number);
    return true;
}

static enum status bad(struct import *import, const char *what)
{
    SAY(import->reasons, "label.ber", "label", T_("This is no ESS security label in BER: %1$s"), what);
    return BAD_INPUT;
}

enum status read_ess_label(struct import *import, const char *data, size_t len, struct label **ret)
{
    struct bytes in = { (const unsigned char *)data, len }, set, value;
    const char *oid = NULL, *class_lacv = NULL;
    unsigned tag;
    if (!next(&in, &tag, &set) || tag != TAG_SET || in.left)
        return bad(import, "SET");
    while (set.left) {
        if (!next(&set, &tag, &value))
            return bad(import, "length");
        if (tag == TAG_OID && !oid ? !read_oid(import, value, &oid)
            : tag == TAG_INTEGER && !class_lacv ? !read_integer(import, value, &class_lacv)
            : tag != TAG_UTF8 && tag != TAG_PRINTABLE && tag != TAG_SET && tag != TAG_SEQUENCE)
            return bad(import, "value");
        if (tag == TAG_SET || tag == TAG_SEQUENCE) {
            SAY(import->reasons, "label.ber-categories", "label",
                T_("The label has categories in BER, which are not read here; it is refused rather than read without them"));
            return REFUSED;
        }
    }
    if (!oid)
        return bad(import, "OBJECT IDENTIFIER");
    const struct policy *policy;
    enum status status = import_policy(import, oid, &policy);
    if (status != OK)
        return status;
    const struct sp_class *class = class_lacv ? policy_class(policy, class_lacv) : NULL;
    if (!class) {
        SAY(import->reasons, "label.class-unknown", "class", T_("The policy %1$s has no class %2$s"), policy->name,
            class_lacv ? class_lacv : "-");
        return REFUSED;
    }
    static struct values none;
    *ret = settle_label(import, policy, class, &none);
    return OK;
}
