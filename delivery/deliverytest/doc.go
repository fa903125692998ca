// Package deliverytest has the tests that each connector of package delivery has to
// pass, see [Run], and a broker in memory, see [Broker], for the tests of programs that
// consume events.
package deliverytest
