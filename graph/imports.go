package graph

import (
	"context"
	"time"

	"depeche/graph/model"
	"depeche/internal/intake"
	"depeche/internal/news"
	"depeche/internal/text"
)

func (r *Resolver) importTicker(ctx context.Context, in model.ImportTickerInput) (*model.ImportTickerResult, error) {
	page := intake.TickerPage{
		Text: in.Text, At: r.Now(), Zone: r.Zone, Coverage: in.Coverage.Value(), TagRefs: in.Tags.Value(),
		Priority: given(in.Priority.Value()), DryRun: given(in.DryRun.Value()),
	}
	setSource(&page.Source, in.Source)
	if at := in.At.Value(); at != nil {
		page.At = *at
	}
	if name := in.Timezone.Value(); name != nil {
		zone, err := time.LoadLocation(*name)
		if err != nil || *name == "" || zone == time.Local {
			return nil, news.Invalid("timezone", "must be the IANA name of a time zone, such as Europe/Paris, not %s", text.Quote(*name))
		}
		page.Zone = zone
	}
	done, err := intake.ImportTicker(ctx, r.Desk, r.Store, r.actor(ctx), page)
	if err != nil {
		return nil, err
	}
	result := &model.ImportTickerResult{
		DryRun: done.DryRun, Added: done.Added, Changed: done.Changed, Unchanged: done.Unchanged,
		Lines: make([]*model.ImportedLine, len(done.Lines)), Refused: make([]*model.RefusedLine, len(done.Refused)),
	}
	for i, l := range done.Lines {
		result.Lines[i] = &model.ImportedLine{
			Line: l.Line, Outcome: model.ImportOutcome(l.Outcome), OccurredAt: l.OccurredAt,
			Confidence: model.DateConfidence(l.Confidence), Headline: l.Headline, Entry: l.Entry,
		}
		if l.Entry != nil {
			loadersFrom(ctx).announceEntries(l.Entry)
		}
	}
	for i, refused := range done.Refused {
		result.Refused[i] = &model.RefusedLine{Line: refused.Line, Text: refused.Text, Reason: refused.Reason}
	}
	return result, nil
}
