package diff_test

import "github.com/pulumi/pulumi/sdk/v3/go/common/resource"

func property(key string) resource.PropertyKey { return resource.PropertyKey(key) }

func text(value string) resource.PropertyValue { return resource.NewProperty(value) }
