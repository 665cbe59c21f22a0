import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where `vite dev` and `vite preview` find depeche, so that page and API have one origin.
const proxy = { "/graphql": { target: process.env.DEPECHE_API ?? "http://127.0.0.1:8080", ws: true } };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
  test: { include: ["test/*.test.{ts,tsx}"], testTimeout: 60_000, hookTimeout: 120_000 },
});
