/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See remind.h. The office itself walks its due clocks (nobody is told anything by that); for each, persons are chosen from the published
 * model, and every one of them must pass the four keys for the record's guard, in one of their posts, before a word is written to them.
 */
#include "office/remind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

#define SIDE_TABLE "remind"
#define CLIMB_MOST 20
/* What has been late for longer was told long ago; so a run looks at a window, however much lies unfinished. */
#define LATE_MOST (60 * DAY)

/* ---- stages ---- */

/* The latest stage that has begun: -1 none, 0.. a warning of the clock, n_warn: late. */
static int stage_of(const struct clock_def *clock, moment due, moment now)
{
    int stage = -1;
    if (now >= due)
        return (int)clock->n_warn;
    for (size_t w = 0; w < clock->n_warn; w++) {
        moment reached = span_add(NULL, now, clock->warn[w]);
        if (reached != MOMENT_NONE && reached >= due)
            stage = (int)w;
    }
    return stage;
}

/* Steps that lead on from a state, and whether a post may take one. */
static bool may_step(const struct register_def *def, int state, const struct post_def *post)
{
    for (size_t s = 0; s < def->n_steps; s++)
        for (size_t r = 0; (def->steps[s].from >> state & 1) && r < def->steps[s].n_rights; r++)
            if (!str_eq(def->steps[s].rights[r], "staff") && post_has_right(post, def->steps[s].rights[r]))
                return true;
    return false;
}

/* ---- the printable list: one reader, through door two ---- */

static bool owned_by_other(const struct record_view *record, record_id person, bool *ret_mine)
{
    bool other = false;
    *ret_mine = false;
    for (size_t i = 0; record->def->owner && i < record->n_links; i++)
        if (record->links[i].field == record->def->owner) {
            *ret_mine |= record->links[i].other == person;
            other |= record->links[i].other != person;
        }
    return other && !*ret_mine;
}

static int by_due(const void *a, const void *b)
{
    const struct reminder *x = a, *y = b;
    return x->due < y->due ? -1 : x->due > y->due ? 1 : x->record.id < y->record.id ? -1 : x->record.id > y->record.id;
}

static enum status list_register(struct office *office, const struct reader *reader, const struct register_def *def, moment now, size_t most,
                                 struct arena *arena, struct reminder *list, size_t *n)
{
    struct query query = {.register_ = def->name, .sort = "due", .limit = 200, .with_links = LINKS_SHOWN};
    struct reasons ignored;
    struct page_of page;
    reasons_init(&ignored, arena);
    enum status status = office_find(office, reader, &query, arena, &ignored, &page);
    for (size_t i = 0; status == OK && i < page.n_rows; i++) {
        const struct record_view *row = &page.rows[i];
        bool mine, other = owned_by_other(row, reader_person(reader), &mine);
        if (other || (!mine && !may_step(def, row->state_index, reader_post(reader))))
            continue;
        for (size_t c = 0; c < row->n_clocks && *n < most; c++) {
            const struct clock_view *clock = &row->clocks[c];
            if (clock->stopped == MOMENT_NONE && stage_of(clock->def, clock->due, now) >= 0)
                list[(*n)++] = (struct reminder){*row, clock->def, clock->due, now >= clock->due ? REMIND_LATE : REMIND_SOON};
        }
    }
    return status;
}

enum status office_reminders(struct office *office, const struct reader *reader, moment now, size_t most, struct arena *arena, struct reminder **ret,
                             size_t *ret_n)
{
    const struct pack *pack = office_pack(office);
    struct reminder *list = ARENA_ARRAY(arena, struct reminder, most + 1);
    enum status status = OK;
    size_t n = 0;
    for (size_t r = 0; status == OK && r < pack->n_registers; r++)
        if (pack->registers[r].n_clocks && reader_sees(reader, &pack->registers[r]))
            status = list_register(office, reader, &pack->registers[r], now, most, arena, list, &n);
    if (status != OK)
        return status;
    if (n)
        qsort(list, n, sizeof *list, by_due);
    *ret = list;
    *ret_n = n;
    return OK;
}

/* ---- the walk over due clocks ---- */

