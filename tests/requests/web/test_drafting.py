"""Writing a request page by page: what is kept, what is refused, and that no secret comes back."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from entraide.database import reading_as
from entraide.requests import queries
from entraide.requests.states import RequestState
from tests.requests.material import ADDRESS
from tests.requests.story import Story, a_pdf
from tests.requests.web.people import at, hidden, words_of

WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"  # the well-known example of the format
PAGES = ("basis", "instrument", "authority", "offence", "targets", "categories", "narrative", "urgency")
ANSWERS = {
    "basis": {"legal_basis": "epoc", "agency_reference": "PV 2026/117", "language": "en"},
    "authority": {
        "authority_kind": "investigating_judge", "authority_name": "Tribunal", "authority_country": "FR",
        "issued_on": "2026-02-20", "validating_kind": "", "validating_name": "",
    },
    "offence": {"offence": "Fraud, art. 313-1", "offence_years": "5"},
    "categories": {"categories": ["S1"]},
    "narrative": {"narrative": "The victim sent 1 ETH to this address."},
    "urgency": {"urgency": "standard", "emergency_reason": "", "non_disclosure_until": "2027-01-01"},
}  # fmt: skip


def _pdf(data: bytes = b"", name: str = "order.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data or a_pdf(), content_type="application/pdf")


def _start(client: Client, story: Story) -> str:
    answer = client.post("/requests/new/")
    found = re.fullmatch(r"/requests/(R-[\w-]+)/draft/", answer["Location"])
    assert found
    story.reference = found[1]
    return f"/requests/{found[1]}"


def _content(story: Story) -> dict[str, object]:
    actor = story.cast.OTTO.actor
    with reading_as(actor):
        return dict(queries.draft_of(story.reference, actor=actor)[0])


def _target(index: int = 0, **changes: str) -> dict[str, str]:
    row = {
        "kind": "address", "value": ADDRESS, "network": "evm", "role": "suspect",
        "period_from": "2026-01-01", "period_to": "2026-01-31", "time_zone": "Europe/Paris", **changes,
    }  # fmt: skip
    return {f"targets-{index}-{name}": value for name, value in row.items()}


def test_a_request_is_written_page_by_page_and_filed(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    assert otto.get(f"{here}/draft/").status_code == 200
    for page in PAGES:
        assert otto.get(f"{here}/draft/{page}/").status_code == 200
        if page == "instrument":
            answer = otto.post(f"{here}/draft/instrument/", {"instrument": _pdf()})
            assert answer["Location"] == f"{here}/draft/instrument/"
            answer = otto.post(f"{here}/draft/instrument/", {})
        elif page == "targets":
            answer = otto.post(f"{here}/draft/targets/", _target() | {"periods": "own"})
        else:
            answer = otto.post(f"{here}/draft/{page}/", ANSWERS[page])
        following = PAGES[PAGES.index(page) + 1] if page != PAGES[-1] else ""
        assert answer["Location"] == (f"{here}/draft/{following}/" if following else f"{here}/file/")

    check = otto.get(f"{here}/file/")
    options = otto.post(f"{here}/file/options/", {"act_hash": hidden(check, "act_hash")}).json()
    credential = story.cast.OTTO.answer(options["options"]["challenge"])
    done = otto.post(f"{here}/file/", {"step_up": options["hidden"]["step_up"], "credential": credential})

    assert done["Location"] == f"{here}/filed/"
    assert "Request filed" in words_of(otto.get(f"{here}/filed/"))
    assert story.events() == ["requests:draft:started", "requests:instrument:attached", "requests:request:filed"]


@pytest.mark.parametrize("page", PAGES)
def test_going_on_with_nothing_answered_shows_what_is_missing_on_top_and_beside_the_field(
    page: str, story: Story
) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    answer = otto.post(f"{here}/draft/{page}/", {"period_from": ""})

    assert answer["Location"].startswith(f"{here}/draft/{page}/?problems=1")
    shown = otto.get(answer["Location"])
    assert "There is a problem" in words_of(shown)
    targets = re.findall(r'<li><a href="#([^"]+)"', shown.content.decode())
    assert targets
    for target in targets:
        assert f'id="{target}"' in shown.content.decode()


def test_a_page_may_be_left_unfinished(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    answer = otto.post(f"{here}/draft/offence/", {"offence": "Fraud", "go": "list"})

    assert answer["Location"] == f"{here}/draft/"
    assert _content(story)["offence"] == "Fraud"


def test_a_page_saves_itself_and_says_when(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    answer = otto.post(f"{here}/draft/narrative/save/", {"narrative": "Half a sent"})

    assert answer.status_code == 200
    assert set(answer.json()) == {"saved_at", "secret"}
    assert _content(story)["narrative"] == "Half a sent"


def test_every_identifier_in_a_text_is_shown_with_what_is_wrong_and_only_what_holds_is_ticked(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    typo = ADDRESS[:-1] + ("e" if ADDRESS[-1] != "e" else "d")

    shown = otto.post(f"{here}/draft/targets/find/", {"text": f"It went to {ADDRESS}, not {typo}; from otto@web.de."})

    boxes = re.findall(r'name="found-(\d)-add" value="1"( checked)?', shown.content.decode())
    assert [bool(ticked) for _n, ticked in boxes] == [True, False, True]
    assert ("Ethereum (EVM)" in words_of(shown) and "letters were lost or mixed up" in words_of(shown)) or (
        "check digits do not match" in words_of(shown)
    )
    kept = _content(story)
    assert "targets" not in kept  # nothing of the text is kept before something is ticked


def test_rows_changed_and_not_yet_kept_survive_a_search_in_a_text(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    otto.post(f"{here}/draft/targets/", _target() | {"periods": "own"})
    shown = otto.get(f"{here}/draft/targets/").content.decode()
    assert f'formaction="{here}/draft/targets/find/"' in shown  # a button of the form that holds the rows

    otto.post(f"{here}/draft/targets/find/", _target(role="victim") | {"periods": "own", "text": "from otto@web.de"})

    targets = _content(story)["targets"]
    assert [(one["value"], one["role"]) for one in targets] == [(ADDRESS, "victim")]  # type: ignore[attr-defined]


def test_what_is_ticked_is_added_once_and_under_the_period_of_the_others(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    otto.post(f"{here}/draft/targets/", _target() | {"periods": "own"})
    found = {
        "found-0-add": "1", "found-0-kind": "address", "found-0-value": ADDRESS, "found-0-network": "evm",
        "found-1-add": "1", "found-1-kind": "email", "found-1-value": "otto@web.de", "found-1-network": "",
        "found-2-kind": "ip", "found-2-value": "192.0.2.7", "found-2-network": "",
    }  # fmt: skip

    otto.post(f"{here}/draft/targets/add/", found)

    targets = _content(story)["targets"]
    assert [(one["value"], one["period_from"]) for one in targets] == [  # type: ignore[attr-defined]
        (ADDRESS, "2026-01-01"),
        ("otto@web.de", "2026-01-01"),
    ]


def test_a_private_key_is_warned_about_and_never_comes_back(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    found = otto.post(f"{here}/draft/targets/find/", {"text": f"The key {WIF} was in his wallet, and {ADDRESS}."})
    assert "private key or recovery phrase was in the text" in words_of(found)
    pages = [found]
    otto.post(f"{here}/draft/targets/", _target(value=WIF) | {"periods": "own"})
    pages.append(otto.get(f"{here}/draft/targets/?problems=1"))
    otto.post(f"{here}/draft/narrative/", {"narrative": f"He used {WIF} for it."})
    pages.append(otto.get(f"{here}/draft/narrative/"))
    pages.append(otto.get(f"{here}/file/"))
    autosaved = otto.post(f"{here}/draft/narrative/save/", {"narrative": f"He used {WIF} for it."})

    assert autosaved.json()["secret"] is True
    assert "taken out and not kept" in words_of(pages[1])
    assert ADDRESS in found.content.decode()
    for page in pages:
        assert page.status_code == 200
        assert WIF not in page.content.decode()
    assert WIF not in str(_content(story))


def test_rows_are_added_and_removed_without_scripts(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    otto.post(f"{here}/draft/targets/", _target() | {"periods": "own", "add": "1"})
    assert len(_content(story)["targets"]) == 2  # type: ignore[arg-type]

    two = _target() | _target(1, kind="", value="192.0.2.7") | {"periods": "own", "remove": "0"}
    answer = otto.post(f"{here}/draft/targets/", two)

    assert [(one["kind"], one["value"]) for one in _content(story)["targets"]] == [("ip", "192.0.2.7")]  # type: ignore[attr-defined]
    assert answer["Location"].startswith(f"{here}/draft/targets/")


def test_one_period_said_once_holds_for_all(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    common = {"periods": "same", "period_from": "2026-03-01", "period_to": "2026-03-31", "time_zone": "Asia/Beirut"}

    otto.post(f"{here}/draft/targets/", _target() | _target(1, kind="ip", value="192.0.2.7") | common)

    kept = _content(story)["targets"]
    assert {(one["period_from"], one["time_zone"]) for one in kept} == {("2026-03-01", "Asia/Beirut")}  # type: ignore[attr-defined]


def test_a_near_miss_may_be_sent_as_written(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    wrong = _target(value="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD") | {"periods": "own"}

    refused = otto.post(f"{here}/draft/targets/", wrong)
    accepted = otto.post(f"{here}/draft/targets/", wrong | {"targets-0-as_written": "on"})

    assert refused["Location"] == f"{here}/draft/targets/?problems=1"
    assert accepted["Location"] == f"{here}/draft/categories/"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (_pdf(b"GIF89a, no PDF", "order.pdf"), "It is not a PDF"),
        (_pdf(b"%PDF-1.7 and nothing else", "order.pdf"), "It is damaged or no whole PDF"),
    ],
)
def test_a_file_that_will_not_do_is_refused_on_the_page(file: SimpleUploadedFile, sentence: str, story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    file.seek(0)

    answer = otto.post(f"{here}/draft/instrument/", {"instrument": file})

    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert 'href="#id_instrument"' in answer.content.decode()


@override_settings(INSTRUMENT_MAX_BYTES=2_000, FILE_UPLOAD_MAX_MEMORY_SIZE=3_000)
@pytest.mark.parametrize("size", [2_500, 9_000])
def test_a_file_too_large_is_refused_on_the_page(size: int, story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    answer = otto.post(f"{here}/draft/instrument/", {"instrument": _pdf(b"%PDF-" + b"0" * size)})

    assert answer.status_code == 422
    assert "It is larger than 25 MB" in words_of(answer)


def test_the_instrument_is_shown_with_its_hash_replaced_and_removed(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    otto.post(f"{here}/draft/instrument/", {"instrument": _pdf(a_pdf("one"))})
    otto.post(f"{here}/draft/instrument/", {"instrument": _pdf(a_pdf("two"), "second.pdf")})

    shown = words_of(otto.get(f"{here}/draft/instrument/"))
    assert "second.pdf" in shown and "Hash (SHA-256)" in shown and "no electronic signature" in shown
    otto.post(f"{here}/draft/instrument/", {"remove": "1"})

    assert "second.pdf" not in words_of(otto.get(f"{here}/draft/instrument/"))
    assert story.desk.superuser_sql("SELECT count(*) FROM requests_instrument") == [(0,)]
    assert not [path for path in (story.desk.home / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["IVO", "SABINE", "ANOUK", "ADA"])
def test_a_draft_of_somebody_else_looks_like_one_that_does_not_exist(name: str, story: Story) -> None:
    story.draft()
    someone = at(getattr(story.cast, name))

    for path in ("draft/", "draft/basis/", "draft/targets/", "draft/instrument/", "file/", "discard/", "filed/"):
        there = someone.get(f"/requests/{story.reference}/{path}")
        nowhere = someone.get(f"/requests/R-26-ZZZZZZ/{path}")

        assert there.status_code == nowhere.status_code
        assert there.status_code in (403, 404)
        assert _without(story.reference, there) == _without("R-26-ZZZZZZ", nowhere)


def _without(reference: str, answer: Any) -> str:
    """Return a page without its reference and the tokens that are new every time."""
    return re.sub(r'content="[^"]*"|value="[^"]*"', "", answer.content.decode()).replace(reference, "R")


def test_nobody_else_changes_a_draft(story: Story) -> None:
    story.draft()
    before = _content(story)
    ivo = at(story.cast.IVO)

    for path in ("draft/basis/", "draft/basis/save/", "draft/targets/", "draft/targets/save/", "discard/", "file/"):
        answer = ivo.post(f"/requests/{story.reference}/{path}", {"offence": "mine", "targets-0-value": "x"})
        assert answer.status_code == 404

    assert _content(story) == before


def test_who_comes_back_to_a_filed_request_is_led_to_what_was_filed(story: Story) -> None:
    story.draft().file()
    otto = at(story.cast.OTTO)

    opened = otto.get(f"/requests/{story.reference}/draft/basis/")
    saved = otto.post(f"/requests/{story.reference}/draft/basis/save/", {"agency_reference": "another"})

    assert opened["Location"] == f"/requests/{story.reference}/"
    assert saved.status_code == 409
    assert f'<a href="/requests/{story.reference}/">Look at the request</a>' in saved.content.decode()


def test_a_returned_request_opens_with_the_reason(story: Story) -> None:
    story.draft().file()
    from entraide.requests import operations

    operations.return_for_correction(
        story.reference, reason="Page 2 is missing.", actor=story.cast.ANOUK.actor, now=story.now
    )
    otto = at(story.cast.OTTO)

    for path in ("draft/", "draft/instrument/", "file/"):
        shown = words_of(otto.get(f"/requests/{story.reference}/{path}"))
        assert "The desk returned this request for correction" in shown
        assert "Page 2 is missing." in shown
    assert otto.get(f"/requests/{story.reference}/discard/")["Location"] == f"/requests/{story.reference}/"
    assert otto.post(f"/requests/{story.reference}/discard/").status_code == 409
    assert otto.post(f"/requests/{story.reference}/draft/instrument/", {"remove": "1"}).status_code == 409


def test_what_came_back_and_was_not_touched_is_not_called_done(story: Story) -> None:
    story.to(RequestState.RETURNED_FOR_CORRECTION)
    otto, page = at(story.cast.OTTO), f"/requests/{story.reference}/draft/"

    untouched = words_of(otto.get(page))
    otto.post(f"{page}narrative/", {"narrative": "The victim sent 1 ETH to this address, on 2 January."})
    corrected = words_of(otto.get(page))

    assert "Check your answers and sign Nothing has changed since it came back Correct first" in untouched
    assert " Done " not in untouched
    assert "Correct first" not in corrected
    assert corrected.count(" Done ") == len(PAGES)
    assert otto.get(f"/requests/{story.reference}/file/").status_code == 200


def test_the_officer_is_told_where_to_name_what_is_masked_otherwise(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    shown = words_of(otto.get(f"{here}/draft/categories/"))

    hint = "If the instrument orders it in full, name it in “What happened”."
    assert f"Tax number masked unless named. {hint}" in shown
    assert f"No secrets and no passwords. {hint}" not in shown


def test_the_hash_of_the_document_is_called_the_same_before_and_after_it_is_signed(story: Story) -> None:
    story.draft()
    otto = at(story.cast.OTTO)
    named = r"Hash of the document \(SHA-256\) (\w{56}) (\w{8})"

    before = re.search(named, words_of(otto.get(f"/requests/{story.reference}/file/")))
    story.file()
    after = re.search(named, words_of(otto.get(f"/requests/{story.reference}/filed/")))

    assert before and after
    assert before.groups() == after.groups()


def test_an_officer_without_a_key_is_asked_to_make_one(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    for path in ("/requests/new/", f"{here}/draft/", f"{here}/file/"):
        assert 'href="/account/age-key/"' in otto.get(path).content.decode()


def test_what_is_signed_must_be_what_was_shown(story: Story) -> None:
    story.draft()
    otto = at(story.cast.OTTO)
    shown = hidden(otto.get(f"/requests/{story.reference}/file/"), "act_hash")
    otto.post(f"/requests/{story.reference}/draft/narrative/", {"narrative": "Another story."})

    assert otto.post(f"/requests/{story.reference}/file/options/", {"act_hash": shown}).status_code == 409


def test_the_check_names_what_is_missing_and_cannot_be_signed(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    shown = otto.get(f"{here}/file/")

    assert "Attach the instrument as a PDF" in words_of(shown)
    assert "data-webauthn-get" not in shown.content.decode()


def test_the_check_says_what_the_desk_will_notice_and_who_must_sign_too(story: Story) -> None:
    story.draft(categories=["T2"], offence_years="1")

    shown = words_of(at(story.cast.OTTO).get(f"/requests/{story.reference}/file/"))

    assert "The offence does not reach the threshold" in shown
    assert "A supervisor of your agency must sign too" in shown
    assert "Sign and send to my supervisor" in shown


def test_discarding_asks_first_and_leaves_no_draft(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)

    assert "Discard this draft?" in words_of(otto.get(f"{here}/discard/"))
    assert otto.post(f"{here}/discard/")["Location"] == "/requests/drafts/"

    assert otto.get(f"{here}/draft/").status_code == 404
    assert story.reference not in words_of(otto.get("/requests/drafts/"))


def test_five_hundred_identifiers_are_kept_and_drawn(story: Story) -> None:
    otto = at(story.cast.OTTO)
    here = _start(otto, story)
    rows: dict[str, str] = {"periods": "own"}
    for index in range(500):
        rows |= _target(index, kind="ip", value=f"192.0.{index // 256}.{index % 256}", network="", as_written="")

    answer = otto.post(f"{here}/draft/targets/", rows)

    assert answer["Location"] == f"{here}/draft/categories/"
    assert len(_content(story)["targets"]) == 500  # type: ignore[arg-type]
    assert otto.get(f"{here}/draft/targets/").content.count(b'class="subform"') == 501


def test_a_question_that_does_not_exist_is_a_page_that_does_not_exist_and_no_fault(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    otto = at(story.cast.OTTO)
    here = f"/requests/{_start(otto, story)}/draft"

    shown, kept = otto.get(f"{here}/nothing/"), otto.post(f"{here}/nothing/save/")

    assert shown.status_code == kept.status_code == 404
    assert "There is no such page" in words_of(shown)
    assert not [record for record in caplog.records if "fault" in record.getMessage()]
