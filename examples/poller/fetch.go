package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	tp "github.com/turbopipes/turbopipes"
)

// statusError is the status of an answer that is not 200.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("%d %s", int(s), http.StatusText(int(s))) }

// temporary reports whether another try may succeed. An answer that asks for another
// request is not temporary.
func temporary(err error) bool {
	status, panicked := statusError(0), (*tp.PanicError)(nil)
	return !errors.As(err, &panicked) && (!errors.As(err, &status) || status >= 500 || status == http.StatusTooManyRequests)
}

// longest is the limit for an answer, and for its header.
const longest = 64 << 10

func (p *poller) get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return "", errors.Unwrap(err) // without the URL
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", statusError(response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, longest+1))
	switch {
	case err != nil:
		return "", err
	case len(body) > longest:
		return "", fmt.Errorf("an answer of more than %d bytes", longest)
	}
	var whole bytes.Buffer
	if err := json.Compact(&whole, body); err != nil {
		return "", fmt.Errorf("malformed JSON: %w", err)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil && fields[p.field] != nil {
		return strings.Trim(string(fields[p.field]), `"`), nil
	}
	return whole.String(), nil
}
