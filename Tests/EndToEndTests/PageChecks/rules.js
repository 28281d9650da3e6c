// node rules.js FOLDER: the rules of the page's scripts, each with numbers small enough to check by hand. FOLDER has the
// scripts; what they need of a browser or of each other is stood in for. Prints the names of the rules that do not hold.
"use strict";
const fs = require("fs");
const assert = require("assert").strict;

const folder = process.argv[2];
const text = (name) => fs.readFileSync(`${folder}/${name}.js`, "utf8").replace(/^"use strict";/, "");

/** What one script defines, with stand-ins for others. */
function load(name, module, others = {}) {
  const names = Object.keys(others);
  return new Function(...names, `"use strict";${text(name)}\nreturn ${module};`)(...names.map((n) => others[n]));
}

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const Tasks = load("tasks", "Tasks");

/** A transformer that says what it is told to, one token after another, whatever it reads. */
function saying(tokens, count) {
  let next = 0;
  const logits = () => Array.from({ length: count }, (_, token) => (token === tokens[next] ? 9 : 0));
  return {
    begin: () => ({}), softmax: (values) => values.map((v) => v / 9),
    read: (pass, token, id) => { if (id >= 100) next++; return logits(); },
  };
}

// Tokens: | 0, # 1, $ 2, then the characters 0 and 1 as 3 and 4. The question 1, the chain 0 1 1, the answer 1.
const content = {
  vocabulary: { characters: "01" }, separator: "kept", answerCount: 1, schedule: { order: "left" },
};
const problem = { tokens: [4, 0, 3, 4, 4, 1, 4, 2], inputCount: 2, chain: [2, 5], answer: [6, 7] };
// Everything after the question has an id from 100 on, so that the stand-in knows when to go on.
const stage = { removed: 3, frame: { positions: [0, 99], limit: 3 } };

function solved(tokens, changes = {}) {
  const Solver = load("solver", "Solver", { Tasks, Transformer: saying(tokens, 5) });
  const left = Solver.remaining(problem, { ...stage, ...changes }, content);
  return Solver.solve({ configuration: { positions: 1000 } }, problem, left, content);
}

/** The task of a page whose problems are of that kind. */
const made = (task) => Tasks.make({ task, vocabulary: { characters: "0123456789*+()=" }, problems: [] });

