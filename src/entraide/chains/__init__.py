"""What stands on a chain and how it is written: addresses and transaction ids of every network we know."""

from entraide.chains.addresses import Kind, Problem, Recognition, read, recognise, validate
from entraide.chains.networks import Network
from entraide.chains.private_keys import PrivateKey, recognise_private_key

__all__ = [
    "Kind",
    "Network",
    "PrivateKey",
    "Problem",
    "Recognition",
    "read",
    "recognise",
    "recognise_private_key",
    "validate",
]
