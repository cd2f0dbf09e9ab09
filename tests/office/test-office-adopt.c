/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers that looked at everything once: definitions proposed for adoption, and persons to be erased. What is told now follows from the
 * definitions alone, or from registers that whoever asks sees whole; a hidden record changes no word of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "fixture.h"
#include "office/adopt.h"
#include "tap.h"

#define PERSON(login, post) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"X\",\"nationality\":\"BEL\",\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}],\"clearances\":[]}"

static struct fixture f;
static char words[4000];

/* The embedded posts, the administrator's with the right to put definitions in force: it sees no appointments. */
static void give_right(const char *folder)
{
    static char text[1 << 16];
    char path[600];
    snprintf(path, sizeof path, "%s/posts/system-administrator.yaml", getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".");
    FILE *from = fopen(path, "r");
    size_t n = from ? fread(text, 1, sizeof text - 1, from) : 0;
    char *at = strstr(text, "rights: [");
    snprintf(path, sizeof path, "%s/posts", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/posts/system-administrator.yaml", folder);
    FILE *to = fopen(path, "w");
    if (!n || !at || !to)
        abort();
    fwrite(text, 1, (size_t)(at - text), to);
    fprintf(to, "rights: [adopt-packs, %s", at + strlen("rights: ["));
    fclose(to);
    fclose(from);
}

/* ---- definitions ---- */

static enum status propose(const char *login, const struct pack *candidate)
{
    struct reasons reasons;
    const struct reader *reader = fixture_reader(&f, login);
    reasons_init(&reasons, f.arena);
    enum status status = reader ? office_pack_propose(f.office, reader, candidate, f.now, &reasons) : DAMAGED;
    snprintf(words, sizeof words, "%s", reasons_text(&reasons, LANG_EN));
    reader_free(reader);
    return status;
}
static enum status confirm(const char *login, const struct pack *candidate)
{
    struct reasons reasons;
    struct adoption adoption;
    const struct reader *reader = fixture_reader(&f, login);
    reasons_init(&reasons, f.arena);
    enum status status = reader ? office_pack_confirm(f.office, reader, candidate, f.now, &reasons, &adoption) : DAMAGED;
    snprintf(words, sizeof words, "%s", reasons_text(&reasons, LANG_EN));
    reader_free(reader);
    return status;
}

/* Like the pack in force under another name; without a register, or with a register that lacks a state. */
static struct pack like(const char *without, const char *state)
{
    struct pack candidate = *office_pack(f.office);
    struct register_def *registers = ARENA_ARRAY(f.arena, struct register_def, candidate.n_registers + 1);
    size_t n = 0;
    for (size_t r = 0; r < candidate.n_registers; r++) {
        const struct register_def *def = &candidate.registers[r];
        bool named = without && strcmp(def->name, without) == 0;
        if (named && !state)
            continue;
        registers[n] = *def;
        if (named) {
            struct state_def *states = ARENA_ARRAY(f.arena, struct state_def, def->n_states);
            registers[n].n_states = 0;
            for (size_t s = 0; s < def->n_states; s++)
                if (strcmp(def->states[s].name, state) != 0)
                    states[registers[n].n_states++] = def->states[s];
            registers[n].states = states;
        }
        n++;
    }
    candidate.registers = registers;
    candidate.n_registers = n;
    snprintf(candidate.hash, sizeof candidate.hash, "%064d", 7);
    return candidate;
}
static struct pack without_post(const char *name)
{
    struct pack candidate = like(NULL, NULL);
    struct post_def *posts = ARENA_ARRAY(f.arena, struct post_def, candidate.n_posts + 1);
    size_t n = 0;
    for (size_t p = 0; p < candidate.n_posts; p++)
        if (strcmp(candidate.posts[p].name, name) != 0)
            posts[n++] = candidate.posts[p];
    candidate.posts = posts;
    candidate.n_posts = n;
    return candidate;
}

static void definitions(void)
{
    char none[4000];
    const char *secret = fixture_label(&f, "NATO", "SECRET"), *number;
    struct pack less = like("asset", NULL), stateless = like("incident", "duplicate"), same = like(NULL, NULL);
    ok(propose("low", &same) == REFUSED && strstr(words, "pack.right"), "who lacks the right proposes nothing");
    ok(propose("admin", &same) == REFUSED && strstr(words, "sees who is appointed"), "nor who does not see the appointments, on which an answer stands");
    ok(propose("hso", &less) == REFUSED && strstr(words, "pack.homeless") && strstr(words, "asset"), "a register in force stays, though no record is in it");
    snprintf(none, sizeof none, "%s", words);
    ok(fixture_create(&f, "ict", "asset", secret, "{\"name\":\"Hidden\",\"serial\":\"SN-1\",\"kind\":\"server\"}", &number) == OK, "a record comes into it");
    ok(propose("hso", &less) == REFUSED, "it stays with one");
    is(words, none, "and the words are the same");
    ok(propose("hso", &stateless) == REFUSED && strstr(words, "\"duplicate\""), "a state in force stays, though no record stands in it");
    ok(confirm("ssl", &stateless) == REFUSED && strstr(words, "pack.homeless"), "nor would it be confirmed");
    struct pack unheld = without_post("crypto-custodian"), held = without_post("auditor");
    ok(propose("hso", &held) == REFUSED && strstr(words, "pack.post"), "a post to which somebody is appointed stays");
    ok(unheld.n_posts == same.n_posts - (pack_post(office_pack(f.office), "crypto-custodian") != NULL), "another may go");
    ok(propose("hso", &unheld) == OK, "so it is proposed");
    ok(confirm("hso", &unheld) == REFUSED && strstr(words, "another person"), "the same person does not confirm");
    ok(confirm("ssl", &same) == OK, "another does, what was proposed under this name");
}

/* ---- persons ---- */

static enum status erase(const char *login, const char *number)
{
    enum status status = fixture_do(&f, login, (struct op){.kind = OP_ERASE, .number = number, .step = "order", .reason = "Order of the court"}, NULL, NULL, NULL);
    snprintf(words, sizeof words, "%s", fixture_words());
    return status;
}
static void persons(void)
{
    char none[4000];
    const char *former, *account;
    ok(fixture_create(&f, "pass", "person", NULL, "{\"name\":\"Former\",\"given-name\":\"Max\",\"nationality\":\"BEL\"}", &former) == OK, "a person without a post");
    ok(erase("dpo", former) == REFUSED && strstr(words, "accounts and appointments"), "who does not see accounts erases no person");
    snprintf(none, sizeof none, "%s", words);
    ok(fixture_create(&f, "ict", "account", NULL, arena_printf(f.arena, "{\"login\":\"former\",\"person\":\"%s\"}", former), &account) == OK, "the person gets an account");
    ok(erase("dpo", former) == REFUSED, "nor now");
    is(words, none, "and the words are the same");
    ok(erase("hso", former) == REFUSED && strstr(words, "erased first"), "who sees accounts is told of it");
}

int main(void)
{
    char folder[] = "/tmp/castellan-posts-XXXXXX";
    if (!mkdtemp(folder))
        abort();
    give_right(folder);
    fixture_pack = folder;
    fixture_new_with(&f, "[" PERSON("dpo", "data-protection-officer") "," PERSON("pass", "pass-clerk") "]");
    definitions();
    persons();
    fixture_free(&f);
    fixture_drop(folder);
    return tap_done();
}
