const SMALL = 100;  // pixels a side, under which they stay squares

export default function ({ data, parentElement, setTriggerValue }) {
  const { header: h, arrays: [photo] } = unpack(data), t = h.texts;
  const canvas = parentElement.querySelector("canvas"), stage = parentElement.querySelector(".stage");
  const caption = parentElement.querySelector("figcaption"), table = parentElement.querySelector("table");
  const element = (name, text = "", classes = "") => Object.assign(document.createElement(name), { textContent: text, className: classes });

  // Each layer's field around the same pixel in the middle; what reaches beyond the image is cut off.
  function frame(row, i) {
    const box = element("div", "", i === h.picked ? "field picked" : "field");
    const place = (field, whole) => {
      const from = Math.max(0, Math.floor((whole - field) / 2)), to = Math.min(whole, from + field);
      return [100 * from / whole, 100 * (to - from) / whole];
    };
    const [top, height] = place(row.field ?? h.height, h.height), [left, width] = place(row.field ?? h.width, h.width);
    Object.assign(box.style, { top: top + "%", height: height + "%", left: left + "%", width: width + "%" });
    return box;
  }
  function line(row, i) {
    const tr = element("tr", "", i === h.picked ? "picked" : ""), name = document.createElement("th");
    const choose = element("button", row.name, "choose"), remove = element("button", "×", "remove");
    name.scope = "row";
    choose.type = remove.type = "button";
    choose.setAttribute("aria-pressed", i === h.picked);
    remove.setAttribute("aria-label", filled(t.remove, { layer: row.name })); remove.title = remove.getAttribute("aria-label");
    remove.onclick = (event) => { event.stopPropagation(); setTriggerValue("removed", i); };
    tr.onclick = () => setTriggerValue("picked", i);
    name.append(choose);
    const parameters = element("td", row.parameters, "parameters");
    parameters.style.setProperty("--share", 100 * row.share + "%");
    const last = element("td"); last.append(remove);
    tr.append(name, element("td", row.output), parameters, element("td", row.multiplications, "wide"), element("td", row.seen), last);
    return tr;
  }
  const head = element("tr");
  for (const [name, classes] of [["layer", ""], ["output", ""], ["parameters", ""], ["multiplications", "wide"], ["field", ""]]) {
    const th = element("th", t[name], classes); th.scope = "col"; head.append(th);
  }
  head.append(element("td"));
  const foot = element("tr", "", "total");
  foot.append(element("th", t.total), element("td"), element("td", h.totals.parameters), element("td", h.totals.multiplications, "wide"), element("td"), element("td"));
  table.replaceChildren(head, ...h.rows.map(line), foot);
  canvas.classList.toggle("sharp", Math.max(h.width, h.height) < SMALL);
  paintPhoto(canvas, photo, h.width, h.height);
  stage.replaceChildren(canvas, ...h.rows.map(frame));
  const row = h.rows[h.picked];
  caption.textContent = row ? filled(t.caption, { layer: row.name, field: row.seen }) : "";
  canvas.setAttribute("aria-label", t.alt + " " + caption.textContent);
}
