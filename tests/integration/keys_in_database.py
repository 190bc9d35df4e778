# SPDX-License-Identifier: Apache-2.0
"""Goal: two servers on different machines share keys by a database of their own, and an erasure at one is final at
both: the very next read at the other refuses, its cached keys go, and the database of the keys holds the destroyed ones
nowhere any more, in no table, in no statistics and in no part of its log. Method: two servers, each with a folder that
shares nothing but a copy of root.key, on one database of data and one of keys; people do something at each in turn, are
erased at one and read at the other; sealed bucket keys and wrapped keys are looked for in every file of the cluster.
The server of the keys is stopped and started; wrong roots, wrong databases, missing rights and keys of a later version
of the program are refused. Positive controls: before the erasure the keys are found; what is deleted as usual still is;
while somebody reads an older state an erasure stays pending, and what it destroys is found; where something is done it
is seen.

Usage: keys_in_database.py PRINT_KEYS"""
import json
import os
import signal
import subprocess
import sys

import steps
from apart import Apart
from cli import one_sentence
from database_refusals import COUNT
from database_server import DatabaseServer, program
from stress import RoughNode, Shop, wait_until
from traces import Keys, files, memory

PRINT_KEYS = sys.argv[1]
SLOW = float(os.environ.get("SLOW", 1))
SANITIZED = "SLOW" in os.environ  # such a program keeps what was freed, to catch who still uses it
SOON_SECONDS = 5  # what happens within a second, on a machine that is busy with other tests
SETTINGS = {"wal_recycle": "off", "checkpoint_timeout": "30min", "autovacuum": "off"}


class Scene:
    def __init__(self, data, keys, node, other):
        self.data, self.keys, self.node, self.other = data, keys, node, other
        self.nodes = [node, other]

    def of_keys(self, sql):
        return self.keys.ask("keys", sql)

    def shop_at(self, i):
        return self.nodes[i].line(self.shop.fields)

    def customer(self):
        """Somebody new, who permits the shop to read."""
        customer = self.shop.customer()
        customer.id = customer.line().get("/v1/me").expect(200).json["id"]
        customer.grant = customer.give(customer.line(), self.shop.purposes[0])
        return customer

    def read(self, customer, i, *statuses):
        return customer.read(self.shop_at(i), self.shop.purposes[0]).expect(*statuses)

    def rows(self):
        """Every sealed bucket key and wrapped key of a person that stands."""
        told = self.of_keys("SELECT encode(sealed, 'hex') FROM symbolon_keys.bucket_key UNION ALL "
                            "SELECT encode(wrapped, 'hex') FROM symbolon_keys.person_key")
        return {bytes.fromhex(line) for line in told.split()}

    def look(self, sought):
        """In which files of the cluster of the keys any of these octets stands."""
        return sorted({os.path.relpath(path, self.keys.data) for path, octets in files(self.keys.data)
                       if any(some in octets for some in sought)})

    def keys_of(self, person):
        """The person's key and the bucket's, opened."""
        done = subprocess.run([PRINT_KEYS, self.node.data, *self.node.store[1::2], person], capture_output=True,
                              text=True, timeout=60 * SLOW)
        assert done.returncode == 0, done.stderr
        _, reason, key, bucket = done.stdout.split()
        assert reason == "-", done.stdout
        return bytes.fromhex(key), bytes.fromhex(bucket)


# ---- one node

def what_one_writes_the_other_opens(scene):
    scene.shop = Shop(scene.node, "Blue Shop", 1)
    scene.ada, scene.ben = scene.customer(), scene.customer()
    for customer, i in ((scene.ada, 0), (scene.ben, 1)):
        customer.give(scene.nodes[1 - i].line(customer.fields), scene.shop.purposes[0])
        for j in (0, 1):
            assert b"Ada" in scene.read(customer, j, 200).body
        assert b"Ada" in scene.nodes[i].line(customer.fields).get("/v1/me/attributes").expect(200).body
    for node in scene.nodes:
        assert not os.path.exists(os.path.join(node.data, "store")), "something of the store lies in a folder"
        assert os.listdir(os.path.join(node.data, "keys", "buckets")) == []


