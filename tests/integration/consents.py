# SPDX-License-Identifier: Apache-2.0
"""Goal: what a client has by a person's yes is what the person said last and was shown, and is over when she says so,
also for what is on its way. Method: a client of our own asks Ada by page and by app, for what an objection is against
and for what it is not; then somebody else holds what the writer needs while requests of the client wait for it and Ada
shuts it out. Positive control: each request that is refused behind a stop was answered before it."""
import concurrent.futures
import datetime
import json
import os
import sys
import time
import urllib.parse

import steps
from api_journey import DELIVER
from drain_waiting import Hold
from running_node import RunningNode
from software_client import Client
from stress import wait_until

SIGNAL = {"Sec-GPC": "1"}
SALE = dict(DELIVER, name="Sell your data", sentence="Sell what you like to others.", term="dpv:SellDataToThirdParties",
            example="A house of data pays us for your address.", longest="P300D",
            attributes={"needed": ["pd:EmailAddress"], "optional": []})
MAIL = dict(SALE, name="Write to you", sentence="Tell you when your order comes.", term="dpv:DeliveryOfGoods",
            example="A line on the morning when the courier is on the way.")
ADDRESS = "ada@example.org"
AT_ONCE, DAY = 8, 86400
SLOW = float(os.environ.get("SLOW", 1))


def details(purpose, **more):
    return json.dumps([{"type": "personal-data", "purpose": purpose, "datatypes": ["pd:EmailAddress"], **more}])


class World:
    def __init__(self, node):
        self.node = node
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.sale, self.delivery = (self.publish(self.shop, draft) for draft in (SALE, MAIL))
        self.client = self.another_client()
        self.ada = self.somebody("Ada")
        self.tokens = self.relationship = None

    def another_client(self):
        return Client(self.node, self.shop.organisation, self.shop.department, "requests,disclosures,grants")

    def somebody(self, name):
        person = self.node.person(name)
        person.put("/v1/me/attributes/pd:EmailAddress", {"value": ADDRESS}).expect(200)
        return person

    @staticmethod
    def publish(system, draft):
        made = system.post("/v1/org/purposes", draft).expect(201).json["id"]
        system.post(f"/v1/org/purposes/{made}/publish").expect(200)
        return made

    def sign_in(self, person, fields=None, **more):
        """By a yes to the sale; gives the tokens."""
        more.setdefault("authorization_details", details(self.sale))
        return self.client.redeem(self.client.ask(person, fields=fields, **more))

    def question(self, person, fields=None, **more):
        """What the person's app is shown, and the text of the page."""
        more.setdefault("authorization_details", details(self.sale))
        wanted = {name: value for name, value in more.items() if value}
        request = self.client.push(**wanted).expect(201).json["request_uri"]
        query = urllib.parse.urlencode({"client_id": self.client.id, "request_uri": request})
        page = person.get("/oauth/authorize?" + query, fields).expect(200).body.decode()
        return person.get("/v1/me/authorization?" + query, fields).expect(200).json, page

    def object(self, stands):
        self.ada.post(f"/v1/me/relationships/{self.relationship}/objection", {"stands": stands}).expect(200)


# ---- beside an objection

def a_first_yes_is_the_newer_word_beside_the_signal_that_comes_with_it(world):
    tokens = world.sign_in(world.ada, SIGNAL)
    for _ in range(2):
        world.ada.get("/v1/me", SIGNAL).expect(200)
        told = world.client.userinfo(tokens).expect(200).json
        assert told.pop("email") == ADDRESS and list(told) == ["sub"], told
    world.tokens, world.relationship = tokens, told["sub"]
    seen = world.ada.get(f"/v1/me/relationships/{told['sub']}").expect(200).json["objection"]
    assert (seen["state"], seen["by"]) == ("stands", "signal"), seen


