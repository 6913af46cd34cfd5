// Package tests holds the tests that look at whole programs: golden graphs of
// every environment, previews with unknown values, and what the README says.
package tests
