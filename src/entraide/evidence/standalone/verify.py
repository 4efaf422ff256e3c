#!/usr/bin/env python3
"""Check a package of evidence offline:  python3 -I verify.py PACKAGE.zip [--exchange-key PEM]

One file, Python 3.8 or later, nothing to install, no network.  PACKAGE is the decrypted zip or the folder it was opened
into.  Exit status: 0 it holds, 1 it does not (the file is named), 2 it could not be checked.

This is written apart from the checks of the `entraide` program, on purpose: an error would have to be made twice.

In this order: the words of the report; Ed25519; canonical JSON, Merkle tree and signed notes; reading a zip or a folder
that nobody vouches for; the seven steps (`Check`); the small files, each in its one form; the command line.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false
# (what is read here is foreign JSON, checked field by field)

from __future__ import annotations  # so that Python 3.8 reads the types

import argparse
import base64
import hashlib
import json
import locale
import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

# ---------------------------------------------------------------------------------------------------------------- words

LANGUAGES = ("en", "fr", "es", "ar")

STANDARDS = {
    1: "BagIt RFC 8493, SHA-256, Ed25519 RFC 8032",
    2: "RFC 8785, SHA-256",
    3: "RFC 6962, RFC 9162",
    4: "C2SP signed-note, tlog-checkpoint",
    5: "C2SP tlog-cosignature, tlog-policy",
    6: "RFC 3161",
    7: "RFC 8785, SHA-256",
}

# code: English, French, Spanish, Arabic
WORDS = {
    "step-1": ("Signature and files", "Signature et fichiers", "Firma y archivos", "التوقيع والملفات"),
    "step-2": ("Log entry", "Inscription au journal", "Anotación en el registro", "القيد في السجل"),
    "step-3": ("Place in the log", "Place dans le journal", "Lugar en el registro", "الموضع في السجل"),
    "step-4": ("Signature of the log", "Signature du journal", "Firma del registro", "توقيع السجل"),
    "step-5": ("Outside witnesses", "Témoins extérieurs", "Testigos externos", "شهود خارجيون"),
    "step-6": ("Time stamp", "Horodatage", "Sello de tiempo", "ختم الوقت"),
    "step-7": ("History of the case", "Historique du dossier", "Historial del caso", "تاريخ القضية"),
    "pass": ("PASS", "OK", "BIEN", "سليم"),
    "fail": ("FAIL", "ÉCHEC", "FALLO", "فشل"),
    "absent": ("NONE", "SANS", "SIN", "لا يوجد"),
    "between": (", ", ", ", ", ", "، "),
    "package": (
        "Package {name}, copy {copy}, for {recipient}.",
        "Paquet {name}, exemplaire {copy}, pour {recipient}.",
        "Paquete {name}, copia {copy}, para {recipient}.",
        "الحزمة {name}، النسخة {copy}، إلى {recipient}.",
    ),
    "demo": (
        "DEMO: not evidence",
        "DÉMO : ne vaut pas preuve",
        "DEMO: no es prueba",
        "عرض توضيحي: ليس دليلا",
    ),
    "trial": (
        "A trial desk made this package: nobody outside the exchange watches its log.",
        "Ce paquet vient d'un bureau d'essai : personne hors de la plateforme n'observe son journal.",
        "Este paquete viene de una instalación de prueba: nadie fuera de la plataforma vigila su registro.",
        "أنشئت هذه الحزمة في مكتب تجريبي: لا أحد من خارج المنصة يراقب سجله.",
    ),
    "key-given": (
        "Checked with the key you gave: the package comes from the holder of that key.",
        "Vérifié avec la clé que vous avez donnée : le paquet vient du détenteur de cette clé.",
        "Comprobado con la clave que usted dio: el paquete viene de quien posee esa clave.",
        "تم التحقق بالمفتاح الذي قدمته: الحزمة صادرة عن حامل ذلك المفتاح.",
    ),
    "key-given-in-vain": (
        "Checked with the key you gave. It does NOT show that this package comes from the holder of that key.",
        "Vérifié avec la clé que vous avez donnée. Cela ne montre PAS que ce paquet vient du détenteur de cette clé.",
        "Comprobado con la clave que usted dio. NO muestra que este paquete venga de quien posee esa clave.",
        "تم التحقق بالمفتاح الذي قدمته. هذا لا يثبت أن هذه الحزمة صادرة عن حامل ذلك المفتاح.",
    ),
    "key-copy-in-vain": (
        "Checked with the key inside the package. It shows neither WHO signed it nor that nothing was changed.",
        "Vérifié avec la clé contenue dans le paquet. Cela ne montre ni QUI a signé ce paquet ni que rien n'a changé.",
        "Comprobado con la clave incluida en el paquete. No muestra ni QUIÉN firmó este paquete ni que nada cambió.",
        "تم التحقق بالمفتاح الموجود داخل الحزمة. هذا لا يثبت من الذي وقع هذه الحزمة ولا أن شيئا لم يتغير.",
    ),
    "key-copy": (
        "Checked with the key inside the package. This shows that nothing was changed since it was signed; it does not "
        "show WHO signed it. For that, give the exchange's key that your agency received: --exchange-key FILE",
        "Vérifié avec la clé contenue dans le paquet. Cela montre que rien n'a changé depuis la signature, mais pas "
        "QUI a signé. Pour cela, donnez la clé de la plateforme que votre service a reçue : --exchange-key FICHIER",
        "Comprobado con la clave incluida en el paquete. Esto muestra que nada cambió desde la firma; no muestra QUIÉN "
        "firmó. Para ello, dé la clave de la plataforma que su organismo recibió: --exchange-key ARCHIVO",
        "تم التحقق بالمفتاح الموجود داخل الحزمة. هذا يثبت أن شيئا لم يتغير منذ التوقيع، ولا يثبت من الذي وقع. "
        "لإثبات ذلك قدم مفتاح المنصة الذي تسلمته جهتك: --exchange-key FILE",
    ),
    "key-none": (
        "There was no key to check with.",
        "Aucune clé pour vérifier.",
        "No había clave con la que comprobar.",
        "لا يوجد مفتاح للتحقق.",
    ),
    "holds": (
        "The package holds.",
        "Le paquet est intact.",
        "El paquete está íntegro.",
        "الحزمة سليمة.",
    ),
    "does-not-hold": (
        "The package does NOT hold. Do not rely on it. Look at: {files}",
        "Le paquet n'est PAS intact. Ne vous y fiez pas. Voyez : {files}",
        "El paquete NO está íntegro. No se fíe de él. Vea: {files}",
        "الحزمة غير سليمة. لا تعتمد عليها. انظر: {files}",
    ),
    "demo-is-no-evidence": (
        "You asked for evidence, and a demo package is none.",
        "Vous demandez une preuve ; un paquet de démonstration n'en est pas une.",
        "Usted pide una prueba; un paquete de demostración no lo es.",
        "طلبت دليلا، والحزمة التوضيحية ليست دليلا.",
    ),
    "files-hold": (
        "The list of files is signed, and all {n} files are as they were signed.",
        "La liste des fichiers est signée, et les {n} fichiers sont tels qu'ils ont été signés.",
        "La lista de archivos está firmada, y los {n} archivos están como se firmaron.",
        "قائمة الملفات موقعة، والملفات كلها ({n}) كما كانت عند التوقيع.",
    ),
    "file-changed": (
        "Changed after it was signed: {files}",
        "Modifié après la signature : {files}",
        "Cambiado después de la firma: {files}",
        "تغير بعد التوقيع: {files}",
    ),
    "file-missing": ("Missing: {files}", "Manquant : {files}", "Falta: {files}", "مفقود: {files}"),
    "file-unlisted": (
        "Not part of what was signed: {files}",
        "Ne fait pas partie de ce qui a été signé : {files}",
        "No forma parte de lo firmado: {files}",
        "ليس جزءا مما وقع: {files}",
    ),
    "file-unreadable": (
        "Not in the form it must have: {files}",
        "N'a pas la forme requise : {files}",
        "No tiene la forma debida: {files}",
        "ليس بالصيغة المطلوبة: {files}",
    ),
    "signature-false": (
        "The signature and the list of files do not belong together; one was changed: {files}",
        "La signature et la liste des fichiers ne vont pas ensemble ; l'une a été modifiée : {files}",
        "La firma y la lista de archivos no se corresponden; una fue cambiada: {files}",
        "التوقيع وقائمة الملفات غير متطابقين؛ تغير أحدهما: {files}",
    ),
    "key-differs": (
        "The key inside the package is not the key you gave: {files}",
        "La clé contenue dans le paquet n'est pas celle que vous avez donnée : {files}",
        "La clave incluida en el paquete no es la que usted dio: {files}",
        "المفتاح داخل الحزمة ليس المفتاح الذي قدمته: {files}",
    ),
    "entry-holds": (
        "The entry that sealed this package names exactly this list of files.",
        "L'inscription qui a scellé ce paquet désigne exactement cette liste de fichiers.",
        "La anotación que selló este paquete designa exactamente esta lista de archivos.",
        "القيد الذي ختم هذه الحزمة يشير إلى قائمة الملفات هذه بعينها.",
    ),
    "entry-false": (
        "The log entry does not belong to this package: {files}",
        "L'inscription au journal ne correspond pas à ce paquet : {files}",
        "La anotación del registro no corresponde a este paquete: {files}",
        "القيد في السجل لا يعود إلى هذه الحزمة: {files}",
    ),
    "inclusion-holds": (
        "The entry is number {n} of {size} in the log.",
        "L'inscription porte le numéro {n} sur {size} dans le journal.",
        "La anotación es la número {n} de {size} en el registro.",
        "القيد هو رقم {n} من {size} في السجل.",
    ),
    "inclusion-false": (
        "It is not proved that the entry stands in the log: {files}",
        "Il n'est pas prouvé que l'inscription figure au journal : {files}",
        "No está probado que la anotación figure en el registro: {files}",
        "لم يثبت وجود القيد في السجل: {files}",
    ),
    "checkpoint-holds": (
        "The log {name} signed its state of {size} entries.",
        "Le journal {name} a signé son état de {size} inscriptions.",
        "El registro {name} firmó su estado de {size} anotaciones.",
        "وقع السجل {name} حالته البالغة {size} قيدا.",
    ),
    "checkpoint-false": (
        "The state of the log is not signed by the exchange's log: {files}",
        "L'état du journal n'est pas signé par le journal de la plateforme : {files}",
        "El estado del registro no está firmado por el registro de la plataforma: {files}",
        "حالة السجل غير موقعة من سجل المنصة: {files}",
    ),
    "witnesses-hold": (
        "{n} outside witness(es) saw the same state of the log: {names}.",
        "{n} témoin(s) extérieur(s) ont vu le même état du journal : {names}.",
        "{n} testigo(s) externo(s) vieron el mismo estado del registro: {names}.",
        "شهد {n} من الشهود الخارجيين الحالة نفسها للسجل: {names}.",
    ),
    "witnesses-none": (
        "No outside witness. That everyone is shown the same log rests on the exchange's word.",
        "Aucun témoin extérieur. Que chacun voie le même journal repose sur la parole de la plateforme.",
        "Ningún testigo externo. Que todos vean el mismo registro depende de la palabra de la plataforma.",
        "لا يوجد شاهد خارجي. أن يعرض السجل نفسه على الجميع أمر يعتمد على قول المنصة.",
    ),
    "witnesses-short": (
        "Fewer outside witnesses than the policy demands: {files}",
        "Moins de témoins extérieurs que la règle n'en exige : {files}",
        "Menos testigos externos de los que exige la regla: {files}",
        "عدد الشهود الخارجيين أقل مما تتطلبه القاعدة: {files}",
    ),
    "time-none": (
        "No time stamp by a third party. The times are those of the exchange.",
        "Aucun horodatage par un tiers. Les heures sont celles de la plateforme.",
        "Ningún sello de tiempo de un tercero. Las horas son las de la plataforma.",
        "لا يوجد ختم وقت من طرف ثالث. الأوقات هي أوقات المنصة.",
    ),
    "time-unchecked": (
        "There is a time stamp, which is not checked here; use: openssl ts -verify",
        "Il y a un horodatage, non vérifié ici ; utilisez : openssl ts -verify",
        "Hay un sello de tiempo que aquí no se comprueba; use: openssl ts -verify",
        "يوجد ختم وقت لا يتم التحقق منه هنا؛ استخدم: openssl ts -verify",
    ),
    "stream-holds": (
        "All {n} entries of the case are here, in order and without a gap, the sealing of this package last.",
        "Les {n} inscriptions du dossier sont là, dans l'ordre et sans lacune, le scellement de ce paquet en dernier.",
        "Las {n} anotaciones del caso están aquí, en orden y sin huecos, el sellado de este paquete la última.",
        "قيود القضية كلها ({n}) موجودة بالترتيب ومن غير فجوة، وآخرها ختم هذه الحزمة.",
    ),
    "stream-none": (
        "The history of the case was not disclosed with this package.",
        "L'historique du dossier n'a pas été communiqué avec ce paquet.",
        "El historial del caso no se comunicó con este paquete.",
        "لم يكشف تاريخ القضية مع هذه الحزمة.",
    ),
    "stream-false": (
        "The history of the case does not hold at entry {n}: {files}",
        "L'historique du dossier ne tient pas à l'inscription {n} : {files}",
        "El historial del caso no se sostiene en la anotación {n}: {files}",
        "تاريخ القضية لا يصح عند القيد {n}: {files}",
    ),
    "receipts-hold": (
        "It agrees with the {n} receipt(s) you gave.",
        "Il concorde avec le(s) {n} reçu(s) que vous avez donné(s).",
        "Concuerda con los {n} recibo(s) que usted dio.",
        "وهو مطابق للإيصالات التي قدمتها ({n}).",
    ),
    "receipts-uncompared": (
        "{n} receipt(s) you gave could not be compared: what they speak of is not in this package.",
        "{n} reçu(s) que vous avez donné(s) n'ont pas pu être comparés : ce dont ils parlent n'est pas dans ce paquet.",
        "{n} recibo(s) que usted dio no se pudieron comparar: aquello de lo que hablan no está en este paquete.",
        "إيصالات قدمتها ولم تمكن مقارنتها ({n}): ما تتحدث عنه ليس في هذه الحزمة.",
    ),
    "receipt-false": (
        "A receipt you gave contradicts it, or is not genuine: {files}",
        "Un reçu que vous avez donné le contredit ou n'est pas authentique : {files}",
        "Un recibo que usted dio lo contradice o no es auténtico: {files}",
        "أحد الإيصالات التي قدمتها يناقضه أو ليس أصليا: {files}",
    ),
    "zip-unsafe": (
        "The zip is built to mislead or to harm; nothing in it was opened: {files}",
        "Le zip est construit pour tromper ou pour nuire ; rien n'en a été ouvert : {files}",
        "El zip está hecho para engañar o dañar; no se abrió nada de él: {files}",
        "الملف المضغوط مصمم للتضليل أو الإضرار؛ لم يفتح منه شيء: {files}",
    ),
    "zip-broken": (
        "The zip cannot be read to its end: {files}",
        "Le zip ne peut pas être lu jusqu'au bout : {files}",
        "El zip no se puede leer hasta el final: {files}",
        "لا يمكن قراءة الملف المضغوط حتى نهايته: {files}",
    ),
    "cipher-changed": (
        "The encrypted package was changed or cut on the way: {files}",
        "Le paquet chiffré a été modifié ou tronqué en route : {files}",
        "El paquete cifrado fue cambiado o cortado por el camino: {files}",
        "تغيرت الحزمة المشفرة أو قطعت في الطريق: {files}",
    ),
    "no-such-file": (
        "There is no such file: {files}",
        "Ce fichier n'existe pas : {files}",
        "No existe tal archivo: {files}",
        "لا يوجد ملف كهذا: {files}",
    ),
    "encrypted": (
        "The package is encrypted. Open it first: age -d -i KEY.txt -o package.zip {files}",
        "Le paquet est chiffré. Ouvrez-le d'abord : age -d -i CLE.txt -o package.zip {files}",
        "El paquete está cifrado. Ábralo primero: age -d -i CLAVE.txt -o package.zip {files}",
        "الحزمة مشفرة. افتحها أولا: age -d -i KEY.txt -o package.zip {files}",
    ),
    "identity-needed": (
        "The package is encrypted. Give your key: --identity KEY.txt",
        "Le paquet est chiffré. Donnez votre clé : --identity CLE.txt",
        "El paquete está cifrado. Dé su clave: --identity CLAVE.txt",
        "الحزمة مشفرة. قدم مفتاحك: --identity KEY.txt",
    ),
    "identity-wrong": (
        "The package is not encrypted to this key: {files}",
        "Le paquet n'est pas chiffré pour cette clé : {files}",
        "El paquete no está cifrado para esta clave: {files}",
        "الحزمة ليست مشفرة لهذا المفتاح: {files}",
    ),
    "identity-unreadable": (
        "This is not a key file of age: {files}",
        "Ce n'est pas un fichier de clé age : {files}",
        "Esto no es un archivo de clave de age: {files}",
        "هذا ليس ملف مفتاح age: {files}",
    ),
    "key-unreadable": (
        "This is not an Ed25519 public key in PEM: {files}",
        "Ce n'est pas une clé publique Ed25519 au format PEM : {files}",
        "Esto no es una clave pública Ed25519 en PEM: {files}",
        "هذا ليس مفتاحا عاما Ed25519 بصيغة PEM: {files}",
    ),
}

VERIFY_TXT = """\
Opening and checking this package
=================================
Package: NAME.zip.age   your key: key.txt   the exchange's key your agency received: exchange.pem
(A copy of that key lies in seal/exchange.pem. A copy shows that nothing was changed, not who signed.)

