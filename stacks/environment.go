package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/underlay-iac/underlay/catalog"
	"github.com/underlay-iac/underlay/components/supportaccess"
	"github.com/underlay-iac/underlay/problem"
)

// Environment is everything that one stack is deployed from.
type Environment struct {
	// Aws are the settings of the AWS provider (aws:…).
	Aws Aws
	// Azure are the settings of the Azure providers (azure-native:…).
	Azure Azure
	// AllowReplacement lets an update move, replace or remove the deployed
	// VPC or VNet and its subnets (underlay:allowReplacement). Default false: such an
	// update is refused with what would move.
	AllowReplacement bool
	// Spec is the deployment model's configuration (underlay:spec); its type
	// says which model it is (underlay:model).
	Spec Spec
	// SupportExternalID is the id that the vendor issued for this customer
	// (underlay:supportExternalId). It is kept as a secret. Required with a
	// supportRole.
	SupportExternalID pulumi.StringInput
	// BridgeExternalID is the id that both planes agreed on for the bridge's
	// peerRole (underlay:bridgeExternalId). It is kept as a secret. Required
	// with trustedArns of that role.
	BridgeExternalID pulumi.StringInput

	// encrypted are the secret settings that the environment was read with;
	// only the engine knows their values.
	encrypted []string
}

// Spec is the configuration of a deployment model.
type Spec interface {
	// Model is the model's name: "shared-aws".
	Model() string
	// Addresses are the address ranges that the model plans. The error is a
	// problem.List with every problem of the spec at its path within it,
	// beside those of the regions, which the environment reports.
	Addresses(in Regions) ([]AddressRange, error)
	// placements are the blocks that must not move once they are deployed.
	placements(in Regions) ([]placement, error)
	// deploy registers the model's resources.
	deploy(ctx *pulumi.Context, env *Environment) error
}

// Regions are where an environment is, by cloud.
type Regions struct {
	// Aws is the AWS region, "eu-west-1".
	Aws string
	// Azure is the Azure region, "westeurope".
	Azure string
}

// What a model may have to say beside that.
type (
	// azureModel is a model whose networks are in Azure. The others are in AWS.
	azureModel interface {
		// needsAws reports whether something of it is in AWS all the same.
		needsAws() bool
	}
	// accountable is a model that names the account that it is in.
	accountable interface {
		// accounts are the accounts by their path within the spec; they must be
		// among those that the AWS settings allow.
		accounts() map[string]string
	}
	// cautious is a model that may be valid and yet not what is meant.
	cautious interface {
		// warnings are a sentence each; the spec is valid.
		warnings(in Regions) ([]string, error)
	}
	// secretive is a model that needs secrets.
	secretive interface {
		// secrets are the keys of the settings that hold them.
		secrets() []string
	}
	// dependent is a model that needs roles of others.
	dependent interface {
		// existingRoles are their ARNs.
		existingRoles() []string
	}
)

// models are the deployment models by name.
func models() map[string]Spec {
	return map[string]Spec{
		SharedAwsModel:      &SharedAws{},
		AosCloudModel:       &AosCloud{},
		DedicatedAwsModel:   &DedicatedAws{},
		SharedAzureModel:    &SharedAzure{},
		AksLandingZoneModel: &AksLandingZone{},
	}
}

// AddressRange is a block of addresses and the subnets planned in it.
type AddressRange struct {
	// Name says whose block it is: "VPC", "pods", "VNet".
	Name string
	// Prefix is the block.
	Prefix netip.Prefix
	// Internal says that it is not routed beyond its network, so that other
	// networks may have the same: the pods' block.
	Internal bool
	// Slots is how many zones the block has room for; 0 in Azure, whose
	// subnets span the zones.
	Slots int
	// Subnets by tier, then zone.
	Subnets []AddressSubnet
	// Free is what no subnet takes; the slots of further zones are in it.
	Free []netip.Prefix
}

// AddressSubnet is one planned subnet.
type AddressSubnet struct {
	// Tier is what the subnet is for; in Azure its role or name.
	Tier string
	// Zone is empty in Azure.
	Zone   string
	Prefix netip.Prefix
	// Usable is how many addresses the cloud leaves to its customers.
	Usable int
}

