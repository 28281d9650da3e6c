#!/usr/bin/env python3
"""The peer: K x K multiplication problems with their chain of thought, in plain CPython.

    multiplication.py K COUNT        prints problems per second
"""
import random, sys, time


def digits(value, width):
    return " ".join(reversed(str(value).zfill(width)))


def line(a, b, k):
    parts, total = [], 0
    for j in range(k):
        product = a * (b // 10 ** j % 10) * 10 ** j
        total += product
        parts.append(digits(product, k + 1 + j))
        if 0 < j < k - 1:
            parts[-1] += " ( " + digits(total, k + 1 + j) + " )"
    return f"{digits(a, k)} * {digits(b, k)}||{' + '.join(parts)} #### {digits(a * b, 2 * k)}"


k, count = int(sys.argv[1]), int(sys.argv[2])
source = random.Random(1)
low, high = 10 ** (k - 1), 10 ** k
start = time.process_time()
size = 0
for _ in range(count):
    size += len(line(source.randrange(low, high), source.randrange(low, high), k))
print(round(count / (time.process_time() - start)))
