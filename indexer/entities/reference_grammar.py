"""Kinds of numbered acts, and the tables and patterns that mentions of them are parsed with.

Everything here is for text as `folded_text` makes it. Every pattern is anchored where the parser stands and
bounded in length, so that parsing stays linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from indexer.text import months
from indexer.text.normalization import fold, word_list


class Kind(NamedTuple):
    """A kind of act, with its code in keys, its code in signs, and its names.

    `words` and `plurals`: folded forms in German and English, separated by commas. `vietnamese`: the folded
    form of `vi`. `bare`: a number may follow without a number word ("Resolution 57").
    """

    code: str
    sign: str
    de: str
    en: str
    vi: str
    vietnamese: str
    words: str
    plurals: str
    bare: bool = True


KINDS: Final = (
    Kind("NQ", "NQ", "Resolution", "Resolution", "Nghị quyết", "nghi quyet",
         "resolution,beschluss,beschlusses,entschliessung",
         "resolutions,resolutionen,beschlusse,beschlussen,beschluesse,beschluessen,entschliessungen"),
    Kind("CT", "CT", "Richtlinie", "Directive", "Chỉ thị", "chi thi",
         "directive,richtlinie,direktive,weisung,anweisung",
         "directives,richtlinien,direktiven,weisungen,anweisungen"),
    Kind("KL", "KL", "Schlussfolgerung", "Conclusion", "Kết luận", "ket luan",
         "conclusion,schlussfolgerung", "conclusions,schlussfolgerungen"),
    Kind("QD", "QĐ", "Verordnung", "Regulation", "Quy định", "quy dinh",
         "regulation,verordnung,regelung,bestimmung", "regulations,verordnungen,regelungen,bestimmungen"),
    Kind("CTR", "CTr", "Aktionsprogramm", "Action Programme",
         "Chương trình hành động", "chuong trinh hanh dong",
         "action program,action programme,program of action,programme of action,aktionsprogramm,"
         "aktionsprogramms",
         "action programs,action programmes,programs of action,programmes of action,aktionsprogramme,"
         "aktionsprogrammen"),
    Kind("ND", "NĐ", "Dekret", "Decree", "Nghị định", "nghi dinh",
         "decree,dekret,dekrets,dekretes,erlass,erlasses", "decrees,dekrete,dekreten,erlasse"),
    Kind("QDI", "QĐ", "Entscheidung", "Decision", "Quyết định", "quyet dinh",
         "decision,entscheidung", "decisions,entscheidungen"),
    Kind("KH", "KH", "Plan", "Plan", "Kế hoạch", "ke hoach", "plan", "plans", bare=False),
    Kind("TB", "TB", "Mitteilung", "Notice", "Thông báo", "thong bao",
         "notice,announcement,mitteilung,bekanntmachung",
         "notices,announcements,mitteilungen,bekanntmachungen", bare=False),
    Kind("HD", "HD", "Leitlinie", "Guideline", "Hướng dẫn", "huong dan",
         "guideline,guidance,leitlinie,anleitung", "guidelines,leitlinien,anleitungen", bare=False),
    Kind("LUAT", "LUAT", "Gesetz", "Law", "Luật", "luat",
         "law,gesetz,gesetzes", "laws,gesetze,gesetzen", bare=False),
)  # fmt: skip
KIND_BY_CODE: Final = {kind.code: kind for kind in KINDS}
VIETNAMESE_WORDS: Final = {kind.vietnamese for kind in KINDS}
PLURAL_WORDS: Final = {word for kind in KINDS for word in kind.plurals.split(",")}
KIND_BY_WORD: Final = {
    word: kind
    for kind in KINDS
    for word in (*kind.words.split(","), *kind.plurals.split(","), kind.vietnamese)
}
# "Nghịquyết": machine translation lost the space.
WORD_BY_JOINED: Final = {word.replace(" ", ""): word for word in KIND_BY_WORD}

# Codes: those read before a number ("NQ 57"), and those in an official sign ("57-NQ/TW").
LEADING_CODES: Final = {
    "NQ": "NQ", "CT": "CT", "KL": "KL", "QD": "QD", "QDI": "QDI", "ND": "ND",
    "CTR": "CTR", "CTHD": "CTR", "CTRHD": "CTR",
}  # fmt: skip
SIGN_CODES: Final = LEADING_CODES | {"QYD": "QD", "KH": "KH", "TB": "TB", "HD": "HD", "LUAT": "LUAT"}

# Issuers in signs, as patterns. Party bodies share one numbering here (TW, TU, none: the same key), because
# texts drop the issuer all the time; the state's bodies number their own acts, so their issuer is in the key.
_STATE_ISSUERS: Final = r"cp|ttg|ubnd|hdnd|ubtvqh[0-9]{0,2}|qh[0-9]{0,2}"
_PARTY_ISSUERS: Final = r"[a-z]{0,7}t[wu]|[dh]u|bct|bbt|bch|btv"
_EU_ISSUERS: Final = "EU|EG|EC|EWG|EEC|Euratom"

# Heads of German compounds with a kind word ("Politbüroresolution").
_COMPOUND_HEADS: Final = "politburo|zentralkomitee|zk|sekretariat|partei|parteitag|provinz|regierung|rat|eu"

# Words that may stand between a kind word and an explicit number word: the issuing body, nothing else. An
# open list would read "Resolution durch die Arbeitsgruppe Nr. 1920" as Resolution 1920.
_BODIES: Final = (
    "des", "der", "vom", "von", "of", "the", "by", "cua", "do",
    "politburos?", "polburos?", "zentralkomitees?", "zk", "zentrale", "zentralen", "parteis?", "parteien",
    "sekretariate?s?", "provinz", "provinzparteikomitees?", "parteikomitees?", "parteiausschusse?s?",
    "exekutivkomitees?", "standigen", "ausschusses", "komitees?", "provinzparteiausschusses", "parteitage?s?",
    "provinzparteitage?s?", "nationalen", "vietnams?", "kommunistischen", "nationalversammlung", "regierung",
    "premierministers?", "ministerprasidenten", "politburo's",
    "central", "committee's", "committee", "party's", "party", "secretariat", "provincial", "standing",
    "executive", "communist", "government", "national", "assembly", "congress", "prime", "minister",
    "bo[ ]chinh[ ]tri", "ban[ ]bi[ ]thu", "ban[ ]chap[ ]hanh", "ban[ ]thuong[ ]vu", "trung[ ]uong", "dang",
    "tinh[ ]uy", "thanh[ ]uy", "huyen[ ]uy", "dang[ ]uy", "quoc[ ]hoi", "chinh[ ]phu", "thu[ ]tuong", "tw",
)  # fmt: skip

# English "may" and "march" are verbs too, so they need a year beside them.
_AMBIGUOUS_MONTHS = ("may", "mai", "march")
# Spellings that do not date a number in these patterns.
_EXCLUDED_MONTHS = ("janner", "mar", "jun", "jul", "sep")
_MONTHS = sorted({fold(name) for name in months.ALL_NAMES}.difference(_AMBIGUOUS_MONTHS, _EXCLUDED_MONTHS))
_UNAMBIGUOUS: Final = "|".join(_MONTHS)
_AMBIGUOUS: Final = "|".join(_AMBIGUOUS_MONTHS)
# After "14.": an ordinal, where any other word would open a new sentence.
_COUNTED_IN_ORDINALS: Final = (
    r"(?:(?:national|ordentlich|ausserordentlich)[a-z]{0,4}[ ])?(?:(?:landes|provinz|bezirks|gemeinde)?"
    r"partei(?:tag|kongress|konferenz)|kongress|konferenz|sitzung|plenum|plenartagung|tagung|zentralkomitee|"
    r"politburo|nationalversammlung|legislaturperiode|amtszeit|wahlperiode|jahrhundert|jahrestag)[a-z]{0,3}"
)


# Nouns after a bare number that make it an amount. Compared in lower case with their diacritics, or "Hồ Chí
# Minh" would be households. Topics of questions ("Resolution 57 Mängel", "Resolution 68 Unternehmen",
# "Resolution 57 participants") must stay out of this list.
COUNTED: Final = word_list("""
    prozent prozentpunkte prozentpunkten promille tausend hundert million millionen mio mrd milliarde
    milliarden euro dollar dong cent haushalt haushalte haushalten personen person familie familien kader
    kadern menschen leute leuten einwohner einwohnern mitglieder mitgliedern dialog dialoge dialogen
    modell modelle modellen tonne tonnen kilogramm gramm liter meter metern kilometer kilometern
    zentimeter millimeter hektar quadratmeter jahr jahre jahren jährig jährige jährigen jähriger jähriges
    monat monate monaten woche wochen tag tage tagen stunde stunden minute minuten sekunde sekunden uhr
    mal male stück seite seiten zeilen stimmen punkte fälle fällen grad pixel pixeln ppi dpi px
    percent percentage thousand hundred billion billions millions household households people person
    persons family families cadre cadres inhabitants members dialogue dialogues model models ton tons
    tonnes hectare hectares metres meters kilometres kilometers year years month months week weeks day
    days hour hours minutes seconds times pages lines votes points cases degrees pixels megapixel
    megapixels
    hộ người tỷ tỉ triệu nghìn ngàn trăm năm tháng ngày tuần giờ phút giây lần trang buổi tấn khoản hecta
    nguoi trieu
