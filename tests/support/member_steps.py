# SPDX-License-Identifier: Apache-2.0
"""Steps of tests/integration/passkeys.py about the people who work for an organisation: they sign in as everybody does,
and what their sessions open is a matter of department and role. The whole matrix of doors is access_matrix.py's."""
import concurrent.futures
import json

from running_node import Caller
from software_passkey import Device, origin_of, session_of

AT_ONCE = 64


def invited(world, name, role="viewer", department="Shipping"):
    return world.node.run("member", "create", "blue-shop", department, name, "--role", role)


def joined(world, made, device=None):
    """By the code, and from then on with a passkey if there is a device."""
    reply = world.node.nobody.post("/v1/claims/member", {"invitation": made["code"]}).expect(201)
    member = Caller(world.node, {"Cookie": session_of(reply)}, id=made["id"])
    if device is not None:
        device.register(member).expect(201)
        member.fields = device.sign_in(world.node)
    return member


def a_member_comes_by_a_code_and_signs_in_with_a_passkey(world):
    world.shop = world.node.organisation("Blue Shop", "Shipping")
    made = invited(world, "Mia Moser", "admin")
    world.node.nobody.get("/v1/org/me").expect(401, "credentials.missing")
    world.mia, world.badge = joined(world, made), Device()
    me = world.mia.get("/v1/org/me").expect(200).json
    assert (me["id"], me["name"], me["role"], me["state"]) == (made["id"], "Mia Moser", "admin", "active")
    world.mia.get("/v1/org/purposes").expect(403, "passkey.not_fresh")  # a code alone opens nothing
    world.mia.post("/v1/org/departments", {"name": "Sales"}).expect(403, "passkey.not_fresh")
    options = world.mia.post("/v1/me/passkeys/options").expect(200).json
    assert options["user"]["name"] == options["user"]["displayName"] == "Mia Moser"
    world.badge.register(world.mia, "Badge").expect(201)
    world.mia.get("/v1/org/purposes").expect(403, "passkey.not_fresh")  # one that is kept is not one that was shown
    before = dict(world.mia.fields)
    world.badge.prove(world.mia).expect(204)
    world.mia.get("/v1/org/purposes").expect(200)
    Caller(world.node, before).get("/v1/org/me").expect(401, "session.unknown")
    reply = world.badge.finish(world.node, *world.badge.begin(world.node)).expect(200)
    assert reply.json == {"member": made["id"]}
    world.mia.fields = {"Cookie": session_of(reply)}
    ways = [entry["way"] for entry in world.mia.get("/v1/me/sessions").expect(200).json["items"]]
    assert sorted(ways) == ["invitation", "passkey"], ways


def a_code_is_taken_up_once(world):
    made = invited(world, "Nia")
    body = json.dumps({"invitation": made["code"].lower().replace("-", " ")})
    fields = {"Content-Type": "application/json"}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda _: world.node.nobody.post("/v1/claims/member", body, fields), range(AT_ONCE)))
    assert sorted(reply.status for reply in replies) == [201] + [404] * (AT_ONCE - 1)
    for code in (made["code"], "0000-0000-0000-0000", "x"):
        reply = world.node.nobody.post("/v1/claims/member", {"invitation": code}).expect(404, "not_found")
        assert reply.field("Set-Cookie") is None
    ada = {"invitation": world.shop.post("/v1/org/invitations", {}).expect(201).json["code"]}
    world.node.nobody.post("/v1/claims/member", ada).expect(404, "not_found")  # that of a customer
    world.node.nobody.post("/v1/claims", {"invitation": invited(world, "Ole")["code"]}).expect(404, "not_found")


