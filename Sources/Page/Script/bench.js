"use strict";
// What is on the page at one moment, without its looks: the problem, the stage, what is cut and overwritten, and what every
// run writes under these conditions.

const Bench = (() => {
  /** `text` gives the text of a block of the page by its id. */
  function make(content, text) {
    const task = Tasks.make(content);
    const [main, ...others] = content.runs;
    const models = new Map();
    const bench = {
      content, task, main, others,
      question: null, problem: null, stage: 0,
      heads: new Set(), cut: new Set(), forced: new Map(),
      /** Per run and stage: problem → whether it was right, of those tried with nothing cut. */
      tried: new Map(),
    };

    /** The model of a run at one of its stages. */
    bench.model = (run, index) => {
      const key = `${content.runs.indexOf(run)}.${index}`;
      if (!models.has(key)) {
        models.set(key, Transformer.make(run.configuration, run.layout, Weights.stage(run, index, text)));
      }
      return models.get(key);
    };

    /** Which stage of a run answers: the one of the slider, or the only one of a control. */
    bench.stageOf = (run) => (run === main ? bench.stage : run.stages.length - 1);
    bench.isBroken = () => bench.heads.size > 0 || bench.cut.size > 0 || bench.forced.size > 0;

    /** Takes a problem in a person's words; returns what is wrong with it, or null. */
    bench.ask = (words) => {
      const found = task.read(words);
      if (found.fault) return found.fault;
      bench.take(found.question);
      return null;
    };

    bench.take = (question) => {
      if (bench.question !== question) bench.forced.clear();
      bench.question = question;
      bench.problem = bench.whole(question);
    };

    bench.whole = (question) => Solver.whole(question, task.solve(question), content);

    /** What a run writes for a problem; cuts and overwritten tokens are the main run's only. */
    bench.solve = (run, problem = bench.problem, isBroken = run === main) => {
      const index = bench.stageOf(run);
      const left = Solver.remaining(problem, run.stages[index], content);
      const breaks = isBroken ? { heads: bench.heads, cutPlaces: bench.cut, forced: bench.forced } : {};
      return { ...Solver.solve(bench.model(run, index), problem, left, content, breaks), left };
    };

    /** Keeps whether a run was right, for its running accuracy. */
    bench.note = (run, question, isRight) => {
      const tried = bench.triedOf(run);
      tried.set(question, isRight);
    };
    bench.triedOf = (run) => {
      const key = `${content.runs.indexOf(run)}.${bench.stageOf(run)}`;
      if (!bench.tried.has(key)) bench.tried.set(key, new Map());
      return bench.tried.get(key);
    };

    return bench;
  }

  return { make };
})();
