# SPDX-License-Identifier: Apache-2.0
"""Goal: the way to the database is encrypted and both ends are who they should be, as the URL says it. Method: a
cluster that takes nobody without a certificate on its port; certificates of one authority and of another, made by
openssl. A node with the right ones serves, also after the database was started again: then the files are read behind
the walls of the server. Whatever is wrong is refused in one sentence, and nothing is made. Positive control: the
database says of each connection whether it is encrypted, and those of a URL without TLS are not."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import steps
from cli import EXIT, one_sentence
from database_server import SLOW, DatabaseServer, unprivileged
from old_data import World
from ports import steady_port
from stress import RoughNode, wait_until

PROGRAM = os.environ["SYMBOLON"]
RULES = "local all all trust\nhostssl all tester 127.0.0.1/32 cert\nhost all plain 127.0.0.1/32 trust\n"
ASKED_SECONDS = 10
SOCKET = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
GIVEN_UP = f"{ASKED_SECONDS} 5 3 10000"  # after 25 s, as docs/operations say; sooner when an answer waits to be taken
ENCRYPTED = "SELECT ssl, count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)" \
            " WHERE application_name = 'symbolon' GROUP BY 1"


class Authority:
    """Signs for whom it is told to. Its folder holds NAME.crt and NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={os.path.basename(folder)}", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def sign(self, name, more=""):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        with open(f"{self.folder}/{name}.ext", "w", encoding="ascii") as file:
            file.write(more)
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt")

    def path(self, name):
        return os.path.join(self.folder, name)


class TlsServer(DatabaseServer):
    """It listens on a port too, with a certificate for 127.0.0.1 and not for any name."""

    def __init__(self, authority):
        self.authority = authority
        os.environ["PGPORT"] = str(steady_port())  # for psql as for the server
        self.port = os.environ["PGPORT"]
        super().__init__(ssl="on", listen_addresses="127.0.0.1", port=self.port)

    def take(self, name, copy):
        copy = os.path.join(self.folder, copy)
        shutil.copy(self.authority.path(name), copy)
        os.chmod(copy, 0o600)
        os.chown(copy, unprivileged().get("user", os.geteuid()), -1)

    def show(self, name):
        """This certificate from now on."""
        self.stop(signal.SIGQUIT)
        for kind in ("crt", "key"):
            self.take(f"{name}.{kind}", f"server.{kind}")
        self.start()

    def make_folder(self):
        super().make_folder()
        for name in ("server.crt", "server.key", "ca.crt"):
            self.take(name, name)
        self.settings.update({"ssl_cert_file": f"{self.folder}/server.crt", "ssl_key_file": f"{self.folder}/server.key",
                              "ssl_ca_file": f"{self.folder}/ca.crt"})

    def start(self):
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write(RULES)
        super().start()


class Scene:
    def __init__(self, server, ours, others, folder):
        self.server, self.ours, self.others, self.folder = server, ours, others, folder
        server.make("one")

    def url(self, user="tester", host="127.0.0.1", **options):
        words = {"sslmode": "verify-full", "sslrootcert": self.ours.path("ca.crt"),
                 "sslcert": self.ours.path("tester.crt"), "sslkey": self.ours.path("tester.key"), **options}
        query = "&".join(f"{name}={value}" for name, value in words.items() if value)
        return f"postgresql://{user}@{host}:{self.server.port}/one?{query}"

    def refused(self, words, **options):
        data = os.path.join(self.folder, "fresh")
        done = subprocess.run([PROGRAM, "serve", "--data", data, "--listen", "127.0.0.1:0", "--store",
                               self.url(**options)], capture_output=True, text=True, timeout=60, check=False)
        one_sentence(done, "UNAVAILABLE")
        assert words in done.stderr, (words, done.stderr)
        assert not os.path.exists(data), "something was made"


def what_is_wrong_is_refused(scene):
    scene.refused("certificate verify failed", sslrootcert=scene.others.path("ca.crt"))
    scene.refused("does not match host name", host="localhost")
    scene.refused("does not exist", sslrootcert=scene.ours.path("nothing.crt"))
    scene.refused("valid client certificate", sslcert=os.path.join(scene.folder, "nothing"), sslkey=None)
    scene.refused("unknown ca", sslcert=scene.others.path("tester.crt"), sslkey=scene.others.path("tester.key"))
    scene.refused("authentication failed", sslcert=scene.ours.path("somebody.crt"),
                  sslkey=scene.ours.path("somebody.key"))
    scene.refused("no encryption", sslmode="disable")
    exposed = scene.ours.path("exposed.key")
    shutil.copy(scene.ours.path("tester.key"), exposed)
    os.chmod(exposed, 0o644)
    scene.refused("group or world access", sslkey=exposed)


