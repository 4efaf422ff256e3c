"""The registry of data classes."""

import pytest
from django.apps import apps

from entraide.database import dataclasses
from entraide.database.dataclasses import FieldClass


@pytest.mark.parametrize("room", ["audit", "outbox"])
def test_every_field_of_the_log_and_the_outbox_has_a_class_a_purpose_a_retention_and_a_mask(room: str) -> None:
    assert apps.is_installed(f"entraide.{room}")

    assert [name for name in dataclasses.undeclared() if name.startswith(f"{room}.")] == []
    assert [name for name in dataclasses.orphaned() if name.startswith(f"{room}.")] == []


def test_the_star_of_a_model_speaks_for_plumbing_only() -> None:
    stream = apps.get_model("audit", "Stream")._meta
    star = {"audit.stream.*": FieldClass("internal", "Ties rows together.", "as long as the log")}

    assert dataclasses.class_of(stream.get_field("case_id"), star) is not None
    assert dataclasses.class_of(stream.get_field("head_n"), star) is None


def test_a_class_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="confidential"):
        FieldClass("confidential", "A purpose.", "a year")