const rules = {
  "half precision has subnormals, signs and infinities": () => {
    const Weights = load("weights", "Weights");
    const halves = [0x0001, 0x8003, 0x0400, 0x3c00, 0xc000, 0x7c00];
    const run = { layout: [["w", 1, 6]], stages: [{ weights: { code: "float16", data: "d" } }] };
    const values = Weights.stage(run, 0, () => base64(halves.flatMap((h) => [h & 255, h >> 8])));
    assert.deepEqual([...values], [2 ** -24, -3 * 2 ** -24, 2 ** -14, 1, -2, Infinity]);
  },

  "rounded weights are read by guesses that learn, both signs": () => {
    const Weights = load("weights", "Weights");
    // The bytes that AdaptiveCodeTests works out by a coder of its own.
    const bytes = "9398297accdea83b63a0b401ffeabd".match(/../g).map((b) => parseInt(b, 16));
    const run = {
      layout: [["a", 2, 2], ["b", 1, 5]], roundingSteps: [0.5, 2],
      stages: [{ weights: { code: "rounded", data: "d", after: null } }],
    };
    assert.deepEqual([...Weights.stage(run, 0, () => base64(bytes))], [0, -0.5, 0.5, -1, 6, -8, 600, -4_000_000, 0]);
  },

  "a later stage adds to the one it says it comes after": () => {
    const Weights = load("weights", "Weights");
    const one = "5fff8000".match(/../g).map((b) => parseInt(b, 16));  // 1
    const code = (after) => ({ weights: { code: "rounded", data: "d", after } });
    const run = { layout: [["a", 1, 1]], roundingSteps: [0.25], stages: [code(null), code(0), code(0)] };
    assert.deepEqual([2, 1, 0].map((s) => Weights.stage(run, s, () => base64(one))[0]), [0.5, 0.5, 0.25]);
  },

  "an answer that never ends is wrong, however right its tokens": () => {
    const ended = solved([1, 4, 2]);
    assert.deepEqual([ended.answer, ended.isEnded, ended.isRight], ["1", true, true]);
    const endless = solved([1, 4, 4], { frame: { positions: [0, 99], limit: 2 } });
    assert.deepEqual([endless.answer, endless.isEnded, endless.isRight], ["1", false, false]);
  },

  "the answer is what stands after the separator": () => {
    assert.equal(solved([3, 1, 2]).answer, "");
    assert.equal(solved([1, 3, 2]).answer, "0");
    assert.equal(solved([3, 4, 2]).answer, "1");
  },

  "what is removed is taken from the side that the order says, or where the stage says": () => {
    const Solver = load("solver", "Solver", { Tasks, Transformer: saying([], 5) });
    const gone = (changes, order) =>
      [...Solver.remaining(problem, { ...stage, ...changes }, { ...content, schedule: { order } }).gone];
    assert.deepEqual(gone({ removed: 1 }, "left"), [2]);
    assert.deepEqual(gone({ removed: 1 }, "right"), [4]);
    assert.deepEqual(gone({ removed: 9 }, "right"), [2, 3, 4]);
    assert.deepEqual(gone({ removed: 1, gone: [1, 7] }, "left"), [3]);
  },

  "the levels of a tree end below its root": () => {
    const task = (count) => made({
      kind: "multiplication", left: [1, 1], right: [count, count], isSquare: false, isPadded: false, chain: "tree",
    });
    // 2 × 11: 2 and 20; their sum is the answer and not written. 2 × 1111: four products, then two sums.
    assert.equal(task(2).solve("2 * 1 1").chain, "2 0 + 0 2 0");
    assert.equal(task(4).solve("2 * 1 1 1 1").chain, "2 0 + 0 2 0 + 0 0 2 0 + 0 0 0 2 0 = 2 2 0 + 0 0 2 2 0");
  },

  "numbers that the model was never taught with are named": () => {
    const task = made({
      kind: "multiplication", left: [1, 2], right: [1, 2], isSquare: false, isPadded: false, chain: "sums",
    });
    const fault = (question) => task.read(question).fault || "";
    assert.equal(fault("12 × 3"), "");
    assert.match(fault("0 × 3"), /^0 is not among/);
    assert.match(fault("123 × 3"), /^123 has 3 digits/);
    assert.match(fault("12 × 03"), /begins with a zero/);
  },

  "the strip shows the latest sixty, and held-out accuracy has a decimal": () => {
    const make = (tag, attributes, ...children) => ({ tag, attributes, children: children.filter(Boolean) });
    const Answers = load("answers", "Answers", { Elements: { make, percent: String }, Solver: { name: String, END: 2 } });
    const run = { role: "internalized", stages: [{ removed: 0, accuracy: 0.875, of: 400 }] };
    const tried = new Map(Array.from({ length: 70 }, (_, i) => [i, i >= 10]));
    const bench = {
      content, problem, main: run, stage: 0, cut: new Set(), stageOf: () => 0, triedOf: () => tried,
    };
    const solution = { written: [], left: { gone: new Set() }, isRight: true, isEnded: true, answer: "1", expected: "1" };
    const article = Answers.article(bench, run, solution, null);
    const all = (node) => (node && node.children ? [node, ...node.children.flatMap(all)] : [node]);
    const nodes = all(article);
    const strip = nodes.find((node) => node.attributes && node.attributes.class === "strip");
    assert.deepEqual(strip.children.map((li) => li.attributes.class), Array(60).fill("ok"));
    const tally = nodes.find((node) => node.attributes && node.attributes.class === "tally");
    assert.equal(tally.children[0], "87.5 % of 400 held out · 60 of 70 tried here");
  },

  "what a cut costs is counted with it and without it": async () => {
    const Measures = load("measures", "Measures");
    const bench = {
      content: { problems: [["a"], ["b"], ["c"]] }, main: {}, forced: "mine", whole: (question) => question,
      // Cut, only a is answered; uncut, all but c. While it counts nothing is forced.
      solve: (run, question, isCut = true) => ({ isRight: isCut ? question === "a" && bench.forced !== "mine" : question !== "c" }),
    };
    const sums = await new Promise((done) => Measures.breaking(bench, (s) => s.done === s.count && done({ ...s })));
    assert.deepEqual(sums, { right: 1, rightUncut: 2, done: 3, count: 3 });
    assert.equal(bench.forced, "mine");
  },
};

(async () => {
  const broken = [];
  for (const [name, rule] of Object.entries(rules)) {
    try { await rule(); } catch (error) { broken.push(`${name}: ${error.message}`); }
  }
  console.log(JSON.stringify({ count: Object.keys(rules).length, broken }));
})();
