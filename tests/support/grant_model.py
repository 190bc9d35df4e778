# SPDX-License-Identifier: Apache-2.0
"""What one person's permissions must do, told once as a sequence, for tests/support/linearizable.py: calls as a client
saw them, the state that they leave, and the plain rules beside it: no read follows a stop, and none is one too many.
Leaves who calls, and when, to the tests. A state is the relationship's word and the live grants, each with its terms;
kinds and departments are bits. Whoever stops or narrows a grant was told of it before he began. Which of several grants
a read counts against is the node's choice, which its answer tells."""
import collections
import itertools

from linearizable import first_unexplained

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
BEGIN = (ACTIVE, frozenset())
FOREVER = float("inf")
# Why a person's call can be refused, and a read.
REFUSALS = {"give": ("relationship.not_active",), "narrow": ("grant.not_active", "grant.wider"), "stop": (),
            "pause": ("relationship.not_active", "relationship.ended"),
            "resume": ("relationship.not_paused", "relationship.ended"), "end": ()}
READ_REFUSALS = {"relationship.paused": PAUSED, "relationship.ended": ENDED, "grant.none": ACTIVE,
                 "grant.withdrawn": ACTIVE, "grant.used_up": ACTIVE,
                 "grant.not_yet": ACTIVE}  # one that was given after the read had begun

# Of a grant. `uses`: how often it may be used, 0: as often as one likes; `used`: how often it was, where that counts.
Terms = collections.namedtuple("Terms", "purpose kinds departments uses used", defaults=(0, 0))


class Call:
    """One call and what came of it. `outcome` is "ok", "refused" (`reason`), or "unknown": nobody was told, and it may
    have its effect once until `ended`, or never."""

    def __init__(self, kind, begun, **facts):
        self.kind, self.begun, self.ended = kind, begun, FOREVER
        self.outcome, self.reason = "unknown", None
        self.grant = None   # which one: of give its answer
        self.purpose = 0
        self.kinds = 0      # given, narrowed to (0: they stay), asked for
        self.departments = 0 if kind == "narrow" else 1  # given to, narrowed to (0: they stay); a read: who asks
        self.uses = 0       # given, narrowed to (0: they stay)
        self.partial = False
        self.given = 0      # a read: the kinds that came
        self.grants = {}    # a read: those it was given under; a list: the live ones; with their terms
        self.repeat = None  # an earlier sending of that read, which was answered: see first_sendings()
        self.strangers = ()  # those of `grants` whose givers were not told: filled by check()
        self.counts = False  # a read that may use up a grant: filled by check()
        self.__dict__.update(facts)

    def end(self, ended, outcome, **facts):
        self.ended, self.outcome = ended, outcome
        self.__dict__.update(facts)
        return self

    @property
    def certain(self):
        return self.outcome != "unknown"

    @property
    def changes(self):
        return self.outcome != "refused" and (self.counts if self.kind == "read" else self.kind != "list")

    @property
    def terms(self):
        return Terms(self.purpose, self.kinds, self.departments, self.uses)

    def __repr__(self):
        facts = [self.kind, self.outcome, self.reason, self.grant, f"purpose {self.purpose}",
                 f"kinds {self.kinds:03b}" if self.kinds else None, f"departments {self.departments:02b}",
                 f"uses {self.uses}" if self.uses else None]
        if self.kind == "read":
            facts += ["partial" if self.partial else None, f"got {self.given:03b}"]
        facts += [f"{name} {terms and tuple(terms)}" for name, terms in self.grants.items()]
        return f"[{self.begun:.4f} to {self.ended:.4f} {' '.join(fact for fact in facts if fact)}]"


# ---- the model: reads

def speaking(state, call):
    """The live grants that permit something of what is asked."""
    relation, live = state
    return [(name, terms) for name, terms in live if terms.purpose == call.purpose and
            terms.departments & call.departments and terms.kinds & call.kinds] if relation == ACTIVE else []


def permitted(grants):
    kinds = 0
    for _, terms in grants:
        kinds |= terms.kinds
    return kinds


