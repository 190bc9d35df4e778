# SPDX-License-Identifier: Apache-2.0
"""Goal: a passkey lets in whoever holds it and nobody else, once for each proof, and no answer tells who is here.
Method: a device of the test's own (support/software_passkey.py) goes through each ceremony as it should, then with one
thing wrong in it, or at the same time as itself; refusals for what is known and what is not are laid side by side.
Positive control: the honest device passes before and after each bad one."""
import concurrent.futures
import json
import sys

import member_steps
import steps
from running_node import Caller, RunningNode
from software_passkey import (BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Device, b64, origin_of, session_of)

AT_ONCE = 64
OF_PEOPLE = " WHERE person_id NOT IN (SELECT member_id FROM member)"


def signed_in(world, device):
    return Caller(world.node, device.sign_in(world.node))


def a_person_registers_and_signs_in(world):
    options = world.ada.post("/v1/me/passkeys/options").expect(200).json
    assert options["rp"] == {"id": "localhost", "name": "Symbolon"} and options["attestation"] == "none"
    assert [entry["alg"] for entry in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert options["authenticatorSelection"] == {"residentKey": "required", "requireResidentKey": True,
                                                 "userVerification": "required"}
    assert options["user"]["name"] == options["user"]["displayName"] == "Ada"
    assert options["excludeCredentials"] == [] and options["timeout"] == 300_000
    world.phone = Device()
    kept = world.phone.register(world.ada, "Phone").expect(201).json
    assert kept["name"] == "Phone" and kept["used"] is None and kept["transports"] == ["internal", "hybrid"]
    assert kept["credential"] == b64(world.phone.id) and not kept["may_be_copied"]
    assert world.ada.get("/v1/me/passkeys").expect(200).json["items"] == [kept]
    options = world.ada.post("/v1/me/passkeys/options").expect(200).json
    assert options["excludeCredentials"] == [{"type": "public-key", "id": b64(world.phone.id)}]
    reply = world.phone.finish(world.node, *world.phone.begin(world.node)).expect(200)
    assert reply.json == {"id": world.ada.id}
    cookies = [value for name, value in reply.fields if name.lower() == "set-cookie"]
    assert any(value.startswith("visitor=;") and "Max-Age=0" in value for value in cookies), cookies
    again = Caller(world.node, {"Cookie": session_of(reply)})
    assert again.get("/v1/me").expect(200).json["id"] == world.ada.id
    assert again.get("/v1/me/passkeys").json["items"][0]["used"] is not None
    assert [entry["kind"] for entry in again.get("/v1/me/alerts").expect(200).json["items"]] == ["passkey_added"]


def another_passkey_wants_a_fresh_proof(world):
    world.key = Device(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)
    world.key.register(world.ada, "Keyring").expect(403, "passkey.not_fresh")
    world.phone.prove(world.ada).expect(204)
    kept = world.key.register(world.ada, "Keyring").expect(201).json
    assert kept["may_be_copied"] and kept["backed_up"]
    assert signed_in(world, world.key).get("/v1/me").expect(200).json["id"] == world.ada.id
    renamed = world.ada.patch(f"/v1/me/passkeys/{kept['id']}", {"name": "Ring"}).expect(200).json
    assert renamed == dict(renamed, id=kept["id"], name="Ring")
    world.ada.patch(f"/v1/me/passkeys/{kept['id']}", {"name": ""}).expect(422, "request.out_of_range")
    world.bob.patch(f"/v1/me/passkeys/{kept['id']}", {"name": "Mine"}).expect(404, "not_found")
    world.bob.delete(f"/v1/me/passkeys/{kept['id']}").expect(404, "not_found")
    world.key.register(world.bob).expect(409, "passkey.exists")


def a_proof_serves_once(world):
    options, fields = world.phone.begin(world.node)
    proof = {"credential": world.phone.get(options, origin_of(world.node))}
    world.node.nobody.post("/v1/sign-in", proof, fields).expect(200)
    world.node.nobody.post("/v1/sign-in", proof, fields).expect(422, "passkey.challenge")
    options = world.ada.post("/v1/me/passkeys/options").expect(200).json
    twice = {"name": "Twice", "credential": Device().create(options, origin_of(world.node))}
    world.ada.post("/v1/me/passkeys", twice).expect(201)
    world.ada.post("/v1/me/passkeys", twice).expect(422, "passkey.challenge")


def many_at_the_same_time_are_one(world):
    options, fields = world.phone.begin(world.node)
    proof = json.dumps({"credential": world.phone.get(options, origin_of(world.node))})
    fields["Content-Type"] = "application/json"
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda _: world.node.nobody.post("/v1/sign-in", proof, fields), range(AT_ONCE)))
    assert sorted(reply.status for reply in replies) == [200] + [422] * (AT_ONCE - 1)


