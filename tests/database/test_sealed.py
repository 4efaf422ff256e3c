"""A sealed value belongs to its row, its field, its tenant and its case, and opens nowhere else."""

from typing import Any
from uuid import UUID

import pytest

from entraide.access.models import SignedAct
from entraide.database import key_store
from entraide.kernel.sealing import SealBroken
from tests.plugins.desk import Desk

HERE = {"id": UUID(int=1), "organisation_id": UUID(int=2), "case_id": UUID(int=3)}
CONTENT: Any = SignedAct._meta.get_field("content")


def moved(sealed: bytes, where: dict[str, Any]) -> Any:
    """Return what a row reads out of ciphertext that the database gave for it."""
    row = SignedAct(**where)
    row.content = CONTENT.from_db_value(sealed, None, None)
    return row.content


@pytest.fixture
def sealed(desk: Desk) -> bytes:
    """Return what the database gets to see of a value."""
    return bytes(CONTENT.pre_save(SignedAct(**HERE, content={"narrative": "canary"}), add=True))


def test_the_database_gets_ciphertext_and_its_own_row_opens_it(sealed: bytes) -> None:
    assert b"canary" not in sealed
    assert moved(sealed, HERE) == {"narrative": "canary"}


@pytest.mark.parametrize("changed", list(HERE))
def test_in_the_place_of_another_row_tenant_or_case_it_does_not_open(sealed: bytes, changed: str) -> None:
    with pytest.raises(SealBroken):
        moved(sealed, {**HERE, changed: UUID(int=9)})


def test_in_another_field_it_does_not_open(sealed: bytes) -> None:
    elsewhere = CONTENT.place_of(SignedAct(**HERE)).replace(":content:", ":other:")
    with pytest.raises(SealBroken):
        key_store().get(HERE["case_id"]).open_json(sealed, place=elsewhere)