def told_where_the_keys_are(scene):
    for node in scene.nodes:
        said = node.run("doctor")
        assert (said["keys"], said["keys_pending"], said["keys_log_cut"]) == ("database", 0, True), said
        assert not said["keys_log_kept"] and not said["keys_beside_data"], said
        assert "lie in a database" in node.command("doctor").stdout


# ---- forgetting

def a_deletion_alone_leaves_everything(scene):
    """The control of the search: what was deleted as rows are deleted is found, in tables, log and statistics."""
    octets = os.urandom(72)
    scene.of_keys(f"CREATE TABLE control AS SELECT '\\x{octets.hex()}'::bytea AS sealed FROM generate_series(1, 3)")
    scene.of_keys("ANALYZE control")
    scene.of_keys("DELETE FROM control; CHECKPOINT")
    found = scene.look({octets})
    assert len([path for path in found if path.startswith("base/")]) >= 2, found
    assert [path for path in found if path.startswith("pg_wal/")], found
    scene.of_keys("DROP TABLE control")
    print(f"control: what was deleted as usual stands in {len(found)} files: red")


def whoever_is_erased_at_one_is_a_stranger_at_the_other(scene):
    scene.of_keys("ANALYZE")
    scene.of_keys("CHECKPOINT")
    before = scene.rows()
    assert any(path.startswith("base/") for path in scene.look(before)), "nothing is found where it is"
    sought = Keys()
    for name, key in zip(("key", "bucket key"), scene.keys_of(scene.ada.id)):
        sought.add(name, key)
    scene.read(scene.ada, 1, 200)
    held = {name for name, _ in in_memory(scene.other, sought)}
    assert SANITIZED or held == {"bucket key"}, held
    scene.node.run("person", "erase", scene.ada.id, "--yes")
    scene.read(scene.ada, 1, 403, 404)
    assert b"Ada" not in scene.other.line(scene.ada.fields).get("/v1/me/attributes").expect(401).body
    gone = before - scene.rows()
    assert {len(octets) for octets in gone} == {72} and len(gone) >= 3, len(gone)  # the bucket's, hers, the survivors'
    assert scene.look(gone) == [], scene.look(gone)
    for i in (0, 1):
        assert b"Ada" in scene.read(scene.ben, i, 200).body
    took = wait_until(lambda: not in_memory(scene.other, sought), SOON_SECONDS * SLOW)
    assert SANITIZED or took is not None, in_memory(scene.other, sought)
    print(f"found: {len(gone)} keys are in no file of the cluster, and gone from the other server's memory"
          f" {took or 0:.1f} s later")


def in_memory(node, sought):
    if SANITIZED:  # its memory is larger than the machine's
        return set()
    return {told for _, octets in memory(node.process.pid) for told in sought.find(octets)}


