/* SPDX-License-Identifier: GPL-3.0-or-later
 * The OpenAPI document's other half: what is no record. Every entry of the tables of pages that the reader may use stands in it, so a new
 * page or interface is described without a word more; those over records are described register by register (openapi.c).
 */
#include <string.h>

#include "web/pages/inside.h"
#include "web/pages/openapi.h"
#include "web/pages/pages.h"

#define API "/api/v1"

/* Forms, lists and records have interfaces of their own; a page over any register is described only where it gives or takes a file. */
static bool told_elsewhere(const struct page *page)
{
    static const char *const names[] = {"api-document", "api-list", "api-create", "api-record", "api-edit", "api-history", "api-steps", "api-step", "api-regrade", "api-decide",
                                        "api-search", "live", "search", "proposal", "decide-proposal", "retention", NULL};
    for (size_t i = 0; names[i]; i++)
        if (strcmp(page->name, names[i]) == 0)
            return true;
    bool over_any = strstr(page->pattern, "{register}") != NULL && !str_starts(page->pattern, API);
    return over_any && strcmp(page->name, "attachment") != 0 && strcmp(page->name, "attach") != 0;
}

static struct val *object_of(struct arena *arena, const char *name, struct val *value)
{
    struct val *object = val_object(arena);
    val_set(arena, object, name, value);
    return object;
}

static struct val *parameters(struct arena *arena, const char *pattern)
{
    struct val *list = val_array(arena);
    for (const char *at = strchr(pattern, '{'); at; at = strchr(at, '{')) {
        size_t len = strcspn(++at, "}");
        struct val *one = val_object(arena);
        val_set(arena, one, "name", val_strn(arena, at, len));
        val_set_str(arena, one, "in", "path");
        val_set_bool(arena, one, "required", true);
        val_set(arena, one, "schema", object_of(arena, "type", val_str(arena, "string")));
        val_push(arena, list, one);
    }
    return list;
}

static struct val *with_media(struct arena *arena, const char *media)
{
    return object_of(arena, "content", object_of(arena, media, object_of(arena, "schema", object_of(arena, "type", val_str(arena, "object")))));
}

static struct val *responses_of(struct arena *arena, const struct page *page)
{
    bool api = str_starts(page->pattern, API), file = strcmp(page->name, "attachment") == 0;
    struct val *good = api || page->method == METHOD_GET ? with_media(arena, file ? "application/octet-stream" : "application/json") : val_object(arena), *all = val_object(arena);
    val_set_str(arena, good, "description", api || page->method == METHOD_GET ? "OK" : "Done");
    val_set(arena, all, api || page->method == METHOD_GET ? "200" : "303", good);
    val_set(arena, all, "default", object_of(arena, "$ref", val_str(arena, "#/components/responses/refusal")));
    return all;
}

static struct val *operation_of(struct arena *arena, const struct page *page)
{
    static const char *const forms = "application/x-www-form-urlencoded";
    struct val *value = val_object(arena), *names = parameters(arena, page->pattern);
    val_set_str(arena, value, "operationId", page->name);
    if (val_count(names))
        val_set(arena, value, "parameters", names);
    if (page->method != METHOD_GET)
        val_set(arena, value, "requestBody", with_media(arena, strcmp(page->name, "deliver-events") == 0 ? "application/x-ndjson" : str_starts(page->pattern, API) ? "application/json" : strcmp(page->name, "attach") == 0 ? "multipart/form-data" : forms));
    val_set(arena, value, "responses", responses_of(arena, page));
    return value;
}

void api_document_pages(const struct request *request, struct val *paths)
{
    static const char *const methods[] = {[METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_PUT] = "put", [METHOD_DELETE] = "delete"};
    struct arena *arena = request->arena;
    const struct page *const *tables = pages_of_office(arena, request->office);
    for (size_t t = 0; tables[t]; t++)
        for (const struct page *page = tables[t]; page->pattern; page++) {
            if (!page->right || (*page->right && !reader_has_right(request->reader, page->right)) || told_elsewhere(page))
                continue;
            bool api = str_starts(page->pattern, API);
            const char *path = page->pattern + (api ? strlen(API) : 0);
            struct val *item = val_get(paths, path);
            if (!item) {
                val_set(arena, paths, path, item = val_object(arena));
                if (!api) {                    /* pages lie beside the interface, not under it */
                    struct val *servers = val_array(arena);
                    val_push(arena, servers, object_of(arena, "url", val_str(arena, "/")));
                    val_set(arena, item, "servers", servers);
                }
            }
            val_set(arena, item, methods[page->method], operation_of(arena, page));
        }
}
