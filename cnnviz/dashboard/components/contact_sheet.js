const GAP = 2, SMALLEST = 26, LARGEST = 1.6, DEBOUNCE = 120;

export default function ({ data, parentElement, setStateValue }) {
  const { header: h, arrays: [table, pixels] } = unpack(data);
  const scroll = parentElement.querySelector(".scroll"), canvas = parentElement.querySelector("canvas");
  const frame = parentElement.querySelector(".frame"), under = parentElement.querySelector(".under");
  const dimmed = new Set(h.dimmed), pixelCount = h.rows * h.columns;
  let picked = h.picked, columns = 0, side = 0, timer = 0;
  canvas.classList.toggle("sharp", h.isSharp);
  scroll.style.maxHeight = h.height + "px";

  // The largest tile, up to the wanted size, with which all tiles fit the height; the smallest one scrolls.
  function layout() {
    const width = scroll.clientWidth - 6;
    if (width <= 0) return false;
    const ratio = h.rows / h.columns;
    let best = Math.max(1, Math.floor((width + GAP) / (h.tile + GAP)));
    for (; (width + GAP) / (best + 1) - GAP >= SMALLEST; best++) {
      const tile = Math.min(h.tile * LARGEST, (width + GAP) / best - GAP);
      if (Math.ceil(h.count / best) * (tile * ratio + GAP) <= h.height) break;
    }
    let next = Math.min(best, h.count);
    for (let c = next; c <= Math.min(h.count, next + 3); c++) if (h.count <= 64 && h.count % c === 0) { next = c; break; }
    const tile = Math.min(h.tile * LARGEST, (width + GAP) / next - GAP);
    const changed = next !== columns || Math.abs(tile - side) > 0.01;
    columns = next; side = tile;
    return changed;
  }

  function paint() {
    const scale = Math.max(1, Math.round((side * (window.devicePixelRatio || 1)) / h.columns));
    const zoom = h.isSharp && scale > 1 && pixelCount * h.count * scale * scale < 1.2e7 ? scale : 1;
    const w = h.columns * zoom, t = h.rows * zoom, gap = Math.max(1, Math.round((GAP * w) / side));
    const lines = Math.ceil(h.count / columns), W = columns * (w + gap) - gap, H = lines * (t + gap) - gap;
    canvas.width = W; canvas.height = H;
    canvas.style.width = columns * (side + GAP) - GAP + "px";
    const context = canvas.getContext("2d"), image = context.createImageData(W, H), out = image.data;
    for (let k = 0; k < h.count; k++) {
      const x0 = (k % columns) * (w + gap), y0 = Math.floor(k / columns) * (t + gap), base = k * pixelCount;
      const alpha = dimmed.has(k) ? 70 : 255;
      for (let y = 0; y < t; y++) {
        const row = base + Math.floor(y / zoom) * h.columns;
        for (let x = 0, q = ((y0 + y) * W + x0) * 4; x < w; x++, q += 4) {
          const p = row + Math.floor(x / zoom);
          if (h.channels === 3) { out[q] = pixels[3 * p]; out[q + 1] = pixels[3 * p + 1]; out[q + 2] = pixels[3 * p + 2]; }
          else { const v = 3 * pixels[p]; out[q] = table[v]; out[q + 1] = table[v + 1]; out[q + 2] = table[v + 2]; }
          out[q + 3] = alpha;
        }
      }
    }
    context.putImageData(image, 0, 0);
  }

  const pitch = () => { const box = canvas.getBoundingClientRect(), lines = Math.ceil(h.count / columns);
    return { x: (box.width + GAP) / columns, y: (box.height + GAP) / lines, box }; };
  function show() {
    const { x, y } = pitch();
    frame.style.display = picked < 0 ? "none" : "block";
    frame.style.left = 3 + (picked % columns) * x - 1 + "px";
    frame.style.top = 3 + Math.floor(picked / columns) * y - 1 + "px";
    frame.style.width = x - GAP + 2 + "px"; frame.style.height = y - GAP + 2 + "px";
    const attributes = { "aria-label": h.title, "aria-valuemin": 0, "aria-valuemax": h.count - 1,
      "aria-valuenow": Math.max(0, picked), "aria-valuetext": picked < 0 ? "" : h.names[picked] };
    for (const [name, value] of Object.entries(attributes)) canvas.setAttribute(name, value);
    under.textContent = picked < 0 ? "" : h.names[picked];
  }
  function pick(k, wait) {
    if (k < 0 || k >= h.count || k === picked) return;
    picked = k; show();
    clearTimeout(timer); timer = setTimeout(() => setStateValue("picked", k), wait);
  }
  function at(event) {
    const { x, y, box } = pitch();
    const column = Math.min(columns - 1, Math.floor((event.clientX - box.left) / x));
    return Math.floor((event.clientY - box.top) / y) * columns + column;
  }
  canvas.onclick = (event) => pick(at(event), 0);
  canvas.onmousemove = (event) => { const k = at(event); if (k < h.count) under.textContent = h.names[k]; };
  canvas.onmouseleave = show;
  canvas.onkeydown = (event) => {
    const k = Math.max(0, picked);
    const to = { ArrowLeft: k - 1, ArrowRight: k + 1, ArrowUp: k - columns, ArrowDown: k + columns, Home: 0, End: h.count - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault(); event.stopPropagation();
    pick(picked < 0 ? 0 : to, DEBOUNCE);
    frame.scrollIntoView({ block: "nearest" });
  };
  const fit = () => { if (layout()) paint(); show(); };
  fit();
  const observer = watched(scroll, fit);
  return () => { observer.disconnect(); clearTimeout(timer); };
}
