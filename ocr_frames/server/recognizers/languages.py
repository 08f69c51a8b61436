"""What each engine reads, by the protocol's names: known without loading any."""

from ocr_frames.languages import Language

RAPIDOCR: frozenset[Language] = frozenset(
    (
        "Afrikaans", "Albanian", "Azerbaijani", "Bemba", "Betawi", "Bikol", "Bosnian",
        "Catalan", "Cebuano", "Chichewa", "Chinese", "Croatian", "Czech", "Danish",
        "Dimli", "Dutch", "English", "Estonian", "Finnish", "French", "Galician",
        "German", "Gusii", "Hausa", "Hiligaynon", "Hmong", "Hungarian", "Ilocano",
        "Indonesian", "Italian", "Japanese", "Javanese", "Kapampangan", "Kikongo",
        "Kurdish", "Latin", "Latvian", "Lithuanian", "Low_German", "Luguru", "Luo",
        "Makua", "Malagasy", "Malay", "Minangkabau", "Musi", "Nandi", "Ndebele",
        "Netherlands", "Norwegian", "Occitan", "Oromo", "Palembang", "Pangasinan",
        "Polish", "Portuguese", "Quechua", "Romanian", "Rwanda", "Sasak",
        "Serbo_Croatian", "Shona", "Slovak", "Slovene", "Somali", "Sotho_Northern",
        "Sotho_Southern", "Spanish", "Sukuma", "Sundanese", "Swahili", "Swati",
        "Swedish", "Tagalog", "Tsonga", "Tswana", "Tumbuka", "Turkish", "Turkmen",
        "Umbundu", "Uzbek", "Waray_Waray", "Xhosa", "Zhuang", "Zulu",
    )
)  # fmt: skip
"""Chinese, Japanese, and what is written in Latin letters that PP-OCRv6 small has in its
dictionary. RapidOCR lists Vietnamese too, but two thirds of its letters are not there."""

_OWN_DATA: dict[Language, str] = {
    "Afrikaans": "afr",
    "Albanian": "sqi",
    "Arabic": "ara",
    "Azerbaijani": "aze",
    "Belorussian": "bel",
    "Bengali": "ben",
    "Bosnian": "bos",
    "Bulgarian": "bul",
    "Cantonese": "chi_tra",
    "Catalan": "cat",
    "Cebuano": "ceb",
    "Chinese": "chi_sim",
    "Croatian": "hrv",
    "Czech": "ces",
    "Danish": "dan",
    "Dutch": "nld",
    "English": "eng",
    "Estonian": "est",
    "Finnish": "fin",
    "French": "fra",
    "Galician": "glg",
    "Georgian": "kat",
    "German": "deu",
    "Greek": "ell",
    "Hebrew": "heb",
    "Hindi": "hin",
    "Hungarian": "hun",
    "Indonesian": "ind",
    "Italian": "ita",
    "Japanese": "jpn",
    "Javanese": "jav",
    "Kannada": "kan",
    "Kazah": "kaz",
    "Korean": "kor",
    "Kurdish": "kmr",
    "Latin": "lat",
    "Latvian": "lav",
    "Lithuanian": "lit",
    "Macedonian": "mkd",
    "Malay": "msa",
    "Marathi": "mar",
    "Nepali": "nep",
    "Netherlands": "nld",
    "Norwegian": "nor",
    "Occitan": "oci",
    "Persian": "fas",
    "Polish": "pol",
    "Portuguese": "por",
    "Quechua": "que",
    "Romanian": "ron",
    "Russian": "rus",
    "Serbian": "srp",
    "Serbo_Croatian": "srp_latn",
    "Slovak": "slk",
    "Slovene": "slv",
    "Spanish": "spa",
    "Sundanese": "sun",
    "Swahili": "swa",
    "Swedish": "swe",
    "Tagalog": "fil",
    "Tamil": "tam",
    "Telugu": "tel",
    "Thai": "tha",
    "Tibetan": "bod",
    "Tonga": "ton",
    "Turkish": "tur",
    "Ukrainan": "ukr",
    "Urdu": "urd",
    "Uyghur": "uig",
    "Uzbek": "uzb",
    "Vietnamese": "vie",
    "Yoruba": "yor",
}

_BY_SCRIPT: dict[str, tuple[Language, ...]] = {
    "Arabic": ("Gilaki",),
    "Cyrillic": ("Chechen", "Kabardian"),
    "Devanagari": (
        "Awadhi", "Bhojpuri", "Chattisgarhi", "Devanagari", "Dhundari", "Garhwali",
        "Haryanvi", "Kanauji", "Konkani", "Kumauni", "Lamani", "Magahi", "Maithili",
        "Malvi", "Marwari", "Mewari", "Mewati", "Rajbanshi", "Wagdi",
    ),
    "HanS": ("Gan", "Pu_Xian", "Wu", "Xiang"),
    "HanT": ("Hakka", "Min_Bei", "Min_Dong", "Min_Nan"),
    "Latin": (
        "Bemba", "Betawi", "Bikol", "Bouyei", "Chichewa", "Dimli", "Dong", "Gusii",
        "Hausa", "Hiligaynon", "Hmong", "Ilocano", "Kanuri", "Kapampangan", "Kiche",
        "Kikongo", "Low_German", "Luguru", "Luo", "Makassar", "Makua", "Malagasy", "Meru",
        "Minangkabau", "Muong", "Musi", "Nandi", "Ndebele", "Oromo", "Palembang",
        "Pangasinan", "Rwanda", "Sasak", "Serer_Sine", "Shona", "Somali",
        "Sotho_Northern", "Sotho_Southern", "Sukuma", "Swati", "Tsonga", "Tswana",
        "Tumbuka", "Turkmen", "Umbundu", "Waray_Waray", "Wolaytta", "Xhosa", "Yao",
        "Zhuang", "Zulu",
    ),
}  # fmt: skip

TESSERACT: dict[Language, str] = _OWN_DATA | {
    language: script for script, languages in _BY_SCRIPT.items() for language in languages
}
"""The data Tesseract reads a language with; its script's where it has none of its own.

Without HWT_ENG: Tesseract does not read handwriting.
"""
