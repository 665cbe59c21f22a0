// Writes cdn.json: what the page loads from the CDN, with the hashes that browsers check. The CDN gives the files of a
// package as they are in it, so those that are installed here are what it has to give.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the parts are listed. */
export const list = new URL("../cdn.json", import.meta.url);

// In the order in which they are loaded.
const files = [
  ["graphiql", "graphiql.min.css"],
  ["@graphiql/plugin-explorer", "dist/style.css"],
  ["react", "umd/react.production.min.js"],
  ["react-dom", "umd/react-dom.production.min.js"],
  ["graphiql", "graphiql.min.js"],
  ["@graphiql/plugin-explorer", "dist/index.umd.js"],
  ["graphql-ws", "umd/graphql-ws.min.js"],
  ["graphql-sse", "umd/graphql-sse.min.js"],
];

/** The parts as they are installed: their addresses, and the hashes of what is in them. */
export function parts() {
  return files.map(([name, file]) => {
    const folder = new URL(`node_modules/${name}/`, import.meta.url);
    const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    const hash = createHash("sha384").update(readFileSync(new URL(file, folder))).digest("base64");
    return { url: `https://cdn.jsdelivr.net/npm/${name}@${version}/${file}`, integrity: `sha384-${hash}` };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(list, `${JSON.stringify(parts(), null, 2)}\n`);
