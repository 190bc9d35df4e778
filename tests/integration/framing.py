# SPDX-License-Identifier: Apache-2.0
"""The HTTP engine over real sockets: the framing table, deadlines, order, limits, sealed replies, pool and drain."""
import json
import sys
import threading
import time
import unittest

from echo import Connection, EchoServer, framing_cases, wait_until
from second_reader import all_with_h11, in_small_letters

PROGRAM = sys.argv.pop(1)
QUICK = dict(head_ms=500, body_ms=500, idle_ms=900, write_ms=500, linger_ms=1000, drain_ms=1500)


def get(path, *fields):
    lines = ["GET %s HTTP/1.1" % path, "Host: x"] + list(fields)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def is_refused(address):
    try:
        Connection(address).close()
        return False
    except ConnectionRefusedError:
        return True


class Served(unittest.TestCase):
    """One server for all tests of a class."""
    options = QUICK

    @classmethod
    def setUpClass(cls):
        cls.server = EchoServer(PROGRAM, **cls.options).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def connect(self, timeout=5.0):
        return self.server.connect(timeout)

    def counters(self):
        with self.connect() as connection:
            return json.loads(connection.get("/counters").body)

    def assert_refused(self, reply, status):
        self.assertEqual(reply.status, status)
        self.assertEqual(reply.field("Connection"), "close")
        self.assertEqual(reply.field("Content-Type"), "application/problem+json")
        problem = json.loads(reply.body)
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["reason"].startswith("http."))
        self.assertEqual(len(problem["request_id"]), 26)


