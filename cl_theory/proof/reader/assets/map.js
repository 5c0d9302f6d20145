// The map of claims: zoom, pan, a card that tells of the claim pointed at. Without this script the map is a drawing
// with links, and the list below it says the same.
(() => {
  "use strict";
  const map = document.getElementById("claim-map");
  if (!map) return;
  const frame = map.querySelector(".map-frame");
  const svg = map.querySelector("svg");
  const card = map.querySelector(".map-card");
  const nodes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const whole = svg.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const LARGEST = 3; // times the size at which the map was drawn
  const LEGIBLE = 0.9; // 12.5 px letters are 11 px then
  const view = { x: full.x, y: full.y, scale: 1 };

  map.classList.add("live");
  map.querySelector(".map-tools").hidden = false;
  card.hidden = false;
  card.textContent = "Point at a claim, or move to one with the Tab key, to see what it says.";

  const shown = () => ({ width: frame.clientWidth / view.scale, height: frame.clientHeight / view.scale });
  const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
  const smallest = () => Math.min(1, frame.clientWidth / full.width, frame.clientHeight / full.height);

  function draw() {
    const { width, height } = shown();
    const spare = Math.max(0, width - full.width) / 2; // a map narrower than its frame stands in the middle
    view.x = spare ? full.x - spare : within(view.x, full.x, full.x + full.width - width);
    view.y = within(view.y, full.y, full.y + full.height - height);
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${width} ${height}`);
  }

  function start() {
    view.scale = within(frame.clientWidth / full.width, LEGIBLE, 1.15);
    draw();
  }

  function zoom(factor, left = frame.clientWidth / 2, top = frame.clientHeight / 2) {
    const before = view.scale;
    view.scale = within(before * factor, smallest(), LARGEST);
    view.x += left / before - left / view.scale;
    view.y += top / before - top / view.scale;
    draw();
    return view.scale !== before;
  }

  function pan(right, down) {
    view.x += right / view.scale;
    view.y += down / view.scale;
    draw();
  }

  function reveal(node) {
    const box = node.getBBox();
    const { width, height } = shown();
    const room = 20;
    view.x = within(view.x, box.x + box.width + room - width, box.x - room);
    view.y = within(view.y, box.y + box.height + room - height, box.y - room);
    draw();
  }

  // What a claim rests on, directly or not, and what uses it.
  function reach(name, from, to) {
    const found = new Set([name]);
    for (const known of found) {
      for (const edge of edges) if (edge.dataset[from] === known) found.add(edge.dataset[to]);
    }
    return found;
  }

  function tell(node) {
    const name = node.dataset.claim;
    const lit = new Set([...reach(name, "to", "from"), ...reach(name, "from", "to")]);
    const above = reach(name, "to", "from");
    for (const other of nodes) {
      other.classList.toggle("dim", !lit.has(other.dataset.claim));
      other.classList.toggle("lit", other === node);
    }
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      const path = above.has(from) && above.has(to);
      edge.classList.toggle("lit", path || from === name);
      edge.classList.toggle("dim", !path && from !== name);
    }
    const item = document.getElementById(`map-${name}`);
    const title = item.querySelector(".map-title").cloneNode(true);
    const chip = item.querySelector(".verdict").cloneNode(true);
    const says = item.querySelector(".map-says > p").cloneNode(true);
    const head = document.createElement("p");
    head.append(title, " ", chip);
    card.replaceChildren(head, says);
    card.append(links("Rests on", edges.filter((edge) => edge.dataset.to === name).map((edge) => edge.dataset.from)));
    card.append(links("Used by", edges.filter((edge) => edge.dataset.from === name).map((edge) => edge.dataset.to)));
  }

  function links(word, names) {
    const line = document.createElement("p");
    line.className = "map-rests";
    line.append(`${word}: `);
    names.forEach((name, number) => {
      const title = document.getElementById(`map-${name}`).querySelector(".map-title").cloneNode(true);
      line.append(number ? ", " : "", title);
    });
    if (!names.length) line.append("no other claim");
    return line;
  }

  function calm() {
    for (const one of [...nodes, ...edges]) one.classList.remove("dim", "lit");
  }

  for (const node of nodes) {
    node.addEventListener("pointerenter", () => pointers.size || tell(node));
    node.addEventListener("focus", () => {
      tell(node);
      if (pointers.size) return;
      reveal(node);
      requestAnimationFrame(() => frame.scrollIntoView({ block: "nearest" })); // not to where it lay before
    });
    node.addEventListener("blur", calm);
    node.addEventListener("dragstart", (event) => event.preventDefault());
  }
  frame.addEventListener("pointerleave", calm);

  // The wheel zooms where the pointer was moved to; a page that is scrolled under a resting pointer goes on.
  let engaged = false;
  frame.addEventListener("pointermove", (event) => {
    if (event.movementX || event.movementY) engaged = true;
  });
  frame.addEventListener("pointerleave", () => (engaged = false));
  window.addEventListener("scroll", () => (engaged = false), { passive: true });
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!engaged && !event.ctrlKey) return;
      const box = frame.getBoundingClientRect();
      const step = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
      if (zoom(step, event.clientX - box.left, event.clientY - box.top) || event.ctrlKey) event.preventDefault();
    },
    { passive: false },
  );

  // One pointer drags, two pinch. A drag is no click.
  const pointers = new Map();
  let moved = 0;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, event);
  });
  frame.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
    moved += Math.abs(event.clientX - last.clientX) + Math.abs(event.clientY - last.clientY);
    if (moved > 6 && !frame.hasPointerCapture(event.pointerId)) frame.setPointerCapture(event.pointerId);
    if (other) {
      const box = frame.getBoundingClientRect();
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const [x, y] = [(event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top];
      pan((last.clientX - event.clientX) / 2, (last.clientY - event.clientY) / 2);
      if (apart(last)) zoom(apart(event) / apart(last), x, y);
    } else if (moved > 6) {
      pan(last.clientX - event.clientX, last.clientY - event.clientY);
    }
    pointers.set(event.pointerId, event);
  });
  const released = (event) => pointers.delete(event.pointerId);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) window.addEventListener(end, released);
  svg.addEventListener("click", (event) => moved > 6 && event.preventDefault(), true);

  const STEP = 60;
  const KEYS = {
    ArrowLeft: () => pan(-STEP, 0),
    ArrowRight: () => pan(STEP, 0),
    ArrowUp: () => pan(0, -STEP),
    ArrowDown: () => pan(0, STEP),
    "+": () => zoom(1.25),
    "=": () => zoom(1.25),
    "-": () => zoom(0.8),
    0: start,
  };
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  function wholeMap() {
    view.scale = smallest();
    draw();
  }
  const ZOOMS = { in: () => zoom(1.25), out: () => zoom(0.8), all: wholeMap };
  for (const button of map.querySelectorAll(".map-tools button")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom) return ZOOMS[button.dataset.zoom]();
      if (view.scale < LEGIBLE) start();
      const caption = svg.querySelector(`.map-part[data-part="${button.dataset.part}"]`);
      view.y = caption.getBBox().y - 8;
      draw();
    });
  }

  // Where the map is too narrow to read the style sheet hides it, and the list takes its place.
  const list = document.querySelectorAll(".map-list");
  let started = false;
  new ResizeObserver(() => {
    if (!frame.clientWidth) return list.forEach((part) => (part.open = true));
    if (started) return draw();
    started = true;
    start();
  }).observe(frame);
  if (frame.clientWidth) list.forEach((part) => (part.open = false));

  // A link to a claim in the list opens what it lies in.
  function openTarget() {
    const target = location.hash.startsWith("#map-") && document.getElementById(location.hash.slice(1));
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (target) target.scrollIntoView({ block: "center" });
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
