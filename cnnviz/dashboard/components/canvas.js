// What stands on a canvas: the pixels of an image, values as colors, and the cell that a pointer or a key means.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }; // columns, rows

// Red, green, blue, and opacity if it is not full, of each pixel in reading order: 0..255.
function paintPixels(canvas, columns, rows, colorAt) {
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows), out = image.data;
  for (let p = 0, q = 0; q < out.length; p++, q += 4) {
    const [red, green, blue, opacity = 255] = colorAt(p);
    out[q] = red; out[q + 1] = green; out[q + 2] = blue; out[q + 3] = opacity;
  }
  context.putImageData(image, 0, 0);
}

// An image of three bytes a pixel; large ones come often, so that no color is made for each pixel.
function paintPhoto(canvas, photo, columns, rows) {
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows), out = image.data;
  for (let p = 0, q = 0; q < out.length; p += 3, q += 4) {
    out[q] = photo[p]; out[q + 1] = photo[p + 1]; out[q + 2] = photo[p + 2]; out[q + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// Which of 256 colors a value has.
const levelOf = (value, low, high) => Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))));
function tableColor(table, value, low, high) {
  const c = 3 * levelOf(value, low, high);
  return [table[c], table[c + 1], table[c + 2]];
}
const isDark = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue < 128;

// Draws again when an element changes its size; what watched it with older data is let go.
const watchers = new WeakMap();
function watched(element, draw) {
  watchers.get(element)?.disconnect();
  const observer = new ResizeObserver(draw);
  watchers.set(element, observer);
  observer.observe(element);
  return observer;
}

// Column and row; outside of the canvas they are outside of the cells.
function cellAt(event, canvas, columns, rows) {
  const box = canvas.getBoundingClientRect();
  return [Math.floor(((event.clientX - box.left) / box.width) * columns), Math.floor(((event.clientY - box.top) / box.height) * rows)];
}
