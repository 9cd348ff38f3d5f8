package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// endpointsOpen is what commands about endpoints work with.
type endpointsOpen struct {
	*app.Endpoints
	store *bunstore.Store
}

// openEndpoints opens the database and keeps what is about to be done. The service notices
// within some seconds what is changed here.
func openEndpoints(ctx context.Context, act, about string) (endpointsOpen, error) {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return endpointsOpen{}, err
	}
	allowed, err := cfg.allowPrivate()
	if err != nil {
		return endpointsOpen{}, misused(err)
	}
	store, sold, err := openForReading(ctx)
	if err != nil {
		return endpointsOpen{}, err
	}
	if err := keepAct(ctx, store, ports.AdminAction{Action: act, About: strings.TrimSpace(about)}); err != nil {
		store.Close()
		return endpointsOpen{}, err
	}
	sender := webhooks.NewSender(allowed)
	deliver := app.NewDeliver(store, sold, sender, httpapi.WriteMessage, now, time.After, uncounted{})
	return endpointsOpen{app.NewEndpoints(store, sold, sender, deliver, now, newID), store}, nil
}

type endpointsListCommand struct{ JSON bool }

func newEndpointsList(c console) *cobra.Command {
	var l endpointsListCommand
	cmd := leaf("list", "List the endpoints that changes are delivered to, and how they stand.", c, &l)
	cmd.Flags().BoolVar(&l.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// Run lists.
func (l endpointsListCommand) Run(ctx context.Context, c console) error {
	open, err := openEndpoints(ctx, app.ActEndpointsList, "")
	if err != nil {
		return err
	}
	defer open.store.Close()
	all, err := open.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 && !l.JSON {
		_, err := fmt.Fprintln(c.err, "there are none: entitled endpoints add URL makes one")
		return err
	}
	return c.showEndpoints(l.JSON, all...)
}

// endpointWish are the flags of add and change.
type endpointWish struct {
	Features, Causes string
	After            int64
	JSON             bool
}

func (w *endpointWish) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.Features, "features", "", "Only changes of these, with commas between; all: of every one.")
	cmd.Flags().StringVar(&w.Causes, "causes", "", "Only changes of these causes ("+joined(app.DeliveryCauses)+"), with commas between; all: of every one.")
	cmd.Flags().Int64Var(&w.After, "after", -1, "Deliver what follows this `POSITION` of the feed, again if it was before.")
	cmd.Flags().BoolVar(&w.JSON, "json", false, "One JSON object.")
}

func joined[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return strings.Join(texts, ", ")
}

// change is what the flags say; what was not given stays.
func (w endpointWish) change() app.EndpointChange {
	var change app.EndpointChange
	if w.Features != "" {
		features := chosen[domain.FeatureKey](w.Features)
		change.Features = &features
	}
	if w.Causes != "" {
		causes := chosen[domain.Cause](w.Causes)
		change.Causes = &causes
	}
	if w.After >= 0 {
		change.After = &w.After
	}
	return change
}

func chosen[T ~string](text string) []T {
	var all []T
	if text == "all" {
		return all
	}
	for one := range strings.SplitSeq(text, ",") {
		all = append(all, T(strings.TrimSpace(one)))
	}
	return all
}

type endpointAddCommand struct {
	URL string
	endpointWish
}

func newEndpointAdd(c console) *cobra.Command {
	var a endpointAddCommand
	cmd := leaf("add", "Have changes delivered to an address. It prints the secret that signs, once.", c, &a)
	takes(cmd, argument{&a.URL, "URL", "Where to post: https, and a public address unless WEBHOOKS_ALLOW_PRIVATE says otherwise."})
	a.flags(cmd)
	return cmd
}

// Run adds.
func (a endpointAddCommand) Run(ctx context.Context, c console) error {
	wish := a.change()
	wish.URL = &a.URL
	open, err := openEndpoints(ctx, app.ActEndpointsAdd, wish.About())
	if err != nil {
		return err
	}
	defer open.store.Close()
	e, err := open.Add(ctx, wish)
	if err != nil {
		return err
	}
	return c.showSecret(a.JSON, e)
}

