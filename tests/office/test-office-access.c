/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who may know what, rule by rule: each rule of the design is a check of its own here. The four keys one by one and at the
 * instant, exclusion, parties, labels, two persons, separation, emergency access, change keys, versions, open streams.
 */
#include "base/hash.h"
#include "base/text.h"
#include "fixture.h"
#include "tap.h"

static struct fixture f;
static const char *conf, *secret, *internal;

#define HELD(from, until) "{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"4\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"" from "\",\"until\":\"" until "\"}"
#define TOLD(from, until) "{\"policy\":\"1.3.26.1.3.1\",\"class\":\"4\",\"from\":\"" from "\",\"until\":\"" until "\"}"
#define WHO(login, post, until, clearances, briefings, more) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"T\",\"nationality\":\"BEL\"," more \
    "\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\",\"until\":\"" until "\"}],\"clearances\":[" clearances "],\"briefings\":[" briefings "]}"
#define LONG "2026-01-01", "2031-01-01"
static const char more[] = "["
    WHO("expires", "duty-officer", "2030-01-01", HELD("2026-01-01", "2027-06-01"), TOLD("2026-01-01", "2031-01-01"), "") ","
    WHO("later", "duty-officer", "2030-01-01", HELD("2027-06-01", "2031-01-01"), TOLD("2026-01-01", "2031-01-01"), "") ","
    WHO("unbriefed", "duty-officer", "2030-01-01", HELD("2026-01-01", "2031-01-01"), "", "") ","
    WHO("rebrief", "duty-officer", "2030-01-01", HELD("2026-01-01", "2031-01-01"), TOLD("2026-01-01", "2027-06-01"), "") ","
    WHO("leaves", "duty-officer", "2027-06-01", HELD("2026-01-01", "2031-01-01"), TOLD("2026-01-01", "2031-01-01"), "") ","
    WHO("clerk", "pass-clerk", "2030-01-01", HELD("2026-01-01", "2031-01-01"), TOLD("2026-01-01", "2031-01-01"), "") ","
    WHO("branch", "head-of-branch", "2030-01-01", HELD("2026-01-01", "2031-01-01"), TOLD("2026-01-01", "2031-01-01"), "") ","
    WHO("firm", "contractor", "2030-01-01", "", "", "\"contractor\":true,") ","
    "{\"login\":\"duty3\",\"name\":\"duty3\",\"given-name\":\"T\",\"nationality\":\"BEL\",\"posts\":[{\"post\":\"duty-officer\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],\"clearances\":["
    "{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"3\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}],\"briefings\":["
    "{\"policy\":\"1.3.26.1.3.1\",\"class\":\"3\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]}" ","
    WHO("duty2", "duty-officer", "2030-01-01", HELD("2026-01-01", "2031-01-01"), TOLD("2026-01-01", "2031-01-01"), "") "]";

