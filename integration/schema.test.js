// What graphql-eslint says of the schema. Exceptions, and why: schema/eslint.config.js
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import graphql from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

import { all, exceptions, leftOut, withExceptions } from "./schema/eslint.config.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = "graph/schema/*.graphql";

const linter = (some = exceptions) => new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: withExceptions(some) });

/** What is wrong, a line each. */
const complaints = (results) =>
  results.flatMap(({ filePath, messages }) => messages.map(({ ruleId, line, message }) => ({ ruleId, text: `${filePath}:${line} ${ruleId}: ${message}` })));

const name = (rule) => `@graphql-eslint/${rule}`;

test("the schema keeps to the rules", async () => {
  const results = await linter().lintFiles(files);
  assert.ok(results.length > 5, `${results.length} files`);
  assert.deepEqual(complaints(results).map(({ text }) => text), []);
});

test("the rules are all that there are for schemas", () => {
  const known = Object.entries(graphql.rules).filter(([, { meta }]) => [meta.docs.category].flat().includes("Schema"));
  assert.ok(known.length > 30, `${known.length} rules`);
  const missing = known.map(([rule]) => rule).filter((rule) => !(name(rule) in all.rules));
  assert.deepEqual(missing, leftOut);
});

test("only types that have no id are excepted from having one", async () => {
  const { setting } = exceptions.find(({ rule }) => rule === "strict-id-in-types");
  const { suffixes, types } = setting[1].exceptions;
  const results = await linter(exceptions.filter(({ rule }) => rule !== "strict-id-in-types")).lintFiles(files);
  const without = complaints(results).map(({ text }) => /type "(\w+)"/.exec(text)?.[1]);
  const excepted = without.filter((type) => !suffixes.some((suffix) => type.endsWith(suffix)));
  assert.deepEqual(excepted.sort(), [...types].sort());
});

for (const exception of exceptions) {
  const { rule, files: only, reason } = exception;
  test(`the exception from ${rule}${only ? ` in ${only}` : ""} is needed`, async () => {
    assert.ok(reason.length > 40, "it has a reason");
    const results = await linter(exceptions.filter((other) => other !== exception)).lintFiles(files);
    const found = complaints(results);
    assert.ok(found.some(({ ruleId }) => ruleId === name(rule)), "nothing is wrong without it");
  });
}

for (const { what, file = "tag", from = "", to, rule } of [
  { what: "a field in snake case", from: "storyCount: Int!", to: "story_count: Int!", rule: "naming-convention" },
  { what: "a value in lower case", from: "\n  TOPIC\n", to: "\n  topic\n", rule: "naming-convention" },
  { what: "a query that says get", from: "  tag(\"For", to: "  getTag(\"For", rule: "naming-convention" },
  { what: "a field that repeats its type", from: "  name: String!\n", to: "  tagName: String!\n", rule: "no-typename-prefix" },
  { what: "a type without a description", to: "extend type Query { lone: Lone }\ntype Lone { id: ID! }", rule: "require-description" },
  { what: "a comment for a description", to: "# A lone type.\ntype Lone { id: ID! }", rule: "no-hashtag-description" },
  { what: "an entity without an id", to: '"Lone." type Lone { name: String! }', rule: "strict-id-in-types" },
  { what: "a deprecation without a reason", from: "  code: String\n", to: "  code: String @deprecated\n", rule: "require-deprecation-reason" },
  { what: "a mutation that answers with a scalar", from: "): TagMove!", to: "): Boolean!", rule: "no-scalar-result-type-on-mutation" },
  { what: "an argument that is not called input", from: "createTag(\"What to create.\" input:", to: 'createTag("It." tag:', rule: "input-name" },
  { what: "a connection without edges", from: "  edges: [TagEdge!]!\n", to: "  items: [TagEdge!]!\n", rule: "relay-connection-types" },
  { what: "an edge whose cursor is an object", from: "  cursor: Cursor!\n", to: "  cursor: Tag!\n", rule: "relay-edge-types" },
  { what: "a connection that can't be paged", from: "    first: Int\n", to: "    count: Int\n", rule: "relay-arguments" },
  { what: "a page that does not say whether it is the last", file: "common", from: "  hasNextPage: Boolean!\n", to: "  more: Boolean!\n", rule: "relay-page-info" },
  { what: "a directive that is not there", from: "  code: String\n", to: "  code: String @cached\n", rule: "known-directives" },
]) {
  test(`the rules find ${what}`, async () => {
    const filePath = join(root, "graph/schema", `${file}.graphql`);
    const text = readFileSync(filePath, "utf8");
    assert.ok(text.includes(from), `${file}.graphql has ${JSON.stringify(from)}`);
    const broken = from === "" ? `${text}\n${to}\n` : text.replaceAll(from, to);
    const found = complaints(await linter().lintText(broken, { filePath }));
    assert.ok(found.some(({ ruleId }) => ruleId === name(rule)), `found ${JSON.stringify(found)}`);
  });
}
