# SPDX-License-Identifier: Apache-2.0
"""Whether a history of calls that overlapped can be told as one sequence: each call took effect at one moment between
its beginning and its end, and each answer is what a sequential model gives there (Herlihy and Wing 1990; the search
goes through time as in Lowe 2017, "Testing for linearizability"). Knows nothing of what the calls mean: the model is a
function `step(state, call)` that gives the states in which the call, with the answer it had, leaves a state: none when
it cannot have been answered like that there. States are hashable.

A call has `begun` and `ended`, `certain`: it took effect and was answered, and `changes`: it may leave another state.
One that is not certain may take effect once in its time or never; its `ended` is infinite when nobody knows better."""

WIDTH_MAX = 50_000  # tellings of the same moment; beyond it the history says too little to be searched


class TooWide(Exception):
    """More tellings than a search can hold."""


def without_needless(tellings):
    """Without those that differ from another one in nothing but that more of the calls that nobody heard the end of
    have taken effect: what follows one of them follows the other one too."""
    alike = {}
    for state, done in tellings:
        sure = frozenset(call for call in done if call.certain)
        alike.setdefault((state, sure), []).append(done)
    return {(state, done) for (state, _), several in alike.items() for done in several
            if len(several) == 1 or not any(other < done for other in several)}


class Search:
    """All tellings of what has ended so far, as pairs of a state and of those calls under way that have taken effect.
    A call under way takes effect as late as possible: when one that ends needs it. One that changes nothing takes
    effect in the first state that answers it, since that forecloses nothing."""

    def __init__(self, begin, step):
        self.step, self.pending, self.watching = step, set(), set()
        self.tellings = {(begin, frozenset())}

    def settle(self, state, done):
        return state, done.union(call for call in self.watching if call not in done and self.step(state, call))

    def begin(self, call):
        if call.changes:
            self.pending.add(call)
        else:
            self.watching.add(call)
            self.tellings = {self.settle(*telling) for telling in self.tellings}

    def leading_to(self, call):
        """Those in which the call has taken effect, each with no more before it than was needed."""
        reached, seen, open_ones = set(), set(self.tellings), list(self.tellings)
        while open_ones:
            state, done = open_ones.pop()
            if call in done:
                reached.add((state, done))
                continue
            for other in self.pending - done:
                for after in self.step(state, other):
                    if after == state and not other.certain:
                        continue  # nothing happened, as if it never did
                    telling = self.settle(after, done | {other})
                    if telling not in seen:
                        seen.add(telling)
                        open_ones.append(telling)
            if len(seen) > WIDTH_MAX:
                raise TooWide(f"{len(seen)} tellings, {len(self.pending)} calls under way")
        return reached

    def end(self, call):
        """False when no telling explains the call."""
        reached = self.leading_to(call)
        if not call.certain:
            reached |= self.tellings
        if not reached:
            return False
        self.tellings = without_needless({(state, done - {call}) for state, done in reached})
        self.pending.discard(call)
        self.watching.discard(call)
        return True


def first_unexplained(calls, begin, step):
    """The first call, by its end, whose answer no telling explains, with the states that were possible before it and
    what was under way; None when the whole history can be told."""
    search = Search(begin, step)
    moments = [(call.begun, 0, i, call) for i, call in enumerate(calls) if call.certain or call.changes]
    moments += [(call.ended, 1, i, call) for _, _, i, call in moments if call.certain or call.ended < float("inf")]
    for _, is_end, _, call in sorted(moments, key=lambda moment: moment[:3]):
        if not is_end:
            search.begin(call)
        elif not search.end(call):
            states = {state for state, _ in search.tellings}
            return call, states, (search.pending | search.watching) - {call}
    return None
