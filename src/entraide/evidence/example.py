"""The sample package of the documentation:  python -m entraide.evidence.example examples/package

Everything in it is made up, its keys are written in this file, and it is marked as a demo: it shows the form and proves
nothing.  Made again, it is the same to the byte.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from entraide.evidence.bag import (
    SEALED_KIND,
    Bag,
    DeliveryManifest,
    ExchangeKeys,
    Seal,
    Statement,
    Trust,
    make_bag,
    public_key_pem,
    write_zip,
)
from entraide.evidence.leaves import Leaf, commitment
from entraide.evidence.merkle import Frontier, inclusion_proof, nodes_of
from entraide.evidence.notes import Checkpoint, Ed25519NoteKey, LogProof, Policy, VerifierKey, sign_note
from entraide.evidence.parts import Part
from entraide.evidence.receipts import Receipt

ORIGIN = "demo.invalid/log"
STREAM = "9f2c1d7a5be84c03a6f0"
MOMENT = "2026-11-20T09:{minute:02d}:00.000Z"
RECIPIENT = "age1yvjlftsw3mvdptgp6gyuu2jry0k5ha9ta5nfk4lk9g7e5eegsc6sku6ln7"

_STEPS = (
    "requests:request:filed",
    "requests:request:countersigned",
    "requests:decision:proposed",
    "requests:decision:approved",
    SEALED_KIND,
)


def _secret(purpose: str) -> bytes:
    # Public on purpose: anyone may make this sample, so nobody can take it for the work of an exchange.
    return hashlib.sha256(b"entraide example, not a secret: " + purpose.encode()).digest()


PACKAGE_KEY = Ed25519NoteKey("demo.invalid/package", _secret("package"))
LOG_KEY = Ed25519NoteKey(ORIGIN, _secret("log"))
RECEIPT_KEY = Ed25519NoteKey("demo.invalid/receipts", _secret("receipts"))


@dataclass(frozen=True, slots=True)
class Sample:
    """A sealed bag and what the other side would hold."""

    bag: Bag
    seal: Seal
    receipt: Receipt

    def zip(self) -> bytes:
        """Return the decrypted package; stored, not deflated, so that every build of zlib gives these bytes."""
        out = io.BytesIO()
        write_zip(out, self.bag, self.seal, compress=False)
        return out.getvalue()


def make(
    *,
    kind: str = "demo",
    recipient: str = RECIPIENT,
    package_key: Ed25519NoteKey = PACKAGE_KEY,
    log_key: Ed25519NoteKey = LOG_KEY,
    receipt_key: Ed25519NoteKey = RECEIPT_KEY,
    quorum: str = "",
    extra_parts: Sequence[Part] = (),
) -> Sample:
    """Return a small package: two accounts, one of them without records, and a case of five entries in a log of nine.

    The parameters let tests make packages of other kinds and with other keys; `quorum` adds lines to the policy.
    """
    trust = Trust(
        package_key=package_key.public_key,
        keys_note=ExchangeKeys(
            kind=kind,
            package=VerifierKey.of(package_key),
            log=VerifierKey.of(log_key),
            receipts=VerifierKey.of(receipt_key),
        ).sign(package_key),
        policy=Policy.parse(f"log {VerifierKey.of(log_key)}\n{quorum or 'quorum none'}\n"),
    )
    case = _case(log_key.name, len(_STEPS) - 1)
    statement = Statement(
        reference="R-26-SAMP1E",
        version=1,
        kind=kind,
        purpose="Fraud investigation 2026/1042, production of records",
        scope={"accounts": ["A-1007"], "categories": ["S1", "T1"], "from": "2026-10-01", "until": "2026-11-01"},
        recipient={"name": "Otto Sample", "organisation": "Police of Exampleton", "age": recipient},
        copy_id="C-0001",
        stream=STREAM,
        n=len(case),
        head=case[-1].hash().hex(),
        snapshot="2026-11-19T00:00:00.000Z",
        release="0.1.0",
    )
    parts = [*_records(), *extra_parts]
    delivery = DeliveryManifest(
        sender={"name": "Aurelia Exchange", "role": "service provider"},
        recipient={"name": "Otto Sample", "organisation": "Police of Exampleton"},
        order={"reference": "R-26-SAMP1E", "agency_reference": "2026/1042", "legal_basis": "EPOC"},
        means="Download from the desk, encrypted with age",
        made_available_at=MOMENT.format(minute=30),
        available_until="2026-12-20T09:30:00.000Z",
        files=parts,
    )
    bag = make_bag([*parts, delivery.part()], statement, trust, organisation="Aurelia Exchange")
    return Sample(bag, *_seal(bag, case, package_key, log_key))


def _records() -> list[Part]:
    letter = "Aurelia Exchange answers request R-26-SAMP1E. Made up; a demo.\n"
    tables = {
        "data/records/A-1007/S1.csv": [
            ["account", "name", "opened_at"],
            ["A-1007", "Jean Sample", "2024-02-29T10:00:00Z"],
        ],
        "data/records/A-1007/T1.csv": [
            ["at", "asset", "units", "to"],
            ["2026-10-03T11:12:13Z", "BTC", "150000", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
            ["2026-10-09T01:02:03Z", "BTC", "75000", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"],
        ],
    }
    parts = [Part.of_bytes("data/letter.txt", letter.encode())]
    for path, rows in tables.items():
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerows(rows)  # RFC 4180
        parts.append(Part.of_bytes(path, out.getvalue().encode()))
    return parts


def _leaf(origin: str, stream: str, n: int, kind: str, prev: Leaf | None, payload: bytes) -> Leaf:
    return Leaf(
        log=origin,
        t=MOMENT.format(minute=n),
        kind=kind,
        stream=stream,
        n=n,
        prev=prev.hash().hex() if prev else None,
        actor=commitment(_secret(f"actor {stream} {n}"), {"person": f"sample {n}"}).hex(),
        payload=payload.hex(),
        act=hashlib.sha256(kind.encode()).hexdigest() if kind.startswith("requests:") else None,
    )


def _case(origin: str, count: int) -> list[Leaf]:
    case: list[Leaf] = []
    for n, kind in enumerate(_STEPS[:count], 1):
        payload = commitment(_secret(f"payload {n}"), {"sample": n})
        case.append(_leaf(origin, STREAM, n, kind, case[-1] if case else None, payload))
    return case


def _seal(bag: Bag, case: list[Leaf], package_key: Ed25519NoteKey, log_key: Ed25519NoteKey) -> tuple[Seal, Receipt]:
    payload = {"package": bag.name, "tagmanifest": bag.tagmanifest_sha256}
    salt = _secret(f"salt {bag.tagmanifest_sha256}")
    sealing = _leaf(log_key.name, STREAM, len(case) + 1, SEALED_KIND, case[-1], commitment(salt, payload))
    others = [_leaf(log_key.name, f"other-{n}", 1, "audit:day:opened", None, bytes(32)) for n in range(1, 5)]
    entries = [*others[:2], *case[:3], others[2], case[3], sealing, others[3]]
    hashes = [leaf.hash() for leaf in entries]
    frontier = Frontier()
    frontier.extend(hashes)
    checkpoint = Checkpoint(log_key.name, frontier.size, frontier.root())
    index = entries.index(sealing)
    seal = Seal(
        signature=package_key.sign(bag.tagmanifest),
        leaf=sealing.canonical(),
        salt=salt,
        payload=payload,
        proof=LogProof(
            index, tuple(inclusion_proof(nodes_of(hashes), index, len(hashes))), sign_note(checkpoint.text, log_key)
        ),
        stream=tuple(leaf.canonical() for leaf in (*case, sealing)),
    )
    filed = case[0].hash().hex()
    return seal, Receipt(log=log_key.name, stream=STREAM, n=1, head=filed, checkpoint_size=3)


def files() -> dict[str, bytes]:
    """Return the files of the sample's folder, by name."""
    sample = make()
    return {
        f"{sample.bag.name}.zip": sample.zip(),
        "exchange.pem": public_key_pem(PACKAGE_KEY.public_key),
        "receipt.note": str(sample.receipt.sign(RECEIPT_KEY)).encode(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sample into the folder named on the command line."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    folder = Path(given[0] if given else "examples/package")
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (folder / name).write_bytes(data)
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
