package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"depeche/internal/auth"
	"depeche/internal/config"
	"depeche/internal/news"
	"depeche/internal/text"
)

func runToken(_ context.Context, e Env, args []string) error {
	var (
		who          news.Actor
		life         time.Duration
		data, secret string
	)
	t := &config.Table{
		Usage: "depeche token --role ROLE --name NAME [flags]",
		About: "Makes a token and prints it. Whoever sends it as \"Authorization: Bearer TOKEN\" is NAME and may do what\n" +
			"ROLE may, until it expires. The secret that signs it is that of the server: in the data folder, made where it is missing,\n" +
			"or in the file that --token-secret names.",
		Settings: []config.Setting{
			{Flag: "role", Value: "ROLE", Required: true, About: "What the bearer may do: reader, contributor, editor or admin.",
				Set: func(s string) error {
					who.Role = news.Role(strings.ToUpper(s))
					if !slices.Contains(news.Roles(), who.Role) {
						return fmt.Errorf("must be reader, contributor, editor or admin, not %q", s)
					}
					return nil
				}},
			{Flag: "name", Value: "NAME", Required: true, About: "Who the bearer is: what they write is noted under this name.",
				Set: func(s string) (err error) { who.Name, err = name(s); return err }},
			{Flag: "for", Value: "DURATION", Default: "8h", About: "How long the token is good, such as 45m, 8h or 720h.",
				Set: func(s string) (err error) {
					if life, err = time.ParseDuration(s); err != nil || life < time.Second {
						return fmt.Errorf("must be a duration of a second or more such as 8h, not %q", s)
					}
					return nil
				}},
			config.Data(&data),
			config.TokenSecret(&secret),
		},
	}
	if config.WantsHelp(args) {
		return t.Help(e.Stdout)
	}
	if err := t.Parse(args, e.Environ).Err(); err != nil {
		return err
	}
	key, err := auth.OpenKey(data, secret, e.Now)
	if err != nil {
		return err
	}
	who.Expires = e.Now().Add(life)
	token, err := key.Sign(who)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Stdout, token)
	return err
}

// name is that of somebody of the newsroom.
func name(s string) (string, error) {
	s, err := text.Line(s)
	switch {
	case err != nil:
		return "", err
	case s == "":
		return "", errors.New("must not be empty")
	case len(s) > 200:
		return "", errors.New("is longer than 200 bytes")
	}
	return s, nil
}
