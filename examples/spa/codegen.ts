import type { CodegenConfig } from "@graphql-codegen/cli";

// Makes src/gql: the types of the operations, and a typed document of each.
const config: CodegenConfig = {
  schema: "../../graph/schema/*.graphql",
  documents: "src/operations/*.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { Cursor: "string", DateTime: "string", URL: "string" },
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};
export default config;
