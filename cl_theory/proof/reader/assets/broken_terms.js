// Break the theorem: below a printed formula, what became of each check when one of its terms was wrong.
//
// A classic script and no module: a page opened from a file may load no module.
//
// The evidence on the page carries its data as JSON, and the terms of its formulas are marked (broken_terms.py); without
// either, or without JavaScript, the formula stands as it is.

(() => {
  const ERRORS = {
    "1 % more": { words: "1 % larger", macro: "1.01 \\times" },
    "left out": { words: "left out", macro: "0 \\times" },
    "twice": { words: "twice as large", macro: "2 \\times" },
  };

  const statements = [...document.querySelectorAll("script.broken-terms")].flatMap((script) => JSON.parse(script.textContent));

  addEventListener("load", async () => {
    if (!window.MathJax?.startup?.promise) return;
    await window.MathJax.startup.promise;
    document.querySelectorAll("[data-breakable]").forEach((formula, number) => {
      const statement = statements[Number(formula.dataset.breakable)];
      if (statement) breakable(formula, statement, `broken-${number}`);
    });
  });

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function breakable(formula, statement, id) {
    const opener = element("button", { type: "button", className: "break-opener", textContent: "break it" });
    opener.setAttribute("aria-expanded", "false");
    opener.setAttribute("aria-controls", id);
    const panel = element("div", { id, className: "broken-panel", hidden: true });
    const wrong = element("div", { className: "broken-formula" });
    const became = element("div", { className: "broken-became" });
    became.setAttribute("aria-live", "polite");
    const buttons = statement.terms.map((term, k) => {
      const button = element("button", { type: "button", textContent: term.name });
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => choose(k));
      button.addEventListener("focus", () => point(k, true));
      button.addEventListener("blur", () => point(k, false));
      return button;
    });
    const choice = element("div", { className: "broken-choice" }, "Put a term off:", ...buttons);
    choice.setAttribute("role", "group");
    choice.setAttribute("aria-label", "terms of the formula");
    panel.append(choice, wrong, became);
    formula.classList.add("breakable");
    formula.after(element("div", { className: "break-bar" }, opener), panel);
    opener.addEventListener("click", () => (panel.hidden ? choose(0) : close()));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      if (panel.contains(document.activeElement)) opener.focus();
      close();
    });
    statement.terms.forEach((_, k) => {
      for (const part of parts(k)) {
        part.addEventListener("pointerenter", () => point(k, true));
        part.addEventListener("pointerleave", () => point(k, false));
        part.addEventListener("click", () => choose(k));
      }
    });

    function parts(k) {
      return formula.querySelectorAll(`mjx-math .term-${k}`);
    }

    function point(k, on) {
      parts(k).forEach((part) => part.classList.toggle("pointed-at", on));
    }

    function close() {
      panel.hidden = true;
      opener.setAttribute("aria-expanded", "false");
    }

    async function choose(k) {
      const term = statement.terms[k];
      panel.hidden = false;
      opener.setAttribute("aria-expanded", "true");
      buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === k)));
      became.replaceChildren(...outcome(term));
      const error = ERRORS[term.checks.find((check) => check.error)?.error];
      wrong.textContent = error ? `\\[${withTermWrong(statement.marked, k, error.macro)}\\]` : "";
      window.MathJax.typesetClear([wrong]);
      await window.MathJax.typesetPromise([wrong]);
    }
  }

  /** The marked LaTeX with term k as \class{is-wrong}{macro (term)}. */
  function withTermWrong(marked, k, macro) {
    const mark = `\\class{term-${k}}{`;
    const start = marked.indexOf(mark);
    let end = start + mark.length;
    for (let depth = 1; depth > 0; end += 1) {
      if (marked[end] === "\\") end += 1;
      else if (marked[end] === "{") depth += 1;
      else if (marked[end] === "}") depth -= 1;
    }
    const term = marked.slice(start + mark.length, end - 1);
    return `${marked.slice(0, start)}\\class{is-wrong}{${macro} \\left[${term}\\right]}${marked.slice(end)}`;
  }

  function outcome(term) {
    if (!term.checks.length) return [element("p", { textContent: `No check on this page tries “${term.name}” alone.` })];
    const rows = term.checks.map((check) => {
      const said = check.caught === null ? "not tried" : check.caught ? "turns red" : "STAYS GREEN";
      const cells = [ERRORS[check.error]?.words ?? check.error, check.level, check.scope, said, check.seen.replaceAll("-", "\u2212")];
      const row = element("tr", {}, ...cells.map((text) => element("td", { textContent: text })));
      row.className = check.caught === null ? "unseen" : check.caught ? "caught" : "missed";
      return row;
    });
    const heads = ["the term", "check", "on", "what it does", "what it sees"];
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col", textContent: text })));
    const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    table.setAttribute("aria-label", `What the checks see when “${term.name}” is wrong`);
    const box = element("div", { className: "broken-table", tabIndex: 0 }, table);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `checks of “${term.name}”`);
    return [box];
  }
})();
