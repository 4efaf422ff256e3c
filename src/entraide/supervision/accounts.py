"""The operating system's accounts: the one the server runs as, and what it takes to run something as it."""

import contextlib
import hashlib
import os
import pwd
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from entraide.kernel.errors import NotPossible
from entraide.supervision.places import first_closed

# Where a service account's number is taken from when the desk is started by root: systemd's range for services that
# have no account of their own, so that no other program on the machine runs under it.
_SERVICE_UIDS = range(61184, 65520)


class Credentials(TypedDict):
    """Keywords for a new process: the account it runs as; absent (None) means ours."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that a program runs as."""

    uid: int
    gid: int

    @property
    def is_mine(self) -> bool:
        """Whether it is the account of this very process."""
        return self.uid == os.geteuid()

    @property
    def maker(self) -> "Account":
        """The account that runs `initdb` for it: that one wants a name, which a service's number has not."""
        if self.is_mine:
            return self
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)

    @property
    def superusers(self) -> list[str]:
        """The operating system's names that may come in as superuser of its server: ours alone."""
        return [_own_name()] if self.is_mine else ["root"]

    def credentials(self) -> Credentials:
        """Return the keywords that make a child run as this account."""
        if self.is_mine:
            return Credentials(user=None, group=None, extra_groups=None)
        return Credentials(user=self.uid, group=self.gid, extra_groups=[])

    def take(self, path: Path) -> None:
        """Make `path` this account's own; nothing to do where that is ours."""
        if not self.is_mine:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def mine() -> Account:
    """Return the account of this very process."""
    return Account(os.geteuid(), os.getegid())


@contextlib.contextmanager
def as_owner_of(folder: Path) -> Generator[None]:
    """Be the owner of `folder` while the block runs, where we are root: what root leaves there nobody else reads."""
    owner, me = folder.stat(), mine()
    if me.uid != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(me.uid)
        os.setegid(me.gid)


def service_account(folder: Path, data: Path) -> Account:
    """Return the account of the server below `folder`: ours, or a number of its own where we are root.

    The server refuses to run as root.
    """
    if os.geteuid() != 0:
        _own_name()
        return mine()
    if (data / "PG_VERSION").is_file():
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    _check_reachable(folder)
    start = int.from_bytes(hashlib.sha256(os.fsencode(folder)).digest()[:4], "big") % len(_SERVICE_UIDS)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    free = (n for n in (*_SERVICE_UIDS[start:], *_SERVICE_UIDS[:start]) if n not in taken)
    number = next(free)
    return Account(number, number)


def _check_reachable(folder: Path) -> None:
    closed = first_closed(folder)
    if closed is not None:
        raise NotPossible(
            f"Using {folder} as root",
            why=f"PostgreSQL refuses to run as root, and no other account may pass through {closed}",
            do="Set ENTRAIDE_HOME to a folder that others may pass through, such as /var/lib/entraide",
        )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise NotPossible(
            "Starting the database",
            why=f"your account has no name ({os.geteuid()} is not in the list of users)",
            do="Run it as a user with a name, or use your own server by DATABASE_URL",
        ) from error
