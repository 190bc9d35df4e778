# SPDX-License-Identifier: Apache-2.0
"""What somebody remembers of his requests who will look, after a kill, for what became of them."""
import dataclasses


class Act:
    """One request under its key; `answer` is None as long as nobody knows."""

    def __init__(self, kind, key, call, done):
        self.kind, self.key, self.call, self.done = kind, key, call, done
        self.answer, self.sent_at, self.told_at = None, None, None
        self.is_open = False  # sent once more it may be answered otherwise


@dataclasses.dataclass
class Rows:
    """What the reads under one mark have left: a row for each that was given; one for each that was refused, or it is
    counted behind the last row of its day (and certainly, if it was decided anew when it was sent again: `counted`);
    and perhaps what was done before an answer was lost (`unheard`; of his own he knows that there is no second row)."""
    given: int = 0
    refused: int = 0
    unknown: int = 0
    unheard: int = 0
    counted: int = 0

    def add(self, answer):
        if answer.status == 200:
            self.given += 1
        else:
            self.refused += 1

    @property
    def told(self):
        return self.given + self.refused


def without_id(answer):
    return {name: value for name, value in answer.json.items() if name not in ("id", "request_id", "disclosure")}
