// How one output comes about, line by line: class of the line, and its text.
function sumsInWords(T, s, small, { groups, channelSums, groupSums, sum, value }, row, column) {
  const lines = [], [[taps]] = groups, biased = sum + s.bias;
  if (groups.flat().length === 1 && taps.length <= 9) {
    lines.push(["products-line", taps.map((tap, n) => (n && tap.product >= 0 ? "+ " : "") + shown(tap.product).replace(/^−/, n ? "− " : "−")).join(" ")]);
  }
  if (channelSums[0].length > 1) channelSums.forEach(([red, green, blue], g) => lines.push(["", filled(T.colors, { red: shown(red), green: shown(green), blue: shown(blue), sum: shown(groupSums[g]) })]));
  if (groups.length > 1) lines.push(["", filled(T.strength, { first: shown(groupSums[0]), second: shown(groupSums[1]), sum: shown(sum) })]);
  if (groups.flat().length === 1) lines.push(["", filled(T.sum, { sum: shown(sum) })]);
  if (s.bias) lines.push(["", filled(T.biased, { sum: shown(sum), bias: shown(s.bias), value: shown(biased) })]);
  if (s.relu) lines.push(["", filled(T.rectified, { sum: shown(biased), value: shown(value) })]);
  const [i, j] = [Math.floor(row / s.hop), Math.floor(column / s.hop)];
  if (small && i < small.rows && j < small.columns) {
    lines.push(["", filled(s.pool === "max" ? T.largest : T.mean, { count: s.window * s.window, value: shown(small.values[i * small.columns + j]) })]);
  }
  return lines;
}
