package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"depeche/internal/news"
)

// signOfLife keeps the lease of a lock for its holder. It returns the lease that is
// kept then, which may be somebody else's.
func (d *Desk) signOfLife(ctx context.Context, l *news.Lock) (news.Lease, error) {
	now := d.now()
	return d.store.TakeLease(ctx, now, news.Lease{Key: leaseKey(l), Holder: leaseHolder(l), Until: now.Add(lockLease)})
}

// forgetHolder drops the lease of a lock that has gone to somebody else or fallen.
func (d *Desk) forgetHolder(ctx context.Context, was *news.Lock) error {
	if was.Status != news.LockHeld {
		return nil
	}
	return d.store.DropLease(ctx, leaseKey(was), leaseHolder(was))
}

// lives tells how long locks last unless their holders are heard of. Those that
// nobody holds are left out.
func (d *Desk) lives(ctx context.Context, locks []*news.Lock) (map[news.LockID]time.Time, error) {
	var keys []string
	for _, l := range locks {
		if l.Status == news.LockHeld {
			keys = append(keys, leaseKey(l))
		}
	}
	lives := make(map[news.LockID]time.Time, len(keys))
	if len(keys) == 0 {
		return lives, nil
	}
	leases, err := d.store.Leases(ctx, keys)
	if err != nil {
		return nil, err
	}
	now := d.now()
	for _, l := range locks {
		if lease := leases[leaseKey(l)]; l.Status == news.LockHeld && lease.Holder == leaseHolder(l) && lease.Until.After(now) {
			lives[l.ID] = lease.Until
		}
	}
	return lives, nil
}

// leaseKey has the version in it, so that a sign of life for a lock that has gone
// to somebody else does nothing for it.
func leaseKey(l *news.Lock) string { return fmt.Sprintf("lock:%s:%d", l.Story, l.Version) }

// leaseHolder is the holder's name, or stands for it where leases have no room for
// it.
func leaseHolder(l *news.Lock) string {
	if len(l.Holder) <= news.MaxLeaseKey {
		return l.Holder
	}
	sum := sha256.Sum256([]byte(l.Holder))
	return hex.EncodeToString(sum[:])
}
