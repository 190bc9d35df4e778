# SPDX-License-Identifier: Apache-2.0
"""Goal: somebody with nothing but a browser signs in, keeps the ways in and comes back, by the pages of the node alone.
Method: Debian's Chromium with devices that are programs (support/browser.py) presses the buttons of the pages, at a
phone's width and by the keyboard too, and reads what they say; the node is asked what came of it. Positive control:
where the browser takes no foreign style or script, the page has its own; what a button says when it fails it does not
say when it works."""
import sys

import browser
import passkeys_in_browser as passkeys
import shop_in_browser
import steps
from shop_in_browser import LocalNode, asked, expect_words
from skipping import skipped
from stress import wait_until

ENTER = "\ue007"
TAB = "\ue004"
NAME = '<b onclick="x">Phone & "Co"</b>'
SIGN_IN = "form[data-act=signIn] button"
FILL = "document.querySelector(words[0]).value = words[1]"
WIDE = "return document.documentElement.scrollWidth"
FOCUSED = "return document.activeElement.textContent"


def wait_for_button(world, selector):
    is_there = "return document.querySelector(words[0])?.disabled === false"
    assert wait_until(lambda: asked(world, is_there, selector), 60) is not None, world.browser.address()


def press(world, selector):
    wait_for_button(world, selector)
    world.browser.press(selector)


def is_home(world):
    expect_words(world, "You are signed in", "signed in with this browser as " + world.id)
    assert world.browser.address().split("#")[0] == world.node.url + "/"


def sign_out(world):
    press(world, "form[data-act=signOut] button")
    expect_words(world, "This is a Symbolon node")
    world.browser.go(world.node.url + "/sign-in")
    passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me"), 401)


def add(world, name):
    wait_for_button(world, "form[data-act=add] button")
    world.browser.run(FILL, "input[name=name]", name)
    press(world, "form[data-act=add] button")


