package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/underlay-iac/underlay/automation/engine"
	"github.com/underlay-iac/underlay/problem"
	"github.com/underlay-iac/underlay/stacks"
	"github.com/underlay-iac/underlay/terminal"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is missing on this machine",
		Long: `Looks at what deployments need and says of each whether it is there, missing, or only
needed for some things, with the way out. It looks at this machine alone: no network, no
cloud account, and nothing is built or installed. Of credentials it says whether they are
there, never what they are.

Exit code 0 says that everything is there that --sandbox needs, 1 that something is missing.`,
		Example: `  underlay doctor
  underlay doctor --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), cmd.OutOrStdout(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	return cmd
}

// What a check comes to.
const (
	checkOK = "ok"
	// checkMissing is something that --sandbox needs.
	checkMissing = "missing"
	// checkOptional is something that is not there and that only some things
	// need.
	checkOptional = "optional"
)

// check is one thing that was looked at.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"` // the way out; empty when there is nothing to do
}

// doctorResult is what `doctor --json` prints.
type doctorResult struct {
	Operation string  `json:"operation"`
	Ready     bool    `json:"ready"` // for --sandbox
	Checks    []check `json:"checks"`
}

func doctor(ctx context.Context, w io.Writer, asJSON bool) error {
	root := projectRoot()
	result := doctorResult{Operation: "doctor", Ready: true, Checks: checks(ctx, root)}
	for _, c := range result.Checks {
		result.Ready = result.Ready && c.Status != checkMissing
	}
	if asJSON {
		if err := printJSON(w, result); err != nil {
			return err
		}
	} else if err := printChecks(w, terminal.For(w), result); err != nil {
		return err
	}
	if !result.Ready {
		return exitError{exitFailed}
	}
	return nil
}

func printChecks(w io.Writer, style terminal.Style, result doctorResult) error {
	marks := map[string]func(string) string{checkOK: style.Good, checkMissing: style.Bad, checkOptional: style.Unsure}
	table := terminal.Table{Gap: 2}
	for _, c := range result.Checks {
		table.Row(marks[c.Status](c.Status), c.Name, c.Detail)
		if c.Fix != "" {
			table.Row("", "", style.Faint("→ "+c.Fix))
		}
	}
	if err := table.Write(w); err != nil {
		return err
	}
	text := style.Good("ready") + ": `underlay up STACK --sandbox` needs nothing more"
	if !result.Ready {
		text = style.Bad("not ready") + " for --sandbox: see what is missing"
	}
	_, err := fmt.Fprintln(w, "\n"+text)
	return err
}

// checks looks at everything, in the order that one needs it.
func checks(ctx context.Context, root string) []check {
	pulumi, found := checkPulumi(ctx, root)
	golang := checkGo(ctx, found)
	list := []check{golang, checkGit(), pulumi, checkCache(found)}
	if golang.Status == checkOK {
		list = append(list, checkModules(ctx))
	}
	return append(list, checkFiles(root), checkBackend(root), checkAws(), checkAzure())
}

// minimumGo is the version of the go line in go.mod.
const minimumGo = "1.26"

var goVersion = regexp.MustCompile(`go1\.(\d+)\S*`)

// checkGo: Go builds the engine, and runs a checkout. With an engine at hand it
// is not needed.
func checkGo(ctx context.Context, engineFound bool) check {
	c := check{Name: "Go", Status: checkMissing}
	if engineFound {
		c.Status = checkOptional
	}
	c.Fix = "install Go " + minimumGo + " or newer: https://go.dev/doc/install"
	out, err := output(ctx, "go", "version")
	if errors.Is(err, exec.ErrNotFound) {
		c.Detail = "is not on PATH"
		return c
	}
	if err != nil {
		c.Detail = "`go version` fails: " + err.Error()
		return c
	}
	match := goVersion.FindStringSubmatch(out)
	if match == nil {
		c.Detail = "prints no version"
		return c
	}
	c.Detail = strings.TrimPrefix(match[0], "go")
	minor, _ := strconv.Atoi(match[1])
	least, _ := strconv.Atoi(strings.TrimPrefix(minimumGo, "1."))
	if minor < least {
		c.Detail += ", older than " + minimumGo
		return c
	}
	c.Status, c.Fix = checkOK, ""
	return c
}

