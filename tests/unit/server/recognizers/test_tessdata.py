"""Where the data is, and what tells it apart."""

from ocr_frames.server.recognizers import tessdata


def test_the_named_folder_counts_alone(tmp_path):
    assert tessdata.folder({"TESSDATA_PREFIX": str(tmp_path)}) is None


def test_the_folder_above_may_be_named(tmp_path):
    """So did versions before 4."""
    (tmp_path / "tessdata").mkdir()
    (tmp_path / "tessdata" / "rus.traineddata").touch()

    assert tessdata.folder({"TESSDATA_PREFIX": str(tmp_path)}) == tmp_path / "tessdata"


def test_data_is_found_when_it_comes_later(tessdata_of):
    tessdata_of()
    assert tessdata.readable() == frozenset()

    tessdata_of(rus="x", osd="x")
    assert tessdata.readable() == {"Russian"}

    tessdata_of(deu="x")
    assert tessdata.readable() == {"Russian", "German"}


def test_scripts_are_found_beside_languages_and_in_their_own_folder(tessdata_of):
    place = tessdata_of(Cyrillic="x")
    (place / "script").mkdir()
    (place / "script" / "Devanagari.traineddata").touch()

    assert {"Chechen", "Kabardian", "Bhojpuri", "Devanagari"} <= tessdata.readable()
    assert tessdata.data_file("Chechen") == place / "Cyrillic.traineddata"
    assert tessdata.data_file("Bhojpuri") == place / "script" / "Devanagari.traineddata"


def test_other_data_has_another_fingerprint(tessdata_of):
    tessdata_of(rus="one")
    first = tessdata.fingerprint("Russian")
    assert first.startswith("rus ")
    assert tessdata.fingerprint("Russian") == first

    tessdata_of(rus="other")
    assert tessdata.fingerprint("Russian") != first
    assert tessdata.fingerprint("Greek") == "no data"
