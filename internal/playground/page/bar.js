// The bar above GraphiQL: who asks, and how subscriptions come.
import { bearing, post } from "./fetcher.js";

const settled = 300; // ms without a key being pressed

/**
 * Makes the component.
 *
 * @param {object} React
 * @param {object} o
 * @param {string} o.api the address of GraphQL
 * @param {{ get: () => string, set: (token: string) => void }} o.token
 */
export function createBar(React, { api, token }) {
  const { createElement: h, useEffect, useState } = React;

  return function Bar({ transport, onTransport, connection }) {
    const [value, setValue] = useState(token.get);
    const [shown, setShown] = useState(false);
    const viewer = useViewer(value);

    function change(next) {
      const trimmed = next.trim();
      token.set(trimmed);
      setValue(trimmed);
    }
    return h(
      "header",
      { className: "bar" },
      h("h1", null, h("a", { href: "/" }, "depeche"), " playground"),
      h("output", { className: "connection", "data-connection": true }, connection),
      h(
        "label",
        null,
        "Subscriptions over ",
        h(
          "select",
          { value: transport, onChange: (event) => onTransport(event.target.value), "data-transport": true },
          h("option", { value: "ws" }, "WebSocket"),
          h("option", { value: "sse" }, "event stream (SSE)"),
        ),
      ),
      h(
        "div",
        { className: "token" },
        h("label", { htmlFor: "token" }, "Token "),
        h("input", {
          id: "token",
          type: shown ? "text" : "password",
          value,
          onChange: (event) => change(event.target.value),
          placeholder: "none: you are a reader",
          autoComplete: "off",
          spellCheck: false,
          "aria-describedby": "who",
          "data-token": true,
        }),
        h("button", { type: "button", "aria-pressed": shown, onClick: () => setShown(!shown), "data-show-token": true }, "Show"),
        h("button", { type: "button", disabled: !value, onClick: () => change(""), "data-clear-token": true }, "Clear"),
        h("output", { id: "who", className: viewer.wrong ? "wrong" : undefined, "data-who": true }, viewer.text),
      ),
    );
  };

  function useViewer(bearer) {
    const [viewer, setViewer] = useState({ text: "" });
    useEffect(() => {
      if (!bearer) {
        setViewer({ text: "You are a reader." });
        return undefined;
      }
      setViewer({ text: "…" });
      const asking = new AbortController();
      const due = setTimeout(() => {
        const asked = { query: "query Viewer { viewer { name role } }", operationName: "Viewer" };
        post((...args) => fetch(...args), api, asked, bearing(bearer), asking.signal).then(
          (answer) => setViewer(described(answer)),
          () => {}, // another token has come meanwhile
        );
      }, settled);
      return () => {
        clearTimeout(due);
        asking.abort();
      };
    }, [bearer]);
    return viewer;
  }
}

/** What an answer to the query for the viewer tells of somebody who gave a token. */
export function described({ data, errors }) {
  if (!data?.viewer) return { wrong: true, text: errors?.[0]?.message ?? "The server does not say who you are." };
  const { name, role } = data.viewer;
  return { text: `You are ${name ? `${name}, ` : ""}${role.toLowerCase()}.` };
}
