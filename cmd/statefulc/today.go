package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// today is the day that waivers are compared with. The clock is read here and
// nowhere else; the output never depends on it.
type today string

// addTodayFlag gives a command --today. Without it, it is today in UTC, so that
// a laptop and a build machine agree.
func addTodayFlag(cmd *cobra.Command) *today {
	day := today(time.Now().UTC().Format(time.DateOnly))
	cmd.Flags().Var(&day, "today", "day to compare the last days of waivers with (default the clock's, in UTC)")
	cmd.Flags().Lookup("today").DefValue = "" // the help says the same every day
	return &day
}

func (d *today) String() string { return string(*d) }

// Type is how the help calls the value.
func (*today) Type() string { return "YYYY-MM-DD" }

// Set is called by cobra.
func (d *today) Set(value string) error {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return fmt.Errorf("a day is written as 2026-11-23: %w", err)
	}
	*d = today(value)
	return nil
}