def an_admin_sets_up_and_a_viewer_looks(world):
    sales = world.mia.post("/v1/org/departments", {"name": "Sales"}).expect(201).json["id"]
    system = world.mia.post("/v1/org/systems", {"name": "Till", "department": sales}).expect(201).json
    till = Caller(world.node, {"Authorization": "Bearer " + system["secret"]})
    till.get("/v1/org/departments").expect(200)
    body = {"name": "Vic", "department": sales, "role": "viewer"}
    made = world.mia.post("/v1/org/members", body).expect(201).json
    assert made["state"] == "invited" and made["joined"] is None and len(made["code"]) == 19
    world.pen = Device()
    world.vic = joined(world, made, world.pen)
    told = {entry["name"]: entry["state"] for entry in world.mia.get("/v1/org/members").expect(200).json["items"]}
    assert told == {"Mia Moser": "active", "Nia": "active", "Ole": "invited", "Vic": "active"}, told
    assert not any("code" in entry for entry in world.mia.get("/v1/org/members").json["items"])
    for path in ("/v1/org/purposes", "/v1/org/requests", "/v1/org/departments", "/v1/me/passkeys"):
        world.vic.get(path).expect(200)
    for method, path, body in (("GET", "/v1/org/members", None), ("GET", "/v1/org/systems", None),
                               ("POST", "/v1/org/members", body), ("POST", "/v1/org/departments", {"name": "Mine"}),
                               ("DELETE", "/v1/org/members/" + made["id"], None)):
        world.vic.call(method, path, body).expect(403, "scope.missing")
    for path in ("/v1/me", "/v1/me/attributes", "/v1/me/grants", "/v1/org/relationships", "/v1/org/grants"):
        world.mia.get(path).expect(403, "actor.wrong_kind")  # a member is no customer, and no system
    greeted, stranger, ada = (caller.get("/").expect(200).body for caller in (world.mia, world.node.nobody, world.ada))
    told = [[word in page for page in (greeted, stranger, ada)]
            for word in (b"<strong>Mia Moser</strong>", b"What the node counts for you", b"Your passkeys")]
    assert told == [[True, False, False], [False, False, True], [True, False, True]], told
    world.mia.post("/v1/org/disclosures", {}).expect(403, "actor.wrong_kind")
    world.mia.post("/v1/me/erase", {"confirm": "erase me"}).expect(403, "actor.wrong_kind")
    world.ada.get("/v1/org/me").expect(403, "actor.wrong_kind")
    world.mia.post("/v1/org/departments", {"name": "X"}, {"Origin": "https://evil.example"}).expect(
        403, "origin.refused")
    till.delete("/v1/org/systems/" + system["id"]).expect(403, "scope.missing")
    world.mia.delete("/v1/org/systems/" + system["id"]).expect(204)
    till.get("/v1/org/departments").expect(401, "key.unknown")


def whoever_lost_the_answer_to_a_claim_gets_it_again(world):
    """By code and key together, for as long as the membership lasts and nobody else has either."""
    made, badge = invited(world, "Rae"), {"Idempotency-Key": "rae-1"}
    body = {"invitation": made["code"]}

    def claim(fields, body=body):
        return world.node.nobody.post("/v1/claims/member", body, fields)

    first = claim(badge).expect(201)
    again = claim(badge).expect(201)
    assert again.json == first.json and session_of(again) == session_of(first)
    Caller(world.node, {"Cookie": session_of(again)}).get("/v1/org/me").expect(200)
    for fields in ({}, {"Idempotency-Key": "rae-2"}):
        reply = claim(fields).expect(404, "not_found")
        assert reply.field("Set-Cookie") is None
    claim(badge, {"invitation": invited(world, "Sid")["code"]}).expect(201)  # another code, another claim
    world.mia.delete("/v1/org/members/" + made["id"]).expect(204)
    assert claim(badge).expect(404, "not_found").field("Set-Cookie") is None


def deeds_of(caller):
    return caller.get("/v1/org/deeds").expect(200).json["items"]


def each_change_of_the_set_up_says_who_made_it(world):
    gil = joined(world, invited(world, "Gilberta Zwahlen", "admin"), device := Device())
    device.prove(gil).expect(204)
    made = gil.post("/v1/org/departments", {"name": "Returns"}).expect(201).json["id"]
    newest = deeds_of(world.mia)[0]
    assert (newest["deed"], newest["subject"]) == ("department.created", made), newest
    assert (newest["by"], newest["member"], newest["system"]) == ("member", gil.id, None), newest
    panel = world.node.system("blue-shop", world.shop.department, "Panel", "admin")
    left = panel.post("/v1/org/systems", {"name": "Kiosk", "department": made}).expect(201).json["id"]
    newest = deeds_of(panel)[0]
    assert (newest["deed"], newest["subject"]) == ("system.created", left), newest
    assert (newest["by"], newest["member"], newest["system"]) == ("system", None, panel.id), newest
    first, = (entry for entry in deeds_of(gil) if (entry["deed"], entry["subject"]) == ("member.invited", world.mia.id))
    assert (first["by"], first["member"], first["system"]) == ("operator", None, None), first
    world.mia.delete("/v1/org/members/" + gil.id).expect(204)
    ended, _, _, of_gil = deeds_of(world.mia)[:4]
    assert (ended["deed"], ended["subject"], ended["member"]) == ("member.ended", gil.id, world.mia.id), ended
    assert of_gil["member"] == gil.id and "Zwahlen" not in json.dumps(deeds_of(world.mia))
    world.vic.get("/v1/org/deeds").expect(403, "scope.missing")
    world.ada.get("/v1/org/deeds").expect(403, "actor.wrong_kind")


def two_answers_to_one_key_are_one_member(world):
    body = {"name": "Twice", "department": world.shop.department, "role": "viewer"}
    first, again = (world.mia.post("/v1/org/members", body, {"Idempotency-Key": "one"}).expect(201) for _ in range(2))
    assert first.json == again.json
    world.mia.delete("/v1/org/members/" + first.json["id"]).expect(204)


