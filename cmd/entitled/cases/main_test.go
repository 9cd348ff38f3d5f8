// Package cases plays stories of purchases to the built program, each with the end that Stripe's
// facts make right.
package cases

import (
	"os"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

func TestMain(m *testing.M) { os.Exit(programtest.Main(m)) }
