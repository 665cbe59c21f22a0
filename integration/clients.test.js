// The clients that readers' programs are made with, each against whole servers. All in one process, so that the program
// is built once.
import "./clients/graphql-ws.js";
import "./clients/graphql-sse.js";
import "./clients/eventsource.js";
import "./clients/subscriptions-transport-ws.js";
import "./clients/apollo.js";
import "./clients/urql.js";
import "./clients/relay.js";
import "./clients/introspection.js";