static const char *at(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = reader ? office_get(f.office, reader, NULL, number, f.arena, &record) : REFUSED;
    reader_free(reader);
    return !reader ? "no reader" : status == OK ? record.state->name : status_name(status);
}
static bool reads(const char *login, const char *number) { return strcmp(at(login, number), "absent") != 0 && strcmp(at(login, number), "no reader") != 0; }
static void good(enum status status, const char *name)
{
    if (!ok(status == OK, "%s", name))
        printf("# %s: %s\n", status_name(status), fixture_words());
}
static void refused(enum status status, enum status wanted, const char *words, const char *name)
{
    if (!ok(status == wanted && (!words || strstr(fixture_words(), words)), "%s", name))
        printf("# %s: %s\n", status_name(status), fixture_words());
}
static char *form(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *form(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = arena_vprintf(f.arena, format, list);
    va_end(list);
    return text;
}
static const char *who(const char *login) { return fixture_person(&f, login); }
/* By the office itself: what a colleague did whose rights do not matter here. */
static enum status office_does(struct op op, const char *fields, const char **ret)
{
    static unsigned counter;
    struct outcome outcome;
    struct val *value;
    if (json_read(f.arena, fields ? fields : "{}", strlen(fields ? fields : "{}"), (struct json_limits){0}, NULL, &value) != OK)
        return BAD_INPUT;
    op.fields = value;
    enum status status = office_act(f.office, "test", form("%u", counter++), &op, 1, f.now, f.arena, &outcome);
    if (status != OK)
        printf("# %s\n", reasons_text(&outcome.reasons, LANG_EN));
    if (ret)
        *ret = status == OK ? outcome.numbers[0] : NULL;
    return status;
}
static const char *report(const char *by, const char *label, const char *persons)
{
    const char *number = "INC-2027-0000000000";
    good(fixture_create(&f, by, "incident", label, form("{\"summary\":\"Safe open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"So it was.\",\"persons\":[%s]}", persons), &number), "a case is reported");
    return number;
}
/* A record of a register that points to a person: the clearance, appointment ... of somebody. */
static const char *of_person(const char *login, const char *register_)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "hso");
    const char *number = NULL;
    if (office_get(f.office, reader, "person", who(login), f.arena, &record) == OK)
        for (size_t i = 0; i < record.n_back; i++)
            if (strcmp(record.back[i].register_->name, register_) == 0)
                number = record.back[i].number;
    reader_free(reader);
    return number;
}
static bool says(const char *login, const char *number, const char *rule, bool grants)
{
    struct reasons reasons;
    bool may = false, found = false;
    const struct reader *asker = fixture_reader(&f, "ssl");
    reasons_init(&reasons, f.arena);
    if (office_explain(f.office, asker, login, number, f.now, f.arena, &may, &reasons) == OK)
        for (const struct reason *one = reasons.first; one; one = one->after)
            found |= strcmp(one->rule, rule) == 0 && one->grants == grants;
    reader_free(asker);
    return found;
}
/* Whether an explanation, asked for by somebody, gives a rule's name (or one that begins so). */
static bool told(const char *by, const char *login, const char *number, const char *rule)
{
    struct reasons reasons;
    bool may = false, found = false;
    const struct reader *asker = fixture_reader(&f, by);
    reasons_init(&reasons, f.arena);
    if (office_explain(f.office, asker, login, number, f.now, f.arena, &may, &reasons) != OK)
        printf("# not explained to %s\n", by);
    for (const struct reason *one = reasons.first; one; one = one->after)
        found |= strncmp(one->rule, rule, strlen(rule)) == 0;
    reader_free(asker);
    return found;
}
static moment day(const char *text)
{
    moment when = 0;
    return moment_read(text, &when) == OK ? when : 0;
}

static void keys(void)
{
    moment then = f.now;
    const char *number = report("staff", conf, "");
    ok(reads("duty", number), "four keys held: read");
    ok(!reads("low", number) && says("low", number, "access.cleared", false), "key 1, cleared: without a clearance nothing is read, and the explanation says so");
    ok(reads("expires", number), "key 1: a clearance that ends later counts");
    f.now = day("2027-06-01T23:59Z");
    ok(reads("expires", number), "key 1: it counts until its last day is over");
    f.now = day("2027-06-02T00:00Z");
    ok(!reads("expires", number), "key 1: and not from that instant on");
    ok(reads("later", number), "key 1: a clearance that begins has begun");
    ok(!reads("rebrief", number) && says("rebrief", number, "access.briefed", false), "key 2: a briefing that ended counts no longer");
    ok(strcmp(at("leaves", number), "no reader") == 0, "key 4: an ended appointment reads nothing");
    f.now = then;
    ok(!reads("later", number), "key 1: a clearance that begins later does not count before");
    ok(!reads("unbriefed", number) && says("unbriefed", number, "access.briefed", false), "key 2, briefed: cleared is not enough");
    ok(reads("rebrief", number) && reads("leaves", number), "keys 2 and 4: both count until then");
    good(office_does((struct op){.kind = OP_STEP, .number = of_person("duty2", "clearance"), .step = "suspend", .reason = "inquiry"}, NULL, NULL), "a clearance is suspended");
    ok(!reads("duty2", number), "key 1: suspended, it counts no longer at that instant");
    good(office_does((struct op){.kind = OP_STEP, .number = of_person("duty2", "clearance"), .step = "reinstate", .reason = "over"}, NULL, NULL), "and reinstated");
    ok(reads("duty2", number), "key 1: it counts again");
    ok(!reads("admin", number) && says("admin", number, "access.right", false), "key 4, right: an administrator reads nothing");
    ok(!reads("inv", number) && says("inv", number, "access.need-to-know", false), "key 3, need-to-know: cleared, briefed and in the right post is not enough");
    ok(!reads("audit", number), "an auditor reads records by the four keys only");
    ok(says("duty", number, "access.cleared", true) && says("duty", number, "access.briefed", true) && says("duty", number, "access.need-to-know", true) && says("duty", number, "access.right", true),
       "whoever reads it is told all four keys");
    struct reasons reasons;
    bool may;
    const struct reader *low = fixture_reader(&f, "low");
    reasons_init(&reasons, f.arena);
    ok(office_explain(f.office, low, "duty", number, f.now, f.arena, &may, &reasons) == ABSENT && !reasons.count, "who may not know that it exists is told nothing");
    reader_free(low);
}

