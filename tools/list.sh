#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lists files for meson's run_command, sorted, so that a new one needs no list to edit: list.sh FOLDER PATTERN [depth]
find "$1" -maxdepth "${3:-1}" -name "$2" -type f | LC_ALL=C sort
