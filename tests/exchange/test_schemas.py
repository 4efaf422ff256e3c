"""The schemas, the published contract and the reference exchange say the same."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

import entraide.exchange
from entraide.exchange.categories import SCHEMAS, DataClass, Kind, Minimise
from entraide.exchange.port import Category
from tests.exchange.worlds import AS_OF, DEPOSIT_ADDRESS, PERIOD
from tests.reference_exchange.process import TOKEN, ReferenceExchange

CONTRACT: dict[str, Any] = json.loads((Path(entraide.exchange.__file__).parent / "openapi.json").read_text())
_REFERENCES = {
    "Code": Kind.CODE,
    "Units": Kind.AMOUNT,
    "Moment": Kind.TIMESTAMP,
    "Date": Kind.DATE,
    "Country": Kind.COUNTRY,
    "IpAddress": Kind.IP,
}
_PURPOSE = {"reference": "R-1", "act": "requests:triage:looked_up", "actor": "anouk"}


def test_every_category_has_a_schema() -> None:
    assert set(SCHEMAS) == set(Category)


@pytest.mark.parametrize("category", list(Category))
def test_a_schema_is_whole(category: Category) -> None:
    schema = SCHEMAS[category]

    assert schema.names[:2] == ("record_id", "account_id")
    assert len(set(schema.names)) == len(schema.names)
    for column in schema.columns:
        assert column.meaning.endswith(".")
        assert (column.kind is Kind.CHOICE) == bool(column.choices)
        assert (column.kind is Kind.AMOUNT) == (column.amount_of is not None)
        assert column.amount_of is None or column.amount_of in schema.names
        assert column.data_class is not DataClass.SECRET
        assert column.minimise is not Minimise.OMIT_UNLESS_NAMED or column.nullable
    if schema.time_column is not None:
        moment = schema.columns[schema.position(schema.time_column)]
        assert (moment.kind, moment.nullable) == (Kind.TIMESTAMP, False)


@pytest.mark.parametrize("category", list(Category))
def test_the_published_contract_names_the_same_columns(category: Category) -> None:
    published = CONTRACT["components"]["schemas"][f"Record{category.value}"]

    assert published["additionalProperties"] is False
    assert published["required"] == list(SCHEMAS[category].names)
    assert {name: _meaning(member) for name, member in published["properties"].items()} == {
        column.name: (column.kind, column.nullable, column.choices) for column in SCHEMAS[category].columns
    }


def _meaning(member: dict[str, Any]) -> tuple[Kind, bool, tuple[str, ...]]:
    """Return what a published member says of a column: its kind, whether it may be empty, its choices."""
    options = member.get("anyOf", [member])
    nullable = {"type": "null"} in options or "null" in member.get("type", [])
    if "enum" in member:
        return Kind.CHOICE, nullable, tuple(choice for choice in member["enum"] if choice is not None)
    for option in options:
        if "$ref" in option:
            return _REFERENCES[option["$ref"].rpartition("/")[2]], nullable, ()
    types = {member["type"]} if isinstance(member["type"], str) else set(member["type"])
    [name] = types - {"null"}
    return {"string": Kind.TEXT, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}[name], nullable, ()


# What the reference exchange really answers.


def _validator(reference: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": reference, "components": CONTRACT["components"]})


def _schema_of(path: str, method: str, status: int) -> tuple[str, str]:
    """Return the media type and the reference of the schema that the contract gives for an answer."""
    answer = CONTRACT["paths"][path][method]["responses"][str(status)]
    if "$ref" in answer:
        answer = CONTRACT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    [(media, content)] = answer["content"].items()
    return media, content["schema"].get("$ref", "")


def _ask(exchange: ReferenceExchange, path: str, body: dict[str, Any] | None, token: str = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    url = exchange.url.rstrip("/") + path
    if body is None:
        return httpx.get(url, headers=headers, trust_env=False)
    return httpx.post(url, json=body, headers=headers, trust_env=False)


def _records_question(category: str, **other: Any) -> dict[str, Any]:
    return {
        "purpose": _PURPOSE,
        "account_id": "RX00000003",
        "category": category,
        "start": PERIOD.start.isoformat(),
        "end": PERIOD.end.isoformat(),
        "as_of": AS_OF.isoformat(),
        **other,
    }


_IDENTIFIERS = [
    {"kind": "address", "value": DEPOSIT_ADDRESS, "network": "bitcoin"},
    {"kind": "uid", "value": "RX99999999"},
    {"kind": "card", "value": "1234"},
]
_BALANCES = {"purpose": _PURPOSE, "account_id": "RX00000003", "as_of": AS_OF.isoformat()}
ANSWERS: list[tuple[str, dict[str, Any] | None, int]] = [
    ("/v1/capabilities", None, 200),
    ("/v1/accounts/find", {"purpose": _PURPOSE, "identifiers": _IDENTIFIERS}, 200),
    ("/v1/accounts/find", {"purpose": _PURPOSE, "identifiers": []}, 422),
    ("/v1/accounts/find", {"identifiers": _IDENTIFIERS}, 422),
    ("/v1/accounts/find", {"purpose": _PURPOSE, "identifiers": _IDENTIFIERS * 400}, 413),
    ("/v1/balances", _BALANCES, 200),
    ("/v1/balances", {**_BALANCES, "account_id": "RX99999999"}, 404),
    ("/v1/balances", {**_BALANCES, "as_of": "2999-01-01T00:00:00Z"}, 425),
    ("/v1/records", _records_question("X1"), 422),
    ("/v1/records", _records_question("T2", cursor="nonsense"), 410),
    ("/v1/records", _records_question("T2", start="yesterday"), 422),
    ("/v1/records", _records_question("T2", start="2025-01-01T00:00:00"), 422),
    ("/v1/records", _records_question("T2", account_id="RX00000003\0"), 422),
]


@pytest.mark.parametrize(("path", "body", "status"), ANSWERS)
def test_an_answer_is_as_the_contract_says(
    reference_exchange: ReferenceExchange, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = _ask(reference_exchange, path, body)

    assert answer.status_code == status
    media, reference = _schema_of(path, "get" if body is None else "post", status)
    assert answer.headers["content-type"] == media
    _validator(reference).validate(answer.json())


def test_without_the_right_token_nothing_is_answered(reference_exchange: ReferenceExchange) -> None:
    for path, body, _ in ANSWERS:
        answer = _ask(reference_exchange, path, body, token="another-token-altogether")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authorised")


@pytest.mark.parametrize("category", [category.value for category in Category])
def test_every_line_of_a_stream_is_as_the_contract_says(reference_exchange: ReferenceExchange, category: str) -> None:
    answer = _ask(reference_exchange, "/v1/records", _records_question(category))

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *lines, end = [json.loads(line) for line in answer.text.splitlines()]
    _validator("#/components/schemas/EndMarker").validate(end)
    assert end["records"] == len(lines)
    record = _validator(f"#/components/schemas/Record{category}")
    for line in lines:
        record.validate(line)


def test_every_path_of_the_contract_is_there(reference_exchange: ReferenceExchange) -> None:
    for path, operations in CONTRACT["paths"].items():
        for method in operations:
            answer = httpx.request(method, reference_exchange.url.rstrip("/") + path, trust_env=False)
            assert answer.status_code in (200, 401), (method, path)
