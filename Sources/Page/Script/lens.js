"use strict";
// The logit lens (nostalgebraist 2020): the residual stream of each token at each height, read by the model's own last norm
// and head.

const Lens = (() => {
  const { make } = Elements;

  /** The heights, as icot's hook points are called. */
  function heights(layers) {
    const names = ["embed"];
    for (let layer = 0; layer < layers; layer++) names.push(`${layer} resid_mid`, `${layer} resid_post`);
    return names;
  }

  /** [{token, probability}] of the likeliest tokens of a stream. */
  function likeliest(model, stream, count) {
    const probabilities = Transformer.softmax(Transformer.logits(model, stream));
    return [...probabilities].map((probability, token) => ({ token, probability }))
      .sort((a, b) => b.probability - a.probability).slice(0, count);
  }

  function table(bench, solution, said) {
    const { model, rows } = solution.pass;
    const name = (token) => Solver.name(token, bench.content.vocabulary);
    const names = rows.map((row) => name(row.token));
    const writes = (index) => index >= bench.problem.inputCount - 1;
    const header = make("tr", {}, make("th", { scope: "col" }, "after"), ...names.map((n, index) => make("th", { scope: "col", class: writes(index) ? "writes" : null }, n)));
    const body = heights(model.configuration.layers).map((height, place) =>
      make("tr", {}, make("th", { scope: "row" }, height), ...rows.map((row, index) => {
        const best = likeliest(model, row.streams[place], 5);
        const shade = make("i", { "aria-hidden": "true" });
        shade.style.opacity = best[0].probability ** 2;
        const list = best.map(({ token, probability }) => `${name(token)} ${(100 * probability).toFixed(1)} %`).join(", ");
        return make("td", { class: best[0].probability > 0.8 ? "strong" : null, "data-said": `after ${height}, below ${names[index]} (token ${index}): ${list}` }, shade, make("span", {}, name(best[0].token)));
      })));
    const table = make("table", { class: "grid", "aria-label": "logit lens" }, make("thead", {}, header), make("tbody", {}, ...body));
    Elements.asGrid(table, said);
    return table;
  }

  return { table, likeliest, heights };
})();
