# SPDX-License-Identifier: Apache-2.0
"""Goal: what browsers make of the node's options is what the node takes. Method: Debian's Chromium with devices that
are programs (support/browser.py) comes by link, registers, adds a second passkey, signs in with either, takes one away,
and comes back with a printed code when all are lost; the page's script has nothing but fetch and navigator.credentials.
In between it answers a client, whose address to come back to leads on to another site. At the end a member of an
organisation comes by an invitation.
Positive control: a device that does not make sure who holds it, and a page at another address of the same node, are
refused."""
import contextlib
import http.server
import sys
import threading

import api_journey
import browser
import steps
import tokens
from running_node import RunningNode
from set_clock import Clock
from skipping import skipped
from stress import wait_until

DAY_SECONDS = 24 * 3600
POST = """const post = async (path, body) => {
  const reply = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"},
                                   body: body === undefined ? undefined : JSON.stringify(body)});
  const text = await reply.text();
  return {status: reply.status, json: text ? JSON.parse(text) : null};
};
const used = async options => (await navigator.credentials.get({publicKey:
  PublicKeyCredential.parseRequestOptionsFromJSON(options.json)})).toJSON();
"""
REGISTER = POST + """const options = await post("/v1/me/passkeys/options");
const made = await navigator.credentials.create({publicKey:
  PublicKeyCredential.parseCreationOptionsFromJSON(options.json)});
return await post("/v1/me/passkeys", {name: words[0], credential: made.toJSON()});"""
SIGN_IN = POST + """const options = await post("/v1/sign-in/options", words[0]);
return await post("/v1/sign-in", {credential: await used(options)});"""
PROVE = POST + """const options = await post("/v1/me/proof/options");
return await post("/v1/me/proof", {credential: await used(options)});"""
CALL = POST + """return await post(words[0], words[1]);"""
SIGN_OUT = POST + """return await post("/v1/me/sign-out");"""
ASK = """const reply = await fetch(words[0], {method: words[1] ?? "GET"});
const text = await reply.text();
return {status: reply.status, json: text ? JSON.parse(text) : null};"""


def expect(answer, status, reason=None):
    assert answer["status"] == status, answer
    assert reason is None or answer["json"]["reason"] == reason, answer
    return answer["json"]


def somebody_comes_by_link(world):
    made = world.node.run("person", "create", "--name", "Ada")
    world.id = made["id"]
    world.browser.go(world.site + made["link"].removeprefix(world.node.url))
    world.browser.press("button")
    assert wait_until(lambda: world.browser.address() == world.site + "/", 60) is not None  # the button leads home
    world.browser.go(world.site + "/healthz")
    assert expect(world.browser.run(ASK, "/v1/me"), 200)["id"] == world.id


def the_device_makes_a_passkey(world):
    world.phone = world.browser.add_device("internal")
    kept = expect(world.browser.run(REGISTER, "Phone"), 201)
    assert kept["name"] == "Phone" and kept["transports"] == ["internal"], kept


def the_passkey_signs_in(world):
    expect(world.browser.run(SIGN_OUT), 204)
    expect(world.browser.run(ASK, "/v1/me"), 401)
    assert expect(world.browser.run(SIGN_IN), 200) == {"id": world.id}
    assert expect(world.browser.run(ASK, "/v1/me"), 200)["id"] == world.id
    assert expect(world.browser.run(SIGN_IN, {"person": world.id}), 200) == {"id": world.id}


def a_second_device_adds_another(world):
    expect(world.browser.run(PROVE), 204)
    world.key = world.browser.add_device("usb", defaultBackupEligibility=True, defaultBackupState=True)
    kept = expect(world.browser.run(REGISTER, "Key"), 201)
    assert kept["transports"] == ["usb"] and kept["may_be_copied"] and kept["backed_up"], kept
    world.browser.remove_device(world.phone)
    expect(world.browser.run(SIGN_OUT), 204)
    assert expect(world.browser.run(SIGN_IN), 200) == {"id": world.id}
    phone, key = expect(world.browser.run(ASK, "/v1/me/passkeys"), 200)["items"]
    assert (phone["name"], key["name"]) == ("Phone", "Key")
    expect(world.browser.run(ASK, f"/v1/me/passkeys/{phone['id']}", "DELETE"), 204)
    told = [entry["kind"] for entry in expect(world.browser.run(ASK, "/v1/me/alerts"), 200)["items"]]
    assert told == ["passkey_removed", "passkey_added", "passkey_added"], told


def another_address_is_another_relying_party(world):
    elsewhere = world.site.replace("localhost", "other.localhost")
    world.browser.go(elsewhere + "/healthz")
    try:
        answer = world.browser.run(SIGN_IN)
    except AssertionError as refused:  # the browser says no by itself
        assert "SecurityError" in str(refused), refused
    else:
        raise AssertionError(answer)
    world.browser.go(world.site + "/healthz")


def a_device_that_asks_nobody_is_not_enough(world):
    world.browser.tell(f"/webauthn/authenticator/{world.key}/uv", {"isUserVerified": False})
    try:
        answer = world.browser.run(SIGN_IN)
    except AssertionError as refused:
        assert "NotAllowedError" in str(refused), refused
    else:
        expect(answer, 422, "passkey.not_verified")
    world.browser.tell(f"/webauthn/authenticator/{world.key}/uv", {"isUserVerified": True})
    expect(world.browser.run(SIGN_IN), 200)


