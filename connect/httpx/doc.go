// Package httpx has HTTP interfaces as streams: APIs that are read page by page, and
// webhooks. It needs the standard library only.
//
// [Pages] and [Items] read an API page by page. The next page is found by a header Link
// ([NextLink]), by a cursor ([NextCursor]) or by a number ([NextNumber]). Answers such as
// 429 and 503 are tried again after the time that Retry-After says. [PageSource] is the
// same for package delivery.
//
//	users := httpx.Items("https://api.example.com/users", httpx.NextLink(), decode, httpx.Prepare(withToken))
//	err := users.Each(ctx, store)
//
// A [Webhook] is the http.Handler that others call, and the delivery.Source of a
// pipeline. A request is answered with 2xx only when its event is done, so the sender's
// retries make it at-least-once:
//
//	hook := httpx.NewWebhook(httpx.Verify(httpx.HMAC("X-Hub-Signature-256", "sha256=", secret)))
//	http.Handle("/hook", hook)
//	err := delivery.Process(hook, 16, delivery.JSON(book)).Drain(ctx)
package httpx
