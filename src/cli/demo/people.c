/* SPDX-License-Identifier: GPL-3.0-or-later
 * People and units of the demonstration: names of many nations and scripts, twelve delegations and agencies, superiors filled to seven tenths.
 */
#include <string.h>

#include "cli/demo/demo.h"

static const struct { const char *code; const char *given[4]; const char *names[5]; } nations[] = {
    {"BEL", {"Lies", "Pieter", "Élise", "Thomas"}, {"De Smet", "Peeters", "Lambert", "Dubois", "Janssens"}},
    {"BGR", {"Мария", "Иван", "Елена", "Георги"}, {"Иванова", "Петров", "Димитрова", "Стоянов", "Колева"}},
    {"CZE", {"Petr", "Jana", "Tomáš", "Lenka"}, {"Novák", "Svobodová", "Dvořák", "Černá", "Procházka"}},
    {"DNK", {"Søren", "Mette", "Lars", "Freja"}, {"Sørensen", "Møller", "Østergaard", "Kjær", "Nygaard"}},
    {"DEU", {"Jonas", "Katrin", "Jürgen", "Anke"}, {"Keller", "Müller", "Weiß", "Schröder", "Vogt"}},
    {"EST", {"Kristjan", "Liis", "Tõnu", "Õnne"}, {"Tamm", "Mägi", "Kõiv", "Rebane", "Põld"}},
    {"FRA", {"Anne", "Benoît", "Hélène", "Jérôme"}, {"Lefèvre", "Girard", "Noël", "Besançon", "Moreau"}},
    {"GRC", {"Νίκος", "Ελένη", "Γιώργος", "Σοφία"}, {"Βασιλείου", "Παπαδόπουλος", "Νικολάου", "Γεωργίου", "Αθανασίου"}},
    {"HUN", {"Gábor", "Zsófia", "László", "Ágnes"}, {"Szabó", "Kőszegi", "Tóth", "Varga", "Horváth"}},
    {"ISL", {"Hrefna", "Jón", "Sigríður", "Þór"}, {"Jónsdóttir", "Þorsteinsson", "Sigurðardóttir", "Björnsson", "Guðmundsdóttir"}},
    {"ITA", {"Luca", "Giulia", "Nicolò", "Chiara"}, {"Rossi", "Esposito", "Colombo", "D'Amico", "Ferrari"}},
    {"NLD", {"Daan", "Sanne", "Jeroen", "Femke"}, {"de Vries", "van der Meer", "Bakker", "Visser", "Hoekstra"}},
    {"NOR", {"Nina", "Håkon", "Ingrid", "Øyvind"}, {"Berg", "Ødegård", "Solberg", "Haugen", "Bråthen"}},
    {"POL", {"Zofia", "Paweł", "Agnieszka", "Łukasz"}, {"Nowak", "Wiśniewska", "Kowalczyk", "Zając", "Wójcik"}},
    {"PRT", {"João", "Inês", "Gonçalo", "Conceição"}, {"Gonçalves", "Magalhães", "Sousa", "Araújo", "Simões"}},
    {"ROU", {"Ștefan", "Ioana", "Mihai", "Ănuța"}, {"Popescu", "Țurcanu", "Ionescu", "Brăileanu", "Dănilă"}},
    {"ESP", {"Íñigo", "Lucía", "Álvaro", "Begoña"}, {"Muñoz", "García", "Ibáñez", "Núñez", "Peña"}},
    {"TUR", {"Elif", "Çağlar", "Ömer", "Şule"}, {"Öztürk", "Yılmaz", "Çelik", "Şahin", "Güneş"}},
    {"GBR", {"John", "Sian", "Ewan", "Priya"}, {"Smith", "Llewellyn", "MacLeod", "Patel", "Hughes"}},
    {"USA", {"Maria", "Tyler", "Keisha", "Daniel"}, {"Ramirez", "Johnson", "Nguyen", "Olsen", "Brooks"}},
};
#define NATIONS (sizeof nations / sizeof *nations)

