package httpx

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// NextLink finds the next page in the header Link, with rel=next, as of RFC 8288. The
// address may be relative to that of the page.
func NextLink() Next {
	return func(p Page) (string, bool, error) {
		for _, h := range p.Header.Values("Link") {
			if u, ok := linkTo(h, "next"); ok {
				return u, true, nil
			}
		}
		return "", false, nil
	}
}

// NextCursor puts the cursor that a page has into the query parameter param of the next
// request. An empty cursor is that of the last page.
func NextCursor(param string, cursor func(p Page) (string, error)) Next {
	return func(p Page) (string, bool, error) {
		c, err := cursor(p)
		if err != nil || c == "" {
			return "", false, err
		}
		return with(p.URL, param, c)
	}
}

// NextNumber counts in the query parameter param: a page without it is the first, 1. last
// reports whether a page is the last one, such as an empty one.
func NextNumber(param string, last func(p Page) (bool, error)) Next {
	return func(p Page) (string, bool, error) {
		over, err := last(p)
		if err != nil || over {
			return "", false, err
		}
		u, err := url.Parse(p.URL)
		if err != nil {
			return "", false, err
		}
		n := 1
		if text := u.Query().Get(param); text != "" {
			if n, err = strconv.Atoi(text); err != nil {
				return "", false, fmt.Errorf("httpx: the query parameter %s is %q, want a number", param, text)
			}
		}
		return with(p.URL, param, strconv.Itoa(n+1))
	}
}

// with sets a query parameter.
func with(at, param, value string) (string, bool, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", false, err
	}
	q := u.Query()
	q.Set(param, value)
	u.RawQuery = q.Encode()
	return u.String(), true, nil
}

// linkTo finds the first link with the relation rel in a Link header.
func linkTo(h, rel string) (target string, ok bool) {
	for {
		_, rest, found := strings.Cut(h, "<")
		if !found {
			return "", false
		}
		target, rest, found = strings.Cut(rest, ">")
		if !found {
			return "", false
		}
		var params string
		params, h = untilComma(rest)
		if relates(params, rel) {
			return strings.TrimSpace(target), true
		}
	}
}

// untilComma splits s at the first comma that is not in quotes.
func untilComma(s string) (before, after string) {
	if i := indexUnquoted(s, ','); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// indexUnquoted is the index of the first c in s that is not in quotes, or -1.
func indexUnquoted(s string, c byte) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return -1
}

// relates reports whether the parameters of a link have the relation rel. Only the first
// rel counts.
func relates(params, rel string) bool {
	for params != "" {
		param := params
		if i := indexUnquoted(params, ';'); i >= 0 {
			param, params = params[:i], params[i+1:]
		} else {
			params = ""
		}
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		for r := range strings.FieldsSeq(value) {
			if strings.EqualFold(r, rel) {
				return true
			}
		}
		return false
	}
	return false
}
