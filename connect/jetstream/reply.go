package jetstream

// reply is what the server says about an event, in the subject that acks it.
type reply struct {
	delivered uint64 // how often
	stream    uint64 // the sequence in the stream
	position  string // the same, as text
	consumer  uint64 // the sequence of the consumer: it counts deliveries
	time      int64  // when the server has stored the event, in nanoseconds
}

// The tokens of a reply subject. Old servers have
// $JS.ACK.stream.consumer.delivered.streamSeq.consumerSeq.time.pending, and others have
// the domain and the account after ACK, and perhaps one more token at the end.
const (
	oldTokens   = 9
	newTokens   = 11
	firstNumber = 4
)

// parseReply reads the subject that acks an event. It does not allocate.
func parseReply(s string) (r reply, ok bool) {
	dots := 0
	for i := range len(s) {
		if s[i] == '.' {
			dots++
		}
	}
	first := firstNumber
	switch tokens := dots + 1; {
	case len(s) < 8 || s[:8] != "$JS.ACK.":
		return r, false
	case tokens == oldTokens:
	case tokens >= newTokens:
		first += 2
	default:
		return r, false
	}
	var numbers [4]uint64
	token, begin := 0, 0
	for i := 0; i <= len(s) && token < first+len(numbers); i++ {
		if i < len(s) && s[i] != '.' {
			continue
		}
		if n := token - first; n >= 0 {
			if numbers[n], ok = number(s[begin:i]); !ok {
				return r, false
			}
			if n == 1 {
				r.position = s[begin:i]
			}
		}
		token, begin = token+1, i+1
	}
	r.delivered, r.stream, r.consumer, r.time = numbers[0], numbers[1], numbers[2], int64(numbers[3]) //nolint:gosec // as it was sent
	return r, true
}

func number(s string) (n uint64, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + uint64(s[i]-'0')
	}
	return n, s != ""
}
