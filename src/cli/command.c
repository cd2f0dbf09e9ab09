/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of commands, and what reads it: dispatch, help, man pages.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/label.h"

#define VERSION "0.1.0"

#define OF_OFFICE "[--url URL] [--token TOKEN] [--ca-file FILE] [--json]"
static const char speaks[] =
    T_("Speaks to the running office with a token of yours, bound to you and a post of yours: --token or CASTELLAN_TOKEN, and --url or\n"
       "CASTELLAN_URL (http://127.0.0.1:8642 unless told; https:// to another machine). What is shown is what you may read in that post.");

const struct command commands[] = {
    {"init", "FOLDER --deed FILE [--now TIME]", T_("make an empty office from a founding deed"),
     T_("Reads the founding deed (YAML, see docs/founding-deed.md): the office's name, its ceilings, and at least two persons with their\n"
        "posts, clearances and briefings. Makes the folder, the signer's key and the journal, whose entry 0 commits to the deed, and prints\n"
        "an enrolment link for each person, good once and for seven days."), cli_init},
    {"demo", "FOLDER [--seed N] [--persons N] [--now TIME]", T_("make the demonstration office"),
     T_("Invents a headquarters with a seeded generator: persons, delegations, posts, clearances, a year of incidents, documents and measures.\n"
        "Writes FOLDER/demonstration.txt with a name, password and TOTP secret for each post."), cli_demo},
    {"serve", "FOLDER [--listen ADDRESS:PORT] [--certificate FILE --key FILE] [--client-ca FILE] [--checkpoints FOLDER] [--log-workers N]", T_("serve an office"),
     T_("Forks the signer and the nursery, opens the office, listens (127.0.0.1:8642 unless told), and makes a checkpoint by the clock.\n"
        "Every address but loopback needs a certificate. Checkpoints are copied to a second FOLDER, best on another machine's disk, where they\n"
        "tell of whatever is done to this one. Logs come in at the ports of FOLDER/ports.yaml; up to N jailed workers (4 unless told, 0: no logs)\n"
        "look at them, one for each label and file. SIGTERM and SIGINT end it; every request in flight is answered."), cli_serve},
    {"verify", "FOLDER [--journal] [--json]", T_("prove that journal and tables are what was written"),
     T_("Reads every entry, computes the tree, compares it with the checkpoints and the bodies with their commitments; without --journal it also\n"
        "rebuilds every table row from the bodies and compares. Names the first bad entry and tells erased from missing. Exit status 1: something\n"
        "was found."), cli_verify},
    {"checkpoint", "FOLDER", T_("sign a checkpoint of an office that is not being served"),
     T_("Writes FOLDER/checkpoints/TIME-SIZE.note."), cli_checkpoint},
    {"backup-key", "PUBLIC-FILE SECRET-FILE", T_("make a key pair for backups"),
     T_("The secret file is to be carried away: restoring needs it, the office never does."), cli_backup_key},
    {"backup", "FOLDER --key PUBLIC-FILE --to FILE", T_("write a sealed backup, also while the office is served"),
     T_("Sealed to a public key whose secret is not on the machine. A served office makes its backup itself: the command asks it, and waits.\n"
        "A backup holds database, attachments, segments, settings, secrets, policies, the signer's public line and the checkpoints' notes; never the\n"
        "signer's key. See docs/backup.md."), cli_backup},
    {"restore", "FILE --key SECRET-FILE --to FOLDER [--erasures FOLDER [--signer LINE]]", T_("restore a backup into a new folder"),
     T_("Verifies journal and tables against the checkpoints in the backup, erases again what the lists in the folder of --erasures name (the\n"
        "checkpoints folder, or the copy that was carried away) and its newest checkpoint signs, gives the office a new signer in FOLDER.signer, and signs a first checkpoint.\n"
        "Prints the new signer's public line: hold it where the old one is held. Until all has succeeded there is no FOLDER."), cli_restore},
    {"register", "list REGISTER | show REGISTER NUMBER | create REGISTER | edit REGISTER NUMBER | step REGISTER NUMBER STEP [--fields JSON] [--label LABEL] [--file NUMBER] [--reason TEXT] [--limit N] " OF_OFFICE, T_("list, show, create and change records"),
     T_("Fields are one JSON object: --fields '{\"summary\": \"...\"}'. A step that a second person confirms answers with its proposal."), cli_register, .speaks = true},
    {"import", "REGISTER FILE [--label LABEL] [--file NUMBER] [--dry] " OF_OFFICE, T_("import records from CSV, XLSX or an OSCAL catalogue"),
     T_("The first row names the fields, by their names or their words in English or French; lists stand in one cell, apart by semicolons. The file is\n"
        "read in a jail. Every row is checked first: a file with bad rows imports nothing, and each bad row and cell is listed. An OSCAL catalogue\n"
        "(.json) goes into the register of controls. The same file imported again makes nothing twice."), cli_import, .speaks = true},
    {"export", "REGISTER [--format csv|xlsx] [--to FILE] " OF_OFFICE, T_("export a register as CSV or XLSX"),
     T_("The first row carries the marking of what is exported; the export is journalled."), cli_export, .speaks = true},
    {"who-may", "NUMBER " OF_OFFICE, T_("who may read a record"),
     T_("Lists persons and posts that may read a record now, to somebody who reads it."), cli_who_may, .speaks = true},
    {"explain", "NUMBER ACCOUNT " OF_OFFICE, T_("why somebody may or may not read a record"),
     T_("Gives the reasons, key by key and post by post, to somebody who reads the record."), cli_explain, .speaks = true},
    {"account", OF_OFFICE, T_("who you are to the office"),
     T_("Person, post, clearance and rights that your token is bound to."), cli_account, .speaks = true},
    {"hunt", "run NUMBER [--detach] | show NUMBER | stop NUMBER | results NUMBER [--to FILE] " OF_OFFICE, T_("run a hunt over the archive of a running office"),
     T_("run begins a hunt of yours that is under way, tells on standard error how far it has come, and prints what was found, a JSON line for each\n"
        "event; with --detach it only begins. show tells how far it is and what was found so far, stop ends it; what was found until then is attached\n"
        "to the hunt. results fetches the events that its last run found. A segment of the archive that you may not read, or that lies above the hunt,\n"
        "is neither looked at nor counted. A hunt is proposed, approved and begun like any record (register), or on its page."), cli_hunt, .speaks = true},
    {"watch", "[--level LEVEL] " OF_OFFICE, T_("follow the running office's alerts"),
     T_("Prints a line for each open alert, and from then on for each that is raised or changes: time, level, state, host or account, what was seen,\n"
        "events, risk, number, marking. --json prints the records, one a line; --level LEVEL leaves out what is below (informational, low, medium, high,\n"
        "critical). A connection that breaks is made again. Ends at SIGINT or SIGTERM."), cli_watch, .speaks = true},
    {"doctor", "FOLDER [--json]", T_("tell what weakens an office's promises"),
     T_("Shows the processes of a served office and how they are locked in, the declared channels and the rules that are assumptions, and lists\n"
        "everything that weakens a promise, with what to do about it: missing hardening, weak secrets, open modes, no checkpoint or backup.\n"
        "Exit status 1: something was found."), cli_doctor},
    {"pack", "FOLDER [--propose | --confirm HASH] [--token TOKEN]", T_("show other definitions, and put them in force"),
     T_("A newer program, or FOLDER/pack, may carry other definitions than those in force. Without options the difference is shown in words; exit\n"
        "status 1: there is one. Two persons with the right to adopt packs put it in force, each with a token of their own (--token, or\n"
        "CASTELLAN_TOKEN): one proposes, another confirms the hash that was shown. The office is not served meanwhile."), cli_pack},
    {"label", "--policy FILE... --label FILE [--clearance FILE] [--lang en|fr] [--to POLICY]", cli_label_summary, cli_label_help, cli_label},
    {"scan", "--rules DIR... FILE... [--map FILE] [--format json|csv|html] [--since TIME] [--until TIME] [--level LEVEL] [--lateness TIME] [--rule-cache FILE]", T_("Sigma rules over log files, without an office"),
     T_("Reads EVTX, JSON and text logs (docs/scanning.md lists the forms), also packed with gzip or zstd, each file in a jail, and writes a JSON\n"
        "line for each hit: rule (its id), title, level, time, file, record. --format csv writes a table, html a page with a timeline. --rules takes\n"
        "folders (their *.yml) and files of rules; what follows them and is neither is a log. --since and --until bound the events' own times\n"
        "(2026-11-22T13:05:00Z; without one an event counts), --level the rules (informational, low, medium, high, critical), and --map names\n"
        "another log-source map. Correlations count over all files by the events' own times; --lateness (1h) says how late an event may still come\n"
        "when more wait than memory holds. --rule-cache keeps compiled patterns in a file, for a quicker start with the same rules. Exit status 1: something could not be read."), cli_scan},
    {"rules", "check DIR... | list DIR... | explain RULE EVENT [--rules DIR...] [--record N] [--map FILE] | bundle [--key FILE] [--publisher TEXT] [--name TEXT] [--made TIME] DIR... | keygen FILE", T_("check, list, explain and pack Sigma rules"),
     T_("check names each rule that cannot be compiled, with file, line and reason; exit status 1: there is one. list prints a line for each: id,\n"
        "kind, level, log source, title. explain takes a rule (id, name, title, or its file) and a file with an event (a log that scan reads; the first one,\n"
        "or number N), and prints as JSON which tests of the rule hold, and why it matches or does not. bundle writes the rules of folders to standard\n"
        "output as one file for delivery to an office, signed with the secret key in FILE, or unsigned without --key; it names who publishes it (the\n"
        "login unless told), a name (that of the folder) and when it was made (now). keygen writes a new secret key to FILE, which must not exist, and\n"
        "prints the public key and its fingerprint, which two persons enrol in the office. See docs/rule-bundles.md."), cli_rules},
    {"evtx", "FILE... [--counts]", T_("event logs of Windows as JSON, a record a line"),
     T_("Reads EVTX files, each in a jail, and writes one JSON object a line to standard output, in the shape that public converters write; with\n"
        "--counts only how many records, chunks and damages each file has. Damaged files give what can be read of them, and say on standard error\n"
        "what was lost. \"-\" is standard input. Needs no office. Exit status 1: something could not be read."), cli_evtx},
};
const size_t n_commands = sizeof commands / sizeof *commands;

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < n_commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static const char *word(const char *english) { return tr(cli_lang(), english); }