class Framing(Served):
    def assert_taken(self, reply, theirs):
        """As the other reader takes it, to the last byte."""
        seen = json.loads(reply.body)
        fields = [(name.encode(), value.encode()) for name, value in seen["fields"]]
        self.assertEqual((seen["method"], seen["target"]), (theirs["method"].decode(), theirs["target"].decode()))
        self.assertEqual(in_small_letters(fields), in_small_letters(theirs["fields"]))
        self.assertEqual(bytes.fromhex(seen["body"]), theirs["body"])

    def run_case(self, statuses, reason, data):
        theirs = all_with_h11(data)
        with self.connect() as connection:
            connection.send(data)
            for i, status in enumerate(statuses):
                reply = connection.reply()
                self.assertEqual(reply.status, status)
                self.assertIsNotNone(reply.field("Date"))
                self.assertIsNone(reply.field("Server"))
                if status == 200:
                    self.assert_taken(reply, theirs[i])
            if reason is not None:
                self.assert_refused(reply, statuses[-1])
                self.assertEqual(json.loads(reply.body)["reason"], reason)
            if reply.field("Connection") == "close":
                self.assertTrue(connection.at_end())
            else:  # nothing of the case is left over: a further request is read from its first byte
                self.assertEqual(json.loads(connection.get("/sentinel").body)["path"], "/sentinel")
                self.assertEqual(connection.buffer, b"")

    def test_every_case_of_the_table(self):
        for what, statuses, reason, data in framing_cases():
            with self.subTest(what):
                self.run_case(statuses, reason, data)

    def test_a_case_in_two_pieces(self):
        for what, statuses, _, data in framing_cases()[:5]:
            for cut in range(1, len(data), 9):
                with self.subTest(what, cut=cut), self.connect() as connection:
                    connection.send(data[:cut])
                    time.sleep(0.002)
                    connection.send(data[cut:])
                    self.assertEqual([connection.reply().status for _ in statuses], statuses)

    def test_the_handler_sees_what_was_sent(self):
        with self.connect() as connection:
            connection.send(b"POST /a?b HTTP/1.1\r\nHost: x\r\nX-A: \xc3\xa9 \r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
            seen = json.loads(connection.reply().body)
        self.assertEqual((seen["method"], seen["path"], seen["query"], seen["peer"]), ("POST", "/a", "b", "127.0.0.1"))
        self.assertEqual(bytes.fromhex(seen["body"]), b"hello")
        self.assertIn(["X-A", "\u00e9"], seen["fields"])

    def test_a_body_of_the_maximum_in_both_framings(self):
        body = bytes(range(256)) * 4096
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 999]), body[i:i + 999]) for i in range(0, len(body), 999))
        for head, data in ((b"Content-Length: 1048576", body), (b"Transfer-Encoding: chunked", chunks + b"0\r\n\r\n")):
            with self.connect() as connection:
                connection.send(b"POST /raw HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + data)
                self.assertEqual(connection.reply().body, body)

    def test_a_body_too_large_is_answered_although_the_client_goes_on_sending(self):
        with self.connect() as connection:
            connection.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
            self.assertTrue(connection.send(b"x" * 4000000))
            self.assert_refused(connection.reply(), 413)
            connection.socket.shutdown(1)
            self.assertTrue(connection.at_end())

    def test_chunks_beyond_the_maximum_are_refused_on_the_way(self):
        with self.connect() as connection:
            connection.send(b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(3):
                connection.send(b"80000\r\n" + b"x" * 0x80000 + b"\r\n")
            self.assert_refused(connection.reply(), 413)

    def test_nonsense_is_refused_without_waiting_for_its_end(self):
        for data in (b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\nHost: x\n", b"GET /\0"):
            with self.connect() as connection:
                begin = time.monotonic()
                connection.send(data)
                self.assert_refused(connection.reply(), 400)
                self.assertLess(time.monotonic() - begin, 0.4)

    def test_expect_continue(self):
        head = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with self.connect() as connection:
            connection.send(head % 5)
            self.assertEqual(connection.reply().status, 100)
            connection.send(b"hello")
            self.assertEqual(bytes.fromhex(json.loads(connection.reply().body)["body"]), b"hello")
        with self.connect() as connection:  # no invitation for a body that will not be taken
            connection.send(head % 5000000)
            self.assert_refused(connection.reply(), 413)

    def test_head_has_the_fields_of_get_and_no_body(self):
        with self.connect() as connection:
            connection.send(get("/plain"))
            whole = connection.reply()
            connection.send(get("/plain").replace(b"GET", b"HEAD"))
            head = connection.reply(body=False)
            self.assertEqual(head.field("Content-Length"), str(len(whole.body)))
            self.assertEqual(connection.get("/sentinel").status, 200)

    def test_no_content_has_neither_body_nor_length(self):
        with self.connect() as connection:
            reply = connection.get("/status/204")
            self.assertEqual((reply.status, reply.field("Content-Length")), (204, None))
            self.assertEqual(connection.get("/sentinel").status, 200)

    def test_close_is_kept_and_what_follows_is_not_read(self):
        before = self.counters()["requests"]
        with self.connect() as connection:
            connection.send(get("/a", "Connection: close") + get("/b"))
            reply = connection.reply()
            self.assertEqual((reply.status, reply.field("Connection")), (200, "close"))
            connection.socket.shutdown(1)
            self.assertTrue(connection.at_end())
        self.assertEqual(self.counters()["requests"], before + 2)  # /a and /counters itself

    def test_http_1_0_is_answered_and_closed(self):
        with self.connect() as connection:
            connection.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(connection.reply().field("Connection"), "close")
            self.assertTrue(connection.at_end())

    def test_a_client_that_sends_no_more_still_gets_its_replies(self):
        with self.connect() as connection:
            connection.send(get("/sealed?ms=50") + get("/b"))
            connection.socket.shutdown(1)
            self.assertEqual(json.loads(connection.reply().body)["path"], "/sealed")
            self.assertEqual(json.loads(connection.reply().body)["path"], "/b")
            self.assertTrue(connection.at_end())

    def test_half_a_request_and_the_end_is_closed(self):
        for data in (b"GET /a HT", b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"):
            with self.connect() as connection:
                connection.send(data)
                connection.socket.shutdown(1)
                self.assertTrue(connection.at_end())


class Order(Served):
    def test_pipelined_requests_are_answered_in_order(self):
        paths = ["/sealed?ms=60", "/a", "/pool?ms=30", "/b", "/sealed"]
        with self.connect() as connection:
            connection.send(b"".join(get(path) for path in paths))
            seen = [json.loads(connection.reply().body)["target"] for _ in paths]
        self.assertEqual(seen, paths)

    def test_a_thousand_pipelined_requests(self):
        with self.connect() as connection:
            sender = threading.Thread(target=connection.send, args=(b"".join(get("/%d" % i) for i in range(1000)),))
            sender.start()
            for i in range(1000):
                self.assertEqual(json.loads(connection.reply().body)["path"], "/%d" % i)
            sender.join()

    def test_a_client_with_many_requests_does_not_keep_others_waiting(self):
        with self.connect() as greedy, self.connect() as other:
            greedy.send(get("/busy") * 120)  # each holds the loop for 5 ms
            time.sleep(0.02)
            begin = time.monotonic()
            self.assertEqual(other.get("/a").status, 200)
            waited = time.monotonic() - begin
            for _ in range(120):
                self.assertEqual(greedy.reply().status, 200)
            self.assertLess(waited, 0.7 * (time.monotonic() - begin))  # on any machine

    def test_a_client_that_takes_no_replies_gets_no_more_made(self):
        before = self.counters()["requests"]
        with self.connect() as connection:
            connection.send(get("/bytes?count=2000000") * 50)
            time.sleep(0.3)
            self.assertLess(self.counters()["requests"] - before, 10)

    def test_a_client_that_leaves_before_its_sealed_reply_harms_nobody(self):
        before = self.counters()["dropped"]
        for path in ("/sealed?ms=100", "/pool?ms=100"):
            for _ in range(5):
                connection = self.connect()
                connection.send(get(path))
                time.sleep(0.01)
                connection.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset, not an end
                connection.close()
        self.assertTrue(wait_until(lambda: self.counters()["sealed_open"] == 0))
        self.assertEqual(self.counters()["dropped"], before + 10)

    def test_sealed_calls_of_a_turn_are_handed_over_together(self):
        holders, connections = [self.connect() for _ in range(20)], [self.connect() for _ in range(200)]
        before = self.counters()["batches"]
        for holder in holders:
            holder.send(get("/busy"))  # what arrives meanwhile falls into one turn
        for connection in connections:
            connection.send(get("/sealed?ms=5"))
        for connection in connections:
            self.assertEqual(connection.reply().status, 200)
            connection.close()
        for holder in holders:
            self.assertEqual(holder.reply().status, 200)
            holder.close()
        self.assertLess(self.counters()["batches"] - before, 100)

    def test_a_handler_that_holds_its_loop_is_noticed(self):
        before = self.counters()["slow"]
        with self.connect() as connection:
            self.assertEqual(connection.get("/busy").status, 200)
        self.assertGreaterEqual(self.counters()["slow"], before + 1)


class Deadlines(Served):
    def seconds_until_refused(self, start, drip):
        with self.connect() as connection:
            begin = time.monotonic()
            connection.send(start)
            connection.socket.settimeout(0.05)
            for byte in drip:
                try:
                    connection._more()
                    break
                except TimeoutError:
                    connection.send(bytes([byte]))
            connection.socket.settimeout(5)
            self.assert_refused(connection.reply(), 408)
            return time.monotonic() - begin

    def test_a_head_has_one_deadline_from_its_first_byte(self):
        self.assertTrue(0.4 < self.seconds_until_refused(b"GET / HT", b"") < 2)
        self.assertTrue(0.4 < self.seconds_until_refused(b"GET / HTTP/1.1\r\nX-A: ", b"b" * 100) < 2)

    def test_a_body_has_one_deadline(self):
        start = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        self.assertTrue(0.4 < self.seconds_until_refused(start, b"") < 2)
        self.assertTrue(0.4 < self.seconds_until_refused(start, b"b" * 100) < 2)

    def test_a_connection_without_a_request_is_closed_silently(self):
        begin = time.monotonic()
        with self.connect() as fresh, self.connect() as used:
            self.assertEqual(used.get("/a").status, 200)
            self.assertTrue(fresh.at_end())
            self.assertTrue(used.at_end())
        self.assertTrue(0.8 < time.monotonic() - begin < 3)

    def test_a_reply_that_nobody_takes_is_given_up(self):
        with self.connect() as connection:
            connection.send(get("/bytes?count=7900000"))
            self.assertTrue(wait_until(lambda: self.counters()["connections_open"] == 2, 0.4))
            self.assertTrue(wait_until(lambda: self.counters()["connections_open"] == 1))

    def test_a_slow_reader_that_makes_progress_is_kept(self):
        with self.connect() as connection:
            connection.send(get("/bytes?count=7900000"))
            end = time.monotonic() + 1.6  # three write deadlines
            while time.monotonic() < end:
                connection.buffer += connection.socket.recv(100000)
                time.sleep(0.02)
            self.assertEqual(len(connection.reply().body), 7900000)


class Limits(unittest.TestCase):
    def test_beyond_the_pool_queue_calls_are_turned_away(self):
        with EchoServer(PROGRAM, pool_thread_count=2, pool_queue_max=4) as server:
            connections = [server.connect() for _ in range(12)]
            for i, connection in enumerate(connections):
                connection.send(get("/pool?ms=300"))
                time.sleep(0.1 if i == 1 else 0)  # both threads are busy before the queue fills
            replies = [connection.reply() for connection in connections]
            turned_away = [reply for reply in replies if reply.status == 503]
            self.assertEqual(len(replies) - len(turned_away), 6)
            for reply in turned_away:
                self.assertEqual((reply.field("Retry-After"), reply.field("Connection")), ("1", None))
            self.assertEqual({connection.get("/a").status for connection in connections}, {200})
            for connection in connections:
                connection.close()

    def test_bodies_under_way_share_a_bounded_memory(self):
        with EchoServer(PROGRAM, bodies_bytes_max=4000000) as server:
            connections = [server.connect() for _ in range(8)]
            for connection in connections:
                connection.send(b"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 999999)
            waiting = [connection for connection in connections if not connection.readable(0.5)]
            self.assertTrue(2 <= len(waiting) <= 4)
            for connection in connections:
                connection.send(b"a")
                self.assertEqual(connection.reply().status, 200 if connection in waiting else 503)
                connection.close()
            with server.connect() as connection:  # the memory is free again
                connection.send(b"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1000000)
                self.assertEqual(connection.reply().status, 200)

    def test_replies_not_taken_share_a_bounded_memory(self):
        with EchoServer(PROGRAM, unsent_bytes_max=12000000) as server:
            connections = [server.connect() for _ in range(6)]
            for connection in connections:
                connection.send(get("/bytes?count=7900000"))
            with server.connect() as other:
                def open_connections():
                    return json.loads(other.get("/counters").body)["connections_open"]
                self.assertTrue(wait_until(lambda: open_connections() < 5))
                self.assertGreaterEqual(open_connections(), 2)
                self.assertEqual(len(connections[0].reply().body), 7900000)  # the first had a place
            for connection in connections:
                connection.close()

    def test_without_a_pool_its_calls_are_turned_away(self):
        with EchoServer(PROGRAM, pool_thread_count=0) as server, server.connect() as connection:
            self.assertEqual(connection.get("/pool").status, 503)

    def test_beyond_the_connection_limit_clients_wait(self):
        with EchoServer(PROGRAM, connections_max=20, silent_ms=60000) as server:
            first = [server.connect() for _ in range(20)]
            self.assertEqual({connection.get("/a").status for connection in first}, {200})
            late = server.connect(timeout=0.3)
            with self.assertRaises(TimeoutError):
                late.get("/b")
            first.pop().close()
            late.socket.settimeout(5)
            self.assertEqual(json.loads(late.reply().body)["path"], "/b")
            for connection in first + [late]:
                connection.close()

    def test_without_descriptors_accepting_pauses_and_nothing_spins(self):
        with EchoServer(PROGRAM, files_max=48) as server:
            connections = [server.connect() for _ in range(60)]
            served = 0
            for connection in connections:
                connection.socket.settimeout(0.05)
                connection.send(get("/a"))
                try:
                    served += connection.reply().status == 200
                except TimeoutError:
                    pass
            self.assertTrue(20 < served < 48)
            before = server.cpu_seconds()
            time.sleep(0.6)
            self.assertLess(server.cpu_seconds() - before, 0.15)
            for connection in connections:
                connection.close()
            with server.connect() as connection:
                self.assertEqual(connection.get("/a").status, 200)

    def test_many_connections_on_two_loops(self):
        with EchoServer(PROGRAM, loop_count=2) as server:
            connections = [server.connect() for _ in range(400)]
            for turn in range(3):
                for i, connection in enumerate(connections):
                    connection.send(get("/%s?ms=1" % ("sealed" if i % 3 else "pool")))
                for connection in connections:
                    self.assertIn(connection.reply().status, (200, 503))
            for connection in connections:
                connection.close()

    def test_a_port_that_is_taken_is_told(self):
        for loops in (1, 2):
            with EchoServer(PROGRAM, loop_count=loops) as server:
                second = EchoServer(PROGRAM, port=int(server.address.rsplit(":", 1)[1]), loop_count=loops)
                self.assertIsNone(second.address)
                self.assertIn("server.port_taken", second.finish())
                self.assertEqual(second.process.returncode, 10)


class Drain(unittest.TestCase):
    def test_running_calls_are_finished_and_idle_connections_closed(self):
        server = EchoServer(PROGRAM, loop_count=2, drain_ms=5000)
        idle, sealed, pooled, half = connections = [server.connect() for _ in range(4)]
        self.assertEqual({connection.get("/a").status for connection in connections}, {200})
        sealed.send(get("/sealed?ms=300") + get("/never"))
        pooled.send(get("/pool?ms=300"))
        half.send(get("/late")[:-2])
        time.sleep(0.1)
        begin = time.monotonic()
        server.terminate()
        self.assertTrue(idle.at_end())
        self.assertTrue(wait_until(lambda: is_refused(server.address)))
        half.send(b"\r\n")
        for connection, path in ((half, "/late"), (sealed, "/sealed"), (pooled, "/pool")):
            reply = connection.reply()
            self.assertEqual((json.loads(reply.body)["path"], reply.field("Connection")), (path, "close"))
            connection.close()
        idle.close()
        self.assertEqual(server.finish(), "")
        self.assertEqual(server.process.returncode, 0)
        self.assertLess(time.monotonic() - begin, 3)

    def test_a_drain_ends_at_its_deadline(self):
        server = EchoServer(PROGRAM, drain_ms=500)
        connection = server.connect()
        connection.send(b"GET / HT")
        time.sleep(0.1)
        begin = time.monotonic()
        server.terminate()
        self.assertEqual(server.finish(), "")
        self.assertEqual(server.process.returncode, 0)
        self.assertTrue(0.4 < time.monotonic() - begin < 3)
        connection.close()

    def test_a_call_that_outlives_the_drain_does_no_harm(self):
        server = EchoServer(PROGRAM, drain_ms=200, drain_calls_ms=0)
        with server.connect() as connection:
            connection.send(get("/sealed?ms=800"))
            time.sleep(0.1)
            server.terminate()
            self.assertTrue(connection.at_end())
        self.assertEqual(server.finish(), "")
        self.assertEqual(server.process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