def names(world):
    return [item["name"] for item in passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me/passkeys"), 200)["items"]]


def each_page_has_its_style_and_fits_a_phone(world):
    for path in ("/", "/sign-in", "/recovery"):
        world.browser.go(world.node.url + path)
        for width in (320, 390, 1280):
            world.browser.resize(width, 900)
            assert world.browser.run(WIDE) <= width, (path, width)
        assert world.browser.run("return getComputedStyle(document.body).margin") == "0px", path
        refused = world.browser.run("""document.body.style.cssText = "";
            const style = document.createElement("style"); style.textContent = "body { margin: 9px }";
            document.head.append(style); return getComputedStyle(document.body).margin""")
        assert refused == "0px", path
        for way in ("s.textContent = 'document.body.id = 1'", "s.src = 'data:text/javascript,document.body.id = 1'",
                    "s = document.createElement('p'); s.innerHTML = '<img src=x onerror=\"document.body.id = 1\">'"):
            world.browser.run(f"""let s = document.createElement("script");
                try {{ {way}; document.head.append(s) }} catch {{}}
                await new Promise(done => setTimeout(done, 50))""")
            assert world.browser.run("return document.body.id") == "", (path, way)
    world.browser.resize(390, 900)


def a_page_says_why_nobody_was_signed_in(world):
    world.browser.go(world.node.url + "/sign-in")
    device = world.browser.add_device("internal")  # it has none
    press(world, SIGN_IN)
    expect_words(world, "No passkey was used.")
    world.browser.remove_device(device)
    assert world.browser.address() == world.node.url + "/sign-in"


def whoever_came_by_link_adds_a_passkey(world):
    made = world.node.run("person", "create", "--name", "Ada <Muster>")
    world.id = made["id"]
    world.browser.go(made["link"])
    world.browser.press("button")
    expect_words(world, "Ada <Muster>", "You have none yet.")
    is_home(world)
    world.phone = world.browser.add_device("internal")
    add(world, NAME)
    expect_words(world, NAME, "Add a second one")
    add(world, "Again")
    expect_words(world, "This device has a passkey of yours for this node already.")
    assert names(world) == [NAME]


def the_keyboard_alone_signs_in(world):
    sign_out(world)
    wait_for_button(world, SIGN_IN)
    world.browser.type(TAB)
    assert world.browser.run(FOCUSED) == "Sign in with a passkey"
    world.browser.type(ENTER)
    is_home(world)
    world.browser.go(world.node.url + "/sign-in")  # whoever is signed in is sent home
    is_home(world)


def a_second_device_joins_and_the_first_goes(world):
    world.key = world.browser.add_device("usb")
    add(world, "Key ring")
    expect_words(world, "Key ring", NAME)
    assert names(world) == [NAME, "Key ring"]
    press(world, "form[data-act=remove] button")
    expect_words(world, "Add a second one")
    assert names(world) == ["Key ring"]


def a_proof_that_is_old_is_asked_for_anew(world):
    link = world.node.run("person", "link", world.id)["link"]
    sign_out(world)
    world.browser.go(link)
    world.browser.press("button")  # a link proves nothing
    is_home(world)
    press(world, "form[data-act=codes] button")
    expect_words(world, "They are shown this once.")
    world.code = world.browser.run("return document.querySelector('form li').textContent")
    assert passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me/recovery"), 200)["codes_left"] == 8


def a_passkey_that_was_taken_away_says_so(world):
    sign_out(world)
    world.browser.remove_device(world.key)
    press(world, SIGN_IN)  # the phone keeps its half
    expect_words(world, "This node does not know that passkey.")


def whoever_lost_all_comes_with_a_code_and_is_seen(world):
    world.browser.press("a[href='/recovery']")
    expect_words(world, "Come back in with a printed code")
    for code, words in (("7Q4K-M2XD-9RTA-H3VB", "This code is unknown"), (world.code, "Keep this code.")):
        wait_for_button(world, "form button")
        world.browser.run(FILL, "input[name=code]", code)
        press(world, "form button")
        expect_words(world, words)
    world.browser.go(world.node.run("person", "link", world.id)["link"])
    world.browser.press("button")
    expect_words(world, "Somebody wants to come in as you", "Was it not you?")
    told = passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me"), 200)["recovery"]
    assert told["opens"] is not None and told["codes_left"] == 8, told
    press(world, "form[data-act=stop] button")
    assert wait_until(lambda: "Somebody wants" not in (asked(world, shop_in_browser.TEXT) or "Somebody wants"),
                      60) is not None
    assert passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me"), 200)["recovery"] is None
    sign_out(world)


def sessions_of(world):
    return passkeys.expect(world.browser.run(passkeys.ASK, "/v1/me/sessions"), 200)["items"]


def whoever_looks_sees_what_happened_and_ends_sessions(world):
    node = world.node
    world.browser.go(node.run("person", "link", world.id)["link"])
    world.browser.press("button")
    is_home(world)
    expect_words(world, "What happened to your account", "Whoever waited to come in was stopped.",
                 "Somebody asked to come in by a code.", "A passkey was taken away.", "Chrome on Linux, this one")
    for agent in ("iPad", "iPhone"):
        link = node.run("person", "link", world.id)["link"].removeprefix(node.url)
        node.nobody.post(link, None, {"User-Agent": f"Mozilla/5.0 ({agent}; CPU OS 17_5) Safari/604.1"}).expect(303)
    world.browser.go(node.url + "/")
    expect_words(world, "Safari on iPad", "Safari on iPhone", "End all others")
    press(world, "form[data-act=endSession] button[aria-label='End Safari on iPad']")
    gone = "return !document.body.innerText.includes('iPad') && document.body.innerText.includes('iPhone')"
    assert wait_until(lambda: asked(world, gone), 60) is not None
    assert sorted(item["system"] for item in sessions_of(world)) == ["Linux", "iPhone"]
    press(world, "form[data-act=endOthers] button")
    gone = "return !document.body.innerText.includes('iPhone')"
    assert wait_until(lambda: asked(world, gone), 60) is not None
    assert [item["current"] for item in sessions_of(world)] == [True]
    sign_out(world)


def a_member_takes_up_an_invitation(world):
    world.node.run("org", "create", "Blue Shop")
    world.node.run("department", "create", "blue-shop", "Shipping")
    code = world.node.run("member", "create", "blue-shop", "Shipping", "Mia Moser", "--role", "admin")["code"]
    world.browser.go(world.node.url + "/invitation/7Q4K-M2XD-9RTA-H3VB")  # of nobody here
    assert "Take it up" not in expect_words(world, "You are invited", "Enter the code in your app.")
    world.browser.go(world.node.url + "/invitation/" + code)
    assert "app" not in expect_words(world, "You are invited", "for you alone", "Take it up").split()
    press(world, "form[data-act=takeUp] button")
    expect_words(world, "You are signed in", "Mia Moser", "You have none yet.")
    world.browser.remove_device(world.phone)
    badge = world.browser.add_device("internal")
    add(world, "Badge")
    expect_words(world, "Badge", "Add a second one")
    passkeys.expect(world.browser.run(passkeys.ASK, "/v1/org/me"), 200)
    sign_out(world)
    world.browser.remove_device(badge)
    world.phone = world.browser.add_device("internal")


def another_address_of_the_node_leads_to_the_right_one(world):
    world.browser.go(world.node.url.replace("localhost", "127.0.0.1") + "/sign-in")
    expect_words(world, "Passkeys of this node work at another address of it.")
    press(world, SIGN_IN)
    expect_words(world, "Passkeys do not work at this address of the node.")
    world.browser.press("p[data-origin] a")
    assert wait_until(lambda: world.browser.address() == world.node.url + "/sign-in", 60) is not None
    assert "another address" not in expect_words(world, "Sign in with a passkey")


def a_page_of_the_node_goes_on_to_no_other_site(world):
    for query in ("?then=https://evil.example/", "?redirect_uri=//evil.example"):
        world.node.nobody.get("/sign-in" + query).expect(400, "request.unknown_parameter")
    made = world.node.run("person", "create")  # without a name, too
    world.id = made["id"]
    world.browser.go(made["link"])
    world.browser.press("button")
    add(world, "My phone")
    expect_words(world, "My phone")
    sign_out(world)
    world.browser.go(world.node.url + "/sign-in#https://evil.example/")
    press(world, SIGN_IN)
    is_home(world)


class World:
    def __init__(self, node, window):
        self.node, self.browser = node, window
        self.id = self.phone = self.key = self.code = None


STEPS = [each_page_has_its_style_and_fits_a_phone, a_page_says_why_nobody_was_signed_in,
         whoever_came_by_link_adds_a_passkey, the_keyboard_alone_signs_in, a_second_device_joins_and_the_first_goes,
         a_proof_that_is_old_is_asked_for_anew, a_passkey_that_was_taken_away_says_so,
         whoever_lost_all_comes_with_a_code_and_is_seen, whoever_looks_sees_what_happened_and_ends_sessions,
         a_member_takes_up_an_invitation, another_address_of_the_node_leads_to_the_right_one,
         a_page_of_the_node_goes_on_to_no_other_site]


def main():
    if not browser.is_here():
        return skipped("Chromium and its driver are not on this machine")
    with LocalNode() as node, browser.Browser() as window:
        steps.run(STEPS, World(node, window))
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
