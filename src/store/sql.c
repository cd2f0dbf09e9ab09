/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The statements' texts; see sql.h. Nothing in the house builds SQL at run time.
 */
#include "store/sql.h"

const struct sql sql_table[SQL_COUNT] = {
    [SQL_GET_META] = {"get meta", "SELECT setting FROM meta WHERE name = $1"},
    [SQL_PUT_META] = {"put meta", "INSERT INTO meta (name, setting) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET setting = excluded.setting"},

    [SQL_PUT_LABEL] = {"put label", "INSERT INTO label (id, text) VALUES ($1, $2)"},
    [SQL_PUT_GUARD] = {"put guard", "INSERT INTO guard (id, register, label, file, party) VALUES ($1, $2, $3, $4, $5)"},
    [SQL_PUT_FIELD] = {"put field", "INSERT INTO field (id, register, field) VALUES ($1, $2, $3)"},
    [SQL_EACH_LABEL] = {"each label", "SELECT id, text FROM label ORDER BY id"},
    [SQL_EACH_GUARD] = {"each guard", "SELECT id, register, label, file, party FROM guard ORDER BY id"},
    [SQL_EACH_FIELD] = {"each field", "SELECT id, register, field FROM field ORDER BY id"},

    [SQL_GET_RECORD] = {"get record", "SELECT r.id, r.register, r.number, r.guard, r.label, r.file, r.state, r.version,"
        " r.created, r.updated, r.position, v.salt, v.body FROM record r JOIN version v ON v.position = r.position"
        " WHERE r.id = $1"},
    [SQL_RECORD_POSITION] = {"record position", "SELECT position, version, listed FROM record WHERE id = $1"},
    [SQL_PUT_RECORD] = {"put record", "INSERT INTO record (id, register, number, guard, label, file, state, version,"
        " created, updated, position, listed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (id) DO UPDATE SET guard = excluded.guard, label = excluded.label, file = excluded.file,"
        " state = excluded.state, version = excluded.version, updated = excluded.updated, position = excluded.position,"
        " listed = excluded.listed"},
    [SQL_PUT_VERSION] = {"put version", "INSERT INTO version (position, record, version, previous, guard, label, file,"
        " state, updated, salt, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"},
    [SQL_EACH_RECORD] = {"each record", "SELECT r.id, r.register, r.number, r.guard, r.label, r.file, r.state,"
        " r.version, r.created, r.updated, r.position, v.salt, v.body FROM record r JOIN version v"
        " ON v.position = r.position ORDER BY r.id"},
    [SQL_EACH_OF_REGISTER] = {"each record of a register", "SELECT r.id, r.register, r.number, r.guard, r.label,"
        " r.file, r.state, r.version, r.created, r.updated, r.position, v.salt, v.body FROM record r JOIN version v"
        " ON v.position = r.position WHERE r.register = $1 ORDER BY r.created, r.id"},

    [SQL_VERSION_AT] = {"version at", "SELECT r.id, r.register, r.number, v.guard, v.label, v.file, v.state, v.version,"
        " r.created, v.updated, v.position, v.salt, v.body, v.previous FROM version v JOIN record r ON r.id = v.record"
        " WHERE v.position = $1"},

    [SQL_SET_LISTED] = {"set record's list", "UPDATE record SET listed = $1 WHERE id = $2"},
    [SQL_GET_LIST] = {"get list", "SELECT guard, updated, list FROM index_list WHERE place = $1"},
    [SQL_PUT_LIST] = {"put list", "INSERT INTO index_list (place, record, guard, updated, list)"
        " VALUES ($1, $2, $3, $4, $5)"},
    [SQL_DROP_LIST] = {"drop list", "DELETE FROM index_list WHERE place = $1"},
    [SQL_LAST_LIST] = {"last list", "SELECT MAX(place) FROM index_list"},
    [SQL_GET_PROGRESS] = {"get progress", "SELECT batch, packed FROM progress WHERE id = 1"},
    [SQL_PUT_PROGRESS] = {"put progress", "INSERT INTO progress (id, batch, packed) VALUES (1, $1, $2)"
        " ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, packed = excluded.packed"},
    [SQL_PUT_LOG] = {"put log", "INSERT INTO recent (batch, list) VALUES ($1, $2)"},
    [SQL_DROP_LOG] = {"drop log", "DELETE FROM recent WHERE batch <= $1"},
    [SQL_EACH_LOG] = {"each log", "SELECT batch, list FROM recent ORDER BY batch"},
    [SQL_HAS_VALUE] = {"has value", "SELECT 1 FROM value WHERE field = $1 AND guard = $2 AND key = $3 AND record = $4"},
    [SQL_PUT_VALUE] = {"put value", "INSERT INTO value (field, guard, key, record) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (field, guard, key, record) DO NOTHING"},
    [SQL_DROP_VALUE] = {"drop value", "DELETE FROM value WHERE field = $1 AND guard = $2 AND key = $3 AND record = $4"},
    [SQL_PUT_POSTING] = {"put posting", "INSERT INTO posting (term, guard, updated, record) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (term, guard, updated, record) DO NOTHING"},
    [SQL_PUT_PACK] = {"put pack", "INSERT INTO posting (term, guard, updated, record, rest) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (term, guard, updated, record) DO UPDATE SET rest = excluded.rest"},
    [SQL_POSTING_AT] = {"posting at", "SELECT updated, record, rest FROM posting WHERE term = $1 AND guard = $2"
        " AND (updated, record) <= ($3, $4) ORDER BY updated DESC, record DESC LIMIT 1"},
    [SQL_DROP_POSTING] = {"drop posting",
        "DELETE FROM posting WHERE term = $1 AND guard = $2 AND updated = $3 AND record = $4"},
    /* Walks the guards of the field by leaps, so that one index serves readers and the writer. */
    [SQL_HOLDERS_OF_KEY] = {"holders of a key", "WITH RECURSIVE g (guard) AS ("
        "SELECT MIN(guard) FROM value WHERE field = $1 UNION ALL"
        " SELECT (SELECT MIN(w.guard) FROM value w WHERE w.field = $1 AND w.guard > g.guard) FROM g"
        " WHERE g.guard IS NOT NULL)"
        " SELECT v.guard, v.record FROM g CROSS JOIN value v WHERE v.field = $1 AND v.guard = g.guard AND v.key = $2"},

    [SQL_PUT_LINK] = {"put link", "INSERT INTO link (id, field, source, target, source_guard, target_guard, made, cut,"
        " position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET"
        " source_guard = excluded.source_guard, target_guard = excluded.target_guard, cut = excluded.cut,"
        " position = excluded.position"},
    [SQL_LINKS_FROM] = {"links from", "SELECT id, field, source, target, source_guard, target_guard, made, cut, position"
        " FROM link WHERE source = $1 ORDER BY id"},
    [SQL_LINKS_TO] = {"links to", "SELECT id, field, source, target, source_guard, target_guard, made, cut, position"
        " FROM link WHERE target = $1 ORDER BY id"},
    [SQL_MOVE_SOURCES] = {"move sources", "UPDATE link SET source_guard = $1 WHERE source = $2"},
    [SQL_MOVE_TARGETS] = {"move targets", "UPDATE link SET target_guard = $1 WHERE target = $2"},
    [SQL_EACH_VALUE] = {"each value", "SELECT field, guard, key, record FROM value"},
    [SQL_EACH_POSTING] = {"each posting", "SELECT term, guard, updated, record, rest FROM posting"
        " ORDER BY term, guard, updated, record"},
    [SQL_EACH_LINK] = {"each link", "SELECT id, field, source, target, source_guard, target_guard, made, cut, position"
        " FROM link ORDER BY id"},

    [SQL_PUT_ENTRY] = {"put entry", "INSERT INTO entry (position, hash, leaf) VALUES ($1, $2, $3)"},
    [SQL_PUT_NODE] = {"put node", "INSERT INTO node (level, place, hash) VALUES ($1, $2, $3)"},
    [SQL_JOURNAL_SIZE] = {"journal size", "SELECT MAX(position) FROM entry"},
    [SQL_EACH_ENTRY] = {"each entry",
        "SELECT position, leaf FROM entry WHERE position >= $1 AND position < $2 ORDER BY position"},
    [SQL_LEAF_HASHES] = {"leaf hashes",
        "SELECT position, hash FROM entry WHERE position >= $1 AND position < $2 ORDER BY position"},
    [SQL_NODE_HASHES] = {"node hashes",
        "SELECT place, hash FROM node WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place"},
    [SQL_PUT_BODY] = {"put body", "INSERT INTO body (position, salt, body) VALUES ($1, $2, $3)"},
    [SQL_VERSION_BODY_AT] = {"version's body at", "SELECT salt, body FROM version WHERE position = $1"},
    [SQL_BODY_AT] = {"body at", "SELECT salt, body FROM body WHERE position = $1"},

    [SQL_GET_KEY] = {"get change key", "SELECT answer FROM change_key WHERE account = $1 AND key = $2"},
    [SQL_PUT_KEY] = {"put change key", "INSERT INTO change_key (account, key, answer) VALUES ($1, $2, $3)"},

    [SQL_GET_SIDE] = {"get side",
        "SELECT key, label, mac, data FROM side WHERE name = $1 AND owner = $2 AND key = $3"},
    [SQL_PUT_SIDE] = {"put side", "INSERT INTO side (name, owner, key, label, mac, data) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (name, owner, key) DO UPDATE SET label = excluded.label, mac = excluded.mac, data = excluded.data"},
    [SQL_DROP_SIDE] = {"drop side", "DELETE FROM side WHERE name = $1 AND owner = $2 AND key = $3"},
    [SQL_EACH_SIDE] = {"each side", "SELECT name, owner, key, label, mac, data FROM side ORDER BY name, owner, key"},

    [SQL_ERASE_VERSION] = {"erase version", "UPDATE version SET salt = NULL, body = NULL WHERE position = $1"},
    [SQL_PREVIOUS_VERSION] = {"previous version", "SELECT previous FROM version WHERE position = $1"},
    [SQL_PUT_TOMBSTONE] = {"put tombstone", "INSERT INTO tombstone (kind, name, position) VALUES ($1, $2, $3)"
        " ON CONFLICT (kind, name) DO NOTHING"},
    [SQL_EACH_TOMBSTONE] = {"each tombstone", "SELECT kind, name, position FROM tombstone ORDER BY position, kind, name"},

    [SQL_GET_ATTACHMENT] = {"get attachment",
        "SELECT secret, hash, size, uses FROM attachment WHERE address = $1 AND label = $2 AND file = $3"},
    [SQL_ATTACHMENT_USES] = {"attachment's uses", "SELECT uses, secret FROM attachment WHERE address = $1"},
    [SQL_PUT_ATTACHMENT] = {"put attachment", "INSERT INTO attachment (address, label, file, secret, hash, size, uses)"
        " VALUES ($1, $2, $3, $4, $5, $6, 0)"},
    [SQL_USE_ATTACHMENT] = {"use attachment", "UPDATE attachment SET uses = uses + $1"
        " WHERE address = $2 AND label = $3 AND file = $4 RETURNING uses"},
    [SQL_DROP_ATTACHMENT] = {"drop attachment", "DELETE FROM attachment WHERE address = $1"},
    [SQL_EACH_ATTACHMENT] = {"each attachment", "SELECT address, label, file, size, uses FROM attachment ORDER BY address"},

    [SQL_GET_SEGMENT] = {"get segment", "SELECT id, guard, source, secret, first, last, items, size, chain, closed,"
        " erased FROM segment WHERE id = $1"},
    [SQL_PUT_SEGMENT] = {"put segment", "INSERT INTO segment (id, guard, source, secret, first, last, items, size,"
        " chain, closed, erased) VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, 0, 0)"},
    [SQL_CLOSE_SEGMENT] = {"close segment", "UPDATE segment SET first = $1, last = $2, items = $3, size = $4, chain = $5,"
        " closed = 1 WHERE id = $6"},
    [SQL_ERASE_SEGMENT] = {"erase segment", "UPDATE segment SET secret = $1, erased = 1 WHERE id = $2 RETURNING id"},
    [SQL_EACH_SEGMENT] = {"each segment", "SELECT id, guard, source, secret, first, last, items, size, chain, closed,"
        " erased FROM segment ORDER BY id"},

    [VIEW_PROGRESS] = {"view progress", "SELECT batch FROM seen_progress"},
    [VIEW_RECORD] = {"view record", "SELECT id, register, number, guard, label, file, state, version, created, updated,"
        " position, salt, body FROM seen_record WHERE id = $1"},
    [VIEW_VERSION] = {"view version", "SELECT id, register, number, guard, label, file, state, version, created,"
        " updated, position, salt, body, previous FROM seen_version WHERE position = $1"},
    [VIEW_SCAN_UP] = {"view scan up", "SELECT key, record FROM seen_value WHERE field = $1 AND guard = $2"
        " AND (key, record) > ($3, $4) AND key < $5 ORDER BY key, record LIMIT $6"},
    [VIEW_SCAN_DOWN] = {"view scan down", "SELECT key, record FROM seen_value WHERE field = $1 AND guard = $2"
        " AND (key, record) < ($3, $4) AND key >= $5 ORDER BY key DESC, record DESC LIMIT $6"},
    [VIEW_FIRST] = {"view first", "SELECT key, record FROM seen_value WHERE field = $1 AND guard = $2"
        " AND key >= $3 AND key < $4 ORDER BY key, record LIMIT $5"},
    [VIEW_LAST] = {"view last", "SELECT key, record FROM seen_value WHERE field = $1 AND guard = $2"
        " AND key >= $3 AND key < $4 ORDER BY key DESC, record DESC LIMIT $5"},
    [VIEW_COUNT] = {"view count", "SELECT COUNT(*) FROM (SELECT 1 FROM seen_value WHERE field = $1 AND guard = $2"
        " AND key >= $3 AND key < $4 LIMIT $5) AS t"},
    [VIEW_POSTINGS] = {"view postings", "SELECT updated, record, rest FROM seen_posting WHERE term = $1 AND guard = $2"
        " AND (updated, record) < ($3, $4) ORDER BY updated DESC, record DESC LIMIT $5"},
    [VIEW_NEXT_TARGET_GUARD] = {"view next target guard",
        "SELECT field, target_guard FROM link_step WHERE source = $1 AND cut = 0 AND (field, target_guard) <= ($2, $3)"
        " ORDER BY field DESC, target_guard DESC LIMIT 1"},
    [VIEW_NEXT_SOURCE_GUARD] = {"view next source guard",
        "SELECT field, source_guard FROM link_step WHERE target = $1 AND cut = 0 AND (field, source_guard) <= ($2, $3)"
        " ORDER BY field DESC, source_guard DESC LIMIT 1"},
    [VIEW_LINKS_FROM] = {"view links from", "SELECT id, field, source, target, source_guard, target_guard, made, cut,"
        " position FROM seen_link WHERE source = $1 AND cut = 0 AND field = $2 AND target_guard = $3"
        " AND (made, id) < ($4, $5) ORDER BY made DESC, id DESC LIMIT $6"},
    [VIEW_LINKS_TO] = {"view links to", "SELECT id, field, source, target, source_guard, target_guard, made, cut,"
        " position FROM seen_link WHERE target = $1 AND cut = 0 AND field = $2 AND source_guard = $3"
        " AND (made, id) < ($4, $5) ORDER BY made DESC, id DESC LIMIT $6"},
    [VIEW_SIDE] = {"view side", "SELECT key, label, mac, data FROM seen_side WHERE name = $1 AND owner = $2 AND key = $3"},
    [VIEW_SIDE_EACH] = {"view each side",
        "SELECT key, label, mac, data FROM seen_side WHERE name = $1 AND owner = $2 ORDER BY key"},

    [SQL_COUNT_ROWS] = {"count rows", "SELECT (SELECT COUNT(*) FROM entry), (SELECT COUNT(*) FROM node),"
        " (SELECT COUNT(*) FROM version)"},
    [SQL_EACH_VERSION] = {"each version", "SELECT position, record, version, previous, guard, label, file, state, updated,"
        " body FROM version ORDER BY position"},
    [SQL_EACH_BODY_PLACE] = {"each body's place", "SELECT position FROM body ORDER BY position"},
    [SQL_EACH_LIST] = {"each list", "SELECT l.place, l.record, l.guard, l.updated, l.list, r.listed FROM index_list l"
        " LEFT JOIN record r ON r.id = l.record ORDER BY l.place"},
};
