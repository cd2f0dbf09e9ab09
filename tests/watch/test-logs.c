/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text logs (duties/watch/logs): each format's fields from fixtures, detection of each fixture against each format, streams cut anywhere,
 * lines in no form, public samples.
 */
#include "tap.h"
#include "watch-event.h"
#include "watch/logs/logs.h"

static const moment now = 1795348800000;       /* 2026-11-22T12:00Z */
static struct arena *lasting, *scratch;

/* All events of a text, a line each: "time: Name=value|..."; from memory of exactly that length, in pieces of `piece` bytes. */
static const char *all(const char *format, const char *text, size_t len, size_t piece, struct log_counts *ret)
{
    struct fields *fields = fields_new(lasting);
    struct log_reader *reader = log_reader_new(lasting, fields, log_format_named(format), now);
    struct buf buf;
    struct event event;
    char *window = malloc(len ? len : 1), iso[MOMENT_TEXT];
    size_t have = 0, from = 0, taken = 0;
    buf_init(&buf, 4u << 20);
    for (bool done = false; !done;) {
        size_t more = len - taken < piece ? len - taken : piece, end = 0;
        memmove(window, window + from, have - from);
        have -= from;
        from = 0;
        memcpy(window + have, text + taken, more);
        have += more;
        taken += more;
        char *exact = malloc(have ? have : 1);
        memcpy(exact, window, have);
        for (enum status status = OK; status != ABSENT; from = end) {
            arena_clear(scratch);
            event_init(&event, scratch);
            status = log_read(reader, &event, exact, have, from, taken == len, NULL, &end);
            if (status == OK && (end <= from || !event.raw || event.raw < exact || event.raw + event.raw_len > exact + have))
                buf_adds(&buf, "STUCK ");
            if (status == OK)
                buf_addf(&buf, "%s: %s\n", event.time == MOMENT_NONE ? "-" : moment_iso(event.time, iso), event_line(lasting, fields, &event));
            else if (status != ABSENT)
                buf_addf(&buf, "%s\n", status_name(status));
        }
        free(exact);
        done = taken == len;
    }
    if (ret)
        *ret = log_counts(reader);
    const char *got = arena_strndup(lasting, buf.data ? buf.data : "", buf.len);
    free(window);
    buf_free(&buf);
    return got;
}

