"""From an approved decision to a package that only the officer opens and anybody verifies."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pyrage
import pytest
from tests.desk.pages import at_desk, text_of
from tests.requests.story import Story, an_exchange

from entraide.access import acts
from entraide.access.operations import passkeys
from entraide.audit import api as audit
from entraide.database import acting_in, reading_as
from entraide.disclosure import building, operations, queries
from entraide.disclosure.acts import download_act
from entraide.disclosure.states import PackageState
from entraide.evidence.verify import verify
from entraide.kernel import clock, faults
from entraide.kernel.errors import NotFound, NotPermitted, NotPossible, Unavailable
from entraide.requests import api as requests
from entraide.requests.labels import KIND_LABELS
from entraide.requests.states import RequestState


@pytest.fixture(autouse=True)
def _quiet():
    yield
    faults.disarm()


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """Otto's own key for packages, in a file."""
    path = tmp_path / "otto.txt"
    path.write_text(str(pyrage.x25519.Identity.generate()) + "\n")
    return path


@pytest.fixture
def story(desk, cast, monkeypatch) -> Story:
    monkeypatch.setattr(clock, "now", lambda: desk.now + timedelta(minutes=5))
    return Story(desk, cast, an_exchange(at=desk.now))


def register_key(story: Story, identity: Path) -> None:
    otto = story.cast.OTTO
    recipient = str(pyrage.x25519.Identity.from_str(identity.read_text().strip()).to_public())
    signed = story.sign(otto, acts.register_age_key(person_id=otto.id, recipient=recipient))
    passkeys.register_age_key(recipient, **signed, actor=otto.actor, now=story.now)


def build(package_id) -> None:
    with acting_in("worker"):
        building.build(package_id, tell=lambda done, total, stage: None)


def ordered(story: Story, identity: Path):
    """Return the package that the approval ordered, before anything of it is built."""
    register_key(story, identity)
    story.to(RequestState.APPROVED)
    with acting_in("worker"):
        return operations.order(story.request_id(), actor=building.WORKER, now=story.now)


def sealed(story: Story, identity: Path):
    """Return a package that stands in the log with its proof there."""
    package_id = ordered(story, identity)
    story.desk.start_signer()
    with pytest.raises(Unavailable, match="no place in the signed log yet"):
        build(package_id)
    story.desk.sequence()
    return package_id


def seen(story: Story, package_id, player=None):
    actor = (player or story.cast.OTTO).actor
    with reading_as(actor):
        return queries.package(package_id, actor)


def test_what_two_people_approved_becomes_a_package_that_verifies(story, identity):
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.work()

    view = seen(story, package_id)
    assert view.state is PackageState.RELEASED
    assert story.state is RequestState.DELIVERED
    report = verify(
        building.package_file(package_id), identity=identity, exchange_key=audit.trust().package_key, receipts=()
    )
    assert report.holds and report.is_demo


def test_the_letter_names_the_kinds_of_identifiers_in_words(story, identity):
    package_id = ordered(story, identity)
    answers = requests.answers_in_words(seen(story, package_id).request_id, language="en")
    assert answers and {answer.kind for answer in answers} <= {str(label) for label in KIND_LABELS.values()}
    assert "address" not in {answer.kind for answer in answers}


def test_the_log_of_the_case_tells_the_steps_of_the_package(story, identity):
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.work()
    kinds = [kind for kind in story.events() if kind.startswith("disclosure:")]
    assert kinds == [
        f"disclosure:package:{step}" for step in ("queued", "collecting", "sealed", "assembled", "released")
    ]


def test_nobody_else_opens_the_package(story, identity, tmp_path):
    package_id = sealed(story, identity)
    build(package_id)
    stranger = pyrage.x25519.Identity.generate()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(building.package_file(package_id).read_bytes(), [stranger])


def test_nothing_readable_is_left_on_disk(story, identity):
    package_id = sealed(story, identity)
    build(package_id)
    files = [path for path in story.desk.home.rglob("*") if path.is_file() and "signer" not in path.parts]
    assert files
    for path in files:
        assert b"record_id" not in path.read_bytes(), path


def test_ordering_twice_gives_one_package(story, identity):
    assert ordered(story, identity) is not None
    with acting_in("worker"):
        assert operations.order(story.request_id(), actor=building.WORKER, now=story.now) is None


def test_without_a_key_of_the_officer_the_order_waits(story):
    story.to(RequestState.APPROVED)
    with acting_in("worker"), pytest.raises(Unavailable, match="has not registered a key"):
        operations.order(story.request_id(), actor=building.WORKER, now=story.now)
    assert story.state is RequestState.APPROVED


