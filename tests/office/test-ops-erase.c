/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Erasure: two persons, a rule or an order, and then nothing of it is left in any file of the office, while the journal still proves.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fixture.h"
#include "journal/journal.h"
#include "office/erase.h"
#include "office/restore.h"
#include "office/verify.h"
#include "store/backup.h"
#include "tap.h"

#define SECRET_WORD "Quetzalcoatlus"
#define HSO(login) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"X\",\"nationality\":\"FRA\",\"posts\":[{\"post\":\"headquarters-security-officer\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]," \
    "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"4\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]," \
    "\"briefings\":[{\"policy\":\"1.3.26.1.3.1\",\"class\":\"4\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}]}"

static struct fixture f;

static bool file_has(const char *path, const char *word)
{
    struct stat about;
    int fd = open(path, O_RDONLY);
    bool found = false;
    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0) {
        char *bytes = malloc((size_t)about.st_size);
        ssize_t n = read(fd, bytes, (size_t)about.st_size);
        found = n > 0 && memmem(bytes, (size_t)n, word, strlen(word));
        free(bytes);
    }
    if (fd >= 0)
        close(fd);
    return found;
}
/* Files of a folder that hold a word, below it, too. */
static unsigned holding(const char *folder, const char *word)
{
    DIR *all = opendir(folder);
    unsigned n = 0;
    for (struct dirent *entry; all && (entry = readdir(all));) {
        char path[1024];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        n += entry->d_type == DT_DIR ? holding(path, word) : file_has(path, word);
    }
    if (all)
        closedir(all);
    return n;
}
static unsigned files_in(const char *folder)
{
    DIR *all = opendir(folder);
    unsigned n = 0;
    for (struct dirent *entry; all && (entry = readdir(all));)
        n += entry->d_name[0] != '.';
    if (all)
        closedir(all);
    return n;
}

static const char *proposal_bytes(const char *login, const char *proposal)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    char *hex = arena_alloc(f.arena, 65);
    if (proposal && office_get(f.office, reader, "proposal", proposal, f.arena, &record) == OK) {
        const char *op = val_get_str(record.fields, "op");
        struct hash hash = sha256(op, strlen(op));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    return hex;
}
static enum status propose(const char *login, const char *number, const char *basis, const char *reason, const char **ret)
{
    struct outcome outcome;
    enum status status = fixture_do(&f, login, (struct op){.kind = OP_ERASE, .number = number, .step = basis, .reason = reason}, NULL, ret, &outcome);
    return status == OK && !outcome.proposed ? DAMAGED : status;
}
static enum status second(const char *login, const char *proposal)
{
    return fixture_do(&f, login, (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = proposal_bytes(login, proposal)}, NULL, NULL, NULL);
}
static enum status reads(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status;
}
static void proves(const char *name, uint64_t erased)
{
    struct office_verdict verdict;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    enum status status = office_verify(f.office, f.folder, false, NULL, NULL, f.arena, &reasons, &verdict);
    if (!ok(status == OK && verdict.journal.missing == 0 && verdict.journal.erased >= erased, "%s", name))
        printf("# %s, %llu erased, %llu missing: %s\n", status_name(status), (unsigned long long)verdict.journal.erased, (unsigned long long)verdict.journal.missing, reasons_text(&reasons, LANG_EN));
}

static void under_an_order(void)
{
    const char *number, *proposal;
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    struct outcome outcome;
    ok(fixture_create(&f, "staff", "incident", label, "{\"summary\":\"" SECRET_WORD " seen\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"The "
       SECRET_WORD " at the gate.\"}", &number) == OK, "an incident is reported");
    ok(fixture_step(&f, "duty", number, "contain", "{\"containment\":\"" SECRET_WORD " gone.\",\"contained-at\":\"2027-03-01T07:50Z\"}") == OK, "and contained");
    ok(holding(f.folder, SECRET_WORD) > 0, "its words lie in the office's files");
    ok(propose("duty", number, "order", "because", &proposal) == REFUSED, "who lacks the right erases nothing");
    ok(propose("hso", number, "retention", "time is over", &proposal) == REFUSED, "no erasure under a retention that has not begun");
    ok(propose("hso", number, "order", "", &proposal) == BAD_INPUT, "an order is named");
    ok(propose("hso", number, "whim", "because", &proposal) == BAD_INPUT, "there is no other ground");
    ok(propose("low", number, "order", "because", &proposal) == ABSENT, "what one does not read is absent, here too");
    if (!ok(propose("hso", number, "order", "Court of Brussels, 1 March 2027", &proposal) == OK, "one person proposes"))
        printf("# %s\n", fixture_words());
    ok(reads("hso", number) == OK, "and nothing is erased yet");
    ok(second("hso", proposal) == REFUSED, "the same person does not confirm");
    ok(fixture_do(&f, "ssl", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = "00"}, NULL, NULL, &outcome) == CONFLICT, "nor is anything else confirmed than was proposed");
    if (!ok(second("ssl", proposal) == OK, "another confirms"))
        printf("# %s\n", fixture_words());
    ok(reads("hso", number) == ABSENT && reads("staff", number) == ABSENT, "the record is gone for everybody");
    is_int(holding(f.folder, SECRET_WORD), 0, "no file of the office holds a word of it: not the database, not its log");
    ok(second("ssl", proposal) == REFUSED, "it is not erased twice");
    proves("the journal proves, tables fit, nothing is missing", 3);
    fixture_reopen(&f);
    ok(reads("hso", number) == ABSENT, "an office opened again knows it no more");
    proves("and proves still", 3);
}

