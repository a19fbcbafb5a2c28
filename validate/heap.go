package validate

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/diag"
)

var heapAgainstMemory = Rule{
	Rule: diag.Rule{
		ID:       "heap-against-memory",
		Severity: diag.Warning,
		What:     "A heap, a cache or a buffer pool that does not fit in the container's memory limit, or leaves too little of it.",
		Why: `The program takes what it was told, the kernel counts what the container takes, and kills it in the middle of its work. It
shows under load, or after days. What is as large as the limit is an error. A warning is above the share that a program can
have: beside the heap a JVM needs threads, classes and direct memory (Elasticsearch half of the heap again), PostgreSQL the
connections' own memory and the page cache, Redis a copy of what changes while it saves.`,
		Source: "java -Xmx; postgresql.org runtime-config-resource (25% to 40%); redis.io/docs memory-optimization; elastic/elasticsearch#42006 (direct memory is half of the heap); dev.mysql.com innodb-buffer-pool-resize (80%)",
		Fix:    "Lower it, or raise the memory, in each environment.",
		Reads:  diag.Reads{Own: "image memory env args command files"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				if limit, ok := c.Resources.Limits[corev1.ResourceMemory]; ok && !limit.IsZero() {
					p.fits(c, limit)
				}
			}
		}
	},
}

// part is memory that a program takes, as its settings call it.
type part struct {
	images  string // whose, by programs; "" are all
	except  string // images that have a row of their own
	what    string
	hint    string // a text without this need not be searched
	pattern string // the amount, and its unit
	unit    string // where none is written
	decimal bool   // whether MB are 1000 kB, and only MiB are more
	share   int64  // of the memory, in percent
	sum     string // parts that are taken together
}

var parts = []part{
	{images: "elasticsearch opensearch", what: "heap", hint: "-Xmx", pattern: `-Xmx(\d+)([kKmMgGtT]?)`, share: 66},
	{except: "elasticsearch opensearch", what: "heap", hint: "-X", pattern: `(?:-Xmx|-XX:MaxHeapSize=)(\d+)([kKmMgGtT]?)`, share: 80, sum: "jvm"},
	{what: "direct memory", hint: "MaxDirectMemorySize", pattern: `-XX:MaxDirectMemorySize=(\d+)([kKmMgGtT]?)`, share: 80, sum: "jvm"},
	{what: "heap", hint: "RAMPercentage", pattern: `-XX:MaxRAMPercentage=([\d.]+)()`, unit: "%", share: 80},
	{images: "cassandra", what: "heap", hint: "MAX_HEAP_SIZE", pattern: `^MAX_HEAP_SIZE=(\d+)([kKmMgG]?)`, share: 80, sum: "jvm"},
	{images: "cassandra", what: "direct memory", hint: "MAX_DIRECT_MEMORY_SIZE", pattern: `^MAX_DIRECT_MEMORY_SIZE=(\d+)([kKmMgG]?)`, share: 80, sum: "jvm"},
	{images: "zookeeper", what: "heap", hint: "ZK_SERVER_HEAP", pattern: `^ZK_SERVER_HEAP=(\d+)()$`, unit: "m", share: 80},
	{images: "solr", what: "heap", hint: "SOLR_HEAP", pattern: `^SOLR_HEAP=(\d+)([kKmMgG]?)$`, share: 80},
	{images: "neo4j", what: "heap", hint: "heap_max__size", pattern: `^NEO4J_(?:server|dbms)_memory_heap_max__size=(\d+)([kKmMgG]?)`, share: 80, sum: "neo4j"},
	{images: "neo4j", what: "page cache", hint: "pagecache_size", pattern: `^NEO4J_(?:server|dbms)_memory_pagecache_size=(\d+)([kKmMgG]?)`, share: 80, sum: "neo4j"},
	{images: "postgres postgis postgresql", what: "shared_buffers", hint: "shared_buffers", pattern: `\bshared_buffers\s*=\s*'?(\d+)\s*(kB|MB|GB|TB)?`, unit: "8k", share: 50},
	{images: "redis redis-cluster valkey", what: "maxmemory", hint: "maxmemory", pattern: `(?i)\bmaxmemory[\s=]+(\d+)([kmg]b?)?`, share: 90},
	{images: "memcached", what: "cache", hint: "-m", pattern: `(?:^|\s)(?:-m|--memory-limit)[\s=]*(\d+)()\b`, unit: "m", share: 90},
	{images: "mysql mysql-server mariadb mariadb-galera percona percona-xtradb-cluster", what: "innodb_buffer_pool_size", hint: "pool", pattern: `\binnodb[-_]buffer[-_]pool[-_]size\s*=\s*(\d+)([kKmMgGtT]?)`, share: 80},
	{images: "mongo mongodb percona-server-mongodb", what: "cache", hint: "acheSizeGB", pattern: `(?:wiredTigerC|\bc)acheSizeGB"?[\s=:]+([\d.]+)()`, unit: "g", share: 80},
	{images: "rabbitmq", what: "total_memory_available_override_value", hint: "override_value", pattern: `\btotal_memory_available_override_value\s*=\s*(\d+)([kKMGT]i?B?)?`, decimal: true, share: 100},
	{images: "rabbitmq", what: "vm_memory_high_watermark", hint: "watermark.absolute", pattern: `\bvm_memory_high_watermark\.absolute\s*=\s*(\d+)([kKMGT]i?B?)?`, decimal: true, share: 80},
	{images: "cockroach", what: "cache", hint: "--cache", pattern: `--cache[= ](\d+)([KMGT]i?B)`, decimal: true, share: 80, sum: "cockroach"},
	{images: "cockroach", what: "SQL memory", hint: "--max-sql-memory", pattern: `--max-sql-memory[= ](\d+)([KMGT]i?B)`, decimal: true, share: 80, sum: "cockroach"},
	{what: "GOMEMLIMIT", hint: "GOMEMLIMIT", pattern: `^GOMEMLIMIT=(\d+)((?:[KMGT]i)?B)?$`, share: 95},
}

