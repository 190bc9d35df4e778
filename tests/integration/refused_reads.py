# SPDX-License-Identifier: Apache-2.0
"""Goal: a department that asks in vain again and again fills neither the list of its customer nor the disk, and the
customer sees exactly how often it was. Method: several connections at once, with a database at two servers, are refused
far more reads than have entries of their own; others are given meanwhile. The entries, what is counted behind them and
the rows are held against the answers; what the business is told never changes, and its keys
keep nothing of what is only counted. Positive controls: an account with one
read less, one with an entry more than a day may have, and an answer that says one word more, are seen."""
import collections
import contextlib
import re
import sys

from stress import Beside, RoughNode, Shop, seed_of_run, together

ENTRIES_A_DAY = 200  # LIMIT_REFUSED_READS_A_DAY
LINES = 4
REFUSED, GIVEN = 150, 5  # by each of the connections


def masked(answer):
    """What an answer says, without the ids that differ with each."""
    return answer.status, len(answer.body), re.sub(r"\r\n(Date|X-Request-Id): [^\r]*", "", answer.head), \
        re.sub(rb'"(request_id|disclosure)":"[A-Za-z0-9_-]+"', rb'"\1":""', answer.body)


def ask_in_vain(nodes, shop, customer):
    """Gives how often each answer was heard that says something else."""
    given, never = shop.purposes

    def run(i):
        line, heard = nodes[i % len(nodes)].line(shop.fields), collections.Counter()
        for turn in range(REFUSED):
            heard[masked(customer.read(line, never, key=f"{i}-{turn}" if turn % 50 == 0 else None).expect(403))] += 1
            if turn % (REFUSED // GIVEN) == 0:
                customer.read(line, given).expect(200)
        return heard
    return sum(together(LINES, run), collections.Counter())


def fault_of(entries, refused):
    """None, or what is wrong with an account of so many refused reads."""
    days = collections.Counter(entry["at"][:10] for entry in entries)
    if max(days.values()) > ENTRIES_A_DAY:
        return f"{days} entries of a day"
    told = len(entries) + sum(entry["further"]["reads"] for entry in entries if "further" in entry)
    if told != refused:
        return f"{told} reads are told, {refused} were refused"
    for entry in entries:
        if "further" in entry and not (entry["further"]["until"] >= entry["at"] and
                                       entry["further"]["until"][:10] == entry["at"][:10] and
                                       entry["further"]["attributes"] == ["pd:Name"]):
            return f"{entry} is not of one day and kind"
    return None


def the_customer_sees_all_of_it(node, shop, customer, refused):
    line = customer.line()
    entries = line.items("/v1/me/disclosures?outcome=refused")
    assert fault_of(entries, refused) is None, fault_of(entries, refused)
    assert len(line.items("/v1/me/disclosures?outcome=given")) == LINES * GIVEN
    home = line.get("/v1/me").expect(200).json
    assert (home["disclosures"], home["refused_disclosures"]) == (LINES * GIVEN, refused), home
    rows = int(node.query("ledger", "SELECT count(*) FROM disclosure")[0][0])
    counts = int(node.query("ledger", "SELECT count(*) FROM refused_further")[0][0])
    days = int(node.query("ledger", "SELECT count(*) FROM refused_day")[0][0])
    assert rows == len(entries) + LINES * GIVEN and counts <= 2 and days == 1, (rows, counts, days)
    print(f"found: {refused} refused reads, {len(entries)} entries, {rows} rows, {counts} counted days")
    spoilt = [dict(entry) for entry in entries]
    last = next(entry for entry in spoilt if "further" in entry)
    last["further"] = dict(last["further"], reads=last["further"]["reads"] - 1)
    assert fault_of(spoilt, refused) is not None, "a read less went unnoticed"
    many = [{"at": entries[0]["at"]}] * (ENTRIES_A_DAY + 1)
    assert fault_of(many, len(many)) is not None, "an entry too many went unnoticed"
    print("control: an account with one read less, one with an entry too many: red")


def the_business_hears_the_same(shop, customer, heard, first):
    assert len(heard) == 1 and set(heard) == {masked(first)}, (len(heard), masked(first), heard.most_common(2))
    first.body = first.body.replace(b'"status":403', b'"status":403,"more":1')
    assert masked(first) not in heard, "an answer that says more went unnoticed"
    print(f"found: {heard.total()} answers that say the same; control: one word more: red")
    other = Shop(customer.node, "Red Shop", 1)  # what is not yours is what does not exist, as ever
    body = {"relationship": customer.relationship, "purpose": other.purposes[0], "attributes": ["pd:Name"]}
    foreign = other.line().call("POST", "/v1/org/disclosures", body).expect(404)
    nowhere = other.line().call("POST", "/v1/org/disclosures", dict(body, relationship="rel_" + "A" * 22)).expect(404)
    assert masked(foreign) == masked(nowhere), (foreign.body, nowhere.body)
    assert customer.line().get("/v1/me").json["refused_disclosures"] == 1 + LINES * REFUSED


def kept_answers(node):
    return int(node.query("ledger", "SELECT count(*) FROM disclosure_answer")[0][0])


def keys_keep_nothing_of_what_is_counted(node, shop, customer, first):
    """Of a day that has its entries. What has an entry, and what takes the place of a kept answer, is kept as ever."""
    line, never, path = shop.line(), shop.purposes[1], f"/v1/me/relationships/{customer.relationship}"
    for _ in range(ENTRIES_A_DAY):
        customer.read(line, never).expect(403)
    before, refused = kept_answers(node), customer.line().get("/v1/me").json["refused_disclosures"]
    twice = [customer.read(line, never, key="counted").expect(403) for _ in range(2)]
    assert masked(twice[0]) == masked(twice[1]) and twice[0].json["disclosure"] != twice[1].json["disclosure"], twice
    assert customer.read(line, never, key="first").expect(403).json["disclosure"] == first.json["disclosure"]
    assert customer.line().get("/v1/me").json["refused_disclosures"] == refused + 2
    assert kept_answers(node) == before, (kept_answers(node), before)
    part = {"relationship": customer.relationship, "purpose": shop.purposes[0], "partial": True,
            "attributes": ["pd:Name", "pd:EmailAddress"]}
    given = [line.call("POST", "/v1/org/disclosures", part, "part").expect(200).json for _ in range(2)]
    assert given[0]["id"] == given[1]["id"] and given[0]["refused"], given
    assert kept_answers(node) == before + 1
    customer.line().call("PATCH", path, {"state": "paused"}).expect(200)
    stopped = line.call("POST", "/v1/org/disclosures", part, "part").expect(403).json
    customer.line().call("PATCH", path, {"state": "active"}).expect(200)
    again = line.call("POST", "/v1/org/disclosures", part, "part").expect(403).json
    assert stopped["disclosure"] == again["disclosure"] and kept_answers(node) == before + 1, (stopped, again)
    customer.give(customer.line(), never)
    customer.read(line, never, key="counted").expect(200)
    print("found: keys keep nothing of reads that are only counted; controls: of the others they do")


def main():
    seed_of_run()
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(RoughNode())
        shop = Shop(node, "Blue Shop", 2)
        nodes = [node, stack.enter_context(Beside(node))] if node.database else [node]
        customer = shop.customer()
        customer.give(customer.line(), shop.purposes[0])
        first = customer.read(shop.line(), shop.purposes[1], key="first").expect(403)
        heard = ask_in_vain(nodes, shop, customer)
        the_customer_sees_all_of_it(node, shop, customer, 1 + LINES * REFUSED)
        the_business_hears_the_same(shop, customer, heard, first)
        keys_keep_nothing_of_what_is_counted(node, shop, customer, first)
        node.expect_sound()
    print("ok")


if __name__ == "__main__":
    sys.exit(main())
