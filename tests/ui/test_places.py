"""Countries and time zones as they are offered."""

from zoneinfo import available_timezones

from django.utils import translation

from entraide.kernel.countries import COUNTRIES
from entraide.ui.places import countries, countries_to_choose, country_name, time_zones


def test_countries_stand_by_name_in_the_readers_language() -> None:
    with translation.override("es"):
        names = [name for _, name in countries()]
        assert country_name("DE") == "Alemania"
        assert names[0] == "Afganistán" and names.index("España") < names.index("Estonia")
    assert dict(countries())["ES"] == "Spain"
    assert countries_to_choose()[0][0] == ""


def test_only_countries_are_offered_and_every_one_is_named() -> None:
    assert {code for code, _ in countries()} == COUNTRIES
    assert all(name != code for code, name in countries())
    assert COUNTRIES.isdisjoint({"SP", "EU", "UN", "ZZ", "UK"})


def test_time_zones_are_places_and_utc_and_each_is_one() -> None:
    zones = time_zones()
    assert zones[0] == "UTC" and "Europe/Madrid" in zones and "Africa/Cairo" in zones
    assert not {"Factory", "localtime", "EST5EDT", "Etc/GMT+5", "posixrules"} & set(zones)
    assert set(zones) <= available_timezones()
