// Two runs, step by step. A page puts them into globalThis.replays, by the name of the figure.
"use strict";
(() => {
  const { make, enliven } = globalThis.reader;
  const WIDTH = 320, HEIGHT = 330, STRIP = { left: 8, top: 232, width: 304, height: 78 };
  const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
  const pace = () => (calm?.matches ? 1200 : 300); // milliseconds a step
  const HIDDEN = [[110, 62], [210, 62]], VISIBLE = [[60, 166], [160, 166], [260, 166]];

  const group = (...children) => make("g", {}, ...children);
  const at = (time) => STRIP.left + STRIP.width * time;

  /** One film: its picture, and how to show a step of it. */
  function screen(film, colours, n, reach) {
    const svg = make("svg", { class: "replay-picture", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    const phase = make("rect", { x: 8, y: 8, width: 304, height: 190, rx: 6, "fill-opacity": 0.16 });
    const sign = make("text", { x: 20, y: 32, class: "replay-sign" });
    const kept = make("text", { x: 300, y: 30, "text-anchor": "end" }, "g⁺ is kept");
    const event = group(make("rect", { x: 228, y: 203, width: 84, height: 22, rx: 11, fill: colours.learns }),
      make("text", { x: 270, y: 218, "text-anchor": "middle", class: "replay-event" }, "learns"));
    const edges = HIDDEN.flatMap(([hx, hy]) => VISIBLE.map(([vx, vy]) => make("line", { x1: hx, y1: hy, x2: vx, y2: vy })));
    const unit = ([x, y], name) => [make("circle", { cx: x, cy: y, r: 15, class: "replay-unit" }),
      make("text", { x, y: y + 5, "text-anchor": "middle" }, name)];
    const hidden = HIDDEN.map((place, i) => unit(place, `h${"₁₂"[i]}`)), visible = VISIBLE.map((place, i) => unit(place, `v${"₁₂₃"[i]}`));
    const curves = film.weights[0].map(() => make("path", { class: "replay-weight" }));
    const zero = make("line", { class: "replay-zero", x1: STRIP.left, x2: at(1), y1: STRIP.top + STRIP.height / 2, y2: STRIP.top + STRIP.height / 2 });
    const head = make("line", { class: "replay-head", y1: STRIP.top - 4, y2: STRIP.top + STRIP.height + 12 });
    svg.append(phase, sign, kept, event, ...edges, ...[...hidden, ...visible].flat(), timeline(film, colours, n), zero, ...curves, head,
      make("text", { x: 8, y: 222 }, "weights, and when they learn"));
    const height = (w) => STRIP.top + STRIP.height / 2 - (w / reach) * STRIP.height / 2.1;

    function show(step) {
      const now = Math.max(step - 1, 0), positive = film.positive[now] === "1", learns = step > 0 && film.learns[now] === "1";
      phase.setAttribute("fill", positive ? colours.positive : colours.negative);
      sign.textContent = positive ? "+ sees data" : "− dreams";
      kept.setAttribute("visibility", film.keeps[now] === "1" ? "visible" : "hidden");
      event.setAttribute("visibility", learns ? "visible" : "hidden");
      film.weights[step].forEach((w, i) => {
        edges[i].setAttribute("stroke", w > 0 ? colours.excites : colours.inhibits);
        edges[i].setAttribute("stroke-width", (0.6 + 6 * Math.abs(w) / reach).toFixed(2));
      });
      [[hidden, film.hidden[step]], [visible, film.visible[step]]].forEach(([units, bits]) =>
        units.forEach(([circle, text], i) => [circle, text].forEach((part) => part.classList.toggle("on", bits[i] === "1"))));
      curves.forEach((curve, i) => curve.setAttribute("d", film.weights.slice(0, step + 1)
        .map((row, t) => `${t ? "H" : "M"}${at(t / n).toFixed(1)}${t ? "V" : " "}${height(row[i]).toFixed(1)}`).join("")));
      for (const name of ["x1", "x2"]) head.setAttribute(name, at(step / n));
      const said = `${film.title}: ${positive ? "positive" : "negative"} phase, visible ${film.visible[step]}, hidden ${film.hidden[step]}`
        + (learns ? ", learns" : "") + (film.keeps[now] === "1" ? ", the positive gradient is kept" : "");
      svg.setAttribute("aria-label", said);
      return said;
    }
    return { svg, show };
  }

  function timeline(film, colours, n) {
    const bands = [...film.positive].map((one, t) => make("rect", {
      x: at(t / n), y: STRIP.top, width: STRIP.width / n + 0.3, height: STRIP.height, "fill-opacity": 0.2,
      fill: one === "1" ? colours.positive : colours.negative,
    }));
    const events = [...film.learns].flatMap((one, t) => (one === "1"
      ? [make("line", { x1: at((t + 1) / n), x2: at((t + 1) / n), y1: STRIP.top + STRIP.height + 2, y2: STRIP.top + STRIP.height + 10, stroke: colours.learns, "stroke-width": 2 })] : []));
    const borders = [...film.begins].flatMap((one, t) => (one === "1"
      ? [make("line", { class: "replay-border", x1: at(t / n), x2: at(t / n), y1: STRIP.top, y2: STRIP.top + STRIP.height })] : []));
    return group(...bands, ...borders, ...events);
  }

  /** The live replay of an element. */
  function live(data, element) {
    const n = data.n_steps, reach = Math.max(...data.films.flatMap((film) => film.weights.flat().map(Math.abs)));
    const screens = data.films.map((film) => screen(film, data.colours, n, reach));
    const range = make("input", { type: "range", min: 0, max: n, step: 1, value: 0, id: `${element.dataset.figure}-step` });
    const output = make("output", { for: range.id, "aria-live": "off" });
    const status = make("p", { class: "reader-aloud", role: "status" });
    const button = (text, act) => { const made = make("button", { type: "button" }, text); made.addEventListener("click", act); return made; };
    let step = 0, timer = 0, said = [];

    function go(to) {
      step = Math.max(0, Math.min(n, to));
      said = screens.map((one) => one.show(step));
      range.value = step;
      range.setAttribute("aria-valuetext", `step ${step} of ${n}`);
      output.textContent = `${step} of ${n}`;
    }
    const aloud = () => { status.textContent = `Step ${step} of ${n}. ${said.join(". ")}.`; }; // never while it runs
    function stop() {
      clearInterval(timer);
      timer = 0;
      play.textContent = "Play";
    }
    function toggle() {
      if (timer) { stop(); aloud(); return; }
      if (step === n) go(0);
      status.textContent = "";
      play.textContent = "Pause";
      timer = setInterval(() => { go(step + 1); if (step === n) { stop(); aloud(); } }, pace());
    }
    const by = (steps) => () => { stop(); go(step + steps); aloud(); };
    const back = button("Back", by(-1)), play = button("Play", toggle), forward = button("Forward", by(1));
    range.addEventListener("input", () => { stop(); go(Number(range.value)); });
    range.addEventListener("change", aloud);
    range.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); toggle(); } });
    go(0);
    return make("div", { class: "replay-live" },
      make("div", { class: "replay-screens" }, ...screens.map((one, i) => make("div", {}, make("p", { class: "replay-title" }, data.films[i].title), one.svg))),
      make("div", { class: "replay-controls" }, back, play, forward, make("label", { for: range.id }, "step"), range, output), status);
  }

  enliven("replay", globalThis.replays, live);
})();
