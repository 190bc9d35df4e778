# SPDX-License-Identifier: Apache-2.0
"""A real browser for one test: Debian's Chromium without a screen, driven over WebDriver (W3C) by its chromedriver,
with devices for passkeys that are programs (WebAuthn Level 3, section 11). Everything it keeps lies in a scratch
folder, and it ends with the test.

    with Browser() as browser:
        device = browser.add_device("internal")
        browser.go("http://localhost:8080/healthz")
        browser.run("return await navigator.credentials.get(…)")
"""
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

OPTIONS = ["--headless=new", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"]
SECONDS = 120  # of any one step, on a machine that is busy


def is_here():
    return shutil.which("chromium") is not None and shutil.which("chromedriver") is not None


class Browser:
    def __init__(self):
        self.driver = self.session = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="symbolon-browser-")
        try:
            self.start()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(self, *_):
        self.leave()

    def start(self):
        environment = {**os.environ, "HOME": self.folder, "TMPDIR": self.folder}
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, env=environment)
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.port = int(found.group(1))
                break
        else:
            raise AssertionError("chromedriver did not start")
        options = OPTIONS + (["--no-sandbox"] if os.geteuid() == 0 else []) + [f"--user-data-dir={self.folder}/profile"]
        wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": options}, "timeouts": {"script": SECONDS * 1000}}}
        self.session = self.ask("POST", "/session", {"capabilities": wanted})["sessionId"]

    def leave(self):
        if self.session is not None:
            self.ask("DELETE", f"/session/{self.session}")
        if self.driver is not None:
            self.driver.terminate()
            self.driver.wait(30)
            self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body=None if method in ("GET", "DELETE") else json.dumps(body or {}))
            reply = connection.getresponse()
            value = json.loads(reply.read())["value"]
        finally:
            connection.close()
        assert reply.status == 200, (method, path, value)
        return value

    def tell(self, path, body=None, method="POST"):
        return self.ask(method, f"/session/{self.session}{path}", body)

    def go(self, url):
        self.tell("/url", {"url": url})

    def address(self):
        return self.tell("/url", method="GET")

    def window(self):
        return self.tell("/window", method="GET")

    def open_window(self):
        """Another one of the same browser, which is then the one that is spoken of; gives its name."""
        self.turn_to(self.tell("/window/new", {"type": "tab"})["handle"])
        return self.window()

    def turn_to(self, window):
        self.tell("/window", {"handle": window})

    def close_window(self):
        self.tell("/window", method="DELETE")

    def press(self, selector):
        element = self.tell("/element", {"using": "css selector", "value": selector})
        self.tell(f"/element/{next(iter(element.values()))}/click")

    def type(self, keys):
        """Goes to whatever has the focus."""
        element = self.tell("/element/active", method="GET")
        self.tell(f"/element/{next(iter(element.values()))}/value", {"text": keys})

    def resize(self, width, height):
        """What a page has for itself, which a window of its own cannot be made so narrow for."""
        self.tell("/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def run(self, script, *words):
        """What an async function with this body gives for these words."""
        whole = ("const done = arguments[arguments.length - 1], words = [...arguments].slice(0, -1);"
                 f"(async (...words) => {{ {script} }})(...words).then(value => done({{value}}),"
                 "error => done({error: String(error)}));")
        answer = self.tell("/execute/async", {"script": whole, "args": list(words)})
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def add_device(self, transport, **more):
        """A device that keeps its passkeys and makes sure who holds it; gives its id."""
        return self.tell("/webauthn/authenticator", {
            "protocol": "ctap2_1", "transport": transport, "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "isUserConsenting": True, **more})

    def remove_device(self, device):
        self.tell(f"/webauthn/authenticator/{device}", method="DELETE")
