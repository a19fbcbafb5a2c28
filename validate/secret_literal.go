package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var secretLiteral = Rule{
	Rule: diag.Rule{
		ID:       "secret-literal",
		Severity: diag.Warning,
		What:     "A password, a token or a key in plain sight: in a variable, a command line, a file, or a Secret in Git.",
		Why: `Whoever may read the repository has it, and its history keeps it after it is gone from the files. base64 is no
encryption. A private key, or a token that its service would know by its first letters, is an error; what is only named
like a password is a warning, since it may be none.`,
		Source: "kubernetes.io/docs/concepts/security/secrets-good-practices; docs.github.com/code-security/secret-scanning (patterns)",
		Fix:    "Make it a key of a Secret that comes from a store, refer to it, and use a new value.",
		Reads:  diag.Reads{Own: "."},
	},
	Objects: func(p *ObjectsPass) {
		for o, s := range objectsOf[*corev1.Secret](p.Set) {
			p.ownSecret(o, s)
		}
		for o, m := range objectsOf[*corev1.ConfigMap](p.Set) {
			for _, key := range slices.Sorted(maps.Keys(m.Data)) {
				p.secretFile(o, manifest.ParseField("data["+key+"]"), key, m.Data[key])
			}
		}
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				for _, e := range c.Env {
					p.secretValue(w.Object, c.in("env[%s].value", e.Name), e.Name, e.Value)
				}
				p.secretWords(w.Object, c.in("command"), c.Command)
				p.secretWords(w.Object, c.in("args"), c.Args)
			}
		}
	},
}

// secretFix is the remedy, in the words of whatever the object was made of.
func secretFix(o *manifest.Object) string {
	return inWords(o,
		"Declare the secret under secrets, refer to its key by {secret: …, key: …} in env, or by secretFiles, and use a new value.",
		"Make it a key of a Secret from a store, refer to that, and use a new value.")
}

// ownSecret reports a Secret with its values. What SOPS or sealing made of them
// may be in Git.
func (p *ObjectsPass) ownSecret(o *manifest.Object, s *corev1.Secret) {
	for _, of := range []struct {
		field, why string
		values     map[string]string
	}{
		{"stringData", "", maps.Clone(s.StringData)},
		{"data", ", and base64 hides nothing", texted(s.Data)},
	} {
		maps.DeleteFunc(of.values, func(_, v string) bool { return v == "" || strings.HasPrefix(v, "ENC[") })
		if len(of.values) > 0 {
			named := slices.Sorted(maps.Keys(of.values))
			p.On(o, manifest.ParseField(of.field), fmt.Sprintf("values of a Secret in Git: %s%s", strings.Join(named, ", "), of.why), secretFix(o))
		}
	}
}

// certain are keys and tokens that look like nothing else.
var certain = regexp.MustCompile(`-----BEGIN ([A-Z]+ )?PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[-_A-Za-z0-9]{20,}|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bsk_live_[0-9A-Za-z]{16,}|\bAIza[-_0-9A-Za-z]{35}\b|\bhvs\.[-_A-Za-z0-9]{24,}`)

// certainHints are parts of what certain finds: most texts have none.
var certainHints = []string{"PRIVATE KEY-----", "AKIA", "ASIA", "gh", "glpat-", "xox", "sk_live_", "AIza", "hvs."}

// isCertain reports what surely is a secret, without repeating it.
func (p *ObjectsPass) isCertain(o *manifest.Object, at manifest.Field, value string) bool {
	if !hasOne(value, certainHints) {
		return false
	}
	all := certain.FindAllString(value, -1)
	for _, found := range all {
		what := "a token that begins with " + found[:min(4, len(found))]
		if strings.HasPrefix(found, "-----") {
			what = "a private key"
		}
		p.as(diag.Error, o, at, what+" in plain sight", secretFix(o))
	}
	return len(all) > 0
}

// withPassword is an address with a user and a password: postgres://app:a@db,
// or as MySQL's driver for Go has it, app:a@tcp(db:3306)/.
var withPassword = regexp.MustCompile(`\b(?:[a-zA-Z][-+.a-zA-Z0-9]*://[^\s:/@"']*:([^\s/@"']+)@|[-.\w]+:([^\s/@"']+)@(?:tcp|unix)?\()`)

func (p *ObjectsPass) isURL(o *manifest.Object, at manifest.Field, value string) bool {
	if !strings.Contains(value, "@") {
		return false
	}
	for _, m := range withPassword.FindAllStringSubmatch(value, -1) {
		if mayBeSecret(m[1] + m[2]) {
			p.On(o, at, "a URL has its password in plain sight", secretFix(o))
			return true
		}
	}
	return false
}