1.  age -d -i key.txt -o NAME.zip NAME.zip.age
2.  unzip NAME.zip -d NAME
3.  cd NAME/bag
4.  sha256sum -c tagmanifest-sha256.txt
5.  sha256sum -c manifest-sha256.txt
6.  openssl pkeyutl -verify -pubin -inkey ../../exchange.pem -rawin \\
        -in tagmanifest-sha256.txt -sigfile ../seal/tagmanifest.ed25519

Every file must be reported OK, and openssl must say "Signature Verified Successfully". These commands do not notice a
file that was added; the following do, and they check the log as well, without a network:

    entraide verify NAME.zip.age --identity key.txt --exchange-key exchange.pem
    python3 -I verify.py NAME.zip --exchange-key exchange.pem

Français
--------
1 déchiffrer, 2 ouvrir, 3 entrer dans le dossier, 4 et 5 vérifier les fichiers, 6 vérifier la signature de la
plateforme, avec les commandes ci-dessus. exchange.pem est la clé que votre service a reçue ; la copie du paquet montre
que rien n'a changé, pas qui a signé. Chaque fichier doit être indiqué « OK » (ou « Réussi ») et openssl doit répondre
« Signature Verified Successfully ». Ces commandes ne remarquent pas un fichier ajouté ; les deux dernières le
remarquent et vérifient aussi le journal, sans réseau.

