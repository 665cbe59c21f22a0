package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// An engine is gqlgen's executor with depeche's own way into it: each step up to the
// execution is bounded before it is gone, and what a step gives is kept where it is
// the same the next time.
type engine struct {
	*executor.Executor
	resolver  *Resolver
	options   ExecutorOptions
	schema    *ast.Schema
	documents *documents
	persisted *persisted // nil where only registered operations are executed
}

// CreateOperationContext implements graphql.GraphExecutor: from the parameters of a
// request to an operation that can be executed. There is an OperationContext also
// where there are errors, which DispatchError presents.
func (e *engine) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	op := &graphql.OperationContext{
		RawQuery: params.Query, OperationName: params.OperationName,
		Extensions: params.Extensions, Headers: params.Headers,
		RecoverFunc:            e.resolver.recovered,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: e.resolver.aroundRootField,
		Stats:                  graphql.Stats{Read: params.ReadTime, OperationStart: graphql.GetStartTime(ctx)},
	}
	doc, errs := e.document(op)
	if errs != nil {
		return op, errs
	}
	op.Doc, op.RawQuery = doc.QueryDocument, doc.text
	if doc.introspects {
		op.ResolverMiddleware = introspected
	}
	if err := e.choose(op, doc, params.Variables); err != nil {
		return op, gqlerror.List{err}
	}
	return op, nil
}

// choose finds the operation that is meant in a document, and reads its variables.
func (e *engine) choose(op *graphql.OperationContext, doc *document, variables map[string]any) (err *gqlerror.Error) {
	if op.Operation, err = doc.operation(op.OperationName); err != nil {
		return err
	}
	if op.Variables, err = coerceVariables(e.schema, op.Operation, variables); err != nil {
		return err
	}
	if len(doc.never) > 0 {
		for _, def := range op.Operation.VariableDefinitions {
			if value, given := op.Variables[def.Variable]; given && value == nil && doc.never[def] {
				return (&place{name: def.Variable}).invalid("must not be null where it stands")
			}
		}
	}
	if doc.dearest[op.Operation] > maxCost {
		return tooCostly(op.Operation, op.Variables)
	}
	return nil
}

// document finds the document that a request gives or names.
func (e *engine) document(op *graphql.OperationContext) (*document, gqlerror.List) {
	named, err := nameOf(op.Extensions)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if doc := e.options.Operations.find(named.id, op.RawQuery); doc != nil {
		if op.OperationName == "" {
			op.OperationName = e.options.Operations.names[named.id]
		}
		return doc, nil
	}
	switch {
	case e.options.OnlyRegistered:
		return nil, gqlerror.List{forbidden("only registered operations are executed here, and this is none")}
	case named.id == "":
		return e.open(op.RawQuery)
	case op.RawQuery != "" && !named.registers && e.options.Operations.knows(named.id):
		return nil, gqlerror.List{invalidDocument("documentId is that of another document than query")}
	case op.RawQuery == "":
		text, err := e.persisted.text(named)
		if err != nil {
			return nil, gqlerror.List{err}
		}
		return e.open(text)
	}
	if named.registers && named.hash() != hashOf(op.RawQuery) {
		return nil, gqlerror.List{invalidDocument("provided sha does not match query")}
	}
	doc, errs := e.open(op.RawQuery)
	if errs == nil {
		e.persisted.keep(named, op.RawQuery)
	}
	return doc, errs
}

// open finds the document of a text that anybody may have written.
func (e *engine) open(text string) (*document, gqlerror.List) {
	doc, errs := e.documents.find(text)
	if errs == nil && doc.introspects && e.options.NoIntrospection {
		return nil, gqlerror.List{forbidden("the schema is not told here: there is no introspection")}
	}
	return doc, errs
}
