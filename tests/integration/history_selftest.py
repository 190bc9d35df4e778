# SPDX-License-Identifier: Apache-2.0
"""Goal: the judges of histories (tests/support/linearizable.py and grant_model.py) see what they must, without any
server. Method: histories made by hand, good ones and bad ones side by side; then thousands of small random histories,
some with one answer changed, beside a judge that tries every order there is. SEED= and CASES= of the environment.
Positive control: among the changed ones many must be found bad, and a judge that forgets the order of time must differ
from ours."""
import itertools
import os
import random

import steps
from grant_model import (BEGIN, FOREVER, Call, Terms, check, choices, permitted, reads_behind_stops,
                         reads_beyond_uses, speaking, step, use)
from stress import seed_of_run

CASES = int(os.environ.get("CASES", 4000))


def told(kind, begun, ended, **facts):
    outcome = "refused" if "reason" in facts else "ok"
    return Call(kind, begun, **facts).end(ended, outcome)


def give(begun, ended, grant="g", kinds=1, **more):
    return told("give", begun, ended, grant=grant, kinds=kinds, **more)


def read(begun, ended, given=1, kinds=1, grant="g", reason="grant.none", **more):
    if given:
        return told("read", begun, ended, kinds=kinds, given=given, grants=dict.fromkeys(grant.split()), **more)
    return told("read", begun, ended, kinds=kinds, reason=reason, **more)


def listed(begun, ended, **grants):
    return told("list", begun, ended, grants={name: Terms(*terms) for name, terms in grants.items()})


def stop(begun, ended, grant="g"):
    return told("stop", begun, ended, grant=grant)


def unknown(kind, begun, ended=FOREVER, **facts):
    return Call(kind, begun, ended=ended, **facts)


def plainly_bad(calls):
    return reads_behind_stops(calls) + reads_beyond_uses(calls)


def good(*calls):
    assert check(calls) is None, check(calls)
    assert plainly_bad(calls) == []


def bad(*calls, plainly=False):
    assert check(calls) is not None, "no judge saw it"
    assert bool(plainly_bad(calls)) == plainly, plainly_bad(calls)


# ---- by hand

def a_read_follows_no_stop():
    good(give(0, 1), read(2, 3), stop(4, 5), read(6, 7, 0))
    bad(give(0, 1), stop(4, 5), read(6, 7), plainly=True)
    bad(give(0, 1), told("end", 4, 5), read(6, 7), plainly=True)
    bad(give(0, 1), told("pause", 4, 5), read(6, 7), plainly=True)


def a_read_beside_a_stop_may_go_either_way():
    good(give(0, 1), stop(4, 6), read(5, 7))
    good(give(0, 1), stop(4, 6), read(5, 7, 0))
    good(give(0, 1), told("pause", 4, 6), read(5, 7))


def two_reads_see_a_narrowing_in_one_order():
    def narrowing():
        return give(0, 1, kinds=3), told("narrow", 2, 9, grant="g", kinds=1)
    good(*narrowing(), read(3, 4, 3, kinds=3, partial=True), read(5, 6, 1, kinds=3, partial=True))
    bad(*narrowing(), read(3, 4, 1, kinds=3, partial=True), read(5, 6, 3, kinds=3, partial=True))


def a_narrowed_kind_is_not_read():
    narrow = told("narrow", 2, 3, grant="g", kinds=1)
    good(give(0, 1, kinds=3), narrow, read(4, 5, 1, kinds=1))
    bad(give(0, 1, kinds=3), narrow, read(4, 5, 3, kinds=3), plainly=True)
    bad(give(0, 1, kinds=3), narrow, read(4, 5, 2, kinds=3, partial=True), plainly=True)


def an_acknowledged_give_is_there():
    bad(give(0, 1), read(2, 3, 0))
    bad(give(0, 1), listed(2, 3))
    bad(give(0, 1), told("narrow", 2, 3, grant="g", kinds=1, reason="grant.not_active"))
    good(give(0, 1), listed(2, 3, g=(0, 1, 1)))


