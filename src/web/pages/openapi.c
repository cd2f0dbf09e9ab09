/* SPDX-License-Identifier: GPL-3.0-or-later
 * The OpenAPI 3.1 document, made from the registers that the reader's post sees: a schema a register, a path a list, record and step.
 * Registers that the post does not see do not occur in it, nor do vocabularies that only those use.
 */
#include <string.h>

#include "web/pages/inside.h"
#include "web/pages/openapi.h"

struct doc { const struct request *request; struct arena *arena; struct val *schemas, *paths; };

static struct val *parsed(const struct doc *doc, const char *text)
{
    struct reasons ignored;
    struct val *value = NULL;
    reasons_init(&ignored, doc->arena);
    return json_read(doc->arena, text, strlen(text), (struct json_limits){0}, &ignored, &value) == OK ? value : val_object(doc->arena);
}

static struct val *reference(const struct doc *doc, const char *kind, const char *name)
{
    struct val *value = val_object(doc->arena);
    val_set(doc->arena, value, "$ref", val_strf(doc->arena, "#/components/%s/%s", kind, name));
    return value;
}

static struct val *typed(const struct doc *doc, const char *type, const char *format)
{
    struct val *value = val_object(doc->arena);
    val_set_str(doc->arena, value, "type", type);
    if (format)
        val_set_str(doc->arena, value, "format", format);
    return value;
}

static struct val *list_of(const struct doc *doc, struct val *items)
{
    struct val *value = typed(doc, "array", NULL);
    val_set(doc->arena, value, "items", items);
    return value;
}

static struct val *vocabulary(const struct doc *doc, const struct vocabulary *of)
{
    const char *name = arena_printf(doc->arena, "vocabulary-%s", of->name);
    if (!val_get(doc->schemas, name)) {
        struct val *schema = typed(doc, "string", NULL), *names = val_array(doc->arena);
        val_set_str(doc->arena, schema, "description", words_in(&of->words, doc->request->lang));
        for (size_t i = 0; i < of->n_terms; i++)
            val_push(doc->arena, names, val_str(doc->arena, of->terms[i].name));
        val_set(doc->arena, schema, "enum", names);
        val_set(doc->arena, doc->schemas, name, schema);
    }
    return reference(doc, "schemas", name);
}

static struct val *number_schema(const struct doc *doc, const struct field_def *field)
{
    struct val *schema = typed(doc, "integer", NULL);
    if (field->max > field->min) {
        val_set_int(doc->arena, schema, "minimum", field->min);
        val_set_int(doc->arena, schema, "maximum", field->max);
    }
    return schema;
}

static struct val *text_schema(const struct doc *doc, const struct field_def *field)
{
    struct val *schema = typed(doc, "string", NULL);
    if (field->max > 0)
        val_set_int(doc->arena, schema, "maxLength", field->max);
    return schema;
}

static struct val *field_schema(const struct doc *doc, const struct field_def *field)
{
    switch (field->type) {
    case FIELD_NUMBER: return number_schema(doc, field);
    case FIELD_BOOLEAN: return typed(doc, "boolean", NULL);
    case FIELD_CHOICE: return field->of ? vocabulary(doc, field->of) : typed(doc, "string", NULL);
    case FIELD_CHOICES: return list_of(doc, field->of ? vocabulary(doc, field->of) : typed(doc, "string", NULL));
    case FIELD_DATE: return typed(doc, "string", "date");
    case FIELD_TIME: return typed(doc, "string", "date-time");
    case FIELD_EMAIL: return typed(doc, "string", "email");
    case FIELD_INTERVAL: return reference(doc, "schemas", "interval");
    case FIELD_MONEY: return reference(doc, "schemas", "money");
    case FIELD_ATTACHMENTS: return list_of(doc, reference(doc, "schemas", "attachment"));
    case FIELD_LINKS: case FIELD_RIGHTS: return list_of(doc, typed(doc, "string", NULL));
    default: return text_schema(doc, field);
    }
}