// Aws are the settings of the AWS provider that a model's resources use. They
// keep Pulumi's own keys, aws:region and so on.
type Aws struct {
	// Region is the AWS region. Required.
	Region string `json:"region,omitzero"`
	// Profile is the profile of the shared credentials file. Default the
	// credentials of the surroundings.
	Profile string `json:"profile,omitzero"`
	// AllowedAccountIDs are the only accounts that may be deployed to. Default
	// any.
	AllowedAccountIDs []string `json:"allowedAccountIds,omitzero"`
	// AssumeRole is a role to deploy with. Default none.
	AssumeRole *AssumeRole `json:"assumeRole,omitzero"`
}

// AssumeRole is a role that the provider assumes.
type AssumeRole struct {
	// RoleArn is the role's ARN. Required.
	RoleArn string `json:"roleArn,omitzero"`
	// ExternalID is the external id that the role's trust policy asks for.
	// Default none.
	ExternalID string `json:"externalId,omitzero"`
	// SessionName is how the session is called in AWS's logs. Default the
	// provider's choice.
	SessionName string `json:"sessionName,omitzero"`
}

// newProvider registers an explicit provider with these settings.
func (a Aws) newProvider(ctx *pulumi.Context, name string) (*aws.Provider, error) {
	args := &aws.ProviderArgs{Region: pulumi.String(a.Region)}
	if a.Profile != "" {
		args.Profile = pulumi.String(a.Profile)
	}
	if len(a.AllowedAccountIDs) > 0 {
		args.AllowedAccountIds = pulumi.ToStringArray(a.AllowedAccountIDs)
	}
	if a.AssumeRole != nil {
		role := &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String(a.AssumeRole.RoleArn)}
		if a.AssumeRole.ExternalID != "" {
			role.ExternalId = pulumi.String(a.AssumeRole.ExternalID)
		}
		if a.AssumeRole.SessionName != "" {
			role.SessionName = pulumi.String(a.AssumeRole.SessionName)
		}
		args.AssumeRole = role
	}
	return aws.NewProvider(ctx, name, args)
}

// checkAccess checks the accounts and the role, at paths within the settings.
func (a Aws) checkAccess() problem.List {
	var problems problem.List
	for i, account := range a.AllowedAccountIDs {
		if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
			problems.Addf(fmt.Sprintf("allowedAccountIds[%d]", i), account, "give its 12 digits", "is not an AWS account id")
		}
	}
	if role := a.AssumeRole; role != nil && !strings.HasPrefix(role.RoleArn, "arn:aws:iam::") {
		problems.Addf("assumeRole.roleArn", role.RoleArn, "give arn:aws:iam::<account>:role/<name>", "is not the ARN of a role")
	}
	return problems
}

// Validate reports every problem of the environment as a problem.List, each at
// its configuration path.
func (e *Environment) Validate() error {
	_, err := e.Addresses()
	return err
}

// Addresses returns the address ranges that the environment plans. The error is
// a problem.List, as Validate returns it.
func (e *Environment) Addresses() ([]AddressRange, error) {
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	var problems problem.List
	checked, err := e.checkSettings(facts)
	if err != nil {
		return nil, err
	}
	problems = append(problems, checked...)
	if e.Spec == nil {
		problems.Addf(specKey, "", "give the model's configuration", "is missing")
		return nil, problems
	}
	ranges, err := e.Spec.Addresses(e.regions())
	// The components check the region as well; it is reported where the user
	// wrote it.
	problems = append(problems, place(err, specKey, map[string]string{"region": "", "location": ""})...)
	problems = append(problems, e.checkAccounts()...)
	problems = append(problems, e.checkSecrets()...)
	return ranges, problems.Err()
}

// Warnings returns what a valid environment allows although it may not be
// meant, a sentence each.
func (e *Environment) Warnings() ([]string, error) {
	if model, warns := e.Spec.(cautious); warns {
		return model.warnings(e.regions())
	}
	return nil, nil
}

// ExistingRoles are the ARNs of the IAM roles, of every account, that have to be
// there before the environment is deployed.
func (e *Environment) ExistingRoles() []string {
	if model, depends := e.Spec.(dependent); depends {
		return model.existingRoles()
	}
	return nil
}

