/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts of the OpenAPI document.
 */
#ifndef WEB_PAGES_OPENAPI_H
#define WEB_PAGES_OPENAPI_H

#include "front/front.h"

/* Adds to `paths` whatever the reader may ask that is no record. */
void api_document_pages(const struct request *, struct val *paths);

#endif
