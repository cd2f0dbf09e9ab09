/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan pack: the difference between the definitions in force and a candidate, and the two steps that put it in force. See
 * office/adopt.h for who may, and when not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/demo/demo.h"
#include "cli/serve.h"
#include "office/adopt.h"
#include "office/duty.h"
#include "web/secret.h"

struct packing { struct arena *arena; struct reasons reasons; const char *folder; struct office *office; struct pack *candidate; moment now; };

static struct office_options options_of(const struct packing *in) { return (struct office_options){.folder = in->folder, .now = in->now, .duties = duties_all}; }

static void show(struct packing *in)
{
    struct reasons difference;
    reasons_init(&difference, in->arena);
    pack_difference(office_pack(in->office), in->candidate, &difference);
    printf("in force   %s\ncandidate  %s\n", office_pack(in->office)->hash, in->candidate->hash);
    fputs(reasons_text(&difference, cli_lang()), stdout);
}

static enum status reader_by_token(struct packing *in, const char *token, const struct reader **ret)
{
    struct identity identity = identity_of_office(in->office);
    struct api_token found;
    if (!secret_start(&identity))
        return NO_MEMORY;
    if (!token || token_check(&identity, token, in->now, in->arena, &found) != OK) {
        reason_add(&in->reasons, "token", NULL, T_("This token is unknown, or no longer good."));
        return REFUSED;
    }
    return reader_open(in->office, found.account, found.appointment, in->now, &in->reasons, ret);
}

/* Takes the reader: the office is closed under it. */
static enum status confirm(struct packing *in, const struct reader *reader, const char *hash)
{
    struct adoption adoption;
    if (!str_eq(hash, in->candidate->hash)) {
        reader_free(reader);
        reason_add(&in->reasons, "pack.other", NULL, T_("These are not the definitions that were proposed; look at the difference again."));
        return CONFLICT;
    }
    enum status status = office_pack_confirm(in->office, reader, in->candidate, in->now, &in->reasons, &adoption);
    reader_free(reader);
    if (status != OK)
        return status;
    struct office_options options = options_of(in);
    office_close(in->office);
    in->office = NULL;
    return office_pack_adopt(&options, in->candidate, &adoption, &in->reasons);
}

static enum status run(struct packing *in, bool propose, const char *hash, const char *token)
{
    const struct reader *reader = NULL;
    struct office_options options = options_of(in);
    enum status status = office_open(&options, &in->reasons, &in->office);
    if (status == OK)
        status = pack_candidate(in->folder, &in->reasons, &in->candidate);
    if (status != OK)
        return status;
    if (!propose && !hash) {
        show(in);
        return OK;
    }
    status = reader_by_token(in, token, &reader);
    if (status == OK && propose)
        status = office_pack_propose(in->office, reader, in->candidate, in->now, &in->reasons);
    if (status == OK && propose)
        printf("castellan pack %s --confirm %s\n", in->folder, in->candidate->hash);
    if (status == OK && !propose)
        return confirm(in, reader, hash);
    reader_free(reader);
    return status;
}

int cli_pack(int argc, char **argv)
{
    static const char *const valued[] = {"--confirm", "--token", NULL};
    struct packing in = {.arena = arena_new((size_t)256 << 20), .folder = cli_argument(argc, argv, 0, valued), .now = moment_now()};
    const char *token = cli_option(argc, argv, "--token"), *hash = cli_option(argc, argv, "--confirm");
    bool propose = cli_flag(argc, argv, "--propose");
    if (!in.folder || (propose && hash)) {
        arena_free(in.arena);
        return cli_usage("pack");
    }
    reasons_init(&in.reasons, in.arena);
    enum status status = run(&in, propose, hash, token ? token : getenv("CASTELLAN_TOKEN"));
    int ret = status != OK ? cli_fail(&in.reasons, status) : !propose && !hash && !str_eq(office_pack(in.office)->hash, in.candidate->hash);
    office_close(in.office);
    pack_free(in.candidate);
    arena_free(in.arena);
    return ret;
}

/* ---- at the start of serve ---- */

static const struct reader *officer(struct office *office, const char *post, moment now, struct arena *arena, struct reasons *reasons)
{
    const struct reader *reader = NULL;
    for (const struct demo_post *demo = demo_posts; demo->post; demo++) {
        struct seat *seats;
        bool active;
        record_id account = str_eq(demo->post, post) ? office_account(office, demo->login, &active) : 0;
        if (account && office_seats(office, account, now, arena, &seats) && reader_open(office, account, seats[0].appointment, now, reasons, &reader) == OK)
            return reader;
    }
    return NULL;
}

static enum status adopt_by_two(const struct office_options *options, const struct pack *candidate, struct arena *arena, struct reasons *reasons,
                                struct office **in_out)
{
    struct adoption adoption;
    const struct reader *one = officer(*in_out, "headquarters-security-officer", options->now, arena, reasons),
                        *other = officer(*in_out, "security-section-leader", options->now, arena, reasons);
    enum status status = one && other ? office_pack_propose(*in_out, one, candidate, options->now, reasons) : REFUSED;
    if (status == OK)
        status = office_pack_confirm(*in_out, other, candidate, options->now, reasons, &adoption);
    reader_free(one);
    reader_free(other);
    if (status != OK)
        return status;
    office_close(*in_out);
    *in_out = NULL;
    status = office_pack_adopt(options, candidate, &adoption, reasons);
    enum status again = office_open(options, reasons, in_out);
    return again == OK ? status : again;
}

enum status serve_candidate(const struct office_options *options, struct arena *arena, struct reasons *reasons, struct office **in_out)
{
    struct pack *candidate;
    struct reasons why;
    enum status status = OK;
    reasons_init(&why, arena);
    if (pack_candidate(options->folder, &why, &candidate) != OK) {
        log_warn("the candidate definitions have faults: %s", reasons_text(&why, LANG_EN));
        return OK;                             /* what is in force is served */
    }
    if (!str_eq(candidate->hash, office_pack(*in_out)->hash)) {
        if (val_get_bool(office_config(*in_out), "demonstration", false)) {
            status = adopt_by_two(options, candidate, arena, reasons, in_out);
            if (status == REFUSED && *in_out) {
                log_warn("the definitions in force stay: %s", reasons_text(reasons, LANG_EN));
                status = OK;
            }
        } else {
            log_info("other definitions than those in force are at hand; castellan pack %s shows the difference", options->folder);
        }
    }
    pack_free(candidate);
    return status;
}
