"""The data-class registry: what each stored field is, why it is kept, for how long, and how it is shown.

Every room has a `data_classes.py` with a dictionary `FIELDS`.  Its keys are ``model.field`` in lower case.  A key
``model.*`` speaks for the plumbing of that model only (primary key, references, identifiers): what carries meaning is
named one by one.  The record of processing activities is made from this registry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.db import models


class DataClass(StrEnum):
    """How much harm a field does in the wrong hands."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SPECIAL = "special"
    SECRET = "secret"  # noqa: S105


class Mask(StrEnum):
    """How a field is shown to someone who may know that it exists but has not asked to read it."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FieldClass:
    """What the registry says of one field.

    Parameters
    ----------
    data_class : str
        public, internal, personal, special or secret.
    purpose : str
        What the field is stored for, as a sentence a data-protection officer can read out.
    retention : str
        Until when it is kept, such as "as long as the case" or "as long as the log".
    mask : str
        none, partial or full.
    """

    data_class: str
    purpose: str
    retention: str
    mask: str = Mask.NONE

    def __post_init__(self) -> None:
        DataClass(self.data_class)
        Mask(self.mask)
        if not self.purpose.strip() or not self.retention.strip():
            raise ValueError("a field has a purpose and a retention")


def declared() -> dict[str, FieldClass]:
    """Return every declaration of every installed room, by ``room.model.field``."""
    found: dict[str, FieldClass] = {}
    for config in _rooms():
        name = f"{config.name}.data_classes"
        if find_spec(name) is not None:
            fields: Mapping[str, FieldClass] = import_module(name).FIELDS
            found.update({f"{config.label}.{key}": value for key, value in fields.items()})
    return found


def class_of(field: "models.Field[object, object]", declarations: Mapping[str, FieldClass]) -> FieldClass | None:
    """Return what is declared of `field`: by its name, or by the star of its model where it is plumbing."""
    model = field.model._meta
    own = declarations.get(f"{model.label_lower}.{field.name}")
    if own is None and is_plumbing(field):
        own = declarations.get(f"{model.label_lower}.*")
    return own


def is_plumbing(field: "models.Field[object, object]") -> bool:
    """Say whether a field only ties rows together."""
    return field.primary_key or field.is_relation or field.name.endswith("_id")


def undeclared() -> list[str]:
    """Return the fields of the rooms' models that no declaration speaks of."""
    declarations = declared()
    return [f"{f.model._meta.label_lower}.{f.name}" for f in _fields() if class_of(f, declarations) is None]


def orphaned() -> list[str]:
    """Return the declarations that speak of no field there is."""
    names = {f"{f.model._meta.label_lower}.{f.name}" for f in _fields()}
    stars = {f"{f.model._meta.label_lower}.*" for f in _fields()}
    return sorted(declared().keys() - names - stars)


def _rooms() -> Iterator[AppConfig]:
    return (config for config in apps.get_app_configs() if config.name.startswith("entraide."))


def _fields() -> Iterator["models.Field[object, object]"]:
    for config in _rooms():
        for model in config.get_models():
            yield from model._meta.concrete_fields
