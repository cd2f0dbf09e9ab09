/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema's statements for both stores, from the one text in schema.h.
 */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_sqlite[] = {
    SCHEMA("INTEGER", "BLOB", " STRICT, WITHOUT ROWID", " STRICT"),
    NULL,
};

/* The prefix: the reader's guards stand in a setting of the session, as '{1,2,3}'. */
const char *const schema_postgres[] = {
    "CREATE FUNCTION may_read(guard BIGINT) RETURNS INTEGER LANGUAGE sql STABLE AS"
    " $$ SELECT CASE WHEN guard = ANY (current_setting('castellan.guards', true)::BIGINT[]) THEN 1 ELSE 0 END $$",
    SCHEMA("BIGINT", "BYTEA", "", ""),
    NULL,
};

const char *const views_seen[] = {
    "seen_record", "seen_version", "seen_value", "seen_posting", "seen_link", "link_step", "seen_side", "seen_progress",
    NULL,
};
