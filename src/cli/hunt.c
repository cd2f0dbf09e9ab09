/* SPDX-License-Identifier: GPL-3.0-or-later
 * castellan hunt: a hunt over the archive of a running office, begun, followed, stopped and fetched from the command line. See client.h.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"

static const char *argument(int argc, char **argv, int n) { return cli_argument(argc, argv, n, client_options); }

static const char *path_of(struct client *client, const char *number) { return arena_printf(client->arena, "/hunt/%s/run", client_part(client, number)); }

static enum status tell(struct client *client, const char *number, const char *what)
{
    struct val *body = val_object(client->arena), *answer;
    val_set_str(client->arena, body, "do", what);
    return client_json(client, "POST", path_of(client, number), body, &answer);
}

static void print_progress(struct client *client, FILE *out, const struct val *page)
{
    static const char *const counts[] = {"read", "segments", "events", "found"};
    const struct val *progress = val_get(page, "progress");
    const char *number[4];
    if (!progress)
        return;
    for (size_t i = 0; i < 4; i++)
        number[i] = arena_printf(client->arena, "%lld", (long long)val_get_int(progress, counts[i], 0));
    fprintf(out, "%s\n", words_format(client->arena, T_("%1$s of %2$s segments read, %3$s events looked at, %4$s found"), number[0], number[1], number[2], number[3]).in[cli_lang()]);
}

static void print_faults(const struct val *page)
{
    static const char *const lists[] = {"query-faults", "faults"};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        const struct val *list = val_get(page, lists[l]);
        for (size_t i = 0; i < val_count(list); i++)
            fprintf(stderr, "castellan: %s\n", val_get_str(val_at(list, i), "text"));
    }
}

/* Until it has ended; progress on standard error when it changes. */
static enum status follow(struct client *client, const char *number, struct val **ret)
{
    int64_t before = -1;
    for (;;) {
        struct val *page;
        enum status status = client_json(client, "GET", path_of(client, number), NULL, &page);
        if (status != OK)
            return status;
        int64_t now = val_get_int(val_get(page, "progress"), "events", -1);
        if (now != before)
            print_progress(client, stderr, page);
        before = now;
        *ret = page;
        if (!val_get_bool(page, "running", false))
            return OK;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
}

/* The newest file of events among the hunt's results. */
static enum status results(struct client *client, const char *number, const char *to)
{
    struct val *answer;
    const char *bytes;
    size_t len, which = SIZE_MAX;
    enum status status = client_json(client, "GET", arena_printf(client->arena, "/api/v1/records/hunt/%s", client_part(client, number)), NULL, &answer);
    if (status != OK)
        return status;
    const struct val *files = val_get(val_get(answer, "fields"), "results");
    for (size_t i = 0; i < val_count(files); i++) {
        const char *name = val_get_str(val_at(files, i), "name");
        if (name && str_ends(name, ".jsonl"))
            which = i;
    }
    if (which == SIZE_MAX) {
        reason_add(&client->reasons, "hunt.no-results", number, T_("No run of this hunt has found anything yet."));
        return ABSENT;
    }
    status = client_bytes(client, arena_printf(client->arena, "/hunt/%s/file/results/%zu", client_part(client, number), which), &bytes, &len);
    if (status != OK)
        return status;
    FILE *out = to ? fopen(to, "wbe") : stdout;
    bool good = out && fwrite(bytes, 1, len, out) == len;
    if (out && to)
        good = fclose(out) == 0 && good;
    if (!good)
        reason_add(&client->reasons, "file", to, T_("The file cannot be written: %1$s."), strerror(errno));
    return good ? OK : FAILED_IO;
}

static enum status show(struct client *client, const char *number, bool json)
{
    struct val *page;
    enum status status = client_json(client, "GET", path_of(client, number), NULL, &page);
    if (status != OK)
        return status;
    if (json) {
        client_print(page, true);
        return OK;
    }
    print_progress(client, stdout, page);
    print_faults(page);
    const struct val *hits = val_get(val_get(page, "progress"), "hits");
    for (size_t i = 0; i < val_count(hits); i++) {
        const struct val *hit = val_at(hits, i);
        const char *time = val_get_str(hit, "time");
        printf("%-24s %-22s %s\n", time ? time : "", val_get_str(hit, "source"), val_get_str(hit, "raw"));
    }
    return OK;
}

static enum status run(struct client *client, const char *number, bool detach, bool json)
{
    struct val *page = NULL;
    enum status status = tell(client, number, "run");
    if (status != OK || detach)
        return status;
    status = follow(client, number, &page);
    if (status != OK)
        return status;
    print_faults(page);
    if (!val_get_bool(page, "good", false))
        return REFUSED;
    return json ? (client_print(page, true), OK) : val_get_int(val_get(page, "progress"), "found", 0) ? results(client, number, NULL) : OK;
}

int cli_hunt(int argc, char **argv)
{
    const char *verb = argument(argc, argv, 0), *number = argument(argc, argv, 1);
    bool json = cli_flag(argc, argv, "--json");
    struct client client;
    if (!number || !(str_eq(verb, "run") || str_eq(verb, "show") || str_eq(verb, "stop") || str_eq(verb, "results")))
        return cli_usage("hunt");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    enum status status = str_eq(verb, "run") ? run(&client, number, cli_flag(argc, argv, "--detach"), json) : str_eq(verb, "show") ? show(&client, number, json)
                       : str_eq(verb, "stop") ? tell(&client, number, "stop") : results(&client, number, cli_option(argc, argv, "--to"));
    return client_end(&client, status);
}
