"""The whole story in real browsers: a paragraph of a report becomes a sealed package that anyone verifies.

Four people, each with a browser and a passkey of her own; the reference exchange as a process with its own database;
the worker's own code for everything that happens behind the pages; and at the end nothing but files and the tools
every laboratory has.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from entraide.audit import api as audit
from entraide.connectors.rest import RestConnector
from entraide.evidence import standalone
from entraide.exchange import wiring
from entraide.kernel import clock
from reference_exchange import addresses
from tests.browser.people import carry_passkey, sign_in
from tests.plugins.browser import LiveDesk
from tests.plugins.desk import Desk
from tests.plugins.people import Cast, Player
from tests.plugins.postgres import PostgresForTests
from tests.reference_exchange.process import TOKEN, ReferenceExchange, new_database, run
from tests.requests.story import a_pdf

pytestmark = pytest.mark.browser

TXID = "c3" * 32
STEPS_MAX = 8  # rounds of the worker and the log until a package is out


@dataclass(frozen=True)
class Material:
    """What the story is told with.

    Parameters
    ----------
    deposit, source : str
        Bitcoin and Ethereum-style addresses that belong to one customer.
    other : str
        A TRON address this exchange never saw.
    """

    deposit: str
    source: str
    other: str
    txid: str = TXID

    @property
    def near_miss(self) -> str:
        """The deposit address with one character that a tired eye takes for another."""
        return _mistyped(self.deposit)

    @property
    def second_near_miss(self) -> str:
        return _mistyped(self.other)

    @property
    def paragraph(self) -> str:
        return (
            f"Am 3. d.M. überwies die Geschädigte 0,41 BTC an {self.deposit} (so im Chat, auf dem Ausdruck steht "
            f"{self.near_miss}),\nspäter auch von {self.source}; Transaktion {self.txid}.\nDer Täter nannte zuletzt "
            f"noch »{self.other}« bzw. {self.second_near_miss}."
        )


def _made_up() -> Material:
    return Material(
        deposit=addresses.segwit("bc", bytes(range(31, 51))),
        source="0x" + bytes(range(51, 71)).hex(),
        other=addresses.base58check(b"\x41" + bytes(range(71, 91))),
    )


def _mistyped(address: str) -> str:
    """Return `address` with one character changed to another of its alphabet, well inside it."""
    place = len(address) // 2
    return address[:place] + ("q" if address[place] != "q" else "p") + address[place + 1 :]


@pytest.fixture(params=["made-up", "real"])
def material(request: pytest.FixtureRequest, shared_data: Callable[[str], Path]) -> Material:
    """Return valid addresses: made-up ones always, real ones where the test data is."""
    if request.param == "made-up":
        return _made_up()
    with gzip.open(shared_data("vectors/addresses/real-btc.txt.gz"), "rt") as lines:
        deposit = next(line.strip() for line in lines if line.startswith("bc1q") and len(line.strip()) == 42)
    with gzip.open(shared_data("vectors/addresses/real-ltc.txt.gz"), "rt") as lines:
        other = next(line.strip() for line in lines if line.startswith("ltc1q"))
    return replace(_made_up(), deposit=deposit, other=other)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Return the desk at the time it really is: the browser and the exchange know no other."""
    return replace(desk, now=clock.now())


