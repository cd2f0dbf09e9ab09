/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan rules bundle, castellan rules keygen: folders of rules as one signed file, and the keys for it.
 */
#ifndef CLI_RULE_BUNDLE_H
#define CLI_RULE_BUNDLE_H

/* argv[0]: "bundle" or "keygen". */
int cli_rules_bundle(int argc, char **argv);

#endif