func checkGit() check {
	if _, err := exec.LookPath("git"); err != nil {
		return check{"git", checkOptional, "is not on PATH", "install git to get and update a checkout"}
	}
	return check{"git", checkOK, "is on PATH", ""}
}

// checkPulumi says whether there is an engine to deploy with, without building
// one.
func checkPulumi(ctx context.Context, root string) (c check, found bool) {
	cli, err := engine.Find(ctx, engine.Options{})
	if err == nil {
		return check{"Pulumi", checkOK, cli.Version().String() + " at " + cli.Path(), ""}, true
	}
	detail := "is not on PATH, and none was built yet"
	var unsuitable *engine.UnsuitableError
	if errors.As(err, &unsuitable) {
		detail = unsuitable.Error()
	}
	_, noGo := exec.LookPath("go")
	if toolsModule(root) != "" && noGo == nil {
		return check{"Pulumi", checkOptional, detail, "nothing to do: the first deployment builds the pinned one, which takes some minutes"}, false
	}
	return check{"Pulumi", checkMissing, detail,
		"install Pulumi " + engine.MinVersion + " or newer: https://www.pulumi.com/docs/install/; or work in a checkout of underlay with Go, which builds it"}, false
}

// checkCache says whether an engine can be kept once it is built.
func checkCache(engineFound bool) check {
	c := check{Name: "cache", Status: checkMissing, Fix: "set XDG_CACHE_HOME to a folder that you may write to"}
	if engineFound {
		c.Status = checkOptional
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.Detail = cache
	// The nearest folder that is there must take a file.
	for dir := cache; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil {
			if dir == filepath.Dir(dir) {
				c.Detail += " cannot be made"
				return c
			}
			continue
		} else if !info.IsDir() {
			c.Detail = dir + " is not a folder"
			return c
		}
		file, err := os.CreateTemp(dir, ".underlay-doctor-")
		if err != nil {
			c.Detail += " cannot be written to"
			return c
		}
		_ = file.Close()
		if err := os.Remove(file.Name()); err != nil {
			c.Detail += " cannot be written to"
			return c
		}
		c.Status, c.Fix = checkOK, ""
		return c
	}
}

// checkModules looks at the settings that keep Go from fetching modules. They
// may hold a password, and are not printed.
func checkModules(ctx context.Context) check {
	c := check{Name: "Go modules", Status: checkOK, Detail: "may be fetched"}
	out, err := output(ctx, "go", "env", "-json", "GOPROXY", "GOFLAGS")
	var env struct{ GOPROXY, GOFLAGS string }
	if err != nil || json.Unmarshal([]byte(out), &env) != nil {
		return check{c.Name, checkOptional, "`go env` fails", "see what `go env` says"}
	}
	switch {
	case env.GOPROXY == "off":
		return check{c.Name, checkOptional, "GOPROXY is off: a build works only with what is in the module cache",
			"set GOPROXY to your proxy, or to https://proxy.golang.org,direct"}
	case strings.Contains(env.GOFLAGS, "-mod=vendor"):
		return check{c.Name, checkOptional, "GOFLAGS has -mod=vendor, and underlay has no vendor folder", "remove it from GOFLAGS"}
	}
	return c
}

// checkFiles reads the configurations of the folder.
func checkFiles(root string) check {
	c := check{Name: "environments", Status: checkOK}
	names := stackNames(root)
	if len(names) == 0 {
		return check{c.Name, checkOptional, "no Pulumi.STACK.yaml in " + root, "`underlay init` writes one"}
	}
	var invalid []string
	for _, name := range names {
		if _, err := stacks.Load(filepath.Join(root, "Pulumi."+name+".yaml")); err != nil {
			text := "cannot be read"
			var problems problem.List
			if errors.As(err, &problems) {
				text = count(len(problems), "problem")
			}
			invalid = append(invalid, fmt.Sprintf("%s: %s", name, text))
		}
	}
	c.Detail = count(len(names), "configuration") + ", all valid"
	if len(invalid) > 0 {
		c.Status = checkMissing
		c.Detail = fmt.Sprintf("%d of %s invalid: %s", len(invalid), count(len(names), "configuration"), strings.Join(invalid, "; "))
		c.Fix = "`underlay preview STACK` says what is wrong"
	}
	return c
}