struct letter { record_id person; const char *to; struct told { const char *number; moment due; record_id record; const char *key; } *items; size_t n, cap; struct letter *next; };
struct reminding {
    struct office *office;
    struct arena *arena;
    struct view *view;
    struct guards all;
    moment now;
    const struct label *channel;             /* what mail may name; NULL: nothing */
    struct letter *letters;
    struct idmap holders;                    /* appointment -> holder, for one generation of the model */
    struct idmap logins;                     /* persons with an account in force */
    uint64_t generation;
};

static void forget(struct reminding *in)
{
    void *holder;
    for (size_t walk = 0; idmap_next(&in->holders, &walk, NULL, &holder);)
        holder_free(holder);
    idmap_free(&in->holders);
    idmap_free(&in->logins);
}

/* The model is looked at under its lock, record by record, so that no commit waits for a whole run. */
static void look_anew(struct reminding *in)
{
    const struct model *model = in->office->published;
    void *value;
    if (in->generation == model->generation + 1)
        return;
    forget(in);
    in->generation = model->generation + 1;
    for (size_t walk = 0; idmap_next(&model->accounts, &walk, NULL, &value);) {
        struct m_account *account = value;
        if (account->active)
            idmap_put(&in->logins, account->person, in);
    }
}

static struct holder *holder_of(struct reminding *in, const struct m_appointment *seat)
{
    struct holder *holder = idmap_get(&in->holders, seat->id);
    if (!holder) {
        holder = holder_new(&in->office->access, in->office->published, seat->person, seat->id, seat->post, in->now);
        idmap_put(&in->holders, seat->id, holder);
    }
    return holder;
}

static struct m_appointment *seat_that_reads(struct reminding *in, record_id person_id, const struct stored_guard *guard, const struct register_def *next_step_of,
                                             int state)
{
    const struct model *model = in->office->published;
    const struct m_person *person = person_id ? model_person(model, person_id) : NULL;
    for (size_t i = 0; person && person->active && i < person->appointments.count; i++) {
        struct m_appointment *seat = person->appointments.items[i];
        if (!model_appointed(model, seat, in->now) || (next_step_of && !may_step(next_step_of, state, seat->post)))
            continue;
        if (holder_guard(holder_of(in, seat), model, guard, NULL) || LEAK(34))
            return seat;
    }
    return NULL;
}

struct due_clock { const struct image *image; const struct stored_guard *guard; const struct clock_def *clock; moment due; int stage; };

static bool told_already(struct reminding *in, record_id person, record_id record, const char *key)
{
    const void *ignored;
    size_t len;
    char full[160];
    snprintf(full, sizeof full, "%lld/%s", (long long)record, key);
    label_id label;
    return view_side(in->view, SIDE_TABLE, person, full, in->arena, &ignored, &len, &label) == OK;
}

/* True when the person may read and so counts as told, whether or not there is an address to write to. */
static bool tell(struct reminding *in, record_id person_id, const struct due_clock *due, const struct register_def *next_step_of)
{
    const struct model *model = in->office->published;
    const struct m_person *person = person_id ? model_person(model, person_id) : NULL;
    if (!person || !seat_that_reads(in, person_id, due->guard, next_step_of, due->image->state) || !idmap_get(&in->logins, person_id))
        return false;
    const char *key = arena_printf(in->arena, "%s/%d/%lld", due->clock->name, due->stage, (long long)due->due);
    if (!person->email || !*person->email || told_already(in, person_id, due->image->id, key))
        return true;
    struct letter *letter = in->letters;
    while (letter && letter->person != person_id)
        letter = letter->next;
    if (!letter) {
        letter = ARENA_NEW(in->arena, struct letter);
        *letter = (struct letter){.person = person_id, .to = arena_strdup(in->arena, person->email), .next = in->letters};
        in->letters = letter;
    }
    if (letter->n == letter->cap) {
        struct told *more = ARENA_ARRAY(in->arena, struct told, letter->cap = letter->cap * 2 + 8);
        if (letter->n)
            memcpy(more, letter->items, letter->n * sizeof *more);
        letter->items = more;
    }
    const struct label *label = intern_label(in->office->intern, due->image->label)->label;
    bool named = in->channel && label_at_least(in->office->policies, in->channel, label);
    for (size_t i = 0; i < letter->n; i++)
        if (letter->items[i].record == due->image->id && str_eq(letter->items[i].key, key))
            return true;
    letter->items[letter->n++] = (struct told){named ? due->image->number : NULL, due->due, due->image->id, key};
    return true;
}

