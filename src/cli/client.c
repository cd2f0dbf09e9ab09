/* SPDX-License-Identifier: GPL-3.0-or-later
 * See client.h. Plain HTTP only to this machine; elsewhere the office's certificate is checked.
 */
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

#define ANSWER_MOST ((size_t)256 << 20)

const char *const client_options[] = {"--url", "--token", "--ca-file", "--label", "--file", "--fields", "--reason", "--format", "--to", "--field", "--limit", "--key", "--level", NULL};

static bool loopback(const char *url)
{
    static const char *const own[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        size_t len = strlen(own[i]);
        if (str_starts(url, own[i]) && (url[len] == ':' || url[len] == '/' || !url[len]))
            return true;
    }
    return false;
}

bool client_open(struct client *client, int argc, char **argv)
{
    const char *url = cli_option(argc, argv, "--url"), *token = cli_option(argc, argv, "--token");
    *client = (struct client){.arena = arena_new((size_t)1 << 30), .ca_file = cli_option(argc, argv, "--ca-file")};
    reasons_init(&client->reasons, client->arena);
    client->url = url ? url : getenv("CASTELLAN_URL") ? getenv("CASTELLAN_URL") : "http://127.0.0.1:8642";
    client->token = token ? token : getenv("CASTELLAN_TOKEN");
    if (!client->token)
        reason_next(&client->reasons, reason_add(&client->reasons, "client.token", NULL, T_("This command needs a token of yours: --token, or CASTELLAN_TOKEN.")),
                    T_("Make one on the page of your account."));
    else if (!loopback(client->url) && !str_starts(client->url, "https://"))
        reason_add(&client->reasons, "client.url", client->url, T_("An office on another machine is spoken to over https:// only."));
    else if (!text_is_plain(client->token, strlen(client->token), false))
        reason_add(&client->reasons, "client.token", NULL, T_("This token is unknown, or no longer good."));
    return !client->reasons.count;
}
void client_close(struct client *client) { arena_free(client->arena); }

const char *client_part(struct client *client, const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-' || *c == '_' || *c == '.')
            buf_addc(&out, (char)*c);
        else
            buf_addf(&out, "%%%02X", *c);
    }
    const char *ret = arena_strndup(client->arena, out.data ? out.data : "", out.len);
    buf_free(&out);
    return ret;
}

/* ---- one request ---- */

static size_t take(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *answer = arg;
    buf_add(answer, bytes, size * n);
    return answer->failed ? 0 : size * n;
}

static enum status status_of(long code)
{
    return code >= 200 && code < 300 ? OK : code == 404 ? ABSENT : code == 409 || code == 412 ? CONFLICT : code == 400 || code == 422 || code == 413 ? BAD_INPUT
         : code == 429 || code == 503 ? BUSY : code >= 500 ? FAILED_IO : REFUSED;
}

/* The office's own words, where it gave some: {"reasons": [{rule, where, text, next}]}. */
static void take_reasons(struct client *client, long code, const char *bytes, size_t len)
{
    struct val *answer;
    struct reasons ignored;
    reasons_init(&ignored, client->arena);
    const struct val *list = json_read(client->arena, bytes, len, (struct json_limits){.bytes = ANSWER_MOST}, &ignored, &answer) == OK ? val_get(answer, "reasons") : NULL;
    for (size_t i = 0; i < val_count(list); i++) {
        const struct val *item = val_at(list, i);
        const char *text = val_get_str(item, "text"), *next = val_get_str(item, "next"), *rule = val_get_str(item, "rule");
        struct reason *reason = reason_add(&client->reasons, rule ? rule : "office", val_get_str(item, "where"), "%1$s", text ? text : "");
        if (next)
            reason_next(&client->reasons, reason, "%1$s", next);
    }
    if (!client->reasons.count)
        reason_add(&client->reasons, "office.answer", NULL, T_("The office refused this (answer %1$s)."), arena_printf(client->arena, "%ld", code));
}

/* A body of JSON, or a form with a file; neither: none. */
struct sent { const char *json; const struct client_file *file; const struct client_field *fields; size_t n_fields; };

