package turbopipesvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// ForgottenClaim reports an operator that drops deliveries of package delivery, so
// that nobody acks them.
var ForgottenClaim = check("forgottenclaim",
	`report an operator that drops deliveries without settling them

An operator such as Distinct drops items, and knows nothing of the claim of a
delivery.Delivery. The event is never acked: it comes again after a restart, and until
then it holds back its partition. The stages of package delivery settle what they drop.
A function literal that calls Ack or Nack is fine.`, forgottenClaim)

// forgetful are the operators that drop items, and what to do with deliveries instead.
var forgetful = map[string]string{
	"operators.Filter":               "use delivery.Filter, which acks them",
	"operators.FilterMap":            "use delivery.FilterMap, which acks them",
	"operators.SkipWhile":            "use delivery.Filter, which acks them",
	"operators.Dedup":                "use delivery.Dedup, which acks them",
	"operators.Distinct":             "use delivery.Dedup, which acks them",
	"operators.DistinctUntilChanged": "use delivery.Filter with a function that keeps the last item",
	"operators.Skip":                 ackFirst,
	"operators.SkipFor":              ackFirst,
	"operators.SkipLast":             ackFirst,
	"operators.SkipUntil":            ackFirst,
	"operators.TakeLast":             ackFirst,
	"operators.TopK":                 ackFirst,
	"operators.Last":                 ackFirst,
	"operators.IgnoreElements":       "end the pipeline with delivery.AckAll or delivery.Each",
	"operators.Debounce":             ackFirst,
	"operators.Throttle":             ackFirst,
	"operators.Sample":               ackFirst,
	"operators.Audit":                ackFirst,
	"operators.OnBackpressureDrop":   slowDown,
	"operators.OnBackpressureLatest": slowDown,
	"operators.Conflate":             slowDown,
	"operators.ConflateByKey":        slowDown,
	"operators.LoadShed":             slowDown,
}

const (
	ackFirst = "settle each delivery before, with delivery.Each, and go on with the receipts"
	slowDown = "leave it out: a session fetches no more while downstream is busy"
)

func forgottenClaim(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		name := p.callee(call)
		advice := forgetful[name]
		if advice == "" || !takesDeliveries(p.TypesInfo.TypeOf(call)) || settles(c) {
			continue
		}
		p.ReportRangef(call, "%s drops deliveries and forgets their claims, so they are never acked: %s", plain(name), advice)
	}
}

// takesDeliveries reports whether t is an Operator whose input is a delivery.Delivery.
func takesDeliveries(t types.Type) bool {
	if t == nil || typeName(t) != "Operator" {
		return false
	}
	args := types.Unalias(t).(*types.Named).TypeArgs()
	return args.Len() > 0 && isNamed(args.At(0), deliveryPath, "Delivery")
}

// settles reports whether an argument of the call at c settles deliveries: it calls Ack
// or Nack.
func settles(c inspector.Cursor) bool {
	for sel := range c.Preorder((*ast.SelectorExpr)(nil)) {
		if name := sel.Node().(*ast.SelectorExpr).Sel.Name; name == "Ack" || name == "Nack" {
			return true
		}
	}
	return false
}
