// Package report writes verdicts: for people, as the JSON that scripts read, and
// as SARIF for code scanning. The same verdicts give the same bytes.
package report
