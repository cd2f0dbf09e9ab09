/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Office packages under limits. What could do harm is refused by name: other formats with the same ending, passwords,
 * bombs (a bound on all that is unpacked, counted while unpacking, never believed from the directory), document types
 * and so entities, broken zips and broken XML (with the part and the line).
 */
#include "report/package.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { most_entries = 4000 };
static const uint64_t most_unpacked = UINT64_C(256) << 20;

static void fault(struct package *p, const char *rule, const char *where, const char *english, const char *detail)
{
    p->told = true;
    reason_add(p->reasons, rule, where, english, detail ? detail : "");
}

/* What people mistake for a workbook, by its first bytes. */
static bool another_format(struct package *p, const char *bytes, size_t len)
{
    static const unsigned char ole[8] = { 0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1 };
    if (len >= 8 && !memcmp(bytes, ole, 8)) {
        fault(p, "xlsx.form", NULL, T_("This is an old .xls workbook or one with a password. Save it as .xlsx without a "
                                       "password."), NULL);
        return true;
    }
    if (len < 4 || memcmp(bytes, "PK\3\4", 4)) {
        fault(p, "xlsx.form", NULL, T_("This is no .xlsx workbook: it does not begin like one."), NULL);
        return true;
    }
    return false;
}

enum status package_open(struct arena *arena, const char *bytes, size_t len, struct reasons *reasons,
                         struct package *ret)
{
    struct package p = { .arena = arena, .reasons = reasons, .left = most_unpacked };
    if (another_format(&p, bytes, len))
        return BAD_INPUT;
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, &error);
    if (source)
        p.zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!p.zip) {
        fault(&p, "xlsx.zip", NULL, T_("The workbook is damaged: %1$s."), zip_error_strerror(&error));
        zip_source_free(source);
        zip_error_fini(&error);
        return BAD_INPUT;
    }
    zip_error_fini(&error);
    if (zip_get_num_entries(p.zip, 0) > most_entries) {
        fault(&p, "xlsx.entries", NULL, T_("The workbook has too many parts; at most %1$s are taken."),
              arena_printf(arena, "%d", most_entries));
        package_close(&p);
        return TOO_LARGE;
    }
    *ret = p;
    return OK;
}

void package_close(struct package *p)
{
    if (p->zip)
        zip_discard(p->zip);
    p->zip = NULL;
}

bool package_has(const struct package *p, const char *part)
{
    return zip_name_locate(p->zip, part, ZIP_FL_NOCASE) >= 0;
}

/* ---- XML of a part ---- */

static int part_read(void *arg, char *out, int cap)
{
    struct part_reader *r = arg;
    if (cap <= 0)
        return 0;
    zip_int64_t n = zip_fread(r->file, out, (zip_uint64_t)cap);
    if (n < 0) {
        r->broken = true;
        return -1;
    }
    if ((uint64_t)n > r->package->left) {
        r->large = true;
        return -1;
    }
    r->package->left -= (uint64_t)n;
    return (int)n;
}

/* Our own words come from part_next; libxml2 is not to print anything. */
static void quiet(void *arg, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator)
{
}

enum status part_open(struct package *p, const char *name, struct part_reader *ret)
{
    struct part_reader r = { .package = p, .name = name };
    zip_int64_t index = zip_name_locate(p->zip, name, ZIP_FL_NOCASE);
    if (index < 0) {
        fault(p, "xlsx.part", name, T_("The workbook has no part \"%1$s\"."), name);
        return BAD_INPUT;
    }
    zip_stat_t stat;
    if (!zip_stat_index(p->zip, (zip_uint64_t)index, 0, &stat) && stat.valid & ZIP_STAT_ENCRYPTION_METHOD &&
        stat.encryption_method != ZIP_EM_NONE) {
        fault(p, "xlsx.password", name, T_("The workbook has a password. Save it without one."), NULL);
        return BAD_INPUT;
    }
    r.file = zip_fopen_index(p->zip, (zip_uint64_t)index, 0);
    if (!r.file) {
        fault(p, "xlsx.zip", name, T_("The workbook is damaged: %1$s."), zip_strerror(p->zip));
        return BAD_INPUT;
    }
    *ret = r;
    return OK;
}

