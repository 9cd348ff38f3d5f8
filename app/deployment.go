package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// settingDeployment is the name of this deployment among those on its Stripe account.
const settingDeployment = "deployment"

// Deployment is what this deployment is called in what it makes at Stripe. It is called
// so once for all in its database: a restored backup knows what it has sold since.
type Deployment struct {
	store ports.Store
	newID ports.NewID
	known knownDeployment
}

// NewDeployment returns the use case.
func NewDeployment(store ports.Store, newID ports.NewID) *Deployment {
	return &Deployment{store: store, newID: newID, known: knownDeployment{store: store}}
}

// ID names the deployment, if it has no name yet. Of many who begin together one does.
func (d *Deployment) ID(ctx context.Context) (domain.DeploymentID, error) {
	id, err := d.known.id(ctx)
	if err != nil || id != "" {
		return id, err
	}
	if _, err := d.store.SwapSetting(ctx, settingDeployment, "", d.newID()); err != nil {
		return "", fmt.Errorf("name the deployment: %w", err)
	}
	return d.known.id(ctx)
}

// Show is the name, empty before the first start.
func (d *Deployment) Show(ctx context.Context) (domain.DeploymentID, error) { return d.known.id(ctx) }

// Rename gives the deployment another name: a copy of a database one of its own, or a
// backup from before there were names the one that its Stripe objects carry.
func (d *Deployment) Rename(ctx context.Context, id domain.DeploymentID) error {
	if !isDeploymentID(string(id)) {
		return fmt.Errorf("%w: a deployment is named as entitled database deployment shows it, by 1 to 64 letters and digits", ErrBadRequest)
	}
	return d.store.SetSetting(ctx, settingDeployment, string(id))
}

const maxDeploymentID = 64

func isDeploymentID(id string) bool {
	for _, r := range id {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return false
		}
	}
	return id != "" && len(id) <= maxDeploymentID
}

// knownDeployment reads the name, which does not change while a program runs, once.
type knownDeployment struct {
	store ports.Store
	read  atomic.Pointer[domain.DeploymentID]
}

// id is empty for a deployment that has no name: it has made nothing that carries one.
func (k *knownDeployment) id(ctx context.Context) (domain.DeploymentID, error) {
	if id := k.read.Load(); id != nil {
		return *id, nil
	}
	text, err := k.store.Setting(ctx, settingDeployment)
	if errors.Is(err, ports.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the name of the deployment: %w", err)
	}
	id := domain.DeploymentID(text)
	k.read.Store(&id)
	return id, nil
}