static void with_its_attachment(void)
{
    const char *number, *proposal;
    char *fields = arena_printf(f.arena, "{\"person\":\"%s\",\"kind\":\"%s\",\"edition\":\"2026/1\",\"signed-on\":\"2027-02-01\"}", fixture_person(&f, "low"),
                                pack_vocabulary(office_pack(f.office), "undertaking-kind")->terms[0].name);
    struct outcome outcome;
    const struct reader *reader;
    char folder[128];
    snprintf(folder, sizeof folder, "%s/attachments", f.folder);
    unsigned before = files_in(folder);
    if (!ok(fixture_create(&f, "hso8", "undertaking", NULL, fields, &number) == OK, "an undertaking"))
        printf("# %s\n", fixture_words());
    reader = fixture_reader(&f, "hso8");
    struct change change = {.writer = reader, .key = "attach-the-scan", .now = f.now};
    ok(office_attach(f.office, &change, number, "scan", "scan.pdf", "application/pdf", "%PDF scan of a signature", 24, f.arena, &outcome) == OK, "with its scan");
    reader_free(reader);
    is_int(files_in(folder), before + 1, "sealed bytes lie in the folder");
    ok(propose("hso8", number, "order", "Withdrawal of consent, 2 March 2027", &proposal) == OK && second("hso9", proposal) == OK, "it is erased");
    is_int(files_in(folder), before, "and its sealed bytes with it");
}

static void under_the_rule(void)
{
    const char *number = NULL, *proposal, *after = NULL;
    struct retention_over *list;
    size_t n = 9;
    const struct reader *reader = fixture_reader(&f, "ict");
    struct query query = {.register_ = "account", .text = "low"};
    struct page_of page;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    if (office_find(f.office, reader, &query, f.arena, &reasons, &page) == OK && page.n_rows)
        number = page.rows[0].number;
    reader_free(reader);
    ok(number && fixture_step(&f, "ict", number, "close", "{}") == OK, "an account is closed");
    f.now += 4 * 365 * DAY;
    reader = fixture_reader(&f, "hso8");
    ok(office_retention_over(f.office, reader, f.now, 100, f.arena, &list, &n) == OK && n == 0, "after four years nothing is due");
    reader_free(reader);
    ok(propose("hso8", number, "retention", "five years", &after) == REFUSED && strstr(fixture_words(), "2032"), "and the refusal says until when it is kept");
    f.now += 366 * DAY + 2 * DAY;
    reader = fixture_reader(&f, "hso8");
    ok(office_retention_over(f.office, reader, f.now, 100, f.arena, &list, &n) == OK && n == 1 && str_eq(list[0].number, number), "after five it is listed");
    reader_free(reader);
    ok(propose("hso8", number, "retention", "five years are over", &proposal) == OK && second("hso9", proposal) == OK, "and erased");
    reader = fixture_reader(&f, "hso8");
    ok(office_retention_over(f.office, reader, f.now, 100, f.arena, &list, &n) == OK && n == 0, "then it is listed no more");
    reader_free(reader);
    bool active;
    ok(office_account(f.office, "low", &active) == 0, "nobody signs in by it");
    const char *person = fixture_person(&f, "hso9");
    ok(propose("hso8", person, "order", "because", &proposal) == REFUSED && strstr(fixture_words(), "erased first"), "a person whose account stands is not erased");
    proves("all this proves", 5);
}

