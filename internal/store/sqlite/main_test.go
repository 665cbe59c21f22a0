package sqlite_test

import (
	"fmt"
	"os"
	"testing"
)

// childEnv names what a child process of a test does; its arguments follow the
// name in the environment.
const (
	childEnv     = "DEPECHE_SQLITE_TEST_CHILD"
	childPathEnv = "DEPECHE_SQLITE_TEST_PATH"
)

func TestMain(m *testing.M) {
	path := os.Getenv(childPathEnv)
	var err error
	switch role := os.Getenv(childEnv); role {
	case "":
		os.Exit(m.Run())
	case "write":
		err = writeUntilKilled(path)
	case "hold":
		err = holdUntilKilled(path)
	case "open":
		err = openOnce(path)
	default:
		err = fmt.Errorf("no such child: %s", role)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