@pytest.fixture
def exchange(postgres: PostgresForTests, tmp_path: Path, material: Material, desk: Desk) -> Iterator[ReferenceExchange]:
    """Return a reference exchange that knows the customer of the story."""
    url = new_database(postgres, "reference_exchange_story")
    planted = tmp_path / "addresses.jsonl"
    at = (desk.now - timedelta(days=21)).isoformat()
    lines = [
        {"customer": 3, "address": material.deposit, "role": "deposit_address", "at": at},
        {"customer": 3, "address": material.source, "txid": "0x" + "a7" * 32, "role": "deposit_from", "at": at},
        {"customer": 5, "txid": material.txid, "network": "bitcoin", "role": "withdrawal_to", "at": at,
         "address": addresses.segwit("bc", bytes(range(91, 111)))},
    ]  # fmt: skip
    planted.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    done = run(
        url, "generate", "--customers", "12", "--seed", "11", "--until", desk.now.isoformat(),
        "--addresses", str(planted),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with ReferenceExchange(url) as running:
        wiring.install(lambda: RestConnector(base_url=running.url, token=TOKEN))
        yield running


@dataclass
class People:
    """Who has a browser open already."""

    open_browser: Callable[..., Any]
    origin: str
    pages: dict[str, Any] = field(default_factory=dict)

    def at(self, player: Player) -> Any:
        """Return the page of a person, signed in with her passkey."""
        if player.email not in self.pages:
            page = self.open_browser(has_authenticator=False, accept_downloads=True)
            page.set_default_timeout(60_000)
            carry_passkey(page, player)
            sign_in(page, self.origin)
            self.pages[player.email] = page
        return self.pages[player.email]


@pytest.fixture
def people(person_at: Callable[..., Any], live_desk: LiveDesk, tmp_path: Path) -> Iterator[People]:
    """Return the people; what each saw last is kept as a picture beside the test's other files."""
    people = People(person_at, live_desk.origin)
    yield people
    for email, page in people.pages.items():
        page.screenshot(path=tmp_path / f"{email.partition('@')[0]}.png", full_page=True)


def test_a_paragraph_of_a_report_becomes_a_package_that_anyone_verifies(
    people: People, cast: Cast, desk: Desk, exchange: ReferenceExchange, material: Material, tmp_path: Path
) -> None:
    otto = people.at(cast.OTTO)
    identity = register_age_key(otto, tmp_path)
    reference = file_request(otto, material)
    assert reference not in people.at(cast.ANOUK).content(), "the desk sees nothing before the supervisor has signed"
    countersign(people.at(cast.SABINE), reference)
    desk.work()
    decide(people.at(cast.ANOUK), reference, desk)
    the_proposer_cannot_approve(people.at(cast.ANOUK), reference)
    approve(people.at(cast.MARC), reference)
    build(desk)
    package = fetch(otto, reference, tmp_path)

    exchange_key = tmp_path / "exchange.pem"
    exchange_key.write_bytes(audit.package_key_pem())
    opened = entraide_verifies(package, identity, exchange_key)
    one_file_verifies(opened, exchange_key)
    ordinary_tools_verify(package, identity, exchange_key, tmp_path)
    the_answers_are_whole(opened, material)
    a_stranger_finds_nothing(people.at(cast.IVO), reference)
    the_log_is_there_for_the_auditor(people.at(cast.AUDE), reference)


# ------------------------------------------------------------------------------------------------------ what people do


def register_age_key(page: Any, folder: Path) -> Path:
    """Make a key in the page, keep the secret half, sign that the public half is hers."""
    page.goto("/account/")
    page.get_by_role("link", name="Name a key").click()
    page.get_by_role("button", name="Make a key").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the secret half").click()
    identity = folder / "otto-age-key.txt"
    download.value.save_as(identity)
    page.locator("[data-agekey-submit]").click()
    page.get_by_role("button", name="Sign and register").click()
    page.wait_for_url("**/account/")
    return identity


def file_request(page: Any, material: Material) -> str:
    """Answer every question, from a messy paragraph, and sign."""
    page.goto("/requests/new/")
    page.get_by_role("button", name="Start now").click()
    reference = re.search(r"R-\d\d-[0-9A-Z]{6}", page.content())
    assert reference
    page.get_by_role("link", name="Legal basis and your reference").click()

    page.get_by_role("radio", name=re.compile("European Production Order")).check()
    page.get_by_label("Your agency's reference").fill("4 Js 1207/26")
    page.get_by_label("Language of the instrument").select_option("en")
    go_on(page)
    page.get_by_label("Choose a PDF").set_input_files(
        {"name": "order.pdf", "mimeType": "application/pdf", "buffer": a_pdf("The order")}
    )
    page.get_by_role("button", name="Attach and continue").click()
    if page.get_by_role("button", name="Continue", exact=True).count():
        page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("radio", name="Investigating judge").check()
    page.get_by_label("Name of the authority", exact=True).fill("Amtsgericht Musterstadt")
    page.get_by_label("Country of the authority").select_option("DE")
    page.get_by_label("Day it was issued").fill((datetime.now(UTC) - timedelta(days=3)).date().isoformat())
    go_on(page)
    page.get_by_label("Offence and provision").fill("Fraud, section 263 of the Criminal Code")
    page.get_by_label("Maximum penalty in years").fill("5")
    go_on(page)
    name_targets(page, material)
    for code in ("S1", "T2"):
        page.get_by_role("checkbox", name=re.compile(f"^{code} ")).check()
    go_on(page)
    page.get_by_label("What happened, and why this data is necessary").fill("The victim paid into this account.")
    go_on(page)
    page.get_by_role("radio", name="Standard").check()
    go_on(page)

    page.get_by_role("heading", name="Check your answers").wait_for()
    page.get_by_role("button", name="Sign and send to my supervisor").click()
    page.get_by_role("heading", name="Signed, and sent to your supervisor").wait_for()
    return reference[0]


def go_on(page: Any) -> None:
    page.get_by_role("button", name="Save and continue").click()


def name_targets(page: Any, material: Material) -> None:
    """Paste the paragraph: what holds is ticked; the near misses are named, and left out or sent as written."""
    page.get_by_label("Paste your text").fill(material.paragraph)
    page.get_by_role("button", name="Find the identifiers").click()
    page.get_by_role("heading", name="Found in your text").wait_for()
    found = {
        row.locator("input[type=hidden][name$=-value]").get_attribute("value"): row
        for row in page.locator(".choices > .choice").all()
    }
    valid = {material.deposit, material.source, material.other, material.txid}
    typos = {material.near_miss, material.second_near_miss}
    assert found.keys() == valid | typos
    ticked = {value for value, row in found.items() if row.locator("input.choice__box").is_checked()}
    assert ticked == valid
    page.get_by_role("button", name="Add to the request").click()
    page.locator("#period").get_by_label("From").fill((datetime.now(UTC) - timedelta(days=200)).date().isoformat())
    page.locator("#period").get_by_label("To, the day included").fill(datetime.now(UTC).date().isoformat())
    go_on(page)


def countersign(page: Any, reference: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile(reference)).first.click()
    if page.get_by_role("link", name=re.compile("countersign")).count():
        page.get_by_role("link", name=re.compile("countersign")).first.click()
    page.get_by_role("button", name="Countersign and send to the desk").click()
    page.wait_for_url(f"**/requests/{reference}/")


def decide(page: Any, reference: str, desk: Desk) -> None:
    """Take it up, see what was found, answer each identifier, propose."""
    page.goto(f"/requests/{reference}/accept/")
    page.locator("main form button[type=submit]").last.click()
    desk.work()
    page.goto(f"/requests/{reference}/decision/")
    page.get_by_role("button", name=re.compile("Fill in what the look-up suggests for")).click()
    page.get_by_role("heading", name="0 of 4 targets answered").wait_for()  # covered or not is hers to say
    page.get_by_role("button", name="Covered by the instrument: yes for all 4").click()
    page.get_by_role("heading", name="4 of 4 targets answered").wait_for()
    assert page.get_by_role("radio", name=re.compile("^No such account")).locator("visible=true").count()
    page.get_by_role("button", name="Check and propose").click()
    page.get_by_role("button", name="Propose and sign").click()
    page.wait_for_url(f"**/requests/{reference}/")


def the_proposer_cannot_approve(page: Any, reference: str) -> None:
    page.goto(f"/requests/{reference}/approve/")
    button = page.get_by_role("button", name="Approve and sign")
    assert button.count() == 0 or button.is_disabled()


def approve(page: Any, reference: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile(reference)).first.click()
    if not page.get_by_role("button", name="Approve and sign").count():
        page.goto(f"/requests/{reference}/approve/")
    page.get_by_role("button", name="Approve and sign").click()
    page.get_by_role("heading", name="The decision is approved").wait_for()


def build(desk: Desk) -> None:
    """Let the worker and the log do what is due until the package is out."""
    desk.start_signer()
    for _ in range(STEPS_MAX):
        desk.work()
        desk.sequence()
        if desk.superuser_sql("SELECT 1 FROM disclosure_package WHERE state = 'released'"):
            return
        desk.superuser_sql("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        desk.superuser_sql("UPDATE outbox_effect SET due_at = now() WHERE state IN ('due', 'unknown')")
    raise AssertionError("no package was released")


def fetch(page: Any, reference: str, folder: Path) -> Path:
    """Sign for the package; the next page starts the download by itself."""
    page.goto("/")
    page.get_by_role("link", name="Fetch the package").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Sign and fetch").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def a_stranger_finds_nothing(page: Any, reference: str) -> None:
    """An officer of another agency gets the very page that stands for what does not exist."""
    unknown = "R-26-AAAAAA"
    answers = [page.request.get(f"/requests/{name}/") for name in (reference, unknown)]
    assert [answer.status for answer in answers] == [404, 404]
    theirs, nothing = (without_tokens(answer.text()) for answer in answers)
    assert theirs.replace(reference, unknown) == nothing


def without_tokens(html: str) -> str:
    """Return a page without the token against forged forms, which is new on every page."""
    return re.sub(r'(name="csrf[a-z-]*"\s+(?:value|content))="[^"]*"', r'\1=""', html)


def the_log_is_there_for_the_auditor(page: Any, reference: str) -> None:
    page.goto(f"/requests/{reference}/log/")
    assert page.get_by_text("was filed").count()


# ------------------------------------------------------------------------------------------------- what anybody checks


def entraide_verifies(package: Path, identity: Path, exchange_key: Path) -> Path:
    """`entraide verify` says so with no network; return the opened zip."""
    line = [sys.executable, "-m", "entraide", "verify", package, "--identity", identity, "--exchange-key"]
    done = subprocess.run([*_without_network(), *line, exchange_key, "--lang", "en"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("DEMO: not evidence\n")
    demo_is_no_evidence = subprocess.run([*line, exchange_key, "--evidence"], capture_output=True, text=True)
    assert demo_is_no_evidence.returncode == 1
    opened = package.with_name("opened.zip")
    key = pyrage.x25519.Identity.from_str(
        next(row for row in identity.read_text().splitlines() if row.startswith("AGE-SECRET-KEY-"))
    )
    opened.write_bytes(pyrage.decrypt(package.read_bytes(), [key]))
    return opened


def one_file_verifies(opened: Path, exchange_key: Path) -> None:
    """`verify.py`, copied away from everything of ours, with the standard library alone and no network."""
    script = shutil.copy(Path(standalone.__file__).with_name("verify.py"), opened.with_name("verify.py"))
    line = [sys.executable, "-I", script, opened, "--exchange-key", exchange_key, "--lang", "en"]
    done = subprocess.run([*_without_network(), *line], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def ordinary_tools_verify(package: Path, identity: Path, exchange_key: Path, folder: Path) -> None:
    """`age`, `sha256sum` and `openssl`, and nothing of ours."""
    if missing := [tool for tool in ("age", "sha256sum", "openssl") if shutil.which(tool) is None]:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    zipped = folder / "by-age.zip"
    subprocess.run(["age", "-d", "-i", identity, "-o", zipped, package], check=True)
    with zipfile.ZipFile(zipped) as bag:
        bag.extractall(folder / "bag")
    root = folder / "bag" / "bag"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "-c", manifest], cwd=root, check=True)
    signature = root.parent / "seal" / "tagmanifest.ed25519"
    line = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", exchange_key, "-rawin"]
    subprocess.run(
        [*line, "-in", root / "tagmanifest-sha256.txt", "-sigfile", signature], check=True, capture_output=True
    )


def the_answers_are_whole(opened: Path, material: Material) -> None:
    """No identifier is met with silence, and the letter is among the hashed files."""
    with zipfile.ZipFile(opened) as bag:
        names = bag.namelist()
        decision = json.loads(bag.read(next(name for name in names if name.endswith("decision.json"))))
        assert any(name.endswith(".csv") for name in names)
        assert any(name.endswith(".pdf") for name in names)
        for name in names:
            assert hashlib.sha256(bag.read(name)).digest()
    answers = {target["n"]: target["answer"] for target in decision["targets"]}
    assert len(answers) == 4
    assert sorted(answers.values()) == ["no_such_account", "produce", "produce", "produce"]


def _without_network() -> list[str]:
    """Return what starts a command where there is no network, or nothing where the machine cannot."""
    unshare = shutil.which("unshare")
    inside = [unshare or "", "--net", "--map-root-user"]
    if unshare is None or subprocess.run([*inside, "true"], check=False, capture_output=True).returncode:
        return []
    return inside
