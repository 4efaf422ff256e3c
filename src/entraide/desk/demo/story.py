"""The running story: what its people have asked, answered and left undone when somebody comes in by a link.

Every request is told step by step through the ordinary operations, all of them together in the order of their moments,
so that the log reads as it would have been written.  Days long past are counted from the day the demo is loaded;
nothing is ever later than that moment.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from entraide.access import api as access
from entraide.agencies.api import demo as agencies
from entraide.desk.demo import papers
from entraide.kernel.actors import Actor, Role
from entraide.requests.api import demo as requests

PEOPLE_CAME = timedelta(days=44)  # before the demo is loaded
DESK_WAS_MADE = timedelta(days=45)


class Stage(StrEnum):
    """How far the main story has gone."""

    FILED = "filed"
    TRIAGE = "triage"
    DECISION = "decision"
    DELIVERED = "delivered"


# What anybody would paste: two addresses with a typing error, one of a network this exchange does not serve, one
# transaction, and two that hold.
STATEMENT = (
    "Witness statement, as typed at the counter: I sent the first money to 0x1c1625C16da8EB1A9D5d49030DB207988E3B6555 "
    "and then, because the man on the phone said so, to 0x950F93c9Adb214b9d7B8a400d311A53b6a4Eb7eE. He also gave me "
    "bc1qxvynj358cveg9hfllk4al3kfm0fd578u2tcxr5 and an address for his “partner”, "
    "ltc1q6wn0r889dz8zwz6a0gg7g83usgmwyleajtm6m2. My bank shows the transaction as "
    "f7adcd7d1eda515a816124fc21999245989cb01971838886a11f97946568ea47. The last payment went to "
    "1P7WqT5auQGx5jRimk79qAgnWRy3Vjcvb4."
)

Step = tuple[datetime, Callable[..., None]]


@dataclass(frozen=True, slots=True)
class Days:
    """Moments of the story, seen from the one at which it is loaded."""

    now: datetime

    def on(self, days_ago: int, hour: int, minute: int) -> datetime:
        """Return a moment of an earlier day; at least one day ago, so that it is past wherever the day stands."""
        assert days_ago >= 1
        day = (self.now - timedelta(days=days_ago)).date()
        return datetime.combine(day, time(hour, minute, (hour * 7 + minute * 13) % 60), tzinfo=self.now.tzinfo)

    def before(self, **length: int) -> datetime:
        """Return a moment shortly before the loading."""
        return self.now - timedelta(**length)

    def iso(self, days_ago: int) -> str:
        """Return a day as answers have it."""
        return (self.now - timedelta(days=days_ago)).date().isoformat()


def tell(cast: agencies.DemoCast, stage: Stage, *, now: datetime, say: Callable[[str], None]) -> None:
    """Tell the whole story up to `now`; the packages of approved requests are then the worker's to build."""
    days = Days(now)
    steps = [step for chapter in _CHAPTERS for step in chapter(cast, stage, days)]
    told = sorted(steps, key=lambda step: step[0])  # stable: steps of one moment keep their order
    for n, (moment, step) in enumerate(told, start=1):
        assert moment <= now, "no part of the story lies in the future"
        step(now=moment)
        if n % 10 == 0 or n == len(told):
            say(f"telling the story: {n} of {len(told)} steps")


# ------------------------------------------------------------------------------------------------------------- chapters