def a_proof_is_good_from_the_browser_that_asked_and_after_a_restart(world):
    options, fields = world.phone.begin(world.node)
    _, others = world.phone.begin(world.node)
    world.phone.finish(world.node, options, others).expect(422, "passkey.challenge")
    world.phone.finish(world.node, options, {}).expect(422, "passkey.challenge")
    twice = {"Cookie": fields["Cookie"] + "; " + fields["Cookie"]}
    world.phone.finish(world.node, options, twice).expect(400, "credentials.repeated")
    world.node.stop()
    world.node.start()
    proof = {"credential": world.phone.get(options, origin_of(world.node))}
    world.node.nobody.post("/v1/sign-in", proof, fields).expect(200)
    world.node.stop()
    world.node.start()
    again = {"credential": world.phone.get(options, origin_of(world.node))}
    world.node.nobody.post("/v1/sign-in", again, fields).expect(422, "passkey.challenge")
    options = world.ada.post("/v1/me/proof/options").expect(200).json  # of a session, and for a session
    fields = world.phone.begin(world.node)[1]
    world.phone.finish(world.node, options, fields).expect(422, "passkey.challenge")
    proof = {"credential": world.phone.get(options, origin_of(world.node))}
    world.bob.post("/v1/me/proof", proof).expect(422, "passkey.challenge")
    world.ada.fields["Cookie"] = session_of(world.ada.post("/v1/me/proof", proof).expect(204))


def one_thing_that_is_wrong_is_enough(world):
    node, phone = world.node, world.phone
    for field, value, status, reason in (
            ("origin", "https://localhost", 422, "passkey.refused"),
            ("origin", origin_of(node) + ".example", 422, "passkey.refused"),
            ("origin", f"http://127.0.0.1:{node.port}", 422, "passkey.refused"),
            ("relying_party", "example.org", 422, "passkey.refused"),
            ("cross_origin", True, 422, "passkey.refused"),
            ("flags", VERIFIED, 422, "passkey.refused"),
            ("flags", PRESENT, 422, "passkey.not_verified"),
            ("flags", PRESENT | VERIFIED | BACKED_UP, 400, "passkey.form"),
            ("flags", PRESENT | VERIFIED | ELIGIBLE, 401, "passkey.unknown"),
            ("id", Device().id, 401, "passkey.unknown"),
            ("key", Device().key, 401, "passkey.unknown"),
            ("user_handle", world.bob.id.encode(), 401, "passkey.unknown"),
            ("user_handle", b"somebody", 401, "passkey.unknown")):
        was = getattr(phone, field)
        setattr(phone, field, value)
        phone.finish(node, *phone.begin(node)).expect(status, reason)
        options = world.ada.post("/v1/me/passkeys/options").expect(200).json
        if reason in ("passkey.refused", "passkey.not_verified", "passkey.form"):
            made = phone.create(options, origin_of(node))
            world.ada.post("/v1/me/passkeys", {"name": "Bad", "credential": made}).expect(status, reason)
        setattr(phone, field, was)
        phone.sign_in(node)
    options, fields = phone.begin(node)
    registration = phone.create(world.ada.post("/v1/me/passkeys/options").json, origin_of(node))
    node.nobody.post("/v1/sign-in", {"credential": registration}, fields).expect(400, "passkey.form")
    for broken in (None, 7, [], {}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}):
        wanted = {"credential": broken}
        assert node.nobody.post("/v1/sign-in", wanted, fields).status == 400
        assert world.ada.post("/v1/me/passkeys", dict(wanted, name="Bad")).status == 400
    proof = {"credential": phone.get(options, origin_of(node)), "more": 1}
    node.nobody.post("/v1/sign-in", proof, fields).expect(400, "request.unknown_member")
    world.ada.post("/v1/me/proof", proof).expect(400, "request.unknown_member")
    world.ada.post("/v1/me/passkeys", dict(proof, name="Bad")).expect(400, "request.unknown_member")


