package transport

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"depeche/internal/cache"
	"depeche/internal/live"
	"depeche/internal/news"
)

// metrics are what is told at PathMetrics, of the live side and of the cache.
type metrics struct {
	registry    *prometheus.Registry
	connections *prometheus.GaugeVec   // by transport
	deliveries  *prometheus.CounterVec // likewise
	refused     *prometheus.CounterVec // by reason
	following   prometheus.Gauge
	overflows   *prometheus.CounterVec // by reason
	returns     *prometheus.CounterVec // by how the place was known
	delay       prometheus.Histogram
	bypassed    prometheus.Counter // operations over HTTP that the cache had nothing to do with
	age         prometheus.Histogram
}

// eventStream is the name of the transport that is not a WebSocket.
const eventStream = "sse"

func newMetrics(stats *live.Stats, c *cache.Cache) *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "depeche_connections", Help: "Open WebSockets and event streams."}, []string{"transport"}),
		refused:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "depeche_connections_refused_total", Help: "WebSockets and event streams that were not let in."}, []string{"reason"}),
		following:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "depeche_subscriptions", Help: "Subscriptions that run."}),
		deliveries:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "depeche_deliveries_total", Help: "Events handed to a connection."}, []string{"transport"}),
		overflows:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "depeche_overflows_total", Help: "Connections that were ended for what their client left lying or incomplete."}, []string{"reason"}),
		returns:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "depeche_returns_total", Help: "Subscriptions that went on from a place, by who knew it."}, []string{"place"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "depeche_publish_to_send_seconds", Help: "Time from the making of a change to its delivery to a connection, catching up aside.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	m.noteCache(c)
	m.registry.MustRegister(m.connections, m.refused, m.following, m.deliveries, m.overflows, m.returns, m.delay,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, row := range []struct {
		name, help string
		labels     prometheus.Labels
		value      func() int64
		gauge      bool
	}{
		{"depeche_groups", "Groups of readers who follow the same.", nil, stats.Groups.Load, true},
		{"depeche_executions_total", "Executions of subscriptions for events, one for all readers of a group.", nil, stats.Executions.Load, false},
		{"depeche_joins_total", "Subscriptions that have begun.", nil, stats.Joins.Load, false},
		{"depeche_catchup_pages_total", "Pages of earlier lines that readers were caught up with, by where they came from.", prometheus.Labels{"source": "payloads"}, stats.FromPayloads.Load, false},
		{"depeche_catchup_pages_total", "Pages of earlier lines that readers were caught up with, by where they came from.", prometheus.Labels{"source": "ring"}, stats.FromRing.Load, false},
		{"depeche_catchup_pages_total", "Pages of earlier lines that readers were caught up with, by where they came from.", prometheus.Labels{"source": "store"}, stats.FromStore.Load, false},
	} {
		value := func() float64 { return float64(row.value()) }
		if row.gauge {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: row.name, Help: row.help, ConstLabels: row.labels}, value))
		} else {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: row.name, Help: row.help, ConstLabels: row.labels}, value))
		}
	}
	return m
}

// noteCache makes what is told of the cache; a nil one has done nothing.
func (m *metrics) noteCache(c *cache.Cache) {
	const requests, about = "depeche_cache_requests_total", "Operations over HTTP, by what the cache did for them."
	m.bypassed = prometheus.NewCounter(prometheus.CounterOpts{Name: requests, Help: about, ConstLabels: prometheus.Labels{"outcome": "bypass"}})
	m.age = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "depeche_cache_hit_age_seconds", Help: "Age of the answers that were there.",
		Buckets: []float64{1, 2, 5, 10, 20, 30, 60, 120, 300},
	})
	m.registry.MustRegister(m.bypassed, m.age)
	for _, row := range []struct {
		outcome string
		value   func(cache.Stats) int64
	}{
		{"hit", func(s cache.Stats) int64 { return s.Hits }},
		{"miss", func(s cache.Stats) int64 { return s.Misses }},
		{"coalesced", func(s cache.Stats) int64 { return s.Coalesced }},
		{"stale", func(s cache.Stats) int64 { return s.Stale }},
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(
			prometheus.CounterOpts{Name: requests, Help: about, ConstLabels: prometheus.Labels{"outcome": row.outcome}},
			func() float64 { return float64(row.value(c.Stats())) }))
	}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "depeche_cache_invalidated_total", Help: "Answers that a change has made untrue."},
			func() float64 { return float64(c.Stats().Invalidated) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "depeche_cache_evictions_total", Help: "Answers that had to make room for others."},
			func() float64 { return float64(c.Stats().Evictions) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "depeche_cache_bytes", Help: "Bytes of the answers that are kept, everything counted."},
			func() float64 { return float64(c.Stats().Bytes) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "depeche_cache_answers", Help: "Answers that are kept."},
			func() float64 { return float64(c.Stats().Answers) }),
	)
}

// noteEnd counts a connection that ended because its reader took nothing.
func (m *metrics) noteEnd(why error) {
	if errors.Is(why, os.ErrDeadlineExceeded) {
		m.overflows.WithLabelValues("write").Inc()
	}
}

// A traffic is the metrics of one transport.
type traffic struct {
	connections prometheus.Gauge
	deliveries  prometheus.Counter
	delay       prometheus.Histogram
}

func (m *metrics) traffic(transport string) *traffic {
	return &traffic{m.connections.WithLabelValues(transport), m.deliveries.WithLabelValues(transport), m.delay}
}

// delivered counts payloads that are handed to a connection. What came before
// since was no live delivery.
func (t *traffic) delivered(list []live.Payload, since news.Seq, now time.Time) {
	if len(list) == 0 {
		return
	}
	t.deliveries.Add(float64(len(list)))
	for _, p := range list {
		if p.Seq > since {
			t.delay.Observe(now.Sub(p.At).Seconds())
		}
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