// checkBackend says where Pulumi keeps state, by the kind of place alone: its
// address may hold a password.
func checkBackend(root string) check {
	c := check{Name: "Pulumi backend", Status: checkOK}
	if address := os.Getenv("PULUMI_BACKEND_URL"); address != "" {
		c.Detail = "by PULUMI_BACKEND_URL, " + backendKind(address)
		return c
	}
	var project struct {
		Backend struct {
			URL string `yaml:"url"`
		} `yaml:"backend"`
	}
	if data, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml")); err == nil && yaml.Unmarshal(data, &project) == nil && project.Backend.URL != "" {
		c.Detail = "by Pulumi.yaml, " + backendKind(project.Backend.URL)
		return c
	}
	if os.Getenv("PULUMI_ACCESS_TOKEN") != "" {
		c.Detail = "Pulumi Cloud, by PULUMI_ACCESS_TOKEN"
		return c
	}
	var login struct {
		Current string `json:"current"`
	}
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		home = inHome(".pulumi")
	}
	if data, err := os.ReadFile(filepath.Join(home, "credentials.json")); err == nil && json.Unmarshal(data, &login) == nil && login.Current != "" {
		c.Detail = "logged in, " + backendKind(login.Current)
		return c
	}
	return check{c.Name, checkOptional, "not logged in; --sandbox has one of its own",
		"to deploy to a cloud, `pulumi login`, for example to s3://BUCKET, azblob://CONTAINER or file://FOLDER"}
}

// backendKind is the kind of a backend: "s3".
func backendKind(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "":
		return "of a kind that is not known"
	case u.Scheme == "https" || u.Scheme == "http":
		return "Pulumi Cloud or a service like it"
	}
	return u.Scheme
}

// checkAws says whether there are AWS credentials, and by what.
func checkAws() check {
	c := check{Name: "AWS credentials", Status: checkOK}
	for _, names := range [][]string{
		{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"},
		{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI"}, {"AWS_PROFILE"},
	} {
		if allSet(names) {
			c.Detail = "by " + strings.Join(names, " and ")
			return c
		}
	}
	for _, place := range []struct{ variable, file string }{
		{"AWS_SHARED_CREDENTIALS_FILE", "credentials"}, {"AWS_CONFIG_FILE", "config"},
	} {
		path := os.Getenv(place.variable)
		if path == "" {
			path = inHome(".aws", place.file)
		}
		if hasContent(path) {
			c.Detail = "by " + path
			return c
		}
	}
	return check{c.Name, checkOptional, "none; --sandbox needs none", "to deploy to AWS, `aws configure sso`, or set AWS_PROFILE"}
}

// checkAzure says whether there are Azure credentials, and by what.
func checkAzure() check {
	c := check{Name: "Azure credentials", Status: checkOK}
	for _, names := range [][]string{
		{"ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_CLIENT_SECRET"}, {"ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_CLIENT_CERTIFICATE_PATH"},
		{"ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_USE_OIDC"}, {"ARM_USE_MSI"},
	} {
		if allSet(names) {
			c.Detail = "by " + strings.Join(names, ", ")
			return c
		}
	}
	folder := os.Getenv("AZURE_CONFIG_DIR")
	if folder == "" {
		folder = inHome(".azure")
	}
	if path := filepath.Join(folder, "azureProfile.json"); hasContent(path) {
		c.Detail = "by " + path
		return c
	}
	return check{c.Name, checkOptional, "none; --sandbox needs none", "to deploy to Azure, `az login`"}
}

// allSet reports whether all of these variables have a value.
func allSet(names []string) bool {
	for _, name := range names {
		if os.Getenv(name) == "" {
			return false
		}
	}
	return true
}

// inHome is a path in the user's home folder.
func inHome(parts ...string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(parts...)
	}
	return filepath.Join(append([]string{home}, parts...)...)
}

// hasContent reports whether a file is there and is not empty.
func hasContent(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Size() > 0
}

// output is what a command prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	return string(out), err
}
