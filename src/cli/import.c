/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan import: hands a table or an OSCAL catalogue to the running office, which reads it in a jail, tries every row and takes in a
 * file without fault. The change keys follow from what is sent: the same import once more, after a failure in the middle, makes nothing twice.
 */
#include <string.h>

#include "base/hash.h"
#include "cli/cli.h"
#include "cli/client.h"

#define FILE_MOST ((size_t)64 << 20)

struct importing { const char *register_, *path, *label, *file; bool dry; };

static const char *key_of(struct client *client, const struct importing *what, const char *bytes, size_t len)
{
    struct buf all;
    char *hex = arena_alloc(client->arena, 2 * HASH_BYTES + 1);
    buf_init(&all, FILE_MOST + (1 << 16));
    buf_addf(&all, "%s\n%s\n%s\n", what->register_, what->label ? what->label : "", what->file ? what->file : "");
    buf_add(&all, bytes, len);
    struct hash hash = sha256(all.data, all.len);
    buf_free(&all);
    hex_write(hash.bytes, HASH_BYTES, hex);
    hex[40] = 0;
    return hex;
}

static void report(const struct importing *what, enum status status, const struct val *answer)
{
    long long rows = val_get_int(answer, "rows", 0), faulty = val_get_int(answer, "faulty", 0), imported = val_get_int(answer, "imported", 0);
    if (status == OK && !what->dry)
        printf("%s %lld\n", tr(cli_lang(), T_("Imported:")), imported);
    else if (val_get(answer, "rows"))
        fprintf(stderr, "%s %lld, %s %lld\n", tr(cli_lang(), T_("Nothing was imported; rows that would have been:")), rows - faulty, tr(cli_lang(), T_("faulty:")), faulty);
}

int cli_import(int argc, char **argv)
{
    const struct importing what = {cli_argument(argc, argv, 0, client_options), cli_argument(argc, argv, 1, client_options), cli_option(argc, argv, "--label"),
                                   cli_option(argc, argv, "--file"), cli_flag(argc, argv, "--dry")};
    struct client client;
    struct val *answer = NULL;
    size_t len;
    if (!what.register_ || !what.path)
        return cli_usage("import");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    const char *bytes = cli_read(client.arena, what.path, FILE_MOST, &len, &client.reasons);
    if (!bytes)
        return client_end(&client, FAILED_IO);
    const char *slash = strrchr(what.path, '/');
    const struct client_file file = {"upload", slash ? slash + 1 : what.path, bytes, len};
    const struct client_field fields[] = {{"key", key_of(&client, &what, bytes, len)}, {"label", what.label}, {"file", what.file}, {"do", what.dry ? "try" : "import"}};
    enum status status = client_upload(&client, arena_printf(client.arena, "/api/v1/import/%s", client_part(&client, what.register_)), &file, fields, 4, &answer);
    int code = status == OK ? 0 : cli_fail(&client.reasons, status);
    report(&what, status, answer);
    client_close(&client);
    return code;
}
