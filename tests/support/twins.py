# SPDX-License-Identifier: Apache-2.0
"""Two nodes that are asked the same and must answer the same. What each makes by itself is told apart by its form: ids,
codes, tokens, keys and places in a list stand for one another from the moment when both have told theirs, and what is
sent to the first with its own goes to the second with those that stand there; moments may lie a little apart;
signatures have a size alone. All else is equal, octet by octet, or a Difference is raised.

    twins = Twins(first, second)
    answer = twins.call({"Cookie": …}, "GET", "/v1/me/grants")   # the answer of the first
"""
import base64
import calendar
import re
import time

from access_wire import Stream, octets_of

ID = r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}"
TOKEN = r"[a-z]{3}_[0-9a-z]{16}_[A-Za-z0-9_-]{43}"
CODE = r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}"
RANDOM = r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])"  # 256 bits: salts, halves of keys, their names
CHALLENGE = r'(?<="challenge":")[A-Za-z0-9_-]+'
HANDLE = r'(?<="user":{"id":")[A-Za-z0-9_-]+'  # a person's id in base64url
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC"
CURSOR = r"cursor=[A-Za-z0-9_%-]+"
SEALED = r'"(?:payload|protected|signature)":"[A-Za-z0-9_-]*"'
ADDRESS = r"127\.0\.0\.1:\d+"
REQUEST = r'"request_id":"[^"]*"'
PLACE = ID + r"\.[A-Za-z0-9_-]{16}"  # in a search
PIECES = [TOKEN, PLACE, ID, CODE, CHALLENGE, HANDLE, RANDOM, MOMENT, CURSOR, SEALED, REQUEST, ADDRESS]
PIECE = re.compile("(" + "|".join(PIECES) + ")")
NAME = re.compile(rb"[A-Za-z0-9_%-]{12,}")  # where such a piece may stand in what is sent
PICTURE = re.compile(r"<svg.*?</svg>", re.S)  # of a code
# How many calls are left hangs on the moment and on the thread that counts; of how many, stands beside it.
PASSING = ("date", "x-request-id", "content-length", "ratelimit")


class Difference(AssertionError):
    pass


def seconds_of(moment):
    words = moment.replace(" UTC", "").replace("T", " ").rstrip("Z")
    whole, _, part = words.partition(".")
    form = "%Y-%m-%d %H:%M:%S" if whole.count(":") == 2 else "%Y-%m-%d %H:%M"
    return calendar.timegm(time.strptime(whole, form)) + float("0." + (part or "0"))


def unsealed(words):
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4)).decode()


def fields_of(answer):
    lines = answer.head.decode("latin-1").split("\r\n")[1:]
    pairs = [line.split(": ", 1) for line in lines]
    return [f"{name}: {value}" for name, value in pairs if name.lower() not in PASSING]


def field(answer, name):
    found = re.search(rb"\r\n" + name.encode() + rb": ([^\r]*)", answer.head)
    return found.group(1).decode("latin-1") if found else None


