/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan-verify FOLDER: see cv.h and docs/journal-format.md.
 */
#include "cv.h"

int main(int argc, char **argv)
{
    return cv_main(argc, argv, stdout, stderr);
}
