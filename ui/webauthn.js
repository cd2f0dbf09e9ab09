/* SPDX-License-Identifier: GPL-3.0-or-later
 * Security keys: asks the browser for a key's answer, writes it into the form's hidden fields and sends the form. Bytes
 * travel as base64url text. A form says by data-webauthn what it wants ("get" or "create") and by data-options from whom. */
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  async function answer(form, options) {
    options.challenge = bytes(options.challenge);
    if (form.dataset.webauthn === "create") {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = keys(options.excludeCredentials);
      const made = await navigator.credentials.create({ publicKey: options });
      form.elements.attestation.value = text(made.response.attestationObject);
      form.elements["client-data"].value = text(made.response.clientDataJSON);
    } else {
      options.allowCredentials = keys(options.allowCredentials);
      const given = await navigator.credentials.get({ publicKey: options });
      form.elements.id.value = text(given.rawId);
      form.elements["client-data"].value = text(given.response.clientDataJSON);
      form.elements["authenticator-data"].value = text(given.response.authenticatorData);
      form.elements.signature.value = text(given.response.signature);
    }
  }
  for (const form of document.querySelectorAll("form[data-webauthn]")) {
    form.addEventListener("submit", async (event) => {
      const button = event.submitter;
      if (form.dataset.done || (button && button.value === "code")) return;
      event.preventDefault();
      const state = form.querySelector(".key-state");
      if (state) state.textContent = "…";
      try {
        await answer(form, JSON.parse(form.dataset.options));
        form.dataset.done = "1";
        form.submit();
      } catch (error) {
        if (state) state.textContent = error.name + ": " + error.message;
      }
    });
  }
})();