def an_unknown_give_happens_later_or_never():
    good(unknown("give", 0, kinds=1), read(1, 2, 0), read(3, 4, grant="x"))
    good(unknown("give", 0, kinds=1), read(1, 2, 0), read(3, 4, 0))
    good(unknown("give", 0, kinds=1), listed(1, 2, x=(0, 1, 1)))
    bad(unknown("give", 0, kinds=1), read(1, 2, grant="x"), read(3, 4, 0))
    bad(unknown("give", 0, kinds=2), read(1, 2, grant="x"), plainly=True)


def an_unknown_call_has_no_effect_after_its_server_died():
    good(unknown("give", 0, 5, kinds=1), read(6, 7, grant="x"))
    good(give(0, 1), unknown("stop", 2, 5, grant="g"), read(3, 4), read(6, 7, 0), read(8, 9, 0))
    bad(unknown("give", 0, 5, kinds=1), read(6, 7, 0), read(8, 9, grant="x"))
    bad(give(0, 1), unknown("stop", 2, 5, grant="g"), read(6, 7), read(8, 9, 0))


def an_unknown_call_happens_once():
    bad(unknown("give", 0, kinds=1), listed(1, 2, x=(0, 1, 1), y=(0, 1, 1)))
    paused = told("read", 5, 6, kinds=1, reason="relationship.paused")
    resumed_once = told("pause", 0, 1), unknown("resume", 2), told("pause", 3, 4)
    good(*resumed_once, paused)
    bad(*resumed_once, give(5, 6), paused, give(7, 8))
    bad(give(0, 1), *resumed_once, read(5, 6), paused, read(7, 8))


def a_repeated_call_is_one_call():
    """Sent, lost, sent again and answered: from the first sending to the answer it happened once."""
    good(give(0, 9), read(2, 3, 0), read(4, 5))
    bad(give(0, 9), read(2, 3), read(4, 5, 0))


def other_grants_go_on():
    good(give(0, 1), give(2, 3, "h", 3), stop(4, 5), read(6, 7, 3, kinds=3, grant="h"))
    bad(give(0, 1), give(2, 3, "h", 3), stop(4, 5), read(6, 7, 1, kinds=1, grant="g"))
    bad(give(0, 1), give(2, 6, "h"), stop(7, 8), read(5, 9, 0))


def a_pause_is_obeyed_and_taken_back():
    paused = told("read", 4, 5, kinds=1, reason="relationship.paused")
    good(give(0, 1), told("pause", 2, 3), paused, told("resume", 6, 7), read(8, 9))
    bad(give(0, 1), told("pause", 2, 3), told("resume", 6, 7), read(8, 9, 0))
    bad(give(0, 1), paused)
    bad(give(0, 1), told("pause", 2, 3), read(4, 5), told("resume", 6, 7), plainly=True)


def refusals_of_changes_are_true():
    bad(told("give", 0, 1, kinds=1, reason="relationship.not_active"))
    bad(told("resume", 0, 1, reason="relationship.ended"))
    bad(give(0, 1), told("narrow", 2, 3, grant="g", kinds=1, reason="grant.wider"))
    good(give(0, 1), told("narrow", 2, 3, grant="g", kinds=3, reason="grant.wider"))
    good(told("end", 0, 1), told("give", 2, 3, kinds=1, reason="relationship.not_active"),
         told("pause", 2, 3, reason="relationship.ended"))


def a_counted_grant_is_read_so_often_and_no_more():
    twice = give(0, 1, uses=2), read(2, 3), read(4, 5)
    good(*twice, read(6, 7, 0, reason="grant.used_up"), listed(8, 9))
    bad(*twice, read(6, 7), plainly=True)
    bad(*twice[:2], read(6, 7, 0, reason="grant.used_up"))
    bad(give(0, 1, uses=1), read(2, 9), read(3, 8), plainly=True)
    good(give(0, 1, uses=1), read(2, 9), read(3, 8, 0, reason="grant.used_up"))


