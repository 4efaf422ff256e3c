"""Instruments: looked into by a process of its own, flagged and never run, kept sealed as they came."""

import io
import zipfile
import zlib
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import override_settings

from entraide.database import reading_as
from entraide.kernel.errors import Invalid, NotFound, NotPossible
from entraide.requests import examining, files, operations, queries
from entraide.requests.examining import Examination, examine
from entraide.requests.states import RequestState
from tests.requests.story import a_pdf

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def with_root(change):
    pdf = pikepdf.new()
    pdf.add_blank_page()
    change(pdf)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def javascript(pdf):
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def launch(pdf):
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("/bin/sh"))
    annotation = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(annotation)])


def attachment(pdf):
    pdf.attachments["evil.exe"] = b"MZ"


def xfa(pdf):
    pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pikepdf.String("<xdp/>"), Fields=pikepdf.Array())


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        (lambda pdf: None, ()),
        (javascript, ("javascript", "open_action")),
        (launch, ("launch",)),
        (attachment, ("embedded_files",)),
        (xfa, ("xfa",)),
    ],
)
def test_v31_what_a_pdf_wants_to_do_is_flagged(change, flags):
    assert examine(with_root(change)).flags == flags


def test_v31_something_behind_the_end_is_flagged():
    assert examine(a_pdf() + b"PK\x03\x04 another file").flags == ("trailing_bytes",)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a PDF"),
        (b"\x89PNG\r\n\x1a\n", "not a PDF"),
        (b"PK\x03\x04%PDF-1.7", "not a PDF"),
        (b"GIF89a" + a_pdf(), "not a PDF"),
        (b"%PDF-1.7 and nothing", "damaged"),
        (a_pdf()[:200], "damaged"),
    ],
)
def test_v31_what_is_no_whole_pdf_is_refused_with_a_sentence(data, why):
    with pytest.raises(Invalid, match=why):
        examine(data)


def test_v31_a_locked_file_is_refused():
    pdf = pikepdf.new()
    pdf.add_blank_page()
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(Invalid, match="password"):
        examine(out.getvalue())


def test_a_file_larger_than_the_channel_allows_is_refused_before_anybody_opens_it():
    with override_settings(INSTRUMENT_MAX_BYTES=1_000), pytest.raises(Invalid, match="25 MB"):
        examine(a_pdf() + b" " * 1_000)


def test_a_child_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(examining, "TIME_MAX_S", 0.01)
    with pytest.raises(Invalid, match="cannot be examined safely"):
        examine(a_pdf())


# Files made by hand, each to break or to deceive whoever opens it.

CATALOGUE, PAGES = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"


def by_hand(*objects, trailer=b""):
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, rows, size, trailer, len(out),
    )  # fmt: skip


def table_that_follows_itself():
    return by_hand(CATALOGUE, PAGES, PAGE, trailer=b"/Prev %d" % by_hand(CATALOGUE, PAGES, PAGE).index(b"xref\n0"))


def stream(dictionary, content):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(content), content)


def bomb():
    """An object that lies in a stream of a gigabyte, as a cross-reference stream says."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(1 << 10)) + packer.flush()
    container = stream(b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", packed)
    body = by_hand(CATALOGUE, PAGES, PAGE, container)
    places = [body.index(b"%d 0 obj" % number) for number in range(1, 5)]
    body = body[: body.rindex(b"xref\n0 5")]
    rows = [(0, 0, 65535), *[(1, place, 0) for place in places], (2, 4, 0), (1, len(body), 0)]
    table = b"".join(bytes([a]) + b.to_bytes(4, "big") + c.to_bytes(2, "big") for a, b, c in rows)
    return b"%s6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        body, stream(b"/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R", table), len(body),
    )  # fmt: skip


def many_pages(number):
    kids = b" ".join(b"%d 0 R" % (place + 3) for place in range(number))
    return by_hand(CATALOGUE, b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, number), *[PAGE] * number)


def with_a_zip_behind(comment=b""):
    out = io.BytesIO(a_pdf())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("evil.exe", b"MZ")
        archive.comment = comment
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "n_pages", "flags"),
    [
        (lambda: by_hand(CATALOGUE, PAGES, PAGE), 1, ()),
        (table_that_follows_itself, 1, ()),
        (bomb, 1, ()),
        (lambda: many_pages(10_000), 10_000, ()),
        (lambda: a_pdf() + b"<html><script>alert(1)</script></html>", 1, ("trailing_bytes",)),
        (with_a_zip_behind, 1, ("trailing_bytes",)),
        (lambda: with_a_zip_behind(b"\n%%EOF"), 1, ("trailing_bytes",)),
    ],
    ids=["plain", "xref-loop", "bomb", "10,000 pages", "html", "zip", "zip that ends as a PDF does"],
)
def test_v31_a_crafted_file_is_looked_through_within_the_limits(make, n_pages, flags):
    examination = examine(make())
    assert (examination.n_pages, examination.flags) == (n_pages, flags)


@pytest.mark.parametrize(
    "data",
    [
        by_hand(CATALOGUE, PAGES, b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1>>"),
        by_hand(CATALOGUE, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"),
        by_hand(CATALOGUE, PAGES, b"[" * 200_000 + b"]" * 200_000),
        by_hand(CATALOGUE, b"<</Type/Pages/Kids[]/Count 0>>"),
    ],
    ids=["a loop of pages", "pages within themselves", "two hundred thousand brackets", "no page"],
)
def test_v31_a_crafted_file_without_pages_to_read_is_refused_with_a_sentence(data):
    with pytest.raises(Invalid, match="damaged"):
        examine(data)


# Signatures, with certificates made for the test.


class Signer:
    """A made-up prosecutor's office with a certificate of its own."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Parquet of Made-up Town")])
        now = datetime.now(UTC)  # the library asks the clock whether the certificate is valid
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
                ),
                critical=True,
            )
            .sign(self.key, hashes.SHA256())
        )  # fmt: skip

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, data, field="Signature1"):
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers

        password = serialization.NoEncryption()
        pkcs12 = serialization.pkcs12.serialize_key_and_certificates(b"x", self.key, self.certificate, None, password)
        signer = signers.SimpleSigner.load_pkcs12_data(pkcs12, other_certs=[])
        out = io.BytesIO()
        signers.sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(data)),
            signers.PdfSignatureMetadata(field_name=field),
            signer=signer,
            output=out,
        )
        return out.getvalue()


