export default function ({ data, parentElement }) {
  const { header: h, arrays: [photo] } = unpack(data);
  const canvas = parentElement.querySelector("canvas");
  canvas.width = h.width; canvas.height = h.height;
  canvas.classList.toggle("sharp", h.isSharp);
  canvas.setAttribute("aria-label", h.alt);
  const context = canvas.getContext("2d"), image = context.createImageData(h.width, h.height), out = image.data;
  for (let p = 0, q = 0; q < out.length; p += 3, q += 4) {
    out[q] = photo[p]; out[q + 1] = photo[p + 1]; out[q + 2] = photo[p + 2]; out[q + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
