/* SPDX-License-Identifier: GPL-3.0-or-later
 * See adopt.h. The proposal lies in the office's side row "candidate"; proposing and adopting are journalled.
 */
#include "office/adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "office/inside.h"

#define RIGHT_ADOPT "adopt-packs"
#define SIDE_CANDIDATE "candidate"

enum status pack_candidate(const char *folder, struct reasons *reasons, struct pack **ret)
{
    char own[4096];
    snprintf(own, sizeof own, "%s/pack", folder);
    return pack_load_embedded(access(own, F_OK) == 0 ? own : NULL, reasons, ret);
}

static enum status no(struct reasons *reasons, const char *rule, const char *english)
{
    reason_add(reasons, rule, NULL, english);
    return REFUSED;
}

static enum status may_adopt(struct office *office, const struct reader *reader, const struct pack *candidate, struct reasons *reasons)
{
    if (!reader_has_right(reader, RIGHT_ADOPT))
        return no(reasons, "pack.right", T_("Your post does not carry the right to put definitions in force."));
    if (!reader_sees(reader, pack_register(office->pack, "appointment")))
        return no(reasons, "pack.right", T_("Whoever puts definitions in force sees who is appointed to which post; your post does not."));
    if (str_eq(office->pack->hash, candidate->hash))
        return no(reasons, "pack.same", T_("These definitions are in force already."));
    return pack_fits_records(office, candidate, reasons);
}

/* ---- proposing ---- */

struct proposing { struct job job; struct office *office; struct entry entry; const char *row; bool good; };
static bool write_proposal(struct job *job, struct txn *txn)
{
    struct proposing *in = (struct proposing *)job;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    return append_entry(in->office, txn, &in->entry, NULL, 0, salt, &position) == OK &&
           txn_put_side(txn, "office", 0, SIDE_CANDIDATE, 0, in->row, strlen(in->row)) == OK;
}
static void proposal_settled(struct job *job, bool committed) { ((struct proposing *)job)->good = committed; }

enum status office_pack_propose(struct office *office, const struct reader *reader, const struct pack *candidate, moment now, struct reasons *reasons)
{
    enum status status = may_adopt(office, reader, candidate, reasons);
    bool committed;
    char row[256];
    if (status != OK)
        return status;
    snprintf(row, sizeof row, "%s %s %lld %lld", candidate->hash, reader->person_number, (long long)reader->account, (long long)reader->appointment);
    struct proposing in = {.job = {.run = write_proposal, .settled = proposal_settled}, .office = office, .row = row,
        .entry = {.time = now, .kind = "pack-proposed", .person = reader->person_number, .account = reader->account_number, .post = reader->holder->post->name,
                  .step = "propose", .reason = candidate->hash, .label = -1}};
    status = store_perform(office->store, &in.job, &committed);
    return status == OK && !in.good ? FAILED_IO : status;
}

/* ---- confirming ---- */

struct proposed { char hash[65], person[NUMBER_TEXT]; record_id account, appointment; };

static bool read_proposal(struct office *office, struct proposed *ret)
{
    struct arena *arena = arena_new(1 << 16);
    const void *row;
    size_t len;
    long long account, appointment;
    bool good = arena && office_side_get(office, "office", 0, SIDE_CANDIDATE, arena, &row, &len) == OK &&
                sscanf(arena_strndup(arena, row, len), "%64s %31s %lld %lld", ret->hash, ret->person, &account, &appointment) == 4;
    if (good) {
        ret->account = account;
        ret->appointment = appointment;
    }
    arena_free(arena);
    return good;
}

enum status office_pack_confirm(struct office *office, const struct reader *reader, const struct pack *candidate, moment now, struct reasons *reasons,
                                struct adoption *ret)
{
    struct proposed proposed;
    const struct reader *first = NULL;
    enum status status = may_adopt(office, reader, candidate, reasons);
    if (status != OK)
        return status;
    if (!read_proposal(office, &proposed))
        return no(reasons, "pack.unproposed", T_("Nobody has proposed definitions."));
    if (!str_eq(proposed.hash, candidate->hash))
        return no(reasons, "pack.other", T_("These are not the definitions that were proposed; look at the difference again."));
    if (str_eq(proposed.person, reader->person_number))
        return no(reasons, "second-person.same", T_("The second person must be another person than the proposer."));
    status = reader_open(office, proposed.account, proposed.appointment, now, reasons, &first);
    if (status != OK || !reader_has_right(first, RIGHT_ADOPT)) {
        reader_free(first);
        return no(reasons, "proposal.proposer", T_("The proposer's appointment is no longer in force."));
    }
    reader_free(first);
    *ret = (struct adoption){.now = now};
    snprintf(ret->post, sizeof ret->post, "%s", reader->holder->post->name);
    snprintf(ret->hash, sizeof ret->hash, "%s", candidate->hash);
    snprintf(ret->proposer, sizeof ret->proposer, "%s", proposed.person);
    snprintf(ret->confirmer, sizeof ret->confirmer, "%s", reader->person_number);
    snprintf(ret->account, sizeof ret->account, "%s", reader->account_number);
    return OK;
}

/* ---- adopting ---- */

struct adopting { struct job job; struct office *office; const struct adoption *by; bool good; };

static bool write_adoption(struct job *job, struct txn *txn)
{
    struct adopting *in = (struct adopting *)job;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    char at[32];
    struct entry entry = {.time = in->by->now, .kind = "pack", .person = in->by->confirmer, .account = in->by->account, .post = in->by->post, .step = "confirm",
                          .cause = "pack.second-person", .reason = in->by->proposer, .label = -1};
    struct buf body;
    buf_init(&body, 64 << 20);
    bool good = json_canonical(&body, in->office->pack->source) == OK && !body.failed &&
                append_entry(in->office, txn, &entry, body.data, body.len, salt, &position) == OK &&
                txn_put_body(txn, position, salt, body.data, body.len) == OK;
    buf_free(&body);
    snprintf(at, sizeof at, "%llu", (unsigned long long)position);
    return good && txn_put_side(txn, "office", 0, "pack", 0, at, strlen(at)) == OK &&
           txn_drop_side(txn, "office", 0, SIDE_CANDIDATE) == OK && rebuild_indexes(in->office, txn) == OK;
}
static void adoption_settled(struct job *job, bool committed) { ((struct adopting *)job)->good = committed; }

enum status office_pack_adopt(const struct office_options *options, const struct pack *candidate, const struct adoption *by, struct reasons *reasons)
{
    struct office_options under = *options;
    struct office *office;
    bool committed;
    if (!str_eq(by->hash, candidate->hash))
        return no(reasons, "pack.other", T_("These are not the definitions that were proposed; look at the difference again."));
    under.candidate = candidate;
    enum status status = office_open(&under, reasons, &office);
    if (status != OK)
        return status;
    struct adopting in = {.job = {.run = write_adoption, .settled = adoption_settled}, .office = office, .by = by};
    status = store_perform(office->store, &in.job, &committed);
    if (status == OK && !in.good) {
        reason_add(reasons, "store", NULL, T_("The change could not be stored; nothing was changed."));
        status = FAILED_IO;
    }
    office_close(office);
    return status;
}
