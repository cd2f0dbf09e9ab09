/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Putting a pack in force. A candidate is what the program carries, with the files of FOLDER/pack over it. Two persons with the right
 * "adopt-packs" put it in force: one proposes, which keeps the candidate's hash and their name; another, having seen the difference in
 * words, confirms that hash. Then the pack is an entry of the journal, the office's side row names its position, and every record is
 * indexed as the new definitions say, in one transaction. The office is not served meanwhile; it serves under the new pack from then on.
 */
#ifndef OFFICE_ADOPT_H
#define OFFICE_ADOPT_H

#include "office/office.h"

/* The candidate, checked. To be freed with pack_free. */
enum status pack_candidate(const char *folder, struct reasons *, struct pack **ret) MUST_CHECK;

/* REFUSED with reasons: no right, nothing differs, the candidate lacks a register or state that is in force (asked of the definitions alone: no
 * record is looked at, so the answer tells of none), or a post to which somebody is appointed. */
enum status office_pack_propose(struct office *, const struct reader *, const struct pack *, moment now, struct reasons *) MUST_CHECK;

/* A confirmation, good for office_pack_adopt of the same candidate. */
struct adoption { char hash[65], proposer[NUMBER_TEXT], confirmer[NUMBER_TEXT], account[NUMBER_TEXT], post[64]; moment now; };
/* As of this instant: the proposer still holds the right, the confirmer is another person, the hash is the one proposed. */
enum status office_pack_confirm(struct office *, const struct reader *, const struct pack *, moment now, struct reasons *,
                                struct adoption *ret) MUST_CHECK;
/* The office must be closed: it is opened under the candidate, and closed. Nothing is changed where that fails. */
enum status office_pack_adopt(const struct office_options *, const struct pack *, const struct adoption *, struct reasons *) MUST_CHECK;

#endif
