package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// shardFlag is the value of --shard: one of several parts, counted from 1. The
// zero value is the whole.
type shardFlag struct{ part, of uint64 }

func (f *shardFlag) divides() bool { return f.of > 1 }

// has reports whether an application is in the part. Which one it is in depends
// on its name alone, so that others that come and go move none: what a machine
// remembers of its part stays of use.
func (f *shardFlag) has(name string) bool {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:])%f.of == f.part-1
}

func (f *shardFlag) String() string {
	if f.of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", f.part, f.of)
}

func (*shardFlag) Type() string { return "PART/PARTS" }

func (f *shardFlag) Set(value string) error {
	part, of, _ := strings.Cut(value, "/")
	var err, err2 error
	f.part, err = strconv.ParseUint(part, 10, 32)
	f.of, err2 = strconv.ParseUint(of, 10, 32)
	if err != nil || err2 != nil || f.part < 1 || f.part > f.of {
		return errors.New("the second of four parts is 2/4")
	}
	return nil
}
