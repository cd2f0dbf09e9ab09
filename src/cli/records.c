/* SPDX-License-Identifier: GPL-3.0-or-later
 * Commands about records, for persons and scripts: register, export, who-may, explain, account. See client.h.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"

static const char *argument(int argc, char **argv, int n) { return cli_argument(argc, argv, n, client_options); }

/* ---- register ---- */

static enum status fields_of(struct client *client, int argc, char **argv, struct val *body)
{
    static const struct { const char *option, *member; } texts[] = {{"--label", "label"}, {"--file", "file"}, {"--reason", "reason"}, {"--key", "key"}};
    const char *fields = cli_option(argc, argv, "--fields");
    struct val *value;
    if (fields && json_read(client->arena, fields, strlen(fields), (struct json_limits){0}, &client->reasons, &value) != OK)
        return BAD_INPUT;
    val_set(client->arena, body, "fields", fields ? value : val_object(client->arena));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        val_set_str(client->arena, body, texts[i].member, cli_option(argc, argv, texts[i].option));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!cli_option(argc, argv, texts[i].option))
            val_drop(body, texts[i].member);
    return OK;
}

static enum status list(struct client *client, int argc, char **argv, bool json)
{
    const char *limit = cli_option(argc, argv, "--limit");
    struct val *answer;
    enum status status = client_json(client, "GET", arena_printf(client->arena, "/api/v1/records/%s?limit=%s", client_part(client, argument(argc, argv, 1)), limit ? client_part(client, limit) : "50"),
                                     NULL, &answer);
    const struct val *records = status == OK ? val_get(answer, "records") : NULL;
    if (status == OK && json)
        client_print(answer, true);
    for (size_t i = 0; !json && i < val_count(records); i++) {
        const struct val *item = val_at(records, i), *title = val_get(item, "title");
        const char *due = val_get_str(item, "due");
        printf("%-22s %-16s %-24s %s\n", val_get_str(item, "number"), val_get_str(item, "state"), due ? due : "", val_get_str(title, cli_lang() == LANG_FR ? "fr" : "en"));
    }
    return status;
}

static enum status one_request(struct client *client, const char *method, const char *path, const struct val *body, bool json)
{
    struct val *answer;
    enum status status = client_json(client, method, path, body, &answer);
    if (status == OK)
        client_print(answer, json);
    return status;
}

int cli_register(int argc, char **argv)
{
    const char *verb = argument(argc, argv, 0), *name = argument(argc, argv, 1), *number = argument(argc, argv, 2), *step = argument(argc, argv, 3);
    bool json = cli_flag(argc, argv, "--json"), shows = str_eq(verb, "show"), edits = str_eq(verb, "edit"), steps = str_eq(verb, "step"), creates = str_eq(verb, "create");
    struct client client;
    if (!name || !(str_eq(verb, "list") || creates || ((shows || edits) && number) || (steps && number && step)))
        return cli_usage("register");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    struct val *body = val_object(client.arena);
    const char *base = arena_printf(client.arena, "/api/v1/records/%s", client_part(&client, name));
    const char *path = number ? arena_printf(client.arena, "%s/%s", base, client_part(&client, number)) : base;
    enum status status = fields_of(&client, argc, argv, body);
    if (status == OK && shows)
        status = one_request(&client, "GET", path, NULL, json);
    else if (status == OK && (creates || edits))
        status = one_request(&client, creates ? "POST" : "PUT", creates ? base : path, body, json);
    else if (status == OK && steps)
        status = one_request(&client, "POST", arena_printf(client.arena, "%s/steps/%s", path, client_part(&client, step)), body, json);
    else if (status == OK)
        status = list(&client, argc, argv, json);
    return client_end(&client, status);
}

/* ---- export ---- */

int cli_export(int argc, char **argv)
{
    const char *name = argument(argc, argv, 0), *to = cli_option(argc, argv, "--to"), *format = cli_option(argc, argv, "--format");
    struct client client;
    const char *bytes;
    size_t len;
    format = format ? format : to && str_ends(to, ".xlsx") ? "xlsx" : "csv";
    if (!name || (!str_eq(format, "csv") && !str_eq(format, "xlsx")) || (str_eq(format, "xlsx") && !to))
        return cli_usage("export");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    enum status status = client_bytes(&client, arena_printf(client.arena, "/%s?format=%s", client_part(&client, name), format), &bytes, &len);
    if (status == OK && to)
        status = cli_write(to, bytes, len, 0600, &client.reasons) ? OK : FAILED_IO;
    else if (status == OK)
        fwrite(bytes, 1, len, stdout);
    return client_end(&client, status);
}

/* ---- who-may, explain, account ---- */

static int readers(const char *command, int argc, char **argv, bool explain)
{
    const char *number = argument(argc, argv, 0), *login = argument(argc, argv, 1);
    struct client client;
    struct val *answer;
    if (!number || (explain && !login))
        return cli_usage(command);
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    const char *path = arena_printf(client.arena, "/api/v1/records/-/%s/readers%s%s", client_part(&client, number), explain ? "?account=" : "",
                                    explain ? client_part(&client, login) : "");
    enum status status = client_json(&client, "GET", path, NULL, &answer);
    const struct val *rows = status == OK ? val_get(answer, explain ? "reasons" : "persons") : NULL;
    if (status == OK && cli_flag(argc, argv, "--json"))
        client_print(answer, true);
    else if (status == OK && explain)
        printf("%s: %s\n", login, val_get_bool(answer, "may", false) ? tr(cli_lang(), T_("may read it")) : tr(cli_lang(), T_("may not read it")));
    for (size_t i = 0; !cli_flag(argc, argv, "--json") && i < val_count(rows); i++) {
        const struct val *item = val_at(rows, i);
        if (explain)
            printf("  %s\n", val_get_str(item, "text") ? val_get_str(item, "text") : "");
        else
            printf("%-32s %s\n", val_get_str(item, "post"), val_get_str(item, "name"));
    }
    return client_end(&client, status);
}
int cli_who_may(int argc, char **argv) { return readers("who-may", argc, argv, false); }
int cli_explain(int argc, char **argv) { return readers("explain", argc, argv, true); }

int cli_account(int argc, char **argv)
{
    struct client client;
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    return client_end(&client, one_request(&client, "GET", "/api/v1/account", NULL, cli_flag(argc, argv, "--json")));
}
