/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Separation: rights that must not meet in one person stand in the posts' data ("apart"), and hold for every person whatever
 * their posts. Refused when somebody is appointed, and again at use: whoever used one of them on a record may not
 * use its counterpart on the same record, from whichever post.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

static bool in_list(const char *const *list, const char *right)
{
    for (; *list; list++)
        if (str_eq(*list, right))
            return true;
    return false;
}

static bool used_by(const struct image *image, const char *right, const char *person)
{
    const struct val *persons = val_get(image->hands, right);
    for (size_t i = 0; i < val_count(persons); i++)
        if (str_eq(val_text(val_at(persons, i)), person))
            return true;
    return false;
}

static const char *right_words(const struct stage *stage, const char *name, enum lang lang)
{
    const struct right_def *right = pack_right(stage->office->pack, name);
    return right ? right->words.in[lang] : name;
}

static void say(struct stage *stage, const char *rule, const char *english, const char *one, const char *other)
{
    struct reason *reason = reason_add(stage->reasons, rule, NULL, english, right_words(stage, one, LANG_EN), right_words(stage, other, LANG_EN));
    const char *french = tr(LANG_FR, english);
    struct reasons scratch;
    reasons_init(&scratch, stage->reasons->arena);
    reason->text.in[LANG_FR] = reason_add(&scratch, rule, NULL, french, right_words(stage, one, LANG_FR), right_words(stage, other, LANG_FR))->text.in[LANG_EN];
    reason_next(stage->reasons, reason, T_("Another person has to do this."));
}

bool separation_allows(struct stage *stage, const struct image *image, const char *const *rights, size_t n)
{
    const struct pack *pack = stage->office->pack;
    if (!stage->holder)
        return true;
    for (size_t p = 0; p < pack->n_posts; p++)
        for (size_t a = 0; a < pack->posts[p].n_apart; a++)
            for (size_t r = 0; r < n; r++) {
                const char *const *apart = pack->posts[p].apart[a];
                if (!holder_right(stage->holder, rights[r]) || !in_list(apart, rights[r]))
                    continue;
                for (size_t o = 0; apart[o]; o++)
                    if (!str_eq(apart[o], rights[r]) && used_by(image, apart[o], stage->person_number)) {
                        say(stage, "separation.record", T_("\"%1$s\" and \"%2$s\" must not meet in one person on the same record."), rights[r], apart[o]);
                        return false;
                    }
            }
    return true;
}

static bool overlaps(const struct m_appointment *a, moment from, moment until)
{
    return a->in_force && (a->from == MOMENT_NONE || until == MOMENT_EVER || a->from < until) &&
           (from == MOMENT_NONE || from < a->until);
}

bool appointment_allowed(struct stage *stage, const struct image *image)
{
    const struct model *model = stage->office->staged;
    const struct pack *pack = stage->office->pack;
    const struct m_appointment *own = idmap_get(&model->appointments, image->id);
    const struct m_person *person = own ? model_person(model, own->person) : NULL;
    if (!own || !own->in_force || !own->post || !person)
        return true;
    if (person->contractor && !own->post->contractor)
        return refuse(stage, REFUSED, "appointment.contractor", "person", T_("A contractor may not hold this post."));
    for (size_t i = 0; i < person->appointments.count; i++) {
        const struct m_appointment *other = person->appointments.items[i];
        if (other == own || !other->post || !overlaps(other, own->from, own->until))
            continue;
        for (size_t p = 0; p < pack->n_posts; p++)
            for (size_t a = 0; a < pack->posts[p].n_apart; a++)
                for (const char *const *x = pack->posts[p].apart[a]; *x; x++)
                    for (const char *const *y = pack->posts[p].apart[a]; *y; y++)
                        if (x != y && post_has_right(own->post, *x) && post_has_right(other->post, *y)) {
                            say(stage, "separation.appointment", T_("\"%1$s\" and \"%2$s\" must not meet in one person."), *x, *y);
                            return false;
                        }
    }
    return true;
}
