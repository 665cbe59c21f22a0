// What is kept in the browser. A token is kept for the tab alone; GraphiQL's own storage outlives it, so no headers
// get into that: its history would write them there, whatever it is told of persisting.

const tokenKey = "depeche:token";

/** The token of this tab. */
export function createToken(storage = sessionStorage) {
  return {
    get: () => storage.getItem(tokenKey) ?? "",
    set(token) {
      if (token) storage.setItem(tokenKey, token);
      else storage.removeItem(tokenKey);
    },
  };
}

/** A storage for GraphiQL that leaves headers out. */
export function withoutHeaders(storage = localStorage) {
  return {
    getItem: (key) => storage.getItem(key),
    setItem: (key, value) => storage.setItem(key, key.endsWith("headers") ? "" : stripped(value)),
    removeItem: (key) => storage.removeItem(key),
    clear: () => storage.clear(),
    get length() {
      return storage.length;
    },
  };
}

function stripped(value) {
  if (!value.includes('"headers"')) return value;
  try {
    return JSON.stringify(JSON.parse(value, (key, part) => (key === "headers" ? null : part)));
  } catch {
    return value; // it is no JSON, but the text of an operation
  }
}
