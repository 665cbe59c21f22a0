//go:build playground

package playground_test

const built = true
