import pytest

from entraide.identifiers import extract


def told(text: str) -> list[tuple[str, str | None, str | None]]:
    return [(i.kind.value, i.normalised, i.problem) for i in extract(text)]


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("write to Jean.Dupont+x@Mail.Example.org.", "jean.dupont+x@mail.example.org"),
        ("邮箱a_b@example.com请联系", "a_b@example.com"),
        ("<mailto:o'neil@example.co.uk>", "o'neil@example.co.uk"),
        ("https://x.invalid/?mail=ann@example.com&x=1", "ann@example.com"),
    ],
)
def test_a_mail_address_is_found_and_lower_cased(text, normalised):
    assert told(text) == [("email", normalised, None)]


def test_what_only_has_an_at_sign_is_no_mail_address():
    assert told("@handle me@localhost a@b 5@3.2 x@@y.com") == []


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("tel:+1-202-555-0143", "+12025550143"),
        ("Móvil +34 600 123 456.", "+34600123456"),
        ("هاتف +971501234567", "+971501234567"),
    ],
)
def test_a_telephone_number_is_reduced_to_its_digits(text, normalised):
    assert told(text) == [("phone", normalised, None)]


def test_a_sum_or_a_short_number_is_no_telephone_number():
    assert told("1+12345678 and +1234567 and +12") == []


@pytest.mark.parametrize(
    ("text", "normalised", "problem"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00 and", "DE89370400440532013000", None),
        ("FR1420041010050500013M02606", "FR1420041010050500013M02606", None),
        ("gb82west12345698765432", "GB82WEST12345698765432", None),
        ("DE89 3704 0044 0532 0130 01", "DE89370400440532013001", "checksum"),
        ("DE89 3704 0044 0532 0130 0", "DE8937040044053201300", "length"),
    ],
)
def test_an_account_number_is_checked_by_length_and_check_digits(text, normalised, problem):
    assert told(text) == [("iban", normalised, problem)]


def test_every_single_wrong_digit_of_an_account_number_is_noticed():
    right = "DE89370400440532013000"
    for at in range(4, len(right)):
        wrong = right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :]
        assert told(wrong) == [("iban", wrong, "checksum")]


@pytest.mark.parametrize(
    ("text", "normalised", "problem"),
    [
        ("from 192.0.2.1.", "192.0.2.1", None),
        ("192.0.2.1:51820,", "192.0.2.1:51820", None),
        ("登录IP192.0.2.7，", "192.0.2.7", None),
        ("2001:DB8:0:0::1 at", "2001:db8::1", None),
        ("[2001:db8::2]:8080", "[2001:db8::2]:8080", None),
        ("::ffff:192.0.2.1", "192.0.2.1", None),
        ("300.1.1.1", "300.1.1.1", "range"),
        ("192.168.001.001", "192.168.001.001", "leading_zero"),
    ],
)
def test_an_internet_address_is_found_with_its_port(text, normalised, problem):
    assert told(text) == [("ip", normalised, problem)]


def test_versions_clocks_and_hardware_addresses_are_no_internet_addresses():
    assert told("version 1.2.3.4, 12:30:45, 00:1a:2b:3c:4d:5e, std::vector, 1.2.3.4.5") == []


@pytest.mark.parametrize(
    "text",
    ["UID: 12345678", "user id 12345678", "account no. 12345678", "compte n° 12345678", "cuenta número 12345678",
     "حساب رقم 12345678", "用户ID：12345678", "User #12345678", "UID ١٢٣٤٥٦٧٨"],
)  # fmt: skip
def test_a_user_number_is_told_by_the_word_beside(text):
    assert told(text) == [("uid", "12345678", None)]


def test_a_list_of_user_numbers_is_read_to_its_end():
    assert [n for _, n, _ in told("UIDs 1234567, 2345678 and 3456789")] == ["1234567", "2345678", "3456789"]


def test_a_number_nobody_calls_a_users_is_nothing():
    assert told("12345678 euros, account balance 123456.78, on 20240131, ticket 1234567") == []
