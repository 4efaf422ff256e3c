"""The demo's people come in by the ordinary operations, and production refuses every trace of them."""

import stat

import pytest
from django.conf import settings
from django.test import override_settings

from entraide.access import api as access
from entraide.access import demo, demo_keys
from entraide.access.checks import production_problems
from entraide.agencies import api
from entraide.agencies.demo import load
from entraide.database import reading_as
from entraide.kernel.actors import Role
from entraide.kernel.errors import NotFound, NotPossible
from tests.plugins.desk import NOON, Desk

# Only a superuser who switches the triggers off can change a desk's kind; everybody else would need an entry for it.
MADE_PRODUCTION = "SET session_replication_role = replica; UPDATE audit_instance SET kind = 'production'"
PRODUCTION = {
    "KIND": "production",
    "ORIGINS": {"agency": "https://desk.example", "staff": "https://desk.example"},
    "LOG_ORIGIN": "desk.example/log",
    "SECRET_KEY": "x" * 50,
}


def test_everybody_is_let_in_as_real_people_are(desk: Desk) -> None:
    cast = load(now=NOON)

    with reading_as(cast.dora):
        people = [person for one in access.organisations() for person in access.people_of(one.id)]
        agencies = api.all_agencies()
    assert len(people) == 9 and all(person.has_passkey and person.is_demo for person in people)
    assert [one.is_verified for one in agencies] == [True, True]
    assert cast.marc.roles == {Role.DESK_ADMINISTRATOR, Role.APPROVER}
    kinds = desk.superuser_sql("SELECT DISTINCT kind FROM access_credential")
    assert kinds == [("software",)]
    with pytest.raises(NotPossible):
        load(now=NOON)


def test_software_keys_lie_in_a_file_of_the_demo_and_never_in_the_database(desk: Desk) -> None:
    cast = load(now=NOON)
    assert cast.otto.person_id is not None
    key = demo_keys.key_of(cast.otto.person_id)
    assert key is not None

    assert stat.S_IMODE(demo_keys.path().stat().st_mode) == 0o600
    assert stat.S_IMODE(demo.age_key_path(cast.otto.person_id).stat().st_mode) == 0o600
    found = desk.superuser_sql("SELECT 1 FROM access_credential WHERE position(%s IN public_key) > 0", key.secret)
    assert found == []
    with override_settings(KIND="trial"):
        assert demo_keys.key_of(cast.otto.person_id) is None
        assert demo_keys.key_for_page(cast.otto.person_id, b"") is None


def test_V04_production_refuses_every_remnant_of_a_demo(desk: Desk) -> None:
    load(now=NOON)
    demo.make_links(now=NOON)
    with override_settings(**PRODUCTION):
        said = production_problems()

    for word in ("Software keys of a demo", "of kind demo", "made-up person", "software key(s)", "sign-in link(s)"):
        assert any(word in sentence for sentence in said), word


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"KIND": "demo"}, "ENTRAIDE_KIND"),
        ({"DEBUG": True}, "DEBUG"),
        ({"SECRET_KEY": "used only where no page is served"}, "ENTRAIDE_SECRET_KEY"),
        ({"ORIGINS": {"agency": "https://desk.example", "staff": "http://localhost:8000"}}, "https"),
        ({"LOG_ORIGIN": "demo.invalid/log"}, "demo.invalid"),
    ],
)
def test_V04_production_refuses_settings_that_protect_nothing(
    desk: Desk, changed: dict[str, object], word: str
) -> None:
    desk.superuser_sql(MADE_PRODUCTION)
    with override_settings(**PRODUCTION):
        assert production_problems() == []
    with override_settings(**(PRODUCTION | changed)):
        (said,) = production_problems()
    assert word in said


def test_H6_a_desk_whose_database_is_no_demo_makes_no_links_whatever_its_settings_say(desk: Desk) -> None:
    load(now=NOON)
    assert settings.KIND == "demo"
    desk.superuser_sql(MADE_PRODUCTION)

    with pytest.raises(NotFound):
        demo.make_links(now=NOON)
