// SPDX-License-Identifier: GPL-3.0-or-later
//
// One person at their own browser profile: enrols, signs in, opens pages, fills forms by their fields' names, and tries what
// is not theirs. Every request and every message of the console is watched from the first page on.

import { join } from "node:path";
import { KeyDevice } from "./key.mjs";
import { CodeDevice } from "./totp.mjs";

const FORM = 'main form:has(input[name="key"])';

export class Person {
  constructor(house, login, name, keyed) {
    Object.assign(this, { house, login, name, key: keyed ? new KeyDevice() : null, password: `correct horse of ${login} 42`, messages: [], strangers: [], expected: new Set() });
  }
  /* A new profile, in a language that the browser asks for. */
  async begin(locale) {
    await this.leave();
    this.context = await this.house.browser.newContext({ locale, viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
    this.page = await this.open();
  }
  async open() {
    const page = await this.context.newPage(), base = this.house.base;
    if (this.key) await this.key.plug(page);
    page.setDefaultTimeout(60000);
    page.on("request", (request) => {
      if (!request.url().startsWith(base + "/") && !/^(data|blob|about):/.test(request.url())) this.strangers.push(request.url());
    });
    page.on("pageerror", (error) => this.messages.push({ at: page.url(), text: error.message }));
    page.on("console", (message) => {
      if (message.type() === "error") this.messages.push({ at: (message.location() || {}).url || page.url(), text: message.text() });
    });
    return page;
  }
  /* Errors on the console, without those that say that an answer was refused as the walk expected. */
  faults() {
    const expected = ({ at, text }) => /status of 4\d\d/.test(text) && this.expected.has(at.replace(/^http:\/\/[^/]+/, ""));
    return this.messages.filter((m) => !expected(m)).map((m) => `${m.at}: ${m.text}`);
  }
  async leave() {
    if (this.key) await this.key.unplug();
    if (this.context) await this.context.close();
    this.context = this.page = null;
  }
  words() { return this.page.locator("body").innerText(); }
  lang() { return this.page.evaluate(() => document.documentElement.lang); }

  /* Opens an address; what is expected to be refused is said, since the console speaks of it. */
  async visit(path, refused = false) {
    if (refused) this.expected.add(path);
    const answer = await this.page.goto(this.house.base + path);
    if (refused) this.expected.add(answer.url().replace(this.house.base, ""));
    await this.house.looks.at(this, answer.status());
    return answer.status();
  }
  async settled(act) {
    try {
      await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), act()]);
    } catch (error) {
      await this.page.screenshot({ path: join(this.house.office.artefacts, `failed-${this.login}.png`), fullPage: true });
      throw error;
    }
    await this.house.looks.at(this, 200);
  }

  /* By the link that init printed: a password, and a code for the secret shown, or a security key. */
  async enrol(locale) {
    await this.begin(locale);
    await this.visit(this.house.office.links[this.login]);
    const words = await this.words();
    await this.page.fill('input[name="password"]', this.password);
    await this.page.fill('input[name="again"]', this.password);
    if (!this.key) {
      this.device = new CodeDevice(await this.page.locator("code.seed").innerText());
      await this.page.fill('input[name="code"]', await this.device.next());
    }
    await this.settled(() => this.page.click(`button[name="with"][value="${this.key ? "key" : "code"}"]`));
    const at = new URL(this.page.url()).pathname;
    await this.leave();
    return { at, words };
  }
  async signIn(locale) {
    await this.begin(locale);
    await this.visit("/sign-in");
    await this.signInHere();
    if (this.key) {
      await this.settled(() => this.page.click('form[data-webauthn="get"] button'));
    } else if (await this.page.locator('input[name="code"]').count()) {
      await this.page.fill('input[name="code"]', await this.device.next());
      await this.settled(() => this.page.press('input[name="code"]', "Enter"));
    }
    return new URL(this.page.url()).pathname;
  }
  async signInHere() {
    await this.page.fill('input[name="login"]', this.login);
    await this.page.fill('input[name="password"]', this.password);
    await this.settled(() => this.page.press('input[name="password"]', "Enter"));
  }
  /* The language switch of the page's head. */
  async speak(lang) {
    const button = this.page.locator(`.head form[action="/language"] button[value="${lang}"]`);
    if (!(await button.count())) return;
    await button.evaluate((b) => { for (let d = b.closest("details"); d; d = d.parentElement.closest("details")) d.open = true; });
    await this.settled(() => button.click());
  }

  /* ---- forms ---- */

  /* A link field: words are typed, the record found is taken by Enter. */
  async link(name, words) {
    const box = this.page.locator(`[data-name="${name}"] input[role="combobox"]`);
    await box.click();
    await box.pressSequentially(words);
    const found = this.page.locator(`[data-name="${name}"] [role="option"]`).filter({ hasText: words });
    await found.first().waitFor();
    await box.press("Enter");
    await this.page.locator(`[data-name="${name}"] input[type="hidden"][name="${name}"]`).waitFor({ state: "attached" });
  }
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "object") {
        await this.link(name, value.link);
        continue;
      }
      const field = this.page.locator(`${FORM} [name="${name}"]:not([type="hidden"])`).first();
      if ((await field.evaluate((f) => f.tagName)) === "SELECT") await field.selectOption(value);
      else await field.fill(value);
    }
  }
  async label(value) {
    await this.page.locator('select[name="label.class"]').selectOption(value);
  }
  /* Sends the form; what the browser itself would stop goes to the server, which has to say it. */
  async send(refused = false) {
    const form = this.page.locator(FORM).first();
    const action = await form.evaluate((f) => { f.noValidate = true; return f.getAttribute("action"); });
    if (refused) this.expected.add(action);
    await this.settled(() => form.locator("button.main, p.verbs button").first().click());
    return new URL(this.page.url()).pathname;
  }
  /* A step opens in place on its record's page, with the focus in its first field; `act` is the click or key that opens it. */
  async open_step(record, step, act = () => this.page.click(`main a[href$="/step/${step}"]`)) {
    await act();
    await this.page.locator(".in-place form.sheet").waitFor();
    if (!(await this.page.evaluate(() => document.activeElement.closest(".in-place")))) throw new Error(`the step ${step} opens without the focus`);
    await this.house.looks.at(this, 200, `/${record.split("/")[1]}/N/step/${step}`);
  }
  /* A step from the record's own page: its verb, its fields, sent. Ends where the office leads. */
  async step(record, step, fields, refused = false) {
    await this.visit(record);
    await this.open_step(record, step);
    await this.fill(fields);
    return this.send(refused);
  }

  /* ---- what is not theirs ---- */

  /* A form made by hand, sent from their own page with their own token. */
  async attempt(path, fields = {}) {
    this.expected.add(path);
    return this.page.evaluate(async ({ path, fields }) => {
      const body = new URLSearchParams({ csrf: document.querySelector('input[name="csrf"]').value, key: "by-hand-" + crypto.randomUUID() });
      for (const [name, value] of Object.entries(fields)) body.append(name, value);
      const answer = await fetch(path, { method: "POST", body, headers: { Accept: "text/html" } });
      const html = await answer.text(), page = new DOMParser().parseFromString(html, "text/html");
      return { status: answer.status, at: new URL(answer.url).pathname, html, words: (page.querySelector("main") || page.body).textContent };
    }, { path, fields });
  }
  async fetch(path) {
    this.expected.add(path);
    return this.page.evaluate(async (path) => {
      const answer = await fetch(path, { headers: { Accept: "text/html" } });
      return { status: answer.status, html: await answer.text() };
    }, path);
  }
}
