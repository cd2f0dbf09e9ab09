/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reminders: to whom they go, once each, what they say, and that nobody who may not read a record hears of it. Mail goes through a real SMTP
 * server, a thread of this program.
 */
#include "base/text.h"
#include "fixture.h"
#include "office/remind.h"
#include "tap.h"
#include "wire/smtp.h"
#include "wire/wire.h"

static struct fixture f;
static struct { char to[64], text[4096]; } box[64];
static size_t n_box;
static bool relay_down;

static bool take(void *arg, const struct remind_mail *mail)
{
    (void)arg;
    if (relay_down || n_box == 64)
        return false;
    snprintf(box[n_box].to, sizeof box[n_box].to, "%s", mail->to);
    snprintf(box[n_box++].text, sizeof box[0].text, "%s", mail->text);
    return true;
}
static size_t run(void)
{
    struct reasons reasons;
    size_t sent = 0;
    reasons_init(&reasons, f.arena);
    n_box = 0;
    if (office_remind(f.office, f.now, take, NULL, &reasons, &sent) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return sent;
}
static const char *mail_to(const char *login)
{
    for (size_t i = 0; i < n_box; i++)
        if (str_starts(box[i].to, login) && box[i].to[strlen(login)] == '@')
            return box[i].text;
    return NULL;
}
static size_t on_desk(const char *login, enum remind_stage *ret_first)
{
    struct reminder *list;
    size_t n = 0;
    const struct reader *reader = fixture_reader(&f, login);
    if (!reader || office_reminders(f.office, reader, f.now, 100, f.arena, &list, &n) != OK)
        n = 99;
    else if (n && ret_first)
        *ret_first = list[0].stage;
    reader_free(reader);
    return n;
}

static const char *action_for(const char *login, const char *class_name, const char *policy)
{
    const char *number = NULL;
    char *fields = arena_printf(f.arena, "{\"what\":\"Renew the guard's orders\",\"arises-from\":\"%s\",\"owner\":\"%s\",\"due-date\":\"2027-03-31\"}",
                                pack_vocabulary(office_pack(f.office), "action-source")->terms[0].name, fixture_person(&f, login));
    if (fixture_create(&f, "hso", "action", fixture_label(&f, policy, class_name), fields, &number) != OK)
        printf("# %s\n", fixture_words());
    return number;
}

static void owner_first(void)
{
    const char *number = action_for("duty", "CONFIDENTIAL", "NATO");
    enum remind_stage stage;
    ok(number != NULL, "an action is set for the duty officer");
    run();
    ok(!mail_to("duty"), "30 days before nothing is said");
    is_int(on_desk("duty", NULL), 0, "nor on paper");
    f.now = T0 + 18 * DAY;
    run();
    const char *text = mail_to("duty");
    ok(text && !mail_to("hso") && !mail_to("ssl") && !mail_to("low"), "14 days before, its owner is reminded, and nobody else");
    ok(text && strstr(text, "31 Mar 2027"), "of when");
    ok(text && !strstr(text, "ACT-") && !strstr(text, "guard"), "not of what");
    ok(text && strstr(text, "sur votre bureau") && strstr(text, "on your desk"), "in both languages");
    is_int(on_desk("duty", &stage), 1, "and it stands on the printed list");
    is_int(stage, REMIND_SOON, "as soon due");
    is_int(on_desk("low", NULL), 0, "nobody else's list has it");
    f.now += HOUR;
    run();
    ok(!mail_to("duty"), "once");
    f.now = T0 + 28 * DAY;
    relay_down = true;
    run();
    relay_down = false;
    run();
    ok(mail_to("duty") != NULL, "what the relay did not take is sent again");
    fixture_reopen(&f);
    run();
    ok(!mail_to("duty"), "and what it took is not, though the office was opened anew");
    f.now = T0 + 32 * DAY;
    run();
    ok(mail_to("duty") != NULL, "what is late is told to the owner");
    ok(mail_to("hso") != NULL, "and to the nearest superior's post, who may read it");
    is_int(on_desk("duty", &stage), 1, "it is still on the list");
    is_int(stage, REMIND_LATE, "as late");
    f.now += DAY;
    is_int(run(), 0, "and that, too, is told once");
    ok(fixture_step(&f, "duty", number, "finish", "{\"done-on\":\"2027-04-02\",\"proof\":\"Orders signed.\"}") == OK, "it is done");
    is_int(on_desk("duty", NULL), 0, "and leaves the list");
}

/* An owner who may not read the record hears nothing; who stands above and may, does. */
static void nobody_who_may_not_read(void)
{
    const char *number = action_for("admin", "CONFIDENTIAL", "NATO");
    ok(number != NULL, "an action for somebody who is not cleared for its label");
    f.now = T0 + 20 * DAY;
    run();
    ok(!mail_to("admin"), "says nothing to them");
    is_int(on_desk("admin", NULL), 0, "on paper neither");
}

static void numbers_where_the_channel_may(void)
{
    struct val *config = (struct val *)office_config(f.office), *label = val_object(f.arena);
    val_set_str(f.arena, label, "policy", "NATO");
    val_set_str(f.arena, label, "class", "RESTRICTED");
    val_set(f.arena, config, "mail-label", label);
    f.now = T0;
    const char *low = action_for("duty", "RESTRICTED", "NATO"), *high = action_for("inv", "CONFIDENTIAL", "NATO");
    f.now = T0 + 19 * DAY;
    run();
    ok(low && mail_to("duty") && strstr(mail_to("duty"), low), "a number stands in a mail whose channel dominates the label");
    ok(high && mail_to("inv") && !strstr(mail_to("inv"), "ACT-"), "and not in one whose channel does not");
}

/* Both languages, until the person's account has chosen one. */
static void in_their_language(void)
{
    bool active;
    f.now = T0;
    ok(action_for("ism", "RESTRICTED", "NATO") != NULL, "an action for somebody who has chosen no language");
    f.now = T0 + 19 * DAY;
    run();
    ok(mail_to("ism") && strstr(mail_to("ism"), "Something is due") && strstr(mail_to("ism"), "échéance"), "is told in both");
    ok(office_side_put(f.office, "language", office_account(f.office, "ism", &active), "lang", "fr", 2) == OK, "they choose French");
    f.now = T0;
    ok(action_for("ism", "RESTRICTED", "NATO") != NULL, "another action");
    f.now = T0 + 19 * DAY;
    run();
    ok(mail_to("ism") && !strstr(mail_to("ism"), "Something is due") && strstr(mail_to("ism"), "échéance"), "is told in French alone");
}

/* ---- through a real relay ---- */

static bool post(void *arg, const struct remind_mail *mail)
{
    struct reasons reasons;
    struct mail out = {.to = mail->to, .subject = mail->subject, .text = mail->text, .message_id = mail->message_id, .date = f.now};
    reasons_init(&reasons, f.arena);
    return mail_send(arg, &out, &reasons) == OK;
}

static void by_smtp(void)
{
    struct server s;
    struct reasons reasons;
    size_t sent = 0;
    pthread_t thread = start(&s, CLEAR);
    f.now = T0;
    ok(action_for("inv2", "RESTRICTED", "NATO") != NULL, "one more action");
    f.now = T0 + 19 * DAY;
    struct mail_relay relay = {.url = arena_printf(f.arena, "smtp://127.0.0.1:%d", s.port), .from = "castellan@hq.example", .insecure_loopback = true};
    reasons_init(&reasons, f.arena);
    ok(office_remind(f.office, f.now, post, &relay, &reasons, &sent) == OK && sent == 1, "is told over SMTP");
    is(s.to, "RCPT TO:<inv2@hq.example>\r\n", "to its owner");
    ok(strstr(s.message, "Subject: Castellan: desk / bureau\r\n") && !strstr(s.message, "guard"), "under a subject that says nothing");
    s.refuse = "451 later\r\n";
    f.now = T0 + 29 * DAY;
    ok(office_remind(f.office, f.now, post, &relay, &reasons, &sent) == OK && sent == 0, "a relay that refuses");
    s.refuse = NULL;
    ok(office_remind(f.office, f.now, post, &relay, &reasons, &sent) == OK && sent > 0, "is asked again");
    stop(&s, thread);
}

int main(void)
{
    fixture_new(&f);
    owner_first();
    fixture_free(&f);
    fixture_new(&f);
    nobody_who_may_not_read();
    numbers_where_the_channel_may();
    in_their_language();
    by_smtp();
    fixture_free(&f);
    return tap_done();
}
