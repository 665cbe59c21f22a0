// The playground: GraphiQL with a bar above it. What it is made of is handed in, because it comes from a CDN or from
// depeche itself.
import { createBar } from "./bar.js";
import { asTab, examplesPlugin } from "./examples.js";
import { createFetcher } from "./fetcher.js";
import { editorLabels } from "./labels.js";
import { createToken, withoutHeaders } from "./storage.js";

const transportKey = "depeche:transport";

/**
 * Shows the playground in the element #playground.
 *
 * @param {object} parts
 * @param {object} parts.React
 * @param {Function} parts.createRoot of react-dom
 * @param {Function} parts.GraphiQL the component
 * @param {{ useEditorContext: Function, useExecutionContext: Function, usePluginStore: Function }} parts.hooks of GraphiQL
 * @param {Function} parts.explorerPlugin
 * @param {Function} parts.parse of the package graphql
 * @param {Function} parts.webSocketClient createClient of the package graphql-ws
 * @param {Function} parts.eventStreamClient createClient of the package graphql-sse
 */
export async function start({ React, createRoot, GraphiQL, hooks, explorerPlugin, ...clients }) {
  const place = document.getElementById("playground");
  const api = new URL(place.dataset.api, location.href).href;
  const examples = await read(place.dataset.saved);
  const token = createToken();
  const { plugin, Open } = examplesPlugin(React, hooks, examples);
  const plugins = [plugin, explorerPlugin()]; // the same ones at each rendering, or GraphiQL closes the one that is open
  const storage = withoutHeaders();
  const defaultTabs = examples.slice(0, 1).map(asTab);
  const Labels = editorLabels(React, hooks);
  const Bar = createBar(React, { api, token });
  const { createElement: h, useMemo, useRef, useState } = React;

  function Playground() {
    const [transport, setTransport] = useState(() => (localStorage.getItem(transportKey) === "sse" ? "sse" : "ws"));
    const [connection, setConnection] = useState("");
    const chosen = useRef(transport);
    chosen.current = transport;
    const fetcher = useMemo(
      () => createFetcher({ api, token: token.get, transport: () => chosen.current, tell: setConnection, ...clients }),
      [],
    );
    function choose(next) {
      localStorage.setItem(transportKey, next);
      setTransport(next);
    }
    return h(
      React.Fragment,
      null,
      h(Bar, { transport, onTransport: choose, connection }),
      h(
        "main",
        null,
        h(
          GraphiQL,
          {
            fetcher,
            storage,
            plugins,
            defaultTabs,
            defaultQuery: "",
            forcedTheme: "system",
            shouldPersistHeaders: false,
            defaultEditorToolsVisibility: true,
            inputValueDeprecation: true,
          },
          h(GraphiQL.Logo, null, h(Open), h(Labels)),
        ),
      ),
    );
  }
  createRoot(place).render(h(Playground));
}

/** The examples; none where they can't be had: the playground is good without them. */
async function read(address) {
  try {
    const response = await fetch(address, { cache: "no-cache" });
    return response.ok ? await response.json() : [];
  } catch {
    return [];
  }
}

/** Does something with an element as soon as it is there; once. */
function whenThere(root, selector, use) {
  const watch = new MutationObserver(() => {
    const element = root.querySelector(selector);
    if (!element) return;
    watch.disconnect();
    use(element);
  });
  watch.observe(root, { childList: true, subtree: true });
}
