// SPDX-License-Identifier: GPL-3.0-or-later
//
// A security key: Chromium's virtual authenticator, carried from one page to the next with what it holds.

export class KeyDevice {
  constructor() {
    this.credentials = [];
  }
  async plug(page) {
    this.cdp = await page.context().newCDPSession(page);
    await this.cdp.send("WebAuthn.enable");
    const { authenticatorId } = await this.cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
      protocol: "ctap2", transport: "usb", hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    this.id = authenticatorId;
    for (const credential of this.credentials) await this.cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
  }
  async held() {
    return (await this.cdp.send("WebAuthn.getCredentials", { authenticatorId: this.id })).credentials;
  }
  async unplug() {
    if (this.cdp) this.credentials = await this.held().catch(() => this.credentials);
    this.cdp = null;
  }
}
