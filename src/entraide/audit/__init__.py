"""The log that cannot be rewritten unnoticed: entries in streams, one tree over all, checkpoints, receipts, proofs.

`api` is the door for rooms with Django.  `signer`, `signing`, `sequencing` and `verification` do without it: they run
in small processes of their own.
"""