Español
-------
1 descifrar, 2 abrir, 3 entrar en la carpeta, 4 y 5 comprobar los archivos, 6 comprobar la firma de la plataforma, con
las órdenes de arriba. exchange.pem es la clave que recibió su organismo; la copia del paquete muestra que nada cambió,
no quién firmó. Cada archivo debe aparecer como «OK» (o «La suma coincide») y openssl debe responder «Signature Verified
Successfully». Estas órdenes no notan un archivo añadido; las dos últimas sí, y comprueban además el registro, sin red.

العربية
-------
1 فك التشفير، 2 الفتح، 3 الدخول إلى المجلد، 4 و5 التحقق من الملفات، 6 التحقق من توقيع المنصة، بالأوامر المذكورة أعلاه.
الملف exchange.pem هو المفتاح الذي تسلمته جهتك؛
أما النسخة الموجودة في الحزمة فتثبت أن شيئا لم يتغير ولا تثبت من الذي وقع.
يجب أن يظهر كل ملف بعلامة OK وأن يجيب openssl بعبارة Signature Verified Successfully.
لا تلاحظ هذه الأوامر ملفا مضافا؛ أما الأمران الأخيران فيلاحظانه ويتحققان من السجل أيضا، من غير شبكة.
"""


def say(code: str, lang: str = "en", **values: object) -> str:
    """Return the sentence for `code` in `lang`."""
    words = WORDS[code][LANGUAGES.index(lang)]
    if lang == "fr":
        words = re.sub(" (?=[:;?!])", "\u00a0", words)  # a line never begins with these
    return words.format(**values)


def language(wanted: str | None = None) -> str:
    """Return the language to speak: the one asked for, the system's, or English."""
    spoken = wanted or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    if not spoken:
        try:
            spoken = locale.getlocale()[0]  # Windows keeps it elsewhere
        except ValueError:
            spoken = None
    names = {"french": "fr", "spanish": "es", "arabic": "ar"}
    word = re.split(r"[_.\-@]", (spoken or "en").lower())[0]
    word = names.get(word, word)
    return word if word in LANGUAGES else "en"