// secretName is how variables and settings with secrets are called at the end:
// POSTGRES_PASSWORD, requirepass, auth.token, apiKey.
var secretName = regexp.MustCompile(`(?i)(^|[^a-z])(pass|pwd)$|passw(or)?d$|passphrase$|requirepass$|masterauth$|secret$|token$|cookie$|(api|account|private|encryption|signing|master|secret|secret[-_.]?access)[-_.]?key$`)

// secretHints are parts of what secretName finds.
var secretHints = []string{"pass", "pwd", "secret", "token", "cookie", "key", "auth"}

func hasOne(text string, hints []string) bool {
	return slices.ContainsFunc(hints, func(hint string) bool { return strings.Contains(text, hint) })
}

// notSecret are names that only end like it: what a cluster calls itself, and
// what names a Secret.
var notSecret = regexp.MustCompile(`(?i)cluster[-_.]?token$|(password|token|key|existing|tls|pull|image|auth)[-_.]?secret$|(max|min|num|initial|page|next|stop|end)[-_.]?token$|(proxy|by)[-_]?pass$`)

func isSecretName(name string) bool {
	return hasOne(strings.ToLower(name), secretHints) && secretName.MatchString(name) && !notSecret.MatchString(name)
}

func (p *ObjectsPass) secretValue(o *manifest.Object, at manifest.Field, name, value string) {
	if p.isCertain(o, at, value) || p.isURL(o, at, value) || !isSecretName(name) || !mayBeSecret(value) {
		return
	}
	p.On(o, at, fmt.Sprintf("%s has its value in plain sight", name), secretFix(o))
}

// mayBeSecret tells a value from a reference to one, a path, a switch and a
// number.
func mayBeSecret(value string) bool {
	value = strings.Trim(value, `"' `)
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "none", "nil", "md5", "optional", "required":
		return false
	}
	reference := strings.ContainsAny(value, "$<>{}(") || strings.HasPrefix(value, "ENC[")
	if strings.Trim(value, "|*+-") == "" {
		return false // the text begins in the next line, or is made unreadable
	}
	path := strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "file:")
	return !reference && !path && strings.Trim(value, "0123456789.") != ""
}

// secretWords looks at the options of a command line: --requirepass abc,
// --password=abc.
func (p *ObjectsPass) secretWords(o *manifest.Object, at manifest.Field, words []string) {
	for i, word := range words {
		at := at.Join(manifest.Elem{Name: fmt.Sprint(i), Key: true})
		if p.isCertain(o, at, word) || p.isURL(o, at, word) || !strings.HasPrefix(word, "-") {
			continue
		}
		name, value, assigned := strings.Cut(word, "=")
		if !assigned && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			value = words[i+1]
		}
		p.secretValue(o, at, strings.TrimLeft(name, "-"), value)
	}
}

// setting is a line of a file that gives a name a value.
var setting = regexp.MustCompile(`(?m)^[ \t]*(?:-[ \t]+)?["']?([-.\w]+)["']?(?:[ \t]*[:=][ \t]*|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s#;,]+)[ \t]*[,;]?[ \t]*(?:[#;].*)?$`)

// secretFile looks at all settings of a file. A program is no settings.
func (p *ObjectsPass) secretFile(o *manifest.Object, at manifest.Field, name, text string) {
	if p.isCertain(o, at, text) && !strings.ContainsAny(text, "\n") {
		return
	}
	if json.Valid([]byte(text)) && !strings.Contains(text, "\n") {
		text = strings.NewReplacer("{", "{\n", ",", ",\n", "}", "\n}").Replace(text)
	}
	if !strings.ContainsAny(text, "\n=: ") {
		p.secretValue(o, at, name, text)
		return
	}
	if isProgram(name, text) {
		return
	}
	for line := range strings.Lines(text) {
		p.secretLine(o, at, line)
	}
}

func (p *ObjectsPass) secretLine(o *manifest.Object, at manifest.Field, line string) {
	if p.isURL(o, at, line) || !hasOne(strings.ToLower(line), secretHints) || certain.MatchString(line) {
		return
	}
	if m := setting.FindStringSubmatch(line); m != nil && isSecretName(m[1]) && mayBeSecret(m[2]) {
		p.On(o, at, fmt.Sprintf("%s has its value in plain sight", m[1]), secretFix(o))
	}
}

var programFiles = regexp.MustCompile(`\.(sh|bash|py|js|lua|sql|pl|rb|groovy|go|md|html?|css|tmpl)$`)

func isProgram(name, text string) bool {
	return strings.HasPrefix(text, "#!") || programFiles.MatchString(name)
}

func texted(data map[string][]byte) map[string]string {
	out := map[string]string{}
	for key, value := range data {
		out[key] = string(value)
	}
	return out
}
