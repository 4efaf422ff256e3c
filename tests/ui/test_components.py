from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.template import Context, Engine, Template
from django.utils import timezone as reader
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from entraide.kernel.amounts import Amount
from entraide.ui.components import (
    AmountShown,
    Column,
    Deadline,
    Identifier,
    Moment,
    Row,
    Table,
    Tone,
)
from entraide.ui.icons import draw_icon, icon_names
from entraide.ui.words import listed, owed_in_words, span_in_words

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def drawn(source: str, **context: object) -> str:
    return Template("{% load entraide_ui %}" + source).render(Context(context))


@given(st.integers(min_value=-(10**30), max_value=10**30), st.sampled_from(["BTC", "ETH", "USDT", "EUR", "WAI"]))
def test_an_amount_is_drawn_digit_for_digit(units: int, asset: str) -> None:
    shown = AmountShown(amount=Amount(asset, units))
    digits = "".join(shown.groups) + shown.fraction
    assert int(digits) == abs(units)
    assert all(len(group) == 3 for group in shown.groups[1:])
    assert bool(shown.sign) == (units < 0)


def test_an_amount_is_isolated_and_never_localised() -> None:
    with translation.override("ar"):
        html = drawn("{% amount value %}", value=Amount("BTC", 123_456_700_000_000))
    assert '<bdi dir="ltr" class="amount">' in html
    assert ">1</span>" in html and ">234</span>" in html and ">567</span>" in html and ".00000000" in html


def test_an_unknown_asset_is_drawn_in_base_units_and_says_so() -> None:
    assert AmountShown(amount=Amount("WAI", 12)).unit == "WAI base units"


@given(st.text(alphabet="abcdef0123456789", min_size=1, max_size=90))
def test_a_shortened_identifier_still_holds_every_character(value: str) -> None:
    shown = Identifier(value=value, short=True)
    assert shown.head + shown.tail == value


def test_an_identifier_is_copied_whole_and_cannot_break_out_of_its_attribute() -> None:
    html = drawn("{% identifier value short=True %}", value='"><script>alert(1)</script>' + "a" * 40)
    assert "<script>" not in html
    assert 'data-copy="&quot;&gt;&lt;script&gt;' in html


def test_a_moment_shows_the_reader_s_zone_and_utc() -> None:
    with reader.override("Europe/Brussels"), translation.override("en"):
        shown = Moment(at=NOON)
        assert (shown.here, shown.zone, shown.utc) == ("24 Nov 2026, 13:00", "CET", "12:00 UTC")
        late = Moment(at=NOON.replace(hour=23, minute=30))
        assert (late.here, late.utc) == ("25 Nov 2026, 00:30", "24\u00a0Nov\u00a02026 23:30 UTC")


def test_what_is_owed_by_a_midnight_is_owed_by_the_end_of_the_day_before() -> None:
    with translation.override("en"), reader.override("Europe/Brussels"):
        assert owed_in_words(datetime(2026, 12, 5, tzinfo=UTC)) == "end of 4\u00a0Dec\u00a02026 (UTC)"
        assert owed_in_words(datetime(2026, 12, 5, 0, 0, 20, tzinfo=UTC)) == "end of 4\u00a0Dec\u00a02026 (UTC)"
        assert owed_in_words(NOON) == "24 Nov 2026, 13:00 CET"


def test_a_moment_in_utc_says_so_once() -> None:
    with reader.override(UTC):
        assert Moment(at=NOON).zone == ""
        assert drawn("{% moment at %}", at=NOON).count("UTC") == 1


def test_a_zone_without_a_name_is_named_by_its_distance() -> None:
    with reader.override(timezone(timedelta(hours=4), "+04")):
        assert Moment(at=NOON).zone == "UTC+04:00"


def test_no_moment_draws_nothing() -> None:
    assert drawn("{% moment at %}", at=None) == ""


@pytest.mark.parametrize(
    ("now", "options", "tone", "words"),
    [
        (NOON + 2 * DAY, {}, Tone.INFO, "8 days left"),
        (NOON + 9 * DAY, {}, Tone.WARN, "24 hours left"),
        (NOON + 10 * DAY, {}, Tone.WARN, "0 minutes left"),
        (NOON + 13 * DAY, {}, Tone.BAD, "overdue by 3 days"),
        (NOON + 30 * DAY, {"stopped_since": NOON + 5 * DAY}, Tone.QUIET, "clock stopped, 5 days left"),
        (NOON + 30 * DAY, {"answered_at": NOON + 5 * DAY}, Tone.GOOD, "answered in time"),
        (NOON + 30 * DAY, {"answered_at": NOON + 15 * DAY}, Tone.WARN, "answered late"),
    ],
)
def test_a_clock_says_what_it_shows(now: datetime, options: dict[str, datetime], tone: Tone, words: str) -> None:
    clock = Deadline(received_at=NOON, due_at=NOON + 10 * DAY, now=now, **options)
    assert (clock.tone, clock.words) == (tone, words)
    assert 0 <= clock.percent <= 100


def test_spans_are_counted_in_every_plural_form_of_arabic() -> None:
    with translation.override("ar"):
        said = [span_in_words(n * DAY) for n in (2, 3, 11, 100)]
    assert len(set(said)) == 4


def test_a_table_refuses_a_row_of_another_length() -> None:
    table = Table(caption="t", columns=(Column(label="a"),), rows=(Row(cells=("1", "2")),), empty="none")
    with pytest.raises(ValueError, match="zip"):
        _ = table.drawn_rows


def test_a_disabled_button_carries_its_reason() -> None:
    html = drawn('{% button "Approve" reason="You proposed it." %}')
    assert "disabled aria-describedby=" in html
    assert ">You proposed it.</span>" in html


def test_a_state_draws_its_own_pill() -> None:
    class State:
        label, tone = "Filed", "good"

    assert drawn("{% pill state %}", state=State()) == '<span class="pill pill--good">Filed</span>\n'


def test_an_unknown_icon_is_a_mistake() -> None:
    if not icon_names():
        pytest.skip("the pages are not built here")
    with pytest.raises(LookupError):
        draw_icon("no-such-icon")


def test_components_are_drawn_by_any_engine_that_has_them() -> None:
    engine = Engine(app_dirs=True, libraries={"entraide_ui": "entraide.ui.templatetags.entraide_ui"})
    assert "pill--info" in engine.from_string('{% load entraide_ui %}{% pill "x" "info" %}').render(Context())


def test_what_a_page_says_twice_it_draws_once_and_another_reader_gets_it_in_her_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[datetime] = []
    here = Moment.here.fget
    assert here is not None
    monkeypatch.setattr(Moment, "here", property(lambda self: asked.append(self.at) or here(self)))
    page = "{% draw first %}{% draw second %}"
    twice: dict[str, object] = {"first": Moment(at=NOON), "second": Moment(at=NOON)}

    english = drawn(page, **twice)
    assert asked == [NOON]
    with translation.override("fr"), reader.override("Europe/Paris"):
        french = drawn(page, **twice)

    assert english.count("24 Nov 2026, 12:00") == 2
    assert french.count("24 nov. 2026, 13:00") == 2


def test_words_are_listed_with_the_comma_of_the_language() -> None:
    assert listed(["Ada", "Otto"]) == "Ada, Otto"
    with translation.override("ar"):
        assert listed(["Ada", "Otto"]) == "Ada\N{ARABIC COMMA} Otto"
