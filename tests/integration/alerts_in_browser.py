# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever looks at the page at `/` reads what happened to his ways in, each kind of it as a sentence, on a phone
as on a wide screen. Method: a person does, or suffers, what each kind tells of that the node's own description has;
Debian's Chromium shows the page, whose words are those of the manual, and measures whether anything goes beyond its
edge. Positive control: a row that was made too wide is seen to be."""
import pathlib
import sys

import browser
import steps
from pages_in_browser import is_home
from running_node import Caller
from set_clock import Clock
from shop_in_browser import LocalNode
from skipping import skipped
from software_client import Client
from software_passkey import Device, session_of

MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "manual" / "person.md"
DAY_SECONDS = 24 * 3600
SHOWN = 10  # the newest
NAME = "W" * 200  # as long as one may be, and nowhere to break it
HEAD = "What happened to your account"
ROWS = """const list = [...document.querySelectorAll("h2")].find(head => head.textContent === words[0]);
let next = list.nextElementSibling;
while (next.tagName !== "DL") next = next.nextElementSibling;
return [...next.querySelectorAll("dd")].map(row => row.textContent)"""
BEYOND = """return document.documentElement.scrollWidth > words[0] ||
  [...document.querySelectorAll("main *")].some(part => part.getBoundingClientRect().right > words[0])"""
TOO_WIDE = "document.querySelector('dd').style.width = '2000px'"


def in_by_code(world, ada):
    code = ada.post("/v1/me/recovery/codes").expect(201).json["codes"][0]
    world.node.nobody.post("/v1/recovery", {"code": code}).expect(200)
    return code


def everything_happens_that_is_told(world):
    node, phone, key = world.node, Device(counter=7), Device()
    world.ada = ada = node.person("Ada")
    phone.register(ada).expect(201)
    phone.counter = 8
    phone.prove(ada).expect(204)
    key.register(ada, "Key").expect(201)
    in_by_code(world, ada)
    ada.post("/v1/me/recovery/stop").expect(204)
    ada.get("/v1/me/export").expect(200)
    shop = node.organisation("Blue Shop", "Shipping")
    Client(node, shop.organisation, shop.department, name=NAME).ask(ada).expect(200)
    client, = ada.get("/v1/me/authorizations").expect(200).json["items"]
    ada.delete("/v1/me/authorizations/" + client["id"]).expect(204)
    phone.finish(node, *phone.begin(node)).expect(403, "passkey.copied")
    key.prove(ada).expect(204)
    ada.delete("/v1/me/passkeys/" + ada.get("/v1/me/passkeys").json["items"][0]["id"]).expect(204)
    code = in_by_code(world, ada)
    world.clock.go_on(DAY_SECONDS + 1)
    back = node.nobody.post("/v1/recovery", {"code": code}).expect(200)
    Device().register(Caller(node, {"Cookie": session_of(back)})).expect(201)


def sentences():
    part = MANUAL.read_text().split("| `kind` | what it tells |")[1].split("\n\n")[0]
    return dict(line.strip("|` ").split("` | ") for line in part.splitlines() if line.startswith("| `"))


def each_kind_is_a_sentence_of_the_manual(world):
    told = [item["kind"] for item in world.ada.get(f"/v1/me/alerts?limit={SHOWN}").expect(200).json["items"]]
    schemas = world.node.nobody.get("/openapi.json").expect(200).json["components"]["schemas"]
    assert set(told) == set(schemas["Alert"]["properties"]["kind"]["enum"]) == set(sentences()), told
    world.id = world.ada.id
    world.browser.go(world.node.run("person", "link", world.id)["link"])
    world.browser.press("button")
    is_home(world)
    wanted = [sentences()[kind] for kind in told]
    wanted[told.index("client_ended")] += f" It is called {NAME}."
    rows = world.browser.run(ROWS, HEAD)
    assert rows == wanted, rows


def nothing_goes_beyond_the_edge(world):
    for width in (320, 390, 1280):
        world.browser.resize(width, 900)
        assert not world.browser.run(BEYOND, width), width
        world.browser.run(TOO_WIDE)
        assert world.browser.run(BEYOND, width), width
        world.browser.go(world.node.url + "/")


class World:
    def __init__(self, node, window, clock):
        self.node, self.browser, self.clock = node, window, clock
        self.ada = self.id = None


STEPS = [everything_happens_that_is_told, each_kind_is_a_sentence_of_the_manual, nothing_goes_beyond_the_edge]


def main():
    if not browser.is_here():
        return skipped("Chromium and its driver are not on this machine")
    with browser.Browser() as window, Clock(sys.argv[1]) as clock, LocalNode() as node:
        steps.run(STEPS, World(node, window, clock))
        node.expect_sound()
    return 0


if __name__ == "__main__":
    sys.exit(main())
