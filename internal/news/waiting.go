package news

import "time"

// Waiting selects the stories whose time comes before an instant, zero for all:
// those that are to be published and those whose embargo is to end.
func Waiting(before time.Time) Selection {
	return Selection{
		Kind: KindStory, To: before,
		Shelves: []Shelf{{Status: string(StoryScheduled)}, {Status: Embargoed}},
	}
}

// EndingPins selects the ticker entries that are pinned for a time.
func EndingPins() Selection {
	sel := Selection{Kind: KindTickerEntry}
	for _, status := range []string{string(TickerPublished), aside + string(TickerPublished)} {
		sel.Shelves = append(sel.Shelves, Shelf{status, []string{pinEndsTerm}})
	}
	return sel
}

// Unsettled selects the merged tags that something may still carry.
func Unsettled() Selection {
	return Selection{Kind: KindTag, Shelves: []Shelf{{string(TagMerged), []string{unsettledTerm}}}}
}

// HeldLocks selects the locks that somebody holds.
func HeldLocks() Selection {
	return Selection{Kind: KindLock, Shelves: []Shelf{{Status: string(LockHeld)}}}
}

// Carrying selects the entities of a kind that carry a tag, whatever their state.
func Carrying(kind Kind, tag TagID) Selection {
	sel := Selection{Kind: kind}
	var states []string
	switch kind {
	case KindStory:
		for _, status := range StoryStatuses() {
			states = append(states, string(status))
		}
		states = append(states, Embargoed)
	case KindTickerEntry:
		for _, status := range []TickerStatus{TickerPublished, TickerRetracted} {
			states = append(states, string(status), aside+string(status))
		}
	case KindCoverage:
		for _, status := range CoverageStatuses() {
			states = append(states, string(status))
		}
	}
	for _, state := range states {
		sel.Shelves = append(sel.Shelves, Shelf{state, []string{tag.Term()}})
	}
	return sel
}

// ServiceTokens selects the service tokens, those that are revoked too.
func ServiceTokens() Selection {
	return Selection{Kind: KindServiceToken, Shelves: []Shelf{
		{Status: string(ServiceTokenValid)}, {Status: string(ServiceTokenRevoked)},
	}}
}

// Webhooks selects the webhooks in some states.
func Webhooks(states ...WebhookStatus) Selection {
	sel := Selection{Kind: KindWebhook}
	for _, state := range states {
		sel.Shelves = append(sel.Shelves, Shelf{Status: string(state)})
	}
	return sel
}
