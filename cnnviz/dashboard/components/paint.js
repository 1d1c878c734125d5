const kept = new WeakMap(); // what is painted and with what; a run of the page may come while the pen is down

export default function ({ data, parentElement, setTriggerValue }) {
  const { header: h, arrays: [photo] } = unpack(data), T = h.texts;
  const find = (name) => parentElement.querySelector(name);
  const root = find(".paint"), under = find(".under"), over = find(".over"), ring = find(".ring"), size = find("input");
  if (!kept.has(root)) kept.set(root, { strokes: [], history: [], given: "", sent: [], width: h.brush, isErasing: false, at: null, current: null });
  const s = kept.get(root), context = over.getContext("2d");

  // The server's answer to what was sent from here comes late: a newer stroke must not vanish by it.
  const given = JSON.stringify(h.strokes), echo = s.sent.indexOf(given);
  if (echo >= 0) s.sent.splice(0, echo + 1);
  else if (given !== s.given) { s.strokes = h.strokes; s.history = []; s.sent = []; }
  s.given = given;

  function line([width, isErasing, points]) {
    context.globalCompositeOperation = isErasing ? "destination-out" : "source-over";
    context.strokeStyle = `rgb(${h.ink.join(" ")})`;
    context.lineWidth = width; context.lineCap = "round"; context.lineJoin = "round";
    context.beginPath();
    context.moveTo(points[0], points[1]);
    for (let p = 0; p < points.length; p += 2) context.lineTo(points[p] + (p ? 0 : 0.01), points[p + 1]); // a dot is a line too
    context.stroke();
  }
  function draw() {
    context.clearRect(0, 0, h.columns, h.rows);
    for (const stroke of s.current ? [...s.strokes, s.current] : s.strokes) line(stroke);
    find(".undo").disabled = !s.strokes.length && !s.history.length;
    find(".clear").disabled = !s.strokes.length;
    find(".brush").setAttribute("aria-pressed", !s.isErasing);
    find(".eraser").setAttribute("aria-pressed", s.isErasing);
    root.dataset.strokes = s.strokes.length;
  }
  function change(strokes) {
    s.strokes = strokes;
    s.sent.push(JSON.stringify(strokes));
    draw();
    setTriggerValue("painted", { strokes });
  }
  const round = (v) => Math.round(100 * v) / 100;
  function move(x, y) {
    s.at = [x, y];
    const scale = over.clientWidth / h.columns;
    Object.assign(ring.style, { display: "block", left: x * scale + "px", top: y * scale + "px",
      width: s.width * scale + "px", height: s.width * scale + "px" });
    if (!s.current) return;
    const points = s.current[2], [lastX, lastY] = points.slice(-2);
    if (Math.hypot(x - lastX, y - lastY) >= Math.max(0.2, s.width / 16)) { points.push(round(x), round(y)); draw(); }
  }
  function lower([x, y], isErasing = s.isErasing) { s.current = [round(s.width), isErasing, [round(x), round(y)]]; draw(); }
  function lift() {
    if (!s.current) return;
    const stroke = s.current;
    s.current = null;
    s.history.push(s.strokes);
    change([...s.strokes, stroke]);
  }
  function undo() {
    if (s.history.length) change(s.history.pop());
    else if (s.strokes.length) change(s.strokes.slice(0, -1));
  }
  function resize(width) { s.width = Math.min(h.most, Math.max(h.least, width)); size.value = s.width; if (s.at) move(...s.at); }

  const at = (event) => { const box = over.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * h.columns, ((event.clientY - box.top) / box.height) * h.rows]; };
  const PEN_ERASER = 32;
  over.onpointerdown = (event) => {
    if (!event.isPrimary || (event.button !== 0 && !(event.buttons & PEN_ERASER))) return;
    event.preventDefault(); over.focus({ preventScroll: true }); over.setPointerCapture(event.pointerId);
    move(...at(event));
    lower(s.at, s.isErasing || Boolean(event.buttons & PEN_ERASER));
  };
  over.onpointermove = (event) => { if (event.isPrimary) for (const one of event.getCoalescedEvents?.() || [event]) move(...at(one)); };
  over.onpointerup = lift; over.onpointercancel = lift;
  over.onpointerleave = () => { if (!s.current) ring.style.display = "none"; };
  over.onblur = () => { lift(); ring.style.display = "none"; };
  over.onkeydown = (event) => {
    const step = ARROWS[event.key];
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (!step && !isUndo && ![" ", "+", "-"].includes(event.key)) return;
    event.preventDefault(); event.stopPropagation();
    if (isUndo) return undo();
    if (!s.at) move(h.columns / 2, h.rows / 2);
    if (event.key === "+" || event.key === "-") return resize(s.width * (event.key === "+" ? 1.25 : 0.8));
    if (event.key === " ") { lower(s.at); return lift(); }
    if (event.shiftKey && !s.current) lower(s.at);
    const stride = Math.max(1, Math.max(h.rows, h.columns) / 56), clamp = (v, most) => Math.min(most, Math.max(0, v));
    move(clamp(s.at[0] + stride * step[0], h.columns), clamp(s.at[1] + stride * step[1], h.rows));
  };
  over.onkeyup = (event) => { if (event.key === "Shift") lift(); };
  find(".brush").onclick = () => { s.isErasing = false; draw(); };
  find(".eraser").onclick = () => { s.isErasing = true; draw(); };
  find(".undo").onclick = undo;
  find(".clear").onclick = () => { s.history.push(s.strokes); change([]); };
  Object.assign(size, { min: h.least, max: h.most, step: (h.most - h.least) / 50, oninput: () => resize(size.valueAsNumber) });
  size.value = s.width;

  root.style.maxWidth = h.width + "px";
  for (const canvas of [under, over]) canvas.classList.toggle("sharp", h.isSharp);
  if (over.width !== h.columns || over.height !== h.rows) { over.width = h.columns; over.height = h.rows; }
  paintPhoto(under, photo, h.columns, h.rows);
  over.setAttribute("aria-label", h.title); over.setAttribute("aria-description", T.hint);
  find(".tools").setAttribute("aria-label", h.title);
  for (const name of ["brush", "eraser", "undo", "clear"]) find("." + name).textContent = T[name];
  find(".size span").textContent = T.size; size.setAttribute("aria-label", T.size);
  draw();
}