def choices(grants, kinds):
    """Sets of grants under which these kinds may be read, each of which serves for one kind at least."""
    ways = [[grant for grant in grants if grant[1].kinds & 1 << bit]
            for bit in range(kinds.bit_length()) if kinds & 1 << bit]
    return {frozenset(way) for way in itertools.product(*ways)}


def renew(live, name, before, after):
    """With other terms; a grant that is used up is live no more."""
    is_over = after.uses and after.used >= after.uses
    return live - {(name, before)} | (frozenset() if is_over else {(name, after)})


def use(state, grants):
    relation, live = state
    for name, terms in grants:
        if terms.uses:
            live = renew(live, name, terms, terms._replace(used=terms.used + 1))
    return relation, live


def is_told(call, grants):
    """Whether the answer names these grants. One whose giver was not told its id stands for any unknown one."""
    known = {name for name, _ in grants if not isinstance(name, Call)}
    return known == set(call.grants).difference(call.strangers) and len(grants) == len(call.grants)


def read(state, call):
    """The states behind a read."""
    grants = speaking(state, call)
    may = permitted(grants) & call.kinds
    passes = may == call.kinds or (call.partial and may != 0)
    if call.outcome == "refused":
        return () if passes or READ_REFUSALS.get(call.reason) != state[0] else (state,)
    if not passes or (call.certain and call.given != may):
        return ()
    return {use(state, chosen) for chosen in choices(grants, may) if not call.certain or is_told(call, chosen)}


# ---- the model: what the person does

def list_agrees(state, call):
    """Each live grant is listed with its terms. One whose giver was not told its id stands for any unknown one."""
    known = {name: terms for name, terms in state[1] if not isinstance(name, Call)}
    told = {name: terms for name, terms in call.grants.items() if name not in call.strangers}
    unheard = [terms for name, terms in state[1] if isinstance(name, Call)]
    return known == told and sorted(call.grants[name] for name in call.strangers) == sorted(unheard)


def is_wider(call, terms):
    return (call.kinds & ~terms.kinds or call.departments & ~terms.departments or
            (terms.uses and call.uses > terms.uses))


def refusal_agrees(state, call):
    relation, live = state
    terms = dict(live).get(call.grant)
    return {
        ("give", "relationship.not_active"): relation != ACTIVE,
        ("narrow", "grant.not_active"): terms is None,
        ("narrow", "grant.wider"): terms is not None and is_wider(call, terms),
        ("pause", "relationship.not_active"): relation == PAUSED,
        ("pause", "relationship.ended"): relation == ENDED,
        ("resume", "relationship.not_paused"): relation == ACTIVE,
        ("resume", "relationship.ended"): relation == ENDED,
    }.get((call.kind, call.reason), False)


def narrowed(terms, call):
    return terms._replace(kinds=call.kinds or terms.kinds, departments=call.departments or terms.departments,
                          uses=call.uses or terms.uses)


def change(state, call):
    """The state behind a change, or None when it cannot happen there."""
    relation, live = state
    if call.kind == "give":
        name = call.grant or call
        fresh = relation == ACTIVE and name not in dict(live)
        return (relation, live | {(name, call.terms)}) if fresh else None
    if call.kind in ("narrow", "stop"):
        terms = dict(live).get(call.grant)
        if call.kind == "stop":  # of what is stopped already: succeeds, changes nothing
            return relation, live - {(call.grant, terms)}
        possible = terms is not None and not is_wider(call, terms)
        return (relation, renew(live, call.grant, terms, narrowed(terms, call))) if possible else None
    if call.kind == "end":
        return ENDED, frozenset()
    source, target = (ACTIVE, PAUSED) if call.kind == "pause" else (PAUSED, ACTIVE)
    return (target, live) if relation == source else None


def step(state, call):
    if call.kind == "read":
        return read(state, call)
    if call.changes:
        after = change(state, call)
        return () if after is None else (after,)
    agrees = list_agrees if call.kind == "list" else refusal_agrees
    return (state,) if agrees(state, call) else ()


# ---- judging

