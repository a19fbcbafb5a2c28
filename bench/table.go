package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// table is Markdown. Ratios are to its first row.
func table(title string, rows []*row) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s:\n\n| command | | time | ratio | CPU | memory | target |\n|---|---|--:|--:|--:|--:|---|\n", title)
	for _, r := range rows {
		if r.err != nil {
			fmt.Fprintf(&out, "| `%s` | %s: did not run, %s | | | | | %s |\n", r.command, r.what, cell(r.err.Error()), r.aims())
			continue
		}
		ratio := ""
		if rows[0].err == nil {
			ratio = fmt.Sprintf("%.2f", r.ratio(rows[0]))
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.command, r.what, seconds(r.time()), ratio, seconds(r.cpu()), megabytes(r.memory()), r.aims())
	}
	return out.String()
}

// aims are a row's goals, and whether they are reached.
func (r *row) aims() string {
	var aims []string
	g := r.goal
	aim := func(met bool, goal, verdict string) {
		switch {
		case r.err != nil || g.than != nil && g.than.err != nil:
			verdict = "not measured"
		case met:
			verdict += "met"
		default:
			verdict += "missed"
		}
		aims = append(aims, goal+": "+verdict)
	}
	if g.within > 0 {
		aim(r.time() < g.within, "under "+seconds(g.within), "")
	}
	if g.memory > 0 {
		aim(r.memory() < g.memory, "under "+megabytes(g.memory), "")
	}
	if g.than != nil {
		ratio := r.ratio(g.than)
		aim(ratio <= g.times, fmt.Sprintf("at most %v × `%s`", g.times, g.than.command), fmt.Sprintf("%.2f, ", ratio))
	}
	return strings.Join(aims, "; ")
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// cell fits a text into one.
func cell(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return strings.ReplaceAll(text, "|", `\|`)
}

// thousands is 1,000.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
