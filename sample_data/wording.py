"""The longer texts of the sample pictures; every name and place in them is invented."""

PAGE_TITLE = "The Lamps of Tessaly Harbour"
PAGE_PARAGRAPHS = (
    "When the fog came in from the sound, which it did on most evenings after the middle of "
    "September, the old pilot went down the forty stone steps to the quay and lit the seven "
    "lamps himself. Nobody had asked him to do it. The town had paid for an electric beacon, "
    "and the beacon turned faithfully on its iron mast, but the fishermen still looked for the "
    "small yellow lights before they trusted the channel.",
    "His granddaughter Odile kept the record. She wrote the hour, the wind and the number of "
    "boats in a green ledger, and under the numbers she added one sentence about anything that "
    "seemed worth keeping: a seal on the slipway, a letter that arrived wet, the smell of tar "
    "when the rope maker opened his doors. By the end of the second winter the ledger had "
    "become heavier than the family Bible and a good deal more often read.",
    "In the third winter a surveyor named Bram Kessling arrived with two cases of brass "
    "instruments and a polite letter from the harbour office. He measured the depth of the "
    "channel at every tide for eleven days. On the twelfth day he knocked at the door and asked, "
    "rather shyly, whether he might see the ledger, because his own figures could not explain "
    "why so few boats had been lost.",
    "She let him in, of course, and gave him the chair beside the stove. He turned the pages with "
    "clean dry fingers and copied nothing for a long while. Outside the bell on the outer buoy "
    "rang twice, stopped, and rang again.",
    "They read it together at the kitchen table until the oil ran low. The answer was in the "
    "small sentences and not in the numbers. On every night of heavy fog somebody had heard the "
    "pilot singing on the steps, and had steered by the sound. The surveyor closed his notebook, "
    "thanked them both, and wrote to the office that the harbour was in excellent order and that "
    "nothing at all should be changed.",
)
PAGE_FOOT = "27"

MINUTES_TITLE = "Quarrow Hill Allotment Society"
MINUTES_SUBTITLE = "Minutes of the spring meeting"
MINUTES_PARAGRAPHS = (
    "The meeting opened at half past six in the seed store. Fourteen members were present and "
    "three had sent apologies. The chair, Pernille Oduya, welcomed the new holders of plots 9 "
    "and 31.",
    "The treasurer reported a balance of 412.60 after the purchase of the second water tank. "
    "The rent for each plot stays at 38 for the year, payable before the end of April.",
    "Members agreed that the north gate must be locked at dusk. Two spare keys are kept by "
    "Mr Hallworth at plot 4. Lost keys cost 6 each.",
    "The compost bays are full. A working party will empty the middle bay on Saturday 18 April "
    "from nine o'clock. Please bring gloves, a fork and something to drink.",
    "Under other business, Tomas Lindqvale asked for a bee hive behind the tool shed. The "
    "proposal was accepted with one vote against.",
    "The next meeting is on Thursday 9 July.",
)

REPORT_TITLE = "Pump Station Service Report"
REPORT_FACTS = (
    "Site: Lower Brindle Weir",
    "Unit: Vortan 220 centrifugal pump",
    "Engineer: Maud Sefton",
    "Visit: 11 February, 08:40 to 11:15",
)
REPORT_PARAGRAPHS = (
    "The unit was running on arrival and produced a steady flow of 46 litres per second. "
    "Vibration at the drive end was above the limit and the bearing housing was warm to the "
    "touch.",
    "The coupling guard was removed and the shaft was found out of line by 0.4 mm. The motor "
    "was shimmed and aligned again. Both bearings were filled with fresh grease, and the worn "
    "gland packing was replaced with three new rings.",
    "After one hour of running, vibration had fallen to a normal level and no leak could be "
    "seen. The inlet screen should be cleaned every two weeks while leaves are falling. The "
    "next full service is due after 4000 hours.",
)

NOTICE_TITLE = "Workshop Closed"
NOTICE_LINES = (
    "The pottery workshop is closed",
    "from Monday 6 to Friday 17 October",
    "while the large kiln is rebuilt.",
    "Finished pieces can be collected",
    "at the front desk after 4 pm.",
    "Evening classes start again",
    "on Tuesday 21 October.",
)
NOTICE_SIGNATURE = "Fenwick Arts House"

SURVEY_COVER = (
    "To: Land Office, Room 12",
    "From: Harriet Voss, Field Team 3",
    "Subject: Soil survey of Pender Field",
    "Pages: 3 including this cover",
)
SURVEY_NOTE = (
    "Please find the short report of our survey on the next two pages. The drawings follow by "
    "post. Call extension 418 if any page is missing or hard to read."
)
SURVEY_METHOD = (
    "Twelve holes were drilled by hand along two lines across the field. The first line follows "
    "the old hedge and the second runs from the barn to the stream. Each hole reached a depth "
    "of at least 90 centimetres.",
    "A sample was taken from every layer, dried in the open air and passed through a sieve. "
    "Colour, texture and acidity were written down on the same day.",
    "Standing water was met in holes 7, 8 and 11, all of them close to the stream.",
)
SURVEY_TABLE = (
    ("Hole", "Depth", "Soil", "Acidity"),
    ("1", "95 cm", "loam", "6.4"),
    ("3", "110 cm", "loam", "6.2"),
    ("5", "90 cm", "sand", "5.8"),
    ("7", "120 cm", "clay", "7.1"),
    ("9", "100 cm", "clay", "6.9"),
    ("11", "130 cm", "peat", "4.7"),
)
SURVEY_RESULT = (
    "The western half of the field is firm loam and suits a light building. The eastern half "
    "is wet for most of the year and should be left as meadow."
)

ACCENTS_TITLE = "Phrases for the travelling choir"
ACCENTS = (
    ("Deutsch", "Fünf Gänse überqueren müde die schöne Brücke.", "Der Bäcker öffnet früh."),
    ("Français", "Le garçon préfère la crème brûlée à la forêt.", "Où êtes-vous né, Noël ?"),
    ("Español", "Mañana el niño tomará café con el señor Ibáñez.", "¿Dónde está el pingüino?"),
    ("Português", "A avó põe maçã e limão no pão de sábado.", "Não há estações vazias."),
    ("Polski", "Dziś będzie świeży chleb i źródlana woda.", "Późno śpię, więc tańczę."),
    ("Čeština", "Příliš žluťoučký čáp těší dědečka.", "Večer přijde déšť."),
    ("Svenska", "Åtta små öar ligger långt från hamnen.", "Räven äter blåbär."),
    ("Dansk", "Den røde båd sejler på søen.", "Pigen læser en bog."),
    ("Magyar", "Az öreg tölgy árnyékában ült a költő.", "Hűvös őszi idő."),
    ("Türkçe", "Güneş doğunca çocuklar bahçeye koştu.", "Şoför çay içti."),
)
