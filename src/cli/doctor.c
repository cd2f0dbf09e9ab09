/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan doctor: what weakens the promises of an office here and now. It judges facts that inspect*.c and processes.c gather; it opens
 * the office only when nobody serves it, prints no record, and changes nothing.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/inspect.h"
#include "office/duty.h"
#include "office/office.h"

/* ---- the judgement ---- */

static struct reason *found(struct reasons *ret, const char *rule, const char *where, const char *english)
{
    return reason_add(ret, rule, where, english);
}

static void judge_office(const struct val *office, struct reasons *ret)
{
    if (val_get_bool(office, "demonstration", false))
        reason_next(ret, found(ret, "doctor.demonstration", NULL, T_("This is a demonstration office: its passwords and second factors lie in demonstration.txt.")),
                    T_("Found an office of your own with castellan init before anything real is entered."));
    if (val_get_bool(office, "totp", false))
        reason_next(ret, found(ret, "doctor.totp", NULL, T_("One-time codes (TOTP) are allowed as a second factor; they can be phished.")),
                    T_("Give every account a FIDO2 key or a certificate, and found the office without TOTP."));
    if (val_get_int(office, "weak-secrets", 0))
        reason_add(ret, "doctor.weak-secrets", NULL, T_("Passwords stored with a cheaper computation than the program asks for: %1$s."),
                   arena_printf(ret->arena, "%lld", (long long)val_get_int(office, "weak-secrets", 0)));
    if (val_get_int(office, "side-damaged", 0))
        reason_add(ret, "doctor.side-damaged", NULL, T_("Side rows (secrets, notes, counters) whose seal does not fit: %1$s. They were changed outside the program."),
                   arena_printf(ret->arena, "%lld", (long long)val_get_int(office, "side-damaged", 0)));
    if (val_get_int(office, "batches-lost", 0))
        reason_add(ret, "doctor.batches-lost", NULL, T_("Batches of changes that the disk did not take since the start: %1$s."),
                   arena_printf(ret->arena, "%lld", (long long)val_get_int(office, "batches-lost", 0)));
    const struct val *open_ended = val_get(office, "unbounded");
    for (size_t i = 0; i < val_count(open_ended); i++)
        found(ret, "doctor.ceiling", val_text(val_at(open_ended, i)), T_("The office's ceiling under this policy is its highest class: it holds nothing back."));
    const struct val *policies = val_get(office, "changed-policies");
    for (size_t i = 0; i < val_count(policies); i++)
        found(ret, "doctor.policy", val_text(val_at(policies, i)), T_("This security policy is not the one that the founding deed names by its hash."));
}

static void judge_folder(const struct val *folder, moment now, struct reasons *ret)
{
    const struct val *open_to_others = val_get(folder, "open-to-others");
    moment checkpoint = val_get_int(folder, "checkpoint", MOMENT_NONE), backup = val_get_int(folder, "backup", MOMENT_NONE);
    for (size_t i = 0; i < val_count(open_to_others); i++)
        reason_next(ret, found(ret, "doctor.mode", val_text(val_at(open_to_others, i)), T_("Others on this machine may reach this; it should be the office's alone.")),
                    T_("Set mode 0700 on folders and 0600 on files."));
    if (checkpoint == MOMENT_NONE || now - checkpoint > DAY)
        reason_next(ret, found(ret, "doctor.checkpoint", "checkpoints", T_("No checkpoint was signed in the last day.")),
                    T_("Serve the office, or run castellan checkpoint, and carry the checkpoints folder away."));
    if (backup == MOMENT_NONE)
        reason_next(ret, found(ret, "doctor.backup", NULL, T_("No backup of this office is known.")), T_("Make a key with castellan backup-key, and a backup with castellan backup."));
    else if (now - backup > 7 * DAY)
        found(ret, "doctor.backup", NULL, T_("The last backup is more than a week old."));
    if (val_get_bool(folder, "signer-key-here", false))
        reason_next(ret, found(ret, "doctor.signer-key", val_get_str(folder, "signer"), T_("The signer's key lies on the machine that serves the office; root there can sign a false history.")),
                    T_("Checkpoints that were carried away show it; hold the newest elsewhere."));
    if (val_get_bool(folder, "signer-in-reach", false))
        reason_next(ret, found(ret, "doctor.signer-reach", "signer/signer.key", T_("The signer's key lies in the office's folder, where the office's process may read it.")),
                    T_("Serve the office once with this program: the key is moved beside the folder."));
    if (val_get_int(folder, "disk-free-percent", 100) < 5)
        found(ret, "doctor.disk", NULL, T_("Less than a twentieth of the disk is free."));
}

