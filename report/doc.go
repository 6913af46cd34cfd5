// Package report writes what is known of a network: verdicts for people, as the
// JSON that scripts read and as SARIF for code scanning; drawings as SVG, D2,
// Mermaid and DOT; and all of it on one HTML page. The same graph gives the same
// bytes.
package report
