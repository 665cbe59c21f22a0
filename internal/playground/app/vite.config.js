import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_000, // GraphiQL is one
    rolldownOptions: {
      input: "main.js",
      checks: { moduleLevelDirective: false }, // packages say "use client", which means nothing here
    },
  },
});