struct fixture { const char *format, *name, *text, *want; };
static const struct fixture fixtures[] = {
    {"syslog", "RFC 5424",
     "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 12 ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"App \\\"x\\\" \\] \\\\\"][b@1 c=\"\"] \xef\xbb\xbf" "An event\n"
     "<34>1 - - su - - - 'su root' failed\n<13>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - -\n",
     "2003-10-11T22:14:15.003Z: host=mymachine.example.com|program=evntslog|pid=12|msgid=ID47|exampleSDID@32473.iut=3|exampleSDID@32473.eventSource=App \"x\" ] \\|b@1.c=|message=An event|facility=local4|severity=notice\n"
     "-: program=su|message='su root' failed|facility=auth|severity=crit\n"
     "2003-08-24T12:14:15Z: host=192.0.2.1|program=myproc|pid=8710|message=|facility=user|severity=notice\n"},
    {"syslog", "RFC 3164 and files",
     "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\r\n"
     "Nov 23 11:59:59 host /usr/sbin/cron[99]: (root) CMD (x)\n"
     "Nov 24 12:00:01 combo sshd(pam_unix)[19939]: check pass; user unknown\n"
     "2026-11-22T08:00:00.25+01:00 web1 sshd[7]: Failed password\n"
     "2026-11-22 08:00:00 web1 kernel: oops\n"
     "<189>*Mar  1 2024 18:46:11.5: %SYS-5-CONFIG_I: Configured from console\n"
     "Feb 29 01:02:03 h p: leap\n"
     "<13>no time at all\n",
     "2026-10-11T22:14:15Z: host=mymachine|program=su|message='su root' failed for lonvick on /dev/pts/8|facility=auth|severity=crit\n"
     "2026-11-23T11:59:59Z: host=host|program=cron|tag=/usr/sbin/cron|pid=99|message=(root) CMD (x)\n"
     "2025-11-24T12:00:01Z: host=combo|program=sshd|tag=sshd(pam_unix)|pid=19939|message=check pass; user unknown\n"
     "2026-11-22T07:00:00.250Z: host=web1|program=sshd|pid=7|message=Failed password\n"
     "2026-11-22T08:00:00Z: host=web1|program=kernel|message=oops\n"
     "2024-03-01T18:46:11.500Z: program=%SYS-5-CONFIG_I|message=Configured from console|facility=local7|severity=notice\n"
     "2024-02-29T01:02:03Z: host=h|program=p|message=leap\n"
     "-: message=no time at all|facility=user|severity=notice\n"},
    {"syslog", "counted by octets", "35 <13>1 - h p - - - first\nwith a line24 <13>1 - h p - - - second8 <13>x: y\n",
     "-: host=h|program=p|message=first\nwith a line|facility=user|severity=notice\n-: host=h|program=p|message=second|facility=user|severity=notice\n-: program=x|message=y|facility=user|severity=notice\n"},
    {"syslog", "JSON, CEF and XML in a message",
     "<13>1 - h p - - - @cee: {\"a\":{\"b\":\"x\\ty\"},\"n\":5}\n<13>Oct 11 22:14:15 h CEF:0|V|P|1|100|N|5|src=1.2.3.4\n<13>Oct 11 22:14:15 h sysmon: <Event><System><EventID>1</EventID></System><EventData><Data Name=\"Image\">/bin/x</Data></EventData></Event>\n"
     "<13>1 - h p - - - {\"a\":\n",
     "-: host=h|program=p|message=@cee: {\"a\":{\"b\":\"x\\ty\"},\"n\":5}|a.b=x\ty|n=#5|facility=user|severity=notice\n"
     "2026-10-11T22:14:15Z: host=h|message=CEF:0|V|P|1|100|N|5|src=1.2.3.4|deviceVendor=V|deviceProduct=P|deviceVersion=1|deviceEventClassId=100|name=N|severity=5|src=1.2.3.4|facility=user|severity=notice\n"
     "2026-10-11T22:14:15Z: host=h|program=sysmon|message=<Event><System><EventID>1</EventID></System><EventData><Data Name=\"Image\">/bin/x</Data></EventData></Event>|EventID=1|Image=/bin/x|facility=user|severity=notice\n"
     "-: host=h|program=p|message={\"a\":|facility=user|severity=notice\n"},
    {"cef", "header and extension",
     "CEF:0|Security \\| Co|threat\\\\manager|1.0|100|worm = stopped|10|src=10.0.0.1 msg=a value with blanks\\=and\\nlines act=blocked a | b cs1Label=Rule Name cs1=R 7 rt=1600675753980 request=http://x/?a=b&c=d\n"
     "CEF:0|V|P|1|x|n|Low\nNov 22 10:00:00 fw1 CEF:0|V|P|1|1|n|3|spt=5\n",
     "2020-09-21T08:09:13.980Z: deviceVendor=Security | Co|deviceProduct=threat\\manager|deviceVersion=1.0|deviceEventClassId=100|name=worm = stopped|severity=10|src=10.0.0.1|msg=a value with blanks=and\nlines|act=blocked a | b|cs1Label=Rule Name|cs1=R 7|rt=1600675753980|request=http://x/?a=b&c=d|RuleName=R 7\n"
     "-: deviceVendor=V|deviceProduct=P|deviceVersion=1|deviceEventClassId=x|name=n|severity=Low\n"
     "2026-11-22T10:00:00Z: host=fw1|message=CEF:0|V|P|1|1|n|3|spt=5|deviceVendor=V|deviceProduct=P|deviceVersion=1|deviceEventClassId=1|name=n|severity=3|spt=5\n"},
    {"auditd", "records of one event joined",
     "type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=59 success=yes a0=7fff a1=0 ppid=2686 uid=500 comm=\"cat\" exe=\"/bin/cat\" key=\"watch\"\x1d" "ARCH=x86_64 SYSCALL=execve UID=\"shadowman\"\n"
     "type=EXECVE msg=audit(1364481363.243:24287): argc=3 a0=\"cat\" a1=2F746D702F6120622E747874 a2[0]=\"x\"\n"
     "type=CWD msg=audit(1364481363.243:24287):  cwd=\"/home/shadowman\"\n"
     "type=PATH msg=audit(1364481363.243:24287): item=0 name=(null) nametype=NORMAL\n"
     "type=PROCTITLE msg=audit(1364481363.243:24287): proctitle=636174002F746D702F6120622E747874\n"
     "type=EOE msg=audit(1364481363.243:24287):\n"
     "node=srv1 type=USER_AUTH msg=audit(1364475353.159:24270): user pid=3280 uid=500 msg='op=PAM:authentication acct=\"root\" exe=\"/bin/su\" hostname=? res=failed'\n"
     "Nov 22 10:00:00 h audispd: type=CWD msg=audit(1364475354.000:9): cwd=2F20\n",
     "2013-03-28T14:36:03.243Z: type=SYSCALL|serial=24287|arch=c000003e|syscall=59|success=yes|a0=7fff|a1=0|ppid=2686|uid=500|comm=cat|exe=/bin/cat|key=watch|ARCH=x86_64|SYSCALL=execve|UID=shadowman|type=EXECVE|argc=3|a0=cat|a1=/tmp/a b.txt|a2=x|type=CWD|cwd=/home/shadowman|type=PATH|item=0|nametype=NORMAL|type=PROCTITLE|proctitle=cat /tmp/a b.txt\n"
     "2013-03-28T12:55:53.159Z: type=USER_AUTH|serial=24270|node=srv1|pid=3280|uid=500|op=PAM:authentication|acct=root|exe=/bin/su|hostname=?|res=failed\n"
     "2013-03-28T12:55:54Z: type=CWD|serial=9|cwd=/\n"},
    {"zeek", "tabs",
     "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2020-09-21-08-00-00\n#fields\tts\tuid\tid.orig_h\tid.resp_p\tquery\tanswers\trejected\n#types\ttime\tstring\taddr\tport\tstring\tvector[string]\tbool\n"
     "1600675753.980321\tC1\t10.0.0.1\t53\tx\\x09y.example\ta.example,1.2.3.4\tF\n1600675754.000000\tC2\t10.0.0.2\t53\t-\t(empty)\tT\n#close\t2020-09-21-09-00-00\nshort\trow\n",
     "2020-09-21T08:09:13.980Z: _path=dns|ts=1600675753.980321|uid=C1|id.orig_h=10.0.0.1|id.resp_p=#53|query=x\ty.example|answers=a.example|answers=1.2.3.4|rejected=F\n"
     "2020-09-21T08:09:14Z: _path=dns|ts=1600675754.000000|uid=C2|id.orig_h=10.0.0.2|id.resp_p=#53|answers=|rejected=T\n"
     "-: message=short\trow\n"},
    {"zeek", "JSON", "{\"_path\":\"conn\",\"ts\":1600675753.980321,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"id.resp_p\":443,\"tunnel_parents\":[]}\n",
     "2020-09-21T08:09:13.980Z: _path=conn|ts=#1600675753.980321|uid=C1|id.orig_h=10.0.0.1|id.resp_p=#443\n"},
    {"w3c", "IIS, with columns that change midway",
     "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2020-09-21 08:00:00\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken\r\n"
     "2020-09-21 08:09:13 10.0.0.5 GET /a.aspx id=1&x=2 443 - 1.2.3.4 Mozilla/5.0+(X) 200 15\r\n"
     "#Fields: time cs-method cs-uri-stem sc-status cs(Referer)\r\n08:10:00 POST /b 500 \"a b\"\r\ntoo few\r\n",
     "2020-09-21T08:09:13Z: date=2020-09-21|time=08:09:13|s-ip=10.0.0.5|cs-method=GET|cs-uri-stem=/a.aspx|cs-uri-query=id=1&x=2|s-port=443|c-ip=1.2.3.4|cs(User-Agent)=Mozilla/5.0+(X)|cs-user-agent=Mozilla/5.0+(X)|cs-user-agent=Mozilla/5.0 (X)|sc-status=200|time-taken=15|cs-uri-query=/a.aspx?id=1&x=2|cs-uri=/a.aspx?id=1&x=2\n"
     "2020-09-21T08:10:00Z: time=08:10:00|cs-method=POST|cs-uri-stem=/b|sc-status=500|cs(Referer)=a b|cs-referer=a b|cs-uri-query=/b|cs-uri=/b\n"
     "-: message=too few\n"},
    {"apache", "access",
     "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif?a=1 HTTP/1.0\" 200 2326\n"
     "::1 - - [10/Oct/2000:13:55:36 +0000] \"POST /x HTTP/1.1\" 404 - \"http://ref/\" \"Mozilla \\\"q\\\" 5\"\n"
     "www.example.com:80 1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"\\x16\\x03\\x01\" 400 0 \"-\" \"-\"\n1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"cut",
     "2000-10-10T20:55:36Z: c-ip=127.0.0.1|cs-username=frank|cs-method=GET|cs-uri=/apache_pb.gif?a=1|cs-uri-stem=/apache_pb.gif|cs-uri-query=a=1|cs-uri-query=/apache_pb.gif?a=1|cs-version=HTTP/1.0|sc-status=#200|sc-bytes=#2326\n"
     "2000-10-10T13:55:36Z: c-ip=::1|cs-method=POST|cs-uri=/x|cs-uri-stem=/x|cs-uri-query=/x|cs-version=HTTP/1.1|sc-status=#404|cs-referer=http://ref/|cs-user-agent=Mozilla \\\"q\\\" 5\n"
     "2000-10-10T13:55:36Z: cs-host=www.example.com:80|c-ip=1.2.3.4|cs-uri=\\x16\\x03\\x01|sc-status=#400|sc-bytes=#0\n"
     "2000-10-10T13:55:36Z: c-ip=1.2.3.4|cs-method=GET|cs-uri=/|cs-uri-stem=/|cs-uri-query=/|cs-version=HTTP/1.1|sc-status=#200|sc-bytes=#1\n"},
    {"apache", "errors of Apache and nginx",
     "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok\n"
     "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:1234] File does not exist: /x\n"
     "2024/01/31 12:00:00 [error] 123#45: *1 open() failed, client: 1.2.3.4, server: x, request: \"GET /y?z HTTP/1.1\", host: \"h\"\nanything else\n",
     "2005-12-04T04:47:44Z: program=apache|level=notice|message=workerEnv.init() ok\n"
     "2011-09-09T10:42:29.902Z: program=apache|module=core|level=error|pid=35708|tid=4328636416|c-ip=72.15.99.187|message=File does not exist: /x\n"
     "2024-01-31T12:00:00Z: program=nginx|level=error|pid=123|message=*1 open() failed, client: 1.2.3.4, server: x, request: \"GET /y?z HTTP/1.1\", host: \"h\"|c-ip=1.2.3.4|cs-method=GET|cs-uri=/y?z|cs-uri-stem=/y|cs-uri-query=z|cs-uri-query=/y?z|cs-version=HTTP/1.1\n"
     "-: message=anything else\n"},
    {"winxml", "events under Events",
     "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Events>\n<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{5}'/><EventID Qualifiers=\"0\">4688</EventID>"
     "<TimeCreated SystemTime='2020-09-21T08:09:13.9801234Z'/><EventRecordID>77</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/><Channel>Security</Channel><Computer>PC</Computer><Security/></System>"
     "<EventData><!-- x --><Data Name='NewProcessName'>C:\\a &amp; b&#x41;&#66;.exe</Data><Data Name='CommandLine'><![CDATA[x <y> ]]>&lt;z&gt;</Data><Data Name=\"Empty One\"></Data><Data>bare</Data><Data Name='Nil'/><Binary>00</Binary></EventData>"
     "<RenderingInfo Culture='en-US'><Message>A new\nprocess</Message></RenderingInfo></Event>\n"
     "<e:Event xmlns:e=\"x\"><e:System><e:EventID>1149</e:EventID></e:System><e:UserData><e:EventXML><Param1>u</Param1></e:EventXML></e:UserData></e:Event></Events>\n",
     "2020-09-21T08:09:13.980Z: Provider_Name=Microsoft-Windows-Security-Auditing|Provider_Guid={5}|EventID_Qualifiers=0|EventID=4688|TimeCreated_SystemTime=2020-09-21T08:09:13.9801234Z|EventRecordID=77|Execution_ProcessID=4|Execution_ThreadID=8|Channel=Security|Computer=PC|"
     "NewProcessName=C:\\a & bAB.exe|CommandLine=x <y> <z>|EmptyOne=|Data=bare|Nil=|Binary=00|RenderingInfo_Culture=en-US|Message=A new\nprocess\n"
     "-: EventID=1149|Param1=u\n"},
    {"winxml", "faults",
     "<Event><System><EventID>1</EventID></System></Event><Event><System></Event>\n<Event><EventData><Data Name='A'>1</Data></EventData></Event><!DOCTYPE x [<!ENTITY a 'b'>]><Event><!ENTITY a></Event><Event><System><EventID>2</EventID></System></Event><Event><System>",
     "-: EventID=1\n-: message=<Event><System></Event>\n-: A=1\n-: message=<!DOCTYPE x [<!ENTITY a 'b'>]>\n-: message=<Event><!ENTITY a></Event>\n-: EventID=2\n-: message=<Event><System>\n"},
    {"json", "objects", "[{\"a\":1},\n{\"a\":2}\n]\nnot json\n{\"a\":3}\n", "-: a=#1\n-: a=#2\n-: message=not json\n-: a=#3\n"},
    {"raw", "lines", "some words\n\nothers \xe9\n", "-: message=some words\n-: message=others \xef\xbf\xbd\n"},
};
#define N_FIXTURES (sizeof fixtures / sizeof *fixtures)

