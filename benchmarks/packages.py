"""A package of very many records: from the exchange's port to the sealed file, and on to what leaves the house.

Everything is real but the people: the reference exchange over HTTP in a process of its own, a durable PostgreSQL, a
request that was filed, decided and approved by the ordinary operations, and a worker in a process of its own whose
memory is read when it is done.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import PYTHONPATH, Section, running, seconds, until

TOKEN = "only-for-measuring-0123456789"  # noqa: S105
_CUSTOMERS = 20


def measure(*, records: int, times: int) -> list[Section]:
    """Measure packages of `records` records, `times` times each way."""
    with ExitStack() as stack:
        world = stack.enter_context(_world(records))
        ways = {way: [_build(world, way, again) for again in range(times)] for way in ("http", "memory")}
        first = ways["http"][0]
        file = Path(first["file"])
        return [
            _collecting(records, ways),
            _where_it_goes(records, ways["http"]),
            _building(records, ways["http"]),
            _beside(file, world, times),
            _verifying(file, world, times),
        ]


# ------------------------------------------------------------------------------------------------------ what is shown


def _collecting(records: int, ways: dict[str, list[dict[str, Any]]]) -> Section:
    section = Section(title=f"A package of {records:,} records: from the port to the sealed file (CSV)")
    names = {
        "http": "reference exchange over HTTP → sealed CSV",
        "memory": "records made in memory, checked as an adapter does → sealed CSV",
    }
    for way, runs in ways.items():
        rates = [records / run["stages"]["collect"] for run in runs]
        section.add(names[way], rates, "records/s", bar="≥ 50,000" if way == "http" else "")
        free = [records / (run["stages"]["collect"] - run["parts"]["waited"]) for run in runs]
        section.add("… without the time the worker waited for a core", free, "records/s",
                    note=f"it waited {min(run['parts']['waited'] for run in runs):.1f} s or more for other work on the "
                    "machine")  # fmt: skip
    section.add(
        "peak memory of the worker, whole build", [run["peak_mib"] for run in ways["http"]], "MiB", bar="< 300",
        note=f"{min(run['idle_mib'] for run in ways['http']):.0f} MiB of it before it begins",
    )  # fmt: skip
    section.add("the CSV", [ways["http"][0]["csv_bytes"] / 1e6], "MB")
    for name, rates in _csv_peers(ways["http"][0]["csv"], records).items():
        section.add(name, rates, "records/s", is_peer=True)
    return section


def _where_it_goes(records: int, runs: list[dict[str, Any]]) -> Section:
    section = Section(title="Where the time goes, from the port to the sealed file (seconds of the worker)")
    words = {
        "wire": "waiting for the exchange and reading from the socket",
        "json": "JSON",
        "check": "every value checked against its schema",
        "csv": "minimising and writing CSV",
        "seal": "AES-GCM",
        "fsync": "fsync",
        "open": "reading the sealed segments back, hashed, for the file's own hash",
    }
    for key, word in words.items():
        section.add(word, [run["parts"][key] for run in runs], "s")
    rest = [run["stages"]["collect"] - sum(run["parts"][key] for key in words) for run in runs]
    section.add("the rest: hashing, copying, progress", rest, "s")
    section.add("together", [run["stages"]["collect"] for run in runs], "s",
                note=f"processor time {min(run['parts']['cpu'] for run in runs):.1f} s")  # fmt: skip
    return section


def _building(records: int, runs: list[dict[str, Any]]) -> Section:
    section = Section(title=f"The whole build of {records:,} records (seconds)")
    words = {
        "verify": "every signature checked with keys from the log",
        "collect": "port → sealed CSV (above)",
        "contents": "documents and letter",
        "seal": "sealing in the log",
        "again": "the spool read back after waiting for a place in the signed tree",
        "archive": "zip, hashed and sealed: the exchange's own copy",
        "encrypt": "encrypted to the officer with age, and hashed",
    }
    for key, word in words.items():
        section.add(word, [run["stages"][key] for run in runs], "s")
    section.add("first byte asked → file that can be released", [run["total"] for run in runs], "s",
                note=f"{records / min(run['total'] for run in runs):,.0f} records/s; the package has "
                f"{runs[0]['file_bytes'] / 1e6:.0f} MB")  # fmt: skip
    return section


def _beside(file: Path, world: dict[str, Any], times: int) -> Section:
    """Pack the same plaintext with ordinary tools: no manifest, no log, no sealed copy."""
    section = Section(
        title="Packing the same CSV with ordinary tools (seconds; no manifest, proof, letter or own copy)"
    )
    csv, recipient = Path(world["plain"]), world["recipient"]
    out = csv.with_name("peer.out")
    size = csv.stat().st_size
    tools = {
        "sha256sum": ("sha256sum {csv}", ["sha256sum"]),
        "tar | age": ("tar -c -C {folder} {name} | age -r {recipient} -o {out}", ["tar", "age"]),
        "gzip -4 | age": ("gzip -4 -c {csv} | age -r {recipient} -o {out}", ["gzip", "age"]),
        "zip -4 | age": ("zip -q -4 - {csv} | age -r {recipient} -o {out}", ["zip", "age"]),
        "7z with AES-256": ("7z a -bd -mx=3 -pmeasured -mhe=on {out}.7z {csv} >/dev/null", ["7z"]),
    }
    for name, (line, needs) in tools.items():
        missing = [need for need in needs if shutil.which(need) is None]
        if missing:
            section.skip(name, f"`{missing[0]}` is not on this machine")
            continue
        told = line.format(csv=csv, folder=csv.parent, name=csv.name, recipient=recipient, out=out)
        taken = []
        for _ in range(times):
            taken.append(
                seconds(lambda told=told: subprocess.run(["sh", "-c", told], check=True, stdout=subprocess.DEVNULL))
            )
        made = out.stat().st_size if out.exists() else 0
        section.add(name, taken, "s", is_peer=True, note=f"{size / 1e6 / min(taken):.0f} MB/s" +
                    (f", {made / 1e6:.0f} MB" if made else ""))  # fmt: skip
        for path in (out, Path(f"{out}.7z")):
            path.unlink(missing_ok=True)
    return section


def _verifying(file: Path, world: dict[str, Any], times: int) -> Section:
    section = Section(title="Verifying that package, offline (seconds)")
    plain_zip = file.with_suffix("")
    command = [sys.executable, "-m", "entraide", "verify", str(file), "--identity", world["identity"],
               "--exchange-key", world["exchange_key"]]  # fmt: skip
    taken, peaks = zip(*(_run(command, {0}) for _ in range(times)), strict=True)
    section.add("`entraide verify`, encrypted file and identity", taken, "s", note=f"peak {max(peaks):.0f} MiB")
    if shutil.which("age"):
        decrypt = ["age", "-d", "-i", world["identity"], "-o", str(plain_zip), str(file)]
        section.add("age -d", [_run(decrypt, {0})[0] for _ in range(times)], "s", is_peer=True,
                    note="decrypts only")  # fmt: skip
        verify_py = Path(__file__).parent.parent / "src/entraide/evidence/standalone/verify.py"
        standalone = [sys.executable, "-I", str(verify_py), str(plain_zip), "--exchange-key", world["exchange_key"]]
        taken, peaks = zip(*(_run(standalone, {0}) for _ in range(times)), strict=True)
        section.add("`verify.py`, one file of standard library, opened zip", taken, "s",
                    note=f"peak {max(peaks):.0f} MiB")  # fmt: skip
        listed = ["sh", "-c", f"unzip -p {plain_zip} 'bag/data/T2*' | sha256sum"]
        if shutil.which("unzip"):
            section.add("unzip | sha256sum of the CSV", [_run(listed, {0})[0] for _ in range(times)], "s", is_peer=True,
                        note="one hash, no signature, no log")  # fmt: skip
    return section


def _run(command: list[str], expected: set[int]) -> tuple[float, float]:
    """Run a command and return how long it took and the peak memory of it."""
    watched = [sys.executable, "-c", "import os,resource,subprocess,sys;"
               "r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);sys.exit(r)", *command]  # fmt: skip
    done: list[subprocess.CompletedProcess[str]] = []
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    took = seconds(lambda: done.append(
        subprocess.run(watched, capture_output=True, text=True, env=environment, check=False)))  # fmt: skip
    if done[0].returncode not in expected:
        raise RuntimeError(f"{command[:4]} ended with {done[0].returncode}: {done[0].stdout}{done[0].stderr}")
    return took, float(done[0].stdout.split()[-1]) / 1024


def _csv_peers(csv_file: str, records: int) -> dict[str, list[float]]:
    """Write the same cells to a file without anything else."""
    import csv as module

    with Path(csv_file).open(newline="", encoding="utf-8") as file:
        rows = [row for _, row in zip(range(min(records, 200_000)), module.reader(file), strict=False)]
    out = Path(csv_file).with_name("peer.csv")

    def write() -> None:
        with out.open("w", newline="", encoding="utf-8") as file:
            module.writer(file).writerows(rows)

    rates = {"Python's `csv`, rows ready in memory, into a file": [len(rows) / seconds(write) for _ in range(3)]}
    try:
        import polars
    except ImportError:
        pass
    else:
        names = rows[0]
        cells = dict(zip(names, map(list, zip(*rows[1:], strict=True)), strict=True))
        frame = polars.DataFrame(cells, schema=dict.fromkeys(names, polars.String))
        rates["polars, frame ready in memory, into a file"] = [
            len(rows) / seconds(lambda: frame.write_csv(out)) for _ in range(3)
        ]
    out.unlink(missing_ok=True)
    return rates


# -------------------------------------------------------------------------------------------------- what is measured


def _build(world: dict[str, Any], way: str, again: int) -> dict[str, Any]:
    """Order a package and let a worker of its own build it; return what it says of its time and memory."""
    package_id = world["order"]()
    environment = {
        **world["desk"].environment(),
        "ENTRAIDE_PROCESS": "worker",
        "ENTRAIDE_EXCHANGE_URL": world["exchange_url"],
        "ENTRAIDE_EXCHANGE_TOKEN": TOKEN,
        "PYTHONPATH": PYTHONPATH,
    }
    command = [sys.executable, "-m", "benchmarks.worker", str(package_id), way, str(world["records"]), world["heavy"]]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        # The worker says when its entry waits for a place in the signed tree, as it does in the house.
        while (line := worker.stdout.readline().strip()) == "sequence":
            world["desk"].sequence()
            worker.stdin.write("go on\n")
            worker.stdin.flush()
        if not line:
            raise RuntimeError("the worker ended without a word")
        result: dict[str, Any] = json.loads(line)
    if again == 0 and way == "http":
        result["csv"] = world["plain"] = str(_plain_csv(Path(result["file"]), world))
        result["csv_bytes"] = Path(result["csv"]).stat().st_size
    return result


def _plain_csv(file: Path, world: dict[str, Any]) -> Path:
    """Open the package as its officer does, and return the CSV file in it."""
    import zipfile

    import pyrage

    identity = pyrage.x25519.Identity.from_str(Path(world["identity"]).read_text().strip())
    opened, folder = file.with_suffix(".plain"), Path(world["folder"])
    pyrage.decrypt_file(str(file), str(opened), [identity])
    with zipfile.ZipFile(opened) as archive:
        name = next(name for name in archive.namelist() if name.startswith("bag/data/T2"))
        target = folder / "plain.csv"
        with archive.open(name) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    opened.unlink()
    return target


@contextmanager
def _world(records: int) -> Iterator[dict[str, Any]]:
    """A desk on which a package can be ordered, beside an exchange that holds an account of `records` movements."""
    import pyrage
    import tests.plugins.desk as desks
    from tests.plugins import people
    from tests.plugins.postgres import PostgresForTests

    from entraide.audit.api import create_instance, trust
    from entraide.evidence.bag import public_key_pem
    from entraide.kernel import clock

    server = PostgresForTests(is_durable=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    now = clock.now()
    try:
        server.start()
        exchange = _exchange(server, records, now - timedelta(days=1), folder)
        database = desks._migrated(server, "entraide")
        with exchange as url, desks.home_of_a_desk() as home:
            create_instance("demo", now=now)
            desk = desks.Desk(database, home, now)
            cast = people._enrol_everybody(actor=people.INSTALLER, now=now)
            people._verify_agencies(cast, now)
            identity = folder / "otto.txt"
            secret = pyrage.x25519.Identity.generate()
            identity.write_text(f"{secret}\n")
            desk.start_signer()
            key = folder / "exchange.pem"
            world = {
                "desk": desk, "records": records, "exchange_url": url, "heavy": _heavy_account(),
                "identity": str(identity), "recipient": str(secret.to_public()), "folder": str(folder),
            }  # fmt: skip
            ordering = _Ordering(desk, cast, world)
            world["order"] = ordering.order
            world["exchange_key"] = str(key)
            desk.sequence()
            key.write_bytes(public_key_pem(trust().package_key))
            try:
                yield world
            finally:
                desk.stop()
    finally:
        desks.close_connections()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _heavy_account() -> str:
    from reference_exchange.customers import account_id

    return account_id(_CUSTOMERS + 1)


class _Ordering:
    """Walks one request after the other to the order of its package."""

    def __init__(self, desk: Any, cast: Any, world: dict[str, Any]) -> None:
        self._desk, self._cast, self._world = desk, cast, world
        self._has_key = False

    def order(self) -> Any:
        from tests.requests import story as stories
        from tests.requests.material import target

        from entraide.access import acts
        from entraide.access.operations import passkeys
        from entraide.connectors.rest import RestConnector
        from entraide.database import acting_in
        from entraide.disclosure import building, operations
        from entraide.exchange import wiring
        from entraide.requests.states import RequestState

        wiring.install(lambda: RestConnector(self._world["exchange_url"], token=TOKEN))
        story = stories.Story(self._desk, self._cast, None)  # type: ignore[arg-type]
        if not self._has_key:
            otto = self._cast.OTTO
            act = acts.register_age_key(person_id=otto.id, recipient=self._world["recipient"])
            passkeys.register_age_key(
                self._world["recipient"], **story.sign(otto, act), actor=otto.actor, now=self._desk.now
            )
            self._has_key = True
        day = self._desk.now.date()
        asked = target(
            kind="uid", value=self._world["heavy"], network="", period_from="2010-01-01",
            period_to=str(day - timedelta(days=1)), time_zone="UTC",
        )  # fmt: skip
        story.draft(targets=[asked], categories=["T2"], issued_on=str(day), non_disclosure_until="")
        story.file()
        if story.state is RequestState.AWAITING_COUNTERSIGNATURE:
            story.countersign()
        story.accept().look_up()
        story.work_out(accounts=[self._world["heavy"]], categories=["T2"]).propose().approve()
        with acting_in("worker"):
            return operations.order(story.request_id(), actor=building.WORKER, now=self._desk.now)


@contextmanager
def _exchange(server: Any, records: int, until_moment: Any, folder: Path) -> Iterator[str]:
    """Run the reference exchange over its own database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "REFERENCE_EXCHANGE_DATABASE_URL": server.url("reference_exchange", "reference_exchange"),
        "REFERENCE_EXCHANGE_TOKEN": TOKEN,
        "PYTHONPATH": PYTHONPATH,
    }
    program = [sys.executable, "-m", "reference_exchange"]
    with (folder / "exchange.log").open("wb") as log:
        told = {"env": environment, "stdout": log, "stderr": log}
        subprocess.run([*program, "generate", "--customers", str(_CUSTOMERS), "--heavy-account", str(records),
                        "--until", until_moment.isoformat()], check=True, **told)  # fmt: skip
        with running([*program, "serve", "--port", str(port)], **told):
            until(lambda: _answers(port), within_s=30)
            yield f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