// Region is the region of the environment's networks: Azure's for a model that
// is there, else AWS's.
func (e *Environment) Region() string {
	if _, inAzure := e.Spec.(azureModel); inAzure {
		return e.Azure.Location
	}
	return e.Aws.Region
}

func (e *Environment) regions() Regions { return Regions{Aws: e.Aws.Region, Azure: e.Azure.Location} }

// checkSettings checks the settings of the clouds that the environment is in,
// and that there are none of the others.
func (e *Environment) checkSettings(facts *catalog.Catalog) (problem.List, error) {
	var problems problem.List
	azure, inAzure := e.Spec.(azureModel)
	used := map[string]bool{awsPrefix: !inAzure || azure.needsAws(), azurePrefix: inAzure}
	if used[awsPrefix] {
		problems.Add(awsPrefix+"region", facts.CheckRegion(e.Aws.Region))
		for _, p := range e.Aws.checkAccess() {
			p.Path = awsPrefix + p.Path
			problems = append(problems, p)
		}
	}
	if used[azurePrefix] {
		for _, p := range e.Azure.check(facts) {
			p.Path = azurePrefix + p.Path
			problems = append(problems, p)
		}
	}
	for _, p := range e.providers() {
		given, err := p.given()
		if err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(given)) {
			if !used[p.prefix] {
				problems.Addf(key, "", "remove it", "is set, but nothing of the environment is in %s", p.name)
			}
		}
	}
	return problems, nil
}

// checkAccounts compares the accounts that the spec names with those that may
// be deployed to.
func (e *Environment) checkAccounts() problem.List {
	var problems problem.List
	model, names := e.Spec.(accountable)
	if allowed := e.Aws.AllowedAccountIDs; names && len(allowed) > 0 {
		accounts := model.accounts()
		for _, path := range slices.Sorted(maps.Keys(accounts)) {
			if id := accounts[path]; id != "" && !slices.Contains(allowed, id) {
				problems.Addf(specKey+"."+path, id, "change one of them",
					"is not among aws:allowedAccountIds, %s", strings.Join(allowed, ", "))
			}
		}
	}
	return problems
}

// externalIDs are the fields of the secret settings by key.
func (e *Environment) externalIDs() map[string]*pulumi.StringInput {
	return map[string]*pulumi.StringInput{supportExternalIDKey: &e.SupportExternalID, bridgeExternalIDKey: &e.BridgeExternalID}
}

// checkSecrets checks that the secrets that are needed are there, and no
// others. A secret that is not known yet is checked where it is used.
func (e *Environment) checkSecrets() problem.List {
	var problems problem.List
	var needed []string
	if model, needs := e.Spec.(secretive); needs {
		needed = model.secrets()
	}
	for _, key := range secretKeys() {
		value := *e.externalIDs()[key]
		plain, known := value.(pulumi.String)
		switch given := value != nil || slices.Contains(e.encrypted, key); {
		case given && !slices.Contains(needed, key):
			problems.Addf(key, "", "remove it with `pulumi config rm "+key+"`", "is set, but no role of the environment needs it")
		case !given && slices.Contains(needed, key):
			problems.Addf(key, "", "set it with `pulumi config set --secret "+key+"`",
				"is missing; without it anyone whom the other party serves can be let in")
		case known:
			problems.Add(key, supportaccess.CheckExternalID(string(plain)))
		}
	}
	return problems
}

// standIn is in the place of a secret that nobody can read.
const standIn = "stands-in-for-an-encrypted-secret"

// WithStandIns returns the environment with a stand-in for each secret that it
// was read with encrypted, which only the engine can read. It is for a graph
// that is recorded without an engine, and for a simulated cloud: in an account
// the stand-in would let everyone in who knows it.
func (e *Environment) WithStandIns() *Environment {
	whole := *e
	whole.encrypted = nil
	for _, key := range e.encrypted {
		*whole.externalIDs()[key] = pulumi.String(standIn)
	}
	return &whole
}

