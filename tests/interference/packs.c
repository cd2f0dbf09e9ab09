/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Definitions proposed: what those are told who may put definitions in force. For each register of the pack and each of its states there is a
 * candidate that lacks it; hidden records stand in some of these, and in others nobody's. One candidate that lacks nothing is proposed
 * by one person and confirmed by another.
 */
#include <stdio.h>
#include <string.h>

#include "inside.h"
#include "office/adopt.h"

static void tell(struct buf *out, const char *what, const char *part, enum status status, const struct reasons *reasons)
{
    buf_addf(out, "%s %s: %s\n", what, part, status_name(status));
    for (const struct reason *one = reasons->first; one; one = one->after)
        buf_addf(out, "%s|%s|%s|%s\n", one->rule, one->where ? one->where : "", one->text.in[LANG_EN], one->next.in[LANG_EN] ? one->next.in[LANG_EN] : "");
}

/* A pack like the one in force, under another name, with one register replaced by `instead` or left out. */
static struct pack like(const struct pack *in_force, struct arena *arena, size_t at, const struct register_def *instead)
{
    struct pack candidate = *in_force;
    struct register_def *registers = ARENA_ARRAY(arena, struct register_def, in_force->n_registers + 1);
    candidate.n_registers = 0;
    for (size_t r = 0; r < in_force->n_registers; r++)
        if (r != at || instead)
            registers[candidate.n_registers++] = r == at ? *instead : in_force->registers[r];
    candidate.registers = registers;
    snprintf(candidate.hash, sizeof candidate.hash, "%064d", 7);
    return candidate;
}

static void propose(struct office *office, const struct reader *reader, const struct pack *candidate, moment now, struct arena *arena, const char *what, const char *part, struct buf *out)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    enum status status = office_pack_propose(office, reader, candidate, now, &reasons);
    tell(out, what, part, status, &reasons);
}

void packs_lacking(struct office *office, const struct reader *reader, moment now, struct arena *arena, struct buf *out)
{
    const struct pack *pack = office_pack(office);
    buf_adds(out, "== definitions\n");
    for (size_t r = 0; r < pack->n_registers && reader_has_right(reader, "adopt-packs"); r++) {
        const struct register_def *def = &pack->registers[r];
        struct pack candidate = like(pack, arena, r, NULL);
        propose(office, reader, &candidate, now, arena, "without", def->name, out);
        for (size_t s = 0; s < def->n_states; s++) {
            struct register_def less = *def;
            struct state_def *states = ARENA_ARRAY(arena, struct state_def, def->n_states);
            less.n_states = 0;
            for (size_t k = 0; k < def->n_states; k++)
                if (k != s)
                    states[less.n_states++] = def->states[k];
            less.states = states;
            candidate = like(pack, arena, r, &less);
            propose(office, reader, &candidate, now, arena, def->name, def->states[s].name, out);
        }
    }
}

void packs_day(struct running *r)
{
    struct buf out[2];
    for (unsigned w = 0; w < 2; w++) {
        struct arena *arena = arena_new(0);
        struct office *office = r->worlds[w].office;
        struct reasons reasons;
        struct adoption adoption;
        const struct reader *one = world_reader(&r->worlds[w], "hso3", r->now, arena), *other = world_reader(&r->worlds[w], "ssl3", r->now, arena);
        struct pack candidate = like(office_pack(office), arena, office_pack(office)->n_registers, NULL);
        buf_init(&out[w], 1 << 20);
        propose(office, one, &candidate, r->now, arena, "proposed", "by one", &out[w]);
        reasons_init(&reasons, arena);
        tell(&out[w], "confirmed", "by the same", office_pack_confirm(office, one, &candidate, r->now, &reasons, &adoption), &reasons);
        reasons_init(&reasons, arena);
        tell(&out[w], "confirmed", "by another", office_pack_confirm(office, other, &candidate, r->now, &reasons, &adoption), &reasons);
        buf_addc(&out[w], 0);
        reader_free(one);
        reader_free(other);
        arena_free(arena);
    }
    r->run->answers++;
    r->run->adoptable += strstr(out[0].data, "by another: ok") != NULL;
    if (strcmp(out[0].data, out[1].data) != 0)
        differs(r, "definitions proposed and confirmed", out[0].data, out[1].data);
    buf_free(&out[0]);
    buf_free(&out[1]);
}