static void add_schema(const struct doc *doc, const struct register_def *def)
{
    struct arena *arena = doc->arena;
    struct val *fields = typed(doc, "object", NULL), *properties = val_object(arena), *states = val_array(arena), *whole, *both = val_array(arena);
    for (size_t i = 0; i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        struct val *schema = field_schema(doc, field), *wrapped = schema;
        if (val_get(schema, "$ref")) {
            wrapped = val_object(arena);
            val_set(arena, wrapped, "allOf", val_array(arena));
            val_push(arena, val_get(wrapped, "allOf"), schema);
        }
        val_set_str(arena, wrapped, "title", words_in(&field->words, doc->request->lang));
        if (field->help.in[LANG_EN])
            val_set_str(arena, wrapped, "description", words_in(&field->help, doc->request->lang));
        if (field->computed || field->type == FIELD_ATTACHMENTS)
            val_set_bool(arena, wrapped, "readOnly", true);
        val_set(arena, properties, field->name, wrapped);
    }
    val_set(arena, fields, "properties", properties);
    val_set(arena, doc->schemas, arena_printf(arena, "fields-%s", def->name), fields);
    whole = parsed(doc, "{\"type\":\"object\",\"properties\":{}}");
    for (size_t i = 0; i < def->n_states; i++)
        val_push(arena, states, val_str(arena, def->states[i].name));
    struct val *state = typed(doc, "string", NULL);
    val_set(arena, state, "enum", states);
    val_set(arena, val_get(whole, "properties"), "state", state);
    val_set(arena, val_get(whole, "properties"), "fields", reference(doc, "schemas", arena_printf(arena, "fields-%s", def->name)));
    val_push(arena, both, reference(doc, "schemas", "record"));
    val_push(arena, both, whole);
    struct val *schema = val_object(arena);
    val_set_str(arena, schema, "title", words_in(&def->one, doc->request->lang));
    val_set_str(arena, schema, "description", words_in(&def->help, doc->request->lang));
    val_set(arena, schema, "allOf", both);
    val_set(arena, doc->schemas, arena_printf(arena, "record-%s", def->name), schema);
}

/* ---- paths ---- */

static struct val *answer_of(const struct doc *doc, const char *status, const char *words, struct val *schema)
{
    struct val *responses = val_object(doc->arena), *one = val_object(doc->arena), *content = val_object(doc->arena), *media = val_object(doc->arena);
    val_set_str(doc->arena, one, "description", words);
    val_set(doc->arena, media, "schema", schema);
    val_set(doc->arena, content, "application/json", media);
    val_set(doc->arena, one, "content", content);
    val_set(doc->arena, responses, status, one);
    val_set(doc->arena, responses, "default", reference(doc, "responses", "refusal"));
    return responses;
}

static struct val *operation(const struct doc *doc, const char *id, const char *summary, struct val *parameters, struct val *body, struct val *responses)
{
    struct val *value = val_object(doc->arena);
    val_set_str(doc->arena, value, "operationId", id);
    val_set_str(doc->arena, value, "summary", summary);
    if (parameters)
        val_set(doc->arena, value, "parameters", parameters);
    if (body) {
        struct val *request_body = val_object(doc->arena), *content = val_object(doc->arena), *media = val_object(doc->arena);
        val_set(doc->arena, media, "schema", body);
        val_set(doc->arena, content, "application/json", media);
        val_set_bool(doc->arena, request_body, "required", true);
        val_set(doc->arena, request_body, "content", content);
        val_set(doc->arena, value, "requestBody", request_body);
    }
    val_set(doc->arena, value, "responses", responses);
    return value;
}

static struct val *parameters_of(const struct doc *doc, const char *const *names)
{
    struct val *list = val_array(doc->arena);
    for (; *names; names++)
        val_push(doc->arena, list, reference(doc, "parameters", *names));
    return list;
}

static struct val *change_body(const struct doc *doc, const struct register_def *def)
{
    struct val *body = val_object(doc->arena), *both = val_array(doc->arena), *more = parsed(doc, "{\"type\":\"object\",\"properties\":{}}");
    val_set(doc->arena, val_get(more, "properties"), "fields", reference(doc, "schemas", arena_printf(doc->arena, "fields-%s", def->name)));
    val_push(doc->arena, both, reference(doc, "schemas", "change"));
    val_push(doc->arena, both, more);
    val_set(doc->arena, body, "allOf", both);
    return body;
}

