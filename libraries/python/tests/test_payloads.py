from typing import Any, TypedDict

import pytest

from kuflow_worker._internal.fake_kuflow import fake_keys
from kuflow_worker._internal.model import Page
from kuflow_worker._internal.payloads import data_converter


class Review(TypedDict):
    ok: bool


class Reviews(TypedDict):
    reviews: list[Review]


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Review, {"ok": None, "added": 1}),
        (Review, None),
        (list[Review], [{"ok": "yes"}]),
        (Review | None, {"ok": "yes"}),
        (Reviews, {"reviews": [1]}),
        (Page[Review], {"content": 1}),
    ],
)
async def test_typed_dictionaries_may_be_invalid_and_have_unknown_fields(hint: Any, value: object) -> None:
    converter = data_converter(fake_keys())
    assert await converter.decode(await converter.encode([value]), [hint]) == [value]