type endpointChangeCommand struct {
	ID, URL         string
	Enable, Disable bool
	endpointWish
}

func newEndpointChange(c console) *cobra.Command {
	var e endpointChangeCommand
	cmd := leaf("change", "Change, disable, enable or replay an endpoint. Nothing is lost meanwhile.", c, &e)
	takes(cmd, argument{&e.ID, "ENDPOINT", "The endpoint's id, ep_..."})
	cmd.Flags().StringVar(&e.URL, "url", "", "Where to post from now on.")
	cmd.Flags().BoolVar(&e.Enable, "enable", false, "Go on where it stopped.")
	cmd.Flags().BoolVar(&e.Disable, "disable", false, "Deliver nothing for now.")
	e.flags(cmd)
	return cmd
}

// Run changes.
func (e endpointChangeCommand) Run(ctx context.Context, c console) error {
	wish := e.change()
	if e.URL != "" {
		wish.URL = &e.URL
	}
	switch {
	case e.Enable && e.Disable:
		return misusedf("--enable and --disable are both given: say one")
	case e.Enable || e.Disable:
		wish.Enabled = &e.Enable
	}
	if wish == (app.EndpointChange{}) {
		return misusedf("say what is to change: --enable, --disable, --url, --features, --causes or --after")
	}
	open, err := openEndpoints(ctx, app.ActEndpointsChange, e.ID+" "+wish.About())
	if err != nil {
		return err
	}
	defer open.store.Close()
	changed, err := open.Change(ctx, ports.EndpointID(e.ID), wish)
	if err != nil {
		return noEndpoint(e.ID, err)
	}
	return c.showEndpoints(e.JSON, changed)
}

// noEndpoint says how to find the right id.
func noEndpoint(id string, err error) error {
	if errors.Is(err, ports.ErrNotFound) {
		return notFoundf("there is no endpoint %s: entitled endpoints list says which there are", id)
	}
	return err
}

// endpointCommand is a command about one endpoint, and nothing else.
type endpointCommand struct {
	ID   string
	JSON bool
	act  string
	does func(context.Context, endpointsOpen, console, *endpointCommand) error
}

