// SPDX-License-Identifier: GPL-3.0-or-later
// What the pages do beyond HTML: keys, link fields, the live marking, drafts, "look again". Without it every page still works.
(() => {
  "use strict";
  const $ = (s, of = document) => of.querySelector(s), $$ = (s, of = document) => [...of.querySelectorAll(s)];
  const csrf = () => ($('input[name="csrf"]') || {}).value || "";

  // Zulu and local time.
  const clock = $(".clock");
  if (clock) {
    const skew = Date.parse(clock.dataset.now) - Date.now();
    const show = () => {
      const now = new Date(Date.now() + skew);
      $(".zulu", clock).textContent = now.toISOString().slice(11, 16) + "Z";
      $(".local", clock).textContent = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) + " " + clock.dataset.local;
    };
    show();
    setInterval(show, 10000);
  }

  // Keys: / searches, j and k walk, Enter opens, x selects, n enters a new record, ? helps.
  let at = -1;
  const rows = () => $$("table.list tbody tr[data-href]");
  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    if (at >= 0 && all[at]) all[at].classList.remove("at");
    at = Math.max(0, Math.min(all.length - 1, at + step));
    all[at].classList.add("at");
    all[at].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
    const keys = {
      "/": () => { const q = $("#q"); if (q) { q.focus(); q.select(); } },
      j: () => walk(1), k: () => walk(-1),
      Enter: () => { const row = rows()[at]; if (row) location.href = row.dataset.href; else return true; },
      x: () => { const row = rows()[at]; if (row) row.classList.toggle("picked"); },
      n: () => { const a = $('a[accesskey="n"]'); if (a) a.click(); },
      "?": () => { location.href = "/help"; },
    };
    if ($(".triage")) Object.assign(keys, { t: () => { act("take"); }, s: () => { act("settle"); }, h: () => { act("hand-over"); } });
    if (keys[e.key] && keys[e.key]() !== true) e.preventDefault();
  });

  // Filters take effect as they are chosen.
  $$("form.filters select").forEach((s) => s.addEventListener("change", () => s.form.requestSubmit()));

  // What a form does beyond HTML; also for one that opens in place.
  const dress = (root) => {
    // Times may be typed loosely: "13:05" means today, Zulu.
    $$("[data-time]", root).forEach((i) => i.addEventListener("change", () => {
      const m = /^(\d{1,2}):(\d{2})$/.exec(i.value.trim());
      if (m) i.value = new Date().toISOString().slice(0, 11) + m[1].padStart(2, "0") + ":" + m[2] + "Z";
      const d = /^(\d{4}-\d{2}-\d{2}) (\d{1,2}:\d{2})$/.exec(i.value.trim());
      if (d) i.value = d[1] + "T" + d[2].padStart(5, "0") + "Z";
    }));

    // Link fields: search as you type, through door two.
    $$("[data-links]", root).forEach((box) => {
      const input = $('input[type="text"]', box), found = $(".found", box), chosen = $("ul", box);
      let timer, pick = -1;
      const drop = (li) => li.remove();
      chosen.addEventListener("click", (e) => { if (e.target.classList.contains("drop")) drop(e.target.closest("li")); });
      const choose = (r) => {
        if (box.dataset.many === "no") chosen.replaceChildren();
        const li = document.createElement("li"), h = document.createElement("input"), b = document.createElement("button"), no = document.createElement("span");
        h.type = "hidden"; h.name = box.dataset.name; h.value = r.number;
        b.type = "button"; b.className = "drop"; b.textContent = input.dataset.remove;
        no.className = "no"; no.textContent = r.number;
        li.append(h, r.title + " ", no, " ", b);
        chosen.append(li);
        close();
        input.value = "";
      };
      const close = () => { found.hidden = true; found.replaceChildren(); pick = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
      const show = (list) => {
        found.replaceChildren(...list.map((r) => {
          const li = document.createElement("li"), no = document.createElement("span");
          li.setAttribute("role", "option");
          li.id = `${found.id || box.dataset.name}-${r.number}`;
          no.className = "no"; no.textContent = " " + r.number;
          li.append(r.title, no);
          li.addEventListener("mousedown", (e) => { e.preventDefault(); choose(r); });
          li.record = r;
          return li;
        }));
        found.hidden = !list.length;
        pick = -1;
        input.setAttribute("aria-expanded", String(!found.hidden));
      };
      input.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(async () => {
          const answer = await fetch(`/search/links?register=${encodeURIComponent(box.dataset.links)}&q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } });
          if (answer.ok) show((await answer.json()).records || []);
        }, 150);
      });
      input.addEventListener("keydown", (e) => {
        const items = $$("li", found);
        if (e.key === "ArrowDown" || e.key === "ArrowUp") {
          e.preventDefault();
          pick = Math.max(0, Math.min(items.length - 1, pick + (e.key === "ArrowDown" ? 1 : -1)));
          items.forEach((li, i) => li.setAttribute("aria-selected", String(i === pick)));
          if (items[pick]) input.setAttribute("aria-activedescendant", items[pick].id);
        } else if (e.key === "Enter" && items.length) {
          e.preventDefault();
          choose((items[pick] || items[0]).record);
        } else if (e.key === "Escape" && !found.hidden) { e.preventDefault(); close(); }
      });
      input.addEventListener("blur", close);
    });

    // The marking as it will print, and only the chosen policy's categories.
    $$(".label-chooser", root).forEach((chooser) => {
      const form = chooser.closest("form"), select = $("select", chooser), out = $("output", chooser);
      const refresh = async () => {
        const oid = select.value.split("|")[0];
        $$(".tags", chooser).forEach((t) => { t.hidden = t.dataset.policy !== oid; });
        if (!select.value) { out.textContent = ""; return; }
        const body = new URLSearchParams();
        for (const [name, value] of new FormData(form)) if (name.startsWith("label.") || name === "csrf") body.append(name, value);
        const answer = await fetch(chooser.dataset.marking, { method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": csrf() } });
        if (!answer.ok) return;
        const marking = await answer.json();
        out.textContent = marking.marking + (marking.valid ? "" : " – " + (marking.faults || []).map((f) => f.text).join("; "));
      };
      chooser.addEventListener("change", refresh);
      refresh();
    });

    // Drafts: what is typed is kept by the office every five seconds, never in the browser.
    $$("form[data-draft]", root).forEach((form) => {
      const text = () => { const d = new URLSearchParams(); for (const [k, v] of new FormData(form)) if (typeof v === "string") d.append(k, v); return d; };
      let before = text().toString(), sent = false;
      form.addEventListener("submit", () => { sent = true; });
      setInterval(async () => {
        const body = text(), now = body.toString();
        if (sent || now === before) return;
        before = now;
        body.append("draft-of", form.dataset.draft);
        const answer = await fetch("/draft", { method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": csrf() } });
        if (answer.ok) { const said = await answer.json(); $(".saved", form).textContent = said.waits || form.dataset.kept; }
      }, 5000);
    });
  };
  dress(document);

  // A step opens in place on its record's page, over what it is about; its form is the page's that the verb leads to.
  // On the board of alerts a row's form opens above the rows, and what is sent from it leaves the board where it is.
  const shut = (panel) => { const verb = panel.verb; panel.remove(); if (verb.isConnected) verb.focus(); document.dispatchEvent(new Event("look-again")); };
  document.addEventListener("click", async (e) => {
    const verb = e.target.closest(".record aside .verb"), back = e.target.closest(".in-place .verbs a");
    if (e.ctrlKey || e.metaKey || e.shiftKey || !(verb || back)) return;
    e.preventDefault();
    if (back) { shut(back.closest(".in-place")); return; }
    await open(verb.href, verb, $(".record > header"));
  });
  const open = async (href, verb, place) => {
    const answer = await fetch(href, { headers: { Accept: "text/html" } }).catch(() => null);
    const main = answer && answer.ok && !answer.redirected && $("main", new DOMParser().parseFromString(await answer.text(), "text/html"));
    const form = main && $("form.sheet", main);
    if (!form) { location.href = href; return; }
    $$(".in-place").forEach((p) => p.remove());
    const panel = document.createElement("section"), head = document.createElement("h2");
    panel.className = "in-place";
    panel.verb = verb;
    head.id = "in-place";
    head.textContent = $("h1", main).textContent;
    panel.setAttribute("aria-labelledby", head.id);
    panel.append(head, ...$$(":scope > .help, :scope > .note, :scope > .draft, :scope > form.sheet", main));
    place.after(panel);
    dress(panel);
    panel.scrollIntoView({ block: "nearest" });
    const first = $$("input:not([type=hidden]), select, textarea, button.main", form).find((f) => f.offsetParent);
    if (first) first.focus();
  };
  const send = (form) => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } }).catch(() => null);
  document.addEventListener("submit", async (e) => {
    const panel = e.target.closest(".triage .in-place");
    if (!panel) return;
    e.preventDefault();
    const answer = await send(e.target);
    if (answer && answer.redirected) { shut(panel); return; }
    const main = answer && $("main", new DOMParser().parseFromString(await answer.text(), "text/html"));
    const said = main && $(".faults, .note", main);
    if (said) { $$(".faults", panel).forEach((f) => f.remove()); $("h2", panel).after(said); } else e.target.submit();
  });
  const act = async (what) => {
    const row = rows()[at];
    if (!row || !row.dataset.triage) return;
    const href = row.dataset.triage + "?do=" + what;
    if (what !== "take") { await open(href, $(".act", row) || row, $(".triage > .list-head")); return; }
    const body = new URLSearchParams({ do: what, csrf: csrf() });
    const answer = await fetch(row.dataset.triage, { method: "POST", body, headers: { Accept: "text/html" } }).catch(() => null);
    if (answer && answer.redirected) document.dispatchEvent(new Event("look-again")); else location.href = href;
  };
  document.addEventListener("keydown", (e) => {
    const panel = e.key === "Escape" && !e.defaultPrevented && e.target.closest(".in-place");
    if (panel) shut(panel);
  });

  // Look again: the page fetches itself and takes over the part that changed.
  const live = $$("[data-live]");
  if (live.length && window.EventSource) {
    let waiting, stream;
    // What the reader opened, picked or walked to stays so.
    const keep = (part, other) => {
      const closed = $$("details", other);
      $$("details", part).forEach((d, i) => { if (d.open && closed[i]) closed[i].open = true; });
      $$("tr[data-href]", part).forEach((row) => {
        const same = $(`tr[data-href="${CSS.escape(row.dataset.href)}"]`, other);
        if (same && row.className) same.className = row.className;
      });
      const now = $$("tr[data-href]", other).findIndex((row) => row.classList.contains("at"));
      if (now >= 0) at = now;
    };
    const again = () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        if ((document.activeElement && document.activeElement.closest("form.sheet")) || $(".in-place")) return;
        const answer = await fetch(location.href, { headers: { "X-Requested-With": "look-again" } });
        if (!answer.ok || answer.redirected) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        $$("[data-live]").forEach((part) => {
          const other = $(`[data-live="${CSS.escape(part.dataset.live)}"]`, fresh);
          if (!other || other.innerHTML === part.innerHTML) return;
          keep(part, other);
          if (other.innerHTML !== part.innerHTML) { part.replaceWith(other); other.classList.add("fresh"); }
        });
        $$(".bands").forEach((band, i) => { const other = $$(".bands", fresh)[i]; if (other) band.replaceWith(other); });
      }, 150);
    };
    const listen = () => {
      stream = new EventSource("/live?" + live.map((p) => "x=" + encodeURIComponent(p.dataset.live)).join("&"));
      stream.addEventListener("look", again);
      stream.onmessage = again;
    };
    listen();
    document.addEventListener("look-again", again);
    // Long work tells how far it has come to whoever looks: while it runs, look again by the clock.
    setInterval(() => { if (!document.hidden && $("[data-again]")) again(); }, 1500);
    // A page that nobody sees holds no stream; seen again, it looks again.
    document.addEventListener("visibilitychange", () => {
      stream.close();
      if (!document.hidden) { listen(); again(); }
    });
  }
})();