def test_a_forged_approval_discloses_nothing(story, identity):
    package_id = ordered(story, identity)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; UPDATE requests_approval SET signed_act_id = ("
        "SELECT signed_act_id FROM requests_decisionproposal LIMIT 1)"
    )
    with pytest.raises(NotPermitted):
        build(package_id)
    assert seen(story, package_id).state is PackageState.QUEUED
    assert not building.package_file(package_id).exists()


STRANGER = str(pyrage.x25519.Identity.generate().to_public())
# What a web tier in foreign hands can write: its role may add entries and keys, and it knows what an entry looks like.
FOREIGN_KEY = f"""
WITH former AS (SELECT * FROM access_agekey LIMIT 1),
told AS (
    INSERT INTO audit_entry (id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects)
    SELECT gen_random_uuid(), stream_id, organisation_id, n + 1000, at, kind, leaf, leaf_hash,
        ARRAY['00000000-0000-0000-0000-0000000000aa', (SELECT id::text FROM former)]
    FROM audit_entry WHERE kind = 'access:age-key:registered' LIMIT 1 RETURNING id
), replaced AS (
    UPDATE access_agekey SET replaced_at = now() WHERE id = (SELECT id FROM former) RETURNING id
)
SELECT count(*) FROM told, replaced;
INSERT INTO access_agekey (id, organisation_id, person_id, recipient, signed_act_id, registered_at)
SELECT '00000000-0000-0000-0000-0000000000aa', organisation_id, person_id, '{STRANGER}', signed_act_id, now()
FROM access_agekey LIMIT 1
"""


def test_V12_a_key_for_packages_that_the_web_tier_put_in_place_of_the_officers_encrypts_nothing(story, identity):
    """The two decided well, and what they decided would go to somebody who can read it."""
    register_key(story, identity)
    story.to(RequestState.APPROVED)
    with psycopg.connect(story.desk.url("entraide_web")) as web:
        web.execute("SELECT set_config('entraide.actor', 'staff', true)")
        web.execute(FOREIGN_KEY)
    assert story.desk.superuser_sql("SELECT recipient FROM access_agekey WHERE replaced_at IS NULL") == [(STRANGER,)]
    with acting_in("worker"):
        package_id = operations.order(story.request_id(), actor=building.WORKER, now=story.now)

    with pytest.raises(NotPermitted):
        build(package_id)
    assert not building.package_file(package_id).exists()


@pytest.mark.parametrize("column", ["recipient_key", "recipient_id"])
def test_V12_a_package_turned_to_somebody_else_is_not_built(story, identity, column):
    """Ivo's key is his own, signed by him; the request is Otto's."""
    package_id = ordered(story, identity)
    ivo = story.cast.IVO
    signed = story.sign(ivo, acts.register_age_key(person_id=ivo.id, recipient=STRANGER))
    passkeys.register_age_key(STRANGER, **signed, actor=ivo.actor, now=story.now)
    turned = f"recipient_id = '{ivo.id}', recipient_key = '{STRANGER}'"
    if column == "recipient_key":
        turned = f"recipient_key = '{STRANGER}'"
    story.desk.superuser_sql(f"SET session_replication_role = replica; UPDATE disclosure_package SET {turned}")

    with pytest.raises(NotPermitted):
        build(package_id)
    assert not building.package_file(package_id).exists()


def test_a_package_is_not_built_once_another_decision_is_in_force(story, identity):
    package_id = ordered(story, identity)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; UPDATE disclosure_package SET decision_hash = sha256('another')"
    )
    with pytest.raises(NotPossible, match="another decision is in force"):
        build(package_id)
    assert not building.package_file(package_id).exists()


def test_files_that_are_not_the_ones_sealed_in_the_log_do_not_leave(story, identity):
    """The name stands in the statement and the letter; the log has the hash over both as they were."""
    package_id = sealed(story, identity)
    story.desk.superuser_sql(
        f"SET session_replication_role = replica; UPDATE access_person SET name = 'X' WHERE id = '{story.cast.OTTO.id}'"
    )
    with pytest.raises(NotPossible, match="not the ones that were sealed"):
        build(package_id)
    assert not building.package_file(package_id).exists()


@pytest.mark.parametrize(
    "changed",
    [
        "UPDATE requests_approval SET signed_act_id = (SELECT signed_act_id FROM requests_decisionproposal)",
        "UPDATE disclosure_package SET file_hash = sha256('another')",
    ],
)
def test_a_package_that_was_built_is_not_released_once_a_signature_or_the_file_does_not_hold(story, identity, changed):
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.superuser_sql(f"SET session_replication_role = replica; {changed}")
    story.desk.work()
    assert seen(story, package_id).state is PackageState.ASSEMBLED
    assert "outbox:effect:blocked" in story.events()


