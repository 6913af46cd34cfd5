package planner

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody bounds what a request sends.
const maxBody = 256 << 10

// policy lets a page have its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets through what a page of this server may ask, and says to browsers
// what they may do with the answer.
func guard(next http.Handler, at netip.AddrPort, limit *limiter) http.Handler {
	// Another site's page must not send forms here.
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		header.Set("Cache-Control", "no-store")
		switch {
		case !ours(r.Host, at):
			http.Error(w, "this server answers at its own address only", http.StatusForbidden)
		case !limit.take():
			header.Set("Retry-After", "1")
			http.Error(w, "too many requests; try again in a second", http.StatusTooManyRequests)
		default:
			sameOrigin.ServeHTTP(w, r)
		}
	})
}

// ours reports whether a Host header is this server's. A name that resolves to
// it is not: that is how another site's page would come in (DNS rebinding).
// Beyond the own machine any address is one that the server may have.
func ours(host string, at netip.AddrPort) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "80"
	}
	addr, err := netip.ParseAddr(name)
	switch {
	case port != strconv.Itoa(int(at.Port())):
		return false
	case err != nil:
		return strings.EqualFold(name, "localhost")
	}
	return addr.IsLoopback() || !at.Addr().IsLoopback()
}

// limiter is a token bucket.
type limiter struct {
	mu     sync.Mutex
	tokens float64
	last   time.Time

	burst, perSecond float64
	now              func() time.Time
}

func newLimiter(perSecond, burst float64, now func() time.Time) *limiter {
	return &limiter{tokens: burst, burst: burst, perSecond: perSecond, now: now, last: now()}
}

func (l *limiter) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.tokens = min(l.burst, l.tokens+now.Sub(l.last).Seconds()*l.perSecond)
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