static void travels(void)
{
    struct signer *signer;
    struct reasons reasons;
    char path[256], lists[200];
    reasons_init(&reasons, f.arena);
    snprintf(path, sizeof path, "%s/signer", f.folder);
    snprintf(lists, sizeof lists, "%s/checkpoints", f.folder);
    ok(signer_create_key(path, "castellan/test", &reasons) == OK && signer_start(path, &reasons, &signer) == OK, "a signer");
    ok(link(arena_printf(f.arena, "%s/signer.pub", path), arena_printf(f.arena, "%s/signer.pub", f.folder)) == 0, "whose public line lies in the office's folder");
    ok(office_checkpoint(f.office, signer, f.now, &reasons) == OK, "signs a checkpoint");
    signer_stop(signer);
    is_int(files_in(lists), 2, "beside the note lies the list of erasures");
    ok(holding(lists, "record ") >= 1 && holding(lists, "attachment ") >= 1, "which names what was erased");
}

/* What castellan restore does with the office that came out of a backup. */
struct restore { const char *lists; size_t first, again; enum status verified; uint64_t erased, missing; char title[128]; const char *file; };
static enum status erase_again(void *arg, const char *folder, struct reasons *reasons)
{
    struct restore *all = arg;
    struct office *office;
    struct office_verdict verdict = {0};
    struct record_view record;
    const struct reader *reader = NULL;
    struct seat *seats;
    bool active;
    enum status status = office_open(&(struct office_options){.folder = folder, .now = f.now, .duties = fixture_engines, .fast_secrets = true}, reasons, &office);
    if (status != OK)
        return status;
    status = office_erase_again(office, all->lists, NULL, f.now, f.arena, reasons, &all->first);
    if (status == OK)
        status = office_erase_again(office, all->lists, NULL, f.now, f.arena, reasons, &all->again);
    all->verified = office_verify(office, folder, false, NULL, NULL, f.arena, reasons, &verdict);
    all->erased = verdict.journal.erased;
    all->missing = verdict.journal.missing;
    record_id account = office_account(office, "hso", &active);
    if (all->file && office_seats(office, account, f.now, f.arena, &seats) && reader_open(office, account, seats[0].appointment, f.now, reasons, &reader) == OK &&
        office_get(office, reader, "file", all->file, f.arena, &record) == OK)
        snprintf(all->title, sizeof all->title, "%s", val_get_str(record.fields, "title"));
    reader_free(reader);
    office_close(office);
    return status;
}

/* ---- lists that somebody changed ---- */

static unsigned long long size_of(const char *name) { return strtoull(strrchr(name, '-') + 1, NULL, 10); }
static const char *newest(const char *folder, const char *end)
{
    const char *found = NULL;
    DIR *all = opendir(folder);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (str_ends(entry->d_name, end) && (!found || size_of(entry->d_name) > size_of(found)))
            found = arena_strdup(f.arena, entry->d_name);
    if (all)
        closedir(all);
    return found ? arena_printf(f.arena, "%s/%s", folder, found) : "none";
}
static char *text_of(const char *path)
{
    char text[8192];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    return n < 0 ? NULL : arena_strndup(f.arena, text, (size_t)n);
}
static void put_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "written: %s", strrchr(path, '/'));
    close(fd);
}
static void refused(const char *backup, const char *secret, const char *to, struct restore *restore, enum status wanted, const char *words, const char *name)
{
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    enum status status = backup_restore(backup, secret, to, erase_again, restore, &reasons);
    if (!ok(status == wanted && strstr(reasons_text(&reasons, LANG_EN), words), "%s", name))
        printf("# %s: %s\n", status_name(status), reasons_text(&reasons, LANG_EN));
    fixture_drop(to);
}
static void only_signed_lists(const char *backup, const char *secret, const char *to, struct restore *restore)
{
    const char *list = newest(restore->lists, ".erasures"), *note = newest(restore->lists, ".note"), *other = arena_printf(f.arena, "%s/2027-03-09T00:00:00Z-99999999.erasures", restore->lists);
    char *good = text_of(list), *signed_note = text_of(note), *cut = arena_strdup(f.arena, good);
    put_text(list, arena_printf(f.arena, "%srecord 4711 3\n", good));
    refused(backup, secret, to, restore, REFUSED, "not those that the newest checkpoint", "a line more is refused");
    cut[strlen(cut) - 1] = 0;
    *(strrchr(cut, '\n') + 1) = 0;
    put_text(list, cut);
    refused(backup, secret, to, restore, REFUSED, "not those that the newest checkpoint", "a line less is refused");
    unlink(list);
    refused(backup, secret, to, restore, REFUSED, "not those that the newest checkpoint", "a list that is missing is missed");
    put_text(list, good);
    put_text(other, good);
    refused(backup, secret, to, restore, REFUSED, "No checkpoint beside it signs", "one that no checkpoint signs is refused");
    put_text(other, "signer castellan/test+00000000\nrecord 4711 3\n");
    refused(backup, secret, to, restore, REFUSED, "whose public line was not given", "another signer's too");
    put_text(other, "record 4711 3\n");
    refused(backup, secret, to, restore, BAD_INPUT, "99999999.erasures:1", "and what is no list, named with its line");
    unlink(other);
    char *digit = strstr(signed_note, "\nerasures ") + 10;
    *digit = *digit == '9' ? '8' : '9';
    put_text(note, signed_note);
    refused(backup, secret, to, restore, REFUSED, "", "a checkpoint whose count was changed proves nothing");
    *digit = 'x';
    unlink(note);
}

