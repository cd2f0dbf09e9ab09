// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looks at every kind of page once a language: axe over WCAG 2.2 AA in light and dark, no sideways scrolling from a wide screen
// down to a telephone's width, pictures kept. CASTELLAN_LOOKS=no leaves it out, for work on the walk alone.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ok } from "./tap.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/* Two addresses are one kind of page when they differ in numbers and cursors only; all lists are one kind, with rows and without. */
async function kind_of(page, status) {
  const { pathname, searchParams } = new URL(page.url());
  const list = status < 400 && (await page.evaluate(() => document.querySelector("table.list[data-live]") && document.querySelectorAll("tbody tr[data-href]").length));
  if (typeof list === "number") return list ? "/list" : "/list:empty";
  const kind = pathname.replace(/\/[A-Z]{3}-[0-9A-Z-]+/g, "/N").replace(/^\/enrol\/.*/, "/enrol/T").replace(/^\/$/, "/desk");
  return kind + (searchParams.get("view") ? `:${searchParams.get("view")}` : "") + (status >= 400 ? `:${status}` : "");
}

export class Looks {
  constructor(artefacts) {
    this.artefacts = artefacts;
    this.seen = new Set();
  }
  /* All rules in both schemes: what is hidden, focused or drawn in the dark may differ in more than its colours. */
  async axe(page, kind, scheme) {
    await page.emulateMedia({ colorScheme: scheme });
    if (scheme === "light") await page.evaluate(AXE);
    const faults = await page.evaluate(async (only) => {
      const { violations } = await globalThis.axe.run(document, { runOnly: only, resultTypes: ["violations"], preload: false });
      return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any.concat(n.all, n.none).map((c) => c.message).join("; ")}`).join(" | ")}`);
    }, { type: "tag", values: TAGS });
    ok(!faults.length, `axe finds nothing: ${kind}, ${scheme}`, faults.join("\n"));
  }
  /* Nothing but a table's own box may be wider than the window. */
  async fits(page, kind, width, height) {
    await page.setViewportSize({ width, height });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    ok(wide <= 0, `no sideways scrolling at ${width} pixels: ${kind}`, `${wide} pixels too wide`);
  }
  /* Called after every navigation; `name` marks a page that a form was refused on, or a state of a record. */
  async at(person, status, name) {
    if (process.env.CASTELLAN_LOOKS === "no") return;
    const page = person.page, lang = await person.lang(), plain = name || (await kind_of(page, status)), kind = lang === "fr" ? `${plain}:fr` : plain;
    if (this.seen.has(kind)) return;
    this.seen.add(kind);
    const again = lang === "fr" && this.seen.has(plain);
    const file = join(this.artefacts, `${String(this.seen.size).padStart(2, "0")}${kind.replace(/[^\w-]+/g, "-")}`);
    await page.screenshot({ path: `${file}-1280.png`, fullPage: true });
    if (!again) {
      await this.axe(page, kind, "light");
      await this.axe(page, kind, "dark");
      await page.screenshot({ path: `${file}-dark.png` });
      await page.emulateMedia({ colorScheme: "light" });
      await this.fits(page, kind, 1920, 1000);
      await this.fits(page, kind, 320, 800);
    }
    await this.fits(page, kind, 700, 900);
    await page.screenshot({ path: `${file}-700.png`, fullPage: true });
    await this.fits(page, kind, 1280, 900);
  }
}
