"""Values in a sentence: dates, money, counts, people, occasions, interests, exclusions.

Own rules over the word lists; money, dates and ages go before plain counts, and no two values
share a letter.
"""

from dialogs.understanding.values.extract import extract
from dialogs.understanding.values.reading import Setting

__all__ = ["Setting", "extract"]
