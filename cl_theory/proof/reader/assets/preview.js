// What a reference points at, and what a symbol means, beside it: on hover, on focus, gone with Escape.
// Targets on other pages are fetched; opened from disk, where nothing can be fetched, only those of this page show.
(() => {
  "use strict";
  const WAIT = 180, STAY = 220; // milliseconds before it shows, and for the way into it
  const SHOWN = ".proof.admonition, .exercise, .solution, figure, div.math, table, .evidence, div.citation, dl.citation > dd, h1, h2, h3";
  const pages = new Map();
  let box, timer, owner;

  const meanings = () => JSON.parse(document.getElementById("symbol-meanings")?.textContent || "{}");
  const symbolOf = (element) => element.closest("mjx-container [class*='symbol-']");
  const meaningOf = (symbol) => meanings()[[...symbol.classList].find((name) => name.startsWith("symbol-"))];

  function page(url) {
    const here = url.pathname === location.pathname && url.host === location.host;
    if (here) return Promise.resolve(document);
    if (location.protocol === "file:" || url.origin !== location.origin) return Promise.reject(new Error("not here"));
    if (!pages.has(url.pathname)) {
      const read = (text) => new DOMParser().parseFromString(text, "text/html");
      pages.set(url.pathname, fetch(url.pathname).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer))).then(read));
    }
    return pages.get(url.pathname);
  }

  function excerpt(from, fragment) {
    if (!fragment) return [from.querySelector("article h1"), from.querySelector("article .opening-result")];
    const target = from.getElementById(fragment);
    if (!target) return [];
    const inside = target.matches("section") && target.querySelector("h1, h2, h3");
    if (inside) return [inside, target.querySelector(":scope > p, :scope > .opening")];
    if (target.matches(".evidence")) return [target.querySelector(".evidence-head"), target.querySelector(".evidence-reason")];
    const shown = target.closest(SHOWN) || target.querySelector(SHOWN) || target.nextElementSibling?.closest(SHOWN);
    return [shown, shown?.matches("dt") && shown.nextElementSibling];
  }

  function copied(elements) {
    return elements.filter(Boolean).map((element) => {
      const copy = element.cloneNode(true);
      copy.querySelectorAll(".headerlink, details.hide, script").forEach((part) => part.remove());
      // what a picture is made of refers to itself by id, nothing else does
      for (const part of [copy, ...copy.querySelectorAll("[id]")]) if (!part.closest("svg")) part.removeAttribute("id");
      return copy;
    });
  }

  async function previewOf(link) {
    const url = new URL(link.href, location.href);
    const parts = copied(excerpt(await page(url), decodeURIComponent(url.hash.slice(1))));
    return parts.length ? parts : null;
  }

  function meaningOfFormula(formula) {
    const said = new Map([...formula.querySelectorAll("[class*='symbol-']")].map(meaningOf).filter(Boolean).map(([latex, words]) => [words, latex]));
    if (!said.size) return null;
    const list = document.createElement("dl");
    for (const [words, latex] of said) list.append(Object.assign(document.createElement("dt"), { textContent: `\\(${latex}\\)`, className: "math" }), Object.assign(document.createElement("dd"), { textContent: words }));
    return [list];
  }

  async function show(element, content) {
    const parts = await Promise.resolve(content()).catch(() => null);
    if (!parts || owner !== element) return;
    close(true);
    box = Object.assign(document.createElement("div"), { className: "preview", id: "preview" });
    box.setAttribute("role", "tooltip");
    box.append(...parts);
    box.addEventListener("mouseenter", () => clearTimeout(timer));
    box.addEventListener("mouseleave", leave);
    document.body.append(box);
    element.setAttribute("aria-describedby", "preview");
    if (window.MathJax?.typesetPromise) await MathJax.typesetPromise([box]).catch(() => {});
    place(element);
  }

  function place(element) {
    if (!box) return;
    const at = [...element.getClientRects()].pop() || element.getBoundingClientRect();
    const below = at.bottom + 8 + box.offsetHeight <= innerHeight || at.top < innerHeight / 2;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = below ? `${at.bottom + 8}px` : `${Math.max(8, at.top - 8 - box.offsetHeight)}px`;
  }

  function close(keepOwner) {
    clearTimeout(timer);
    box?.remove();
    document.querySelectorAll("[aria-describedby='preview']").forEach((one) => one.removeAttribute("aria-describedby"));
    box = undefined;
    if (!keepOwner) owner = undefined;
  }

  const leave = () => { clearTimeout(timer); timer = setTimeout(close, STAY); };

  function enter(element, content) {
    if (owner === element) return clearTimeout(timer);
    close();
    owner = element;
    timer = setTimeout(() => show(element, content), WAIT);
  }

  function what(target, focused) {
    if (!(target instanceof Element) || target.closest(".preview")) return null;
    const link = target.closest("article a.reference.internal[href]");
    if (link) return [link, () => previewOf(link)];
    const symbol = !focused && symbolOf(target);
    const said = symbol && meaningOf(symbol);
    if (said) return [symbol, () => [Object.assign(document.createElement("p"), { textContent: said[1] })]];
    const formula = focused && target.closest("mjx-container");
    return formula ? [formula, () => meaningOfFormula(formula)] : null;
  }

  addEventListener("mouseover", (event) => { const found = what(event.target); if (found) enter(...found); else if (owner && !event.target.closest?.(".preview")) leave(); });
  addEventListener("focusin", (event) => { const found = what(event.target, true); if (found) enter(...found); else close(); });
  addEventListener("focusout", leave);
  addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("scroll", () => { if (box) close(); }, { passive: true });

  // On paper everything is open but the ledger's values.
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open], .entry-checks, .entry-checks details)").forEach((one) => { one.open = true; one.dataset.printed = ""; }));
  addEventListener("afterprint", () => document.querySelectorAll("details[data-printed]").forEach((one) => { one.open = false; delete one.dataset.printed; }));
})();
