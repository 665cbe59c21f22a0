// What graphql-eslint says of graph/schema: all of its rules for schemas, those of Relay among them, and the exceptions.
// From the root of the tree: integration/node_modules/.bin/eslint -c integration/schema/eslint.config.js graph/schema/*.graphql
import { fileURLToPath } from "node:url";

import graphql from "@graphql-eslint/eslint-plugin";

/** The schema that a file is a part of: a glob, which has slashes everywhere. */
const schema = fileURLToPath(new URL("../../graph/schema/", import.meta.url)).replaceAll("\\", "/") + "*.graphql";

export const all = {
  files: ["**/*.graphql"],
  plugins: { "@graphql-eslint": graphql },
  languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
  rules: Object.assign({}, ...["schema-all", "schema-recommended", "schema-relay"].map((name) => graphql.configs[`flat/${name}`].rules)),
};

/** The one rule that is left out of all presets: it wants the operations of all clients, and this API is there for anybody's. */
export const leftOut = ["no-unused-fields"];

/**
 * Where depeche does it otherwise, and why. A later one counts more. Each has to be needed: a test takes them out.
 *
 * @type {{ rule: string, files?: string[], setting: unknown, reason: string }[]}
 */
export const exceptions = [
  {
    rule: "alphabetize",
    setting: "off",
    reason: "The schema is what developers read: fields and values stand in the order in which they make sense.",
  },
  {
    rule: "description-style",
    setting: "off",
    reason: "One line stands in simple quotes, several lines in blocks. The rule knows only one of the two for all.",
  },
  {
    rule: "no-root-type",
    setting: "off",
    reason: "It is there to forbid roots, and this schema has all three.",
  },
  {
    rule: "require-nullable-result-in-root",
    setting: "off",
    reason:
      "What is always there says so: a list, the viewer, what a mutation has made. Null is for what may not be there, such as " +
      "a story by its slug; why something failed is said by an error with a code, and by nothing else.",
  },
  {
    rule: "require-field-of-type-query-in-mutation-result",
    setting: "off",
    reason:
      "A mutation answers with the entity in its new version, by whose id the caches of clients are up to date. Readers hear " +
      "of everything else over subscriptions.",
  },
  {
    rule: "strict-id-in-types",
    setting: [
      "error",
      {
        exceptions: {
          suffixes: ["Connection", "Edge", "Event"],
          types: [
            "PageInfo", "Viewer", "BreakingNews", "TrendingTag",
            "Correction", "Source", "Schedule", "StoryBody", "Image", "FocalPoint",
            "Revision", "FieldDiff", "DiffPart", "StoryLock",
            "Preview", "TagMove", "CreatedServiceToken", "WebhookSecret", "ImportTickerResult", "ImportedLine", "RefusedLine",
          ],
        },
      },
    ],
    reason:
      "Places in a list, events, parts of an entity and answers of a mutation are no entities: nobody asks for them again, and " +
      "caches keep them with what they belong to. An event has its cursor, a revision its version.",
  },
  {
    rule: "relay-edge-types",
    setting: ["error", { listTypeCanWrapOnlyEdgeType: false }],
    reason:
      "What is short, bounded and ordered by an editor is a plain list: tags, authors, corrections. And each connection has " +
      "`nodes` beside `edges`, for clients that need no place for each.",
  },
  {
    rule: "relay-edge-types",
    files: ["**/revision.graphql", "**/token.graphql", "**/webhook.graphql"],
    setting: ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
    reason:
      "`node` answers readers. A revision is a story in an earlier version, and service tokens and webhooks are the " +
      "administrators' own: they are found where they are listed.",
  },
  {
    rule: "relay-arguments",
    files: ["**/story.graphql", "**/token.graphql", "**/webhook.graphql"],
    setting: ["error", { includeBoth: false }],
    reason: "`revisions`, `serviceTokens` and `webhooks` are logs, read from the newest back. What readers see goes both ways.",
  },
  {
    rule: "input-name",
    files: ["**/lock.graphql"],
    setting: "off",
    reason: "`renewStoryLock` and `releaseStoryLock` need an id and nothing else, now or ever: an input for it would be a word more.",
  },
];

/** The configuration with some of the exceptions. */
export const withExceptions = (some) => [
  all,
  ...some.map(({ rule, files = all.files, setting }) => ({ files, rules: { [`@graphql-eslint/${rule}`]: setting } })),
];

export default withExceptions(exceptions);
