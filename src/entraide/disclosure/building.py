"""Building a package, step by step; each step is whole or absent, so that a killed worker goes on.

    signatures checked → records collected → sealed in the log → proof there → archived → encrypted → release asked for

Plaintext is never written down: the spool and the archive copy are sealed with the case's key, the package is
encrypted to the officer.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from entraide.access import api as access
from entraide.audit import api as audit
from entraide.database import key_store, reading_as
from entraide.disclosure import operations
from entraide.disclosure.collecting import Collection, Collector, Run
from entraide.disclosure.documents import document_parts
from entraide.disclosure.letter import AnsweredTarget, Letter, LetterFile, pdf_of
from entraide.disclosure.models import Package
from entraide.disclosure.rules import LINK_LASTS
from entraide.disclosure.states import PackageState
from entraide.evidence.bag import (
    Bag,
    DeliveryManifest,
    Seal,
    Statement,
    Trust,
    encrypt,
    make_bag,
    write_zip,
)
from entraide.evidence.parts import Part, forget_parts
from entraide.exchange import wiring
from entraide.exchange.port import Purpose
from entraide.kernel import clock
from entraide.kernel.actors import Actor
from entraide.kernel.clock import iso_ms
from entraide.kernel.durable import whole_file
from entraide.kernel.errors import NotPermitted, NotPossible, Unavailable
from entraide.kernel.faults import fault
from entraide.kernel.sealing import DataKey, SealingWriter
from entraide.requests import api as requests

WORKER = Actor.system("worker")
Tell = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything one build rests on, read once: the package's row as it stands, the case, what was approved."""

    package: Package
    case: requests.CaseView
    scope: requests.ApprovedScope
    officer: access.PersonView
    agency: str
    exchange: str

    @property
    def spool(self) -> Path:
        """Folder of this package's sealed parts."""
        return Path(settings.SPOOL_FOLDER) / str(self.package.pk)

    @property
    def key(self) -> DataKey:
        """Key of the case."""
        return key_store().get(self.package.request_id)


def package_file(package_id: UUID) -> Path:
    """Return where the encrypted package lies."""
    return Path(settings.PACKAGE_FOLDER) / f"{package_id}.zip.age"


def archive_file(package_id: UUID) -> Path:
    """Return where the exchange's own sealed copy of the signed package lies."""
    return Path(settings.PACKAGE_FOLDER) / f"{package_id}.zip.sealed"


def load(package_id: UUID) -> Job:
    """Read what a build rests on."""
    with reading_as(WORKER):
        package = Package.objects.get(pk=package_id)
        scope = requests.approved_scope(package.request_id)
        case = requests.case_of(package.request_id)
        exchange = access.exchange()
        job = Job(
            package=package,
            case=case,
            scope=scope,
            officer=access.person(package.recipient_id),
            agency=access.organisation(package.organisation_id).name,
            exchange=exchange.name if exchange else settings.EXCHANGE_NAME,
        )
        package.plan  # noqa: B018  opened here, while the door is open
        return job


def verify(job: Job) -> None:
    """Check every signature that the disclosure rests on, with keys from the log: who decided, and who is to read it.

    Raises
    ------
    NotPossible
        If the decision in force is not the one the package was ordered for.
    NotPermitted
        If a signature does not hold.
    """
    if job.scope.decision_sha256 != bytes(job.package.decision_hash):
        raise NotPossible(
            f"Building {job.package.reference}", why="another decision is in force now", do="Order a new package"
        )
    with reading_as(WORKER):
        requests.verify_signatures(job.package.request_id, verify=access.verify_signed_act)
        if str(job.package.recipient_id) != job.case.document["agency"]["officer_id"]:
            raise NotPermitted(
                f"Building {job.package.reference}", why="it is not for the officer who asked", do="Tell the auditor"
            )
        access.verify_age_key(job.package.recipient_key, of=job.package.recipient_id)


