package run

import "context"

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