def a_file_that_the_walls_shut_out_is_named(scene):
    """And nothing else: libpq ends that sentence in octets of its memory, mostly, which are others each time."""
    url, calls = scene.url(sslrootcert=None), []
    for name in ("walls1", "walls2", "walls3"):
        scene.server.make(name)
        calls.append(subprocess.Popen(
            [PROGRAM, "serve", "--json", "--data", os.path.join(scene.folder, name), "--listen", "127.0.0.1:0",
             "--store", url.replace("/one?", f"/{name}?")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "PGSSLROOTCERT": scene.ours.path("ca.crt")}))
    for process in calls:
        told = process.communicate(timeout=60 * SLOW)[1].decode("latin-1")
        if "AddressSanitizer" in told and re.search(r"#[1-4] [^\n]*libpq", told):
            print("left out: AddressSanitizer ends the program where libpq reads those octets")
            continue
        said = told.splitlines()[-1]
        assert process.returncode == EXIT["UNAVAILABLE"] and scene.ours.path("ca.crt") in said, said
        assert all(" " <= letter <= "~" for letter in said), said


def the_right_ones_serve(scene):
    node = RoughNode()
    node.store = ["--store", scene.url()]
    with node:
        world = World(node)
        world.give()
        assert scene.server.ask("one", ENCRYPTED) == "t|t"
        scene.server.stop(signal.SIGQUIT)
        scene.server.start()
        assert wait_until(lambda: node.nobody.get("/readyz").status == 200, 60 * SLOW) is not None
        world.read().expect(200)
        world.put("Chur")
        world.read().expect(200)
        assert scene.server.ask("one", ENCRYPTED) == "t|t"
        node.expect_sound()
        node.stop()
        scene.server.ask("one", "CREATE ROLE plain SUPERUSER LOGIN")
        node.store = ["--store", scene.url("plain", sslmode="disable")]
        node.start()
        world.read().expect(200)
        # the node before has ended; the database ends its side of those connections when it comes to it
        told = wait_until(lambda: scene.server.ask("one", ENCRYPTED) == "f|t", 60 * SLOW)
        assert told is not None, scene.server.ask("one", ENCRYPTED)
        print("control: a URL without TLS: red")


def silent(port):
    """Of each connection that the database has at its port, seconds until the kernel asks the other end whether it is
    there; None: it is not about to."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    found = []
    for row in rows:
        if int(row[1].split(":")[1], 16) == int(port) and row[3] == "01":
            kind, ticks = row[5].split(":")
            found.append(int(ticks, 16) / os.sysconf("SC_CLK_TCK") if kind == "02" else None)
    return found


def of_the_socket(scene):
    """What the database says of the node's own connection, in words that it runs itself: in any other session it would
    speak of the socket of that one."""
    told = " || ' ' || ".join(f"current_setting('{name}')" for name in SOCKET)
    scene.server.ask("asked", f"CREATE TABLE public.told (words TEXT); CREATE FUNCTION public.tell() RETURNS trigger"
                              f" LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.told SELECT {told}; RETURN NULL; END$$;"
                              " CREATE TRIGGER tell AFTER UPDATE ON symbolon.batch_mark EXECUTE FUNCTION public.tell()")
    found = wait_until(lambda: scene.server.ask("asked", "SELECT count(*) FROM public.told") != "0", 60 * SLOW)
    assert found is not None, "the node has written nothing"
    scene.server.ask("asked", "DROP TRIGGER tell ON symbolon.batch_mark")
    return scene.server.ask("asked", "SELECT DISTINCT words FROM public.told")


def a_machine_that_says_nothing_is_asked_after(scene):
    """By TCP, from the tenth second on: how long each connection has until then is the kernel's to tell."""
    scene.server.make("asked")
    node = RoughNode()
    node.store = ["--store", scene.url().replace("/one?", "/asked?")]

    def asks():
        found = silent(scene.server.port)
        return len(found) > 5 and all(seconds is not None and seconds <= ASKED_SECONDS for seconds in found)
    with node:
        assert wait_until(asks, 60 * SLOW) is not None, silent(scene.server.port)
        assert of_the_socket(scene) == GIVEN_UP
        with socket.create_connection(("127.0.0.1", int(scene.server.port))) as stranger:
            theirs = wait_until(lambda: not asks(), 60 * SLOW)
            assert theirs is not None, (stranger, silent(scene.server.port))
            print("control: a connection of nobody: red")


def a_name_is_compared_though_only_its_address_is_asked(scene):
    """Behind the walls no name is looked up, and the certificate is for the name alone."""
    scene.server.make("named")
    scene.server.show("named")
    node = RoughNode()
    node.store = ["--store", scene.url(host="localhost").replace("/one?", "/named?")]
    with node:
        world = World(node)
        world.give()
        world.read().expect(200)
    scene.refused("does not match host name")
    print("control: the address where the certificate is for the name: red")


STEPS = [what_is_wrong_is_refused, a_file_that_the_walls_shut_out_is_named, the_right_ones_serve,
         a_machine_that_says_nothing_is_asked_after, a_name_is_compared_though_only_its_address_is_asked]


def main():
    with tempfile.TemporaryDirectory(prefix="symbolon-test-") as folder:
        ours, others = (Authority(os.path.join(folder, name)) for name in ("ours", "others"))
        ours.sign("server", "subjectAltName=IP:127.0.0.1\n")
        ours.sign("named", "subjectAltName=DNS:localhost\n")
        for authority in (ours, others):
            authority.sign("tester")
        ours.sign("somebody")
        with TlsServer(ours) as server:
            steps.run(STEPS, Scene(server, ours, others, folder))


if __name__ == "__main__":
    sys.exit(main())
