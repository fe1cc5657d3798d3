"""Five testimonies, in two languages, and the stories that are made of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """What somebody told, in which language, what may be done with it, and what is made of it."""

    language: str
    publish: str
    written: str
    title: str
    edited: str


ALLOWED = Told(
    "ar",
    "ask",
    "أنا من حي الكرادة. طردني أبي من البيت. صديقتي سارة آوتني. اليوم لي غرفة وعمل.",
    "غرفة لي",
    "أنا من مدينة كبيرة. طردني أهلي من البيت. آوتني صديقة. اليوم لي غرفة وعمل.",
)
REFUSED = Told(
    "en",
    "ask",
    "My cousin Ali found my phone. I left that night. I do not want everybody to read this.",
    "The phone",
    "A relative found my phone. I left that night.",
)
ERASED_IN_QUEUE = Told(
    "en",
    "yes",
    "They waited for me at the school in Mosul. I ran. My teacher helped me.",
    "Somebody helped",
    "They waited for me. I ran. Somebody whom I trusted helped me.",
)
TAKEN_BACK = Told(
    "ar",
    "yes",
    "في آذار ٢٠٢٤ أوقفوني عند الحاجز. فتشوا هاتفي. خرجت بعد يومين.",
    "عند الحاجز",
    "أوقفوني في الطريق. فتشوا هاتفي. خرجت بعد أيام.",
)
DISPUTED = Told(
    "en",
    "yes",
    "Omar and I met every Thursday in the cafe. Nobody knew. Now I live far away and I am well.",
    "Every week",
    "We met every week. Nobody knew. Now I live far away and I am well.",
)
