package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machine is what a machine has that the doctor looks at.
type machine struct {
	pulumi string            // what a pulumi on PATH prints; "" is none
	golang string            // what a go on PATH prints; "" is none
	env    map[string]string // over an empty one
	home   map[string]string // files by path in the home folder
	files  map[string]string // of the working folder
	cache  string            // "" is a folder of its own
}

// diagnose runs the doctor on a machine in a process of the test's.
func diagnose(t *testing.T, m machine) (result doctorResult, code int, text string) {
	t.Helper()
	bin, home, work := t.TempDir(), t.TempDir(), t.TempDir()
	for name, prints := range map[string]string{"pulumi": m.pulumi, "go": m.golang} {
		if prints != "" {
			script := "#!/bin/sh\nif [ \"$1\" = env ]; then echo '{\"GOPROXY\":\"'$GOPROXY'\",\"GOFLAGS\":\"'$GOFLAGS'\"}'; else echo '" + prints + "'; fi\n"
			require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755))
		}
	}
	for root, files := range map[string]map[string]string{home: m.home, work: m.files} {
		for name, content := range files {
			path := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
		"ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_USE_OIDC", "ARM_USE_MSI", "AZURE_CONFIG_DIR",
		"PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "GOPROXY", "GOFLAGS",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("PATH", bin)
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	if m.cache != "" {
		t.Setenv("XDG_CACHE_HOME", filepath.Join(home, m.cache))
	}
	for name, value := range m.env {
		t.Setenv(name, value)
	}
	t.Chdir(work)

	var stdout, stderr bytes.Buffer
	code = run(t.Context(), []string{"doctor", "--json"}, &stdout, &stderr)
	assert.Empty(t, stderr.String())
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &result), stdout.String())
	assert.Equal(t, result.Ready, code == exitDone)

	stdout.Reset()
	assert.Equal(t, code, run(t.Context(), []string{"doctor"}, &stdout, &stderr))
	assert.Empty(t, stderr.String())
	return result, code, stdout.String()
}

// find is the check of that name.
func (r doctorResult) find(t *testing.T, name string) check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no check "+name)
	return check{}
}

const valid = "config:\n  aws:region: eu-west-1\n  underlay:spec:\n    dataPlane: {vpcCidr: 10.20.0.0/16, zones: [eu-west-1a, eu-west-1b]}\n"

// A machine with nothing on it can do nothing, and is told what to install.
func TestDoctorOnAnEmptyMachine(t *testing.T) {
	result, code, text := diagnose(t, machine{home: map[string]string{"file": "no folder"}, cache: "file/cache"})
	assert.Equal(t, exitFailed, code)
	for name, want := range map[string]string{
		"Go": checkMissing, "git": checkOptional, "Pulumi": checkMissing, "cache": checkMissing, "environments": checkOptional,
		"Pulumi backend": checkOptional, "AWS credentials": checkOptional, "Azure credentials": checkOptional,
	} {
		c := result.find(t, name)
		assert.Equal(t, want, c.Status, name)
		assert.NotEmpty(t, c.Detail, name)
		assert.NotEmpty(t, c.Fix, name)
	}
	assert.Contains(t, text, "missing   Go                 is not on PATH\n                             → install Go 1.26 or newer")
	assert.Contains(t, text, "not ready for --sandbox")
}

// A suitable Pulumi is enough; Go would only be needed to build one.
func TestDoctorWithPulumi(t *testing.T) {
	result, code, text := diagnose(t, machine{pulumi: "v3.201.0", files: map[string]string{"Pulumi.dev.yaml": valid}})
	assert.Equal(t, exitDone, code)
	assert.Equal(t, checkOptional, result.find(t, "Go").Status)
	assert.Regexp(t, `^3\.201\.0 at /.*/pulumi$`, result.find(t, "Pulumi").Detail)
	assert.Equal(t, check{"environments", checkOK, "1 configuration, all valid", ""}, result.find(t, "environments"))
	assert.Contains(t, text, "ready: `underlay up STACK --sandbox` needs nothing more")
}

// In a checkout, Go builds what is missing.
func TestDoctorInACheckout(t *testing.T) {
	checkout := map[string]string{"Pulumi.yaml": "name: underlay\n", "tools/go.mod": "module tools\n"}
	result, code, _ := diagnose(t, machine{golang: "go version go1.26.8 linux/amd64", files: checkout})
	assert.Equal(t, exitDone, code)
	assert.Equal(t, check{"Go", checkOK, "1.26.8", ""}, result.find(t, "Go"))
	assert.Equal(t, checkOptional, result.find(t, "Pulumi").Status)
	assert.Contains(t, result.find(t, "Pulumi").Fix, "the first deployment builds the pinned one")

	result, code, _ = diagnose(t, machine{golang: "go version go1.25.1 linux/amd64", files: checkout})
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, checkMissing, result.find(t, "Go").Status)
	assert.Equal(t, "1.25.1, older than 1.26", result.find(t, "Go").Detail)
}