static void reads(void)
{
    for (size_t i = 0; i < N_FIXTURES; i++) {
        const struct fixture *f = &fixtures[i];
        struct log_counts counts;
        size_t len = strlen(f->text), wrong = 0;
        char title[100];
        snprintf(title, sizeof title, "%s: %s", f->format, f->name);
        is(all(f->format, f->text, len, len, &counts), f->want, title);
        uint64_t lines = 0, raw = 0;
        for (const char *at = f->want; (at = strstr(at, ": message=")) != NULL; at++)
            raw += at[-1] == '-' && (at == f->want + 1 || at[-2] == '\n') && !strstr(at, "|facility") ? 1 : 0;
        for (const char *at = strstr(f->want, "Z: "); at; at = strstr(at + 1, "Z: "))
            lines++;
        ok(counts.events >= lines && counts.raw == raw, "%s: %llu events, %llu of them raw", title, (unsigned long long)counts.events, (unsigned long long)counts.raw);
        for (size_t piece = 1; piece < len; piece += piece < 40 ? 1 : 97)
            wrong += strcmp(all(f->format, f->text, len, piece, NULL), f->want) != 0;
        ok(wrong == 0, "%s: the same in pieces of any size", title);
    }
}

static void looks(void)
{
    for (size_t i = 0; i < N_FIXTURES; i++) {
        const struct log_format *best = log_format_of(fixtures[i].text, strlen(fixtures[i].text));
        char title[100];
        snprintf(title, sizeof title, "%s is known by its looks (%s)", fixtures[i].format, fixtures[i].name);
        is(best->name, fixtures[i].format, title);
        unsigned sure = best->looks(fixtures[i].text, strlen(fixtures[i].text)), second = 0;
        for (size_t k = 0; log_formats[k]; k++) {
            const char *text = fixtures[i].text;
            unsigned says = log_formats[k]->looks(text, strlen(text));
            second = log_formats[k] != best && says > second ? says : second;
        }
        ok(sure > second || best == log_format_named("raw") || fixtures[i].text[0] == '\xef', "%s: surer than any other format", title);
    }
    is(log_format_of("", 0)->name, "raw", "nothing looks like nothing");
    ok(!log_format_named("nonsense") && log_format_named("evtx") == NULL, "an unknown name is no format");
}

