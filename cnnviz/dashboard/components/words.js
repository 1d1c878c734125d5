// How texts and numbers are written; every word comes from the page.
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
// A number in so many digits, with a true minus; a dash where there is none.
const written = (value, digits = 3) =>
  (value === null || !Number.isFinite(value) ? "–" : String(Number(value.toPrecision(digits))).replace("-", "−"));