class Shop(http.server.BaseHTTPRequestHandler):
    """/back leads on to the same machine by another name, which is another origin to a browser."""

    def do_GET(self):
        leads_on = self.path.startswith("/back?")
        self.send_response(303 if leads_on else 200)
        if leads_on:
            self.send_header("Location", f"http://localhost:{self.server.server_port}/there{self.path[5:]}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def a_shop():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_client_gets_its_answer_also_where_its_address_leads_on(world):
    if (why := tokens.missing()) is not None:
        skipped(why)
        return
    shop = world.node.organisation("Corner Shop", "Shipping")
    world.facts = facts = {"ORGANISATION": shop.organisation, "DEPARTMENT": shop.department, "ISSUER": world.node.url,
             "PURPOSE": api_journey.publish(shop), "WANTED": "both"}
    with a_shop() as port:
        for pressed, told in (("refuse", "error=access_denied"), ("accept", "code=cod_")):
            path = tokens.run(world.node, {**facts, "BACK": f"http://127.0.0.1:{port}/back"}, "push.mjs").strip()
            world.browser.go(world.site + path)
            words = world.browser.run("return document.body.innerText")
            for word in ("Ada, signed in here as " + world.id, "The department Shipping of Corner Shop",
                         "There is none yet. A yes begins one.", "Bring your order to the right door.",
                         "Address", "Telephone number", "30 days from now", "Collect at the shop."):
                assert word in words, (word, words)
            world.browser.press(f"button[value={pressed}]")
            there = f"http://localhost:{port}/there?{told}"
            came = wait_until(lambda there=there: world.browser.address().startswith(there), 60)
            assert came is not None, (there, world.browser.address())
            world.browser.go(world.site + "/healthz")


def who_has_lost_every_device_comes_back_with_a_printed_code(world):
    if world.clock is None:
        skipped("a day cannot go by where the clock's library does not go before the program")
        return
    expect(world.browser.run(PROVE), 204)
    code = expect(world.browser.run(CALL, "/v1/me/recovery/codes"), 201)["codes"][0]
    expect(world.browser.run(SIGN_OUT), 204)
    world.browser.remove_device(world.key)
    assert expect(world.browser.run(CALL, "/v1/recovery", {"code": code}), 200)["id"] is None
    expect(world.browser.run(ASK, "/v1/me"), 401)
    world.clock.go_on(DAY_SECONDS + 1)
    assert expect(world.browser.run(CALL, "/v1/recovery", {"code": code}), 200)["id"] == world.id
    world.key = world.browser.add_device("internal")
    expect(world.browser.run(REGISTER, "New phone"), 201)
    expect(world.browser.run(SIGN_OUT), 204)
    assert expect(world.browser.run(SIGN_IN), 200) == {"id": world.id}
    told = [entry["kind"] for entry in expect(world.browser.run(ASK, "/v1/me/alerts?limit=4"), 200)["items"]]
    assert told == ["passkey_added", "recovered", "recovery_begun", "codes_made"], told


def a_member_makes_a_passkey_with_an_invitation(world):
    world.node.run("org", "create", "Blue Shop")
    world.node.run("department", "create", "blue-shop", "Shipping")
    made = world.node.run("member", "create", "blue-shop", "Shipping", "Mia Moser", "--role", "admin")
    expect(world.browser.run(SIGN_OUT), 204)
    world.browser.remove_device(world.key)
    world.browser.add_device("internal")
    expect(world.browser.run(CALL, "/v1/claims/member", {"invitation": made["code"]}), 201)
    expect(world.browser.run(ASK, "/v1/org/members"), 403, "passkey.not_fresh")
    expect(world.browser.run(REGISTER, "Badge"), 201)
    expect(world.browser.run(SIGN_OUT), 204)
    assert expect(world.browser.run(SIGN_IN), 200) == {"member": made["id"]}
    listed, = expect(world.browser.run(ASK, "/v1/org/members"), 200)["items"]
    assert (listed["id"], listed["name"]) == (made["id"], "Mia Moser"), listed
    expect(world.browser.run(CALL, "/v1/org/departments", {"name": "Sales"}), 201)
    expect(world.browser.run(ASK, "/v1/me"), 403, "actor.wrong_kind")


def a_member_is_not_shown_what_a_client_asks_a_person(world):
    if world.facts is None:
        skipped(tokens.missing())
        return
    with a_shop() as port:
        path = tokens.run(world.node, {**world.facts, "BACK": f"http://127.0.0.1:{port}/back"}, "push.mjs").strip()
        world.browser.go(world.site + path)
    words = world.browser.run("return document.body.innerText")
    for word in ("Sign in first", "Corner Shop has a question for you.", "You are signed in as a member"):
        assert word in words, (word, words)
    assert "Bring your order" not in words, words


class World:
    def __init__(self, node, window, clock):
        self.node, self.browser, self.clock = node, window, clock
        self.site = f"http://localhost:{node.port}"
        self.id = self.phone = self.key = self.facts = None


STEPS = [somebody_comes_by_link, the_device_makes_a_passkey, the_passkey_signs_in, a_second_device_adds_another,
         another_address_is_another_relying_party, a_device_that_asks_nobody_is_not_enough,
         a_client_gets_its_answer_also_where_its_address_leads_on,
         who_has_lost_every_device_comes_back_with_a_printed_code, a_member_makes_a_passkey_with_an_invitation,
         a_member_is_not_shown_what_a_client_asks_a_person]


def main():
    if not browser.is_here():
        return skipped("Chromium and its driver are not on this machine")
    library = Clock(sys.argv[1]) if len(sys.argv) > 1 else contextlib.nullcontext()
    with browser.Browser() as window, library as clock, RunningNode() as node:
        steps.run(STEPS, World(node, window, clock))
    return 0


if __name__ == "__main__":
    sys.exit(main())
