"use strict";
// A problem as tokens, what removal leaves of it, and what a model writes for it.
//
//   7 2 8 9 9 8 |  1 1 0 1  1  $        one token a character; | ends the question, $ the answer
//   question       chain   answer       # stands between chain and answer where the run has kept a separator
//
// A *place* is an index in this whole sequence. Removal takes places of the chain away; a token that is left keeps its place.
//
// How a question is put after a removal is the same for all problems, since nothing of a problem's own chain may reach the
// model. icot gives each stage a frame for it: the position ids of the last token of the question and of what is written after
// it, as they are with a question of one token, and how many tokens may be written.

const Solver = (() => {
  const INPUT_END = 0;
  const ANSWER_MARK = 1;
  const END = 2;
  const FIRST_CHARACTER = 3;

  /** The tokens of a text. */
  function encode(text, vocabulary) {
    return [...Tasks.plain(text)].map((c) => FIRST_CHARACTER + vocabulary.characters.indexOf(c));
  }

  /** How a token is shown. */
  function name(token, vocabulary) {
    const mark = ["|", "#", "$"][token];
    if (mark) return vocabulary.characters.includes(mark) ? `<${mark}>` : mark;
    return vocabulary.characters[token - FIRST_CHARACTER] || "�";
  }

  /** {tokens, inputCount, chain: [start, end), answer: [start, end)} of a problem that is written out. */
  function whole(question, solution, content) {
    const { vocabulary, separator } = content;
    const tokens = [...encode(question, vocabulary), INPUT_END];
    const inputCount = tokens.length;
    tokens.push(...encode(solution.chain, vocabulary));
    let chainEnd = tokens.length;
    if (separator !== "absent") tokens.push(ANSWER_MARK);
    if (separator === "removedLast") chainEnd = tokens.length;
    const answerStart = tokens.length;
    tokens.push(...encode(solution.answer, vocabulary));
    const answerEnd = tokens.length;
    tokens.push(END);
    return { tokens, inputCount, chain: [inputCount, chainEnd], answer: [answerStart, answerEnd] };
  }

  /** Which places of the chain are gone at a stage. */
  function gone(problem, stage, order) {
    const [start, end] = problem.chain;
    if (stage.gone) return stage.gone.map((offset) => start + offset).filter((place) => place < end);
    const count = Math.min(stage.removed, end - start);
    const first = order === "right" ? end - count : start;
    return Array.from({ length: count }, (_, i) => first + i);
  }

  /** {tokens, places, gone: Set of places, frame} of what is left at a stage. */
  function remaining(problem, stage, content) {
    const removed = new Set(gone(problem, stage, content.schedule.order));
    const places = problem.tokens.map((_, place) => place).filter((place) => !removed.has(place));
    return { tokens: places.map((place) => problem.tokens[place]), places, gone: removed, frame: stage.frame };
  }

  /** The position id of token `row` of a question of `inputCount` tokens and what is written after it. */
  function position(frame, inputCount, row) {
    const index = row - (inputCount - 1);
    if (index < 0) return row;
    const ids = frame.positions;
    return inputCount - 1 + (index < ids.length ? ids[index] : ids[ids.length - 1] + index - ids.length + 1);
  }

  /** What counts as the answer in written tokens. */
  function answerOf(written, content) {
    const end = written.indexOf(END);
    let rest = end < 0 ? written : written.slice(0, end);
    const mark = rest.indexOf(ANSWER_MARK);
    if (mark >= 0) rest = rest.slice(mark + 1);
    else if (content.answerCount) rest = rest.slice(-content.answerCount);
    return rest.map((token) => name(token, content.vocabulary)).join("");
  }

  const indexOfMax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

  /**
   * Lets a model write what follows the question, always its most probable token.
   *
   * options.heads and options.cutPlaces are cut (see transformer.js); options.forced puts a token at a place in spite of
   * what the model would have written there.
   */
  function solve(model, problem, left, content, options = {}) {
    const { inputCount } = problem;
    const rowOf = new Map(left.places.map((place, row) => [place, row]));
    const keys = [...(options.cutPlaces || [])].map((place) => rowOf.get(place)).filter((row) => row !== undefined);
    const pass = Transformer.begin(model, {
      heads: options.heads || new Set(), keys: new Set(keys), firstQuery: inputCount - 1,
    });
    let logits;
    for (let row = 0; row < inputCount; row++) logits = Transformer.read(pass, left.tokens[row], position(left.frame, inputCount, row));
    const written = [];
    while (written.length < left.frame.limit) {
      const row = inputCount + written.length;
      const place = row < left.places.length ? left.places[row] : problem.tokens.length + row - left.places.length;
      const probabilities = Transformer.softmax(logits);
      const forced = options.forced && options.forced.get(place);
      const token = forced === undefined ? indexOfMax(logits) : forced;
      written.push({
        token, place, row, probability: probabilities[token], isForced: forced !== undefined,
        wanted: row < left.tokens.length ? left.tokens[row] : undefined,
      });
      const id = position(left.frame, inputCount, row);
      if (token === END || id >= model.configuration.positions) break;
      logits = Transformer.read(pass, token, id);
    }
    const answer = answerOf(written.map((w) => w.token), content);
    const expected = problem.tokens.slice(...problem.answer).map((token) => name(token, content.vocabulary)).join("");
    // An answer counts only if the model ends it.
    const isEnded = written.length > 0 && written[written.length - 1].token === END;
    return { written, pass, answer, expected, isEnded, isRight: isEnded && answer === expected };
  }

  return { whole, remaining, solve, name, END, INPUT_END };
})();
