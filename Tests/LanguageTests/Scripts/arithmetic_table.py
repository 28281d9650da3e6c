# Writes arithmetic_table.tsv, what Python makes of integers and floats at their boundaries: python3 arithmetic_table.py
#
# A row is `left TAB operator TAB right TAB result`; reals are written with all their digits, `error` is a division by zero.
# Left out is what this language defines otherwise: a complex or overflowing power, and integers too large for a float.

import itertools
import operator

integers = [0, 1, -1, 3, -7, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 + 1, -(10**20) + 1]
reals = [0.0, 0.5, -1.0, 2.5, 0.1, -7.5, 2.0**53, 2.0**63, -(2.0**63), 2.0**64, 1e300]
pairs = list(itertools.product(integers, integers)) + list(itertools.product(integers, reals)) \
    + list(itertools.product(reals, integers)) + list(itertools.product(reals, reals))
operators = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
             "%": operator.mod, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
             ">": operator.gt, ">=": operator.ge}


def written(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


with open("arithmetic_table.tsv", "w") as table:
    for left, right in pairs:
        for sign, function in operators.items():
            try:
                result = function(left, right)
            except ZeroDivisionError:
                result = None
            if isinstance(result, float) and result in (float("inf"), float("-inf")):
                continue
            table.write(f"{left!r}\t{sign}\t{right!r}\t{'error' if result is None else written(result)}\n")
    for base in [0, 1, -1, 2, -2, 3, -3, 10, -7, 2**32, -(2**31) - 1]:
        for exponent in [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, 10, -10, 31, 32, 63, 64, 65, 2**62, 2**62 + 1]:
            if abs(exponent) > 100 and base not in (0, 1, -1):
                continue
            try:
                result = base**exponent
            except ZeroDivisionError:
                result = None
            table.write(f"{base!r}\t^\t{exponent!r}\t{'error' if result is None else written(result)}\n")
    for base in [0.5, -0.5, 2.5, 4.0, -2.0]:
        for exponent in [0, 1, 2, -2, 3, 0.5]:
            if base < 0 and exponent == 0.5:
                continue
            table.write(f"{base!r}\t^\t{exponent!r}\t{written(base**exponent)}\n")