def a_list_tells_how_often():
    good(give(0, 1, uses=3), read(2, 3), listed(4, 5, g=(0, 1, 1, 3, 1)))
    bad(give(0, 1, uses=3), read(2, 3), listed(4, 5, g=(0, 1, 1, 3, 0)))
    bad(give(0, 1, uses=3), read(2, 3), listed(4, 5, g=(0, 1, 1, 3, 2)))
    good(give(0, 1, uses=3), read(2, 9), listed(4, 5, g=(0, 1, 1, 3, 0)), listed(6, 7, g=(0, 1, 1, 3, 1)))
    bad(give(0, 1, uses=3), read(2, 9), listed(4, 5, g=(0, 1, 1, 3, 1)), listed(6, 7, g=(0, 1, 1, 3, 0)))


def an_unknown_read_counts_once_or_not_at_all():
    lost = give(0, 1, uses=2), unknown("read", 2, 5, kinds=1), read(6, 7)
    good(*lost, read(8, 9))
    good(*lost, read(8, 9, 0, reason="grant.used_up"))
    bad(*lost, read(8, 9), read(10, 11), plainly=True)
    bad(give(0, 1, uses=3), *lost[1:], read(8, 9, 0, reason="grant.used_up"))
    bad(*lost[:2], listed(6, 7, g=(0, 1, 1, 2, 0)), listed(8, 9, g=(0, 1, 1, 2, 1)))


def a_repeated_read_counts_once_unless_it_was_stopped():
    def again(*others):
        main = read(2, 9, grant="h" if others else "g")
        return give(0, 1, uses=2), *others, main, unknown("read", 2, 8, kinds=1, repeat=main)
    good(*again(), listed(10, 11, g=(0, 1, 1, 2, 1)))
    bad(*again(), read(10, 11, 0, reason="grant.used_up"))
    over = give(0.2, 1, "h", uses=2), stop(3, 4)
    good(*again(*over), read(10, 11, grant="h"))
    good(*again(*over), read(10, 11, 0, reason="grant.used_up"))
    bad(*again(*over), read(10, 11, grant="h"), read(12, 13, grant="h"), plainly=True)


def uses_are_narrowed():
    def narrow(uses, **more):
        return told("narrow", 4, 5, grant="g", uses=uses, **more)
    good(give(0, 1), read(2, 3), narrow(1), read(6, 7), read(8, 9, 0, reason="grant.used_up"))
    bad(give(0, 1), read(2, 3), narrow(1), read(6, 7), read(8, 9), plainly=True)
    good(give(0, 1, uses=3), read(2, 3), narrow(1), read(6, 7, 0, reason="grant.used_up"))
    bad(give(0, 1, uses=3), read(2, 3), narrow(1), read(6, 7))
    good(give(0, 1, uses=3), narrow(4, reason="grant.wider"))
    bad(give(0, 1, uses=3), narrow(4))


def departments_and_purposes_are_apart():
    for fact, own, other in (("departments", 1, 2), ("purpose", 0, 1)):
        def asks(begun, given, who, fact=fact):
            return read(begun, begun + 1, given, **{fact: who})
        given = give(0, 1, **{fact: own})
        good(given, asks(2, 1, own), asks(4, 0, other))
        bad(given, asks(2, 1, other), plainly=True)
        bad(given, asks(2, 0, own))
        beside = give(2, 3, "h", **{fact: other}), stop(4, 5)
        good(given, *beside, asks(6, 0, own), read(8, 9, grant="h", **{fact: other}))
        bad(given, *beside, asks(6, 1, own), plainly=True)
    both = give(0, 1, departments=3)
    taken = told("narrow", 2, 3, grant="g", departments=2)
    good(both, taken, read(4, 5, departments=2), read(4, 5, 0))
    bad(both, taken, read(4, 5), plainly=True)