def overlap(one, other):
    return one.begun < other.ended and other.begun < one.ended


def first_sendings(calls):
    """Without the earlier sendings of reads that cannot have been reads of their own: an answer is kept under its key
    and counts once, unless what it was given under was stopped before it was asked for again."""
    halts = [call for call in calls if call.kind in ("stop", "narrow", "pause", "end") and may_have_happened(call)]
    return [call for call in calls if call.repeat is None or any(overlap(halt, call.repeat) for halt in halts)]


def might_serve(give, call):
    return give.begun < call.ended and give.purpose == call.purpose and give.departments & call.departments and \
        give.kinds & call.kinds


def prepare(calls):
    """Fills what a call cannot know alone."""
    told = {call.grant for call in calls if call.kind == "give" and call.outcome == "ok"}
    counting = {call.grant for call in calls if call.uses and call.kind in ("give", "narrow")}
    gives = [call for call in calls if call.kind == "give" and may_have_happened(call) and call.grant in counting]
    stops = {call.grant: call.ended for call in calls if call.kind == "stop" and call.outcome == "ok"}
    for call in calls:
        call.strangers = [grant for grant in call.grants if grant not in told]
        call.counts = not counting.isdisjoint(call.grants) if call.certain else \
            any(might_serve(give, call) and stops.get(give.grant, FOREVER) > call.begun for give in gives)
        call.counts = call.counts or (None in counting and call.strangers != [])


def check(calls):
    """The first call that no sequence explains, or None: linearizable.first_unexplained()."""
    calls = first_sendings(calls)
    prepare(calls)
    return first_unexplained(calls, BEGIN, step)


# ---- the plain rules

def may_have_happened(call):
    return call.outcome != "refused"


def takes_away(call, read, kind):
    """Whether nothing of the kind is left of a grant for who reads, once the call has had its effect."""
    return call.kind == "stop" or (call.kind == "narrow" and (
        (call.kinds and not call.kinds & kind) or (call.departments and not call.departments & read.departments)))


def is_stopped_before(read, calls, give, kind):
    """Whether the grant that `give` made was told to permit the kind no more, before the read began."""
    return any(call.outcome == "ok" and call.grant == give.grant is not None and call.ended < read.begun and
               takes_away(call, read, kind) for call in calls)


def is_halted(read, calls):
    """Whether the relationship was told to be over, or paused with nobody who could have resumed it."""
    for halt in calls:
        if halt.kind not in ("pause", "end") or halt.outcome != "ok" or halt.ended >= read.begun:
            continue
        if halt.kind == "end" or not any(call.kind == "resume" and may_have_happened(call) and
                                         call.ended > halt.begun and call.begun < read.ended for call in calls):
            return True
    return False


def reads_behind_stops(calls):
    """Reads that began behind an acknowledged stop and were permitted, though nothing that would permit them again had
    been begun."""
    bad = []
    changes = [call for call in calls if call.kind not in ("read", "list") and may_have_happened(call)]
    for read in calls:
        if read.kind != "read" or read.outcome != "ok":
            continue
        gives = [call for call in changes if call.kind == "give" and call.begun < read.ended and
                 call.purpose == read.purpose and call.departments & read.departments]
        for bit in range(read.given.bit_length()):
            kind = read.given & 1 << bit
            open_gives = [give for give in gives if give.kinds & kind and
                          not is_stopped_before(read, changes, give, kind)]
            if kind and (not open_gives or is_halted(read, changes)):
                bad.append(read)
                break
    return bad


def reads_beyond_uses(calls):
    """Reads that were permitted under a grant more often than it was told to permit at most."""
    bad = []
    for limit in calls:
        if limit.kind not in ("give", "narrow") or limit.outcome != "ok" or not limit.uses:
            continue
        since = limit.begun if limit.kind == "give" else limit.ended
        under = [call for call in calls if call.kind == "read" and call.outcome == "ok" and
                 limit.grant in call.grants and call.begun >= since]
        bad += sorted(under, key=lambda call: call.ended)[limit.uses:]
    return bad
