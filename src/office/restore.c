/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Erasing again after a restore; see restore.h. Records go the way of every erasure (erase.c), as the office's own change under the cause
 * "restore"; attachments and segments that no record of the backup leads to go by their names.
 */
#include "office/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/erase.h"
#include "office/erasures.h"
#include "office/inside.h"
#include "store/attachment.h"
#include "store/segment.h"

#define LINES_MOST 4000000u
#define AT_ONCE 200

struct named { const char *name; uint64_t line; struct named *next; };
struct again {
    struct office *office;
    struct arena *arena;
    struct reasons *reasons;
    moment now;
    struct idmap records;                      /* ids to erase */
    struct named *attachments, *segments;
    size_t n_lines, done;
    struct op ops[AT_ONCE];
    size_t n_ops;
    enum status status;
};

/* ---- the lists ---- */

static bool whole_number(const char *text, int64_t *ret)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || *end || n <= 0)
        return false;
    *ret = n;
    return true;
}

static void keep(struct again *all, struct named **list, const char *name)
{
    struct named *one = ARENA_NEW(all->arena, struct named);
    *one = (struct named){.name = arena_strdup(all->arena, name), .next = *list};
    *list = one;
}

/* "kind name entry" */
static bool take_line(void *arg, char *line)
{
    struct again *all = arg;
    char kind[16], name[80], entry[24], more;
    int64_t id, position;
    if (++all->n_lines > LINES_MOST || sscanf(line, "%15s %79s %23s %c", kind, name, entry, &more) != 3 || !whole_number(entry, &position))
        return false;
    if (str_eq(kind, "record"))
        return whole_number(name, &id) && (idmap_put(&all->records, id, all), true);
    if (str_eq(kind, "segment"))
        return whole_number(name, &id) && (keep(all, &all->segments, name), true);
    if (!str_eq(kind, "attachment") || strlen(name) != 64 || strspn(name, "0123456789abcdef") != 64)
        return false;
    keep(all, &all->attachments, name);
    return true;
}

/* The signer of the backup's own life stands in it; those of later lives are given. */
static enum status take_lists(struct again *all, const char *lists, const char *signers)
{
    const char *path = arena_printf(all->arena, "%s/signer.pub", office_folder(all->office));
    FILE *file = fopen(path, "re");
    char own[1024] = "";
    size_t n = file ? fread(own, 1, sizeof own - 1, file) : 0;
    if (file)
        fclose(file);
    own[n] = 0;
    return erasure_lists_take(all->arena, lists, arena_printf(all->arena, "%s\n%s", own, signers ? signers : ""), take_line, all, all->reasons);
}

/* ---- records ---- */

static enum status change(struct again *all)
{
    struct outcome outcome;
    if (!all->n_ops)
        return OK;
    enum status status = office_act(all->office, "restore", "erasure list", all->ops, all->n_ops, all->now, all->arena, &outcome);
    reasons_join(all->reasons, &outcome.reasons);
    all->done += status == OK ? all->n_ops : 0;
    all->n_ops = 0;
    return status;
}

struct collecting { struct again *all; const char **numbers; size_t n, cap; };
static bool see_record(void *arg, const struct stored_record *stored)
{
    struct collecting *found = arg;
    struct image image;
    if (!stored->body || !idmap_get(&found->all->records, stored->id))
        return true;
    /* A file that was opened for an erased record stays and loses its title; where it has lost it, it is done. */
    if (str_eq(stored->register_, "file") && image_from_stored(found->all->office->pack, stored, found->all->arena, &image) == OK &&
        str_eq(image_text(&image, "title"), stored->number))
        return true;
    if (found->n == found->cap) {
        const char **more = ARENA_ARRAY(found->all->arena, const char *, found->cap * 2 + 64);
        if (found->n)
            memcpy(more, found->numbers, found->n * sizeof *more);
        found->numbers = more;
        found->cap = found->cap * 2 + 64;
    }
    found->numbers[found->n++] = arena_strdup(found->all->arena, stored->number);
    return true;
}

static enum status erase_records(struct again *all)
{
    const struct pack *pack = office_pack(all->office);
    struct collecting found = {.all = all};
    enum status status = OK;
    for (size_t r = 0; status == OK && r < pack->n_registers; r++)
        status = store_each_record(all->office->store, pack->registers[r].name, see_record, &found);
    for (size_t i = 0; status == OK && i < found.n; i++) {
        all->ops[all->n_ops++] = (struct op){.kind = OP_ERASE, .number = found.numbers[i], .step = ERASE_RESTORED};
        if (all->n_ops == AT_ONCE)
            status = change(all);
    }
    return status == OK ? change(all) : status;
}

/* ---- what lies under a name of its own ---- */

struct by_name { struct job job; struct again *all; const char *kind, *name; enum status status; };

static bool run_by_name(struct job *job, struct txn *txn)
{
    struct by_name *one = (struct by_name *)job;
    struct entry entry = {.time = one->all->now, .kind = "erasure", .step = "erase", .cause = "restore: erasure list", .label = -1};
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    one->status = append_entry(one->all->office, txn, &entry, NULL, 0, salt, &position);
    if (one->status == OK)
        one->status = str_eq(one->kind, "segment") ? segment_erase(txn, strtoll(one->name, NULL, 10), position) : attachment_forget(txn, one->name, position);
    return one->status == OK;                  /* ABSENT: the entry is undone with it */
}
static void settled(struct job *job, bool committed) { (void)job, (void)committed; }

static enum status erase_by_name(struct again *all, const char *kind, const struct named *list)
{
    for (; list; list = list->next) {
        struct by_name one = {.job = {.run = run_by_name, .settled = settled}, .all = all, .kind = kind, .name = list->name};
        bool committed = false;
        enum status status = store_perform(all->office->store, &one.job, &committed);
        if (status == OK && !committed && one.status != ABSENT)
            status = one.status == OK ? FAILED_IO : one.status;
        if (status != OK)
            return status;
        all->done += committed;
    }
    return OK;
}

static bool see_segment(void *arg, const struct segment_info *info)
{
    struct again *all = arg;
    char name[32];
    snprintf(name, sizeof name, "%lld", (long long)info->id);
    for (struct named **at = &all->segments; info->erased && *at;)
        if (str_eq((*at)->name, name))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    return true;
}

enum status office_erase_again(struct office *office, const char *lists, const char *signers, moment now, struct arena *arena, struct reasons *reasons, size_t *ret_n)
{
    struct again *all = ARENA_NEW(arena, struct again);
    *all = (struct again){.office = office, .arena = arena, .reasons = reasons, .now = now};
    enum status status = take_lists(all, lists, signers);
    if (status == OK)
        status = erase_records(all);
    if (status == OK)
        status = erase_by_name(all, "attachment", all->attachments);
    if (status == OK)
        status = segment_each(office->store, see_segment, all);
    if (status == OK)
        status = erase_by_name(all, "segment", all->segments);
    idmap_free(&all->records);
    if (status == OK)
        *ret_n = all->done;
    return status;
}
