package flowlogs

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/underlay-iac/underlay/problem"
)

// Spec records the VPC's traffic.
type Spec struct {
	// Destination is where the records go. Default "cloudWatch".
	Destination Destination `json:"destination,omitzero"`
	// BucketArn is the ARN of the S3 bucket. Required with destination "s3".
	BucketArn string `json:"bucketArn,omitzero"`
	// RetentionDays is how long the log group keeps them, one of CloudWatch's
	// numbers of days; only with destination "cloudWatch". Default 90.
	RetentionDays int `json:"retentionDays,omitzero"`
	// TrafficType is what is recorded: "ALL", "ACCEPT" or "REJECT". Default
	// "ALL".
	TrafficType string `json:"trafficType,omitzero"`
	// AggregationSeconds is how long packets are counted for one record: 60 or
	// 600. Default 600.
	AggregationSeconds int `json:"aggregationSeconds,omitzero"`
}

// Destination is where flow logs go.
type Destination string

const (
	// CloudWatch writes to a CloudWatch log group, which is created with the role
	// that writes to it.
	CloudWatch Destination = "cloudWatch"
	// S3 writes to an S3 bucket, which exists.
	S3 Destination = "s3"
)

// WithDefaults returns the spec with every default filled in.
func (s Spec) WithDefaults() Spec {
	s.Destination = cmp.Or(s.Destination, CloudWatch)
	if s.Destination == CloudWatch {
		s.RetentionDays = cmp.Or(s.RetentionDays, 90)
	}
	s.TrafficType = cmp.Or(s.TrafficType, "ALL")
	s.AggregationSeconds = cmp.Or(s.AggregationSeconds, 600)
	return s
}

// retentionDays are the values that CloudWatch Logs accepts.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

var bucketArn = regexp.MustCompile(`^arn:aws:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$`)

// Check adds what is wrong with a spec that WithDefaults returned, at the path
// of the field that holds it.
func (s Spec) Check(path string, problems *problem.List) {
	var found problem.List
	s.check(&found)
	*problems = append(*problems, found.Under(path)...)
}

func (s Spec) check(problems *problem.List) {
	problem.OneOf(problems, "destination", s.Destination, CloudWatch, S3)
	problem.OneOf(problems, "trafficType", s.TrafficType, "ALL", "ACCEPT", "REJECT")
	if seconds := s.AggregationSeconds; seconds != 60 && seconds != 600 {
		problems.Addf("aggregationSeconds", strconv.Itoa(seconds), "use 60 or 600",
			"is not an aggregation interval of VPC flow logs")
	}
	switch s.Destination {
	case CloudWatch:
		if s.BucketArn != "" {
			problems.Addf("bucketArn", s.BucketArn, "set destination: s3, or remove it",
				"is set, but the destination is cloudWatch")
		}
		if !slices.Contains(retentionDays, s.RetentionDays) {
			nearest := slices.MinFunc(retentionDays, func(a, b int) int { return distance(a, s.RetentionDays) - distance(b, s.RetentionDays) })
			problems.Addf("retentionDays", strconv.Itoa(s.RetentionDays), fmt.Sprintf("the nearest is %d", nearest),
				"is not a retention that CloudWatch Logs offers")
		}
	case S3:
		if !bucketArn.MatchString(s.BucketArn) {
			problems.Addf("bucketArn", s.BucketArn, "give arn:aws:s3:::<bucket>", "is not the ARN of an S3 bucket")
		}
		if s.RetentionDays != 0 {
			problems.Addf("retentionDays", strconv.Itoa(s.RetentionDays), "remove it; set a lifecycle rule on the bucket",
				"is set, but S3 keeps flow logs by the bucket's own rules")
		}
	}
}

func distance(a, b int) int { return max(a-b, b-a) }
