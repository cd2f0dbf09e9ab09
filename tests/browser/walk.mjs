// SPDX-License-Identifier: GPL-3.0-or-later
//
// An incident from report to closure as the persons whose steps they are, in one language, with the refusals on the way:
// each in its words, and for each person one try at a step that is another's.

import { is, ok, says } from "./tap.mjs";
import { said, WORDS } from "./words.mjs";

const NATO = "1.3.26.1.3.1", CONFIDENTIAL = `${NATO}|3`, TOP_SECRET = `${NATO}|5`;
const NO_RIGHT = "Your post does not carry the right to take this step.";
const day = (ahead = 0) => new Date(Date.now() + ahead * 86400000).toISOString().slice(0, 10);
const time = (ago) => new Date(Date.now() - ago * 60000).toISOString().slice(0, 16) + "Z";
/* What differs between two answers that are otherwise one: the number asked for, the clock, the form's token. */
const masked = (html, number) => html.replaceAll(number, "N").replace(/data-now="[^"]*"/, "").replace(/<time[^>]*>[^<]*<\/time>/g, "").replace(/name="csrf" value="[^"]*"/g, "");

export class Walk {
  constructor(people, lang) {
    Object.assign(this, { people, lang, words: WORDS[lang] });
  }
  said(english, ...args) { return said(this.lang, english, ...args); }
  report() {
    return { summary: this.words.summary, family: "document", detected: time(90), narrative: this.words.narrative };
  }
  async state(person, record, name) {
    await person.visit(record);
    says(await person.page.locator("main header").first().innerText(), this.words.states[name], `${this.lang}: ${person.login} reads the state "${name}"`);
  }
  refused(answer, statuses, words, name) {
    ok(statuses.includes(answer.status), `${this.lang}: ${name}: refused`, `status ${answer.status}`);
    says(answer.words, words, `${this.lang}: ${name}: in words`);
  }
  /* A refusal on a form that was sent by its own button. */
  async form_refuses(person, words, name, kept) {
    await person.house.looks.at(person, 422, "/form-refused");
    says(await person.words(), words, `${this.lang}: ${name}: in words`);
    if (kept) is(await person.page.inputValue(`main [name="${kept[0]}"]`), kept[1], `${this.lang}: ${name}: what was typed is kept`);
  }

  /* Labels: what may not be read back, what lies above the ceiling. Neither is offered, and neither is taken. */
  async labels() {
    const { low, ssl } = this.people, report = { ...this.report() };
    for (const [person, label, words, name] of [
      [low, CONFIDENTIAL, "You may not write what you may not read back: you are not cleared or briefed for this label.", "a label not readable back"],
      [ssl, TOP_SECRET, "The label lies above what this office is accredited to hold.", "a label above the ceiling"],
    ]) {
      await person.visit("/incident/new");
      is(await person.page.locator(`select[name="label.class"] option[value="${label}"]`).count(), 0, `${this.lang}: ${name} is not offered`);
      this.refused(await person.attempt("/incident/new", { ...report, "label.class": label }), [400, 403, 422], this.said(words), name);
    }
  }

  async enter_report(person) {
    await person.visit("/incident/new");
    await person.label(CONFIDENTIAL);
    await person.fill(this.report());
    return person.send();
  }

  async contain(how) {
    const { staff, duty, low } = this.people, number = this.number, path = (n) => `/incident/${n}/step/contain`;
    await this.state(staff, this.record, "reported");
    this.refused(await staff.attempt(path(number), { containment: "x", "contained-at": time(5) }), [403, 422], this.said(NO_RIGHT), "the reporter tries to contain");

    const other = number.slice(0, -10) + "0000000000";
    for (const asked of [`/incident/${number}`, path(number), `/incident/${number}/edit`, `/incident/${number}/readers`]) {
      const hidden = await low.fetch(asked), absent = await low.fetch(asked.replace(number, other));
      is(hidden.status, 404, `${this.lang}: hidden from whoever is not cleared: ${asked.replace(number, "N")}`);
      ok(masked(hidden.html, number) === masked(absent.html, other), `${this.lang}: exactly the absent answer: ${asked.replace(number, "N")}`, hidden.html);
    }
    const tried = await low.attempt(path(number), { containment: "x" }), absent = await low.attempt(path(other), { containment: "x" });
    this.refused(tried, [404], this.said("There is no such thing, or you may not know of it."), "whoever is not cleared tries to contain");
    ok(masked(tried.html, number) === masked(absent.html, other), `${this.lang}: exactly the absent answer to the step`, tried.html);
    await low.visit(this.record, true);
    await low.visit("/incident");
    ok(!(await low.words()).includes(this.words.summary), `${this.lang}: nor is it in their list`);

    await duty.step(this.record, "contain", { containment: this.words.containment }, true);
    await this.form_refuses(duty, this.said("\"%1$s\" is needed here.", this.words.needed), "a step without what it needs", ["containment", this.words.containment]);
    if (how) {
      is(await how(this, duty, { containment: this.words.containment, "contained-at": time(60) }), this.record, `${this.lang}: the duty officer contains by keyboard`);
    } else {
      await duty.fill({ "contained-at": time(60) });
      is(await duty.send(), this.record, `${this.lang}: the duty officer contains`);
    }
    await this.state(duty, this.record, "contained");
  }