static void judge_process(const struct val *item, struct reasons *ret)
{
    const char *name = val_get_str(item, "name");
    if (!val_get_bool(item, "alive", false)) {
        found(ret, "doctor.process", name, T_("This process of the office has ended."));
        return;
    }
    if (!val_get_bool(item, "seccomp", false) || !val_get_bool(item, "no-new-privileges", false))
        found(ret, "doctor.confinement", name, T_("The kernel does not restrict the system calls of this process."));
    if (!val_get_bool(item, "confined", false))
        found(ret, "doctor.confinement", name, T_("This process could not lock itself in."));
    if (val_get_bool(item, "root", false))
        reason_next(ret, found(ret, "doctor.root", name, T_("This process runs as root.")), T_("Serve the office under an account of its own; the systemd unit does."));
}

static bool loopback(const char *address) { return address && (str_starts(address, "127.") || str_eq(address, "::1") || str_eq(address, "localhost")); }

static void judge_processes(const struct val *running, struct reasons *ret)
{
    const struct val *list = val_get(running, "processes"), *listens = val_get(running, "listens");
    if (running && !val_get_bool(running, "alive", false)) {
        found(ret, "doctor.process", "office", T_("The server was killed or crashed: it left its note of processes behind."));
        return;
    }
    for (size_t i = 0; i < val_count(list); i++)
        judge_process(val_at(list, i), ret);
    if (running && !val_get_bool(val_get(running, "office"), "second-checkpoints", false))
        reason_next(ret, found(ret, "doctor.second-checkpoints", "checkpoints", T_("Checkpoints lie on this machine alone: whoever takes it over can rewrite them with the journal.")),
                    T_("Serve the office with --checkpoints FOLDER, best on another machine's disk."));
    for (size_t i = 0; i < val_count(listens); i++)
        if (!val_get_bool(val_at(listens, i), "tls", false) && !loopback(val_get_str(val_at(listens, i), "address")))
            found(ret, "doctor.tls", val_get_str(val_at(listens, i), "address"), T_("The office listens without TLS at an address that is not this machine's own."));
}

void doctor_findings(const struct val *facts, moment now, struct reasons *ret)
{
    if (val_get_int(facts, "landlock", 0) == 0)
        found(ret, "doctor.landlock", NULL, T_("This kernel offers no Landlock: processes are not confined to their files."));
    if (!val_get_bool(facts, "seccomp", false))
        found(ret, "doctor.seccomp", NULL, T_("This kernel offers no seccomp filter: processes may call all of the kernel."));
    if (val_get_bool(facts, "swap", false))
        reason_next(ret, found(ret, "doctor.swap", "/proc/swaps", T_("This machine has swap space: what the office holds in memory may be written to it.")),
                    T_("Encrypt it under a key that is new at each start, or turn it off."));
    judge_processes(val_get(facts, "running"), ret);
    const struct val *ports = val_get(facts, "ports");
    for (size_t i = 0; i < val_count(ports); i++)
        if (val_get_bool(val_at(ports, i), "clear", false))
            reason_next(ret, found(ret, "doctor.port", val_get_str(val_at(ports, i), "name"), T_("This port takes logs in clear at an address that is not this machine's own: they can be read and forged on their way.")),
                        T_("Use tls or relps with a client-ca where the sender can; else a network of its own."));
    judge_office(val_get(facts, "office"), ret);
    judge_folder(val_get(facts, "folder"), now, ret);
}