static void membership(void)
{
    const char *file = NULL, *asset = NULL, *member = NULL;
    good(fixture_create(&f, "ssl", "file", internal, "{\"title\":\"Circle\",\"kind\":\"case\"}", &file), "a file");
    good(fixture_create(&f, "ssl", "membership", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"keeps it\",\"from\":\"2027-01-01T00:00Z\"}", file, who("ict")), NULL), "a member");
    good(fixture_do(&f, "ict", (struct op){.kind = OP_CREATE, .register_ = "asset", .label = internal, .file = file}, "{\"name\":\"Box\",\"kind\":\"other\"}", &asset, NULL), "a record in the file");
    ok(!reads("low", asset), "key 3: who is no member reads nothing of the file");
    good(fixture_create(&f, "ssl", "membership", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"helps\",\"from\":\"2027-03-01T10:00Z\",\"until\":\"2027-03-01T12:00Z\"}", file, who("low")), &member), "a membership of two hours");
    moment then = f.now;
    f.now = day("2027-03-01T09:59Z");
    ok(!reads("low", asset), "key 3: not before the membership begins");
    f.now = day("2027-03-01T10:00Z");
    ok(reads("low", asset), "key 3: from that instant on");
    f.now = day("2027-03-01T11:59Z");
    ok(reads("low", asset), "key 3: until it ends");
    const struct reader *early = fixture_reader(&f, "low");
    f.now = day("2027-03-01T12:00Z");
    ok(!reads("low", asset), "key 3: and not after");
    struct record_view record;
    ok(office_get(f.office, early, NULL, asset, f.arena, &record) == OK, "a reader is who they were at their instant; streams and requests open one anew each time");
    reader_free(early);
    f.now = day("2027-03-01T10:30Z");
    good(fixture_step(&f, "ssl", member, "end", NULL), "a membership is ended");
    ok(!reads("low", asset), "key 3: it ends at that instant");
    f.now = then;
}

static void exclusion(void)
{
    const char *number = report("staff", conf, form("\"%s\"", who("duty2")));
    ok(!reads("duty2", number), "the subject of an investigation reads nothing of its file, whatever their post");
    ok(says("duty2", number, "access.exclusion", false), "and the explanation gives exclusion as the rule");
    ok(reads("duty", number), "others in the same post do");
    struct record_view record;
    const struct reader *hso = fixture_reader(&f, "hso");
    good(office_get(f.office, hso, NULL, number, f.arena, &record), "the case has a file");
    reader_free(hso);
    good(fixture_create(&f, "hso", "membership", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"mistake\",\"from\":\"2027-01-01T00:00Z\"}", record.file_number, who("duty2")), NULL), "made a member by mistake");
    ok(!reads("duty2", number), "membership does not lift an exclusion");
    const char *access = NULL, *proposal = NULL;
    good(fixture_create(&f, "hso", "emergency-access", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"now\",\"from\":\"2027-03-01T08:00Z\",\"until\":\"2027-03-01T12:00Z\",\"file-owner\":\"%s\"}",
         record.file_number, who("duty2"), who("hso")), &access), "emergency access is prepared");
    struct op grant = {.kind = OP_STEP, .number = access, .step = "grant", .reason = "urgent"};
    good(fixture_do(&f, "hso", grant, NULL, &proposal, NULL), "and proposed");
    const struct reader *duty = fixture_reader(&f, "duty");
    char hex[65] = "";
    if (office_get(f.office, duty, NULL, proposal, f.arena, &record) == OK) {
        struct hash hash = sha256(val_get_str(record.fields, "op"), strlen(val_get_str(record.fields, "op")));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(duty);
    good(fixture_do(&f, "duty", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hex}, NULL, NULL, NULL), "a second reader of the file confirms");
    ok(!reads("duty2", number), "emergency access never lifts an exclusion");
}

