"use strict";
// What each run writes for the problem: its tokens where they stand in the whole sequence, a removed one fading in its place,
// right and wrong beside the true answer, and how sure the model was.

const Answers = (() => {
  const { make, percent } = Elements;

  const titles = { internalized: "This run", no_cot: "Its twin that never saw a chain", explicit: "Its twin that kept the chain" };

  function title(run, bench) {
    const name = titles[run.role] || run.name;
    if (run !== bench.main) return `${name}: ${run.name}`;
    const stage = run.stages[bench.stage];
    return `${name}, ${stage.removed} of ${last(run).removed} removed`;
  }

  const last = (run) => run.stages[run.stages.length - 1];

  /** One chip: a place of the sequence with what stands there. */
  function chip(bench, run, solution, place, choose) {
    const { content, problem } = bench;
    const name = (token) => Solver.name(token, content.vocabulary);
    const isMain = run === bench.main;
    const written = solution.written.find((w) => w.place === place);
    const token = problem.tokens[place];
    const marks = [];
    let words;
    let state;
    let below = "";
    if (place < problem.inputCount) {
      words = name(token);
      state = "given";
    } else if (solution.left.gone.has(place)) {
      words = name(token);
      state = "gone";
      below = "removed";
    } else if (!written) {
      words = "–";
      state = "missing";
      below = `not ${name(token)}`;
    } else {
      words = name(written.token);
      const isRight = written.token === written.wanted;
      state = isRight ? "ok" : "no";
      below = `${isRight ? "✓" : "✗"}${percent(written.probability)}`;
      if (written.isForced) marks.push("forced");
    }
    if (isMain && bench.cut.has(place)) marks.push("cut");
    const label = describe({ state, words, written, wanted: token === undefined ? null : name(token), marks });
    const canBreak = isMain && choose && state !== "gone" && state !== "missing" && place !== problem.tokens.length - 1;
    return make(canBreak ? "button" : "span", {
      class: ["token", state, ...marks].join(" "), type: canBreak ? "button" : null, "data-place": place,
      "aria-label": label, role: canBreak ? null : "img", "aria-expanded": canBreak ? "false" : null,
      onclick: canBreak ? () => choose(place) : null,
    }, make("span", {}, words), below ? make("small", {}, below) : make("small", {}, "\u00a0"));
  }

  function describe({ state, words, written, wanted, marks }) {
    const cut = marks.includes("cut") ? ", cut" : "";
    switch (state) {
      case "given": return `${words}, given${cut}`;
      case "gone": return `${words}, removed`;
      case "missing": return `nothing written, it should be ${wanted}`;
      default: {
        const how = written.isForced ? "put there by you" : `${percent(written.probability)} percent sure`;
        const verdict = state === "ok" ? "right" : written.wanted === undefined ? "wrong, it should have ended" : `wrong, it should be ${wanted}`;
        return `${words}, ${verdict}, ${how}${cut}`;
      }
    }
  }

  function part(name, chips) {
    return make("div", { role: "group", "aria-label": name },
      make("span", { class: "caption", "aria-hidden": "true" }, name),
      make("ol", { class: "tokens" }, ...chips.map((c) => make("li", {}, c))));
  }

  /** Everything about one run. */
  function article(bench, run, solution, choose) {
    const { problem } = bench;
    const count = Math.max(problem.tokens.length, ...solution.written.map((w) => w.place + 1));
    const range = (from, to) => Array.from({ length: to - from }, (_, i) => chip(bench, run, solution, from + i, choose));
    const tried = [...bench.triedOf(run).values()];
    const right = tried.filter(Boolean).length;
    const stage = run.stages[bench.stageOf(run)];
    const known = stage.accuracy === null ? "" : `${(100 * stage.accuracy).toFixed(1)} % of ${stage.of} held out`;
    const here = tried.length ? `${right} of ${tried.length} tried here` : "";
    const verdict = make("p", { class: "verdict" }, "answer ", make("b", { class: solution.isRight ? "good" : "bad" },
      `${solution.isEnded ? solution.answer || "none" : "none, it never ends,"} ${solution.isRight ? "✓ right" : "✗ wrong"}`),
      solution.isRight ? "" : `, the true answer is ${solution.expected}`);
    const chain = problem.answer[0] > problem.inputCount ? [part("chain of thought", range(problem.inputCount, problem.answer[0]))] : [];
    return make("article", { class: `run ${run.role}`, "aria-label": title(run, bench) },
      make("div", { class: "head" }, make("h3", {}, title(run, bench)),
        make("span", { class: "tally" }, [known, here].filter(Boolean).join(" · "))),
      make("div", { class: "parts" }, part("question", range(0, problem.inputCount)), ...chain,
        part("answer", range(problem.answer[0], count))),
      verdict,
      tried.length > 4 ? strip(tried) : null);
  }

  /** A square for each problem tried. */
  function strip(tried) {
    return make("ul", { class: "strip", "aria-hidden": "true" },
      ...tried.slice(-60).map((isRight) => make("li", { class: isRight ? "ok" : "no" }, isRight ? "✓" : "✗")));
  }

  /** The whole in a sentence, for those who listen. */
  function sentence(bench, run, solution) {
    const stage = run.stages[bench.stage];
    const name = (w) => Solver.name(w.token, bench.content.vocabulary);
    const written = solution.written.filter((w) => w.token !== Solver.END).map(name).join(" ");
    return `${stage.removed} removed. It writes ${written}. Answer ${solution.answer}, ${solution.isRight ? "right" : `wrong, it is ${solution.expected}`}.`;
  }

  return { article, sentence };
})();
