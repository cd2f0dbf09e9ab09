/* SPDX-License-Identifier: GPL-3.0-or-later
 * Detection rules in the demonstration: a dozen written for it (duties/watch/demonstration), which an invented publisher signs and delivers
 * several times over the year, each time a few more. Delivered, examined and adopted like any others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "cli/demo/demo.h"
#include "watch/bundle/bundle.h"
#include "watch/ruleset/examine.h"

#define FOLDER "duties/watch/demonstration/"
#define PUBLISHER "Detection cell"
enum { RULES_MOST = 64, RULES_FIRST = 9 };

static void secret_of(const struct demo *demo, uint8_t secret[BUNDLE_SECRET])
{
    struct hash seed = sha256_two("demonstration rules", 19, demo->systems ? demo->systems[0] : "", demo->systems ? strlen(demo->systems[0]) : 0);
    bundle_key_seeded(seed.bytes, secret);
}

/* So many of the rules, by their paths. */
static size_t rules(struct bundle_file *ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < embedded_count && n < most; i++)
        if (str_starts(embedded_files[i].path, FOLDER))
            ret[n++] = (struct bundle_file){embedded_files[i].path + strlen(FOLDER), embedded_files[i].bytes, embedded_files[i].len};
    return n;
}

static const char *deliver(struct demo *demo, moment at)
{
    struct bundle_file files[RULES_MOST];
    struct bundle bundle = {.publisher = PUBLISHER, .name = arena_printf(demo->arena, "Rules of %s", demo_day(demo, at)), .made = (at - 2 * HOUR) / SECOND * SECOND, .files = files};
    uint8_t secret[BUNDLE_SECRET];
    struct buf out;
    secret_of(demo, secret);
    bundle.n = rules(files, RULES_FIRST + demo->rule_sets++);
    buf_init(&out, BUNDLE_MOST);
    const char *number = demo_create(demo, "ops", at, "rule-set", demo_label(demo, "NATO", "RESTRICTED"), demo_fields(demo, "{'name':'Detection rules of %s','received-on':'%s'}", demo_day(demo, at), demo_day(demo, at)));
    if (bundle_make(&bundle, secret, demo->arena, demo->reasons, &out) == OK &&
        demo_attach(demo, "ops", at + MINUTE, number, "delivery", "detection-cell.rules", "application/octet-stream", out.data, out.len) &&
        ruleset_examine(demo->office, number, &examiner_own, at + 2 * MINUTE, demo->arena, demo->reasons) != OK)
        demo->refused++;
    buf_free(&out);
    return number;
}

static bool adopt(struct demo *demo, const char *number, moment at, moment made)
{
    if (made < demo->rules_made)
        return demo_step(demo, "ops", at, number, "reject", NULL, "Newer rules of the same publisher are in force.");
    demo->rules_made = made;
    return demo_two(demo, "ops", "ism", at, number, "adopt", demo_fields(demo, "{'examined':'Run against the regression cases and one month of the archive.'}"), NULL);
}

void demo_rules(struct demo *demo, moment at)
{
    uint8_t secret[BUNDLE_SECRET], key[BUNDLE_KEY];
    secret_of(demo, secret);
    bundle_key_of(secret, key);
    const char *record = demo_create(demo, "ops", at, "rule-key", NULL, demo_fields(demo, "{'name':'Detection cell, first key','publisher':'" PUBLISHER "','key':'%s'}", bundle_key_line(demo->arena, key)));
    if (!record || !demo_two(demo, "ops", "ism", at + HOUR, record, "enrol", demo_fields(demo, "{'compared':'Read out by telephone by the head of the cell.'}"), NULL))
        return;
    const char *number = deliver(demo, at + DAY);
    if (number)
        (void)adopt(demo, number, at + 2 * DAY, at + DAY);
}

bool demo_rule_set(struct demo *demo, struct story *story)
{
    moment at = story->next;
    if (story->stage == 0) {
        story->number = deliver(demo, at);
        story->label = story->number ? arena_printf(demo->arena, "%lld", (long long)at) : NULL;
    } else if (story->number && story->label) {
        (void)adopt(demo, story->number, at, strtoll(story->label, NULL, 10));
    }
    demo_after(demo, story, HOUR, 3 * DAY);
    return story->number;
}