/* ---- gathering and printing ---- */

/* A line for each behind the head. */
static bool has_swap(void)
{
    char line[256];
    unsigned lines = 0;
    FILE *file = fopen("/proc/swaps", "re");
    while (file && fgets(line, sizeof line, file))
        lines++;
    if (file)
        fclose(file);
    return lines > 1;
}

static enum status gather(const char *folder, struct val *facts, struct arena *arena, struct reasons *reasons)
{
    struct val *running = processes_read(folder, arena);
    struct office *office;
    val_set_int(arena, facts, "landlock", landlock_version());
    val_set_bool(arena, facts, "seccomp", seccomp_available());
    val_set_bool(arena, facts, "swap", has_swap());
    val_set(arena, facts, "folder", inspect_folder(folder, arena));
    if (running)
        val_set(arena, facts, "running", running);
    if (running && val_get_bool(running, "alive", false)) {
        val_set(arena, facts, "office", val_get(running, "office"));
        return OK;
    }
    enum status status = office_open(&(struct office_options){.folder = folder, .now = moment_now(), .duties = duties_all}, reasons, &office);
    if (status != OK)
        return status;
    val_set(arena, facts, "office", inspect_office(office, arena));
    office_close(office);
    return OK;
}

static void print_json(struct val *facts, const struct reasons *findings, struct arena *arena)
{
    struct val *list = val_array(arena);
    struct buf text;
    for (const struct reason *r = findings->first; r; r = r->after) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "rule", r->rule);
        val_set_str(arena, item, "where", r->where);
        val_set_str(arena, item, "text", r->text.in[cli_lang()]);
        val_set_str(arena, item, "next", r->next.in[cli_lang()]);
        val_push(arena, list, item);
    }
    val_set(arena, facts, "findings", list);
    buf_init(&text, 16 << 20);
    json_write(&text, facts);
    printf("%s\n", text.data ? text.data : "{}");
    buf_free(&text);
}

static const char *number_in(const struct val *item, const char *name, struct arena *arena)
{
    return arena_printf(arena, "%lld", (long long)val_get_int(item, name, -1));
}
static const char *yes_in(const struct val *item, const char *name) { return val_get_bool(item, name, false) ? tr(cli_lang(), T_("yes")) : tr(cli_lang(), T_("NO")); }
static void say(const struct words words) { printf("%s\n", words.in[cli_lang()]); }

static void print_processes(const struct val *running, struct arena *arena)
{
    const struct val *list = val_get(running, "processes"), *listens = val_get(running, "listens");
    if (!running || !val_get_bool(running, "alive", false)) {
        printf("%s\n", tr(cli_lang(), T_("Nobody serves this office.")));
        return;
    }
    for (size_t i = 0; i < val_count(list); i++) {
        const struct val *item = val_at(list, i);
        printf("%-8s ", val_get_str(item, "name"));
        say(words_format(arena, T_("pid %1$s, uid %2$s, seccomp %3$s (mode %4$s), Landlock and limits %5$s, %6$s KiB"), number_in(item, "pid", arena), number_in(item, "uid", arena),
                         yes_in(item, "seccomp"), number_in(item, "seccomp-mode", arena), yes_in(item, "confined"), number_in(item, "resident-kib", arena)));
    }
    const struct val *jails = val_get(running, "jails");
    for (size_t i = 0; i < val_count(jails); i++)
        say(words_format(arena, T_("jail     pid %1$s, uid %2$s, seccomp mode %3$s"), number_in(val_at(jails, i), "pid", arena), number_in(val_at(jails, i), "uid", arena),
                         number_in(val_at(jails, i), "seccomp-mode", arena)));
    if (!val_count(jails))
        printf("%s\n", tr(cli_lang(), T_("jails    none now: one for each foreign file, while it is read")));
    for (size_t i = 0; i < val_count(listens); i++)
        say(words_format(arena, T_("listens  %1$s:%2$s%3$s"), val_get_str(val_at(listens, i), "address"), number_in(val_at(listens, i), "port", arena),
                         val_get_bool(val_at(listens, i), "tls", false) ? ", TLS" : ""));
}

