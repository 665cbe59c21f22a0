package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/graph/generated"
	"depeche/graph/plan"
)

const (
	// keptFields is how many fields the plans have that are kept, twice at most.
	keptFields = 20_000
	// fieldsAlongside is what a plan counts beside its fields: it holds on to its
	// document.
	fieldsAlongside = 100
)

// reads is the schema with a short way for queries: generated functions write the
// answer along a plan, which is kept, without a context, a goroutine and a closure
// for each field. As soon as anything is out of the ordinary, what was written is
// thrown away and gqlgen executes the whole query: it has the words for errors. That
// is safe because a query changes nothing.
//
// The short way knows no middleware around fields: what is to be around a query
// must be around its response.
type reads struct {
	graphql.ExecutableSchema
	resolver *Resolver
	short    *generated.Reads

	conditions *kept[*ast.OperationDefinition, []string]
	plans      *kept[choice, *plan.Plan] // nil where there can be none
}

func newReads(r *Resolver) *reads {
	return &reads{
		ExecutableSchema: generated.NewExecutableSchema(generated.Config{Resolvers: generated.Replaying(r)}),

		resolver: r, short: generated.NewReads(r),
		conditions: newKept[*ast.OperationDefinition, []string](parsedOperations),
		plans:      newKept[choice, *plan.Plan](keptFields),
	}
}

// Exec implements graphql.ExecutableSchema. The data of a query's response belongs
// to whoever asked for it.
func (s *reads) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation != ast.Query {
		return s.ExecutableSchema.Exec(ctx)
	}
	p, err := s.plan(ctx, op)
	if err != nil {
		s.tell(ctx, err)
		return s.ExecutableSchema.Exec(ctx)
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		data, past, err := s.answer(ctx, p, op.Variables)
		if err == nil {
			return &graphql.Response{Data: data}
		}
		s.tell(ctx, err)
		if errors.Is(err, errPanic) {
			ctx = s.resolver.withLoaders(ctx) // so that what panicked does so again, and is told of
		}
		ctx = plan.WithPast(ctx, past)
		return s.ExecutableSchema.Exec(ctx)(ctx)
	}
}

func (s *reads) tell(ctx context.Context, why error) {
	s.resolver.Logger.DebugContext(ctx, "took the long way", "op", operationName(ctx),
		"requestId", s.resolver.RequestID(ctx), "error", why)
}

var errUnusual = errors.New("something is not as it should be")

// answer takes the short way.
func (s *reads) answer(ctx context.Context, p *plan.Plan, variables map[string]any) (data []byte, past plan.Past, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	apart := graphql.WithFreshResponseContext(ctx)
	data, past, ok := s.short.Answer(apart, p, variables)
	if !ok {
		return nil, past, errUnusual
	}
	if graphql.GetErrors(apart) != nil { // which a resolver must tell of anew
		return nil, nil, errUnusual
	}
	for key, value := range graphql.GetExtensions(apart) {
		graphql.RegisterExtension(ctx, key, value)
	}
	return data, nil, nil
}

// plan finds or makes the plan of an operation. Errors: plan.ErrNoPlan, errPanic.
func (s *reads) plan(ctx context.Context, op *graphql.OperationContext) (p *plan.Plan, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic // gqlgen's way meets what is wrong with the arguments
		}
	}()
	kept := len(op.RawQuery) <= parsedAtMost // else the next document of that text is another
	conditions, known := s.conditions.get(op.Operation)
	if !known {
		conditions = plan.Conditions(op.Doc, op.Operation)
		if kept {
			s.conditions.put(op.Operation, conditions, 1)
		}
	}
	holding, ok := choose(conditions, op.Variables)
	if !ok {
		return nil, fmt.Errorf("the variables of @include and @skip: %w", plan.ErrNoPlan)
	}
	key := choice{op.Operation, holding}
	if p, known = s.plans.get(key); !known {
		p, err = plan.Compile(ctx, s.Schema(), op.Doc, op.Operation, op.Variables, s.short.Args)
		if kept {
			s.plans.put(key, p, fieldsAlongside+p.Fields())
		}
	}
	if p == nil {
		return nil, cmp.Or(err, plan.ErrNoPlan)
	}
	return p, nil
}

// A choice is an operation, which is the same for the same text as long as the
// parsed document is kept, and which of its conditions hold.
type choice struct {
	op      *ast.OperationDefinition
	holding uint64
}

// choose tells which conditions hold, as the bits of a number.
func choose(conditions []string, variables map[string]any) (holding uint64, ok bool) {
	const most = 8
	if len(conditions) > most {
		return 0, false
	}
	for i, name := range conditions {
		holds, ok := variables[name].(bool)
		if !ok {
			return 0, false
		}
		if holds {
			holding |= 1 << i
		}
	}
	return holding, true
}
