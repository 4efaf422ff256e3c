"""What this room stores, why, and for how long."""

from entraide.database.dataclasses import FieldClass

_CASE = "as long as the case"
_TIE = FieldClass("internal", "Ties a package to its case and its people.", _CASE)

FIELDS: dict[str, FieldClass] = {
    "package.*": _TIE,
    "package.reference": FieldClass("internal", "Names the package in letters and lists.", _CASE),
    "package.version": FieldClass("internal", "Tells a new delivery from the first.", _CASE),
    "package.state": FieldClass("internal", "Where the package stands.", _CASE),
    "package.failure": FieldClass("internal", "What stopped the building, for whoever looks into it.", _CASE),
    "package.decision_hash": FieldClass("internal", "The decision it carries out.", _CASE),
    "package.recipient_key": FieldClass("personal", "The officer's key that it is encrypted to.", _CASE),
    "package.language": FieldClass("internal", "Language of the letter.", _CASE),
    "package.as_of": FieldClass("internal", "Moment at which the records stood as produced.", _CASE),
    "package.queued_at": FieldClass("internal", "When it was ordered.", _CASE),
    "package.plan": FieldClass("special", "What is collected and said, fixed when building begins.", _CASE, "full"),
    "package.tag_manifest_hash": FieldClass("public", "Hash over every file, as entered in the log.", _CASE),
    "package.sealed_at": FieldClass("internal", "When it was sealed.", _CASE),
    "package.file_size": FieldClass("internal", "Size of the encrypted file.", _CASE),
    "package.file_hash": FieldClass("public", "Hash of the encrypted file.", _CASE),
    "package.released_at": FieldClass("internal", "When the officer could fetch it.", _CASE),
    "package.available_until": FieldClass(
        "internal", "When the link ends (10 to 45 days, Reg. (EU) 2025/1550).", _CASE
    ),
    "download.*": _TIE,
    "download.granted_at": FieldClass("internal", "When the officer signed for the download.", _CASE),
    "download.expires_at": FieldClass("internal", "Until when this download may be resumed.", _CASE),
    "download.finished_at": FieldClass("internal", "When the last byte was sent.", _CASE),
}