// withSecrets returns the environment with the secrets that the engine knows.
func (e *Environment) withSecrets(ctx *pulumi.Context) (*Environment, error) {
	var problems problem.List
	whole := *e
	whole.encrypted = nil
	for _, key := range e.encrypted {
		text, ok := ctx.GetConfig(key)
		if !ok {
			problems.Addf(key, "", "deploy with the stack's own configuration file", "is encrypted, and the engine has no such setting")
		}
		*whole.externalIDs()[key] = pulumi.String(text)
	}
	return &whole, problems.Err()
}

// Program returns the Pulumi program that deploys the environment. It validates
// first, and compares the plan with what is deployed: with a problem, nothing
// is registered.
func (e *Environment) Program() pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		e, err := e.withSecrets(ctx)
		if err != nil {
			return err
		}
		if err := e.Validate(); err != nil {
			return err
		}
		if !e.AllowReplacement {
			planned, err := e.Spec.placements(e.regions())
			if err != nil {
				return err
			}
			if err := refuseMoves(ctx, planned); err != nil {
				return err
			}
		}
		return e.Spec.deploy(ctx, e)
	}
}

// Config returns the environment as Pulumi configuration, by key, without its
// secrets; Run reads the same back.
func (e *Environment) Config() (map[string]string, error) {
	values := map[string]any{modelKey: e.Spec.Model(), specKey: e.Spec}
	if e.AllowReplacement {
		values[allowReplacementKey] = true
	}
	for _, p := range e.providers() {
		settings, err := p.given()
		if err != nil {
			return nil, err
		}
		maps.Copy(values, settings)
	}
	config := map[string]string{}
	for key, value := range values {
		text, isText := value.(string)
		if !isText {
			object, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			text = string(object)
		}
		config[key] = text
	}
	return config, nil
}

// tagText is what AWS allows in tags: letters, digits, spaces and a few signs
// that every service accepts.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func tagText(r rune) bool {
	return r == ' ' || strings.ContainsRune("_.:/=+-@", r) || strings.ContainsRune("0123456789", r) ||
		('a' <= r && r <= 'z') || ('A' <= r && r <= 'Z') || r > 127
}

// ownTags is how many tags the components may add to a resource beside the
// user's: its name and Kubernetes' role.
const ownTags = 2

// checkTags checks tags that are put on every resource.
func checkTags(facts *catalog.Catalog, tags map[string]string) problem.List {
	var problems problem.List
	limit := func(name string) int {
		quota, _ := facts.Quota(name)
		return quota.Default
	}
	if room := limit(catalog.QuotaTagsPerResource) - ownTags; len(tags) > room {
		problems.Addf("tags", strconv.Itoa(len(tags)), fmt.Sprintf("give at most %d", room),
			"are too many: AWS takes %d tags a resource, and underlay adds %d", limit(catalog.QuotaTagsPerResource), ownTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		path, value := "tags."+key, tags[key]
		switch lower := strings.ToLower(key); {
		case key == "":
			problems.Addf("tags", "", "give it a name", "has a tag with an empty name")
		case strings.HasPrefix(lower, "aws:"):
			problems.Addf(path, value, "use another name", "begins with aws:, which AWS reserves")
		case key == "Name" || strings.HasPrefix(lower, "kubernetes.io/"):
			problems.Addf(path, value, "use another name", "is a tag that underlay sets itself")
		case len([]rune(key)) > limit(catalog.QuotaTagKeyCharacters):
			problems.Addf("tags."+key[:20]+"…", value, fmt.Sprintf("use at most %d", limit(catalog.QuotaTagKeyCharacters)),
				"has a name of %d characters", len([]rune(key)))
		case strings.ContainsFunc(key, func(r rune) bool { return !tagText(r) }):
			problems.Addf(path, value, "use letters, digits, spaces and _ . : / = + - @", "has a sign in its name that AWS does not take")
		}
		if count, most := len([]rune(value)), limit(catalog.QuotaTagValueCharacters); count > most {
			problems.Addf(path, value[:20]+"…", fmt.Sprintf("use at most %d", most), "has a value of %d characters", count)
		} else if strings.ContainsFunc(value, func(r rune) bool { return !tagText(r) }) {
			problems.Addf(path, value, "use letters, digits, spaces and _ . : / = + - @", "has a sign that AWS does not take")
		}
	}
	return problems
}
