// SPDX-License-Identifier: GPL-3.0-or-later
//
// The office of the walk: founded from a deed by `castellan init` in a folder of its own, served on a free port of loopback,
// stopped by its process id, verified, removed.

import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/* Login, name, given name, nationality, post, highest NATO class. "low" holds no clearance; "ict" and "ssl" have security keys. */
export const PEOPLE = [
  ["hso", "Lefèvre", "Anne", "FRA", "headquarters-security-officer", "SECRET"],
  ["ssl", "Βασιλείου", "Νίκος", "GRC", "security-section-leader", "TOP SECRET"],
  ["duty", "Jónsdóttir", "Hrefna", "ISL", "duty-officer", "SECRET"],
  ["inv", "Nowak", "Zofia", "POL", "investigator", "SECRET"],
  ["ict", "Rossi", "Luca", "ITA", "ict-security-support", "SECRET"],
  ["staff", "Öztürk", "Elif", "TUR", "staff-member", "CONFIDENTIAL"],
  ["audit", "Novák", "Petr", "CZE", "auditor", "SECRET"],
  ["low", "Smith", "John", "GBR", "staff-member", null],
];

function deed() {
  const year = new Date().getUTCFullYear(), from = `${year - 1}-01-01`, until = `${year + 2}-01-01`;
  const person = ([login, name, given, nationality, post, level]) => `
  - {login: ${login}, name: ${name}, given-name: ${given}, nationality: ${nationality}, email: ${login}@hq.example,
     posts: [{post: ${post}, from: "${from}", until: "${until}"}]${level ? `,
     clearances: [{policy: NATO, class: ${level}, from: "${from}", until: "${until}"}],
     briefings: [{policy: NATO, class: ${level}, from: "${from}", until: "${until}"}]` : ""}}`;
  return `name: Headquarters North
origin: castellan/north
settings: {totp: true, ceilings: {NATO: SECRET, OFFICE-PUBLIC: INTERNAL}}
persons:${PEOPLE.map(person).join("")}\n`;
}

export const KEYED = ["ict", "ssl"];

export class Office {
  constructor(castellan, artefacts) {
    this.castellan = castellan;
    this.artefacts = artefacts;
    this.place = mkdtempSync(join(tmpdir(), "castellan-browser-"));
    this.folder = join(this.place, "office");
  }
  command(...args) {
    const run = spawnSync(this.castellan, args, { encoding: "utf8", timeout: 120000 });
    return { code: run.status, words: (run.stdout || "") + (run.stderr || "") };
  }
  /* Founds it and keeps the enrolment links by login. */
  init() {
    const file = join(this.place, "deed.yaml");
    writeFileSync(file, deed());
    const { code, words } = this.command("init", this.folder, "--deed", file);
    this.links = Object.fromEntries([...words.matchAll(/^ +(\S+) +(\/enrol\S+)$/gm)].map((m) => [m[1], m[2]]));
    return { code, words };
  }
  /* Serves it; the address that it prints is kept, with the name that security keys want. */
  async serve() {
    const log = createWriteStream(join(this.artefacts, "server.log"));
    /* A locked process may not read /proc, which the search for leaks at its end would need. */
    const env = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS || ""}:detect_leaks=0` };
    this.server = spawn(this.castellan, ["serve", this.folder, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"], env });
    this.ended = new Promise((settle) => this.server.on("exit", (code, signal) => settle(signal || code)));
    this.server.stderr.pipe(log);
    const port = await new Promise((settle, fail) => {
      let text = "";
      this.server.stdout.on("data", (bytes) => {
        text += bytes;
        const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(text);
        if (found) settle(found[1]);
      });
      this.ended.then((how) => fail(new Error(`the server ended (${how}) before it was ready:\n${text}`)));
      setTimeout(() => fail(new Error("the server printed no address in a minute")), 60000).unref();
    });
    this.base = `http://localhost:${port}`;
  }
  /* Ends the server by its id; how it ended, and in how many seconds. */
  async stop() {
    const begun = Date.now();
    if (!this.server) return { how: "never started", seconds: 0 };
    this.server.kill("SIGTERM");
    const late = setTimeout(() => this.server.kill("SIGKILL"), 20000);
    const how = await this.ended;
    clearTimeout(late);
    this.server = null;
    return { how, seconds: (Date.now() - begun) / 1000 };
  }
  remove() { rmSync(this.place, { recursive: true, force: true }); }
}
