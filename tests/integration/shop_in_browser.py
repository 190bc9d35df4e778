# SPDX-License-Identifier: Apache-2.0
"""Goal: the sample shop of examples/shop does with a real browser what it shows how to do, and a customer's stop
reaches it with its next question. Method: Debian's Chromium, with a passkey of a device that is a program, goes through
the pages of shop and node; what the shop shows is read from its pages, what it was told from the node. Positive
control: what is refused behind the stop was told before it."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import api_journey
import browser
import passkeys_in_browser as passkeys
import steps
from ports import steady_port
from running_node import RunningNode
from skipping import skipped
from stress import wait_until

SHOP = pathlib.Path(__file__).resolve().parents[2] / "examples" / "shop"
TEXT = "return document.body.innerText"


class LocalNode(RunningNode):
    """One that goes by a name for which browsers keep passkeys."""

    def __init__(self):
        port = steady_port()
        super().__init__("--listen", f"127.0.0.1:{port}", "--url", f"http://localhost:{port}")


class Shop:
    """The program of examples/shop: beside a node that runs, or with one of its own."""

    def __init__(self, *words, **settings):
        self.url = f"http://127.0.0.1:{steady_port(2)}"  # a node of its own has the next one
        environment = {**os.environ, **settings, "PORT": self.url.rpartition(":")[2]}
        self.process = subprocess.Popen(["node", "start.mjs", *words], cwd=SHOP, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        status = self.process.wait(60)
        self.process.stdin.close()
        self.process.stdout.close()
        assert kind is not None or status in (0, -signal.SIGTERM), status

    def wait_for(self, pattern):
        """What the pattern finds in the first line of those to come that has it."""
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(said)

    def press_enter(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def asked(world, *words):
    """What the page says to a script; None between two pages."""
    try:
        return world.browser.run(*words)
    except AssertionError:
        return None


def expect_words(world, *words):
    """On the page that is there, or comes soon."""
    seen = []

    def is_there():
        seen.append(asked(world, TEXT) or "")
        return all(word in seen[-1] for word in words)
    assert wait_until(is_there, 60) is not None, (words, world.browser.address(), seen[-1:])
    return seen[-1]


def answer(world, word):
    """On the page of the node, which is there or comes soon; gives what it says."""
    button = f"button[value={word}]"
    is_there = "return document.querySelector(words[0]) !== null"
    assert wait_until(lambda: asked(world, is_there, button), 60) is not None, world.browser.address()
    text = world.browser.run(TEXT)
    world.browser.press(button)
    return text


def given(world):
    """The reads that gave something, as she sees them, the newest first."""
    return [read for read in world.ada.get("/v1/me/disclosures").expect(200).json["items"]
            if read["outcome"] == "given"]


def ada_has_a_passkey_and_is_signed_out(world):
    world.browser.go(world.node.run("person", "link", world.ada.id)["link"])
    world.browser.press("button")
    assert wait_until(lambda: world.browser.address() == world.node.url + "/", 60) is not None
    world.browser.go(world.node.url + "/healthz")
    world.browser.add_device("internal")
    passkeys.expect(world.browser.run(passkeys.REGISTER, "Phone"), 201)
    passkeys.expect(world.browser.run(passkeys.SIGN_OUT), 204)


def she_presses_the_button_and_signs_in_at_her_node(world):
    world.browser.go(world.shop.url)
    expect_words(world, "Sign in and share", "Sign in only")
    world.browser.press("button[value=yes]")
    question = world.node.url + "/oauth/authorize?"
    assert wait_until(lambda: world.browser.address().startswith(question), 60) is not None, world.browser.address()
    question = world.browser.address()
    expect_words(world, "Sign in first", "Lantern Books has a question for you.")
    world.browser.press("form[data-act=signIn] button")
    assert "Ada Muster, signed in here as" in expect_words(world, "Sign in at Lantern Books, and share this?")
    assert world.browser.address() == question


def her_yes_brings_her_back_with_her_data(world):
    text = answer(world, "accept")
    assert "Lantern Books" in text and "Deliver your order" in text, text
    text = expect_words(world, "Welcome", "Ada Muster", "Lindenweg 4, 3000 Bern, CH", "With a passkey",
                        "name, telephone, address")
    assert "Telephone" not in text, text  # permitted, but she has filled in none
    newest = given(world)[0]
    assert newest["grant"] in text and newest["relationship"] in text, newest
    world.grant, world.relationship = newest["grant"], newest["relationship"]


def while_she_objects_nothing_is_shared_and_she_is_signed_in(world):
    world.object(True)
    world.browser.press("a.button")
    text = expect_words(world, "Welcome", "Nothing is shared now")
    assert "Lindenweg" not in text and "Muster" not in text, text
    world.object(False)
    world.browser.press("a.button")
    expect_words(world, "Welcome", "Ada Muster")


def after_her_stop_the_next_question_is_refused(world):
    before = given(world)
    world.ada.post(f"/v1/me/grants/{world.grant}/withdraw").expect(200)
    for _ in range(2):
        world.browser.press("a.button")
        text = expect_words(world, "You have stopped it", "invalid_grant")
        assert "Lindenweg" not in text and "Muster" not in text, text
    assert given(world) == before


def signing_in_only_shares_nothing(world):
    world.browser.press("form button")
    expect_words(world, "You are signed out")
    before = given(world)
    world.browser.press("button[value=no]")
    text = answer(world, "accept")
    assert "Lantern Books" in text and "Deliver your order" not in text, text
    text = expect_words(world, "Welcome", "You have signed in and share no data")
    assert "Muster" not in text and given(world) == before, text
    world.ada.post(f"/v1/me/relationships/{re.search('rel_[0-9a-z]+', text)[0]}/end").expect(200)
    world.browser.press("a.button")
    expect_words(world, "You have stopped it")


def two_presses_at_once_both_lead_back(world):
    """Two windows of one browser, both on their way before either comes back."""
    world.browser.go(world.shop.url)
    first = world.browser.window()
    world.browser.press("button[value=no]")
    second = world.browser.open_window()
    world.browser.go(world.shop.url)
    world.browser.press("button[value=yes]")
    for window, words in ((first, "You have signed in and share no data"), (second, "Ada Muster")):
        world.browser.turn_to(window)
        answer(world, "accept")
        expect_words(world, "Welcome", words)
    world.ada.post(f"/v1/me/grants/{given(world)[0]['grant']}/withdraw").expect(200)
    world.browser.close_window()
    world.browser.turn_to(first)


def ask_shop(world, method, path, fields, body=None):
    connection = http.client.HTTPConnection(world.shop.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, body, fields)
        return connection.getresponse()
    finally:
        connection.close()


def a_way_ends_once_and_in_the_browser_that_began_it(world):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    cookie = ask_shop(world, "POST", "/sign-in", form, "share=no").getheader("Set-Cookie").partition(";")[0]
    state = re.fullmatch("visit-(.*)=begun", cookie)[1]
    back = f"/back?code=made-up&state={state}&iss={world.node.url}"
    other = ask_shop(world, "POST", "/sign-in", form, "share=no").getheader("Set-Cookie").partition(";")[0]
    assert other != cookie
    for carried, status in (({}, 400), ({"Cookie": other}, 400), ({"Cookie": cookie}, 502), ({"Cookie": cookie}, 400)):
        seen = ask_shop(world, "GET", back, carried).status
        assert seen == status, (carried, seen, status)


def a_form_of_another_page_is_refused(world):
    for origin, status in (("https://evil.example", 403), ("null", 403), (world.node.url, 403), (world.shop.url, 200)):
        request = urllib.request.Request(world.shop.url + "/sign-out", b"", {"Origin": origin})
        try:
            with urllib.request.urlopen(request) as reply:
                seen = reply.status
        except urllib.error.HTTPError as error:
            seen = error.code
        assert seen == status, (origin, seen)


def her_no_shares_nothing_either(world):
    world.browser.press("form button")
    expect_words(world, "You are signed out")
    world.browser.press("button[value=yes]")
    answer(world, "refuse")
    expect_words(world, "You said no")
    world.browser.go(world.shop.url)
    expect_words(world, "Sign in and share")
    assert not [one for one in world.ada.get("/v1/me/grants").expect(200).json["items"] if one["state"] == "active"]


def one_command_starts_a_node_with_a_shop_beside_it(world):
    with Shop(os.environ["SYMBOLON"]) as shop:
        link = shop.wait_for(r"(http://localhost:\d+/sign-in/\S+)")
        assert shop.wait_for("go to the shop: (.*)") == shop.url
        folder = shop.wait_for("The folder of the node: (.*)")
        world.browser.go(link)
        world.browser.press("button")
        assert wait_until(lambda: "/sign-in/" not in world.browser.address(), 60) is not None
        world.browser.go(shop.url)
        world.browser.press("button[value=yes]")
        answer(world, "accept")
        expect_words(world, "Welcome", "Ada Lindgren", "Lindenweg 4", "+41 31", "With a link")
        shop.press_enter()
        shop.wait_for("(Ada has stopped it)")
        world.browser.press("a.button")
        expect_words(world, "You have stopped it")
    shutil.rmtree(folder)


class World:
    def __init__(self, node, window, shop, ada):
        self.node, self.browser, self.shop, self.ada = node, window, shop, ada
        self.grant = self.relationship = None

    def object(self, stands):
        self.ada.post(f"/v1/me/relationships/{self.relationship}/objection", {"stands": stands}).expect(200)


STEPS = [ada_has_a_passkey_and_is_signed_out, she_presses_the_button_and_signs_in_at_her_node,
         her_yes_brings_her_back_with_her_data, while_she_objects_nothing_is_shared_and_she_is_signed_in,
         after_her_stop_the_next_question_is_refused, signing_in_only_shares_nothing, her_no_shares_nothing_either,
         two_presses_at_once_both_lead_back, a_way_ends_once_and_in_the_browser_that_began_it,
         a_form_of_another_page_is_refused, one_command_starts_a_node_with_a_shop_beside_it]


def missing():
    """What the machine lacks, in words."""
    if not browser.is_here():
        return "Chromium and its driver are not on this machine"
    if shutil.which("node") is None:
        return "node is not installed"
    if not (SHOP / "node_modules" / "openid-client").is_dir():
        return "what examples/shop wants is not installed (tools/setup test)"
    return None


def main():
    if (why := missing()) is not None:
        return skipped(why)
    with LocalNode() as node:
        desk = node.organisation("Lantern Books", "Shipping")
        draft = dict(api_journey.DELIVER, term="dpv:DirectMarketing")  # what one can object to: others get it as well
        purpose = desk.post("/v1/org/purposes", draft).expect(201).json["id"]
        desk.post(f"/v1/org/purposes/{purpose}/publish").expect(200)
        key = node.system(desk.organisation, desk.department, "who registers the shop", "admin,purposes").secret
        ada = node.person("Ada")
        ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada Muster"}}).expect(200)
        ada.put("/v1/me/attributes/pd:PhysicalAddress", {"value": api_journey.ADDRESS}).expect(200)
        with Shop(NODE=node.url, KEY=key) as shop, browser.Browser() as window:
            assert shop.wait_for("^The shop: (.*)") == shop.url
            steps.run(STEPS, World(node, window, shop, ada))
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
