# SPDX-License-Identifier: Apache-2.0
"""The second reader of the log against what others have published, before anybody believes it about our log: RFC 8032
section 7.1, the example note of C2SP, the eight-leaf tree of Certificate Transparency. Then it must refuse every
flipped bit of a proof file of its own, and agree with the seeds of tests/fuzz that the C program is fed with."""
import pathlib
import random
import unittest

import tlog

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus" / "proof"
SEED = bytes(range(32))
NAME = "node.example/log"

# The leaves and the root that the tests of Certificate Transparency use.
CT_LEAVES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43",
             bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def refused(call):
    try:
        call()
    except tlog.LogError:
        return True
    return False


class Known(unittest.TestCase):
    def test_ed25519_agrees_with_rfc_8032(self):
        for seed, public, message, signature in [
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
             "d25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
             "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
             "387b2eaeb4302aeeb00d291612bb0c00")]:
            seed, public, message, signature = map(bytes.fromhex, (seed, public, message, signature))
            self.assertEqual(tlog.ed25519_public(seed), public)
            self.assertEqual(tlog.ed25519_sign(seed, message), signature)
            self.assertTrue(tlog.ed25519_verify(public, message, signature))
            self.assertFalse(tlog.ed25519_verify(public, message + b"x", signature))

    def test_the_example_note_verifies(self):
        key = tlog.Key.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
        note = ("This is an example message.\n\n\u2014 example.com/foo "
                "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n")
        self.assertEqual(tlog.note_verify(note, key), "This is an example message.\n")
        self.assertTrue(refused(lambda: tlog.note_verify(note.replace("example message", "examplf message"), key)))

    def test_the_tree_of_certificate_transparency(self):
        hashes = [tlog.leaf_hash(leaf) for leaf in CT_LEAVES]
        self.assertEqual(tlog.root_of(hashes).hex(), CT_ROOT)
        self.assertEqual(tlog.root_of([]).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    def test_paths_of_tiles(self):
        self.assertEqual(tlog.tile_path(0, 1234067), "/log/tile/0/x001/x234/067")
        self.assertEqual(tlog.tile_path("entries", 273, 112), "/log/tile/entries/273.p/112")
        self.assertEqual(tlog.tiles_of(70000, 0)[-1], (273, 112))
        self.assertEqual(tlog.tiles_of(70000, 1), [(0, 256), (1, 17)])
        self.assertEqual(tlog.tiles_of(70000, 2), [(0, 1)])


class Own(unittest.TestCase):
    def setUp(self):
        self.key = tlog.Key(NAME, tlog.ed25519_public(SEED))
        self.salt = bytes(32)
        self.payload = b'{"what":"a receipt"}'
        entries = [bytes([i]) * 32 for i in range(12)]
        entries[7] = tlog.receipt_entry(self.salt, self.payload)
        hashes = [tlog.leaf_hash(e) for e in entries]
        text = f"{NAME}\n12\n{tlog.encode64(tlog.root_of(hashes))}\n"
        self.file = tlog.proof_format(self.salt, 7, tlog.inclusion_of(hashes, 7), tlog.note_sign(text, NAME, SEED))

    def test_every_flipped_bit_is_refused(self):
        tlog.Proof(self.file).verify_payload(self.payload, self.key)
        octets = self.file.encode()
        for place in range(len(octets)):
            for bit in range(8):
                changed = octets[:place] + bytes([octets[place] ^ 1 << bit]) + octets[place + 1:]
                try:
                    text = changed.decode()
                except UnicodeDecodeError:
                    continue
                self.assertTrue(refused(lambda t=text: tlog.Proof(t).verify_payload(self.payload, self.key)), place)

    def test_every_pair_of_sizes_is_consistent_and_no_other_root_is(self):
        hashes = [tlog.leaf_hash(bytes([i])) for i in range(20)]

        def path(old, new, whole=True):
            if old == new:
                return [] if whole else [tlog.root_of(hashes_now)]
            k = tlog.split(new)
            if old <= k:
                return shift(0, k, lambda: path(old, k, whole)) + [tlog.root_of(hashes_now[k:])]
            return shift(k, new, lambda: path(old - k, new - k, False)) + [tlog.root_of(hashes_now[:k])]

        def shift(start, end, then):
            nonlocal hashes_now
            kept, hashes_now = hashes_now, hashes_now[start:end]
            result = then()
            hashes_now = kept
            return result

        for new in range(1, 21):
            for old in range(1, new + 1):
                hashes_now = hashes[:new]
                proof = path(old, new)
                old_root, new_root = tlog.root_of(hashes[:old]), tlog.root_of(hashes[:new])
                tlog.consistency_verify(old, old_root, new, new_root, proof)
                self.assertTrue(refused(lambda: tlog.consistency_verify(old, old_root, new, bytes(32), proof)))

    def test_a_log_is_followed_and_every_changed_tile_is_noticed(self):
        entries = [random.Random(i).randbytes(32) for i in range(600)]
        hashes = [tlog.leaf_hash(e) for e in entries]
        text = f"{NAME}\n600\n{tlog.encode64(tlog.root_of(hashes))}\n"
        files = {"/log/checkpoint": tlog.note_sign(text, NAME, SEED).encode()}
        for index, width in tlog.tiles_of(600, 0):
            part = slice(index * 256, index * 256 + width)
            files[tlog.tile_path("entries", index, width)] = b"".join(b"\x00\x20" + e for e in entries[part])
            files[tlog.tile_path(0, index, width)] = b"".join(hashes[part])
        files[tlog.tile_path(1, 0, 2)] = b"".join(tlog.root_of(hashes[i * 256:i * 256 + 256]) for i in range(2))
        log = tlog.Log(files.__getitem__, self.key)
        self.assertEqual(log.follow()[1], entries)
        for path in files:
            kept = files[path]
            files[path] = kept[:40] + bytes([kept[40] ^ 1]) + kept[41:]
            self.assertTrue(refused(log.follow), path)
            files[path] = kept


class Seeds(unittest.TestCase):
    """What the C program wrote, read here. The file names say what each seed is."""

    def test_the_good_seeds_verify(self):
        good = sorted(CORPUS.glob("good-*"))
        self.assertGreater(len(good), 2)
        for path in good:
            key, payload, file = path.read_bytes().split(b"\x00", 2)
            proof = tlog.Proof(file.decode())
            proof.verify_payload(payload, tlog.Key.parse(key.decode()))

    def test_the_receipt_stands_in_the_log(self):
        key, receipt, file = (CORPUS / "receipt-good").read_bytes().split(b"\x00", 2)
        payload = tlog.receipt_payload(receipt.decode())
        tlog.Proof(file.decode()).verify_payload(payload, tlog.Key.parse(key.decode()))

    def test_the_bad_seeds_do_not(self):
        bad = sorted(CORPUS.glob("bad-*"))
        self.assertGreater(len(bad), 2)
        for path in bad:
            key, payload, file = path.read_bytes().split(b"\x00", 2)
            self.assertTrue(refused(lambda: tlog.Proof(file.decode()).verify_payload(
                payload, tlog.Key.parse(key.decode()))), path)


if __name__ == "__main__":
    unittest.main()
