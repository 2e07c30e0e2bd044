"""The documents that widget keys may read."""

from dataclasses import dataclass

import pytest

from service.auth.widget_access import LONGEST_SPAN, WidgetAccess, WidgetDocuments


@dataclass(frozen=True)
class Key:
    widget: bool = True


@pytest.mark.parametrize("documents", ["none", "cited", "all"])
@pytest.mark.parametrize("key", [None, Key(widget=False)])
def test_what_is_no_widget_key_may_read_everything(key: Key | None, documents: WidgetDocuments) -> None:
    access = WidgetAccess(documents)
    assert access.allows_document(key, "a.txt") and access.allows_context(key, "a.txt", 10**6)


@pytest.mark.parametrize(
    ("documents", "before", "after"),
    [
        ("none", (False, False), (False, True)),
        ("cited", (False, False), (True, True)),
        ("all", (True,) * 2, (True,) * 2),
    ],
)
def test_a_widget_key_may_read_what_a_reply_has_led_to(
    documents: WidgetDocuments, before: tuple[bool, bool], after: tuple[bool, bool]
) -> None:
    access = WidgetAccess(documents)
    assert (access.allows_document(Key(), "a.txt"), access.allows_context(Key(), "a.txt", 10)) == before
    access.remember(["a.txt", "\ud800"])
    assert (access.allows_document(Key(), "a.txt"), access.allows_context(Key(), "a.txt", 10)) == after
    assert access.allows_document(Key(), "b.txt") is (documents == "all")


def test_a_span_is_no_way_to_a_whole_document() -> None:
    access = WidgetAccess("none")
    access.remember(["a.txt"])
    assert access.allows_context(Key(), "a.txt", LONGEST_SPAN)
    assert not access.allows_context(Key(), "a.txt", LONGEST_SPAN + 1)


def test_the_documents_cited_last_are_remembered() -> None:
    access = WidgetAccess(max_remembered=2)
    for document_id in ("a", "b", "a", "c"):
        access.remember([document_id])
    assert [access.allows_document(Key(), document_id) for document_id in "abc"] == [True, False, True]
