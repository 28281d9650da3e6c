"use strict";
// The attention of every head, small; one of them large.

const Attention = (() => {
  const { make } = Elements;

  const patternsOf = (solution) => solution.pass.rows.map((row) => row.patterns);

  /** One pixel a pair of tokens. */
  function picture(canvas, patterns, layer, head) {
    const count = patterns.length;
    canvas.width = canvas.height = count;
    const context = canvas.getContext("2d");
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--heat");
    patterns.forEach((row, query) => row[layer][head].forEach((weight, key) => {
      context.fillStyle = `rgba(${colour},${weight})`;
      context.fillRect(key, query, 1, 1);
    }));
  }

  /** A button for each head, layer by layer. */
  function thumbnails(bench, solution, opened, open) {
    const patterns = patternsOf(solution);
    const { layers, heads } = bench.main.configuration;
    return Array.from({ length: layers }, (_, layer) =>
      make("div", { class: "layer", role: "group", "aria-label": `layer ${layer}` }, make("span", { "aria-hidden": "true" }, `layer ${layer}`),
        ...Array.from({ length: heads }, (_, head) => {
          const id = `${layer}.${head}`;
          const isCut = bench.heads.has(id);
          const canvas = make("canvas", { "aria-hidden": "true" });
          picture(canvas, patterns, layer, head);
          return make("button", {
            type: "button", class: `thumb${isCut ? " cut" : ""}`, "data-head": id, "aria-expanded": String(opened === id),
            "aria-label": `head ${head} of layer ${layer}${isCut ? ", cut" : ""}`, onclick: () => open(opened === id ? null : id),
          }, canvas, make("small", {}, id));
        })));
  }

  /** One head as a table of tokens by tokens, with its switch. */
  function large(bench, solution, id, toggle) {
    const [layer, head] = id.split(".").map(Number);
    const patterns = patternsOf(solution);
    const names = solution.pass.rows.map((row) => Solver.name(row.token, bench.content.vocabulary));
    const isCut = bench.heads.has(id);
    const writes = (row) => row >= bench.problem.inputCount - 1;
    const header = make("tr", {}, make("td", { class: "blank" }), ...names.map((name) => make("th", { scope: "col" }, name)));
    const rows = patterns.map((row, query) => {
      const weights = row[layer][head];
      return make("tr", {}, make("th", { scope: "row", class: writes(query) ? "writes" : null }, names[query]),
        ...names.map((name, key) => {
          if (key > query) return make("td", { class: "blank" });
          const shade = make("i", { "aria-hidden": "true" });
          shade.style.opacity = weights[key];
          return make("td", { "data-said": `${names[query]} (token ${query}) looks at ${name} (token ${key}) with ${(100 * weights[key]).toFixed(1)} % of its attention` }, shade);
        }));
    });
    const said = make("p", { class: "quiet", role: "status" }, "Choose a cell to see its number. Rows of tokens that write the next one are bold.");
    const table = make("table", { class: "grid", "aria-label": `attention of head ${id}` }, make("thead", {}, header), make("tbody", {}, ...rows));
    Elements.asGrid(table, (text) => { said.textContent = text; });
    return [
      make("div", { class: "bar" }, make("h3", {}, `head ${head} of layer ${layer}`),
        make("button", { type: "button", id: "cut-head", "aria-pressed": String(isCut), onclick: () => toggle(id) }, isCut ? "cut: put it back" : "cut this head")),
      make("div", { class: "wide" }, table), said,
    ];
  }

  return { thumbnails, large };
})();
