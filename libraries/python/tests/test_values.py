from collections.abc import Callable

import pytest

from kuflow_worker._internal.values import (
    FileFields,
    GroupFields,
    PrincipalFields,
)

NAME = "Übersicht; a=b (50 %).txt"


def test_have_fields_which_may_contain_any_character() -> None:
    file = FileFields(uri="ku:process/1/document/2", type="text/plain", size=7, name=NAME)
    assert file.format() == (
        "kuflow-file:uri=ku:process/1/document/2;type=text/plain;size=7;"
        "name=%C3%9Cbersicht%3B%20a%3Db%20(50%20%25).txt;"
    )
    assert FileFields.parse(file.format()) == file
    principal = PrincipalFields(id="1", type="USER", name=NAME)
    assert PrincipalFields.parse(principal.format()) == principal
    group = GroupFields(id="1", type="OTHERS", name=NAME)
    assert GroupFields.parse(group.format()) == group


@pytest.mark.parametrize(
    ("parse", "value", "problem"),
    [
        (PrincipalFields.parse, "kuflow-principal:type=USER;name=Ada;", "Not a kuflow-principal value: it has no id"),
        (FileFields.parse, "kuflow-file:uri=x;type=y;size=large;name=z;", "its size is not a number"),
        (GroupFields.parse, "kuflow-principal:id=1;type=USER;", "Not a kuflow-group value"),
    ],
)
def test_are_rejected_with_the_field_that_is_missing(parse: Callable[[str], object], value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(value)
