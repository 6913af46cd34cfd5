// Package browser tests the HTML report and the planner in a real Chromium, without a network.
// It is a package of its own so that no other test compiles the driver.
//
// Screenshots and the printed page are kept in the folder artefacts. Without a
// Chromium on the PATH the tests are skipped, and fail when CI=true.
package browser