def _main(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of the trading platform that never existed: Otto's, with four targets."""
    one = _of_german(cast)
    targets = [
        _target("address", "0x3123A6821F1E9989A04af0433CA1AA943a42E14B", "evm", days),
        _target("address", "bc1qzycchewvw0kddp4prjeamhjymhsjdt45emr0zt", "bitcoin", days),
        _target("address", "TRzYgHoxpSVd4W6dE7g5jJVYFjWnitBtQp", "tron", days),
        _target("txid", "7e000b5d78a2f312522395cee102f9e6fdaa928564185ef1f01467b26eda682e", "bitcoin", days),
        _target("email", "support@northlight-yield.example", "", days, role="observed"),
    ]
    answers = _answers(
        days,
        agency_reference="MS-4711/26",
        offence="Commercial fraud, section 263(3) of the Criminal Code",
        targets=targets,
        categories=["S1", "S3", "S4", "T2", "T3"],
        narrative="Eleven people paid into the platform “Northlight Yield”, which showed them profits and never paid "
        "out. Two deposits and one withdrawal lead to the accounts behind these identifiers. Who holds them, and where "
        "the money went next, decides whether it can still be secured.",
        issued_days_ago=4,
    )
    filed = [
        (days.on(3, 14, 5), lambda *, now: one.start(answers, now=now)),
        (days.on(3, 14, 40), _attaching(one, answers, "order-MS-4711.pdf")),
        (days.on(2, 9, 12), one.file),
        (days.on(2, 10, 48), one.countersign),
    ]
    triage = [(days.on(1, 8, 55), one.accept), (days.on(1, 8, 56), one.look_up)]
    decision = [(days.before(hours=3), _proposing(one, "As ordered. Every account found is named in the order."))]
    delivered = [(days.before(minutes=24), one.approve)]
    yield from filed
    for chapter in (triage, decision, delivered)[: list(Stage).index(stage)]:
        yield from chapter


def _taken_over(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of an account that was taken over: decided and approved, so that its package waits for Otto."""
    one = _of_german(cast)
    answers = _answers(
        days,
        agency_reference="MS-4390/26",
        offence="Computer fraud, section 263a of the Criminal Code",
        targets=[
            _target("address", "0xbA6f7A92fC0936dcE2B0950d3977DFBEb7eE4CEB", "evm", days),
            _target("txid", "0x72515e6c16577667d5956bad59e145cd7e8ff5e07f51b9fa8bbea7a3fe159776", "evm", days),
            _target("address", "bc1q4tm0365yap02mqjyqukrxgrumprqawar9w4l62", "bitcoin", days, role="observed"),
        ],
        categories=["S1", "S2", "S3", "T1", "T2", "T3"],
        narrative="A stranger signed in to the injured person's wallet and moved 3.48 ETH to the first address within "
        "four minutes. The log-ins and the onward movements are needed to find out who received it.",
        issued_days_ago=11,
    )
    yield days.on(9, 15, 20), lambda *, now: one.start(answers, now=now)
    yield days.on(9, 15, 52), _attaching(one, answers, "order-MS-4390.pdf")
    yield days.on(8, 8, 30), one.file
    yield days.on(8, 11, 4), one.countersign
    yield days.on(7, 9, 10), one.accept
    yield days.on(7, 9, 11), one.look_up
    yield days.on(2, 14, 33), _proposing(one, "Two targets are one customer; the third is nobody's here.")
    yield days.before(minutes=41), one.approve


def _ransom(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of files held to ransom: filed, and waiting for Sabine's countersignature."""
    one = _of_german(cast)
    answers = _answers(
        days,
        agency_reference="MS-4823/26",
        offence="Extortion and computer sabotage, sections 253 and 303b of the Criminal Code",
        targets=[_target("address", "bc1qmt0lv2l2ej7yw7tyx8qdk0n7hnvhflj725g30p", "bitcoin", days)],
        categories=["S1", "S3", "T2"],
        narrative="A joiner's workshop paid 2.4 BTC to this address to get its files back. The address is one of the "
        "exchange's deposit addresses.",
        issued_days_ago=1,
    )
    yield days.before(hours=6), lambda *, now: one.start(answers, now=now)
    yield days.before(hours=5, minutes=48), _attaching(one, answers, "order-MS-4823.pdf")
    yield days.before(hours=5), one.file


def _goods(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of goods that never came: proposed by Anouk, and waiting for Marc's approval."""
    one = _of_german(cast)
    answers = _answers(
        days,
        agency_reference="MS-4655/26",
        offence="Fraud, section 263 of the Criminal Code",
        targets=[
            _target("address", "TPayVLb2Z8SHq3Cg6NdNBhKhMmwScv2ZLP", "tron", days),
            _target("address", "333jpCNE3kezqyFrnm94ssk3H7jkQ3YnHB", "bitcoin", days, role="observed"),
        ],
        categories=["S1", "S3", "S4"],
        narrative="Twenty-three buyers paid for electric bicycles that do not exist. The shop turned the money into "
        "USDT and sent it on to the first address.",
        issued_days_ago=8,
    )
    yield days.on(6, 13, 15), lambda *, now: one.start(answers, now=now)
    yield days.on(6, 13, 41), _attaching(one, answers, "order-MS-4655.pdf")
    yield days.on(6, 14, 2), one.file
    yield days.on(5, 9, 25), one.accept
    yield days.on(5, 9, 26), one.look_up
    yield days.before(hours=4), _proposing(one, "One account found, one address of nobody here.")


def _relative(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of a false relative on the telephone: Anouk has asked something, and Otto owes the answer."""
    one = _of_german(cast)
    answers = _answers(
        days,
        agency_reference="MS-4702/26",
        offence="Fraud, section 263 of the Criminal Code",
        targets=[_target("address", "0x03643fFc070CCe6c346710C3D06B57524a16c50E", "evm", days)],
        categories=["S1", "S3", "I1"],
        narrative="An elderly person was talked into sending 9,400 USDC to a “notary”. The sender's address is known; "
        "the account behind it is not.",
        issued_days_ago=6,
    )
    yield days.on(5, 10, 0), lambda *, now: one.start(answers, now=now)
    yield days.on(5, 10, 22), _attaching(one, answers, "order-MS-4702.pdf")
    yield days.on(5, 10, 37), one.file
    yield days.on(4, 8, 50), one.accept
    yield days.on(4, 8, 51), one.look_up
    question = (
        "The order names the log-in of the day of the payment (I1), but gives no hour. The account signed in nine "
        "times that day. Which of these moments is meant?"
    )
    yield days.on(1, 15, 40), lambda *, now: one.ask(question, now=now)


def _draft(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of a statement typed at the counter, which Otto has only begun to turn into a request."""
    one = _of_german(cast)
    answers = _answers(
        days,
        agency_reference="MS-4840/26",
        offence="Fraud, section 263 of the Criminal Code",
        targets=[],
        categories=[],
        narrative=STATEMENT,
        issued_days_ago=1,
    )
    yield days.before(hours=2), lambda *, now: one.start(answers, now=now)


def _second_agency(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of Ivo's first: about an address that Otto asks about as well, not taken up yet."""
    one = _of_spanish(cast)
    answers = _answers(
        days,
        agency_reference="VE-208/26",
        offence="Estafa, artículo 248 del Código Penal",
        targets=[
            _target("address", "0x3123A6821F1E9989A04af0433CA1AA943a42E14B", "evm", days, zone="Europe/Madrid"),
            _target("address", "bc1qpaph0u36wrwgrc0mseetetz6t9f8zr75xepqk9", "bitcoin", days, zone="Europe/Madrid"),
        ],
        categories=["S1", "S3", "S4"],
        narrative="Three people in Villaejemplo paid into the same trading platform as people elsewhere; both "
        "addresses appear in their statements.",
        issued_days_ago=3,
        spanish=True,
    )
    yield days.before(hours=20, minutes=50), lambda *, now: one.start(answers, now=now)
    yield days.before(hours=20, minutes=25), _attaching(one, answers, "mandamiento-VE-208.pdf")
    yield days.before(hours=20), one.file


def _returned(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of Ivo's second: it came back to him, because a page of the order was missing."""
    one = _of_spanish(cast)
    answers = _answers(
        days,
        agency_reference="VE-197/26",
        offence="Blanqueo de capitales, artículo 301 del Código Penal",
        targets=[
            _target("address", "TQtFFeVAZcynpwv27VPzyXybV7H2S6zQsG", "tron", days, zone="Europe/Madrid"),
        ],
        categories=["S1", "S3"],
        narrative="The address received the proceeds of a raffle that was never drawn.",
        issued_days_ago=9,
        spanish=True,
    )
    yield days.on(6, 16, 0), lambda *, now: one.start(answers, now=now)
    yield days.on(6, 16, 20), _attaching(one, answers, "mandamiento-VE-197.pdf")
    yield days.on(6, 16, 45), one.file
    reason = (
        "Page 2 of the order, with the judge's name and the period, is missing from the file. Please attach it whole."
    )
    yield days.on(3, 11, 30), lambda *, now: one.send_for_correction(reason, now=now)


def _invitations(cast: agencies.DemoCast, stage: Stage, days: Days) -> Iterator[Step]:
    """Tell of people who were invited and have not come yet: their administrators look after them."""
    for by, name, email, role in (
        (cast.ada, "Lena Vogt", "lena.vogt@polizei.example", Role.OFFICER),
        (cast.ines, "Pablo Serna", "pablo.serna@policia.example", Role.OFFICER),
        (cast.dora, "Timo Hansen", "timo.hansen@aurelia.example", Role.ANALYST),
    ):
        yield days.on(1, 16, 10), _inviting(by, name, email, role)


_CHAPTERS = (_main, _taken_over, _ransom, _goods, _relative, _draft, _second_agency, _returned, _invitations)


# ------------------------------------------------------------------------------------------------------ what they share


def _of_german(cast: agencies.DemoCast) -> requests.DemoRequest:
    return requests.DemoRequest(officer=cast.otto, supervisor=cast.sabine, analyst=cast.anouk, approver=cast.marc)


def _of_spanish(cast: agencies.DemoCast) -> requests.DemoRequest:
    return requests.DemoRequest(officer=cast.ivo, analyst=cast.anouk, approver=cast.marc)


def _target(
    kind: str, value: str, network: str, days: Days, *, role: str = "suspect", zone: str = "Europe/Berlin"
) -> dict[str, Any]:
    return {
        "kind": kind,
        "value": value,
        "network": network,
        "role": role,
        "period_from": days.iso(90),
        "period_to": days.iso(10),
        "time_zone": zone,
    }


def _answers(
    days: Days,
    *,
    agency_reference: str,
    offence: str,
    targets: Sequence[Mapping[str, Any]],
    categories: Sequence[str],
    narrative: str,
    issued_days_ago: int,
    spanish: bool = False,
) -> dict[str, Any]:
    """Return a draft's answers; an order of the made-up court of the agency's town."""
    court = "Juzgado de Instrucción n.º 2 de Villaejemplo" if spanish else "Amtsgericht Musterstadt"
    return {
        "legal_basis": "epoc",
        "agency_reference": agency_reference,
        "language": "es" if spanish else "en",
        "authority_kind": "investigating_judge",
        "authority_name": court,
        "authority_country": "ES" if spanish else "DE",
        "issued_on": days.iso(issued_days_ago),
        "offence": offence,
        "offence_years": "6" if spanish else "10",
        "offence_is_listed": False,
        "targets": list(targets),
        "categories": list(categories),
        "narrative": narrative,
        "urgency": "standard",
        "non_disclosure_until": days.iso(-120),
    }


def _inviting(by: Actor, name: str, email: str, role: Role) -> Callable[..., None]:
    def invite(*, now: datetime) -> None:
        assert by.organisation_id is not None, "an administrator belongs to an organisation"
        access.demo.invite(organisation_id=by.organisation_id, name=name, email=email, roles=[role], by=by, now=now)

    return invite


def _attaching(one: requests.DemoRequest, answers: Mapping[str, Any], name: str) -> Callable[..., None]:
    def attach(*, now: datetime) -> None:
        one.attach(_order(answers), name, now=now)

    return attach


def _proposing(one: requests.DemoRequest, note: str) -> Callable[..., None]:
    def propose(*, now: datetime) -> None:
        one.propose(note, now=now)

    return propose


def _order(answers: Mapping[str, Any]) -> bytes:
    return papers.order(
        authority=answers["authority_name"],
        title="European Production Order",
        reference=answers["agency_reference"],
        day=answers["issued_on"],
        paragraphs=[
            f"In the proceedings for {answers['offence']} the exchange is ordered to produce, for the period from "
            f"{answers['targets'][0]['period_from']} to {answers['targets'][0]['period_to']}, the data of the "
            f"categories {', '.join(answers['categories'])} about:",
            *(target["value"] for target in answers["targets"]),
            str(answers["narrative"]),
            "The order is confidential until further notice. Legal remedy: objection before this court.",
        ],
    )