/* Deputies of a person: those appointed in their place. */
static bool tell_deputies(struct reminding *in, record_id person, const struct due_clock *due)
{
    bool told = false;
    void *value;
    for (size_t walk = 0; idmap_next(&in->office->published->appointments, &walk, NULL, &value);) {
        const struct m_appointment *seat = value;
        if (seat->deputy_for == person && person && model_appointed(in->office->published, seat, in->now))
            told |= tell(in, seat->person, due, NULL);
    }
    return told;
}

/* The nearest one who may read: a deputy, else the superior, else the superior's deputy, and so on up. */
static bool climb(struct reminding *in, record_id person_id, const struct due_clock *due)
{
    for (int height = 0; person_id && height < CLIMB_MOST; height++) {
        const struct m_person *person = model_person(in->office->published, person_id);
        if (tell_deputies(in, person_id, due))
            return true;
        if (!person || !person->superior)
            return false;
        if (tell(in, person->superior, due, NULL))
            return true;
        person_id = person->superior;
    }
    return false;
}

static bool climb_posts(struct reminding *in, const struct post_def *post, const struct due_clock *due)
{
    bool told = false;
    for (int height = 0; post && !told && height < CLIMB_MOST; height++) {
        void *value;
        post = post->superior;
        for (size_t walk = 0; post && idmap_next(&in->office->published->appointments, &walk, NULL, &value);) {
            const struct m_appointment *seat = value;
            if (seat->post == post && model_appointed(in->office->published, seat, in->now))
                told |= tell(in, seat->person, due, NULL);
        }
    }
    return told;
}

static const struct post_def *post_of(const struct reminding *in, record_id person_id)
{
    const struct m_person *person = model_person(in->office->published, person_id);
    for (size_t i = 0; person && i < person->appointments.count; i++)
        if (model_appointed(in->office->published, person->appointments.items[i], in->now))
            return ((struct m_appointment *)person->appointments.items[i])->post;
    return NULL;
}

/* Everybody whose post leads on; true when there was one. `ret_one` is any of them, to climb from. */
static bool tell_next_steps(struct reminding *in, const struct due_clock *due, record_id *ret_one)
{
    void *value;
    bool told = false;
    for (size_t walk = 0; idmap_next(&in->office->published->appointments, &walk, NULL, &value);) {
        const struct m_appointment *seat = value;
        if (!model_appointed(in->office->published, seat, in->now) || !may_step(due->image->def, due->image->state, seat->post))
            continue;
        if (tell(in, seat->person, due, due->image->def)) {
            told = true;
            if (!*ret_one || seat->person < *ret_one)
                *ret_one = seat->person;
        }
    }
    return told;
}

static void address(struct reminding *in, const struct due_clock *due)
{
    const struct register_def *def = due->image->def;
    record_id from = def->owner ? image_link_to(due->image, def->owner) : 0;
    bool told = from && tell(in, from, due, NULL);
    if (!from)
        told = tell_next_steps(in, due, &from);
    if (told && due->stage < (int)due->clock->n_warn)
        return;
    /* Late, or nobody could be told: up, and at last to whoever owns the file. */
    bool above = from && (climb(in, from, due) || climb_posts(in, post_of(in, from), due));
    const struct m_file *file = !above && due->image->file ? idmap_get(&in->office->published->files, due->image->file) : NULL;
    if (file)
        (void)tell(in, file->owner, due, NULL);
}

static void consider(struct reminding *in, const struct image *image)
{
    pthread_rwlock_rdlock(&in->office->lock);
    look_anew(in);
    for (size_t c = 0; c < image->def->n_clocks; c++) {
        const struct clock_def *clock = &image->def->clocks[c];
        const struct val *entry = val_get(image->clocks, clock->name);
        moment due = entry ? val_get_int(entry, "due", MOMENT_NONE) : MOMENT_NONE;
        int stage = due == MOMENT_NONE || val_get(entry, "stopped") ? -1 : stage_of(clock, due, in->now);
        if (stage >= 0)
            address(in, &(struct due_clock){image, intern_guard(in->office->intern, image->guard), clock, due, stage});
    }
    pthread_rwlock_unlock(&in->office->lock);
}