const struct demo_post demo_posts[] = {
    {"headquarters-security-officer", "hso"}, {"security-section-leader", "ssl"}, {"information-security-manager", "ism"}, {"head-technical-security", "hts"},
    {"programme-officer", "po"}, {"operations-manager", "ops"}, {"duty-officer", "duty"}, {"investigator", "inv"}, {"head-of-registry", "regh"},
    {"registrar", "reg"}, {"ict-security-support", "ict"}, {"enterprise-incident-manager", "eim"}, {"divisional-security-officer", "dso"},
    {"information-owner", "owner"}, {"guard", "guard"}, {"pass-clerk", "pass"}, {"crypto-custodian", "crypto"}, {"technical-operator", "techop"},
    {"contracts-officer", "contracts"}, {"accreditation-authority", "saa"}, {"national-expert", "expert"}, {"data-protection-officer", "dpo"},
    {"head-of-section", "section"}, {"head-of-branch", "branch"}, {"deputy-director", "deputy"}, {"staff-member", "staff"}, {"contractor", "contractor"},
    {"auditor", "audit"}, {"system-administrator", "admin"}, {NULL, NULL}};

static bool uncleared(const char *login)
{
    static const char *const list[] = {"admin", "contractor", "guard", NULL};
    return str_in(login, list);
}

static struct val *cleared(struct demo *demo, bool top)
{
    struct val *list = val_array(demo->arena);
    val_push(demo->arena, list, demo_fields(demo, "{'policy':'NATO','class':'%s','from':'%s','until':'%s'}", top ? "TOP SECRET" : "SECRET",
                                            demo_day(demo, demo->now - 500 * DAY), demo_day(demo, demo->now + 900 * DAY)));
    val_push(demo->arena, list, demo_fields(demo, "{'policy':'EU','class':'SECRET UE/EU SECRET','from':'%s','until':'%s'}",
                                            demo_day(demo, demo->now - 500 * DAY), demo_day(demo, demo->now + 900 * DAY)));
    return list;
}

static struct val *holder(struct demo *demo, const struct demo_post *post, size_t at)
{
    struct val *person = val_object(demo->arena), *seats = val_array(demo->arena);
    size_t nation = (at * 7 + 6) % NATIONS;
    val_set_str(demo->arena, person, "login", post->login);
    val_set_str(demo->arena, person, "name", nations[nation].names[at % 5]);
    val_set_str(demo->arena, person, "given-name", nations[nation].given[at % 4]);
    val_set_str(demo->arena, person, "nationality", nations[nation].code);
    val_set(demo->arena, person, "email", val_strf(demo->arena, "%s@hq.example", post->login));
    val_set_bool(demo->arena, person, "contractor", str_eq(post->login, "contractor"));
    val_push(demo->arena, seats, demo_fields(demo, "{'post':'%s','from':'%s','until':'%s'}", post->post, demo_day(demo, demo->now - 450 * DAY), demo_day(demo, demo->now + 700 * DAY)));
    val_set(demo->arena, person, "posts", seats);
    if (!uncleared(post->login)) {
        val_set(demo->arena, person, "clearances", cleared(demo, str_eq(post->login, "ssl")));
        val_set(demo->arena, person, "briefings", cleared(demo, false));
    }
    return person;
}

struct val *demo_deed(struct demo *demo)
{
    struct val *deed = demo_fields(demo, "{'name':'Demonstration headquarters','origin':'castellan/demonstration','settings':{'totp':true,'ceilings':"
                                         "{'NATO':'SECRET','EU':'SECRET UE/EU SECRET','OCCAR':'SECRET','OFFICE-PUBLIC':'INTERNAL'}}}");
    struct val *persons = val_array(demo->arena);
    for (size_t i = 0; demo_posts[i].post; i++)
        val_push(demo->arena, persons, holder(demo, &demo_posts[i], i));
    val_set(demo->arena, deed, "persons", persons);
    return deed;
}

/* ---- by the office itself, in large changes ---- */

struct bulk { struct demo *demo; struct op *ops; size_t n, cap; const char *rule; unsigned batch; moment at; };

static enum status flush(struct bulk *bulk, const char **ret_numbers)
{
    struct outcome outcome;
    if (!bulk->n)
        return OK;
    enum status status = office_act(bulk->demo->office, bulk->rule, arena_printf(bulk->demo->arena, "batch %u", bulk->batch++), bulk->ops, bulk->n, bulk->at, bulk->demo->arena, &outcome);
    if (status != OK)
        reasons_join(bulk->demo->reasons, &outcome.reasons);
    for (size_t i = 0; status == OK && ret_numbers && i < outcome.n_numbers; i++)
        ret_numbers[i] = outcome.numbers[i];
    bulk->n = 0;
    return status;
}
static void add(struct bulk *bulk, const char *register_, const char *state, const char *label, struct val *fields)
{
    bulk->ops[bulk->n++] = (struct op){.kind = OP_CREATE, .register_ = register_, .state = state, .label = label, .fields = fields};
}