def an_older_state_that_somebody_reads_keeps_it_pending(scene):
    """The control of what was found: that it is looked, and not only rewritten."""
    eve = scene.customer()
    scene.read(eve, 1, 200)
    reader = subprocess.Popen([program("psql"), "-qAtX", "-h", scene.keys.folder, "-U", "tester", "keys"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reader.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 'begun', count(*) FROM pg_class;\n")
    reader.stdin.flush()
    assert reader.stdout.readline().startswith("begun")
    before = scene.rows()
    eve.line().call("POST", "/v1/me/erase", {"confirm": "erase me"}).expect(200, 202)
    assert wait_until(lambda: scene.node.run("doctor")["keys_pending"] == 1, 20 * SLOW) is not None
    scene.read(eve, 1, 403, 404)
    gone = before - scene.rows()
    scene.of_keys("CHECKPOINT")
    held = scene.look(gone)
    assert held, "an old state is read and holds nothing: nothing was shown"
    print(f"control: while somebody reads an older state, {len(held)} files hold it: red")
    for node in scene.nodes:
        node.kill()  # whoever comes back goes on with it
        node.start()
    assert scene.node.run("doctor")["keys_pending"] == 1 and scene.look(gone)
    _, _ = reader.communicate("COMMIT;\n", timeout=20 * SLOW)
    assert wait_until(lambda: scene.node.run("doctor")["keys_pending"] == 0, 40 * SLOW) is not None
    assert scene.look(gone) == [], scene.look(gone)


# ---- when the keys are away

def without_their_database_nobody_is_opened(scene):
    scene.keys.stop(signal.SIGQUIT)
    for i, node in enumerate(scene.nodes):
        scene.read(scene.ben, i, 503)
        node.line().get("/readyz").expect(503)
        node.line().get("/healthz").expect(200)
    scene.keys.start()
    for i, node in enumerate(scene.nodes):
        assert wait_until(lambda: node.line().get("/readyz").status == 200, 20 * SLOW) is not None
        assert b"Ada" in scene.read(scene.ben, i, 200).body


# ---- what is refused, and what is told

def fresh(scene, name, root=None):
    """A folder for a node, with this root key or with nothing."""
    data = os.path.join(scene.node.folder, name)
    if root is not None:
        os.makedirs(os.path.join(data, "keys"), mode=0o700)
        os.chmod(data, 0o700)
        with open(os.open(os.path.join(data, "keys", "root.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(root)
    return data


def command(data, places, *words):
    return subprocess.run([os.environ["SYMBOLON"], *words, "--data", data, *places], capture_output=True, text=True,
                          timeout=60 * SLOW, check=False)


def what_would_not_do_is_refused_untouched(scene):
    scene.keys.make("empty")
    scene.data.make("new")
    scene.keys.ask("postgres", "CREATE ROLE guest LOGIN")
    store, keys = scene.node.store[1::2]
    empty, new = scene.keys.url("empty"), scene.data.url("new")
    with open(os.path.join(scene.node.data, "keys", "root.key"), "rb") as file:
        root = file.read()
    refused = [
        ("another root", "CORRUPT", "another root", os.urandom(32), store, keys),
        ("another root, and new data", "CORRUPT", "another root", os.urandom(32), scene.data.make("newer"), keys),
        ("keys that are not the data's", "CORRUPT", "is empty", root, store, empty),
        ("the same database", "CONFLICT", "another database", root, new, new),
        ("missing rights", "FORBIDDEN", "does not let this user", root, new, empty.replace("tester@", "guest@")),
        ("nobody there", "UNAVAILABLE", "cannot be reached", root, new, "postgresql:///x?host=/nowhere"),
        ("keys apart from data in a folder", "USAGE", "--store postgresql://", root, "sqlite:/nowhere", keys),
        ("words that are no place", "USAGE", "--keys wants", root, new, "elsewhere"),
    ]
    for i, (what, code, words, its_root, store, keys) in enumerate(refused):
        before = scene.rows(), scene.keys.ask("empty", COUNT), scene.data.ask("new", COUNT)
        data = fresh(scene, f"refused-{i}", its_root)
        done = command(data, ["--store", store, "--keys", keys], "org", "create", "Green Shop")
        one_sentence(done, code)
        assert words in done.stderr, (what, done.stderr)
        assert (scene.rows(), scene.keys.ask("empty", COUNT), scene.data.ask("new", COUNT)) == before, what
        assert set(os.listdir(os.path.join(data, "keys"))) <= {"root.key", "buckets"}, what


def a_root_key_alone_is_said_to_lack_the_rest(scene):
    """As on a further machine, before anything was begun there."""
    with open(os.path.join(scene.node.data, "keys", "root.key"), "rb") as file:
        data = fresh(scene, "alone", file.read())
    done = command(data, scene.node.store, "doctor")
    one_sentence(done, "NOT_FOUND")
    assert "`buckets`" in done.stderr and os.listdir(os.path.join(data, "keys")) == ["root.key"], done.stderr


def keys_of_a_later_program_are_refused_untouched(scene):
    """As when one of several servers is still of the version before; the data would do."""
    def look():
        return (scene.rows(), scene.of_keys("SELECT * FROM symbolon_keys.log_mark"), scene.of_keys(COUNT),
                scene.data.ask("data", "SELECT * FROM symbolon.batch_mark ORDER BY slot"))
    for node in scene.nodes:
        node.stop()
    before = look()
    scene.of_keys("INSERT INTO symbolon_keys.schema_migration VALUES (999, '0999_later', 'x')")
    for words in (["serve", "--listen", "127.0.0.1:0"], ["doctor"], ["org", "create", "Red Shop"]):
        done = scene.node.command(*words)
        one_sentence(done, "CONFLICT")
        assert "later version" in done.stderr, done.stderr
    assert look() == before
    scene.of_keys("DELETE FROM symbolon_keys.schema_migration WHERE version = 999")
    scene.node.run("org", "create", "Red Shop")
    assert look() != before, "nothing is seen where something is done"
    for node in scene.nodes:
        node.start()


def a_user_without_rights_erases_and_is_told_what_stays(scene):
    """Everything else is the same; both databases are on one server, which is told too."""
    scene.keys.ask("postgres", "CREATE ROLE plain LOGIN")
    for name in ("data_beside", "keys_beside"):
        scene.keys.ask("postgres", f"CREATE DATABASE {name} OWNER plain")
    as_plain = [scene.keys.url(name).replace("tester@", "plain@") for name in ("data_beside", "keys_beside")]
    places, data = ["--store", as_plain[0], "--keys", as_plain[1]], fresh(scene, "plain")
    command(data, places, "org", "create", "Green Shop")
    made = json.loads(command(data, places, "person", "create", "--name", "Ada", "--json").stdout)
    sealed = bytes.fromhex(scene.keys.ask("keys_beside", "SELECT encode(sealed, 'hex') FROM symbolon_keys.bucket_key"))
    scene.of_keys("CHECKPOINT")
    tables = [path for path in scene.look({sealed}) if path.startswith("base/")]
    assert tables, "a key is not found where it is"
    done = command(data, places, "person", "erase", made["id"], "--yes")
    assert done.returncode == 0, done.stderr
    scene.of_keys("CHECKPOINT")  # in its own time
    assert not [path for path in scene.look({sealed}) if path.startswith("base/")]
    told = json.loads(command(data, places, "doctor", "--json").stdout)
    assert (told["keys_log_cut"], told["keys_beside_data"], told["keys_pending"]) == (False, True, 0), told
    said = command(data, places, "doctor").stdout
    assert "pg_checkpoint" in said and "one database server" in said, said
    scene.keys.ask("keys_beside", "GRANT pg_checkpoint TO plain; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO plain")
    assert json.loads(command(data, places, "doctor", "--json").stdout)["keys_log_cut"]


def a_key_folder_may_lie_elsewhere(scene):
    keys, data = os.path.join(scene.node.folder, "elsewhere"), fresh(scene, "no-keys")
    done = command(data, ["--keys", "file:" + keys], "org", "create", "Green Shop")
    assert done.returncode == 0, done.stderr
    assert "root.key" in os.listdir(keys) and not os.path.exists(os.path.join(data, "keys"))
    assert json.loads(command(data, ["--keys", "file:" + keys], "doctor", "--json").stdout)["keys"] == "folder"


STEPS = [what_one_writes_the_other_opens, told_where_the_keys_are, a_deletion_alone_leaves_everything,
         whoever_is_erased_at_one_is_a_stranger_at_the_other, an_older_state_that_somebody_reads_keeps_it_pending,
         without_their_database_nobody_is_opened, what_would_not_do_is_refused_untouched,
         a_root_key_alone_is_said_to_lack_the_rest,
         keys_of_a_later_program_are_refused_untouched, a_user_without_rights_erases_and_is_told_what_stays,
         a_key_folder_may_lie_elsewhere]


def main():
    with DatabaseServer() as data, DatabaseServer(**SETTINGS) as keys:
        node = RoughNode()
        node.store = ["--store", data.make("data"), "--keys", keys.make("keys")]
        with node, Apart(node) as other:
            steps.run(STEPS, Scene(data, keys, node, other))


if __name__ == "__main__":
    sys.exit(main())
