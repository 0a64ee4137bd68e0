"""The report of a leak check: how much each two splits share, the pairs by id, and the verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evaluate.errors import EvaluationError
from evaluate.leaks import Leak

_MAX_LISTED = 10


@dataclass(frozen=True)
class LeakReport:
    """What was found between `splits` (sizes by name), and `notes` on what is no leak but worth knowing."""

    splits: Mapping[str, int]
    leaks: tuple[Leak, ...]
    notes: tuple[str, ...] = ()

    def check(self) -> None:
        """Let nothing pass that has a leak.

        Raises:
            EvaluationError: there is one; the sentence counts them and names the first.
        """
        if self.leaks:
            raise EvaluationError(self.sentence())

    def sentence(self) -> str:
        """Say in one line how many leaks there are, which is the first, and what to do."""
        if not self.leaks:
            return "no leak found"
        classes = sum(leak.kind == "shared class" for leak in self.leaks)
        counts = [
            f"{count} {noun}"
            for count, noun in ((len(self.leaks) - classes, "pair(s) of photos"), (classes, "class(es)"))
            if count
        ]
        return (
            f"{' and '.join(counts)} shared between splits, the first {self.leaks[0].sentence()}; "
            "take them out of one of the two"
        )

    def to_dict(self) -> dict[str, object]:
        """Give the report as dicts, lists and plain numbers, ready for JSON."""
        return {
            "splits": dict(self.splits),
            "counts": [
                {
                    "kind": kind,
                    "split_a": a,
                    "split_b": b,
                    "leaks": len(leaks),
                    "ids_a": ids_a,
                    "ids_b": ids_b,
                }
                for (a, b, kind), leaks, ids_a, ids_b in self._counts()
            ],
            "leaks": [asdict(leak) for leak in self.leaks],
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """Show the report as text: a line for each kind of leak, the first of the leaks, then the notes."""
        sizes = ", ".join(f"{name} {count}" for name, count in self.splits.items())
        blocks = [f"photos: {sizes}"]
        counted = [
            (f"{a}, {b}", kind, len(leaks), ids_a, ids_b)
            for (a, b, kind), leaks, ids_a, ids_b in self._counts()
        ]
        if counted:
            width = max(len("splits"), *(len(row[0]) for row in counted))
            lines = [f"{'splits':<{width}}  {'kind':<14}   leaks  of first  of second"]
            lines += [
                f"{row[0]:<{width}}  {row[1]:<14}  {row[2]:>6}  {row[3]:>8}  {row[4]:>9}" for row in counted
            ]
            blocks.append("\n".join(lines))
            listed = [leak.sentence() for leak in self.leaks[:_MAX_LISTED]]
            more = len(self.leaks) - _MAX_LISTED
            blocks.append("\n".join([*listed, *([f"and {more} more"] if more > 0 else [])]))
        else:
            blocks.append(self.sentence())
        if self.notes:
            blocks.append("\n".join(f"note: {note}" for note in self.notes))
        return "\n\n".join(blocks)

    def _counts(self) -> list[tuple[tuple[str, str, str], list[Leak], int, int]]:
        """Group the leaks by splits and kind; count the distinct ids of each side, too."""
        groups: dict[tuple[str, str, str], list[Leak]] = {}
        for leak in self.leaks:
            groups.setdefault((leak.split_a, leak.split_b, leak.kind), []).append(leak)
        return [
            (key, leaks, len({leak.id_a for leak in leaks}), len({leak.id_b for leak in leaks}))
            for key, leaks in groups.items()
        ]
