package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// openForReading opens the database and the catalog of the environment.
func openForReading(ctx context.Context) (*bunstore.Store, domain.Catalog, error) {
	sold, err := readCatalog()
	if err != nil {
		return nil, sold, err
	}
	store, err := openStore(ctx)
	if err != nil {
		return nil, sold, err
	}
	if sold, err = knowPrices(sold, store, app.NewPriceMeanings(store)); err != nil {
		store.Close()
		return nil, sold, err
	}
	return store, sold, nil
}

// openForWriting also makes sure that the catalog is the service's own.
func openForWriting(ctx context.Context) (*bunstore.Store, domain.Catalog, error) {
	store, sold, err := openForReading(ctx)
	if err != nil {
		return nil, sold, err
	}
	if err := app.SameCatalog(ctx, store, sold); err != nil {
		store.Close()
		return nil, sold, err
	}
	return store, sold, nil
}

// readCatalog reads the file that CATALOG names.
func readCatalog() (domain.Catalog, error) {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return domain.Catalog{}, err
	}
	file, err := loadCatalog(cfg.Catalog, "set CATALOG to the service's catalog, such as CATALOG=catalog.yaml (of make run: CATALOG="+demoCatalog+")")
	return file.Catalog, err
}

// loadCatalog reads a catalog's file; mend is what to do where there is none.
func loadCatalog(path, mend string) (catalog.File, error) {
	file, err := catalog.Load(path, os.Getenv)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("there is no file %s: %s", path, mend)
	case errors.Is(err, syscall.EISDIR):
		err = fmt.Errorf("%s is a directory and no file: %s", path, mend)
	}
	file.Catalog = file.Catalog.Indexed()
	return file, misused(err)
}

// needUser refuses an id that a script left empty: nobody has it, and "nothing was
// bought" would be taken for an answer.
func needUser(user string) error {
	if strings.TrimSpace(user) == "" {
		return misusedf("USER is empty: name the user, by the product's own id")
	}
	return nil
}

// needKnown is the error of a command about a user of whom nothing is kept: it was
// mistyped, or the database is another one. What lists those of a user among others finds
// none, and that is no error.
func needKnown(ctx context.Context, store ports.Store, user string) error {
	known, err := app.NewUserData(store, newID).Known(ctx, domain.UserID(user))
	if err == nil && !known {
		return nobody(user)
	}
	return err
}

func nobody(user string) error {
	return notFoundf("nothing is kept of user %s: check the id, and that DATABASE_URL is the service's", user)
}

// demoCatalog is where the catalog of entitled dev is in the source.
const demoCatalog = "adapters/catalog/demo.yaml"

// readMoment reads a date, a time or, where there is something that it can be
// relative to, a duration such as 30d or 12h. Empty is the zero time.
func readMoment(flag, text string, relative func(time.Duration) time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Time{}, misusedf("%s is %q, in which the time zone is missing: add a Z for UTC, as in %s", flag, text, t.Format(time.RFC3339))
		}
	}
	forms := "or a time such as 2027-01-31T12:00:00Z"
	if relative != nil {
		if d, err := readDuration(text); err == nil && d > 0 {
			return relative(d), nil
		}
		forms = "a time such as 2027-01-31T12:00:00Z, or a duration such as 30d or 12h"
	}
	return time.Time{}, misusedf("%s is %q: give a date such as 2027-01-31 (its beginning, UTC), %s", flag, text, forms)
}

// mostDays is more than anybody means, and less than a duration holds.
const mostDays = 36500

func readDuration(text string) (time.Duration, error) {
	if days, is := strings.CutSuffix(text, "d"); is {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > mostDays {
			return 0, fmt.Errorf("%q is no number of days up to %d", days, mostDays)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

func fromNow(d time.Duration) time.Time { return now().Add(d) }
func ago(d time.Duration) time.Time     { return now().Add(-d) }