def render(report: dict[str, Any], lang: str = "en", evidence: bool = False) -> str:
    """Return a report (see `check`) in plain words.  A demo says what it is before anything else."""
    lines = []
    if report["demo"]:
        # The English words come first in every language, because instructions and programs look for them.
        lines += [WORDS["demo"][0] if lang == "en" else WORDS["demo"][0] + " / " + say("demo", lang), ""]
    about = report["package"]
    if about:
        said = {name: _printable(about[name]) for name in ("name", "copy", "recipient")}
        lines += [say("package", lang, **said), ""]
    width = max(len(say(word, lang)) for word in ("pass", "fail", "absent"))
    for step in report["steps"]:
        number, outcome = step["step"], say(step["outcome"], lang).ljust(width)
        lines.append(f"{outcome}  {number}  {say(f'step-{number}', lang)}  ({STANDARDS[number]})")
        for finding in step["findings"]:
            lines.append(" " * (width + 5) + _sentence(finding, lang))
    lines.append("")
    in_vain = report["key"] != "none" and report["steps"][0]["outcome"] == "fail"
    lines.append(say("key-" + report["key"] + ("-in-vain" if in_vain else ""), lang))
    if about and about["kind"] == "trial":
        lines.append(say("trial", lang))
    if report["holds"]:
        lines.append(say("holds", lang))
    else:
        lines.append(say("does-not-hold", lang, files=_listed(report["files"], lang)))
    if evidence and report["demo"]:
        lines.append(say("demo-is-no-evidence", lang))
    return "\n".join(lines) + "\n"


def exit_status(report: dict[str, Any], evidence: bool = False) -> int:
    """Return 0 if the package holds (and is evidence, where that was asked for), else 1."""
    return 0 if report["holds"] and not (evidence and report["demo"]) else 1


def _sentence(finding: dict[str, Any], lang: str) -> str:
    values = {
        name: _listed(value, lang) if isinstance(value, list) else _printable(str(value))
        for name, value in dict(finding, files=finding.get("files", [])).items()
        if name != "code"
    }
    return say(finding["code"], lang, **values)


def _listed(names: Iterable[Any], lang: str) -> str:
    return say("between", lang).join(_printable(str(name)) for name in names)


def _printable(text: str) -> str:
    # Names come from the package: control and direction characters must not redraw the judge's screen.
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


# -------------------------------------------------------------------------------------------------- Ed25519 (RFC 8032)

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)