static const char *confirm_bytes(const char *by, const char *proposal)
{
    struct record_view record;
    char *hex = arena_alloc(f.arena, 65);
    const struct reader *reader = fixture_reader(&f, by);
    hex[0] = 0;
    if (reader && proposal && office_get(f.office, reader, NULL, proposal, f.arena, &record) == OK) {
        struct hash hash = sha256(val_get_str(record.fields, "op"), strlen(val_get_str(record.fields, "op")));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    return hex;
}
static enum status confirm(const char *by, const char *proposal, const char *bytes)
{
    return fixture_do(&f, by, (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = bytes}, NULL, NULL, NULL);
}

static void emergency(void)
{
    const char *number = report("staff", conf, ""), *access = NULL, *proposal = NULL;
    struct record_view record;
    const struct reader *hso = fixture_reader(&f, "hso");
    good(office_get(f.office, hso, NULL, number, f.arena, &record), "a case whose file inv does not read");
    reader_free(hso);
    ok(!reads("inv", number), "so it is");
    good(fixture_create(&f, "hso", "emergency-access", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"now\",\"from\":\"2027-03-01T08:00Z\",\"until\":\"2027-03-01T12:00Z\",\"file-owner\":\"%s\"}",
         record.file_number, who("inv"), who("hso")), &access), "emergency access is prepared");
    ok(!reads("inv", number), "preparing opens nothing");
    good(fixture_do(&f, "hso", (struct op){.kind = OP_STEP, .number = access, .step = "grant", .reason = "urgent"}, NULL, &proposal, NULL), "granting waits for a second person");
    ok(!reads("inv", number), "a proposal opens nothing");
    good(confirm("duty", proposal, confirm_bytes("duty", proposal)), "who confirms");
    moment then = f.now;
    f.now = day("2027-03-01T09:00Z");
    ok(reads("inv", number), "emergency access stands in for need-to-know");
    f.now = day("2027-03-01T12:00Z");
    ok(!reads("inv", number), "for hours, and not longer");
    f.now = then;
    const char *above = report("hso", secret, "");
    hso = fixture_reader(&f, "hso");
    good(office_get(f.office, hso, NULL, above, f.arena, &record), "a case above");
    reader_free(hso);
    good(fixture_create(&f, "hso", "emergency-access", NULL, form("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"now\",\"from\":\"2027-03-01T08:00Z\",\"until\":\"2027-03-01T12:00Z\",\"file-owner\":\"%s\"}",
         record.file_number, who("inv2"), who("hso")), &access), "access to it is prepared");
    good(fixture_do(&f, "hso", (struct op){.kind = OP_STEP, .number = access, .step = "grant", .reason = "urgent"}, NULL, &proposal, NULL), "and proposed");
    good(confirm("duty", proposal, confirm_bytes("duty", proposal)), "and confirmed");
    ok(!reads("inv2", above), "emergency access stands in for need-to-know alone, never for clearance");
}

static void parties(void)
{
    const char *number = report("duty", conf, form("\"%s\"", who("staff"))), *asked = NULL, *open = NULL;
    good(fixture_create(&f, "hso", "statement", NULL, form("{\"incident\":\"%s\",\"subject-matter\":\"The safe\",\"given-by\":\"%s\",\"capacity\":\"witness\",\"question\":\"Who was there?\"}", number, who("ict")), &asked), "a statement is asked for");
    good(fixture_create(&f, "hso", "statement", NULL, form("{\"incident\":\"%s\",\"subject-matter\":\"The safe\",\"given-by\":\"%s\",\"capacity\":\"witness\",\"question\":\"Were you there?\"}", number, who("staff")), &open), "and one of the subject");
    ok(!reads("ict", number) && reads("ict", asked), "a witness reads their own statement and nothing else of the file");
    ok(!reads("ict", open), "not the statements of others");
    ok(told("ssl", "staff", asked, "access.exclusion"), "why the subject does not read it is told to who reads the file");
    ok(!told("ict", "staff", asked, "access.exclusion") && told("ict", "staff", asked, "access.need-to-know"), "to a witness, who does not know of the investigation, it is a lack of need-to-know");
    const char *upper = NULL;
    good(fixture_create(&f, "ict", "asset", fixture_label(&f, "NATO", "SECRET"), "{\"name\":\"Upper\",\"kind\":\"server\"}", &upper), "something above a person's clearance");
    ok(told("ssl", "inv2", upper, "dominance."), "what a person's clearances lack is told to who sees clearances");
    ok(!told("ict", "inv2", upper, "dominance.") && told("ict", "inv2", upper, "access.cleared"), "to others only that none dominates the label");
    ok(told("staff", "low", open, "account") && !told("staff", "low", open, "access."), "about an account that the asker does not see nothing is told");
    ok(!reads("staff", number) && reads("staff", open), "the subject reads their own statement, and the case no more than before");
    good(fixture_step(&f, "ict", asked, "give", "{\"text\":\"I was there.\",\"given-at\":\"2027-03-01T08:00Z\"}"), "its author gives it without membership");
    refused(fixture_step(&f, "hso", open, "give", "{\"text\":\"He was there.\",\"given-at\":\"2027-03-01T08:00Z\"}"), REFUSED, "Only whoever is named", "nobody gives another's");
    const char *extract = NULL;
    good(fixture_create(&f, "hso", "extract", conf, form("{\"incident\":\"%s\",\"title\":\"What concerns you\",\"purpose\":\"subject\",\"disclosed-to\":\"%s\",\"basis\":\"Article 9\",\"text\":\"You are named.\"}", number, who("staff")), &extract), "an extract is prepared");
    ok(!reads("staff", extract), "the recipient does not read it while it is prepared");
}

