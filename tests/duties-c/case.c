/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * case FILE: runs one case of a duty in a small office of its own (tests/office/fixture.h names its persons) and prints TAP. A case is
 * lines that a security officer could read; a line that begins with a blank continues the one before it:
 *
 *     # words
 *     person LOGIN POST CLASS                     one more person, cleared to that NATO class
 *     later 1d                                    time goes on (m, h, d)
 *     reopen                                      the office is closed and opened again
 *     as LOGIN: create REGISTER $x POLICY/CLASS {fields} -> OK
 *     as LOGIN: create REGISTER $x - {fields}     - : the label that the register gives
 *     as LOGIN: step $x STEP {fields}             also: edit $x {fields}, regrade $x POLICY/CLASS
 *     as LOGIN: confirm $p                        also: decline $p, withdraw $p
 *     as LOGIN: read $x                           answers the state
 *     as LOGIN: field $x NAME                     answers the field's value, or the linked record's number
 *     as LOGIN: ask DUTY.QUERY {arguments}        answers its JSON
 *
 * What comes out stands behind "->": OK; absent; proposed $p (a second person must confirm); refused "words of the refusal";
 * or "a part of the answer". $x stands for a record's number, $LOGIN for that person's; in fields, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "fixture.h"
#include "office/duty.h"
#include "tap.h"

static struct fixture f;
static struct { char name[32]; const char *number; } known[64];
static size_t n_known;
static const char *file_name;

static void broken(unsigned line, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", file_name, line, what);
    exit(2);
}

/* ---- names ---- */

static void remember(const char *name, const char *number)
{
    if (n_known < sizeof known / sizeof *known && number && name[0] == '$') {
        snprintf(known[n_known].name, sizeof known->name, "%s", name + 1);
        known[n_known++].number = number;
    }
}
static const char *number_of(const char *name)
{
    for (size_t i = n_known; i-- > 0;)
        if (strcmp(known[i].name, name) == 0)
            return known[i].number;
    return fixture_person(&f, name);
}

/* $name in a text becomes what it stands for; an unknown name stays. */
static char *filled(const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    while (*text) {
        char name[32];
        size_t n = *text == '$' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
        const char *number = NULL;
        if (n && n < sizeof name) {
            memcpy(name, text + 1, n);
            name[n] = 0;
            number = number_of(name);
        }
        if (number)
            buf_adds(&out, number);
        else
            buf_add(&out, text, n + 1);
        text += n + 1;
    }
    char *ret = arena_strndup(f.arena, out.data ? out.data : "", out.len);
    buf_free(&out);
    return ret;
}

/* ---- words of a line ---- */

static char *word(char **at)
{
    char *start = *at + strspn(*at, " \t");
    size_t n = strcspn(start, " \t");
    *at = start + n + (start[n] != 0);
    start[n] = 0;
    return start;
}
static char *rest(char **at) { return *at + strspn(*at, " \t"); }

