const kept = new WeakMap(); // each playground that stands on a page, with what a person has set
const REST = 800, STEP = 220, CALM_STEP = 700, TICKS = 400; // milliseconds until a hand rests, of one step; steps of a play
const SHORT = 4; // characters that fit a cell in full size

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".playground"), { header, arrays } = unpack(data);
  if (!kept.has(root)) kept.set(root, playgroundIn(root));
  kept.get(root)(header, arrays, (link) => setStateValue("play", link));
}

function playgroundIn(root) {
  const find = (name) => root.querySelector(name), sent = [];
  let h = null, T = null, s = null, seen = null, send = null, photo = null, gray = null, signed = null;
  let result = null, small = null, scales = {}, timer = null, rest = null, fields = [], laidRows = "", given = null, slid = {};

  const isColor = () => s.isColor && !s.typed;
  const size = () => (s.typed ? [s.typed.length, s.typed.length] : [h.rows, h.columns]);
  const planes = () => (s.typed ? [Float32Array.from(s.typed.flat())] : isColor() ? photo.channels : [photo.gray]);
  const rowsKey = () => JSON.stringify([s.kernels, s.flip, T.kernel, T.channels]);
  const fieldsOf = (grid) => [...grid.children];

  function update(header, arrays, toServer) {
    const isNew = !h || header.photo !== h.photo;
    h = header; T = h.texts; send = toServer;
    if (isNew) { photo = photoOf(h, arrays[0], arrays[1]); [gray, signed] = arrays.slice(2); }
    const known = sent.indexOf(h.play); // one's own settings come back; other ones come from a link, or from Back
    if (known >= 0) sent.splice(0, known + 1); else if (h.play !== seen) { s = settingsOf(h.play, h); sent.length = 0; }
    seen = h.play;
    takeGiven();
    if (s.preset === "filter" && !h.filters) { s.preset = ""; tell(); }
    if (s.preset === "filter" && s.filter >= h.filters.kernels.length) { s.filter = h.filters.kernels.length - 1; tell(); }
    if (s.preset === "filter") renew();
    for (const element of root.querySelectorAll("[data-text]")) element.textContent = T[element.dataset.text];
    controls();
    draw();
  }

  // A kernel that the page lends is taken over when it changes; a link's own settings come first.
  function takeGiven() {
    const now = JSON.stringify(h.kernel);
    if (given !== null && given !== now) tell(); // it is a person's own kernel from here on
    if (h.kernel && given !== now && (given !== null || !h.play)) { s.preset = ""; s.kernels = kernelsOf([h.kernel], isColor() ? 3 : 1); }
    given = now;
  }
  function changed() { controls(); draw(); tell(); }
  function tell() {
    clearTimeout(rest);
    if (!timer) rest = setTimeout(() => { const link = linkOf(s, h);
      if (link !== (sent.at(-1) ?? seen)) { sent.push(link); send(link); } }, REST);
  }

  function choice(name, options, value, take) {
    const select = find(`select[name=${name}]`), now = JSON.stringify(options);
    if (select.dataset.options !== now) {
      select.replaceChildren(...options.map(([key, text]) => Object.assign(document.createElement("option"), { value: key, textContent: text })));
      select.dataset.options = now;
    }
    select.value = value;
    select.setAttribute("aria-label", filled(T[name] || T.size, { network: h.filters?.network }));
    select.onchange = () => { take(select.value); changed(); };
  }
  function check(name, isShown, take) {
    const box = find(`input[name=${name}]`);
    box.checked = s[name];
    box.parentElement.style.display = isShown ? "" : "none";
    box.onchange = () => { s[name] = box.checked; if (take) take(); changed(); };
  }
  const same = (options) => options.map((n) => [String(n), String(n)]);
  const visible = (name, isShown) => { find(name).style.display = isShown ? "" : "none"; };

  function controls() {
    const filters = h.filters ? [["filter", filled(T.filter, { network: h.filters.network })]] : [];
    choice("preset", [...h.presets.map((p) => [p.name, p.title]), ...filters, ["", T.own]], s.preset, takePreset);
    visible(".filter", s.preset === "filter");
    if (s.preset === "filter") choice("filter", same(h.filters.kernels.map((_, n) => n)), String(s.filter), takeFilter);
    choice("stride", same(COUNTS), String(s.stride), (v) => { s.stride = Number(v); });
    choice("dilation", same(COUNTS), String(s.dilation), (v) => { s.dilation = Number(v); });
    choice("padding", PADDINGS.map((p) => [p, p === "0" ? T.valid : p === "same" ? T.same : p]), s.padding, (v) => { s.padding = v; });
    choice("source", [["photo", T.photo], ["typed", T.typed]], s.typed ? "typed" : "photo", takeSource);
    visible("select[name=side]", s.typed);
    choice("side", SIDES.map((n) => [String(n), `${n} × ${n}`]), String(s.typed ? s.typed.length : 6), (v) => {
      s.typed = Array.from({ length: Number(v) }, (_, y) => Array.from({ length: Number(v) }, (_, x) => (s.typed[y] || [])[x] || 0)); s.at = null;
    });
    check("isColor", !s.typed, renew);
    check("relu", true);
    check("flip", true);
    choice("pool", [["none", T.none], ["max", T.max], ["average", T.average]], s.pool, (v) => { s.pool = v; });
    choice("window", WINDOWS.map((n) => [String(n), `${n} × ${n}`]), String(s.window), (v) => { s.window = s.hop = Number(v); });
    choice("hop", same([1, ...WINDOWS]), String(s.hop), (v) => { s.hop = Number(v); });
    const sides = same([1, 2, 3, 4, 5, 6, 7]), [[first]] = s.kernels;
    choice("tall", sides, String(first.length), (v) => resize(Number(v), first[0].length));
    choice("wide", sides, String(first[0].length), (v) => resize(first.length, Number(v)));
    const bias = find("input[name=bias]");
    if (bias.getRootNode().activeElement !== bias) bias.value = short(s.bias);
    bias.oninput = () => { s.bias = valueOf(bias); draw(); tell(); };
    find(".play").textContent = timer ? T.stop : T.play;
    find(".play").onclick = play;
    layTyped();
    layRows();
  }
  function takePreset(name) {
    s.preset = name;
    if (name === "filter") takeFilter(String(s.filter)); else renew();
  }
  function takeFilter(n) {
    s.filter = Math.min(Number(n), h.filters.kernels.length - 1);
    s.isColor = !s.typed && h.filters.kernels[s.filter].length > 1; // a first layer reads colors
    renew();
  }
  // The chosen kernels anew, one for each channel; a person's own ones as they are.
  function renew() {
    if (s.preset === "filter") s.kernels = filterOf(h, s.filter);
    else if (s.preset) s.kernels = kernelsOf(h.presets.find((p) => p.name === s.preset).kernels, 1);
    withChannels(s, isColor() ? 3 : 1);
  }
  function takeSource(source) {
    s.typed = source === "typed" ? h.typed.map((row) => [...row]) : null; s.isColor = false; s.at = null;
    renew();
  }
  function resize(rows, columns) {
    s.preset = "";
    s.kernels = s.kernels.map((group) => group.map((kernel) => Array.from({ length: rows }, (_, a) => Array.from({ length: columns }, (_, b) =>
      (kernel[a + Math.floor((kernel.length - rows) / 2)] || [])[b + Math.floor((kernel[0].length - columns) / 2)] || 0))));
  }
  const valueOf = (field) => (Number.isFinite(field.valueAsNumber) ? Math.max(-MOST, Math.min(MOST, field.valueAsNumber)) : 0);
  function numberField(value, label, take) {
    const field = Object.assign(document.createElement("input"), { type: "number", step: "any", value: brief(value), inputMode: "decimal", title: short(value) });
    field.style.setProperty("--length", field.value.length);
    field.setAttribute("aria-label", label);
    field.oninput = () => { field.style.setProperty("--length", field.value.length); take(valueOf(field)); draw(); tell(); };
    field.onchange = () => { if (Math.abs(field.valueAsNumber) > MOST) field.value = short(valueOf(field)); }; // as it counts
    field.onkeydown = (event) => event.stopPropagation(); // arrows are the field's own
    return field;
  }

  function layTyped() {
    const place = find(".typed"), side = s.typed ? s.typed.length : 0;
    if (place.children.length === side * side && fieldsOf(place).every((field, n) => field.value === brief(s.typed.flat()[n]))) return;
    place.style.gridTemplate = `repeat(${side}, 1fr) / repeat(${side}, 1fr)`;
    place.replaceChildren(...(s.typed || []).flatMap((row, y) => row.map((value, x) =>
      numberField(value, `${T.image} ${y}, ${x}`, (v) => { s.typed[y][x] = v; }))));
  }

  // One row of grids for each kernel: kernel, turned if it is flipped, what it lies on, products.
  function layRows() {
    if (laidRows === rowsKey()) return;
    const [[first]] = s.kernels, count = s.kernels.flat().length;
    const tags = s.kernels.flatMap((group, g) => group.map((_, c) => (group.length > 1 ? T.channels[c] : s.kernels.length > 1 ? T.groups[g] : "")));
    const isNarrow = count === 1 && first[0].length <= 3 && !s.flip; // fits beside the images
    find(".sums").classList.toggle("below", !isNarrow);
    find(".rows").style.setProperty("--across", first[0].length);
    find(".rows").style.setProperty("--cell", `${first[0].length > 4 ? 2.1 : 2.3}rem`);
    const grid = (name, title, cells) => {
      const box = document.createElement("div"), inner = document.createElement("div");
      inner.className = `grid ${name}`; inner.append(...cells);
      if (title) box.append(Object.assign(document.createElement("div"), { className: "heading", textContent: title }));
      box.append(inner);
      return box;
    };
    const sign = (text) => Object.assign(document.createElement("span"), { textContent: text });
    const blanks = () => first.flatMap((row) => row.map(() => document.createElement("div")));
    fields = [];
    const rows = s.kernels.flatMap((group, g) => group.map((kernel, c) => {
      const row = document.createElement("div"), isFirst = !fields.length, title = (text) => (isFirst ? text : "");
      const inputs = kernel.flatMap((weights, a) => weights.map((weight, b) => numberField(weight, `${T.kernel} ${a}, ${b}`, (v) => {
        s.kernels[g][c][a][b] = v; s.preset = ""; find("select[name=preset]").value = ""; visible(".filter", false); laidRows = rowsKey();
      })));
      const parts = { turned: blanks(), patch: blanks(), products: blanks() };
      fields.push(parts);
      row.className = "row";
      const tag = tags[fields.length - 1];
      if (tag) row.append(Object.assign(sign(tag), { className: "tag" }));
      row.append(grid("kernel", title(T.kernel), inputs));
      if (s.flip) row.append(sign("↻"), grid("turned", title(T.turned), parts.turned));
      row.append(sign("×"), grid("patch", title(T.image), parts.patch), sign("="), grid("products", title(T.products), parts.products));
      return row;
    }));
    find(".rows").replaceChildren(...rows);
    laidRows = rowsKey();
  }

  function draw() {
    const began = performance.now(), [rows, columns] = size();
    const key = JSON.stringify([h.photo, s.typed, isColor(), s.kernels, s.stride, s.padding, s.dilation, s.flip]);
    if (key !== slid.key) slid = { key, map: slide(planes(), rows, columns, s) };
    result = activated(slid.map, s);
    small = s.pool === "none" ? null : pooled(result, s);
    const { v, h: w } = result, [[first]] = s.kernels;
    drawImage(rows, columns, v, w);
    drawMap("output", result, T.result);
    visible(".pooled-figure", small);
    if (small) drawMap("pooled", small, T.pooled);
    root.dataset.milliseconds = (performance.now() - began).toFixed(1);
    root.dataset.size = `${result.rows} ${result.columns}`;
    const line = (side, n, k, m) => Object.assign(document.createElement("span"), { textContent: filled(T.formula, { side, n, p: m.total, span: m.span, s: s.stride, out: m.output, k, d: s.dilation }) });
    find(".formula").replaceChildren(line(T.rows, rows, first.length, v), line(T.columns, columns, first[0].length, w));
    find(".note").textContent = note();
    find(".handout ol").replaceChildren(...T.questions.map((text) => Object.assign(document.createElement("li"), { textContent: filled(text,
      { rows, columns, kernel_rows: first.length, kernel_columns: first[0].length, stride: s.stride + 1, bias: short(s.bias + 10) }) })));
    visible(".sums", result.values.length);
    if (result.values.length) go(...(s.at || [Math.floor(result.rows / 2), Math.floor(result.columns / 2)]), false);
    else marks();
  }
  function note() {
    if (!result.values.length) return T.nothing;
    if (s.stride > 1 && s.dilation > 1) return T.refused;
    if (s.flip && s.kernels.flat().every((kernel) => String(kernel) === String(turned(kernel)))) return T.symmetric;
    return s.preset === "filter" ? filled(T.learned, { network: h.filters.network }) : "";
  }
  function drawImage(rows, columns, v, w) {
    const stage = find(".frame"), canvas = find(".input"), inside = find(".inside"), percent = (part, whole) => `${(100 * part) / whole}%`;
    const tall = rows + v.total, wide = columns + w.total;
    stage.style.setProperty("--rows", tall); stage.style.setProperty("--columns", wide);
    Object.assign(inside.style, { left: percent(w.before, wide), top: percent(v.before, tall), width: percent(columns, wide), height: percent(rows, tall) });
    const values = planes()[0], scale = s.typed ? scaleOf(values) : { low: 0, high: 255, isSigned: false };
    scales.input = { ...scale, table: scale.isSigned ? signed : gray };
    if (isColor()) paintPhoto(canvas, photo.bytes, columns, rows); else paintMap(canvas, { values, rows, columns }, scales.input.table, scale);
    fieldsOf(find(".typed")).forEach((field, n) => { field.style.color = isDark(colorOf(scales.input, values[n])) ? "#fff" : "#000"; });
    const caption = isColor() ? T.image_color : T.image;
    find(".input-caption").textContent = `${caption} ${rows} × ${columns}`;
    canvas.setAttribute("aria-label", `${caption}, ${rows} × ${columns}`);
  }
  function drawMap(name, map, caption) {
    const scale = scaleOf(map.values);
    scales[name] = { ...scale, table: scale.isSigned ? signed : gray };
    paintMap(find(`.${name}`), map, scales[name].table, scale);
    const range = map.values.length ? ` · ${shown(scale.low)} … ${shown(scale.high)}` : "";
    find(`.${name}-caption`).textContent = `${caption} ${map.rows} × ${map.columns}${range}`;
    find(`.${name}`).setAttribute("aria-label", `${caption}, ${map.rows} × ${map.columns}`);
  }

  function write(cell, text) {
    if (cell.shown === text) return;
    if (cell.firstChild) cell.firstChild.data = text; else cell.append(text);
    const length = Math.max(SHORT, text.length);
    if ((cell.characters || SHORT) !== length) cell.style.setProperty("--length", length);
    Object.assign(cell, { shown: text, characters: length });
  }
  function tint(cell, tap, channel) {
    if (cell.tinted === tap.value && cell.isInside === tap.isInside && cell.scale === scales.input) return;
    const color = colorOf(scales.input, tap.value, channel);
    cell.className = tap.isInside ? "" : "padding";
    cell.style.cssText = `--length: ${cell.characters}; background: rgb(${color.join(" ")}); color: ${isDark(color) ? "#fff" : "#000"}`;
    Object.assign(cell, { tinted: tap.value, isInside: tap.isInside, scale: scales.input });
  }

  const marks = (row, column) => drawMarks(
    { find, root, s, result, small, scales, size: size(), values: planes()[0], isColor: isColor(), isPlaying: Boolean(timer) }, row, column);
  function go(row, column, isMove = true) {
    if (!result.values.length) return;
    row = Math.min(result.rows - 1, Math.max(0, row)); column = Math.min(result.columns - 1, Math.max(0, column));
    if (isMove || s.at) s.at = [row, column];
    const [rows, columns] = size(), parts = takenApart(planes(), rows, columns, s, result.v, result.h, row, column);
    marks(row, column); // reads sizes: before anything changes them, or the page would be laid out twice
    parts.groups.flat().forEach((taps, n) => taps.forEach((tap, t) => {
      const { turned: kernel, patch, products } = fields[n], channel = isColor() ? n % 3 : null;
      write(kernel[t], compact(tap.weight)); write(patch[t], shown(tap.value)); write(products[t], compact(tap.product));
      tint(patch[t], tap, channel);
    }));
    const lines = sumsInWords(T, s, small, parts, row, column).map(([name, text]) => Object.assign(document.createElement("div"), { className: name, textContent: text }));
    find(".sum").replaceChildren(...lines);
    find(".where").textContent = filled(T.where, { row, column });
    Object.assign(root.dataset, { row, column, value: result.values[row * result.columns + column] });
    if (isMove) tell();
  }

  const position = () => s.at || [Math.floor(result.rows / 2), Math.floor(result.columns / 2)];
  function next() {
    if (!root.isConnected) return stop();
    const [row, column] = position(), jump = Math.max(1, Math.round((result.rows * result.columns) / TICKS)), n = row * result.columns + column + jump;
    if (row * result.columns + column + 1 >= result.rows * result.columns) return stop();
    const last = Math.min(n, result.rows * result.columns - 1);
    go(Math.floor(last / result.columns), last % result.columns);
  }
  function stop() { clearInterval(timer); timer = null; find(".play").textContent = T.play; if (result.values.length) { marks(...position()); tell(); } }
  function play() {
    if (timer || !result.values.length) return stop();
    timer = setInterval(next, matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_STEP : STEP);
    find(".play").textContent = T.stop;
    go(0, 0);
  }

  const placeAt = (event, canvas, rows, columns) => cellAt(event, canvas, columns, rows).reverse();
  function pointed(name, where) {
    const canvas = find(name);
    canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); go(...where(event, canvas)); };
    canvas.onpointermove = (event) => { if (event.buttons) go(...where(event, canvas)); };
  }
  pointed(".output", (event, canvas) => placeAt(event, canvas, result.rows, result.columns));
  pointed(".pooled", (event, canvas) => placeAt(event, canvas, small.rows, small.columns).map((n) => n * s.hop));
  pointed(".input", (event, canvas) => { const [row, column] = placeAt(event, canvas, ...size()), { v, h: w } = result;
    return [Math.round((row + v.before - (v.span - 1) / 2) / s.stride), Math.round((column + w.before - (w.span - 1) / 2) / s.stride)]; });
  find(".output").onkeydown = (event) => {
    const move = ARROWS[event.key], [row, column] = position();
    if (!move || !result.values.length) return;
    event.preventDefault(); event.stopPropagation();
    go(row + move[1], column + move[0]);
  };
  new ResizeObserver(() => { if (result) result.values.length ? go(...position(), false) : marks(); }).observe(find(".maps"));
  return update;
}

function photoOf(h, bytes, gray) {
  const count = h.rows * h.columns, channels = [0, 1, 2].map((c) => Float32Array.from({ length: count }, (_, p) => bytes[3 * p + c]));
  return { bytes, channels, gray: Float32Array.from(gray.subarray(0, count)) };
}
