"""The files of a package beside the records: what was asked, what was decided, what the columns mean."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from entraide.evidence.parts import Part
from entraide.exchange.categories import SCHEMAS, Kind, Minimise
from entraide.exchange.port import Category
from entraide.kernel.canonical import canonical
from entraide.ui.components import DECIMALS

_MINIMISED = {
    Minimise.KEEP: "",
    Minimise.MASK_UNLESS_NAMED: "masked unless the decision names it",
    Minimise.OMIT_UNLESS_NAMED: "left empty unless the decision names it",
    Minimise.PSEUDONYM_UNLESS_TARGET: "another customer stands under a pseudonym unless a target too",
    Minimise.FLAG_THIRD_PARTY: "data about somebody who is not the account's holder",
}
_NOTE = "A cell that a spreadsheet would run as a formula has one apostrophe in front, which is not part of the value."
# Whoever opens the ledger reads "1946096000000000000" of ETH; he must be able to say how much that is.
_UNITS = (
    "Amounts are whole numbers of the asset's smallest unit. So many of their digits stand after the decimal point: "
    + ", ".join(f"{asset} {decimals}" for asset, decimals in sorted(DECIMALS.items()))
    + " (1946096000000000000 of ETH are 1.946096 ETH, 60114 of EUR are 601.14 EUR)."
)


def document_parts(
    *, request: Mapping[str, Any], decision: Mapping[str, Any], categories: Iterable[Category]
) -> list[Part]:
    """Return the request as signed, the decision as approved, and the meaning of every column."""
    return [
        Part.of_bytes("data/request.json", canonical(dict(request))),
        Part.of_bytes("data/decision.json", canonical(dict(decision))),
        Part.of_bytes("data/columns.csv", columns_csv(categories)),
    ]


def columns_csv(categories: Iterable[Category]) -> bytes:
    """Return the list of columns of the produced categories: kind, class, meaning, and what was cut."""
    categories = sorted(set(categories))
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["category", "column", "kind", "data_class", "amount_of", "minimised", "meaning"])
    for category in categories:
        for column in SCHEMAS[category].columns:
            writer.writerow(
                [
                    category.value,
                    column.name,
                    column.kind.value,
                    column.data_class.value,
                    column.amount_of or "",
                    _MINIMISED[column.minimise],
                    column.meaning,
                ]
            )
    if any(column.kind is Kind.AMOUNT for category in categories for column in SCHEMAS[category].columns):
        writer.writerow(["", "", "", "", "", "", _UNITS])
    writer.writerow(["", "", "", "", "", "", _NOTE])
    return out.getvalue().encode()