static void labels(void)
{
    const char *fields = "{\"summary\":\"Labelled\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"x\"}", *number = NULL;
    const struct reader *staff = fixture_reader(&f, "staff"), *ssl = fixture_reader(&f, "ssl");
    const struct register_def *def = pack_register(office_pack(f.office), "incident");
    struct val *own = reader_label_choices(staff, def, LANG_EN, f.arena), *officer = reader_label_choices(ssl, def, LANG_EN, f.arena);
    struct buf text;
    buf_init(&text, 1 << 20);
    json_write(&text, own);
    ok(text.data && strstr(text.data, "CONFIDENTIAL") && !strstr(text.data, "\"NATO SECRET\"") && !strstr(text.data, "\"name\":\"SECRET\""), "the chooser offers what the writer may read back, and no more");
    buf_clear(&text);
    json_write(&text, officer);
    ok(text.data && strstr(text.data, "SECRET") && !strstr(text.data, "\"name\":\"TOP SECRET\"") && !strstr(text.data, "\"name\":\"COSMIC TOP SECRET\""), "nor what lies above the ceiling, to nobody");
    buf_free(&text);
    reader_free(staff);
    reader_free(ssl);
    refused(fixture_create(&f, "staff", "incident", secret, fields, NULL), REFUSED, "read back", "nobody writes a label that they may not read back");
    refused(fixture_create(&f, "unbriefed", "incident", conf, fields, NULL), REFUSED, "read back", "briefed counts there, too");
    refused(fixture_create(&f, "ssl", "incident", fixture_label(&f, "NATO", "TOP SECRET"), fields, NULL), REFUSED, "accredited", "nobody writes above the ceiling");
    refused(fixture_create(&f, "staff", "incident", "{\"categories\":[],\"class\":\"77\",\"policy\":\"1.3.26.1.3.1\"}", fields, NULL), BAD_INPUT, NULL, "a label that its policy does not know is no label");
    const char *source = report("hso", secret, ""), *sources[] = {source};
    refused(fixture_do(&f, "hso", (struct op){.kind = OP_CREATE, .register_ = "incident", .label = conf, .sources = sources, .n_sources = 1}, fields, NULL, NULL), REFUSED, "below that of a source", "the label is at least that of the named sources");
    good(fixture_do(&f, "hso", (struct op){.kind = OP_CREATE, .register_ = "incident", .label = secret, .sources = sources, .n_sources = 1}, fields, &number, NULL), "and may be equal");
    refused(fixture_do(&f, "staff", (struct op){.kind = OP_CREATE, .register_ = "incident", .label = conf, .sources = sources, .n_sources = 1}, fields, NULL, NULL), ABSENT, "no such record", "a hidden source is an absent one");
    struct op lower = {.kind = OP_REGRADE, .number = source, .label = conf};
    refused(fixture_do(&f, "ssl", lower, NULL, NULL, NULL), BAD_INPUT, "reason", "lowering asks for a reason");
    lower.reason = "the exercise is over";
    refused(fixture_do(&f, "hso", lower, NULL, NULL, NULL), REFUSED, "may not lower", "and for its right");
    good(fixture_do(&f, "ssl", lower, NULL, NULL, NULL), "with both it is lowered");
    ok(reads("expires", source), "and read accordingly");
    const char *document = NULL, *origin = NULL;
    good(fixture_create(&f, "hso", "organisation", NULL, "{\"name\":\"Ministry\",\"kind\":\"agency\"}", &origin), "an originator");
    good(fixture_create(&f, "reg", "document", secret, form("{\"title\":\"Plan\",\"reference\":\"M/1\",\"kind\":\"report\",\"originator\":\"%s\",\"dated\":\"2027-01-10\"}", origin), &document), "a document");
    lower.number = document;
    refused(fixture_do(&f, "reg", lower, NULL, NULL, NULL), REFUSED, "consent", "where the register asks for it, the originator's consent is needed");
    good(fixture_step(&f, "reg", document, "record-consent", "{\"originator-consent\":true,\"consent-reference\":\"M/2\"}"), "it is recorded");
    good(fixture_do(&f, "reg", lower, NULL, NULL, NULL), "and the label lowered");
}

