"""What must not be found where real cases are worked on: any remnant of a demo, any default that protects nothing."""

from collections.abc import Iterator

from django.conf import settings

from entraide.access import demo_keys
from entraide.access.models import Credential, Invitation, Person
from entraide.access.states import CredentialKind, Purpose
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.kernel.actors import Actor

_CHECKER = Actor.system("check")


def production_problems() -> list[str]:
    """Return what forbids to start this desk as production, each as a sentence."""
    return [*_problems_of_settings(), *_problems_of_data()]


def _problems_of_settings() -> Iterator[str]:
    if settings.KIND != "production":
        yield f"The setting ENTRAIDE_KIND says {settings.KIND}; it must say production."
    if settings.DEBUG:
        yield "DEBUG is on: pages would show the inside of the program."
    if len(settings.SECRET_KEY) < 32 or " " in settings.SECRET_KEY:
        yield "ENTRAIDE_SECRET_KEY is missing, a default, or shorter than 32 characters."
    for origin in sorted({*settings.ORIGINS.values()}):
        if not origin.startswith("https://"):
            yield f"An origin of this desk is {origin}; passkeys of real people need https."
    if settings.LOG_ORIGIN.startswith("demo.invalid"):
        yield "The log has the name of a demo (demo.invalid); what it signs is not evidence."
    if demo_keys.path().exists():
        yield f"Software keys of a demo lie in {demo_keys.path()}."


def _problems_of_data() -> Iterator[str]:
    found = audit.find_instance()
    if found is None:
        yield "The database holds no desk yet."
        return
    if found.kind != "production":
        yield f"The database holds a desk of kind {found.kind}; the kind was fixed when it was made."
    with reading_as(_CHECKER):
        n_people = Person.objects.filter(is_demo=True).count()
        n_keys = Credential.objects.filter(kind=CredentialKind.SOFTWARE.value).count()
        n_links = Invitation.objects.filter(purpose=Purpose.DEMO.value).count()
    if n_people:
        yield f"The database holds {n_people} made-up person(s) of a demo."
    if n_keys:
        yield f"The database holds {n_keys} software key(s) of a demo."
    if n_links:
        yield f"The database holds {n_links} sign-in link(s) of a demo."
