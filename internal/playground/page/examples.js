// The saved examples: a plugin in GraphiQL's sidebar. Each opens in a tab of its own.

/**
 * An operation to try.
 *
 * @typedef {object} Example
 * @property {string} group what it belongs to
 * @property {string} name its own, in its group
 * @property {string} title
 * @property {string} about what it shows, in a sentence
 * @property {string} [role] which one it takes, where it takes a token
 * @property {string} query
 * @property {object} [variables]
 */

const title = "Examples";
const roomy = "(min-width: 60rem)"; // for a list beside the editors

/**
 * Makes the plugin, and the component that opens it: to be put anywhere into GraphiQL.
 *
 * @param {object} React
 * @param {{ useEditorContext: Function, useExecutionContext: Function, usePluginStore: Function }} hooks of GraphiQL
 * @param {Example[]} examples
 */
export function examplesPlugin(React, { useEditorContext, useExecutionContext, usePluginStore }, examples) {
  const { createElement: h, useEffect, useRef, useState } = React;
  const groups = [...new Set(examples.map((one) => one.group))];

  return { plugin: { title, icon: Icon, content: List }, Open };

  // GraphiQL has a way to say which plugin is open from the start, but does not make room for it. Its button does.
  function Open() {
    const known = usePluginStore().plugins.length > 0;
    useEffect(() => {
      if (known && matchMedia(roomy).matches) document.querySelector(`button[aria-label="Show ${title}"]`)?.click();
    }, [known]);
    return null;
  }

  function List() {
    const open = useOpen();
    return h(
      "div",
      { className: "examples", "data-examples": true },
      h("h2", null, title),
      groups.map((group) =>
        h(
          "section",
          { key: group },
          h("h3", null, group),
          h(
            "ul",
            null,
            examples.filter((one) => one.group === group).map((one) => h(Entry, { key: one.name, example: one, open })),
          ),
        ),
      ),
    );
  }

  function Entry({ example, open }) {
    return h(
      "li",
      null,
      h(
        "button",
        { type: "button", onClick: () => open(example), "data-example": example.name },
        h("strong", null, example.title),
        example.role && h("span", { className: "role" }, example.role.toLowerCase()),
        h("span", { className: "about" }, example.about),
      ),
    );
  }

  // What is chosen waits for the editors, which come last of all; then for its tab, which begins empty.
  function useOpen() {
    const { addTab, tabs, queryEditor, variableEditor, headerEditor } = useEditorContext({ nonNull: true });
    const { stop } = useExecutionContext({ nonNull: true });
    const [chosen, choose] = useState(null);
    const filling = useRef(null);
    const ready = Boolean(queryEditor && variableEditor);
    useEffect(() => {
      if (!chosen || !ready) return;
      filling.current = chosen;
      choose(null);
      stop();
      addTab();
    }, [chosen, ready]);
    useEffect(() => {
      if (!filling.current) return;
      const tab = asTab(filling.current);
      filling.current = null;
      headerEditor?.setValue("");
      variableEditor.setValue(tab.variables);
      queryEditor.setValue(tab.query);
      queryEditor.focus();
    }, [tabs.length]);
    return choose;
  }

  function Icon() {
    return h(
      "svg",
      { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
      h("path", { d: "M6 3.5h12v17l-6-4-6 4z", strokeLinejoin: "round" }),
    );
  }
}

/** An example as the texts of a tab, explained by a comment. */
export function asTab({ about, role, query, variables }) {
  const text = role ? `${about} It takes a token: ${role.toLowerCase()}.` : about;
  return {
    query: `${text.replace(/(.{1,60})(?:\s+|$)/g, "# $1\n")}\n${query}`,
    variables: variables ? JSON.stringify(variables, null, 2) : "",
  };
}