def a_device_that_was_copied_is_told_of(world):
    counting = Device(counter=7)
    counting.register(world.bob, "Counts").expect(201)
    counting.counter = 9
    bob = signed_in(world, counting)
    for counter in (9, 8, 0):
        counting.counter = counter
        counting.finish(world.node, *counting.begin(world.node)).expect(403, "passkey.copied")
    counting.prove(bob).expect(403, "passkey.copied")
    told = bob.get("/v1/me/alerts?limit=1").expect(200)
    assert told.json["items"][0]["kind"] == "passkey_copied" and 'rel="next"' in told.field("Link")
    passkey = bob.get("/v1/me/passkeys").json["items"][0]["id"]
    assert [(entry["kind"], entry["passkey"]) for entry in bob.get("/v1/me/alerts").json["items"]] == \
        [("passkey_copied", passkey)] * 4 + [("passkey_added", passkey)]
    counting.counter = 10
    signed_in(world, counting).delete(f"/v1/me/passkeys/{passkey}").expect(409, "passkey.last")


def shape_of(reply):
    """An answer without what is new in each, and how long that is."""
    fields = [(name, value if name not in ("Set-Cookie", "X-Request-Id", "Date") else len(value))
              for name, value in reply.fields if name != "RateLimit"]
    body = reply.json
    return reply.status, fields, dict(body, challenge=len(body["challenge"]),
                                      allowCredentials=len(body["allowCredentials"]))


def nobody_learns_who_is_here(world):
    options = "/v1/sign-in/options"
    known = world.node.nobody.post(options, {"person": world.ada.id}).expect(200)
    own = [entry["credential"] for entry in world.ada.get("/v1/me/passkeys").json["items"]]
    assert [entry["id"] for entry in known.json["allowCredentials"]][:len(own)] == own
    for who in (world.cleo.id, "per_" + "0" * 26, "ada@example.org", "x"):
        first, again = (world.node.nobody.post(options, {"person": who}).expect(200) for _ in range(2))
        assert first.json["allowCredentials"] == again.json["allowCredentials"] != []
        sizes = [value for name, value in shape_of(first)[1] if name == "Content-Length"]
        wanted = [(name, value) for name, value in shape_of(known)[1] if name != "Content-Length"]
        assert [(name, value) for name, value in shape_of(first)[1] if name != "Content-Length"] == wanted and sizes
        assert shape_of(first)[2] == shape_of(known)[2]
    assert world.node.nobody.post(options, {}).expect(200).json["allowCredentials"] == []
    assert world.node.nobody.post(options).expect(200).json["allowCredentials"] == []
    world.node.nobody.post(options, {"person": "x" * 65}).expect(422, "request.out_of_range")
    stranger, phone = Device(), world.phone  # that nobody has, and that of somebody else
    stranger.user_handle = world.ada.id.encode()
    lost = [device.finish(world.node, *device.begin(world.node)).expect(401, "passkey.unknown").json
            for device in (stranger, with_handle(phone, world.bob.id), with_handle(phone, "per_" + "0" * 26))]
    assert len({json.dumps(dict(body, request_id="")) for body in lost}) == 1


def with_handle(device, person):
    other = Device()
    other.__dict__.update(device.__dict__, user_handle=person.encode())
    return other


