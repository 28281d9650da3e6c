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
// How multiples are packed is told at the head of AdaptiveCode.swift: each is a few decisions between 1 and 0, which a range
// decoder takes out of the bytes by guesses that learn from those before.

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

  // Guesses by their numbers: of a number's bits, counted in ones; of the first two below the highest; of the others; of the sign.
  const TREE = 16 * 32;
  const REST = TREE + 4 * 32;
  const SIGN = REST + 32;
  const bitsOf = (value) => 32 - Math.clz32(value);

  /** A function that gives the decisions in the bytes one after another, each by the number of its guess. */
  function decisions(data) {
    const guesses = new Uint16Array(SIGN + 1).fill(1 << 15);
    const counts = new Uint8Array(SIGN + 1);
    // Value and range, whole numbers of 32 bits: browsers are quicker with them in an array than in variables.
    const state = Uint32Array.of((data[0] << 24) | (data[1] << 16) | (data[2] << 8) | data[3], 0xffffffff);
    let place = 4;
    return (index) => {
      let value = state[0];
      let range = state[1];
      const p = guesses[index];
      const bound = (range >>> 16) * p;
      const isOne = value < bound;
      if (isOne) range = bound;
      else { value -= bound; range -= bound; }
      const count = counts[index] < 64 ? ++counts[index] : 64;
      const shift = Math.min(7, bitsOf(count));
      const next = isOne ? p + ((65536 - p) >> shift) : p - (p >> shift);
      guesses[index] = next < 32 ? 32 : next > 65504 ? 65504 : next;
      while (range < 1 << 24) {
        range = (range << 8) >>> 0;
        value = ((value << 8) | data[place++]) >>> 0;
      }
      state[0] = value;
      state[1] = range;
      return isOne ? 1 : 0;
    };
  }

  /** Adds whole multiples of each tensor's step to the values. */
  function addRounded(data, layout, steps, values) {
    const next = decisions(data);
    let size = 0;
    let index = 0;
    layout.forEach(([, rows, columns], tensor) => {
      const step = steps[tensor];
      for (const end = index + rows * columns; index < end; index++) {
        const b = bitsOf(size);
        const context = size < 4 ? 0 : Math.min(15, 2 * (b - 2) - 1 + ((size >> (b - 2)) & 1));
        let bits = 0;
        while (next(context * 32 + bits)) bits++;
        let magnitude = bits > 0 ? 1 : 0;
        for (let i = 1; i < bits; i++) {
          magnitude = 2 * magnitude + next(magnitude < 4 ? TREE + 4 * bits + magnitude : REST + bits);
        }
        if (bits > 0) {
          values[index] = Math.fround(values[index] + step * (next(SIGN) ? -magnitude : magnitude));
        }
        size += (64 * Math.min(magnitude, 1023) - size) >> 4;
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
