//go:build turbopipes_norx

package turbopipes_test

// fromRxGo is the number of methods that an Observable has because of RxGo.
const fromRxGo = 0