def build(package_id: UUID, *, tell: Tell) -> None:
    """Bring a package from where it stands to the encrypted file, and ask for its release.

    Parameters
    ----------
    tell : callable
        Told (done, total, stage); what it raises stops the work, which can be taken up again.

    Raises
    ------
    Unavailable
        The exchange, the signer or the sequencer is not ready; ask again.
    """
    job = load(package_id)
    if job.package.state in (PackageState.ASSEMBLED.value, PackageState.RELEASED.value, PackageState.CANCELLED.value):
        return
    verify(job)
    if job.package.state in (PackageState.QUEUED.value, PackageState.COLLECTING.value):
        operations.begin_collecting(package_id, actor=WORKER, now=clock.now())
        archive_file(package_id).unlink(missing_ok=True)  # left by a build that stopped after an earlier sealing
    job.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = contents(job, collect(job, tell))
    tell(0, None, "sealing")
    trust = audit.trust()
    sealed = operations.seal(package_id, make=_Plan(job, files, trust), actor=WORKER, now=clock.now())
    bag = bag_of(job, files, trust, sealed.plan)
    if bag.tagmanifest_sha256 != sealed.tag_manifest_hash:
        raise NotPossible(
            f"Building {job.package.reference}",
            why="the files are not the ones that were sealed in the log",
            do="Cancel this package and order it anew",
        )
    tell(0, None, "proof")
    archive(job, bag, _seal_of(job, bag, sealed), lambda done: tell(done, bag.size, "writing"))
    size, digest = encrypt_to_officer(job)
    operations.note_assembled(package_id, file_size=size, file_hash=digest, actor=WORKER, now=clock.now())
    fault("disclosure.assembled")
    forget_parts(job.spool)


def collect(job: Job, tell: Tell) -> Collection:
    """Collect the approved records, and nothing else, into sealed segments."""
    scope = job.scope.scope
    runs = [
        Run(
            category=pull.category,
            account_id=pull.account_id,
            period=pull.period,
            named=scope.named_columns(pull.account_id, pull.category),
        )
        for pull in scope.pulls()
    ]
    case = str(job.package.request_id)
    collector = Collector(
        connector=wiring.connector(),
        key=job.key,
        spool=job.spool,
        as_of=job.package.as_of,
        purpose=Purpose(reference=job.case.reference, act="disclosure:package:collecting", actor="worker"),
        # The same within the case, so that flows can be followed; nothing outside it, so that cases cannot be joined.
        pseudonym=lambda account: f"customer-{key_store().blind_index(f'pseudonym:{case}', account).hex()[:12]}",
        progress=lambda done: tell(done, None, "collecting"),
    )
    return collector.collect(runs)


def contents(job: Job, collection: Collection) -> list[Part]:
    """Return the files of the package but for the delivery manifest: records, documents, letter; the same each time."""
    documents = document_parts(
        request=job.case.document,
        decision=job.scope.decision,
        categories=[pull.category for pull in job.scope.scope.pulls()],
    )
    files = [*collection.parts, *documents]
    return [*files, Part.of_bytes("data/letter.pdf", pdf_of(_letter(job, collection, files)))]


class _Plan:
    """Completes the plan once the place in the log is known."""

    def __init__(self, job: Job, files: Sequence[Part], trust: Trust) -> None:
        self._job, self._files, self._trust = job, files, trust

    def __call__(self, *, stream: str, n: int, head: str | None, now: datetime) -> tuple[dict[str, Any], str]:
        plan = {
            "stream": stream,
            "n": n,
            "head": head,
            "made_available_at": iso_ms(now),
            "available_until": iso_ms(now + LINK_LASTS),
            "release": version("entraide"),
        }
        return plan, bag_of(self._job, self._files, self._trust, plan).tagmanifest_sha256


