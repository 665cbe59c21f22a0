package process

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds depeche from its source in root, and returns the program, in folder.
func Build(ctx context.Context, root, folder string) (string, error) {
	program := filepath.Join(folder, "depeche")
	command := exec.CommandContext(ctx, "go", "build", "-C", root, "-o", program, ".")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build depeche: %w: %s", err, out)
	}
	return program, nil
}
