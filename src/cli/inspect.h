/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What doctor looks at, and what serve leaves for it. An office's folder is open to one process at a time; so a served office is
 * inspected through FOLDER/processes.json, which serve writes at its start and removes at its end, and through /proc. Facts are a
 * value tree, findings are reasons: the former are gathered, the latter judged, in one place each. No record is read.
 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include <sys/types.h>

#include "base/moment.h"
#include "base/reasons.h"
#include "base/val.h"

struct office;

/* What the office says of itself: settings, declared channels, rules that are assumptions, side rows, weak secrets, changed policies. */
struct val *inspect_office(struct office *, struct arena *);
/* What the folder says: modes, newest checkpoint, last backup, the signer's key. */
struct val *inspect_folder(const char *folder, struct arena *);

/* What FOLDER/ports.yaml says: a list of {name, kind, address, tls, known-only, clear}; its faults become findings. NULL: no such file, or
 * faults. `clear`: listens without TLS at an address that is not this machine's own. */
struct val *inspect_ports(const char *folder, struct arena *, struct reasons *findings);

struct process_note { const char *name; pid_t pid; bool confined; };
struct listen_note { const char *address; int port; bool tls; };
/* FOLDER/processes.json; `office` as inspect_office gave it. */
bool processes_write(const char *folder, const struct process_note *, size_t n, const struct listen_note *, size_t n_listens,
                     const struct val *office, moment now);
void processes_remove(const char *folder);
/* What is written there, each process with what /proc says now: {alive, seccomp, no-new-privileges, root, resident-kib}. NULL: none. `alive`
 * of the whole says whether the office's process lives. */
struct val *processes_read(const char *folder, struct arena *);

/* The judgement: every weakness a reason with the lawful next step where there is one. */
void doctor_findings(const struct val *facts, moment now, struct reasons *);

#endif
