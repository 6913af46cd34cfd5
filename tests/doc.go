// Package tests holds the tests that look at whole programs: golden graphs of
// every environment, previews with unknown values, and the pages: what they say, show and have run.
package tests
