// SPDX-License-Identifier: Apache-2.0

// Sumdb_check reads the log with the packages of Go's checksum database (golang.org/x/mod/sumdb, in Debian as
// golang-golang-x-mod-dev): notes, trees and tiles of another house, in another language.
//
//	sumdb_check seeds FOLDER        every good-* and receipt-good verifies, no bad-* does (tests/fuzz/corpus/proof)
//	sumdb_check follow URL KEY      every entry of a running node is in the tree that its checkpoint signs
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// openCheckpoint verifies the note and gives the tree that it names.
func openCheckpoint(text []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

type proofFile struct {
	salt       []byte
	index      int64
	path       tlog.RecordProof
	checkpoint []byte
}

func parseProof(file []byte) (proofFile, error) {
	var proof proofFile
	head, checkpoint, found := bytes.Cut(file, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return proof, errors.New("not a proof file")
	}
	proof.checkpoint = checkpoint
	var err error
	if proof.salt, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra ")); err != nil {
		return proof, err
	}
	if proof.index, err = strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64); err != nil {
		return proof, err
	}
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return proof, err
		}
		proof.path = append(proof.path, hash)
	}
	return proof, nil
}

func verify(key string, payload, file []byte) error {
	proof, err := parseProof(file)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(proof.checkpoint, key)
	if err != nil {
		return err
	}
	inner := sha256.Sum256(payload)
	entry := sha256.Sum256(bytes.Join([][]byte{[]byte("symbolon-receipt/1"), proof.salt, inner[:]}, nil))
	return tlog.CheckRecord(proof.path, tree.N, tree.Hash, proof.index, tlog.RecordHash(entry[:]))
}

// payloadOf gives the payload of a JWS; the signatures in it are not looked at.
func payloadOf(receipt []byte) ([]byte, error) {
	var jws struct{ Payload string }
	if err := json.Unmarshal(receipt, &jws); err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.Strict().DecodeString(jws.Payload)
}

func checkSeed(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parts := bytes.SplitN(content, []byte{0}, 3)
	if len(parts) != 3 {
		return errors.New("not a seed of three parts")
	}
	name, payload := filepath.Base(path), parts[1]
	if strings.HasPrefix(name, "receipt-") {
		if payload, err = payloadOf(parts[1]); err != nil {
			return err
		}
	}
	err = verify(string(parts[0]), payload, parts[2])
	if strings.HasPrefix(name, "bad-") {
		if err == nil {
			return errors.New("verifies and should not")
		}
		return nil
	}
	return err
}

func checkSeeds(folder string) error {
	checked := 0
	for _, kind := range []string{"good-*", "bad-*", "receipt-good"} {
		paths, err := filepath.Glob(filepath.Join(folder, kind))
		if err != nil || len(paths) == 0 {
			return fmt.Errorf("no seeds %s in %s", kind, folder)
		}
		for _, path := range paths {
			if err := checkSeed(path); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			checked++
		}
	}
	fmt.Printf("%d seeds are what their names say\n", checked)
	return nil
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func tilePath(level string, index int64, width int) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width < 1<<tileHeight {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "/log/tile/" + level + "/" + path
}

// served is the node as a source of tiles for package tlog.
type served struct{ url string }

func (s served) Height() int { return tileHeight }

func (s served) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		content, err := get(s.url + tilePath(strconv.Itoa(tile.L), tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		data = append(data, content)
	}
	return data, nil
}

func (s served) SaveTiles([]tlog.Tile, [][]byte) {}

func entriesOf(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(bundle[0])<<8+int(bundle[1]) {
			return nil, errors.New("a bundle is cut")
		}
		size := int(bundle[0])<<8 + int(bundle[1])
		entries = append(entries, bundle[2:2+size])
		bundle = bundle[2+size:]
	}
	return entries, nil
}

func checkBundle(node served, tree tlog.Tree, first int64, width int) error {
	bundle, err := get(node.url + tilePath("entries", first>>tileHeight, width))
	if err != nil {
		return err
	}
	entries, err := entriesOf(bundle)
	if err != nil || len(entries) != width {
		return fmt.Errorf("the bundle at %d has %d entries where %d are due", first, len(entries), width)
	}
	reader := tlog.TileHashReader(tree, node) // refuses tiles that do not lead to the root
	for i, entry := range entries {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, first+int64(i))})
		if err != nil {
			return err
		}
		if hashes[0] != tlog.RecordHash(entry) {
			return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
		}
	}
	return nil
}

func follow(url, key string) error {
	text, err := get(url + "/log/checkpoint")
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, key)
	if err != nil {
		return err
	}
	for first := int64(0); first < tree.N; first += 1 << tileHeight {
		width := 1 << tileHeight
		if tree.N-first < int64(width) {
			width = int(tree.N - first)
		}
		if err := checkBundle(served{url}, tree, first, width); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries are in the tree that the node has signed\n", tree.N)
	return nil
}

func main() {
	err := errors.New("usage: sumdb_check seeds FOLDER | follow URL KEY")
	if len(os.Args) == 3 && os.Args[1] == "seeds" {
		err = checkSeeds(os.Args[2])
	} else if len(os.Args) == 4 && os.Args[1] == "follow" {
		err = follow(os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
