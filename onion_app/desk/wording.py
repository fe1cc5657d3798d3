"""The fixed pages of the desk: one sentence each, in both languages, made without knowing who asks."""

from typing import Final

_BACK: Final = ("First page", "الصفحة الأولى")


def _page(en: tuple[str, str], ar: tuple[str, str]) -> dict[str, tuple[str, str, str]]:
    return {"en": (*en, _BACK[0]), "ar": (*ar, _BACK[1])}


FIXED: Final = {
    400: _page(
        (
            "This was not done.",
            "The form was incomplete, or it did not come from a page of the desk. Go back and try again.",
        ),
        ("لم يُنفَّذ هذا.", "كانت الاستمارة ناقصة، أو لم تأتِ من صفحة من صفحات المكتب. يمكن الرجوع والمحاولة من جديد."),
    ),
    404: _page(
        (
            "There is nothing here.",
            "It never existed, it was erased, or it belongs to another circle. The desk does not say which.",
        ),
        ("لا شيء هنا.", "إما أنه لم يوجد قط، أو مُحي، أو يخص دائرة أخرى. لا يقول المكتب أيَّ ذلك."),
    ),
    405: _page(
        ("This address shows no page.", "It only takes what a form sends. Begin again on the first page."),
        ("لا صفحة تحت هذا العنوان.", "هو لاستقبال ما ترسله الاستمارات فقط. يمكن البدء من جديد من الصفحة الأولى."),
    ),
    413: _page(
        (
            "It was too long to keep.",
            "Nothing was sent. Go back, copy what you wrote, and send it in parts of 12,000 letters.",
        ),
        ("كان النص أطول من أن يُحفظ.", "لم يُرسَل شيء. يمكن الرجوع ونسخ ما كُتب وإرساله على أجزاء من ١٢٬٠٠٠ حرف."),
    ),
    421: _page(
        ("This is not the address of the desk.", "Open the address that the launcher shows, letter by letter."),
        ("هذا ليس عنوان المكتب.", "يُفتح المكتب بالعنوان الذي يعرضه برنامج التشغيل، حرفًا حرفًا."),
    ),
    500: _page(
        (
            "Something went wrong.",
            "It is not your fault. Go back: what you wrote is still in its box. If it comes again, tell the operator.",
        ),
        ("حدث خلل.", "ليس الخطأ منكم. يمكن الرجوع: ما كُتب ما زال في خانته. إذا تكرر ذلك فأخبروا المشغّل."),
    ),
}
