// What the audits of GraphQL over HTTP say: https://graphql.github.io/graphql-over-http/draft/
import assert from "node:assert/strict";
import { test } from "node:test";

import { serverAudits } from "graphql-http";

import { server } from "./server.js";

const audits = serverAudits({ url: server.api });

test("there are as many audits as there were", () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const { status, reason, response } = await audit.fn();
    await response?.body?.cancel();
    assert.equal(status, "ok", reason);
  });
}
