package main

import "golang.org/x/tools/go/analysis/unitchecker"

// Under seago vet the whole graph is analysed in one process; otherwise cmd/vet is what it is upstream.
func init() {
	unitchecker.Graph(suite)
}
