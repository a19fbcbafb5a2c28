package diag

import (
	"cmp"
	"fmt"
	"strings"
)

// DidYouMean names the known word that is most like a word, if one is: the
// same but for capitals, dashes and underscores; one or two letters away; or
// longer or shorter by an ending.
func DidYouMean(word string, known []string) string {
	best, _ := Nearest(word, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("Did you mean %q?", best)
}

// Nearest is the known word that is most like a word, as [DidYouMean] names it;
// alone if no other is as like it.
func Nearest(word string, known []string) (best string, isAlone bool) {
	least := unlike
	for _, k := range known {
		d := distance(plain(word), plain(k))
		if isAlone = isAlone && (d > least || k == best); d < least {
			best, least, isAlone = k, d, true
		}
	}
	return best, isAlone
}

// OneOf is the remedy for a word that is not known: the one that is like it, or
// those that are, or otherwise.
func OneOf(word string, known []string, otherwise string) string {
	return cmp.Or(DidYouMean(word, known), Known(known, otherwise))
}

// few is how many words are listed where one is not known: more than that
// nobody reads.
const few = 16

// Known lists the words that are known; where there are none, or too many to
// read, it is otherwise.
func Known(known []string, otherwise string) string {
	if len(known) == 0 || len(known) > few {
		return otherwise
	}
	return "Known here: " + strings.Join(known, ", ") + "."
}

// unlike is a distance at which nobody meant the one and wrote the other.
const unlike = 4

func plain(word string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(word))
}

// distance is how many letters are to be changed; three for an ending (of eight
// letters at the most) that is too many, or too few. Half of a short word is another word,
// and two letters of four.
func distance(a, b string) int {
	if onlyDigits(a) && onlyDigits(b) && a != b {
		return unlike // another number is no misspelt one
	}
	most := 2
	if len(a) <= 4 {
		most = 1
	}
	if d := edits(a, b); d <= most && 2*d <= len(a) {
		return d
	}
	if short, long := min(len(a), len(b)), max(len(a), len(b)); short > 3 && long-short <= 8 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
		return unlike - 1
	}
	return unlike
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789.") == "" }

// edits is how many letters are added, dropped or changed, or are two that
// changed places (the optimal string alignment of Damerau and Levenshtein).
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
