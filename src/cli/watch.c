/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan watch: follows the running office's alerts in a terminal. The stream says only "look again"; what is printed was then read like
 * any list, so a line is never more than its reader may read. A connection that breaks is made again; SIGINT and SIGTERM end it in order.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"

#define ROWS "200"
#define KNOWN_MOST 4096u
#define WAIT_MOST 30u

static volatile sig_atomic_t ended;
static void end_it(int signal_number) { (void)signal_number; ended = 1; }

struct known { char number[32], updated[40]; };
struct watching {
    struct client *client;
    bool json, first;
    const char *level;                       /* least */
    struct known known[KNOWN_MOST]; size_t n_known, at;
    bool refused;                            /* the office will not have us: no sense in trying again */
};

/* ---- lines ---- */

static const char *const levels[] = {"critical", "high", "medium", "low", "informational", NULL};
static size_t rank_of(const char *level)
{
    size_t at = 0;
    while (levels[at] && !str_eq(levels[at], level))
        at++;
    return at;
}

/* What a terminal would take for a command of its own is not for it. */
static void put_plain(const char *text, int width)
{
    size_t len = text ? strlen(text) : 0, shown = 0;
    for (size_t at = 0; at < len; ) {
        size_t n = utf8_length(text + at, len - at);
        bool good = n && !(n == 1 && ((unsigned char)text[at] < 32 || text[at] == 127)) && !(n == 2 && (unsigned char)text[at] == 0xc2 && (unsigned char)text[at + 1] < 0xa0);
        if (width && shown >= (size_t)width)
            break;
        if (good)
            fwrite(text + at, 1, n, stdout);
        else
            putchar('?');
        shown++;
        at += n ? n : 1;
    }
    for (; width && shown < (size_t)width; shown++)
        putchar(' ');
    putchar(' ');
}

static void print_line(const struct val *alert)
{
    const struct val *fields = val_get(alert, "fields");
    const char *updated = val_get_str(alert, "updated"), *marking = val_get_str(alert, "marking");
    char numbers[64];
    put_plain(updated && strlen(updated) > 19 ? updated + 11 : updated, 8);
    put_plain(val_get_str(fields, "level"), 13);
    put_plain(val_get_str(alert, "state"), 11);
    put_plain(val_get_str(fields, "entity"), 18);
    put_plain(val_get_str(val_get(alert, "title"), cli_lang() == LANG_FR ? "fr" : "en"), 48);
    snprintf(numbers, sizeof numbers, "%6lld %4lld", (long long)val_get_int(fields, "events", 1), (long long)val_get_int(fields, "risk", 0));
    put_plain(numbers, 0);
    put_plain(val_get_str(alert, "number"), 0);
    put_plain(marking ? marking : "", 0);
    putchar('\n');
}

/* ---- what is new ---- */

static bool seen_before(struct watching *watching, const struct val *alert)
{
    const char *number = val_get_str(alert, "number"), *updated = val_get_str(alert, "updated");
    struct known *known = NULL;
    for (size_t i = 0; i < watching->n_known && !known; i++)
        if (str_eq(watching->known[i].number, number))
            known = &watching->known[i];
    if (known && str_eq(known->updated, updated))
        return true;
    if (!known) {
        known = &watching->known[watching->at++ % KNOWN_MOST];
        if (watching->n_known < KNOWN_MOST)
            watching->n_known++;
    }
    snprintf(known->number, sizeof known->number, "%s", number ? number : "");
    snprintf(known->updated, sizeof known->updated, "%s", updated ? updated : "");
    return false;
}

static bool is_open(const struct val *alert)
{
    const char *state = val_get_str(alert, "state");
    return str_eq(state, "new") || str_eq(state, "looked-at");
}

/* Oldest first, as they came. At the beginning what is open is shown; later whatever changed. */
static enum status look(struct watching *watching)
{
    struct client client = *watching->client;
    struct val *answer;
    client.arena = arena_new((size_t)64 << 20);
    if (!client.arena)
        return NO_MEMORY;
    reasons_init(&client.reasons, client.arena);
    enum status status = client_json(&client, "GET", "/api/v1/records/alert?limit=" ROWS, NULL, &answer);
    const struct val *rows = status == OK ? val_get(answer, "records") : NULL;
    for (size_t i = val_count(rows); i-- > 0; ) {
        const struct val *alert = val_at(rows, i);
        bool old = seen_before(watching, alert);
        if (old || (watching->first && !is_open(alert)) || (watching->level && rank_of(val_get_str(val_get(alert, "fields"), "level")) > rank_of(watching->level)))
            continue;
        if (watching->json)
            client_print(alert, true);
        else
            print_line(alert);
    }
    if (status == OK)
        watching->first = false;
    else if (status != FAILED_IO && status != BUSY) {
        watching->refused = true;
        cli_fail(&client.reasons, status);
    }
    fflush(stdout);
    arena_free(client.arena);
    return ferror(stdout) ? FAILED_IO : status;
}

static bool heard(void *arg, const char *event)
{
    struct watching *watching = arg;
    if (str_eq(event, "look") && look(watching) != OK)
        return false;
    return !ended;
}
static bool go_on(void *arg) { (void)arg; return !ended; }

static void pause_for(unsigned seconds)
{
    for (unsigned i = 0; i < seconds * 10 && !ended; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
}

static int follow(struct watching *watching)
{
    struct client *client = watching->client;
    unsigned wait = 1;
    bool told = false;
    while (!ended && !watching->refused && !ferror(stdout)) {
        reasons_init(&client->reasons, client->arena);
        enum status status = look(watching);
        if (status == OK) {
            if (told)
                fprintf(stderr, "castellan: %s\n", tr(cli_lang(), T_("The office answers again.")));
            told = false;
            wait = 1;
            status = client_stream(client, "/live?x=alert", heard, go_on, watching);
        }
        if (ended || watching->refused)
            break;
        if (status != OK && status != FAILED_IO && status != BUSY)
            return cli_fail(&client->reasons, status);
        if (!told && status != OK)
            fprintf(stderr, "castellan: %s\n", tr(cli_lang(), T_("The office does not answer; it is tried again until it does.")));
        told = told || status != OK;
        pause_for(wait);
        wait = wait * 2 > WAIT_MOST ? WAIT_MOST : wait * 2;
        arena_clear(client->arena);
    }
    return watching->refused ? 1 : 0;
}

int cli_watch(int argc, char **argv)
{
    static struct watching watching;
    struct client client;
    struct sigaction action = {.sa_handler = end_it};
    watching = (struct watching){.client = &client, .first = true, .json = cli_flag(argc, argv, "--json"), .level = cli_option(argc, argv, "--level")};
    if (watching.level && !levels[rank_of(watching.level)])
        return cli_usage("watch");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int ret = follow(&watching);
    client_close(&client);
    return ret;
}
