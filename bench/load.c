/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A load generator for what wrk cannot do: changes by form from many writers, as fast as they go or at a given rate
 * (then a latency counts from when the change was due), streams held open, and what becomes of requests in flight when
 * the server stops.
 *
 *     bench-load PORT LOAD write CONNECTIONS SECONDS RATE      RATE 0: closed loop
 *     bench-load PORT LOAD live STREAMS SECONDS
 * LOAD is the folder that bench-serve wrote. Prints one line of key=value.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "figure.h"

enum { MOST = 4096, SAMPLES = 1 << 21 };

struct session { char cookie[96], csrf[64]; };
struct connection { int fd; struct session *session; bool busy, last; double due; char in[65536]; size_t n; };
static struct session sessions[MOST];
static size_t n_sessions;
static char label[200], owner[64];
static struct connection *connections;
static double *samples;
static size_t n_samples, sent, wrong, cut, bytes;
static int port, poll_fd;

static void die(const char *what)
{
    fprintf(stderr, "bench-load: %s\n", what);
    exit(1);
}

static void read_load(const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/sessions", folder);
    FILE *file = fopen(path, "r");
    while (file && n_sessions < MOST && fscanf(file, "%95s %63s", sessions[n_sessions].cookie, sessions[n_sessions].csrf) == 2)
        n_sessions++;
    if (!file || n_sessions < 1064)
        die("no sessions");
    fclose(file);
    snprintf(path, sizeof path, "%s/label", folder);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%199s %63s", label, owner) != 2)
        die("no label");
    fclose(file);
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        die("no connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void send_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static void post(struct connection *c, double due)
{
    char body[2000], text[4000];
    unsigned long long key = (unsigned long long)getpid() << 32 | sent;
    int len = snprintf(body, sizeof body, "csrf=%s&key=bench-%llu&label.class=%s&title=Handling+of+keys+%llu&series=SR-%llu&edition=1&kind=sop&change=first&audience=all&owner=%s&text="
        "1.+Every+key+of+a+secure+room+is+signed+for,+and+everywhere+it+is+counted.%%0A%%0A2.+A+lost+key+is+an+incident+and+is+reported+at+once.+The+lock+is+changed.%%0A%%0A"
        "3.+The+duty+officer+holds+the+spare+keys+in+a+sealed+envelope,+and+breaks+the+seal+only+in+the+presence+of+a+second+person,+whose+name+is+entered.",
        c->session->csrf, key, label, key, key, owner);
    int all = snprintf(text, sizeof text, "POST /instruction/new HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                       port, c->session->cookie, len, body);
    c->busy = true;
    c->due = due;
    c->n = 0;
    sent++;
    bytes += (size_t)len;
    send_all(c->fd, text, (size_t)all);
}

/* Whether a whole answer is there. */
static bool complete(struct connection *c, int *ret_status)
{
    c->in[c->n] = 0;
    char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "content-length:");
    if (!end || !length || length > end)
        return false;
    *ret_status = atoi(c->in + 9);
    return c->n >= (size_t)(end + 4 - c->in) + strtoul(length + 15, NULL, 10);
}

/* False at the end of the connection. */
static bool hear(struct connection *c)
{
    int status;
    ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - 1 - c->n, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        return false;
    c->n += n > 0 ? (size_t)n : 0;
    if (c->busy && complete(c, &status)) {
        c->busy = false;
        c->last = strcasestr(c->in, "connection: close") != NULL;
        wrong += status != 303;
        if (status != 303 && wrong == 1)
            fprintf(stderr, "%.*s\n", (int)(c->n < 6000 ? c->n : 6000), c->in);
        if (n_samples < SAMPLES)
            samples[n_samples++] = (seconds_now() - c->due) * 1000;
    }
    return true;
}

static void run_writers(size_t n, double seconds, double rate)
{
    double start = seconds_now(), end = start + seconds;
    size_t alive = n, due = 0;
    for (;;) {
        double now = seconds_now();
        for (size_t i = 0; i < n && now < end; i++) {
            struct connection *c = &connections[i];
            if (c->fd < 0 || c->busy || c->last || (rate > 0 && start + (double)due / rate > now))
                continue;
            post(c, rate > 0 ? start + (double)due / rate : now);
            due++;
        }
        size_t waiting = 0;
        for (size_t i = 0; i < n; i++)
            waiting += connections[i].busy;
        if (!alive || (now >= end && (!waiting || now > end + 10)))
            break;
        struct epoll_event events[256];
        int got = epoll_wait(poll_fd, events, 256, rate > 0 ? 1 : 20);
        for (int e = 0; e < got; e++) {
            struct connection *c = &connections[events[e].data.u32];
            if (c->fd >= 0 && !hear(c)) {
                cut += c->busy;
                c->busy = false;
                close(c->fd);
                c->fd = -1;
                alive--;
            }
        }
    }
    double took = seconds_now() - start, half = centile_of(samples, n_samples, 0.5);
    printf("rate=%.0f p50=%.2f p99=%.2f max=%.2f sent=%zu answered=%zu wrong=%zu cut=%zu bytes=%zu\n", (double)n_samples / took, half,
           centile_of(samples, n_samples, 0.99), n_samples ? samples[n_samples - 1] : 0, sent, n_samples, wrong, cut, sent ? bytes / sent : 0);
}

static void run_live(size_t n, unsigned seconds)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++) {
        char text[600];
        int len = snprintf(text, sizeof text, "GET /live?x=desk&x=instruction HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n\r\n", port, sessions[i % 1000].cookie);
        connections[i].fd = dial();
        send_all(connections[i].fd, text, (size_t)len);
    }
    sleep(1);
    for (size_t i = 0; i < n; i++) {
        ssize_t got = recv(connections[i].fd, connections[i].in, 1000, MSG_DONTWAIT);
        connections[i].in[got > 0 ? got : 0] = 0;
        open += got > 0 && strstr(connections[i].in, "text/event-stream") != NULL;
    }
    printf("open=%zu\n", open);
    fflush(stdout);
    sleep(seconds);
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    size_t n = strtoul(argv[4], NULL, 10);
    port = atoi(argv[1]);
    read_load(argv[2]);
    connections = calloc(MOST, sizeof *connections);
    samples = calloc(SAMPLES, sizeof *samples);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (n > MOST || !connections || !samples)
        return 2;
    if (strcmp(argv[3], "live") == 0) {
        run_live(n, (unsigned)atoi(argv[5]));
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        connections[i] = (struct connection){.fd = dial(), .session = &sessions[1000 + i % 64]};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, connections[i].fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)i});
    }
    run_writers(n, atof(argv[5]), argc > 6 ? atof(argv[6]) : 0);
    return wrong != 0;
}
