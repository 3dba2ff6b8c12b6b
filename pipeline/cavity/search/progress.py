"""Progress: one line that is rewritten in a terminal, a plain line a minute in a log."""

import sys
from time import perf_counter


class Progress:
    """Shows calls, the log evidence so far and what remains.

    Parameters
    ----------
    label
        What is being searched, at the line's start.
    stream
        Where to; standard error without.
    terminal
        Whether the line is rewritten in place; asked of the stream without.
    interval
        Seconds between two lines; 1 in a terminal and 60 elsewhere without.
    """

    def __init__(self, label="", stream=None, terminal=None, interval=None):
        self.label = label
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty() if terminal is None else terminal
        self.interval = interval if interval is not None else 1.0 if self.terminal else 60.0
        self._started = perf_counter()
        self._next = self._started + self.interval
        self._shown = False

    def update(self, guard):
        """Write a line if one is due."""
        now = perf_counter()
        if now < self._next:
            return
        self._next = now + self.interval
        self._write(guard, now)

    def close(self, guard):
        """End the line, if one was ever shown."""
        if self._shown and self.terminal:
            self._write(guard, perf_counter())
            self.stream.write("\n")
            self.stream.flush()

    def _write(self, guard, now):
        line = progress_line(guard, now - self._started, self.label)
        self.stream.write(f"\r\x1b[K{line}" if self.terminal else f"{line}\n")
        self.stream.flush()
        self._shown = True


def progress_line(guard, seconds, label=""):
    """'d07: 12,300 calls, ln Z -46.2, remaining 0.31 (until 0.06), best ln L -38.1, 41 s'."""
    parts = [f"{guard.calls:,} calls"]
    status = guard.status
    if "log_evidence" in status:
        parts.append(f"ln Z {status['log_evidence']:.1f}")
    if "remaining" in status:
        until = f" (until {status['until']:.3g})" if status.get("until") is not None else ""
        parts.append(f"remaining {status['remaining']:.3g}{until}")
    parts.append(f"best ln L {guard.best:.1f}")
    if guard.rejected:
        parts.append(f"{guard.rejected:,} rejected")
    parts.append(f"{seconds:.0f} s")
    return (f"{label}: " if label else "") + ", ".join(parts)