static const char *file_of(const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "hso");
    const char *ret = office_get(f.office, reader, NULL, number, f.arena, &record) == OK ? arena_strdup(f.arena, record.file_number) : NULL;
    reader_free(reader);
    return ret;
}

static void restored(void)
{
    struct reasons reasons;
    struct signer *signer;
    struct outcome outcome;
    struct restore restore = {0};
    const char *number, *incident, *proposal;
    char *public_key = arena_printf(f.arena, "%s/public", f.folder), *secret_key = arena_printf(f.arena, "%s/secret", f.folder), *backup = arena_printf(f.arena, "%s/backup", f.folder),
         *to = arena_printf(f.arena, "%s-restored", f.folder);
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    reasons_init(&reasons, f.arena);
    f.now = T0 + DAY;
    fixture_reopen(&f);
    char *fields = arena_printf(f.arena, "{\"person\":\"%s\",\"kind\":\"%s\",\"edition\":\"" SECRET_WORD "\",\"signed-on\":\"2027-02-01\"}", fixture_person(&f, "hso8"),
                                pack_vocabulary(office_pack(f.office), "undertaking-kind")->terms[0].name);
    ok(fixture_create(&f, "hso8", "undertaking", NULL, fields, &number) == OK, "a record");
    const struct reader *reader = fixture_reader(&f, "hso8");
    struct change change = {.writer = reader, .key = "attach-another", .now = f.now};
    ok(office_attach(f.office, &change, number, "scan", "scan.pdf", "application/pdf", "%PDF another signature", 22, f.arena, &outcome) == OK, "its attachment");
    reader_free(reader);
    ok(fixture_create(&f, "staff", "incident", label, "{\"summary\":\"" SECRET_WORD " again\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"At the gate.\"}",
                      &incident) == OK, "an incident");
    restore.file = file_of(incident);
    ok(restore.file != NULL, "and the file that was opened for it");
    ok(backup_make_keys(public_key, secret_key, &reasons) == OK && backup_write(office_store(f.office), public_key, backup, &reasons, NULL, NULL) == OK, "are in a backup");
    unsigned sealed = files_in(arena_printf(f.arena, "%s/attachments", f.folder));
    ok(propose("hso8", number, "order", "after the backup", &proposal) == OK && second("hso9", proposal) == OK, "the record is erased later");
    if (!ok(propose("hso", incident, "order", "after the backup", &proposal) == OK && second("ssl", proposal) == OK, "and the incident"))
        printf("# %s\n", fixture_words());
    ok(signer_start(arena_printf(f.arena, "%s/signer", f.folder), &reasons, &signer) == OK && office_checkpoint(f.office, signer, f.now, &reasons) == OK, "a checkpoint carries the list");
    signer_stop(signer);
    restore.lists = arena_printf(f.arena, "%s/checkpoints", f.folder);
    if (!ok(backup_restore(backup, secret_key, to, erase_again, &restore, &reasons) == OK, "the backup is restored with the lists"))
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    is_int(restore.first, 3, "record, incident and the title of its file are erased again");
    is_int(restore.again, 0, "and nothing a second time");
    is_int(holding(to, SECRET_WORD), 0, "no file of the restored office holds a word of them");
    is_int(files_in(arena_printf(f.arena, "%s/attachments", to)), sealed - 1, "nor the attachment");
    if (!ok(restore.verified == OK && restore.missing == 0 && restore.erased >= 3, "it verifies: erased, not missing"))
        printf("# %llu erased, %llu missing: %s\n", (unsigned long long)restore.erased, (unsigned long long)restore.missing, reasons_text(&reasons, LANG_EN));
    is(restore.title, restore.file, "the incident's file is still there, under its number");
    fixture_drop(to);

    only_signed_lists(backup, secret_key, to, &restore);
    struct stat about;
    ok(stat(to, &about) != 0, "and nothing is left");
}

int main(void)
{
    fixture_new_with(&f, "[" HSO("hso8") "," HSO("hso9") "]");
    under_an_order();
    with_its_attachment();
    under_the_rule();
    travels();
    restored();
    fixture_free(&f);
    return tap_done();
}