def _recover_x(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _SQRT_M1 % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _decode_point(data: bytes) -> tuple[int, int, int, int] | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _add_points(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add_points(result, point)
        point = _add_points(point, point)
        scalar >>= 1
    return result


def _encode_point(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _recover_x(_BASE_Y, 0) or 0
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def ed25519_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether `signature` is the Ed25519 signature of `message` under the 32 bytes of `public_key`."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    point = _decode_point(public_key)
    s = int.from_bytes(signature[32:], "little")
    if point is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    negative = (_P - point[0], point[1], point[2], _P - point[3])
    return _encode_point(_add_points(_multiply(s, _BASE), _multiply(k, negative))) == signature[:32]


# ----------------------------------------------------------------------------------- canonical JSON, Merkle tree, notes


class Unreadable(Exception):
    """Something that is not in the form it must have."""


def canonical(value: Any) -> bytes:
    """Return `value` in the canonical form of RFC 8785.  Fractions are refused: nothing that is hashed here has any."""
    if value is None or value is True or value is False:
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, int):
        if abs(value) > 2**53 - 1:
            raise Unreadable("a number beyond 2^53")
        return str(value).encode()
    if isinstance(value, str):
        try:
            return json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Unreadable("half a character") from None
    if isinstance(value, list):
        return b"[" + b",".join(canonical(item) for item in value) + b"]"
    if isinstance(value, dict):
        try:
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        except UnicodeEncodeError:
            raise Unreadable("half a character") from None
        return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in keys) + b"}"
    raise Unreadable("a fraction")


def read_canonical(data: bytes) -> Any:
    """Return the JSON in `data`, which must be in canonical form."""
    try:
        value = json.loads(data.decode("utf-8"))
        same = canonical(value) == data
    except (ValueError, RecursionError, AttributeError):
        raise Unreadable("not JSON") from None
    if not same:
        raise Unreadable("not in canonical form")
    return value


def unbase64(text: str) -> bytes:
    """Return the bytes of `text`, which must be Base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Unreadable("not Base64") from None
    if base64.b64encode(data).decode() != text:
        raise Unreadable("not Base64 in its one form")
    return data


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf of the log."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_from_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that `proof` leads to from `leaf`; None where it cannot be a proof for that place."""
    # Written from the tree downwards, unlike the other program: at each level the leaf lies left or right of the split.
    if not 0 <= index < size:
        return None
    sides = []
    while size > 1:
        split = 1 << (size - 1).bit_length() - 1
        if index < split:
            sides.append(True)
            size = split
        else:
            sides.append(False)
            index, size = index - split, size - split
    if len(sides) != len(proof):
        return None
    for is_left, sibling in zip(reversed(sides), proof):  # noqa: B905  -- same length, checked; `strict` is not in 3.8
        pair = leaf + sibling if is_left else sibling + leaf
        leaf = hashlib.sha256(b"\x01" + pair).digest()
    return leaf


def read_key(text: str) -> tuple[str, int, bytes, bytes]:
    """Return (name, algorithm, key, number) of a verifier key ``name+hash+base64``."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not parts[0] or any(letter.isspace() for letter in parts[0]):
        raise Unreadable("not a verifier key")
    data = unbase64(parts[2])
    number = hashlib.sha256(parts[0].encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] not in (1, 4) or number.hex() != parts[1]:
        raise Unreadable("not a verifier key")
    return parts[0], data[0], data[1:], number


def read_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return (text, [(name, number, signature)]) of a signed note."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    cut = whole.rfind("\n\n")
    lines = whole[cut + 2 :].split("\n")
    if cut < 0 or lines.pop() != "" or not lines or len(lines) > 64:
        raise Unreadable("not a signed note")
    if any(ord(letter) < 32 and letter != "\n" for letter in whole):
        raise Unreadable("a control character")
    signatures = []
    for line in lines:
        words = line.split(" ")
        if len(words) != 3 or words[0] != "\u2014" or not words[1] or "+" in words[1]:
            raise Unreadable("not a signature line")
        if any(letter.isspace() for letter in words[1]):
            raise Unreadable("not a signature line")
        blob = unbase64(words[2])
        if len(blob) < 5:
            raise Unreadable("not a signature line")
        signatures.append((words[1], blob[:4], blob[4:]))
    return whole[: cut + 1], signatures


def signed_by(note: tuple[str, list[tuple[str, bytes, bytes]]], key: tuple[str, int, bytes, bytes]) -> bool:
    """Say whether `key` signed `note`; a false signature under its name and number makes the note unreadable."""
    text, signatures = note
    name, algorithm, public_key, number = key
    found = False
    for signer, signer_number, blob in signatures:
        if (signer, signer_number) != (name, number):
            continue
        message, signature = text.encode(), blob
        if algorithm == 4:
            if len(signature) != 72 or signature[0] > 127:
                raise Unreadable("a false signature")
            moment = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % moment + message
            signature = signature[8:]
        if not ed25519_verifies(public_key, signature, message):
            raise Unreadable("a false signature")
        found = True
    return found


def read_number(text: str) -> int:
    """Return a decimal number without leading zeros."""
    if not re.match(r"(0|[1-9][0-9]{0,18})\Z", text):
        raise Unreadable("not a number")
    return int(text)


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Return (origin, size, root)."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise Unreadable("not a checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Unreadable("not a checkpoint")
    return lines[0], read_number(lines[1]), root


def read_proof(data: bytes) -> tuple[int, list[bytes], Any]:
    """Return (index, hashes, note) of a tlog-proof."""
    head, blank, rest = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("not a proof") from None
    if not blank or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Unreadable("not a proof")
    lines = lines[1:]
    if lines and lines[0].startswith("extra "):
        unbase64(lines[0][6:])
        lines = lines[1:]
    if not lines or not lines[0].startswith("index ") or len(lines) > 64:
        raise Unreadable("not a proof")
    hashes = [unbase64(line) for line in lines[1:]]
    if any(len(item) != 32 for item in hashes):
        raise Unreadable("not a proof")
    return read_number(lines[0][6:]), hashes, read_note(rest)


def read_policy(data: bytes) -> tuple[list[Any], dict[str, Any], dict[str, Any], str]:
    """Return (logs, witnesses by name, groups by name, quorum) of a tlog-policy."""
    logs: list[Any] = []
    witnesses: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    quorum: list[str] = []
    used: set[str] = set()
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and 2 <= len(words) <= 3:
            logs.append(read_key(words[1]))
        elif words[0] == "witness" and 3 <= len(words) <= 4:
            _new_name(words[1], witnesses, groups)
            witnesses[words[1]] = read_key(words[2])
        elif words[0] == "group" and len(words) >= 4:
            _new_name(words[1], witnesses, groups)
            members = words[3:]
            if len(set(members)) != len(members) or used & set(members):
                raise Unreadable("a member counted twice")
            if any(member not in witnesses and member not in groups for member in members):
                raise Unreadable("an unknown member")
            used |= set(members)
            count = {"all": len(members), "any": 1}.get(words[2]) or read_number(words[2])
            if not 1 <= count <= len(members):
                raise Unreadable("no quorum")
            groups[words[1]] = (count, members)
        elif words[0] == "quorum" and len(words) == 2:
            if words[1] != "none" and words[1] not in witnesses and words[1] not in groups:
                raise Unreadable("an unknown quorum")
            quorum.append(words[1])
        else:
            raise Unreadable("an unknown line")
    keys = [[key[2] for key in logs], [key[2] for key in witnesses.values()]]
    if len(quorum) != 1 or any(len(set(some)) != len(some) for some in keys):
        raise Unreadable("not a policy")
    return logs, witnesses, groups, quorum[0]


def _new_name(name: str, witnesses: dict[str, Any], groups: dict[str, Any]) -> None:
    if name == "none" or name in witnesses or name in groups:
        raise Unreadable("a name used twice")


def has_quorum(name: str, seen: Sequence[str], groups: dict[str, Any]) -> bool:
    """Say whether the witnesses `seen` satisfy the witness or group `name`."""
    if name == "none":
        return True
    if name not in groups:
        return name in seen
    count, members = groups[name]
    return sum(1 for member in members if has_quorum(member, seen, groups)) >= int(count)


_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END PUBLIC KEY-----")
_SPKI = bytes.fromhex("302a300506032b6570032100")  # the header of an Ed25519 key in an X.509 key structure


def read_pem(data: bytes) -> bytes:
    """Return the 32 bytes of the Ed25519 public key in `data`."""
    found = _PEM.search(data)
    if not found:
        raise Unreadable("not a public key")
    der = unbase64(b"".join(found.group(1).split()).decode())
    if len(der) != 44 or not der.startswith(_SPKI):
        raise Unreadable("not an Ed25519 key")
    return der[12:]


def write_pem(public_key: bytes) -> bytes:
    """Return `public_key` as PEM."""
    text = base64.b64encode(_SPKI + public_key)
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"\n-----END PUBLIC KEY-----\n"


# --------------------------------------------------------------------------------------------------- zip, folder, files


class Unsafe(Exception):
    """A zip that is built to mislead."""


_FILES_MAX = 200_000
_SMALL = 64 << 20


class ZipSource:
    """The files of a zip, never written anywhere."""

    def __init__(self, path: Any) -> None:
        self.archive = zipfile.ZipFile(path)
        self.infos: dict[str, zipfile.ZipInfo] = {}
        infos = self.archive.infolist()
        if len(infos) > _FILES_MAX:
            raise Unsafe("too many files")
        folded: set[str] = set()
        for info in infos:
            name = info.filename
            raw = getattr(info, "orig_filename", name)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if raw != name or not safe_name(name.rstrip("/")) or name.lower() in folded:
                raise Unsafe(name)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or info.flag_bits & 0x1:
                raise Unsafe(name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unsafe(name)
            folded.add(name.lower())
            if name.endswith("/"):
                if info.file_size:
                    raise Unsafe(name)
                continue
            self.infos[name] = info
        # Entries that share bytes are how a small zip becomes an endless one.
        end = 0
        for info in sorted(infos, key=lambda item: item.header_offset):
            if info.header_offset < end:
                raise Unsafe(info.filename)
            end = info.header_offset + 30 + info.compress_size
        if end > self.archive.start_dir:
            raise Unsafe("the zip's directory")

    def names(self) -> set[str]:
        return set(self.infos)

    def open(self, name: str) -> Any:
        return self.archive.open(self.infos[name])


class FolderSource:
    """The files of an opened package."""

    def __init__(self, path: str) -> None:
        self.root = path
        self.found: set[str] = set()
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                whole = os.path.join(folder, name)
                relative = os.path.relpath(whole, path).replace(os.sep, "/")
                kind = os.lstat(whole).st_mode
                if stat.S_ISLNK(kind) or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                    raise Unsafe(relative)
                if stat.S_ISREG(kind):
                    self.found.add(relative)

    def names(self) -> set[str]:
        return self.found

    def open(self, name: str) -> Any:
        return open(os.path.join(self.root, *name.split("/")), "rb")


def safe_name(name: str) -> bool:
    """Say whether a file of that name stays inside the folder a zip is opened into, on every system."""
    parts = name.split("/")
    return (
        bool(name)
        and "\\" not in name
        and ":" not in name
        and "\x00" not in name
        and not (any(part in ("", ".", "..") for part in parts))
    )


def read_small(source: Any, name: str) -> bytes:
    """Return the bytes of a file that is small by its nature."""
    with source.open(name) as file:
        data: bytes = file.read(_SMALL + 1)
    if len(data) > _SMALL:
        raise Unreadable("too large")
    return data


def hash_file(source: Any, name: str) -> str:
    """Return the SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with source.open(name) as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


# ---------------------------------------------------------------------------------------------------------------- steps

_TAGS = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "statement.json")
_OUTSIDE = ("VERIFY.txt", "seal/exchange-keys.note", "seal/exchange.pem", "seal/policy.txt")
_SEAL = ("seal/entry.json", "seal/package.tlog-proof", "seal/tagmanifest.ed25519")
_OPTIONAL = ("seal/stream.jsonl", "seal/tagmanifest.tsr", "seal/tagmanifest.p7s")
_TAGMANIFEST = "bag/tagmanifest-sha256.txt"
_BROKEN = (
    Unreadable,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)