func newEndpointCommand(c console, name, short, act string, does func(context.Context, endpointsOpen, console, *endpointCommand) error) *cobra.Command {
	e := endpointCommand{act: act, does: does}
	cmd := leaf(name, short, c, &e)
	takes(cmd, argument{&e.ID, "ENDPOINT", "The endpoint's id, ep_..."})
	cmd.Flags().BoolVar(&e.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// Run does it.
func (e *endpointCommand) Run(ctx context.Context, c console) error {
	open, err := openEndpoints(ctx, e.act, e.ID)
	if err != nil {
		return err
	}
	defer open.store.Close()
	return noEndpoint(e.ID, e.does(ctx, open, c, e))
}

func deleteEndpoint(ctx context.Context, open endpointsOpen, c console, e *endpointCommand) error {
	gone, err := open.Show(ctx, ports.EndpointID(e.ID))
	if err == nil {
		err = open.Delete(ctx, gone.ID)
	}
	if err != nil {
		return err
	}
	return c.showEndpoints(e.JSON, gone)
}

func rotateEndpoint(ctx context.Context, open endpointsOpen, c console, e *endpointCommand) error {
	rotated, err := open.Rotate(ctx, ports.EndpointID(e.ID), nil)
	if err != nil {
		return err
	}
	return c.showSecret(e.JSON, rotated)
}

func testEndpoint(ctx context.Context, open endpointsOpen, c console, e *endpointCommand) error {
	delivery, err := open.Test(ctx, ports.EndpointID(e.ID))
	if err != nil {
		return err
	}
	if err := c.showDeliveries(e.JSON, delivery); err != nil {
		return err
	}
	if delivery.Error != "" {
		return fmt.Errorf("it was not delivered: %s", delivery.Error)
	}
	return nil
}

func listDeliveries(ctx context.Context, open endpointsOpen, c console, e *endpointCommand) error {
	all, err := open.Deliveries(ctx, ports.EndpointID(e.ID))
	if err != nil {
		return err
	}
	return c.showDeliveries(e.JSON, all...)
}

type endpointShown struct {
	ID        ports.EndpointID    `json:"id"`
	URL       string              `json:"url"`
	Features  []domain.FeatureKey `json:"features"`
	Causes    []domain.Cause      `json:"causes"`
	Enabled   bool                `json:"enabled"`
	Disabled  string              `json:"disabled_reason,omitempty"`
	After     int64               `json:"after"`
	Failures  int                 `json:"failures"`
	LastError string              `json:"last_error,omitempty"`
	Secret    string              `json:"secret,omitempty"`
}

func shownOf(e ports.Endpoint) endpointShown {
	return endpointShown{
		ID: e.ID, URL: e.URL, Features: append([]domain.FeatureKey{}, e.Features...), Causes: append([]domain.Cause{}, e.Causes...),
		Enabled: e.Disabled == "", Disabled: e.Disabled, After: e.Cursor, Failures: e.Failures, LastError: e.LastError,
	}
}

func (c console) showEndpoints(asJSON bool, all ...ports.Endpoint) error {
	if asJSON {
		encoder := json.NewEncoder(c.out)
		for _, e := range all {
			if err := encoder.Encode(shownOf(e)); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "ENDPOINT\tURL\tFEATURES\tCAUSES\tDELIVERED UP TO\tSTATE")
	for _, e := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", e.ID, e.URL, orAll(joined(e.Features)), orAll(joined(e.Causes)), e.Cursor, endpointState(e))
	}
	return table.Flush()
}

func orAll(text string) string {
	if text == "" {
		return "all"
	}
	return text
}

func endpointState(e ports.Endpoint) string {
	switch {
	case e.Disabled != "":
		return "disabled: " + e.Disabled
	case e.Failures > 0:
		return fmt.Sprintf("failed %d times since %s, next at %s: %s", e.Failures, instant(e.FailingSince), instant(e.NextAttempt), e.LastError)
	default:
		return "enabled"
	}
}

// showSecret shows an endpoint with its secret, which is shown at no other time.
func (c console) showSecret(asJSON bool, e ports.Endpoint) error {
	if asJSON {
		shown := shownOf(e)
		shown.Secret = e.Secret
		return json.NewEncoder(c.out).Encode(shown)
	}
	if err := c.showEndpoints(false, e); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "\nWhat is sent is signed by this secret, which is not shown again:\n%s\n", e.Secret)
	return err
}

type deliveryShown struct {
	ID           string    `json:"webhook_id"`
	Delivered    bool      `json:"delivered"`
	First        int64     `json:"first_position,omitempty"`
	Last         int64     `json:"last_position,omitempty"`
	Attempt      int       `json:"attempt"`
	At           time.Time `json:"at"`
	Milliseconds int64     `json:"milliseconds"`
	Status       int       `json:"status,omitempty"`
	Answer       string    `json:"answer"`
	Error        string    `json:"error,omitempty"`
}

func (c console) showDeliveries(asJSON bool, all ...ports.Delivery) error {
	if asJSON {
		encoder := json.NewEncoder(c.out)
		for _, d := range all {
			shown := deliveryShown{d.Message, d.Error == "", d.First, d.Last, d.Attempt, d.At, d.Duration.Milliseconds(), d.Status, d.Answer, d.Error}
			if err := encoder.Encode(shown); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "AT\tMESSAGE\tATTEMPT\tTOOK\tSTATUS\tANSWER\tERROR")
	for _, d := range all {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%d\t%.60q\t%s\n", instant(d.At), d.Message, d.Attempt, d.Duration.Round(time.Millisecond), d.Status, d.Answer, d.Error)
	}
	return table.Flush()
}