""")
# These make an amount only together with their second word: "gia đình" is a family, "Gia Lai" a province.
COUNTED_PAIRS: Final = {
    "cán": "bộ", "gia": "đình", "trường": "hợp", "phần": "trăm", "đối": "tượng", "héc": "ta", "mô": "hình",
    "hành": "vi", "per": "cent", "can": "bo",
}  # fmt: skip
# These make none before one of the words given: "tỷ lệ" is a rate, "ngày càng" means more and more.
NOT_COUNTED_BEFORE: Final = {
    "tỷ": {"lệ", "trọng"}, "tỉ": {"lệ", "trọng"}, "trang": {"bị", "thiết"}, "ngày": {"càng"}, "năm": {"nay"},
}  # fmt: skip
DATE_WORDS: Final = frozenset({"ngày", "tháng", "năm"})  # before a digit they date the act
# Units, compared exactly as written: "ha" is a hectare, "Ha Giang" a province.
UNITS: Final = word_list("m mm cm km kg g t ha l h s min kWh kW MW MB USD EUR VND Mbit Mbps Hz GHz")
QUALIFIERS: Final = word_list(
    "weitere weiteren neue neuen andere anderen arme armen more other others new poor further additional"
)

_FLAGS = re.IGNORECASE | re.ASCII


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


DIGIT: Final = re.compile(r"\d")
KEY: Final = re.compile(
    r"(?P<kind>[A-Z]+)-(?P<number>[0-9]+)(?P<rest>(?P<letter>[A-F])?(?:/(?P<tail>[0-9]+|[A-Z]+[0-9]*))?)"
)
_NUMBER_WORD = r"(?P<word>(?:n[ro]|nrn|nos|number|numbers|nummer|nummern|so)(?![a-z])[ ]?\.?[ ]?:?|n°|\#)"
LEAD: Final = re.compile(
    rf"""(?:https?://|www\.)\S+
    | (?:(?<![a-z0-9]) | (?-i:(?<=[a-z])(?=[A-Z])))  # "derResolution": translation lost the space
      (?:(?:{_COMPOUND_HEADS})s?)?
      (?P<kind>{_either(KIND_BY_WORD).replace(" ", "[ ]?")})(?:(?![a-z]) | (?=(?:n[ro]\.?|so)[ ]?[0-9]))
    | (?<![a-z0-9]) (?<![0-9][-/]) (?<![0-9][ ][-/])
      (?P<code>nq|(?-i:CTr|CTrHD|{_either(LEADING_CODES)}))(?:[ ]?[-/][ ]?t[wu])?(?![a-z])
    | (?<![a-z0-9]) (?<![0-9][-.,:/]) (?P<digits>[0-9]+)""",
    _FLAGS | re.VERBOSE,
)
DIRECT_LINK: Final = re.compile(rf"-|[ ]?(?:\((?:{_EU_ISSUERS})\)[ ]?)?(?:{_NUMBER_WORD}[ ]?)?", _FLAGS)
ISSUER_LINK: Final = re.compile(
    rf"(?:[ ]?\(?(?:{'|'.join(_BODIES)}|[0-9]{{1,2}}(?:\.|st|nd|rd|th))(?![a-z])\)?){{0,6}}"
    rf"[ ]?[(,:]?[ ]?{_NUMBER_WORD}[ ]?",
    _FLAGS,
)
_NUMBER_PARTS = rf"""(?P<number>[0-9]{{1,5}})(?P<letter>[a-f](?![a-z0-9]))?
    (?:[ ]?/[ ]?(?P<year>[0-9]{{1,4}})(?![0-9]))?
    (?: [ ]?[-/]?[ ]?(?P<sign>{_either(SIGN_CODES)})(?:[ ]?[-/][ ]?|(?=tw))
        (?P<issuer>{_STATE_ISSUERS}|{_PARTY_ISSUERS}|(?-i:[A-Z]{{2,9}}))(?![a-z0-9])
      | [-/](?P<short>(?-i:{_either(SIGN_CODES)}))(?![a-z0-9/]|[ -]?[0-9])
      | [ ]?[-/][ ]?(?P<body>(?-i:TW|TU|CP|TTg|TTG|UBND|HDND|UBTVQH[0-9]*|QH[0-9]*|{_EU_ISSUERS}))(?![a-z0-9])
      | (?![ ](?:[0-9]{{3}}|[0-9]{{5,}})(?![0-9]))           # "1 157", a telephone number
    )
    (?! [a-z0-9_] | [.:'’][0-9] | [ ]?/[ ]?[0-9] | -[0-9] | [ ]?[%‰°€$£½¼¾] | [ ]?[x×*][ ]?[0-9]
      | \([0-9]{{1,4}}\)[0-9]"""
NUMBER: Final = re.compile(rf"{_NUMBER_PARTS} | ,[0-9])", _FLAGS | re.VERBOSE)
# "Nr. 57,59", but not "Nr. 1,157".
NUMBER_IN_LIST: Final = re.compile(rf"{_NUMBER_PARTS} | ,[0-9]{{3}})", _FLAGS | re.VERBOSE)
_AND = r"(?:und|and|va|sowie|oder|or|hoac|as[ ]well[ ]as|cung[ ]nhu|bzw\.?)"
NEXT_ITEM: Final = re.compile(
    rf"(?:[ ]?[,;&+][ ]?(?:{_AND}[ ])?|[ ]{_AND}[ ])(?:{_NUMBER_WORD}[ ]?)?(?=[0-9])", _FLAGS
)
LIST_END: Final = re.compile(
    r"[ ]?(?:\Z|\n|[.?!;:)\]\"“”»])|[ ](?:des|vom|cua|ve|co|noi|la|da|duoc)(?![a-z])", _FLAGS
)
PLURAL_MARK: Final = re.compile(r"(?:cac|nhung|hai|ba|bon|[0-9])[ ]\Z", _FLAGS)
STATE: Final = re.compile(_STATE_ISSUERS, _FLAGS)
_MONTH = rf"(?:{_UNAMBIGUOUS}|{_AMBIGUOUS})"
DAY: Final = re.compile(
    rf"(?:\.[ ]?{_MONTH}|[ ](?:{_UNAMBIGUOUS}))(?![a-z])|[ ](?:{_AMBIGUOUS}),?[ ](?:19|20)[0-9]{{2}}",
    _FLAGS,
)
ORDINAL: Final = re.compile(rf"\.[ ]?(?:{_COUNTED_IN_ORDINALS})(?![a-z])", _FLAGS)
MONTH: Final = re.compile(r"(?:0?[1-9]|1[0-2])/(?:19|20)[0-9]{2}")  # "Nghị quyết 57, 12/2024"
# "57 of 60", but not "57 of 2024" or "57 of 18 July".
SHARE: Final = re.compile(
    rf"[ ](?:of|von)[ ](?!(?:19|20)[0-9]{{2}})[0-9]{{1,4}}(?![0-9]|[./-][0-9]|\.?[ ]?{_MONTH})", _FLAGS
)
NEXT_WORDS: Final = re.compile(
    r"[ ]?-?(?P<first>[a-z]{1,30})(?![a-z])(?:[ -](?P<second>[a-z]{1,30}|[0-9]))?", _FLAGS
)