def an_end_stops_everything():
    two = give(0, 1, departments=3), give(2, 3, "h", purpose=1, uses=5), told("end", 4, 5)
    over = {"reason": "relationship.ended"}
    good(*two, read(6, 7, 0, **over), read(6, 7, 0, purpose=1, **over), read(6, 7, 0, departments=2, **over))
    bad(*two, read(6, 7, 0, **over), read(8, 9, purpose=1, grant="h"), plainly=True)
    bad(*two, read(6, 7, 0, **over), read(8, 9, departments=2), plainly=True)
    bad(*two, listed(6, 7, h=(1, 1, 1, 5, 0)))


def a_read_may_rest_on_several_grants():
    two = give(0, 1, kinds=1, uses=1), give(2, 3, "h", kinds=3, uses=2)
    good(*two, read(4, 5, 3, kinds=3, grant="g h"), listed(6, 7, h=(0, 3, 1, 2, 1)))
    good(*two, read(4, 5, 3, kinds=3, grant="h"), listed(6, 7, g=(0, 1, 1, 1, 0), h=(0, 3, 1, 2, 1)))
    bad(*two, read(4, 5, 3, kinds=3, grant="g"))
    bad(*two, read(4, 5, 3, kinds=3, grant="g h"), listed(6, 7, g=(0, 1, 1, 1, 0), h=(0, 3, 1, 2, 1)))


# ---- beside every order there is

def comes_before(a, b):
    return a.ended < b.begun


def can_be_told(calls, before=comes_before):
    """By trying: which of the uncertain calls happened, and in which order all of them did."""
    sure = [call for call in calls if call.certain]
    maybe = [call for call in calls if not call.certain]
    for count in range(len(maybe) + 1):
        for chosen in itertools.combinations(maybe, count):
            for order in itertools.permutations(sure + list(chosen)):
                if any(before(b, a) for a, b in itertools.combinations(order, 2)):
                    continue
                states = {BEGIN}
                for call in order:
                    states = {after for state in states for after in step(state, call)}
                if states:
                    return True
    return False


def read_truly(state, call, chance):
    grants = speaking(state, call)
    may = permitted(grants) & call.kinds
    if may == call.kinds or (call.partial and may):
        chosen = chance.choice(sorted(choices(grants, may), key=sorted))
        call.outcome, call.given, call.grants = "ok", may, dict(chosen)
        return use(state, chosen)
    call.outcome = "refused"
    call.reason = "grant.none" if state[0] == "active" else "relationship." + state[0]
    return state


def answer_truly(state, call, chance):
    """Gives the call the answer that it gets in this state, and the state that it leaves."""
    relation, live = state
    live = dict(live)
    if call.kind == "read":
        return read_truly(state, call, chance)
    call.outcome = "ok"
    if call.kind == "list":
        call.grants = live
        return state
    after = step(state, call)
    if after:
        return after[0]
    call.outcome = "refused"
    call.reason = {"give": "relationship.not_active", "narrow": "grant.not_active", "pause": "relationship.not_active",
                   "resume": "relationship.not_paused"}[call.kind]
    if call.kind == "narrow" and call.grant in live:
        call.reason = "grant.wider"
    elif call.kind in ("pause", "resume") and relation == "ended":
        call.reason = "relationship.ended"
    return state