static void print_ports(const struct val *ports, struct arena *arena)
{
    for (size_t i = 0; i < val_count(ports); i++) {
        const struct val *port = val_at(ports, i);
        const char *peers = val_get_bool(port, "known-only", false) ? tr(cli_lang(), T_(", from certificates of its authority")) : "";
        say(words_format(arena, T_("logs     port %1$s: %2$s at %3$s%4$s"), val_get_str(port, "name"), val_get_str(port, "kind"), val_get_str(port, "address"), peers));
    }
}

static void print_words(const struct val *facts, const struct reasons *findings, struct arena *arena)
{
    enum lang lang = cli_lang();
    const struct val *office = val_get(facts, "office"), *channels = val_get(office, "channels"), *assumptions = val_get(office, "assumptions");
    say(words_format(arena, T_("signer   key in %1$s"), val_get_str(val_get(facts, "folder"), "signer")));
    say(words_format(arena, T_("kernel   Landlock %1$s, seccomp %2$s"), number_in(facts, "landlock", arena), yes_in(facts, "seccomp")));
    print_processes(val_get(facts, "running"), arena);
    print_ports(val_get(facts, "ports"), arena);
    printf("\n%s: %zu\n", tr(lang, T_("Declared channels")), val_count(channels));
    for (size_t i = 0; i < val_count(channels); i++)
        say(words_format(arena, T_("  %1$s.%2$s over %3$s, told to %4$s, at most %5$s in %6$s minutes for each person"), val_get_str(val_at(channels, i), "register"),
                         val_get_str(val_at(channels, i), "step"), val_get_str(val_at(channels, i), "over"), val_get_str(val_at(channels, i), "ask"),
                         number_in(val_at(channels, i), "limit", arena), number_in(val_at(channels, i), "span-minutes", arena)));
    printf("\n%s: %zu\n", tr(lang, T_("Rules whose standing is an assumption")), val_count(assumptions));
    for (size_t i = 0; i < val_count(assumptions); i++)
        printf("  %s\n", val_text(val_at(assumptions, i)));
    printf("\n%s: %zu\n", tr(lang, T_("What weakens a promise")), findings->count);
    for (const struct reason *r = findings->first; r; r = r->after) {
        printf("- %s%s%s (%s)\n", r->where ? r->where : "", r->where ? ": " : "", r->text.in[lang], r->rule);
        if (r->next.in[lang])
            printf("  %s\n", r->next.in[lang]);
    }
}

int cli_doctor(int argc, char **argv)
{
    const char *folder = cli_argument(argc, argv, 0, NULL);
    struct arena *arena;
    struct reasons reasons, findings;
    if (!folder)
        return cli_usage("doctor");
    arena = arena_new((size_t)256 << 20);
    reasons_init(&reasons, arena);
    reasons_init(&findings, arena);
    struct val *facts = val_object(arena);
    enum status status = gather(folder, facts, arena, &reasons);
    if (status != OK) {
        int ret = cli_fail(&reasons, status);
        arena_free(arena);
        return ret;
    }
    struct val *ports = inspect_ports(folder, arena, &findings);
    if (ports)
        val_set(arena, facts, "ports", ports);
    doctor_findings(facts, moment_now(), &findings);
    if (cli_flag(argc, argv, "--json"))
        print_json(facts, &findings, arena);
    else
        print_words(facts, &findings, arena);
    int ret = findings.count ? 1 : 0;
    arena_free(arena);
    return ret;
}