def a_device_that_names_nobody_signs_in_whom_the_options_were_for(world):
    for who, status in ((world.bob.id, 401), ("per_" + "0" * 26, 401), ("", 401), (world.ada.id, 200)):
        options, fields = world.phone.begin(world.node, {"person": who})
        proof = world.phone.get(options, origin_of(world.node))
        del proof["response"]["userHandle"]
        reply = world.node.nobody.post("/v1/sign-in", {"credential": proof, "person": who}, fields).expect(status)
    assert reply.json["id"] == world.ada.id


def other_sites_cannot_begin_it(world):
    for door in ("/v1/sign-in/options", "/v1/sign-in"):
        world.node.nobody.post(door, {}, {"Origin": "https://evil.example"}).expect(403, "origin.refused")
        world.node.nobody.post(door, {}, {"Sec-Fetch-Site": "cross-site"}).expect(403, "origin.refused")


def passkeys_go_and_the_last_one_stays(world):
    ada = signed_in(world, world.phone)
    items = ada.get("/v1/me/passkeys").json["items"]
    for entry in items:
        if entry["credential"] != b64(world.phone.id):
            ada.delete(f"/v1/me/passkeys/{entry['id']}").expect(204)
            ada.delete(f"/v1/me/passkeys/{entry['id']}").expect(404, "not_found")
    world.key.finish(world.node, *world.key.begin(world.node)).expect(401, "passkey.unknown")
    left, = ada.get("/v1/me/passkeys").json["items"]
    ada.delete(f"/v1/me/passkeys/{left['id']}").expect(409, "passkey.last")
    world.phone.sign_in(world.node)


def printed_codes_open_nothing_by_themselves(world):
    ada = signed_in(world, world.phone)
    world.ada.post("/v1/me/recovery/codes").expect(201)  # it has proved it a moment ago
    codes = ada.post("/v1/me/recovery/codes").expect(201).json["codes"]
    state = ada.get("/v1/me/recovery").json
    assert len(set(codes)) == 8 and state["made"] is not None
    assert state == {"codes_left": 8, "made": state["made"], "begun": None, "opens": None}, state
    words = world.node.query("people", "SELECT code_hash, hash FROM recovery_code" + OF_PEOPLE)
    assert len(words) == 8 and not any(code in str(words) for code in codes)
    ada.post("/v1/me/recovery/stop").expect(409, "recovery.none")
    first = world.node.nobody.post("/v1/recovery", {"code": codes[0].lower().replace("-", " ")}).expect(200)
    assert first.json["id"] is None and first.field("Set-Cookie") is None
    again = world.node.nobody.post("/v1/recovery", {"code": codes[1]}).expect(200)
    assert again.json == first.json and ada.get("/v1/me/recovery").json["opens"] == first.json["opens"]
    assert ada.get("/v1/me/alerts?limit=1").json["items"][0]["kind"] == "recovery_begun"
    ada.post("/v1/me/recovery/stop").expect(204)
    for code in codes:  # whoever has one has seen the paper
        world.node.nobody.post("/v1/recovery", {"code": code}).expect(401, "recovery.code_unknown")
    assert ada.get("/v1/me/recovery").json == {"codes_left": 0, "made": None, "begun": None, "opens": None}
    for bad in ("", "x", codes[1][:-1], codes[1] + "0", 7):
        assert world.node.nobody.post("/v1/recovery", {"code": bad}).status in (400, 401, 422)
    world.bob.post("/v1/me/recovery/codes").expect(403, "passkey.not_fresh")


def a_code_of_the_operator_has_its_wait_and_is_stopped(world):
    ada = signed_in(world, world.phone)
    me = ada.get("/v1/me").json
    lost = world.node.run("person", "recover", me["id"])
    made = world.node.run("person", "recover", me["id"])
    world.node.nobody.post("/v1/recovery", {"code": lost["code"]}).expect(401, "recovery.code_unknown")
    came = world.node.nobody.post("/v1/recovery", {"code": made["code"]}).expect(200)
    assert made["id"] == me["id"] and came.json["id"] is None and came.field("Set-Cookie") is None
    assert ada.get("/v1/me").json["recovery"]["opens"] == came.json["opens"]
    assert ada.get("/v1/me/alerts?limit=1").json["items"][0]["kind"] == "recovery_begun"
    ada.post("/v1/me/recovery/stop").expect(204)
    world.node.nobody.post("/v1/recovery", {"code": made["code"]}).expect(401, "recovery.code_unknown")


