/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows events as XML: <Event> elements in a row or under <Events>. An own small reader: elements, attributes, text, the five entities
 * and numbered characters, CDATA; comments and instructions are passed over; a document type is refused, so nothing is ever fetched or
 * expanded. Bounded in depth and bytes. Names are those of the JSON reader (json_names.h), asked for by the same paths.
 */
#include "watch/logs/log.h"

#include "watch/event/json_run.h"

#define DEPTH_MOST 32
struct element {
    struct cut name;                       /* as it stands in the tag, for its end */
    struct path *path;                     /* what its text and members lie under; of <Data Name="X">: X */
    struct cut text;                       /* so far */
    size_t room;                           /* bytes for it, where it had to be joined in the event's memory */
    bool parted;                           /* it has elements inside */
};
struct xml {
    struct log_reader *reader;
    struct run run;
    struct cut rest;
    size_t depth;
    struct element stack[DEPTH_MOST];
    const char *fault;
    bool ends;                             /* the text ended inside the event */
};

static bool fails(struct xml *xml, const char *fault)
{
    xml->fault = fault;
    return false;
}

static bool ended(struct xml *xml)
{
    xml->ends = true;
    return fails(xml, T_("the element Event is not closed when the text ends"));
}

static bool name_byte(char c) { return c != '>' && c != '/' && c != '=' && c != '<' && (unsigned char)c > ' '; }
static bool white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static struct cut name_of(struct cut *rest)
{
    struct cut name = {rest->at, rest->at};
    while (name.end < rest->end && name_byte(*name.end))
        name.end++;
    rest->at = name.end;
    return name;
}

/* Without a prefix: "e:Event" is Event. */
static struct cut local(struct cut name)
{
    const char *colon = cut_len(name) ? memchr(name.at, ':', cut_len(name)) : NULL;
    return colon ? (struct cut){colon + 1, name.end} : name;
}

