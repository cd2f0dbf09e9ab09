/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan label, through its jail: exit codes and the JSON's parts.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/label.h"
#include "common.h"

#include "tap.h"

static struct arena *arena;
static int code;

static const char *fixture(const char *name)
{
    return source_path(arena, arena_printf(arena, "tests/label/fixtures/%s", name));
}

static const char *policy(const char *name)
{
    return source_path(arena, arena_printf(arena, "policies/%s", name));
}

/* Runs the command with its output in a file; returns the JSON, NULL when there is none. */
static struct val *run(const char *const *words)
{
    char *argv[24] = { (char *)"label" };
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    char path[] = "/tmp/castellan-cli-XXXXXX";
    int file = mkstemp(path), out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY);
    fflush(stdout);
    dup2(file, 1);
    dup2(null, 2);
    code = cli_label(argc, argv);
    fflush(stdout);
    dup2(out, 1);
    dup2(err, 2);
    close(out), close(err), close(null), close(file);
    size_t len = 0;
    struct val *tree = NULL;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    char *text = read_file(arena, path, &len);
    unlink(path);
    if (!text || !len || json_read(arena, text, len, (struct json_limits){ 0 }, &reasons, &tree) != OK)
        return NULL;
    return tree;
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void test_good(void)
{
    struct val *all = RUN("--policy", policy("nato.xml"), policy("eu.xml"), "--label", fixture("secret-atomal.xml"), "--clearance",
                          fixture("clearance-cts.xml"), "--at", "2026-11-22T13:05:00Z", "--lang", "fr", "--strict");
    is_int(code, 0, "all in order");
    is_int(val_count(val_get(all, "policies")), 2, "two policies");
    is(val_get_str(val_get(all, "label"), "marking"), "NATO SECRET ATOMAL COMMUNICABLE À FRA, USA MÉDICAL",
       "marking in French");
    ok(val_get_bool(val_get(all, "label"), "valid", false), "valid");
    is(val_get_str(val_get(all, "label"), "successor"), "NATO CONFIDENTIEL ATOMAL", "what it becomes");
    ok(val_get_bool(val_get(all, "decision"), "dominated", false), "dominated");
    ok(val_count(val_get(val_get(all, "decision"), "reasons")) >= 3, "with reasons");
}

static void test_refusals(void)
{
    struct val *all = RUN("--policy", policy("nato.xml"), policy("eu.xml"), "--label", fixture("secret-atomal.xml"), "--to", "EU");
    is_int(code, 1, "no translation of ATOMAL");
    ok(!val_get_bool(val_get(all, "translated"), "translated", true) && val_count(val_get(val_get(all, "translated"), "reasons")),
       "with reasons");
    all = RUN("--policy", policy("nato.xml"), policy("eu.xml"), "--label", fixture("slip-url.xml"), "--to", "EU");
    is_int(code, 0, "a lenient label, translated");
    is(val_get_str(val_get(all, "translated"), "marking"), "RESTREINT UE/EU RESTRICTED", "into the other policy's words");
    ok(val_count(val_get(val_get(all, "label"), "warnings")) == 1, "with its warning");
    RUN("--strict", "--policy", policy("nato.xml"), "--label", fixture("slip-url.xml"));
    is_int(code, 1, "strict refuses it");
    all = RUN("--policy", policy("eu.xml"), "--label", fixture("secret-atomal.xml"));
    ok(code == 1 && !val_get_bool(val_get(all, "label"), "read", true), "a label of a policy that is not there");
    all = RUN("--policy", fixture("secret-atomal.xml"));
    ok(code == 1 && !val_get_bool(val_at(val_get(all, "policies"), 0), "loaded", true), "a policy that is none");
}

static void test_usage(void)
{
    static const char *const none[] = { NULL };
    run(none);
    is_int(code, 2, "no argument");
    RUN("--policy");
    is_int(code, 2, "no value");
    RUN("--policy", "/nonexistent/castellan");
    is_int(code, 2, "no such file");
    RUN("--policy", policy("nato.xml"), "--lang", "de");
    is_int(code, 2, "another language");
    RUN("--policy", policy("nato.xml"), "--at", "noon");
    is_int(code, 2, "no time");
    RUN("--policy", policy("nato.xml"), "--odd", "x");
    is_int(code, 2, "an unknown option");
    RUN("--policy", policy("nato.xml"));
    is_int(code, 0, "a policy alone is checked");
}

int main(void)
{
    arena = arena_new(0);
    test_good();
    test_refusals();
    test_usage();
    arena_free(arena);
    return tap_done();
}
