/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands that touch records speak to the running office over HTTP with a person's token: from --url and --token, or from CASTELLAN_URL
 * and CASTELLAN_TOKEN. What they print is what that person may read, in the post that the token is bound to.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "base/arena.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"

struct client {
    struct arena *arena;
    struct reasons reasons;            /* of the last failure, as the office worded it */
    const char *url, *token;
    const char *ca_file;               /* --ca-file: the authority of the office's certificate; NULL the system's */
};
/* Takes the options that all such commands share. False with a reason where address or token are missing. */
bool client_open(struct client *, int argc, char **argv);
void client_close(struct client *);
extern const char *const client_options[];             /* those that take a value, for cli_argument; NULL-terminated */

/* One request; `path` is ready made. `body` NULL: GET, else POST with JSON. The answer is JSON. REFUSED, ABSENT, BAD_INPUT, CONFLICT with
 * the office's reasons; FAILED_IO when it does not answer. */
enum status client_json(struct client *, const char *method, const char *path, const struct val *body, struct val **ret) MUST_CHECK;
/* The same, and the answer's bytes as they are (CSV, XLSX). */
enum status client_bytes(struct client *, const char *path, const char **ret, size_t *ret_len) MUST_CHECK;
/* Follows a stream of server-sent events: `each` is told the name of every event, and ends the stream by false; `go_on` is asked about once a
 * second. OK when one of them ended it or the office did; FAILED_IO when the connection broke or was silent for a minute. */
enum status client_stream(struct client *, const char *path, bool (*each)(void *arg, const char *event), bool (*go_on)(void *arg), void *arg) MUST_CHECK;
/* Posts a file with fields as multipart/form-data. `ret` is the office's JSON whatever the status, where it is JSON; else NULL. */
struct client_field { const char *name, *value; };     /* value NULL: left out */
struct client_file { const char *field, *name; const char *bytes; size_t len; };
enum status client_upload(struct client *, const char *path, const struct client_file *, const struct client_field *fields, size_t n, struct val **ret) MUST_CHECK;
/* One component of a path or a value of a query, percent-encoded. */
const char *client_part(struct client *, const char *text);
/* Prints a value: JSON in lines when `json`, else as name and value, indented. */
void client_print(const struct val *, bool json);
int client_end(struct client *, enum status);          /* closes; 0, or 1 with the reasons printed */

#endif
