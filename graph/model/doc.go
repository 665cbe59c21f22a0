// Package model holds the shapes of the schema that the domain has no use for:
// connections, events and inputs. Beside this file, it is generated.
package model
