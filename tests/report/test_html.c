/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTML reports: marked everywhere, everything escaped, nothing that runs, nothing loaded from elsewhere.
 */
#include "sample.h"

#include <libxml/HTMLparser.h>

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

/* Whether the parsed page has an element of this name, or an attribute that runs or loads. */
static bool walk(xmlNodePtr node, const char *element)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!strcmp((const char *)node->name, element))
            return true;
        for (xmlAttrPtr a = node->properties; a; a = a->next)
            if (!strncmp((const char *)a->name, "on", 2) || !strcmp((const char *)a->name, "href"))
                return true;
        if (walk(node->children, element))
            return true;
    }
    return false;
}

int main(void)
{
    struct arena *arena = arena_new(0);
    struct buf out, again;
    buf_init(&out, 1 << 20);
    buf_init(&again, 1 << 20);
    struct document *doc = sample_document(arena);
    ok(report_html(doc, &out) == OK && report_html(sample_document(arena), &again) == OK, "written");
    ok(out.len == again.len && !memcmp(out.data, again.data, out.len), "the same bytes twice");
    const char *where = getenv("CASTELLAN_KEEP");
    FILE *keep = where ? fopen(where, "wb") : NULL;
    if (keep) {
        fwrite(out.data, 1, out.len, keep);
        fclose(keep);
    }
    htmlDocPtr page = htmlReadMemory(out.data, (int)out.len, NULL, "UTF-8", HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
    ok(page && !walk(xmlDocGetRootElement(page), "script"), "no script, handler or link in the parsed page");
    ok(page && walk(xmlDocGetRootElement(page), "figure"), "and the look finds elements");
    xmlFreeDoc(page);
    is_int(count(out.data, "</style>"), 1, "nothing ends the style early");
    is_int(count(out.data, "<td class=\"mark\">NATO SECRET | EU &lt;CONFIDENTIAL&gt; &amp; &quot;\\A</td>"), 2, "marking top and bottom");
    is_int(count(out.data, "content:\"NATO SECRET \\7C  EU \\3C CONFIDENTIAL\\3E  \\26  \\22 \\5C A\""), 2, "marking in both page margins");
    ok(strstr(out.data, "@bottom-right{font:400 9pt system-ui,sans-serif;content:\"copy 2 of 5 \\2014  page \" counter(page) \" of \" counter(pages) \"\"}"),
       "copy and page n of m");
    ok(strstr(out.data, "<title>Incidents &lt;open&gt;</title>"), "title escaped");
    ok(strstr(out.data, "=HYPERLINK(&quot;http://x&quot;;&quot;&lt;/style&gt;&lt;script&gt;"), "cell escaped");
    ok(strstr(out.data, "<span class=\"portion\">(NS)</span> Two remain."), "portion mark");
    ok(strstr(out.data, "<time datetime=\"2026-12-01\">2026-12-01</time>"), "date");
    ok(strstr(out.data, "img-src data:") && strstr(out.data, "data:image/svg+xml;base64,PHN2Zy"), "figure as an image");
    ok(strstr(out.data, "<html lang=\"en\">") != NULL, "language");
    doc->lang = LANG_FR;
    buf_clear(&out);
    ok(report_html(doc, &out) == OK && strstr(out.data, "<html lang=\"fr\">") && strstr(out.data, "counter(page) \" sur \""), "in French");
    doc->title = "bad \xFF\x01 bytes";
    buf_clear(&out);
    ok(report_html(doc, &out) == OK && strstr(out.data, "<title>bad \xEF\xBF\xBD\xEF\xBF\xBD bytes</title>"), "no broken character gets out");
    doc->markings = NULL;
    buf_clear(&out);
    ok(report_html(doc, &out) == BAD_INPUT && !out.len, "no document without a marking");
    buf_free(&out);
    buf_init(&out, 100);
    ok(report_html(sample_document(arena), &out) == TOO_LARGE, "the buffer's maximum is kept");
    buf_free(&out);
    buf_free(&again);
    arena_free(arena);
    return tap_done();
}
