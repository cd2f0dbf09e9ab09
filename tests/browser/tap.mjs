// SPDX-License-Identifier: GPL-3.0-or-later
//
// Test points as TAP on standard output. A part that dies is one failed point; `part` says whether all of it
// passed, so that what stands on it can be left out.

let points = 0, failures = 0;

export const note = (text) => console.log(String(text).replace(/^/gm, "# "));

export function ok(good, name, why) {
  points++;
  if (!good) failures++;
  console.log(`${good ? "ok" : "not ok"} ${points} - ${String(name).replace(/[#\n]/g, " ")}`);
  if (!good && why !== undefined) note(typeof why === "string" ? why : JSON.stringify(why));
  return Boolean(good);
}
export const is = (got, want, name) => ok(got === want, name, `got:  ${got}\nwant: ${want}`);
const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ").replace(/\u2019/g, "'").replace(/\s+/g, " ");
/* Words are compared without regard to the kind of space and apostrophe. */
export const says = (text, words, name) => ok(plain(text).includes(plain(words)), name, `not said: ${words}\nbut: ${plain(text).slice(0, 600)}`);

export async function part(name, body) {
  const begun = Date.now(), before = failures;
  try {
    await body();
  } catch (error) {
    ok(false, `${name}: ${String(error.message).split("\n")[0]}`, error.stack);
    return false;
  } finally {
    note(`${name}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  }
  return failures === before;
}
export function done() {
  console.log(`1..${points}`);
  return failures ? 1 : 0;
}
export function skipped(why) {
  console.log(`1..0 # SKIP ${why}`);
  return 0;
}
