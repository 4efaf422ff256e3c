"""Evidence: the Merkle tree of the log, signed notes, signed acts, packages, and their verifier.

No Django here and no database: everything in this room can be checked by somebody who has nothing but files.
"""
