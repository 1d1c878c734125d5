// How settings and position stand in a link: "vsobel-x~s2~psame~a12_30". What is usual is left out; what is no
// setting is passed over, since a link may come from anywhere.
const SIDES = [3, 4, 5, 6, 7, 8, 10, 12], COUNTS = [1, 2, 3, 4], WINDOWS = [2, 3, 4, 5, 6, 7, 8];
const PADDINGS = ["0", "same", "1", "2", "3"], MOST = 1e6, LARGEST = 16;

const NUMBER = /^-?\d{1,9}(\.\d{1,9})?(e-?\d{1,2})?$/; // as `short` writes them
const counted = (text, options) => (/^\d{1,2}$/.test(text) && options.includes(Number(text)) ? Number(text) : undefined);
const numbers = (text) => {
  const parts = text.split("_"), found = parts.map(Number);
  return parts.every((part) => NUMBER.test(part)) && found.every((n) => Math.abs(n) <= MOST) ? found : undefined;
};
const short = (value) => String(Number(value.toPrecision(6)));
const rowsOf = (values, columns) => Array.from({ length: values.length / columns }, (_, y) => values.slice(y * columns, (y + 1) * columns));

function usual(h) {
  return { preset: h.presets[0].name, kernels: kernelsOf(h.presets[0].kernels, 1), filter: 0, typed: null, isColor: false, stride: 1,
    padding: "0", dilation: 1, flip: false, bias: 0, relu: false, pool: "none", window: 2, hop: 2, at: null };
}
// The same kernel for each channel; each group is for itself.
const kernelsOf = (grids, channels) => grids.map((grid) => Array.from({ length: channels }, () => grid.map((row) => [...row])));
const filterOf = (h, n) => [h.filters.kernels[n].map((grid) => grid.map((row) => [...row]))];

function linkOf(s, h) {
  const own = () => { const [[k]] = s.kernels;
    return ["k" + [k.length, k[0].length, s.kernels.length, s.kernels[0].length].join("_"), ...s.kernels.flat(3).map(short)].join("_"); };
  const kernel = s.preset === "" ? own() : s.preset === "filter" ? `n${s.filter}` : s.preset === h.presets[0].name ? "" : `v${s.preset}`;
  return [kernel, s.isColor && "c", s.typed && ["t" + s.typed.length, ...s.typed.flat().map(short)].join("_"), s.stride > 1 && `s${s.stride}`,
    s.padding !== "0" && `p${s.padding}`, s.dilation > 1 && `d${s.dilation}`, s.flip && "f", s.bias && `b${short(s.bias)}`, s.relu && "r",
    s.pool !== "none" && `m${s.pool}_${s.window}_${s.hop}`, s.at && `a${s.at.join("_")}`].filter(Boolean).join("~");
}

function settingsOf(link, h) {
  const s = usual(h), read = {
    c: (text) => { if (text === "") s.isColor = true; },
    s: (text) => { s.stride = counted(text, COUNTS) || s.stride; },
    d: (text) => { s.dilation = counted(text, COUNTS) || s.dilation; },
    p: (text) => { if (PADDINGS.includes(text)) s.padding = text; },
    f: (text) => { if (text === "") s.flip = true; },
    r: (text) => { if (text === "") s.relu = true; },
    b: (text) => { const [bias] = numbers(text) || []; if (bias !== undefined) s.bias = bias; },
    a: (text) => { const at = numbers(text); if (at && at.length === 2 && at.every((n) => Number.isInteger(n) && n >= 0)) s.at = at; },
    m: (text) => { const [pool, window = "", hop = ""] = text.split("_"), w = counted(window, WINDOWS), o = counted(hop, [1, ...WINDOWS]);
      if (["max", "average"].includes(pool) && w && o) Object.assign(s, { pool, window: w, hop: o }); },
    t: (text) => { const [side, ...values] = numbers(text) || [];
      if (SIDES.includes(side) && values.length === side * side) s.typed = rowsOf(values, side); },
    v: (name) => { const found = h.presets.find((p) => p.name === name); if (found) Object.assign(s, { preset: name, grids: found.kernels }); },
    n: (text) => { const n = Number(text);
      if (/^\d{1,5}$/.test(text) && h.filters && h.filters.kernels[n]) Object.assign(s, { preset: "filter", filter: n, grids: null }); },
    k: (text) => { const [rows, columns, groups, channels, ...values] = numbers(text) || [];
      const isSize = [rows, columns].every((n) => n >= 1 && n <= LARGEST && Number.isInteger(n)) && [1, 2].includes(groups) && [1, 3].includes(channels);
      if (isSize && values.length === rows * columns * groups * channels) {
        const grids = rowsOf(rowsOf(values, columns), rows);
        Object.assign(s, { preset: "", kernels: rowsOf(grids, channels), grids: null });
      } },
  };
  for (const field of link.split("~")) if (Object.hasOwn(read, field[0] || "")) read[field[0]](field.slice(1));
  if (s.typed) s.isColor = false;
  if (s.grids) s.kernels = kernelsOf(s.grids, 1);
  if (s.preset === "filter") s.kernels = filterOf(h, s.filter);
  delete s.grids;
  return withChannels(s, s.isColor ? 3 : 1);
}

// One kernel a channel. A gray image is the same in all channels, so their kernels added do what they did apart.
function withChannels(s, channels) {
  s.kernels = s.kernels.map((group) => {
    if (group.length === channels) return group;
    if (channels > 1) return kernelsOf([group[0]], channels)[0];
    const isSame = group.every((kernel) => String(kernel) === String(group[0]));
    return [isSame ? group[0] : group[0].map((row, a) => row.map((_, b) => group.reduce((sum, kernel) => sum + kernel[a][b], 0)))];
  });
  return s;
}
