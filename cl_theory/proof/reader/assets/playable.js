// Figures that answer to sliders. A page puts their data into globalThis.playables, by the name of the figure;
// here the picture is replaced by one that is drawn from the formulas. Whatever is missing, the picture stays.
"use strict";
globalThis.reader = (() => {
  const XMLNS = "http://www.w3.org/2000/svg";
  const SVG_TAGS = new Set(["svg", "g", "path", "circle", "line", "rect", "text", "title"]);

  /** An element with attributes and children; a text is a child, too. */
  function make(tag, attributes = {}, ...children) {
    const element = SVG_TAGS.has(tag) ? document.createElementNS(XMLNS, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Bring every element of a class to life with its data; where that fails, say so and let the picture stand. */
  function enliven(kind, stored, live) {
    for (const element of document.querySelectorAll(`div.${kind}`)) {
      const still = element.querySelector(".reader-still"), note = element.querySelector(".reader-note");
      try {
        const built = live(stored?.[element.dataset.figure] ?? (() => { throw new Error("no data"); })(), element);
        still.hidden = note.hidden = true;
        element.append(built);
        built.dispatchEvent(new Event("shown"));
      } catch (error) {
        still.hidden = note.hidden = false;
        note.textContent = "The data of this figure are missing or damaged, so the picture stands still.";
        console.warn(`${element.dataset.figure}: ${error.message}`);
      }
    }
  }
  return { make, enliven };
})();

(() => {
  const { make, enliven } = globalThis.reader;
  const HEIGHT = 300, LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 40;
  const NICE = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
  const DEEPEST = 1e-6; // how far below the largest value a logarithmic axis goes

  const minus = (text) => text.replace("-", "−");
  const superscript = (power) => [...String(power)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  const show = (x) => (Number.isFinite(x) ? minus(String(Number(x.toPrecision(3)))) : "—");

  function places(axis) {
    const share = (i) => i / (axis.places - 1);
    return Array.from({ length: axis.places }, (_, i) =>
      axis.log ? axis.low * (axis.high / axis.low) ** share(i) : axis.low + (axis.high - axis.low) * share(i));
  }

  /** The points of a curve, null where it is not drawn. */
  function traced(curve, axis, values) {
    return places(axis).map((x) => {
      const all = { ...values, [axis.name]: x };
      return !curve.where || curve.where(all) ? [x, curve.at(all)] : null;
    });
  }

  /** The points of a recurrence, its start first. */
  function walked(path, values) {
    const apply = (functions, all) => Object.fromEntries(Object.entries(functions).map(([k, f]) => [k, f(all)]));
    let state = apply(path.start, values);
    const points = [], count = path.count(values);
    for (let step = 0; step <= count; step++) {
      const all = { ...values, ...state, step };
      points.push([path.x(all), path.y(all)]);
      state = apply(path.becomes, all);
    }
    return points;
  }

  function niceAbove(x) {
    if (!(x > 0)) return 0;
    const unit = 10 ** Math.floor(Math.log10(x));
    return unit * NICE.find((n) => n * unit >= x * 0.999);
  }

  /** The ends of the vertical axis: whole powers of ten, or round numbers, so that they do not creep. */
  function ends(y, lines, points) {
    const inner = (line) => line.slice(Math.round(line.length * (1 - y.middle) / 2), Math.round(line.length * (1 + y.middle) / 2));
    const seen = [...lines.flatMap(y.log ? (line) => line : inner), ...points].filter(Boolean).map((p) => p[1]).filter(Number.isFinite);
    if (!y.log) return [-niceAbove(-Math.min(...seen, 0)), niceAbove(Math.max(...seen, 0)) || 1];
    const positive = seen.filter((v) => v > 0), top = Math.max(...positive);
    const low = 10 ** Math.floor(Math.log10(Math.max(Math.min(...positive), top * DEEPEST)));
    return [low, 10 ** Math.ceil(Math.log10(top))];
  }

  function ticks(low, high, log) {
    if (log) {
      const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
      return Array.from({ length: last - first + 1 }, (_, i) => [10 ** (first + i), `10${superscript(first + i)}`]);
    }
    const raw = (high - low) / 5, unit = 10 ** Math.floor(Math.log10(raw));
    const step = unit * [1, 2, 2.5, 5, 10].find((n) => n * unit >= raw * 0.999);
    const from = Math.ceil(low / step - 1e-9), to = Math.floor(high / step + 1e-9);
    return Array.from({ length: to - from + 1 }, (_, i) => [(from + i) * step, show((from + i) * step)]);
  }

  const scale = (low, high, log, start, length) =>
    log ? (v) => start + length * Math.log(v / low) / Math.log(high / low) : (v) => start + length * (v - low) / (high - low);

  function outline(points, x, y) {
    let pen = "M";
    return points.map((point) => {
      const drawn = point && Number.isFinite(point[1]) ? `${pen}${x(point[0]).toFixed(2)} ${y(point[1]).toFixed(2)}` : "";
      pen = drawn ? "L" : "M";
      return drawn;
    }).join("");
  }

  /** The picture for these values, as wide as `width`. */
  function draw(figure, values, width) {
    const lines = figure.curves.map((curve) => traced(curve, figure.x, values));
    const paths = figure.paths.map((path) => walked(path, values));
    const marks = figure.marks.map((mark) => [mark.x(values), mark.y(values)]);
    const [low, high] = ends(figure.y, lines, paths.flat());
    const inner = { width: width - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
    const x = scale(figure.x.low, figure.x.high, figure.x.log, 0, inner.width);
    const y = scale(low, high, figure.y.log, inner.height, -inner.height);
    const svg = make("svg", { class: "playable-picture", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", width, height: HEIGHT });
    const axes = make("g", { class: "axes", transform: `translate(${LEFT} ${TOP})` });
    for (const [at, text] of ticks(low, high, figure.y.log)) {
      axes.append(make("line", { class: "grid", x2: inner.width, y1: y(at), y2: y(at) }),
        make("text", { x: -6, y: y(at) + 4, "text-anchor": "end" }, text));
    }
    for (const [at, text] of ticks(figure.x.low, figure.x.high, figure.x.log)) {
      axes.append(make("line", { class: "grid", x1: x(at), x2: x(at), y2: inner.height }),
        make("text", { x: x(at), y: inner.height + 16, "text-anchor": "middle" }, text));
    }
    axes.append(make("path", { class: "frame", d: `M0 0V${inner.height}H${inner.width}` }),
      make("text", { x: inner.width / 2, y: inner.height + 34, "text-anchor": "middle" }, figure.x.label));
    const view = make("svg", { x: LEFT, y: TOP - 4, width: inner.width + 6, height: inner.height + 8, overflow: "hidden", viewBox: `0 -4 ${inner.width + 6} ${inner.height + 8}` });
    figure.curves.forEach((curve, i) => view.append(make("path", {
      class: "curve", stroke: curve.colour, d: outline(lines[i], x, y), ...(curve.dashed && { "stroke-dasharray": "6 4" }),
    })));
    figure.paths.forEach((path, i) => {
      view.append(make("path", { class: "curve", stroke: path.colour, d: outline(paths[i], x, y) }));
      for (const [px, py] of paths[i]) view.append(make("circle", { cx: x(px), cy: y(py), r: 2.6, fill: path.colour }));
    });
    marks.forEach(([mx, my], i) => view.append(make("circle", { cx: x(mx), cy: y(my), r: 5, fill: figure.marks[i].colour })));
    svg.append(axes, view);
    const said = [
      ...figure.readings.map(({ label, at }) => [label, at(values)]),
      ...figure.paths.map((path, i) => [`${path.label}, ends at`, paths[i].at(-1)[1]]),
    ];
    return { svg, said };
  }

  function control(figure, one, values, changed) {
    const id = `${figure.id}-${one.name}`;
    const label = make("label", { for: id }, one.label);
    if (one.options) {
      const select = make("select", { id }, ...one.options.map((text, i) => make("option", { value: i }, text)));
      select.addEventListener("change", () => changed(one.name, Number(select.value)));
      return { row: [label, select, make("span")], set: (value) => { select.value = value; } };
    }
    const input = make("input", { id, type: "range", min: one.low, max: one.high, step: one.step });
    const output = make("output", { for: id, "aria-live": "off" });
    const set = (value) => { input.value = value; output.textContent = show(value); };
    input.addEventListener("input", () => { output.textContent = show(Number(input.value)); changed(one.name, Number(input.value)); });
    return { row: [label, input, output], set };
  }

  function legend(figure) {
    const line = (one, shape) => make("li", {}, make("svg", { width: 24, height: 10, "aria-hidden": "true" }, shape), one.label);
    const stroke = (one) => make("path", { class: "curve", d: "M1 5H23", stroke: one.colour, ...(one.dashed && { "stroke-dasharray": "6 4" }) });
    const dot = (one, r) => make("circle", { cx: 12, cy: 5, r, fill: one.colour });
    return make("ul", { class: "playable-legend" }, ...figure.curves.map((one) => line(one, stroke(one))),
      ...figure.paths.map((one) => line(one, dot(one, 2.6))), ...figure.marks.map((one) => line(one, dot(one, 5))));
  }

  /** The live figure of an element. */
  function live(data, element) {
    const figure = { ...data, id: element.dataset.figure }, values = {};
    const picture = make("div"), readings = make("p", { class: "playable-readings" });
    const status = make("p", { class: "reader-aloud", role: "status" });
    let said = [], waiting = 0;
    const words = () => said.map(([label, value]) => `${label} ${show(value)}`).join("; ");
    function redraw() {
      waiting = 0;
      const drawn = draw(figure, values, Math.max(280, Math.min(700, picture.clientWidth || 600)));
      said = drawn.said;
      drawn.svg.setAttribute("aria-label", `${figure.alt} Now: ${words()}.`);
      picture.replaceChildren(drawn.svg);
      readings.replaceChildren(...said.map(([label, value]) => make("span", {}, `${label} `, make("b", {}, show(value)))));
    }
    const later = () => { waiting ||= requestAnimationFrame(redraw); };
    const changed = (name, value) => { values[name] = value; later(); };
    const controls = figure.controls.map((one) => control(figure, one, values, changed));
    function reset() {
      figure.controls.forEach((one, i) => { values[one.name] = one.value; controls[i].set(one.value); });
    }
    const again = make("button", { type: "button" }, "As it was");
    again.addEventListener("click", () => { reset(); redraw(); });
    const panel = make("div", { class: "playable-controls" }, ...controls.flatMap((one) => one.row), again);
    panel.addEventListener("change", () => requestAnimationFrame(() => { status.textContent = words(); }));
    reset();
    const whole = make("div", { class: "playable-live" }, make("p", { class: "playable-y" }, figure.y.label), picture, legend(figure), readings, panel, status);
    redraw(); // before it is shown, so that damaged data are noticed
    whole.addEventListener("shown", () => new ResizeObserver(later).observe(picture));
    return whole;
  }

  globalThis.reader.walked = walked;
  enliven("playable", globalThis.playables, live);
})();
