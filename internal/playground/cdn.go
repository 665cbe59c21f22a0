//go:build !playground

package playground

import (
	_ "embed" // the list of parts
	"encoding/json"
	"fmt"
	"net/url"
	"path"
)

// cdnList is what the CDN has to give, with its hashes: `npm run pin` in the folder app
// writes it.
//
//go:embed cdn.json
var cdnList []byte

// load has the page load everything but its own modules from the CDN.
func load(own assets) (loaded, error) {
	var parts []part
	if err := json.Unmarshal(cdnList, &parts); err != nil {
		return loaded{}, fmt.Errorf("read cdn.json: %w", err)
	}
	var what loaded
	for _, one := range parts {
		address, err := url.Parse(one.URL)
		if err != nil {
			return loaded{}, fmt.Errorf("read cdn.json: %w", err)
		}
		what.Host = address.Host
		if path.Ext(one.URL) == ".css" {
			what.Styles = append(what.Styles, one)
		} else {
			what.Scripts = append(what.Scripts, one)
		}
	}
	what.Scripts = append(what.Scripts, part{URL: own.path("cdn.js"), Module: true})
	return what, nil
}
