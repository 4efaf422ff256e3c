"""The content of an entry of the log, for the people who may read it: a word for each key, hashes shortened."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from entraide.kernel.errors import Text
from entraide.ui import components as ui

_HASH = re.compile(r"[0-9a-f]{64}")

# What the rooms enter about a case.  A key that is not here is shown as it was entered.
KEY_LABELS: Mapping[str, Text] = {
    "act_sha256": gettext_lazy("Hash of the signed act"),
    "answer": gettext_lazy("Answer"),
    "attempt": gettext_lazy("Attempt"),
    "awaits_supervisor": gettext_lazy("Waits for the supervisor"),
    "codes": gettext_lazy("What went wrong"),
    "decision": gettext_lazy("Hash of the decision"),
    "decision_sha256": gettext_lazy("Hash of the decision"),
    "document_sha256": gettext_lazy("Hash of the document"),
    "file": gettext_lazy("File"),
    "key": gettext_lazy("Key of the order"),
    "n_accounts": gettext_lazy("Accounts"),
    "n_targets": gettext_lazy("Targets"),
    "package": gettext_lazy("Package"),
    "purpose": gettext_lazy("Purpose"),
    "reason": gettext_lazy("Reason"),
    "reference": gettext_lazy("Reference"),
    "sha256": gettext_lazy("SHA-256"),
    "size": gettext_lazy("Bytes"),
    "tagmanifest": gettext_lazy("Hash over all files"),
    "to": pgettext_lazy("handed over to", "To"),
    "version": gettext_lazy("Version"),
    "what": gettext_lazy("What"),
    "why": gettext_lazy("Reason"),
}
_VALUES: Mapping[tuple[str, str], Text] = {
    ("purpose", "handling"): gettext_lazy("handling the case"),
    ("purpose", "log"): gettext_lazy("reading the log"),
    ("purpose", "printing"): gettext_lazy("printing"),
    ("what", "request"): gettext_lazy("the request"),
    ("what", "instrument"): gettext_lazy("the instrument"),
}


def content_of_entry(content: Mapping[str, Any], names: Mapping[str, str]) -> list[ui.Drawable]:
    """Return each thing an entry holds as label and value; what is empty is left out.

    Parameters
    ----------
    names : Mapping[str, str]
        Names of the people whom entries mention by identifier alone.
    """
    return list(_details(content, names))


def _details(content: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[ui.Drawable]:
    for key, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None or one in ("", {}):
                continue
            if isinstance(one, Mapping):
                yield from _details(one, names)
            else:
                yield ui.Several(
                    items=(_("%(label)s:") % {"label": KEY_LABELS.get(key, key)}, _value(key, one, names)),
                    is_inline=True,
                )


def _value(key: str, value: object, names: Mapping[str, str]) -> ui.Drawable:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _HASH.fullmatch(text):
        return ui.Identifier(value=text, short=True)
    return _VALUES.get((key, text), names.get(text, text))