static void overview(FILE *out)
{
    fprintf(out, "%s\n\n%s: castellan COMMAND [ARGUMENT...]\n\n", word(T_("Castellan, the security office of a headquarters.")), word(T_("Usage")));
    for (size_t i = 0; i < n_commands; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, word(commands[i].summary));
    fprintf(out, "\n%s\n", word(T_("'castellan help COMMAND' says more; 'castellan help --man COMMAND' prints its man page.")));
}

static void man_page(const struct command *command)
{
    printf(".TH CASTELLAN-%s 1 \"\" \"castellan " VERSION "\"\n.SH NAME\ncastellan-%s \\- %s\n.SH SYNOPSIS\n.B castellan %s\n%s\n.SH DESCRIPTION\n%s\n%s%s\n"
           ".SH EXIT STATUS\n0 done; 1 refused, or something was found; 2 wrong usage.\n.SH SEE ALSO\n.BR castellan (1)\n",
           command->name, command->name, word(command->summary), command->name, command->arguments, word(command->help),
           command->speaks ? ".PP\n" : "", command->speaks ? word(speaks) : "");
}

int cli_usage(const char *name)
{
    const struct command *command = find(name);
    fprintf(stderr, "%s: castellan %s %s\n", word(T_("Usage")), name, command ? command->arguments : "");
    return 2;
}

static int help(int argc, char **argv)
{
    bool man = cli_flag(argc, argv, "--man");
    const char *name = cli_argument(argc, argv, 0, NULL);
    const struct command *command = name ? find(name) : NULL;
    if (!name) {
        overview(stdout);
        return 0;
    }
    if (!command) {
        fprintf(stderr, "castellan: there is no command \"%s\"\n", name);
        return 2;
    }
    if (man)
        man_page(command);
    else
        printf("%s: castellan %s %s\n\n%s.\n\n%s\n%s%s", word(T_("Usage")), command->name, command->arguments, word(command->summary), word(command->help),
               command->speaks ? word(speaks) : "", command->speaks ? "\n" : "");
    return 0;
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return 2;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("castellan " VERSION "\n");
        return 0;
    }
    const struct command *command = find(argv[1]);
    if (!command) {
        fprintf(stderr, "castellan: there is no command \"%s\"; 'castellan help' lists them\n", argv[1]);
        return 2;
    }
    if (cli_flag(argc - 1, argv + 1, "--help")) {
        char *name[] = {argv[0], argv[1]};
        return help(2, name);
    }
    return cli_options_known(command->name, command->arguments, argc - 1, argv + 1) ? command->run(argc - 1, argv + 1) : 2;
}