static bool with_owner(struct reminding *in, struct image *image)
{
    const struct index_def *index = image->def->owner ? index_find(&in->office->plans[image->def->index], INDEX_LINK, image->def->owner) : NULL;
    struct stored_link *links;
    size_t n;
    if (!index)
        return true;
    if (view_links(in->view, &in->all, image->id, &(struct link_range){.outgoing = true, .field = index->id}, in->arena, &links, &n) != OK)
        return false;
    image->links = ARENA_ARRAY(in->arena, struct image_link, n + 1);
    for (size_t i = 0; i < n; i++)
        image->links[image->n_links++] = (struct image_link){links[i].id, image->def->owner, links[i].to, links[i].made};
    return true;
}

/* How far ahead a register's clocks warn. */
static moment horizon(const struct register_def *def, moment now)
{
    moment far = now;
    for (size_t c = 0; c < def->n_clocks; c++)
        for (size_t w = 0; w < def->clocks[c].n_warn; w++) {
            moment at = span_add(NULL, now, def->clocks[c].warn[w]);
            far = at > far ? at : far;
        }
    return far;
}

static enum status walk_register(struct reminding *in, const struct register_def *def)
{
    const struct index_def *index = index_find(&in->office->plans[def->index], INDEX_DUE, NULL);
    struct scan scan = {.field = index ? index->id : 0, .limit = 500};
    struct buf far, first;
    enum status status = OK;
    buf_init(&far, 64);
    index_moment(&far, horizon(def, in->now));
    buf_init(&first, 64);
    index_moment(&first, in->now - LATE_MOST);
    scan.after = first.data;
    scan.after_len = first.len;
    for (bool more = index != NULL; status == OK && more;) {
        struct scan_row *rows;
        size_t n = 0;
        status = view_scan(in->view, &in->all, &scan, in->arena, &rows, &n);
        more = status == OK && n == scan.limit;
        for (size_t i = 0; status == OK && i < n; i++) {
            struct stored_record stored;
            struct image image;
            if (rows[i].key_len != far.len || memcmp(rows[i].key, far.data, far.len) > 0) {
                more = false;
                break;
            }
            if (view_record(in->view, &in->all, rows[i].id, in->arena, &stored) == OK && image_from_stored(in->office->pack, &stored, in->arena, &image) == OK &&
                with_owner(in, &image))
                consider(in, &image);
            scan.after = rows[i].key;
            scan.after_len = rows[i].key_len;
            scan.after_record = rows[i].id;
        }
    }
    buf_free(&far);
    buf_free(&first);
    return status;
}

/* ---- mail ---- */

static const struct label *channel_label(struct office *office, moment now, struct arena *arena)
{
    const struct val *names = val_get(office->config, "mail-label");
    const char *policy = val_get_str(names, "policy"), *class_name = val_get_str(names, "class");
    const char *text = policy && class_name ? label_by_names(office->policies, policy, class_name, NULL, now, arena) : NULL;
    struct reasons ignored;
    struct label *label;
    reasons_init(&ignored, arena);
    return text && label_read(text, strlen(text), arena, &ignored, &label) == OK ? label : NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->due < y->due ? -1 : x->due > y->due;
}

/* The language that an account of the person's has chosen; LANG_COUNT where none has, so that the mail is written in both. */
static enum lang language_of(struct reminding *in, record_id person)
{
    enum lang found = LANG_COUNT;
    record_id accounts[8];
    size_t n = 0;
    int64_t id;
    void *value;
    pthread_rwlock_rdlock(&in->office->lock);
    for (size_t walk = 0; n < 8 && idmap_next(&in->office->published->accounts, &walk, &id, &value);)
        if (((const struct m_account *)value)->person == person)
            accounts[n++] = id;
    pthread_rwlock_unlock(&in->office->lock);
    for (size_t i = 0; i < n; i++) {
        const void *kept;
        size_t len;
        if (office_side_get(in->office, "language", accounts[i], "lang", in->arena, &kept, &len) == OK && len == 2)
            found = memcmp(kept, "fr", 2) == 0 ? LANG_FR : LANG_EN;
    }
    return found;
}