static void versions(void)
{
    const char *number = report("hso", secret, "");
    struct version_view *list;
    size_t n = 0;
    struct record_view record;
    good(fixture_do(&f, "hso", (struct op){.kind = OP_EDIT, .number = number}, "{\"where\":\"Room 9\"}", NULL, NULL), "edited while above");
    good(fixture_do(&f, "ssl", (struct op){.kind = OP_REGRADE, .number = number, .label = conf, .reason = "lowered"}, NULL, NULL, NULL), "lowered");
    const struct reader *above = fixture_reader(&f, "hso"), *below = fixture_reader(&f, "duty3");
    ok(office_history(f.office, above, number, f.arena, &list, &n) == OK && n == 3 && list[2].number == 3, "who may read all labels has three versions");
    ok(office_get(f.office, below, NULL, number, f.arena, &record) == OK && record.version == 1, "for others versions are numbered among those that they may read");
    ok(office_history(f.office, below, number, f.arena, &list, &n) == OK && n == 1 && list[0].number == 1 && !list[0].changes.count, "an earlier version needs its own label, and no difference shows what it held");
    reader_free(above);
    reader_free(below);
}

static void two_persons(void)
{
    const char *number = report("staff", conf, ""), *proposal = NULL, *account = NULL;
    struct outcome outcome;
    good(fixture_do(&f, "duty", (struct op){.kind = OP_STEP, .number = number, .step = "dismiss", .reason = "nothing"}, NULL, &proposal, &outcome), "dismissal is proposed");
    ok(outcome.proposed && strcmp(at("duty", number), "reported") == 0, "and nothing has moved");
    ok(!reads("inv", proposal) && !reads("low", proposal), "its label and file are the record's: who does not read the record does not read the proposal");
    good(fixture_create(&f, "ict", "account", NULL, form("{\"login\":\"duty.two\",\"person\":\"%s\"}", who("duty")), &account), "the proposer has a second account");
    refused(confirm("duty.two", proposal, confirm_bytes("duty.two", proposal)), REFUSED, "another person", "different persons, not accounts");
    refused(confirm("duty2", proposal, confirm_bytes("duty2", proposal)), REFUSED, "right", "the second person needs the right");
    refused(confirm("inv", proposal, "00"), ABSENT, "no such record", "who does not read all of it cannot tell that it waits");
    refused(confirm("hso", proposal, "00"), CONFLICT, NULL, "exactly the bytes that were proposed");
    good(fixture_do(&f, "hso", (struct op){.kind = OP_EDIT, .number = number}, "{\"where\":\"Hall\"}", NULL, NULL), "the record changes meanwhile");
    refused(confirm("hso", proposal, confirm_bytes("hso", proposal)), CONFLICT, "stale", "a proposal goes stale with the version that it names");
    good(fixture_do(&f, "leaves", (struct op){.kind = OP_STEP, .number = number, .step = "dismiss", .reason = "nothing"}, NULL, &proposal, NULL), "proposed by somebody who leaves");
    moment then = f.now;
    f.now = day("2027-06-02T08:00Z");
    refused(confirm("hso", proposal, confirm_bytes("hso", proposal)), REFUSED, "no longer in force", "at confirmation all checks run again for the proposer");
    f.now = then;
    const char *about = report("staff", conf, form("\"%s\"", who("hso")));
    good(fixture_do(&f, "duty", (struct op){.kind = OP_STEP, .number = about, .step = "dismiss", .reason = "nothing"}, NULL, &proposal, NULL), "a case about an officer");
    refused(confirm("hso", proposal, confirm_bytes("ssl", proposal)), ABSENT, NULL, "the subject does not confirm: it is absent to them");
    good(confirm("ssl", proposal, confirm_bytes("ssl", proposal)), "somebody else does");
    is(at("duty", about), "dismissed", "and then it moves");
}

