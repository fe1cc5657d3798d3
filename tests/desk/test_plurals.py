"""What is missing is counted as Arabic counts, which has six plural forms."""

import pytest

from tests.desk.actors import Author, Volunteer


@pytest.mark.parametrize(("number", "said"), [(1, "رسالة ناقصة"), (2, "رسالتان"), (3, "٣ رسائل"), (11, "١١ رسالة")])
def test_a_gap_is_counted_the_arabic_way(counsellor: Volunteer, author: Author, number: int, said: str) -> None:
    case_id = author.writes("مرحبا")
    author.writes_back("وداعا")
    counsellor.logs_in()
    with author.house.mailbox.writing():
        author.house.mailbox.run(
            "UPDATE messages SET number = ? WHERE case_id = ? AND number = 3", (3 + number, author.case_id)
        )
    counsellor.goes_to("/?lang=ar")
    page = counsellor.opens(case_id)
    assert said in page.having_class("gap")[0].text