def behind_an_objection_a_client_is_told_who_it_is_and_that_it_may_read_nothing(world):
    client, tokens = world.client, world.tokens
    assert tokens["authorization_details"] and client.look(tokens["access_token"])["authorization_details"]
    world.object(True)
    assert client.userinfo(tokens).expect(200).json == {"sub": world.relationship}
    newest = world.ada.get("/v1/me/disclosures?limit=1").expect(200).json["items"][0]
    assert (newest["outcome"], newest["reason"]) == ("refused", "relationship.objected"), newest
    renewed = client.refresh(tokens).expect(200).json
    for told in (client.look(tokens["access_token"]), renewed):
        assert told["grant_id"] == tokens["grant_id"] and "authorization_details" not in told, told
    assert client.look(renewed["access_token"])["active"] is True
    world.object(False)
    assert client.userinfo(tokens).expect(200).json == {"sub": world.relationship, "email": ADDRESS}
    assert client.look(tokens["access_token"])["authorization_details"] == tokens["authorization_details"]


def page_and_app_say_that_the_person_objects(world):
    sale = "You or your browser object to such use of your data. A yes is your newer word, for this alone."
    words = (sale, "It stands, and is not against this use of your data.",
             "It stands, and signing in leaves it as it is.")
    cases = (details(world.sale), details(world.delivery), None)
    for stands in (True, False):
        world.object(stands)
        for number, case in enumerate(cases):
            shown, page = world.question(world.ada, authorization_details=case)
            assert shown["objection"]["state"] == ("stands" if stands else "lifted"), shown
            assert shown["objected"] is (stands and number == 0), (stands, shown)
            assert [word for word in words if word in page] == ([words[number]] if stands else []), page
    newcomer = world.somebody("Ben")
    for fields, is_said in ((None, False), (SIGNAL, True)):
        shown, page = world.question(newcomer, fields)
        assert shown["objection"] is None and shown["objected"] is is_said and (sale in page) is is_said, shown
    assert newcomer.get("/v1/me/relationships").expect(200).json["items"] == []  # to look records nothing


# ---- until when

def days_from(moment):
    left = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() - time.time()
    return round(left / DAY)


def page_and_app_say_until_when_a_plain_yes_lasts(world):
    cem, asked = world.somebody("Cem"), {"authorization_details": details(world.sale, duration="P300D")}
    shown, page = world.question(cem, **asked)
    assert days_from(shown["until"]) == 300 and shown["grant"] is None and "300 days from now<" in page, (shown, page)
    short = world.client.ask(cem, authorization_details=details(world.sale, duration="P30D")).expect(200).json["grant"]
    shown, page = world.question(cem, **asked)
    assert (shown["until"], shown["grant"], shown["duration"]) == (short["until"], short["id"], "P300D"), shown
    assert "30 days from now. You permit this already; a yes leaves it as it is<" in page, page
    given = world.client.ask(cem, **asked).expect(200).json["grant"]
    assert (given["id"], given["until"]) == (short["id"], shown["until"]), given
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 10 * DAY))
    cem.patch(f"/v1/me/relationships/{short['relationship']}", {"ends": ends}).expect(200)
    for purpose, grant in ((world.sale, short["id"]), (world.delivery, None)):
        more = {"authorization_details": details(purpose, duration="P300D")}
        shown, page = world.question(cem, **more)
        assert (shown["until"], shown["grant"]) == (ends, grant) and "10 days from now" in page, (shown, page)
        assert world.client.ask(cem, **more).expect(200).json["grant"]["until"] == ends
    assert "until" in shown and world.question(cem, authorization_details=None)[0]["until"] is None


# ---- on its way when the person says stop