def random_call(chance, kind, moment):
    call = Call(kind, moment - chance.random() * 3, kinds=chance.randrange(1, 4), partial=chance.random() < 0.5,
                purpose=chance.randrange(4) // 3, uses=chance.choice((0, 0, 1, 2)))
    call.departments = chance.randrange(1, 3 if kind == "read" else 4)
    if kind == "narrow":
        call.purpose = 0
    return call


def random_history(chance, size):
    """Calls that took effect at one moment each, in a made-up state; some were not heard of. Nobody stops what he was
    not told of."""
    state, calls, gives = BEGIN, [], []
    for moment in range(size):
        kind = chance.choice(("give", "give", "stop", "narrow", "pause", "resume", "end", "read", "read", "list"))
        known = [give for give in gives if give.ended < moment]
        if kind in ("stop", "narrow") and not known:
            continue
        call = random_call(chance, kind, moment)
        if kind == "give":
            call.grant = f"g{moment}"
        elif known:
            give = chance.choice(known)
            call.grant, call.begun = give.grant, max(call.begun, (give.ended + moment) / 2)
        call.ended = moment + chance.random() * 3
        state = answer_truly(state, call, chance)
        if call.outcome == "ok" and call.kind != "list" and chance.random() < 0.25:
            call.outcome, call.ended = "unknown", chance.choice((call.ended, FOREVER))
            call.grant = None if kind == "give" else call.grant
            call.given, call.grants = 0, {}
        elif call.outcome == "ok" and kind == "give":
            gives.append(call)
        calls.append(call)
    return calls


def change_an_answer(chance, calls):
    call = chance.choice(calls)
    if call.kind == "read" and call.outcome == "ok":
        call.given ^= chance.randrange(1, 4)
    elif call.kind == "read":
        call.outcome, call.given = "ok", call.kinds
        call.grants = {other.grant: None for other in calls if other.kind == "give" and other.outcome == "ok"}
    elif call.kind == "list" and call.grants and chance.random() < 0.5:
        name, terms = chance.choice(list(call.grants.items()))
        call.grants = {**call.grants, name: terms._replace(used=terms.used ^ 1)}
    elif call.kind == "list" and call.grants:
        call.grants = dict(list(call.grants.items())[1:])
    elif call.kind != "give":
        call.begun, call.ended = call.begun + 4, call.ended + 4
    return calls


def random_histories_are_judged_as_by_trying_every_order():
    seed = seed_of_run()
    chance = random.Random(seed)
    found_bad = differ = 0
    for case in range(CASES):
        calls = random_history(chance, chance.randrange(2, 7))
        assert check(calls) is None, (seed, case, calls)
        if calls and case % 2:
            change_an_answer(chance, calls)
        explained = check(calls) is None
        assert explained == can_be_told(calls), (seed, case, explained, calls)
        found_bad += not explained
        differ += explained != can_be_told(calls, before=lambda a, b: False)
    print(f"{CASES} histories, {found_bad} bad, {differ} of them good but for the order of time")
    assert found_bad > CASES / 20 and differ > CASES / 100, "the changes were too mild to say anything"


def what_the_plain_rules_see_is_not_linearizable():
    """They are weaker than the model: what they see, the model sees."""
    chance, seen = random.Random(1), [0, 0]
    for _ in range(CASES):
        calls = change_an_answer(chance, random_history(chance, 8) or [give(0, 1)])
        for i, rule in enumerate((reads_behind_stops, reads_beyond_uses)):
            seen[i] += bool(rule(calls))
        assert not plainly_bad(calls) or check(calls) is not None, calls
    assert min(seen) > CASES / 1000 and max(seen) > CASES / 100, seen


if __name__ == "__main__":
    steps.run([a_read_follows_no_stop, a_read_beside_a_stop_may_go_either_way, two_reads_see_a_narrowing_in_one_order,
               a_narrowed_kind_is_not_read, an_acknowledged_give_is_there, an_unknown_give_happens_later_or_never,
               an_unknown_call_has_no_effect_after_its_server_died, an_unknown_call_happens_once,
               a_repeated_call_is_one_call, other_grants_go_on, a_pause_is_obeyed_and_taken_back,
               refusals_of_changes_are_true, a_counted_grant_is_read_so_often_and_no_more, a_list_tells_how_often,
               an_unknown_read_counts_once_or_not_at_all, a_repeated_read_counts_once_unless_it_was_stopped,
               uses_are_narrowed, departments_and_purposes_are_apart, an_end_stops_everything,
               a_read_may_rest_on_several_grants, random_histories_are_judged_as_by_trying_every_order,
               what_the_plain_rules_see_is_not_linearizable])
