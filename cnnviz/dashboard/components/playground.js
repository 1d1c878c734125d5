const kept = new WeakMap(); // what a person has set, as long as the page stands

// Where output `index` reads along one side, and how many outputs there are: the rules of TensorFlow.
function along(length, kernel, stride, padding, dilation) {
  const span = dilation * (kernel - 1) + 1;
  if (padding === "same") {
    const output = Math.ceil(length / stride), total = Math.max((output - 1) * stride + span - length, 0);
    return { span, output, before: Math.floor(total / 2), total };
  }
  const total = 2 * Number(padding);
  return { span, output: Math.max(0, Math.floor((length + total - span) / stride) + 1), before: Number(padding), total };
}

function slide(input, rows, columns, s) {
  const kr = s.kernel.length, kc = s.kernel[0].length;
  const v = along(rows, kr, s.stride, s.padding, s.dilation), h = along(columns, kc, s.stride, s.padding, s.dilation);
  const values = new Float32Array(v.output * h.output);
  for (let i = 0, o = 0; i < v.output; i++) for (let j = 0; j < h.output; j++, o++) {
    let sum = 0;
    for (let a = 0; a < kr; a++) {
      const y = i * s.stride - v.before + a * s.dilation;
      if (y < 0 || y >= rows) continue;
      for (let b = 0; b < kc; b++) {
        const x = j * s.stride - h.before + b * s.dilation;
        if (x >= 0 && x < columns) sum += input[y * columns + x] * s.kernel[a][b];
      }
    }
    values[o] = s.relu ? Math.max(0, sum) : sum;
  }
  return { values, rows: v.output, columns: h.output, v, h };
}

function pooled(map, how) {
  const rows = Math.floor(map.rows / 2), columns = Math.floor(map.columns / 2), values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const four = [0, 1].flatMap((a) => [0, 1].map((b) => map.values[(2 * i + a) * map.columns + 2 * j + b]));
    values[i * columns + j] = how === "max" ? Math.max(...four) : (four[0] + four[1] + four[2] + four[3]) / 4;
  }
  return { values, rows, columns };
}

function paint(canvas, map, table, low, high) {
  canvas.width = Math.max(1, map.columns); canvas.height = Math.max(1, map.rows);
  if (!map.values.length) return;
  const context = canvas.getContext("2d"), image = context.createImageData(map.columns, map.rows), span = high - low || 1;
  for (let p = 0; p < map.values.length; p++) {
    const c = 3 * Math.round(255 * Math.min(1, Math.max(0, (map.values[p] - low) / span)));
    image.data.set([table[c], table[c + 1], table[c + 2], 255], 4 * p);
  }
  context.putImageData(image, 0, 0);
}

