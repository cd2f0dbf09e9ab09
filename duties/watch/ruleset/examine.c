/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See examine.h. What the jail answers is believed only as far as the bundle's head names it (the texts), or no further than what a wrong
 * census could do: mislead about what compiles. The workers that match compile anew.
 */
#include "watch/ruleset/examine.h"

#include <string.h>

#include "base/jail.h"
#include "base/text.h"
#include "watch/ruleset/lists.h"

static enum status read_jailed(const char *input, size_t len, struct arena *arena, struct reasons *reasons, const char **ret, size_t *ret_len)
{
    if (!nursery_shared()) {
        reason_add(reasons, "watch.nursery", NULL, T_("Files from outside are read in a jail only, and this program runs without a nursery."));
        return REFUSED;
    }
    return nursery_run(nursery_shared(), "rules", NULL, input, len, arena, reasons, ret, ret_len);
}

static enum status read_own(const char *input, size_t len, struct arena *arena, struct reasons *reasons, const char **ret, size_t *ret_len)
{
    struct buf answer;
    buf_init(&answer, rules_jailer.max_answer);
    enum status status = rules_jailer.run(arena, input, len, NULL, reasons, &answer);
    if (status == OK) {
        *ret = arena_memdup(arena, answer.data, answer.len);
        *ret_len = answer.len;
    }
    buf_free(&answer);
    return status;
}
const struct examiner examiner_jailed = {read_jailed}, examiner_own = {read_own};

struct examination {
    struct office *office;
    struct arena *arena;
    struct reasons *reasons;
    const struct image *set;
    const void *delivery; size_t delivery_len;
    struct bundle_head head;
    struct bundle bundle;
    struct census census;
    const char *lines, *plain; size_t lines_len, plain_len;
    const char *signature, *key;               /* verdict; number of the key's record or NULL */
    const struct image *former;
};

/* ---- reading ---- */

static enum status read_delivery(struct examination *x, const struct examiner *examiner)
{
    struct sigma_text map;
    struct buf input;
    const char *answer;
    size_t len;
    enum status status = office_own_attachment(x->office, x->set, "delivery", 0, x->arena, &x->delivery, &x->delivery_len);
    if (status == ABSENT)
        reason_add(x->reasons, "watch.rule-set-examined", "delivery", T_("There is no delivery."));
    if (status == OK)
        status = bundle_head(x->delivery, x->delivery_len, x->reasons, &x->head);
    if (status == OK)
        status = list_map(x->arena, NULL, 0, x->reasons, &map);
    if (status != OK)
        return status;
    buf_init(&input, rules_jailer.max_input);
    rules_input(&input, &map, x->delivery, x->delivery_len);
    status = input.failed ? TOO_LARGE : examiner->read(input.data, input.len, x->arena, x->reasons, &answer, &len);
    buf_free(&input);
    if (status != OK)
        return status;
    if (!rules_answer(answer, len, &x->lines, &x->lines_len, &x->plain, &x->plain_len) || census_read(x->lines, x->lines_len, x->arena, &x->census) != OK) {
        reason_add(x->reasons, "watch.jail", NULL, T_("What read the delivery has answered nonsense; nothing of it is used."));
        return DAMAGED;
    }
    return bundle_read(x->plain, x->plain_len, &x->head, x->arena, x->reasons, &x->bundle);
}

/* ---- the signature ---- */

static enum status judge(struct examination *x)
{
    const struct image *const *keys;
    uint8_t key[BUNDLE_KEY];
    size_t n;
    enum status status = office_own_records(x->office, "rule-key", "enrolled", false, x->arena, &keys, &n);
    x->signature = !x->head.is_signed ? "unsigned" : bundle_holds(&x->head, x->head.key) ? "unknown-key" : "broken";
    for (size_t i = 0; status == OK && strcmp(x->signature, "unsigned") && strcmp(x->signature, "broken") && i < n; i++) {
        const char *line = image_text(keys[i], "key");
        if (!line || !bundle_key_read(line, strlen(line), key) || !bundle_holds(&x->head, key))
            continue;
        bool same = str_eq(image_text(keys[i], "publisher"), x->bundle.publisher);
        if (same || strcmp(x->signature, "signed") != 0) {
            x->signature = same ? "signed" : "other-publisher";
            x->key = keys[i]->number;
        }
        if (same)
            break;
    }
    return status;
}

