const PAPER_HEIGHT = 930, PAPER_WIDTH = 700, SMALLEST = 0.3; // pixels inside the margins of A4, some spared for new line breaks
const TURNS = 8; // what gets smaller is laid out wider, so that an image hardly shrinks at each
const FIELDS = "input, textarea, select, [contenteditable=true], [role=combobox], [role=slider], [role=dialog] *";
const SCROLLS = { ArrowDown: 0.3, ArrowUp: -0.3, " ": 0.85, End: 100, Home: -100 }; // parts of the window
const kept = new WeakMap();

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".address");
  kept.get(place)?.();
  kept.set(place, listen(place, data.isPresenting, data.selectors));
}

function listen(place, isPresenting, its) { // its: selectors of Streamlit's and Plotly's own parts
  const main = () => document.querySelector(its.content), charts = () => main().querySelectorAll(`${its.plot} ${its.drawing}`);
  const button = (key) => document.querySelector(`.st-key-${key} button:not(:disabled)`);

  // The next layer or question where there is one, else the page's next view; with Shift at once the view.
  function step(way, isView) {
    const own = !isView && button(way > 0 ? "next" : "previous");
    if (own) return own.click();
    const views = [...document.querySelectorAll(`.st-key-view ${its.option}`)];
    const open = views.findIndex((view) => view.getAttribute("aria-checked") === "true");
    views[open + way]?.click();
  }
  function onKey(event) {
    if (!place.isConnected) return removeEventListener("keydown", onKey, true);
    const target = event.composedPath()[0], isTyping = target.matches?.(FIELDS), isArrow = event.key.startsWith("Arrow"), isFree = target === document.body;
    if (!isPresenting || isTyping || event.ctrlKey || event.altKey || event.metaKey || (isArrow && target.matches?.(`canvas, ${its.option}`))) return;
    const way = { PageDown: 1, ArrowRight: 1, PageUp: -1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") button("leave_presenter")?.click();
    if (!way && isFree && SCROLLS[event.key]) {
      event.preventDefault();
      document.querySelector(its.main).scrollBy({ top: SCROLLS[event.key] * innerHeight });
    }
    if (!way) return;
    event.preventDefault(); event.stopImmediatePropagation(); // else a page's own short cut would step as well
    step(way, event.shiftKey);
  }
  // What is printed is measured as it will be, and made to fit one page.
  function beforePrint() {
    if (!place.isConnected) return removeEventListener("beforeprint", beforePrint);
    place.textContent = location.href;
    const root = document.documentElement, content = main();
    root.classList.add("printing");
    let zoom = 1;
    for (let turn = 0; turn < TURNS; turn++) {
      content.style.setProperty("zoom", zoom);
      content.style.setProperty("width", `${PAPER_WIDTH / zoom}px`);
      const height = content.getBoundingClientRect().height;
      if (height <= PAPER_HEIGHT) break;
      zoom = Math.max(SMALLEST, zoom * Math.min(0.95, Math.sqrt(PAPER_HEIGHT / height)));
    }
    for (const chart of charts()) // drawn for the screen, and not again until it is printed
      chart.style.zoom = Math.min(1, chart.parentElement.offsetWidth / chart.offsetWidth);
  }
  function afterPrint() {
    if (!place.isConnected) return removeEventListener("afterprint", afterPrint);
    document.documentElement.classList.remove("printing");
    for (const name of ["zoom", "width"]) main().style.removeProperty(name);
    for (const chart of charts()) chart.style.removeProperty("zoom");
  }
  const listeners = [["keydown", onKey, true], ["beforeprint", beforePrint], ["afterprint", afterPrint]];
  for (const [name, handle, isFirst] of listeners) addEventListener(name, handle, isFirst);
  return () => { for (const [name, handle, isFirst] of listeners) removeEventListener(name, handle, isFirst); };
}
