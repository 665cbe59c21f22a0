// Writes src/gql/manifest.json, {"sha256 of the text": "text"} of every operation, for `depeche --operations`.
//
// The text has to be what is sent, byte by byte: urql asks for __typename as well, the live connection does not. The
// manifest that the client preset can write has another text of the same meaning, and so another hash.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

import { formatDocument, stringifyDocument } from "@urql/core";
import { runnerImport } from "vite";

const { module } = await runnerImport("./src/gql/graphql.ts");
const manifest = {};
for (const document of Object.values(module)) {
  const operation = document.definitions?.find(({ kind }) => kind === "OperationDefinition");
  if (!operation) continue; // a fragment alone
  const text = stringifyDocument(operation.operation === "query" ? formatDocument(document) : document);
  manifest[createHash("sha256").update(text).digest("hex")] = text;
}
writeFileSync("src/gql/manifest.json", JSON.stringify(manifest, null, 2) + "\n");
