"""Texts of the service itself, in the three languages of its questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.annotation.aspects import Aspect
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class Messages:
    """Texts of one language, with fields in braces; pairs are singular and plural."""

    reports: tuple[str, str]
    statements: tuple[str, str]
    found: str
    found_as_list: tuple[str, str]
    about_references: str
    no_evidence: str
    no_evidence_on: str
    missing_names: str
    unknown_references: str
    known_references: str
    aspect_not_found: str
    other_aspects: str
    conflicting_figures: str
    wrong_sum: str
    merged_places: str
    not_shown: str
    aspects: Mapping[Aspect, str]


def plural(count: int, forms: tuple[str, str]) -> str:
    """The number with the form of the noun that it takes."""
    return f"{count} {forms[0] if count == 1 else forms[1]}"


MESSAGES: Mapping[Language, Messages] = {
    "de": Messages(
        reports=("Bericht", "Berichten"),
        statements=("Aussage", "Aussagen"),
        found="{statements} in {reports}{names}:",
        found_as_list=(
            "{count} Bericht nennt {aspect}{names}, in {statements}:",
            "{count} Berichte nennen {aspect}{names}, in {statements}:",
        ),
        about_references=" ({names})",
        no_evidence="Dazu steht in den Dokumenten nichts, was sich belegen lässt.",
        no_evidence_on="{names}: in den Dokumenten genannt, aber auf die Frage steht dort keine belegbare "
        "Antwort.",
        missing_names="{names}: kommt in den Dokumenten nicht vor.",
        unknown_references="{names}: kommt in den Dokumenten nicht vor.",
        known_references=" Bekannt sind: {names}.",
        aspect_not_found="{names}: nichts zum Punkt {aspect}.",
        other_aspects=" Die Dokumente sagen dazu etwas über: {listed}.",
        conflicting_figures="Die Angaben widersprechen sich: {first} und {other}.",
        wrong_sum="Die Teile ergeben nicht die Summe: {total}, aber {parts} = {sum} ({where}).",
        merged_places="{asked} ist mit {place} zusammengelegt; die Aussagen sind über {place}.",
        not_shown="{count} weitere Aussagen sind nicht gezeigt (max_citations).",
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
        found_as_list=(
            "{count} report names {aspect}{names}, in {statements}:",
            "{count} reports name {aspect}{names}, in {statements}:",
        ),
        about_references=" on {names}",
        no_evidence="The documents hold nothing on this that could be cited.",
        no_evidence_on="{names}: named in the documents, but they hold no answer to this that could be "
        "cited.",
        missing_names="{names}: not found in any document.",
        unknown_references="{names}: not found in any document.",
        known_references=" Known: {names}.",
        aspect_not_found="{names}: nothing on {aspect}.",
        other_aspects=" What the documents do say of it: {listed}.",
        conflicting_figures="The figures contradict each other: {first} and {other}.",
        wrong_sum="The parts do not add up to the total: {total}, but {parts} = {sum} ({where}).",
        merged_places="{asked} has been merged with {place}; the statements are on {place}.",
        not_shown="{count} further statements are not shown (max_citations).",
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
        found_as_list=(
            "{count} báo cáo nêu {aspect}{names}, trong {statements}:",
            "{count} báo cáo nêu {aspect}{names}, trong {statements}:",
        ),
        about_references=" liên quan đến {names}",
        no_evidence="Các văn bản không có nội dung nào để trích dẫn về câu hỏi này.",
        no_evidence_on="{names}: có trong các văn bản, nhưng không có nội dung trả lời câu hỏi này.",
        missing_names="{names}: không có trong các văn bản.",
        unknown_references="{names}: không có trong các văn bản.",
        known_references=" Các văn kiện có: {names}.",
        aspect_not_found="{names}: không có nội dung về {aspect}.",
        other_aspects=" Các văn bản có nói về: {listed}.",
        conflicting_figures="Số liệu mâu thuẫn: {first} và {other}.",
        wrong_sum="Các phần cộng lại không bằng tổng số: {total}, nhưng {parts} = {sum} ({where}).",
        merged_places="{asked} đã sáp nhập với {place}; các đoạn trích nói về {place}.",
        not_shown="Còn {count} đoạn trích khác chưa hiển thị (max_citations).",
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
