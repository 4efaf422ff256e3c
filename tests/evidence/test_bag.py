"""Parts, bags, zips and age: written in constant memory, the same every time, sealed on disk."""

import io
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pyrage
import pytest

from entraide.evidence.bag import (
    DeliveryManifest,
    ExchangeKeys,
    encrypt,
    make_bag,
    parse_recipients,
    public_key_of_pem,
    public_key_pem,
    write_zip,
)
from entraide.evidence.example import PACKAGE_KEY, files, make
from entraide.evidence.notes import NoteError, VerifierKey
from entraide.evidence.parts import Part, PartChanged, check_path, find_part, forget_parts, write_part
from entraide.evidence.verify import CannotCheck, verify
from entraide.kernel import faults
from entraide.kernel.sealing import DataKey
from tests.evidence.packages import KEY, codes, contents_of, opened, sample

CASE = DataKey(UUID(int=7), bytes([7]) * 32)
OTHER_CASE = DataKey(UUID(int=8), bytes([8]) * 32)
CANARY = b"canary-4711,Jean Doe,Rue de la Paix\r\n"
IDENTITY = pyrage.x25519.Identity.generate()


def rows(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield CANARY


# parts


def test_a_part_reads_back_as_written_and_lies_sealed_on_disk(tmp_path: Path) -> None:
    part = write_part("data/records/A/T1.csv", rows(20_000), key=CASE, spool=tmp_path)
    assert b"".join(part.read()) == CANARY * 20_000 and part.size == len(CANARY) * 20_000
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(on_disk) > part.size and b"canary" not in on_disk and b"T1.csv" not in on_disk
    assert part.sha256.encode() not in on_disk  # the hash of a short table is as good as the table


def test_a_finished_part_is_not_built_again(tmp_path: Path) -> None:
    written = write_part("data/a.csv", rows(10), key=CASE, spool=tmp_path)

    def never() -> Iterator[bytes]:
        raise AssertionError("asked for records it had already")
        yield b""

    again = write_part("data/a.csv", never(), key=CASE, spool=tmp_path)
    assert (again.size, again.sha256) == (written.size, written.sha256)
    assert b"".join(again.read()) == CANARY * 10


@pytest.mark.parametrize("point", ["package.part_written", "package.part_done"])
def test_f11_a_worker_killed_while_it_wrote_a_part_goes_on(tmp_path: Path, point: str) -> None:
    faults.arm(point, "raise")
    try:
        with pytest.raises(faults.FaultInjected):
            write_part("data/a.csv", rows(10), key=CASE, spool=tmp_path)
    finally:
        faults.disarm()
    part = write_part("data/a.csv", rows(10), key=CASE, spool=tmp_path)
    assert b"".join(part.read()) == CANARY * 10


def test_f11_a_part_cut_in_the_middle_is_begun_anew(tmp_path: Path) -> None:
    def dying() -> Iterator[bytes]:
        yield CANARY
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write_part("data/a.csv", dying(), key=CASE, spool=tmp_path)
    assert find_part("data/a.csv", key=CASE, spool=tmp_path) is None
    assert write_part("data/a.csv", rows(3), key=CASE, spool=tmp_path).size == 3 * len(CANARY)


def test_a_part_altered_or_swapped_on_disk_is_never_delivered(tmp_path: Path) -> None:
    part = write_part("data/a.csv", rows(10), key=CASE, spool=tmp_path)
    other = write_part("data/b.csv", rows(11), key=CASE, spool=tmp_path)
    assert find_part("data/a.csv", key=OTHER_CASE, spool=tmp_path) is None
    file, other_file = sorted(tmp_path.glob("*.part"), key=lambda path: path.stat().st_size)
    before = file.read_bytes()
    for data in (before[:-1], before[:40] + bytes([before[40] ^ 1]) + before[41:], other_file.read_bytes(), b""):
        file.write_bytes(data)
        with pytest.raises(PartChanged):
            b"".join(part.read())
    file.write_bytes(before)
    assert b"".join(part.read()) == CANARY * 10
    with pytest.raises(PartChanged):
        b"".join(replace(other, sha256="0" * 64).read())
    forget_parts(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    ["", "/data/a", "data/../a", "data//a", "data/.a", "data/a.", "data/con", "data/NUL.csv", "data/a b", "data/é",
     "data/a\\b", "data/a:b", "data/" + "x" * 101, "/".join(["data"] * 50), "data/a\n"],
)  # fmt: skip
def test_a_name_that_some_system_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        check_path(path)


# bags


def test_two_parts_of_one_name_and_parts_outside_data_are_refused() -> None:
    made = sample()
    one, same = Part.of_bytes("data/a", b""), Part.of_bytes("data/A", b"")
    trust, statement = _trust_and_statement()
    for parts, match in (([one, same], "same name"), ([Part.of_bytes("seal/a", b"")], "below data/")):
        with pytest.raises(ValueError, match=match):
            make_bag(parts, statement, trust, organisation="x")
    assert made.bag.size == sum(part.size for part in made.bag.parts)


def _trust_and_statement():  # type: ignore[no-untyped-def]
    from entraide.evidence.bag import Statement, Trust
    from entraide.evidence.example import LOG_KEY, RECEIPT_KEY
    from entraide.evidence.notes import Policy

    keys = ExchangeKeys(
        kind="demo",
        package=VerifierKey.of(PACKAGE_KEY),
        log=VerifierKey.of(LOG_KEY),
        receipts=VerifierKey.of(RECEIPT_KEY),
    )
    trust = Trust(package_key=KEY, keys_note=keys.sign(PACKAGE_KEY), policy=Policy(logs=(VerifierKey.of(LOG_KEY),)))
    statement = Statement(
        reference="R", version=1, kind="demo", purpose="p", scope={}, recipient={"name": "Otto"}, copy_id="c",
        stream="s", n=1, head="0" * 64, snapshot="2026-11-19T00:00:00.000Z", release="0",
    )  # fmt: skip
    return trust, statement


def test_the_kind_of_an_instance_is_one_of_three() -> None:
    trust, statement = _trust_and_statement()
    with pytest.raises(ValueError, match="demo, trial, production"):
        make_bag([], replace(statement, kind="Demo"), trust, organisation="x")


def test_a_bag_has_its_files_in_fixed_order_with_fixed_times_and_nothing_extra() -> None:
    with zipfile.ZipFile(io.BytesIO(sample().zip())) as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == [
        "VERIFY.txt",
        "bag/bag-info.txt",
        "bag/bagit.txt",
        "bag/manifest-sha256.txt",
        "bag/statement.json",
        "bag/tagmanifest-sha256.txt",
        "bag/data/delivery-manifest.json",
        "bag/data/letter.txt",
        "bag/data/records/A-1007/S1.csv",
        "bag/data/records/A-1007/T1.csv",
        "seal/entry.json",
        "seal/exchange-keys.note",
        "seal/exchange.pem",
        "seal/package.tlog-proof",
        "seal/policy.txt",
        "seal/stream.jsonl",
        "seal/tagmanifest.ed25519",
    ]
    assert {(info.date_time, info.extra, info.comment) for info in infos} == {((1980, 1, 1, 0, 0, 0), b"", b"")}
    for line in contents_of(sample())["bag/tagmanifest-sha256.txt"].decode().splitlines():
        assert line[64:66] == "  " and line[66] != " "


def test_the_delivery_manifest_says_what_the_regulation_wants() -> None:
    part = Part.of_bytes("data/a.csv", b"x")
    manifest = DeliveryManifest(
        sender={"name": "s"}, recipient={"name": "r"}, order={"reference": "o"}, means="download",
        made_available_at="2026-11-20T09:30:00.000Z", available_until="2026-12-20T09:30:00.000Z", files=[part],
    ).part()  # fmt: skip
    text = b"".join(manifest.read()).decode()
    for word in ("sender", "recipient", "order", "means", "made_available_at", "available_until", "data/a.csv",
                 '"size":1', '"algorithm":"SHA-256"', part.sha256):  # fmt: skip
        assert word in text


def test_v25_a_package_is_the_same_before_signing_in_any_time_zone_and_locale() -> None:
    code = (
        "import hashlib,io;from entraide.evidence.example import make;"
        "from entraide.evidence.bag import write_zip;made=make();out=io.BytesIO();write_zip(out,made.bag,made.seal);"
        "print(made.bag.tagmanifest_sha256,hashlib.sha256(out.getvalue()).hexdigest())"
    )
    answers = set()
    for zone, spoken, seed in (("Asia/Kathmandu", "ar_EG.UTF-8", "1"), ("America/St_Johns", "C", "2")):
        env = {**os.environ, "TZ": zone, "LC_ALL": spoken, "LANG": spoken, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"}
        answers.add(subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True).stdout)
    assert len(answers) == 1
    assert sample().bag.tagmanifest_sha256.encode() in answers.pop()


def test_the_committed_sample_is_what_one_command_makes() -> None:
    folder = Path(__file__).parents[2] / "examples" / "package"
    assert {name: (folder / name).read_bytes() for name in files()} == files()
    key = public_key_of_pem((folder / "exchange.pem").read_bytes())
    receipt = ("receipt.note", (folder / "receipt.note").read_bytes())
    report = verify(next(folder.glob("*.zip")), exchange_key=key, receipts=[receipt])
    assert report.holds and report.is_demo


def test_the_note_of_keys_must_be_the_exchange_s() -> None:
    note = contents_of(sample())["seal/exchange-keys.note"]
    assert ExchangeKeys.open(note, KEY).kind == "demo"
    for data, key in ((note, bytes(32)), (note.replace(b"kind demo", b"kind real"), KEY), (b"", KEY)):
        with pytest.raises(NoteError):
            ExchangeKeys.open(data, key)


def test_only_an_ed25519_key_is_the_key_of_an_exchange() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert public_key_of_pem(public_key_pem(KEY)) == KEY
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for pem in (b"", b"-----BEGIN", curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):
        with pytest.raises(ValueError, match=r".+"):
            public_key_of_pem(pem)


# age


def pieces(data: bytes) -> Iterator[bytes]:
    """Return `data` in pieces of odd sizes, some of them empty."""
    for start in range(0, len(data), 997):
        yield b""
        yield data[start : start + 997]


def encrypted(tmp_path: Path, name: str = "package.zip.age") -> Path:
    path = tmp_path / name
    plain = io.BytesIO()
    write_zip(plain, sample().bag, sample().seal)
    with path.open("wb") as out:
        encrypt(out, pieces(plain.getvalue()), recipients=[str(IDENTITY.to_public())])
    (tmp_path / "key.txt").write_text(f"# made for a test\n{IDENTITY}\n")
    return path


def test_v27_a_package_opens_for_its_recipient_only(tmp_path: Path) -> None:
    path = encrypted(tmp_path)
    assert b"bag/" not in path.read_bytes() and b"PK\x03\x04" not in path.read_bytes()[:200]
    assert verify(path, identity=tmp_path / "key.txt", exchange_key=KEY).holds
    (tmp_path / "other.txt").write_text(str(pyrage.x25519.Identity.generate()))
    for identity, code in ((tmp_path / "other.txt", "identity-wrong"), (None, "identity-needed")):
        with pytest.raises(CannotCheck) as caught:
            verify(path, identity=identity, exchange_key=KEY)
        assert caught.value.code == code


def test_what_is_encrypted_is_the_zip_to_the_byte(tmp_path: Path) -> None:
    plain, out = io.BytesIO(), io.BytesIO()
    write_zip(plain, sample().bag, sample().seal)
    pyrage.decrypt_io(io.BytesIO(encrypted(tmp_path).read_bytes()), out, [IDENTITY])
    assert out.getvalue() == plain.getvalue()


def test_v26_no_altered_ciphertext_is_taken_for_a_package(tmp_path: Path) -> None:
    path, draw = encrypted(tmp_path), random.Random(26)
    whole = path.read_bytes()
    answers = set()
    recipient_line = range(len("age-encryption.org/v1\n-> X25519 "), 110)
    for place in (*recipient_line, *(draw.randrange(22, len(whole)) for _ in range(100))):
        changed = whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]
        for data in (changed, whole[:place]):
            path.write_bytes(data)
            try:
                report = verify(path, identity=tmp_path / "key.txt", exchange_key=KEY)
            except CannotCheck as problem:  # the line that names the recipient's key was hit
                answers.add(problem.code)
            else:
                answers.update(codes(report.findings))
                assert not report.holds and report.files == [path.name]
    assert answers == {"cipher-changed", "identity-wrong"}


