"""Who a customer is, how she pays and signs in, and what she writes; `money` says what she does with her coins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from reference_exchange import addresses, names
from reference_exchange.planting import Planted
from reference_exchange.rows import Batch

ENTITIES = ("Reference Exchange Europe SAS", "Reference Exchange International Ltd")
_OCCUPATIONS = ("baker", "nurse", "carpenter", "teacher", "lorry driver", "translator", "gardener", "shopkeeper")
_FUNDS = ("salary", "savings", "sale of a house", "inheritance", "own business", "trading")
_MODELS = (
    ("Phone A1", "ReferenceApp/4.2 (Phone A1; System 14)"),
    ("Phone B7", "ReferenceApp/4.1 (Phone B7; System 9)"),
    ("Notebook C", "Mozilla/5.0 (X11; Linux x86_64) Reference/128.0"),
    ("Desktop D", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Reference/129.0"),
)
_MESSAGES = (
    ("customer", "My withdrawal has been pending for two hours. Where is it?"),
    ("exchange", "It waits for confirmations on the network; nothing is needed from you."),
    ("customer", "I sent to the right address but forgot the memo."),
    ("exchange", "Please send us the transaction id and a picture of the wallet's page."),
    ("customer", "لا أستطيع الدخول إلى حسابي منذ أمس."),
    ("exchange", "We have reset the second factor after checking your document."),
    ("customer", "Quisiera cerrar mi cuenta, por favor."),
)


def account_id(number: int) -> str:
    """Return the id of the customer with that number, counted from 1."""
    return f"RX{number:08d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the rows are made from."""

    n_customers: int
    seed: int
    until: datetime
    planted: tuple[Planted, ...] = ()


