"""State machines as tables.  The table is the rule, the drawing, the buttons and the cases of the test."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from entraide.kernel.errors import NotPossible


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed transition; `approvers` counts the natural persons needed besides the proposer."""

    source: StrEnum
    verb: StrEnum
    target: StrEnum
    approvers: int = 0


class Workflow:
    """A set of steps in which a state and a verb decide the target.

    Raises
    ------
    ValueError
        If two steps share source and verb: the table would not be a rule.
    """

    def __init__(self, name: str, steps: Sequence[Step], *, start: StrEnum) -> None:
        self.name = name
        self.steps = tuple(steps)
        self.start = start
        self._by_key = {(step.source, step.verb): step for step in steps}
        if len(self._by_key) != len(self.steps):
            raise ValueError(f"{name}: two steps share a state and a verb")

    def step(self, state: StrEnum, verb: StrEnum, *, approvers: Collection[object] = ()) -> Step:
        """Return the step that `verb` takes from `state`.

        Raises
        ------
        NotPossible
            If the table has no such step, or fewer distinct `approvers` are given than it needs.
        """
        step = self._by_key.get((state, verb))
        if step is None:
            allowed = ", ".join(other.value for other in self.verbs_from(state)) or "nothing"
            raise NotPossible(f"{self.name}: {verb.value}", why=f"it is {state.value}", do=f"Allowed here: {allowed}")
        if len(set(approvers)) < step.approvers:
            raise NotPossible(
                f"{self.name}: {verb.value}",
                why=f"{step.approvers} other person(s) must approve, {len(set(approvers))} did",
                do="Ask for the missing approval",
            )
        return step

    def allows(self, state: StrEnum, verb: StrEnum) -> bool:
        """Say whether the table has a step for `verb` from `state`."""
        return (state, verb) in self._by_key

    def verbs_from(self, state: StrEnum) -> Iterator[StrEnum]:
        """Yield the verbs that are possible from `state`, in the order of the table."""
        return (step.verb for step in self.steps if step.source == state)

    def states(self) -> tuple[StrEnum, ...]:
        """Return every state the table names, the start first, then in order of appearance."""
        seen = dict.fromkeys([self.start])
        for step in self.steps:
            seen.setdefault(step.source)
            seen.setdefault(step.target)
        return tuple(seen)

    def drawing(self) -> str:
        """Return the machine as a Mermaid state diagram; the documentation holds exactly this text."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start.value}"]
        for step in self.steps:
            needs = f" (+{step.approvers})" if step.approvers else ""
            lines.append(f"    {step.source.value} --> {step.target.value}: {step.verb.value}{needs}")
        final = [state for state in self.states() if not any(step.source == state for step in self.steps)]
        lines.extend(f"    {state.value} --> [*]" for state in final)
        return "\n".join(lines) + "\n"
