"""Sentences that an answer can start from, in the language of the person who asked.

They are offered as text, to be changed before anything is sent; nothing here is ever sent by itself. No phrase
asks for a name, a photo, a number or a meeting, and none promises an hour. The Arabic addresses nobody as a man.
"""

from typing import Final

# The order in which they are offered; a phrase with {day} is filled with a day by which an answer is realistic.
PHRASES: Final[dict[str, dict[str, str]]] = {
    "received": {
        "en": "I have read what you wrote. Thank you for trusting us. I will answer fully by {day}.",
        "ar": "قرأتُ ما كتبتم. شكرًا على ثقتكم بنا. سأكتب لكم جوابًا كاملًا حتى {day}.",
        "ckb": "ئەوەی نووسیبووتان خوێندمەوە. سوپاس بۆ متمانەتان. تا {day} بە تەواوی وەڵامتان دەدەمەوە.",
        "kmr": "ئەوا هەوە نڤیسی من خواند. سوپاس بۆ باوەریا هەوە. هەتا {day} دێ ب تەمامی بەرسڤا هەوە دەم.",
    },
    "not_your_fault": {
        "en": "What happened to you is not your fault. You are not alone.",
        "ar": "ما حدث لكم ليس ذنبكم. لستم وحدكم.",
        "ckb": "ئەوەی بەسەرتان هاتووە خەتای ئێوە نییە. ئێوە بە تەنیا نین.",
        "kmr": "ئەوا ب سەرێ هەوە هاتی نە خەتایا هەوەیە. هوین نە ب تنێنە.",
    },
    "safe_now": {
        "en": "Are you in a safe place now? Answer only when it is safe for you to write.",
        "ar": "هل أنتم في مكان آمن الآن؟ لا تجيبوا إلا حين تكون الكتابة آمنة لكم.",
        "ckb": "ئایا ئێستا لە شوێنێکی سەلامەتن؟ تەنیا کاتێک وەڵام بدەنەوە کە نووسین بۆتان سەلامەت بێت.",
        "kmr": "ئەرێ نوکە هوین ل جهەکێ ئارامن؟ ب تنێ وی دەمی بەرسڤێ بدەن دەمێ نڤیسین بۆ هەوە یا ئارام بیت.",
    },
    "near_someone": {
        "en": (
            "Please be near another person now, and move away from anything you could hurt yourself with. "
            "This feeling passes like a wave. Write to me again here."
        ),
        "ar": (
            "أرجو أن تكونوا الآن قرب شخص آخر، وأن تبتعدوا عن كل ما قد تؤذون به أنفسكم. "
            "هذا الشعور يمرّ كالموجة. اكتبوا لي هنا من جديد."
        ),
        "ckb": (
            "تکایە ئێستا لە نزیک کەسێکی تر بن، و لە هەر شتێک دوور بکەونەوە کە لەوانەیە خۆتانی پێ ئازار بدەن. "
            "ئەم هەستە وەک شەپۆل تێدەپەڕێت. دووبارە لێرە بۆم بنووسن."
        ),
        "kmr": (
            "هیڤییە نوکە نێزیکی کەسەکێ دی بن، و ژ هەر تشتەکێ دویر بکەڤن کو هوین دشێن خۆ پێ بئێشینن. "
            "ئەڤ هەستە وەکی پێلەکێ دبۆریت. دیسا ل ڤێرێ بۆ من بنڤیسن."
        ),
    },
    "one_question": {
        "en": "To help you well we need to know one thing more:",
        "ar": "كي نساعدكم جيدًا نحتاج إلى معرفة أمر واحد آخر:",
        "ckb": "بۆ ئەوەی باش یارمەتیتان بدەین، پێویستە یەک شتی تر بزانین:",
        "kmr": "دا کو ب باشی هاریکاریا هەوە بکەین، پێدڤییە تشتەکێ دی بزانین:",
    },
    "no_names": {
        "en": "Please leave out names, phone numbers and the exact place. We do not need them.",
        "ar": "يُرجى عدم ذكر الأسماء وأرقام الهواتف والمكان الدقيق. لسنا بحاجة إليها.",
        "ckb": "تکایە ناو و ژمارەی تەلەفۆن و شوێنی ورد مەنووسن. پێویستمان پێیان نییە.",
        "kmr": "هیڤییە ناڤ و ژمارێن تەلەفۆنێ و جهێ دروست نەنڤیسن. پێدڤیا مە پێ نینە.",
    },
    "not_us": {
        "en": "If anyone writes to you elsewhere and says they are from here: it is not us.",
        "ar": "إذا كتب لكم أحد في مكان آخر وقال إنه منا، فليس منا.",
        "ckb": "ئەگەر کەسێک لە شوێنێکی تر بۆتان نووسی و گوتی لە ئێمەیە: ئێمە نین.",
        "kmr": "ئەگەر کەسەکی ل جهەکێ دی بۆ هەوە نڤیسی و گۆت ئەو ژ مەیە: ئەو ئەم نینین.",
    },
    "not_today": {
        "en": "I cannot answer everything today. You are not forgotten: I will write again by {day}.",
        "ar": "لا أستطيع الإجابة عن كل شيء اليوم. لم ننسكم: سأكتب من جديد حتى {day}.",
        "ckb": "ئەمڕۆ ناتوانم وەڵامی هەموو شتێک بدەمەوە. لەبیرمان نەکردوون: تا {day} دووبارە دەنووسم.",
        "kmr": "ئەڤرۆ ئەز نەشێم بەرسڤا هەمی تشتان بدەم. مە هوین ژ بیر نەکرینە: هەتا {day} دێ دیسا نڤیسم.",
    },
    "closing": {
        "en": "I am closing this conversation for now. If you write again under your code, we will see it.",
        "ar": "سأغلق هذه المحادثة الآن. إذا كتبتم من جديد برمزكم فسنرى ذلك.",
        "ckb": "ئێستا ئەم گفتوگۆیە دادەخەم. ئەگەر دووبارە بە کۆدەکەتان بنووسن، دەیبینین.",
        "kmr": "نوکە ئەز ڤێ ئاخفتنێ دگرم. ئەگەر هوین دیسا ب کۆدێ خۆ بنڤیسن، ئەم دێ بینین.",
    },
    "left": {
        "en": (
            "Somebody who worked with us has left. That person could read what you wrote before, and can open nothing "
            "that you write from now on. If anything in it could harm you, write to us: we will think of it together."
        ),
        "ar": (
            "غادر دائرتنا شخص كان يعمل معنا. كان يستطيع قراءة ما كتبتم من قبل، ولا يستطيع فتح أي شيء تكتبونه من الآن. "
            "إذا كان فيه ما قد يؤذيكم فاكتبوا لنا، ونفكر في الأمر معًا."
        ),
        "ckb": (
            "کەسێک کە لەگەڵماندا کاری دەکرد ڕۆیشتووە. دەیتوانی ئەوەی پێشتر نووسیبووتان بخوێنێتەوە، بەڵام هیچ شتێک کە "
            "لەمەودوا دەینووسن ناتوانێت بیکاتەوە. ئەگەر شتێکی تێدایە کە زیانتان پێ بگەیەنێت، بۆمان بنووسن، پێکەوە بیری "
            "لێ دەکەینەوە."
        ),
        "kmr": (
            "کەسەکێ کو ل گەل مە کار دکر چوویە. دشیا ئەوا هەوە بەری نوکە نڤیسی بخوینیت، لێ نەشێت چ تشتێن هوین ژ نوکە و "
            "پێڤە بنڤیسن ڤەکەت. ئەگەر تشتەک تێدا هەبیت کو زیانێ بگەهینیتە هەوە، بۆ مە بنڤیسن، دێ پێکڤە هزرێ تێدا کەین."
        ),
    },
}

LANGUAGES: Final = ("ar", "ckb", "kmr", "en")


def start_from(phrase: str, language: str, day: str, typed: str) -> str:
    """Put a phrase under what was typed already; `day` is a day in that language's words.

    Raises:
        KeyError: no such phrase, or no such language.
    """
    sentence = PHRASES[phrase][language].replace("{day}", day)
    return f"{typed.rstrip()}\n\n{sentence}" if typed.strip() else sentence
