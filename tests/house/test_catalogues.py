"""Every word a user sees is there in every language the desk speaks."""

from entraide.ui import messages


def test_every_message_is_translated_and_no_catalogue_holds_anything_else() -> None:
    assert messages.problems() == []
