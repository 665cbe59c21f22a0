// What a screen reader says of the editors: GraphiQL leaves them without a name.

/** Makes a component that names them: to be put anywhere into GraphiQL. */
export function editorLabels(React, { useEditorContext }) {
  return function Labels() {
    const { queryEditor, variableEditor, headerEditor, responseEditor } = useEditorContext({ nonNull: true });
    React.useEffect(() => {
      queryEditor?.setOption("screenReaderLabel", "Operation");
      variableEditor?.setOption("screenReaderLabel", "Variables, as JSON");
      headerEditor?.setOption("screenReaderLabel", "Headers, as JSON");
      responseEditor?.setOption("screenReaderLabel", "Result");
    }, [queryEditor, variableEditor, headerEditor, responseEditor]);
    return null;
  };
}