/* The samples of 2,000 lines each: none lost, all in form. */
static void samples(void)
{
    static const struct { const char *name, *format; uint64_t raw; const char *has; } files[] = {
        {"Linux_2k.log", "syslog", 0, "host=combo|program=sshd|tag=sshd(pam_unix)|pid=19939|message=authentication failure;"},
        {"OpenSSH_2k.log", "syslog", 0, "host=LabSZ|program=sshd|pid=24200|message=Invalid user webmaster from 173.234.31.186"},
        {"Apache_2k.log", "apache", 0, "2005-12-04T04:47:44Z: program=apache|level=notice|message=workerEnv.init() ok"},
    };
    const char *data = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    for (size_t i = 0; i < 3; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s/events/loghub/%s", data ? data : root ? root : ".", data ? "" : "/../shared/data", files[i].name);
        size_t len;
        char *text = file_bytes(path, &len);
        if (!text) {
            tap_skip(files[i].name, "no public data here; CASTELLAN_DATA names its folder");
            continue;
        }
        struct log_counts counts;
        const struct log_format *format = log_format_of(text, len);
        is(format->name, files[i].format, files[i].name);
        const char *got = all(format->name, text, len, len, &counts);
        ok(counts.events == 2000 && counts.raw == files[i].raw && counts.faulty == 0, "%s: 2,000 events, %llu raw", files[i].name, (unsigned long long)counts.raw);
        ok(strstr(got, files[i].has) && !strstr(got, "\n-: "), "%s: fields, and each line has its time", files[i].name);
        free(text);
    }
}