class Twins:
    """`apart_seconds`: how far moments of one act may lie apart."""

    def __init__(self, first, second, apart_seconds):
        self.nodes, self.apart_seconds = (first, second), apart_seconds
        self.ours, self.theirs, self.lines, self.calls = {}, {}, [None, None], 0

    # ---- asking

    def translate(self, octets):
        return NAME.sub(lambda found: self.ours.get(found[0], found[0]), octets)

    def twin_of(self, words):
        return self.translate(words.encode()).decode()

    def line(self, i, address):
        if address is not None:
            return Stream(self.nodes[i], address)
        if self.lines[i] is None:
            self.lines[i] = Stream(self.nodes[i], "")
        return self.lines[i]

    def exchange(self, both, method, address):
        """Both are asked before either is heard."""
        lines = [self.line(i, address) for i in (0, 1)]
        for line, octets in zip(lines, both):
            line.socket.sendall(octets)
        answers = [line.answer(method) for line in lines]
        for i, (line, answer) in enumerate(zip(lines, answers)):
            if address is not None or field(answer, "Connection") == "close":
                line.socket.close()
                self.lines[i] = None if address is None else self.lines[i]
        return answers

    def call(self, fields, method, path, body=None, address=None):
        """`address`: where it comes from, with a connection of its own."""
        caller = type("Caller", (), {"fields": fields})
        octets = octets_of(caller, method, path, body)
        first, second = self.exchange((octets, self.translate(octets)), method, address)
        self.calls += 1
        try:
            self.compare(first, second)
        except Difference as difference:
            raise Difference(f"{difference}\n{octets!r}\n{first.head!r}\n{first.body[:3000]!r}\n{second.head!r}\n"
                             f"{second.body[:3000]!r}") from None
        return first

    def until(self, seconds, fields, path, status):
        """Waits for what comes in its own time on each; then it is compared."""
        octets = octets_of(type("Caller", (), {"fields": fields}), "GET", path)
        for i, mine in enumerate((octets, self.translate(octets))):
            end = time.monotonic() + seconds
            while True:
                line = self.line(i, None)
                line.socket.sendall(mine)
                if line.answer("GET").status == status:
                    break
                assert time.monotonic() < end, f"{path} does not become {status}"
                time.sleep(0.01)

    # ---- comparing

    def compare(self, first, second):
        if first.status != second.status:
            raise Difference(f"{first.status}, and {second.status}")
        ours, theirs = fields_of(first), fields_of(second)
        if len(ours) != len(theirs):
            raise Difference(f"{ours}, and {theirs}")
        for mine, other in zip(ours, theirs):
            self.compare_words(mine, other)
        if b"octet-stream" not in first.head:
            self.compare_words(first.body.decode("utf-8", "replace"), second.body.decode("utf-8", "replace"))

    def compare_words(self, first, second):
        ours, theirs = (PIECE.split(PICTURE.sub("", words)) for words in (first, second))
        for i, (mine, other) in enumerate(zip(ours, theirs)):
            if i % 2 == 1:
                self.compare_piece(mine, other)
            elif mine != other:
                raise Difference(f"{mine!r}, and {other!r}")
        if len(ours) != len(theirs):
            raise Difference(f"{len(ours)} pieces, and {len(theirs)}")

    def compare_piece(self, mine, other):
        if mine == other and mine.encode() not in self.ours:
            return
        if mine.startswith('"request_id"') and other.startswith('"request_id"'):
            return
        if mine[0] == '"' and other[0] == '"':
            self.compare_sealed(mine.split('"'), other.split('"'))
        elif mine.startswith("127.") and other.startswith("127."):
            if [mine, other] != [f"{node.host}:{node.port}" for node in self.nodes]:
                raise Difference(f"{mine}, and {other}")
        elif re.fullmatch(MOMENT, mine) and re.fullmatch(MOMENT, other):
            apart = abs(seconds_of(mine) - seconds_of(other))
            if apart > self.apart_seconds + (60 if mine.endswith("UTC") else 0):
                raise Difference(f"{apart} s apart: {mine}, and {other}")
        else:
            self.pair(mine.removeprefix("cursor="), other.removeprefix("cursor="))

    def compare_sealed(self, mine, other):
        (_, name, _, ours, _), (_, other_name, _, theirs, _) = mine, other
        if name != other_name:
            raise Difference(f"{name}, and {other_name}")
        if name == "signature":
            if len(ours) != len(theirs):
                raise Difference(f"signatures {ours}, and {theirs}")
        else:
            self.compare_words(unsealed(ours), unsealed(theirs))

    def pair(self, mine, other):
        """From now on one stands for the other."""
        alike = mine.partition("_")[0] == other.partition("_")[0] if re.fullmatch(f"{ID}|{TOKEN}", mine) else True
        mine, other = mine.encode(), other.encode()
        if not alike or len(mine) != len(other) or self.ours.setdefault(mine, other) != other \
                or self.theirs.setdefault(other, mine) != mine:
            raise Difference(f"{mine} with {self.ours.get(mine)}, and {other} with {self.theirs.get(other)}")

    def pair_words(self, first, second):
        """What the two have said elsewhere: on the command line, for example."""
        self.compare_words(first, second)
