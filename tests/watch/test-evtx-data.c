/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The EVTX reader over real files: those of $CASTELLAN_DATA/evtx and of SigmaHQ's regression data (default ../shared/data beside the
 * checkout). Each is read without a crash, gives at least the records that a plain count of signatures finds, and what lies as JSON
 * beside a file has the same values, member by member. A few files are mutated, too.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/val.h"
#include "tap.h"
#include "watch/event/json.h"
#include "watch/evtx/evtx.h"

struct file { char path[1024]; char *bytes; size_t len; };
static struct file files[1000];
static size_t n_files;
static struct arena *scratch;

static char *slurp(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (!file || fstat(fileno(file), &about) != 0)
        return NULL;
    char *bytes = malloc((size_t)about.st_size + 1);
    *ret_len = fread(bytes, 1, (size_t)about.st_size, file);
    bytes[*ret_len] = 0;
    fclose(file);
    return bytes;
}

static void collect(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL && n_files < sizeof files / sizeof *files;) {
        struct file *file = &files[n_files];
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || snprintf(file->path, sizeof file->path, "%s/%s", folder, entry->d_name) >= (int)sizeof file->path)
            continue;
        if (len > 5 && strcmp(entry->d_name + len - 5, ".evtx") == 0 && (file->bytes = slurp(file->path, &file->len)))
            n_files++;
        else if (!strchr(entry->d_name, '.') || (entry->d_type == DT_DIR))
            collect(arena_strdup(scratch, file->path));
    }
    if (dir)
        closedir(dir);
}

/* Independent of the reader: chunks on the grid, and in what each counts, signatures whose size stands before and behind. */
static size_t count_signatures(const struct file *file)
{
    size_t n = 0;
    for (size_t chunk = 4096; chunk + 512 <= file->len; chunk += 65536) {
        const unsigned char *base = (const unsigned char *)file->bytes + chunk;
        uint32_t end, size, again;
        if (memcmp(base, "ElfChnk", 8) != 0)
            continue;
        memcpy(&end, base + 0x30, 4);
        for (size_t at = 512; at + 28 <= end && chunk + at + 28 <= file->len; at++) {
            if (memcmp(base + at, "**\0", 4) != 0)
                continue;
            memcpy(&size, base + at + 4, 4);
            if (size < 28 || size > 65536 - at || chunk + at + size > file->len)
                continue;
            memcpy(&again, base + at + size - 4, 4);
            n += again == size;
            at += again == size ? size - 1 : 0;
        }
    }
    return n;
}

/* ---- the JSON beside a file ---- */

static unsigned differences, compared;

static const char *text_of(const struct val *val, char number[32])
{
    if (!val || val->kind == VAL_NULL)
        return "null";
    if (val->kind == VAL_BOOL)
        return val->truth ? "true" : "false";
    if (val->kind == VAL_INT)
        snprintf(number, 32, "%lld", (long long)val->number);
    return val->kind == VAL_INT ? number : val->str.s;
}

static void differ(const char *path, const char *ours, const char *theirs)
{
    if (differences++ < 20)
        printf("# %s: \"%.200s\" where \"%.200s\" is right\n", path, ours, theirs);
}

/* The tool that wrote the JSON took trailing blanks away; the log has them, and so has our event. */
static bool same_text(const char *ours, const char *theirs)
{
    size_t len = strlen(theirs);
    return strncmp(ours, theirs, len) == 0 && ours[len + strspn(ours + len, " ")] == 0;
}