static void separation(void)
{
    const char *number = NULL;
    char *seat = form("{\"person\":\"%s\",\"post\":\"security-section-leader\",\"from\":\"2027-03-01\",\"until\":\"2027-12-31\"}", who("inv"));
    enum status status = fixture_create(&f, "hso", "appointment", NULL, seat, &number);
    if (status == OK)
        status = fixture_step(&f, "branch", number, "confirm", "{\"until\":\"2027-12-31\"}");
    refused(status, REFUSED, "must not meet in one person", "separation at appointment: rights that must not meet do not");
    status = fixture_create(&f, "hso", "appointment", NULL, form("{\"person\":\"%s\",\"post\":\"registrar\",\"from\":\"2027-03-01\",\"until\":\"2027-12-31\"}", who("firm")), &number);
    if (status == OK)
        status = fixture_step(&f, "branch", number, "confirm", "{\"until\":\"2027-12-31\"}");
    refused(status, REFUSED, "contractor", "a contractor holds no post that is closed to contractors");
    good(fixture_create(&f, "hso", "appointment", NULL, form("{\"person\":\"%s\",\"post\":\"staff-member\",\"from\":\"2027-03-01\",\"until\":\"2027-12-31\"}", who("clerk")), &number), "an appointment is proposed");
    refused(fixture_step(&f, "hso", number, "confirm", "{\"until\":\"2027-12-31\"}"), REFUSED, NULL, "nobody confirms what they proposed");
    good(fixture_step(&f, "branch", number, "confirm", "{\"until\":\"2027-12-31\"}"), "another does");
    const char *measure = NULL, *about = report("staff", conf, "");
    good(fixture_step(&f, "duty", about, "triage", "{\"family\":\"document\",\"classification\":\"breach\",\"severity\":\"medium\",\"personal-data\":\"not-involved\"}"), "a case is sorted");
    if (fixture_create(&f, "hso", "corrective-measure", NULL, form("{\"incident\":\"%s\",\"what\":\"Lock\",\"kind\":\"training\",\"owner\":\"%s\",\"due-date\":\"2027-04-01\"}", about, who("ict")), &measure) == OK) {
        good(fixture_step(&f, "ict", measure, "finish", "{\"done-on\":\"2027-03-02\",\"proof\":\"Seen.\"}"), "a measure is done");
        refused(fixture_step(&f, "hso", measure, "verify", "{\"effectiveness\":\"effective\",\"verified-on\":\"2027-03-02\",\"verification\":\"Seen.\"}"), REFUSED, NULL, "separation at use: who ordered it does not verify it");
    }
}

static enum status with_key(const char *login, const char *key, const char *name, struct outcome *ret)
{
    const struct reader *reader = fixture_reader(&f, login);
    struct val *fields = val_object(f.arena);
    val_set_str(f.arena, fields, "name", name);
    val_set_str(f.arena, fields, "kind", "other");
    struct op op = {.kind = OP_CREATE, .register_ = "asset", .label = internal, .fields = fields};
    enum status status = office_apply(f.office, &(struct change){.writer = reader, .key = key, .now = f.now, .ops = &op, .n_ops = 1}, f.arena, ret);
    reader_free(reader);
    return status;
}

static void change_keys(void)
{
    struct outcome first, again, other;
    ok(with_key("ict", "one-key-1", "Reader", &first) == OK && !first.repeated, "a change with a key");
    ok(with_key("ict", "one-key-1", "Another", &again) == OK && again.repeated && again.n_numbers == 1 && strcmp(first.numbers[0], again.numbers[0]) == 0, "a repeated key returns the first answer");
    ok(with_key("ism", "one-key-1", "Reader", &other) == OK && !other.repeated && strcmp(first.numbers[0], other.numbers[0]) != 0, "keys are scoped to the account");
    is_int(strlen(strrchr(first.numbers[0], '-') + 1), 10, "a number has ten characters that count nothing");
}

static void uniqueness(void)
{
    struct outcome one, two;
    ok(with_key("ict", "unique-1", "Same name", &one) == OK && with_key("ism", "unique-2", "Same name", &two) == OK, "equal names are accepted where not every writer sees the register whole");
    refused(fixture_create(&f, "ict", "account", NULL, form("{\"login\":\"hso\",\"person\":\"%s\"}", who("low")), NULL), BAD_INPUT, "has this value already", "uniqueness is told in a register that every writer sees whole");
    const struct pack *pack = office_pack(f.office);
    bool whole = true;
    for (size_t r = 0; r < pack->n_registers; r++)
        for (size_t i = 0; i < pack->registers[r].n_fields; i++)
            whole &= !pack->registers[r].fields[i].unique || (pack->registers[r].label == LABEL_FIXED && pack->registers[r].file == FILE_NONE);
    ok(whole, "every unique field of the pack stands in a register of one label without files");
}

