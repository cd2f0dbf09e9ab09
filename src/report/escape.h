/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Escaping for the writers of this room: text into XML and HTML (elements and double-quoted attributes), and into a
 * quoted CSS string. Private to the report room.
 */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include "base/buf.h"

/* < > & " ' escaped. Characters that XML cannot hold become U+FFFD; bytes that are no UTF-8 too. */
void escape_markup(struct buf *, const char *text);
/* As above for a cell's text in a spreadsheet: what XML cannot hold is written _xHHHH_, as is a text that looks so. */
void escape_cell(struct buf *, const char *text, size_t len);
/* The inside of a CSS string: all but letters, digits, space and bytes over 0x7F is escaped by number. */
void escape_css(struct buf *, const char *text);

#endif
