/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words: look-up in the compiled catalogue, and which language a browser asks for.
 */
#include "base/words.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/catalogue.h"

const char *tr(enum lang lang, const char *english)
{
    if (lang != LANG_FR || !english)
        return english;
    for (uint64_t at = catalogue_hash(english);; at++) {
        const struct catalogue_entry *entry = &catalogue_fr[at & catalogue_fr_mask];
        if (!entry->english)
            return english;
        if (strcmp(entry->english, english) == 0)
            return entry->french;
    }
}

const char *lang_code(enum lang lang)
{
    static const char *const codes[LANG_COUNT] = {"en", "fr"};
    return (unsigned)lang < LANG_COUNT ? codes[lang] : codes[0];
}

/* ";q=0.5" behind a language, in thousandths; 1000 when there is none. */
static int quality(const char *text, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (text[i] != 'q' || text[i + 1] != '=')
            continue;
        int value = 0, scale = 1000;
        bool fraction = false;
        for (i += 2; i < len && scale > 0; i++) {
            if (text[i] == '.')
                fraction = true;
            else if (text[i] >= '0' && text[i] <= '9')
                value += (text[i] - '0') * (fraction ? (scale /= 10) : 1000);
            else
                break;
        }
        return value > 1000 ? 1000 : value;
    }
    return 1000;
}

static bool names(const char *text, size_t len, const char *code)
{
    return len >= 2 && strncasecmp(text, code, 2) == 0 &&
           (len == 2 || text[2] == '-' || text[2] == ';' || text[2] == ' ');
}

enum lang lang_from(const char *accept, enum lang otherwise)
{
    int best = 0;
    enum lang found = otherwise;
    while (accept && *accept) {
        accept += strspn(accept, " \t,");
        size_t len = strcspn(accept, ",");
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            int wanted = names(accept, len, lang_code((enum lang)lang)) ? quality(accept, len) : 0;
            if (wanted > best) {
                best = wanted;
                found = (enum lang)lang;
            }
        }
        accept += len;
    }
    return found;
}
