"use strict";
// The weights of a stage, out of the text of the page.
//
// A model's weights are one run of numbers, tensor after tensor as `layout` lists them: [[name, rows, columns], …]. A stage
// says how its numbers are written, and a block of the page with the id `data` holds them in base64, low byte first:
//
//   {"code": "float32", "data": id}   four bytes a number: the very weights of the run
//   {"code": "float16", "data": id}   two bytes a number (IEEE 754 binary16)
//   {"code": "rounded", "data": id, "after": s}
//                                     what each number adds to its value at stage s (nothing before it: null), as a whole
//                                     multiple of the tensor's step, which the run has in `roundingSteps`
//
// Multiples n are written with Rice's code, tensor by tensor: five bits that say how many low bits r the tensor's numbers
// have, then for each number u = 2n for n ≥ 0 and −2n − 1 otherwise: u >> r ones, a zero, and the r low bits of u, the
// highest first. Bits fill each byte from its highest.

const Weights = (() => {
  /** The bytes of a block of the page. */
  function bytes(text) {
    const binary = atob(text.trim());
    const result = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) result[i] = binary.charCodeAt(i);
    return result;
  }

  function float32(data, count) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = view.getFloat32(4 * i, true);
    return values;
  }

  function float16(data, count) {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const bits = data[2 * i] | (data[2 * i + 1] << 8);
      const sign = bits & 0x8000 ? -1 : 1;
      const exponent = (bits >> 10) & 0x1f;
      const fraction = bits & 0x3ff;
      if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
      else if (exponent === 31) values[i] = fraction ? NaN : sign * Infinity;
      else values[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
    }
    return values;
  }

  /** Adds whole multiples of each tensor's step to the values. */
  function addRounded(data, layout, steps, values) {
    let place = 0;
    let bit = 0;
    const next = () => {
      const value = (data[place] >> (7 - bit)) & 1;
      if (++bit === 8) { bit = 0; place++; }
      return value;
    };
    const read = (count) => {
      let value = 0;
      for (let i = 0; i < count; i++) value = (value << 1) | next();
      return value;
    };
    let index = 0;
    layout.forEach(([, rows, columns], tensor) => {
      const low = read(5);
      const step = steps[tensor];
      for (const end = index + rows * columns; index < end; index++) {
        let high = 0;
        while (next()) high++;
        const u = high * 2 ** low + read(low);
        values[index] = Math.fround(values[index] + step * (u % 2 ? -(u + 1) / 2 : u / 2));
      }
    });
  }

  /** How many numbers a model of this layout has. */
  const count = (layout) => layout.reduce((sum, [, rows, columns]) => sum + rows * columns, 0);

  /**
   * The weights of stage `index` of a run; stages that it builds on are made first, and each is made once.
   * `text` gives the base64 of a block.
   */
  function stage(run, index, text) {
    run.decoded = run.decoded || [];
    if (run.decoded[index]) return run.decoded[index];
    const code = run.stages[index].weights;
    const size = count(run.layout);
    let values;
    if (code.code === "rounded") {
      values = code.after === null ? new Float32Array(size) : stage(run, code.after, text).slice();
      addRounded(bytes(text(code.data)), run.layout, run.roundingSteps, values);
    } else {
      values = (code.code === "float16" ? float16 : float32)(bytes(text(code.data)), size);
    }
    run.decoded[index] = values;
    return values;
  }

  return { stage, count };
})();