def bag_of(job: Job, files: Sequence[Part], trust: Trust, plan: Mapping[str, Any]) -> Bag:
    """Return the bag: the files and their delivery manifest under one statement.  Reads no file and asks nobody."""
    package, case = job.package, job.case
    recipient = {"name": job.officer.name, "organisation": job.agency, "key": package.recipient_key}
    manifest = DeliveryManifest(
        sender={"name": job.exchange},
        recipient=recipient,
        order={
            "reference": case.reference,
            "agency_reference": case.agency_reference,
            "legal_basis": case.legal_basis,
            "decision_sha256": job.scope.decision_sha256.hex(),
        },
        means="encrypted download after step-up",
        made_available_at=plan["made_available_at"],
        available_until=plan["available_until"],
        files=files,
    )
    statement = Statement(
        reference=case.reference,
        version=package.version,
        kind=settings.KIND,
        purpose=case.purpose,
        scope={"targets": job.scope.decision["targets"]},
        recipient=recipient,
        copy_id=str(package.copy_id),
        stream=plan["stream"],
        n=plan["n"],
        head=plan["head"],
        snapshot=iso_ms(package.as_of),
        release=plan["release"],
    )
    return make_bag([*files, manifest.part()], statement, trust, organisation=job.exchange)


def _letter(job: Job, collection: Collection, files: Sequence[Part]) -> Letter:
    return Letter(
        language=job.package.language,
        exchange=job.exchange,
        package=job.package.reference,
        request=job.case.reference,
        agency=job.agency,
        agency_reference=job.case.agency_reference,
        officer=job.officer.name,
        legal_basis=job.case.legal_basis,
        instrument=job.case.instrument,
        written_at=job.scope.approved_at,
        as_of=job.package.as_of,
        answers=[
            AnsweredTarget(value=answer.value, kind=answer.kind, answer=answer.words)
            for answer in requests.answers_in_words(job.package.request_id, language=job.package.language)
        ],
        files=[
            LetterFile(name=part.path, size=part.size, sha256=part.sha256, records=collection.records.get(part.path))
            for part in files
        ],
        withheld_privileged=collection.withheld,
        is_demo=settings.KIND == "demo",
    )


def _seal_of(job: Job, bag: Bag, sealed: operations.Sealed) -> Seal:
    with reading_as(WORKER):
        proof = audit.proof_of(sealed.entry_id)
        if proof is None:
            raise Unavailable(
                f"Building {job.package.reference}",
                why="its entry has no place in the signed log yet",
                do="It goes on by itself in a few seconds",
            )
        leaves = list(audit.leaves_of(job.package.stream_id, up_to=sealed.plan["n"] + 1))
    return Seal(
        signature=audit.sign_package(bag.tagmanifest),
        leaf=proof.leaf,
        salt=proof.salt,
        payload=proof.payload,
        proof=proof.proof,
        stream=leaves,
    )


def archive(job: Job, bag: Bag, seal: Seal, progress: Callable[[int], None]) -> None:
    """Write the signed package once, sealed with the case's key: the copy from which it can be delivered anew."""
    path = archive_file(job.package.pk)
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as out:
        sealing = SealingWriter(job.key, out, place=_archive_place(job.package.pk))
        write_zip(sealing, bag, seal, progress=progress)  # type: ignore[arg-type]  # written to forwards only
        sealing.finish()
    fault("disclosure.archived")


def encrypt_to_officer(job: Job) -> tuple[int, bytes]:
    """Encrypt the archive copy to the officer; return size and SHA-256 of the file."""
    path = package_file(job.package.pk)
    with archive_file(job.package.pk).open("rb") as source, whole_file(path) as out:
        chunks = job.key.open_stream(source, place=_archive_place(job.package.pk))
        encrypt(out, chunks, recipients=[job.package.recipient_key])
    fault("disclosure.encrypted")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return path.stat().st_size, digest.digest()


def _archive_place(package_id: UUID) -> str:
    return f"disclosure.archive:{package_id}"
