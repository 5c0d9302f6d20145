// The ledger: filters, search, folds. Its state is in the address, so that a view can be kept and sent. Without this
// script every claim is there, on folds of its own.
(() => {
  "use strict";
  const form = document.getElementById("ledger-filter");
  if (!form) return;
  const claims = [...document.querySelectorAll("details.claim")];
  const holds = (section) => section.querySelector("details.claim") && !section.contains(form);
  const sections = [...document.querySelectorAll(".bd-article section")].filter(holds);
  const fields = [...form.elements].filter((field) => field.name && field.tagName !== "OUTPUT");
  const count = form.elements.count;
  const fold = document.getElementById("ledger-fold");
  form.hidden = false;

  // Text is looked for in the whole entry as it was written, formulas included, before they are typeset.
  const words = new Map(claims.map((claim) => [claim, claim.textContent.toLowerCase()]));

  function chosen() {
    return Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]).filter(([, value]) => value));
  }

  function fits(claim, wanted) {
    return Object.entries(wanted).every(([name, value]) =>
      name === "text"
        ? value.toLowerCase().split(/\s+/).every((word) => words.get(claim).includes(word))
        : claim.dataset[name] === value,
    );
  }

  function apply() {
    const wanted = chosen();
    for (const claim of claims) claim.hidden = !fits(claim, wanted);
    for (const section of sections) section.hidden = !section.querySelector("details.claim:not([hidden])");
    const left = claims.filter((claim) => !claim.hidden).length;
    count.value = left ? `${left} of ${claims.length} claims` : "no claim fits: choose less, or show all";
    sayFold();
  }

  function remember() {
    const wanted = new URLSearchParams(chosen()).toString();
    history.replaceState(null, "", wanted ? `#${wanted}` : location.pathname + location.search);
  }

  function showAll() {
    for (const field of fields) field.value = "";
    apply();
    remember();
  }

  function visible() {
    return claims.filter((claim) => !claim.hidden);
  }

  function sayFold() {
    const open = visible().length > 0 && visible().every((claim) => claim.open);
    fold.setAttribute("aria-pressed", String(open));
  }

  // An address is a claim or a choice of claims.
  function read() {
    const hash = location.hash.slice(1);
    const target = document.getElementById(hash);
    if (target && target.matches("details.claim")) {
      if (target.hidden) for (const field of fields) field.value = "";
      target.open = true;
      apply();
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    } else if (hash.includes("=") || !hash) {
      const wanted = new URLSearchParams(hash);
      for (const field of fields) field.value = wanted.get(field.name) ?? "";
      apply();
    }
  }

  form.addEventListener("input", () => {
    apply();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    showAll();
  });
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    form.elements.text.value = "";
    apply();
    remember();
  });
  fold.addEventListener("click", () => {
    const open = fold.getAttribute("aria-pressed") !== "true";
    for (const claim of visible()) claim.open = open;
    sayFold();
  });
  for (const claim of claims) claim.addEventListener("toggle", sayFold);

  // Counts become links to what they count.
  for (const number of document.querySelectorAll(".count")) {
    const link = document.createElement("a");
    const wanted = { ...number.dataset };
    link.href = `#${new URLSearchParams(wanted)}`;
    link.textContent = number.textContent;
    link.setAttribute("aria-label", [number.textContent, ...Object.values(wanted)].join(", "));
    number.replaceChildren(link);
  }

  // On paper every fold is open.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll(".bd-article details:not([open])")];
    for (const one of closed) one.open = true;
  });
  window.addEventListener("afterprint", () => closed.forEach((one) => (one.open = false)));

  window.addEventListener("hashchange", read);
  read();
})();
