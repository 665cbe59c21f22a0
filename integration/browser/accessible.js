import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const grave = ["serious", "critical"];

/**
 * Fails when axe-core finds something grave on a page. What it finds beside that is returned.
 *
 * @param {import("./visit.js").Visit} visit
 * @param {string[]} [except] selectors of what others have made
 * @returns {Promise<string[]>}
 */
export async function isAccessible(visit, except = []) {
  const tools = await visit.tools();
  // By the developer tools: the policy of the page lets no foreign script in.
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await tools.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  };
  await evaluate(`${source}; 0`);
  const { violations } = await evaluate(`axe.run({ exclude: ${JSON.stringify(except)} }, { resultTypes: ["violations"] })`);
  await tools.detach();
  const where = ({ target, html, any }) => `${target.join(" ")} ${html.slice(0, 160)} ${any[0]?.message ?? ""}`;
  const said = (of) =>
    of.map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}: ${nodes.slice(0, 5).map(where).join(" | ")}`);
  assert.deepEqual(said(violations.filter(({ impact }) => grave.includes(impact))), []);
  return said(violations);
}
