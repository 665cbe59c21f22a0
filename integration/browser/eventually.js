import { setTimeout as pause } from "node:timers/promises";

const patience = 60_000; // ms after which what has not come true is taken for broken

/**
 * Waits until check no longer throws, and returns what it returns. In the end it throws what check has thrown last.
 *
 * @template T
 * @param {() => T | Promise<T>} check
 * @returns {Promise<T>}
 */
export async function eventually(check) {
  for (const deadline = Date.now() + patience; ; await pause(20)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
