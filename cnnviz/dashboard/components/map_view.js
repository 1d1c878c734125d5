const SMALLEST_SIDE = 224;

export default function ({ data, parentElement }) {
  const { header: h, arrays: [table, bytes, photo] } = unpack(data);
  const values = new Float32Array(bytes.buffer, 0, h.rows * h.columns);
  const find = (name) => parentElement.querySelector(name);
  const view = find(".view"), cell = find(".cell"), box = find(".box"), line = find(".value");

  // Small images keep sharp pixels; the canvas is enlarged so that the map over them is smooth all the same.
  const zoom = Math.max(1, Math.ceil(SMALLEST_SIDE / Math.min(h.width, h.height)));
  const W = h.width * zoom, H = h.height * zoom;
  view.width = W; view.height = H;
  view.classList.toggle("sharp", zoom > 1);
  const context = view.getContext("2d"), image = context.createImageData(W, H), out = image.data;
  const span = h.high - h.low || 1;

  function valueAt(x, y) {
    const fx = ((x + 0.5) / W) * h.columns - 0.5, fy = ((y + 0.5) / H) * h.rows - 0.5;
    if (h.isSharp) return values[Math.round(fy) * h.columns + Math.round(fx)];
    const x0 = Math.max(0, Math.floor(fx)), y0 = Math.max(0, Math.floor(fy));
    const x1 = Math.min(h.columns - 1, Math.max(0, Math.floor(fx) + 1)), y1 = Math.min(h.rows - 1, Math.max(0, Math.floor(fy) + 1));
    const ax = Math.min(1, Math.max(0, fx - x0)), ay = Math.min(1, Math.max(0, fy - y0));
    const top = values[y0 * h.columns + x0] * (1 - ax) + values[y0 * h.columns + x1] * ax;
    const bottom = values[y1 * h.columns + x0] * (1 - ax) + values[y1 * h.columns + x1] * ax;
    return top * (1 - ay) + bottom * ay;
  }
  for (let y = 0, q = 0; y < H; y++) for (let x = 0; x < W; x++, q += 4) {
    const p = 3 * (Math.floor(y / zoom) * h.width + Math.floor(x / zoom)), v = valueAt(x, y);
    const t = Math.min(1, Math.max(0, (v - h.low) / span)), strength = h.isSigned ? Math.abs(2 * t - 1) : t;
    const a = !Number.isFinite(v) || strength < h.threshold ? 0 : h.opacity * (h.isHeat ? strength : 1);
    const c = 3 * Math.round(255 * (Number.isFinite(t) ? t : 0));
    for (let i = 0; i < 3; i++) out[q + i] = photo[p + i] * (1 - a) + table[c + i] * a;
    out[q + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  view.dataset.opacity = h.opacity; // what is drawn, for those who wait for it

  find(".title").textContent = h.title;
  view.setAttribute("aria-label", h.alt);
  find(".low").textContent = written(h.low); find(".high").textContent = written(h.high); find(".unit").textContent = h.unit;
  find(".scale").style.visibility = h.unit ? "visible" : "hidden";
  paintPixels(find(".bar"), 256, 1, (p) => tableColor(table, p, 0, 255));
  box.style.display = h.box ? "block" : "none";
  if (h.box) {
    const [left, top, right, bottom] = h.box.map((v) => 100 * v);
    Object.assign(box.style, { left: left + "%", top: top + "%", width: right - left + "%", height: bottom - top + "%" });
  }

  let at = null;
  function read(x, y) {
    at = [Math.min(h.columns - 1, Math.max(0, x)), Math.min(h.rows - 1, Math.max(0, y))];
    line.textContent = `${written(values[at[1] * h.columns + at[0]])} ${h.unit} · ${at[1]}, ${at[0]}`;
    Object.assign(cell.style, { display: "block", left: (100 * at[0]) / h.columns + "%", top: (100 * at[1]) / h.rows + "%",
      width: 100 / h.columns + "%", height: 100 / h.rows + "%" });
  }
  const hide = () => { at = null; line.textContent = ""; cell.style.display = "none"; };
  view.onmousemove = (event) => read(...cellAt(event, view, h.columns, h.rows));
  view.onmouseleave = hide; view.onblur = hide;
  view.onkeydown = (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault(); event.stopPropagation();
    const [x, y] = at || [Math.floor(h.columns / 2), Math.floor(h.rows / 2)];
    read(x + step[0], y + step[1]);
  };
}