def an_answer_that_was_kept_wants_the_proof_that_it_wanted(world):
    path, key = "/v1/me/recovery/codes", {"Idempotency-Key": "codes"}
    ada = signed_in(world, world.phone)
    kept = ada.call("POST", path, None, key).expect(201).json
    assert signed_in(world, world.phone).call("POST", path, None, key).expect(201).json == kept
    link = world.node.run("person", "link", ada.get("/v1/me").json["id"])["link"]
    unproved = Caller(world.node, {"Cookie": session_of(world.node.nobody.post(link.removeprefix(world.node.url)))})
    unproved.call("POST", path, None, key).expect(403, "passkey.not_fresh")


def who_finds_an_open_session_erases_nobody(world):
    world.node.start()
    world.cleo.post("/v1/me/erase", {"confirm": "erase me", "more": 1}).expect(400, "request.unknown_member")
    phone = Device()
    phone.register(world.cleo).expect(201)
    world.cleo.post("/v1/me/erase", {"confirm": "erase me"}).expect(403, "passkey.not_fresh")
    phone.prove(world.cleo).expect(204)
    world.cleo.post("/v1/me/erase", {"confirm": "erase"}).expect(422, "erasure.not_confirmed")
    world.cleo.post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
    world.cleo.get("/v1/me").expect(401, "session.unknown")


def nothing_of_it_can_be_read_in_the_files_or_outlives_the_person(world):
    rows = world.node.query("people", "SELECT count(*), min(length(sealed)) FROM passkey" + OF_PEOPLE)
    assert int(rows[0][0]) == 2 and int(rows[0][1]) > 40
    world.node.stop()
    world.node.expect_sound()
    world.node.start()
    signed_in(world, world.phone).post("/v1/me/erase", {"confirm": "erase me"}).expect(202)
    world.phone.finish(world.node, *world.phone.begin(world.node)).expect(401, "passkey.unknown")
    world.node.stop()
    world.node.run("person", "erase", world.ada.id, "--yes")
    assert world.node.query("people", "SELECT count(*) FROM passkey" + OF_PEOPLE)[0] == ("1",)
    assert world.node.query("people", "SELECT count(*) FROM passkey_credential" + OF_PEOPLE)[0] == ("1",)
    assert world.node.query("people", "SELECT count(*) FROM recovery_code" + OF_PEOPLE)[0] == ("0",)
    world.node.expect_sound()


class World:
    def __init__(self, node):
        self.node = node
        self.ada, self.bob, self.cleo = node.person("Ada"), node.person("Bob"), node.person("Cleo")
        self.phone = self.key = None


STEPS = [a_person_registers_and_signs_in, another_passkey_wants_a_fresh_proof, a_proof_serves_once,
         many_at_the_same_time_are_one, a_proof_is_good_from_the_browser_that_asked_and_after_a_restart,
         one_thing_that_is_wrong_is_enough, a_device_that_was_copied_is_told_of, nobody_learns_who_is_here,
         a_device_that_names_nobody_signs_in_whom_the_options_were_for, other_sites_cannot_begin_it,
         *member_steps.STEPS, passkeys_go_and_the_last_one_stays, printed_codes_open_nothing_by_themselves,
         a_code_of_the_operator_has_its_wait_and_is_stopped,
         an_answer_that_was_kept_wants_the_proof_that_it_wanted,
         nothing_of_it_can_be_read_in_the_files_or_outlives_the_person, who_finds_an_open_session_erases_nobody]


def main():
    with RunningNode() as node:
        steps.run(STEPS, World(node))


if __name__ == "__main__":
    sys.exit(main())
