const kept = new WeakMap(); // where a person went, until the page has answered
const SEND_AFTER = 180, TINY = 0.04, MOST_CELLS_WITH_ALL_NUMBERS = 9, MOST_CELLS_WITH_PRODUCTS = 25, DIMMED = 165;

const short = (v) => written(v, Math.abs(v) < 0.01 ? 1 : Math.abs(v) < 1 ? 2 : 3); // a cell is narrow; pointed at, it says more
const exact = (v) => (v === null ? "–" : String(v).replace("-", "−"));
const signed = (v) => (v === null ? "–" : (v < 0 ? "− " : "+ ") + written(Math.abs(v)));
const counted = (pair, count, values) => filled(pair[count === 1 ? 0 : 1], { count: count.toLocaleString("en"), ...values });
const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

export default function ({ data, parentElement, setTriggerValue }) {
  const { header: h, arrays: [gray, viridis, signs, bytes, photo, rowBits, columnBits] } = unpack(data);
  const T = h.texts, find = (name) => parentElement.querySelector(name), root = find(".unit-view");
  const values = new Float32Array(bytes.buffer, 0, h.rows * h.columns);
  const memory = kept.get(root) || {};
  kept.set(root, memory);
  if (memory.of !== h.of) Object.assign(memory, { of: h.of, pending: null, term: 0 }); // another layer, channel or image
  if (String(memory.pending) === String(h.at)) memory.pending = null;
  let at = memory.pending || h.at;

  // What is seen by a row or a column of units: `sees(rowBits, h.height, row, y)`.
  const sees = (bits, side, unit, pixel) => (bits[(unit * side + pixel) >> 3] >> (7 - ((unit * side + pixel) & 7))) & 1;
  const seenBy = (bits, side, unit) => {
    let first = side, last = 0;
    for (let p = 0; p < side; p++) if (sees(bits, side, unit, p)) { first = Math.min(first, p); last = p + 1; }
    return [Math.min(first, last), last];
  };
  const fieldOf = ([row, column]) => [seenBy(rowBits, h.height, h.isVector ? 0 : row), seenBy(columnBits, h.width, h.isVector ? 0 : column)];

  const pixelOf = (p) => photo.subarray(3 * p, 3 * p + 3);
  const mapTable = h.low < 0 ? signs : viridis;
  function place(element, left, top, width, height, columns, rows) {
    Object.assign(element.style, { left: (100 * left) / columns + "%", top: (100 * top) / rows + "%",
      width: (100 * width) / columns + "%", height: (100 * height) / rows + "%" });
  }

  function drawField() {
    const [[top, bottom], [left, right]] = fieldOf(at), isWhole = bottom - top === h.height && right - left === h.width;
    const size = { height: bottom - top, width: right - left };
    place(find(".field"), left, top, size.width, size.height, h.width, h.height);
    find(".field").className = size.width < TINY * h.width && size.height < TINY * h.height ? "field tiny" : "field";
    find(".photo-line").textContent = isWhole ? T.whole : size.height * size.width ? filled(T.field[size.height * size.width === 1 ? 0 : 1], size) : T.padding;
    find(".closer").hidden = isWhole || !(size.height * size.width);
    if (!find(".closer").hidden) {
      paintPixels(find(".crop"), size.width, size.height, (p) => pixelOf((top + Math.floor(p / size.width)) * h.width + left + (p % size.width)));
      find(".crop-line").textContent = T.closer;
      find(".crop").setAttribute("aria-label", T.closer);
    }
    Object.assign(root.dataset, { field: [left, top, right, bottom].join(" ") });
  }
  function drawCell() {
    const [row, column] = at, value = values[row * h.columns + column];
    place(find(".cell"), column, row, 1, 1, h.columns, h.rows);
    find(".map-line").textContent = filled(h.isVector ? T.unit : T.here,
      { row, column, value: written(value), name: nameOf(row * h.columns + column) });
    Object.assign(root.dataset, { row, column, value });
  }
  const nameOf = (index) => h.names[index] ?? filled(T.number, { index });

  // Units that a pixel reaches light up; all others are dimmed.
  let pixel = null;
  function point(x, y) {
    pixel = [Math.min(h.width - 1, Math.max(0, x)), Math.min(h.height - 1, Math.max(0, y))];
    place(find(".field"), ...pixel, 1, 1, h.width, h.height);
    find(".field").className = "field pointed tiny";
    if (h.isVector) { find(".photo-line").textContent = T.reachesAll; return; }
    const rows = [...Array(h.rows).keys()].filter((row) => sees(rowBits, h.height, row, pixel[1]));
    const columns = [...Array(h.columns).keys()].filter((column) => sees(columnBits, h.width, column, pixel[0]));
    const inRows = new Set(rows), inColumns = new Set(columns);
    paintPixels(find(".reached"), h.columns, h.rows, (p) => [0, 0, 0, inRows.has(Math.floor(p / h.columns)) && inColumns.has(p % h.columns) ? 0 : DIMMED]);
    find(".reached").hidden = false;
    find(".photo-line").textContent = counted(T.reaches, rows.length * columns.length, { total: (h.rows * h.columns).toLocaleString("en") });
    pixel.middle = rows.length && columns.length ? [rows[rows.length >> 1], columns[columns.length >> 1]] : null;
    root.dataset.reached = rows.length * columns.length;
  }
  function pointAway() {
    pixel = null;
    find(".reached").hidden = true;
    drawField();
  }

  function go(row, column, wait) {
    row = Math.min(h.rows - 1, Math.max(0, row)); column = Math.min(h.columns - 1, Math.max(0, column));
    if (h.isVector && row * h.columns + column >= h.count) return;
    if (row === at[0] && column === at[1]) return;
    at = memory.pending = [row, column];
    clearTimeout(memory.timer);
    memory.timer = setTimeout(() => setTriggerValue("went", at), wait);
    draw();
  }
  // One message for both: of two that the page has not answered yet, the later one counts.
  function goDown(target) { clearTimeout(memory.timer); setTriggerValue("went", [...at, ...target]); }
  function draw() { drawField(); drawCell(); drawSum(); }

  function drawSum() {
    const told = h.units[at.join(",")], section = find(".sum");
    section.classList.toggle("stale", !told && !h.refusal);
    if (!told && !h.refusal) return; // on its way
    find(".own").hidden = !told; find(".down").hidden = true;
    if (h.refusal) { find(".blocks").replaceChildren(make("div", "how", h.refusal)); return; }
    find(".blocks").replaceChildren(...told.blocks.map(block));
    find(".own").textContent = filled(T.own, { own: exact(told.own) });
    root.dataset.own = told.own;
    drawDown(told.blocks[0]);
  }
  function drawDown(first) {
    const term = first.terms[0], target = term && (term.target || strongestCell(term));
    if (!target) return;
    const [source] = target, button = find(".down");
    button.hidden = false;
    button.disabled = !h.goes[source];
    button.textContent = h.goes[source] ? filled(T.down, { source: h.sources[source] }) : filled(T.bottom, { source: h.sources[source] });
    button.onclick = () => goDown(target);
  }
  function strongestCell({ cells }) {
    let best = -1, most = -1;
    cells.patch.forEach((v, k) => { const p = Math.abs(v * cells.kernel[k]); if (!cells.padding[k] && p > most) { most = p; best = k; } });
    return best < 0 ? null : cellTarget(cells, best);
  }
  const cellTarget = (cells, k) => [cells.source, cells.rows[Math.floor(k / cells.columns.length)], cells.columns[k % cells.columns.length], cells.channel];

  function block(told, index) {
    const part = make("div", "block"), isShare = "own" in told;
    part.append(make("div", "how", filled(T.how[told.operation] || T.how.other, { name: told.operation })));
    if (told.formula) part.append(make("div", "formula", told.formula));
    const chosen = Math.min(index === 0 ? memory.term : 0, told.terms.length - 1);
    if (told.terms[chosen].cells) part.append(...grids(told, told.terms[chosen]));
    const isPooled = told.terms.length === 1 && ["maximum", "mean"].includes(told.operation) && told.terms[0].cells;
    if (!isPooled) part.append(ledger(told, chosen, isShare));
    const said = isShare ? shareText(told) : isPooled ? pooledText(told) : resultText(told);
    part.append(make("div", "result", said));
    return part;
  }
  const shareText = (told) => filled(T.shares[told.operation] || T.shares.other,
    { own: written(told.own, 4), total: written(told.total, 4), value: written(told.value, 4), name: told.operation });
  function pooledText({ operation, terms: [{ cells }], value }) {
    const counted = cells.patch.filter((_, k) => !cells.padding[k]), isShort = counted.length <= MOST_CELLS_WITH_ALL_NUMBERS;
    const joined = isShort ? counted.map((v) => written(v)).join(operation === "mean" ? " + " : ", ")
      : operation === "mean" ? written(counted.reduce((sum, v) => sum + v, 0)) : "…";
    if (operation === "maximum") return `max(${joined}) = ${written(value)}`;
    return `${isShort ? `(${joined})` : joined} / ${counted.length} = ${written(value)}`;
  }
  function resultText(told) {
    const x = written(told.before), y = written(told.value);
    return told.activation === "linear" ? filled(T.result, { value: y }) : filled(T.formulas[told.activation] || T.formulas.other, { x, y, name: told.activation });
  }

  function ledger(told, chosen, isShare) {
    const table = make("div", "ledger"), isOne = told.terms.length === 1 && told.rest.count === 0;
    const line = (className, ...parts) => { const row = make("div", `row ${className}`); row.append(...parts.map((text) => make("span", "", text))); return row; };
    for (const [position, term] of told.terms.entries()) {
      const weighed = isShare ? filled(T.power, { score: written(term.value), largest: written(told.largest) })
        : term.weight === null || told.operation === "maximum" ? "" : `${written(term.value)} × ${written(term.weight)}`;
      const canGo = !term.cells && term.target && h.goes[term.target[0]];
      const row = make(term.cells || canGo ? "button" : "div", term.isOwn ? "row own-term" : "row");
      if (row.tagName === "BUTTON") row.type = "button";
      row.append(make("span", "", term.label), make("span", "", weighed), make("span", "", isShare || isOne ? written(term.product) : signed(term.product)));
      row.firstChild.title = term.label;
      if (term.cells && told.terms.length > 1) {
        row.setAttribute("aria-pressed", position === chosen);
        row.onclick = () => { memory.term = position; drawSum(); };
      } else if (canGo) { row.title = filled(T.down, { source: h.sources[term.target[0]] }); row.onclick = () => goDown(term.target); }
      table.append(row);
    }
    if (told.rest.count) table.append(line("", counted(T.rest, told.rest.count, {}), "", isShare ? written(told.rest.sum) : signed(told.rest.sum)));
    if (!isOne && (isShare || told.bias || told.activation !== "linear")) table.append(line("total", isShare ? T.together : T.sum, "", written(told.total)));
    if (told.bias) table.append(line("", told.operation === "scale" ? T.shift : T.bias, "", signed(told.bias)));
    return table;
  }

  function grids(told, term) {
    const { cells } = term, count = cells.patch.length, isSmall = count <= MOST_CELLS_WITH_ALL_NUMBERS, columns = cells.columns.length, isSum = told.operation === "sum";
    const products = cells.patch.map((v, k) => v * cells.kernel[k]);
    const reading = make("div", "reading", T.point), all = [];
    const isImage = h.isImage[cells.source];
    const low = Math.min(...cells.patch), high = Math.max(...cells.patch);
    const reach = (list) => Math.max(...list.map(Math.abs)) || 1;
    function grid(name, list, table, from, to, hasNumbers) {
      const figure = make("div", ""), body = make("div", `grid${hasNumbers ? " numbers" : ""}${isSmall ? "" : " many"}`);
      body.style.gridTemplateColumns = `repeat(${columns}, auto)`;
      list.forEach((v, k) => {
        const canGo = h.goes[cells.source] && !cells.padding[k];
        const cell = make(canGo ? "button" : "div", cells.padding[k] ? "value padding" : "value", hasNumbers ? short(v) : "");
        if (canGo) { cell.type = "button"; cell.tabIndex = -1; cell.onclick = () => goDown(cellTarget(cells, k)); }
        const color = tableColor(table, v, from, to);
        cell.style.setProperty("--length", cell.textContent.length);
        cell.style.background = `rgb(${color})`;
        cell.style.color = isDark(color) ? "#fff" : "#000";
        if (told.operation === "maximum" && cells.kernel[k]) cell.classList.add("winner");
        cell.onmouseenter = () => read(k); cell.onmouseleave = () => read(null);
        body.append(cell); all.push([k, cell]);
      });
      const label = make("div", "grid-name", name);
      label.title = name;
      figure.append(label, body);
      return figure;
    }
    function read(k) {
      for (const [other, cell] of all) cell.classList.toggle("same", other === k);
      reading.textContent = k === null ? T.point : cells.padding[k] ? T.isPadding
        : filled(isSum ? T.product : T.cell, { value: written(cells.patch[k]), weight: written(cells.kernel[k]), product: written(products[k]),
          row: cells.rows[Math.floor(k / columns)], column: cells.columns[k % columns] });
    }
    const [a, b] = low < 0 && !isImage ? [-reach(cells.patch), reach(cells.patch)] : isImage ? h.ranges[cells.source] : [Math.min(0, low), high];
    const table = isImage ? gray : low < 0 ? signs : viridis;
    const row = make("div", "grids");
    row.append(grid(term.label, cells.patch, table, a, b, isSmall || (!isSum && count <= MOST_CELLS_WITH_PRODUCTS)));
    if (isSum) row.append(
      make("span", "sign", "×"), grid(T.weights, cells.kernel, signs, -reach(cells.kernel), reach(cells.kernel), isSmall),
      make("span", "sign", "="), grid(T.products, products, signs, -reach(products), reach(products), count <= MOST_CELLS_WITH_PRODUCTS));
    return [row, reading];
  }

  const map = find(".map"), image = find(".photo");
  const take = (event, wait) => { const [x, y] = cellAt(event, map, h.columns, h.rows); go(y, x, wait); };
  map.onclick = (event) => take(event, 0);
  map.onmousemove = (event) => { if (event.buttons) take(event, SEND_AFTER); };
  map.onkeydown = (event) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault(); event.stopPropagation();
    go(at[0] + by[1], at[1] + by[0], SEND_AFTER);
  };
  image.onmousemove = (event) => point(...cellAt(event, image, h.width, h.height));
  image.onmouseleave = image.onblur = pointAway;
  image.onclick = (event) => { point(...cellAt(event, image, h.width, h.height)); if (pixel.middle) go(...pixel.middle, 0); };
  image.onkeydown = (event) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault(); event.stopPropagation();
    const [x, y] = pixel || [h.width >> 1, h.height >> 1];
    point(x + by[0], y + by[1]);
  };

  paintPhoto(image, photo, h.width, h.height);
  for (const canvas of [image, find(".crop")]) canvas.classList.toggle("sharp", h.isSharp || canvas !== image);
  paintPixels(map, h.columns, h.rows, (p) => (Number.isFinite(values[p]) ? tableColor(mapTable, values[p], h.low, h.high) : [0, 0, 0, 0]));
  paintPixels(find(".bar"), 256, 1, (p) => tableColor(mapTable, p, 0, 255));
  find(".reached").hidden = true;
  find(".photo-title").textContent = T.image;
  find(".map-title").textContent = find(".map-title").title = h.title;
  image.setAttribute("aria-label", T.imageHelp);
  map.setAttribute("aria-label", h.alt);
  find(".low").textContent = written(h.low); find(".high").textContent = written(h.high);
  draw();
}
