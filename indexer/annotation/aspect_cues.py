"""Lexical cues of an aspect in a sentence, strong or weak.

A single word is not enough: "trotz der Schwierigkeiten gelang …" reports a success, "um Mängel zu beheben"
names a measure. Such phrases are removed before the words are looked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from indexer.annotation.aspects import ASPECTS, MAX_LENGTH, Aspect

#: by hand (docs/adr/0007): an expression that states the aspect, and one that often does.
STRONG, WEAK = 1.0, 0.5

_LACK = r"""(?:m[aä]ngeln?\b|mangel\b|schw[aä]chen?\b|(?:ein|be)schr[aä]nkung|schwierigkeit|hindernis|problem
            |defizit
    |unzul[aä]nglichkeit|hemmnis|engp[aä]ss|vers[aä]umnis|grenzen\b|shortcoming|weakness|limitation
            |difficult(?:y|ies)
    |obstacle|deficienc|challenge|drawback|bottleneck|hạn\ chế|tồn\ tại|khó\ khăn|vướng\ mắc|bất\ cập|yếu\ kém
    |khuyết\ điểm|thiếu\ sót)"""
_LACK_PATTERN = re.compile(_LACK, re.VERBOSE)
#: Phrases that name a lack without reporting one.
_UNREPORTED_LACK = re.compile(
    rf"""\b(?:trotz|ungeachtet|ohne|keine?r?(?:lei)?|despite|in\ spite\ of|notwithstanding|without|no
            |bất\ chấp
         |không\ (?:có|gặp))\b[^,;:.]{{0,60}}?{_LACK}\w*
      |\b(?:tuy|mặc\ dù|dù)\b[^,;:.]{{0,30}}?{_LACK}\w*
      |{_LACK}\w*[^;:.]{{0,110}}?\b(?:zu\ )?(?:(?:überw|bew)[aäiu]\w+|beseitig\w+|(?:be|ge)hob?en|beheb\w+
            |(?:ge)?lös(?:t|en|te|ten|en\ lassen|ung\w*)
         |abzubauen|abgebaut|aus(?:zu|ge)räum\w+|abzuhelfen|erörter\w+|diskutier\w+|besprochen)\b
      |\b(?:beseitigung|überwindung|behebung|bewältigung|lösung|abbau|klärung)\w*[^,;:.]{{0,60}}?{_LACK}\w*
      |\b(?:overc[ao]m\w+|resolv\w+|solv\w+|address\w*|tackl\w+|remov\w+|remed(?:y|ied)\w*
            |discuss\w*)\b[^,;:.]{{0,60}}?{_LACK}\w*
      |\b(?:khắc\ phục|tháo\ gỡ|giải\ quyết|vượt\ qua)\b[^,;:.]{{0,60}}?{_LACK}\w*
      |(?:drängende|dringende|ungelöste|urgent|pressing)\w*\ probleme?\w*""",
    re.VERBOSE,
)

#: Patterns of strong and of weak cues.
_CUES: Mapping[Aspect, tuple[str, str]] = MappingProxyType(
    {
        "shortcomings": (
            rf"""{_LACK}
            |eingeschr[aä]nkt|\bbegrenzt|unflexibel|verwirrend|schleppend|\bschwierig|unzureichend|mangelnd
            |mangelhaft
            |lückenhaft|unvollständig|unregelmäßig|\bunklar|ungenügend|rückständig|versp[aä]tet|versp[aä]ten
            |ineffektiv
            |\b(?:ge)?fehl(?:t|en|te|ten)\b|\bfehlende
            |(?:nicht|weder|kaum)\ (?:\w+\ ){{0,2}}(?:gen[uü]gen|ausreich|vollst[aä]ndig|regelm[aä][sß]ig
            |rechtzeitig
             |umfassend|eng\b|stark|gleichm[aä]ßig|proaktiv|eindeutig|qualifiziert|wirksam|effektiv
            |konsequent|streng
             |synchron|entsprechen|gerecht|entwickelt|erfüll)
            |\bgenügen[^,;:.]{{0,40}}\ nicht\b|verfügen\ nicht|nicht\ über\ die
            |erfüll\w+[^,;:.]{{0,40}}\ nicht\b|noch\ nicht
            |keine\ eindeutigen|wenig\ (?:wirksam|effektiv)|rückst[aä]nd|\bgering(?:e[nrms]?)?\b
            |zu\ (?:langsam|spät)
            |insufficien|inadequa|\black(?:s|ing)?\b|not\ yet|\buneven|poorly|\bslow(?:ly)?\b|incomplete
            |\bchưa\b|\bthiếu\b|còn\ (?:chậm|yếu|thấp)|hạn\ hẹp""",
            r"""bemängel|kritisier|beanstand|verzöger|\bjedoch\ nicht|\baber\ nicht|uneinheitlich|betroffen
            |schwach|\bkaum\b
            |\bhowever\b.*\bnot\b|chậm""",
        ),
        "causes": (
            r"""\bursach|\bweil\b|zurückzuführen|\bliegt\ (?:es\ )?(?:vor\ allem\ )?(?:daran|an)\b
            |\bda\ (?:diese|dieses|die|der
            |das|es|sie|er|nicht|noch)\b|aufgrund|\bangesichts\b|\bdenn\b|grund\ (?:dafür|hierfür)\b|begründe
            |\bbecause\b|due\ to|\bowing\ to|stems?\ from|\breasons?\ (?:for|is|are|was|were)\b|caused\ by
            |nguyên\ nhân|\bdo\ (?:đó\b)?|vì\b""",
            r"""\bdaher\b|\bdeshalb\b|\bwegen\b|infolge|\bdadurch|\btherefore\b|\bhence\b|\bsince\b|bởi""",
        ),
        "results": (
            r"""erziel|\berreicht(?:e|en)?\b|abgeschlossen|abschloss|\bschloss(?:en)?\b[^,;:.]*\bab\b
            |verbesser(?:t|te|ten)\b|eingerichtet|gegründet
            |geschaffen|aufgebaut|gestartet|ins\ leben\ gerufen|eröffnet|\bgelang\b|gelungen|errungenschaft
            |\berfolge?\b
            |\berfolgreich\ (?:um|ab|durch)|fortschritt|\bwürdigt\w*|gewürdigt|\blobt\w*|\bgelobt
            |verstanden\b|verstand(?:en)?\b|begriffen
            |\bentstand|entstanden|fusioniert|zusammengelegt|\btrug(?:en)?\b.*\bbei\b|beigetragen|\bspart\b
            |gestiegen|gesunken
            |\büberst(?:ieg|eigt)|geschätzt|positive[nr]?\ ergebnisse?|wichtige[nr]?\ ergebnisse?
            |zahlreiche[nr]?\ ergebnisse
            |(?:systematischer|praktischer|praxisnäher|besser)\b.{0,20}\.?$|\bzustimmung|geleistet
            |durchgeführt|veranlasst
            |\b(?:wurden?|worden|haben?|hat|sind|wird|werden)\b[^;:]*\b(?:umgesetzt|organisiert|angepasst
            |verändert|abgehalten
             |verbreitet|unternommen|übernommen|gegründet|geführt|entwickelt|ergänzt|aufgelöst|aufgewandt
            |konzentriert)
            |\bachiev|accomplish|\bcompleted\b|\bestablished\b|\bset\ up\b|\bimproved\b|successful
            |\bpraised\b|\bprogress
            |hoàn\ thành|đạt\ (?:được|nhiều|kết)|thành\ tựu|đã\ thành\ lập|kết\ quả\ tích\ cực|biểu\ dương
            |ghi\ nhận""",
            r"""ergebnis|gestärkt|einsetzen|setzen\b.*\bein\b|\bnutz(?:en|t|te)\b|verbreit|anstrengung
            |bemühung|zahlreiche
            |gab\ es|erfolgte|\baktiv|proaktiv|wirksam|\berfüll(?:t|en)|\bwandelte|outcome|\bresults?\b
            |kết\ quả""",
        ),
        "tasks": (
            r"""\bm[uü]ss(?:e|en|t?e|ten|ten?)?\b|\bmuss\b|\bsoll(?:e|en|te|ten)?\b|\bforder(?:te|ten|t)\b
            |gefordert|auf(?:ge|zu)forder
            |beauftrag|\bverlang(?:t|te|ten|en)\b|\bgebeten\b|\bgilt\ es\b|\bnotwendig\b|\bnötig\b
            |\bvorrangig|schwerpunkt
            |im\ mittelpunkt|mahnte|\bwies\b.*\ban\b|\bbedarf\ es|\bbräuchten?\b|\bbrauchen\b
            |(?:^|[.:;]\s|\b(?:und|sowie|gleichzeitig|außerdem)\s)\w+(?:en|rn|ln)\s+sie\b|^\w+(?:en|rn
            |ln)\s+(?:\w+\s+){0,3}sie\b
            |(?:ist|sind|seien|sei|war|waren)\b[^,;:.]*\bzu\s\w+en\b|konzentrieren\ wir
            |\bmust\b|\bshould\b|\bshall\b|\btask|instructed|\burged?\b|\brequired\ to\b|called\ (?:on|for)
            |\bphải\b|\bcần\b|yêu\ cầu|nhiệm\ vụ|chỉ\ đạo|đề\ nghị\ các|\btập\ trung\b""",
            r"""\b(?:schlüssel)?aufgaben?\b|erforder(?:t|e|lich)|weiterhin|\bbetont|vordringlich|dringend
            |geben\ vorzugs|\bneeds?\ to|tiếp\ tục""",
        ),
        "solutions": (
            r"""\blösung(?:en)?\b|maßnahmen?\b|abhilfe|\bum\b[^;.]{3,100}(?:mangel|mängel|problem|engp[aä]ss
            |schwierigkeit|hindernis)\w*[^;.]{0,60}\bzu\ \w+en\b
            |(?:beheb|beseitig|überwind|bewältig)\w+|probleme[^;:]{0,110}\b(?:zu\ )?(?:lösen|beheben)
            |\bsolutions?\b|measures?\b|remed(?:y|ies)|overcom|giải\ pháp|biện\ pháp|khắc\ phục|tháo\ gỡ""",
            r"""\bdadurch\b|\bdurch\b[^,;.]{5,60}(?:ung|ion)en?\b|einbindung""",
        ),
        "proposals": (
            r"""(?<!lösungs)vorschl[aä]g|(?<!lösungen\ in\ )vorgeschlagen|\bschlug(?:en)?\b.*\bvor\b
            |\bempf(?:ahl|iehlt|ohlen|ehlen|ahlen)|empfehlung|angeregt|\bregten?\b.*\ban\b
            |\b(?:er)?b[aä]t(?:en)?\b|ersuch|\bwünscht|\bplädier|propos|\bsuggest|recommend|\brequested\b
            |asked\ the
            |đề\ xuất|kiến\ nghị|đề\ nghị""",
            r"""\bforder(?:te|ten)\b.*zentral|unterstützung\ (?:durch|seitens|der)\b.*zentral
            |weiterhin\ aufmerksamkeit|\bbräuchten\b|\bmüssten\b|\berfordere\b|\bsollten\b""",
        ),
        "participants": (
            r"""teilnehm(?:er|ende[nr]?)\b(?!.*verst)|teilgenommen|\bnahm(?:en)?\b.*\bteil\b|anwesend
            |\bleitet(?:e|en)?\b(?!.*\bzu\b)|unter\ (?:der\ )?(?:leitung|vorsitz)|\bvorsitz\b
            |vertreter(?:n|innen)?\b|vertreten\b|\bzu\ gast\b|setzte\ sich\b.*\bzusammen|gehörten\b.*\ban\b
            |\bveranstaltete|\bhielten?\b.*\bab\b|\btagte|\bsprach(?:en)?\b|\bkamen\b|beteiligt\w*
            |\bberieten?\b.*\bmit\b|berichte\b.*\bangehört|\bhielt\b.*(?:rede|konferenz|sitzung)|besprachen
            |bilanzierte
            |participa|attend|\bchaired\b|took\ part|\bpresent\b|\bled\ by\b|tham\ dự|tham\ gia|chủ\ trì
            |dự\ (?:họp|hội\ nghị)""",
            r"""\bgenoss(?:e|in|en)\b|mitglied(?:er)?\ des|stellvertretende|\bcomrade\b|đồng\ chí""",
        ),
        "goals": (
            r"""\bziel\ (?:ist|war|sei|der|des|von|bis)\b|wachstumsziel|\bzielt(?:e|en)?\b|\bwill\b
            |\bsollen?\b[^.;]{3,40}\bentstehen|angestrebt|strebt\b|\bzweck\b|\bdient\w*\b.*\bdazu
            |\bdamit\ will\b|\bvision\b
            |\baims?\b|\bgoals?\b|\btargets?\b|\bpurpose\b|objective|mục\ tiêu|mục\ đích|\bnhằm\b
            |phấn\ đấu""",
            r"""\bziele?n?\b|\bum\b[^;.]{10,200}\bzu\ \w+en\b|\bum\b[^;.]{10,200}zu\w+en\.?$
            |\bsoll(?:en)?\ (?:künftig|helfen)|beigetragen\ werden|\bnütze|\bin\ order\ to|để\b""",
        ),
    }
)
_CONTRAST = re.compile(r"\b(?:jedoch|aber|allerdings|zwar|dennoch|but|however|although|nhưng|tuy)\b")
_PATTERNS: Mapping[Aspect, tuple[re.Pattern[str], re.Pattern[str]]] = {
    aspect: (re.compile(strong, re.VERBOSE), re.compile(weak, re.VERBOSE))
    for aspect, (strong, weak) in _CUES.items()
}


def aspect_cues(sentence: str) -> dict[Aspect, float]:
    """The aspects that a sentence has cues of, each with the strength of its strongest cue."""
    text = " ".join(unicodedata.normalize("NFC", sentence[:MAX_LENGTH]).lower().split())
    # The search for phrases about a lack is slow, the search for a lack alone is not.
    reporting = _UNREPORTED_LACK.sub(" ", text) if _LACK_PATTERN.search(text) else text
    cues: dict[Aspect, float] = {}
    for aspect in ASPECTS:
        strong, weak = _PATTERNS[aspect]
        searched = reporting if aspect == "shortcomings" else text
        if strong.search(searched):
            cues[aspect] = STRONG
        elif weak.search(searched):
            cues[aspect] = WEAK
    # "… hat sich verbessert, ist jedoch nicht stark" reports a shortcoming.
    if cues.get("shortcomings") == STRONG and cues.get("results") == STRONG and _CONTRAST.search(text):
        cues["results"] = WEAK
    return cues
