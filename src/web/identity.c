/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The face of identity.h over the office: side tables, appointments, readers and the journal's events.
 */
#include "web/identity.h"

#include "base/val.h"
#include "office/office.h"

static enum status find(void *arg, const char *login, int64_t *ret_account, bool *ret_active)
{
    bool active = false;
    record_id account = office_account(arg, login, &active);
    if (!account) return ABSENT;
    *ret_account = account;
    *ret_active = active;
    return OK;
}

static enum status get(void *arg, const char *table, int64_t account, const char *key, struct arena *arena,
                       const void **ret, size_t *ret_len)
{
    return office_side_get(arg, table, account, key, arena, ret, ret_len);
}

static enum status put(void *arg, const char *table, int64_t account, const char *key, const void *data, size_t len)
{
    return office_side_put(arg, table, account, key, data, len);
}

static enum status drop(void *arg, const char *table, int64_t account, const char *key)
{
    return office_side_drop(arg, table, account, key);
}

static enum status each(void *arg, const char *table, int64_t account,
                        bool (*one)(void *, const char *, const void *, size_t), void *one_arg)
{
    return office_side_each(arg, table, account, one, one_arg);
}

static size_t seats(void *arg, int64_t account, moment now, enum lang lang, struct arena *arena, struct seat_info **ret)
{
    struct seat *list = NULL;
    size_t n = office_seats(arg, account, now, arena, &list);
    *ret = ARENA_ARRAY(arena, struct seat_info, n + 1);
    for (size_t i = 0; i < n; i++) {
        (*ret)[i] = (struct seat_info){list[i].appointment, list[i].post->words.in[lang], list[i].from, list[i].until,
                                       list[i].deputy};
    }
    return n;
}

static enum status open_reader(void *arg, int64_t account, int64_t appointment, moment now, struct reasons *why,
                               const struct reader **ret)
{
    return reader_open(arg, account, appointment, now, why, ret);
}

static void close_reader(void *arg, const struct reader *reader) { reader_free(reader); }

static enum status note(void *arg, int64_t account, int64_t appointment, const char *kind, const char *reason, moment now)
{
    return office_note_event(arg, account, appointment, kind, reason, now);
}

struct identity identity_of_office(struct office *office)
{
    return (struct identity){.arg = office, .find = find, .get = get, .put = put, .drop = drop, .each = each,
                             .seats = seats, .open = open_reader, .close = close_reader, .note = note,
                             .totp_allowed = val_get_bool(office_config(office), "totp", false)};
}
