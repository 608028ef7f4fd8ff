from typing import Any, TypedDict

import pytest
from temporalio.api.common.v1 import Payload

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
    converter = data_converter()
    assert await converter.decode(await converter.encode([value]), [hint]) == [value]


async def test_encrypted_payloads_are_refused_with_a_plain_error() -> None:
    payload = Payload(metadata={"encoding": b"binary/encrypted?vendor=KuFlow"})
    expected = r"KuFlow requires encrypted payloads for this process \(encoding binary/encrypted\)"
    with pytest.raises(RuntimeError, match=expected):
        await data_converter().decode([payload])
