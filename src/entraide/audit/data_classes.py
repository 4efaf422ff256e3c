"""What the log stores, why, and for how long."""

from entraide.database.dataclasses import FieldClass

_LOG = "as long as the log"
_CASE = "as long as the case; erased with its key"
_TIE = FieldClass("internal", "Ties the rows of the log together.", _LOG)

FIELDS: dict[str, FieldClass] = {
    "stream.*": _TIE,
    "stream.handle": FieldClass("public", "Names a stream in leaves and receipts without saying whose it is.", _LOG),
    "stream.kind": FieldClass("internal", "Says what a stream is about.", _LOG),
    "stream.opened_at": FieldClass("internal", "Says since when the stream is kept.", _LOG),
    "stream.head_n": FieldClass("public", "Counts the entries of the stream.", _LOG),
    "stream.head_hash": FieldClass("public", "Chains the next entry to the last.", _LOG),
    "stream.previous_hash": FieldClass("public", "Names, in the last entry, the one before it.", _LOG),
    "entry.*": _TIE,
    "entry.n": FieldClass("public", "Place of the entry in its stream.", _LOG),
    "entry.at": FieldClass("internal", "When the act was done.", _LOG),
    "entry.kind": FieldClass("internal", "What was done.", _LOG),
    "entry.leaf": FieldClass("internal", "The bytes that are hashed; salted commitments, no content.", _LOG),
    "entry.leaf_hash": FieldClass("public", "What the tree is built of.", _LOG),
    "entry.subjects": FieldClass("internal", "The rows that the entry vouches for.", _LOG),
    "entrypayload.*": _TIE,
    "entrypayload.is_shared": FieldClass("internal", "Whether the agency of the stream may read it.", _LOG),
    "entrypayload.sealed": FieldClass(
        "special", "What was done in detail, with the salt of its commitment.", _CASE, "full"
    ),
    "entryactor.*": _TIE,
    "entryactor.face": FieldClass("internal", "The side of the desk the actor sits on.", _LOG),
    "entryactor.sealed": FieldClass("personal", "Who did it: accountability outlives the case.", _LOG, "full"),
    "position.*": _TIE,
    "position.leaf_hash": FieldClass("public", "The leaf at this place of the tree.", _LOG),
    "tile.*": _TIE,
    "tile.level": FieldClass("public", "Height of the tile in the tree.", _LOG),
    "tile.index": FieldClass("public", "Number of the tile at its height.", _LOG),
    "tile.data": FieldClass("public", "Hashes of the tree, from which proofs are made.", _LOG),
    "tile.root": FieldClass("public", "Hash over the tile.", _LOG),
    "checkpoint.*": FieldClass("public", "How many entries the signed tree has.", _LOG),
    "checkpoint.root": FieldClass("public", "The root that was signed.", _LOG),
    "checkpoint.note": FieldClass("public", "The signed checkpoint, as anybody may keep it.", _LOG),
    "checkpoint.at": FieldClass("public", "When it was signed.", _LOG),
    "instance.*": FieldClass("internal", "Keeps it one row.", _LOG),
    "instance.kind": FieldClass("public", "Kind of the desk, fixed when it was made.", _LOG),
    "instance.log_origin": FieldClass("public", "Name of the log in checkpoints and proofs.", _LOG),
    "instance.created_at": FieldClass("public", "When the desk was made.", _LOG),
    "instance.demo_loaded_at": FieldClass("public", "Lets an old demo say how old it is.", _LOG),
    "signerkey.*": _TIE,
    "signerkey.purpose": FieldClass("public", "What the key signs: log, receipts or packages.", _LOG),
    "signerkey.verifier": FieldClass("public", "The public key, by which everything signed is checked.", _LOG),
    "signerkey.published_at": FieldClass("public", "Since when the key is in use.", _LOG),
    "reading.*": _TIE,
    "reading.mark": FieldClass(
        "personal", "Keyed hash by which one reading is entered once in five minutes.", "a day", "full"
    ),
    "reading.window": FieldClass("internal", "The five minutes.", "a day"),
}
