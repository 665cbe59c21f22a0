// Starts the playground with what the page has loaded from the CDN, or says that it could not.
import { start } from "./app.js";

const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer, graphqlWs, graphqlSse } = globalThis;
const unstyled = [...document.querySelectorAll("link[integrity]")].some((link) => !link.sheet);

if (!React || !ReactDOM || !GraphiQL || !GraphiQLPluginExplorer || !graphqlWs || !graphqlSse || unstyled) {
  document.getElementById("absent").dataset.failed = "";
} else {
  start({
    React,
    createRoot: ReactDOM.createRoot,
    GraphiQL,
    hooks: GraphiQL.React,
    explorerPlugin: GraphiQLPluginExplorer.explorerPlugin,
    parse: GraphiQL.GraphQL.parse,
    webSocketClient: graphqlWs.createClient,
    eventStreamClient: graphqlSse.createClient,
  });
}