  async assign() {
    const { hso, duty, inv, staff } = this.people;
    await hso.step(this.record, "triage", { family: "document", classification: "breach", severity: "medium", "personal-data": "not-involved" });
    await this.state(hso, this.record, "triaged");
    const found = await hso.fetch("/search/links?register=person&q=Nowak"), investigator = /PER-[0-9A-Z-]+/.exec(found.html)?.[0];
    ok(investigator, `${this.lang}: link fields find persons`, found.html);
    this.refused(await duty.attempt(`${this.record}/step/assign`, { investigator }), [403, 422], this.said(NO_RIGHT), "the duty officer tries to assign");
    await hso.step(this.record, "assign", { investigator: { link: "Öztürk" } }, true);
    await this.form_refuses(hso, this.words.concerned, "an investigator who is concerned");
    await hso.step(this.record, "assign", { investigator: { link: "Smith" } }, true);
    await this.form_refuses(hso, this.words.uncleared, "an investigator who is not cleared");
    is((await inv.fetch(this.record)).status, 404, `${this.lang}: the investigator reads nothing before being assigned`);
    await hso.step(this.record, "assign", { investigator: { link: "Nowak" } });
    await this.state(inv, this.record, "investigated");
    is((await staff.fetch(this.record)).status, 404, `${this.lang}: from here on the reporter reads the case no longer`);
  }

