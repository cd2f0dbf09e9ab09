/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing text safely into HTML and addresses. One escaper serves text and quoted attributes: what is right in the
 * narrower place is right in the wider one. Control characters that HTML forbids are left out, broken UTF-8 becomes
 * U+FFFD, so nothing that a record holds can end the place where it stands.
 */
#ifndef FRONT_ESCAPE_H
#define FRONT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

void escape_html(struct buf *, const char *, size_t);
/* A whole address: ours (path, query, fragment), http, https or mailto; anything else is written as "#". Also
 * escaped for the attribute around it. */
void escape_url(struct buf *, const char *, size_t);
/* One component: all but unreserved characters percent-encoded. */
void escape_url_part(struct buf *, const char *, size_t);
/* Whether an address stays on this site: begins with one "/", no backslash, no control character. */
bool url_is_local(const char *);
/* Whether the text is SVG of the modest kind that we draw: listed elements and attributes only, references only
 * inside the drawing, no script, no style, no entities but the five of XML. */
bool svg_is_modest(const char *, size_t);

#endif
