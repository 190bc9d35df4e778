# SPDX-License-Identifier: Apache-2.0
"""Goal: what was stopped stays stopped, whatever is put back: a backup, the keys of another node, an answer that was
kept for a repeated read. Method: a node with one person, one organisation and several grants; each time the stop is
acknowledged first. Positive control: before the stop, or with the right data, the same step succeeds."""
import glob
import os
import shutil

from purposes import DELIVER
from running_node import RunningNode

KIND = "pd:PhysicalAddress"
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
        return self.ada.post("/v1/me/grants", dict(relationship=self.relationship, purpose=self.purpose,
                                                   attributes=[KIND], **more)).expect(201).json["id"]

    def stop(self, grant):
        self.ada.post(f"/v1/me/grants/{grant}/withdraw").expect(200)

    def read(self, key=None):
        return self.shop.post("/v1/org/disclosures", dict(relationship=self.relationship, purpose=self.purpose,
                                                          attributes=[KIND]), {"Idempotency-Key": key} if key else None)


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


def a_kept_answer_does_not_outlive_its_value(world):
    grant = world.give()
    first = world.read("value").expect(200).json
    assert world.read("value").expect(200).json == first
    world.put("Basel")
    assert world.read("value").expect(200).json["attributes"][KIND]["value"]["locality"] == "Basel"
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
        an_old_backup_does_not_bring_a_permission_back(node, world)
        the_keys_of_another_node_are_refused(node)
    print("ok")


if __name__ == "__main__":
    main()