static char *put_character(char *to, unsigned long code)
{
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        code = 0xfffd;
    if (code < 0x80)
        *to++ = (char)code;
    else if (code < 0x800)
        *to++ = (char)(0xc0 | code >> 6);
    else if (code < 0x10000)
        *to++ = (char)(0xe0 | code >> 12);
    else
        *to++ = (char)(0xf0 | code >> 18);
    if (code >= 0x10000)
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    if (code >= 0x800)
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    if (code >= 0x80)
        *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* "&...;" at the beginning; moved behind. What is none stays as it is written. Never longer than what it was. */
static char *put_entity(char *to, struct cut *rest)
{
    static const struct { const char *name; char c; } known[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < 5; i++)
        if (cut_starts(*rest, known[i].name)) {
            rest->at += strlen(known[i].name);
            *to++ = known[i].c;
            return to;
        }
    const char *at = rest->at + 2;
    unsigned long code = 0;
    bool hexadecimal = cut_starts(*rest, "&#x");
    if (cut_starts(*rest, "&#")) {
        for (at += hexadecimal; at < rest->end && at - rest->at < 10; at++) {
            int digit = *at >= '0' && *at <= '9' ? *at - '0' : hexadecimal && (*at | 32) >= 'a' && (*at | 32) <= 'f' ? (*at | 32) - 'a' + 10 : -1;
            if (digit < 0)
                break;
            code = code * (hexadecimal ? 16 : 10) + (unsigned)digit;
        }
        if (at < rest->end && *at == ';' && at > rest->at + 2 + hexadecimal) {
            rest->at = at + 1;
            return put_character(to, code);
        }
    }
    *to++ = *rest->at++;
    return to;
}

static struct cut without_entities(struct event *event, struct cut text)
{
    if (cut_len(text) == 0 || !memchr(text.at, '&', cut_len(text)))
        return text;
    char *out = arena_alloc(event->arena, cut_len(text)), *to = out;
    while (text.at < text.end)
        if (*text.at == '&')
            to = put_entity(to, &text);
        else
            *to++ = *text.at++;
    return (struct cut){out, to};
}

static void give(struct xml *xml, const struct path *path, struct cut value)
{
    struct event *event = xml->run.event;
    if (path->special & PATH_OVER)
        event->dropped++;
    if (path->special & (PATH_IGNORED | PATH_OVER))
        return;
    size_t n = event->n;
    log_add(xml->reader, event, path->field, value);
    if (event->n == n)
        return;
    if (!path->field)
        event->values[n].name = path->name;
    if (path->special)
        json_special(&xml->run, path, n);
}

static struct path *path_of(struct xml *xml, struct path *parent, struct cut name)
{
    size_t len = cut_len(name) > EVENT_NAME_MOST ? EVENT_NAME_MOST : cut_len(name);
    return paths_find(xml->run.paths, parent, name.at, len, xml->run.event->arena);
}

/* Name="value" ... up to the end of the tag; moved to it. */
static bool attributes(struct xml *xml, struct element *element, struct path *parent)
{
    struct cut *rest = &xml->rest;
    char key[EVENT_NAME_MOST + 1] = "@";
    for (;;) {
        while (rest->at < rest->end && white(*rest->at))
            rest->at++;
        if (rest->at == rest->end)
            return ended(xml);
        if (*rest->at == '>' || *rest->at == '/')
            return true;
        struct cut name = name_of(rest), value;
        if (cut_len(name) == 0 || cut_len(name) >= EVENT_NAME_MOST)
            return rest->at == rest->end ? ended(xml) : fails(xml, T_("the name of an attribute must stand here"));
        while (rest->at < rest->end && white(*rest->at))
            rest->at++;
        if (rest->at < rest->end && *rest->at == '=')
            rest->at++;
        while (rest->at < rest->end && white(*rest->at))
            rest->at++;
        if (rest->at == rest->end)
            return ended(xml);
        char quote = *rest->at;
        if (quote != '"' && quote != '\'')
            return fails(xml, T_("the value of an attribute must stand in quotes"));
        rest->at++;
        const char *end = memchr(rest->at, quote, cut_len(*rest));
        if (!end)
            return ended(xml);
        value = without_entities(xml->run.event, (struct cut){rest->at, end});
        rest->at = end + 1;
        if (cut_starts(name, "xmlns") || cut_starts(name, "xml:"))
            continue;
        if (element->path->special & PATH_ITEM && cut_is(name, "Name") && cut_len(value)) {
            element->path = path_of(xml, parent, value);
            continue;
        }
        memcpy(key + 1, name.at, cut_len(name));
        give(xml, path_of(xml, element->path, (struct cut){key, key + 1 + cut_len(name)}), value);
    }
}

/* "<Name ...>" or "<Name .../>" */
static bool opens(struct xml *xml)
{
    xml->rest.at++;
    struct cut name = name_of(&xml->rest);
    if (cut_len(name) == 0)
        return xml->rest.at == xml->rest.end ? ended(xml) : fails(xml, T_("the name of an element must stand here"));
    if (xml->depth == DEPTH_MOST)
        return fails(xml, T_("elements are nested deeper than 32 levels"));
    if (xml->depth && cut_is(local(name), "Event")) {
        xml->rest.at = name.at;
        return fails(xml, T_("another event begins here, and the one before it is not closed"));
    }
    struct path *parent = xml->depth ? xml->stack[xml->depth - 1].path : paths_root(xml->run.paths);
    if (xml->depth)
        xml->stack[xml->depth - 1].parted = true;
    struct element *element = &xml->stack[xml->depth++];
    *element = (struct element){.name = name, .path = path_of(xml, parent, local(name)), .text = {xml->rest.at, xml->rest.at}};
    if (!attributes(xml, element, parent))
        return false;
    if (*xml->rest.at == '>') {
        xml->rest.at++;
        element->text = (struct cut){xml->rest.at, xml->rest.at};
        return true;
    }
    if (xml->rest.end - xml->rest.at < 2)
        return ended(xml);
    if (xml->rest.at[1] != '>')
        return fails(xml, T_("a tag must end with “>” here"));
    xml->rest.at += 2;
    if (element->path->zone == ZONE_ELEMENT && xml->depth > 2)
        give(xml, element->path, (struct cut){xml->rest.at, xml->rest.at});
    xml->depth--;
    return true;
}

static bool closes(struct xml *xml)
{
    xml->rest.at += 2;
    struct cut name = name_of(&xml->rest);
    while (xml->rest.at < xml->rest.end && white(*xml->rest.at))
        xml->rest.at++;
    if (xml->rest.at == xml->rest.end)
        return ended(xml);
    const struct element *element = &xml->stack[xml->depth - 1];
    if (cut_len(name) != cut_len(element->name) || memcmp(name.at, element->name.at, cut_len(name)) != 0 || *xml->rest.at != '>')
        return fails(xml, T_("this closes another element than the one that is open"));
    xml->rest.at++;
    if (!element->parted && (cut_len(element->text) || (element->path->zone == ZONE_ELEMENT && xml->depth > 2)))
        give(xml, element->path, element->text);
    xml->depth--;
    return true;
}

/* Text of the element that is open, joined to what it has. */
static void gather(struct xml *xml, struct cut text, bool raw)
{
    struct element *element = &xml->stack[xml->depth - 1];
    struct cut more = raw ? text : without_entities(xml->run.event, text), had = element->text;
    if (cut_len(had) == 0) {
        element->text = more;
        element->room = 0;
        return;
    }
    if (element->room < cut_len(had) + cut_len(more)) {
        element->room = 2 * (cut_len(had) + cut_len(more));
        char *out = arena_alloc(xml->run.event->arena, element->room);
        memcpy(out, had.at, cut_len(had));
        element->text = (struct cut){out, out + cut_len(had)};
    }
    memcpy((char *)(uintptr_t)element->text.end, more.at, cut_len(more));
    element->text.end += cut_len(more);
}

/* "<!-- -->", "<![CDATA[ ]]>", "<? ?>" */
static bool special(struct xml *xml)
{
    static const struct { const char *begin, *end; } kinds[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (size_t i = 0; i < 3; i++)
        if (cut_starts(xml->rest, kinds[i].begin)) {
            const char *inside = xml->rest.at + strlen(kinds[i].begin);
            const char *end = memmem(inside, (size_t)(xml->rest.end - inside), kinds[i].end, strlen(kinds[i].end));
            if (!end)
                return ended(xml);
            if (i == 1)
                gather(xml, (struct cut){inside, end}, true);
            xml->rest.at = end + strlen(kinds[i].end);
            return true;
        }
    return cut_len(xml->rest) < 9 ? ended(xml) : fails(xml, T_("a document type or declaration may not stand in an event"));
}

/* The element Event at rest.at; moved behind it. */
static bool event_element(struct xml *xml)
{
    do {
        if (xml->depth) {
            const char *tag = memchr(xml->rest.at, '<', cut_len(xml->rest));
            if (!tag)
                return ended(xml);
            if (tag > xml->rest.at)
                gather(xml, (struct cut){xml->rest.at, tag}, false);
            xml->rest.at = tag;
        }
        if (cut_len(xml->rest) < 2)
            return ended(xml);
        char next = xml->rest.at[1];
        if (!(next == '/' ? closes(xml) : next == '!' || next == '?' ? special(xml) : opens(xml)))
            return false;
    } while (xml->depth);
    return true;
}

static struct xml *xml_new(struct log_reader *reader, struct event *event, struct cut text)
{
    if (!reader->paths)
        reader->paths = paths_new(reader->arena, reader->fields);
    struct xml *xml = ARENA_NEW(event->arena, struct xml);
    xml->reader = reader;
    xml->rest = text;
    xml->run.paths = reader->paths;
    xml->run.event = event;
    return xml;
}

bool log_winxml(struct log_reader *reader, struct event *event, struct cut text)
{
    struct event before = *event;
    struct xml *xml = xml_new(reader, event, text);
    if (event_element(xml)) {
        json_settle(&xml->run);
        return true;
    }
    event->n = before.n;                   /* values may have moved, but the first ones are the same */
    event->time = before.time;
    event->record = before.record;
    return false;
}

/* Behind white space, marks, instructions, comments and the tags of Events: at "<Event". */
static enum status find_event(const char *text, size_t len, size_t *at, bool last)
{
    struct cut rest = {text + *at, text + len};
    for (;;) {
        while (rest.at < rest.end && white(*rest.at))
            rest.at++;
        if (cut_starts(rest, "\xef\xbb\xbf"))
            rest.at += 3;
        *at = (size_t)(rest.at - text);
        if (rest.at == rest.end)
            return ABSENT;
        if (*rest.at != '<')
            return BAD_INPUT;
        bool comment = cut_starts(rest, "<!--"), closing = cut_len(rest) > 1 && rest.at[1] == '/';
        struct cut inside = {rest.at + 1 + closing, rest.end}, name = name_of(&inside);
        if (!comment && name.end < rest.end && cut_is(local(name), "Event"))
            return closing ? BAD_INPUT : OK;
        size_t most = comment ? EVENT_BYTES_MOST : 65536, left = cut_len(rest) > most ? most : cut_len(rest);
        const char *end = comment ? memmem(rest.at, left, "-->", 3) : memchr(rest.at, '>', left);
        if (!end)
            return last || left == most ? BAD_INPUT : ABSENT;
        if (!comment && rest.at[1] != '?' && !cut_is(local(name), "Events"))
            return BAD_INPUT;
        rest.at = end + (comment ? 3 : 1);
    }
}

/* Where the next event may begin behind a faulty one; 0 when there is none. */
static size_t resume(const char *text, size_t len, size_t at)
{
    for (const char *next = text + at + 1; next < text + len && (next = memmem(next, (size_t)(text + len - next), "<Event", 6)) != NULL; next++)
        if (next + 6 < text + len && (white(next[6]) || next[6] == '>'))
            return (size_t)(next - text);
    return 0;
}

static enum status read_winxml(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                               size_t *ret_end)
{
    enum status status = find_event(text, len, &at, last);
    *ret_end = at;
    if (status == ABSENT)
        return ABSENT;
    size_t end = len - at > EVENT_BYTES_MOST ? at + EVENT_BYTES_MOST : len;
    struct xml *xml = xml_new(reader, event, (struct cut){text + at, text + end});
    if (status == OK && event_element(xml)) {
        event->raw = text + at;
        *ret_end = (size_t)(xml->rest.at - text);
        event->raw_len = *ret_end - at;
        json_settle(&xml->run);
        return OK;
    }
    bool ends = status == OK && xml->ends;
    const char *fault = status == OK ? xml->fault : T_("an element Event must stand here");
    size_t fault_at = status == OK ? (size_t)(xml->rest.at - text) : at;
    event_clear(event);
    size_t after = resume(text, len, at);
    if (!last && end == len && (ends || !after))
        return ABSENT;
    *ret_end = after ? after : len;
    if (reasons)
        reason_add(reasons, "events.xml", arena_printf(reasons->arena, "+%zu", fault_at), fault);
    return ends && end < len ? TOO_LARGE : BAD_INPUT;
}

static unsigned looks_winxml(const char *text, size_t len)
{
    size_t at = 0;
    if (find_event(text, len, &at, true) == OK)
        return 96;
    struct cut rest = {text + (at < len ? at : len), text + len};
    return cut_starts(rest, "<Event") ? 70 : 0;
}

const struct log_format log_format_winxml = {.name = "winxml", .product = "windows", .looks = looks_winxml, .read = read_winxml};
