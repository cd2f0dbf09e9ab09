/* SPDX-License-Identifier: GPL-3.0-or-later
 * Picks a command, knows nothing else.
 */
#include "cli/cli.h"

int main(int argc, char **argv) { return cli_main(argc, argv); }
