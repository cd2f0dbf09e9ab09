/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Declared channels: a check over all the office's records says one fixed sentence, is asked only when the step is really taken, so often
 * an hour for each person, and the count is that person's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "fixture.h"
#include "tap.h"

#define PERSON(login) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"X\",\"nationality\":\"BEL\",\"posts\":[{\"post\":\"head-of-registry\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]," \
    "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"4\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]," \
    "\"briefings\":[{\"policy\":\"1.3.26.1.3.1\",\"class\":\"4\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]}"

static struct fixture f;

/* The embedded register, its one check made a declared channel. */
static void declare(const char *folder)
{
    static char text[1 << 16];
    char path[600];
    snprintf(path, sizeof path, "%s/duties/registry/document.yaml", getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".");
    FILE *from = fopen(path, "r");
    size_t n = from ? fread(text, 1, sizeof text - 1, from) : 0;
    char *at = strstr(text, "field: document, over: visible");
    snprintf(path, sizeof path, "%s/duties", folder);
    mkdir(folder, 0700);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/duties/registry", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/duties/registry/document.yaml", folder);
    FILE *to = fopen(path, "w");
    ok(n && at && to, "the register of documents, its check made a declared channel");
    if (from)
        fclose(from);
    if (!at || !to)
        exit(1);
    fwrite(text, 1, (size_t)(at - text), to);
    fputs("field: document, over: all, ask: manage-registry", to);
    fputs(at + strlen("field: document, over: visible"), to);
    fclose(to);
}

static struct outcome answer;
static enum status dispose(const char *login, const char *number)
{
    return fixture_do(&f, login, (struct op){.kind = OP_STEP, .number = number, .step = "dispose"}, "{}", NULL, &answer);
}
static bool says(const char *word) { return strstr(fixture_words(), word); }
static char sentence[512];

static void asked(const char *document)
{
    unsigned same = 0;
    ok(dispose("reg", document) == REFUSED && says("(channel)"), "a question to the channel is answered");
    snprintf(sentence, sizeof sentence, "%s", fixture_words());
    for (int i = 1; i < CHANNEL_MOST; i++)
        same += dispose("reg", document) == REFUSED && strcmp(fixture_words(), sentence) == 0;
    is_int(same, CHANNEL_MOST - 1, "as often as an hour allows, in the same words each time");
    ok(dispose("reg", document) == REFUSED && says("channel.rate") && says("6 times within an hour"), "then nothing is looked at, and the refusal says so");
    const char *next = answer.reasons.first->next.in[LANG_EN];
    ok(next && strstr(next, "2027-03-01T09:"), "and from when on it may be asked again: %s", next ? next : "");
    ok(dispose("reg2", document) == REFUSED && strcmp(fixture_words(), sentence) == 0, "another person's count is their own");
}

static size_t told(const char *login)
{
    struct channel_question *questions;
    size_t n = 0;
    const struct reader *reader = fixture_reader(&f, login);
    if (office_channel_questions(f.office, reader, f.now, f.arena, &questions, &n) != OK)
        n = 99;
    reader_free(reader);
    return n;
}

static void desks(void)
{
    is_int((long)told("reg2"), 2, "who holds the channel's right is told of two persons' questions");
    is_int((long)told("hso"), 0, "who does not hold it is told of none");
    f.now += 31 * DAY;
    is_int((long)told("reg2"), 0, "after thirty days they are told no more");
    f.now -= 31 * DAY;
}

static void tried(const char *document)
{
    const struct reader *reader = fixture_reader(&f, "reg2");
    const struct op op = {.kind = OP_STEP, .number = document, .step = "dispose"};
    struct outcome outcome;
    unsigned good = 0;
    for (int i = 0; i < 3 * CHANNEL_MOST; i++) {
        struct change change = {.writer = reader, .key = "try", .now = f.now, .ops = &op, .n_ops = 1};
        good += office_try(f.office, &change, f.arena, &outcome) == OK;
    }
    reader_free(reader);
    is_int(good, 3 * CHANNEL_MOST, "trying asks nothing and tells nothing");
    ok(dispose("reg2", document) == REFUSED && strcmp(fixture_words(), sentence) == 0, "nor does it count");
}

static void later(const char *document)
{
    fixture_reopen(&f);
    ok(dispose("reg", document) == REFUSED && says("channel.rate"), "a restart begins no count anew");
    f.now += CHANNEL_SPAN - 1;
    ok(dispose("reg", document) == REFUSED && says("channel.rate"), "just before the hour is over it is still refused");
    f.now += 1;
    ok(dispose("reg", document) == REFUSED && strcmp(fixture_words(), sentence) == 0, "after it, it is answered again");
}

int main(void)
{
    char folder[] = "/tmp/castellan-channel-XXXXXX";
    const char *origin = NULL, *document = NULL, *copy = NULL;
    if (!mkdtemp(folder))
        return 1;
    declare(folder);
    fixture_pack = folder;
    fixture_new_with(&f, "[" PERSON("reg2") "]");
    const char *secret = fixture_label(&f, "NATO", "SECRET");
    ok(fixture_create(&f, "hso", "organisation", NULL, "{\"name\":\"Ministry\",\"kind\":\"agency\"}", &origin) == OK, "an originator");
    ok(fixture_create(&f, "reg", "document", secret, arena_printf(f.arena, "{\"title\":\"Plan\",\"reference\":\"M/1\",\"kind\":\"report\",\"originator\":\"%s\",\"dated\":\"2027-01-10\"}", origin),
                      &document) == OK, "a document");
    if (!ok(fixture_create(&f, "reg", "document-copy", NULL, arena_printf(f.arena, "{\"document\":\"%s\",\"control-number\":\"NS-27-0417\",\"copy-number\":1,\"medium\":\"paper\"}", document),
                           &copy) == OK, "with a copy that is held"))
        printf("# %s\n", fixture_words());
    asked(document);
    desks();
    tried(document);
    later(document);
    fixture_free(&f);
    fixture_drop(folder);
    return tap_done();
}
