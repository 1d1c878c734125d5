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

const TAPS = 7; // weights of a row that one pass takes: of most kernels all, so that a sum is written once

// The plane inside its frame of zeros, and a little more: what weights of zero read beyond it.
function framed(plane, rows, columns, v, h, slack) {
  const width = columns + h.total, inside = new Float32Array((rows + v.total) * width + slack);
  for (let y = 0; y < rows; y++) inside.set(plane.subarray(y * columns, (y + 1) * columns), (y + v.before) * width + h.before);
  return { inside, width };
}

// Adds one plane's cross-correlation to `sums`.
function correlate(sums, { inside, width }, kernel, v, h, stride, d) {
  for (let a = 0; a < kernel.length; a++) for (let b = 0; b < kernel[a].length; b += TAPS) {
    const [w0, w1 = 0, w2 = 0, w3 = 0, w4 = 0, w5 = 0, w6 = 0] = kernel[a].slice(b, b + TAPS);
    for (let i = 0; i < v.output; i++) {
      let p = (i * stride + a * d) * width + b * d;
      const end = (i + 1) * h.output;
      for (let o = i * h.output; o < end; o++, p += stride) {
        sums[o] += w0 * inside[p] + w1 * inside[p + d] + w2 * inside[p + 2 * d] + w3 * inside[p + 3 * d]
          + w4 * inside[p + 4 * d] + w5 * inside[p + 5 * d] + w6 * inside[p + 6 * d];
      }
    }
  }
}

const turned = (kernel) => kernel.map((row) => [...row].reverse()).reverse();
// The kernels as they are laid on the image: groups of one kernel a channel.
const laid = (s) => (s.flip ? s.kernels.map((group) => group.map(turned)) : s.kernels);

// Each group's channels are added; two groups, edges across each other, make one strength.
function slide(planes, rows, columns, s) {
  const [[first]] = s.kernels, v = along(rows, first.length, s.stride, s.padding, s.dilation);
  const h = along(columns, first[0].length, s.stride, s.padding, s.dilation), count = v.output * h.output;
  const frames = planes.map((plane) => framed(plane, rows, columns, v, h, TAPS * s.dilation));
  const [sums, across] = laid(s).map((group) => {
    const added = new Float32Array(count);
    group.forEach((kernel, c) => correlate(added, frames[c], kernel, v, h, s.stride, s.dilation));
    return added;
  });
  if (across) for (let o = 0; o < count; o++) sums[o] = Math.sqrt(sums[o] * sums[o] + across[o] * across[o]);
  return { sums, rows: v.output, columns: h.output, v, h };
}

// The sums with their bias, and after ReLU.
function activated(map, { bias, relu }) {
  const values = map.sums.slice();
  if (bias) for (let o = 0; o < values.length; o++) values[o] += bias;
  if (relu) for (let o = 0; o < values.length; o++) if (values[o] < 0) values[o] = 0;
  return { ...map, values };
}

function pooled(map, { pool, window, hop }) {
  const size = (length) => Math.max(0, Math.floor((length - window) / hop) + 1);
  const rows = size(map.rows), columns = size(map.columns), values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    let largest = -Infinity, sum = 0;
    for (let a = 0; a < window; a++) for (let b = 0; b < window; b++) {
      const value = map.values[(i * hop + a) * map.columns + j * hop + b];
      sum += value;
      if (value > largest) largest = value;
    }
    values[i * columns + j] = pool === "max" ? largest : sum / (window * window);
  }
  return { values, rows, columns };
}

// What one output is made of: for each group and channel its taps, and the sums up to the activation.
function takenApart(planes, rows, columns, s, v, h, row, column) {
  const groups = laid(s).map((group) => group.map((kernel, c) => kernel.flatMap((weights, a) => weights.map((weight, b) => {
    const y = row * s.stride - v.before + a * s.dilation, x = column * s.stride - h.before + b * s.dilation;
    const isInside = y >= 0 && y < rows && x >= 0 && x < columns, value = isInside ? planes[c][y * columns + x] : 0;
    return { y, x, isInside, value, weight, product: value * weight };
  }))));
  const total = (numbers) => numbers.reduce((sum, value) => sum + value, 0);
  const channelSums = groups.map((group) => group.map((taps) => total(taps.map((tap) => tap.product))));
  const groupSums = channelSums.map(total), sum = groupSums.length > 1 ? Math.hypot(...groupSums) : groupSums[0];
  return { groups, channelSums, groupSums, sum, value: s.relu ? Math.max(0, sum + s.bias) : sum + s.bias };
}