static void add_paths(const struct doc *doc, const struct register_def *def)
{
    static const char *const of_list[] = {"after", "limit", "q", "sort", "links-to", "named-in", "links-by", NULL}, *const of_one[] = {"number", NULL};
    struct arena *arena = doc->arena;
    enum lang lang = doc->request->lang;
    const char *root = arena_printf(arena, "/records/%s", def->name), *record = arena_printf(arena, "record-%s", def->name);
    struct val *all = val_object(arena), *one = val_object(arena), *page = parsed(doc, "{\"type\":\"object\",\"properties\":{\"next\":{\"type\":\"string\"},\"markings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}");
    val_set(arena, val_get(page, "properties"), "records", list_of(doc, reference(doc, "schemas", record)));
    val_set(arena, all, "get", operation(doc, arena_printf(arena, "list-%s", def->name), words_in(&def->words, lang), parameters_of(doc, of_list), NULL, answer_of(doc, "200", "OK", page)));
    if (def->n_create_rights)
        val_set(arena, all, "post", operation(doc, arena_printf(arena, "create-%s", def->name), words_in(&def->one, lang), NULL, change_body(doc, def), answer_of(doc, "201", "OK", reference(doc, "schemas", "outcome"))));
    val_set(arena, one, "get", operation(doc, arena_printf(arena, "get-%s", def->name), words_in(&def->one, lang), parameters_of(doc, of_one), NULL, answer_of(doc, "200", "OK", reference(doc, "schemas", record))));
    if (def->n_edit_rights)
        val_set(arena, one, "put", operation(doc, arena_printf(arena, "edit-%s", def->name), words_in(&def->one, lang), parameters_of(doc, of_one), change_body(doc, def), answer_of(doc, "200", "OK", reference(doc, "schemas", "outcome"))));
    val_set(arena, doc->paths, root, all);
    val_set(arena, doc->paths, arena_printf(arena, "%s/{number}", root), one);
    static const struct { const char *name; bool post; } parts[] = {{"history", false}, {"steps", false}, {"regrade", true}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct val *path = val_object(arena);
        val_set(arena, path, parts[i].post ? "post" : "get", operation(doc, arena_printf(arena, "%s-%s", parts[i].name, def->name), words_in(&def->one, lang), parameters_of(doc, of_one),
            parts[i].post ? change_body(doc, def) : NULL, answer_of(doc, "200", "OK", parts[i].post ? reference(doc, "schemas", "outcome") : typed(doc, "object", NULL))));
        if (!parts[i].post || def->n_regrade_rights)
            val_set(arena, doc->paths, arena_printf(arena, "%s/{number}/%s", root, parts[i].name), path);
    }
    for (size_t s = 0; s < def->n_steps; s++) {
        struct val *path = val_object(arena);
        val_set(arena, path, "post", operation(doc, arena_printf(arena, "step-%s-%s", def->name, def->steps[s].name), words_in(&def->steps[s].words, lang), parameters_of(doc, of_one), change_body(doc, def),
            answer_of(doc, "200", "OK", reference(doc, "schemas", "outcome"))));
        val_set(arena, doc->paths, arena_printf(arena, "%s/{number}/steps/%s", root, def->steps[s].name), path);
    }
}

