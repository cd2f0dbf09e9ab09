/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Doctor's judgement, fact by fact: each weakness is told when it is there and not told when it is not.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/inspect.h"
#include "fixture.h"
#include "tap.h"
#include "web/secret.h"

static struct fixture f;

static const struct reason *judged(const char *json, const char *rule)
{
    struct reasons ret, ignored;
    struct val *facts;
    reasons_init(&ret, f.arena);
    reasons_init(&ignored, f.arena);
    if (json_read(f.arena, json, strlen(json), (struct json_limits){0}, &ignored, &facts) != OK)
        return NULL;
    doctor_findings(facts, T0, &ret);
    for (const struct reason *r = ret.first; r; r = r->after)
        if (strcmp(r->rule, rule) == 0)
            return r;
    return NULL;
}

static void judgement(void)
{
    static const struct { const char *rule, *weak, *sound; } cases[] = {
        {"doctor.landlock", "{\"landlock\":0}", "{\"landlock\":3}"},
        {"doctor.seccomp", "{\"seccomp\":false}", "{\"seccomp\":true}"},
        {"doctor.demonstration", "{\"office\":{\"demonstration\":true}}", "{\"office\":{\"demonstration\":false}}"},
        {"doctor.totp", "{\"office\":{\"totp\":true}}", "{\"office\":{}}"},
        {"doctor.weak-secrets", "{\"office\":{\"weak-secrets\":2}}", "{\"office\":{\"weak-secrets\":0}}"},
        {"doctor.side-damaged", "{\"office\":{\"side-damaged\":1}}", "{\"office\":{\"side-damaged\":0}}"},
        {"doctor.policy", "{\"office\":{\"changed-policies\":[\"nato.xml\"]}}", "{\"office\":{\"changed-policies\":[]}}"},
        {"doctor.checkpoint", "{\"folder\":{\"checkpoint\":1803715200000}}", "{\"folder\":{\"checkpoint\":1803870000000}}"},
        {"doctor.backup", "{\"folder\":{\"backup\":1802000000000}}", "{\"folder\":{\"backup\":1803870000000}}"},
        {"doctor.signer-key", "{\"folder\":{\"signer-key-here\":true}}", "{\"folder\":{\"signer-key-here\":false}}"},
        {"doctor.signer-reach", "{\"folder\":{\"signer-in-reach\":true}}", "{\"folder\":{\"signer-in-reach\":false}}"},
        {"doctor.mode", "{\"folder\":{\"open-to-others\":[\"x 0755\"]}}", "{\"folder\":{\"open-to-others\":[]}}"},
        {"doctor.disk", "{\"folder\":{\"disk-free-percent\":3}}", "{\"folder\":{\"disk-free-percent\":30}}"},
        {"doctor.ceiling", "{\"office\":{\"unbounded\":[\"NATO\"]}}", "{\"office\":{\"unbounded\":[]}}"},
        {"doctor.swap", "{\"swap\":true}", "{\"swap\":false}"},
        {"doctor.second-checkpoints", "{\"running\":{\"alive\":true,\"office\":{}}}", "{\"running\":{\"alive\":true,\"office\":{\"second-checkpoints\":true}}}"},
        {"doctor.process", "{\"running\":{\"alive\":false}}", "{\"running\":{\"alive\":true}}"},
        {"doctor.confinement", "{\"running\":{\"alive\":true,\"processes\":[{\"name\":\"signer\",\"alive\":true,\"confined\":true,\"seccomp\":false,\"no-new-privileges\":true}]}}",
         "{\"running\":{\"alive\":true,\"processes\":[{\"name\":\"signer\",\"alive\":true,\"confined\":true,\"seccomp\":true,\"no-new-privileges\":true}]}}"},
        {"doctor.root", "{\"running\":{\"alive\":true,\"processes\":[{\"name\":\"office\",\"alive\":true,\"root\":true}]}}",
         "{\"running\":{\"alive\":true,\"processes\":[{\"name\":\"office\",\"alive\":true,\"root\":false}]}}"},
        {"doctor.port", "{\"ports\":[{\"name\":\"a\",\"clear\":true}]}", "{\"ports\":[{\"name\":\"a\",\"clear\":false}]}"},
        {"doctor.tls", "{\"running\":{\"alive\":true,\"listens\":[{\"address\":\"10.0.0.1\",\"tls\":false}]}}",
         "{\"running\":{\"alive\":true,\"listens\":[{\"address\":\"127.0.0.1\",\"tls\":false},{\"address\":\"10.0.0.1\",\"tls\":true}]}}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct reason *r = judged(cases[i].weak, cases[i].rule);
        ok(r && strcmp(r->text.in[LANG_EN], r->text.in[LANG_FR]) != 0 && !judged(cases[i].sound, cases[i].rule), "%s", cases[i].rule);
    }
}

static void an_office(void)
{
    struct identity identity = identity_of_office(f.office);
    struct reasons reasons;
    bool active;
    reasons_init(&reasons, f.arena);
    struct val *facts = inspect_office(f.office, f.arena);
    ok(val_get_bool(facts, "totp", false), "an office that allows TOTP says so");
    ok(val_get_int(facts, "weak-secrets", 9) == 0 && val_get_int(facts, "side-damaged", 9) == 0, "no weak secret and no damaged row at first");
    ok(val_count(val_get(facts, "changed-policies")) == 0, "the policies are those of the deed");
    size_t n = 0;
    const struct pack *pack = office_pack(f.office);
    for (size_t i = 0; i < pack->n_rules; i++)
        n += pack->rules[i].standing == STANDING_ASSUMPTION;
    ok(val_count(val_get(facts, "assumptions")) == n, "every rule that is an assumption is named (%zu)", n);
    identity.fast_secrets = true;
    record_id account = office_account(f.office, "hso", &active);
    ok(secret_start(&identity) && secret_set_password(&identity, account, "correct horse battery", f.now, &reasons) == OK, "a password made cheaply");
    ok(val_get_int(inspect_office(f.office, f.arena), "weak-secrets", 0) == 1, "is counted as weak");
    FILE *file = fopen(arena_printf(f.arena, "%s/policies/nato.xml", f.folder), "a");
    if (file) {
        fputs("\n", file);
        fclose(file);
    }
    ok(val_count(val_get(inspect_office(f.office, f.arena), "changed-policies")) == 1, "a policy that was touched is named");
}

static void processes(void)
{
    const struct process_note notes[] = {{"office", getpid(), true}, {"signer", 1, false}};
    const struct listen_note listen = {"127.0.0.1", 8642, false};
    struct val *office = val_object(f.arena);
    val_set_bool(f.arena, office, "totp", true);
    ok(!processes_read(f.folder, f.arena), "no note, no processes");
    ok(processes_write(f.folder, notes, 2, &listen, 1, office, T0), "the note is written");
    ok(!val_get_bool(processes_read(f.folder, f.arena), "alive", true), "a process of another name is not the office");
    prctl(PR_SET_NAME, "castellan", 0, 0, 0);
    struct val *all = processes_read(f.folder, f.arena);
    ok(val_get_bool(all, "alive", false), "one of its name is");
    ok(val_get_bool(val_get(all, "office"), "totp", false), "what the office said of itself comes back");
    struct val *first = val_at(val_get(all, "processes"), 0), *second = val_at(val_get(all, "processes"), 1);
    ok(!val_get_bool(first, "seccomp", true), "the kernel is asked, not the note");
    ok(!val_get_bool(second, "alive", true), "a process that is no longer ours is dead");
    struct stat about;
    ok(stat(arena_printf(f.arena, "%s/processes.json", f.folder), &about) == 0 && (about.st_mode & 0777) == 0600, "the note is the office's alone");
    processes_remove(f.folder);
    ok(!processes_read(f.folder, f.arena), "and it is taken away");
}

int main(void)
{
    fixture_new(&f);
    judgement();
    an_office();
    processes();
    fixture_free(&f);
    return tap_done();
}
