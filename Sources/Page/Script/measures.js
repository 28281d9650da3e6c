"use strict";
// What a cut does to more than one problem: the page's own problems answered with it and without it, a few at a time so that
// the page stays quick.

const Measures = (() => {
  const COUNT = 40;
  let latest = 0;

  /** Calls `report` with {right, rightUncut, done, count} as it goes; a later call ends an earlier one. */
  function breaking(bench, report) {
    const mine = ++latest;
    const questions = bench.content.problems.slice(0, COUNT).map(([question]) => question);
    const sums = { right: 0, rightUncut: 0, done: 0, count: questions.length };
    // Overwritten tokens belong to the one problem.
    const forced = bench.forced;
    const step = () => {
      if (mine !== latest) return;
      const end = performance.now() + 25;
      while (sums.done < questions.length && performance.now() < end) {
        const problem = bench.whole(questions[sums.done]);
        bench.forced = new Map();
        const cut = bench.solve(bench.main, problem);
        bench.forced = forced;
        if (cut.isRight) sums.right++;
        if (bench.solve(bench.main, problem, false).isRight) sums.rightUncut++;
        sums.done++;
      }
      report(sums);
      if (sums.done < questions.length) setTimeout(step, 0);
    };
    setTimeout(step, 0);
  }

  const cancel = () => { latest++; };

  return { breaking, cancel };
})();
