"""The table of languages against the names of the protocol and of the packages."""

import string
from pathlib import Path
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

# the letters of each language beside a to z
LETTERS = {
    "Afrikaans": "êëéèîïôöûüáí",
    "Albanian": "çë",
    "Azerbaijani": "çəğıöşüİ",
    "Bemba": "ŋ",
    "Bikol": "ñ",
    "Bosnian": "čćđšž",
    "Catalan": "àçèéíïòóúü·",
    "Cebuano": "ñ",
    "Chichewa": "ŵ",
    "Croatian": "čćđšž",
    "Czech": "áčďéěíňóřšťúůýž",
    "Danish": "åæøé",
    "Dimli": "çêğıîşûİ",
    "Dutch": "éëïóöü",
    "Estonian": "äõöüšž",
    "Finnish": "äöåšž",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Galician": "áéíóúñü",
    "German": "äöüß",
    "Hausa": "ɓɗƙƴ",
    "Hiligaynon": "ñ",
    "Hungarian": "áéíóöőúüű",
    "Ilocano": "ñ",
    "Indonesian": "é",
    "Italian": "àèéìíîòóùú",
    "Javanese": "éè",
    "Kapampangan": "ñ",
    "Kurdish": "çêîşû",
    "Latin": "āēīōūæœ",
    "Latvian": "āčēģīķļņšūž",
    "Lithuanian": "ąčęėįšųūž",
    "Low_German": "äöüß",
    "Luo": "ŋ",
    "Malagasy": "àâñô",
    "Netherlands": "éëïóöü",
    "Norwegian": "åæøéòô",
    "Occitan": "àáçéèíïòóúü",
    "Polish": "ąćęłńóśźż",
    "Portuguese": "áâãàçéêíóôõúü",
    "Quechua": "ñ",
    "Romanian": "ăâîșțşţ",
    "Serbo_Croatian": "čćđšž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Slovene": "čšž",
    "Sotho_Northern": "êôš",
    "Spanish": "áéíñóúü¿",
    "Sundanese": "é",
    "Swedish": "åäöé",
    "Tagalog": "ñ",
    "Tswana": "êôš",
    "Tumbuka": "ŵ",
    "Turkish": "çğıöşüİ",
    "Turkmen": "äçňöşüýž",
    "Umbundu": "ñ",
    "Uzbek": "'\u2018\u2019",
    "Waray_Waray": "ñ",
    "Chinese": "的一是不了國學體龍图书馆",
    "Japanese": "あいうえおアイウエオ日本語",
}

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


@pytest.fixture(scope="module")
def dictionary():
    onnxruntime = pytest.importorskip("onnxruntime")
    rapidocr = pytest.importorskip("rapidocr")
    model = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return set(session.get_modelmeta().custom_metadata_map["character"].splitlines())


@pytest.mark.parametrize("language", sorted(RAPIDOCR))
def test_rapidocr_knows_the_letters(dictionary, language):
    letters = string.ascii_letters + LETTERS.get(language, "")
    assert set(letters + letters.upper()) <= dictionary


def test_rapidocr_does_not_know_the_letters_of_vietnamese(dictionary):
    assert "Vietnamese" not in RAPIDOCR
    assert not set("ạảấầẩẫậắằẳẵặ") & dictionary
