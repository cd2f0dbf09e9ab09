/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An Office package (zip of XML parts) under limits: how much may come out of it in all, how many entries it has, no
 * encryption; its XML is read as a stream, without document types, entities or anything from outside. Private to the
 * report room's readers.
 */
#ifndef REPORT_PACKAGE_H
#define REPORT_PACKAGE_H

#include <libxml/xmlreader.h>
#include <zip.h>

#include "report/report.h"

struct package {
    zip_t *zip;
    struct arena *arena;
    struct reasons *reasons;
    uint64_t left;                           /* bytes that may still be unpacked */
    bool told;                               /* a fault of the package was given already */
};
enum status package_open(struct arena *, const char *bytes, size_t len, struct reasons *, struct package *ret) MUST_CHECK;
void package_close(struct package *);
bool package_has(const struct package *, const char *part);

/* One part being read. `part_next` goes to the next node: 1, 0 at the end, -1 with a reason. */
struct part_reader {
    struct package *package;
    const char *name;
    zip_file_t *file;
    xmlTextReaderPtr xml;
    bool large, broken;                      /* too much came out; the zip's own check failed */
};
enum status part_open(struct package *, const char *name, struct part_reader *ret) MUST_CHECK;
int part_next(struct part_reader *);
void part_close(struct part_reader *);
/* Whether the reader stands at the start (or end) of an element of that local name. */
bool part_at(const struct part_reader *, const char *element);
bool part_at_end(const struct part_reader *, const char *element);
/* An attribute's value by local name, any namespace; in the arena; NULL when absent. */
const char *part_attribute(const struct part_reader *, const char *name);

/* The same into `out`, cut to fit, so that a million cells cost no memory; false when absent. */
bool part_attribute_to(const struct part_reader *, const char *name, char *out, size_t cap);

/* The target of the first relationship of `part` whose type ends in "/kind" (or whose id is `id`), resolved against
 * the part's folder; NULL when there is none. */
const char *package_related(struct package *, const char *part, const char *kind, const char *id);

#endif
