// SPDX-License-Identifier: GPL-3.0-or-later
//
// The incident's walk in Debian's Chromium: an office is founded, eight persons enrol and sign in, and five of them and more take
// an incident from report to closure, once in English and once in French. Prints TAP. CASTELLAN names the program; pictures,
// the printed record and the server's log are kept in artefacts/ at the root of the source.

import { accessSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { done, is, note, ok, part, says, skipped } from "./tap.mjs";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"];
const root = fileURLToPath(new URL("../../", import.meta.url));
const artefacts = join(root, "artefacts", "browser");

async function loaded(name) {
  try {
    return await import(name);
  } catch {
    return null;
  }
}

async function main() {
  const castellan = resolve(process.env.CASTELLAN || join(root, "build-test", "src", "castellan"));
  if (!existsSync(CHROMIUM)) return skipped(`browser: there is no ${CHROMIUM}`);
  const playwright = await loaded("playwright-core");
  if (!playwright) return skipped("browser: playwright-core is not installed (npm ci in tests/browser)");
  accessSync(castellan);
  const { KEYED, Office, PEOPLE } = await import("./office.mjs");
  const { Person } = await import("./person.mjs");
  const { Looks } = await import("./looks.mjs");
  const { Walk } = await import("./walk.mjs");
  const pages = await import("./pages.mjs");
  const { WORDS } = await import("./words.mjs");

  rmSync(artefacts, { recursive: true, force: true });
  mkdirSync(artefacts, { recursive: true });
  const office = new Office(castellan, artefacts), house = { office, looks: new Looks(artefacts) };
  const people = Object.fromEntries(PEOPLE.map(([login, name]) => [login, new Person(house, login, name, KEYED.includes(login))]));
  const all = Object.values(people);
  try {
    const ready = await part("init", async () => {
      const { code, words } = office.init();
      is(code, 0, "castellan init founds an office from a deed");
      is(Object.keys(office.links).length, PEOPLE.length, "and prints an enrolment link for each person of it") || note(words);
      await office.serve();
      house.base = office.base;
      house.browser = await playwright.chromium.launch({ executablePath: CHROMIUM, args: ARGS });
      note(`${await house.browser.version()}, ${office.base}`);
    });
    if (!ready) return done();
    const inside = await part("enrolment", async () => {
      for (const person of all) {
        const lang = person.login.length > 3 ? "fr" : "en", { at, words } = await person.enrol(lang === "fr" ? "fr-FR" : "en-GB");
        is(at, "/sign-in", `${person.login} enrols by the link, with password and ${person.key ? "security key" : "codes"}`);
        if (person.login === "hso" || person.login === "staff") says(words, WORDS[lang].enrol, `the enrolment page speaks ${lang}`);
      }
      await Promise.all(all.map(async (person) => is(await person.signIn("en-GB"), "/", `${person.login} signs in`)));
      is(await people.low.visit(office.links.low, true), 404, "a link that was used is used up");
    });
    if (!inside) return done();
    await part("the walk in English", async () => {
      const walk = new Walk(people, "en");
      await walk.go((w) => pages.report_by_keyboard(w, people), pages.contain_by_keyboard);
      people.former = walk.record;
    });
    await part("lists by keyboard", () => pages.lists(people.hso, WORDS.en.summary));
    await part("what lists can do", () => pages.list_tools(people.hso));
    await part("a restart", async () => {
      for (const person of all) await person.leave();
      is((await office.stop()).how, 0, "the server stops");
      await office.serve();
      house.base = office.base;
      for (const login of ["hso", "ssl"]) is(await people[login].signIn("en-GB"), "/", `${login} signs in after it`);
    });
    await part("the walk in French", async () => {
      /* Two switch the language of their session; the others come anew with a browser that asks for French. */
      await Promise.all(all.map(async (person) => {
        if (person.login === "hso" || person.login === "ssl") await person.speak("fr");
        else await person.signIn("fr-FR");
        is(await person.lang(), "fr", `${person.login} reads French`);
      }));
      if (people.former) await pages.proven(people.hso, people.former);
      const walk = new Walk(people, "fr");
      await walk.go((w) => pages.report_while_watched(w, people));
      people.record = walk.record;
    });
    if (people.record) await part("print", () => pages.printed(people.hso, people.record, artefacts));
    await part("every page of the left column", () => pages.column(people.hso));
    if (people.record) await part("journal", () => pages.journal(people.audit, people.record));
    await part("security key", () => pages.security_key(people.inv));
    for (const person of all) {
      ok(!person.faults().length, `${person.login}: no error on the console`, person.faults().join("\n"));
      ok(!person.strangers.length, `${person.login}: no request to anywhere else`, person.strangers.join("\n"));
    }
  } finally {
    for (const person of all) await person.leave().catch(() => {});
    if (house.browser) await house.browser.close();
    await part("the end", async () => {
      const { how, seconds } = await office.stop();
      is(how, 0, `the server stops (${seconds} s)`);
      const { code, words } = office.command("verify", office.folder);
      ok(code === 0 && /\bgood$/m.test(words), "the folder verifies after the walk", words);
      ok(!/ERROR: AddressSanitizer|runtime error:/.test(readFileSync(join(artefacts, "server.log"), "utf8")), "the server's log holds no fault of memory");
    });
    office.remove();
  }
  return done();
}
process.exitCode = await main();
