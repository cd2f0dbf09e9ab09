/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast text logs are read, as processor time of one core, beside a pass over the same bytes in the same run. The lines are made here, in
 * the shape that each kind of source writes, with numbers, names and times that change.
 *
 *     bench-texts
 */
#include <string.h>

#include "base/buf.h"
#include "figure.h"
#include "input.h"
#include "watch/logs/logs.h"

enum { ROUNDS = 7, BYTES = 16 << 20 };

struct place { unsigned n, second, user, host, port; };

static void syslog_new(struct buf *out, const struct place *p)
{
    buf_addf(out, "<38>1 2026-03-01T10:%02u:%02u.%03uZ host%u sshd %u - [meta sequenceId=\"%u\"] Failed password for user%u from 192.0.2.%u port %u ssh2\n",
             p->second / 60, p->second % 60, p->n % 1000, p->host, 1000 + p->n % 30000, p->n, p->user, p->host, p->port);
}

static void syslog_old(struct buf *out, const struct place *p)
{
    buf_addf(out, "<38>Mar  1 10:%02u:%02u host%u sshd[%u]: Failed password for user%u from 192.0.2.%u port %u ssh2\n", p->second / 60, p->second % 60, p->host,
             1000 + p->n % 30000, p->user, p->host, p->port);
}

static void cef(struct buf *out, const struct place *p)
{
    buf_addf(out, "CEF:0|Vendor|Firewall|7.1|%u|Connection refused|%u|rt=17723376%02u000 src=192.0.2.%u dst=198.51.100.%u spt=%u dpt=443 proto=TCP act=deny suser=user%u "
                  "cs1Label=Rule cs1=outbound %u msg=refused by policy\\=%u\n", 100 + p->n % 7, p->n % 10, p->second % 60, p->host, p->user % 250, p->port, p->user, p->n % 90, p->n % 40);
}

static void auditd(struct buf *out, const struct place *p)
{
    buf_addf(out, "type=SYSCALL msg=audit(1772337600.%03u:%u): arch=c000003e syscall=59 success=yes exit=0 a0=55d0c8 a1=55d0d0 a2=55d0e0 a3=8 items=2 ppid=%u pid=%u auid=%u uid=0 "
                  "gid=0 tty=pts0 ses=3 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"exec\"\n"
                  "type=EXECVE msg=audit(1772337600.%03u:%u): argc=3 a0=\"curl\" a1=\"-s\" a2=\"http://192.0.2.%u/%u\"\n", p->n % 1000, p->n, p->port, p->port + 1, p->user, p->n % 1000, p->n, p->host,
             p->n);
}

static void zeek(struct buf *out, const struct place *p)
{
    if (p->n == 0)
        buf_adds(out, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
                      "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\n"
                      "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\n");
    buf_addf(out, "17723376%02u.%06u\tC%08xAb\t192.0.2.%u\t%u\t198.51.100.%u\t443\ttcp\tssl\t%u.25\t%u\t%u\tSF\n", p->second % 60, p->n % 1000000, p->n, p->host, p->port, p->user % 250, p->n % 9,
             p->n % 9000, p->n % 70000);
}

static void w3c(struct buf *out, const struct place *p)
{
    if (p->n == 0)
        buf_adds(out, "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
                      "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-bytes time-taken\n");
    buf_addf(out, "2026-03-01 10:%02u:%02u 198.51.100.7 GET /app/page%u.aspx id=%u&x=1 443 user%u 192.0.2.%u Mozilla/5.0+(Windows+NT+10.0;+Win64) 200 %u %u\n", p->second / 60, p->second % 60, p->n % 50,
             p->n, p->user, p->host, p->n % 40000, p->n % 300);
}

static void apache(struct buf *out, const struct place *p)
{
    buf_addf(out, "192.0.2.%u - user%u [01/Mar/2026:10:%02u:%02u +0000] \"GET /app/page%u?id=%u HTTP/1.1\" 200 %u \"https://www.example.org/\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n", p->host, p->user,
             p->second / 60, p->second % 60, p->n % 50, p->n, p->n % 40000);
}

static const struct kind { const char *name, *format; void (*line)(struct buf *, const struct place *); } kinds[] = {
    {"Syslog, RFC 5424", "syslog", syslog_new}, {"Syslog, RFC 3164", "syslog", syslog_old}, {"CEF", "cef", cef}, {"auditd", "auditd", auditd}, {"Zeek", "zeek", zeek}, {"W3C", "w3c", w3c},
    {"Apache, access log", "apache", apache},
};

static void run(const struct kind *kind)
{
    struct arena *lasting = arena_new((size_t)256 << 20), *scratch = arena_new((size_t)64 << 20);
    struct buf text;
    double speed[ROUNDS], share = 0;
    uint64_t events = 0;
    char remark[160];
    buf_init(&text, BYTES + (1 << 16));
    for (unsigned n = 0; text.len < BYTES; n++) {
        const struct place place = {n, n / 50 % 3600, n * 7 % 300, n * 13 % 250, 1024 + n * 17 % 60000};
        kind->line(&text, &place);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct log_reader *reader = log_reader_new(lasting, fields_new(lasting), log_format_named(kind->format), 1772337600000);
        double floor = floor_pass(text.data, text.len), begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
        struct event event;
        size_t at = 0;
        event_init(&event, scratch);
        for (enum status status; (status = log_read(reader, &event, text.data, text.len, at, true, NULL, &at)) != ABSENT;) {
            must(status == OK, "an event that cannot be read");
            sink = sink + event.n + (uint64_t)event.time;
            event_clear(&event);
        }
        double took = clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
        struct log_counts counts = log_counts(reader);
        must(counts.raw == 0 && counts.faulty == 0, "a line that was not understood");
        events = counts.events;
        speed[round] = (double)text.len / took / 1e9;
        share += floor / took / ROUNDS;
    }
    double median = centile_of(speed, ROUNDS, .5);
    snprintf(remark, sizeof remark, "%.0f thousand events/s; %.3f of a pass over memory", median * 1e6 * (double)events / (double)text.len, share);
    figure(kind->name, "-", speed[0], median, speed[ROUNDS - 1], " GB/s", remark);
    buf_free(&text);
    arena_free(scratch);
    arena_free(lasting);
}

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run(&kinds[i]);
    return 0;
}
