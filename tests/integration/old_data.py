# SPDX-License-Identifier: Apache-2.0
"""Goal: what was stopped stays stopped, whatever is put back: a backup, the keys of another node, an answer that was
kept for a repeated read. Method: a node with one person, one organisation and several grants; each time the stop is
acknowledged first. Positive control: before the stop, or with the right data, the same step succeeds."""
import datetime
import glob
import os
import shutil

from purposes import DELIVER
from running_node import RunningNode

KIND = "pd:PhysicalAddress"
SOON = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
PURPOSE = dict(DELIVER, attributes={"needed": [KIND], "optional": ["pd:Name"]},
               facts=dict(DELIVER["facts"], passed_on=[]))


class World:
    def __init__(self, node):
        self.shop = node.organisation("Blue Shop", "Shipping")
        self.ada = node.person("Ada")
        self.purpose = self.shop.post("/v1/org/purposes", PURPOSE).expect(201).json["id"]
        self.shop.post(f"/v1/org/purposes/{self.purpose}/publish").expect(200)
        code = self.shop.post("/v1/org/invitations", {}).expect(201).json["code"]
        self.relationship = self.ada.post("/v1/me/relationships", {"invitation": code}).expect(201).json["id"]
        self.put("Bern")

    def put(self, town):
        self.ada.put("/v1/me/attributes/" + KIND, {"value": {"locality": town, "country": "CH"}}).expect(200)

    def give(self, **more):
        body = {"relationship": self.relationship, "purpose": self.purpose, "attributes": [KIND], **more}
        return self.ada.post("/v1/me/grants", body).expect(201).json["id"]

    def stop(self, grant):
        self.ada.post(f"/v1/me/grants/{grant}/withdraw").expect(200)

    def read(self, key=None, **more):
        body = {"relationship": self.relationship, "purpose": self.purpose, "attributes": [KIND], **more}
        return self.shop.post("/v1/org/disclosures", body, {"Idempotency-Key": key} if key else None)


def a_kept_answer_does_not_outlive_a_stop(world):
    older = world.give()
    newer = world.give(uses={"kind": "once"})
    once = world.read("once").expect(200).json
    assert once["grant"] == newer
    assert world.read("once").expect(200).json == once, "control: the grant that this very read used up counts as free"
    often = world.read("often").expect(200).json
    assert often["grant"] == older
    assert world.read("often").expect(200).json == often, "control: nothing has changed"
    world.stop(older)
    world.read("often").expect(403)
    world.stop(newer)
    world.read("once").expect(403)


def told(world):
    """How many entries the person sees."""
    return len(world.ada.get("/v1/me/disclosures?limit=200").expect(200).json["items"])


def used(world, grant):
    return world.ada.get(f"/v1/me/grants/{grant}").expect(200).json["used"]


def a_repeat_survives_what_takes_nothing_away(world):
    """A confirmation, an end of the relationship, another grant, a new value: same read, no count, no entry."""
    for uses in ({"kind": "once"}, {"kind": "times", "times": 5}):
        key, grant = uses["kind"] + "-repeated", world.give(uses=uses)
        first = world.read(key).expect(200).json
        entries = told(world)
        assert first["grant"] == grant and used(world, grant) == 1, first
        world.put("Bern")
        assert world.read(key).expect(200).json == first, "a confirmation is not a new value"
        second = world.give()
        assert world.read(key).expect(200).json == first, "a grant that came later has nothing to do with it"
        world.stop(second)
        world.put("Basel")
        assert world.read(key).expect(200).json == first, "what is counted gives again what it gave then"
        world.ada.patch(f"/v1/me/relationships/{world.relationship}", {"ends": SOON}).expect(200)
        ended = world.read(key).expect(200).json
        assert ended == dict(first, valid_until=SOON), ended
        world.ada.patch(f"/v1/me/relationships/{world.relationship}", {"ends": None}).expect(200)
        world.ada.delete("/v1/me/attributes/" + KIND).expect(204)
        removed = world.read(key).expect(200).json
        until = world.ada.get(f"/v1/me/grants/{grant}").expect(200).json["until"]
        assert removed == dict(first, valid_until=until, attributes={}, missing=[KIND]), removed
        assert (told(world), used(world, grant)) == (entries, 1), "no repeat is counted or written"
        world.put("Bern")
        world.stop(grant)
        refused = world.read(key).expect(403, "grant.withdrawn")
        assert told(world) == entries + 1, "after the stop it is a new try, and the person sees it"
        assert world.read(key).body == refused.body and told(world) == entries + 1


