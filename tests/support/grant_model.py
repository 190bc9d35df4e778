# SPDX-License-Identifier: Apache-2.0
"""What one person's permissions for one purpose must do, told once as a sequence, for tests/support/linearizable.py:
calls as a client saw them, the state that they leave, and the plain rule beside it that no read follows a stop. Leaves
who calls, and when, to the tests. A state is the relationship's word and the live grants, each with its kinds; kinds
are bits. Whoever stops or narrows a grant was told of it before he began."""
from linearizable import first_unexplained

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
BEGIN = (ACTIVE, frozenset())
FOREVER = float("inf")
# Why a person's call can be refused, and a read.
REFUSALS = {"give": ("relationship.not_active",), "narrow": ("grant.not_active", "grant.wider"), "stop": (),
            "pause": ("relationship.not_active", "relationship.ended"),
            "resume": ("relationship.not_paused", "relationship.ended"), "end": ()}
READ_REFUSALS = {"relationship.paused": PAUSED, "relationship.ended": ENDED, "grant.none": ACTIVE,
                 "grant.withdrawn": ACTIVE}


class Call:
    """One call and what came of it. `outcome` is "ok", "refused" (`reason`), or "unknown": nobody was told, and it may
    have its effect once until `ended`, or never."""

    def __init__(self, kind, begun, **facts):
        self.kind, self.begun, self.ended = kind, begun, FOREVER
        self.outcome, self.reason = "unknown", None
        self.grant = None   # which one: of give its answer
        self.kinds = 0      # given, narrowed to, asked for
        self.partial = False
        self.given = 0      # a read: the kinds that came
        self.grants = {}    # a read: those it was given under; a list: the live ones; with their kinds
        self.strangers = ()  # those of `grants` whose givers were not told: filled by check()
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
        return self.kind not in ("read", "list") and self.outcome != "refused"

    def __repr__(self):
        facts = [self.kind, self.outcome, self.reason, self.grant, f"kinds {self.kinds:03b}" if self.kinds else None]
        if self.kind == "read":
            facts += ["partial" if self.partial else None, f"got {self.given:03b}"]
        if self.grants:
            facts.append(" ".join(self.grants))
        return f"[{self.begun:.4f} to {self.ended:.4f} {' '.join(fact for fact in facts if fact)}]"


# ---- the model

def permitted(state):
    relation, live = state
    kinds = 0
    for _, each in live:
        kinds |= each
    return kinds if relation == ACTIVE else 0


def unheard(state):
    """The kinds of each live grant whose giver was not told its id."""
    return [kinds for name, kinds in state[1] if isinstance(name, Call)]


def read_agrees(state, call):
    may = permitted(state) & call.kinds
    if call.outcome == "refused":
        word = READ_REFUSALS.get(call.reason)
        return word == state[0] and (may == 0 if call.partial else may != call.kinds)
    missing = [grant for grant in call.grants if grant not in dict(state[1])]
    return call.given != 0 and call.given == may and (call.partial or may == call.kinds) and \
        set(missing) <= set(call.strangers) and len(missing) <= len(unheard(state))


def list_agrees(state, call):
    """Each live grant is listed with its kinds. One whose giver was not told its id stands for any unknown one."""
    known = {name: kinds for name, kinds in state[1] if not isinstance(name, Call)}
    told = {name: kinds for name, kinds in call.grants.items() if name not in call.strangers}
    return known == told and sorted(call.grants[name] for name in call.strangers) == sorted(unheard(state))


def refusal_agrees(state, call):
    relation, live = state
    kinds = dict(live).get(call.grant)
    return {
        ("give", "relationship.not_active"): relation != ACTIVE,
        ("narrow", "grant.not_active"): kinds is None,
        ("narrow", "grant.wider"): kinds is not None and call.kinds & ~kinds != 0,
        ("pause", "relationship.not_active"): relation == PAUSED,
        ("pause", "relationship.ended"): relation == ENDED,
        ("resume", "relationship.not_paused"): relation == ACTIVE,
        ("resume", "relationship.ended"): relation == ENDED,
    }.get((call.kind, call.reason), False)


def change(state, call):
    """The state behind a change, or None when it cannot happen there."""
    relation, live = state
    kinds = dict(live).get(call.grant)
    if call.kind == "give":
        name = call.grant or call
        fresh = relation == ACTIVE and name not in dict(live)
        return (relation, live | {(name, call.kinds)}) if fresh else None
    if call.kind == "narrow":
        possible = kinds is not None and call.kinds & ~kinds == 0
        return (relation, live - {(call.grant, kinds)} | {(call.grant, call.kinds)}) if possible else None
    if call.kind == "stop":  # of what is stopped already: succeeds, changes nothing
        return relation, live - {(call.grant, kinds)}
    if call.kind == "end":
        return ENDED, frozenset()
    source, target = (ACTIVE, PAUSED) if call.kind == "pause" else (PAUSED, ACTIVE)
    return (target, live) if relation == source else None


def step(state, call):
    if call.changes:
        after = change(state, call)
        return () if after is None else (after,)
    agrees = {"read": read_agrees, "list": list_agrees}.get(call.kind, refusal_agrees)
    return (state,) if agrees(state, call) else ()


def check(calls):
    """The first call that no sequence explains, or None: linearizable.first_unexplained()."""
    told = {call.grant for call in calls if call.kind == "give" and call.outcome == "ok"}
    for call in calls:
        call.strangers = [grant for grant in call.grants if grant not in told]
    return first_unexplained(calls, BEGIN, step)


# ---- the plain rule

def may_have_happened(call):
    return call.outcome != "refused"


def is_stopped_before(read, calls, give, kind):
    """Whether the grant that `give` made was told to permit the kind no more, before the read began."""
    return any(call.kind in ("stop", "narrow") and call.outcome == "ok" and call.grant == give.grant is not None
               and (call.kind == "stop" or not call.kinds & kind) and call.ended < read.begun for call in calls)


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
    changes = [call for call in calls if call.changes]
    for read in calls:
        if read.kind != "read" or read.outcome != "ok":
            continue
        gives = [call for call in changes if call.kind == "give" and call.begun < read.ended]
        for bit in range(read.given.bit_length()):
            kind = read.given & 1 << bit
            open_gives = [give for give in gives if give.kinds & kind and
                          not is_stopped_before(read, changes, give, kind)]
            if kind and (not open_gives or is_halted(read, changes)):
                bad.append(read)
                break
    return bad