class Customer:
    """One customer in the making."""

    def __init__(
        self,
        batch: Batch,
        parameters: Parameters,
        number: int,
        planted: Sequence[Planted],
    ) -> None:
        self.batch = batch
        self.rng = Random(f"{parameters.seed}/{number}")  # noqa: S311 - made-up data, on purpose repeatable
        self.until = parameters.until
        self.number = number
        self.id = account_id(number)
        self.planted = planted
        self.person = names.person(self.rng)
        self.opened_at = self.until - timedelta(days=self.rng.randint(120, 1500), seconds=self.rng.randint(0, 86399))
        # A customer with planted events stays open: a story is told about her.
        is_closed = not planted and self.rng.random() < 0.06
        self.closed_at = self.until - timedelta(days=self.rng.randint(1, 60)) if is_closed else None
        self.last_at = self.closed_at or self.until

    def open(self) -> None:
        """Make the account: who she is, how she was verified, what she pays with, where coins for her arrive."""
        self.batch.add(
            "customer",
            account_id=self.id,
            entity=self.rng.choice(ENTITIES),
            status="closed" if self.closed_at else "open",
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            recorded_at=self.opened_at,
        )
        self.devices = [self._device(n) for n in range(self.rng.randint(1, 3))]
        self.ips = [self._ip() for _ in range(self.rng.randint(2, 5))]
        self.particulars: dict[str, str] = {}
        for item in self.planted:
            for name in ("email", "phone", "iban", "ip", "name"):
                value = getattr(item, name)
                if value is not None:
                    self.particulars[name] = value
        self._identity()
        self._verification()
        self._service()
        self._payment_means()
        self._deposit_addresses()

    def use(self) -> None:
        """Make what she does besides money: log-ins and messages."""
        self._access()
        self._messages()

    def moment(self, start: datetime | None = None) -> datetime:
        """Return some moment after `start` (after the opening, unless said) at which the account is open."""
        start = start or self.opened_at
        return start + timedelta(seconds=self.rng.randint(0, max(0, int((self.last_at - start).total_seconds()) - 1)))

    def _device(self, n: int) -> str:
        model, agent = self.rng.choice(_MODELS)
        device = f"D{self.number:08d}-{n + 1}"
        self.batch.add(
            "device",
            device_id=device,
            account_id=self.id,
            recorded_at=self.opened_at,
            model=model,
            user_agent=agent,
        )
        return device

    def _ip(self) -> str:
        # Ranges kept for documentation: they belong to nobody.
        if self.rng.random() < 0.15:
            return f"2001:db8::{self.rng.randrange(1, 0xFFFF):x}:{self.rng.randrange(1, 0xFFFF):x}"
        return f"{self.rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{self.rng.randint(1, 254)}"

    def _identity(self) -> None:
        rng, person = self.rng, self.person
        name = self.particulars.get("name", person.full_name)
        latin = self.particulars.get("name", person.full_name_latin)
        self.latin = latin
        self.name = name
        handle = person.full_name_latin.lower().replace(" ", ".")
        born = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 19_000))
        self.batch.add(
            "identity",
            account_id=self.id,
            recorded_at=self.opened_at,
            valid_from=self.opened_at,
            holder="person" if rng.random() < 0.95 else "company",
            full_name=name,
            full_name_latin=latin,
            date_of_birth=born.date(),
            place_of_birth=names.town(rng),
            nationality=person.country,
            address_line=names.street(rng),
            postal_code=f"{rng.randint(1000, 99999):05d}",
            city=names.town(rng),
            country=person.country,
            tax_number=f"{person.country}{rng.randint(10**9, 10**10 - 1)}",
            # Numbers kept for films and examples.
            phone=self.particulars.get("phone", f"+447700900{rng.randint(0, 999):03d}"),
            email=self.particulars.get("email", f"{handle}.{self.number}@mail.example").lower(),
            occupation=rng.choice(_OCCUPATIONS),
            source_of_funds=rng.choice(_FUNDS),
        )

    def _verification(self) -> None:
        rng = self.rng
        at = self.opened_at + timedelta(minutes=rng.randint(5, 600))
        document = rng.choice(("passport", "identity card", "driving licence"))
        number = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(9))
        common = {"account_id": self.id, "recorded_at": at, "verified_at": at}
        for side in ("document", "selfie", "address"):
            is_document = side == "document"
            check = {"document": "identity_document", "selfie": "liveness", "address": "proof_of_address"}[side]
            self.batch.add(
                "verification",
                **common,
                check=check,
                result="passed",
                document_type=document if is_document else None,
                document_number=number if is_document else None,
                issuing_country=self.person.country if is_document else None,
                expires_on=(self.until + timedelta(days=rng.randint(30, 3000))).date() if is_document else None,
                score=rng.randint(85, 100),
                file_name=f"{self.id}-{side}.jpg",
                file_sha256=rng.randbytes(32).hex(),
            )
        hit = rng.random() < 0.03
        self.batch.add(
            "verification",
            **common,
            check="screening",
            result="review" if hit else "passed",
            screening_hit="made-up list, entry 17: similar name, other date of birth" if hit else None,
        )

    def _service(self) -> None:
        rng = self.rng
        common = {"account_id": self.id, "activated_device_id": self.devices[0], "activated_ip": self.ips[0]}
        self.batch.add(
            "service",
            **common,
            recorded_at=self.opened_at,
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            service="account",
            service_id=self.id,
            tier=rng.choice(("basic", "verified", "professional")),
            referral_id=f"REF-{rng.randint(1, 500)}" if rng.random() < 0.3 else None,
        )
        for n in range(1 if rng.random() < 0.2 else 0):
            at = self.moment()
            self.batch.add(
                "service", **common, recorded_at=at, opened_at=at, service="api_key", service_id=f"{self.id}-K{n + 1}"
            )

    def _payment_means(self) -> None:
        rng = self.rng
        # Banks with the number 0 do not exist.
        account = f"00000000{rng.randint(0, 10**10 - 1):010d}"
        self.bank = self.particulars.get("iban", addresses.iban("DE", account))
        common = {"account_id": self.id, "recorded_at": self.opened_at, "added_at": self.opened_at}
        self.batch.add(
            "payment_means",
            **common,
            means="bank_account",
            holder_name=self.name,
            iban=self.bank,
            bank_name=f"{names.word('latin', 2, rng)[0]} Bank",
            bank_country=self.bank[:2],
        )
        if rng.random() < 0.4:
            self.batch.add(
                "payment_means",
                **common,
                means="card",
                holder_name=self.latin,
                card_masked=f"************{rng.randint(0, 9999):04d}",
                card_expires=f"{rng.randint(1, 12):02d}/{self.until.year + rng.randint(0, 4)}",
            )

    def _deposit_addresses(self) -> None:
        self.deposit_to: dict[str, str] = {}
        for network in ("bitcoin", "evm", "tron", "litecoin"):
            at = self.opened_at + timedelta(minutes=self.rng.randint(1, 90))
            self._assign(network, addresses.address(network, self.rng), at)
        for item in self.planted:
            if item.role == "deposit_address" and item.address is not None:
                assert item.network is not None
                self._assign(item.network, item.address, self.opened_at + timedelta(hours=2))

    def _assign(self, network: str, address: str, at: datetime) -> None:
        self.deposit_to[network] = address
        self.batch.add(
            "wallet_event", account_id=self.id, at=at, role="deposit_address", network=network, address=address
        )

    def _access(self) -> None:
        rng = self.rng
        moments = sorted(self.moment() for _ in range(rng.randint(5, 50)))
        for n, at in enumerate(moments):
            self._log_in(at, rng.choice(self.ips), f"S{self.number:08d}-{n + 1}")
        if "ip" in self.particulars:
            given = next((item.at for item in self.planted if item.ip and item.at), None)
            seen_at = given or self.until - timedelta(days=5, hours=3, seconds=17)
            self._log_in(seen_at, self.particulars["ip"], f"S{self.number:08d}-P")

    def _log_in(self, at: datetime, ip: str, session: str) -> None:
        rng = self.rng
        event = "log_in" if rng.random() < 0.85 else rng.choice(("log_in_failed", "password_changed", "log_out"))
        self.batch.add(
            "access_event",
            account_id=self.id,
            at=at,
            event="log_in" if session.endswith("P") else event,
            session_id=session,
            ip=ip,
            port=rng.randint(1024, 65535),
            country=self.person.country,
            city=None,
            device_id=rng.choice(self.devices),
        )

    def _messages(self) -> None:
        rng = self.rng
        for n in range(rng.choice((0, 0, 0, 1, 2))):
            at = self.moment()
            for step in range(rng.randint(1, 3)):
                author, body = rng.choice(_MESSAGES)
                self.batch.add(
                    "message",
                    account_id=self.id,
                    at=at + timedelta(minutes=7 * step),
                    channel="support",
                    thread_id=f"{self.id}-T{n + 1}",
                    author=author,
                    body=body,
                    is_privileged=False,
                )
