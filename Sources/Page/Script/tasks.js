"use strict";
// The problems: how a person writes one, how the run's problems write it, and its true chain of thought and answer.
//
// Each task is {example, prompt, read(text), solve(question), say(question)}: `read` gives {question} or, where the text is
// no problem of the task, {fault: why, in a sentence}; `solve` gives {chain, answer}, or null where no true answer is known;
// `say` writes a question as people do, and `line` (where there is one) is what makes the problem in icot. Questions, chains and answers are texts in the run's own format, with blanks between
// tokens.

const Tasks = (() => {
  const spaced = (digits) => [...digits].join(" ");
  const reversed = (digits) => [...digits].reverse().join("");
  const plain = (text) => text.replace(/\s/g, "");
  const many = (count, noun) => (count === 1 ? `1 ${noun}` : `${count} ${noun}s`);

  /** `3 digits`, `2 to 4 digits` */
  const span = ([low, high]) => (low === high ? many(low, "digit") : `${low} to ${high} digits`);

  /** The digits of n with the least significant first, as many as `width` says. */
  const backwards = (n, width) => spaced(reversed(n.toString().padStart(width, "0")));

  /** The first character that the model has no token for, or undefined. */
  const unknown = (text, characters) => [...plain(text)].find((c) => !characters.includes(c));

  // MARK: Sums of digits modulo m

  function digitSum({ digits, modulus }) {
    return {
      example: "728998".padEnd(digits, "3").slice(0, digits),
      prompt: `${many(digits, "digit")}`,
      about: modulus === 2 ? "is their sum even (0) or odd (1)?" : `what is their sum modulo ${modulus}?`,
      read(text) {
        const given = text.replace(/[\s,;]/g, "");
        const wrong = [...given].find((c) => !/[0-9]/.test(c));
        if (wrong) return { fault: `“${wrong}” is not a digit: this model was taught with ${many(digits, "digit")}, 0 to 9.` };
        if (given.length !== digits) {
          return { fault: `That is ${many(given.length, "digit")}; this model was taught with exactly ${digits}.` };
        }
        return { question: spaced(given) };
      },
      solve(question) {
        const values = [...plain(question)].map(Number);
        let sum = 0;
        const running = values.map((v) => (sum = (sum + v) % modulus));
        return { chain: running.slice(1, -1).join(" "), answer: String(sum) };
      },
      say: plain,
      line: (question) => {
        const values = question.split(" ").join(", ");
        return modulus === 2 ? `(gen .parity of: [${values}])` : `(gen .modsum modulus: ${modulus} of: [${values}])`;
      },
    };
  }

  // MARK: Two numbers and a sign

  /** `3 digits × 3 digits`, `2 to 4 digits + as many` */
  const pairShape = (sign, left, right, isSquare) =>
    `${span(left)} ${sign} ${isSquare && left[0] !== left[1] ? "as many" : span(right)}`;

  /** Reads `123 × 45` with the most significant digit first, as people write. */
  function readPair(text, sign, left, right, isSquare, mayHaveZeros) {
    const shape = pairShape(sign, left, right, isSquare);
    const parts = text.trim().split(sign === "×" ? /\s*[*×x·]\s*|\s+/i : /\s*\+\s*|\s+/).filter((part) => part !== "");
    const wrong = [...text].find((c) => !/[0-9\s*×x·+]/i.test(c));
    if (wrong) return { fault: `“${wrong}” is not a digit: write ${shape}.` };
    if (parts.length !== 2 || parts.some((part) => !/^[0-9]+$/.test(part))) {
      return { fault: `That is not two numbers: write ${shape}.` };
    }
    const allowed = [left, right];
    for (let i = 0; i < 2; i++) {
      if (!mayHaveZeros && parts[i].length > 1 && parts[i][0] === "0") {
        return { fault: `${parts[i]} begins with a zero, which none of the numbers did that this model was taught with.` };
      }
      if (parts[i] === "0" && !mayHaveZeros) return { fault: "0 is not among the numbers that this model was taught with." };
      if (parts[i].length < allowed[i][0] || parts[i].length > allowed[i][1]) {
        return { fault: `${parts[i]} has ${many(parts[i].length, "digit")}; this model was taught with ${span(allowed[i])}.` };
      }
    }
    if (isSquare && parts[0].length !== parts[1].length) {
      return { fault: `This model was taught with two numbers of the same length, not ${parts[0]} and ${parts[1]}.` };
    }
    return { numbers: parts };
  }

  function multiplication({ left, right, isSquare, isPadded, chain }) {
    // Without the zeros that a shorter number may be written with.
    const numbers = (question) => plain(question).split("*").map((text) => BigInt(reversed(text)).toString());
    return {
      example: `${"372894615".slice(0, left[1])} × ${"334956182".slice(0, right[1])}`,
      prompt: pairShape("×", left, right, isSquare),
      about: "what is their product? (The model reads and writes digits with the lowest first.)",
      read(text) {
        const found = readPair(text, "×", left, right, isSquare, false);
        if (found.fault) return found;
        const [a, b] = found.numbers;
        const width = (digits, range) => (isPadded ? range[1] : digits.length);
        return { question: `${backwards(a, width(a, left))} * ${backwards(b, width(b, right))}` };
      },
      solve(question) {
        const [a, b] = plain(question).split("*");
        const [k, l] = [a.length, b.length];
        const value = BigInt(reversed(a));
        const products = [...b].map((digit, j) => value * BigInt(digit) * 10n ** BigInt(j));
        const width = (j) => k + 1 + j;
        const answer = backwards(products.reduce((x, y) => x + y, 0n), k + l);
        if (chain === "tree") return { chain: tree(products, k, l), answer };
        let sum = 0n;
        const parts = products.map((product, j) => {
          sum += product;
          const text = backwards(product, width(j));
          return j >= 1 && j <= l - 2 ? `${text} ( ${backwards(sum, width(j))} )` : text;
        });
        return { chain: parts.join(" + "), answer };
      },
      say: (question) => numbers(question).join(" × "),
      line: (question) => `(gen ${chain === "tree" ? ".tree" : ".mult"} of: [${numbers(question).join(", ")}])`,
    };
  }

  /** Neighbours added pairwise, level by level; the root is the answer and not written. */
  function tree(products, k, l) {
    const levels = [products.map((product, j) => backwards(product, k + 1 + j)).join(" + ")];
    const sums = products.slice();
    for (let stride = 1; 2 * stride < l; stride *= 2) {
      const written = [];
      for (let m = 0; m < l - stride; m += 2 * stride) {
        sums[m] += sums[m + stride];
        written.push(backwards(sums[m], k + Math.min(m + 2 * stride, l)));
      }
      levels.push(written.join(" + "));
    }
    return levels.join(" = ");
  }

  function addition({ digits, order }) {
    const isLeastFirst = order === "leastFirst";
    const turned = isLeastFirst ? reversed : (text) => text;
    return {
      example: `${"2967483150".slice(0, digits[1])} + ${"6361905284".slice(0, digits[1])}`,
      prompt: pairShape("+", digits, digits, true),
      about: isLeastFirst ? "what is their sum? (The model reads and writes digits with the lowest first.)" : "what is their sum?",
      read(text) {
        const found = readPair(text, "+", digits, digits, true, false);
        if (found.fault) return found;
        return { question: found.numbers.map((number) => spaced(turned(number))).join(" + ") };
      },
      solve(question) {
        const [a, b] = plain(question).split("+").map((text) => (isLeastFirst ? text : reversed(text)));
        let carry = 0;
        let sum = "";
        const carries = [...a].map((digit, i) => {
          const total = Number(digit) + Number(b[i]) + carry;
          sum += total % 10;
          return (carry = total > 9 ? 1 : 0);
        });
        return { chain: carries.join(" "), answer: spaced(isLeastFirst ? sum + carry : reversed(sum + carry)) };
      },
      say: (question) => plain(question).split("+").map(turned).join(" + "),
      line: (question) => `(gen .add ${isLeastFirst ? "" : "order: .most_first "}of: [${plain(question).split("+").map(turned).join(", ")}])`,
    };
  }

  // MARK: Any other problems: those that came with the page

  function listed(_, problems) {
    const byQuestion = new Map(problems.map((problem) => [plain(problem[0]), problem]));
    return {
      example: problems[0][0],
      prompt: "one of the problems that came with this page",
      about: "",
      read(text) {
        const known = byQuestion.get(plain(text));
        if (known) return { question: known[0] };
        return { fault: `The true answer of that is not known here; these problems are: “${problems[0][0]}” and ${problems.length - 1} others (press “another”).` };
      },
      solve(question) {
        const known = byQuestion.get(plain(question));
        return known ? { chain: known[1], answer: known[2] } : null;
      },
      say: (question) => question,
    };
  }

  const kinds = { digit_sum: digitSum, multiplication, addition, listed };

  /** The task that a page is about. */
  function make(content) {
    const task = kinds[content.task.kind](content.task, content.problems);
    const read = task.read;
    // A character without a token is the plainest fault of all, so it is named first.
    task.read = (text) => {
      if (plain(text) === "") return { fault: `Write ${task.prompt}, such as ${task.example}.` };
      const found = read(text);
      if (!found.question) return found;
      const missing = unknown(found.question, content.vocabulary.characters);
      return missing ? { fault: `This model has no token for “${missing}”.` } : found;
    };
    return task;
  }

  return { make, plain };
})();
