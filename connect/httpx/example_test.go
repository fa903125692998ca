package httpx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/turbopipes/turbopipes/connect/httpx"
	"github.com/turbopipes/turbopipes/delivery"
)

func ExampleItems() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `</users?page=2>; rel="next"`)
			_, _ = io.WriteString(w, `["ann","bob"]`)
			return
		}
		_, _ = io.WriteString(w, `["cid"]`)
	}))
	defer api.Close()
	names := func(p httpx.Page) (names []string, err error) {
		err = json.Unmarshal(p.Body, &names)
		return names, err
	}
	all, err := httpx.Items(api.URL+"/users", httpx.NextLink(), names).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [ann bob cid] <nil>
}

func ExampleWebhook() {
	hook := httpx.NewWebhook(httpx.IDBy(1000, func(r *http.Request, _ []byte) string { return r.Header.Get("Webhook-Id") }))
	web := httptest.NewServer(hook)
	defer web.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- delivery.Process(hook, 8, delivery.JSON(func(_ context.Context, d delivery.Delivery[struct{ Item string }]) error {
			fmt.Println("booked", d.Value.Item)
			return nil
		})).Drain(ctx)
	}()
	for range 2 { // the sender has lost the first answer
		for code := 0; code != http.StatusNoContent; {
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, web.URL, strings.NewReader(`{"item":"tea"}`))
			req.Header.Set("Webhook-Id", "17")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				fmt.Println(err)
				return
			}
			_ = resp.Body.Close()
			code = resp.StatusCode // 503 until the pipeline runs
		}
		fmt.Println("settled")
	}
	stop()
	fmt.Println(<-ended)
	// Output:
	// booked tea
	// settled
	// settled
	// context canceled
}