def recovery_of(member):
    """How many codes are left, since when somebody waits, and until when: by the door that he looks at first."""
    told = member.get("/v1/org/me").expect(200).json["recovery"]
    assert told == member.get("/v1/me/recovery").expect(200).json, told
    return told["codes_left"], told["begun"], told["opens"]


def members_have_passkeys_sessions_and_codes_like_everybody(world):
    spare = Device()
    stale = joined(world, invited(world, "Una"), spare)
    spare.prove(stale).expect(204)
    second = Device()
    second.register(stale, "Spare").expect(201)
    names = [entry["name"] for entry in stale.get("/v1/me/passkeys").expect(200).json["items"]]
    assert names == ["Phone", "Spare"], names
    codes = stale.post("/v1/me/recovery/codes").expect(201).json["codes"]
    assert recovery_of(stale) == (8, None, None)
    begun = world.node.nobody.post("/v1/recovery", {"code": codes[0]}).expect(200)
    assert begun.json["id"] is None and "member" not in begun.json and begun.field("Set-Cookie") is None
    left, since, opens = recovery_of(stale)
    assert left == 8 and since is not None and opens == begun.json["opens"], (left, since, opens)
    listed = world.mia.get("/v1/org/members").expect(200).json["items"]
    assert any(entry["name"] == "Una" for entry in listed) and not any("recovery" in entry for entry in listed), listed
    stale.post("/v1/me/recovery/stop").expect(204)
    assert recovery_of(stale) == (0, None, None)
    kinds = [entry["kind"] for entry in stale.get("/v1/me/alerts").expect(200).json["items"]]
    assert kinds == ["recovery_stopped", "recovery_begun", "codes_made", "passkey_added", "passkey_added"], kinds
    stale.delete("/v1/me/sessions").expect(204)
    only, = stale.get("/v1/me/sessions").expect(200).json["items"]
    world.vic.delete("/v1/me/sessions/" + only["id"]).expect(404, "not_found")
    stale.post("/v1/me/sign-out").expect(204)
    stale.get("/v1/org/me").expect(401, "session.unknown")


def a_member_is_named_like_anybody_who_may_not_be_here(world):
    options = "/v1/sign-in/options"
    known = world.node.nobody.post(options, {"person": world.mia.id}).expect(200).json["allowCredentials"]
    own = [entry["credential"] for entry in world.mia.get("/v1/me/passkeys").json["items"]]
    assert [entry["id"] for entry in known][:len(own)] == own
    for who in ("mem_" + "0" * 26, invited(world, "Ivo")["id"]):
        first, again = (world.node.nobody.post(options, {"person": who}).expect(200).json["allowCredentials"]
                        for _ in range(2))
        assert first == again and len(first) == len(known)
    stranger = Device()
    stranger.user_handle = world.mia.id.encode()
    stranger.finish(world.node, *stranger.begin(world.node)).expect(401, "passkey.unknown")
    handle, world.badge.user_handle = world.badge.user_handle, world.ada.id.encode()
    world.badge.finish(world.node, *world.badge.begin(world.node)).expect(401, "passkey.unknown")
    world.badge.user_handle = handle


def the_end_of_a_membership_ends_all_of_it(world):
    options, fields = world.pen.begin(world.node)
    waiting = {"credential": world.pen.get(options, origin_of(world.node))}
    world.vic.get("/v1/org/purposes").expect(200)
    vic = world.vic.get("/v1/org/me").json["id"]
    world.mia.delete("/v1/org/members/" + vic).expect(204)
    world.vic.get("/v1/org/purposes").expect(401, "session.unknown")
    world.node.nobody.post("/v1/sign-in", waiting, fields).expect(401, "passkey.unknown")
    world.pen.finish(world.node, *world.pen.begin(world.node)).expect(401, "passkey.unknown")
    world.mia.delete("/v1/org/members/" + vic).expect(404, "not_found")
    left, = (entry for entry in world.mia.get("/v1/org/members").json["items"] if entry["id"] == vic)
    assert left["state"] == "ended" and left["name"] is None and left["ended"] is not None
    world.node.stop()
    mia = world.mia.id
    world.node.run("member", "end", mia)
    world.node.start()
    world.mia.get("/v1/org/me").expect(401, "session.unknown")
    world.badge.finish(world.node, *world.badge.begin(world.node)).expect(401, "passkey.unknown")


STEPS = [a_member_comes_by_a_code_and_signs_in_with_a_passkey, a_code_is_taken_up_once,
         an_admin_sets_up_and_a_viewer_looks, whoever_lost_the_answer_to_a_claim_gets_it_again,
         each_change_of_the_set_up_says_who_made_it, two_answers_to_one_key_are_one_member,
         members_have_passkeys_sessions_and_codes_like_everybody, a_member_is_named_like_anybody_who_may_not_be_here,
         the_end_of_a_membership_ends_all_of_it]
