const kept = new WeakMap(); // where a person went, until the page has answered
const SEND_AFTER = 180, TINY = 0.04, MOST_CELLS_WITH_ALL_NUMBERS = 9, MOST_CELLS_WITH_PRODUCTS = 25;

const number = (v, digits = 3) => (v === null || !Number.isFinite(v) ? "–" : String(Number(v.toPrecision(digits))).replace("-", "−"));
const short = (v) => number(v, Math.abs(v) < 1 ? 2 : 3); // a cell is narrow
const exact = (v) => (v === null ? "–" : String(v).replace("-", "−"));
const signed = (v) => (v === null ? "–" : (v < 0 ? "− " : "+ ") + number(Math.abs(v)));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const counted = (pair, count, values) => fill(pair[count === 1 ? 0 : 1], { count: count.toLocaleString("en"), ...values });
const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

export default function ({ data, parentElement, setTriggerValue }) {
  const { header: h, arrays: [gray, viridis, signs, bytes, photo, rowBits, columnBits] } = unpack(data);
  const T = h.texts, find = (name) => parentElement.querySelector(name), root = find(".unit-view");
  const values = new Float32Array(bytes.buffer, 0, h.rows * h.columns);
  const memory = kept.get(root) || {};
  kept.set(root, memory);
  if (memory.of !== h.of) Object.assign(memory, { of: h.of, pending: null, term: 0 }); // another layer, channel or picture
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

  function paint(canvas, pixels, columns, rows) {
    canvas.width = columns; canvas.height = rows;
    const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
    for (let p = 0; p < columns * rows; p++) image.data.set(pixels(p), 4 * p);
    context.putImageData(image, 0, 0);
  }
  const pixelOf = (p) => [photo[3 * p], photo[3 * p + 1], photo[3 * p + 2], 255];
  function colourOf(v, table, low, high) {
    const c = 3 * Math.round(255 * Math.min(1, Math.max(0, (v - low) / (high - low || 1))));
    return [table[c], table[c + 1], table[c + 2], 255];
  }
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
    find(".photo-line").textContent = isWhole ? T.whole : size.height * size.width ? fill(T.field[size.height * size.width === 1 ? 0 : 1], size) : T.padding;
    find(".closer").hidden = isWhole || !(size.height * size.width);
    if (!find(".closer").hidden) {
      paint(find(".crop"), (p) => pixelOf((top + Math.floor(p / size.width)) * h.width + left + (p % size.width)), size.width, size.height);
      find(".crop-line").textContent = T.closer;
      find(".crop").setAttribute("aria-label", T.closer);
    }
    Object.assign(root.dataset, { field: [left, top, right, bottom].join(" ") });
  }
  function drawCell() {
    const [row, column] = at, value = values[row * h.columns + column];
    place(find(".cell"), column, row, 1, 1, h.columns, h.rows);
    find(".map-line").textContent = fill(h.isVector ? T.unit : T.here,
      { row, column, value: number(value), name: nameOf(row * h.columns + column) });
    Object.assign(root.dataset, { row, column, value });
  }
  const nameOf = (index) => h.names[index] ?? fill(T.number, { index });

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
    paint(find(".reached"), (p) => (inRows.has(Math.floor(p / h.columns)) && inColumns.has(p % h.columns) ? [0, 0, 0, 0] : [0, 0, 0, 165]), h.columns, h.rows);
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
    find(".own").textContent = fill(T.own, { own: exact(told.own) });
    root.dataset.own = told.own;
    drawDown(told.blocks[0]);
  }
  function drawDown(first) {
    const term = first.terms[0], target = term && (term.target || strongestCell(term));
    if (!target) return;
    const [source] = target, button = find(".down");
    button.hidden = false;
    button.disabled = !h.goes[source];
    button.textContent = h.goes[source] ? fill(T.down, { source: h.sources[source] }) : fill(T.bottom, { source: h.sources[source] });
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
    part.append(make("div", "how", fill(T.how[told.operation] || T.how.other, { name: told.operation })));
    if (told.formula) part.append(make("div", "formula", told.formula));
    const chosen = Math.min(index === 0 ? memory.term : 0, told.terms.length - 1);
    if (told.terms[chosen].cells) part.append(...grids(told, told.terms[chosen]));
    const isPooled = told.terms.length === 1 && ["maximum", "mean"].includes(told.operation) && told.terms[0].cells;
    if (!isPooled) part.append(ledger(told, chosen, isShare));
    const said = isShare ? shareText(told) : isPooled ? pooledText(told) : resultText(told);
    part.append(make("div", "result", said));
    return part;
  }
  const shareText = (told) => fill(T.shares[told.operation] || T.shares.other,
    { own: number(told.own, 4), total: number(told.total, 4), value: number(told.value, 4), name: told.operation });
  function pooledText({ operation, terms: [{ cells }], value }) {
    const counted = cells.patch.filter((_, k) => !cells.padding[k]), isShort = counted.length <= MOST_CELLS_WITH_ALL_NUMBERS;
    const joined = isShort ? counted.map((v) => number(v)).join(operation === "mean" ? " + " : ", ")
      : operation === "mean" ? number(counted.reduce((sum, v) => sum + v, 0)) : "…";
    if (operation === "maximum") return `max(${joined}) = ${number(value)}`;
    return `${isShort ? `(${joined})` : joined} / ${counted.length} = ${number(value)}`;
  }
  function resultText(told) {
    const x = number(told.before), y = number(told.value);
    return told.activation === "linear" ? fill(T.result, { value: y }) : fill(T.formulas[told.activation] || T.formulas.other, { x, y, name: told.activation });
  }

  function ledger(told, chosen, isShare) {
    const table = make("div", "ledger"), isOne = told.terms.length === 1 && told.rest.count === 0;
    const line = (className, ...parts) => { const row = make("div", `row ${className}`); row.append(...parts.map((text) => make("span", "", text))); return row; };
    for (const [position, term] of told.terms.entries()) {
      const weighed = isShare ? fill(T.power, { score: number(term.value), largest: number(told.largest) })
        : term.weight === null || told.operation === "maximum" ? "" : `${number(term.value)} × ${number(term.weight)}`;
      const canGo = !term.cells && term.target && h.goes[term.target[0]];
      const row = make(term.cells || canGo ? "button" : "div", term.isOwn ? "row own-term" : "row");
      if (row.tagName === "BUTTON") row.type = "button";
      row.append(make("span", "", term.label), make("span", "", weighed), make("span", "", isShare || isOne ? number(term.product) : signed(term.product)));
      row.firstChild.title = term.label;
      if (term.cells && told.terms.length > 1) {
        row.setAttribute("aria-pressed", position === chosen);
        row.onclick = () => { memory.term = position; drawSum(); };
      } else if (canGo) { row.title = fill(T.down, { source: h.sources[term.target[0]] }); row.onclick = () => goDown(term.target); }
      table.append(row);
    }
    if (told.rest.count) table.append(line("", counted(T.rest, told.rest.count, {}), "", isShare ? number(told.rest.sum) : signed(told.rest.sum)));
    if (!isOne && (isShare || told.bias || told.activation !== "linear")) table.append(line("total", isShare ? T.together : T.sum, "", number(told.total)));
    if (told.bias) table.append(line("", told.operation === "scale" ? T.shift : T.bias, "", signed(told.bias)));
    return table;
  }

  function grids(told, term) {
    const { cells } = term, count = cells.patch.length, isSmall = count <= MOST_CELLS_WITH_ALL_NUMBERS, columns = cells.columns.length, isSum = told.operation === "sum";
    const products = cells.patch.map((v, k) => v * cells.kernel[k]);
    const reading = make("div", "reading", T.point), all = [];
    const isPicture = h.isPicture[cells.source];
    const low = Math.min(...cells.patch), high = Math.max(...cells.patch);
    const reach = (list) => Math.max(...list.map(Math.abs)) || 1;
    function grid(name, list, table, from, to, hasNumbers) {
      const figure = make("div", ""), body = make("div", `grid${hasNumbers ? " numbers" : ""}${isSmall ? "" : " many"}`);
      body.style.gridTemplateColumns = `repeat(${columns}, auto)`;
      list.forEach((v, k) => {
        const canGo = h.goes[cells.source] && !cells.padding[k];
        const cell = make(canGo ? "button" : "div", cells.padding[k] ? "value padding" : "value", hasNumbers ? short(v) : "");
        if (canGo) { cell.type = "button"; cell.tabIndex = -1; cell.onclick = () => goDown(cellTarget(cells, k)); }
        const colour = colourOf(v, table, from, to);
        cell.style.background = `rgb(${colour.slice(0, 3)})`;
        cell.style.color = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 130 ? "#000" : "#fff";
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
        : fill(isSum ? T.product : T.cell, { value: number(cells.patch[k]), weight: number(cells.kernel[k]), product: number(products[k]),
          row: cells.rows[Math.floor(k / columns)], column: cells.columns[k % columns] });
    }
    const [a, b] = low < 0 && !isPicture ? [-reach(cells.patch), reach(cells.patch)] : isPicture ? h.ranges[cells.source] : [Math.min(0, low), high];
    const table = isPicture ? gray : low < 0 ? signs : viridis;
    const row = make("div", "grids");
    row.append(grid(term.label, cells.patch, table, a, b, isSmall || (!isSum && count <= MOST_CELLS_WITH_PRODUCTS)));
    if (isSum) row.append(
      make("span", "sign", "×"), grid(T.weights, cells.kernel, signs, -reach(cells.kernel), reach(cells.kernel), isSmall),
      make("span", "sign", "="), grid(T.products, products, signs, -reach(products), reach(products), count <= MOST_CELLS_WITH_PRODUCTS));
    return [row, reading];
  }

  const cellAt = (event, canvas, columns, rows) => { const r = canvas.getBoundingClientRect();
    return [Math.floor(((event.clientX - r.left) / r.width) * columns), Math.floor(((event.clientY - r.top) / r.height) * rows)]; };
  const step = (event) => ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
  const map = find(".map"), picture = find(".photo");
  const take = (event, wait) => { const [x, y] = cellAt(event, map, h.columns, h.rows); go(y, x, wait); };
  map.onclick = (event) => take(event, 0);
  map.onmousemove = (event) => { if (event.buttons) take(event, SEND_AFTER); };
  map.onkeydown = (event) => {
    const by = step(event);
    if (!by) return;
    event.preventDefault(); event.stopPropagation();
    go(at[0] + by[1], at[1] + by[0], SEND_AFTER);
  };
  picture.onmousemove = (event) => point(...cellAt(event, picture, h.width, h.height));
  picture.onmouseleave = picture.onblur = pointAway;
  picture.onclick = (event) => { point(...cellAt(event, picture, h.width, h.height)); if (pixel.middle) go(...pixel.middle, 0); };
  picture.onkeydown = (event) => {
    const by = step(event);
    if (!by) return;
    event.preventDefault(); event.stopPropagation();
    const [x, y] = pixel || [h.width >> 1, h.height >> 1];
    point(x + by[0], y + by[1]);
  };

  paint(picture, pixelOf, h.width, h.height);
  for (const canvas of [picture, find(".crop")]) canvas.classList.toggle("sharp", h.isSharp || canvas !== picture);
  paint(map, (p) => (Number.isFinite(values[p]) ? colourOf(values[p], mapTable, h.low, h.high) : [0, 0, 0, 0]), h.columns, h.rows);
  paint(find(".bar"), (p) => colourOf(p, mapTable, 0, 255), 256, 1);
  find(".reached").hidden = true;
  find(".photo-title").textContent = T.picture;
  find(".map-title").textContent = find(".map-title").title = h.title;
  picture.setAttribute("aria-label", T.pictureHelp);
  map.setAttribute("aria-label", h.alt);
  find(".low").textContent = number(h.low); find(".high").textContent = number(h.high);
  draw();
}
