"""Tables for a terminal."""


def parameter_table(statistics, units=None):
    """Lines with a parameter each: median, distances to the 16 and 84 % quantiles, mean, sd.

    Parameters
    ----------
    statistics
        name -> {mean, sd, q16, q50, q84}.
    units
        A physical unit per parameter, or None.
    """
    rows = [("parameter", "median", "- 68 %", "+ 68 %", "mean", "sd")]
    for j, (name, s) in enumerate(statistics.items()):
        digits = significant(s["sd"])
        unit = f" [{units[j]}]" if units and units[j] else ""
        numbers = (s["q50"], s["q50"] - s["q16"], s["q84"] - s["q50"], s["mean"], s["sd"])
        rows.append((name + unit, *(number(value, digits) for value in numbers)))
    return aligned(rows)


def significant(sd, figures=3):
    """Decimals that show ``figures`` figures of an sd, None where only scientific notation can."""
    import math

    if not math.isfinite(sd) or sd <= 0.0:
        return None
    decimals = figures - 1 - math.floor(math.log10(sd))
    return max(decimals, 0) if decimals <= 8 else None


def number(value, decimals):
    """A number with as many decimals as its error deserves."""
    return f"{value:.4g}" if decimals is None or abs(value) >= 1e9 else f"{value:,.{decimals}f}"


def aligned(rows):
    """Text columns: the first to the left, the others to the right, a rule below the head."""
    widths = [max(len(str(row[j])) for row in rows) for j in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([str(row[0]).ljust(widths[0]), *cells[1:]]))
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
