/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan label: what a label means under given policies, as JSON, without an office.
 */
#ifndef CLI_LABEL_H
#define CLI_LABEL_H

/* argv[0] is the command's name. 0: everything is in order; 1: something is refused, invalid or denied; 2: usage. */
int cli_label(int argc, char **argv);
/* One line for the list of commands, and the help in full. */
extern const char cli_label_summary[], cli_label_help[];

#endif
