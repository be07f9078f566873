package soak

import (
	"context"
	"time"

	"github.com/usher-media/usher/loadtest/internal/rig"
)

// sampled is the gateway at one time.
type sampled struct {
	at time.Duration
	rig.Gauge
}

// samples is how often the gateway is looked at over the whole time.
const samples = 120

// watchGauge looks at the gateway until it is over.
func (v *venue) watchGauge(ctx, over context.Context) error {
	began := time.Now()
	for pause(over, v.o.Duration/samples) {
		g, err := v.node.Gauge(ctx)
		if err != nil {
			return err
		}
		v.samples = append(v.samples, sampled{time.Since(began), g})
	}
	return nil
}

// settled leaves out the first third, in which caches fill and the heap finds
// its size.
func settled(all []sampled) []sampled { return all[len(all)/3:] }

// growth is how much a figure grew over the samples: the rise of the straight
// line that fits them best. The difference of two samples would say where in
// its cycle the collector was.
func growth(list []sampled, of func(sampled) float64) float64 {
	if len(list) < 2 {
		return 0
	}
	var meanX, meanY float64
	for _, s := range list {
		meanX += s.at.Seconds() / float64(len(list))
		meanY += of(s) / float64(len(list))
	}
	var xy, xx float64
	for _, s := range list {
		dx := s.at.Seconds() - meanX
		xy += dx * (of(s) - meanY)
		xx += dx * dx
	}
	return xy / xx * (list[len(list)-1].at - list[0].at).Seconds()
}

func mean(list []sampled, of func(sampled) float64) float64 {
	sum := 0.0
	for _, s := range list {
		sum += of(s)
	}
	return sum / float64(max(1, len(list)))
}

func rss(s sampled) float64        { return s.RSS }
func goroutines(s sampled) float64 { return s.Goroutines }
