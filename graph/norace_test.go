//go:build !race

package graph_test

// raced tells whether the race detector looks on, which takes time of its own.
const raced = false
