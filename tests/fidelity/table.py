# SPDX-License-Identifier: BSD-2-Clause
"""Text: the table of verdicts, and the table of all interpreters."""

LABEL_WIDTH = 28


def number(value, digits):
    return "-" if value is None else "%.*f" % (digits, value)


def verdict_rows(results):
    """One line for each figure: (label, model, CPython, min..max, ratio, bar, verdict)."""
    yield ("", "model", "CPython", "min..max", "ratio", "bar", "")
    for r in results:
        spread = "-"
        if len(r.references) > 1:
            spread = "%s..%s" % (number(min(r.references.values()), r.digits),
                                 number(max(r.references.values()), r.digits))
        ratio = number(r.model / r.reference, 2) if r.reference and r.model is not None else "-"
        yield (r.label, number(r.model, r.digits), number(r.reference, r.digits), spread, ratio,
               r.bar_text, r.verdict)


def render(rows, first_width=LABEL_WIDTH):
    """Aligned: the first column to the left, the last unpadded, all others to the right."""
    rows = [tuple(row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    widths[0] = max(widths[0], first_width)
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines)


def interpreter_rows(results, labels):
    yield ("median of the rounds",) + tuple(labels)
    for r in results:
        if any(label in r.references for label in labels):
            yield (r.label,) + tuple(number(r.references.get(label), r.digits) for label in labels)
