/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The web over the invented office, to be tried by hand and measured: prints its address and the cookie of a signed-in
 * session, serves until its input ends, and then says how much memory it used at most.
 *     /small  a few bytes to anybody      /sign-in/post  about 1 KB through session, dispatcher and template
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "fake.h"

static moment real_time(void *arg) { return moment_now(); }

static void open_wide(struct web_config *config)
{
    config->streams_a_session = 2000;
    config->per_address = 4000;
    config->clock = real_time;
}

int main(void)
{
    fake_start();
    fake.now = moment_now() - 30 * SECOND;
    struct web *web = fake_web(open_wide);
    if (!web) return 1;
    struct client c = {.port = web_port(web, 0)};
    if (!client_sign_in(&c, "bert")) return 1;
    printf("http://localhost:%d\n", c.port);
    for (int i = 0; i < 4; i++) {
        if (strncmp(c.cookies[i], "castellan=", 10) == 0) printf("%s\n", c.cookies[i]);
    }
    fflush(stdout);
    while (getchar() != EOF) {
    }
    web_stop(web);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("%ld KiB at most\n", use.ru_maxrss);
    return 0;
}
