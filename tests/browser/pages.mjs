// SPDX-License-Identifier: GPL-3.0-or-later
//
// What belongs to the pages rather than to the incident: a whole form by keyboard, lists by keyboard, a list that follows what
// another person does, the printed record, every page of the left column, a security key.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KeyDevice } from "./key.mjs";
import { is, ok, says } from "./tap.mjs";
import { said } from "./words.mjs";

/* Tab until the field of this name has the focus. */
async function tab_to(page, test, what) {
  for (let i = 0; i < 80; i++) {
    if (await page.evaluate(test, what)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never comes to ${what}`);
}
const has_name = (name) => document.activeElement && document.activeElement.name === name;
const has_end = (end) => (document.activeElement.getAttribute("href") || "").endsWith(end);
const focus_shows = () => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
};

/* The report of an incident without the mouse, from the list to the record. */
export async function report_by_keyboard(walk, people) {
  const person = people.staff, page = person.page, report = walk.report();
  await person.visit("/incident");
  await person.settled(() => page.keyboard.press("n"));
  is(new URL(page.url()).pathname, "/incident/new", "n opens a new record");
  await tab_to(page, has_name, "label.class");
  ok(await page.evaluate(focus_shows), "the focus shows");
  await page.keyboard.type("NATO CONF");
  is(await page.evaluate(() => document.activeElement.selectedOptions[0].textContent), "NATO CONFIDENTIAL", "the label is chosen by typing");
  await page.waitForFunction(() => /NATO CONFIDENTIAL/.test(document.querySelector("main output").textContent));
  ok(true, "the marking shows live as it will print");
  await tab_to(page, has_name, "summary");
  await page.keyboard.type(report.summary);
  await tab_to(page, has_name, "family");
  await page.keyboard.type("breach or inf");
  await tab_to(page, has_name, "detected");
  await page.keyboard.type(report.detected);
  await tab_to(page, has_name, "narrative");
  await page.keyboard.type(report.narrative);
  await page.keyboard.down("Shift");
  await tab_to(page, has_name, "summary");
  await page.keyboard.up("Shift");
  await person.settled(() => page.keyboard.press("Enter"));
  return new URL(page.url()).pathname;
}

/* A whole step without the mouse: the list, the record, its verb, its fields, sent. */
export async function contain_by_keyboard(walk, person, fields) {
  const page = person.page;
  await person.visit("/incident");
  await page.keyboard.press("j");
  await person.settled(() => page.keyboard.press("Enter"));
  is(new URL(page.url()).pathname, walk.record, "the list opens the case by j and Enter");
  await tab_to(page, has_end, "/step/contain");
  ok(await page.evaluate(focus_shows), "the focus shows on the step");
  await person.open_step(walk.record, "contain", () => page.keyboard.press("Enter"));
  await page.keyboard.press("Escape");
  ok(await page.evaluate(has_end, "/step/contain"), "Escape closes the step and gives the focus back");
  await person.open_step(walk.record, "contain", () => page.keyboard.press("Enter"));
  for (const [name, value] of Object.entries(fields)) {
    await tab_to(page, has_name, name);
    await page.keyboard.type(value);
  }
  await tab_to(page, (what) => document.activeElement.matches(what), "button.main");
  await person.settled(() => page.keyboard.press("Enter"));
  return new URL(page.url()).pathname;
}

/* The report while somebody else's list is open: the list follows, without being loaded again. */
export async function report_while_watched(walk, people) {
  const watcher = await people.hso.open();
  await watcher.goto(people.hso.house.base + "/incident");
  await watcher.evaluate(() => { globalThis.same_page = true; });
  ok(!(await watcher.locator("main").innerText()).includes(walk.words.summary), "the open list does not hold it yet");
  const record = await walk.enter_report(people.staff);
  await watcher.getByText(walk.words.summary).first().waitFor({ timeout: 15000 });
  ok(await watcher.evaluate(() => globalThis.same_page === true), "a second person's open list shows it when the first has acted");
  await watcher.close();
  return record;
}

export async function lists(person, summary) {
  const page = person.page, marked = () => page.evaluate(() => [...document.querySelectorAll("tbody tr[data-href]")].findIndex((r) => r.classList.contains("at") || r.contains(document.activeElement)));
  await person.visit("/person");
  for (const [key, want] of [["j", 0], ["j", 1], ["j", 2], ["k", 1]]) {
    await page.keyboard.press(key);
    is(await marked(), want, `${key} walks to row ${want + 1}`);
  }
  const href = await page.evaluate(() => document.querySelectorAll("tbody tr[data-href]")[1].dataset.href);
  await person.settled(() => page.keyboard.press("Enter"));
  is(new URL(page.url()).pathname, href, "Enter opens it");
  await page.keyboard.press("/");
  is(await page.evaluate(() => document.activeElement.name), "q", "/ goes to the search box");
  await page.keyboard.type(summary.split(" ")[0]);
  await person.settled(() => page.keyboard.press("Enter"));
  says(await page.locator("main").innerText(), summary, "the search finds the case");
}

/* What a list can do: sort by a head, filter, keep a view, choose columns, leave as a file with its marking. */
export async function list_tools(person) {
  const page = person.page, rows = page.locator("tbody tr[data-href]"), head = (name) => page.locator(`thead th:has(a[href*="sort="]):has-text("${name}")`);
  await person.visit("/person");
  const all = await rows.count();
  for (const order of ["ascending", "descending"]) {
    await person.settled(() => head("Family name").locator("a").click());
    is(await head("Family name").getAttribute("aria-sort"), order, `a list is sorted by its head, ${order}`);
  }
  await person.settled(() => page.selectOption('form.filters select[name="nationality"]', "FRA"));
  is(await rows.count(), 1, "a filter takes effect as it is chosen");
  says(await page.locator("tbody").innerText(), "Lefèvre", "and leaves what fits it");
  await page.fill('form[action="/view"] input[name="name"]', "French staff");
  await person.settled(() => page.click('form[action="/view"] button'));
  await person.visit("/person");
  await person.settled(() => page.click('.views a:has-text("French staff")'));
  is(await rows.count(), 1, "a saved view finds the same again");
  await page.click("details.columns summary");
  await page.setChecked('details.columns input[value="number"]', true);
  await page.setChecked('details.columns input[value="contractor"]', false);
  await person.settled(() => page.click("details.columns button"));
  const heads = await page.locator("thead").innerText();
  ok(/Number/.test(heads) && !/Contractor/.test(heads), "columns are the reader's choice", heads);
  is(await rows.count(), 1, "and the filter stays");
  await person.visit("/person");
  const csv = await person.fetch("/person?format=csv");
  ok(csv.status === 200 && csv.html.includes("Lefèvre") && csv.html.includes("OFFICE INTERNAL"), "a list leaves as CSV, marked", csv.html.slice(0, 300));
  is(csv.html.trim().split("\n").filter((l) => /active/.test(l)).length, all, "with all that the reader may read");
  const xlsx = await person.page.evaluate(async () => [...new Uint8Array(await (await fetch("/person?format=xlsx")).arrayBuffer()).slice(0, 2)].join());
  is(xlsx, "80,75", "and as a workbook");
  await person.settled(() => page.click('.views button.drop'));
  is(await page.locator(".views a").count(), 0, "a view is deleted");
}

/* On paper: marking and substance, no controls. */
export async function printed(person, record, artefacts) {
  const page = person.page, file = join(artefacts, "record.pdf");
  await person.visit(record);
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  for (const [what, selector, shown] of [["the duties", "nav", false], ["the search", "form[action='/search']", false], ["the steps", "main a.verb", false],
    ["the marking", ".bands .band", true], ["the substance", "main dl", true]]) {
    const first = page.locator(selector).first();
    is((await first.count()) > 0 && await first.isVisible(), shown, `on paper ${what} ${shown ? "show" : "do not show"}`);
  }
  await page.pdf({ path: file, format: "A4" });
  ok(readFileSync(file).subarray(0, 5).toString() === "%PDF-", "the record prints");
  await page.emulateMedia({ media: "screen" });
}

/* After a checkpoint each version stands under it; a clock that ended with the case unmet does not pass for met. */
export async function proven(person, record) {
  await person.visit(record);
  const text = await person.page.locator("main").evaluate((m) => m.textContent);
  ok(!text.includes(said("fr", "not yet under a checkpoint")), "nothing of the closed case is left without a checkpoint");
  says(text, said("fr", "proven under the checkpoint of %1$s", "").trim(), "its versions are proven");
  says(text, said("fr", "ended unmet, %1$s", "").trim(), "a report that was never sent is not shown as made");
}

/* What an auditor has: the journal's facts, and nothing of the case. */
export async function journal(person, record) {
  is(await person.visit("/journal"), 200, "the auditor reads the journal");
  const words = await person.page.locator("main").innerText();
  ok(!words.includes(record.split("/").pop()), "where records are tokens");
  ok((await person.page.locator("main tbody tr").count()) > 20, "and finds the facts of the walk");
  is(await person.visit(record, true), 404, "the auditor reads nothing of the case");
}

export async function column(person) {
  await person.visit("/");
  const hrefs = await person.page.locator("nav a").evaluateAll((list) => [...new Set(list.map((a) => a.getAttribute("href")))]);
  ok(hrefs.length > 10, "the left column holds the duties of the post", hrefs.join(" "));
  for (const href of hrefs) is(await person.visit(href), 200, `${href} answers`);
  for (const path of ["/incident?view=board", "/incident?view=calendar", `/search?q=Nowak`, "/account", "/proposal", "/reminders", "/incident/import"]) is(await person.visit(path), 200, `${path} answers`);
  const record = await person.page.goto(person.house.base + "/incident").then(() => person.page.locator("tbody a").first().getAttribute("href"));
  for (const path of [`${record}/readers`, `${record}/readers?account=low`]) is(await person.visit(path), 200, `${path.replace(/INC-[^/?]+/, "N")} answers`);
  is(await person.visit("/no-such-thing", true), 404, "an address that is none is absent");
}

/* A key is enrolled on the account page by somebody who signed in with codes, and signs in from then on. */
export async function security_key(person) {
  const page = person.page, key = new KeyDevice();
  await key.plug(page);
  await person.visit("/account");
  if (await page.locator('main a[href^="/sign-in/proof"]').count()) {
    await person.settled(() => page.click('main a[href^="/sign-in/proof"]'));
    await page.fill('input[name="password"]', person.password);
    await person.settled(() => page.press('input[name="password"]', "Enter"));
  }
  await page.fill('form[action="/account/key"] input[name="name"]', "Blue key");
  await person.settled(() => page.click('form[action="/account/key"] button'));
  says(await page.locator("main").innerText(), "Blue key", "a security key is enrolled on the account page");
  is((await key.held()).length, 1, "the key holds one credential");
  await sign_out(person);
  await person.visit("/sign-in");
  await person.signInHere();
  is(new URL(page.url()).pathname, "/sign-in/factor", "after the password the key is asked for");
  await person.settled(() => page.click('form[data-webauthn="get"] button'));
  is(new URL(page.url()).pathname, "/", "the security key signs in");
  person.key = key;
}

async function sign_out(person) {
  const out = person.page.locator('form[action="/sign-out"] button').first();
  await out.evaluate((b) => { for (let d = b.closest("details"); d; d = d.parentElement.closest("details")) d.open = true; });
  await person.settled(() => out.click());
}
