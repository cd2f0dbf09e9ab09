/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the definitions of the office promise as a whole and no single file can: every step can be taken by somebody, two-person
 * steps by two posts that need not meet, no state is a trap, every post has its page, every profile is closed.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tap.h"
#include "walk.h"

static const struct pack *pack;

static bool sees(const struct post_def *post, const struct register_def *def)
{
    for (size_t i = 0; i < def->n_seen_by; i++)
        if (post_has_right(post, def->seen_by[i]))
            return true;
    return false;
}

/* A post that sees the register and carries one of the rights, other than `not`. */
static const struct post_def *taker(const struct register_def *def, const char *const *rights, size_t n, const struct post_def *not)
{
    for (size_t p = 0; p < pack->n_posts; p++)
        for (size_t r = 0; r < n; r++)
            if (&pack->posts[p] != not && post_has_right(&pack->posts[p], rights[r]) && sees(&pack->posts[p], def))
                return &pack->posts[p];
    return NULL;
}

/* Two different posts, one for each hand. */
static bool pair(const struct register_def *def, const struct step_def *step)
{
    for (size_t p = 0; p < pack->n_posts; p++) {
        const struct post_def *first = &pack->posts[p];
        bool takes = false;
        for (size_t r = 0; r < step->n_rights; r++)
            takes = takes || (post_has_right(first, step->rights[r]) && sees(first, def));
        if (takes && (step->second_right ? taker(def, &step->second_right, 1, first) : taker(def, step->rights, step->n_rights, first)))
            return true;
    }
    return false;
}

static bool carried(const char *right)
{
    for (size_t p = 0; p < pack->n_posts; p++)
        if (post_has_right(&pack->posts[p], right))
            return true;
    return false;
}

static void check_steps(const struct register_def *def)
{
    size_t untaken = 0, alone = 0;
    for (size_t s = 0; s < def->n_steps; s++) {
        const struct step_def *step = &def->steps[s];
        const struct post_def *first = taker(def, step->rights, step->n_rights, NULL);
        bool second = pair(def, step);
        if (!first && step->n_rights && ++untaken)      /* "right: none": the office's own, in the name of a rule */
            printf("# %s.%s: nobody takes it\n", def->name, step->name);
        if (step->second_person && !second && ++alone)
            printf("# %s.%s: no second post\n", def->name, step->name);
    }
    ok(!untaken && !alone, "%s: every step has its takers, and a second where it asks for one", def->name);
}

/* From every state that is not final some step leads on; every state is reached; every final one that may be reopened says why. */
static void check_states(const struct register_def *def)
{
    uint64_t reached = UINT64_C(1) << def->first_state, left = 0;
    bool reasoned = true;
    for (size_t s = 0; s < def->n_steps; s++) {
        const struct step_def *step = &def->steps[s];
        if (step->to < 0)
            continue;
        reached |= UINT64_C(1) << step->to;
        left |= step->from & ~(UINT64_C(1) << step->to);
        for (size_t i = 0; i < def->n_states; i++)
            if (step->from >> i & 1 && def->states[i].final && !def->states[step->to].final && !step->reason && !step->n_needs)
                reasoned = false;
    }
    bool good = true;
    for (size_t i = 0; i < def->n_states && strcmp(def->name, "proposal") != 0; i++) {
        if (!(reached >> i & 1) && !(good = false))
            printf("# %s: the state %s is never reached\n", def->name, def->states[i].name);
        if (!def->states[i].final && !(left >> i & 1) && !(good = false))
            printf("# %s: nothing leads on from %s\n", def->name, def->states[i].name);
    }
    ok(good && reasoned, "%s: no state is a trap, and nothing is reopened without a reason", def->name);
}

static bool there(const char *name, const char *ending)
{
    struct stat about;
    const char *root = getenv("SOURCE_ROOT");
    char *path = arena_printf(f.arena, "%s/docs/posts/%s%s", root ? root : ".", name, ending);
    return stat(path, &about) == 0 && about.st_size > 300;
}

static void check_pages(void)
{
    static const char *const mission[] = {"information-security-manager", "head-technical-security", "programme-officer",
                                          "headquarters-security-officer", "operations-manager"};
    for (size_t p = 0; p < pack->n_posts; p++)
        ok(there(pack->posts[p].name, ".md"), "%s has a manual page", pack->posts[p].name);
    for (size_t i = 0; i < sizeof mission / sizeof *mission; i++)
        ok(pack_post(pack, mission[i]) && there(mission[i], ".fr.md"), "%s has it in French, too", mission[i]);
}

/* Who may do what in a case, by post: the walk's separation as a table. */
static void check_case(void)
{
    static const struct { const char *right, *carries, *never; } table[] = {
        {"triage-incidents", "duty-officer", "staff-member"}, {"triage-incidents", "headquarters-security-officer", "investigator"},
        {"lead-investigations", "headquarters-security-officer", "duty-officer"}, {"investigate", "investigator", "headquarters-security-officer"},
        {"supervise-measures", "headquarters-security-officer", "security-section-leader"},
        {"verify-measures", "ict-security-support", "headquarters-security-officer"}, {"verify-measures", "security-section-leader", "investigator"},
        {"close-incidents", "headquarters-security-officer", "security-section-leader"},
        {"confirm-closure", "security-section-leader", "headquarters-security-officer"}, {"audit-journal", "auditor", "system-administrator"},
        {"register-documents", "registrar", "crypto-custodian"}, {"witness-destruction", "crypto-custodian", "registrar"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ok(post_has_right(pack_post(pack, table[i].carries), table[i].right) && !post_has_right(pack_post(pack, table[i].never), table[i].right),
           "%s: %s, never %s", table[i].right, table[i].carries, table[i].never);
}

static void check_profile(const char *name)
{
    struct reasons reasons;
    struct val *profile;
    const char *root = getenv("SOURCE_ROOT"), *path = arena_printf(f.arena, "%s/profiles/%s.yaml", root ? root : ".", name);
    FILE *file = fopen(path, "rb");
    char *text = arena_alloc(f.arena, 1 << 16);
    size_t len = file ? fread(text, 1, 1 << 16, file) : 0;
    if (file)
        fclose(file);
    reasons_init(&reasons, f.arena);
    if (!ok(len && yaml_read(f.arena, name, text, len, &reasons, &profile) == OK, "the profile %s is read", name))
        return;
    const struct val *posts = val_get(profile, "posts"), *duties = val_get(profile, "duties");
    bool good = val_count(posts) > 0 && val_count(duties) > 0;
    for (size_t i = 0; i < val_count(posts); i++) {
        const struct post_def *post = pack_post(pack, val_text(val_at(posts, i)));
        bool closed = post && !post->superior;
        for (size_t j = 0; post && !closed && j < val_count(posts); j++)
            closed = str_eq(post->superior->name, val_text(val_at(posts, j)));
        if (!closed && !(good = false))
            printf("# %s: the post or its superior is missing\n", val_text(val_at(posts, i)));
    }
    ok(good, "%s: every post has its superior in it", name);
}

int main(void)
{
    fixture_new(&f);
    pack = office_pack(f.office);
    for (size_t i = 0; i < pack->n_registers; i++) {
        check_steps(&pack->registers[i]);
        check_states(&pack->registers[i]);
    }
    for (size_t i = 0; i < pack->n_rights; i++)
        ok(carried(pack->rights[i].name), "somebody carries %s", pack->rights[i].name);
    check_pages();
    check_case();
    check_profile("hq-4000");
    check_profile("agency-300");
    check_profile("resources-office");
    check_profile("cio-cell");
    fixture_free(&f);
    return tap_done();
}
