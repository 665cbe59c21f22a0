/**
 * Adds variables to the address of an operation.
 *
 * @param {string} operation
 * @param {object} variables what is null or undefined is left out
 */
export function address(operation, variables) {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value != null));
  return `${operation}&variables=${encodeURIComponent(JSON.stringify(given))}`;
}

/**
 * Asks a query by GET, so that caches answer.
 *
 * @param {string} at its address
 * @param {{ fresh?: boolean }} [options] fresh: because of a change that was heard of
 * @returns {Promise<object>} its data
 */
export async function read(at, { fresh = false } = {}) {
  const response = await fetch(at, { cache: fresh ? "no-cache" : "default", headers: { accept: "application/json" } });
  const { data, errors } = await response.json();
  if (!data || errors) throw new Error(`read: ${errors?.[0]?.message ?? response.status}`);
  return data;
}

/** What the page says of the operations: their addresses by name. */
export function readOperations(document) {
  return JSON.parse(document.getElementById("operations").textContent);
}
