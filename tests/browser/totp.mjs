// SPDX-License-Identifier: GPL-3.0-or-later
//
// A code device (RFC 6238): shows each step's code once, as the office takes none twice.

import { createHmac } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class CodeDevice {
  constructor(seed) {
    const bits = [...seed.replace(/[\s=]/g, "")].map((c) => LETTERS.indexOf(c).toString(2).padStart(5, "0")).join("");
    this.key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
    this.last = 0;
  }
  code(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac("sha1", this.key).update(counter).digest(), at = mac[19] & 15;
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
  }
  /* The next code that was not shown yet; one step of drift is allowed, beyond that it waits. */
  async next() {
    const now = () => Math.floor(Date.now() / 30000);
    const step = Math.max(now(), this.last + 1);
    while (step > now() + 1) await new Promise((settle) => setTimeout(settle, 500));
    this.last = step;
    return this.code(step);
  }
}