static void compare(struct arena *arena, const char *path, const struct val *ours, const struct val *theirs)
{
    char one[32], other[32];
    compared++;
    if (ours && theirs && ours->kind == VAL_OBJECT && theirs->kind == VAL_OBJECT) {
        for (uint32_t i = 0; i < theirs->count; i++)
            compare(arena, arena_printf(arena, "%s/%s", path, theirs->members[i].name), val_get(ours, theirs->members[i].name), theirs->members[i].value);
        for (uint32_t i = 0; i < ours->count; i++)
            if (!val_get(theirs, ours->members[i].name) && ours->members[i].value->kind != VAL_NULL)
                differ(path, ours->members[i].name, "(absent)");
    } else if (ours && theirs && ours->kind == VAL_ARRAY && theirs->kind == VAL_ARRAY && ours->count == theirs->count) {
        for (uint32_t i = 0; i < ours->count; i++)
            compare(arena, path, ours->items[i], theirs->items[i]);
    } else if ((ours && (ours->kind == VAL_OBJECT || ours->kind == VAL_ARRAY)) || (theirs && (theirs->kind == VAL_OBJECT || theirs->kind == VAL_ARRAY))) {
        differ(path, ours ? "another kind" : "(absent)", "a structure or a value");
    } else if (!same_text(text_of(ours, one), text_of(theirs, other)) && !(theirs && theirs->kind == VAL_NULL && ours && ours->kind == VAL_STR && !ours->str.len)) {
        differ(path, text_of(ours, one), text_of(theirs, other));
    }
}

static int64_t number_of(const struct val *tree)
{
    return val_get_int(val_get(val_get(tree, "Event"), "System"), "EventRecordID", -1);
}

/* Objects stand one behind the other: the length of the first, from its brace on. */
static size_t object_length(const char *text, size_t len)
{
    unsigned depth = 0;
    bool string = false;
    for (size_t i = 0; i < len; i++) {
        if (string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            string = !string;
        else if (!string && text[i] == '{')
            depth++;
        else if (!string && text[i] == '}' && --depth == 0)
            return i + 1;
    }
    return len;
}

static size_t compare_with(struct arena *arena, const struct file *file, struct val *const *ours, size_t n)
{
    char path[1024];
    size_t len, at = 0, seen = 0;
    snprintf(path, sizeof path, "%.*s.json", (int)strlen(file->path) - 5, file->path);
    char *text = slurp(path, &len);
    while (text && at < len) {
        struct reasons reasons;
        struct val *theirs;
        at += strcspn(text + at, "{");
        size_t one = object_length(text + at, len - at);
        reasons_init(&reasons, arena);
        if (at < len && ok(json_read(arena, text + at, one, (struct json_limits){0}, &reasons, &theirs) == OK, "%s is read", strrchr(path, '/') + 1)) {
            size_t i = 0;
            while (i < n && number_of(ours[i]) != number_of(theirs))
                i++;
            if (i < n)
                compare(arena, strrchr(path, '/') + 1, ours[i], theirs);
            else
                differ(strrchr(path, '/') + 1, "no such record", "a record");
            seen++;
        }
        at += one;
    }
    free(text);
    return seen;
}

/* ---- as fields ---- */

static size_t values_of(struct fields *fields, const struct event *event, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < event->n && len < room; i++) {
        const struct event_value *value = &event->values[i];
        if (value->kind != VALUE_NULL && len + value->len + EVENT_NAME_MOST + 2 < room)
            len += (size_t)snprintf(out + len, room - len, "%s=%.*s\n", fields_name(fields, value->field), (int)value->len, value->text);
    }
    return len;
}

/* Whoever reads the log itself and whoever reads what a converter made of it get the same fields. */
static bool same_fields(struct fields *fields, const struct event *event, const struct buf *json)
{
    static char ours[1 << 20], theirs[1 << 20];
    struct arena *arena = arena_new(64 << 20);
    struct event other;
    size_t end, len = values_of(fields, event, ours, sizeof ours);
    event_init(&other, arena);
    bool same = event_read_json(&other, fields, json->data, json->len, 0, NULL, &end) == OK;
    same = same && values_of(fields, &other, theirs, sizeof theirs) == len && memcmp(ours, theirs, len) == 0 && other.time == event->time && other.record == event->record;
    for (size_t i = 0; !same && i < len && differences < 20; i++)
        if (ours[i] != theirs[i]) {
            printf("# \"%.60s\" and \"%.60s\"\n", ours + i, theirs + i);
            break;
        }
    arena_free(arena);
    return same;
}

