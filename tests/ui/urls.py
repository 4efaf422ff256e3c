import base64
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path

from entraide.ui import errors, progress, views
from entraide.ui.components import Fact, Progress, Signature

KEY = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())  # made up, the same in every run
CHALLENGE = bytes(range(32))


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _jwk() -> dict[str, str]:
    numbers = KEY.private_numbers()
    point = numbers.public_numbers
    parts = {"x": point.x, "y": point.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256", **{name: base64url(n.to_bytes(32, "big")) for name, n in parts.items()}}


OPTIONS = {"challenge": base64url(CHALLENGE), "rpId": "localhost", "userVerification": "required"}
SOFTWARE_KEY = {
    "credential_id": base64url(b"demo-credential"),
    "private_jwk": _jwk(),
    "user_handle": base64url(b"rita"),
}
SAVED: list[dict[str, str]] = []
_SIGNATURE = Signature(
    title="Approve", button="Approve and sign", action="", facts=(Fact(label="Request", value="R-26-7K3F9Q"),)
)
SHOWN: dict[str, object] = {
    "software": replace(_SIGNATURE, options=OPTIONS, software_key=SOFTWARE_KEY),
    "fetched": replace(
        _SIGNATURE, options_href="/options/", software_key=SOFTWARE_KEY, hidden={"subject": "R-26-7K3F9Q"}
    ),
    "passkey": replace(_SIGNATURE, options=OPTIONS),
    "new": {
        "challenge": base64url(CHALLENGE),
        "rp": {"id": "localhost", "name": "Entraide"},
        "user": {"id": base64url(b"rita"), "name": "rita", "displayName": "Rita"},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
    },
    "draft": None,
}


def answer(request: HttpRequest, status: int) -> HttpResponse:
    return errors.page(request, status)


def sign(request: HttpRequest, kind: str) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse(request.POST["credential"], content_type="text/plain")
    return render(request, "sign.html", {"shown": SHOWN[kind], "kind": kind})


def options(request: HttpRequest) -> JsonResponse:
    assert request.POST["subject"] == "R-26-7K3F9Q"
    return JsonResponse({"options": OPTIONS, "software_key": SOFTWARE_KEY})


def saved(request: HttpRequest) -> HttpResponse:
    SAVED.append(request.POST.dict())
    return HttpResponse(status=204)


def work(request: HttpRequest, state: str) -> HttpResponse:
    return progress.answer(request, Progress(label="Building", href="/work/working/", state=state))


urlpatterns = [
    path("", include("entraide.ui.urls")),
    path("gallery/", views.gallery),
    path("sign/<str:kind>/", sign),
    path("options/", options),
    path("saved/", saved),
    path("answer/<int:status>/", answer),
    path("work/<str:state>/", work),
]
handler404 = "entraide.ui.errors.not_found"
handler500 = "entraide.ui.errors.server_error"
