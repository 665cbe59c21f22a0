import { vi } from "vitest";

/** Returns when check has gone well once; what is waited for here is a matter of events, and the time only ends a test that hangs. */
export const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });
