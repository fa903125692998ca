package turbopipesvet

// RxGoNames is what the checks have for each method of RxGo.
var RxGoNames = typedName

// Names returns each function and method of turbopipes that a check knows by its name.
func Names() (all []string) {
	for _, set := range []names{failing, seeded, running, sharing} {
		for name := range set {
			all = append(all, name)
		}
	}
	for name := range seeded {
		all = append(all, name+"With")
	}
	for name := range consuming {
		all = append(all, "Observable."+name)
	}
	for name := range forgetful {
		all = append(all, name)
	}
	for name := range repeated {
		all = append(all, name)
	}
	for _, name := range typedName {
		all = append(all, name)
	}
	return append(all, "Connectable.RefCount", "Connectable.AutoConnect", "Observable.ToRx",
		"Observable.Seq", "Subscription.Wait", "Observable.Subscribe", "Observable.ToChannel", "Observable.Pipe",
		"Pipe2", "Pipe9", "operators.Retry", "operators.Repeat")
}