_STATEMENT = {
    "v": int, "reference": str, "version": int, "kind": str, "purpose": str, "scope": dict, "recipient": dict,
    "copy_id": str, "stream": str, "n": int, "head": str, "snapshot": str, "release": str, "outside": dict,
}  # fmt: skip
_LEAF = {
    "v": int, "log": str, "t": str, "kind": str, "stream": str, "n": int, "prev": str, "actor": str, "payload": str,
    "act": str,
}  # fmt: skip
_NOT_SHOWN = ("witnesses-none", "time-none", "time-unchecked", "stream-none", "receipts-uncompared")
_RECEIPT = re.compile(
    r"entraide/receipt/v1\nlog (?P<log>\S+)\nstream (?P<stream>\S+)\nn (?P<n>[1-9][0-9]{0,15})\n"
    r"head (?P<head>[0-9a-f]{64})\ncheckpoint (?:0|[1-9][0-9]{0,15})\n\Z"
)


class Check:
    """One package under examination: reads files once, collects what is found, never stops at the first fault."""

    def __init__(self, source: Any, exchange_key: bytes | None, receipts: list[tuple[str, bytes]]) -> None:
        self.source = source
        self.given = exchange_key
        self.receipts = receipts
        self.findings: dict[int, list[dict[str, Any]]] = {number: [] for number in range(1, 8)}
        self.failed: set[int] = set()
        self.cache: dict[str, bytes] = {}
        self.key = exchange_key
        self.statement: Any = None
        self.entry: Any = None
        self.leaf: Any = None
        self.proof: Any = None
        self.keys: Any = None
        self.signature_holds = False

    def fail(self, step: int, code: str, *files: str, **values: object) -> None:
        self.failed.add(step)
        self.findings[step].append(dict(values, code=code, files=list(files)))

    def note(self, step: int, code: str, **values: object) -> None:
        self.findings[step].append(dict(values, code=code))

    def read(self, name: str, step: int, parse: Callable[[bytes], Any] = lambda data: data) -> Any:
        """Return `parse` of a file, or None after saying what is wrong with it."""
        if name not in self.source.names():
            self.fail(step, "file-missing", name)
            return None
        try:
            if name not in self.cache:
                self.cache[name] = read_small(self.source, name)
            return parse(self.cache[name])
        except _BROKEN:
            self.fail(step, "file-unreadable", name)
            return None

    def run(self) -> dict[str, Any]:
        """Take all steps and return the report; a fault never stops the steps after it."""
        self.files()
        self.log_entry()
        self.inclusion()
        self.checkpoint()
        self.time()
        self.stream()
        return self.report()

    def files(self) -> None:
        """Step 1: the signature over the list of files, and every file by its hash."""
        tagmanifest = self.read(_TAGMANIFEST, 1)
        signature = self.read("seal/tagmanifest.ed25519", 1)
        copy = self.read("seal/exchange.pem", 1, _strict_pem)
        if self.given is None:
            self.key = copy
        elif copy is not None and copy != self.given:
            self.fail(1, "key-differs", "seal/exchange.pem")
        if tagmanifest is not None and signature is not None and self.key is not None:
            self.signature_holds = ed25519_verifies(self.key, signature, tagmanifest)
            if not self.signature_holds:
                self.fail(1, "signature-false", *self._which_is_false(tagmanifest))
        listed: dict[str, str] = {}
        if tagmanifest is not None:
            tags = self.read(_TAGMANIFEST, 1, _manifest)
            if tags is not None:
                if tuple(tags) != _TAGS:
                    self.fail(1, "file-unreadable", _TAGMANIFEST)
                listed.update({"bag/" + name: digest for name, digest in tags.items()})
        data = self.read("bag/manifest-sha256.txt", 1, _manifest) or {}
        if not all(name.startswith("data/") for name in data):
            self.fail(1, "file-unreadable", "bag/manifest-sha256.txt")
        listed.update({"bag/" + name: digest for name, digest in data.items()})
        self.statement = self.read("bag/statement.json", 1, _statement)
        if self.statement is not None:
            listed.update(self.statement["outside"])
        self.read("bag/bagit.txt", 1, _bagit)
        for name in sorted(listed):
            self._compare(name, listed[name])
        known = set(listed) | set(_SEAL) | set(_OPTIONAL) | set(_OUTSIDE) | {_TAGMANIFEST}
        for name in sorted(self.source.names() - known):
            self.fail(1, "file-unlisted", name)
        if 1 not in self.failed:
            self.note(1, "files-hold", n=len(listed))

    def _which_is_false(self, tagmanifest: bytes) -> tuple[str, ...]:
        # The log entry names the list too; where they agree it is the signature that was changed.
        try:
            payload = json.loads(read_small(self.source, "seal/entry.json"))["payload"]
            agrees = payload["tagmanifest"] == hashlib.sha256(tagmanifest).hexdigest()
        except (KeyError, TypeError, RecursionError, *_BROKEN):
            agrees = False
        return ("seal/tagmanifest.ed25519",) if agrees else (_TAGMANIFEST,)

    def _compare(self, name: str, digest: str) -> None:
        if name not in self.source.names():
            self.fail(1, "file-missing", name)
            return
        try:
            same = hash_file(self.source, name) == digest
        except _BROKEN:
            same = False
        if not same:
            self.fail(1, "file-changed", name)

    def log_entry(self) -> None:
        """Step 2: the log entry that sealed the package opens, and names this very list."""
        self.entry = self.read("seal/entry.json", 2, _entry)
        if self.entry is None:
            return
        leaf, salt, payload = self.entry
        try:
            self.leaf = _leaf(leaf)
        except Unreadable:
            self.fail(2, "file-unreadable", "seal/entry.json")
            return
        said = self.statement
        committed = hashlib.sha256(salt + canonical(payload)).hexdigest() == self.leaf["payload"]
        belongs = said is not None and (self.leaf["stream"], self.leaf["n"], self.leaf["prev"]) == (
            said["stream"], said["n"] + 1, said["head"]
        )  # fmt: skip
        if not committed or not belongs or self.leaf["kind"] != "disclosure:package:sealed":
            self.fail(2, "entry-false", "seal/entry.json")
            return
        tagmanifest = self.cache.get(_TAGMANIFEST)
        if tagmanifest is None or payload.get("tagmanifest") != hashlib.sha256(tagmanifest).hexdigest():
            self.fail(2, "entry-false", "seal/entry.json" if self.signature_holds else _TAGMANIFEST)
            return
        self.note(2, "entry-holds")

    def inclusion(self) -> None:
        """Step 3: that entry is in the tree whose size and root the checkpoint says."""
        self.proof = self.read("seal/package.tlog-proof", 3, _whole_proof)
        if self.proof is None:
            return
        index, hashes, _, (_, size, root) = self.proof
        if self.entry is None or root_from_proof(leaf_hash(self.entry[0]), index, size, hashes) != root:
            self.fail(3, "inclusion-false", "seal/package.tlog-proof", "seal/entry.json")
            return
        self.note(3, "inclusion-holds", n=index + 1, size=size)

    def checkpoint(self) -> None:
        """Steps 4 and 5: the exchange's log signed the checkpoint, and as many witnesses as the policy demands."""
        note = self.read("seal/exchange-keys.note", 4)
        policy = self.read("seal/policy.txt", 4, read_policy)
        if note is not None and self.key is not None:
            try:
                self.keys = _exchange_keys(note, self.key)
            except Unreadable:
                self.fail(4, "checkpoint-false", "seal/exchange-keys.note")
        if self.keys and self.statement and self.keys["kind"] != self.statement["kind"]:
            self.fail(4, "checkpoint-false", "seal/exchange-keys.note")
        if policy is None or self.keys is None or self.proof is None:
            self.failed.update((4, 5))
            self._silent(4, "checkpoint-false", "seal/package.tlog-proof")
            self._silent(5, "witnesses-short", "seal/package.tlog-proof")
            return
        logs, witnesses, groups, quorum = policy
        _, _, signed, (origin, size, _) = self.proof
        if logs != [self.keys["log"]]:
            self.fail(4, "checkpoint-false", "seal/policy.txt")
        try:
            is_signed = signed_by(signed, self.keys["log"])
            seen = [name for name, key in witnesses.items() if signed_by(signed, key)]
        except Unreadable:
            is_signed, seen = False, []
        if not is_signed or origin != self.keys["log"][0] or self.leaf is None or self.leaf["log"] != origin:
            self.fail(4, "checkpoint-false", "seal/package.tlog-proof")
        if 4 not in self.failed:
            self.note(4, "checkpoint-holds", name=origin, size=size)
        if not has_quorum(quorum, seen, groups):
            self.fail(5, "witnesses-short", "seal/package.tlog-proof")
        elif seen:
            self.note(5, "witnesses-hold", n=len(seen), names=seen)
        else:
            self.note(5, "witnesses-none")

    def _silent(self, step: int, code: str, name: str) -> None:
        if not self.findings[step]:
            self.findings[step].append({"code": code, "files": [name]})

    def time(self) -> None:
        """Step 6: a time stamp is said to be there; another program checks it."""
        present = "seal/tagmanifest.tsr" in self.source.names()
        self.note(6, "time-unchecked" if present else "time-none")

    def stream(self) -> None:
        """Step 7: the history of the case has no gap up to the seal, and no receipt contradicts it."""
        heads = None
        if "seal/stream.jsonl" in self.source.names():
            heads = self._history()
        else:
            self.note(7, "stream-none")
        answers = [(name, self._agrees(data, heads)) for name, data in self.receipts]
        for name, agrees in answers:
            if agrees is False:
                self.fail(7, "receipt-false", name)
        if 7 in self.failed:
            return
        for code, meant in (("receipts-hold", True), ("receipts-uncompared", None)):
            n = sum(agrees is meant for _, agrees in answers)
            if n:
                self.note(7, code, n=n)

    def _history(self) -> list[str] | None:
        name, n, head = "seal/stream.jsonl", 0, None
        heads: list[str] = []
        log = self.leaf["log"] if self.leaf else None
        stream = self.statement["stream"] if self.statement else self.leaf["stream"] if self.leaf else None
        try:
            with self.source.open(name) as file:
                for line in _lines(file):
                    leaf = _leaf(line)
                    place = (leaf["n"], leaf["prev"])
                    log, stream = log or leaf["log"], stream or leaf["stream"]
                    if place != (n + 1, head) or (leaf["log"], leaf["stream"]) != (log, stream):
                        raise Unreadable("a gap, or another stream or log")
                    n, head = n + 1, leaf_hash(line).hex()
                    heads.append(head)
        except _BROKEN:
            self.fail(7, "stream-false", name, n=n + 1)
            return None
        if self.entry is None or self.leaf is None or n != self.leaf["n"] or head != leaf_hash(self.entry[0]).hex():
            self.fail(7, "stream-false", name, "seal/entry.json", n=n + 1 if self.leaf and n < self.leaf["n"] else n)
            return None
        self.note(7, "stream-holds", n=n)
        return heads

    def _agrees(self, data: bytes, heads: list[str] | None) -> bool | None:
        """Say whether a receipt agrees; None where it is genuine and nothing here could contradict it."""
        if self.keys is None or self.leaf is None or self.entry is None:
            return False
        try:
            note = read_note(data)
            found = _RECEIPT.match(note[0])
            if not found or not signed_by(note, self.keys["receipts"]):
                return False
        except Unreadable:
            return False
        log, stream, n, head = found.group("log"), found.group("stream"), int(found.group("n")), found.group("head")
        if (log, stream) != (self.leaf["log"], self.leaf["stream"]):
            return False
        if n > self.leaf["n"]:
            return None  # given after this package was sealed
        if heads is not None:
            return heads[n - 1] == head
        known = {self.leaf["n"]: leaf_hash(self.entry[0]).hex(), self.leaf["n"] - 1: self.leaf["prev"]}
        return known[n] == head if n in known else None

    def report(self) -> dict[str, Any]:
        """Return what was found, as JSON data: the same form and the same words as the `entraide` program."""
        steps: list[dict[str, Any]] = []
        blamed: list[str] = []
        for number in range(1, 8):
            codes = [finding["code"] for finding in self.findings[number]]
            none = all(code in _NOT_SHOWN for code in codes)
            outcome = "fail" if number in self.failed else "absent" if none else "pass"
            steps.append({"step": number, "outcome": outcome, "findings": self.findings[number]})
            blamed += [name for finding in self.findings[number] for name in finding.get("files", ())]
        said = self.statement
        names: list[str] = [self.leaf["log"]] if self.leaf else []
        names += [self.proof[3][0]] if self.proof else []
        names += [key[0] for key in (self.keys or {}).values() if isinstance(key, tuple)]
        demo = (said is not None and said["kind"] == "demo") or any(
            name == "demo.invalid" or name.startswith("demo.invalid/") for name in names
        )
        return {
            "v": 1,
            "holds": not self.failed,
            "demo": demo,
            "key": "given" if self.given is not None else "copy" if self.key is not None else "none",
            "package": said and {
                "name": f"{said['reference']}-v{said['version']}",
                "copy": said["copy_id"],
                "kind": said["kind"],
                "recipient": said["recipient"].get("name", ""),
            },
            "files": list(dict.fromkeys(blamed)),
            "steps": steps,
        }  # fmt: skip


