"""The table of languages against the names of the protocol and of the packages."""

from typing import get_args

import pytest

from ocr_frames.languages import Language
from ocr_frames.server.recognizers import tessdata
from ocr_frames.server.recognizers.languages import RAPIDOCR, TESSERACT

# apt-cache search --names-only '^tesseract-ocr-', Debian 12
PACKAGES = """
afr amh ara asm aze aze-cyrl bel ben bod bos bre bul cat ceb ces chi-sim chi-sim-vert chi-tra
chi-tra-vert chr cos cym dan deu div dzo ell eng enm epo est eus fao fas fil fin fra frk frm fry
gla gle glg grc guj hat heb hin hrv hun hye iku ind isl ita ita-old jav jpn jpn-vert kan kat
kat-old kaz khm kir kmr kor kor-vert lao lat lav lit ltz mal mar mkd mlt mon mri msa mya nep nld
nor oci ori osd pan pol por pus que ron rus san script-arab script-armn script-beng script-cans
script-cher script-cyrl script-deva script-ethi script-frak script-geor script-grek script-gujr
script-guru script-hang script-hang-vert script-hans script-hans-vert script-hant
script-hant-vert script-hebr script-jpan script-jpan-vert script-khmr script-knda script-laoo
script-latn script-mlym script-mymr script-orya script-sinh script-syrc script-taml script-telu
script-thaa script-thai script-tibt script-viet sin slk slv snd spa spa-old sqi srp srp-latn sun
swa swe syr tam tat tel tgk tha tir ton tur uig ukr urd uzb uzb-cyrl vie yid yor
""".split()  # noqa: SIM905

ALL = frozenset(get_args(Language))


def test_every_language_has_data_but_handwriting():
    assert frozenset(TESSERACT) == ALL - {"HWT_ENG"}
    assert RAPIDOCR <= ALL


@pytest.mark.parametrize("language", sorted(TESSERACT))
def test_the_package_exists(language):
    assert tessdata.package(language).removeprefix("tesseract-ocr-") in PACKAGES


@pytest.mark.parametrize(
    ("language", "package"),
    [
        ("Russian", "tesseract-ocr-rus"),
        ("Ukrainan", "tesseract-ocr-ukr"),
        ("Kazah", "tesseract-ocr-kaz"),
        ("Belorussian", "tesseract-ocr-bel"),
        ("Netherlands", "tesseract-ocr-nld"),
        ("Cantonese", "tesseract-ocr-chi-tra"),
        ("Serbo_Croatian", "tesseract-ocr-srp-latn"),
        ("Chechen", "tesseract-ocr-script-cyrl"),
        ("Bhojpuri", "tesseract-ocr-script-deva"),
        ("HWT_ENG", None),
        ("Klingon", None),
    ],
)
def test_packages_by_name(language, package):
    assert tessdata.package(language) == package
