const LEAST = 11, MOST = 68, LANE = 15, MOST_LANES = 7, SVG = "http://www.w3.org/2000/svg";

export default function ({ data: d, parentElement }) {
  const scroll = parentElement.querySelector(".scroll"), legend = parentElement.querySelector(".legend");
  const said = parentElement.querySelector(".said");
  const [before, after] = d.padding, count = before + d.input + after;
  const read = new Set(d.reads.flat());
  let picked = Math.min(parentElement.picked ?? 0, d.output - 1), side = 0;

  const shape = (name, attributes, parent) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return parent.appendChild(node);
  };

  function cell(svg, x, y, classes, text) {
    shape("rect", { x: x + 1, y: y + 1, width: side - 2, height: side - 2, rx: 3, class: classes }, svg);
    if (side >= 20) shape("text", { x: x + side / 2, y: y + side / 2, class: classes, "font-size": Math.min(22, side * 0.42) }, svg).textContent = text;
  }
  function draw() {
    side = Math.max(LEAST, Math.min(MOST, (scroll.clientWidth - 4) / count));
    const lanes = Math.min(d.output, Math.ceil(d.span / d.stride)), isCrowded = lanes > MOST_LANES;
    const top = side + 10, under = top + (isCrowded ? 1 : lanes) * LANE + 12, now = new Set(d.reads[picked]);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", count * side); svg.setAttribute("height", under + side + 2); svg.setAttribute("aria-hidden", "true");
    const center = (i) => (i * d.stride + d.span / 2) * side;
    const lane = (i) => top + (isCrowded ? 0 : i % lanes) * LANE + LANE / 2;
    shape("polygon", { class: "fan", points: `${picked * d.stride * side},${side} ${(picked * d.stride + d.span) * side},${side} ${center(picked) + side / 2},${under} ${center(picked) - side / 2},${under}` }, svg);
    for (let p = 0; p < count; p++) {
      const at = p - before, isZero = at < 0 || at >= d.input;
      const classes = [isZero ? "zero" : "value", now.has(at) ? "now" : "", read.has(at) ? "" : "never"].join(" ");
      cell(svg, p * side, 0, classes, isZero ? "0" : at + 1);
      if (!read.has(at)) shape("line", { x1: p * side + 4, y1: side - 4, x2: (p + 1) * side - 4, y2: 4, class: "strike" }, svg);
    }
    d.reads.forEach((cells, i) => {
      if (isCrowded && i !== picked) return;
      const group = shape("g", { class: i === picked ? "window now" : "window" }, svg), y = lane(i);
      shape("line", { x1: (i * d.stride + 0.5) * side, x2: (i * d.stride + d.span - 0.5) * side, y1: y, y2: y }, group);
      for (const at of cells) shape("circle", { cx: (at + before + 0.5) * side, cy: y, r: Math.min(4.5, side / 3) }, group);
    });
    for (let i = 0; i < d.output; i++) cell(svg, center(i) - side / 2, under, i === picked ? "out now" : "out", i + 1);
    scroll.replaceChildren(svg);
    svg.onclick = (event) => {
      const x = (event.clientX - svg.getBoundingClientRect().left) / side;
      pick(Math.round((x - d.span / 2) / d.stride));
    };
    say();
  }
  function say() {
    const cells = d.reads[picked].map((at) => (at < 0 || at >= d.input ? "0" : at + 1));
    const text = filled(d.texts.reads, { output: picked + 1, cells: cells.length > 16 ? [...cells.slice(0, 15), "…"].join(", ") : cells.join(", ") });
    said.textContent = text;
    const attributes = { "aria-label": d.texts.title, "aria-valuemin": 1, "aria-valuemax": d.output, "aria-valuenow": picked + 1, "aria-valuetext": text };
    for (const [name, value] of Object.entries(attributes)) scroll.setAttribute(name, value);
  }
  function pick(i) {
    picked = parentElement.picked = Math.max(0, Math.min(d.output - 1, i));
    draw();
  }
  const swatches = [["value now", "lit"], ["zero", "zero"], ["never", "never"], ["out now", "out"]];
  const isThere = { zero: before + after > 0, never: read.size < count };
  legend.replaceChildren(...swatches.filter(([, name]) => isThere[name] ?? true).map(([classes, name]) => {
    const item = document.createElement("span"), swatch = document.createElement("i");
    swatch.className = classes; item.append(swatch, d.texts[name]);
    return item;
  }));
  scroll.onkeydown = (event) => {
    const to = { ArrowLeft: picked - 1, ArrowRight: picked + 1, Home: 0, End: d.output - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault(); event.stopPropagation();
    pick(to);
    const x = picked * d.stride * side;
    if (x < scroll.scrollLeft || x + d.span * side > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x - side;
  };
  draw();
  const observer = watched(scroll, () => { if (Math.abs(scroll.clientWidth - (parentElement.wide || 0)) > 2) { parentElement.wide = scroll.clientWidth; draw(); } });
  return () => observer.disconnect();
}