/* ---- each file ---- */

static size_t events, compared_events, wrong_files, other_fields;

static void read_file(const struct file *file)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct fields *fields = fields_new(arena);
    struct reasons reasons;
    struct evtx *evtx;
    struct event event;
    struct buf text;
    struct val **trees = ARENA_ARRAY(arena, struct val *, 20000);
    size_t n = 0, bad_json = 0, want = count_signatures(file);
    reasons_init(&reasons, arena);
    event_init(&event, scratch);
    buf_init(&text, 8 << 20);
    if (evtx_open(arena, fields, file->bytes, file->len, &reasons, &evtx) != OK) {
        wrong_files += want > 0;
        goto out;
    }
    while (evtx_next(evtx, &event) == OK && n < 20000) {
        buf_clear(&text);
        bad_json += evtx_json(evtx, &text) != OK || json_read(arena, text.data, text.len, (struct json_limits){0}, &reasons, &trees[n]) != OK;
        if (!bad_json && number_of(trees[n]) != (int64_t)event.record)
            bad_json++;
        other_fields += !same_fields(fields, &event, &text);
        n++;
        event_clear(&event);
    }
    events += n;
    if (n < want || bad_json || evtx_counts(evtx).records != n) {
        printf("# %s: %zu records, %zu signatures, %zu not well-formed as JSON\n", file->path, n, want, bad_json);
        wrong_files++;
    } else {
        compared_events += compare_with(arena, file, trees, n);
    }
out:
    buf_free(&text);
    arena_free(arena);
}

static void mutate(const struct file *file, size_t cases)
{
    size_t len = file->len < 4096 + 65536 ? file->len : 4096 + 65536;
    for (size_t i = 0; i < cases; i++) {
        struct arena *arena = arena_new((size_t)1 << 28);
        struct reasons reasons;
        struct evtx *evtx;
        struct event event;
        struct buf text;
        char *bytes = malloc(len);
        memcpy(bytes, file->bytes, len);
        for (size_t k = 0, touched = 1 + tap_below(200); k < touched; k++)
            bytes[4096 + tap_below(len - 4096)] = (char)tap_random();
        reasons_init(&reasons, arena);
        buf_init(&text, 8 << 20);
        event_init(&event, scratch);
        if (evtx_open(arena, fields_new(arena), bytes, len, &reasons, &evtx) == OK)
            while (evtx_next(evtx, &event) == OK) {
                buf_clear(&text);
                if (evtx_json(evtx, &text) == OK && !text.len)
                    ok(false, "a record became nothing");
                event_clear(&event);
            }
        buf_free(&text);
        free(bytes);
        arena_free(arena);
    }
}

int main(void)
{
    const char *data = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    tap_seed();
    scratch = arena_new(64 << 20);
    struct arena *names = arena_new(0);
    const char *base = data ? data : arena_printf(names, "%s/../shared/data", root ? root : ".");
    collect(arena_printf(names, "%s/evtx", base));
    size_t plain = n_files;
    collect(arena_printf(names, "%s/sigma/regression_data", base));
    if (!n_files) {
        tap_skip("real EVTX files", "no CASTELLAN_DATA");
    } else {
        for (size_t i = 0; i < n_files; i++)
            read_file(&files[i]);
        ok(wrong_files == 0, "%zu files, %zu records: each file gives what its signatures promise, each record is well-formed", n_files, events);
        ok(other_fields == 0, "each record has the fields that its JSON has (%zu have not)", other_fields);
        ok(differences == 0 && (plain == n_files || compared_events), "%zu records are as the JSON beside them says (%u values)", compared_events, compared);
        for (size_t i = 0; i < tap_cases(2000); i++)
            mutate(&files[tap_below(n_files)], 5);
        ok(true, "mutated files end");
    }
    for (size_t i = 0; i < n_files; i++)
        free(files[i].bytes);
    arena_free(names);
    arena_free(scratch);
    return tap_done();
}
