package jetstream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseReply(t *testing.T) {
	want := reply{delivered: 3, stream: 1742, position: "1742", consumer: 99, time: 1700000000123456789}
	for _, s := range []string{
		"$JS.ACK.ORDERS.billing.3.1742.99.1700000000123456789.12",
		"$JS.ACK.hub.ACC.ORDERS.billing.3.1742.99.1700000000123456789.12",
		"$JS.ACK._.ACC.ORDERS.billing.3.1742.99.1700000000123456789.12.token",
	} {
		got, ok := parseReply(s)
		require.True(t, ok, s)
		require.Equal(t, want, got, s)
		require.Zero(t, testing.AllocsPerRun(100, func() { parseReply(s) }))
	}
	for _, s := range []string{
		"", "$JS.ACK.", "_INBOX.x.y", "$JS.ACK.a.b.1.2.3.4", "$JS.ACK.a.b.1.x.3.4.5", "$JS.ACK.a.b.1..3.4.5", "$JS.ACK.a.b.1.2.3.4.5.6",
	} {
		_, ok := parseReply(s)
		require.False(t, ok, s)
	}
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{"2.14.0": true, "2.15.2": true, "3.0.0": true, "v2.14.0-beta": true, "2.13.9": false, "1.99.0": false, "dev": true, "": true} {
		require.Equal(t, want, atLeast(version, 2, 14), version)
	}
}