// taken is an amount of memory that a text asks for.
type taken struct {
	part
	text
	words string // as it is written: 4G
	bytes int64
}

func (p *ObjectsPass) fits(c podContainer, limit resource.Quantity) {
	var all []taken
	for _, t := range p.texts(c) {
		for _, part := range partsOf(c.Image) {
			if a, ok := part.in(t, c.Env, limit.Value()); ok {
				all = append(all, a)
			}
		}
	}
	reported := false
	for _, a := range all {
		percent := (a.bytes*100 + limit.Value()/2) / limit.Value()
		switch {
		case a.bytes >= limit.Value():
			p.as(diag.Error, a.Object, a.at, fmt.Sprintf("%s: %s does not fit in the memory limit of %s", a.what, a.words, limit.String()), "Lower it, or raise the memory.")
		case percent > a.share:
			p.On(a.Object, a.at, fmt.Sprintf("%s: %s is %d%% of the memory limit of %s, and the rest needs more", a.what, a.words, percent, limit.String()), fmt.Sprintf("Lower it to %d%% at most, or raise the memory.", a.share))
		default:
			continue
		}
		reported = true
	}
	if !reported {
		p.together(all, limit)
	}
}

// together looks at two parts that fit alone.
func (p *ObjectsPass) together(all []taken, limit resource.Quantity) {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.sum != "" && a.sum == b.sum && a.what != b.what && a.bytes+b.bytes >= limit.Value() {
				p.On(a.Object, a.at, fmt.Sprintf("%s and %s: %s and %s do not fit in the memory limit of %s", b.what, a.what, b.words, a.words, limit.String()), "Lower one of them, or raise the memory.")
				return
			}
		}
	}
}

// partsOf are the parts of an image's program.
func partsOf(of string) (out []part) {
	for _, row := range parts {
		if (row.images == "" || isOneOf(of, row.images)) && !isOneOf(of, row.except) {
			out = append(out, row)
		}
	}
	return out
}

var comment = regexp.MustCompile(`(?m)^\s*[#;].*$`)

// in is the amount that a text states, the last if there are several.
// Variables are written NAME=value.
func (t part) in(from text, env []corev1.EnvVar, limit int64) (taken, bool) {
	s, hinted := from.value, from.value
	if strings.HasPrefix(t.pattern, "^") {
		s, hinted = from.name+"="+from.value, from.name
	}
	if !strings.Contains(hinted, t.hint) {
		return taken{}, false
	}
	all := compiled(t.pattern).FindAllStringSubmatch(expand(comment.ReplaceAllString(s, ""), env), -1)
	if len(all) == 0 {
		return taken{}, false
	}
	m := all[len(all)-1]
	bytes := t.amount(m[1], m[2], limit)
	return taken{t, from, m[1] + m[2] + t.silent(m[2]), bytes}, true
}

// silent is a unit that is meant and not written, for the reader.
func (t part) silent(written string) string {
	if written != "" {
		return ""
	}
	return map[string]string{"m": " MB", "g": " GB", "%": "%", "8k": " pages of 8 kB"}[t.unit]
}

// amount is in bytes, and all there is if it is more than that can count.
func (t part) amount(number, unit string, limit int64) int64 {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0
	}
	if unit == "" {
		unit = t.unit
	}
	base := 1024.0
	if t.decimal && !strings.Contains(unit, "i") {
		base = 1000
	}
	switch strings.ToLower(unit + " ")[0] {
	case '%':
		n *= float64(limit) / 100
	case '8':
		n *= 8 * base
	case 'k':
		n *= base
	case 'm':
		n *= base * base
	case 'g':
		n *= base * base * base
	case 't':
		n *= base * base * base * base
	}
	return int64(min(n, math.MaxInt64/200))
}

var variable = regexp.MustCompile(`\$(?:\(\w+\)|\{\w+\}|\w+)`)

// expand puts the values of a container's variables for their names.
func expand(s string, env []corev1.EnvVar) string {
	return variable.ReplaceAllStringFunc(s, func(ref string) string {
		i := slices.IndexFunc(env, func(e corev1.EnvVar) bool { return e.Name == strings.Trim(ref, "$(){}") && e.ValueFrom == nil })
		if i < 0 {
			return ref
		}
		return env[i].Value
	})
}
