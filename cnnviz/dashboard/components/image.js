export default function ({ data, parentElement }) {
  const { header: h, arrays: [photo] } = unpack(data);
  const canvas = parentElement.querySelector("canvas");
  canvas.classList.toggle("sharp", h.isSharp);
  canvas.setAttribute("aria-label", h.alt);
  paintPhoto(canvas, photo, h.width, h.height);
}
