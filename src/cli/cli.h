/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands: one declarative entry each; dispatch, help and man pages follow from the table (command.c). A command carries requests
 * and prints answers; it decides no rule of the office.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"

struct command {
    const char *name;
    const char *arguments;             /* "FOLDER [--listen ADDRESS:PORT]" */
    const char *summary;               /* one line; T_ */
    const char *help;                  /* paragraphs for --help and the man page; T_ */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; 0 done, 1 refused or found something, 2 usage */
    bool speaks;                       /* to the running office: help says how */
};
extern const struct command commands[];
extern const size_t n_commands;

/* Runs argv[1]; help and version are built in. */
int cli_main(int argc, char **argv);
/* Options "--name value" or "--name=value"; positional arguments keep their order. NULL when not given. */
const char *cli_option(int argc, char **argv, const char *name);
bool cli_flag(int argc, char **argv, const char *name);
/* Whether every option given stands in the synopsis and has the value that it names there; else one line on standard error. */
bool cli_options_known(const char *command, const char *synopsis, int argc, char **argv);
/* The n-th positional argument behind argv[0]; `with_value` lists the options that take a value. NULL when there is none. */
const char *cli_argument(int argc, char **argv, int n, const char *const *with_value);
/* Prints reasons to standard error in the user's language (LANG); returns 1. */
int cli_fail(const struct reasons *, enum status);
int cli_usage(const char *command);
enum lang cli_lang(void);
/* A whole file; NULL with a reason. At most `most` bytes. */
char *cli_read(struct arena *, const char *path, size_t most, size_t *ret_len, struct reasons *);
bool cli_write(const char *path, const void *bytes, size_t len, int mode, struct reasons *);
/* Progress on standard error when it is a terminal: "label done/all". */
void cli_progress(const char *label, unsigned long long done, unsigned long long all);

int cli_init(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_checkpoint(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_backup_key(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_pack(int argc, char **argv);
int cli_register(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_who_may(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_account(int argc, char **argv);
int cli_evtx(int argc, char **argv);
int cli_scan(int argc, char **argv);
int cli_hunt(int argc, char **argv);
int cli_rules(int argc, char **argv);
int cli_watch(int argc, char **argv);

#endif
