/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A listener for tests with foreign senders: sink KIND PORT N [CERTIFICATE KEY [CA]]. Prints each message on a line, settles it a
 * little later, in batches, and ends when N different ones have come, or after twenty seconds; PORT 0: the port is the first line.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <pthread.h>

#include "wire/wire.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t tokens[4096];
static size_t n_tokens, different, most;
static char *seen;

static moment now(void *arg) { return 0; }

static void took(void *arg, const struct port *port, uint64_t token, const struct port_message *m)
{
    const char *number = memmem(m->bytes, m->len, "number=", 7);
    size_t i = number ? strtoul(number + 7, NULL, 10) : most;
    printf("%s %.*s\n", m->sender, (int)m->len, m->bytes);
    pthread_mutex_lock(&lock);
    if (i < most && !seen[i]) {
        seen[i] = 1;
        different++;
    }
    if (n_tokens < 4096)
        tokens[n_tokens++] = token;
    pthread_mutex_unlock(&lock);
}

static char *whole(const char *path)
{
    static char texts[3][16384];
    static int n;
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(texts[n], 1, sizeof texts[n] - 1, file) : 0;
    if (file)
        fclose(file);
    texts[n][len] = 0;
    return texts[n++];
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = { "udp", "tcp", "file", "tls", "relp", "relps" };
    struct port_tls tls = { 0 };
    char address[64];
    struct wire *wire;
    if (argc < 4)
        return 2;
    snprintf(address, sizeof address, "127.0.0.1:%s", argv[2]);
    struct port port = { .name = "sink", .address = address, .frame = FRAME_SYSLOG };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i], argv[1]))
            port.kind = (enum port_kind)i;
    if (argc > 5)
        tls = (struct port_tls){ whole(argv[4]), whole(argv[5]), argc > 6 ? whole(argv[6]) : NULL };
    port.tls = argc > 5 ? &tls : NULL;
    most = strtoul(argv[3], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    seen = calloc(most + 1, 1);
    if (wire_open(&port, 1, NULL, (struct wire_taker){ took, NULL, now }, NULL, &wire) != OK)
        return 1;
    fprintf(stderr, "%d\n", wire_bound_port(wire, "sink"));
    size_t got = 0;
    for (int i = 0; i < 4000 && got < most; i++) {
        uint64_t batch[4096];
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        pthread_mutex_lock(&lock);
        size_t n = n_tokens;
        memcpy(batch, tokens, n * sizeof *batch);
        n_tokens = 0;
        got = different;
        pthread_mutex_unlock(&lock);
        if (wire_settle(wire, batch, n) != OK)
            return 1;
    }
    nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);      /* the last answers */
    wire_close(wire);
    free(seen);
    return got < most;
}
