/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See engine.h. An adoption is judged by what the examination wrote on the record, and the examination by the bytes that the record holds:
 * their hash stands on both. So what is confirmed is what was examined, and a key revoked meanwhile counts.
 */
#include "watch/ruleset/engine.h"

#include <string.h>

#include "base/text.h"
#include "office/office.h"
#include "watch/ruleset/lists.h"
#include "watch/bundle/bundle.h"

enum { SETS_MOST = 1000 };

static const char *state_of(const struct image *image) { return image->def->states[image->state].name; }
static bool is(const struct image *image, const char *register_) { return image && strcmp(image->def->name, register_) == 0; }

static void say(struct reasons *reasons, const char *rule, const char *where, const char *english, const char *next)
{
    reason_next(reasons, reason_add(reasons, rule, where, english), next);
}

/* ---- rule sets ---- */

static void check_examined(const struct image *set, struct reasons *reasons)
{
    const struct val *delivery = val_at(val_get(set->fields, "delivery"), 0);
    const char *examined = image_text(set, "fingerprint"), *now = val_get_str(delivery, "sha256");
    if (!delivery)
        say(reasons, "watch.rule-set-examined", "delivery", T_("There is no delivery."), T_("Attach the bundle, then examine it."));
    else if (!examined)
        say(reasons, "watch.rule-set-examined", "delivery", T_("The delivery has not been examined."), T_("Open “Examination and differences” and examine it."));
    else if (!str_eq(examined, now))
        say(reasons, "watch.rule-set-examined", "delivery", T_("The delivery is no longer the one that was examined."), T_("Examine it again."));
    else if (!val_get_int(set->fields, "rules", 0) || !val_count(val_get(set->fields, "content")))
        say(reasons, "watch.rule-set-examined", "rules", T_("No rule of this delivery can be used."), T_("Reject it, and ask the publisher for another."));
}

static void check_key(const struct change_view *view, const struct image *set, struct reasons *reasons)
{
    const struct image *key = view->look(view, image_link_to(set, register_field(set->def, "signed-with")));
    if (!is(key, "rule-key") || strcmp(state_of(key), "enrolled") != 0)
        say(reasons, "watch.rule-set-broken", "signed-with", T_("The key that signed this delivery is not enrolled any more."), T_("Ask the publisher for a delivery under a key that is enrolled."));
}

static void check_broken(const struct change_view *view, const struct image *set, struct reasons *reasons)
{
    const char *signature = image_text(set, "signature");
    if (str_eq(signature, "broken"))
        say(reasons, "watch.rule-set-broken", "signature", T_("The signature does not hold: this is not what its publisher signed."), T_("Reject it, and tell the publisher."));
    else if (str_eq(signature, "other-publisher"))
        say(reasons, "watch.rule-set-broken", "signature", T_("The key that signed this delivery is enrolled for another publisher."), T_("Reject it, or enrol the key for this publisher, too."));
    else if (str_eq(signature, "unknown-key"))
        say(reasons, "watch.rule-set-broken", "signature", T_("The key that signed this delivery is not enrolled."), T_("Enrol the publisher's key with a second person, then examine the delivery again."));
    else if (str_eq(signature, "signed"))
        check_key(view, set, reasons);
}

static void check_unsigned(const struct image *set, struct reasons *reasons)
{
    if (str_eq(image_text(set, "signature"), "unsigned"))
        say(reasons, "watch.rule-set-unsigned", "signature", T_("Nobody has signed this delivery."), T_("Ask for a signed one, or take the step “Adopt without a signature” with a reason."));
}

/* Sets of the same publisher in force that the writer reads. */
static size_t others_in_force(const struct change_view *view, const struct image *set, const struct image **ret)
{
    const char *publisher = image_text(set, "publisher");
    const struct image *all[SETS_MOST];
    size_t found = publisher && view->holders ? view->holders(view, "rule-set", "publisher", publisher, all, SETS_MOST) : 0, n = 0;
    for (size_t i = 0; i < found; i++)
        if (all[i]->id != set->id && strcmp(state_of(all[i]), "in-force") == 0 && view->writer_reads(view, all[i]->id))
            ret[n++] = all[i];
    return n;
}