def test_progress_is_reported_and_can_stop_the_writing() -> None:
    seen: list[int] = []
    write_zip(io.BytesIO(), sample().bag, sample().seal, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == sample().bag.size

    class Cancelled(Exception):
        pass

    def cancel(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_zip(io.BytesIO(), sample().bag, sample().seal, progress=cancel)


def test_f11_a_part_that_changed_stops_the_package() -> None:
    part = Part(path="data/a", size=3, sha256="0" * 64, chunks=lambda: (b"abc",))
    trust, statement = _trust_and_statement()
    bag = make_bag([part], statement, trust, organisation="x")
    with pytest.raises(PartChanged):
        write_zip(io.BytesIO(), bag, sample().seal)


@pytest.mark.parametrize("n_whole", [0, 1, 200])
def test_what_breaks_off_while_it_is_encrypted_stops_the_package(n_whole: int) -> None:
    """Or age would close what came so far as a whole file."""

    def chunks() -> Iterator[bytes]:
        for _ in range(n_whole):
            yield os.urandom(1000)
        raise PartChanged("it does not open")

    with pytest.raises(Exception, match="does not open"):
        encrypt(io.BytesIO(), chunks(), recipients=[str(IDENTITY.to_public())])


def test_f35_a_full_disk_stops_the_package() -> None:
    class Full(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="No space left"):
        encrypt(Full(), pieces(os.urandom(1 << 20)), recipients=[str(IDENTITY.to_public())])  # type: ignore[arg-type]


def test_a_package_is_encrypted_to_somebody() -> None:
    for bad in ([], ["age1nonsense"], ["ssh-ed25519 AAAA"], [str(IDENTITY)]):
        with pytest.raises(ValueError, match="age|somebody"):
            parse_recipients(bad)


# V30: other people's tools agree


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


def test_v30_age_unzip_sha256sum_and_openssl_alone_verify_a_package(tmp_path: Path) -> None:
    age, sha256sum, openssl = tool("age"), tool("sha256sum"), tool("openssl")
    path = encrypted(tmp_path)
    subprocess.run([age, "-d", "-i", tmp_path / "key.txt", "-o", tmp_path / "package.zip", path], check=True)
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "package")
    bag = tmp_path / "package" / "bag"
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        done = subprocess.run([sha256sum, "-c", "--strict", manifest], cwd=bag, check=True, capture_output=True)
        assert b"FAILED" not in done.stdout and done.stdout.count(b"OK") == 4
    check = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "../seal/exchange.pem", "-rawin", "-in",
             "tagmanifest-sha256.txt", "-sigfile", "../seal/tagmanifest.ed25519"]  # fmt: skip
    done = subprocess.run(check, cwd=bag, check=True, capture_output=True)
    assert b"Signature Verified Successfully" in done.stdout
    with (bag / "tagmanifest-sha256.txt").open("ab") as file:
        file.write(b"\n")
    assert subprocess.run(check, cwd=bag, check=False, capture_output=True).returncode != 0


def test_v30_unzip_reads_the_zip(tmp_path: Path) -> None:
    unzip = tool("unzip")
    for compress in (True, False):
        with (tmp_path / "package.zip").open("wb") as out:
            write_zip(out, sample().bag, sample().seal, compress=compress)
        done = subprocess.run([unzip, "-t", tmp_path / "package.zip"], check=True, capture_output=True)
        assert b"No errors detected" in done.stdout


def test_v30_the_reference_library_accepts_the_bag(tmp_path: Path) -> None:
    bagit = pytest.importorskip("bagit", reason="bagit is not installed")
    bagit.Bag(str(opened(contents_of(sample()), tmp_path) / "bag")).validate()


def test_packages_of_other_content_are_other_packages() -> None:
    other = make(extra_parts=[Part.of_bytes("data/more.txt", b"more")])
    assert other.bag.tagmanifest_sha256 != sample().bag.tagmanifest_sha256
