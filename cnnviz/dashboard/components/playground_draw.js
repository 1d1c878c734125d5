// What is drawn on the canvases: values as colors, their numbers, windows, and dots where a window reads.
const LEGIBLE = 14, LARGEST_TYPE = 22, APART = 6; // pixels of the screen: cells for a number, its type, dots that do not run together

const shown = (v) => written(v, 4);
const brief = (v) => String(Number(v.toPrecision(3))).replace(/^(-?)0\./, "$1.");
const compact = (v) => (Math.abs(v) < 100 ? brief(v).replace("-", "−") : shown(v));

// The scale of a map: gray from zero, or signed around zero.
function scaleOf(values) {
  let low = 0, high = 0;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  const reach = Math.max(-low, high) || 1;
  return { low: low < 0 ? -reach : 0, high: reach, isSigned: low < 0 };
}

// The color of a value: of a map, or of one channel of an image.
function colorOf({ low, high, table }, value, channel = null) {
  if (channel === null) return tableColor(table, value, low, high);
  return [0, 1, 2].map((other) => (other === channel ? levelOf(value, low, high) : 0));
}

function paintMap(canvas, map, table, { low, high }) {
  canvas.width = Math.max(1, map.columns); canvas.height = Math.max(1, map.rows);
  if (!map.values.length) return;
  const context = canvas.getContext("2d"), image = context.createImageData(map.columns, map.rows);
  const out = new Uint32Array(image.data.buffer), colors = new Uint32Array(256), factor = 255 / (high - low || 1);
  for (let c = 0; c < 256; c++) colors[c] = (255 << 24) | (table[3 * c + 2] << 16) | (table[3 * c + 1] << 8) | table[3 * c];
  for (let p = 0; p < out.length; p++) {
    const c = (map.values[p] - low) * factor;
    out[p] = colors[c <= 0 ? 0 : c >= 255 ? 255 : (c + 0.5) | 0];
  }
  context.putImageData(image, 0, 0);
}

// A fine canvas over a stage of so many cells: its context, and how many of its pixels a cell has.
function over(canvas, rows, columns) {
  const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, x: width / Math.max(1, columns), y: height / Math.max(1, rows), ratio };
}

function frameCells({ context, x, y, ratio }, column, row, columns, rows, isFaint) {
  const box = [column * x, row * y, columns * x, rows * y];
  for (const [style, width] of [["#000", isFaint ? 3 : 5], ["#fff", isFaint ? 1 : 2.5]]) {
    context.lineWidth = width * ratio; context.strokeStyle = style;
    context.setLineDash(isFaint ? [5 * ratio, 4 * ratio] : []);
    context.strokeRect(...box);
  }
  context.setLineDash([]);
}

function dot({ context, x, y, ratio }, column, row, radius, isFaint) {
  context.beginPath();
  context.arc((column + 0.5) * x, (row + 0.5) * y, radius * ratio, 0, 2 * Math.PI);
  context.fillStyle = isFaint ? "rgb(255 255 255 / 45%)" : "#fff";
  context.strokeStyle = isFaint ? "rgb(0 0 0 / 45%)" : "#000";
  context.lineWidth = ratio; context.fill(); context.stroke();
}

// Numbers in the cells of a small map.
function writeNumbers({ context, x, y, ratio }, rows, columns, valueAt, isDark, isWritten = () => true) {
  if (Math.min(x, y) < LEGIBLE * ratio) return;
  context.textAlign = "center"; context.textBaseline = "middle";
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    if (!isWritten(row, column)) continue;
    const text = shown(valueAt(row, column));
    context.font = `${Math.min(LARGEST_TYPE * ratio, 0.55 * y, (1.25 * x) / Math.max(3, text.length))}px system-ui, sans-serif`;
    context.fillStyle = isDark(row, column) ? "#fff" : "#000";
    context.fillText(text, (column + 0.5) * x, (row + 0.5) * y);
  }
}