static enum status make_units(struct demo *demo, struct bulk *bulk)
{
    static const char *const outside[][3] = {{"Delegation of Northland", "delegation", "NOR"}, {"Delegation of Westmark", "delegation", "DNK"}, {"Delegation of Sudria", "delegation", "ITA"},
        {"Delegation of Ostria", "delegation", "CZE"}, {"Delegation of Bretonne", "delegation", "FRA"}, {"Delegation of Hellenia", "delegation", "GRC"}, {"Mission of Lusitania", "mission", "PRT"},
        {"Liaison Mission of Albany", "mission", "GBR"}, {"Communications Agency", "agency", "BEL"}, {"Support Agency", "agency", "NLD"}, {"Training Agency", "agency", "DEU"}, {"Research Agency", "agency", "ITA"}};
    static const char *const divisions[] = {"Operations", "Intelligence", "Plans and Policy", "Logistics", "Resources", "Communications and Information Systems", "Public Affairs", "Infrastructure"};
    static const char *const branches[] = {"Plans", "Current Affairs", "Support", "Coordination", "Assessment"};
    demo->units = ARENA_ARRAY(demo->arena, const char *, 128);
    add(bulk, "organisation", "active", NULL, demo_fields(demo, "{'name':'Demonstration Headquarters','short':'DHQ','kind':'headquarters'}"));
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        add(bulk, "organisation", "active", NULL, demo_fields(demo, "{'name':'%s','kind':'%s','nation':'%s','contact-checked-on':'%s'}", outside[i][0], outside[i][1], outside[i][2], demo_day(demo, demo->now - (moment)demo_below(demo, 400) * DAY)));
    for (size_t i = 0; i < sizeof divisions / sizeof *divisions; i++)
        add(bulk, "organisation", "active", NULL, demo_fields(demo, "{'name':'%s Division','kind':'division','contact-checked-on':'%s'}", divisions[i], demo_day(demo, demo->now - (moment)demo_below(demo, 200) * DAY)));
    size_t first = bulk->n;
    enum status status = flush(bulk, demo->units);
    demo->n_units = first;
    for (size_t d = 0; status == OK && d < sizeof divisions / sizeof *divisions; d++)
        for (size_t b = 0; b < sizeof branches / sizeof *branches; b++)
            add(bulk, "organisation", "active", NULL, demo_fields(demo, "{'name':'%s %s Branch','kind':'section','parent':'%s'}", divisions[d], branches[b], demo->units[13 + d]));
    size_t more = bulk->n;
    if (status == OK)
        status = flush(bulk, demo->units + first);
    demo->n_units += more;
    return status;
}

static const char *superior_of(struct demo *demo, size_t at)
{
    size_t heads = demo->n_persons < 12 ? demo->n_persons : at < 60 ? 12 : at < 400 ? 60 : 400;
    return demo_chance(demo, 70) && heads ? demo->persons[demo_below(demo, heads < demo->n_persons ? heads : demo->n_persons)] : NULL;
}

static struct val *invent_person(struct demo *demo, size_t at)
{
    static const char *const functions[] = {"Desk officer", "Analyst", "Planner", "Assistant", "Head of branch", "Engineer", "Translator", "Legal adviser", "Driver", "Technician", "Librarian", "Liaison officer"};
    size_t n = demo_below(demo, NATIONS);
    const char *superior = superior_of(demo, at);
    struct val *fields = demo_fields(demo, "{'nationality':'%s','email':'p%05zu@hq.example','personal-number':'%06zu','function':'%s','unit':'%s'}", nations[n].code, at, 100000 + at * 7,
                                     DEMO_PICK(demo, functions), demo->units[demo_below(demo, demo->n_units)]);
    val_set_str(demo->arena, fields, "name", nations[n].names[demo_below(demo, 5)]);
    val_set_str(demo->arena, fields, "given-name", nations[n].given[demo_below(demo, 4)]);
    val_set_bool(demo->arena, fields, "contractor", demo_chance(demo, 8));
    if (superior)
        val_set_str(demo->arena, fields, "superior", superior);
    return fields;
}

