"""The child process that looks into one PDF: limits first, then the libraries, then the file.

Reads one line of JSON (trusted certificates) and the file from standard input, writes one object of JSON.  Imports
nothing of the desk; whatever happens here, the parent only reads an answer or notices that there is none.
"""

import io
import json
import re
import resource
import sys
from typing import Any

MEMORY_MAX = 1 << 30
CPU_MAX_S = 20
OBJECTS_MAX = 200_000
SIGNATURES_MAX = 20
# A whole file ends like this; a ZIP with a comment may end in the marker alone.
END = re.compile(rb"startxref\s+\d+\s+%%EOF\Z")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _structure(data: bytes) -> dict[str, Any]:
    import pikepdf

    try:
        pdf = pikepdf.open(io.BytesIO(data), suppress_warnings=True)
    except pikepdf.PasswordError:
        return {"n_pages": 0, "flags": ["encrypted"], "problem": "password"}
    except pikepdf.PdfError:
        return {"n_pages": 0, "flags": [], "problem": "damaged"}
    flags = {"encrypted"} if pdf.is_encrypted else set()
    with pdf:
        for number, item in enumerate(pdf.objects):
            if number >= OBJECTS_MAX:
                break
            if isinstance(item, pikepdf.Stream):
                flags |= _flags_of(item.stream_dict if hasattr(item, "stream_dict") else item)
            elif isinstance(item, pikepdf.Dictionary):
                flags |= _flags_of(item)
        n_pages = len(pdf.pages)
    if not n_pages:
        return {"n_pages": 0, "flags": [], "problem": "damaged"}
    if not END.search(data.rstrip(b"\r\n \t\x00")[-64:]):
        flags.add("trailing_bytes")
    return {"n_pages": n_pages, "flags": sorted(flags), "problem": ""}


# Dictionary keys and action types, wherever they stand in the file.
_KEYS = {"/JS": "javascript", "/JavaScript": "javascript", "/EmbeddedFiles": "embedded_files", "/EF": "embedded_files",
         "/XFA": "xfa", "/OpenAction": "open_action", "/AA": "open_action"}  # fmt: skip
_ACTIONS = {"/JavaScript": "javascript", "/Launch": "launch", "/Rendition": "launch", "/ImportData": "launch",
            "/SubmitForm": "launch"}  # fmt: skip


def _flags_of(item: Any, depth: int = 0) -> set[str]:
    """Return what one dictionary and the direct dictionaries inside it are flagged for."""
    import pikepdf

    found: set[str] = set()
    for key in item.keys():  # noqa: SIM118 - not a mapping
        value = item.get(key)
        if str(key) in _KEYS and not (key == "/OpenAction" and isinstance(value, pikepdf.Array)):
            found.add(_KEYS[str(key)])  # an array is a place to go to, not an action
        if str(key) == "/S" and isinstance(value, pikepdf.Name) and str(value) in _ACTIONS:
            found.add(_ACTIONS[str(value)])
        if depth < 8 and isinstance(value, pikepdf.Dictionary) and not value.is_indirect:
            found |= _flags_of(value, depth + 1)
    return found


def _signatures(data: bytes, trusted: list[str]) -> list[dict[str, Any]]:
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko_certvalidator import ValidationContext

    roots = [x509.Certificate.load(pem.unarmor(text.encode())[2]) for text in trusted]
    context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    return [_signature(one, context) for one in reader.embedded_regular_signatures[:SIGNATURES_MAX]]


def _signature(embedded: Any, context: Any) -> dict[str, Any]:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    covers = {
        SignatureCoverageLevel.ENTIRE_FILE: "whole_file",
        SignatureCoverageLevel.ENTIRE_REVISION: "whole_revision",
        SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START: "part",
    }
    line = {"signer": "", "is_intact": False, "is_valid": False, "is_trusted": False, "covers": "unclear"}
    try:
        status = validate_pdf_signature(embedded, signer_validation_context=context, skip_diff=True)
    except Exception as error:
        return {**line, "signed_at": None, "problem": type(error).__name__[:40]}
    return {
        "signer": str(status.signing_cert.subject.human_friendly)[:300],
        "is_intact": bool(status.intact),
        "is_valid": bool(status.intact and status.valid),
        "is_trusted": bool(status.intact and status.valid and status.trusted),
        "covers": covers.get(status.coverage, "unclear") if status.coverage else "unclear",
        "signed_at": status.signer_reported_dt.isoformat() if status.signer_reported_dt else None,
        "problem": "",
    }


def main() -> None:
    """Answer for the file on standard input."""
    _limit()
    trusted = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    answer = {**_structure(data), "signatures": []}
    if not answer["problem"]:
        try:
            answer["signatures"] = _signatures(data, trusted)
        except Exception as error:
            # Readers disagree about odd files; that a person must look is an answer too.
            answer["problem"] = f"signatures:{type(error).__name__}"[:60]
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
