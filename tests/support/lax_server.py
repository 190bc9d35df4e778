# SPDX-License-Identifier: Apache-2.0
"""A server for controls, forgiving as many have been: takes LF as a line end and a space before the colon, lets
Content-Length win and does not know chunks, so that it answers requests nobody sent; and its only time limit is per
read. With `patient` it answers a head that announces chunks only when their end has come: a proxy that has an answer
already may keep the chunks to itself. Tells what it took in the words of echo_server.c."""
import json
import re
import socket
import threading


class LaxServer:
    def __init__(self, read_seconds=5.0, patient=False):
        self.read_seconds, self.patient, self.open = read_seconds, patient, set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.open):
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(self.read_seconds)
        try:
            data = b""
            while True:
                taken, data = self._take(data)
                if taken is not None:
                    connection.sendall(self._answer(taken))
                    continue
                more = connection.recv(65536)
                if not more:
                    break
                data += more
        except OSError:
            pass  # the client has gone, or was silent for too long
        self.open.discard(connection)
        connection.close()

    def _take(self, data):
        """One request and what is left; None while it is not whole."""
        end = re.search(rb"\r?\n\r?\n", data)
        if end is None:
            return None, data
        lines = re.split(rb"\r?\n", data[:end.start()])
        words = lines[0].split()
        fields = [[part.strip().decode("latin-1") for part in line.partition(b":")[::2]] for line in lines[1:]]
        lengths = [value for name, value in fields if name.lower() == "content-length"]
        size = int(lengths[0]) if lengths and lengths[0].isascii() and lengths[0].isdigit() else 0
        rest = data[end.end():]
        chunked = any(name.lower() == "transfer-encoding" for name, _ in fields)
        if len(rest) < size or (self.patient and chunked and not re.search(rb"(^|\n)0+\r\n\r\n", rest)):
            return None, data
        method, target = (words + [b"", b""])[:2]
        return {"method": method.decode("latin-1"), "target": target.decode("latin-1"), "fields": fields,
                "path": target.decode("latin-1").split("?")[0], "body": rest[:size].hex()}, rest[size:]

    @staticmethod
    def _answer(taken):
        body = json.dumps(taken).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
