// What a reference points at, and what a symbol means, beside it: on hover, on focus, gone with Escape.
// Targets on other pages are fetched; opened from disk, where nothing can be fetched, only those of this page show.
(() => {
  "use strict";
  const WAIT = 180, STAY = 220; // milliseconds before it shows, and for the way into it
  const SHOWN = ".proof.admonition, .exercise, .solution, figure, div.math, table, div.citation, dl.citation > dd";
  const pages = new Map();
  let box, timer, owner;

  const meanings = () => JSON.parse(document.getElementById("symbol-meanings")?.textContent || "{}");
  const symbolOf = (element) => element.closest("mjx-container [class*='symbol-']");
  const meaningOf = (symbol) => meanings()[[...symbol.classList].find((name) => name.startsWith("symbol-"))];

  const element = (name, properties) => Object.assign(document.createElement(name), properties);

  function page(url) {
    const here = url.pathname === location.pathname && url.host === location.host;
    if (here) return Promise.resolve(document);
    if (location.protocol === "file:" || url.origin !== location.origin) return Promise.reject(new Error("not here"));
    if (!pages.has(url.pathname)) {
      const read = (text) => new DOMParser().parseFromString(text, "text/html");
      const checked = (answer) => (answer.ok ? answer.text() : Promise.reject(answer));
      pages.set(url.pathname, fetch(url.pathname).then(checked).then(read));
    }
    return pages.get(url.pathname);
  }

  function excerpt(from, fragment) {
    if (!fragment) return [from.querySelector("article h1"), from.querySelector("article .opening-result")];
    const target = from.getElementById(fragment);
    if (!target) return [];
    const inside = target.matches("section") && target.querySelector("h1, h2, h3");
    if (inside) return [inside, target.querySelector(":scope > p, :scope > .opening")];
    if (target.matches(".evidence")) return [".evidence-head", ".evidence-reason"].map((part) => target.querySelector(part));
    const shown = target.closest(SHOWN) || target.querySelector(SHOWN) || target.nextElementSibling?.closest(SHOWN);
    return [shown, shown?.matches("dt") && shown.nextElementSibling];
  }

  function copied(elements) {
    return elements.filter(Boolean).map((part) => {
      const copy = part.cloneNode(true);
      copy.querySelectorAll(".headerlink, details.hide, script").forEach((one) => one.remove());
      // what a picture is made of refers to itself by id, nothing else does
      for (const one of [copy, ...copy.querySelectorAll("[id]")]) if (!one.closest("svg")) one.removeAttribute("id");
      return copy;
    });
  }

  async function previewOf(link) {
    const url = new URL(link.href, location.href);
    const parts = copied(excerpt(await page(url), decodeURIComponent(url.hash.slice(1))));
    return parts.length ? parts : null;
  }

  function meaningOfFormula(formula) {
    const said = new Map([...formula.querySelectorAll("[class*='symbol-']")].map(meaningOf).filter(Boolean));
    if (!said.size) return null;
    const list = element("dl", {});
    for (const [latex, words] of said) {
      list.append(element("dt", { textContent: `\\(${latex}\\)`, className: "math" }), element("dd", { textContent: words }));
    }
    return [list];
  }

  async function show(at, content) {
    const parts = await Promise.resolve(content()).catch(() => null);
    if (!parts || owner !== at) return;
    close(true);
    box = element("div", { className: "preview", id: "preview" });
    box.setAttribute("role", "tooltip");
    box.append(...parts);
    box.addEventListener("mouseenter", () => clearTimeout(timer));
    box.addEventListener("mouseleave", leave);
    document.body.append(box);
    at.setAttribute("aria-describedby", "preview");
    at.removeAttribute("title"); // a citation's says the same, and would lie on top
    if (window.MathJax?.typesetPromise) await MathJax.typesetPromise([box]).catch(() => {});
    place(at);
  }

  function place(beside) {
    if (!box) return;
    const at = [...beside.getClientRects()].pop() || beside.getBoundingClientRect();
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

  function enter(at, content) {
    if (owner === at) return clearTimeout(timer);
    close();
    owner = at;
    timer = setTimeout(() => show(at, content), WAIT);
  }

  function what(target, focused) {
    if (!(target instanceof Element) || target.closest(".preview")) return null;
    const link = target.closest("article a.reference.internal[href]");
    if (link) return [link, () => previewOf(link)];
    const symbol = !focused && symbolOf(target);
    const said = symbol && meaningOf(symbol);
    if (said) return [symbol, () => [element("p", { textContent: said[1] })]];
    const formula = focused && target.closest("mjx-container");
    return formula ? [formula, () => meaningOfFormula(formula)] : null;
  }

  addEventListener("mouseover", (event) => {
    const found = what(event.target);
    if (found) enter(...found);
    else if (owner && !event.target.closest?.(".preview")) leave();
  });
  addEventListener("focusin", (event) => {
    const found = what(event.target, true);
    if (found) enter(...found);
    else close();
  });
  addEventListener("focusout", leave);
  addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("scroll", () => { if (box) close(); }, { passive: true });

  // On paper everything is open but the ledger's values.
  const FOLDED = "details:not([open], .entry-checks, .entry-checks details)";
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll(FOLDED)) Object.assign(one, { open: true }).dataset.printed = "";
  });
  addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("details[data-printed]")) {
      one.open = false;
      delete one.dataset.printed;
    }
  });
})();