static curl_mime *form_of(CURL *curl, const struct sent *sent)
{
    curl_mime *mime = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(mime);
    curl_mime_name(part, sent->file->field);
    curl_mime_filename(part, sent->file->name);
    curl_mime_type(part, "application/octet-stream");
    curl_mime_data(part, sent->file->bytes, sent->file->len);
    for (size_t i = 0; i < sent->n_fields; i++) {
        if (!sent->fields[i].value)
            continue;
        part = curl_mime_addpart(mime);
        curl_mime_name(part, sent->fields[i].name);
        curl_mime_data(part, sent->fields[i].value, CURL_ZERO_TERMINATED);
    }
    return mime;
}

static enum status request(struct client *client, const char *method, const char *path, const struct sent *sent, const char *accept, struct buf *answer)
{
    CURL *curl = curl_easy_init();
    curl_mime *mime = NULL;
    struct curl_slist *headers = NULL;
    long code = 0;
    char failure[CURL_ERROR_SIZE] = "";
    if (!curl)
        return NO_MEMORY;
    headers = curl_slist_append(headers, arena_printf(client->arena, "Authorization: Bearer %s", client->token));
    headers = curl_slist_append(headers, arena_printf(client->arena, "Accept: %s", accept));
    headers = curl_slist_append(headers, arena_printf(client->arena, "Accept-Language: %s", lang_code(cli_lang())));
    if (sent->json)
        headers = curl_slist_append(headers, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, arena_printf(client->arena, "%s%s", client->url, path));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (sent->file)
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime = form_of(curl, sent));
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, failure);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 300L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    if (sent->json) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(sent->json));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent->json);
    }
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_mime_free(mime);
    curl_easy_cleanup(curl);
    if (result != CURLE_OK) {
        reason_add(&client->reasons, "client.reach", client->url, T_("The office does not answer: %1$s."), *failure ? failure : curl_easy_strerror(result));
        return FAILED_IO;
    }
    enum status status = status_of(code);
    if (status != OK)
        take_reasons(client, code, answer->data ? answer->data : "", answer->len);
    return status;
}

enum status client_json(struct client *client, const char *method, const char *path, const struct val *body, struct val **ret)
{
    struct buf answer, text;
    buf_init(&answer, ANSWER_MOST);
    buf_init(&text, ANSWER_MOST);
    if (body)
        json_write(&text, body);
    enum status status = text.failed ? TOO_LARGE : request(client, method, path, &(struct sent){.json = body ? text.data : NULL}, "application/json", &answer);
    if (status == OK)
        status = json_read(client->arena, answer.data ? answer.data : "", answer.len, (struct json_limits){.bytes = ANSWER_MOST}, &client->reasons, ret);
    buf_free(&answer);
    buf_free(&text);
    return status;
}

enum status client_bytes(struct client *client, const char *path, const char **ret, size_t *ret_len)
{
    struct buf answer;
    buf_init(&answer, ANSWER_MOST);
    enum status status = request(client, "GET", path, &(struct sent){0}, "*/*", &answer);
    if (status == OK) {
        *ret = arena_memdup(client->arena, answer.data ? answer.data : "", answer.len + (answer.data == NULL));
        *ret_len = answer.len;
    }
    buf_free(&answer);
    return status;
}

enum status client_upload(struct client *client, const char *path, const struct client_file *file, const struct client_field *fields, size_t n, struct val **ret)
{
    struct buf answer;
    struct reasons ignored;
    reasons_init(&ignored, client->arena);
    buf_init(&answer, ANSWER_MOST);
    *ret = NULL;
    enum status status = request(client, "POST", path, &(struct sent){.file = file, .fields = fields, .n_fields = n}, "application/json", &answer);
    if (json_read(client->arena, answer.data ? answer.data : "", answer.len, (struct json_limits){.bytes = ANSWER_MOST}, &ignored, ret) != OK)
        *ret = NULL;
    buf_free(&answer);
    return status;
}

/* ---- a stream ---- */

struct stream { bool (*each)(void *, const char *); bool (*go_on)(void *); void *arg; CURL *curl; char line[256]; size_t len; bool cut, ended; struct buf refusal; };