/* Made on the first step, so that the callback's argument is the caller's own struct. */
static bool start_xml(struct part_reader *r)
{
    r->xml = xmlReaderForIO(part_read, NULL, r, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
    if (r->xml)
        xmlTextReaderSetErrorHandler(r->xml, quiet, NULL);
    return r->xml != NULL;
}

int part_next(struct part_reader *r)
{
    struct package *p = r->package;
    if (!r->xml && !start_xml(r)) {
        fault(p, "xlsx.xml", r->name, T_("The workbook is damaged: part \"%1$s\" cannot be read."), r->name);
        return -1;
    }
    int got = xmlTextReaderRead(r->xml);
    if (got == 1 && xmlTextReaderNodeType(r->xml) == XML_READER_TYPE_DOCUMENT_TYPE) {
        fault(p, "xlsx.doctype", r->name, T_("Part \"%1$s\" declares a document type, which no workbook needs; it is "
                                             "refused."), r->name);
        return -1;
    }
    if (got >= 0)
        return got;
    if (r->large)
        fault(p, "xlsx.bomb", r->name, T_("The workbook unpacks to more than %1$s MB; that is refused."),
              arena_printf(p->arena, "%llu", (unsigned long long)(most_unpacked >> 20)));
    else if (r->broken)
        fault(p, "xlsx.zip", r->name, T_("The workbook is damaged: part \"%1$s\" cannot be unpacked."), r->name);
    else
        fault(p, "xlsx.xml", arena_printf(p->arena, "%s:%d", r->name, xmlTextReaderGetParserLineNumber(r->xml)),
              T_("The workbook is damaged: part \"%1$s\" is no well-formed XML."), r->name);
    return -1;
}

void part_close(struct part_reader *r)
{
    if (r->xml)
        xmlFreeTextReader(r->xml);
    if (r->file)
        zip_fclose(r->file);
    r->xml = NULL;
    r->file = NULL;
}

bool part_at(const struct part_reader *r, const char *element)
{
    return xmlTextReaderNodeType(r->xml) == XML_READER_TYPE_ELEMENT &&
           str_eq((const char *)xmlTextReaderConstLocalName(r->xml), element);
}

bool part_at_end(const struct part_reader *r, const char *element)
{
    return xmlTextReaderNodeType(r->xml) == XML_READER_TYPE_END_ELEMENT &&
           str_eq((const char *)xmlTextReaderConstLocalName(r->xml), element);
}

const char *part_attribute(const struct part_reader *r, const char *name)
{
    const char *value = NULL;
    for (int more = xmlTextReaderMoveToFirstAttribute(r->xml); more == 1 && !value;
         more = xmlTextReaderMoveToNextAttribute(r->xml))
        if (str_eq((const char *)xmlTextReaderConstLocalName(r->xml), name)) {
            const char *found = (const char *)xmlTextReaderConstValue(r->xml);
            value = arena_strdup(r->package->arena, found ? found : "");
        }
    xmlTextReaderMoveToElement(r->xml);
    return value;
}

bool part_attribute_to(const struct part_reader *r, const char *name, char *out, size_t cap)
{
    bool there = false;
    for (int more = xmlTextReaderMoveToFirstAttribute(r->xml); more == 1 && !there;
         more = xmlTextReaderMoveToNextAttribute(r->xml))
        if (str_eq((const char *)xmlTextReaderConstLocalName(r->xml), name)) {
            const char *found = (const char *)xmlTextReaderConstValue(r->xml);
            snprintf(out, cap, "%s", found ? found : "");
            there = true;
        }
    xmlTextReaderMoveToElement(r->xml);
    return there;
}

/* ---- relationships ---- */

/* "worksheets/sheet1.xml" beside "xl/workbook.xml" is "xl/worksheets/sheet1.xml"; ".." and "/" as in addresses. */
static const char *resolve(struct arena *arena, const char *part, const char *target)
{
    if (*target == '/')
        return target + 1;
    const char *slash = strrchr(part, '/');
    size_t folder = slash ? (size_t)(slash - part) : 0;
    while (str_starts(target, "../") || str_starts(target, "./")) {
        if (target[1] == '.') {
            while (folder && part[folder - 1] != '/')
                folder--;
            folder -= folder > 0;
        }
        target = strchr(target, '/') + 1;
    }
    return folder ? arena_printf(arena, "%.*s/%s", (int)folder, part, target) : target;
}

const char *package_related(struct package *p, const char *part, const char *kind, const char *id)
{
    const char *slash = strrchr(part, '/');
    int folder = slash ? (int)(slash - part) + 1 : 0;
    const char *rels = arena_printf(p->arena, "%.*s_rels/%s.rels", folder, part, part + folder);
    const char *found = NULL;
    struct part_reader r;
    if (!package_has(p, rels) || part_open(p, rels, &r) != OK)
        return NULL;
    while (!found && part_next(&r) == 1) {
        if (!part_at(&r, "Relationship"))
            continue;
        const char *type = part_attribute(&r, "Type"), *target = part_attribute(&r, "Target");
        bool wanted = id ? str_eq(part_attribute(&r, "Id"), id)
                         : type && str_ends(type, arena_printf(p->arena, "/%s", kind));
        if (wanted && target && !str_eq(part_attribute(&r, "TargetMode"), "External"))
            found = resolve(p->arena, part, target);
    }
    part_close(&r);
    return found;
}