static const char *label_of(const char *text)
{
    char policy[64];
    const char *slash = strchr(text, '/');
    if (!slash || (size_t)(slash - text) >= sizeof policy)
        return NULL;
    memcpy(policy, text, (size_t)(slash - text));
    policy[slash - text] = 0;
    char *class = arena_strdup(f.arena, slash + 1);
    for (char *c = class; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return fixture_label(&f, policy, class);
}

/* ---- what is done: each answers a status, and a text or number ---- */

struct doing { const char *login, *verb; char *at; const char *text, *name; bool proposed; };

static enum status apply(struct doing *it, struct op op, const char *fields)
{
    struct outcome outcome = {0};
    enum status status = fixture_do(&f, it->login, op, *fields ? fields : NULL, &it->text, &outcome);
    it->proposed = status == OK && outcome.proposed;
    return status;
}
static enum status do_create(struct doing *it)
{
    const char *register_ = word(&it->at), *name = word(&it->at), *label = word(&it->at);
    enum status status = apply(it, (struct op){.kind = OP_CREATE, .register_ = register_, .label = label_of(label)}, filled(rest(&it->at)));
    if (status == OK && !it->proposed)
        remember(name, it->text);
    return status;
}
static enum status do_step(struct doing *it)
{
    const char *number = filled(word(&it->at)), *step = word(&it->at);
    return apply(it, (struct op){.kind = OP_STEP, .number = number, .step = step, .reason = "because"}, filled(rest(&it->at)));
}
static enum status do_edit(struct doing *it)
{
    const char *number = filled(word(&it->at));
    return apply(it, (struct op){.kind = OP_EDIT, .number = number}, filled(rest(&it->at)));
}
static enum status do_regrade(struct doing *it)
{
    const char *number = filled(word(&it->at));
    return apply(it, (struct op){.kind = OP_REGRADE, .number = number, .label = label_of(word(&it->at)), .reason = "because"}, "");
}

static enum status get(struct doing *it, const char *number, struct record_view *ret)
{
    const struct reader *reader = fixture_reader(&f, it->login);
    enum status status = reader ? office_get(f.office, reader, NULL, number, f.arena, ret) : REFUSED;
    reader_free(reader);
    return status;
}
static enum status do_decision(struct doing *it)
{
    struct record_view record;
    const char *number = filled(word(&it->at)), *op = NULL;
    char hex[2 * HASH_BYTES + 1] = "";
    if (get(it, number, &record) == OK && (op = val_get_str(record.fields, "op"))) {
        struct hash hash = sha256(op, strlen(op));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    enum op_kind kind = it->verb[0] == 'c' ? OP_CONFIRM : it->verb[0] == 'd' ? OP_DECLINE : OP_WITHDRAW;
    return apply(it, (struct op){.kind = kind, .number = number, .proposed = hex, .reason = "because"}, "");
}
static enum status do_read(struct doing *it)
{
    struct record_view record;
    enum status status = get(it, filled(word(&it->at)), &record);
    if (status == OK)
        it->text = record.state->name;
    return status;
}
static enum status do_field(struct doing *it)
{
    struct record_view record;
    enum status status = get(it, filled(word(&it->at)), &record);
    const char *name = word(&it->at);
    it->text = "nothing";
    if (status != OK)
        return status;
    const struct val *value = val_get(record.fields, name);
    if (value)
        it->text = value->kind == VAL_STR ? value->str.s : value->kind == VAL_INT ? arena_printf(f.arena, "%lld", (long long)value->number) : "something";
    for (size_t i = 0; i < record.n_links; i++)
        if (strcmp(record.links[i].field->name, name) == 0)
            it->text = record.links[i].number;
    return OK;
}
static enum status do_ask(struct doing *it)
{
    struct reasons reasons;
    struct val *arguments, *answer;
    struct buf out;
    const char *query = word(&it->at), *text = filled(rest(&it->at));
    const struct reader *reader = fixture_reader(&f, it->login);
    reasons_init(&reasons, f.arena);
    enum status status = json_read(f.arena, text, strlen(text), (struct json_limits){0}, &reasons, &arguments);
    if (status == OK)
        status = office_ask(f.office, reader, query, arguments, f.arena, &answer);
    reader_free(reader);
    if (status != OK)
        return status;
    buf_init(&out, 1 << 20);
    json_write(&out, answer);
    it->text = arena_strndup(f.arena, out.data, out.len);
    buf_free(&out);
    return OK;
}

static const struct { const char *name; enum status (*run)(struct doing *); } verbs[] = {
    {"create", do_create}, {"step", do_step}, {"edit", do_edit}, {"regrade", do_regrade}, {"confirm", do_decision}, {"decline", do_decision},
    {"withdraw", do_decision}, {"read", do_read}, {"field", do_field}, {"ask", do_ask},
};

/* ---- what came out ---- */

static bool came_out(struct doing *it, enum status status, char *wanted)
{
    char *quote = strchr(wanted, '"'), *end = quote ? strrchr(quote + 1, '"') : NULL;
    if (quote && end > quote) {
        *end = 0;
        quote = filled(quote + 1);
    }
    if (str_starts(wanted, "refused"))
        return status != OK && status != ABSENT && (!quote || strstr(fixture_words(), quote));
    if (strcmp(wanted, "absent") == 0)
        return status == ABSENT;
    if (str_starts(wanted, "proposed ")) {
        if (status == OK && it->proposed)
            remember(wanted + strlen("proposed "), it->text);
        return status == OK && it->proposed;
    }
    if (strcmp(wanted, "OK") == 0)
        return status == OK && !it->proposed;
    return status == OK && it->text && (quote ? strstr(it->text, quote) != NULL : strcmp(it->text, filled(wanted)) == 0);
}

static void act(char *line, unsigned number)
{
    char *shown = arena_strdup(f.arena, line), *arrow = strstr(line, "->"), *colon = strchr(line, ':');
    for (char *next = arrow; next; next = strstr(next + 2, "->"))
        arrow = next;
    if (!arrow || !colon || colon > arrow)
        broken(number, "a line is: as LOGIN: what is done -> what comes out");
    char *wanted = arrow + 2 + strspn(arrow + 2, " "), *end = wanted + strlen(wanted);
    while (arrow > line && arrow[-1] == ' ')
        arrow--;
    *arrow = *colon = 0;
    while (end > wanted && end[-1] == ' ')
        *--end = 0;
    struct doing it = {.login = line + 3, .at = colon + 1};
    it.verb = word(&it.at);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, it.verb) != 0)
            continue;
        enum status status = verbs[i].run(&it);
        for (char *c = shown; *c; c++)
            *c = *c == '#' ? ' ' : *c;         /* TAP would read a directive */
        if (!ok(came_out(&it, status, wanted), "%u: %.150s", number, shown))
            printf("# came out: %s %s %s\n", status_name(status), it.text ? it.text : "", status == OK ? "" : fixture_words());
        return;
    }
    broken(number, "no such verb");
}