/* A line of the stream: "event: NAME" names what the empty line behind it ends; all else is of no use here. */
static bool take_line(struct stream *stream)
{
    stream->line[stream->len] = 0;
    bool named = !stream->cut && str_starts(stream->line, "event: ");
    stream->len = 0;
    stream->cut = false;
    return !named || stream->each(stream->arg, stream->line + 7);
}

static size_t take_stream(char *bytes, size_t size, size_t n, void *arg)
{
    struct stream *stream = arg;
    long code = 0;
    curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200) {
        buf_add(&stream->refusal, bytes, size * n);
        return size * n;
    }
    for (size_t i = 0; i < size * n; i++) {
        if (bytes[i] == '\n' && !take_line(stream)) {
            stream->ended = true;
            return 0;
        } else if (bytes[i] != '\n' && stream->len + 1 < sizeof stream->line) {
            stream->line[stream->len++] = bytes[i];
        } else if (bytes[i] != '\n') {
            stream->cut = true;
        }
    }
    return size * n;
}

static int ask_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct stream *stream = arg;
    (void)a, (void)b, (void)c, (void)d;
    stream->ended = stream->ended || !stream->go_on(stream->arg);
    return stream->ended;
}

enum status client_stream(struct client *client, const char *path, bool (*each)(void *, const char *), bool (*go_on)(void *), void *arg)
{
    CURL *curl = curl_easy_init();
    struct stream stream = {.each = each, .go_on = go_on, .arg = arg, .curl = curl};
    struct curl_slist *headers = NULL;
    long code = 0;
    if (!curl)
        return NO_MEMORY;
    buf_init(&stream.refusal, 1 << 20);
    headers = curl_slist_append(headers, arena_printf(client->arena, "Authorization: Bearer %s", client->token));
    headers = curl_slist_append(headers, "Accept: text/event-stream");
    curl_easy_setopt(curl, CURLOPT_URL, arena_printf(client->arena, "%s%s", client->url, path));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_stream);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &stream);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stream);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);     /* the office beats every 20 s */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    enum status status = code && code != 200 ? status_of(code) : stream.ended || result == CURLE_OK ? OK : FAILED_IO;
    if (status != OK && code && code != 200)
        take_reasons(client, code, stream.refusal.data ? stream.refusal.data : "", stream.refusal.len);
    buf_free(&stream.refusal);
    return status;
}

/* ---- printing ---- */

static void print_in(const struct val *value, int depth);
static void print_named(const char *name, const struct val *value, int depth)
{
    bool nested = value->kind == VAL_OBJECT || value->kind == VAL_ARRAY;
    if (value->kind == VAL_NULL || (nested && !val_count(value)))
        return;
    printf("%*s%s:%s", depth * 2, "", name, nested ? "\n" : " ");
    print_in(value, nested ? depth + 1 : 0);
}
static void print_in(const struct val *value, int depth)
{
    switch (value->kind) {
    case VAL_OBJECT:
        for (size_t i = 0; i < value->count; i++)
            print_named(value->members[i].name, value->members[i].value, depth);
        break;
    case VAL_ARRAY:
        for (size_t i = 0; i < value->count; i++) {
            if (value->items[i]->kind == VAL_OBJECT && i)
                printf("\n");
            print_in(value->items[i], depth);
        }
        break;
    case VAL_STR: case VAL_NUMBER: printf("%*s%s\n", depth * 2, "", value->str.s); break;
    case VAL_INT: printf("%*s%lld\n", depth * 2, "", (long long)value->number); break;
    case VAL_BOOL: printf("%*s%s\n", depth * 2, "", value->truth ? "yes" : "no"); break;
    case VAL_NULL: break;
    }
}

void client_print(const struct val *value, bool json)
{
    struct buf text;
    if (!json) {
        print_in(value, 0);
        return;
    }
    buf_init(&text, ANSWER_MOST);
    json_write(&text, value);
    printf("%s\n", text.data ? text.data : "null");
    buf_free(&text);
}

int client_end(struct client *client, enum status status)
{
    int ret = status == OK ? 0 : cli_fail(&client->reasons, status);
    client_close(client);
    return ret;
}
