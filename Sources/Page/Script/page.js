"use strict";
// The page itself: what is typed, dragged and clicked goes to the bench; what the bench holds is shown.

const Page = (() => {
  const { find, make } = Elements;

  /** What a browser must have; the first thing that is missing, in words, or null. */
  function missing() {
    if (typeof BigInt === "undefined") return "whole numbers without limit (BigInt)";
    if (!document.createElement("canvas").getContext) return "pictures drawn by scripts (canvas)";
    if (typeof URLSearchParams === "undefined") return "reading addresses (URLSearchParams)";
    return null;
  }

  function start() {
    const lack = missing();
    if (lack) {
      find("needs").textContent = `This browser lacks ${lack}, so the model cannot answer here; below is its timeline. Any browser of 2020 or later will do.`;
      return;
    }
    const content = JSON.parse(find("content").textContent);
    const bench = Bench.make(content, (id) => find(id).textContent);
    const view = { bench, content, hidden: Address.hidden(location.search), opened: null, chosen: null, timer: 0 };
    prepare(view);
    restore(view);
    find("needs").hidden = true;
    find("bench").hidden = false;
    document.body.classList.add("live");
    show(view);
    makeAhead(bench);
  }

  /** Makes the models of all stages, one at a time, while nobody waits for them, so that the slider need not. */
  function makeAhead({ main, model }, index = 0) {
    if (index >= main.stages.length) return;
    setTimeout(() => {
      model(main, index);
      makeAhead({ main, model }, index + 1);
    }, 50);
  }

  // MARK: - What is there from the beginning

  function prepare(view) {
    const { bench, content, hidden } = view;
    const { task } = bench;
    find("prompt").textContent = task.prompt;
    find("about").textContent = task.about;
    const slider = find("stage");
    slider.max = bench.main.stages.length - 1;
    find("stages").hidden = bench.main.stages.length < 2;
    find("answers-line").hidden = hidden.has("line");
    for (const part of ["probes", "attention", "lens", "timeline"]) if (hidden.has(part)) find(part).hidden = true;
    if (!content.probes) find("probes").hidden = true;
    find("weights-note").textContent = weightsNote(content);

    find("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      ask(view, find("question").value);
    });
    find("another").addEventListener("click", () => another(view));
    find("many").addEventListener("click", () => many(view));
    slider.addEventListener("input", () => { stop(view); go(view, Number(slider.value)); });
    find("earlier").addEventListener("click", () => { stop(view); go(view, bench.stage - 1); });
    find("later").addEventListener("click", () => { stop(view); go(view, bench.stage + 1); });
    find("play").addEventListener("click", () => play(view));
    for (const row of document.querySelectorAll("#timeline tbody tr")) {
      row.addEventListener("click", () => go(view, stageOf(bench, Number(row.dataset.removed))));
    }
    window.addEventListener("hashchange", () => {
      if (location.hash === view.written) return;
      restore(view);
      show(view);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && view.chosen !== null) choose(view, view.chosen);
      const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
      if (event.key === "n" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) another(view);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(view));
  }

  function weightsNote({ code, fidelity, problemsAre }) {
    const seen = problemsAre === "held out" ? "" : "The problems that came with this page are among those it was trained on. ";
    if (code === "float32") return `${seen}The weights in this page are those of the run, bit for bit.`;
    const how = code === "half" ? "kept in half precision" : "rounded to fit into this page";
    const { agreement, largest, typical, size } = fidelity;
    const least = agreement.reduce((a, b) => (b.same < a.same ? b : a));
    const number = (value) => String(Number(value.toPrecision(2)));
    return `${seen}The weights in this page are ${how}. icot compared what they write with what the run itself writes, for ${least.of} problems at every stage: the same for at least ${least.same} (with ${least.removed} removed). Logits, of at most ${number(size)}, differ from the run's by ${number(typical)} (root mean square) and by at most ${number(largest)}.`;
  }

  const stageOf = (bench, removed) => Math.max(0, bench.main.stages.findIndex((stage) => stage.removed === removed));

  // MARK: - The address

  function restore(view) {
    const { bench, content } = view;
    const asked = Address.read(location.hash);
    if (asked.question === null || bench.ask(asked.question) !== null) bench.take(content.problems[0][0]);
    bench.stage = asked.removed === null ? 0 : stageOf(bench, asked.removed);
    const { layers, heads } = bench.main.configuration;
    const exists = (id) => { const [l, h] = id.split(".").map(Number); return l < layers && h < heads; };
    const canBreak = !view.hidden.has("break");
    bench.heads = new Set(canBreak ? asked.heads.filter(exists) : []);
    bench.cut = new Set(canBreak ? asked.cut.filter((place) => place < bench.problem.tokens.length - 1) : []);
    bench.forced = new Map(canBreak ? asked.set.map(([place, c]) => [place, tokenNamed(view, c)]).filter(([place, token]) => token !== undefined && place >= bench.problem.inputCount) : []);
    view.opened = asked.head !== null && exists(asked.head) ? asked.head : null;
    find("question").value = bench.task.say(bench.question);
  }

  function tokenNamed({ content }, name) {
    const index = content.vocabulary.characters.indexOf(name);
    return index < 0 ? undefined : index + 3;
  }

  function remember(view) {
    const { bench, content } = view;
    view.written = Address.write({
      question: bench.task.say(bench.question), removed: bench.main.stages[bench.stage].removed,
      heads: [...bench.heads].sort(), cut: [...bench.cut].sort((a, b) => a - b),
      set: [...bench.forced].map(([place, token]) => [place, Solver.name(token, content.vocabulary)]), head: view.opened,
    });
    // A page in a frame without an address of its own may not change it.
    try { history.replaceState(null, "", view.written); } catch { view.written = location.hash; }
  }

  // MARK: - What a person does

  function ask(view, words) {
    const fault = view.bench.ask(words);
    find("fault").textContent = fault || "";
    find("question").setAttribute("aria-invalid", String(fault !== null));
    if (fault !== null) return;
    view.chosen = null;
    show(view);
  }

  function another(view) {
    const { problems } = view.content;
    const place = problems.findIndex(([question]) => question === view.bench.question);
    const next = problems[(place + 1) % problems.length][0];
    find("question").value = view.bench.task.say(next);
    ask(view, find("question").value);
  }

  /** Twenty problems that have not been tried at this stage. */
  function many(view) {
    const { bench, content } = view;
    const tried = bench.triedOf(bench.main);
    const fresh = content.problems.map(([question]) => question).filter((question) => !tried.has(question)).slice(0, 20);
    for (const question of fresh) {
      const problem = bench.whole(question);
      for (const run of shownRuns(view)) bench.note(run, question, bench.solve(run, problem, false).isRight);
    }
    show(view);
  }

  function go(view, index) {
    view.bench.stage = Math.min(Math.max(index, 0), view.bench.main.stages.length - 1);
    view.chosen = null;
    show(view);
  }

  function stop(view) {
    clearInterval(view.timer);
    view.timer = 0;
    find("play").textContent = "play";
  }

  function play(view) {
    if (view.timer) return stop(view);
    const end = view.bench.main.stages.length - 1;
    if (view.bench.stage === end) go(view, 0);
    find("play").textContent = "pause";
    view.timer = setInterval(() => {
      go(view, view.bench.stage + 1);
      if (view.bench.stage === end) stop(view);
    }, 1200);
  }

  function choose(view, place) {
    const before = view.chosen;
    view.chosen = before === place ? null : place;
    show(view);
    const target = view.chosen === null ? document.querySelector(`.internalized [data-place="${before}"]`) : find("editor").querySelector("button, select");
    if (target) target.focus();
  }

  function toggle(set, member) {
    if (!set.delete(member)) set.add(member);
  }

  // MARK: - What is shown

  function shownRuns({ bench, hidden }) {
    return hidden.has("twin") ? [bench.main] : [bench.main, ...bench.others];
  }

  function show(view) {
    const { bench, hidden } = view;
    const stage = bench.main.stages[bench.stage];
    const runs = shownRuns(view);
    const solutions = runs.map((run) => bench.solve(run));
    runs.forEach((run, i) => {
      if (run !== bench.main || !bench.isBroken()) bench.note(run, bench.question, solutions[i].isRight);
    });
    const [main] = solutions;
    const most = bench.main.stages[bench.main.stages.length - 1].removed;
    find("stage").value = bench.stage;
    find("stage").setAttribute("aria-valuetext", `${stage.removed} of ${most} tokens removed`);
    find("removed").textContent = `${stage.removed} of ${most}`;
    find("earlier").disabled = bench.stage === 0;
    find("later").disabled = bench.stage === bench.main.stages.length - 1;
    const canBreak = !hidden.has("break");
    find("answers").replaceChildren(...runs.map((run, i) => Answers.article(bench, run, solutions[i], canBreak ? (place) => choose(view, place) : null)));
    find("said").textContent = Answers.sentence(bench, bench.main, main);
    showEditor(view, main);
    showCuts(view);
    showLines(view);
    if (view.content.probes && !hidden.has("probes")) {
      find("probes-table").replaceChildren(Probes.table(view.content, stage.removed, main.left.gone));
      find("probes-note").textContent = Probes.note(view.content, stage.removed);
    }
    if (!hidden.has("attention")) showAttention(view, main);
    if (!hidden.has("lens")) {
      find("lens-table").replaceChildren(Lens.table(bench, main, (text) => { find("lens-said").textContent = text; }));
    }
    for (const row of document.querySelectorAll("#timeline tbody tr")) row.classList.toggle("now", Number(row.dataset.removed) === stage.removed);
    const circle = document.querySelectorAll("#timeline circle")[bench.stage];
    const cursor = document.querySelector("#timeline .cursor");
    if (cursor && circle) for (const end of ["x1", "x2"]) cursor.setAttribute(end, circle.getAttribute("cx"));
    remember(view);
  }

  function showAttention(view, solution) {
    const { bench } = view;
    const open = (id) => { view.opened = id; show(view); const thumb = document.querySelector(`[data-head="${id}"]`); if (thumb) thumb.focus(); };
    find("heads").replaceChildren(...Attention.thumbnails(bench, solution, view.opened, open));
    find("head").hidden = view.opened === null;
    if (view.opened === null) return;
    find("head").replaceChildren(...Attention.large(bench, solution, view.opened, (id) => {
      toggle(bench.heads, id);
      show(view);
      find("cut-head").focus();
    }));
    if (view.hidden.has("break")) find("cut-head").remove();
  }

  /** What can be done to the chosen token. */
  function showEditor(view, solution) {
    const { bench, content, chosen } = view;
    const editor = find("editor");
    editor.hidden = chosen === null;
    for (const chip of document.querySelectorAll(".internalized button.token")) {
      chip.setAttribute("aria-expanded", String(Number(chip.dataset.place) === chosen));
    }
    if (chosen === null) return;
    const written = solution.written.find((w) => w.place === chosen);
    const name = (token) => Solver.name(token, content.vocabulary);
    const what = written ? `the ${name(written.token)} that it wrote` : `the ${name(bench.problem.tokens[chosen])} of the question`;
    const isCut = bench.cut.has(chosen);
    const parts = [make("button", {
      type: "button", "aria-pressed": String(isCut),
      onclick: () => { toggle(bench.cut, chosen); show(view); find("editor").querySelector("button").focus(); },
    }, isCut ? "cut from sight: put it back" : "cut it from sight")];
    if (written) {
      const select = make("select", {
        "aria-label": "overwrite it with", id: "overwrite",
        onchange: (event) => {
          if (event.target.value === "") bench.forced.delete(chosen);
          else bench.forced.set(chosen, Number(event.target.value));
          show(view);
          find("overwrite").focus();
        },
      }, make("option", { value: "" }, "as it writes itself"),
      ...content.vocabulary.characters.map((c, i) => make("option", { value: i + 3, selected: bench.forced.get(chosen) === i + 3 }, c)));
      parts.push(make("label", {}, "overwrite it with ", select));
    }
    parts.push(make("button", { type: "button", onclick: () => choose(view, chosen) }, "close"));
    editor.replaceChildren(`Break it at ${what} (place ${chosen}).`, make("div", { class: "bar" }, ...parts));
  }

  /** What is cut and overwritten now, and what that does to other problems. */
  function showCuts(view) {
    const { bench } = view;
    const panel = find("cuts");
    panel.hidden = !bench.isBroken();
    Measures.cancel();
    if (!bench.isBroken()) return;
    const words = [];
    if (bench.heads.size) words.push(`${bench.heads.size === 1 ? "head" : "heads"} ${[...bench.heads].sort().join(", ")} cut`);
    if (bench.cut.size) words.push(`${bench.cut.size === 1 ? "place" : "places"} ${[...bench.cut].sort((a, b) => a - b).join(", ")} cut from the sight of the tokens that write`);
    if (bench.forced.size) words.push(`${bench.forced.size === 1 ? "a token" : `${bench.forced.size} tokens`} overwritten`);
    const count = make("p", { id: "effect" }, "");
    const undo = make("button", {
      type: "button", id: "undo",
      onclick: () => { bench.heads.clear(); bench.cut.clear(); bench.forced.clear(); show(view); find("question").focus(); },
    }, "undo all");
    const plain = bench.forced.size ? forcedSentence(bench) : "";
    panel.replaceChildren(`Broken: ${words.join("; ")}. ${plain}`, count, make("div", { class: "bar" }, undo));
    if (bench.heads.size + bench.cut.size === 0) return;
    Measures.breaking(bench, ({ right, rightUncut, done, count: all }) => {
      count.textContent = `Of ${done} problems that came with this page, ${right} are right with these cuts and ${rightUncut} without${done < all ? " …" : "."}`;
    });
  }

  function forcedSentence(bench) {
    const forced = bench.solve(bench.main).answer;
    const own = bench.solve(bench.main, bench.problem, false).answer;
    return forced === own ? `The answer stays ${own}.` : `The answer follows: ${own} becomes ${forced}.`;
  }

  /** The lines of icot that make each picture. */
  function showLines(view) {
    const { bench, content } = view;
    const removed = bench.main.stages[bench.stage].removed;
    const open = `let r = resume ${JSON.stringify(content.path || `runs/${content.name}`)} hold: false; step to: ${removed}`;
    const problem = bench.task.line ? bench.task.line(bench.question) : "r.test";
    const one = bench.task.line ? `${problem}[0]` : `${problem}[${content.problems.findIndex(([q]) => q === bench.question)}]`;
    const line = (id, ...texts) => find(id).replaceChildren("in icot: ", ...texts.map((text) => make("code", {}, text)));
    line("answers-line", open, `solve ${one}`);
    line("attention-line", open, `look .attention on: ${problem}`, ...(bench.heads.size ? ["intervene .ablate on: r.test with: .zero"] : []), ...(bench.cut.size ? ["intervene .knockout on: r.test"] : []));
    line("lens-line", open, `look .lens on: ${problem}`);
    if (content.probes) line("probes-line", content.probes.line);
  }

  if (typeof document !== "undefined") start();
  return { start };
})();
