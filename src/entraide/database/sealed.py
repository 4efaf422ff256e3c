"""Fields whose values reach PostgreSQL as ciphertext only."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from entraide.kernel.sealing import FileKeyStore


def key_store() -> FileKeyStore:
    """Return the key store of this instance."""
    return _store_in(settings.KEY_STORE_FOLDER)


@lru_cache(maxsize=4)
def _store_in(folder: Path | str) -> FileKeyStore:
    return FileKeyStore(Path(folder))


# Django's fields take type arguments in the stubs only.
if TYPE_CHECKING:
    _BinaryField = models.BinaryField[Any, Any]
else:
    _BinaryField = models.BinaryField


class _Sealed:
    """Ciphertext as it came from the database, not opened yet."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _OpensWhenRead(DeferredAttribute):
    """Gives the plaintext, opening it at the first look."""

    field: "SealedJSONField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, _Sealed):
            value = self.field.key_of(instance).open_json(value.data, place=self.field.place_of(instance))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        # Without this the instance's own dictionary would be asked first, and `__get__` never.
        instance.__dict__[self.field.attname] = value


class SealedJSONField(_BinaryField):
    """A JSON value, sealed with the key of its case before the database sees it.

    The associated data is (model, primary key, field, tenant): a value copied into another row, field or tenant does
    not open.  The row needs its primary key, `case` and `tenant` before it is saved.

    Parameters
    ----------
    case : str
        Name of the attribute that holds the case's identifier (the key's owner).
    tenant : str
        Name of the attribute that holds the tenant's identifier.
    """

    descriptor_class = _OpensWhenRead

    def __init__(self, *args: Any, case: str = "case_id", tenant: str = "organisation_id", **kwargs: Any) -> None:
        self.case, self.tenant = case, tenant
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "case": self.case, "tenant": self.tenant}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else _Sealed(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value

    def get_default(self) -> Any:
        return None if not self.has_default() else models.Field.get_default(self)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None:
            return None
        if isinstance(value, _Sealed):  # never opened, so never changed
            return value.data
        return self.key_of(model_instance).seal_json(value, place=self.place_of(model_instance))

    def key_of(self, instance: models.Model) -> Any:
        """Return the data key of the row's case."""
        case = getattr(instance, self.case)
        return key_store().create(case if isinstance(case, UUID) else UUID(str(case)))

    def place_of(self, instance: models.Model) -> str:
        """Return the place a value of this field is sealed for."""
        return f"{instance._meta.label_lower}:{instance.pk}:{self.name}:{getattr(instance, self.tenant)}"