export default function ({ data, parentElement }) {
  const { header: h, arrays: [bytes, gray, signed] } = unpack(data);
  const input = new Float32Array(bytes.buffer, 0, h.rows * h.columns), T = h.texts;
  const find = (name) => parentElement.querySelector(name);
  const root = find(".playground");
  const number = (v) => String(Number(v.toPrecision(4)));
  if (!kept.has(root)) {
    kept.set(root, { preset: h.presets[0].name, kernel: h.presets[0].kernel.map((r) => [...r]), stride: 1, padding: "0",
      dilation: 1, relu: false, pool: "none", at: null });
  }
  const s = kept.get(root);
  if (h.kernel && s.given !== JSON.stringify(h.kernel)) { s.given = JSON.stringify(h.kernel); s.kernel = h.kernel; s.preset = ""; }
  let result = null, timer = null;

  function choice(name, options, value, take) {
    const select = find(`select[name=${name}]`);
    select.replaceChildren(...options.map(([key, text]) => Object.assign(document.createElement("option"), { value: key, textContent: text })));
    select.value = value;
    select.onchange = () => { take(select.value); draw(); };
    find(`label[for=${name}]`).textContent = T[name];
  }
  function controls() {
    const own = s.preset === "" ? [["", T.own]] : [];
    choice("preset", [...h.presets.map((p) => [p.name, p.title]), ...own], s.preset, (name) => {
      s.preset = name; s.kernel = h.presets.find((p) => p.name === name).kernel.map((r) => [...r]); controls();
    });
    const counts = [1, 2, 3, 4].map((n) => [String(n), String(n)]);
    choice("stride", counts, String(s.stride), (v) => { s.stride = Number(v); });
    choice("dilation", counts, String(s.dilation), (v) => { s.dilation = Number(v); });
    choice("padding", [["0", T.valid], ["same", T.same], ["1", "1"], ["2", "2"], ["3", "3"]], s.padding, (v) => { s.padding = v; });
    choice("pool", [["none", T.none], ["max", T.max], ["average", T.average]], s.pool, (v) => { s.pool = v; });
    const relu = find("input[name=relu]");
    relu.checked = s.relu;
    relu.onchange = () => { s.relu = relu.checked; draw(); };
    find("label[for=relu]").textContent = T.relu;
    find(".play").textContent = timer ? T.stop : T.play;
    find(".play").onclick = play;
    const grid = find(".kernel");
    grid.style.gridTemplateColumns = `repeat(${s.kernel[0].length}, 1fr)`;
    grid.replaceChildren(...s.kernel.flatMap((row, a) => row.map((value, b) => {
      const field = Object.assign(document.createElement("input"), { type: "number", step: "any", value: number(value) });
      field.setAttribute("aria-label", `${T.kernel} ${a}, ${b}`);
      field.oninput = () => {
        s.kernel[a][b] = Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : 0;
        if (s.preset !== "") { s.preset = ""; choice("preset", [...h.presets.map((p) => [p.name, p.title]), ["", T.own]], "", () => {}); controls(); }
        draw();
      };
      return field;
    })));
  }

  function draw() {
    const began = performance.now();
    result = slide(input, h.rows, h.columns, s);
    const { v, h: w } = result, kr = s.kernel.length, kc = s.kernel[0].length;
    paint(find(".input"), { values: input, rows: h.rows, columns: h.columns }, gray, 0, 255);
    show(".output", result);
    const extra = s.pool === "none" ? null : pooled(result, s.pool);
    find(".pooled-figure").style.display = extra ? "" : "none";
    if (extra) show(".pooled", extra);
    const line = (name, n, k, side) => T.formula.replace("{side}", name).replace("{n}", n).replace("{p}", side.total)
      .replace("{span}", side.span).replace("{s}", s.stride).replace("{out}", side.output).replace("{k}", k).replace("{d}", s.dilation);
    find(".formula").textContent = [line(T.rows, h.rows, kr, v), line(T.columns, h.columns, kc, w)].join("   ");
    find(".note").textContent = !result.values.length ? T.nothing : s.stride > 1 && s.dilation > 1 ? T.refused : "";
    root.dataset.milliseconds = (performance.now() - began).toFixed(1);
    root.dataset.size = `${result.rows} ${result.columns}`;
    if (result.values.length) go(...(s.at || [Math.floor(result.rows / 2), Math.floor(result.columns / 2)]));
  }
  function show(name, map) {
    let low = Infinity, high = -Infinity;
    for (const value of map.values) { low = Math.min(low, value); high = Math.max(high, value); }
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1, isSigned = low < 0;
    paint(find(name), map, isSigned ? signed : gray, isSigned ? -reach : 0, reach);
    const caption = name === ".output" ? T.result : T.pooled;
    const scale = map.values.length ? ` · ${number(isSigned ? -reach : 0)} … ${number(reach)}` : "";
    find(`${name}-caption`).textContent = `${caption} ${map.rows} × ${map.columns}${scale}`;
    find(name).setAttribute("aria-label", `${caption}, ${map.rows} × ${map.columns}`);
  }

  function go(row, column) {
    row = Math.min(result.rows - 1, Math.max(0, row)); column = Math.min(result.columns - 1, Math.max(0, column));
    s.at = [row, column];
    const { v, h: w } = result, kr = s.kernel.length, kc = s.kernel[0].length;
    const top = row * s.stride - v.before, left = column * s.stride - w.before;
    place(find(".window"), left, top, w.span, v.span, h.columns, h.rows);
    place(find(".cell"), column, row, 1, 1, result.columns, result.rows);
    let sum = 0;
    const cells = [];
    for (let a = 0; a < kr; a++) for (let b = 0; b < kc; b++) {
      const y = top + a * s.dilation, x = left + b * s.dilation, isInside = y >= 0 && y < h.rows && x >= 0 && x < h.columns;
      const value = isInside ? input[y * h.columns + x] : 0, weight = s.kernel[a][b];
      sum += value * weight;
      const cell = document.createElement("div");
      cell.className = isInside ? "product" : "product padding";
      cell.append(Object.assign(document.createElement("b"), { textContent: number(value) }), ` × ${number(weight)}`);
      cell.title = `${number(value)} × ${number(weight)} = ${number(value * weight)}`;
      cells.push(cell);
    }
    const products = find(".products");
    products.style.gridTemplateColumns = `repeat(${kc}, 1fr)`;
    products.replaceChildren(...cells);
    const value = result.values[row * result.columns + column];
    find(".sum").textContent = T.sum.replace("{sum}", number(sum)) + (s.relu ? ` ${T.rectified.replace("{value}", number(value))}` : "");
    find(".where").textContent = T.where.replace("{row}", row).replace("{column}", column);
    Object.assign(root.dataset, { row, column, value });
  }
  function place(element, x, y, width, height, columns, rows) {
    Object.assign(element.style, { left: (100 * x) / columns + "%", top: (100 * y) / rows + "%",
      width: (100 * width) / columns + "%", height: (100 * height) / rows + "%" });
  }
  function next() {
    const [row, column] = s.at;
    if (column + 1 < result.columns) go(row, column + 1);
    else if (row + 1 < result.rows) go(row + 1, 0);
    else { go(0, 0); }
  }
  function play() {
    if (timer) { clearInterval(timer); timer = null; } else timer = setInterval(next, matchMedia("(prefers-reduced-motion: reduce)").matches ? 700 : 220);
    find(".play").textContent = timer ? T.stop : T.play;
  }
  const output = find(".output");
  const at = (event) => { const r = output.getBoundingClientRect();
    return [Math.floor(((event.clientY - r.top) / r.height) * result.rows), Math.floor(((event.clientX - r.left) / r.width) * result.columns)]; };
  output.onclick = (event) => go(...at(event));
  output.onmousemove = (event) => { if (event.buttons) go(...at(event)); };
  output.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault(); event.stopPropagation();
    go(s.at[0] + step[0], s.at[1] + step[1]);
  };
  find(".kernel-heading").textContent = T.kernel;
  find(".input-caption").textContent = `${T.picture} ${h.rows} × ${h.columns}`;
  find(".input").setAttribute("aria-label", `${T.picture}, ${h.rows} × ${h.columns}`);
  controls();
  draw();
  return () => { if (timer) clearInterval(timer); };
}
