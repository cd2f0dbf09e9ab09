/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     send-mail URL [CA-FILE]      sends the two mails that smtp-server.sh looks for in the server's mailbox
 */
#include <stdio.h>

#include "wire/wire.h"

int main(int argc, char **argv)
{
    static const struct mail mails[] = {
        {.to = "post@hq.example", .subject = "Something is due on your desk", .text = "Due: 2026-11-23.\n.a dot first\n", .message_id = "1.1@castellan"},
        {.to = "poste@hq.example", .subject = "Échéance dépassée : quelque chose attend sur votre bureau, à Évere", .text = "Échéance = hier \n", .message_id = "1.2@castellan"},
    };
    struct arena *arena = arena_new(0);
    struct mail_relay relay = {.url = argc > 1 ? argv[1] : "", .from = "castellan@hq.example", .ca_file = argc > 2 ? argv[2] : NULL, .insecure_loopback = argc <= 2};
    int code = 0;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        struct reasons reasons;
        struct mail mail = mails[i];
        reasons_init(&reasons, arena);
        mail.date = 1795352700LL * SECOND;
        if (mail_send(&relay, &mail, &reasons) != OK) {
            fprintf(stderr, "%s\n", reasons_text(&reasons, LANG_EN));
            code = 1;
        }
    }
    arena_free(arena);
    return code;
}