@pytest.mark.parametrize(
    "point",
    [
        "package.part_written",
        "package.part_done",
        "disclosure.segment_written",
        "disclosure.segment_noted",
        "package.bag",
        "disclosure.sealed",
        "disclosure.archived",
        "disclosure.encrypted",
        "disclosure.assembled",
    ],
)
def test_a_build_stopped_at_any_step_goes_on_and_releases_one_package(story, identity, point):
    package_id = ordered(story, identity)
    story.desk.start_signer()
    faults.arm(point, "raise")
    for _ in range(2):
        try:
            build(package_id)
        except (faults.FaultInjected, Unavailable):
            story.desk.sequence()
    faults.disarm()
    try:
        build(package_id)
    except Unavailable:
        story.desk.sequence()
        build(package_id)
    story.desk.work()
    assert seen(story, package_id).state is PackageState.RELEASED
    assert story.events().count("disclosure:package:sealed") == 1
    assert verify(
        building.package_file(package_id), identity=identity, exchange_key=audit.trust().package_key, receipts=()
    ).holds


def test_another_agency_finds_no_such_package(story, identity):
    package_id = ordered(story, identity)
    for stranger in (story.cast.IVO, story.cast.ADA, story.cast.DORA):
        with pytest.raises(NotFound):
            seen(story, package_id, stranger)


def test_only_the_recipient_fetches_and_each_signature_serves_once(story, identity):
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.work()
    otto, _token = story.cast.OTTO.signed_in(story.now)
    now = story.now + timedelta(minutes=6)
    view = seen(story, package_id)
    act = download_act(view.reference, bytes.fromhex(view.file_sha256))
    step_up_id, assertion = otto.sign(act, now)
    signed = {"step_up_id": step_up_id, "assertion": assertion, "now": now}

    with pytest.raises(NotFound):
        operations.begin_download(package_id, **signed, actor=story.cast.SABINE.actor)
    download_id = operations.begin_download(package_id, **signed, actor=otto.actor).id
    with pytest.raises(NotPermitted):
        operations.begin_download(package_id, **signed, actor=otto.actor)

    with reading_as(otto.actor):
        assert queries.download(download_id, package_id, otto.actor, now).id == package_id
    other_sign_in, _ = story.cast.OTTO.signed_in(story.now)
    for actor, moment in [(other_sign_in.actor, now), (otto.actor, now + timedelta(hours=25))]:
        with reading_as(actor), pytest.raises(NotFound):
            queries.download(download_id, package_id, actor, moment)


def test_once_fetched_the_page_of_a_package_says_so_first_and_offers_it_again_last(story, identity):
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.work()
    otto, _token = story.cast.OTTO.signed_in(story.now)
    client, href = at_desk(story.cast.OTTO), f"/packages/{package_id}/"

    page = text_of(client.get(href))
    assert "Ready to fetch" in page and "Fetched on" not in page
    assert "2 minutes before the approval" in page
    assert page.index("Sign and fetch") < page.index("Open it and check it")

    act = download_act(seen(story, package_id).reference, bytes.fromhex(seen(story, package_id).file_sha256))
    step_up_id, assertion = otto.sign(act, story.now)
    operations.begin_download(package_id, step_up_id=step_up_id, assertion=assertion, actor=otto.actor, now=story.now)

    page = text_of(client.get(href))
    assert "Ready to fetch" not in page
    assert page.index("Fetched on") < page.index("Open it and check it") < page.index("Sign and fetch again")


@pytest.mark.parametrize("verb", ["cancel", "resume"])
def test_who_stops_a_package_or_takes_it_up_again_is_given_the_receipt_of_it(story, identity, verb):
    package_id = ordered(story, identity)
    if verb == "resume":
        with acting_in("worker"):
            operations.begin_collecting(package_id, actor=building.WORKER, now=story.now)
            operations.fail(package_id, why="The exchange withdrew a file.", actor=building.WORKER, now=story.now)
    client = at_desk(story.cast.ANOUK)

    answer = client.post(f"/packages/{package_id}/{verb}/", follow=True)

    kind, sentence = {
        "cancel": ("disclosure:package:cancelled", "The package was cancelled."),
        "resume": ("disclosure:package:resumed", "Building the package was taken up again."),
    }[verb]
    [(entry_id,)] = story.desk.superuser_sql("SELECT id FROM audit_entry WHERE kind = %s", kind)
    assert f"/receipts/{entry_id}/" in answer.content.decode()
    assert sentence in text_of(answer)