/* ---- the file ---- */

static char *person_json(struct arena *arena, char *at, unsigned number)
{
    static const char *const classes[] = {"UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP_SECRET"};
    const char *login = word(&at), *post = word(&at), *class = word(&at);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(class, classes[i]) == 0)
            return arena_printf(arena, "{\"login\":\"%s\",\"name\":\"%s\",\"given-name\":\"A\",\"nationality\":\"BEL\",\"email\":\"%s@hq.example\","
                "\"posts\":[{\"post\":\"%s\",\"from\":\"2026-01-01\"}],\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"%zu\\\"],"
                "\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}],\"briefings\":[{\"policy\":\"1.3.26.1.3.1\","
                "\"class\":\"%zu\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]}", login, login, login, post, i + 1, i + 1);
    broken(number, "person LOGIN POST UNCLASSIFIED|RESTRICTED|CONFIDENTIAL|SECRET|TOP_SECRET");
    return NULL;
}

struct line { char *text; unsigned number; };

/* Lines, continued ones joined, without comments. */
static size_t read_lines(struct arena *arena, struct line *lines, size_t most)
{
    FILE *file = fopen(file_name, "re");
    char text[4096];
    unsigned number = 0;
    size_t n = 0;
    if (!file)
        broken(0, "cannot be read");
    while (fgets(text, sizeof text, file)) {
        number++;
        size_t len = strcspn(text, "\n");
        text[len] = 0;
        if (len == 0 || text[0] == '#')
            continue;
        if (text[0] == ' ' && n)
            lines[n - 1].text = arena_printf(arena, "%s%s", lines[n - 1].text, text);
        else if (n < most)
            lines[n++] = (struct line){arena_strdup(arena, text), number};
        else
            broken(number, "the case is too long");
    }
    fclose(file);
    return n;
}

static void run_line(const struct line *line)
{
    char *at = line->text;
    if (str_starts(at, "as ")) {
        act(at, line->number);
    } else if (str_starts(at, "later ")) {
        long n = strtol(at + 6, &at, 10);
        f.now += n * (*at == 'd' ? DAY : *at == 'h' ? HOUR : MINUTE);
    } else if (strcmp(at, "reopen") == 0) {
        fixture_reopen(&f);
    } else if (!str_starts(at, "person ")) {
        broken(line->number, "a line begins with: as, later, reopen, person or #");
    }
}

int main(int argc, char **argv)
{
    static struct line lines[400];
    struct arena *arena = arena_new(0);
    char *persons = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: case FILE\n");
        return 2;
    }
    file_name = argv[1];
    size_t n = read_lines(arena, lines, sizeof lines / sizeof *lines);
    for (size_t i = 0; i < n; i++)
        if (str_starts(lines[i].text, "person ")) {
            char *one = person_json(arena, lines[i].text + strlen("person "), lines[i].number);
            persons = persons ? arena_printf(arena, "%s,%s", persons, one) : one;
        }
    fixture_pack = getenv("CASE_PACK");
    fixture_new_with(&f, persons ? arena_printf(arena, "[%s]", persons) : NULL);
    for (size_t i = 0; i < n; i++)
        run_line(&lines[i]);
    fixture_free(&f);
    arena_free(arena);
    return tap_done();
}