static void links(void)
{
    const char *above = NULL, *number = report("staff", conf, "");
    struct record_view before, after;
    good(fixture_create(&f, "ict", "system", secret, "{\"name\":\"Above\"}", &above), "a system above");
    good(fixture_do(&f, "duty", (struct op){.kind = OP_EDIT, .number = number}, "{\"where\":\"Hall\"}", NULL, NULL), "a case");
    const struct reader *staff = fixture_reader(&f, "staff"), *hso = NULL;
    good(office_get(f.office, staff, NULL, number, f.arena, &before), "as its reporter reads it");
    f.now += HOUR;
    good(fixture_do(&f, "hso", (struct op){.kind = OP_EDIT, .number = number}, form("{\"systems\":[\"%s\"]}", above), NULL, NULL), "a link to the system above");
    reader_free(staff);
    staff = fixture_reader(&f, "staff");
    good(office_get(f.office, staff, NULL, number, f.arena, &after), "read again");
    reader_free(staff);
    ok(after.version == before.version && after.updated == before.updated && after.n_links == before.n_links, "the link touches neither version nor time nor links for who does not see both ends");
    enum status hidden = fixture_do(&f, "duty3", (struct op){.kind = OP_EDIT, .number = number}, form("{\"systems\":[\"%s\"]}", above), NULL, NULL);
    char *words = arena_strdup(f.arena, fixture_words());
    enum status absent = fixture_do(&f, "duty3", (struct op){.kind = OP_EDIT, .number = number}, "{\"systems\":[\"SYS-0000000000\"]}", NULL, NULL);
    for (char *c = words; (c = strstr(c, above));)
        memcpy(c, "SYS-0000000000", strlen(above));
    ok(hidden == absent && hidden != OK, "a link to a hidden record is refused as one to an absent record");
    is(words, fixture_words(), "in the same words");
    hso = fixture_reader(&f, "hso");
    good(office_get(f.office, hso, NULL, number, f.arena, &after), "an officer reads it");
    bool there = false;
    for (size_t i = 0; i < after.n_links; i++)
        there |= strcmp(after.links[i].number, above) == 0;
    ok(there, "and sees the link");
    reader_free(hso);
    good(fixture_do(&f, "duty3", (struct op){.kind = OP_EDIT, .number = number}, "{\"systems\":[],\"where\":\"Hall 2\"}", NULL, NULL), "an edit by somebody who does not see the system empties the field");
    hso = fixture_reader(&f, "hso");
    good(office_get(f.office, hso, NULL, number, f.arena, &after), "read by the officer");
    there = false;
    for (size_t i = 0; i < after.n_links; i++)
        there |= strcmp(after.links[i].number, above) == 0;
    ok(there, "the hidden link is untouched by the edit");
    reader_free(hso);
}

static void same_words(void)
{
    const char *above = report("hso", secret, "");
    enum status one = fixture_step(&f, "staff", above, "contain", "{}");
    char *words = arena_strdup(f.arena, fixture_words());
    enum status two = fixture_step(&f, "staff", "INC-2027-0000000000", "contain", "{}");
    for (char *c = words; (c = strstr(c, above));)
        memcpy(c, "INC-2027-0000000000", strlen(above));
    ok(one == two && one == ABSENT, "hidden and absent are one: the same status");
    is(words, fixture_words(), "and the same words");
}

static moment heard_at;
static struct touched heard_what;
static void heard(void *arg, const struct touched *what, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n; i++)
        heard_what = what[i];
    heard_at = f.now;
}
static void streams(void)
{
    const char *number = report("staff", conf, "");
    office_on_change(f.office, heard, NULL);
    good(fixture_do(&f, "duty", (struct op){.kind = OP_EDIT, .number = number}, "{\"where\":\"Roof\"}", NULL, NULL), "a change");
    office_on_change(f.office, NULL, NULL);
    const struct reader *reader = fixture_reader(&f, "expires"), *low = fixture_reader(&f, "low");
    ok(heard_what.id && reader_concerned(reader, &heard_what) && !reader_concerned(low, &heard_what), "a stream tells of it to those who read it, and to nobody else");
    reader_free(reader);
    reader_free(low);
    moment then = f.now;
    f.now = day("2027-06-02T00:00Z");
    reader = fixture_reader(&f, "expires");
    ok(!reader_concerned(reader, &heard_what), "and counts expired clearances from that instant");
    reader_free(reader);
    f.now = then;
}

int main(void)
{
    fixture_new_with(&f, more);
    conf = fixture_label(&f, "NATO", "CONFIDENTIAL");
    secret = fixture_label(&f, "NATO", "SECRET");
    internal = fixture_label(&f, "OFFICE-PUBLIC", "INTERNAL");
    keys();
    membership();
    exclusion();
    emergency();
    parties();
    labels();
    versions();
    two_persons();
    separation();
    change_keys();
    uniqueness();
    links();
    same_words();
    streams();
    fixture_free(&f);
    return tap_done();
}
