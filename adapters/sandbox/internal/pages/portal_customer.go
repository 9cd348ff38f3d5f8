package pages

import (
	"net/url"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// portalField is a field of the customer's form.
type portalField struct {
	Name, Label, Kind, Autocomplete, Value, Error string
	Focus                                         bool
	update                                        string // of allowed_updates
}

// portalFields are all that the customer can change, with the names that they have as
// parameters of the API.
var portalFields = []portalField{
	{Name: "name", Label: "Name", Kind: "text", Autocomplete: "name", update: "name"},
	{Name: "email", Label: "E-mail", Kind: "email", Autocomplete: "email", update: "email"},
	{Name: "phone", Label: "Phone", Kind: "tel", Autocomplete: "tel", update: "phone"},
	{Name: "address[line1]", Label: "Address", Kind: "text", Autocomplete: "address-line1", update: "address"},
	{Name: "address[line2]", Label: "Address, second line", Kind: "text", Autocomplete: "address-line2", update: "address"},
	{Name: "address[postal_code]", Label: "Postal code", Kind: "text", Autocomplete: "postal-code", update: "address"},
	{Name: "address[city]", Label: "City", Kind: "text", Autocomplete: "address-level2", update: "address"},
	{Name: "address[state]", Label: "State", Kind: "text", Autocomplete: "address-level1", update: "address"},
	{Name: "address[country]", Label: "Country (two letters)", Kind: "text", Autocomplete: "country", update: "address"},
}

// customerFields are those that the configuration lets the customer change.
func (v *portalVisit) customerFields() []portalField {
	var out []portalField
	for _, f := range portalFields {
		if !v.cfg.CustomerUpdate || !slices.Contains(v.cfg.CustomerUpdates, f.update) {
			continue
		}
		switch f.Name {
		case "name":
			f.Value = v.cu.Name
		case "email":
			f.Value = v.cu.Email
		case "phone":
			f.Value = v.cu.Phone
		default:
			f.Value = v.cu.Address[strings.TrimSuffix(strings.TrimPrefix(f.Name, "address["), "]")]
		}
		out = append(out, f)
	}
	return out
}

type portalCustomerPage struct {
	portalFrame
	Fields []portalField
}

func (v *portalVisit) customerPage(fields []portalField) portalAnswer {
	if len(fields) == 0 {
		return v.impossible(wire.Invalid("", "", "The customer cannot be updated because the customer update feature in the portal configuration is disabled."))
	}
	return portalAnswer{page: "portal_customer.html", data: portalCustomerPage{v.frame("Update your information"), fields}}
}

func (v *portalVisit) showCustomer() portalAnswer { return v.customerPage(v.customerFields()) }

// updateCustomer goes the way of POST /v1/customers/{id}.
func (v *portalVisit) updateCustomer() portalAnswer {
	fields, form := v.customerFields(), url.Values{}
	if len(fields) == 0 {
		return v.customerPage(nil)
	}
	wrong := false
	for i := range fields {
		f := &fields[i]
		f.Value = strings.TrimSpace(v.r.PostForm.Get(f.Name))
		if f.Name == "address[country]" && f.Value != "" {
			f.Value = strings.ToUpper(f.Value)
			if len(f.Value) != 2 {
				f.Error, f.Focus, wrong = "Please write the country with two letters, such as DE.", true, true
			}
		}
		form.Set(f.Name, f.Value)
	}
	if wrong {
		return v.customerPage(fields)
	}
	if e := v.s.PortalCustomer(v.cu, form); e != nil {
		for i := range fields {
			if fields[i].Name == e.Param {
				fields[i].Error, fields[i].Focus = e.Message, true
			}
		}
		return v.customerPage(fields)
	}
	return v.finish("customer")
}
