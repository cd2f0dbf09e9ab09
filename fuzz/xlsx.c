/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XLSX: whatever bytes come, a grid or reasons. An input that is no zip is taken as the XML of a sheet and put into a
 * workbook first, so that the reader behind the unpacking is reached, too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static void add(zip_t *zip, const char *name, const void *bytes, size_t len)
{
    zip_int64_t at = zip_file_add(zip, name, zip_source_buffer(zip, bytes, len, 0), 0);
    must(at >= 0);
    zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
}

static void wrap(const uint8_t *data, size_t size, struct buf *out)
{
    static const char rels[] = "<R><Relationship Id=\"r\" Type=\"x/officeDocument\" Target=\"b.xml\"/></R>";
    static const char book[] = "<w><sheets><sheet name=\"S\" id=\"s\"/></sheets></w>";
    static const char book_rels[] = "<R><Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"worksheet.xml\"/>"
                                    "<Relationship Id=\"t\" Type=\"x/sharedStrings\" Target=\"t.xml\"/>"
                                    "<Relationship Id=\"y\" Type=\"x/styles\" Target=\"y.xml\"/></R>";
    static const char strings[] = "<sst><si><t>zero</t></si><si><r><t>one</t></r></si></sst>";
    static const char styles[] = "<s><numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy-mm-dd hh:mm\"/></numFmts>"
                                 "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"/></cellXfs></s>";
    zip_error_t error;
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    must(target != NULL);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    must(zip != NULL);
    add(zip, "_rels/.rels", rels, sizeof rels - 1);
    add(zip, "b.xml", book, sizeof book - 1);
    add(zip, "_rels/b.xml.rels", book_rels, sizeof book_rels - 1);
    add(zip, "t.xml", strings, sizeof strings - 1);
    add(zip, "y.xml", styles, sizeof styles - 1);
    add(zip, "worksheet.xml", data, size);
    must(zip_close(zip) == 0 && zip_source_open(target) == 0);
    char chunk[4096];
    for (zip_int64_t n; (n = zip_source_read(target, chunk, sizeof chunk)) > 0;)
        buf_add(out, chunk, (size_t)n);
    zip_source_close(target);
    zip_source_free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct grid grid;
    struct buf book;
    buf_init(&book, 16 << 20);
    if (size >= 2 && !memcmp(data, "PK", 2))
        buf_add(&book, data, size);
    else
        wrap(data, size, &book);
    reasons_init(&reasons, arena);
    if (xlsx_read(arena, book.data ? book.data : "", book.len, (struct grid_limits){ .rows = 5000 }, &reasons, &grid) == OK)
        must(!reasons.count && grid.n_rows && grid.n_columns);
    else
        must(reasons.count > 0);
    buf_free(&book);
    arena_free(arena);
    return 0;
}
