"""What a record of each category looks like, as data.

The schemas are the contract with the exchange (`openapi.json` says the same in its own words, and a test compares the
two), the headings of the files in a package, and the rule of what is left out unless a decision names it.
"""

from dataclasses import dataclass
from enum import StrEnum

from entraide.exchange.port import Category


class DataClass(StrEnum):
    """How carefully a value must be handled."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SPECIAL = "special"
    SECRET = "secret"  # noqa: S105 - the name of a class


class Kind(StrEnum):
    """What a value is, and how it is written."""

    TEXT = "text"  # any text up to 10,000 characters, without control characters other than tab and line feed
    CODE = "code"  # letters, digits and . _ : - up to 80
    INTEGER = "integer"  # a JSON integer
    AMOUNT = "amount"  # base units of an asset, never negative, as text: "150000"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # 2026-01-02T03:04:05.678901Z
    DATE = "date"  # 2026-01-02
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    IP = "ip"  # IPv4 or IPv6
    CHOICE = "choice"  # one of the column's choices


class Minimise(StrEnum):
    """What happens to a value unless a decision says otherwise ("least data")."""

    KEEP = "keep"
    MASK_UNLESS_NAMED = "mask_unless_named"  # all but the last characters are masked unless the decision names it
    OMIT_UNLESS_NAMED = "omit_unless_named"  # left empty unless the decision names it
    PSEUDONYM_UNLESS_TARGET = "pseudonym_unless_target"  # another customer: pseudonym unless a target too
    FLAG_THIRD_PARTY = "flag_third_party"  # kept, and marked as data about somebody who is not the account's holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a category.

    Parameters
    ----------
    meaning : str
        A sentence for the reader of the file, in English; the pages translate it.
    amount_of : str | None
        For amounts: the column that names the asset.
    """

    name: str
    kind: Kind
    data_class: DataClass
    meaning: str
    nullable: bool = False
    choices: tuple[str, ...] = ()
    minimise: Minimise = Minimise.KEEP
    amount_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The records of one category.

    Parameters
    ----------
    word : str
        What the category is called in the glossary.
    time_column : str | None
        The column that the period cuts; absent where records have no moment of their own.
    """

    category: Category
    version: int
    word: str
    time_column: str | None
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def position(self, name: str) -> int:
        """Return where in a record the column `name` stands."""
        return self.names.index(name)


_P, _I, _S = DataClass.PERSONAL, DataClass.INTERNAL, DataClass.SPECIAL
_RECORD_ID = Column(
    name="record_id",
    kind=Kind.CODE,
    data_class=_I,
    meaning="Number of the record at the exchange; it never changes and is never used twice.",
)
_ACCOUNT_ID = Column(name="account_id", kind=Kind.CODE, data_class=_P, meaning="The account this record belongs to.")


def _at(meaning: str) -> Column:
    return Column(name="at", kind=Kind.TIMESTAMP, data_class=_P, meaning=meaning)


def _text(
    name: str,
    meaning: str,
    *,
    nullable: bool = False,
    data_class: DataClass = _P,
    minimise: Minimise = Minimise.KEEP,
    kind: Kind = Kind.TEXT,
) -> Column:
    return Column(name=name, kind=kind, data_class=data_class, meaning=meaning, nullable=nullable, minimise=minimise)


def _choice(name: str, choices: tuple[str, ...], meaning: str, *, nullable: bool = False) -> Column:
    return Column(name=name, kind=Kind.CHOICE, data_class=_P, meaning=meaning, choices=choices, nullable=nullable)


def _amount(name: str, amount_of: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name=name, kind=Kind.AMOUNT, data_class=_P, meaning=meaning, nullable=nullable, amount_of=amount_of)


def _schema(category: Category, word: str, time_column: str | None, *columns: Column) -> Schema:
    return Schema(
        category=category,
        version=1,
        word=word,
        time_column=time_column,
        columns=(_RECORD_ID, _ACCOUNT_ID, *columns),
    )


_NAMED = Minimise.OMIT_UNLESS_NAMED

_TABLE = (
    _schema(
        Category.S1,
        "identity",
        None,
        _text("valid_from", "Since when the exchange held these particulars.", kind=Kind.TIMESTAMP),
        _choice("holder", ("person", "company"), "Whether the holder is a natural person or a company."),
        _text("full_name", "Name as it stands on the document, in its own script."),
        _text("full_name_latin", "The name in Latin letters."),
        _text("date_of_birth", "Date of birth, or of incorporation.", kind=Kind.DATE, nullable=True),
        _text("place_of_birth", "Place of birth.", nullable=True),
        _text("nationality", "Nationality, or country of incorporation.", kind=Kind.COUNTRY, nullable=True),
        _text("address_line", "Street and house number.", nullable=True),
        _text("postal_code", "Postal code.", nullable=True),
        _text("city", "Town.", nullable=True),
        _text("country", "Country of residence.", kind=Kind.COUNTRY, nullable=True),
        _text(
            "tax_number",
            "Tax number; masked unless the decision names it.",
            nullable=True,
            minimise=Minimise.MASK_UNLESS_NAMED,
        ),
        _text("phone", "Telephone number, with country code.", nullable=True),
        _text("email", "E-mail address.", nullable=True),
        _text("occupation", "Occupation as declared.", nullable=True),
        _text("source_of_funds", "Source of funds as declared.", nullable=True),
    ),
    _schema(
        Category.S2,
        "verification",
        None,
        _text("verified_at", "When it was checked.", kind=Kind.TIMESTAMP),
        _choice(
            "check",
            ("identity_document", "liveness", "proof_of_address", "screening"),
            "What was checked.",
        ),
        _choice("result", ("passed", "failed", "review"), "How the check ended."),
        _text("document_type", "Kind of document.", nullable=True),
        _text(
            "document_number",
            "Number of the document; masked unless the decision names it.",
            nullable=True,
            minimise=Minimise.MASK_UNLESS_NAMED,
        ),
        _text("issuing_country", "Country that issued the document.", kind=Kind.COUNTRY, nullable=True),
        _text("expires_on", "Last day the document is valid.", kind=Kind.DATE, nullable=True),
        Column(
            name="score",
            kind=Kind.INTEGER,
            data_class=_P,
            nullable=True,
            meaning="Score of the check in hundredths, 0 to 100; never the biometric template.",
        ),
        _text("screening_hit", "List and entry that the name was compared with.", nullable=True, data_class=_S),
        _text(
            "file_name",
            "File kept of the document; the image is produced only if asked for.",
            nullable=True,
            minimise=_NAMED,
        ),
        _text("file_sha256", "SHA-256 of that file.", kind=Kind.CODE, nullable=True, minimise=_NAMED),
    ),
    _schema(
        Category.S3,
        "service",
        None,
        _text("opened_at", "When the account was opened.", kind=Kind.TIMESTAMP),
        _text("closed_at", "When the account was closed.", kind=Kind.TIMESTAMP, nullable=True),
        _choice("status", ("open", "closed"), "Whether the account is in use."),
        _text("entity", "Company of the group that serves the account.", data_class=_I),
        _choice("service", ("account", "sub_account", "api_key"), "What kind of service it is."),
        _text("service_id", "Identifier of the service: of a key its number, never its secret.", kind=Kind.CODE),
        _text("tier", "Level of service.", nullable=True),
        _text("referral_id", "Referral through which the account came.", kind=Kind.CODE, nullable=True),
        _text("activated_device_id", "Device on which the account was activated.", kind=Kind.CODE, nullable=True),
        _text("activated_ip", "IP address at activation.", kind=Kind.IP, nullable=True),
    ),
    _schema(
        Category.S4,
        "means of payment",
        None,
        _text("added_at", "When it was added.", kind=Kind.TIMESTAMP),
        _text("removed_at", "When it was removed.", kind=Kind.TIMESTAMP, nullable=True),
        _choice("means", ("bank_account", "card", "p2p_payee"), "What kind of means it is."),
        _text("holder_name", "Name of its holder as given."),
        _text("iban", "IBAN of a bank account.", nullable=True),
        _text("bank_name", "Bank.", nullable=True),
        _text("bank_country", "Country of the bank.", kind=Kind.COUNTRY, nullable=True),
        _text("card_masked", "Card number, all but the last four digits masked.", nullable=True),
        _text("card_expires", "Month in which the card ends.", nullable=True),
        _text("payee_reference", "Identifier of a payee between customers.", nullable=True),
    ),
    _schema(
        Category.I1,
        "identify-only",
        "at",
        _at("Moment of the log-in or withdrawal."),
        _choice("event", ("log_in", "withdrawal"), "What happened."),
        _text("ip", "IP address.", kind=Kind.IP),
        Column(name="port", kind=Kind.INTEGER, data_class=_P, nullable=True, meaning="Source port."),
        _text("device_id", "Device.", kind=Kind.CODE, nullable=True),
    ),
    _schema(
        Category.T1,
        "access log",
        "at",
        _at("Moment of the event."),
        _choice(
            "event",
            (
                "log_in",
                "log_in_failed",
                "log_out",
                "password_changed",
                "second_factor_added",
                "second_factor_removed",
                "withdrawal_confirmed",
                "api_key_made",
            ),
            "What happened.",
        ),
        _text("session_id", "Session it belongs to.", kind=Kind.CODE, nullable=True),
        _text("ip", "IP address.", kind=Kind.IP),
        Column(name="port", kind=Kind.INTEGER, data_class=_P, nullable=True, meaning="Source port."),
        _text("country", "Country the IP address was placed in at the time.", kind=Kind.COUNTRY, nullable=True),
        _text("city", "Town the IP address was placed in at the time.", nullable=True),
        _text("device_id", "Device.", kind=Kind.CODE, nullable=True),
        _text("device_model", "Model and system of the device.", nullable=True),
        _text("user_agent", "What the browser or application called itself.", nullable=True),
    ),
    _schema(
        Category.T2,
        "ledger",
        "at",
        _at("Moment at which the movement was booked."),
        _choice(
            "kind",
            (
                "deposit",
                "withdrawal",
                "trade",
                "internal_transfer",
                "conversion",
                "p2p_order",
                "card_spend",
                "staking",
                "loan",
                "fee",
            ),
            "What kind of movement it is.",
        ),
        _choice("direction", ("in", "out"), "Whether the asset came in or went out."),
        _text("asset", "Asset that moved.", kind=Kind.CODE),
        _amount("amount", "asset", "How much, in base units."),
        _text(
            "counter_asset", "For trades and conversions: the asset on the other side.", kind=Kind.CODE, nullable=True
        ),
        _amount("counter_amount", "counter_asset", "How much of it, in base units.", nullable=True),
        _text("fee_asset", "Asset the fee was taken in.", kind=Kind.CODE, nullable=True),
        _amount("fee_amount", "fee_asset", "The fee, in base units.", nullable=True),
        _text("network", "Network of a deposit or withdrawal.", kind=Kind.CODE, nullable=True),
        _text("txid", "Transaction id on that network.", nullable=True),
        _text("from_address", "For deposits: the address it came from, as far as the exchange saw one.", nullable=True),
        _text("to_address", "The address it went to.", nullable=True),
        _text("memo", "Memo, tag or payment reference.", nullable=True),
        _text(
            "counterparty_account",
            "For internal transfers: the other customer's account; a pseudonym unless that account is a target too.",
            kind=Kind.CODE,
            nullable=True,
            minimise=Minimise.PSEUDONYM_UNLESS_TARGET,
        ),
        _choice("status", ("booked", "pending", "failed", "reversed"), "State of the movement."),
    ),
    _schema(
        Category.T3,
        "wallet",
        "at",
        _at("When the address was assigned or allowed, or the sweep took place."),
        _choice("role", ("deposit_address", "allowed_address", "sweep"), "What the address is to the account."),
        _text("network", "Network.", kind=Kind.CODE),
        _text("address", "Address; never one of another customer."),
        _text("memo", "Memo or tag that goes with the address.", nullable=True),
        _text("label", "What the customer called it.", nullable=True),
        _text("txid", "For sweeps: the transaction.", nullable=True),
        _text("asset", "For sweeps: the asset.", kind=Kind.CODE, nullable=True),
        _amount("amount", "asset", "For sweeps: how much, in base units.", nullable=True),
        _text("retired_at", "Since when it is no longer used.", kind=Kind.TIMESTAMP, nullable=True),
    ),
    _schema(
        Category.T4,
        "travel rule",
        "at",
        _at("Moment of the transfer."),
        _choice("direction", ("in", "out"), "Whether the transfer came in or went out."),
        _text("movement_id", "The ledger's record of the transfer.", kind=Kind.CODE),
        _text("asset", "Asset.", kind=Kind.CODE),
        _amount("amount", "asset", "How much, in base units."),
        _text("originator_name", "Originator as sent with the transfer.", minimise=Minimise.FLAG_THIRD_PARTY),
        _text("originator_account", "Originator's account or address.", minimise=Minimise.FLAG_THIRD_PARTY),
        _text("beneficiary_name", "Beneficiary as sent with the transfer.", minimise=Minimise.FLAG_THIRD_PARTY),
        _text("beneficiary_account", "Beneficiary's account or address.", minimise=Minimise.FLAG_THIRD_PARTY),
        _text("counterparty_vasp", "The other service provider.", nullable=True, data_class=_I),
        _text("counterparty_country", "Its country.", kind=Kind.COUNTRY, nullable=True, data_class=_I),
    ),
    _schema(
        Category.B1,
        "balances",
        None,
        _text("at", "Moment the balance was taken at.", kind=Kind.TIMESTAMP),
        _text("asset", "Asset.", kind=Kind.CODE),
        _amount("total", "asset", "What the ledger says, in base units."),
        _amount("available", "asset", "What the customer could move."),
        _amount("in_orders", "asset", "What open orders keep."),
        _amount("held", "asset", "What holds keep."),
        Column(name="hold_count", kind=Kind.INTEGER, data_class=_I, meaning="How many holds lie on it; never whose."),
    ),
    _schema(
        Category.C1,
        "content",
        "at",
        _at("Moment of the message."),
        _choice("channel", ("support", "p2p_chat", "note", "upload"), "Where it was written."),
        _text("thread_id", "Conversation it belongs to.", kind=Kind.CODE),
        _choice("author", ("customer", "exchange", "counterparty"), "Who wrote it."),
        _text("body", "What was written.", data_class=_S),
        _text("file_name", "File that came with it.", nullable=True),
        _text("file_sha256", "SHA-256 of that file.", kind=Kind.CODE, nullable=True),
        Column(
            name="is_privileged",
            kind=Kind.BOOLEAN,
            data_class=_S,
            meaning="Whether it was marked as between a client and counsel; such a record is held back for review.",
        ),
    ),
)

SCHEMAS: dict[Category, Schema] = {schema.category: schema for schema in _TABLE}
"""The schema of each category."""