static const char frame[] =
    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Castellan\",\"version\":\"1\"},\"servers\":[{\"url\":\"/api/v1\"}],\"security\":[{\"token\":[]}],\"paths\":{"
    "\"/search\":{\"get\":{\"operationId\":\"search\",\"parameters\":[{\"$ref\":\"#/components/parameters/q\"},{\"$ref\":\"#/components/parameters/after\"}],\"responses\":{"
      "\"200\":{\"description\":\"OK\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"records\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/record\"}}}}}}},"
      "\"default\":{\"$ref\":\"#/components/responses/refusal\"}}}},"
    "\"/proposals/{number}/{verb}\":{\"post\":{\"operationId\":\"decide\",\"parameters\":[{\"$ref\":\"#/components/parameters/number\"},{\"name\":\"verb\",\"in\":\"path\",\"required\":true,"
      "\"schema\":{\"type\":\"string\",\"enum\":[\"confirm\",\"decline\",\"withdraw\"]}}],\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/change\"}}}},"
      "\"responses\":{\"200\":{\"description\":\"OK\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/outcome\"}}}},\"default\":{\"$ref\":\"#/components/responses/refusal\"}}}}},"
    "\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
    "\"parameters\":{\"number\":{\"name\":\"number\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\",\"maxLength\":32}},"
      "\"after\":{\"name\":\"after\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},\"limit\":{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500}},"
      "\"links-to\":{\"name\":\"links-to\",\"in\":\"query\",\"description\":\"With links-by: records whose link field names this one.\",\"schema\":{\"type\":\"string\",\"maxLength\":32}},"
      "\"named-in\":{\"name\":\"named-in\",\"in\":\"query\",\"description\":\"With links-by: records that this one names under its link field.\",\"schema\":{\"type\":\"string\",\"maxLength\":32}},"
      "\"links-by\":{\"name\":\"links-by\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
      "\"q\":{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},\"sort\":{\"name\":\"sort\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}}},"
    "\"responses\":{\"refusal\":{\"description\":\"Refused, with the reasons\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/refusal\"}}}}},"
    "\"schemas\":{\"words\":{\"type\":\"object\",\"properties\":{\"en\":{\"type\":\"string\"},\"fr\":{\"type\":\"string\"}}},"
      "\"interval\":{\"type\":\"object\",\"properties\":{\"from\":{\"type\":\"string\",\"format\":\"date-time\"},\"to\":{\"type\":\"string\",\"format\":\"date-time\"}}},"
      "\"money\":{\"type\":\"object\",\"properties\":{\"amount\":{\"type\":\"integer\"},\"currency\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":3}}},"
      "\"attachment\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"bytes\":{\"type\":\"integer\"},\"sha256\":{\"type\":\"string\"}}},"
      "\"label\":{\"type\":\"object\",\"properties\":{\"policy\":{\"type\":\"string\"},\"class\":{\"type\":\"string\"},\"categories\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}},"
      "\"record\":{\"type\":\"object\",\"properties\":{\"number\":{\"type\":\"string\"},\"register\":{\"type\":\"string\"},\"title\":{\"$ref\":\"#/components/schemas/words\"},\"marking\":{\"type\":\"string\"},"
        "\"label\":{\"$ref\":\"#/components/schemas/label\"},\"version\":{\"type\":\"string\"},\"created\":{\"type\":\"string\",\"format\":\"date-time\"},\"updated\":{\"type\":\"string\",\"format\":\"date-time\"},"
        "\"due\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},\"file\":{\"type\":[\"string\",\"null\"]},\"links\":{\"type\":\"object\"},\"more-links\":{\"type\":\"object\",\"description\":\"By field: where the list of its links goes on.\"},\"clocks\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}},"
      "\"change\":{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":64},\"version\":{\"type\":\"string\"},\"label\":{\"$ref\":\"#/components/schemas/label\"},"
        "\"file\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},\"hash\":{\"type\":\"string\"},\"sources\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}},"
      "\"outcome\":{\"type\":\"object\",\"properties\":{\"numbers\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"proposed\":{\"type\":\"boolean\"},\"repeated\":{\"type\":\"boolean\"}}},"
      "\"refusal\":{\"type\":\"object\",\"properties\":{\"reasons\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"rule\":{\"type\":\"string\"},\"where\":{\"type\":[\"string\",\"null\"]},"
        "\"text\":{\"type\":\"string\"},\"next\":{\"type\":[\"string\",\"null\"]}}}}}}}}}";

struct val *api_document(const struct request *request)
{
    struct doc doc = {.request = request, .arena = request->arena};
    const struct pack *pack = office_pack(request->office);
    struct val *whole = parsed(&doc, frame);
    doc.paths = val_get(whole, "paths");
    doc.schemas = val_get(val_get(whole, "components"), "schemas");
    val_set_str(request->arena, val_get(whole, "info"), "description", office_name(request->office));
    for (size_t i = 0; i < pack->n_registers; i++)
        if (reader_sees(request->reader, &pack->registers[i])) {
            add_schema(&doc, &pack->registers[i]);
            add_paths(&doc, &pack->registers[i]);
        }
    api_document_pages(request, doc.paths);
    return whole;
}