  /* A file is sealed, given back as it was, and hidden from whoever does not read the case. */
  async evidence() {
    const { inv, low } = this.people, text = `${this.words.narrative}\n`;
    await inv.visit(this.record);
    await inv.page.setInputFiles('form.attach input[type="file"]', { name: "ronde.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
    await inv.settled(() => inv.page.click("form.attach button"));
    const link = await inv.page.locator('main a:has-text("ronde.txt")').first().getAttribute("href");
    is((await inv.fetch(link)).html, text, `${this.lang}: the investigator seals a file, and reads it as it was`);
    is((await low.fetch(link)).status, 404, `${this.lang}: whoever is not cleared does not`);
  }

  async conclude() {
    const { hso, inv } = this.people;
    await this.evidence();
    const conclusion = { finding: "compromise-possible", cause: "carelessness", damage: "limited", conclusions: this.words.conclusions };
    this.refused(await hso.attempt(`${this.record}/step/conclude`, conclusion), [403, 422], this.said(NO_RIGHT), "the security officer tries to conclude");
    await inv.step(this.record, "conclude", conclusion);
    await this.state(inv, this.record, "concluded");
    this.refused(await inv.attempt(`${this.record}/step/decide-measures`, { "measures-decided": "x" }), [403, 422], this.said(NO_RIGHT), "the investigator tries to decide on measures");
  }

  async measure() {
    const { hso, ict, ssl, duty } = this.people, verified = { effectiveness: "effective", "verified-on": day(), verification: this.words.verification };
    await hso.visit(this.record);
    is(await hso.page.locator('main a[href$="/step/decide-measures"]').count(), 0, `${this.lang}: measures are not decided before the originator is informed`);
    this.refused(await hso.attempt(`${this.record}/step/decide-measures`, { "measures-decided": this.words.decision }), [403, 422], this.words.originator, "measures before the originator is informed");
    this.refused(await duty.attempt(`${this.record}/step/inform-originator`, { "originator-informed-on": day(), "originator-informed-how": "x" }), [403, 422],
      this.said(NO_RIGHT), "the duty officer tries to inform the originator");
    await hso.step(this.record, "inform-originator", { "originator-informed-on": day(), "originator-informed-how": this.words.notice });
    says(await hso.words(), this.words.notice, `${this.lang}: the originator is informed, with the reference`);
    await hso.step(this.record, "decide-measures", { "measures-decided": this.words.decision });
    await hso.visit(this.record);
    await hso.settled(() => hso.page.click('main a[href^="/corrective-measure/new"]'));
    await hso.fill({ what: this.words.measure, kind: "training", owner: { link: "Rossi" }, "due-date": day(30) });
    const measure = await hso.send();
    ok(/^\/corrective-measure\/MEA-/.test(measure), `${this.lang}: a measure is ordered`, measure);
    await hso.visit(this.record);
    is(await hso.page.locator('main a[href$="/step/close"]').count(), 0, `${this.lang}: closure is not offered while a measure is open`);
    says(await hso.page.locator("main").evaluate((m) => m.textContent), this.words.open, `${this.lang}: and the page says why`);
    this.refused(await hso.attempt(`${this.record}/step/close`, { "closing-note": this.words.lesson }), [403, 422], this.words.open, "closure with an open measure");

    await ict.visit("/");
    says(await ict.words(), this.words.measure, `${this.lang}: the measure stands on its owner's desk`);
    await ict.step(measure, "finish", { "done-on": day(), proof: this.words.proof });
    await this.state(ict, measure, "done");
    this.refused(await ict.attempt(`${measure}/step/verify`, verified), [403, 422],
      this.said("You read this record as the person it concerns, not as a member of its file; this step belongs to its members."), "its owner tries to verify it");
    this.refused(await hso.attempt(`${measure}/step/verify`, verified), [403, 422], this.said(NO_RIGHT), "who ordered it tries to verify it");
    await ssl.step(measure, "verify", verified);
    await this.state(ssl, measure, "verified");
  }

  async close() {
    const { hso, inv, ssl } = this.people;
    this.refused(await ssl.attempt(`${this.record}/step/close`, { "closing-note": "x" }), [403, 422], this.said(NO_RIGHT), "the second person tries to propose closure");
    await hso.visit(this.record);
    await hso.open_step(this.record, "close");
    says(await hso.words(), this.words.closing, `${this.lang}: the step says who must confirm`);
    await hso.fill({ "closing-note": this.words.lesson });
    const proposal = await hso.send();
    ok(/^\/proposal\/PRO-/.test(proposal), `${this.lang}: closure is proposed`, proposal);
    const text = await hso.words(), hash = /\b[0-9a-f]{64}\b/.exec(text);
    says(text, this.words.states.waiting, `${this.lang}: and waits`);
    await this.state(hso, this.record, "measures");
    this.refused(await hso.attempt(`${proposal}/confirm`, { hash: hash && hash[0] }), [403, 422],
      this.said("The second person must be another person than the proposer."), "the proposer tries to confirm");
    const number = proposal.split("/").pop(), nobody = "PRO-" + number.slice(4, 9) + "0000000000";
    const hidden = await this.people.low.fetch(proposal), absent = await this.people.low.fetch(`/proposal/${nobody}`);
    ok(hidden.status === 404 && masked(hidden.html, number) === masked(absent.html, nobody), `${this.lang}: the proposal is hidden with its case`);
    this.refused(await ssl.attempt(`${proposal}/confirm`, { hash: "0".repeat(64) }), [409, 422],
      this.said("What you confirm is not what was proposed; look at it again."), "other bytes than those proposed");

    await ssl.visit("/");
    await ssl.settled(() => ssl.page.click(`main a[href="${proposal}"]`));
    says(await ssl.words(), this.words.lesson, `${this.lang}: the second person sees what is proposed`);
    await ssl.settled(() => ssl.page.click(`form[action="${proposal}/confirm"] button`));
    is(new URL(ssl.page.url()).pathname, this.record, `${this.lang}: the section leader confirms`);
    for (const person of [hso, ssl, inv]) await this.state(person, this.record, "closed");
    await hso.house.looks.at(inv, 200, "/incident-closed");
    const history = await inv.page.locator("main .history").evaluate((h) => h.textContent);
    for (const step of this.words.steps) says(history, step, `${this.lang}: the history names: ${step}`);
    await hso.visit("/");
    await hso.house.looks.at(hso, 200, "/desk-at-the-end");
  }

  /* All of it; `enter` reports and `contain` contains, as the caller wants it done. */
  async go(enter, contain) {
    await this.labels();
    this.record = await enter(this);
    ok(/^\/incident\/INC-\d{4}-/.test(this.record), `${this.lang}: an incident is reported`, this.record);
    this.number = this.record.split("/").pop();
    await this.contain(contain);
    await this.assign();
    await this.conclude();
    await this.measure();
    await this.close();
  }
}