/* Spoiled fixtures: nothing is lost, nothing is read outside, reading goes on. */
static void spoiled(void)
{
    size_t cases = tap_cases(200000), stuck = 0;
    for (size_t i = 0; i < cases; i++) {
        const struct fixture *f = &fixtures[tap_below(N_FIXTURES)];
        size_t len = strlen(f->text);
        char *text = malloc(len);
        memcpy(text, f->text, len);
        for (uint64_t n = 1 + tap_below(6); n; n--)
            text[tap_below(len)] = tap_below(2) ? "\"\\|=[]<>& \n\t#-{}:"[tap_below(17)] : (char)tap_random();
        len -= tap_below(4) ? 0 : tap_below(len);
        if (i % 64 == 0) {
            arena_free(lasting);
            lasting = arena_new((size_t)512 << 20);
        }
        const char *format = tap_below(3) ? f->format : log_formats[tap_below(9)]->name;
        stuck += strstr(all(format, text, len, tap_below(3) ? len + 1 : 1 + tap_below(len + 1), NULL), "STUCK") != NULL;
        free(text);
    }
    ok(stuck == 0, "%zu spoiled texts are read to their end", cases);
}

static void large(void)
{
    struct buf buf;
    static const struct { const char *format, *unit; } units[] = {
        {"syslog", "x"}, {"cef", "a=b "}, {"apache", "["}, {"w3c", "\" "}, {"zeek", "\t"}, {"auditd", "a='"}, {"raw", "x"}, {"winxml", "<Event><a>x<![CDATA[]]>"},
        {"winxml", "&#x"}, {"json", "{\"a\":"}, {"syslog", "<13>1 - - - - - [a b=\""}, {"cef", "CEF:0|||||||a=\\"}, {"winxml", "<Event a=\"1\">"}, {"winxml", "<Event"}, {"cef", "CEF:0|a|b|c|d|e|f|aLabel=b "},
    };
    buf_init(&buf, 16u << 20);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        buf_clear(&buf);
        if (units[i].format[0] == 'w' && units[i].format[1] == '3')
            buf_adds(&buf, "#Fields: a b c\n");
        size_t most = strncmp(units[i].unit, "<Event", 6) == 0 ? 300000 : EVENT_BYTES_MOST + 1000u;        /* of those each is an event */
        while (buf.len < most)
            buf_adds(&buf, units[i].unit);
        buf_adds(&buf, "\nlast\n");
        struct log_counts counts;
        clock_t begun = clock();
        const char *got = all(units[i].format, buf.data, buf.len, buf.len, &counts);
        double took = (double)(clock() - begun) / CLOCKS_PER_SEC;
        ok(counts.faulty + counts.events > 0 && !strstr(got, "STUCK") && took < 4, "%s: %zu bytes of %.20s in %.2f s", units[i].format, most, units[i].unit, took);
    }
    buf_free(&buf);
}

int main(void)
{
    tap_seed();
    lasting = arena_new((size_t)512 << 20);
    scratch = arena_new((size_t)128 << 20);
    reads();
    looks();
    samples();
    spoiled();
    large();
    arena_free(scratch);
    arena_free(lasting);
    return tap_done();
}