def a_repeat_falls_with_a_narrowing(world):
    """What is taken away is not given again, though the rest of the grant lives on."""
    world.ada.put("/v1/me/attributes/pd:Name", {"value": {"name": "Ada Lovell"}}).expect(200)
    grant = world.give(attributes=[KIND, "pd:Name"], uses={"kind": "times", "times": 5})
    both = world.read("narrowed", attributes=[KIND, "pd:Name"]).expect(200).json
    only_name = world.read("kept", attributes=["pd:Name"]).expect(200).json
    world.ada.patch(f"/v1/me/grants/{grant}", {"attributes": ["pd:Name"]}).expect(200)
    refused = world.read("narrowed", attributes=[KIND, "pd:Name"]).expect(403)
    assert both["attributes"][KIND]["value"]["locality"] == "Bern" and b"Bern" not in refused.body
    assert world.read("kept", attributes=["pd:Name"]).expect(200).json == only_name
    assert used(world, grant) == 2
    world.stop(grant)


def a_partial_answer_is_repeated_as_it_was(world):
    """What was refused then stays refused under that key, also when it is permitted since."""
    first_grant = world.give(uses={"kind": "once"})
    ask = dict(attributes=[KIND, "pd:Name"], partial=True)
    first = world.read("partial", **ask).expect(200).json
    assert [r["attribute"] for r in first["refused"]] == ["pd:Name"], first
    other = world.give(attributes=["pd:Name"])
    world.put("Chur")
    assert world.read("partial", **ask).expect(200).json == first
    assert world.read("another", attributes=["pd:Name"]).expect(200).json["grant"] == other, "control"
    world.stop(first_grant)
    world.stop(other)
    world.put("Bern")


def what_found_nothing_is_read_anew(world):
    """It was not counted, so the value that came since is a read of its own."""
    world.ada.delete("/v1/me/attributes/" + KIND).expect(204)
    grant = world.give(uses={"kind": "once"})
    nothing = world.read("nothing").expect(200).json
    assert nothing["attributes"] == {} and world.read("nothing").expect(200).json == nothing
    assert used(world, grant) == 0
    world.put("Bern")
    something = world.read("nothing").expect(200).json
    assert something["id"] != nothing["id"] and something["attributes"], something
    assert used(world, grant) == 1 and world.read("nothing").expect(200).json == something
    world.stop(grant)


def a_kept_answer_does_not_outlive_its_value(world):
    grant = world.give()
    first = world.read("value").expect(200).json
    assert world.read("value").expect(200).json == first
    entries = told(world)
    world.put("Basel")
    newer = world.read("value").expect(200).json
    assert newer["attributes"][KIND]["value"]["locality"] == "Basel" and newer["id"] != first["id"]
    assert told(world) == entries + 1, "a new value never leaves without an entry of its own"
    world.ada.delete("/v1/me/attributes/" + KIND).expect(204)
    assert world.read("value").expect(200).json["attributes"] == {}
    world.put("Bern")
    world.stop(grant)


def refuses_to_start(node, reason):
    done = node.command("serve", "--json", "--listen", "127.0.0.1:0")
    assert done.returncode == 11 and reason in done.stderr, (done.returncode, done.stderr)
    told = node.command("doctor", "--json")
    assert told.returncode == 11 and reason in told.stderr, (told.returncode, told.stderr)


def replace_files(source, target):
    for path in glob.glob(os.path.join(source, "*.db")):
        name = os.path.join(target, os.path.basename(path))
        for old in glob.glob(name + "*"):
            os.remove(old)
        shutil.copy(path, name)


def an_old_backup_does_not_bring_a_permission_back(node, world):
    grant = world.give()
    backup = os.path.join(node.folder, "backup")
    node.run("backup", backup)
    world.read().expect(200)
    world.stop(grant)
    node.stop()
    kept = os.path.join(node.folder, "kept")
    store = os.path.join(node.data, "store")
    shutil.copytree(store, kept)
    replace_files(backup, store)
    refuses_to_start(node, "log.went_back")
    replace_files(kept, store)
    node.start()
    world.read().expect(403, "grant.withdrawn")


def the_keys_of_another_node_are_refused(node):
    node.stop()
    keys = os.path.join(node.data, "keys")
    os.rename(keys, keys + ".away")
    refuses_to_start(node, "node.other_keys")
    shutil.rmtree(keys)
    os.rename(keys + ".away", keys)
    node.start()


def main():
    with RunningNode() as node:
        world = World(node)
        a_kept_answer_does_not_outlive_a_stop(world)
        a_kept_answer_does_not_outlive_its_value(world)
        a_repeat_survives_what_takes_nothing_away(world)
        a_repeat_falls_with_a_narrowing(world)
        a_partial_answer_is_repeated_as_it_was(world)
        what_found_nothing_is_read_anew(world)
        an_old_backup_does_not_bring_a_permission_back(node, world)
        the_keys_of_another_node_are_refused(node)
    print("ok")


if __name__ == "__main__":
    main()
