"""Every setting of the program, each with the sentence that explains it.

Settings come from the environment only.  The table is the documentation: `docs/reference/settings.md` is compared with
it, and a name that is not in the table cannot be read.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from entraide.kernel.errors import NotPossible


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the environment, what it means, and what holds when it is absent."""

    name: str
    meaning: str
    default: str = ""
    is_secret: bool = False


_TABLE = (
    Setting("DATABASE_URL", "An administrator's URL of your own PostgreSQL (15 or later). Absent: the embedded one."),
    Setting("ENTRAIDE_HOME", "Data directory of the instance.", ".entraide/<kind> beside the program"),
    Setting("ENTRAIDE_KIND", "Kind of the instance: demo, trial or production. Fixed when the instance is created."),
    Setting(
        "ENTRAIDE_ORIGIN",
        "Origin people type, such as https://desk.example. Passkeys hang on its host name.",
        "http://localhost:8000",
    ),
    Setting("ENTRAIDE_PROCESS", "Which program this process is: web, worker, sequencer, signer, migrate.", "web"),
    Setting(
        "ENTRAIDE_STAFF_ORIGIN",
        "Origin of the exchange's people where a process of its own serves them, such as https://staff.desk.example. "
        "Absent: one process serves everybody at ENTRAIDE_ORIGIN.",
    ),
    Setting(
        "ENTRAIDE_FACES",
        "Faces this web process serves: agency, staff or both, comma separated; set by the supervisor. A process of "
        "one face needs the database URL of that face only.",
        "agency,staff",
    ),
    Setting("ENTRAIDE_DATABASE_URL_WEB", "Database URL of the staff face (role entraide_web).", is_secret=True),
    Setting("ENTRAIDE_DATABASE_URL_AGENCY", "Database URL of the agency face (role entraide_agency).", is_secret=True),
    Setting("ENTRAIDE_DATABASE_URL_WORKER", "Database URL of the worker (role entraide_worker).", is_secret=True),
    Setting(
        "ENTRAIDE_DATABASE_URL_SEQUENCER", "Database URL of the sequencer (role entraide_sequencer).", is_secret=True
    ),
    Setting(
        "ENTRAIDE_DATABASE_URL_AUDITOR", "Database URL for verifying the log (role entraide_auditor).", is_secret=True
    ),
    Setting("ENTRAIDE_DATABASE_URL_MIGRATE", "Database URL for migrations (role entraide_migrate).", is_secret=True),
    Setting(
        "ENTRAIDE_SECRET_KEY", "Secret of the web program's tokens. Made at first start when absent.", is_secret=True
    ),
    Setting(
        "ENTRAIDE_LOG_ORIGIN",
        "Name of the log in checkpoints and proofs, such as desk.example/log.",
        "the origin's host followed by /log; demo.invalid/log in a demo",
    ),
    Setting("ENTRAIDE_EXCHANGE_URL", "Base URL of the exchange's back office (REST port)."),
    Setting("ENTRAIDE_EXCHANGE_TOKEN", "Bearer token for the exchange's back office.", is_secret=True),
    Setting("ENTRAIDE_EXCHANGE_CERTIFICATE", "Client certificate and key (PEM) for mutual TLS with the exchange."),
    Setting("ENTRAIDE_EXCHANGE_NAME", "Name of the exchange as it stands on letters and packages.", "Aurelia Exchange"),
    Setting(
        "ENTRAIDE_SMTP_URL",
        "Mail server for notices, such as smtp://user:password@host:587 (STARTTLS, except to this machine) or "
        "smtps://user:password@host:465. Absent: no notice is sent. A notice holds a reference and a link, nothing "
        "of the case.",
        is_secret=True,
    ),
    Setting(
        "ENTRAIDE_SENDS_MAIL",
        "Says to programs that do not know the mail server whether notices are sent (1); set by the supervisor.",
    ),
    Setting("ENTRAIDE_MAIL_FROM", "Sender of notices.", "desk@localhost"),
    Setting("ENTRAIDE_TLS_CERTIFICATE", "Certificate chain (PEM) when the web program speaks TLS itself."),
    Setting("ENTRAIDE_TLS_KEY", "Private key (PEM) of that certificate."),
    Setting("ENTRAIDE_TRUSTED_PROXIES", "How many proxies stand in front and set X-Forwarded-For.", "0"),
    Setting("ENTRAIDE_TRUSTED_SIGNERS", "Folder of certificates (PEM) that signatures on instruments are trusted by."),
    Setting("ENTRAIDE_POSTGRES_BINARIES", "Folder with PostgreSQL's programs, instead of the ones that come along."),
    Setting(
        "ENTRAIDE_SUPERVISED_BY", "Process number of the supervisor, set by it for its programs; nobody else sets it."
    ),
    Setting("ENTRAIDE_TESTING", "Set to 1 by the tests only; nothing else may set it."),
    Setting("ENTRAIDE_FAULTS", "Fault points that a test arms; read only where ENTRAIDE_TESTING is 1."),
    Setting("ENTRAIDE_TEST_DATA", "Folder of public test data; tests that need it are skipped where it is absent."),
    Setting("ENTRAIDE_SEED", "Number from which the dice of tests are thrown, to repeat what a failed test printed."),
    Setting("REFERENCE_EXCHANGE_DATABASE_URL", "Database URL of the reference exchange.", is_secret=True),
    Setting("REFERENCE_EXCHANGE_TOKEN", "Bearer token the reference exchange accepts.", is_secret=True),
    Setting("REFERENCE_EXCHANGE_FAULTS", "Set to 1 by tests only: lets a test ask the reference exchange to fail."),
)
SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _TABLE}


def read(name: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the value of the setting `name`, or an empty string where it is absent.

    Raises
    ------
    KeyError
        If `name` is not in the table: a setting nobody documented does not exist.
    """
    setting = SETTINGS[name]
    return (os.environ if environ is None else environ).get(setting.name, "").strip()


def faces(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the faces that ENTRAIDE_FACES names, both where it is absent.

    Raises
    ------
    NotPossible
        If it names anything else, or one twice.
    """
    text = read("ENTRAIDE_FACES", environ) or SETTINGS["ENTRAIDE_FACES"].default
    named = tuple(sorted(word.strip() for word in text.split(",")))
    if named not in (("agency",), ("staff",), ("agency", "staff")):
        raise NotPossible("Starting", why=f"ENTRAIDE_FACES is {text!r}", do="Set it to agency, staff or agency,staff")
    return named


def check_names(environ: Mapping[str, str] | None = None) -> None:
    """Refuse a setting that does not exist: whoever misspells one believes that it holds.

    Raises
    ------
    NotPossible
        With the name that is most like it.
    """
    for name in sorted(os.environ if environ is None else environ):
        if name.startswith("ENTRAIDE_") and name not in SETTINGS:
            near = difflib.get_close_matches(name, SETTINGS, n=1)
            do = f"Did you mean {near[0]}? " if near else ""
            raise NotPossible(
                "Starting", why=f"there is no setting {name}", do=f"{do}Correct or unset it; docs/reference/settings.md"
            )


def required(name: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the value of the setting `name`.

    Raises
    ------
    NotPossible
        If it is absent.
    """
    value = read(name, environ)
    if not value:
        raise NotPossible("Starting", why=f"the setting {name} is missing", do=f"Set it. {SETTINGS[name].meaning}")
    return value
