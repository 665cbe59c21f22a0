// What tools make of introspection: code generators, compilers, editors.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { buildClientSchema, buildSchema, getIntrospectionQuery, isSpecifiedScalarType, printType, validateSchema } from "graphql";

import { ask } from "./stories.js";

const folder = new URL("../../graph/schema/", import.meta.url);

test("introspection tells the schema that is in the files, word for word", { timeout: 30_000 }, async () => {
  const written = buildSchema(readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n"));
  const told = buildClientSchema(await ask(getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true })));
  assert.deepEqual(validateSchema(told), []);
  const types = (schema) =>
    Object.values(schema.getTypeMap())
      .filter((type) => !type.name.startsWith("__") && !isSpecifiedScalarType(type))
      .map((type) => ({ name: type.name, sdl: printSorted(type) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.ok(types(told).length > 80);
  assert.deepEqual(types(told), types(written));
});

/** A type as it is written. In which order the roots have their fields depends on the order of the files. */
function printSorted(type) {
  const sdl = printType(type);
  return /^(Query|Mutation|Subscription)$/.test(type.name) ? sdl.split("\n").sort() : sdl;
}