static void check_older(const struct change_view *view, const struct image *set, struct reasons *reasons)
{
    const struct image *others[SETS_MOST];
    size_t n = others_in_force(view, set, others);
    for (size_t i = 0; i < n; i++)
        if (val_get_int(set->fields, "made", MOMENT_NONE) < val_get_int(others[i]->fields, "made", MOMENT_NONE)) {
            reason_next(reasons, reason_add(reasons, "watch.rule-set-older", "made", T_("These rules are older than those in force: %1$s."), others[i]->number),
                        T_("Take the step “Go back to these rules”, which asks for a reason."));
            return;
        }
}

static void review_set(const struct change_view *view, const char *name, struct reasons *reasons)
{
    if (strcmp(name, "watch.rule-set-examined") == 0)
        check_examined(view->at, reasons);
    else if (strcmp(name, "watch.rule-set-broken") == 0)
        check_broken(view, view->at, reasons);
    else if (strcmp(name, "watch.rule-set-unsigned") == 0)
        check_unsigned(view->at, reasons);
    else if (strcmp(name, "watch.rule-set-older") == 0)
        check_older(view, view->at, reasons);
}

/* ---- keys ---- */

static bool key_of(const struct image *record, uint8_t key[BUNDLE_KEY])
{
    const char *line = image_text(record, "key");
    return line && bundle_key_read(line, strlen(line), key);
}

static void review_key(const struct image *record, struct reasons *reasons)
{
    uint8_t key[BUNDLE_KEY];
    if (!key_of(record, key))
        say(reasons, "watch.rule-key", "key", T_("This is no Ed25519 public key: it must be 32 bytes in base64."), T_("Copy the line that “castellan rules keygen” printed."));
}

void rules_review(const struct change_view *view, const char *const *names, size_t n, struct reasons *reasons)
{
    for (size_t i = 0; is(view->at, "rule-set") && i < n; i++)
        review_set(view, names[i], reasons);
    for (size_t i = 0; is(view->at, "detection-binding") && i < n; i++)
        if (strcmp(names[i], "watch.list-form") == 0)
            list_check(view->at, view->arena, reasons);
    for (size_t i = 0; !view->at && i < view->n_items; i++)
        if (is(view->items[i].after, "rule-key"))
            review_key(view->items[i].after, reasons);
}

/* ---- what follows ---- */

static void fingerprint_follows(const struct change_view *view, const struct image *record, struct consequences *more)
{
    uint8_t key[BUNDLE_KEY];
    struct val *fields = val_object(view->arena);
    if (!key_of(record, key) || str_eq(image_text(record, "fingerprint"), bundle_fingerprint(view->arena, key)))
        return;
    val_set_str(view->arena, fields, "fingerprint", bundle_fingerprint(view->arena, key));
    more->add(more, "rule-key.fingerprint", record->number, &(struct op){.kind = OP_EDIT, .number = record->number, .fields = fields});
}

static void set_follows(const struct change_view *view, const struct changed *item, struct consequences *more)
{
    const struct image *others[SETS_MOST];
    if (strcmp(state_of(item->after), "in-force") != 0 || (item->before && strcmp(state_of(item->before), "in-force") == 0))
        return;
    size_t n = others_in_force(view, item->after, others);
    for (size_t i = 0; i < n; i++)
        more->add(more, "rule-set.replaced", item->after->number,
                  &(struct op){.kind = OP_STEP, .number = others[i]->number, .step = "replace", .reason = item->after->number});
}

void rules_follow(const struct change_view *view, struct consequences *more)
{
    for (size_t i = 0; i < view->n_items; i++) {
        if (is(view->items[i].after, "rule-key"))
            fingerprint_follows(view, view->items[i].after, more);
        else if (is(view->items[i].after, "rule-set"))
            set_follows(view, &view->items[i], more);
    }
}