/* ---- what it is compared with ---- */

const struct image *ruleset_former(struct office *office, const struct image *set, const char *publisher, const struct image *const *in_force, size_t n)
{
    const struct image *former = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct image *one = in_force[i];
        bool reads = (!one->file || one->file == set->file) && label_at_least(office_policies(office), office_own_label(office, set->label), office_own_label(office, one->label));
        if (one->id != set->id && reads && str_eq(image_text(one, "publisher"), publisher) &&
            (!former || val_get_int(one->fields, "made", 0) > val_get_int(former->fields, "made", 0)))
            former = one;
    }
    return former;
}

static enum status compare(struct examination *x, struct val *fields)
{
    const struct image *const *sets;
    struct census before;
    struct census_difference difference;
    const void *lines;
    size_t n, len;
    enum status status = office_own_records(x->office, "rule-set", "in-force", false, x->arena, &sets, &n);
    if (status != OK)
        return status;
    x->former = ruleset_former(x->office, x->set, x->bundle.publisher, sets, n);
    bool known = x->former && office_own_attachment(x->office, x->former, "census", 0, x->arena, &lines, &len) == OK && census_read(lines, len, x->arena, &before) == OK;
    census_compare(known ? &before : NULL, &x->census, x->arena, &difference);
    val_set_int(x->arena, fields, "added", (int64_t)difference.n_added);
    val_set_int(x->arena, fields, "changed", (int64_t)difference.n_changed);
    val_set_int(x->arena, fields, "retired", (int64_t)difference.n_retired);
    val_set(x->arena, fields, "compared-with", x->former ? val_str(x->arena, x->former->number) : val_null(x->arena));
    return OK;
}

/* ---- writing ---- */

static enum status write_down(struct examination *x, moment now)
{
    struct val *fields = val_object(x->arena);
    struct outcome outcome;
    char hex[2 * HASH_BYTES + 1];
    struct hash hash = sha256(x->delivery, x->delivery_len);
    hex_write(hash.bytes, HASH_BYTES, hex);
    enum status status = compare(x, fields);
    if (status != OK)
        return status;
    val_set_str(x->arena, fields, "publisher", x->bundle.publisher);
    val_set_str(x->arena, fields, "bundle", x->bundle.name);
    val_set_int(x->arena, fields, "made", x->bundle.made);
    val_set_str(x->arena, fields, "signature", x->signature);
    val_set(x->arena, fields, "signed-with", x->key ? val_str(x->arena, x->key) : val_null(x->arena));
    val_set_str(x->arena, fields, "fingerprint", hex);
    val_set_int(x->arena, fields, "examined-at", now);
    val_set_int(x->arena, fields, "rules", (int64_t)x->census.ready);
    val_set_int(x->arena, fields, "refused", (int64_t)x->census.refused);
    const struct own_file files[] = {{"census", "census.tsv", "text/tab-separated-values", x->lines, x->lines_len}, {"content", "rules.txt", "text/plain", x->plain, x->plain_len}};
    const struct own_attach attach = {.rule = "rule-set.examination", .cause = x->set->number, .number = x->set->number, .fields = fields, .files = files,
                                      .n_files = x->lines_len ? 2 : 0, .anew = true};
    status = office_own_attach(x->office, &attach, now, x->arena, &outcome);
    reasons_join(x->reasons, &outcome.reasons);
    return status;
}

enum status ruleset_examine(struct office *office, const char *number, const struct examiner *examiner, moment now, struct arena *arena, struct reasons *reasons)
{
    struct examination x = {.office = office, .arena = arena, .reasons = reasons};
    enum status status = office_own_record(office, number, arena, &x.set);
    if (status == OK && strcmp(x.set->def->name, "rule-set") != 0)
        status = ABSENT;
    if (status == OK)
        status = read_delivery(&x, examiner);
    if (status == OK)
        status = judge(&x);
    return status == OK ? write_down(&x, now) : status;
}