# ------------------------------------------------------------------------------------ small files, each in its one form


def _strict_pem(data: bytes) -> bytes:
    key = read_pem(data)
    if write_pem(key) != data:
        raise Unreadable("not in its one form")
    return key


def _bagit(data: bytes) -> None:
    if data != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        raise Unreadable("not BagIt 1.0")


def _manifest(data: bytes) -> dict[str, str]:
    listed: dict[str, str] = {}
    lines = data.decode("ascii").split("\n")
    if lines.pop() != "":
        raise Unreadable("cut short")
    for line in lines:
        found = re.match(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]*)\Z", line)
        if not found or found.group(2) in listed or not safe_name(found.group(2)):
            raise Unreadable("not a manifest")
        listed[found.group(2)] = found.group(1)
    return listed


def _typed(value: Any, form: dict[str, type], optional: tuple[str, ...]) -> Any:
    if not isinstance(value, dict) or set(value) != set(form):
        raise Unreadable("other fields")
    for name, kind in form.items():
        if not (type(value[name]) is kind or (name in optional and value[name] is None)):
            raise Unreadable(name)
    if value["v"] != 1:
        raise Unreadable("another version")
    return value


def _statement(data: bytes) -> Any:
    said = _typed(json.loads(data.decode("utf-8")), _STATEMENT, ("head",))
    digests = all(isinstance(item, str) and re.match(r"[0-9a-f]{64}\Z", item) for item in said["outside"].values())
    if tuple(sorted(said["outside"])) != _OUTSIDE or not digests or said["kind"] not in ("demo", "trial", "production"):
        raise Unreadable("not a statement")
    if not all(isinstance(item, str) for item in said["recipient"].values()):
        raise Unreadable("not a statement")
    return said


