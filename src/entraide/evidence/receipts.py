"""Receipts: what the desk puts into the other side's hands after each of its acts.

A receipt says how long a stream was and what its last entry hashed to.  A different history told later contradicts a
paper the other party holds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from entraide.evidence.notes import Note, NoteError, NoteKey, VerifierKey, open_note, sign_note

_HEADER = "entraide/receipt/v1"
_FORM = re.compile(
    rf"{_HEADER}\nlog (?P<log>\S+)\nstream (?P<stream>\S+)\nn (?P<n>[1-9]\d{{0,15}})\n"
    r"head (?P<head>[0-9a-f]{64})\ncheckpoint (?P<size>0|[1-9]\d{0,15})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The stream `stream` of `log` had `n` entries, the last with leaf hash `head`; the log's last checkpoint had
    `checkpoint_size` entries.
    """

    log: str
    stream: str
    n: int
    head: str
    checkpoint_size: int

    @property
    def text(self) -> str:
        """The text of the note."""
        return (
            f"{_HEADER}\nlog {self.log}\nstream {self.stream}\nn {self.n}\nhead {self.head}\n"
            f"checkpoint {self.checkpoint_size}\n"
        )

    def sign(self, key: NoteKey) -> Note:
        """Return the receipt as a signed note; raises `NoteError` where a field cannot stand in one."""
        if not _FORM.fullmatch(self.text):
            raise NoteError("a field of the receipt does not have the form it must have")
        return sign_note(self.text, key)

    @classmethod
    def open(cls, data: str | bytes | Note, *keys: VerifierKey) -> "Receipt":
        """Return the receipt in a signed note.

        Raises
        ------
        NoteError
            If none of `keys` signed it, or it is no receipt.
        """
        found = _FORM.fullmatch(open_note(data, *keys))
        if found is None:
            raise NoteError("the note is not a receipt")
        return cls(
            log=found["log"],
            stream=found["stream"],
            n=int(found["n"]),
            head=found["head"],
            checkpoint_size=int(found["size"]),
        )

    def agrees_with(self, heads: Sequence[str]) -> bool:
        """Say whether a stream whose entries have the leaf hashes `heads` (hex) is a continuation of this receipt's."""
        return len(heads) >= self.n and heads[self.n - 1] == self.head
