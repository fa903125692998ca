package run

import "context"

type nameKey struct{}

// Named returns a ctx under which stages have the given name.
func Named(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

// Name is the name that Named has set, or empty.
func Name(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	return name
}

// StageName is the operator's name, after the name that Named has set.
func StageName(ctx context.Context, operator string) string {
	switch name := Name(ctx); {
	case name == "":
		return operator
	case operator == "":
		return name
	default:
		return name + "/" + operator
	}
}
