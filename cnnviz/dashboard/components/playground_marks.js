// Where the window stands: drawn over the image, the output and the pooled map. `now` is what the playground shows:
// its settings `s`, what they give, and the image's values.
function drawMarks(now, row, column) {
  const { find, root, s, result, small, scales } = now, { v, h: w } = result, [rows, columns] = now.size;
  const stage = over(find(".input-figure .marks"), rows + v.total, columns + w.total);
  if (result.values.length) { fillWindow(stage, s, row * s.stride, column * s.stride); markStands(stage, s, v, w); }
  if (!now.isColor) numberImage(stage, now, getComputedStyle(root).colorScheme === "dark");
  const out = over(find(".output-figure .marks"), result.rows, result.columns);
  numberMap(out, result, scales.output);
  if (!result.values.length) return;
  frameWindow(stage, s, row * s.stride, column * s.stride, v, w);
  if (now.isPlaying) veil(out, row, column, getComputedStyle(root).getPropertyValue("--st-background-color") || "#888");
  frameCells(out, ...grown(out, column, row, 1, 1));
  if (small) markPooled(out, over(find(".pooled-figure .marks"), small.rows, small.columns), now, row, column);
}
// The image's values inside their frame of zeros; of the typed ones the fields say them already.
function numberImage(stage, { s, result, scales, values, size: [rows, columns] }, isDarkPage) {
  const { v, h: w } = result;
  const at = (y, x) => (y >= v.before && y < v.before + rows && x >= w.before && x < w.before + columns ? values[(y - v.before) * columns + x - w.before] : null);
  writeNumbers(stage, rows + v.total, columns + w.total, (y, x) => at(y, x) ?? 0,
    (y, x) => (at(y, x) === null ? isDarkPage : isDark(colorOf(scales.input, at(y, x)))), s.typed ? (y, x) => at(y, x) === null : undefined);
}
function numberMap(stage, { values, rows, columns }, scale) {
  writeNumbers(stage, rows, columns, (y, x) => values[y * columns + x], (y, x) => isDark(colorOf(scale, values[y * columns + x])));
}
// A frame that can be seen around what is smaller than a few pixels.
function grown(stage, column, row, columns, rows) {
  const least = 7 * stage.ratio, x = Math.max(0, least / stage.x - columns) / 2, y = Math.max(0, least / stage.y - rows) / 2;
  return [column - x, row - y, columns + 2 * x, rows + 2 * y];
}
// Where the windows stand, if some places are skipped.
function markStands(stage, s, v, w) {
  const apart = s.stride * Math.min(stage.x, stage.y);
  if (s.stride < 2 || apart < APART * stage.ratio) return;
  const aside = Math.min(stage.x, stage.y) < LEGIBLE * stage.ratio ? 0 : 0.35; // beside a cell's number
  for (let i = 0; i < v.output; i++) for (let j = 0; j < w.output; j++) {
    const x = j * s.stride + (w.span - 1) / 2 - aside, y = i * s.stride + (v.span - 1) / 2 - aside;
    dot(stage, x, y, aside ? 1.5 : Math.min(3, apart / stage.ratio / 5), true);
  }
}
function fillWindow({ context, x, y }, s, top, left) {
  context.fillStyle = "rgb(213 94 0 / 30%)";
  s.kernels[0][0].forEach((weights, a) => weights.forEach((_, b) => context.fillRect((left + b * s.dilation) * x, (top + a * s.dilation) * y, x, y)));
}
function frameWindow(stage, s, top, left, v, w) {
  const [[kernel]] = s.kernels, isApart = s.dilation > 1, pixels = Math.min(stage.x, stage.y) / stage.ratio;
  for (let a = 0; a < kernel.length; a++) for (let b = 0; b < kernel[0].length; b++) {
    const y = top + a * s.dilation, x = left + b * s.dilation;
    if (isApart && pixels < 2 * APART && pixels * s.dilation >= APART) dot(stage, x, y, 2, false);
    else if (isApart && pixels >= 2 * APART) frameCells(stage, x, y, 1, 1);
  }
  frameCells(stage, ...grown(stage, left, top, w.span, v.span), isApart);
}
// What the window has not reached yet, while it plays.
function veil({ context, x, y }, row, column, color) {
  context.fillStyle = color;
  context.fillRect((column + 1) * x, row * y, context.canvas.width, y + 1);
  context.fillRect(0, (row + 1) * y, context.canvas.width, context.canvas.height);
}
function markPooled(out, map, { s, small, scales }, row, column) {
  numberMap(map, small, scales.pooled);
  const [i, j] = [Math.floor(row / s.hop), Math.floor(column / s.hop)];
  if (i >= small.rows || j >= small.columns) return;
  frameCells(out, j * s.hop, i * s.hop, s.window, s.window, true);
  frameCells(map, ...grown(map, j, i, 1, 1));
}
