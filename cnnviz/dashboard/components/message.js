// Takes a message apart: a JSON header and its arrays of bytes.
function unpack(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const arrays = [];
  let start = 4 + length;
  for (const size of header.sizes) {
    arrays.push(bytes.slice(start, start + size));
    start += size;
  }
  return { header, arrays };
}