def what_waits_for_the_writer_when_its_client_is_shut_out_is_refused(world):
    client, tokens = world.client, world.tokens
    access, path = tokens["access_token"], "/oauth/userinfo"
    assert client.userinfo(tokens).expect(200).json["email"] == ADDRESS
    newest = world.ada.get("/v1/me/authorizations?limit=1").expect(200).json["items"][0]["id"]
    nonce = client.take_nonce()
    looks = [client.bound("GET", path, access, nonce) for _ in range(AT_ONCE)]
    hold = Hold(world.node)
    hold.take()
    with concurrent.futures.ThreadPoolExecutor(2 * AT_ONCE) as pool:
        first = pool.submit(world.shop.post, "/v1/org/invitations", {})
        wait_for(world, 1)
        reads = [pool.submit(world.node.nobody.get, path, fields) for fields in looks]
        refresh = pool.submit(client.post, "/oauth/token", {
            "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
            DPoP=client.proof("POST", "/oauth/token", nonce=nonce))
        state = pool.submit(client.look, access)
        wait_for(world, 3 + AT_ONCE)
        stop = pool.submit(world.ada.delete, f"/v1/me/authorizations/{newest}")
        wait_for(world, 4 + AT_ONCE)
        hold.let_go()
        first.result().expect(201)
        stop.result().expect(204)
        seen = [read.result().status for read in reads]
    assert seen == [401] * AT_ONCE, seen
    assert refresh.result().status == 400 and refresh.result().json["error"] == "invalid_grant"
    assert state.result() == {"active": False}, state.result()
    client.userinfo(tokens).expect(401)


# ---- what is over, and what is not

def who_is_shut_out_reads_on_by_its_own_key_until_the_permission_is_withdrawn(world):
    client, dan = world.client, world.somebody("Dan")
    for wanted, is_said in ((None, False), (details(world.sale), True)):
        page = world.question(dan, authorization_details=wanted)[1]
        assert ("that alone leaves the permission, and they may read on" in page) is is_said, page
    tokens = world.sign_in(dan)
    shown = dan.get("/v1/me/authorizations?limit=1").expect(200).json["items"][0]
    dan.delete(f"/v1/me/authorizations/{shown['id']}").expect(204)
    client.userinfo(tokens).expect(401)
    own = client.token(grant_type="client_credentials").expect(200).json["access_token"]

    def read():
        path = "/v1/org/disclosures"
        body = {"relationship": shown["relationship"], "purpose": world.sale, "attributes": ["pd:EmailAddress"]}
        return world.node.nobody.post(path, body, client.bound("POST", path, own))
    read().expect(200)
    dan.post(f"/v1/me/grants/{shown['grant']}/withdraw").expect(200)
    read().expect(403, "grant.withdrawn")


def what_one_program_gives_back_is_not_lost_to_another(world):
    eve, first, second = world.somebody("Eve"), world.client, world.another_client()
    tokens = world.sign_in(eve)
    others = second.redeem(second.ask(eve, authorization_details=details(world.sale)))
    assert others["grant_id"] == tokens["grant_id"], others
    path = f"/oauth/grants/{tokens['grant_id']}"

    def give_back(client):
        own = client.token(grant_type="client_credentials").expect(200).json["access_token"]
        return world.node.nobody.delete(path, client.bound("DELETE", path, own))
    again = world.sign_in(eve)
    give_back(first).expect(204)
    for ended in (tokens, again):
        first.userinfo(ended).expect(401)
    give_back(first).expect(404)
    assert second.userinfo(others).expect(200).json["email"] == ADDRESS
    grant = f"/v1/me/grants/{tokens['grant_id']}"
    assert eve.get(grant).expect(200).json["state"] == "active"
    give_back(second).expect(204)
    second.userinfo(others).expect(401)
    assert eve.get(grant).expect(200).json["state"] == "withdrawn"  # nobody acts by it any more


def another_department_learns_of_no_token(world):
    fay = world.somebody("Fay")
    person = world.sign_in(fay)["access_token"]
    own = world.client.token(grant_type="client_credentials").expect(200).json["access_token"]
    beside = world.another_client()
    accounts = world.node.run("department", "create", world.shop.organisation, "Accounts")["id"]
    stranger = Client(world.node, world.shop.organisation, accounts)
    for token in (person, own):
        assert beside.look(token)["active"] is True
        assert stranger.look(token) == {"active": False}


def wait_for(world, count):
    """So many replies wait for their commit."""
    def waiting():
        told = world.node.nobody.get("/metrics").expect(200).body.decode()
        return int(told.split("\nsymbolon_replies_sealed ")[1].split("\n")[0])
    assert wait_until(lambda: waiting() >= count, 4 * SLOW) is not None, (waiting(), count)


STEPS = [a_first_yes_is_the_newer_word_beside_the_signal_that_comes_with_it,
         behind_an_objection_a_client_is_told_who_it_is_and_that_it_may_read_nothing,
         page_and_app_say_that_the_person_objects, page_and_app_say_until_when_a_plain_yes_lasts,
         what_waits_for_the_writer_when_its_client_is_shut_out_is_refused,
         who_is_shut_out_reads_on_by_its_own_key_until_the_permission_is_withdrawn,
         what_one_program_gives_back_is_not_lost_to_another, another_department_learns_of_no_token]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