def _leaf(data: bytes) -> Any:
    leaf = _typed(read_canonical(data), _LEAF, ("prev", "act"))
    for name in ("actor", "payload", "prev", "act"):
        if leaf[name] is not None and not re.match(r"[0-9a-f]{64}\Z", leaf[name]):
            raise Unreadable(name)
    words = all(re.match(r"[!#-\[\]-~]{1,256}\Z", leaf[name]) for name in ("log", "kind", "stream"))
    if not words or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z", leaf["t"]):
        raise Unreadable("not a leaf")
    if leaf["n"] < 1 or (leaf["n"] == 1) != (leaf["prev"] is None):
        raise Unreadable("not a leaf")
    return leaf


def _entry(data: bytes) -> tuple[bytes, bytes, Any]:
    entry = read_canonical(data)
    if (
        not isinstance(entry, dict)
        or set(entry) != {"leaf", "salt", "payload"}
        or not isinstance(entry["payload"], dict)
    ):
        raise Unreadable("not an entry")
    leaf, salt = unbase64(entry["leaf"]), unbase64(entry["salt"])
    if len(salt) != 32:
        raise Unreadable("not a salt")
    return leaf, salt, entry["payload"]


def _whole_proof(data: bytes) -> Any:
    index, hashes, note = read_proof(data)
    return index, hashes, note, read_checkpoint(note[0])


def _exchange_keys(data: bytes, package_key: bytes) -> dict[str, Any]:
    note = read_note(data)
    lines = note[0].split("\n")
    heads = [line.split(" ")[0] for line in lines]
    if heads != ["entraide/exchange-keys/v1", "kind", "package", "log", "receipts", ""]:
        raise Unreadable("not a note of keys")
    kind, package, log, receipts = [line.partition(" ")[2] for line in lines[1:5]]
    keys: dict[str, Any] = {
        "kind": kind,
        "package": read_key(package),
        "log": read_key(log),
        "receipts": read_key(receipts),
    }
    if keys["package"][2] != package_key or not signed_by(note, keys["package"]):
        raise Unreadable("not signed by the exchange")
    return keys


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file without their newline; a line without one, or an endless one, is a fault."""
    rest = b""
    for chunk in iter(lambda: file.read(1 << 16), b""):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield from lines
        if len(rest) > 65_535:
            raise Unreadable("an endless line")
    if rest:
        raise Unreadable("cut short")


# ----------------------------------------------------------------------------------------------------- the command line


def check(path: Any, exchange_key: bytes | None = None, receipts: Iterable[tuple[str, bytes]] = ()) -> dict[str, Any]:
    """Return what was found about the package at `path`.

    `path` is a zip (or an open file of one) or a folder; `exchange_key` the 32 bytes of the key given at onboarding;
    `receipts` pairs of (name, bytes).
    """
    try:
        is_folder = isinstance(path, (str, os.PathLike)) and os.path.isdir(path)
        source = FolderSource(os.fspath(path)) if is_folder else ZipSource(path)
    except Unsafe as error:
        return refused("zip-unsafe", str(error), exchange_key)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OverflowError):
        name = os.path.basename(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else "zip"
        return refused("zip-broken", name, exchange_key)
    return Check(source, exchange_key, list(receipts)).run()


def refused(code: str, name: str, exchange_key: bytes | None = None) -> dict[str, Any]:
    """Return the report on something that was not even opened."""
    steps = [{"step": 1, "outcome": "fail", "findings": [{"code": code, "files": [name]}]}]
    key = "given" if exchange_key is not None else "none"
    return {"v": 1, "holds": False, "demo": False, "key": key, "package": None, "files": [name], "steps": steps}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the package named on the command line and say what was found."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a package of evidence offline.")
    parser.add_argument("package", help="the decrypted zip, or the folder it was opened into")
    parser.add_argument("--exchange-key", metavar="PEM", help="the exchange's key your agency received")
    parser.add_argument("--receipt", action="append", default=[], metavar="FILE", help="a receipt you kept")
    parser.add_argument("--evidence", action="store_true", help="a demo package is not enough")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the answer")
    options = parser.parse_args(arguments)
    lang = language(options.lang)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="replace")  # a Windows console may speak something narrower
    try:
        key = None
        if options.exchange_key:
            with open(options.exchange_key, "rb") as file:
                key = read_pem(file.read(65_536))
        receipts = []
        for name in options.receipt:
            with open(name, "rb") as file:
                receipts.append((os.path.basename(name), file.read(65_536)))
        if not os.path.isdir(options.package):
            with open(options.package, "rb") as file:
                if file.read(22) == b"age-encryption.org/v1\n":
                    print(say("encrypted", lang, files=options.package), file=sys.stderr)
                    return 2
    except Unreadable:
        print(say("key-unreadable", lang, files=options.exchange_key), file=sys.stderr)
        return 2
    except OSError as error:
        print(say("no-such-file", lang, files=error.filename), file=sys.stderr)
        return 2
    report = check(options.package, key, receipts)
    if options.json:
        print(json.dumps(report))
    else:
        print(render(report, lang, options.evidence), end="")
    return exit_status(report, options.evidence)


if __name__ == "__main__":
    sys.exit(main())
