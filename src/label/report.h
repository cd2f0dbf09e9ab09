/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `castellan label` prints, worked out wholly inside a jail: policies, a label and perhaps a clearance go in as
 * one bundle of bytes, JSON comes out. The parent parses no foreign file; it reads the label's canonical text from the
 * answer with label_read() where it wants to go on with it.
 */
#ifndef LABEL_REPORT_H
#define LABEL_REPORT_H

#include "base/jail.h"
#include "base/moment.h"
#include "label/label.h"

enum bundle_part { BUNDLE_POLICY = 'P', BUNDLE_LABEL = 'L', BUNDLE_CLEARANCE = 'C' };
struct report_wish {
    enum lang lang;
    enum spif_mode mode;
    moment now;
    const char *to;                 /* translate into this policy (OID or name); NULL: do not */
};
/* Puts one file into a bundle; `name` is shown in faults. */
void bundle_add(struct buf *, enum bundle_part, const char *name, const char *data, size_t len);
/* The jailer's argument for a wish, in the arena. */
char *bundle_argument(struct arena *, const struct report_wish *);

/* "label": a bundle to JSON:
 * {policies:[{file,name,oid,loaded,defects:[...]}], label:{file,read,text,policy,class,marking,portion,valid,reasons:[...],
 * warnings:[...],created,...}, clearance:{file,read,text,marking,valid,reasons}, decision:{dominated,reasons},
 * translated:{...}, good}; `good` is whether nothing was refused. BAD_INPUT only for a bundle that is none. */
extern const struct jailer label_jailer;

#endif