static enum status make_persons(struct demo *demo, struct bulk *bulk)
{
    enum status status = OK;
    while (status == OK && demo->n_persons < demo->persons_wanted) {
        size_t n = demo->persons_wanted - demo->n_persons;
        size_t most = demo->n_persons < 400 ? 60 : 500;
        for (size_t i = 0; i < (n < most ? n : most); i++)
            add(bulk, "person", demo_chance(demo, 96) ? "active" : "left", NULL, invent_person(demo, demo->n_persons + i));
        size_t made = bulk->n;
        status = flush(bulk, demo->persons + demo->n_persons);
        demo->n_persons += made;
        cli_progress("persons", demo->n_persons, demo->persons_wanted);
    }
    return status;
}

static const char *clearance(struct demo *demo, const char *policy, const char *class_name)
{
    return clearance_by_names(office_policies(demo->office), policy, class_name, NULL, demo->now, demo->arena);
}

/* Six tenths are cleared; a few clearances have expired or end soon, some briefings are overdue. */
static enum status make_clearances(struct demo *demo, struct bulk *bulk, size_t first)
{
    static const char *const classes[] = {"CONFIDENTIAL", "SECRET", "SECRET", "SECRET", "TOP SECRET"};
    static const char *const lacvs[] = {"3", "4", "4", "4", "5"};
    const char *texts[5];
    const struct policy *nato = policies_find(office_policies(demo->office), "NATO");
    enum status status = OK;
    for (size_t i = 0; i < 5; i++)
        texts[i] = clearance(demo, "NATO", classes[i]);
    for (size_t p = first; status == OK && p < demo->n_persons; p++) {
        if (demo_chance(demo, 40))
            continue;
        size_t level = demo_below(demo, 5);
        moment from = demo->now - (moment)(60 + demo_below(demo, 1500)) * DAY, until = from + 5 * 365 * DAY;
        if (demo_chance(demo, 3))
            until = demo->now - (moment)demo_below(demo, 90) * DAY;
        struct val *fields = demo_fields(demo, "{'person':'%s','basis':'certificate','from':'%s','until':'%s'}", demo->persons[p], demo_day(demo, from), demo_day(demo, until));
        val_set_str(demo->arena, fields, "clearance", texts[level]);
        add(bulk, "clearance", "granted", NULL, fields);
        if (demo_chance(demo, 90)) {
            struct val *briefing = demo_fields(demo, "{'person':'%s','kind':'initial','class':'%s','from':'%s','until':'%s'}", demo->persons[p], lacvs[level], demo_day(demo, demo->now - (moment)demo_below(demo, 700) * DAY),
                                               demo_day(demo, demo->now + (moment)(demo_below(demo, 800) + 1) * DAY));
            val_set_str(demo->arena, briefing, "policy", policy_oid(nato));
            add(bulk, "briefing", "in-force", NULL, briefing);
        }
        if (bulk->n > 900)
            status = flush(bulk, NULL);
    }
    return status == OK ? flush(bulk, NULL) : status;
}

enum status demo_people(struct demo *demo)
{
    struct bulk bulk = {.demo = demo, .ops = ARENA_ARRAY(demo->arena, struct op, 1000), .rule = "demonstration.people", .at = demo->now - 399 * DAY};
    demo->persons = ARENA_ARRAY(demo->arena, const char *, demo->persons_wanted + 1000);
    for (const struct demo_post *post = demo_posts; post->post; post++) {
        bool active;
        struct seat *seats;
        const struct reader *reader;
        record_id account = office_account(demo->office, post->login, &active);
        if (!office_seats(demo->office, account, demo->now, demo->arena, &seats) || reader_open(demo->office, account, seats[0].appointment, demo->now, demo->reasons, &reader) != OK)
            return DAMAGED;
        demo->persons[demo->n_persons++] = arena_strdup(demo->arena, reader_person_number(reader));
        reader_free(reader);
    }
    size_t holders = demo->n_persons;
    enum status status = make_units(demo, &bulk);
    if (status == OK)
        status = make_persons(demo, &bulk);
    return status == OK ? make_clearances(demo, &bulk, holders) : status;
}