@pytest.fixture(scope="module")
def signer():
    return Signer()


def only_signature(data):
    [signature] = examine(data).signatures
    return signature


def test_a_signature_is_intact_but_trusted_only_against_a_configured_certificate(signer, tmp_path):
    signed = signer.sign(a_pdf())
    unknown = only_signature(signed)
    assert (unknown.is_intact, unknown.is_valid, unknown.is_trusted, unknown.covers) == (
        True, True, False, "whole_file",
    )  # fmt: skip
    assert "Parquet of Made-up Town" in unknown.signer
    (tmp_path / "parquet.pem").write_bytes(signer.pem)
    with override_settings(TRUSTED_SIGNERS=str(tmp_path)):
        assert only_signature(signed).is_trusted


def test_a_changed_byte_breaks_the_signature(signer):
    signed = bytearray(signer.sign(a_pdf("before")))
    at = signed.index(b"/MediaBox")
    signed[at + 12] = ord("9") if signed[at + 12] != ord("9") else ord("8")
    assert not only_signature(bytes(signed)).is_intact


def test_what_was_added_after_signing_is_not_covered(signer):
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signer.sign(a_pdf())))
    writer.root["/Added"] = writer.add_object(writer.root.get_object().raw_get("/Pages").get_object())
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert only_signature(out.getvalue()).covers == "whole_revision"


def test_of_two_signatures_the_first_covers_its_revision_and_the_second_the_whole_file(signer):
    twice = examine(signer.sign(signer.sign(a_pdf()), "Signature2"))
    assert [(one.is_intact, one.covers) for one in twice.signatures] == [(True, "whole_revision"), (True, "whole_file")]


def test_a_signature_whose_container_is_rubbish_is_no_valid_one(signer):
    signed = bytearray(signer.sign(a_pdf()))
    at = signed.index(b"/Contents <") + len(b"/Contents <")
    signed[at : at + 200] = b"0" * 200
    examination = examine(bytes(signed))
    assert examination.problem or not any(one.is_valid for one in examination.signatures)


def test_findings_come_back_as_they_were_kept():
    examination = examine(with_root(javascript))
    assert Examination.from_json(examination.as_json()) == examination


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("order.pdf", "order.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\otto\\order.pdf", "order.pdf"),
        ("order\u202efdp.exe", "orderfdp.exe"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("x" * 10_000 + ".pdf", "x" * 116 + ".pdf"),
        ("...", "instrument.pdf"),
        ("", "instrument.pdf"),
    ],
)
def test_v31_a_files_name_is_one_harmless_line(name, tidy):
    assert files.tidy_name(name) == tidy


def test_an_instrument_comes_back_byte_for_byte_and_lies_sealed(story):
    story.draft()
    data = a_pdf("the second")
    operations.attach_instrument(story.reference, data, "second.pdf", actor=story.cast.OTTO.actor, now=story.now)
    story.file()
    view, read = queries.read_instrument(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    assert (view.name, view.size, read) == ("second.pdf", len(data), data)
    assert story.events()[-1] == "audit:data:read"


def test_a_refused_file_leaves_the_draft_as_it_was(story):
    story.draft()
    before = story.events()
    with pytest.raises(Invalid):
        operations.attach_instrument(story.reference, b"MZ", "x.pdf", actor=story.cast.OTTO.actor, now=story.now)
    assert story.events() == before


def test_removing_takes_all_that_was_attached_and_not_signed_for_bytes_and_all(story):
    story.draft()
    operations.attach_instrument(story.reference, a_pdf("two"), "b.pdf", actor=story.cast.OTTO.actor, now=story.now)

    operations.remove_instrument(story.reference, actor=story.cast.OTTO.actor, now=story.now)

    with reading_as(story.cast.OTTO.actor):
        _content, instrument = queries.draft_of(story.reference, actor=story.cast.OTTO.actor)
    assert instrument is None
    assert [path for path in (story.desk.home / "files").rglob("*") if path.is_file()] == []
    assert story.events()[-1] == "requests:instrument:removed"


def test_what_was_signed_for_stays_and_what_was_to_replace_it_goes(story):
    story.to(RequestState.RETURNED_FOR_CORRECTION)
    operations.attach_instrument(story.reference, a_pdf("two"), "b.pdf", actor=story.cast.OTTO.actor, now=story.now)

    operations.remove_instrument(story.reference, actor=story.cast.OTTO.actor, now=story.now)

    with reading_as(story.cast.OTTO.actor):
        _content, instrument = queries.draft_of(story.reference, actor=story.cast.OTTO.actor)
    assert instrument.name == "order.pdf"
    with pytest.raises(NotPossible, match="keeps its instrument"):
        operations.remove_instrument(story.reference, actor=story.cast.OTTO.actor, now=story.now)


def test_nobody_else_removes_an_instrument(story):
    story.draft()
    with pytest.raises(NotFound):
        operations.remove_instrument(story.reference, actor=story.cast.IVO.actor, now=story.now)