func TestDoctorWithAnOldPulumi(t *testing.T) {
	result, code, _ := diagnose(t, machine{pulumi: "v3.90.0"})
	assert.Equal(t, exitFailed, code)
	c := result.find(t, "Pulumi")
	assert.Equal(t, checkMissing, c.Status)
	assert.Contains(t, c.Detail, "3.90.0 is older than 3.200.0")
}

func TestDoctorWithAnInvalidEnvironment(t *testing.T) {
	result, code, _ := diagnose(t, machine{pulumi: "v3.200.0", files: map[string]string{
		"Pulumi.dev.yaml": valid, "Pulumi.bad.yaml": "config:\n  aws:region: eu-wst-1\n",
	}})
	assert.Equal(t, exitFailed, code)
	c := result.find(t, "environments")
	assert.Equal(t, checkMissing, c.Status)
	assert.Regexp(t, `^1 of 2 configurations invalid: bad: \d+ problems$`, c.Detail)
}

// Credentials are found by what they come from, and never printed.
func TestDoctorPrintsNoSecrets(t *testing.T) {
	const secret = "hunter2"
	for name, c := range map[string]struct {
		machine machine
		want    check
	}{
		"AWS keys": {
			machine{env: map[string]string{"AWS_ACCESS_KEY_ID": secret, "AWS_SECRET_ACCESS_KEY": secret}},
			check{"AWS credentials", checkOK, "by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", ""},
		},
		"AWS profile": {
			machine{env: map[string]string{"AWS_PROFILE": secret}}, check{"AWS credentials", checkOK, "by AWS_PROFILE", ""},
		},
		"half an AWS key": {
			machine{env: map[string]string{"AWS_ACCESS_KEY_ID": secret}},
			check{"AWS credentials", checkOptional, "none; --sandbox needs none", "to deploy to AWS, `aws configure sso`, or set AWS_PROFILE"},
		},
		"Azure": {
			machine{env: map[string]string{"ARM_CLIENT_ID": secret, "ARM_TENANT_ID": secret, "ARM_CLIENT_SECRET": secret}},
			check{"Azure credentials", checkOK, "by ARM_CLIENT_ID, ARM_TENANT_ID, ARM_CLIENT_SECRET", ""},
		},
		"backend by variable": {
			machine{env: map[string]string{"PULUMI_BACKEND_URL": "s3://bucket?key=" + secret}},
			check{"Pulumi backend", checkOK, "by PULUMI_BACKEND_URL, s3", ""},
		},
		"backend of the project": {
			machine{files: map[string]string{"Pulumi.yaml": "name: underlay\nbackend: {url: \"azblob://" + secret + "\"}\n"}},
			check{"Pulumi backend", checkOK, "by Pulumi.yaml, azblob", ""},
		},
		"Pulumi Cloud by variable": {
			machine{env: map[string]string{"PULUMI_ACCESS_TOKEN": secret}},
			check{"Pulumi backend", checkOK, "Pulumi Cloud, by PULUMI_ACCESS_TOKEN", ""},
		},
		"logged in": {
			machine{home: map[string]string{".pulumi/credentials.json": `{"current":"https://api.pulumi.com","accessTokens":{"x":"` + secret + `"}}`}},
			check{"Pulumi backend", checkOK, "logged in, Pulumi Cloud or a service like it", ""},
		},
		"module proxy": {
			machine{golang: "go version go1.26.0 linux/amd64", env: map[string]string{"GOPROXY": "https://user:" + secret + "@proxy"}},
			check{"Go modules", checkOK, "may be fetched", ""},
		},
		"no module proxy": {
			machine{golang: "go version go1.26.0 linux/amd64", env: map[string]string{"GOPROXY": "off"}},
			check{
				"Go modules", checkOptional, "GOPROXY is off: a build works only with what is in the module cache",
				"set GOPROXY to your proxy, or to https://proxy.golang.org,direct",
			},
		},
		"vendor": {
			machine{golang: "go version go1.26.0 linux/amd64", env: map[string]string{"GOFLAGS": "-mod=vendor"}},
			check{"Go modules", checkOptional, "GOFLAGS has -mod=vendor, and underlay has no vendor folder", "remove it from GOFLAGS"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result, _, text := diagnose(t, c.machine)
			assert.Equal(t, c.want, result.find(t, c.want.Name))
			all, err := json.Marshal(result)
			require.NoError(t, err)
			assert.NotContains(t, text+string(all), secret)
		})
	}

	result, _, _ := diagnose(t, machine{home: map[string]string{".aws/config": "[default]\n", ".azure/azureProfile.json": "{}", ".aws/credentials": ""}})
	assert.Regexp(t, `^by .*/\.aws/config$`, result.find(t, "AWS credentials").Detail)
	assert.Regexp(t, `^by .*/\.azure/azureProfile\.json$`, result.find(t, "Azure credentials").Detail)
}

// The version that is asked for is that of the module.
func TestMinimumGo(t *testing.T) {
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.NotNil(t, match)
	assert.Equal(t, string(match[1]), minimumGo)
}
