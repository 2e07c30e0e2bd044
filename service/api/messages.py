"""The words the service says itself, in the three languages of its questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.annotation.aspects import Aspect
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class Messages:
    """One language. ``reports``, ``statements``, ``collected``: for one, for several; braces are filled."""

    reports: tuple[str, str]
    statements: tuple[str, str]
    found: str
    collected: tuple[str, str]
    on_act: str
    no_evidence: str
    no_evidence_on: str
    unnamed: str
    unknown: str
    near: str
    aspect_not_found: str
    told: str
    differ: str
    wrong_sum: str
    merged: str
    more: str
    aspects: Mapping[Aspect, str]


def plural(count: int, forms: tuple[str, str]) -> str:
    """A number with its noun."""
    return f"{count} {forms[0] if count == 1 else forms[1]}"


MESSAGES: Mapping[Language, Messages] = {
    "de": Messages(
        reports=("Bericht", "Berichten"),
        statements=("Aussage", "Aussagen"),
        found="{statements} in {reports}{names}:",
        collected=(
            "{count} Bericht nennt {aspect}{names}, in {statements}:",
            "{count} Berichte nennen {aspect}{names}, in {statements}:",
        ),
        on_act=" ({names})",
        no_evidence="Dazu steht in den Dokumenten nichts, was sich belegen lässt.",
        no_evidence_on="{names}: in den Dokumenten genannt, aber auf die Frage steht dort keine belegbare "
        "Antwort.",
        unnamed="{names}: kommt in den Dokumenten nicht vor.",
        unknown="{names}: kommt in den Dokumenten nicht vor.",
        near=" Bekannt sind: {near}.",
        aspect_not_found="{names}: nichts zum Punkt {aspect}.",
        told=" Die Dokumente sagen dazu etwas über: {listed}.",
        differ="Die Angaben widersprechen sich: {first} und {other}.",
        wrong_sum="Die Teile ergeben nicht die Summe: {total}, aber {parts} = {sum} ({where}).",
        merged="{asked} ist mit {place} zusammengelegt; die Aussagen sind über {place}.",
        more="{count} weitere Aussagen sind nicht gezeigt (max_citations).",
        aspects={
            "results": "Ergebnisse",
            "shortcomings": "Mängel",
            "causes": "Ursachen",
            "tasks": "Aufgaben",
            "solutions": "Lösungen",
            "proposals": "Vorschläge",
            "participants": "Teilnehmende",
            "goals": "Ziele",
        },
    ),
    "en": Messages(
        reports=("report", "reports"),
        statements=("statement", "statements"),
        found="{statements}{names} in {reports}:",
        collected=(
            "{count} report names {aspect}{names}, in {statements}:",
            "{count} reports name {aspect}{names}, in {statements}:",
        ),
        on_act=" on {names}",
        no_evidence="The documents hold nothing on this that could be cited.",
        no_evidence_on="{names}: named in the documents, but they hold no answer to this that could be "
        "cited.",
        unnamed="{names}: not found in any document.",
        unknown="{names}: not found in any document.",
        near=" Known: {near}.",
        aspect_not_found="{names}: nothing on {aspect}.",
        told=" What the documents do say of it: {listed}.",
        differ="The figures contradict each other: {first} and {other}.",
        wrong_sum="The parts do not add up to the total: {total}, but {parts} = {sum} ({where}).",
        merged="{asked} has been merged with {place}; the statements are on {place}.",
        more="{count} further statements are not shown (max_citations).",
        aspects={
            "results": "results",
            "shortcomings": "shortcomings",
            "causes": "causes",
            "tasks": "tasks",
            "solutions": "solutions",
            "proposals": "proposals",
            "participants": "participants",
            "goals": "goals",
        },
    ),
    "vi": Messages(
        reports=("báo cáo", "báo cáo"),
        statements=("đoạn trích", "đoạn trích"),
        found="{statements}{names} trong {reports}:",
        collected=(
            "{count} báo cáo nêu {aspect}{names}, trong {statements}:",
            "{count} báo cáo nêu {aspect}{names}, trong {statements}:",
        ),
        on_act=" liên quan đến {names}",
        no_evidence="Các văn bản không có nội dung nào để trích dẫn về câu hỏi này.",
        no_evidence_on="{names}: có trong các văn bản, nhưng không có nội dung trả lời câu hỏi này.",
        unnamed="{names}: không có trong các văn bản.",
        unknown="{names}: không có trong các văn bản.",
        near=" Các văn kiện có: {near}.",
        aspect_not_found="{names}: không có nội dung về {aspect}.",
        told=" Các văn bản có nói về: {listed}.",
        differ="Số liệu mâu thuẫn: {first} và {other}.",
        wrong_sum="Các phần cộng lại không bằng tổng số: {total}, nhưng {parts} = {sum} ({where}).",
        merged="{asked} đã sáp nhập với {place}; các đoạn trích nói về {place}.",
        more="Còn {count} đoạn trích khác chưa hiển thị (max_citations).",
        aspects={
            "results": "kết quả",
            "shortcomings": "hạn chế",
            "causes": "nguyên nhân",
            "tasks": "nhiệm vụ",
            "solutions": "giải pháp",
            "proposals": "đề xuất",
            "participants": "thành phần tham dự",
            "goals": "mục tiêu",
        },
    ),
}
