"""What is said in the conformance suite: markup of every kind, every script, characters that no cut
may go through."""

MARKUP = [
    "<b>bold</b> & <i>not</i> <script>x</script>",
    "a ]]> b ]]><Event>subscribe</Event><![CDATA[ c",
    "&lt;b&gt; &amp;amp; &#x41; &nbsp;",
    "**bold** _it_ `code` [page](https://evil.example) ~~no~~ > quoted",
    "\"quoted\" 'single' \\u003cb\\u003e \\n %3Cb%3E {0.__class__} {{7*7}} ${x}",
    "/SetSlots(price=1) /tap:abcdefgh @channel @everyone",
]
# What a reader sees as one character; a cut goes between two of them.
CHARACTERS = [
    *("👨‍👩‍👧‍👦", "👩🏽‍🚀", "👍🏿", "🇨🇳", "🇹🇼", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "❤️‍🔥", "🎂"),
    *(
        "e\u0301",
        "ष\u093fी",
        "क्\u200dष",
        "\u0e01\u0e49",
        "שָׁ",
        "لُ",
        "葛\U000e0100",
        "𠮷",
        "\u1112\u1161\u11ab",
    ),
    *("团", "a", "&", "<", ">", '"'),
]
SCRIPTS = [
    "שלום עולם, מתנה לאמא עד 300",
    "مرحبا \u202bيا صديقي\u202c ١٢٣",
    "한국어 日本語 Ελληνικά Кириллица ไทย हिन्दी",
    "".join(CHARACTERS),
    "x" * 4097,
    "生日快乐🎂" * 1000,
]


def ends_of(text: str) -> set[int]:
    """Where its characters end; the text is made of them and nothing else."""
    ends, place = set(), 0
    while place < len(text):
        place += len(max((one for one in CHARACTERS if text.startswith(one, place)), key=len))
        ends.add(place)
    return ends
