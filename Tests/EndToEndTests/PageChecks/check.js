// node check.js PAGE WHAT [FILE]: looks at a page without a browser and prints what it found as JSON.
//
//   policy            whether the policy names the hashes of the scripts and the style that are in the page
//   logits FILE       the largest difference from logits that icot gave, [{removed, ids: [[…]], logits: [[[…]]]}, …], and the
//                     largest of these logits
//   tokens FILE       how many of icot's solutions are written otherwise: [{removed, solutions: [{question, tokens}, …]}, …]
//   tasks FILE        lines question||chain #### answer whose chain or answer the page works out otherwise
//   read FILE         what the page says to each text of a JSON list
//   fidelity FILE     how far the page is from another one with the very weights, whose path is the JSON of the file, as the
//                     page itself says it
//   cut FILE          what is written first for each question with heads and places cut: {removed, heads, cut, questions}
"use strict";
const fs = require("fs");
const { open, source } = require("./page.js");

const [path, what, file] = process.argv.slice(2);
const { policy, script, style, content, modules, bench } = open(path);
const { Transformer, Solver, Tasks } = modules;
const input = () => JSON.parse(fs.readFileSync(file, "utf8"));
const stageOf = (removed) => bench.main.stages.findIndex((stage) => stage.removed === removed);

const checks = {
  policy: () => ({
    script: policy.includes(`script-src '${source(script)}'`), style: policy.includes(`style-src '${source(style)}'`),
    closed: policy.startsWith("default-src 'none'"), policy,
  }),

  logits: () => {
    let largest = 0;
    let size = 0;
    let count = 0;
    for (const { removed, ids, logits } of input()) {
      const model = bench.model(bench.main, stageOf(removed));
      ids.forEach((sequence, s) => {
        const pass = Transformer.begin(model);
        sequence.forEach((token, t) => {
          const own = Transformer.read(pass, token, t);
          own.forEach((value, v) => {
            largest = Math.max(largest, Math.abs(value - logits[s][t][v]));
            size = Math.max(size, Math.abs(value));
            count++;
          });
        });
      });
    }
    return { largest, size, count };
  },

  tokens: () => {
    let different = 0;
    let count = 0;
    let probability = 0;
    const examples = [];
    for (const { removed, solutions } of input()) {
      bench.stage = stageOf(removed);
      for (const { question, tokens, probabilities, right } of solutions) {
        const own = bench.solve(bench.main, bench.whole(question));
        const names = own.written.map((w) => Solver.name(w.token, content.vocabulary));
        count++;
        const isSame = names.join(" ") === tokens.join(" ") && own.isRight === right;
        if (!isSame) { different++; if (examples.length < 3) examples.push({ removed, question, tokens, names }); }
        if (isSame) own.written.forEach((w, i) => { probability = Math.max(probability, Math.abs(w.probability - probabilities[i])); });
      }
    }
    return { different, count, probability, examples };
  },

  tasks: () => {
    const wrong = [];
    let count = 0;
    for (const line of fs.readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const [question, rest] = line.split("||");
      const [chain, answer] = rest.split(" #### ");
      const own = bench.task.solve(question);
      const read = bench.task.read(bench.task.say(question));
      count++;
      if (own.chain !== chain || own.answer !== answer || read.question !== question) wrong.push({ line, own, read });
    }
    return { count, wrong: wrong.length, examples: wrong.slice(0, 3) };
  },

  read: () => input().map((text) => bench.task.read(text)),

  fidelity: () => {
    const exact = open(input());
    const agreement = [];
    let [largest, size, squares] = [0, 0, 0];
    bench.main.stages.forEach(({ removed }, stage) => {
      bench.stage = exact.bench.stage = stage;
      let [same, square, count] = [0, 0, 0];
      for (const [question] of content.problems) {
        const own = exact.bench.solve(exact.bench.main, exact.bench.whole(question));
        const kept = bench.solve(bench.main, bench.whole(question));
        const text = (solution) => solution.written.map((w) => w.token).join(" ");
        if (text(own) === text(kept)) same++;
        // The page reads what the run wrote; what counts are the rows from which it was written.
        const first = exact.bench.whole(question).inputCount - 1;
        const pass = Transformer.begin(bench.model(bench.main, stage));
        own.pass.rows.slice(0, first + own.written.length).forEach(({ token, position, logits }, row) => {
          const theirs = Transformer.read(pass, token, position);
          if (row < first) return;
          logits.forEach((logit, i) => {
            largest = Math.max(largest, Math.abs(theirs[i] - logit));
            size = Math.max(size, Math.abs(logit));
            square += (theirs[i] - logit) ** 2;
            count++;
          });
        });
      }
      agreement.push({ removed, same, of: content.problems.length });
      squares += square / count / bench.main.stages.length;
    });
    return { measured: { agreement, largest, size, typical: Math.sqrt(squares) }, said: content.fidelity };
  },

  cut: () => {
    const { removed, heads, cut, questions } = input();
    bench.stage = stageOf(removed);
    bench.heads = new Set(heads);
    bench.cut = new Set(cut);
    return questions.map((question) => {
      const solution = bench.solve(bench.main, bench.whole(question));
      return { right: solution.isRight, wrote: Solver.name(solution.written[0].token, content.vocabulary) };
    });
  },
};

console.log(JSON.stringify(checks[what]()));