static struct remind_mail mail_of(struct reminding *in, const struct letter *letter)
{
    struct buf text;
    struct buf seed;
    char hex[65];
    uint8_t key[32];
    buf_init(&text, 1 << 18);
    buf_init(&seed, 1 << 18);
    enum lang chosen = language_of(in, letter->person);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (chosen != LANG_COUNT && lang != (int)chosen)
            continue;
        buf_adds(&text, tr((enum lang)lang, T_("Something is due on your desk:")));
        buf_adds(&text, "\n\n");
        for (size_t i = 0; i < letter->n && i < 200; i++) {
            buf_addf(&text, "  %s", moment_words(in->arena, letter->items[i].due, (enum lang)lang));
            if (letter->items[i].number)
                buf_addf(&text, "  %s", letter->items[i].number);
            buf_adds(&text, "\n");
        }
        buf_adds(&text, "\n");
    }
    for (size_t i = 0; i < letter->n; i++)
        buf_addf(&seed, "%lld %lld %s\n", (long long)letter->person, (long long)letter->items[i].record, letter->items[i].key);
    office_key(in->office, "remind.message", key);
    struct hash hash = hmac_sha256(key, sizeof key, seed.data ? seed.data : "", seed.len);
    hex_write(hash.bytes, HASH_BYTES, hex);
    struct remind_mail mail = {.person = letter->person, .to = letter->to, .subject = chosen == LANG_COUNT ? "Castellan: desk / bureau" : chosen == LANG_FR ? "Castellan : bureau" : "Castellan: desk", .text = arena_strndup(in->arena, text.data ? text.data : "", text.len),
                               .message_id = arena_printf(in->arena, "%.40s@castellan.invalid", hex)};
    buf_free(&text);
    buf_free(&seed);
    return mail;
}

static enum status gather(struct reminding *in)
{
    struct office *office = in->office;
    enum status status = view_begin(in->view);
    if (status != OK)
        return status;
    guard_id n = intern_guards(office->intern);
    guard_id *ids = ARENA_ARRAY(in->arena, guard_id, (size_t)n + 1);
    for (guard_id id = 1; id <= n; id++)
        ids[id - 1] = id;
    in->all = (struct guards){ids, (size_t)n};
    for (size_t r = 0; status == OK && r < office->pack->n_registers; r++)
        if (office->pack->registers[r].n_clocks)
            status = walk_register(in, &office->pack->registers[r]);
    view_end(in->view);
    return status;
}

enum status office_remind(struct office *office, moment now, bool (*send)(void *, const struct remind_mail *), void *arg, struct reasons *reasons,
                          size_t *ret_sent)
{
    struct reminding in = {.office = office, .arena = arena_new((size_t)512 << 20), .now = now};
    size_t sent = 0;
    if (!in.arena)
        return NO_MEMORY;
    in.view = view_take(office);
    in.channel = channel_label(office, now, in.arena);
    enum status status = in.view ? gather(&in) : FAILED_IO;
    if (in.view)
        view_give(office, in.view);
    forget(&in);
    for (struct letter *letter = in.letters; status == OK && letter; letter = letter->next) {
        qsort(letter->items, letter->n, sizeof *letter->items, by_time);
        struct remind_mail mail = mail_of(&in, letter);
        if (!send(arg, &mail))
            continue;
        sent++;
        for (size_t i = 0; status == OK && i < letter->n; i++) {
            char full[160];
            snprintf(full, sizeof full, "%lld/%s", (long long)letter->items[i].record, letter->items[i].key);
            status = office_side_put(office, SIDE_TABLE, letter->person, full, "", 0);
        }
    }
    if (status != OK)
        reason_add(reasons, "remind", NULL, T_("Reminders could not be made: %1$s."), status_name(status));
    else
        *ret_sent = sent;
    arena_free(in.arena);
    return status;
}
